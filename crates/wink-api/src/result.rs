//! `GET /v1/campaigns/{id}/result`: what a campaign changed, in money. Sums and shares of at least thirty people; never anybody's own. What its
//! coupons gave by the ledger is the campaign's own money, and is told from the first one on.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a campaign changed. Intervals hold the truth in 95 of 100 cases, for one look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CampaignResultView {
    /// The campaign's id.
    pub campaign: String,
    /// What people call it.
    pub name: String,
    /// The currency of all amounts, which are in minor units of it.
    pub currency: String,
    /// Until when it was counted.
    pub computed_at: String,
    /// How many whole days after the day of the assignment are counted.
    pub window_days: i32,
    /// Who got the offer.
    pub offered: ArmView,
    /// Who would have got it and did not.
    pub held_out: ArmView,
    /// Whether the arms are as large as the lots were to make them.
    pub lots: LotsView,
    /// What the offer changed in contribution margin, net of returns, coupons and contacts.
    pub increment: IncrementView,
    /// By how much more people bought, as a share.
    pub buys: EstimateOrNot,
    /// How much more each person paid, net of returns, in minor units.
    pub sales_cents: EstimateOrNot,
    /// Discount that went to people who would have bought anyway.
    pub waste: WasteView,
    /// What all coupons of the campaign gave, as the ledger has it.
    pub coupons: CouponMoneyView,
    /// How long it took who reacted. Descriptive: nobody knows when they would have bought without the offer.
    pub reaction: Option<ReactionView>,
    /// What the offer must not make more of.
    pub guardrails: Vec<GuardrailView>,
    /// From where the cost of goods is known, as shares of what was paid; nothing for fewer than thirty who bought.
    pub costs: Option<CostsView>,
    /// What to do.
    pub advice: AdviceView,
    /// What to bear in mind with these figures.
    pub notes: Vec<String>,
    /// The difference of the contribution margins by the end of each day of the window, in minor units per person, with what contacts had cost by then.
    pub course: Vec<CoursePoint>,
}

/// An arm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ArmView {
    /// Everybody assigned to it.
    pub assigned: u64,
    /// Those whose window is over, of whom everything is told.
    pub measured: u64,
    /// What each contributed, in minor units; nothing for fewer than thirty.
    pub contribution_cents: Option<f64>,
    /// The share that bought; nothing for fewer than thirty.
    pub bought: Option<f64>,
}

/// An estimate with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IntervalView {
    /// The estimate.
    pub estimate: f64,
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

/// An estimate with its interval, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EstimateOrNot {
    /// The estimate.
    pub value: Option<IntervalView>,
    /// Why there is none.
    pub not_said: Option<String>,
}

/// Whether the arms are as large as the lots were to make them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LotsView {
    /// The share that was to be held out, in basis points.
    pub holdout_basis_points: u16,
    /// How likely arms so far off are by chance (sample ratio, Pearson's chi-squared).
    pub p_value: Option<f64>,
    /// Whether the result is to be trusted: not below a p-value of 0.001. Nothing if it could not be tested.
    pub trusted: Option<bool>,
    /// Why it could not be tested.
    pub not_said: Option<String>,
}

/// What the offer changed in contribution margin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IncrementView {
    /// Per person, in minor units, from the day after the assignment to the end of the window.
    pub per_person_cents: Option<IntervalView>,
    /// `welch`, or `cuped` where what was spent before makes the interval narrower.
    pub method: Option<String>,
    /// Per person, in minor units, by Welch.
    pub plain_cents: Option<IntervalView>,
    /// Which part of the variance CUPED leaves.
    pub variance_left: Option<f64>,
    /// Per person, in minor units, by Welch, with the rest of the day of the assignment.
    pub since_assignment_cents: Option<IntervalView>,
    /// For all offered people whose window is over together, in minor units.
    pub total_cents: Option<IntervalView>,
    /// Why there is none.
    pub not_said: Option<String>,
}

/// Discount that went to people who would have bought anyway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WasteView {
    /// What coupons took off in the window of people whose window is over, net of what came back, in minor units; nothing for fewer than thirty
    /// who used one.
    pub discount_cents: Option<f64>,
    /// Which share of it went to people who would have bought anyway.
    pub share: Option<IntervalView>,
    /// How much that is, in minor units.
    pub cents: Option<IntervalView>,
    /// Why it cannot be said.
    pub not_said: Option<String>,
}

/// What all coupons of a campaign gave, as the ledger has it; to everybody, people erased since included, and however few they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CouponMoneyView {
    /// How often one was used.
    pub redemptions: u64,
    /// What was taken off, in minor units.
    pub given_cents: i64,
    /// What of it came back, in minor units.
    pub returned_cents: i64,
    /// What it cost, in minor units.
    pub spent_cents: i64,
}

/// How long it took who reacted to the offer, from the assignment to the first purchase or redemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReactionView {
    /// How many reacted before the end of their window.
    pub people: u64,
    /// A quarter was as quick, in milliseconds.
    pub first_quartile_ms: i64,
    /// Half was as quick, in milliseconds.
    pub median_ms: i64,
    /// Three quarters were as quick, in milliseconds.
    pub third_quartile_ms: i64,
}

/// What is known of something the offer must not make more of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GuardrailView {
    /// `returns`, `unsubscribes` or `support_tickets`.
    pub name: String,
    /// `holds`, `open` or `breached`; nothing if it cannot be said.
    pub verdict: Option<String>,
    /// The share of the offered people, of returns the share of those who bought; nothing for fewer than thirty.
    pub offered: Option<f64>,
    /// The share of those held out; nothing for fewer than thirty.
    pub held_out: Option<f64>,
    /// The change, with the interval of 90 % whose one side the verdict rests on.
    pub change: Option<IntervalView>,
    /// How many more people may do it, as a share.
    pub margin: f64,
    /// Why there is no verdict.
    pub not_said: Option<String>,
}

/// From where the cost of goods is known, as shares of what was paid.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CostsView {
    /// The product's own cost, as it is listed today.
    pub product_cost: f64,
    /// The margin the shop states for the category.
    pub category_margin: f64,
    /// The margin the shop states for everything else.
    pub default_margin: f64,
}

/// What to do with a campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AdviceView {
    /// `continue`, `stop`, `lower`, `advise_instead` or `wait`.
    pub action: String,
    /// The rule that gave it.
    pub rule: String,
    /// The same for people.
    pub because: String,
    /// From where on something counts.
    pub thresholds: ThresholdsView,
}

/// From where on something counts, as shares.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ThresholdsView {
    /// From this share of the discount on, most of it is wasted.
    pub wasted_share: f64,
    /// Below this share of what somebody contributes without the offer, a change is not worth mentioning.
    pub negligible_share: f64,
}

/// The difference by the end of a day of the window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CoursePoint {
    /// The day, from 1.
    pub day: u16,
    /// The difference, in minor units per person.
    pub cents: IntervalView,
}
