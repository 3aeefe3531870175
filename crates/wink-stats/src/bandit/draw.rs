//! From probabilities to a choice, with bounds on what the search for better arms may cost.

use crate::Error;
use crate::error::{at_least, finite, same_length};

/// What was drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// The arm.
    pub arm: usize,
    /// The probability it was drawn with: log it.
    pub probability: f64,
}

/// Draws an arm. `chance` comes from outside, uniform from 0 up to but not including 1. `None` if there is no arm.
pub fn draw(probabilities: &[f64], chance: f64) -> Option<Choice> {
    let sum: f64 = probabilities.iter().sum();
    let mut left = chance * sum;
    let mut last = None;
    for (arm, probability) in probabilities.iter().enumerate() {
        if 0.0 < *probability {
            last = Some(Choice { arm, probability: probability / sum });
            if left < *probability {
                break;
            }
        }
        left -= probability;
    }
    last
}

/// Takes probability from every arm towards the one that is `safe`, until what is expected falls behind the safe arm's outcome by
/// no more than `loss_max` (a budget per decision, in the spirit of Wu, Shariff, Lattimore and Szepesvári 2016, "Conservative
/// bandits", section 2). Tells the share of the exploration that is left. What is better than the safe arm pays for what is worse.
///
/// # Errors
/// [`Error::Shape`], [`Error::NotFinite`], or [`Error::OutOfRange`] for a negative budget or a safe arm that there is not.
pub fn bound_loss(
    probabilities: &mut [f64],
    expected: &[f64],
    safe: usize,
    loss_max: f64,
) -> Result<f64, Error> {
    same_length("the expected outcomes", probabilities.len(), expected.len())?;
    finite("an expected outcome", expected)?;
    let Some(of_safe) = expected.get(safe) else {
        at_least("arms", u64::try_from(safe).unwrap_or(u64::MAX).saturating_add(1), expected.len())?;
        return Ok(0.0);
    };
    if loss_max.is_nan() || loss_max < 0.0 {
        return Err(Error::OutOfRange { what: "the loss", value: loss_max, must: "0 or more" });
    }
    let loss: f64 =
        probabilities.iter().zip(expected).map(|(chance, outcome)| chance * (of_safe - outcome)).sum();
    if loss <= loss_max {
        return Ok(1.0);
    }
    let left = loss_max / loss;
    probabilities.iter_mut().for_each(|probability| *probability *= left);
    probabilities.iter_mut().skip(safe).take(1).for_each(|probability| *probability += 1.0 - left);
    Ok(left)
}

/// Mixes in as much of an even draw as leaves no arm below `least`, so that every arm goes on being learned about and an estimate
/// of another policy has something to weigh.
///
/// # Errors
/// [`Error::OutOfRange`] unless `least` times the arms is from 0 to 1.
pub fn keep_floor(probabilities: &mut [f64], least: f64) -> Result<(), Error> {
    #[expect(clippy::cast_precision_loss, reason = "a few arms")]
    let even = least * probabilities.len() as f64;
    if !(0.0..=1.0).contains(&even) {
        return Err(Error::OutOfRange {
            what: "the least probability",
            value: least,
            must: "0 to 1 over the arms",
        });
    }
    probabilities.iter_mut().for_each(|probability| *probability = least + (1.0 - even) * *probability);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arm_is_drawn_by_its_share() {
        let probabilities = [0.2, 0.0, 0.5, 0.3];
        let arm = |chance| draw(&probabilities, chance).map(|choice| choice.arm);
        assert_eq!([0.0, 0.19, 0.21, 0.69, 0.71, 0.999].map(arm), [0, 0, 2, 2, 3, 3].map(Some));
        assert_eq!(draw(&probabilities, 0.5), Some(Choice { arm: 2, probability: 0.5 }));
        assert_eq!(draw(&[], 0.5), None);
    }

    #[test]
    fn the_search_costs_no_more_than_allowed() {
        let expected = [1.0, 0.0];
        let mut probabilities = [0.5, 0.5];
        assert_eq!(bound_loss(&mut probabilities, &expected, 0, 0.1), Ok(0.2));
        assert_eq!(probabilities, [0.9, 0.1]);
        assert_eq!(bound_loss(&mut probabilities, &expected, 0, 0.2), Ok(1.0));
        assert_eq!(bound_loss(&mut probabilities, &expected, 0, 0.0), Ok(0.0));
        assert_eq!(probabilities, [1.0, 0.0]);
        assert!(matches!(
            bound_loss(&mut probabilities, &expected, 2, 0.1),
            Err(Error::NotEnoughData { .. })
        ));
    }

    #[test]
    fn no_arm_falls_below_the_floor() {
        let mut probabilities = [1.0, 0.0];
        keep_floor(&mut probabilities, 0.25).unwrap();
        assert_eq!(probabilities, [0.75, 0.25]);
        assert!(keep_floor(&mut probabilities, 0.6).is_err());
    }
}
