//! `GET /v1/events/drift`: whether what sources send has changed. Read from the journal at every question: it takes as long as that is long.

use wink_api::{DriftAsked, DriftView, Problem};
use wink_core::measure::RATE;
use wink_store::Store;

use super::body::Asked;
use super::problem::{Refused, invalid, one_at_a_time};
use super::service::Caller;
use crate::report::drift;

/// Tells what has changed in the events of each source between two windows of time: events that stop; fields that appear, vanish, change their type,
/// are left out more often, or hold other numbers and words. One message of each person counts, and nothing in the answer is about one.
#[utoipa::path(get, path = "/v1/events/drift", tag = "operation", operation_id = "read_drift",
    params(DriftAsked),
    responses((status = 200, description = "What has changed, counted now", body = DriftView),
        (status = 429, description = "Called more often than allowed, too much to do, or a drift report is being made already: there is one at a time. Come again after Retry-After seconds", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn read_drift<S: Store>(
    caller: Caller<S>,
    Asked(asked): Asked<DriftAsked>,
) -> Result<axum::Json<DriftView>, Refused> {
    let windows = asked.windows(caller.now).map_err(|error| invalid(&error.pointer(), error.to_string()))?;
    let report = drift::read(&caller.engine, windows).await?.ok_or_else(one_at_a_time)?;
    Ok(axum::Json(DriftView::new(&report, RATE)))
}
