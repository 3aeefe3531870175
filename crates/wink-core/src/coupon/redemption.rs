//! A redemption: a coupon used on an order, line by line, and what was taken back of it since.

use super::cart::of_first;
use super::ledger::About;
use super::limit::UseCount;
use super::sync::Offline;
use crate::base::{
    CampaignId, Cents, CouponId, DecisionId, OfferId, ProfileId, RedemptionId, ReversalId, Timestamp,
};
use crate::offer::{Afterwards, ReversalReason};

/// A coupon used on an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redemption {
    /// Its id, from coupon and order: the same redemption is the same id.
    pub id: RedemptionId,
    /// The coupon.
    pub coupon: CouponId,
    /// The decision that issued it.
    pub decision: DecisionId,
    /// Whose it is; `None` once that person was erased.
    pub profile: Option<ProfileId>,
    /// The campaign.
    pub campaign: CampaignId,
    /// The offer.
    pub offer: OfferId,
    /// The order; empty once the person was erased.
    pub order_id: String,
    /// When.
    pub at: Timestamp,
    /// What the coupon was worth.
    pub amount: Cents,
    /// The same, line by line; sums to the amount.
    pub parts: Vec<Part>,
    /// Which limits per day and store it was counted for.
    pub counted: Vec<UseCount>,
    /// What was taken back since, oldest first.
    pub reversals: Vec<Reversal>,
    /// The lease it was paid from, if a till gave it without asking.
    pub offline: Option<Offline>,
}

/// What a coupon gave on a line of an order, or what came back of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The shop's name of the line.
    pub line: String,
    /// How many pieces.
    pub quantity: u32,
    /// How much.
    pub amount: Cents,
    /// The rate of the VAT in the line's price, in basis points, if it was told.
    pub vat_basis_points: Option<u16>,
}

/// Some or all of a redemption, taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// Its id, from the redemption and its place among the reversals.
    pub id: ReversalId,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: ReversalReason,
    /// What came back, line by line.
    pub parts: Vec<Part>,
    /// What became of the coupon.
    pub afterwards: Afterwards,
}

impl Reversal {
    /// Tells how much came back.
    pub fn amount(&self) -> Cents {
        self.parts.iter().map(|part| part.amount).sum()
    }
}

impl Redemption {
    /// Tells how much was taken back.
    pub fn returned(&self) -> Cents {
        self.reversals.iter().map(Reversal::amount).sum()
    }

    /// Tells what it still costs.
    pub fn spent(&self) -> Cents {
        self.amount - self.returned()
    }

    /// Tells whether some of it stands on an order, whatever became of the coupon since. What came back altogether does not.
    pub fn stands_on(&self, order: &str) -> bool {
        !order.is_empty() && self.order_id == order && Cents::ZERO < self.spent()
    }

    /// Lists what it still gives, line by line.
    pub fn parts_left(&self) -> impl Iterator<Item = Part> {
        self.parts.iter().map(|part| Part {
            quantity: self.quantity_left(part),
            amount: part.amount - self.amount_back(&part.line),
            ..part.clone()
        })
    }

    /// Tells how many pieces of a line have not come back yet.
    pub fn quantity_left(&self, part: &Part) -> u32 {
        part.quantity.saturating_sub(self.quantity_back(&part.line))
    }

    /// Tells what `quantity` more pieces of a line give back, in proportion: all pieces together exactly what the line had.
    pub(super) fn part_back(&self, part: &Part, quantity: u32) -> Part {
        let before = self.quantity_back(&part.line);
        let so_far = of_first(part.amount, before, part.quantity);
        let amount = of_first(part.amount, before.saturating_add(quantity), part.quantity) - so_far;
        Part { quantity, amount, ..part.clone() }
    }

    /// Takes person and order out; what it cost stays.
    pub fn release_of_erased(&self) -> Self {
        // An order id leads back to a person through the shop, and so may the name of a line.
        let nameless = |parts: &[Part]| {
            let part = |(place, part): (usize, &Part)| Part { line: place.to_string(), ..part.clone() };
            parts.iter().enumerate().map(part).collect()
        };
        let reversal = |reversal: &Reversal| Reversal {
            parts: reversal
                .parts
                .iter()
                .map(|part| Part { line: self.place_of(&part.line), ..part.clone() })
                .collect(),
            ..reversal.clone()
        };
        Self {
            profile: None,
            order_id: String::new(),
            parts: nameless(&self.parts),
            reversals: self.reversals.iter().map(reversal).collect(),
            ..self.clone()
        }
    }

    fn place_of(&self, line: &str) -> String {
        self.parts.iter().position(|part| part.line == line).unwrap_or_default().to_string()
    }

    fn quantity_back(&self, line: &str) -> u32 {
        self.parts_back_of(line).map(|part| part.quantity).sum()
    }

    fn amount_back(&self, line: &str) -> Cents {
        self.parts_back_of(line).map(|part| part.amount).sum()
    }

    fn parts_back_of(&self, line: &str) -> impl Iterator<Item = &Part> {
        let parts = self.reversals.iter().flat_map(|reversal| &reversal.parts);
        parts.filter(move |part| part.line == line)
    }

    pub(super) fn about(&self) -> About<'_> {
        About {
            campaign: &self.campaign,
            // What a lease paid for was never the coupon's money.
            coupon: self.offline.map_or(self.coupon, |offline| offline.lease.in_ledger()),
            decision: self.decision,
            redemption: Some(self.id),
            reversal: None,
        }
    }
}
