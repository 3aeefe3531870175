//! `/v1/redemptions`: coupons are used on an order, and redemptions taken back.

use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use wink_api::{
    AnyRedemptionView, CouponOnCart, CouponsOnCart, CouponsRefused, LineBackSent, PointsRedemptionView,
    Problem, RedemptionAsked, RedemptionView, ReversalAsked,
};
use wink_core::base::RedemptionId;
use wink_core::coupon::{LineBack, NotReversed, TakenBack};
use wink_core::offer::ReversalReason;
use wink_record::KeptAnswer;
use wink_store::Store;

use super::body::{PathName, Sent, parse};
use super::cart::{cart, coupons_and_points, hidden, identity, order_id, store};
use super::once::{IdempotencyKey, reply, written};
use super::problem::{Refused, invalid, no_such};
use super::service::{Arrival, Caller};
use super::trial::Trial;
use super::words::Words;
use crate::flow::once::{Keeping, Replied};
use crate::flow::points::back;
use crate::flow::redeem::{Mode, Purchase, Rung, redeem};
use crate::flow::reverse::{self, Answer, Wanted};

/// Redeems coupons on an order: all of them or none, or, with `partial`, those that apply. The same `Idempotency-Key` and body get the same
/// answer, byte by byte.
#[utoipa::path(post, path = "/v1/redemptions", tag = "coupons", operation_id = "redeem_coupons", request_body = RedemptionAsked,
    params(("Idempotency-Key" = String, Header, description = "Makes a repetition safe: the same key and body get the same answer for 30 days, and as long as the coupons are valid")),
    responses(
        (status = 200, description = "What was redeemed, and what was not", body = CouponsOnCart),
        (status = 404, description = "What was answered under this key went with the person it was about", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Nothing was redeemed: every coupon, with the reason where it does not apply; or `request_in_progress`, or no catalogue is in force yet", body = CouponsRefused, content_type = "application/problem+json"),
    ))]
pub(super) async fn redeem_coupons<S: Store>(
    caller: Caller<S>,
    arrival: Arrival,
    key: IdempotencyKey,
    Sent(body): Sent,
) -> Result<Response, Refused> {
    let turn = key.begin(&caller, &[&body])?;
    if let Some(answer) = turn.before(&caller.engine).await? {
        return Ok(answer);
    }
    let asked: RedemptionAsked = parse(&body)?;
    let typed_by = asked.typed_by.clone();
    let purchase = Purchase { till: caller.till(), ..purchase(&caller, asked).await? };
    let identity = purchase.identity.as_ref();
    let trial = Trial::begin(&caller, &arrival, typed_by.as_ref(), identity, &purchase.coupons)?;
    let words = Words::of(&caller, &arrival);
    let write = |rung: &Rung<'_>| answered(&purchase, rung, &words);
    let keeping = Keeping { once: &turn.once, write: &write };
    let replied = redeem(&caller.engine, &purchase, Some(&keeping), caller.now).await.map_err(hidden)?;
    if let Replied::Now(rung) = &replied {
        let unknown = purchase.coupons.iter().zip(&rung.used).filter(|(_, used)| used.coupon.is_none());
        trial.end(unknown.map(|(asked, _)| asked)).await;
    }
    Ok(reply(replied, write))
}

/// Shows a redemption with what was taken back of it.
#[utoipa::path(get, path = "/v1/redemptions/{id}", tag = "coupons", operation_id = "read_redemption",
    params(("id" = String, Path, description = "The redemption's id, like rdm_…")),
    responses((status = 200, description = "The redemption, of a coupon or of points", body = AnyRedemptionView)))]
pub(super) async fn read_redemption<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<Json<AnyRedemptionView>, Refused> {
    let id = named(&id)?;
    if let Some(tender) = back::find(&caller.engine, id).await? {
        return Ok(Json(AnyRedemptionView::Points(PointsRedemptionView::from(&tender))));
    }
    let redemption = reverse::find(&caller.engine, id).await.map_err(hidden)?;
    Ok(Json(AnyRedemptionView::Coupon(RedemptionView::new(&redemption))))
}

/// Takes a redemption back: all that is left of it, some lines, or some pieces of them. The campaign says whether the coupon goes back to its
/// person; points always do.
#[utoipa::path(post, path = "/v1/redemptions/{id}/reversals", tag = "coupons", operation_id = "reverse_redemption", request_body = ReversalAsked,
    params(
        ("id" = String, Path, description = "The redemption's id, like rdm_…"),
        ("Idempotency-Key" = String, Header, description = "Makes a repetition safe: the same key and body get the same answer for 30 days, and as long as the coupon is valid"),
    ),
    responses(
        (status = 200, description = "The redemption afterwards; the new reversal is the last", body = AnyRedemptionView),
        (status = 409, description = "`nothing_left_to_reverse`: everything came back before; or `request_in_progress`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn reverse_redemption<S: Store>(
    caller: Caller<S>,
    arrival: Arrival,
    key: IdempotencyKey,
    PathName(id): PathName,
    Sent(body): Sent,
) -> Result<Response, Refused> {
    let turn = key.begin(&caller, &[id.as_bytes(), &body])?;
    let wanted = Wanted { till: caller.till(), ..wanted(named(&id)?, parse(&body)?)? };
    let words = Words::of(&caller, &arrival);
    if back::find(&caller.engine, wanted.redemption).await?.is_some() {
        let write = |answer: &back::Answer| given_back(answer, &words);
        let keeping = Keeping { once: &turn.once, write: &write };
        let replied =
            back::reverse(&caller.engine, &wanted, Some(&keeping), caller.now).await.map_err(hidden)?;
        return Ok(reply(replied, write));
    }
    let write = |answer: &Answer| reversed(answer, &words);
    let keeping = Keeping { once: &turn.once, write: &write };
    let replied =
        reverse::reverse(&caller.engine, &wanted, Some(&keeping), caller.now).await.map_err(hidden)?;
    Ok(reply(replied, write))
}

fn named(id: &str) -> Result<RedemptionId, Refused> {
    RedemptionId::parse(id).map_err(|_| no_such("redemption"))
}

async fn purchase<S: Store>(caller: &Caller<S>, asked: RedemptionAsked) -> Result<Purchase, Refused> {
    let engine = &caller.engine;
    let (coupons, points) = coupons_and_points(asked.coupons, asked.points)?;
    Ok(Purchase {
        coupons,
        points,
        are_typed: asked.typed_by.is_some(),
        identity: asked.identity.as_ref().map(identity).transpose()?,
        store: store(caller, asked.store)?,
        order_id: order_id(asked.order_id)?,
        mode: if asked.partial { Mode::WhatApplies } else { Mode::AllOrNothing },
        cart: cart(engine, &engine.catalogue()?.shop, asked.cart).await?,
        till: None,
    })
}

fn answered(purchase: &Purchase, rung: &Rung<'_>, words: &Words) -> KeptAnswer {
    let used = purchase.coupons.iter().zip(&rung.used);
    let coupons = used.map(|(asked, used)| CouponOnCart {
        redemption: used.redemption.as_ref().map(|redemption| redemption.id.to_string()),
        ..words.coupon(asked, used.coupon.as_ref(), &rung.stack)
    });
    let mut answer = words.together(coupons.collect(), &rung.stack);
    words.pay(&mut answer, purchase.points, rung.points.as_ref(), &rung.stack);
    if let (Some(points), Some(Ok(tendered))) = (&mut answer.points, &rung.points) {
        points.redemption = rung.is_redeemed.then(|| tendered.tender.id.to_string());
    }
    if rung.is_redeemed {
        written(StatusCode::OK, &answer)
    } else {
        words.nothing_paid(answer.coupons, answer.points, Some(answer.cart))
    }
}

fn wanted(redemption: RedemptionId, asked: ReversalAsked) -> Result<Wanted, Refused> {
    let Some(reason) = ReversalReason::parse(&asked.reason) else {
        let reasons = ReversalReason::ALL.map(ReversalReason::name).join(", ");
        return Err(invalid("/reason", format!("`{}` is not a reason; there are {reasons}", asked.reason)));
    };
    let back = |sent: LineBackSent| LineBack { line: sent.line, quantity: sent.quantity };
    let what = match asked.lines {
        None => TakenBack::Everything,
        Some(lines) if lines.is_empty() => {
            return Err(invalid("/lines", "name a line, or leave `lines` out for everything that is left"));
        }
        Some(lines) => TakenBack::Lines(lines.into_iter().map(back).collect()),
    };
    Ok(Wanted { redemption, what, reason, till: None })
}

fn reversed(answer: &Answer, words: &Words) -> KeptAnswer {
    match answer {
        Ok((redemption, _)) => written(StatusCode::OK, &RedemptionView::new(redemption)),
        Err(refused) => not_reversed(refused, words),
    }
}

fn given_back(answer: &back::Answer, words: &Words) -> KeptAnswer {
    match answer {
        Ok(tender) => written(StatusCode::OK, &PointsRedemptionView::from(tender)),
        Err(refused) => not_reversed(refused, words),
    }
}

fn not_reversed(refused: &NotReversed, words: &Words) -> KeptAnswer {
    let title = "The redemption cannot be taken back";
    words.problem(Problem::new(409, refused.code(), title, refused.to_string()))
}
