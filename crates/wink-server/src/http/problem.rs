//! Errors become problems here, once.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wink_api::Problem;

use crate::Error;

/// A problem as an answer. Boxed, because it is rare and large.
pub(super) struct Refused(Box<Problem>);

impl Refused {
    fn new(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(*self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let (status, code, title) = match &error {
            Error::NoCatalogue => (409, "no_catalogue", "No catalogue is in force"),
            Error::NotFound { .. } => (404, "not_found", "There is no such thing"),
            Error::Read(_) | Error::Write(_) | Error::Unknown | Error::Contended => {
                (503, "store_unavailable", "The store does not answer")
            }
            Error::Damaged(_) | Error::Sealed(_) | Error::OtherSecret | Error::Catalogue { .. } => {
                (500, "stored_data_unusable", "Stored data cannot be used")
            }
        };
        // What is wrong inside is for the operator, not for the client.
        let message = match status {
            500 => "stored data cannot be used; run `wink verify` on the server".to_owned(),
            _ => error.to_string(),
        };
        Self::new(Problem::new(status, code, title, message))
    }
}

impl From<BytesRejection> for Refused {
    fn from(rejection: BytesRejection) -> Self {
        let status = rejection.status().as_u16();
        let (code, message) = match status {
            413 => ("body_too_large", "the body is larger than 1 MiB; send smaller batches"),
            _ => ("body_unreadable", "the body could not be read to its end"),
        };
        Self::new(Problem::new(status, code, "The body cannot be taken", message))
    }
}

/// Says that a body is not the JSON that was expected.
pub(super) fn malformed(error: &serde_json::Error) -> Refused {
    Refused::new(Problem::new(400, "body_malformed", "The body is not what was expected", error.to_string()))
}

/// Says that a value is none of those possible.
pub(super) fn invalid(pointer: &str, message: impl Into<String>) -> Refused {
    let mut problem = Problem::new(422, "value_invalid", "A value cannot be used", message);
    problem.pointer = Some(pointer.to_owned());
    Refused::new(problem)
}

pub(super) async fn no_such_route() -> Refused {
    let message = "there is POST /v1/events, POST /v1/decisions and GET /healthz";
    Refused::new(Problem::new(404, "route_unknown", "There is no such route", message))
}

pub(super) async fn no_such_method() -> Refused {
    Refused::new(Problem::new(
        405,
        "method_not_allowed",
        "The route has another method",
        "see the list of routes",
    ))
}
