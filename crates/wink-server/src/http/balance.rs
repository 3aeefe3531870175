//! What comes in: that every message is accounted for, and how late each source's events come.

use wink_api::{BalanceView, LateCount, SourceView, SourcesView};
use wink_store::Store;

use super::problem::Refused;
use super::service::Caller;
use crate::report::totals;
use crate::sources::{Arrivals, LATE_MS};

/// Tells what became of all messages: received = accepted + duplicate + dead + refused.
#[utoipa::path(get, path = "/v1/health/balance", tag = "operation", operation_id = "read_balance",
    responses((status = 200, description = "The balance", body = BalanceView)))]
pub(super) async fn read_balance<S: Store>(caller: Caller<S>) -> Result<axum::Json<BalanceView>, Refused> {
    let balance = totals::balance(&caller.engine).await?;
    Ok(axum::Json(BalanceView {
        received: balance.received,
        accepted: balance.accepted,
        duplicate: balance.duplicate,
        dead: balance.dead,
        refused: balance.refused,
        exact: balance.is_exact(),
    }))
}

/// Tells of each source how far its time has come and how late its events come, since the server started.
#[utoipa::path(get, path = "/v1/health/sources", tag = "operation", operation_id = "read_sources",
    responses((status = 200, description = "The sources by name", body = SourcesView)))]
pub(super) async fn read_sources<S: Store>(caller: Caller<S>) -> Result<axum::Json<SourcesView>, Refused> {
    let data =
        caller.engine.sources.all().into_iter().map(|(name, arrivals)| source(name, &arrivals)).collect();
    Ok(axum::Json(SourcesView { data }))
}

fn source(name: String, arrivals: &Arrivals) -> SourceView {
    let bounds = LATE_MS.into_iter().map(Some).chain([None]);
    let late = bounds.zip(arrivals.late).filter(|(_, events)| 0 < *events);
    SourceView {
        source: name,
        newest_event_at: arrivals.newest.map(|at| at.to_string()),
        last_arrived_at: arrivals.arrived.map(|at| at.to_string()),
        events: arrivals.events(),
        late_ms_p50: arrivals.late_ms(500),
        late_ms_p99: arrivals.late_ms(990),
        late: late.map(|(at_most_ms, events)| LateCount { at_most_ms, events }).collect(),
    }
}
