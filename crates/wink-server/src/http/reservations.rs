//! `POST /v1/reservations`: a coupon is held for an order by the code that a shopper typed, as `/v1/coupons/{id}/reserve` holds it by its id.

use axum::http::StatusCode;
use axum::response::Response;
use wink_api::{CodeReservationAsked, CouponView, CouponsRefused};
use wink_core::coupon::{HoldFor, Refusal};
use wink_record::KeptAnswer;
use wink_store::Store;

use super::body::{Sent, parse};
use super::cart::{cart, hidden, identity, order_id, store};
use super::once::{IdempotencyKey, reply, written};
use super::problem::{Refused, invalid};
use super::service::{Arrival, Caller};
use super::trial::Trial;
use super::words::Words;
use crate::flow::once::{Keeping, Replied};
use crate::flow::reservations::{Answer, Wanted, reserve};

/// Holds a coupon for an order by what was typed or scanned. What is unknown, ran out, was taken back, or is somebody else's gets the same answer
/// at the same time, and counts as a wrong code, as in a redemption.
#[utoipa::path(post, path = "/v1/reservations", tag = "coupons", operation_id = "reserve_by_code", request_body = CodeReservationAsked,
    params(("Idempotency-Key" = String, Header, description = "Makes a repetition safe: the same key and body get the same answer for 30 days, and as long as the coupon is valid")),
    responses(
        (status = 200, description = "The coupon afterwards, with what it is worth on the order; its id releases it", body = CouponView),
        (status = 409, description = "Why not; or `request_in_progress`, or no catalogue is in force yet", body = CouponsRefused, content_type = "application/problem+json"),
    ))]
pub(super) async fn reserve_by_code<S: Store>(
    caller: Caller<S>,
    arrival: Arrival,
    key: IdempotencyKey,
    Sent(body): Sent,
) -> Result<Response, Refused> {
    let turn = key.begin(&caller, &[&body])?;
    if let Some(answer) = turn.before(&caller.engine).await? {
        return Ok(answer);
    }
    let asked: CodeReservationAsked = parse(&body)?;
    let typed_by = asked.typed_by.clone();
    let wanted = wanted(&caller, asked).await?;
    let named = std::slice::from_ref(&wanted.code);
    let trial = Trial::begin(&caller, &arrival, typed_by.as_ref(), wanted.identity.as_ref(), named)?;
    let words = Words::of(&caller, &arrival);
    let write = |answer: &Answer| answered(answer, &wanted.code, &words);
    let keeping = Keeping { once: &turn.once, write: &write };
    let replied = reserve(&caller.engine, &wanted, Some(&keeping), caller.now).await.map_err(hidden)?;
    if let Replied::Now(answer) = &replied {
        let is_unknown = matches!(answer, Err(Refusal::Unknown));
        trial.end(named.iter().filter(|_| is_unknown)).await;
    }
    Ok(reply(replied, write))
}

async fn wanted<S: Store>(caller: &Caller<S>, asked: CodeReservationAsked) -> Result<Wanted, Refused> {
    let engine = &caller.engine;
    Ok(Wanted {
        code: asked.code,
        identity: asked.identity.as_ref().map(identity).transpose()?,
        store: store(caller, asked.store)?,
        order_id: order_id(asked.order_id)?,
        hold_for: hold_for(asked.hold_seconds)?,
        cart: cart(engine, &engine.catalogue()?.shop, asked.cart).await?,
    })
}

/// Reads for how long a coupon is to be held.
pub(super) fn hold_for(seconds: Option<u32>) -> Result<HoldFor, Refused> {
    match seconds {
        None => Ok(HoldFor::default()),
        Some(seconds) => HoldFor::new(seconds)
            .ok_or_else(|| invalid("/hold_seconds", "a coupon is held for 1 to 86400 seconds")),
    }
}

fn answered(answer: &Answer, code: &str, words: &Words) -> KeptAnswer {
    match answer {
        Ok(coupon) => written(StatusCode::OK, &CouponView::new(coupon)),
        Err(refusal) => words.nothing_done(vec![words.refused(code, None, refusal)], None),
    }
}
