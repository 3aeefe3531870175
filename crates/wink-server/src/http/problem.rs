//! Errors become problems here, once.

use std::time::Duration;

use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wink_api::Problem;

use super::operation::{OPERATIONS, Operation};
use crate::Error;
use crate::access::Role;

/// A problem as an answer. Boxed, because it is rare and large.
#[derive(Debug)]
pub(crate) struct Refused {
    problem: Box<Problem>,
    /// When to come again, in whole seconds.
    retry_after: Option<u64>,
}

/// Longer than this nobody is asked to wait: clients cap it themselves at five minutes.
const RETRY_AFTER_SECONDS_MAX: u64 = 300;

impl Refused {
    pub(super) fn new(problem: Problem) -> Self {
        Self { problem: Box::new(problem), retry_after: None }
    }

    /// Tells whether the same request may well be taken in a moment. Nothing of it was received then, so it is not counted as refused.
    pub(super) fn is_for_now(&self) -> bool {
        [429, 503].contains(&self.problem.status)
    }

    /// Gives it as what is said in the middle of an answer.
    pub(super) fn into_problem(self) -> Problem {
        *self.problem
    }

    /// Answers 400 instead: the clients of others know no other status for a body that cannot be taken.
    pub(super) fn into_bad_request(mut self) -> Self {
        self.problem.status = 400;
        self
    }

    /// Says when to come again. In whole seconds, because clients read nothing else.
    fn again_after(mut self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(0 < wait.subsec_nanos());
        self.retry_after = Some(seconds.clamp(1, RETRY_AFTER_SECONDS_MAX));
        self
    }
}

impl IntoResponse for Refused {
    /// Makes an answer whose body the gate writes, because it alone knows the request's id.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self.problem);
        response
    }
}

/// Writes a problem into the answer that stands for it.
pub(super) fn render(problem: &Problem, answer: Response) -> Response {
    let (mut parts, _) = answer.into_parts();
    let body = serde_json::to_vec(problem).unwrap_or_default();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    Response::from_parts(parts, body.into())
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let (status, code, title) = match &error {
            Error::NoCatalogue => (409, "no_catalogue", "No catalogue is in force"),
            Error::Cursor => (422, "cursor_invalid", "The cursor cannot be used"),
            Error::NotFound { .. } => (404, "not_found", "There is no such thing"),
            Error::Unusable(_) => (422, "value_invalid", "A value cannot be used"),
            Error::KeyReused => {
                (422, "idempotency_key_reused", "The idempotency key belongs to another request")
            }
            // Of all statuses that say "again", the one every client heeds.
            Error::Contended => (429, "contended", "Others write the same"),
            Error::Read(_) | Error::Write(_) | Error::Unknown | Error::Erasures { .. } => {
                (503, "store_unavailable", "The store does not answer")
            }
            Error::Damaged(_) | Error::Sealed(_) | Error::OtherSecret | Error::Catalogue { .. } => {
                (500, "stored_data_unusable", "Stored data cannot be used")
            }
        };
        if 500 <= status {
            tracing::error!(%error, code, "the store failed a request");
        }
        // What is wrong inside is for the operator, not for the client; that nothing can be written for now is for both.
        let message = match status {
            _ if matches!(error, Error::Write(_)) => error.to_string(),
            500 => "stored data cannot be used; run `wink verify` on the server".to_owned(),
            503 => "the store does not answer; send the same again, nothing counts twice".to_owned(),
            _ => error.to_string(),
        };
        let refused = Self::new(Problem::new(status, code, title, message));
        if [429, 503].contains(&status) { refused.again_after(Duration::from_secs(1)) } else { refused }
    }
}

/// Says that a value is none of those possible.
pub(super) fn invalid(pointer: &str, message: impl Into<String>) -> Refused {
    at(pointer, Problem::new(422, "value_invalid", "A value cannot be used", message))
}

/// Says where in the body a problem is.
pub(super) fn at(pointer: &str, mut problem: Problem) -> Refused {
    problem.pointer = Some(pointer.to_owned());
    Refused::new(problem)
}

/// Nothing was shown that could be a key.
pub(super) fn key_missing() -> Refused {
    let message = "send a key as `Authorization: Bearer KEY`; `wink key create` makes one";
    Refused::new(Problem::new(401, "key_missing", "A key is needed", message))
}

/// What was shown opens nothing. Unknown, revoked and replaced keys look alike.
pub(super) fn key_unknown() -> Refused {
    let message = "the key is not known here, or no longer good; `wink key list` shows those that are";
    Refused::new(Problem::new(401, "key_unknown", "The key is not good", message))
}

/// The key is good, but not for this.
pub(super) fn role_missing(role: Role, operation: &Operation) -> Refused {
    let roles: Vec<&str> = operation.who.roles().iter().map(|role| role.name()).collect();
    let message = format!(
        "a key of the role {} may not do this; {} may",
        role.name(),
        if roles.is_empty() { "nobody".to_owned() } else { roles.join(", ") }
    );
    Refused::new(Problem::new(403, "role_missing", "The key may not do this", message))
}

/// The key may not be used from there.
pub(super) fn origin_unknown() -> Refused {
    let message = "the key is bound to other origins; `wink key create --origin` makes one for this";
    Refused::new(Problem::new(403, "origin_unknown", "The key may not be used from here", message))
}

/// Somebody calls more often than they may.
pub(super) fn too_often(wait: Duration) -> Refused {
    let message = "this key or address calls more often than it may; come again after Retry-After seconds";
    Refused::new(Problem::new(429, "rate_limited", "Too many requests", message)).again_after(wait)
}

/// There is more to do than can be done.
pub(super) fn overloaded() -> Refused {
    let message = "the server has more to do than it can; send the same again after Retry-After seconds";
    Refused::new(Problem::new(429, "overloaded", "Too much to do", message))
        .again_after(Duration::from_secs(1))
}

/// A report that takes long is being made, and there is one at a time.
pub(super) fn one_at_a_time() -> Refused {
    let message = "such a report is being made already; ask again after Retry-After seconds";
    Refused::new(Problem::new(429, "overloaded", "Too much to do", message))
        .again_after(Duration::from_secs(5))
}

/// The same is being done at this moment.
pub(super) fn in_progress() -> Refused {
    let message = "a request with this idempotency key is under way; send it again after Retry-After seconds";
    Refused::new(Problem::new(409, "request_in_progress", "The request is under way", message))
        .again_after(Duration::from_secs(1))
}

/// There is nothing of that id for this key: unknown, malformed and another tenant's look alike.
pub(super) fn no_such(what: &str) -> Refused {
    Refused::new(Problem::new(404, "not_found", "There is no such thing", format!("there is no such {what}")))
}

/// There are more bodies in memory than there is memory for.
pub(super) fn bodies_full() -> Refused {
    let message = "the server has no memory for this body now; send the same again after Retry-After seconds";
    Refused::new(Problem::new(503, "overloaded", "Too much to do", message))
        .again_after(Duration::from_secs(1))
}

/// It took longer than anybody waits. It may still be done.
pub(super) fn too_slow() -> Refused {
    let message = "the request took too long; send the same again, nothing counts twice";
    Refused::new(Problem::new(503, "request_timeout", "The request took too long", message))
        .again_after(Duration::from_secs(1))
}

/// A mistake in Wink.
pub(super) fn broken() -> Refused {
    let message = "a mistake in the server; its log has the request's id";
    Refused::new(Problem::new(500, "internal", "The server made a mistake", message))
}

pub(super) async fn no_such_route() -> Refused {
    let message = "there is no such route; GET /openapi.json lists them";
    Refused::new(Problem::new(404, "route_unknown", "There is no such route", message))
}

/// Answers a method a path does not have, and says which it has (RFC 9110, section 15.5.6).
pub(super) fn no_such_method(path: &str, method: &Method) -> Response {
    let there: Vec<&str> = OPERATIONS
        .iter()
        .filter(|operation| operation.path == path)
        .map(|operation| operation.method.as_str())
        .collect();
    let message = format!("there is no {method} here; there is {}", there.join(", "));
    let refused =
        Refused::new(Problem::new(405, "method_not_allowed", "The route has another method", message));
    let mut answer = refused.into_response();
    if let Ok(allow) = HeaderValue::from_str(&there.join(", ")) {
        answer.headers_mut().insert(header::ALLOW, allow);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every client sends again what it was told 429 for; 409 some throw away, and 503 would say that the store is gone.
    #[test]
    fn who_was_overtaken_is_told_to_come_again() {
        let refused = Refused::from(Error::Contended);
        assert!(refused.is_for_now());
        assert_eq!((refused.problem.status, refused.problem.code.as_str()), (429, "contended"));
        let answer = refused.into_response();
        assert_eq!(answer.headers()[header::RETRY_AFTER], "1");
    }
}
