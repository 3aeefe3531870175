//! How well do scores tell the outcomes apart?

use super::{logit, sigmoid};
use crate::error::{at_least, finite, same_length, share};
use crate::moments::real;
use crate::numeric::normal_quantile;
use crate::{Error, Interval, Moments};

/// Tells the probability that a row whose outcome is 1 has a higher score than one whose outcome is 0, ties by half: the area under
/// the ROC curve (Hanley and McNeil 1982, "The meaning and use of the area under a ROC curve").
///
/// # Errors
/// [`Error::Shape`], [`Error::NotFinite`], or [`Error::Constant`] if there is only one outcome.
pub fn auc(scores: &[f64], outcomes: &[f64]) -> Result<f64, Error> {
    same_length("the outcomes", scores.len(), outcomes.len())?;
    finite("a score", scores)?;
    let mut pairs: Vec<(f64, bool)> =
        scores.iter().zip(outcomes).map(|(score, outcome)| (*score, *outcome == 1.0)).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut zeros, mut ones, mut above) = (0_u64, 0_u64, 0.0);
    for alike in pairs.chunk_by(|a, b| a.0 == b.0) {
        let hits = u64::try_from(alike.iter().filter(|pair| pair.1).count()).unwrap_or(0);
        let misses = u64::try_from(alike.len()).unwrap_or(0) - hits;
        above += real(hits) * (real(zeros) + real(misses) / 2.0);
        (zeros, ones) = (zeros + misses, ones + hits);
    }
    if zeros == 0 || ones == 0 {
        return Err(Error::Constant { what: "the outcome" });
    }
    Ok(above / (real(zeros) * real(ones)))
}

/// Estimates [`auc`] with an interval of the given level: the standard error of DeLong, DeLong and Clarke-Pearson 1988, "Comparing the areas
/// under two or more correlated receiver operating characteristic curves: a nonparametric approach", taken to the logit, where an
/// interval stays between 0 and 1.
///
/// # Errors
/// As [`auc`]; [`Error::NotEnoughData`] with fewer than two rows of either outcome, [`Error::Constant`] if all scores are the same,
/// [`Error::Separated`] if they tell the outcomes apart without a mistake, which no standard error describes, and [`Error::OutOfRange`] for a
/// level that is no share.
pub fn auc_interval(scores: &[f64], outcomes: &[f64], level: f64) -> Result<Interval, Error> {
    share("the level", level)?;
    let estimate = auc(scores, outcomes)?;
    let of = |outcome: bool| {
        let chosen = scores.iter().zip(outcomes).filter(|(_, one)| (**one == 1.0) == outcome);
        let mut chosen: Vec<f64> = chosen.map(|(score, _)| *score).collect();
        chosen.sort_by(f64::total_cmp);
        chosen
    };
    let (ones, zeros) = (of(true), of(false));
    at_least("rows of the rarer outcome", 2, ones.len().min(zeros.len()))?;
    if estimate <= 0.0 || 1.0 <= estimate {
        return Err(Error::Separated { what: "the score" });
    }
    // How much each row counts for the area: the part of the others that lie below it, or above it.
    let variance = placed(&ones, &zeros) + placed(&zeros, &ones);
    if variance <= 0.0 {
        return Err(Error::Constant { what: "the score" });
    }
    let reach = normal_quantile(0.5 + level / 2.0) * libm::sqrt(variance) / (estimate * (1.0 - estimate));
    let end = |by: f64| sigmoid(logit(estimate) + by);
    Ok(Interval { estimate, lower: end(-reach), upper: end(reach) })
}

/// The variance of the mean part of `others` that lie below one of `of`, ties by half. Both are in rising order.
fn placed(of: &[f64], others: &[f64]) -> f64 {
    let mut parts = Moments::default();
    for score in of {
        let below = others.partition_point(|other| other < score);
        let not_above = others.partition_point(|other| other <= score);
        let twice = u64::try_from(below + not_above).unwrap_or(u64::MAX);
        parts.add(real(twice) / 2.0 / real(u64::try_from(others.len()).unwrap_or(u64::MAX)));
    }
    parts.variance_of_mean().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same by its definition: every pair is looked at (numpy 2.4, the variances of the means over rows and over
    /// columns of the table of pairs).
    #[test]
    fn the_interval_is_that_of_every_pair() {
        let scores = [0.1, 0.4, 0.35, 0.8, 0.4, 0.7, 0.2, 0.9];
        let outcomes = [0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0];
        let found = auc_interval(&scores, &outcomes, 0.95).unwrap();
        for (found, wanted) in
            [(found.estimate, 0.781_25), (found.lower, 0.306_441_422_6), (found.upper, 0.966_519_569_2)]
        {
            assert!((found - wanted).abs() < 1e-9, "{found} is not {wanted}");
        }
    }

    #[test]
    fn scores_without_an_interval_are_refused() {
        let outcomes = [0.0, 0.0, 1.0, 1.0];
        let of = |scores: &[f64]| auc_interval(scores, &outcomes, 0.95).unwrap_err();
        assert_eq!(of(&[0.1, 0.2, 0.3, 0.4]), Error::Separated { what: "the score" });
        assert_eq!(of(&[0.4, 0.3, 0.2, 0.1]), Error::Separated { what: "the score" });
        assert_eq!(of(&[0.5; 4]), Error::Constant { what: "the score" });
        assert!(matches!(of(&[0.1, f64::NAN, 0.3, 0.4]), Error::NotFinite { row: 2, .. }));
        let few = auc_interval(&[0.1, 0.3, 0.2], &[0.0, 0.0, 1.0], 0.95).unwrap_err();
        assert_eq!(few, Error::NotEnoughData { what: "rows of the rarer outcome", needed: 2, found: 1 });
        assert!(matches!(auc_interval(&[0.5; 4], &outcomes, 95.0), Err(Error::OutOfRange { .. })));
    }

    #[test]
    fn pairs_in_the_right_order_are_counted() {
        assert_eq!(auc(&[0.1, 0.4, 0.35, 0.8], &[0.0, 0.0, 1.0, 1.0]), Ok(0.75));
        assert_eq!(auc(&[0.5; 4], &[0.0, 1.0, 0.0, 1.0]), Ok(0.5));
        assert_eq!(auc(&[0.5; 2], &[1.0, 1.0]), Err(Error::Constant { what: "the outcome" }));
    }
}
