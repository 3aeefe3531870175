//! What a request carries, read under the limits of its operation.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use wink_api::Problem;

use super::problem::Refused;
use super::service::Arrival;

/// The body as bytes, unpacked.
pub(crate) struct Sent(pub Bytes);

/// The body as JSON of a type.
pub(crate) struct Json<T>(pub T);

/// The query as a type. A name that is not expected is refused, so that a slip is not a silent default.
pub(crate) struct Asked<T>(pub T);

impl<S: Send + Sync> FromRequest<Arc<S>> for Sent {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &Arc<S>) -> Result<Self, Refused> {
        let most =
            request.extensions().get::<Arrival>().map_or(0, |arrival| arrival.operation.body_bytes_max);
        let body = Limited::new(request.into_body(), most);
        let collected = body.collect().await.map_err(|_| {
            let message = format!("the body cannot be read to its end, or is larger than {most} bytes");
            Refused::new(Problem::new(413, "body_too_large", "The body cannot be taken", message))
        })?;
        Ok(Self(collected.to_bytes()))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<Arc<S>> for Json<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, service: &Arc<S>) -> Result<Self, Refused> {
        let Sent(bytes) = Sent::from_request(request, service).await?;
        parse(&bytes).map(Self)
    }
}

/// Reads JSON whatever the media type says: browsers send `text/plain` when a page closes.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(bytes).map_err(|error| {
        Refused::new(Problem::new(
            400,
            "body_malformed",
            "The body is not what was expected",
            error.to_string(),
        ))
    })
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let query = Query::from_request_parts(parts, state).await;
        query.map(|Query(asked)| Self(asked)).map_err(|rejection| {
            let message = rejection.body_text();
            Refused::new(Problem::new(400, "query_malformed", "The query is not what was expected", message))
        })
    }
}
