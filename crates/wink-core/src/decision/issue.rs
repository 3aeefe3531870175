//! Whether a decision creates the coupon at once, or only the right to it.

use crate::base::Timestamp;

/// When the coupon of an offer comes to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Issue {
    /// With the decision.
    #[default]
    Now,
    /// When the person accepts, in time; until then there is only the right to it.
    OnAccept(AcceptWithin),
}

impl Issue {
    /// Tells the first instant a right given at `now` can no longer be accepted.
    pub fn accept_by(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Now => None,
            Self::OnAccept(within) => Some(Timestamp(now.0 + i64::from(within.seconds()) * 1_000)),
        }
    }
}

/// How long a right can be accepted. What it promises is reserved as long, and nobody else can have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AcceptWithin(u32);

impl AcceptWithin {
    /// A page has to load and somebody has to read it: less than a minute would be a trick.
    pub const SECONDS_MIN: u32 = 60;
    /// A newsletter is read within a week; longer a budget should not wait for an answer.
    pub const SECONDS_MAX: u32 = 7 * 86_400;

    /// Takes a time, if it lies within the bounds.
    pub fn new(seconds: u32) -> Option<Self> {
        (Self::SECONDS_MIN..=Self::SECONDS_MAX).contains(&seconds).then_some(Self(seconds))
    }

    /// Tells the time in seconds.
    pub fn seconds(self) -> u32 {
        self.0
    }
}

impl Default for AcceptWithin {
    /// Half an hour: as long as a visit to a shop lasts, by the convention of web analytics.
    fn default() -> Self {
        Self(1_800)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_lasts_as_long_as_was_asked_within_the_bounds() {
        let accept_by = |seconds| {
            let within = AcceptWithin::new(seconds)?;
            Issue::OnAccept(within).accept_by(Timestamp(5))
        };
        assert_eq!(accept_by(59), None);
        assert_eq!(accept_by(60), Some(Timestamp(60_005)));
        assert_eq!(accept_by(604_800), Some(Timestamp(604_800_005)));
        assert_eq!(accept_by(604_801), None);
        assert_eq!(
            Issue::OnAccept(AcceptWithin::default()).accept_by(Timestamp(0)),
            Some(Timestamp(1_800_000))
        );
        assert_eq!(Issue::Now.accept_by(Timestamp(5)), None);
    }
}
