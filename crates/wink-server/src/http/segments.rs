//! `/v1/segments`: sets of people, how large they are, who is in them, and what a rule would come to before anybody saves it.

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc;
use wink_api::{
    DataPage, ListAsked, MemberView, MembersExportAsked, OverlapAsked, OverlapView, Problem,
    SegmentPreviewAsked, SegmentPreviewed, SegmentView, SegmentsListed, SegmentsOfProfile,
};
use wink_core::feature::Rule;
use wink_core::profile::Purpose;
use wink_store::Store;

use super::body::{Asked, Json, PathName};
use super::export::{PIECES_MAX, Pieces};
use super::problem::{Refused, invalid};
use super::profiles::{find, page};
use super::service::Caller;
use crate::access::Role;
use crate::flow::segments::{export, members, overlap, preview, sizes, views};

/// At most so many are compared at once: a table of more nobody reads.
const COMPARED_MAX: usize = 10;

/// Lists the segments with their sizes.
#[utoipa::path(get, path = "/v1/segments", tag = "segments", operation_id = "list_segments",
    responses((status = 200, description = "The segments", body = SegmentsListed),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list_segments<S: Store>(
    caller: Caller<S>,
) -> Result<axum::Json<SegmentsListed>, Refused> {
    let sized = sizes::all(&caller.engine).await?;
    Ok(axum::Json(SegmentsListed { data: sized.iter().map(views::sized).collect() }))
}

/// Shows a segment with its size, and the share of its members who have granted what it is for.
#[utoipa::path(get, path = "/v1/segments/{id}", tag = "segments", operation_id = "show_segment",
    params(("id" = String, Path, description = "The segment's id")),
    responses((status = 200, description = "The segment", body = SegmentView),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn show_segment<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<axum::Json<SegmentView>, Refused> {
    Ok(axum::Json(views::sized(&sizes::one(&caller.engine, &id).await?)))
}

/// Counts whom a rule would hold of, and saves nothing.
#[utoipa::path(post, path = "/v1/segments/preview", tag = "segments", operation_id = "preview_segment", request_body = SegmentPreviewAsked,
    responses((status = 200, description = "What the rule would come to: counted over everybody, or estimated from a sample of a large shop", body = SegmentPreviewed),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn preview_segment<S: Store>(
    caller: Caller<S>,
    Json(asked): Json<SegmentPreviewAsked>,
) -> Result<axum::Json<SegmentPreviewed>, Refused> {
    let catalogue = caller.engine.catalogue()?;
    let rule = Rule::compile(&asked.rule, &catalogue.features);
    let rule = rule.map_err(|problem| invalid("/rule", problem.to_string()))?;
    let unknown = || {
        let known = Purpose::ALL.map(Purpose::name).join(", ");
        invalid("/purpose", format!("`{}` is not a purpose; the purposes are {known}", asked.purpose))
    };
    let purpose = Purpose::parse(&asked.purpose).ok_or_else(unknown)?;
    let found = preview::count(&caller.engine, &preview::Asked { rule, purpose }, caller.now).await?;
    // An operator runs the installation and sees nobody in it.
    let sees_people = caller.access.role != Role::Operator;
    Ok(axum::Json(views::previewed(&found, sees_people)))
}

/// Lists the members of a segment as they are now, by pseudonym.
#[utoipa::path(get, path = "/v1/segments/{id}/members", tag = "segments", operation_id = "list_segment_members",
    params(("id" = String, Path, description = "The segment's id"), ListAsked),
    responses((status = 200, description = "A page of members; it may be short although more follow", body = DataPage<MemberView>),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list_segment_members<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    Asked(asked): Asked<ListAsked>,
) -> Result<axum::Json<DataPage<MemberView>>, Refused> {
    let found = members::list(&caller.engine, &id, &page(asked)?, caller.now).await?;
    let data = found.items.iter().map(views::member).collect();
    Ok(axum::Json(DataPage { data, next_cursor: found.next_cursor }))
}

/// Tells how many people segments have in common.
#[utoipa::path(get, path = "/v1/segments/overlap", tag = "segments", operation_id = "compare_segments", params(OverlapAsked),
    responses((status = 200, description = "What they have in common", body = OverlapView),
        (status = 404, description = "There is no such segment", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Too few or too many segments are named", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn compare_segments<S: Store>(
    caller: Caller<S>,
    Asked(asked): Asked<OverlapAsked>,
) -> Result<axum::Json<OverlapView>, Refused> {
    let ids: Vec<String> = asked.ids.split(',').map(str::to_owned).collect();
    if !(2..=COMPARED_MAX).contains(&ids.len()) {
        return Err(invalid("/ids", format!("2 to {COMPARED_MAX} segments can be compared")));
    }
    Ok(axum::Json(views::overlap(overlap::count(&caller.engine, &ids).await?)))
}

/// Hands out the members of a segment who have granted what it is for: as a CSV file, or with `format=ndjson` as a JSON object a line.
#[utoipa::path(get, path = "/v1/segments/{id}/export", tag = "segments", operation_id = "export_segment",
    params(("id" = String, Path, description = "The segment's id"), MembersExportAsked),
    responses((status = 200, description = "The members. A file that is cut off is not whole: the segment was changed meanwhile, or the store failed", body = String, content_type = "text/csv"),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn export_segment<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    Asked(asked): Asked<MembersExportAsked>,
) -> Result<Response, Refused> {
    let sees_names = matches!(caller.access.role, Role::Shop | Role::Admin);
    if asked.identity.is_some() && !sees_names {
        let message = "members are handed out with an identity to the shop's own server and to admins only";
        return Err(Refused::new(Problem::new(403, "role_missing", "The key may not do this", message)));
    }
    // Before the first byte: what does not exist is not an empty file.
    sizes::one(&caller.engine, &id).await?;
    let (kind, ending) = views::form(asked.format);
    let file = format!("attachment; filename=\"{id}.{ending}\"");
    let mut lines = export::Export::new(id, asked.identity.clone(), caller.now);
    let (send, pieces) = mpsc::channel(PIECES_MAX);
    tokio::spawn(async move {
        let mut piece = Ok(Some(views::head(asked.format, asked.identity.as_deref())));
        loop {
            let goes_on = matches!(piece, Ok(Some(_)));
            let Some(bytes) = piece.map(|piece| piece.map(Bytes::from)).transpose() else { return };
            // A client that is gone wants no more.
            if send.send(bytes).await.is_err() || !goes_on {
                return;
            }
            let some = lines.next(&caller.engine).await;
            piece =
                some.map(|some| some.map(|some| views::lines(&some, asked.format, asked.identity.is_some())));
        }
    });
    let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, file)];
    Ok((headers, Body::new(Pieces(pieces))).into_response())
}

/// Lists the segments a person is in now.
#[utoipa::path(get, path = "/v1/profiles/{id}/segments", tag = "segments", operation_id = "list_segments_of_profile",
    params(("id" = String, Path, description = "The profile's id, like prf_…")),
    responses((status = 200, description = "The segments", body = SegmentsOfProfile)))]
pub(super) async fn list_segments_of_profile<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<axum::Json<SegmentsOfProfile>, Refused> {
    let known = find(&caller, &id).await?;
    let found = members::of(&caller.engine, &known.cluster(), caller.now).await?;
    Ok(axum::Json(SegmentsOfProfile { data: found.iter().map(views::of_profile).collect() }))
}
