//! `/v1/dead-letters`: what was not accepted, to be looked at, repaired and sent on, or discarded.

use axum::http::StatusCode;
use wink_api::{DataPage, LetterListed, LetterReplayed, LetterView, LettersAsked, ListAsked, RepairSent};
use wink_core::base::LetterId;
use wink_store::Store;

use super::body::{Asked, Json, PathName};
use super::problem::{Refused, invalid};
use super::profiles::page;
use super::service::Caller;
use crate::flow::letters::{self, Filter, Listed, Replayed};
use crate::{DrawnIds, Error};

/// Lists dead letters, newest first: when, from whom and why, but nothing of what the sender wrote.
#[utoipa::path(get, path = "/v1/dead-letters", tag = "dead letters", operation_id = "list_dead_letters", params(LettersAsked),
    responses((status = 200, description = "A page of dead letters; with a filter it may be short although more follow", body = DataPage<LetterListed>)))]
pub(super) async fn list_dead_letters<S: Store>(
    caller: Caller<S>,
    Asked(asked): Asked<LettersAsked>,
) -> Result<axum::Json<DataPage<LetterListed>>, Refused> {
    let filter = Filter { code: asked.code, source: asked.source };
    let page = page(ListAsked { limit: asked.limit, cursor: asked.cursor })?;
    let found = letters::list(&caller.engine, &filter, &page).await?;
    let data = found.items.iter().map(Listed::view).collect();
    Ok(axum::Json(DataPage { data, next_cursor: found.next_cursor }))
}

/// Opens a dead letter. It may name a person, and nobody has checked what is in it.
#[utoipa::path(get, path = "/v1/dead-letters/{id}", tag = "dead letters", operation_id = "read_dead_letter",
    params(("id" = String, Path, description = "The letter's id, like ltr_…")),
    responses((status = 200, description = "The letter", body = LetterView)))]
pub(super) async fn read_dead_letter<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<axum::Json<LetterView>, Refused> {
    Ok(axum::Json(letters::open(&caller.engine, read(&id)?).await?.view()))
}

/// Repairs a dead letter and sends it on, as if it had come right at first. An empty repair sends it on as it is.
#[utoipa::path(post, path = "/v1/dead-letters/{id}/replay", tag = "dead letters", operation_id = "replay_dead_letter", request_body = RepairSent,
    params(("id" = String, Path, description = "The letter's id, like ltr_…")),
    responses((status = 200, description = "What became of it; `dead` leaves it as it was", body = LetterReplayed)))]
pub(super) async fn replay_dead_letter<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    Json(sent): Json<RepairSent>,
) -> Result<axum::Json<LetterReplayed>, Refused> {
    let repair = sent.read().map_err(|(pointer, error)| invalid(&pointer, error))?;
    let id = read(&id)?;
    let replayed = letters::replay(&caller.engine, &DrawnIds, id, &repair, caller.now).await?;
    if let Replayed::NotRepaired(error) = &replayed {
        return Err(invalid("", error.to_string()));
    }
    Ok(axum::Json(replayed.view(id)))
}

/// Deletes a dead letter. Its message stays counted as dead.
#[utoipa::path(delete, path = "/v1/dead-letters/{id}", tag = "dead letters", operation_id = "discard_dead_letter",
    params(("id" = String, Path, description = "The letter's id, like ltr_…")),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn discard_dead_letter<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<StatusCode, Refused> {
    letters::discard(&caller.engine, read(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn read(text: &str) -> Result<LetterId, Error> {
    let unknown = || Error::NotFound { what: "dead letter", name: text.chars().take(64).collect() };
    LetterId::parse(text).map_err(|_| unknown())
}
