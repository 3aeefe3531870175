//! Carts as they are sent, read under limits, and refusals as they are answered.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::StatusCode;
use wink_api::{CouponsRefused, LINES_MAX, LineSent, Problem, RefusalView};
use wink_core::base::{Cents, Currency, Zone};
use wink_core::coupon::{BasketLine, Locale, Refusal};
use wink_core::offer::Catalogue;
use wink_record::KeptAnswer;
use wink_store::Store;

use super::once::written;
use super::problem::{Refused, invalid};
use super::service::{Arrival, Caller};
use crate::Error;
use crate::flow::redeem::CartLine;

/// The longest name of an order, in bytes: shops use numbers and UUIDs.
const ORDER_BYTES_MAX: usize = 128;
/// The longest name of a line, in bytes.
const LINE_BYTES_MAX: usize = 64;
/// The longest name of a category, in bytes, as in events.
const CATEGORY_BYTES_MAX: usize = 128;
/// The most pieces of a line.
const QUANTITY_MAX: u32 = 1_000_000;
/// The most cents on one line, as in events.
const CENTS_MAX: i64 = 1_000_000_000;

/// Reads an order's id.
pub(super) fn order_id(text: &str) -> Result<String, Refused> {
    if text.is_empty() || ORDER_BYTES_MAX < text.len() {
        return Err(invalid("/order_id", format!("an order's id has 1 to {ORDER_BYTES_MAX} bytes")));
    }
    Ok(text.to_owned())
}

/// Reads the lines of an order.
pub(super) fn lines(sent: Vec<LineSent>) -> Result<Vec<CartLine>, Refused> {
    if sent.is_empty() || LINES_MAX < sent.len() {
        return Err(invalid("/lines", format!("an order has 1 to {LINES_MAX} lines")));
    }
    let mut names = BTreeSet::new();
    let mut lines = Vec::with_capacity(sent.len());
    for (place, line) in sent.into_iter().enumerate() {
        let wrong = |field: &str, message: String| Err(invalid(&format!("/lines/{place}/{field}"), message));
        if line.line.is_empty() || LINE_BYTES_MAX < line.line.len() {
            return wrong("line", format!("a line's name has 1 to {LINE_BYTES_MAX} bytes"));
        }
        if !names.insert(line.line.clone()) {
            return wrong("line", format!("line `{}` stands there twice", line.line));
        }
        if !(1..=QUANTITY_MAX).contains(&line.quantity) {
            return wrong("quantity", format!("a line has 1 to {QUANTITY_MAX} pieces"));
        }
        if !(0..=CENTS_MAX).contains(&line.amount_cents) {
            return wrong("amount_cents", format!("a line costs 0 to {CENTS_MAX} cents"));
        }
        if line.category.as_ref().is_some_and(|category| CATEGORY_BYTES_MAX < category.len()) {
            return wrong("category", format!("a category has at most {CATEGORY_BYTES_MAX} bytes"));
        }
        let LineSent { line, category, quantity, amount_cents } = line;
        lines.push(CartLine { line: BasketLine { line, quantity, spend: Cents(amount_cents) }, category });
    }
    Ok(lines)
}

/// What refusals are written with: the shop's money and days, and the request they answer.
pub(super) struct Words {
    catalogue: Option<Arc<Catalogue>>,
    request_id: String,
}

impl Words {
    /// Takes the words of the shop that is asked.
    pub(super) fn of<S: Store>(caller: &Caller<S>, arrival: &Arrival) -> Self {
        Self { catalogue: caller.engine.catalogue().ok(), request_id: arrival.request_id.clone() }
    }

    /// Shows a refusal.
    pub(super) fn refusal(&self, named: &str, refusal: &Refusal) -> RefusalView {
        let utc = Zone::utc();
        let shop = self.catalogue.as_ref().map(|catalogue| &catalogue.shop);
        let locale = Locale {
            currency: shop.map_or(Currency::NONE, |shop| shop.currency),
            zone: shop.map_or(&utc, |shop| &shop.zone),
        };
        RefusalView::new(named, refusal, &locale)
    }

    /// Writes an answer that nothing was done, and why. It is kept, so it names the request it was first given to.
    pub(super) fn refused(&self, refusals: Vec<RefusalView>) -> KeptAnswer {
        let first = refusals.first();
        let code = first.map_or("discount_code_invalid", |refusal| refusal.code);
        let message = first.map_or_else(String::new, |refusal| refusal.customer.en.clone());
        let mut problem = Problem::new(409, code, "The coupon does not apply", message);
        problem.request_id.clone_from(&self.request_id);
        written(StatusCode::CONFLICT, &CouponsRefused { problem, refusals })
    }

    /// Writes an answer that nothing was done, for reasons that are not a coupon's.
    pub(super) fn problem(&self, mut problem: Problem) -> KeptAnswer {
        problem.request_id.clone_from(&self.request_id);
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::CONFLICT);
        written(status, &problem)
    }
}

/// Maps an error of a flow; what is not there, whyever, is the same answer.
pub(super) fn hidden(error: Error) -> Refused {
    match error {
        Error::NotFound { what, .. } => super::problem::no_such(what),
        error => error.into(),
    }
}
