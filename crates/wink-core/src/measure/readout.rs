//! Reads out a campaign: spend per person, offered against held out, from the day each was assigned.

use wink_stats::{Interval, Moments, mean_difference};

use crate::base::{Cents, Timestamp};

/// Spend is counted on this many whole days after the day of the assignment, for both arms alike: four weeks, as long as a coupon
/// is valid. The day itself is left out, because part of it lies before the decision.
pub const OUTCOME_DAYS: i32 = 28;

/// Tells on which days, from the first to before the second, the outcome of an assignment at `at` is counted; `None` while they are not
/// over at `now`.
pub fn outcome_days(at: Timestamp, now: Timestamp) -> Option<(i32, i32)> {
    let first = at.day() + 1;
    let after = first + OUTCOME_DAYS;
    (after <= now.day()).then_some((first, after))
}

/// What somebody was assigned to, when the campaign would first have reached them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arm {
    /// They got the offer.
    Offered,
    /// They would have got it and did not.
    HeldOut,
}

/// The sums a readout needs. Additive, so arms can be summed up by day, store or node.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ArmSums {
    offered: Moments,
    held_out: Moments,
}

impl ArmSums {
    /// Adds one person's spend.
    pub fn add(&mut self, arm: Arm, spend: Cents) {
        #[expect(clippy::cast_precision_loss, reason = "a person's spend stays far below 2^53 cents")]
        let cents = spend.0 as f64;
        match arm {
            Arm::Offered => self.offered.add(cents),
            Arm::HeldOut => self.held_out.add(cents),
        }
    }

    /// Tells how many were assigned to an arm.
    pub fn people(&self, arm: Arm) -> u64 {
        match arm {
            Arm::Offered => self.offered.count(),
            Arm::HeldOut => self.held_out.count(),
        }
    }

    /// Tells an arm's mean spend in cents, if anybody is in it.
    pub fn mean_cents(&self, arm: Arm) -> Option<f64> {
        match arm {
            Arm::Offered => self.offered.mean(),
            Arm::HeldOut => self.held_out.mean(),
        }
    }
}

/// What a campaign changed, or that it cannot be said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Readout {
    /// Spend per person, offered minus held out, in cents, with a 95 % interval.
    Effect(Interval),
    /// Too few people in an arm to say anything.
    NotEnoughData,
}

/// Reads out a campaign's sums.
pub fn readout(sums: &ArmSums) -> Readout {
    mean_difference(&sums.offered, &sums.held_out, 0.95).map_or(Readout::NotEnoughData, Readout::Effect)
}
