//! Double entry: what leaves one account arrives in another, so all accounts of a campaign always sum to nothing.

use crate::base::{CampaignId, Cents, CouponId, Hasher, Timestamp};

/// Where a campaign's money can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// Not promised to anybody.
    Available,
    /// Promised by coupons in circulation.
    Reserved,
    /// Given.
    Spent,
}

/// A movement of money. Carries the coupon but no person, so it outlives an erasure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its own id, from coupon and step: the same step is the same entry.
    pub id: [u8; 16],
    /// When it moved.
    pub at: Timestamp,
    /// Whose budget.
    pub campaign: CampaignId,
    /// Which coupon.
    pub coupon: CouponId,
    /// Where it left.
    pub from: Account,
    /// Where it arrived.
    pub to: Account,
    /// How much; never negative.
    pub amount: Cents,
}

impl Entry {
    /// Books a movement for a coupon.
    pub(super) fn new(
        coupon: CouponId,
        campaign: &CampaignId,
        from: Account,
        to: Account,
        amount: Cents,
        at: Timestamp,
    ) -> Self {
        let account = |account| match account {
            Account::Available => 0,
            Account::Reserved => 1,
            Account::Spent => 2,
        };
        let step = [account(from), account(to)];
        let id = Hasher::new("ledger entry").field(&coupon.bytes()).field(&step).finish().short();
        Self { id, at, campaign: campaign.clone(), coupon, from, to, amount }
    }

    /// Tells by how much it changes what the campaign owes: reserved plus spent.
    pub fn owed(&self) -> Cents {
        let owes = |account| account != Account::Available;
        match (owes(self.from), owes(self.to)) {
            (false, true) => self.amount,
            (true, false) => Cents::ZERO - self.amount,
            _ => Cents::ZERO,
        }
    }
}
