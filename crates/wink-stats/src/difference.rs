//! The difference of two means with an interval that does not assume equal variances.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::error::{at_least, share, squared};
use crate::moments::real;
use crate::numeric::normal_quantile;
use crate::{Error, Moments};

/// Below this many people in either arm nothing is said: with fewer, the interval of skewed spend does not hold its level.
pub const PEOPLE_MIN: u64 = 30;

/// An estimate with its interval, in the unit of the observations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The point estimate.
    pub estimate: f64,
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

impl Interval {
    /// Tells whether zero, "no effect", is compatible with the data.
    pub fn holds_zero(&self) -> bool {
        self.lower <= 0.0 && 0.0 <= self.upper
    }
}

/// Estimates `mean(a) − mean(b)` with an interval of the given level (Welch 1947: unequal variances, Welch–Satterthwaite
/// degrees of freedom).
///
/// # Errors
/// [`Error::NotEnoughData`] below [`PEOPLE_MIN`] people in an arm and [`Error::Constant`] if nobody's outcome differs, rather than an
/// interval nobody should act on; [`Error::OutOfRange`] for a level that is no share.
pub fn mean_difference(a: &Moments, b: &Moments, level: f64) -> Result<Interval, Error> {
    share("the level", level)?;
    for arm in [a, b] {
        at_least("people in an arm", PEOPLE_MIN, usize::try_from(arm.count()).unwrap_or(usize::MAX))?;
    }
    let differ = a.mean() != b.mean();
    let constant =
        Error::Constant { what: if differ { "the outcome within each arm" } else { "the outcome" } };
    let (Some(mean_a), Some(mean_b), Some(of_a), Some(of_b)) =
        (a.mean(), b.mean(), a.variance_of_mean(), b.variance_of_mean())
    else {
        return Err(constant);
    };
    let variance = squared("the variance of the outcome", of_a + of_b)?;
    // By the parts of the variance: the square of a variance is no number long before the variance is none.
    let (part_a, part_b) = (of_a / variance, of_b / variance);
    let degrees = 1.0 / (part_a * part_a / real(a.count() - 1) + part_b * part_b / real(b.count() - 1));
    let quantile = students_quantile(0.5 + level / 2.0, degrees).ok_or(constant)?;
    let reach = quantile * libm::sqrt(variance);
    let estimate = mean_a - mean_b;
    Ok(Interval { estimate, lower: estimate - reach, upper: estimate + reach })
}

/// From so many degrees of freedom on the expansion below is exact to ten digits, and a search for the quantile takes milliseconds.
const DEGREES_MANY: f64 = 1_000.0;

/// The quantile of Student's t; with many degrees of freedom by its expansion around the normal one (Abramowitz, Stegun 1964, 26.7.5).
pub(crate) fn students_quantile(probability: f64, degrees: f64) -> Option<f64> {
    if degrees < DEGREES_MANY {
        return Some(StudentsT::new(0.0, 1.0, degrees).ok()?.inverse_cdf(probability));
    }
    let z = normal_quantile(probability);
    let square = z * z;
    let first = z * (square + 1.0) / 4.0;
    let second = z * ((5.0 * square + 16.0) * square + 3.0) / 96.0;
    let third = z * (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) / 384.0;
    degrees.is_finite().then(|| z + (first + (second + third / degrees) / degrees) / degrees)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(count: u64, low: f64, high: f64) -> Moments {
        let mut moments = Moments::default();
        for n in 0..count {
            moments.add(if n % 2 == 0 { low } else { high });
        }
        moments
    }

    /// Compared with `scipy.stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)` of scipy 1.17.1 on the same numbers.
    #[test]
    fn agrees_with_an_independent_implementation() {
        let interval = mean_difference(&sample(40, 1.0, 3.0), &sample(60, 0.0, 2.0), 0.95).unwrap();
        assert!((interval.estimate - 1.0).abs() < 1e-12);
        assert!((interval.lower - SCIPY_LOWER).abs() < 1e-6, "{interval:?}");
        assert!((interval.upper - SCIPY_UPPER).abs() < 1e-6, "{interval:?}");
    }

    const SCIPY_LOWER: f64 = 0.589_566_050_546;
    const SCIPY_UPPER: f64 = 1.410_433_949_454;

    /// Both ways of finding a quantile agree where they meet; `scipy.stats.t.ppf(0.975, 1e6)` far above.
    #[test]
    fn quantiles_with_many_degrees_of_freedom_are_those_of_the_search() {
        for probability in [0.9, 0.975, 0.9995] {
            let (search, expansion) = (
                StudentsT::new(0.0, 1.0, DEGREES_MANY).unwrap().inverse_cdf(probability),
                students_quantile(probability, DEGREES_MANY).unwrap(),
            );
            assert!((search - expansion).abs() < 1e-6, "{probability}: {search} {expansion}");
        }
        assert!((students_quantile(0.975, 1e6).unwrap() - SCIPY_QUANTILE).abs() < 1e-9);
        assert_eq!(students_quantile(0.975, f64::NAN), None);
    }

    const SCIPY_QUANTILE: f64 = 1.959_966_356_814;

    #[test]
    fn the_unit_of_the_outcome_does_not_matter() {
        let plain = mean_difference(&sample(40, 1.0, 3.0), &sample(60, 0.0, 2.0), 0.95).unwrap();
        for unit in [1e-140, 1e15, 1e100, 1e150] {
            let other =
                mean_difference(&sample(40, unit, 3.0 * unit), &sample(60, 0.0, 2.0 * unit), 0.95).unwrap();
            assert!((other.lower / unit - plain.lower).abs() < 1e-9, "{unit}: {other:?}");
            assert!((other.upper / unit - plain.upper).abs() < 1e-9, "{unit}: {other:?}");
        }
        let refused = mean_difference(&sample(40, 1e160, 3e160), &sample(60, 0.0, 2e160), 0.95).unwrap_err();
        assert!(matches!(refused, Error::OutOfRange { .. }), "{refused}");
    }

    #[test]
    fn too_few_people_are_not_enough_data() {
        let refusal = |a: Moments, b: Moments| mean_difference(&a, &b, 0.95).unwrap_err().to_string();
        assert_eq!(
            refusal(sample(29, 1.0, 3.0), sample(60, 0.0, 2.0)),
            "not enough data: 29 people in an arm, and at least 30 are needed"
        );
        assert_eq!(
            refusal(sample(60, 1.0, 1.0), sample(60, 1.0, 1.0)),
            "not enough data: the outcome is the same everywhere"
        );
    }

    /// Seeded runs without an effect: the interval holds zero about 95 % of the time.
    #[test]
    fn the_interval_holds_the_truth_as_often_as_it_says() {
        let mut state = 1_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            real(state >> 11) / real(1 << 53)
        };
        let runs = 1_000;
        let held = (0..runs)
            .filter(|_| {
                let (mut a, mut b) = (Moments::default(), Moments::default());
                (0..400).for_each(|_| a.add(-libm::log(1.0 - uniform())));
                (0..50).for_each(|_| b.add(-libm::log(1.0 - uniform())));
                mean_difference(&a, &b, 0.95).unwrap().holds_zero()
            })
            .count();
        assert!((920..=970).contains(&held), "{held} of {runs}");
    }
}
