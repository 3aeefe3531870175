//! `/v1/bulks/{name}`: coupons for codes on paper, issued step by step. Whoever asks goes on until all are there; who was interrupted asks again.

use axum::Json;
use wink_api::{BulkAsked, BulkCodeView, BulkCodesAsked, BulkCodesListed, BulkView, Problem};
use wink_core::base::{CampaignId, IdError, OfferId};
use wink_core::coupon::Bulk;
use wink_store::Store;

use super::body::{self, Asked, PathName};
use super::problem::{Refused, invalid};
use super::service::Caller;
use crate::flow::bulk::{self, CODES_MAX, Printed, Stopped, Wanted};

/// Begins a bulk, or finds the one of that name if it is the same. Nothing is issued yet.
#[utoipa::path(put, path = "/v1/bulks/{name}", tag = "coupons", operation_id = "begin_bulk", request_body = BulkAsked,
    params(("name" = String, Path, description = "The name of the bulk, which only it has")),
    responses(
        (status = 200, description = "The bulk", body = BulkView),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn begin_bulk<S: Store>(
    caller: Caller<S>,
    PathName(name): PathName,
    body::Json(asked): body::Json<BulkAsked>,
) -> Result<Json<BulkView>, Refused> {
    // Spelled like the ids of the catalogue, so that a name is one name.
    CampaignId::parse(&name).map_err(|error| slug("/name", &error))?;
    let wanted = Wanted {
        campaign: CampaignId::parse(&asked.campaign).map_err(|error| slug("/campaign", &error))?,
        offer: asked
            .offer
            .map(|id| OfferId::parse(&id))
            .transpose()
            .map_err(|error| slug("/offer", &error))?,
        count: asked.count,
        name,
    };
    let bulk = bulk::begin(&caller.engine, &wanted, caller.now).await?;
    Ok(Json(view(&bulk)))
}

/// Shows how far a bulk has come.
#[utoipa::path(get, path = "/v1/bulks/{name}", tag = "coupons", operation_id = "show_bulk",
    params(("name" = String, Path, description = "The name of the bulk")),
    responses((status = 200, description = "The bulk", body = BulkView)))]
pub(super) async fn show_bulk<S: Store>(
    caller: Caller<S>,
    PathName(name): PathName,
) -> Result<Json<BulkView>, Refused> {
    Ok(Json(view(&bulk::find(&caller.engine, &name).await?)))
}

/// Issues the next coupons of a bulk, some thousand at a time. Ask until `done` is `count`; what was issued stays issued whatever happens.
#[utoipa::path(post, path = "/v1/bulks/{name}/continue", tag = "coupons", operation_id = "continue_bulk",
    params(("name" = String, Path, description = "The name of the bulk")),
    responses((status = 200, description = "The bulk afterwards", body = BulkView)))]
pub(super) async fn continue_bulk<S: Store>(
    caller: Caller<S>,
    PathName(name): PathName,
) -> Result<Json<BulkView>, Refused> {
    let stepped = bulk::go_on(&caller.engine, &name, caller.now).await?;
    let why = stepped.stopped.map(Stopped::name);
    Ok(Json(BulkView { stopped: why.is_some(), why, ..view(&stepped.bulk) }))
}

/// Lists the codes of a bulk's coupons, as far as they are issued, by number.
#[utoipa::path(get, path = "/v1/bulks/{name}/codes", tag = "coupons", operation_id = "list_codes_of_bulk",
    params(("name" = String, Path, description = "The name of the bulk"), BulkCodesAsked),
    responses((status = 200, description = "The codes; none after the last", body = BulkCodesListed)))]
pub(super) async fn list_codes_of_bulk<S: Store>(
    caller: Caller<S>,
    PathName(name): PathName,
    Asked(asked): Asked<BulkCodesAsked>,
) -> Result<Json<BulkCodesListed>, Refused> {
    let (from, limit) = (asked.from.unwrap_or(0), asked.limit.unwrap_or(CODES_MAX));
    let codes = bulk::codes(&caller.engine, &name, from, limit).await?;
    let view = |printed: Printed| BulkCodeView {
        number: printed.number,
        coupon: printed.coupon.to_string(),
        code: printed.code.to_string(),
        digits: printed.code.digits(),
    };
    Ok(Json(BulkCodesListed { data: codes.into_iter().map(view).collect() }))
}

fn slug(pointer: &str, error: &IdError) -> Refused {
    invalid(pointer, error.to_string())
}

fn view(bulk: &Bulk) -> BulkView {
    BulkView {
        id: bulk.id.to_string(),
        offer: bulk.offer.to_string(),
        count: bulk.count,
        done: bulk.done,
        begun_at: bulk.begun_at.to_string(),
        stopped: false,
        why: None,
    }
}
