//! An effect on those who took what was offered, where only the offer was drawn by lot.

use crate::error::{at_least, share};
use crate::joint::JointMoments;
use crate::numeric::normal_quantile;
use crate::{Error, Interval, Moments, PEOPLE_MIN};

/// Estimates by how much the treatment changed the outcome of those who took it: θ = (mean y of the treated − mean y of the control) / share
/// of the treated who took it (Bloom 1984, "Accounting for no-shows in experimental evaluation designs"; Imbens, Angrist 1994,
/// "Identification and estimation of local average treatment effects", theorem 1, where nobody of the control arm can take it).
///
/// `treated` has pairs of x, 1 for whoever took it and 0 otherwise, and the outcome y; `control` has the outcome. The interval is that of the
/// delta method: Var θ ≈ (Var(mean of y − θ·x) + Var(mean of the control)) / share².
///
/// It rests on two assumptions no data can prove: whoever did not take it was not changed by it, and it changed everybody the same way round.
///
/// # Errors
/// [`Error::NotEnoughData`] below [`PEOPLE_MIN`] people in an arm or below so many who took it, [`Error::Constant`] if the outcome is the same
/// everywhere, [`Error::OutOfRange`] for a level that is no share.
pub fn effect_on_takers(treated: &JointMoments, control: &Moments, level: f64) -> Result<Interval, Error> {
    share("the level", level)?;
    let enough =
        |what, people: u64| at_least(what, PEOPLE_MIN, usize::try_from(people).unwrap_or(usize::MAX));
    enough("people in an arm", treated.count().min(control.count()))?;
    enough("people who took the treatment", takers(treated))?;
    let constant = Error::Constant { what: "the outcome" };
    let (Some(mean), Some(of_control)) = (control.mean(), control.variance_of_mean()) else {
        return Err(constant);
    };
    let taken = treated.mean_x();
    let estimate = (treated.mean_y() - mean) / taken;
    let of_treated = treated.residual(estimate).variance_of_mean().unwrap_or(0.0);
    let variance = of_treated + of_control;
    let varies = 0.0 < variance;
    if !varies {
        return Err(constant);
    }
    let reach = normal_quantile(0.5 + level / 2.0) * libm::sqrt(variance) / taken;
    Ok(Interval { estimate, lower: estimate - reach, upper: estimate + reach })
}

/// How many took it: the sum of x, which is a count.
fn takers(treated: &JointMoments) -> u64 {
    let sum = treated.mean_x() * crate::moments::real(treated.count());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count below 2^53, rounded"
    )]
    let takers = libm::round(sum.max(0.0)) as u64;
    takers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Chance;

    /// One in five buys anyway, one in ten because of it; both take it.
    fn arms(chance: &mut Chance, treated: usize, control: usize) -> (JointMoments, Moments) {
        let (mut with, mut without) = (JointMoments::default(), Moments::default());
        let yes = |is: bool| if is { 1.0 } else { 0.0 };
        for _ in 0..treated {
            let takes = chance.below(10) < 3;
            with.add(yes(takes), yes(takes));
        }
        (0..control).for_each(|_| without.add(yes(chance.below(10) < 2)));
        (with, without)
    }

    #[test]
    fn the_interval_holds_the_truth_as_often_as_it_says() {
        let mut chance = Chance::of(5);
        let mut held = 0;
        for _ in 0..1_000 {
            let (treated, control) = arms(&mut chance, 1_500, 700);
            let found = effect_on_takers(&treated, &control, 0.95).unwrap();
            held += i32::from(found.lower <= 1.0 / 3.0 && 1.0 / 3.0 <= found.upper);
        }
        assert!((930..=970).contains(&held), "{held}");
    }

    #[test]
    fn too_few_who_took_it_are_not_enough_data() {
        let took = |many: usize| {
            let x: Vec<f64> = (0..100).map(|n| if n < many { 1.0 } else { 0.0 }).collect();
            JointMoments::of(&x, &x)
        };
        let control = Moments::of(&[0.0; 100]);
        assert_eq!(
            effect_on_takers(&took(29), &control, 0.95),
            Err(Error::NotEnoughData { what: "people who took the treatment", needed: 30, found: 29 })
        );
        assert!(matches!(effect_on_takers(&took(0), &control, 0.95), Err(Error::NotEnoughData { .. })));
        // Everybody who took it bought, and nobody else did: nothing is left to chance but the constant itself.
        assert_eq!(effect_on_takers(&took(30), &control, 0.95), Err(Error::Constant { what: "the outcome" }));
        assert!(matches!(effect_on_takers(&took(30), &control, 1.0), Err(Error::OutOfRange { .. })));
    }
}
