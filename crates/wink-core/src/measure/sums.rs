//! The sums of a campaign's arms: all a statement is made of, and nobody in it.

use wink_stats::experiment::Proportion;
use wink_stats::{JointMoments, Moments};

use super::followed::{DAYS, Followed, Harm, Outcome};
use super::{Arm, CostSource};

/// One arm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArmTally {
    /// Everybody who was assigned to it, whether or not their window is over.
    pub assigned: u64,
    /// Of everybody whose window is over: what they spent before, and what they contributed, in cents.
    pub contribution: JointMoments,
    /// What they contributed since the moment of the assignment, in cents.
    pub since: Moments,
    /// What they had contributed by the end of each day of the window, in cents.
    pub by_day: [Moments; DAYS],
    /// What they paid, in cents.
    pub sales: Moments,
    /// Whether they used a coupon of the campaign, and whether they bought.
    pub bought: JointMoments,
    /// Whether they used a coupon of the campaign.
    pub redeemers: Proportion,
    /// Whether they bought.
    pub buyers: Proportion,
    /// What coupons of the campaign took off, net of what came back, in cents.
    pub discount: f64,
    /// Coupons of the campaign that they used since the assignment, the rest of its day included.
    pub redemptions: u64,
    /// Those of the day of the assignment.
    pub redemptions_first_day: u64,
    /// Whether something of [`Harm::ALL`] happened, of those whom it concerns.
    pub harms: [Proportion; Harm::ALL.len()],
    /// How long it took who reacted, in milliseconds.
    pub reactions_ms: Vec<i64>,
    /// What was paid, by [`CostSource`].
    pub paid_by_source: [f64; CostSource::ALL.len()],
    /// Coupons used on orders nobody told of.
    pub orders_untold: u64,
}

impl ArmTally {
    /// Tells whose window is over.
    pub fn measured(&self) -> u64 {
        self.contribution.count()
    }

    fn add(&mut self, outcome: &Outcome) {
        self.contribution.add(outcome.before, outcome.contribution);
        self.since.add(outcome.since);
        self.sales.add(outcome.sales);
        let mut so_far = 0.0;
        for (moments, cents) in self.by_day.iter_mut().zip(outcome.by_day) {
            so_far += cents;
            moments.add(so_far);
        }
        self.bought.add(yes(outcome.redeemed), yes(outcome.bought));
        self.redeemers.add(outcome.redeemed);
        self.buyers.add(outcome.bought);
        self.discount += outcome.discount;
        self.redemptions += outcome.redemptions;
        self.redemptions_first_day += outcome.redemptions_first_day;
        self.orders_untold += outcome.orders_untold;
        self.reactions_ms.extend(outcome.reaction_ms);
        for ((harms, harm), happened) in self.harms.iter_mut().zip(Harm::ALL).zip(outcome.harms) {
            if harm.concerns(outcome) {
                harms.add(happened);
            }
        }
        for (sum, paid) in self.paid_by_source.iter_mut().zip(outcome.paid_by_source) {
            *sum += paid;
        }
    }
}

/// Both arms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Who got the offer.
    pub offered: ArmTally,
    /// Who would have got it and did not.
    pub held_out: ArmTally,
}

impl Tally {
    /// Counts somebody who was assigned.
    pub fn assign(&mut self, arm: Arm) {
        self.of(arm).assigned += 1;
    }

    /// Adds somebody whose window is over.
    pub fn add(&mut self, person: &Followed) {
        self.of(person.arm).add(&person.outcome());
    }

    fn of(&mut self, arm: Arm) -> &mut ArmTally {
        match arm {
            Arm::Offered => &mut self.offered,
            Arm::HeldOut => &mut self.held_out,
        }
    }
}

fn yes(is: bool) -> f64 {
    f64::from(u8::from(is))
}
