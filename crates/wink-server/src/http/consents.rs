//! `/v1/profiles/{id}/consents`: the words that count, and new ones with their proof.

use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use wink_api::{ConsentsListed, ConsentsSent, Problem, ProfileView};
use wink_core::base::Hasher;
use wink_core::event::Rejection;
use wink_store::{Store, Version};

use super::body::{Json, PathName};
use super::problem::{Refused, at, invalid};
use super::profiles::{find, tag};
use super::service::Caller;
use crate::flow::consents::{self, Set, Setting};
use crate::flow::whole::Whole;
use crate::{DrawnIds, Error, secrets};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Reads a person's consents with their proof.
#[utoipa::path(get, path = "/v1/profiles/{id}/consents", tag = "profiles", operation_id = "read_consents",
    params(("id" = String, Path, description = "The profile's id, like prf_…")),
    responses((status = 200, description = "One for each purpose; the ETag is for If-Match", body = ConsentsListed)))]
pub(super) async fn read_consents<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<Response, Refused> {
    Ok(answer(&find(&caller, &id).await?))
}

/// Sets a person's consents, all or none, as the events they are. The next decision knows.
#[utoipa::path(put, path = "/v1/profiles/{id}/consents", tag = "profiles", operation_id = "set_consents", request_body = ConsentsSent,
    params(
        ("id" = String, Path, description = "The profile's id, like prf_…"),
        ("If-Match" = Option<String>, Header, description = "Set them only if the profile is still the one of this ETag"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition safe"),
    ),
    responses(
        (status = 200, description = "The consents that count now", body = ConsentsListed),
        (status = 412, description = "The profile has changed since it was read", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn set_consents<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    headers: HeaderMap,
    Json(sent): Json<ConsentsSent>,
) -> Result<Response, Refused> {
    let known = find(&caller, &id).await?;
    let (said_at, changes) = sent.read().map_err(|(pointer, error)| invalid(&pointer, error))?;
    let setting = Setting {
        profile: known.asked().id,
        changes,
        said_at,
        source: caller.access.name.clone(),
        message_id: message_id(&caller, &headers, "consents")?,
        expected: expected(&headers)?,
    };
    match consents::set(&caller.engine, &DrawnIds, &setting, caller.now).await? {
        Set::Done(known) => Ok(answer(&known)),
        Set::Changed(_) => {
            let message = "the profile has changed since it was read; read it again";
            let title = "The profile is another one by now";
            Err(Refused::new(Problem::new(412, "profile_changed", title, message)))
        }
        // The id is drawn, unless it follows from an idempotency key.
        Set::Refused(Rejection::IdConflict) => Err(Error::KeyReused.into()),
        Set::Refused(rejection @ Rejection::Future { .. }) => {
            let title = "A word cannot be taken";
            Err(at("/said_at", Problem::new(422, rejection.code(), title, rejection.to_string())))
        }
        Set::Refused(rejection) => {
            let title = "A word cannot be taken";
            Err(at("/consents", Problem::new(422, rejection.code(), title, rejection.to_string())))
        }
        Set::Nobody => Err(Error::NotFound { what: "profile", name: id }.into()),
    }
}

fn answer(known: &Whole) -> Response {
    let data = ProfileView::new(&known.cluster()).consents;
    ([(header::ETAG, tag(known))], axum::Json(ConsentsListed { data })).into_response()
}

/// Reads which version the caller saw. `*` is any.
fn expected(headers: &HeaderMap) -> Result<Option<Version>, Refused> {
    let Some(text) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = text.to_str().unwrap_or_default();
    if text == "*" {
        return Ok(None);
    }
    let number = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let version = number.and_then(|text| text.parse().ok());
    version.map(|number| Some(Version(number))).ok_or_else(|| {
        let message = "If-Match is an ETag as it was answered, with its quotes, or `*`";
        Refused::new(Problem::new(400, "if_match_malformed", "If-Match cannot be read", message))
    })
}

/// The id of the messages: the same for the same idempotency key of the same source.
pub(super) fn message_id<S>(
    caller: &Caller<S>,
    headers: &HeaderMap,
    purpose: &str,
) -> Result<String, Refused> {
    let bytes = match headers.get(IDEMPOTENCY_KEY) {
        Some(key) => {
            let secret = caller.engine.secrets.marks();
            Hasher::keyed(secret, purpose)
                .field(caller.access.name.as_bytes())
                .field(key.as_bytes())
                .finish()
                .short()
        }
        None => secrets::random().map_err(Error::from)?,
    };
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
