//! `GET /v1/events/drift`: whether what sources send has changed. Read from the journal at every question: it takes as long as that is long.

use wink_api::{DriftAsked, DriftView};
use wink_core::measure::RATE;
use wink_store::Store;

use super::body::Asked;
use super::problem::{Refused, invalid};
use super::service::Caller;
use crate::report::drift;

/// Tells what has changed in the events of each source between two windows of time: events that stop; fields that appear, vanish, change their type,
/// are left out more often, or hold other numbers and words. One message of each person counts, and nothing in the answer is about one.
#[utoipa::path(get, path = "/v1/events/drift", tag = "operation", operation_id = "read_drift",
    params(DriftAsked),
    responses((status = 200, description = "What has changed, counted now", body = DriftView)))]
pub(super) async fn read_drift<S: Store>(
    caller: Caller<S>,
    Asked(asked): Asked<DriftAsked>,
) -> Result<axum::Json<DriftView>, Refused> {
    let windows = asked.windows(caller.now).map_err(|error| invalid(&error.pointer(), error.to_string()))?;
    let report = drift::read(&caller.engine, windows).await?;
    Ok(axum::Json(DriftView::new(&report, RATE)))
}
