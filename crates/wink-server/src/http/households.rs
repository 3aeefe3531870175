//! `/v1/profiles/{id}/household`: who lives with whom, said or taken back by somebody who knows.

use axum::http::{HeaderMap, StatusCode};
use wink_api::{HouseholdAsked, HouseholdView, Problem};
use wink_core::event::HouseholdChange;
use wink_core::profile::Full;
use wink_store::Store;

use super::body::{Json, PathName};
use super::consents::message_id;
use super::problem::{Refused, at, invalid};
use super::profiles::find;
use super::service::Caller;
use crate::flow::households::{self, Said, Settled, Shown};
use crate::{DrawnIds, Error};

/// Reads the household a person lives in, with everybody in it.
#[utoipa::path(get, path = "/v1/profiles/{id}/household", tag = "profiles", operation_id = "read_household",
    params(("id" = String, Path, description = "The profile's id, like prf_…")),
    responses(
        (status = 200, description = "The household", body = HouseholdView),
        (status = 404, description = "The person lives in none that is known", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn read_household<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<axum::Json<HouseholdView>, Refused> {
    let known = find(&caller, &id).await?;
    let shown = households::of_person(&caller.engine, &known).await?;
    Ok(axum::Json(view(&shown.ok_or_else(homeless)?)))
}

/// Puts a person into a household, as the event it is. They leave the one they were in; nobody's profile, features or consents are merged.
#[utoipa::path(put, path = "/v1/profiles/{id}/household", tag = "profiles", operation_id = "join_household", request_body = HouseholdAsked,
    params(
        ("id" = String, Path, description = "The profile's id, like prf_…"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition safe"),
    ),
    responses(
        (status = 200, description = "The household they live in now", body = HouseholdView),
        (status = 409, description = "The household has no room", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn join_household<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    headers: HeaderMap,
    Json(asked): Json<HouseholdAsked>,
) -> Result<axum::Json<HouseholdView>, Refused> {
    let household_id = asked.read().map_err(|error| invalid("/household_id", error))?;
    match settle(&caller, &id, &headers, HouseholdChange::Joined { household_id }).await? {
        Settled::Lives(Some(shown)) => Ok(axum::Json(view(&shown))),
        Settled::Full => {
            let title = "The household has no room";
            Err(at("/household_id", Problem::new(409, "household_full", title, Full.to_string())))
        }
        Settled::Lives(None) | Settled::Homeless => Err(homeless().into()),
        Settled::Nobody => Err(Error::NotFound { what: "profile", name: id }.into()),
    }
}

/// Takes a person out of their household. What they were given while they lived there goes on counting for it.
#[utoipa::path(delete, path = "/v1/profiles/{id}/household", tag = "profiles", operation_id = "leave_household",
    params(("id" = String, Path, description = "The profile's id, like prf_…")),
    responses(
        (status = 204, description = "They live in none any more"),
        (status = 404, description = "They lived in none", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn leave_household<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    headers: HeaderMap,
) -> Result<StatusCode, Refused> {
    match settle(&caller, &id, &headers, HouseholdChange::Left { household_id: None }).await? {
        Settled::Lives(_) => Ok(StatusCode::NO_CONTENT),
        Settled::Homeless | Settled::Full => Err(homeless().into()),
        Settled::Nobody => Err(Error::NotFound { what: "profile", name: id }.into()),
    }
}

async fn settle<S: Store>(
    caller: &Caller<S>,
    id: &str,
    headers: &HeaderMap,
    change: HouseholdChange,
) -> Result<Settled, Refused> {
    let said = Said {
        profile: find(caller, id).await?.asked().id,
        change,
        source: caller.access.name.clone(),
        message_id: message_id(caller, headers, "household")?,
    };
    Ok(households::settle(&caller.engine, &DrawnIds, &said, caller.now).await?)
}

fn view(shown: &Shown) -> HouseholdView {
    HouseholdView::new(shown.id, &shown.household)
}

fn homeless() -> Error {
    Error::NotFound { what: "household", name: "of this person".to_owned() }
}
