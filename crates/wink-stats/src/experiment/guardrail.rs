//! Guardrails: what the treatment must not make worse.

use super::{Proportion, proportion_difference};
use crate::error::share;
use crate::numeric::{count, mean};
use crate::{Error, Interval, Moments, mean_difference};

/// Which way is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More is better: spend, visits.
    Higher,
    /// Less is better: returns, complaints.
    Lower,
}

impl Better {
    /// Tells the worse end of an interval of `treated − control`: the bound of one side.
    pub fn worst(self, change: Interval) -> f64 {
        match self {
            Self::Higher => change.lower,
            Self::Lower => change.upper,
        }
    }
}

/// A metric that may get worse by less than a margin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guardrail {
    /// Which way is good.
    pub better: Better,
    /// How much worse is still no harm, in the metric's unit; above 0.
    pub margin: f64,
    /// How sure to be, on one side: 0.95 is usual.
    pub level: f64,
}

/// What is known of a guardrail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is not worse by the margin.
    Holds,
    /// It is worse by more than the margin.
    Breached,
    /// Either may be: more people are needed.
    Open,
}

impl Guardrail {
    /// Tests non-inferiority: the interval of `treated − control` against the margin (ICH E9, 1998, §3.3.2; Piaggio et al. 2012, figure 1). The
    /// interval has two sides, each with what `level` leaves over, so each verdict but [`Verdict::Open`] is a test of one side: what is worse by
    /// the margin holds, and what is not worse by it is breached, with a probability of about `1 − level`.
    ///
    /// Means are as normal as their arms are large: for skewed outcomes use [`Guardrail::judge_values`], which refuses arms that are too small.
    ///
    /// # Errors
    /// As [`mean_difference`], and [`Error::OutOfRange`] for a margin that is not positive, or a level of one half or less; [`Error::Constant`] if
    /// one arm has no variance, like a hold-out in which nobody bought: it says nothing of how sure its mean is.
    pub fn judge(&self, treated: &Moments, control: &Moments) -> Result<(Verdict, Interval), Error> {
        let change = mean_difference(treated, control, self.two_sided()?)?;
        let varies = |arm: &Moments| arm.variance().is_some_and(|variance| 0.0 < variance);
        if !varies(treated) || !varies(control) {
            return Err(Error::Constant { what: "the outcome of an arm" });
        }
        Ok((self.verdict(change), change))
    }

    /// Tests the same of everybody's values, if both arms are large enough for how skewed these are: the mean of so many people is about normal
    /// from 355·skewness² of them (Kohavi, Deng, Longbotham, Xu 2014, "Seven rules of thumb for web site experimenters", rule 7, which says so of a
    /// skewness above 1; it is asked below that too). Each arm is held against the more skewed of both, since a few values show little of a long
    /// tail.
    ///
    /// # Errors
    /// As [`Guardrail::judge`], and [`Error::NotEnoughData`] for an arm that is too small.
    pub fn judge_values(&self, treated: &[f64], control: &[f64]) -> Result<(Verdict, Interval), Error> {
        let judged = self.judge(&Moments::of(treated), &Moments::of(control))?;
        let skewness = skewness(treated).abs().max(skewness(control).abs());
        let needed = PEOPLE_OF_SKEWNESS * skewness * skewness;
        let found = treated.len().min(control.len());
        if count(found) < needed {
            return Err(Error::NotEnoughData {
                what: "people in an arm, for an outcome so skewed",
                needed: rounded_up(needed),
                found: u64::try_from(found).unwrap_or(u64::MAX),
            });
        }
        Ok(judged)
    }

    /// Tests the same of shares of people. The intervals are Newcombe's: where hardly anybody does it and one arm is small, a wrong verdict comes
    /// in up to about 10 % of cases at a level of 0.95, and not in 5 %.
    ///
    /// # Errors
    /// As [`Guardrail::judge`], but that a share may be the same everywhere.
    pub fn judge_shares(
        &self,
        treated: &Proportion,
        control: &Proportion,
    ) -> Result<(Verdict, Interval), Error> {
        let change = proportion_difference(treated, control, self.two_sided()?)?;
        Ok((self.verdict(change), change))
    }

    /// The level of the interval of which `level` is one side.
    fn two_sided(&self) -> Result<f64, Error> {
        share("the level", self.level)?;
        let refused = |what, value, must| Err(Error::OutOfRange { what, value, must });
        if self.level <= 0.5 {
            return refused("the level", self.level, "above one half");
        }
        if !(0.0 < self.margin && self.margin.is_finite()) {
            return refused("the margin", self.margin, "above 0");
        }
        Ok(2.0 * self.level - 1.0)
    }

    fn verdict(&self, change: Interval) -> Verdict {
        let (worst, best) = match self.better {
            Better::Higher => (change.lower, change.upper),
            Better::Lower => (-change.upper, -change.lower),
        };
        if -self.margin < worst {
            Verdict::Holds
        } else if best < -self.margin {
            Verdict::Breached
        } else {
            Verdict::Open
        }
    }
}

/// So many people for each unit of squared skewness.
const PEOPLE_OF_SKEWNESS: f64 = 355.0;

/// The third central moment in units of the standard deviation; 0 without one.
pub(super) fn skewness(values: &[f64]) -> f64 {
    let middle = mean(values);
    let deviation = (values.iter().map(|value| (value - middle) * (value - middle)).sum::<f64>()
        / count(values.len()))
    .sqrt();
    let varies = 0.0 < deviation;
    if !varies {
        return 0.0;
    }
    let third = |value: &f64| {
        let apart = (value - middle) / deviation;
        apart * apart * apart
    };
    values.iter().map(third).sum::<f64>() / count(values.len())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is positive, and what is too large ends at the largest"
)]
pub(super) fn rounded_up(people: f64) -> u64 {
    people.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Chance;

    fn check(better: Better, difference: f64, expected: Verdict) {
        let arm = |mean| Moments::from_parts(1_000, mean, 1.0);
        let guardrail = Guardrail { better, margin: 0.2, level: 0.95 };
        let (verdict, change) = guardrail.judge(&arm(5.0 + difference), &arm(5.0)).unwrap();
        assert_eq!(verdict, expected, "{better:?} {difference} {change:?}");
    }

    /// The interval reaches 1.645·√(2/1000) = 0.074 to either side.
    #[test]
    fn a_guardrail_holds_breaks_or_is_open() {
        check(Better::Higher, 0.0, Verdict::Holds);
        check(Better::Higher, -0.12, Verdict::Holds);
        check(Better::Higher, -0.2, Verdict::Open);
        check(Better::Higher, -0.3, Verdict::Breached);
        check(Better::Lower, -1.0, Verdict::Holds);
        check(Better::Lower, 0.2, Verdict::Open);
        check(Better::Lower, 0.3, Verdict::Breached);
    }

    const ONE_MORE_OF_A_HUNDRED: Guardrail = Guardrail { better: Better::Lower, margin: 0.01, level: 0.95 };

    #[test]
    fn a_small_arm_in_which_nobody_did_it_is_no_proof_of_harm() {
        let judge = |[did, did_not]: [u64; 2], control: u64| {
            let (treated, control) = (Proportion { did, did_not }, Proportion { did: 0, did_not: control });
            ONE_MORE_OF_A_HUNDRED.judge_shares(&treated, &control).unwrap().0
        };
        assert_eq!(judge([13, 648], 77), Verdict::Open);
        assert_eq!(judge([60, 601], 77), Verdict::Breached);
        assert_eq!(judge([0, 661], 770), Verdict::Holds);
    }

    #[test]
    fn what_one_in_fifty_does_in_both_arms_is_rarely_taken_for_harm() {
        let mut chance = Chance::of(6);
        let mut arm = |people: usize| {
            let mut arm = Proportion::default();
            (0..people).for_each(|_| arm.add(chance.below(50) == 0));
            arm
        };
        let runs = 1_000;
        for (treated, control) in [(661, 77), (900, 100)] {
            let breached = (0..runs)
                .filter(|_| {
                    let judged = ONE_MORE_OF_A_HUNDRED.judge_shares(&arm(treated), &arm(control)).unwrap();
                    judged.0 == Verdict::Breached
                })
                .count();
            assert!(breached * 20 <= runs, "{treated} against {control}: {breached} of {runs}");
        }
    }

    /// How often of a thousand trials each verdict is given, in the order holds, breached; and how often the bound held the truth.
    fn judged(mut trial: impl FnMut() -> (Verdict, Interval), better: Better, truth: f64) -> [usize; 3] {
        let mut counts = [0; 3];
        let [holds, breached, bounded] = &mut counts;
        for _ in 0..1_000 {
            let (verdict, change) = trial();
            *holds += usize::from(verdict == Verdict::Holds);
            *breached += usize::from(verdict == Verdict::Breached);
            *bounded += usize::from(match better {
                Better::Higher => better.worst(change) <= truth,
                Better::Lower => truth <= better.worst(change),
            });
        }
        counts
    }

    /// Skewed spend in arms of different sizes, at the margin, without a difference, and far beyond the margin. Of a thousand verdicts at
    /// the margin, fifty of either kind are wrong by chance, with a standard deviation of seven.
    #[test]
    fn a_mean_at_its_margin_is_let_through_as_rarely_as_it_says() {
        let mut chance = Chance::of(21);
        let guardrail = Guardrail { better: Better::Higher, margin: 0.2, level: 0.95 };
        let mut at = |difference: f64| {
            let mut arm = |people: usize, more: f64| {
                let mut arm = Moments::default();
                (0..people).for_each(|_| arm.add(chance.exponential(1.0) + more));
                arm
            };
            let trial = || guardrail.judge(&arm(900, difference), &arm(400, 0.0)).unwrap();
            judged(trial, guardrail.better, difference)
        };
        let [holds, breached, bounded] = at(-0.2);
        assert!((28..=72).contains(&holds) && (28..=72).contains(&breached), "{holds} {breached}");
        assert!((930..=970).contains(&bounded), "{bounded}");
        let [holds, breached, _] = at(0.0);
        assert!(900 < holds && breached == 0, "{holds} {breached}");
        let [holds, breached, _] = at(-0.5);
        assert!(holds == 0 && 950 < breached, "{holds} {breached}");
    }

    /// Baskets of one in fifty in a small hold-out, at the margin: nothing is said of most, and about 5 % of a thousand are let through at most.
    #[test]
    fn few_buyers_in_a_small_arm_are_refused_rather_than_let_through() {
        let mut chance = Chance::of(23);
        for (treated, control) in [(661, 77), (900, 100), (9_000, 1_000)] {
            let mut arm = |people: usize| -> Vec<f64> {
                (0..people)
                    .map(|_| if chance.below(50) == 0 { libm::exp(3.0 + chance.normal()) } else { 0.0 })
                    .collect()
            };
            // The treated arm is worse by just the margin.
            let guardrail = Guardrail { better: Better::Higher, margin: 0.2, level: 0.95 };
            let holds = (0..1_000)
                .filter(|_| {
                    let less: Vec<f64> = arm(treated).iter().map(|value| value - 0.2).collect();
                    let judged = guardrail.judge_values(&less, &arm(control));
                    judged.is_ok_and(|(verdict, _)| verdict == Verdict::Holds)
                })
                .count();
            assert!(holds <= 72, "{treated} against {control}: {holds}");
        }
    }

    /// Values that are not skewed are judged as ever; an arm without a variance, or with a value that has no square, is not.
    #[test]
    fn values_are_judged_where_their_mean_says_something() {
        let mut chance = Chance::of(24);
        let mut arm = |people: usize| -> Vec<f64> { (0..people).map(|_| 5.0 + chance.normal()).collect() };
        let guardrail = Guardrail { better: Better::Higher, margin: 0.5, level: 0.95 };
        let (treated, mut control) = (arm(900), arm(100));
        let judged = guardrail.judge_values(&treated, &control);
        assert_eq!(judged, guardrail.judge(&Moments::of(&treated), &Moments::of(&control)));
        assert_eq!(judged.unwrap().0, Verdict::Holds);
        let refused = |control: &[f64]| guardrail.judge_values(&treated, control).unwrap_err();
        assert!(matches!(refused(&[0.0; 100]), Error::Constant { .. }));
        control[0] = 1e200;
        assert!(matches!(refused(&control), Error::OutOfRange { .. }));
        control[0] = 1e3;
        assert!(matches!(refused(&control), Error::NotEnoughData { .. }));
    }

    /// One in fifty in a small arm, where the score intervals are least exact: up to a tenth instead of a twentieth.
    #[test]
    fn a_rare_share_in_a_small_arm_is_let_through_in_a_tenth_at_most() {
        let mut chance = Chance::of(25);
        let mut arm = |people: usize, of_hundred: usize| {
            let mut arm = Proportion::default();
            (0..people).for_each(|_| arm.add(chance.below(100) < of_hundred));
            arm
        };
        let guardrail = ONE_MORE_OF_A_HUNDRED;
        let trial = || guardrail.judge_shares(&arm(900, 3), &arm(100, 2)).unwrap();
        let [holds, breached, _] = judged(trial, guardrail.better, 0.01);
        assert!(holds <= 128 && breached <= 72, "{holds} {breached}");
    }

    #[test]
    fn a_share_at_its_margin_is_let_through_as_rarely_as_it_says() {
        let mut chance = Chance::of(22);
        let guardrail = Guardrail { better: Better::Lower, margin: 0.02, level: 0.95 };
        let mut at = |of_hundred: usize| {
            let mut arm = |people: usize, of_hundred: usize| {
                let mut arm = Proportion::default();
                (0..people).for_each(|_| arm.add(chance.below(100) < of_hundred));
                arm
            };
            let trial = || guardrail.judge_shares(&arm(2_000, of_hundred), &arm(1_500, 3)).unwrap();
            judged(trial, guardrail.better, (count(of_hundred) - 3.0) / 100.0)
        };
        let [holds, breached, bounded] = at(5);
        assert!((28..=72).contains(&holds) && (28..=72).contains(&breached), "{holds} {breached}");
        assert!((930..=970).contains(&bounded), "{bounded}");
        let [holds, breached, _] = at(3);
        assert!(900 < holds && breached == 0, "{holds} {breached}");
        let [holds, breached, _] = at(9);
        assert!(holds == 0 && 950 < breached, "{holds} {breached}");
    }

    /// Where a test of a difference would find nothing, too few people prove nothing: that is an answer of its own, and no pass.
    #[test]
    fn few_people_are_no_proof_that_nothing_got_worse() {
        let arm = |mean| Moments::from_parts(40, mean, 4.0);
        let guardrail = Guardrail { better: Better::Higher, margin: 0.1, level: 0.95 };
        let (verdict, change) = guardrail.judge(&arm(5.0), &arm(5.0)).unwrap();
        assert!(verdict == Verdict::Open && change.holds_zero(), "{change:?}");
        assert_eq!(Better::Lower.worst(change), change.upper);
    }

    #[test]
    fn a_margin_of_nothing_is_no_guardrail() {
        let arm = Moments::from_parts(1_000, 1.0, 1.0);
        for (margin, level) in [(0.0, 0.95), (f64::NAN, 0.95), (0.1, 0.5), (0.1, 1.0)] {
            let guardrail = Guardrail { better: Better::Higher, margin, level };
            assert!(matches!(guardrail.judge(&arm, &arm), Err(Error::OutOfRange { .. })), "{margin} {level}");
        }
    }
}
