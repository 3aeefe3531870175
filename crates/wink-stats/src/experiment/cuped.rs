//! CUPED: takes off what was already known of people before the experiment.

use crate::error::{positive, squared};
use crate::joint::JointMoments;
use crate::moments::real;
use crate::numeric::normal_quantile;
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
/// As [`mean_difference`], and [`Error::Constant`] if x does not vary, or y is nothing but x.
pub fn cuped(treated: &JointMoments, control: &JointMoments, level: f64) -> Result<Adjusted, Error> {
    // First what makes any answer impossible, then what only makes the adjustment so.
    mean_difference(&treated.y(), &control.y(), level)?;
    let squares = treated.squares_x() + control.squares_x();
    let varies = 0.0 < squares;
    if !varies {
        return Err(Error::Constant { what: "what was known before" });
    }
    let slope = (treated.products() + control.products()) / squares;
    let left = || Error::Constant { what: "what is left of the outcome after what was known before" };
    let adjusted = mean_difference(&treated.residual(slope), &control.residual(slope), level);
    let effect =
        adjusted.map_err(|error| if matches!(error, Error::Constant { .. }) { left() } else { error })?;
    let within = |slope: f64| -> f64 {
        let squares =
            |arm: &JointMoments| arm.residual(slope).variance().unwrap_or(0.0) * real(arm.count() - 1);
        squares(treated) + squares(control)
    };
    let variance_left = within(slope) / within(0.0);
    Ok(Adjusted { effect, slope, variance_left })
}

/// Estimates the adjusted effect as a part of the control arm's adjusted mean: ρ − 1 with ρ = (ȳₜ − θ·(x̄ₜ − x̄)) / (ȳ꜀ − θ·(x̄꜀ − x̄)), where θ is
/// the slope of [`cuped`] and x̄ the mean of x in both arms together. Its numerator is the estimate of [`cuped`], so that both have the same sign.
///
/// The interval is that of the delta method for a ratio of means (Deng, Knoblich, Lu 2018, "Applying the delta method in metric analytics",
/// §3.2) on the adjusted means of Deng, Xu, Kohavi, Walker 2013. With w the share of the treated, ρ·c̄ varies as the mean over the treated of
/// y − θ·(1 − (1 − ρ)·w)·x, less the mean over the control arm of ρ·y − θ·(ρ + (1 − ρ)·(1 − w))·x: what all have in common moves both means. That θ is
/// estimated changes the interval by less than that, as it does in [`cuped`].
///
/// # Errors
/// As [`cuped`], and [`Error::OutOfRange`] if the adjusted mean of the control arm is not above 0.
pub fn cuped_lift(treated: &JointMoments, control: &JointMoments, level: f64) -> Result<Interval, Error> {
    let adjusted = cuped(treated, control, level)?;
    let (slope, effect) = (adjusted.slope, adjusted.effect.estimate);
    let (of_treated, of_control) = (real(treated.count()), real(control.count()));
    let share = of_treated / (of_treated + of_control);
    let of_all = share * treated.mean_x() + (1.0 - share) * control.mean_x();
    let mean = control.mean_y() - slope * (control.mean_x() - of_all);
    let below = positive("the adjusted mean of the control arm", mean)?;
    let rate = 1.0 + effect / below;
    let apart = 1.0 - rate;
    let variance = variance_of_mean(treated, 1.0, slope * (1.0 - apart * share))
        + variance_of_mean(control, rate, slope * (rate + apart * (1.0 - share)));
    let variance = squared("the variance of the lift", variance / (below * below))?;
    let reach = normal_quantile(0.5 + level / 2.0) * libm::sqrt(variance);
    let estimate = effect / below;
    Ok(Interval { estimate, lower: estimate - reach, upper: estimate + reach })
}

/// The variance of the mean of `of_y`·y − `of_x`·x.
fn variance_of_mean(arm: &JointMoments, of_y: f64, of_x: f64) -> f64 {
    let people = real(arm.count());
    let squares_y = arm.y().variance().unwrap_or(0.0) * (people - 1.0);
    let squares =
        of_y * of_y * squares_y - 2.0 * of_y * of_x * arm.products() + of_x * of_x * arm.squares_x();
    // Below 0 is rounding; what is no number stays so.
    let squares = if squares < 0.0 { 0.0 } else { squares };
    squares / ((people - 1.0) * people)
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

    /// Raw means mislead here: the treated were smaller before by lot, so that less is seen of them although the treatment gave them more.
    #[test]
    fn the_lift_has_the_sign_of_the_effect() {
        let mut chance = Chance::of(4);
        let (mut treated, mut control) = (JointMoments::default(), JointMoments::default());
        for _ in 0..1_000 {
            let (small, large) = (chance.gamma(2.0), chance.gamma(2.0) + 1.0);
            treated.add(small, 3.0 + 1.5 * small + chance.normal() + 0.3);
            control.add(large, 3.0 + 1.5 * large + chance.normal());
        }
        let raw = crate::experiment::lift(&treated.y(), &control.y(), 0.95).unwrap();
        let (effect, lift) =
            (cuped(&treated, &control, 0.95).unwrap().effect, cuped_lift(&treated, &control, 0.95).unwrap());
        assert!(raw.upper < 0.0 && 0.0 < effect.lower && 0.0 < lift.lower, "{raw:?} {effect:?} {lift:?}");
        // Everybody's mean before is 2.5, so that the adjusted mean without the treatment is 3 + 1.5·2.5 = 6.75.
        assert!((lift.estimate - 0.3 / 6.75).abs() < 0.02, "{lift:?}");
    }

    /// The control arm's mean is 3 + 1.5·2 = 6.
    #[test]
    fn the_interval_of_the_lift_holds_the_truth_as_often_as_it_says() {
        let mut chance = Chance::of(6);
        let mut held = 0;
        for _ in 0..1_000 {
            let (treated, control) = (arm(&mut chance, 250, 3.0), arm(&mut chance, 150, 0.0));
            let lift = cuped_lift(&treated, &control, 0.95).unwrap();
            held += i32::from(lift.lower <= 0.5 && 0.5 <= lift.upper);
        }
        assert!((930..=970).contains(&held), "{held}");
    }

    #[test]
    fn a_control_mean_that_is_not_above_zero_has_no_lift() {
        let mut chance = Chance::of(7);
        let mut below = || {
            let mut joint = JointMoments::default();
            (0..100).for_each(|_| joint.add(chance.normal(), chance.normal() - 5.0));
            joint
        };
        assert!(matches!(cuped_lift(&below(), &below(), 0.95), Err(Error::OutOfRange { .. })));
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
