//! What moves coupons and money is asked under an idempotency key, done once, and answered the same however often it is asked.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wink_api::Problem;
use wink_core::base::Hasher;
use wink_record::KeptAnswer;
use wink_store::Store;

use super::cart::hidden;
use super::problem::{Refused, at, in_progress};
use super::service::Caller;
use crate::flow::once::{self, Once, Replied};
use crate::underway::Busy;
use crate::{Engine, keys};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before, to the same request under the same key.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The longest idempotency key: a UUID with a prefix fits many times.
const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;

/// The idempotency key as it was sent, if one was.
pub(super) struct IdempotencyKey(Option<HeaderValue>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.remove(IDEMPOTENCY_KEY)))
    }
}

impl IdempotencyKey {
    /// Reads it, if one was sent.
    pub(super) fn read(&self) -> Result<Option<&str>, Refused> {
        let Some(value) = &self.0 else { return Ok(None) };
        let key = value.to_str().ok().filter(|key| !key.is_empty() && key.len() <= IDEMPOTENCY_KEY_BYTES_MAX);
        key.map(Some).ok_or_else(|| {
            let message =
                format!("an idempotency key has 1 to {IDEMPOTENCY_KEY_BYTES_MAX} printable characters");
            refused("idempotency_key_malformed", message)
        })
    }

    /// Begins what is asked under the key. It belongs to the source, so a key that replaces another goes on where that ended.
    ///
    /// # Errors
    /// If no key was sent, or the same is under way.
    pub(super) fn begin<S>(&self, caller: &Caller<S>, asked: &[&[u8]]) -> Result<Turn, Refused> {
        let Some(key) = self.read()? else {
            let message =
                "send an `Idempotency-Key`: without it nobody can tell a repetition from a second order";
            return Err(refused("idempotency_key_missing", message.to_owned()));
        };
        let secret = caller.engine.secrets.marks();
        let hash = Hasher::keyed(secret, "step").field(caller.operation.id.as_bytes());
        let body = asked.iter().fold(hash, |hash, field| hash.field(field)).finish().short();
        let once = Once { mark: keys::answer_mark(secret, &caller.access.name, key), body };
        let busy = caller.engine.underway.begin(once.mark).ok_or_else(in_progress)?;
        Ok(Turn { once, _busy: busy })
    }
}

/// Something under way under a key; over when dropped.
pub(super) struct Turn {
    pub once: Once,
    _busy: Busy,
}

impl Turn {
    /// Gives the answer that was kept under the key, if there is one.
    ///
    /// # Errors
    /// If the key belongs to something else, or the answer went with the person it was about.
    pub(super) async fn before<S: Store>(&self, engine: &Engine<S>) -> Result<Option<Response>, Refused> {
        let kept = once::kept(engine, &self.once).await.map_err(hidden)?;
        Ok(kept.map(again))
    }
}

/// Writes an answer with a JSON body.
pub(super) fn written(status: StatusCode, body: &impl serde::Serialize) -> KeptAnswer {
    KeptAnswer { status: status.as_u16(), body: serde_json::to_vec(body).unwrap_or_default() }
}

/// Gives an answer, the same bytes whenever it was made.
pub(super) fn reply<T>(replied: Replied<T>, write: impl Fn(&T) -> KeptAnswer) -> Response {
    match replied {
        Replied::Now(done) => answer(write(&done)),
        Replied::Before(kept) => again(kept),
    }
}

fn again(kept: KeptAnswer) -> Response {
    let mut response = answer(kept);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// Gives an answer as it is written.
pub(super) fn answer(kept: KeptAnswer) -> Response {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    (status, [(header::CONTENT_TYPE, kind)], kept.body).into_response()
}

fn refused(code: &str, message: String) -> Refused {
    at("", Problem::new(400, code, "The idempotency key cannot be used", message))
}
