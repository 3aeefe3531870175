//! Guardrails: what the treatment must not make worse.

use super::{Proportion, proportion_difference};
use crate::error::share;
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
    /// the margin holds, and what is not worse by it is breached, with a probability of at most `1 − level`.
    ///
    /// # Errors
    /// As [`mean_difference`], and [`Error::OutOfRange`] for a margin that is not positive, or a level of one half or less.
    pub fn judge(&self, treated: &Moments, control: &Moments) -> Result<(Verdict, Interval), Error> {
        let change = mean_difference(treated, control, self.two_sided()?)?;
        Ok((self.verdict(change), change))
    }

    /// Tests the same of shares of people.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::{Chance, count};

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
