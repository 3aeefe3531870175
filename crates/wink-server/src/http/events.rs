//! `POST /v1/events`: strict, an answer per event. 200 means every event in it is durable or accounted for.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use wink_api::{EventReceived, EventsAnswered, EventsReceived, ItemAnswered};
use wink_core::event::EVENT_BYTES_MAX;
use wink_store::Store;

use super::Service;
use super::problem::{Refused, malformed};
use crate::DrawnIds;
use crate::flow::ingest::{Answer, Received, ingest, refuse};

/// The source of everything that comes in here, until keys name their own.
const SOURCE: &str = "http";

/// At most this many events in one request: more make it slow to answer, and a client can send the next batch at once.
const EVENTS_MAX: usize = 500;

pub(super) async fn receive<S: Store>(
    State(service): State<Arc<Service<S>>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<EventsAnswered>, Refused> {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => {
            refuse(&service.engine, 1).await?;
            return Err(rejection.into());
        }
    };
    let batch: EventsReceived = match serde_json::from_slice(&body) {
        Ok(batch) => batch,
        Err(error) => {
            refuse(&service.engine, 1).await?;
            return Err(malformed(&error));
        }
    };
    if EVENTS_MAX < batch.events.len() {
        let message =
            format!("{} events are too many; send at most {EVENTS_MAX} at once", batch.events.len());
        refuse(&service.engine, u32::try_from(batch.events.len()).unwrap_or(u32::MAX)).await?;
        return Err(super::problem::invalid("/events", message));
    }
    let mut items: Vec<Option<ItemAnswered>> = vec![None; batch.events.len()];
    let mut received = Vec::with_capacity(batch.events.len());
    let mut places = Vec::with_capacity(batch.events.len());
    let mut unreadable = 0;
    let now = (service.clock)();
    for (place, (json, item)) in batch.events.into_iter().zip(items.iter_mut()).enumerate() {
        let original = json.to_string().into_bytes();
        let envelope = serde_json::from_value::<EventReceived>(json)
            .map_err(|error| error.to_string())
            .and_then(|event| event.into_envelope(SOURCE, batch.sent_at.as_deref()));
        match envelope {
            Ok(_) if EVENT_BYTES_MAX < original.len() => {
                unreadable += 1;
                let message = format!("the event has {} bytes; at most {EVENT_BYTES_MAX}", original.len());
                *item = Some(refused("event_too_large", message));
            }
            Ok(envelope) => {
                places.push(place);
                received.push(Received { envelope, original, at: now });
            }
            Err(message) => {
                unreadable += 1;
                *item = Some(refused("event_malformed", message));
            }
        }
    }
    if 0 < unreadable {
        refuse(&service.engine, unreadable).await?;
    }
    let answers = ingest(&service.engine, &DrawnIds, received).await?;
    for (place, answer) in places.into_iter().zip(answers) {
        if let Some(item) = items.get_mut(place) {
            *item = Some(item_of(answer));
        }
    }
    let items: Vec<ItemAnswered> = items.into_iter().flatten().collect();
    let count = |status: &str| items.iter().filter(|item| item.status == status).count();
    Ok(Json(EventsAnswered {
        accepted: count("accepted"),
        duplicate: count("duplicate"),
        dead: count("dead"),
        refused: count("refused"),
        items,
    }))
}

fn item_of(answer: Answer) -> ItemAnswered {
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

fn refused(code: &'static str, message: String) -> ItemAnswered {
    ItemAnswered { status: "refused", id: None, code: Some(code), message: Some(message) }
}
