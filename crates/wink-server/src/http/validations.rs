//! `POST /v1/qualifications` and `POST /v1/validations`: coupons on a cart, before anybody pays. Nothing is stored for it.

use std::collections::BTreeMap;

use axum::Json;
use wink_api::{BestView, CouponsOnCart, Problem, QualificationAsked, QualificationView, ValidationAsked};
use wink_core::base::CouponId;
use wink_core::coupon::Refusal;
use wink_store::Store;

use super::body;
use super::cart::{cart, codes, coupons_and_points, identity, order_id, store};
use super::problem::Refused;
use super::service::{Arrival, Caller};
use super::trial::Trial;
use super::words::Words;
use crate::flow::cart::{Tried, Wish, qualify, validate};

/// Tells what applies to a cart for a person: each of their coupons alone, with what it takes off or what it would need, and those that take
/// most off together. Nothing is stored.
#[utoipa::path(post, path = "/v1/qualifications", tag = "coupons", operation_id = "qualify", request_body = QualificationAsked,
    responses(
        (status = 200, description = "The person's coupons on this cart; nobody known has none", body = QualificationView),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn qualify_cart<S: Store>(
    caller: Caller<S>,
    arrival: Arrival,
    body::Json(asked): body::Json<QualificationAsked>,
) -> Result<Json<QualificationView>, Refused> {
    let engine = caller.engine.as_ref();
    let identity = identity(&asked.identity)?;
    let order = asked.order_id.map(order_id).transpose()?;
    let catalogue = engine.catalogue()?;
    let cart = cart(engine, &catalogue.shop, asked.cart).await?;
    let store = store(&caller, asked.store)?;
    let typed = codes(asked.codes)?;
    let (order, store) = (order.as_deref(), store.as_deref());
    let wish = Wish { identity: &identity, words: &typed, cart: &cart, order, store };
    let qualified = qualify(engine, &wish, caller.now).await?;
    let words = Words::of(&caller, &arrival);
    let coupons = qualified.coupons.iter();
    let coupons = coupons.map(|(coupon, alone)| words.coupon(&coupon.id.to_string(), Some(coupon), alone));
    let by_word = typed.iter().zip(&qualified.words);
    let by_word = by_word.map(|(word, standing)| match standing {
        Some((coupon, alone)) => words.coupon(word, Some(coupon), alone),
        None => words.refused(word, None, &Refusal::Unknown),
    });
    let named: BTreeMap<CouponId, &String> = typed
        .iter()
        .zip(&qualified.words)
        .filter_map(|(word, standing)| Some((standing.as_ref()?.0.id, word)))
        .collect();
    let name = |id: CouponId| named.get(&id).map_or_else(|| id.to_string(), |word| (*word).clone());
    Ok(Json(QualificationView {
        coupons: by_word.chain(coupons).collect(),
        best: BestView::new(&qualified.best, catalogue.shop.currency, name),
    }))
}

/// Tells what some coupons would do together on a cart: what each takes off which line, or why it does not apply, and what points would pay of the
/// rest. A dry run of redeeming them; nothing is stored.
#[utoipa::path(post, path = "/v1/validations", tag = "coupons", operation_id = "validate", request_body = ValidationAsked,
    responses(
        (status = 200, description = "What becomes of each coupon; a `no` is an answer", body = CouponsOnCart),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn validate_coupons<S: Store>(
    caller: Caller<S>,
    arrival: Arrival,
    body::Json(asked): body::Json<ValidationAsked>,
) -> Result<Json<CouponsOnCart>, Refused> {
    let engine = caller.engine.as_ref();
    let (named, points) = coupons_and_points(asked.coupons, asked.points)?;
    let identity = asked.identity.as_ref().map(identity).transpose()?;
    let order = asked.order_id.map(order_id).transpose()?;
    let cart = cart(engine, &engine.catalogue()?.shop, asked.cart).await?;
    let trial = Trial::begin(&caller, &arrival, asked.typed_by.as_ref(), identity.as_ref(), &named)?;
    let are_typed = asked.typed_by.is_some();
    let store = store(&caller, asked.store)?;
    let tried = Tried {
        coupons: &named,
        are_typed,
        cart: &cart,
        order: order.as_deref(),
        identity: identity.as_ref(),
        store: store.as_deref(),
    };
    let validated = validate(engine, &tried, points, caller.now).await?;
    let unknown = named.iter().zip(&validated.coupons).filter(|(_, coupon)| coupon.is_none());
    trial.end(unknown.map(|(asked, _)| asked)).await;
    let words = Words::of(&caller, &arrival);
    let found = named.iter().zip(&validated.coupons);
    let coupons = found.map(|(asked, coupon)| words.coupon(asked, coupon.as_ref(), &validated.stack));
    let mut answer = words.together(coupons.collect(), &validated.stack);
    words.pay(&mut answer, points, validated.points.as_ref(), &validated.stack);
    Ok(Json(answer))
}
