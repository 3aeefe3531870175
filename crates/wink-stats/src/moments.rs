//! Count, mean and squared deviation of a stream, mergeable in any order.

/// The first two moments of a sample (Welford 1962; merging by Chan, Golub, LeVeque 1979, equations 2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    count: u64,
    mean: f64,
    squared_deviation: f64,
}

impl Moments {
    /// Adds an observation.
    pub fn add(&mut self, value: f64) {
        self.merge(&Self { count: 1, mean: value, squared_deviation: 0.0 });
    }

    /// Adds another sample.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let count = self.count + other.count;
        let (ours, theirs, all) = (real(self.count), real(other.count), real(count));
        let apart = other.mean - self.mean;
        self.squared_deviation += other.squared_deviation + apart * apart * ours * theirs / all;
        self.mean += apart * theirs / all;
        self.count = count;
    }

    /// Tells how many observations there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Tells the mean, if there is an observation.
    pub fn mean(&self) -> Option<f64> {
        (0 < self.count).then_some(self.mean)
    }

    /// Tells the unbiased variance, if there are two observations.
    pub fn variance(&self) -> Option<f64> {
        (1 < self.count).then(|| self.squared_deviation / real(self.count - 1))
    }

    /// Tells the variance of the mean, if there are two observations.
    pub fn variance_of_mean(&self) -> Option<f64> {
        Some(self.variance()? / real(self.count))
    }

    /// Takes a sample somebody else has summed up: its size, mean and unbiased variance.
    pub fn from_parts(count: u64, mean: f64, variance: f64) -> Self {
        Self { count, mean, squared_deviation: variance * real(count.saturating_sub(1)) }
    }

    /// Sums a slice up.
    pub fn of(values: &[f64]) -> Self {
        values.iter().fold(Self::default(), |mut moments, value| {
            moments.add(*value);
            moments
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_sample() {
        let moments = Moments::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!(moments.mean(), Some(5.0));
        assert!((moments.variance().unwrap() - 32.0 / 7.0).abs() < 1e-12);
        assert_eq!(Moments::of(&[]).mean(), None);
        assert_eq!(Moments::of(&[1.0]).variance(), None);
    }

    #[test]
    fn merging_parts_gives_the_whole() {
        let mut parts = Moments::of(&[1e9, 1e9 + 1.0]);
        parts.merge(&Moments::of(&[1e9 + 2.0]));
        let whole = Moments::of(&[1e9, 1e9 + 1.0, 1e9 + 2.0]);
        assert!((parts.variance().unwrap() - whole.variance().unwrap()).abs() < 1e-9);
        assert!((parts.variance().unwrap() - 1.0).abs() < 1e-9);
    }
}
