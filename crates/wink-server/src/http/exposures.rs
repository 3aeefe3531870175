//! `POST /v1/exposures`: what a decision offered was really seen.

use wink_api::{ExposureAnswered, ExposureSent, Problem};
use wink_core::base::{DecisionId, Timestamp};
use wink_core::event::ExposureKind;
use wink_store::Store;

use super::body::Json;
use super::problem::{Refused, invalid};
use super::service::Caller;
use crate::flow::exposures::{Exposed, Noted, note};
use crate::{DrawnIds, Error};

/// Takes in that somebody saw, clicked or dismissed what a decision offered: once for each decision and kind.
#[utoipa::path(post, path = "/v1/exposures", tag = "decisions", operation_id = "note_exposure", request_body = ExposureSent,
    responses(
        (status = 200, description = "It is an event of that person; the same again is the same event", body = ExposureAnswered),
        (status = 404, description = "There is no such decision", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Nothing can have been seen: `held_out`, `nothing_offered` or `before_decision`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn note_exposure<S: Store>(
    caller: Caller<S>,
    Json(sent): Json<ExposureSent>,
) -> Result<axum::Json<ExposureAnswered>, Refused> {
    let unknown = || Error::NotFound { what: "decision", name: sent.decision.chars().take(64).collect() };
    let kind = ExposureKind::parse(&sent.kind).ok_or_else(|| {
        let kinds = ExposureKind::ALL.map(ExposureKind::name).join(", ");
        invalid("/kind", format!("there is no such kind; there are {kinds}"))
    })?;
    let at = match &sent.at {
        Some(text) => Timestamp::parse(text).map_err(|error| invalid("/at", error))?,
        None => caller.now,
    };
    let decision = DecisionId::parse(&sent.decision).map_err(|_| unknown())?;
    let (status, id) =
        match note(&caller.engine, &DrawnIds, &Exposed { decision, kind, at }, caller.now).await? {
            Noted::Accepted(id) => ("accepted", id),
            Noted::Duplicate(id) => ("duplicate", id),
            Noted::NoDecision => return Err(unknown().into()),
            Noted::Refused(refusal) => {
                let title = "Nothing can have been seen";
                return Err(Refused::new(Problem::new(409, refusal.code(), title, refusal.to_string())));
            }
        };
    Ok(axum::Json(ExposureAnswered { status, id: id.to_string() }))
}
