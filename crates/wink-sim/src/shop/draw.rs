//! Chance in the shapes that people's behaviour has.

use wink_core::base::Chance;

/// Draws from one stream of chance.
#[derive(Clone, Debug)]
pub struct Draw(Chance);

impl Draw {
    /// Opens the stream of a seed for a purpose.
    pub fn new(seed: u64, purpose: &str) -> Self {
        Self(Chance::new(seed, purpose))
    }

    /// Draws from `0.0..1.0`.
    pub fn share(&mut self) -> f64 {
        self.0.share()
    }

    /// Draws from a range.
    pub fn between(&mut self, from: f64, until: f64) -> f64 {
        from + (until - from) * self.share()
    }

    /// Says yes with a probability.
    pub fn says(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    /// Draws one of `0..many`; 0 where there is none.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a small count, cut off"
    )]
    pub fn below(&mut self, many: usize) -> usize {
        let many_real = u32::try_from(many).map_or(0.0, f64::from);
        ((self.share() * many_real) as usize).min(many.saturating_sub(1))
    }

    /// Picks one of a list.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len()))
    }

    /// Picks a place by weight; the last where they are all zero.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut rest = self.share() * weights.iter().sum::<f64>();
        for (place, weight) in weights.iter().enumerate() {
            if rest < *weight {
                return place;
            }
            rest -= weight;
        }
        weights.len().saturating_sub(1)
    }

    /// Draws from the normal distribution with mean 0 and deviation 1 (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.share()));
        radius * libm::cos(2.0 * std::f64::consts::PI * self.share())
    }

    /// Draws a span with a median, mostly within the factor `spread` of it: how long people look at things.
    pub fn around(&mut self, median: f64, spread: f64) -> f64 {
        median * libm::exp(libm::log(spread) * self.normal())
    }

    /// Draws a waiting time with a mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.share())
    }

    /// Draws from the gamma distribution (Marsaglia and Tsang 2000, section 2; below shape 1 by their boost in section 6).
    pub fn gamma(&mut self, shape: f64, scale: f64) -> f64 {
        if shape < 1.0 {
            let boost = libm::pow(1.0 - self.share(), 1.0 / shape);
            return self.gamma(shape + 1.0, scale) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        loop {
            let x = self.normal();
            let v = libm::pow(1.0 + c * x, 3.0);
            let u = 1.0 - self.share();
            if 0.0 < v && libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v * scale;
            }
        }
    }

    /// Draws a count with a small mean (Knuth, The Art of Computer Programming 2, section 3.4.1).
    pub fn count(&mut self, mean: f64) -> u32 {
        let enough = libm::exp(-mean.min(500.0));
        let (mut product, mut count) = (1.0 - self.share(), 0);
        while enough < product {
            product *= 1.0 - self.share();
            count += 1;
        }
        count
    }
}

/// The probability with these log-odds.
pub(super) fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-log_odds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_of(mut draw: impl FnMut(&mut Draw) -> f64) -> f64 {
        let mut source = Draw::new(1, "means");
        (0..50_000).map(|_| draw(&mut source)).sum::<f64>() / 50_000.0
    }

    #[test]
    fn means_are_what_they_should_be() {
        let near = |found: f64, wanted: f64| {
            assert!((found - wanted).abs() < 0.03 * wanted.abs().max(1.0), "{found} {wanted}")
        };
        near(mean_of(Draw::normal), 0.0);
        near(mean_of(|draw| draw.normal().powi(2)), 1.0);
        near(mean_of(|draw| draw.exponential(3.0)), 3.0);
        near(mean_of(|draw| draw.gamma(0.5, 2.0)), 1.0);
        near(mean_of(|draw| draw.gamma(4.0, 0.5)), 2.0);
        near(mean_of(|draw| f64::from(draw.count(2.5))), 2.5);
        near(mean_of(|draw| f64::from(u8::from(draw.weighted(&[1.0, 3.0]) == 1))), 0.75);
    }
}
