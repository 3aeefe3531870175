//! Tills: what they may give while they can ask nobody, what they report, and what each did on a day.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The most coupons that are reported at once: each is a commit of its own, and all of them together some seconds of a slow disk.
pub const TAKEN_MAX: usize = 200;

/// A lease that a till should have.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaseAsked {
    /// Out of whose budget.
    #[schema(example = "spring")]
    pub campaign: String,
    /// For coupons of which offer; of all of the campaign's if it is not said.
    #[serde(default)]
    pub offer: Option<String>,
    /// The most coupons, 1 to 100,000.
    pub count_max: u32,
    /// The most money, in minor units; it leaves the budget at once.
    pub cents_max: i64,
    /// For how long, 1 to 168 hours.
    pub hours: u32,
    /// The store the till stands in.
    #[serde(default)]
    pub store: Option<String>,
    /// Whether codes on paper count, which anybody can copy. Else only those that an app signs anew every half minute.
    #[serde(default)]
    pub takes_paper: bool,
}

/// A lease of a till.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LeaseView {
    /// Its id.
    pub id: String,
    /// The till.
    pub till: String,
    /// The store it is for, if it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Out of whose budget.
    pub campaign: String,
    /// For coupons of which offer; missing where it is for all of the campaign's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer: Option<String>,
    /// The most coupons.
    pub count_max: u32,
    /// The most money, in minor units.
    pub cents_max: i64,
    /// Whether codes on paper count.
    pub takes_paper: bool,
    /// When it was granted.
    pub granted_at: String,
    /// The first instant at which the till may give nothing more.
    pub expires_at: String,
    /// When what is left goes back to the budget, heard of or not.
    pub due_at: String,
    /// Coupons that are booked on it.
    pub used_count: u32,
    /// Money that is booked on it, in minor units.
    pub used_cents: i64,
    /// What of the budget it holds, in minor units.
    pub held_cents: i64,
    /// Coupons that were reported and that it does not cover.
    pub unbacked_count: u32,
    /// What was given for those, in minor units; in no account of the ledger.
    pub unbacked_cents: i64,
    /// When what was left went back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<String>,
    /// What is kept for it in limits per day and store, so that nothing else is given of that; empty without such limits, and once it is closed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept_in_limits: Vec<LimitKeptView>,
    /// What the till verifies with public keys only; missing once it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<String>,
}

/// What of a limit is kept for a lease.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LimitKeptView {
    /// Which limit: of the offer or the campaign, on a day counted from 1970 or in a store, like `offer/tea/day/20514`.
    pub limit: String,
    /// How many coupons.
    pub uses: u32,
    /// How much, in minor units.
    pub cents: i64,
}

/// The leases of a till.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LeasesListed {
    /// Those that hold money, oldest first.
    pub data: Vec<LeaseView>,
}

/// What a till has to say.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncAsked {
    /// What it took while it could ask nobody: at most 200 at once, in any order, and as often as it likes.
    #[serde(default)]
    pub taken: Vec<TakenSent>,
    /// Leases under which it gives nothing more: what is left goes back.
    #[serde(default)]
    pub returned: Vec<String>,
    /// The same, and it wants others like them.
    #[serde(default)]
    pub renewed: Vec<String>,
}

/// A coupon that a till took while it could ask nobody.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakenSent {
    /// The lease.
    pub lease: String,
    /// Its number on the lease, from 1.
    pub number: u32,
    /// The coupon's id.
    pub coupon: String,
    /// The shop's id of the order.
    pub order_id: String,
    /// When, by the till's clock.
    pub at: String,
    /// What was taken off, in minor units; the lines add up to it.
    pub amount_cents: i64,
    /// The same, line by line.
    pub lines: Vec<TakenLineSent>,
}

/// What a coupon took off a line.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakenLineSent {
    /// The shop's name of the line.
    pub line: String,
    /// How many pieces it has.
    pub quantity: u32,
    /// How much, in minor units.
    pub amount_cents: i64,
    /// The rate of the VAT in its price, in basis points.
    #[serde(default)]
    pub vat_basis_points: Option<u16>,
}

/// What became of what a till said.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SyncAnswered {
    /// One by one, in the order they were sent.
    pub taken: Vec<TakenAnswered>,
    /// The leases that were given back.
    pub returned: Vec<LeaseView>,
    /// Those it has in their place.
    pub renewed: Vec<LeaseView>,
    /// Why there is none in the place of others.
    pub not_renewed: Vec<NotRenewed>,
}

/// What became of a coupon that a till took.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TakenAnswered {
    /// `redeemed`, `loss`, `unbacked` or `refused`.
    pub outcome: &'static str,
    /// Why it is a loss (`used_before`, `used_offline`, `not_valid`, `revoked`), why nothing pays for it (`lease_closed`, `lease_full`,
    /// `outside_lease`, `not_in_lease`, `coupon_unknown`, `taken_here`), or why it was refused (`lease_unknown`, `number_taken`, `malformed`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// What is wrong with it, if it is `malformed`: the field, and what may stand there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// As what it is booked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redemption: Option<String>,
}

/// A lease that was not renewed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NotRenewed {
    /// Which.
    pub lease: String,
    /// Why.
    pub why: String,
}

/// What a till did on a day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TillDayView {
    /// The till.
    pub till: String,
    /// The day, on the shop's calendar.
    pub date: String,
    /// The shop's currency.
    pub currency: String,
    /// Coupons it gave, with the server or without.
    pub redemptions: SumView,
    /// What it took back.
    pub reversals: SumView,
    /// Of the coupons it gave, those without the server.
    pub offline: SumView,
    /// Of those, the ones that are a loss: the customer has it, the shop pays it from the lease.
    pub losses: SumView,
    /// The same by reason.
    pub losses_by_reason: Vec<ReasonSumView>,
    /// What it gave and no lease pays for, by reason; in no other sum.
    pub unbacked: Vec<ReasonSumView>,
    /// Discounts by rate of VAT. They add up to the redemptions and the reversals.
    pub vat: Vec<DayVatView>,
    /// Orders it took points for. Points are no discount: in no other sum, and without a rate of VAT.
    pub points_paid: PointsSumView,
    /// Points it gave back.
    pub points_returned: PointsSumView,
    /// Its leases that hold money now, whatever the day.
    pub open_leases: Vec<LeaseView>,
}

/// How many, and for how much.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SumView {
    /// How many.
    pub count: u64,
    /// How much, in minor units.
    pub cents: i64,
}

/// How many points, and what they pay.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PointsSumView {
    /// How often.
    pub count: u64,
    /// How many points.
    pub points: i64,
    /// What they pay, in minor units.
    pub cents: i64,
}

/// How many for a reason, and for how much.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReasonSumView {
    /// The reason.
    pub reason: &'static str,
    /// How many.
    pub count: u64,
    /// How much, in minor units.
    pub cents: i64,
}

/// What a rate of VAT has of a day's discounts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DayVatView {
    /// The rate in basis points; missing for lines that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vat_basis_points: Option<u16>,
    /// What was taken off, in minor units.
    pub discount_cents: i64,
    /// What of such discounts came back, in minor units.
    pub returned_cents: i64,
    /// By how much the VAT is less by both together, reckoned once for the day.
    pub discount_vat_cents: i64,
}
