//! What the estimators compute with: special functions, small matrices, a search for the highest point, the simplex.

mod chance;
mod cholesky;
mod expected;
mod gamma;
mod newton;
mod simplex;

pub use chance::Chance;
pub use cholesky::{Cholesky, dot};
pub use expected::expected_over_beta;
pub use gamma::{digamma, trigamma};
pub use newton::{Optimum, Point, maximise};
pub use simplex::{mixed, nearest_mixture};

use statrs::distribution::{ContinuousCDF, Normal};

/// Tells the quantile of the standard normal distribution, for a probability strictly between 0 and 1.
pub fn normal_quantile(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

/// Tells the probability that a standard normal variable is at most `value`.
pub fn normal_cdf(value: f64) -> f64 {
    Normal::standard().cdf(value)
}

/// Tells how many there are, as a number to compute with.
#[expect(clippy::cast_precision_loss, reason = "lengths of slices stay far below 2^53")]
pub fn count(length: usize) -> f64 {
    length as f64
}

/// Tells the mean of a slice; NaN of an empty one.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / count(values.len())
}
