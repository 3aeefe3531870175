//! Ratio metrics: money for each order, clicks for each visit, where people are what was assigned.

use crate::error::{at_least, positive, share, squared};
use crate::joint::JointMoments;
use crate::moments::real;
use crate::numeric::normal_quantile;
use crate::{Error, Interval, Moments, PEOPLE_MIN};

/// Estimates Σy / Σx over people by the delta method: Var ≈ Var(y − R·x) / (n·x̄²) (Deng, Knoblich, Lu 2018, "Applying the delta method in
/// metric analytics", §3.1, equation 4).
///
/// # Errors
/// [`Error::NotEnoughData`] below [`PEOPLE_MIN`] people, [`Error::OutOfRange`] if the mean of x is not positive or the level no share.
pub fn ratio(people: &JointMoments, level: f64) -> Result<Interval, Error> {
    share("the level", level)?;
    let (ratio, variance) = estimate(people)?;
    Ok(around(ratio, variance, level))
}

/// Estimates the difference of two arms' ratios, `treated − control`; the arms are independent, so their variances add.
///
/// # Errors
/// As [`ratio`], and [`Error::Constant`] if nothing varies.
pub fn ratio_difference(
    treated: &JointMoments,
    control: &JointMoments,
    level: f64,
) -> Result<Interval, Error> {
    share("the level", level)?;
    let ((of_treated, variance_treated), (of_control, variance_control)) =
        (estimate(treated)?, estimate(control)?);
    let variance = variance_treated + variance_control;
    let varies = 0.0 < variance;
    if !varies {
        return Err(Error::Constant { what: "the ratio" });
    }
    Ok(around(of_treated - of_control, variance, level))
}

/// Estimates the relative difference of two means, treated/control − 1, by the delta method (Deng, Knoblich, Lu 2018, §3.2): with
/// ρ = treated/control, Var ≈ (Var(t̄) + ρ²·Var(c̄)) / c̄².
///
/// # Errors
/// As [`ratio`], with the control arm's mean in the place of x.
pub fn lift(treated: &Moments, control: &Moments, level: f64) -> Result<Interval, Error> {
    share("the level", level)?;
    enough(treated.count())?;
    enough(control.count())?;
    let constant = Error::Constant { what: "the outcome" };
    let (Some(of_treated), Some(of_control), Some(variance_treated), Some(variance_control)) =
        (treated.mean(), control.mean(), treated.variance_of_mean(), control.variance_of_mean())
    else {
        return Err(constant);
    };
    let below = positive("the mean of the control arm", of_control)?;
    let rate = of_treated / below;
    let variance = (variance_treated + rate * rate * variance_control) / (below * below);
    let variance = squared("the variance of the lift", variance)?;
    let varies = 0.0 < variance;
    if !varies {
        return Err(constant);
    }
    Ok(around(rate - 1.0, variance, level))
}

/// Estimates the relative difference of two arms' ratios, treated/control − 1, by the delta method: with ρ = R(t)/R(c), the arms being independent,
/// Var ≈ (Var(R(t)) + ρ²·Var(R(c))) / R(c)² (Deng, Knoblich, Lu 2018, §3.2, with the ratios of §3.1 in the place of means).
///
/// # Errors
/// As [`ratio_difference`], and [`Error::OutOfRange`] if the control arm's ratio is not above 0.
pub fn ratio_lift(treated: &JointMoments, control: &JointMoments, level: f64) -> Result<Interval, Error> {
    share("the level", level)?;
    let ((of_treated, variance_treated), (of_control, variance_control)) =
        (estimate(treated)?, estimate(control)?);
    let below = positive("the ratio of the control arm", of_control)?;
    let rate = of_treated / below;
    let variance = (variance_treated + rate * rate * variance_control) / (below * below);
    let variance = squared("the variance of the lift", variance)?;
    let varies = 0.0 < variance;
    if !varies {
        return Err(Error::Constant { what: "the ratio" });
    }
    Ok(around(rate - 1.0, variance, level))
}

fn estimate(people: &JointMoments) -> Result<(f64, f64), Error> {
    enough(people.count())?;
    let below = positive("the mean of the denominator", people.mean_x())?;
    let ratio = people.mean_y() / below;
    let variance = people.residual(ratio).variance().unwrap_or(0.0) / (real(people.count()) * below * below);
    Ok((ratio, squared("the variance of the ratio", variance)?))
}

fn enough(people: u64) -> Result<(), Error> {
    at_least("people in an arm", PEOPLE_MIN, usize::try_from(people).unwrap_or(usize::MAX))
}

fn around(estimate: f64, variance: f64, level: f64) -> Interval {
    let reach = normal_quantile(0.5 + level / 2.0) * variance.sqrt();
    Interval { estimate, lower: estimate - reach, upper: estimate + reach }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::{Chance, count};

    /// People with orders of their own number and typical value; the ratio's truth is E[y]/E[x] = 20·(1 + …) by construction.
    fn arm(chance: &mut Chance, people: usize, value: f64) -> JointMoments {
        let mut joint = JointMoments::default();
        for _ in 0..people {
            let orders = 1 + chance.below(5);
            let typical = value * chance.gamma(4.0) / 4.0;
            let spent = (0..orders).map(|_| typical * chance.exponential(1.0)).sum();
            joint.add(count(orders), spent);
        }
        joint
    }

    #[test]
    fn a_value_too_large_to_be_squared_is_refused() {
        let mut people = JointMoments::default();
        (0..100_u32).for_each(|person| people.add(1.0 + f64::from(person % 3), f64::from(person % 5)));
        let fine = people;
        people.add(1.0, 1e200);
        assert!(matches!(ratio(&people, 0.95), Err(Error::OutOfRange { .. })));
        assert!(matches!(ratio_difference(&fine, &people, 0.95), Err(Error::OutOfRange { .. })));
        assert!(matches!(lift(&people.y(), &fine.y(), 0.95), Err(Error::OutOfRange { .. })));
    }

    #[test]
    fn the_intervals_hold_the_truth_as_often_as_they_say() {
        let mut chance = Chance::of(4);
        let [mut of_ratio, mut of_difference, mut of_lift, mut of_ratio_lift] = [0; 4];
        for _ in 0..1_000 {
            let (treated, control) = (arm(&mut chance, 400, 22.0), arm(&mut chance, 400, 20.0));
            let holds = |interval: Interval, truth: f64| {
                i32::from(interval.lower <= truth && truth <= interval.upper)
            };
            of_ratio += holds(ratio(&control, 0.95).unwrap(), 20.0);
            of_difference += holds(ratio_difference(&treated, &control, 0.95).unwrap(), 2.0);
            of_ratio_lift += holds(ratio_lift(&treated, &control, 0.95).unwrap(), 0.1);
            of_lift += holds(lift(&treated.y(), &control.y(), 0.95).unwrap(), 0.1);
        }
        for held in [of_ratio, of_difference, of_lift, of_ratio_lift] {
            assert!((930..=970).contains(&held), "{of_ratio} {of_difference} {of_lift} {of_ratio_lift}");
        }
    }

    #[test]
    fn nothing_below_the_line_is_refused() {
        let nothing = JointMoments::of(&[0.0; 40], &[1.0; 40]);
        assert!(matches!(ratio(&nothing, 0.95), Err(Error::OutOfRange { .. })));
        let same = JointMoments::of(&[1.0; 40], &[1.0; 40]);
        assert_eq!(ratio_difference(&same, &same, 0.95), Err(Error::Constant { what: "the ratio" }));
        assert_eq!(ratio_lift(&same, &same, 0.95), Err(Error::Constant { what: "the ratio" }));
        let none = JointMoments::of(&[1.0; 40], &[0.0; 40]);
        assert!(matches!(ratio_lift(&same, &none, 0.95), Err(Error::OutOfRange { .. })));
        assert!(matches!(ratio(&JointMoments::default(), 0.95), Err(Error::NotEnoughData { .. })));
        assert!(matches!(ratio(&same, 95.0), Err(Error::OutOfRange { .. })));
    }
}
