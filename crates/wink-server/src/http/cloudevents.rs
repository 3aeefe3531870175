//! `POST /v1/cloudevents`: CloudEvents 1.0 in binary, structured and batch mode.

use axum::Json;
use axum::http::{HeaderMap, header};
use wink_api::{EventsAnswered, cloud_event_cleared, cloud_event_envelope, cloud_events};
use wink_core::event::without_cards;
use wink_store::Store;

use super::body::{Sent, not_json};
use super::messages::{Message, take};
use super::problem::{Refused, invalid};
use super::service::Caller;
use crate::flow::ingest::refuse;

/// At most this many events in one request, as on the route for events.
const EVENTS_MAX: usize = 500;

/// Takes CloudEvents in, in binary, structured or batch mode. Each has an answer of its own.
#[utoipa::path(post, path = "/v1/cloudevents", tag = "events", operation_id = "receive_cloud_events", request_body = Object,
    responses((status = 200, description = "Every event is durable or accounted for", body = EventsAnswered)))]
pub(super) async fn receive_cloud_events<S: Store>(
    caller: Caller<S>,
    headers: HeaderMap,
    sent: Result<Sent, Refused>,
) -> Result<Json<EventsAnswered>, Refused> {
    let engine = &caller.engine;
    let texts = || headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let read = |Sent(body)| cloud_events(content_type, texts(), &body).map_err(not_json);
    let events = match sent.and_then(read) {
        Ok(events) => events,
        Err(refused) if refused.is_for_now() => return Err(refused),
        Err(refused) => {
            refuse(engine, 1).await?;
            return Err(refused);
        }
    };
    if EVENTS_MAX < events.len() {
        refuse(engine, u32::try_from(events.len()).unwrap_or(u32::MAX)).await?;
        let message = format!("{} events are too many; send at most {EVENTS_MAX} at once", events.len());
        return Err(invalid("", message));
    }
    // The body is cleared already, but not what its base64 holds, nor what stood in headers.
    let clear = |bytes: &[u8]| without_cards(bytes, caller.service.card_key());
    let events: Vec<_> = events.into_iter().map(|event| cloud_event_cleared(event, clear)).collect();
    let messages = events.iter().map(|event| Message {
        original: event.get().as_bytes().to_vec(),
        envelope: cloud_event_envelope(event, &caller.access.name, engine.schemas().events()),
    });
    let items = take(&caller, messages.collect()).await?;
    Ok(Json(EventsAnswered::of(items)))
}
