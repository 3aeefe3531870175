//! Carts as they are sent, with the coupons and the order they are about: read under limits, and completed from the list of products.

use std::collections::BTreeSet;

use wink_api::{COUPONS_MAX, CartSent, IdentitySent};
use wink_core::base::Points;
use wink_core::coupon::cart::{Cart, NotACart};
use wink_core::event::Identity;
use wink_core::offer::Shop;
use wink_store::Store;

use super::problem::{Refused, invalid};
use super::service::Caller;
use crate::flow::cart::complete;
use crate::{Engine, Error};

/// The longest name of an order, in bytes: shops use numbers and UUIDs.
pub(super) const ORDER_BYTES_MAX: usize = 128;

/// The longest name of a category, in bytes, as in events.
const CATEGORY_BYTES_MAX: usize = 128;

/// Public codes of one qualification: nobody types more.
const CODES_MAX: usize = 5;

/// The longest name of a store, in bytes, as in a till's key.
const STORE_BYTES_MAX: usize = 64;

/// Reads an order's id.
pub(super) fn order_id(text: String) -> Result<String, Refused> {
    if text.is_empty() || ORDER_BYTES_MAX < text.len() {
        return Err(invalid("/order_id", format!("an order's id has 1 to {ORDER_BYTES_MAX} bytes")));
    }
    Ok(text)
}

/// Reads whose coupons they are to be.
pub(super) fn identity(sent: &IdentitySent) -> Result<Identity, Refused> {
    sent.read().map_err(|error| invalid("/identity", error))
}

/// Reads the coupons of a cart. What cannot be an id names a coupon that is not there, like any other that nobody knows.
pub(super) fn coupons(asked: Vec<String>) -> Result<Vec<String>, Refused> {
    if !(1..=COUPONS_MAX).contains(&asked.len()) {
        return Err(invalid("/coupons", format!("name 1 to {COUPONS_MAX} coupons")));
    }
    let mut seen = BTreeSet::new();
    if let Some(place) = asked.iter().position(|id| !seen.insert(id)) {
        return Err(invalid(&format!("/coupons/{place}"), "the coupon is named twice"));
    }
    Ok(asked)
}

/// Reads the coupons of a cart that points may pay for as well, and the points.
pub(super) fn coupons_and_points(
    asked: Vec<String>,
    points: Option<i64>,
) -> Result<(Vec<String>, Option<Points>), Refused> {
    if points.is_some_and(|points| points < 1) {
        return Err(invalid("/points", "name 1 point or more, or leave `points` out"));
    }
    let points = points.map(Points);
    match asked {
        none if none.is_empty() && points.is_some() => Ok((none, points)),
        none if none.is_empty() => {
            Err(invalid("/coupons", format!("name 1 to {COUPONS_MAX} coupons, or `points`")))
        }
        some => Ok((coupons(some)?, points)),
    }
}

/// Reads the public codes of a qualification.
pub(super) fn codes(asked: Vec<String>) -> Result<Vec<String>, Refused> {
    if CODES_MAX < asked.len() {
        return Err(invalid("/codes", format!("at most {CODES_MAX} codes are typed for one cart")));
    }
    let mut seen = BTreeSet::new();
    if let Some(place) = asked.iter().position(|code| !seen.insert(code)) {
        return Err(invalid(&format!("/codes/{place}"), "the code is named twice"));
    }
    Ok(asked)
}

/// Reads the store a cart is in: a till's is its key's.
pub(super) fn store<S>(caller: &Caller<S>, sent: Option<String>) -> Result<Option<String>, Refused> {
    let Some(sent) = sent else { return Ok(caller.access.store.clone()) };
    if caller.access.store.as_ref().is_some_and(|bound| *bound != sent) {
        return Err(invalid("/store", "this key belongs to the till of another store"));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if sent.is_empty() || STORE_BYTES_MAX < sent.len() || !sent.bytes().all(plain) {
        let message = format!("a store's name has 1 to {STORE_BYTES_MAX} letters, digits, `-`, `_` or `.`");
        return Err(invalid("/store", message));
    }
    Ok(Some(sent))
}

/// Reads a cart.
pub(super) async fn cart<S: Store>(engine: &Engine<S>, shop: &Shop, sent: CartSent) -> Result<Cart, Refused> {
    if let Some(currency) = sent.currency.filter(|currency| currency != shop.currency.code()) {
        let currency: String = currency.chars().take(8).collect();
        let message =
            format!("the shop's currency is {}; `{currency}` is refused, never converted", shop.currency);
        return Err(invalid("/cart/currency", message));
    }
    let is_long = |category: &String| CATEGORY_BYTES_MAX < category.len();
    if let Some(line) = sent.lines.iter().position(|line| line.category.as_ref().is_some_and(is_long)) {
        let message = format!("a category has at most {CATEGORY_BYTES_MAX} bytes");
        return Err(invalid(&format!("/cart/lines/{line}/category"), message));
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

/// Maps an error of a flow; what is not there, whyever, is the same answer.
pub(super) fn hidden(error: Error) -> Refused {
    match error {
        Error::NotFound { what, .. } => super::problem::no_such(what),
        error => error.into(),
    }
}
