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
    /// interval has two sides, each with what `level` leaves over.
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

    #[test]
    fn a_margin_of_nothing_is_no_guardrail() {
        let arm = Moments::from_parts(1_000, 1.0, 1.0);
        for (margin, level) in [(0.0, 0.95), (f64::NAN, 0.95), (0.1, 0.5), (0.1, 1.0)] {
            let guardrail = Guardrail { better: Better::Higher, margin, level };
            assert!(matches!(guardrail.judge(&arm, &arm), Err(Error::OutOfRange { .. })), "{margin} {level}");
        }
    }
}
