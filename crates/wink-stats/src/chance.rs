//! Chance from a seed that comes in as an argument.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of numbers; the same seed gives the same stream on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    /// Opens the stream of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Draws a number below `end`, which is not 0. Multiplying and shifting favours no number by more than 2⁻³² (Lemire 2019).
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let scaled = (u128::from(self.0.next_u64()) * end as u128) >> 64;
        usize::try_from(scaled).unwrap_or(0)
    }

    /// Puts entries into an order by chance (Fisher and Yates, Knuth's algorithm P).
    pub(crate) fn shuffle<T>(&mut self, entries: &mut [T]) {
        for last in (1..entries.len()).rev() {
            let other = self.below(last + 1);
            entries.swap(last, other);
        }
    }
}
