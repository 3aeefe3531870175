//! Double entry: what leaves one account arrives in another, so all accounts of a campaign always sum to nothing.

use crate::base::{CampaignId, Cents, CouponId, DecisionId, Hasher, RedemptionId, ReversalId, Timestamp};

/// Where a campaign's money can be. Only what is reserved or spent is owed, and bound by the budget; what expired or was returned may be
/// promised again, and its account tells how much of that there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// Not promised to anybody.
    Available,
    /// Promised by coupons in circulation.
    Reserved,
    /// Given.
    Spent,
    /// Given once, and back because the order was taken back.
    Returned,
    /// Promised once, and free because nobody used it in time.
    Expired,
}

impl Account {
    /// Lists them all.
    pub const ALL: [Self; 5] = [Self::Available, Self::Reserved, Self::Spent, Self::Returned, Self::Expired];

    /// Spells it as reports do.
    pub fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Reserved => "reserved",
            Self::Spent => "spent",
            Self::Returned => "returned",
            Self::Expired => "expired",
        }
    }

    /// Tells whether the campaign owes what lies here.
    pub fn is_owed(self) -> bool {
        matches!(self, Self::Reserved | Self::Spent)
    }

    /// Its number in the ids of entries.
    fn number(self) -> u8 {
        match self {
            Self::Available => 0,
            Self::Reserved => 1,
            Self::Spent => 2,
            Self::Returned => 3,
            Self::Expired => 4,
        }
    }
}

/// A movement of money. Carries decision, coupon and redemption but no person, so it outlives an erasure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its own id, from what it is about and the step: the same step is the same entry.
    pub id: [u8; 16],
    /// When it moved.
    pub at: Timestamp,
    /// Whose budget.
    pub campaign: CampaignId,
    /// Which coupon.
    pub coupon: CouponId,
    /// The decision that promised it; `None` in entries from before they told.
    pub decision: Option<DecisionId>,
    /// The redemption that moved it, if one did.
    pub redemption: Option<RedemptionId>,
    /// Where it left.
    pub from: Account,
    /// Where it arrived.
    pub to: Account,
    /// How much; never negative.
    pub amount: Cents,
}

/// What a movement is about.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub campaign: &'a CampaignId,
    pub coupon: CouponId,
    pub decision: DecisionId,
    pub redemption: Option<RedemptionId>,
    pub reversal: Option<ReversalId>,
}

impl Entry {
    /// Books a movement.
    pub(super) fn new(about: About<'_>, from: Account, to: Account, amount: Cents, at: Timestamp) -> Self {
        let step = [from.number(), to.number()];
        let mut id = Hasher::new("ledger entry").field(&about.coupon.bytes()).field(&step);
        // A coupon may be used and come back more than once: then the redemption and the reversal tell the steps apart.
        for cause in [about.redemption.map(|id| id.bytes()), about.reversal.map(|id| id.bytes())] {
            id = cause.iter().fold(id, |id, cause| id.field(cause));
        }
        Self {
            id: id.finish().short(),
            at,
            campaign: about.campaign.clone(),
            coupon: about.coupon,
            decision: Some(about.decision),
            redemption: about.redemption,
            from,
            to,
            amount,
        }
    }

    /// Tells by how much it changes what the campaign owes: reserved plus spent.
    pub fn owed(&self) -> Cents {
        match (self.from.is_owed(), self.to.is_owed()) {
            (false, true) => self.amount,
            (true, false) => Cents::ZERO - self.amount,
            _ => Cents::ZERO,
        }
    }
}
