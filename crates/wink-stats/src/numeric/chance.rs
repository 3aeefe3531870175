//! Chance from a seed, for placebo draws and simulated data: the same seed gives the same numbers on every machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::count;

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Chance {
    stream: ChaCha8Rng,
}

impl Chance {
    /// Begins the stream of a seed.
    pub fn of(seed: u64) -> Self {
        Self { stream: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// Draws evenly from the open interval between 0 and 1.
    pub fn uniform(&mut self) -> f64 {
        let steps = usize::try_from(self.stream.next_u64() >> 12).unwrap_or(0);
        (count(steps) + 0.5) / count(1 << 52)
    }

    /// Draws a whole number below `end`; 0 if there is none.
    pub fn below(&mut self, end: usize) -> usize {
        let drawn = self.uniform() * count(end);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a length")]
        let drawn = drawn as usize;
        drawn.min(end.saturating_sub(1))
    }

    /// Draws from the standard normal distribution (Marsaglia, Bray 1964, the polar method).
    pub fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = u * u + v * v;
            if 0.0 < square && square < 1.0 {
                return u * libm::sqrt(-2.0 * libm::log(square) / square);
            }
        }
    }

    /// Draws from the exponential distribution of this rate.
    pub fn exponential(&mut self, rate: f64) -> f64 {
        -libm::log(self.uniform()) / rate
    }

    /// Draws from the gamma distribution of this shape and the rate 1 (Marsaglia, Tsang 2000, §3; below shape 1 their §6).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * libm::pow(self.uniform(), 1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        loop {
            let x = self.normal();
            let root = 1.0 + c * x;
            if root <= 0.0 {
                continue;
            }
            let v = root * root * root;
            if libm::log(self.uniform()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v;
            }
        }
    }

    /// Draws from the beta distribution.
    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (for_it, against) = (self.gamma(a), self.gamma(b));
        for_it / (for_it + against)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Moments;

    fn check(draw: impl Fn(&mut Chance) -> f64, mean: f64, variance: f64) {
        let mut chance = Chance::of(5);
        let mut moments = Moments::default();
        (0..100_000).for_each(|_| moments.add(draw(&mut chance)));
        let apart = (moments.mean().unwrap() - mean).abs() / moments.variance_of_mean().unwrap().sqrt();
        assert!(apart < 4.0, "{moments:?} is not {mean}");
        assert!((moments.variance().unwrap() / variance - 1.0).abs() < 0.05, "{moments:?} is not {variance}");
    }

    #[test]
    fn draws_have_the_moments_of_their_distribution() {
        check(Chance::uniform, 0.5, 1.0 / 12.0);
        check(Chance::normal, 0.0, 1.0);
        check(|chance| chance.exponential(4.0), 0.25, 0.0625);
        check(|chance| chance.gamma(0.3), 0.3, 0.3);
        check(|chance| chance.gamma(5.0), 5.0, 5.0);
        check(|chance| chance.beta(0.8, 2.4), 0.25, 0.25 * 0.75 / 4.2);
        check(|chance| count(chance.below(3)), 1.0, 2.0 / 3.0);
    }
}
