//! Sample ratio mismatch: were the lots drawn as they were meant to be?

use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::Error;
use crate::error::same_length;
use crate::moments::real;
use crate::numeric::count;

/// Below this probability the experiment is not to be believed (Fabijan et al. 2019, "Diagnosing sample ratio mismatch", §5: a strict level,
/// because it is asked of every experiment).
pub const SAMPLE_RATIO_ALARM: f64 = 0.001;

/// The test's answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleRatio {
    /// Pearson's χ².
    pub statistic: f64,
    /// How likely a mismatch of this size or more is by chance.
    pub p_value: f64,
}

impl SampleRatio {
    /// Tells whether something else than chance has removed or added people.
    pub fn is_mismatch(&self) -> bool {
        self.p_value < SAMPLE_RATIO_ALARM
    }
}

/// Compares how many people each arm has with the shares they were to get, in any unit (Pearson 1900).
///
/// # Errors
/// [`Error::Shape`] unless there is a share for each of two or more arms, [`Error::OutOfRange`] for a share that is not positive,
/// [`Error::NotEnoughData`] if an arm is expected to have fewer than five people.
pub fn sample_ratio(people: &[u64], shares: &[f64]) -> Result<SampleRatio, Error> {
    same_length("the list of shares", people.len().max(2), shares.len())?;
    same_length("the list of arms", shares.len(), people.len())?;
    for &value in shares {
        if !(0.0 < value && value.is_finite()) {
            return Err(Error::OutOfRange { what: "an arm's share", value, must: "above 0" });
        }
    }
    let (all, together) = (people.iter().copied().map(real).sum::<f64>(), shares.iter().sum::<f64>());
    let least = shares.iter().map(|share| all * share / together).fold(f64::INFINITY, f64::min);
    if least < 5.0 {
        let found = people.iter().sum();
        return Err(Error::NotEnoughData {
            what: "people in all arms",
            needed: needed(shares, together),
            found,
        });
    }
    let statistic = people
        .iter()
        .zip(shares)
        .map(|(&found, share)| {
            let expected = all * share / together;
            (real(found) - expected) * (real(found) - expected) / expected
        })
        .sum();
    let chi_squared = ChiSquared::new(count(people.len()) - 1.0).map_err(|_| Error::Shape {
        what: "the list of arms",
        expected: 2,
        found: people.len(),
    })?;
    Ok(SampleRatio { statistic, p_value: chi_squared.sf(statistic) })
}

/// How many people it takes for five in the smallest arm.
fn needed(shares: &[f64], together: f64) -> u64 {
    let smallest = shares.iter().copied().fold(f64::INFINITY, f64::min);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive number; too large a one ends at the top"
    )]
    let people = (5.0 * together / smallest).ceil() as u64;
    people
}

#[cfg(test)]
mod tests {
    use super::*;

    /// χ² = (821588−819482)²/819482·2 and its tail with one degree of freedom: erfc(√(χ²/2)).
    #[test]
    fn a_mismatch_is_seen() {
        let found = sample_ratio(&[821_588, 815_482], &[0.5, 0.5]).unwrap();
        let expected = 818_535.0_f64;
        let statistic = 2.0 * (821_588.0 - expected) * (821_588.0 - expected) / expected;
        assert!((found.statistic - statistic).abs() < 1e-9);
        assert!((found.p_value - libm::erfc((statistic / 2.0).sqrt())).abs() < 1e-12, "{found:?}");
        assert!(found.is_mismatch());
        assert!(!sample_ratio(&[5_010, 4_990, 10_020], &[1.0, 1.0, 2.0]).unwrap().is_mismatch());
    }

    #[test]
    fn what_cannot_be_tested_is_said() {
        assert!(matches!(sample_ratio(&[100], &[1.0]), Err(Error::Shape { .. })));
        assert!(matches!(sample_ratio(&[100, 100], &[1.0]), Err(Error::Shape { .. })));
        assert!(matches!(sample_ratio(&[100, 100], &[1.0, 0.0]), Err(Error::OutOfRange { .. })));
        assert_eq!(
            sample_ratio(&[3, 4], &[0.5, 0.5]),
            Err(Error::NotEnoughData { what: "people in all arms", needed: 10, found: 7 })
        );
    }
}
