//! Guardrails: what the treatment must not make worse.

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
        share("the level", self.level)?;
        let refused = |what, value, must| Err(Error::OutOfRange { what, value, must });
        if self.level <= 0.5 {
            return refused("the level", self.level, "above one half");
        }
        if !(0.0 < self.margin && self.margin.is_finite()) {
            return refused("the margin", self.margin, "above 0");
        }
        let change = mean_difference(treated, control, 2.0 * self.level - 1.0)?;
        let (worst, best) = match self.better {
            Better::Higher => (change.lower, change.upper),
            Better::Lower => (-change.upper, -change.lower),
        };
        let verdict = if -self.margin < worst {
            Verdict::Holds
        } else if best < -self.margin {
            Verdict::Breached
        } else {
            Verdict::Open
        };
        Ok((verdict, change))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_margin_of_nothing_is_no_guardrail() {
        let arm = Moments::from_parts(1_000, 1.0, 1.0);
        for (margin, level) in [(0.0, 0.95), (f64::NAN, 0.95), (0.1, 0.5), (0.1, 1.0)] {
            let guardrail = Guardrail { better: Better::Higher, margin, level };
            assert!(matches!(guardrail.judge(&arm, &arm), Err(Error::OutOfRange { .. })), "{margin} {level}");
        }
    }
}
