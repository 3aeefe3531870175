//! A campaign: why, when, for how much money, and who is left out to measure it.

use super::{PointsFactor, ReversalPolicy, UseLimits};
use crate::base::{CampaignId, Cents, Timestamp};

/// A goal with dates, a budget and a hold-out; its offers name it.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// Its slug.
    pub id: CampaignId,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub goal: String,
    /// What is expected to happen, in words that could turn out wrong.
    pub hypothesis: String,
    /// The first instant it may offer.
    pub starts_at: Timestamp,
    /// The first instant it may no longer offer.
    pub ends_at: Timestamp,
    /// Whether somebody has stopped it. Until it goes on it gives nothing, as outside its dates; what it gave stays good.
    pub is_paused: bool,
    /// The most it may owe at any time: reserved for coupons in circulation plus spent on redeemed ones.
    pub budget: Cents,
    /// The share of people it leaves out, in basis points (1,000 = 10 %).
    pub holdout_basis_points: u16,
    /// What becomes of its coupons when an order is taken back.
    pub reversals: ReversalPolicy,
    /// How often its coupons may be used in a day, and in a store.
    pub limits: UseLimits,
    /// By how much it multiplies the points that orders earn while it runs, if it does. It does so for everybody, held out or not.
    pub points: Option<PointsFactor>,
}

impl Campaign {
    /// Tells whether it may offer at `now`.
    pub fn runs_at(&self, now: Timestamp) -> bool {
        !self.is_paused && self.starts_at <= now && now < self.ends_at
    }
}
