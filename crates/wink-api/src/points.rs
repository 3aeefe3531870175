//! Points: what a person holds, how it came and went, and what it pays for.

use serde::Serialize;
use utoipa::ToSchema;
use wink_core::base::{Cents, Points};
use wink_core::coupon::Locale;
use wink_core::coupon::points::{Entry, GivenBack, Lot, NotPaid, Tender, TenderLine};

use crate::{ReasonView, RedemptionView};

/// A person's points.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PointsView {
    /// How many there are.
    pub balance: i64,
    /// What they are worth where they pay, in minor units; none if the shop has no programme any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worth_cents: Option<i64>,
    /// Which of them are there until when, soonest first.
    pub lots: Vec<PointsLotView>,
    /// A page of how they came and went, newest first.
    pub movements: Vec<PointsMovedView>,
    /// What to ask for the next page with; none after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Points that run out together.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PointsLotView {
    /// How many.
    pub points: i64,
    /// The first instant they are no longer there.
    pub valid_until: String,
}

/// Points that came or went.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PointsMovedView {
    /// When.
    pub at: String,
    /// `earned`, `used`, `given_back`, `taken_back` or `expired`.
    pub what: &'static str,
    /// How many: more than nothing if they came, less if they went.
    pub points: i64,
    /// The redemption that used them or gave them back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redemption: Option<String>,
}

/// What points do on an order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PointsOnCart {
    /// How many were to pay.
    pub points: i64,
    /// Whether they do.
    pub applies: bool,
    /// What they pay, in minor units.
    pub paid_cents: i64,
    /// What is left to pay with money, in minor units; where points of another request pay for the order, none is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_pay_cents: Option<i64>,
    /// How many are left to the person afterwards; where they do not pay, none is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<i64>,
    /// The redemption they were used as, by which they can come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redemption: Option<String>,
    /// Why they do not pay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonView>,
}

/// A redemption: of a coupon, or of points.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum AnyRedemptionView {
    /// A coupon was used.
    Coupon(RedemptionView),
    /// Points paid.
    Points(PointsRedemptionView),
}

/// A payment with points.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PointsRedemptionView {
    /// Its id.
    pub id: String,
    /// The order.
    pub order_id: String,
    /// When.
    pub redeemed_at: String,
    /// How many points it was.
    pub points: i64,
    /// How many of them came back since.
    pub returned_points: i64,
    /// What they paid, in minor units.
    pub amount_cents: i64,
    /// How much of that came back since, in minor units.
    pub returned_cents: i64,
    /// The same line by line; sums to it.
    pub lines: Vec<PointsPartView>,
    /// What came back, oldest first.
    pub reversals: Vec<PointsBackView>,
}

/// What points paid of a line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PointsPartView {
    /// The shop's name of the line.
    pub line: String,
    /// How many pieces.
    pub quantity: u32,
    /// How much, in minor units.
    pub amount_cents: i64,
    /// With how many points.
    pub points: i64,
}

/// Points that came back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PointsBackView {
    /// When.
    pub reversed_at: String,
    /// Why.
    pub reason: &'static str,
    /// How many.
    pub points: i64,
    /// What they had paid, in minor units.
    pub amount_cents: i64,
}

impl PointsOnCart {
    /// Shows points that pay, or why they do not.
    pub fn new(
        points: Points,
        outcome: Result<(&Tender, Points), &NotPaid>,
        to_pay: Cents,
        locale: Locale<'_>,
    ) -> Self {
        let paid = outcome.map_or(Cents::ZERO, |(tender, _)| tender.pays());
        Self {
            points: points.0,
            applies: outcome.is_ok(),
            paid_cents: paid.0,
            to_pay_cents: (!matches!(outcome, Err(NotPaid::PaidBefore | NotPaid::OtherCart)))
                .then(|| (to_pay - paid).0),
            balance: outcome.ok().map(|(_, balance)| balance.0),
            redemption: None,
            reason: outcome.err().map(|why| ReasonView::of_points(why, locale)),
        }
    }
}

impl From<&Lot> for PointsLotView {
    fn from(lot: &Lot) -> Self {
        Self { points: lot.points.0, valid_until: lot.until.to_string() }
    }
}

impl From<&Entry> for PointsMovedView {
    fn from(entry: &Entry) -> Self {
        Self {
            at: entry.at.to_string(),
            what: entry.what(),
            points: entry.gained().0,
            redemption: entry.redemption().map(|id| id.to_string()),
        }
    }
}

impl From<&Tender> for PointsRedemptionView {
    fn from(tender: &Tender) -> Self {
        Self {
            id: tender.id.to_string(),
            order_id: tender.order_id.clone(),
            redeemed_at: tender.at.to_string(),
            points: tender.points().0,
            returned_points: tender.returned().0,
            amount_cents: tender.paid().0,
            returned_cents: (tender.paid() - tender.pays()).0,
            lines: tender.lines.iter().map(PointsPartView::from).collect(),
            reversals: tender.back.iter().map(PointsBackView::from).collect(),
        }
    }
}

impl From<&TenderLine> for PointsPartView {
    fn from(line: &TenderLine) -> Self {
        Self {
            line: line.line.clone(),
            quantity: line.quantity,
            amount_cents: line.paid.0,
            points: line.points.0,
        }
    }
}

impl From<&GivenBack> for PointsBackView {
    fn from(back: &GivenBack) -> Self {
        Self {
            reversed_at: back.at.to_string(),
            reason: back.reason.name(),
            points: back.points.0,
            amount_cents: back.amount.0,
        }
    }
}
