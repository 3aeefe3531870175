//! Limits of how often, and for how much, coupons may be used: in a day of the shop's calendar, and in a store.

use crate::base::Cents;

/// How much is the most. What is not said is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UseLimit {
    /// Redemptions.
    pub uses: Option<u32>,
    /// What they cost together.
    pub amount: Option<Cents>,
}

/// What an offer or a campaign says of its redemptions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UseLimits {
    /// In each day of the shop's calendar, whether it has 23, 24 or 25 hours.
    pub per_day: Option<UseLimit>,
    /// In each store, over the whole life. What names no store counts as the shop without one.
    pub per_store: Option<UseLimit>,
}

impl UseLimits {
    /// Tells whether it says anything.
    pub fn is_said(&self) -> bool {
        self.per_day.is_some() || self.per_store.is_some()
    }
}
