//! The day of the assignment, which the window leaves out: did so much happen on it that the window does not tell what the offer did?

use wink_stats::Interval;

use super::sums::ArmTally;

/// From this share of the redemptions on, a notable part of what the offer did lies on the day of the assignment. Chosen, not measured.
pub const FIRST_DAY_SHARE: f64 = 0.2;

/// What speaks against leaving the day of the assignment out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstDay {
    /// Whether at least [`FIRST_DAY_SHARE`] of the redemptions lies on it.
    pub redeems_much: bool,
    /// Whether the increment that is told and the one since the assignment lie on different sides of zero.
    pub turns_the_sign: bool,
}

impl FirstDay {
    pub(super) fn of(offered: &ArmTally, told: Interval, since: Option<Interval>) -> Self {
        Self {
            redeems_much: share_redeemed(offered).is_some_and(|share| FIRST_DAY_SHARE <= share),
            turns_the_sign: since.is_some_and(|since| told.estimate * since.estimate < 0.0),
        }
    }

    /// Tells whether nothing can be advised from the window.
    pub fn decides(self) -> bool {
        self.redeems_much || self.turns_the_sign
    }
}

#[expect(clippy::cast_precision_loss, reason = "redemptions are far fewer than 2^53")]
fn share_redeemed(offered: &ArmTally) -> Option<f64> {
    let all = offered.redemptions;
    (0 < all).then(|| offered.redemptions_first_day as f64 / all as f64)
}
