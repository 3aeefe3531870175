//! `/v1/profiles/{id}/links`: that two profiles are one person, said or taken back by somebody who knows.

use axum::http::StatusCode;
use axum::response::Response;
use wink_api::{LinkAsked, Problem, ProfileView};
use wink_core::base::ProfileId;
use wink_store::Store;

use super::body::{Json, PathName};
use super::problem::{Refused, at, invalid};
use super::profiles::{find, show};
use super::service::Caller;
use crate::Error;
use crate::flow::links::{self, Linked};

/// Links two profiles that are the same person. From now on they share limits, contacts, features and the stricter consent.
#[utoipa::path(post, path = "/v1/profiles/{id}/links", tag = "profiles", operation_id = "link_profiles", request_body = LinkAsked,
    params(("id" = String, Path, description = "The profile's id, like prf_…")),
    responses(
        (status = 200, description = "The person as one", body = ProfileView),
        (status = 409, description = "They cannot be one person", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn link_profiles<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    Json(asked): Json<LinkAsked>,
) -> Result<Response, Refused> {
    let known = find(&caller, &id).await?;
    let other = ProfileId::parse(&asked.profile).map_err(|error| invalid("/profile", error.to_string()))?;
    let one = known.asked().id;
    match links::link(&caller.engine, one, other, &caller.access.name, caller.now).await? {
        Linked::Done(whole) => show(&caller, &whole).await,
        Linked::Refused(why) => {
            let title = "They cannot be one person";
            Err(at("/profile", Problem::new(409, links::code(&why), title, why.to_string())))
        }
        Linked::Nobody => Err(invalid("/profile", "there is no such profile")),
    }
}

/// Takes the link between two profiles away: each is again as it was, and what is heard later does not join them.
#[utoipa::path(delete, path = "/v1/profiles/{id}/links/{other}", tag = "profiles", operation_id = "unlink_profiles",
    params(
        ("id" = String, Path, description = "The profile's id, like prf_…"),
        ("other" = String, Path, description = "The id of the profile it is linked with"),
    ),
    responses((status = 204, description = "They are two people")))]
pub(super) async fn unlink_profiles<S: Store>(
    caller: Caller<S>,
    PathName((id, other)): PathName<(String, String)>,
) -> Result<StatusCode, Refused> {
    let known = find(&caller, &id).await?;
    let unknown = || Error::NotFound { what: "link", name: other.chars().take(64).collect() };
    let to = ProfileId::parse(&other).map_err(|_| unknown())?;
    if links::part(&caller.engine, known.asked().id, to).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(unknown().into())
    }
}
