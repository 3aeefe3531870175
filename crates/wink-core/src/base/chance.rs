//! Chance as an argument: a ChaCha stream per purpose, from a seed that is stored with what it decided.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{Digest, Hasher};

/// A seeded stream of random numbers; the same seed and purpose give the same stream on every machine.
#[derive(Clone, Debug)]
pub struct Chance(ChaCha8Rng);

impl Chance {
    /// Opens the stream of `seed` for `purpose`.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let Digest(key) = Hasher::new(purpose).field(&seed.to_le_bytes()).finish();
        Self(ChaCha8Rng::from_seed(key))
    }

    /// Draws uniformly from `0.0..1.0`.
    pub fn share(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "the value has at most 53 bits")]
        let numerator = (self.0.next_u64() >> 11) as f64;
        numerator / 9_007_199_254_740_992.0
    }

    /// Draws 16 bytes.
    pub fn bytes(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_purpose_fix_the_stream() {
        let draw = |seed, purpose| Chance::new(seed, purpose).share();
        assert_eq!(draw(1, "choose"), draw(1, "choose"));
        assert_ne!(draw(1, "choose"), draw(2, "choose"));
        assert_ne!(draw(1, "choose"), draw(1, "explore"));
    }
}
