//! `GET /v1/decisions/{id}` and its trace: a decision that was made, for whoever may look back at it.

use std::collections::BTreeMap;

use wink_api::{BudgetSeen, DecisionRecord, DecisionTrace, FeatureView};
use wink_core::base::DecisionId;
use wink_core::decision::Decision;
use wink_core::feature::Viewed;
use wink_store::Store;

use super::body::PathName;
use super::problem::Refused;
use super::service::Caller;
use crate::flow::export::record;
use crate::{Error, keys};

/// Reads a decision: what was asked, the answer, and its reason.
#[utoipa::path(get, path = "/v1/decisions/{id}", tag = "decisions", operation_id = "read_decision",
    params(("id" = String, Path, description = "The decision's id, like dec_…")),
    responses((status = 200, description = "The decision", body = DecisionRecord)))]
pub(super) async fn read_decision<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<axum::Json<DecisionRecord>, Refused> {
    let decision = find(&caller, &id).await?;
    Ok(axum::Json(record(&caller.engine, &decision, false).await?))
}

/// Reads everything a decision was made from: features with their age, budgets, every candidate and why it was not taken.
#[utoipa::path(get, path = "/v1/decisions/{id}/trace", tag = "decisions", operation_id = "trace_decision",
    params(("id" = String, Path, description = "The decision's id, like dec_…")),
    responses((status = 200, description = "The trace, for staff", body = DecisionTrace)))]
pub(super) async fn trace_decision<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<axum::Json<DecisionTrace>, Refused> {
    let decision = find(&caller, &id).await?;
    let catalogue = caller.engine.catalogue_of(decision.catalogue).await?;
    let view = &decision.person.view;
    let is_named = |viewed: &Viewed| decision.names_features() && *viewed != Viewed::NotAsked;
    let asked = (0..).zip(view.slots()).filter(|(_, viewed)| is_named(viewed));
    let features = asked.filter_map(|(slot, _)| FeatureView::new(&catalogue.features, slot, view));
    let budgets = decision.standing.budgets.iter().filter_map(|(campaign, budget)| {
        let campaign = catalogue.campaigns.get(*campaign)?.id.to_string();
        Some((campaign, BudgetSeen { used_cents: budget.used.0, cap_cents: budget.cap.0 }))
    });
    Ok(axum::Json(DecisionTrace {
        decision: record(&caller.engine, &decision, true).await?,
        engine: decision.engine,
        // As text: a number of 64 bits is more than JSON's readers hold.
        seed: decision.seed.to_string(),
        features: features.collect(),
        contacted_at: decision.person.contacts.iter().map(ToString::to_string).collect(),
        budgets: budgets.collect::<BTreeMap<_, _>>(),
    }))
}

async fn find<S: Store>(caller: &Caller<S>, text: &str) -> Result<Decision, Refused> {
    let unknown = || Error::NotFound { what: "decision", name: text.chars().take(64).collect() };
    let id = DecisionId::parse(text).map_err(|_| unknown())?;
    let decision: Option<Decision> = caller.engine.stored(&keys::decision(id)).await?;
    Ok(decision.ok_or_else(unknown)?)
}
