//! `POST /v1/qualifications` and `POST /v1/validations`: coupons on a cart, before anybody pays. Nothing is stored for it.

use std::collections::BTreeSet;

use wink_api::{
    BestView, CartSent, CartView, CouponOnCart, IdentitySent, LanguageAsked, Problem, QualificationAsked,
    QualificationView, ValidationAsked, ValidationView,
};
use wink_core::base::CouponId;
use wink_core::coupon::cart::{Applied, Cart, NotACart, Stack};
use wink_core::coupon::{Coupon, Refusal, Speaker};
use wink_core::event::Identity;
use wink_core::offer::Shop;
use wink_store::Store;

use super::body::Json;
use super::problem::{Refused, invalid};
use super::service::Caller;
use crate::Engine;
use crate::flow::cart::{complete, qualify, validate};

/// The most coupons of one validation: more than may ever meet on a cart.
const COUPONS_MAX: usize = 20;

/// Tells what applies to a cart for a person: each of their coupons alone, with what it takes off or what it would need, and those that take
/// most off together. Nothing is stored.
#[utoipa::path(post, path = "/v1/qualifications", tag = "coupons", operation_id = "qualify", request_body = QualificationAsked,
    responses(
        (status = 200, description = "The person's coupons on this cart; nobody known has none", body = QualificationView),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn qualify_cart<S: Store>(
    caller: Caller<S>,
    Json(asked): Json<QualificationAsked>,
) -> Result<axum::Json<QualificationView>, Refused> {
    let engine = caller.engine.as_ref();
    let catalogue = engine.catalogue()?;
    let identity = identity(&asked.identity)?;
    let cart = cart(engine, &catalogue.shop, asked.cart).await?;
    let qualified = qualify(engine, &identity, &cart, caller.now).await?;
    let speaker = speaker(&catalogue.shop, asked.language);
    let coupons = qualified
        .coupons
        .iter()
        .map(|(coupon, stack)| on_cart(coupon.id.to_string(), Some(coupon), stack, &speaker));
    Ok(axum::Json(QualificationView {
        coupons: coupons.collect(),
        best: BestView::new(&qualified.best, catalogue.shop.currency),
    }))
}

/// Tells what some coupons would do together on a cart: what each takes off which line, or why it does not apply. A dry run of redeeming
/// them; nothing is stored.
#[utoipa::path(post, path = "/v1/validations", tag = "coupons", operation_id = "validate", request_body = ValidationAsked,
    responses(
        (status = 200, description = "What becomes of each coupon; a `no` is an answer", body = ValidationView),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn validate_coupons<S: Store>(
    caller: Caller<S>,
    Json(asked): Json<ValidationAsked>,
) -> Result<axum::Json<ValidationView>, Refused> {
    let engine = caller.engine.as_ref();
    let catalogue = engine.catalogue()?;
    let ids = coupon_ids(&asked.coupons)?;
    let identity = asked.identity.as_ref().map(identity).transpose()?;
    let cart = cart(engine, &catalogue.shop, asked.cart).await?;
    let validated = validate(engine, identity.as_ref(), &ids, &cart, caller.now).await?;
    let speaker = speaker(&catalogue.shop, asked.language);
    let asked_and_found = asked.coupons.into_iter().zip(&validated.coupons);
    let coupons: Vec<CouponOnCart> = asked_and_found
        .map(|(asked, coupon)| on_cart(asked, coupon.as_ref(), &validated.stack, &speaker))
        .collect();
    Ok(axum::Json(ValidationView {
        valid: coupons.iter().all(|coupon| coupon.applies),
        coupons,
        cart: CartView::new(&validated.stack.priced, catalogue.shop.currency),
    }))
}

fn on_cart(asked: String, coupon: Option<&Coupon>, stack: &Stack<'_>, speaker: &Speaker<'_>) -> CouponOnCart {
    let Some(coupon) = coupon else { return CouponOnCart::refused(asked, None, &Refusal::Unknown, speaker) };
    let is_this = |applied: &&Applied| applied.coupon == coupon.id;
    if let Some(applied) = stack.priced.applied().iter().find(is_this) {
        return CouponOnCart::applied(coupon, applied, stack.priced.cart().lines(), speaker);
    }
    let refusal = stack.refused.iter().find(|(id, _)| *id == coupon.id).map(|(_, refusal)| refusal);
    CouponOnCart::refused(asked, Some(coupon), refusal.unwrap_or(&Refusal::Unknown), speaker)
}

fn speaker(shop: &Shop, language: LanguageAsked) -> Speaker<'_> {
    Speaker { language: language.into(), currency: shop.currency, zone: &shop.zone }
}

fn identity(sent: &IdentitySent) -> Result<Identity, Refused> {
    sent.read().map_err(|error| invalid("/identity", error))
}

/// Reads the ids. What cannot be one names a coupon that is not there, like any other that nobody knows.
fn coupon_ids(asked: &[String]) -> Result<Vec<Option<CouponId>>, Refused> {
    if !(1..=COUPONS_MAX).contains(&asked.len()) {
        return Err(invalid("/coupons", format!("name 1 to {COUPONS_MAX} coupons")));
    }
    let mut seen = BTreeSet::new();
    if let Some(place) = asked.iter().position(|id| !seen.insert(id)) {
        return Err(invalid(&format!("/coupons/{place}"), "the coupon is named twice"));
    }
    Ok(asked.iter().map(|id| CouponId::parse(id).ok()).collect())
}

async fn cart<S: Store>(engine: &Engine<S>, shop: &Shop, sent: CartSent) -> Result<Cart, Refused> {
    if let Some(currency) = sent.currency.filter(|currency| currency != shop.currency.code()) {
        let currency: String = currency.chars().take(8).collect();
        let message =
            format!("the shop's currency is {}; `{currency}` is refused, never converted", shop.currency);
        return Err(invalid("/cart/currency", message));
    }
    // Checked before the products are looked up, so that a wrong cart asks the store for nothing.
    let sent = Cart::new(sent.lines.into_iter().map(Into::into).collect()).map_err(not_a_cart)?;
    let lines = complete(engine, sent.into_lines()).await?;
    Cart::new(lines).map_err(not_a_cart)
}

fn not_a_cart(wrong: NotACart) -> Refused {
    let pointer = match wrong.line {
        Some(line) => format!("/cart/lines/{line}/{}", wrong.field),
        None => format!("/cart/{}", wrong.field),
    };
    invalid(&pointer, wrong.why)
}
