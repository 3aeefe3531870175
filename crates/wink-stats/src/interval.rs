//! Intervals of a mean.

use crate::error::{at_least, finite, share, squared};
use crate::numeric::normal_quantile;
use crate::{Error, Interval};

/// With fewer terms the variance itself is hardly known.
const TERMS_MIN: u64 = 30;
/// Five secants are usual.
const STEPS_MAX: usize = 50;

/// Estimates the mean of independent terms, with the interval of the normal distribution.
///
/// # Errors
/// [`Error::NotEnoughData`] with fewer than 30 terms, [`Error::NotFinite`], [`Error::OutOfRange`] for a level outside 0 to 1 or terms too
/// large to be squared.
pub(crate) fn mean_interval(terms: &[f64], level: f64) -> Result<Interval, Error> {
    let spread = Spread::of(terms)?;
    let reach = quantile(level)? * spread.error();
    let estimate = spread.mean;
    Ok(Interval { estimate, lower: estimate - reach, upper: estimate + reach })
}

/// Estimates the mean of independent terms that may be skewed, as products of weights and rare rewards are, with the interval of the
/// percentile bootstrap (Efron 1979). Nothing is drawn: the quantiles of the mean of resampled terms come from a saddlepoint
/// approximation (Davison and Hinkley 1988, "Saddlepoint approximations in resampling methods", section 2), which is what a bootstrap
/// with endless draws arrives at.
///
/// # Errors
/// As [`mean_interval`]; [`Error::NoConvergence`] if a quantile is not found.
pub(crate) fn skewed_mean_interval(terms: &[f64], level: f64) -> Result<Interval, Error> {
    let spread = Spread::of(terms)?;
    let reach = quantile(level)?;
    let estimate = spread.mean;
    if spread.deviation == 0.0 {
        return Ok(Interval { estimate, lower: estimate, upper: estimate });
    }
    let resampled = Resampled::of(terms, &spread);
    let end = |z| Ok::<f64, Error>(estimate + spread.error() * resampled.quantile(z)?);
    Ok(Interval { estimate, lower: end(-reach)?, upper: end(reach)? })
}

/// The normal quantile that leaves the same share on both sides.
fn quantile(level: f64) -> Result<f64, Error> {
    share("the level", level)?;
    Ok(normal_quantile(0.5 + level / 2.0))
}

/// How terms spread.
struct Spread {
    count: f64,
    mean: f64,
    deviation: f64,
}

impl Spread {
    fn of(terms: &[f64]) -> Result<Self, Error> {
        at_least("terms", TERMS_MIN, terms.len())?;
        finite("a term", terms)?;
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let count = terms.len() as f64;
        let mean = terms.iter().sum::<f64>() / count;
        let squares: f64 = terms.iter().map(|term| (term - mean) * (term - mean)).sum();
        let variance = squared("the variance of the terms", squares / (count - 1.0))?;
        Ok(Self { count, mean, deviation: libm::sqrt(variance) })
    }

    fn error(&self) -> f64 {
        self.deviation / libm::sqrt(self.count)
    }
}

/// The distribution of the mean of as many terms drawn with replacement, less the mean and in units of its standard error.
struct Resampled {
    root: f64,
    /// The terms that differ from the most common one, standardised and divided by √n; and how many are the most common one, 0.
    others: Vec<f64>,
    common: f64,
    common_count: f64,
}

impl Resampled {
    fn of(terms: &[f64], spread: &Spread) -> Self {
        let root = libm::sqrt(spread.count);
        let standard = |term: f64| (term - spread.mean) / (spread.deviation * root);
        // A round without a reward, or that the other policy would not have played, is 0; most of them are.
        let others: Vec<f64> =
            terms.iter().filter(|term| **term != 0.0).map(|term| standard(*term)).collect();
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let common_count = spread.count - others.len() as f64;
        Self { root, others, common: standard(0.0), common_count }
    }

    /// Finds the place that is as far out as `z` is in a normal distribution, by secants on the tilt.
    fn quantile(&self, z: f64) -> Result<f64, Error> {
        let (mut before, mut tilt) = (z, 0.9 * z);
        let mut missed_before = self.at(before).0 - z;
        for _ in 0..STEPS_MAX {
            let (normal, place) = self.at(tilt);
            let missed = normal - z;
            if missed.abs() < 1e-6 {
                return Ok(place);
            }
            let slope = (missed - missed_before) / (tilt - before);
            (before, missed_before) = (tilt, missed);
            tilt -= missed / slope;
            // On the other side of 0 lies the other tail.
            if tilt * z <= 0.0 || !tilt.is_finite() {
                tilt = before / 2.0;
            }
        }
        Err(Error::NoConvergence { what: "the end of an interval", evaluations: STEPS_MAX })
    }

    /// For the distribution tilted by `t`: its mean K′(t), and how far out that place is on a normal scale,
    /// r + ln(v/r)/r with r² = 2(tK′ − K) and v² = t²K″ (Barndorff-Nielsen 1986, "Inference on full or partial parameters",
    /// section 3).
    fn at(&self, tilt: f64) -> (f64, f64) {
        let weight = self.common_count * libm::exp(tilt * self.common);
        let (mut sum, mut first, mut second) =
            (weight, weight * self.common, weight * self.common * self.common);
        for x in &self.others {
            let weight = libm::exp(tilt * x);
            sum += weight;
            first += weight * x;
            second += weight * x * x;
        }
        let count = self.root * self.root;
        let cumulant = count * libm::log(sum / count);
        let place = count * first / sum;
        let variance = count * (second / sum - (first / sum) * (first / sum));
        let r = libm::copysign(libm::sqrt(2.0 * (tilt * place - cumulant).max(0.0)), tilt);
        let v = tilt * libm::sqrt(variance);
        (r + libm::log(v / r) / r, place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(found: f64, wanted: f64, apart: f64) {
        assert!((found - wanted).abs() < apart, "{found} is not {wanted} ± {apart}");
    }

    /// 10,000 terms of which 38 are 1: the mean of resampled terms is binomial, with the quantiles 26.5 and 50.5 of 10,000 half a step
    /// inside (scipy 1.16, `binom.ppf([0.025, 0.975], 10_000, 0.0038)`: 26 and 50).
    #[test]
    fn rare_terms_have_the_interval_of_their_resampling() {
        let mut terms = vec![0.0; 10_000];
        terms[..38].fill(1.0);
        let interval = skewed_mean_interval(&terms, 0.95).unwrap();
        near(interval.estimate, 0.0038, 1e-12);
        near(interval.lower, 0.0026, 6e-5);
        near(interval.upper, 0.0050, 6e-5);
        assert!(interval.estimate - interval.lower < interval.upper - interval.estimate);
    }

    #[test]
    fn terms_without_skew_have_the_normal_interval() {
        let terms: Vec<f64> = (0..1_000).map(|n| f64::from(n % 11) - 5.0).collect();
        let (normal, skewed) =
            (mean_interval(&terms, 0.95).unwrap(), skewed_mean_interval(&terms, 0.95).unwrap());
        near(normal.lower, skewed.lower, 1e-3);
        near(normal.upper, skewed.upper, 1e-3);
    }

    #[test]
    fn the_unit_of_the_terms_does_not_matter() {
        let terms = |unit: f64| {
            (0..1_000).map(|n| if n % 9 == 0 { unit * f64::from(n) } else { 0.0 }).collect::<Vec<_>>()
        };
        let plain = skewed_mean_interval(&terms(1.0), 0.95).unwrap();
        for unit in [1e-150, 1e15, 1e100] {
            let other = skewed_mean_interval(&terms(unit), 0.95).unwrap();
            near(other.lower / unit, plain.lower, 1e-6);
            near(other.upper / unit, plain.upper, 1e-6);
        }
    }

    #[test]
    fn terms_that_say_nothing_are_refused() {
        assert!(matches!(mean_interval(&[1.0; 29], 0.95), Err(Error::NotEnoughData { .. })));
        assert!(matches!(skewed_mean_interval(&[1.0; 30], 1.0), Err(Error::OutOfRange { .. })));
        assert!(matches!(skewed_mean_interval(&[f64::NAN; 30], 0.95), Err(Error::NotFinite { .. })));
        let large: Vec<f64> = (0..30).map(|n| 1e200 * f64::from(n)).collect();
        assert!(matches!(skewed_mean_interval(&large, 0.95), Err(Error::OutOfRange { .. })));
        let alike = skewed_mean_interval(&[1.0; 30], 0.95).unwrap();
        assert_eq!((alike.lower, alike.upper), (1.0, 1.0));
    }
}
