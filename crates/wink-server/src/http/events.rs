//! `POST /v1/events`: strict, an answer per event. 200 means every event in it is durable or accounted for.

use axum::Json;
use wink_api::{EventReceived, EventsAnswered, EventsReceived, ItemAnswered, json};
use wink_core::event::EVENT_BYTES_MAX;
use wink_store::Store;

use super::body::{Sent, not_json};
use super::problem::{Refused, invalid};
use super::service::Caller;
use crate::DrawnIds;
use crate::access::{Vouched, vouched};
use crate::flow::ingest::{Answer, Received, ingest, refuse};

/// At most this many events in one request: more make it slow to answer, and a client can send the next batch at once.
const EVENTS_MAX: usize = 500;

/// Takes events in. Each has an answer of its own: `accepted`, `duplicate`, `dead` (kept to be repaired) or `refused`.
#[utoipa::path(post, path = "/v1/events", tag = "events", operation_id = "receive_events", request_body = EventsReceived,
    responses((status = 200, description = "Every event is durable or accounted for", body = EventsAnswered)))]
pub(super) async fn receive_events<S: Store>(
    caller: Caller<S>,
    sent: Result<Sent, Refused>,
) -> Result<Json<EventsAnswered>, Refused> {
    let engine = &caller.engine;
    let batch = match sent.and_then(|Sent(body)| json::frame::<EventsReceived>(&body).map_err(not_json)) {
        Ok(batch) => batch,
        Err(refused) if refused.is_for_now() => return Err(refused),
        Err(refused) => {
            // However many events it was meant to be: it is one message that was received and refused.
            refuse(engine, 1).await?;
            return Err(refused);
        }
    };
    if EVENTS_MAX < batch.events.len() {
        let message =
            format!("{} events are too many; send at most {EVENTS_MAX} at once", batch.events.len());
        refuse(engine, u32::try_from(batch.events.len()).unwrap_or(u32::MAX)).await?;
        return Err(invalid("/events", message));
    }
    let mut items: Vec<Option<ItemAnswered>> = vec![None; batch.events.len()];
    let mut received = Vec::with_capacity(batch.events.len());
    let mut places = Vec::with_capacity(batch.events.len());
    let mut unreadable = 0;
    let now = caller.now;
    let is_vouched = !caller.access.role.is_publishable();
    for (place, (sent, item)) in batch.events.into_iter().zip(items.iter_mut()).enumerate() {
        let mut original = sent.get().as_bytes().to_vec();
        let envelope = json::read_at_once::<EventReceived>(sent.get().as_bytes())
            .map_err(|error| error.in_place())
            .and_then(|event| event.into_envelope(&caller.access.name, batch.sent_at.as_deref()))
            .and_then(|envelope| vouched(caller.access.role, envelope, now));
        match envelope {
            Ok(_) if EVENT_BYTES_MAX < original.len() => {
                unreadable += 1;
                let message = format!("the event has {} bytes; at most {EVENT_BYTES_MAX}", original.len());
                *item = Some(refused("event_too_large", message));
            }
            Ok(Vouched { envelope, is_whole }) => {
                places.push(place);
                // Kept as a letter, it would hold a name under which nobody finds it.
                if !is_whole {
                    original.clear();
                }
                received.push(Received { envelope, original, at: now, is_vouched });
            }
            Err(message) => {
                unreadable += 1;
                *item = Some(refused("event_malformed", message));
            }
        }
    }
    if 0 < unreadable {
        refuse(engine, unreadable).await?;
    }
    let answers = ingest(engine.as_ref(), &DrawnIds, received).await?;
    for (place, answer) in places.into_iter().zip(answers) {
        if let Some(item) = items.get_mut(place) {
            *item = Some(item_of(answer));
        }
    }
    Ok(Json(EventsAnswered::of(items.into_iter().flatten().collect())))
}

pub(super) fn item_of(answer: Answer) -> ItemAnswered {
    let known = |status, id: wink_core::base::EventId| ItemAnswered {
        status,
        id: Some(id.to_string()),
        code: None,
        message: None,
    };
    match answer {
        Answer::Accepted(id) => known("accepted", id),
        Answer::Duplicate(id) => known("duplicate", id),
        Answer::Dead(rejection) => ItemAnswered {
            status: "dead",
            id: None,
            code: Some(rejection.code()),
            message: Some(rejection.to_string()),
        },
        Answer::Erased => refused("person_erased", "the person was erased after this happened".to_owned()),
    }
}

pub(super) fn refused(code: &'static str, message: String) -> ItemAnswered {
    ItemAnswered { status: "refused", id: None, code: Some(code), message: Some(message) }
}
