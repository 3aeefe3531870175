//! What a request carries, read under the limits of its operation.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use wink_api::{Problem, json};
use wink_core::event::without_cards;
use wink_store::Store;

use super::admission::Place;
use super::problem::{Refused, at, bodies_full, overloaded};
use super::service::{Arrival, Service};
use crate::listen::body::{self, Limits, read};

/// Most bodies come with their heads. Whoever waits longer for one leaves their place to others meanwhile.
const COMES_WITHIN: Duration = Duration::from_millis(20);

/// The body as bytes, unpacked.
pub(crate) struct Sent(pub Bytes);

/// The same, and whether card numbers were in it, for who takes them out of more than the body.
pub(crate) struct Cleared {
    pub bytes: Bytes,
    pub had_cards: bool,
}

/// The body as JSON of a type.
pub(crate) struct Json<T>(pub T);

/// The name in the path, or several. One that is no text names nothing.
pub(crate) struct PathName<T = String>(pub T);

/// The query as a type. A name that is not expected is refused, so that a slip is not a silent default.
pub(crate) struct Asked<T>(pub T);

impl<S: Store> FromRequest<Arc<Service<S>>> for Sent {
    type Rejection = Refused;

    async fn from_request(request: Request, service: &Arc<Service<S>>) -> Result<Self, Refused> {
        Cleared::from_request(request, service).await.map(|Cleared { bytes, .. }| Self(bytes))
    }
}

impl<S: Store> FromRequest<Arc<Service<S>>> for Cleared {
    type Rejection = Refused;

    async fn from_request(request: Request, service: &Arc<Service<S>>) -> Result<Self, Refused> {
        let most =
            request.extensions().get::<Arrival>().map_or(0, |arrival| arrival.operation.body_bytes_max);
        let limits = Limits { bytes_max: most, ..Limits::default() };
        let (parts, body) = request.into_parts();
        let place = parts.extensions.get::<Place>();
        let room = |bytes| place.is_none_or(|place| place.hold(bytes));
        let mut reading = pin!(read(body, &parts.headers, &limits, room));
        let at_once = timeout(COMES_WITHIN, &mut reading).await;
        let bytes = match at_once {
            Ok(read) => read?,
            Err(_) => {
                place.inspect(|place| place.leave());
                reading.await?
            }
        };
        place.map_or(Ok(()), Place::enter).map_err(|_| overloaded())?;
        Ok(cleared_of_cards(bytes, service.card_key()))
    }
}

/// Takes card numbers out before anything else sees the body: what is not there cannot be stored, logged or sent on.
fn cleared_of_cards(bytes: Bytes, key: &[u8; 32]) -> Cleared {
    match without_cards(&bytes, key) {
        None => Cleared { bytes, had_cards: false },
        Some(cleared) => {
            count_body_with_cards();
            Cleared { bytes: cleared.into(), had_cards: true }
        }
    }
}

/// Counts a body out of which card numbers were taken. Each once, however many were in it.
pub(crate) fn count_body_with_cards() {
    metrics::counter!("wink_bodies_with_cards_total").increment(1);
}

impl<T: DeserializeOwned, S: Store> FromRequest<Arc<Service<S>>> for Json<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, service: &Arc<Service<S>>) -> Result<Self, Refused> {
        let Sent(bytes) = Sent::from_request(request, service).await?;
        parse(&bytes).map(Self)
    }
}

/// Reads JSON whatever the media type says: browsers send `text/plain` when a page closes.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
    json::read(bytes).map_err(not_json)
}

/// Reads JSON that notices itself what is wrong with it: see [`json::read_at_once`].
pub(crate) fn parse_at_once<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
    json::read_at_once(bytes).map_err(not_json)
}

/// Says what is wrong with a body.
pub(crate) fn not_json(error: json::JsonError) -> Refused {
    let status = if error.code == json::JsonCode::Unexpected { 422 } else { 400 };
    let title = "The body is not what was expected";
    at(&error.pointer, Problem::new(status, error.code.name(), title, error.message))
}

impl From<body::Error> for Refused {
    fn from(error: body::Error) -> Self {
        let (status, code) = match &error {
            body::Error::NoRoom => return bodies_full(),
            body::Error::TooLarge { .. } => (413, "body_too_large"),
            body::Error::UnpacksTooLarge { .. } => (413, "body_unpacks_too_large"),
            body::Error::TooSlow => (408, "body_too_slow"),
            body::Error::CutOff => (400, "body_cut_off"),
            body::Error::EncodingUnknown(_) => (415, "encoding_unknown"),
            body::Error::Damaged(_) => (400, "body_damaged"),
        };
        Self::new(Problem::new(status, code, "The body cannot be taken", error.to_string()))
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathName<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let missing = |_| crate::Error::NotFound { what: "thing", name: "…".to_owned() };
        let Path(name) = Path::from_request_parts(parts, state).await.map_err(missing)?;
        Ok(Self(name))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let query = Query::from_request_parts(parts, state).await;
        query.map(|Query(asked)| Self(asked)).map_err(|rejection| {
            let message = query_words(&rejection.body_text());
            Refused::new(Problem::new(400, "query_malformed", "The query is not what was expected", message))
        })
    }
}

/// Words what a reader said of a query, with the name it is about.
fn query_words(said: &str) -> String {
    let said = said.strip_prefix("Failed to deserialize query string: ").unwrap_or(said);
    match said.split_once(": ") {
        Some((name, said)) if !name.contains(' ') => format!("`{name}`: {}", json::plain_words(said)),
        _ => json::plain_words(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_told_what_is_wrong_without_types_of_the_code() {
        for (said, wanted) in [
            (
                "Failed to deserialize query string: limit: invalid digit found in string",
                "`limit`: this is not a whole number that is possible here",
            ),
            (
                "Failed to deserialize query string: unknown field `offset`, expected `limit` or `cursor`",
                "`offset` is not known here; known are `limit`, `cursor`",
            ),
            ("Failed to deserialize query string: missing field `value`", "`value` is missing"),
        ] {
            assert_eq!(query_words(said), wanted);
        }
    }
}
