//! CUPED: takes off what was already known of people before the experiment.

use crate::joint::JointMoments;
use crate::moments::real;
use crate::{Error, Interval, mean_difference};

/// An effect after adjustment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adjusted {
    /// The difference of the adjusted means.
    pub effect: Interval,
    /// How much of the outcome goes with one unit of what was known.
    pub slope: f64,
    /// Which part of the variance is left: 0.6 saves 40 % of the people.
    pub variance_left: f64,
}

/// Estimates `treated − control` of y, adjusted by x, which must lie before the assignment (Deng, Xu, Kohavi, Walker 2013, "Improving the
/// sensitivity of online controlled experiments by utilizing pre-experiment data", §3.2, equations 4-5; the slope is that within the arms).
/// The interval is Welch's on the adjusted outcome.
///
/// # Errors
/// As [`mean_difference`], and [`Error::Constant`] if x does not vary.
pub fn cuped(treated: &JointMoments, control: &JointMoments, level: f64) -> Result<Adjusted, Error> {
    // First what makes any answer impossible, then what only makes the adjustment so.
    mean_difference(&treated.y(), &control.y(), level)?;
    let squares = treated.squares_x() + control.squares_x();
    let varies = 0.0 < squares;
    if !varies {
        return Err(Error::Constant { what: "what was known before" });
    }
    let slope = (treated.products() + control.products()) / squares;
    let effect = mean_difference(&treated.residual(slope), &control.residual(slope), level)?;
    let within = |slope: f64| -> f64 {
        let squares =
            |arm: &JointMoments| arm.residual(slope).variance().unwrap_or(0.0) * real(arm.count() - 1);
        squares(treated) + squares(control)
    };
    let variance_left = within(slope) / within(0.0);
    Ok(Adjusted { effect, slope, variance_left })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Chance;

    fn arm(chance: &mut Chance, people: usize, effect: f64) -> JointMoments {
        let mut joint = JointMoments::default();
        for _ in 0..people {
            let before = chance.gamma(2.0);
            joint.add(before, 3.0 + 1.5 * before + chance.normal() + effect);
        }
        joint
    }

    /// Var(1.5·x) = 4.5 and the noise has 1, so 1/5.5 of the variance is left.
    #[test]
    fn what_was_known_is_taken_off() {
        let mut chance = Chance::of(1);
        let found = cuped(&arm(&mut chance, 20_000, 0.1), &arm(&mut chance, 20_000, 0.0), 0.95).unwrap();
        assert!(
            (found.slope - 1.5).abs() < 0.02 && (found.variance_left - 1.0 / 5.5).abs() < 0.01,
            "{found:?}"
        );
        assert!(found.effect.lower < 0.1 && 0.1 < found.effect.upper, "{found:?}");
    }

    #[test]
    fn the_interval_holds_the_truth_as_often_as_it_says() {
        let mut chance = Chance::of(2);
        let mut held = 0;
        for _ in 0..1_000 {
            let effect =
                cuped(&arm(&mut chance, 150, 0.2), &arm(&mut chance, 100, 0.0), 0.95).unwrap().effect;
            held += i32::from(effect.lower <= 0.2 && 0.2 <= effect.upper);
        }
        assert!((930..=970).contains(&held), "{held}");
    }

    #[test]
    fn nothing_known_before_is_said() {
        let mut chance = Chance::of(3);
        let y: Vec<f64> = (0..50).map(|_| chance.normal()).collect();
        let known = JointMoments::of(&[1.0; 50], &y);
        assert_eq!(cuped(&known, &known, 0.95), Err(Error::Constant { what: "what was known before" }));
        assert!(matches!(cuped(&known, &JointMoments::default(), 0.95), Err(Error::NotEnoughData { .. })));
    }
}
