//! `/v1/coupons/{id}`: a coupon as it is now, and the steps somebody asks for.

use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use wink_api::{CouponView, CouponsRefused, ReleaseAsked, ReservationAsked};
use wink_core::base::CouponId;
use wink_record::KeptAnswer;
use wink_store::Store;

use super::body::{self, PathName, Sent, parse};
use super::cart::{cart, hidden, order_id};
use super::once::{IdempotencyKey, reply, written};
use super::problem::{Refused, no_such};
use super::reservations::hold_for;
use super::service::{Arrival, Caller};
use super::words::Words;
use crate::flow::once::Keeping;
use crate::flow::steps::{self, Answer, Step};

/// Shows a coupon as it is now.
#[utoipa::path(get, path = "/v1/coupons/{id}", tag = "coupons", operation_id = "read_coupon",
    params(("id" = String, Path, description = "The coupon's id, like cpn_…")),
    responses((status = 200, description = "The coupon", body = CouponView)))]
pub(super) async fn read_coupon<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<Json<CouponView>, Refused> {
    let coupon = steps::find(&caller.engine, named(&id)?).await.map_err(hidden)?;
    Ok(Json(CouponView::new(&coupon)))
}

/// Activates a coupon whose offer asks for that. One that is active stays as it is.
#[utoipa::path(post, path = "/v1/coupons/{id}/activate", tag = "coupons", operation_id = "activate_coupon",
    params(("id" = String, Path, description = "The coupon's id, like cpn_…")),
    responses(
        (status = 200, description = "The coupon afterwards", body = CouponView),
        (status = 409, description = "Why not", body = CouponsRefused, content_type = "application/problem+json"),
    ))]
pub(super) async fn activate_coupon<S: Store>(
    caller: Caller<S>,
    arrival: Arrival,
    PathName(id): PathName,
) -> Result<Response, Refused> {
    take(&caller, &arrival, &id, &Step::Activate).await
}

/// Takes an activation back. A coupon that is not active stays as it is.
#[utoipa::path(post, path = "/v1/coupons/{id}/deactivate", tag = "coupons", operation_id = "deactivate_coupon",
    params(("id" = String, Path, description = "The coupon's id, like cpn_…")),
    responses(
        (status = 200, description = "The coupon afterwards", body = CouponView),
        (status = 409, description = "Why not", body = CouponsRefused, content_type = "application/problem+json"),
    ))]
pub(super) async fn deactivate_coupon<S: Store>(
    caller: Caller<S>,
    arrival: Arrival,
    PathName(id): PathName,
) -> Result<Response, Refused> {
    take(&caller, &arrival, &id, &Step::Deactivate).await
}

/// Holds a coupon for an order while that is paid: nobody else can use it, and it applies to this order even if it runs out meanwhile.
#[utoipa::path(post, path = "/v1/coupons/{id}/reserve", tag = "coupons", operation_id = "reserve_coupon", request_body = ReservationAsked,
    params(
        ("id" = String, Path, description = "The coupon's id, like cpn_…"),
        ("Idempotency-Key" = String, Header, description = "Makes a repetition safe: the same key and body get the same answer for 30 days, and as long as the coupon is valid"),
    ),
    responses(
        (status = 200, description = "The coupon afterwards, with what it is worth on the order", body = CouponView),
        (status = 409, description = "Why not; or `request_in_progress`", body = CouponsRefused, content_type = "application/problem+json"),
    ))]
pub(super) async fn reserve_coupon<S: Store>(
    caller: Caller<S>,
    arrival: Arrival,
    key: IdempotencyKey,
    PathName(id): PathName,
    Sent(body): Sent,
) -> Result<Response, Refused> {
    let turn = key.begin(&caller, &[id.as_bytes(), &body])?;
    if let Some(answer) = turn.before(&caller.engine).await? {
        return Ok(answer);
    }
    let asked: ReservationAsked = parse(&body)?;
    let hold_for = hold_for(asked.hold_seconds)?;
    let order_id = order_id(asked.order_id)?;
    let cart = cart(&caller.engine, &caller.engine.catalogue()?.shop, asked.cart).await?;
    let words = Words::of(&caller, &arrival);
    let write = |answer: &Answer| answered(answer, &id, &words);
    let keeping = Keeping { once: &turn.once, write: &write };
    let step = Step::Reserve { order_id, cart, hold_for };
    let replied = steps::take(&caller.engine, named(&id)?, &step, Some(&keeping), caller.now);
    Ok(reply(replied.await.map_err(hidden)?, write))
}

/// Lets a coupon go that an order does not need any more. One that is not held stays as it is.
#[utoipa::path(post, path = "/v1/coupons/{id}/release", tag = "coupons", operation_id = "release_coupon", request_body = ReleaseAsked,
    params(("id" = String, Path, description = "The coupon's id, like cpn_…")),
    responses(
        (status = 200, description = "The coupon afterwards", body = CouponView),
        (status = 409, description = "Why not", body = CouponsRefused, content_type = "application/problem+json"),
    ))]
pub(super) async fn release_coupon<S: Store>(
    caller: Caller<S>,
    arrival: Arrival,
    PathName(id): PathName,
    body::Json(asked): body::Json<ReleaseAsked>,
) -> Result<Response, Refused> {
    let step = Step::Release { order_id: order_id(asked.order_id)? };
    take(&caller, &arrival, &id, &step).await
}

/// Takes a coupon back for good. One that is held for an order is promised there until the hold is over.
#[utoipa::path(post, path = "/v1/coupons/{id}/revoke", tag = "coupons", operation_id = "revoke_coupon",
    params(("id" = String, Path, description = "The coupon's id, like cpn_…")),
    responses(
        (status = 200, description = "The coupon afterwards", body = CouponView),
        (status = 409, description = "Why not", body = CouponsRefused, content_type = "application/problem+json"),
    ))]
pub(super) async fn revoke_coupon<S: Store>(
    caller: Caller<S>,
    arrival: Arrival,
    PathName(id): PathName,
) -> Result<Response, Refused> {
    take(&caller, &arrival, &id, &Step::Revoke).await
}

/// Takes a step that is the same however often it is asked for, so that it needs no key.
async fn take<S: Store>(
    caller: &Caller<S>,
    arrival: &Arrival,
    id: &str,
    step: &Step,
) -> Result<Response, Refused> {
    let words = Words::of(caller, arrival);
    let is_publishable = caller.access.role.is_publishable();
    let replied = steps::take(&caller.engine, named(id)?, step, None, caller.now).await.map_err(hidden)?;
    Ok(reply(replied, |answer: &Answer| match answer {
        Ok(coupon) if is_publishable => {
            // What everybody can read in a page's source is not told whose it is and what they bought.
            let view = CouponView { profile: None, redemptions: Vec::new(), ..CouponView::new(coupon) };
            written(StatusCode::OK, &view)
        }
        answer => answered(answer, id, &words),
    }))
}

fn named(id: &str) -> Result<CouponId, Refused> {
    CouponId::parse(id).map_err(|_| no_such("coupon"))
}

fn answered(answer: &Answer, id: &str, words: &Words) -> KeptAnswer {
    match answer {
        Ok(coupon) => written(StatusCode::OK, &CouponView::new(coupon)),
        Err(refusal) => words.nothing_done(vec![words.refused(id, None, refusal)], None),
    }
}
