//! Intervals that may be looked at every day.

use crate::error::share;
use crate::moments::real;
use crate::{Error, Interval, Moments, mean_difference};

/// A confidence sequence for the difference of two means: at this level, all of its intervals together hold the truth.
///
/// A normal mixture (Robbins 1970) for estimates with a normal limit: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2024), "Time-uniform
/// central limit theory and asymptotic confidence sequences", theorem 2.2. It is valid from about a hundred people in each arm on.
///
/// An arm's variance counts at least as much as that of both arms together: of what one in fifty does, a hold-out of a hundred people has often
/// nobody, and would take the share for certain. By its own variance alone every seventh such experiment without an effect was decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sequence {
    level: f64,
    /// ρ²: where the sequence is tightest.
    mixture: f64,
}

/// One look at the experiment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// `treated − control`, with the sequence's interval.
    pub effect: Interval,
    /// The always-valid p-value of this look; the least of all looks so far may be reported.
    pub p_value: f64,
}

/// Before this many people in each arm the normal limit is not near enough, and nothing is said.
const PEOPLE_MIN: u64 = 100;

impl Sequence {
    /// Makes the sequence that is tightest when `people` have been seen in both arms together (Waudby-Smith et al. 2024, §C.3, equation 24).
    /// The number belongs to the plan: chosen after looking at outcomes, it breaks the promise.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a level that is no share, or nobody planned.
    pub fn planned(people: u64, level: f64) -> Result<Self, Error> {
        share("the level", level)?;
        if people == 0 {
            return Err(Error::OutOfRange {
                what: "the planned number of people",
                value: 0.0,
                must: "above 0",
            });
        }
        let doubled = -2.0 * libm::log(1.0 - level);
        Ok(Self { level, mixture: (doubled + libm::log1p(doubled)) / real(people) })
    }

    /// Looks at the experiment: estimate ± se · √(2(κ+1)/κ · ln(√(κ+1)/α)), κ = n·ρ².
    ///
    /// # Errors
    /// [`Error::NotEnoughData`] below a hundred people in an arm, [`Error::Constant`] if nobody's outcome differs.
    pub fn look(&self, treated: &Moments, control: &Moments) -> Result<Look, Error> {
        let found = treated.count().min(control.count());
        if found < PEOPLE_MIN {
            return Err(Error::NotEnoughData { what: "people in an arm", needed: PEOPLE_MIN, found });
        }
        let estimate = mean_difference(treated, control, self.level)?.estimate;
        let variance = cautious(treated, control);
        let kappa = real(treated.count() + control.count()) * self.mixture;
        let log_root = 0.5 * libm::log1p(kappa);
        let wide = 2.0 * (kappa + 1.0) / kappa * (log_root - libm::log(1.0 - self.level));
        let reach = (variance * wide).sqrt();
        let evidence = estimate * estimate / variance * kappa / (2.0 * (kappa + 1.0));
        Ok(Look {
            effect: Interval { estimate, lower: estimate - reach, upper: estimate + reach },
            p_value: libm::exp((log_root - evidence).min(0.0)),
        })
    }
}

/// The variance of the difference of two means, with each arm's at least that within both.
fn cautious(treated: &Moments, control: &Moments) -> f64 {
    let squares = |arm: &Moments| arm.variance().unwrap_or(0.0) * real(arm.count() - 1);
    let pooled = (squares(treated) + squares(control)) / real(treated.count() + control.count() - 2);
    let of = |arm: &Moments| arm.variance().unwrap_or(0.0).max(pooled) / real(arm.count());
    of(treated) + of(control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Chance;

    /// Skewed spend without an effect, looked at on each of forty days; fixed intervals beside it.
    #[test]
    fn peeking_every_day_is_allowed() {
        let mut chance = Chance::of(6);
        let sequence = Sequence::planned(8_000, 0.95).unwrap();
        let (mut sequential, mut fixed) = (0, 0);
        for _ in 0..1_000 {
            let (mut treated, mut control) = (Moments::default(), Moments::default());
            let (mut seen, mut peeked) = (false, false);
            for _ in 0..40 {
                (0..100).for_each(|_| treated.add(chance.exponential(1.0)));
                (0..100).for_each(|_| control.add(chance.exponential(1.0)));
                seen |= !sequence.look(&treated, &control).unwrap().effect.holds_zero();
                peeked |= !mean_difference(&treated, &control, 0.95).unwrap().holds_zero();
            }
            sequential += i32::from(seen);
            fixed += i32::from(peeked);
        }
        assert!(sequential <= 50, "{sequential} of 1000");
        assert!(200 < fixed, "peeking at a fixed interval is wrong too often: {fixed} of 1000");
    }

    /// What one in fifty does, and baskets of one in ten, in a hold-out of a tenth: a hundred of its people have often hardly a value.
    #[test]
    fn peeking_is_allowed_where_one_arm_is_small_and_hardly_anybody_does_it() {
        let mut chance = Chance::of(8);
        let sequence = Sequence::planned(2_000, 0.95).unwrap();
        let mut decided = [0; 2];
        for _ in 0..1_000 {
            let mut arms = [[Moments::default(); 2]; 2];
            let mut seen = [false; 2];
            for _ in 0..20 {
                for (arm, people) in [(0, 90), (1, 10)] {
                    for _ in 0..people {
                        arms[0][arm].add(if chance.below(50) == 0 { 1.0 } else { 0.0 });
                        let basket = libm::exp(1.2 * chance.normal());
                        arms[1][arm].add(if chance.below(10) == 0 { basket } else { 0.0 });
                    }
                }
                for (seen, [treated, control]) in seen.iter_mut().zip(&arms) {
                    let look = sequence.look(treated, control);
                    *seen |= look.is_ok_and(|look| !look.effect.holds_zero());
                }
            }
            decided.iter_mut().zip(seen).for_each(|(count, seen)| *count += i32::from(seen));
        }
        assert!(decided.iter().all(|decided| *decided <= 50), "{decided:?} of 1000");
    }

    #[test]
    fn an_effect_is_found_and_p_values_agree_with_intervals() {
        let mut chance = Chance::of(7);
        let sequence = Sequence::planned(4_000, 0.95).unwrap();
        let (mut treated, mut control) = (Moments::default(), Moments::default());
        let mut found = false;
        for _ in 0..40 {
            (0..100).for_each(|_| treated.add(chance.normal() + 0.15));
            (0..100).for_each(|_| control.add(chance.normal()));
            let look = sequence.look(&treated, &control).unwrap();
            assert_eq!(look.p_value < 0.05, !look.effect.holds_zero(), "{look:?}");
            found |= 0.0 < look.effect.lower;
        }
        assert!(found);
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        assert!(Sequence::planned(0, 0.95).is_err() && Sequence::planned(100, 1.0).is_err());
        let sequence = Sequence::planned(1_000, 0.95).unwrap();
        let arm = |people, variance| Moments::from_parts(people, 1.0, variance);
        assert!(matches!(sequence.look(&arm(99, 1.0), &arm(200, 1.0)), Err(Error::NotEnoughData { .. })));
        assert!(matches!(sequence.look(&arm(200, 0.0), &arm(200, 0.0)), Err(Error::Constant { .. })));
    }
}
