//! `POST /mp/collect`, in the shape of Google's Measurement Protocol. The secret is a key of Wink's; `measurement_id` is not looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use wink_api::Ga4Batch;
use wink_store::Store;

use super::body::{Asked, Sent, not_json};
use super::gate::admit_late;
use super::messages::{Message, take};
use super::problem::Refused;
use super::service::{Arrival, Caller, Service};
use crate::flow::ingest::refuse;

/// Takes events in the shape of Google's Measurement Protocol. What becomes of each is not told, as with Google: what is no event lies in
/// the dead letters.
#[utoipa::path(post, path = "/mp/collect", tag = "segment", operation_id = "collect_measurements", request_body = Object,
    params(
        ("api_secret" = Option<String>, Query, description = "The key, unless the Authorization header has it"),
        ("measurement_id" = Option<String>, Query, description = "Not looked at: the source is the key's"),
    ),
    responses((status = 204, description = "Every event is durable or accounted for")))]
pub(super) async fn collect_measurements<S: Store>(
    State(service): State<Arc<Service<S>>>,
    arrival: Arrival,
    caller: Result<Caller<S>, Refused>,
    Asked(query): Asked<BTreeMap<String, String>>,
    sent: Result<Sent, Refused>,
) -> Result<StatusCode, Refused> {
    let caller = match caller {
        Ok(caller) => caller,
        Err(_) => admit_late(&service, &arrival, query.get("api_secret").map(String::as_str)).await?,
    };
    let batch = match sent.and_then(|Sent(body)| Ga4Batch::read(&body).map_err(not_json)) {
        Ok(batch) => batch,
        Err(refused) if refused.is_for_now() => return Err(refused),
        Err(refused) => {
            refuse(&caller.engine, 1).await?;
            return Err(refused.into_bad_request());
        }
    };
    let currency = caller.engine.currency();
    let messages = batch.events.iter().enumerate().map(|(place, event)| Message {
        original: event.get().as_bytes().to_vec(),
        envelope: batch.envelope(place, event, &caller.access.name, currency, caller.now),
    });
    take(&caller, messages.collect()).await?;
    Ok(StatusCode::NO_CONTENT)
}
