//! A decision that was made: `GET /v1/decisions/{id}`, its trace, and the decisions of a person.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use wink_core::coupon::Right;
use wink_core::decision::Decision;

use crate::{DecisionView, FeatureView};

/// A decision with what was asked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DecisionRecord {
    /// About whom, by pseudonym.
    pub profile: String,
    /// When it was made.
    pub decided_at: String,
    /// Where the answer would be shown.
    pub channel: &'static str,
    /// The name of the place.
    pub placement: String,
    /// The value of the cart, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cart_cents: Option<i64>,
    /// The catalogue it was made under.
    pub catalogue: String,
    /// What the person had granted.
    pub granted: Vec<&'static str>,
    /// What became of the right it gave, if it gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<RightView>,
    /// The answer with its reason.
    #[serde(flatten)]
    pub decision: DecisionView,
}

/// What became of the right to a coupon.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RightView {
    /// `open`, `accepted`, `lapsed` or `revoked`.
    pub state: &'static str,
    /// The first instant it can no longer be accepted.
    pub accept_by: String,
    /// When its life ended, if it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
}

/// Everything a decision was made from.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DecisionTrace {
    /// The decision, with every candidate.
    #[serde(flatten)]
    pub decision: DecisionRecord,
    /// The version of the deciding engine.
    pub engine: u32,
    /// The source of its chance; with it the decision can be made again.
    pub seed: String,
    /// What was known of the person, with its age.
    pub features: Vec<FeatureView>,
    /// When Wink had come to the person, as far as contact limits look back.
    pub contacted_at: Vec<String>,
    /// What was left to give, by campaign.
    pub budgets: BTreeMap<String, BudgetSeen>,
}

/// A budget as a decision saw it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BudgetSeen {
    /// Promised and spent, in minor units.
    pub used_cents: i64,
    /// What there is, in minor units.
    pub cap_cents: i64,
}

impl DecisionRecord {
    /// Shows a decision with what was asked.
    pub fn new(decision: &Decision, view: DecisionView, right: Option<&Right>) -> Self {
        Self {
            profile: decision.person.profile.to_string(),
            decided_at: decision.now.to_string(),
            channel: decision.ask.channel.name(),
            placement: decision.ask.placement.clone(),
            cart_cents: decision.ask.cart.map(|cart| cart.0),
            catalogue: decision.catalogue.to_string(),
            granted: decision.person.grants.granted().map(|purpose| purpose.name()).collect(),
            right: right.map(RightView::new),
            decision: view,
        }
    }
}

impl RightView {
    /// Shows a right as it is now.
    pub fn new(right: &Right) -> Self {
        Self {
            state: right.state.name(),
            accept_by: right.accept_by.to_string(),
            ended_at: right.state.ended_at().map(|at| at.to_string()),
        }
    }
}
