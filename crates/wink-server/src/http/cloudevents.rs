//! `POST /v1/cloudevents`: CloudEvents 1.0 in binary, structured and batch mode.

use std::cell::Cell;

use axum::Json;
use axum::http::{HeaderMap, header};
use serde_json::value::RawValue;
use wink_api::{EventsAnswered, cloud_event_cleared, cloud_event_envelope, cloud_events};
use wink_core::event::without_cards;
use wink_store::Store;

use super::body::{Cleared, count_body_with_cards, not_json};
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
    sent: Result<Cleared, Refused>,
) -> Result<Json<EventsAnswered>, Refused> {
    let engine = &caller.engine;
    let texts = || headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let had_cards = sent.as_ref().is_ok_and(|sent| sent.had_cards);
    let read = |sent: Cleared| cloud_events(content_type, texts(), &sent.bytes).map_err(not_json);
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
    let (events, has_more_cards) = cleared(events, caller.service.card_key());
    // Once, if it was not counted for what stood in it in clear.
    if has_more_cards && !had_cards {
        count_body_with_cards();
    }
    let messages = events.iter().map(|event| Message {
        original: event.get().as_bytes().to_vec(),
        envelope: cloud_event_envelope(event, &caller.access.name, engine.schemas().events()),
    });
    let items = take(&caller, messages.collect()).await?;
    Ok(Json(EventsAnswered::of(items)))
}

/// Takes card numbers out of what the events' base64 holds and of what stood in headers: the body is cleared already. Tells whether there were any.
fn cleared(events: Vec<Box<RawValue>>, key: &[u8; 32]) -> (Vec<Box<RawValue>>, bool) {
    let had_cards = Cell::new(false);
    let clear = |bytes: &[u8]| {
        let cleared = without_cards(bytes, key)?;
        had_cards.set(true);
        Some(cleared)
    };
    let events = events.into_iter().map(|event| cloud_event_cleared(event, clear)).collect();
    (events, had_cards.get())
}
