//! Coupons and redemptions: what is sent to use one, hold one or take one back, and what is answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wink_core::coupon::{Coupon, Hold, Part, Redemption, Reversal, State};

use crate::{
    BenefitView, CartSent, CartView, CouponOnCart, IdentitySent, PointsOnCart, Problem, TypedBySent,
};

/// An order that is paid with coupons.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedemptionAsked {
    /// The coupons, by id, by code, by a public code, or by what their QR code holds: 1 to 20, or none if points pay.
    #[serde(default)]
    #[schema(example = json!(["cpn_0192f0c1-1c1d-8e00-8000-000000000001"]))]
    pub coupons: Vec<String>,
    /// Whose they must be, if that is known: coupons of others are then as if they were not there.
    #[serde(default)]
    pub identity: Option<IdentitySent>,
    /// Where codes were typed or scanned, if the shop's server asks for somebody else. An id then names nothing, as it is no secret.
    #[serde(default)]
    pub typed_by: Option<TypedBySent>,
    /// The store where it is paid; a till's is its key's.
    #[serde(default)]
    pub store: Option<String>,
    /// The shop's id of the order.
    pub order_id: String,
    /// What is bought.
    pub cart: CartSent,
    /// With how many points of the person named by `identity` the order is paid, beside the coupons: 1 or more.
    #[serde(default)]
    pub points: Option<i64>,
    /// Whether the other coupons are redeemed if one does not apply.
    #[serde(default)]
    pub partial: bool,
}

/// An order that is being paid.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReservationAsked {
    /// The shop's id of the order.
    pub order_id: String,
    /// What is bought.
    pub cart: CartSent,
    /// For how long the coupon is held, 1 to 86,400 seconds; 900 if it is not said.
    #[serde(default)]
    pub hold_seconds: Option<u32>,
}

/// An order that is being paid, and what somebody typed or scanned for it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeReservationAsked {
    /// The code, its digits, or what the QR code holds. An id names nothing here, as it is no secret.
    #[schema(example = "7K3M-7K3M-7K3M-7K3M")]
    pub code: String,
    /// Whose the coupon must be, if that is known: those of others are then as if they were not there.
    #[serde(default)]
    pub identity: Option<IdentitySent>,
    /// Where the code was typed or scanned, if the shop's server asks for somebody else.
    #[serde(default)]
    pub typed_by: Option<TypedBySent>,
    /// The store where it is paid; a till's is its key's.
    #[serde(default)]
    pub store: Option<String>,
    /// The shop's id of the order.
    pub order_id: String,
    /// What is bought.
    pub cart: CartSent,
    /// For how long the coupon is held, 1 to 86,400 seconds; 900 if it is not said.
    #[serde(default)]
    pub hold_seconds: Option<u32>,
}

/// An order that does not need its coupon.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseAsked {
    /// The shop's id of the order.
    pub order_id: String,
}

/// What is taken back of a redemption.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReversalAsked {
    /// `cancel`, `refund`, `chargeback` or `error`.
    #[schema(example = "refund")]
    pub reason: String,
    /// Which lines; everything that is left if it is not said.
    #[serde(default)]
    pub lines: Option<Vec<LineBackSent>>,
}

/// A line that comes back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineBackSent {
    /// The shop's name of it.
    pub line: String,
    /// How many pieces; all that are left if it is not said.
    #[serde(default)]
    pub quantity: Option<u32>,
}

/// A problem, with what would become of every coupon.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CouponsRefused {
    /// The problem; its code is the first reason's.
    #[serde(flatten)]
    pub problem: Problem,
    /// Each coupon, in the order asked; missing where the coupons are not to blame.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub coupons: Vec<CouponOnCart>,
    /// What points would pay, if they were asked to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<PointsOnCart>,
    /// The cart with those that would apply, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cart: Option<CartView>,
}

/// A coupon.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CouponView {
    /// Its id; never a secret.
    pub id: String,
    /// `issued`, `activated`, `reserved`, `redeemed`, `partly_reversed`, `reversed`, `expired` or `revoked`.
    pub state: &'static str,
    /// The decision that issued it, or the bulk.
    pub decision: String,
    /// Whose it is: a pseudonym. None once the person was erased, and for a coupon that was issued in bulk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Its campaign.
    pub campaign: String,
    /// Its offer.
    pub offer: String,
    /// What it takes off.
    pub benefit: BenefitView,
    /// What is reserved for it, the most it can be worth now, in minor units.
    pub reserved_cents: i64,
    /// The order it needs at least, in minor units.
    pub minimum_spend_cents: i64,
    /// What must remain to be paid, in minor units.
    pub minimum_price_cents: i64,
    /// The categories it applies to; empty for every product.
    pub categories: Vec<String>,
    /// Whether its person must activate it before it can be used.
    pub needs_activation: bool,
    /// When it was issued.
    pub issued_at: String,
    /// The first instant it is no longer valid.
    pub valid_until: String,
    /// When its life ended, if it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// The order it is held for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<HoldView>,
    /// What it was redeemed as, oldest first.
    pub redemptions: Vec<String>,
}

/// A reservation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HoldView {
    /// The order.
    pub order_id: String,
    /// What the coupon is worth on it, in minor units.
    pub amount_cents: i64,
    /// The first instant the hold is over.
    pub until: String,
}

/// A redemption.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RedemptionView {
    /// Its id.
    pub id: String,
    /// The coupon.
    pub coupon: String,
    /// The decision that issued it.
    pub decision: String,
    /// Its campaign.
    pub campaign: String,
    /// Its offer.
    pub offer: String,
    /// The order; none once the person was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// When.
    pub redeemed_at: String,
    /// What the coupon was worth, in minor units.
    pub amount_cents: i64,
    /// How much of that was taken back since, in minor units.
    pub returned_cents: i64,
    /// The amount line by line; sums to it.
    pub lines: Vec<PartView>,
    /// What was taken back, oldest first.
    pub reversals: Vec<ReversalView>,
}

/// What a coupon gave on a line, or what came back of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PartView {
    /// The shop's name of the line.
    pub line: String,
    /// How many pieces.
    pub quantity: u32,
    /// How much, in minor units.
    pub amount_cents: i64,
}

/// A reversal.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReversalView {
    /// Its id.
    pub id: String,
    /// When.
    pub reversed_at: String,
    /// Why.
    pub reason: &'static str,
    /// How much came back, in minor units.
    pub amount_cents: i64,
    /// The same, line by line.
    pub lines: Vec<PartView>,
    /// What became of the coupon: `returns` or `stays_used`.
    pub coupon: &'static str,
}

impl CouponView {
    /// Shows a coupon.
    pub fn new(coupon: &Coupon) -> Self {
        let held = match &coupon.state {
            State::Reserved(hold) => Some(HoldView::from(hold)),
            _ => None,
        };
        Self {
            id: coupon.id.to_string(),
            state: coupon.state.name(),
            decision: coupon.decision.to_string(),
            profile: coupon.profile.map(|profile| profile.to_string()),
            campaign: coupon.campaign.to_string(),
            offer: coupon.offer.to_string(),
            benefit: coupon.benefit.into(),
            reserved_cents: coupon.reserved.0,
            minimum_spend_cents: coupon.terms.minimum_spend.0,
            minimum_price_cents: coupon.terms.minimum_price.0,
            categories: coupon.categories.clone(),
            needs_activation: coupon.terms.needs_activation,
            issued_at: coupon.issued_at.to_string(),
            valid_until: coupon.valid_until.to_string(),
            ended_at: coupon.state.ended_at().map(|at| at.to_string()),
            held,
            redemptions: coupon.redemptions.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&Hold> for HoldView {
    fn from(hold: &Hold) -> Self {
        Self { order_id: hold.order_id.clone(), amount_cents: hold.amount.0, until: hold.until.to_string() }
    }
}

impl RedemptionView {
    /// Shows a redemption.
    pub fn new(redemption: &Redemption) -> Self {
        Self {
            id: redemption.id.to_string(),
            coupon: redemption.coupon.to_string(),
            decision: redemption.decision.to_string(),
            campaign: redemption.campaign.to_string(),
            offer: redemption.offer.to_string(),
            order_id: Some(redemption.order_id.clone()).filter(|order| !order.is_empty()),
            redeemed_at: redemption.at.to_string(),
            amount_cents: redemption.amount.0,
            returned_cents: redemption.returned().0,
            lines: redemption.parts.iter().map(PartView::from).collect(),
            reversals: redemption.reversals.iter().map(ReversalView::from).collect(),
        }
    }
}

impl From<&Part> for PartView {
    fn from(part: &Part) -> Self {
        Self { line: part.line.clone(), quantity: part.quantity, amount_cents: part.amount.0 }
    }
}

impl From<&Reversal> for ReversalView {
    fn from(reversal: &Reversal) -> Self {
        Self {
            id: reversal.id.to_string(),
            reversed_at: reversal.at.to_string(),
            reason: reversal.reason.name(),
            amount_cents: reversal.amount().0,
            lines: reversal.parts.iter().map(PartView::from).collect(),
            coupon: reversal.afterwards.name(),
        }
    }
}
