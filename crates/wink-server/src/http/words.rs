//! What is answered about coupons on a cart, in one shape whoever asks: with the shop's money and days, and the request it answers.

use std::sync::Arc;

use axum::http::StatusCode;
use wink_api::{CartView, CouponOnCart, CouponsOnCart, CouponsRefused, PointsOnCart, Problem};
use wink_core::base::{Cents, Currency, Points, Zone};
use wink_core::coupon::cart::Stack;
use wink_core::coupon::points::NotPaid;
use wink_core::coupon::{Coupon, Locale, Refusal};
use wink_core::offer::Catalogue;
use wink_record::KeptAnswer;
use wink_store::Store;

use super::once::written;
use super::service::{Arrival, Caller};
use crate::flow::points::pay::Tendered;

/// What answers are written with.
pub(super) struct Words {
    catalogue: Option<Arc<Catalogue>>,
    /// The clock of a shop that has no catalogue yet.
    utc: Zone,
    request_id: String,
}

impl Words {
    /// Takes the words of the shop that is asked.
    pub(super) fn of<S: Store>(caller: &Caller<S>, arrival: &Arrival) -> Self {
        let catalogue = caller.engine.catalogue().ok();
        Self { catalogue, utc: Zone::utc(), request_id: arrival.request_id.clone() }
    }

    /// Tells how the shop writes amounts and dates.
    pub(super) fn locale(&self) -> Locale<'_> {
        match &self.catalogue {
            Some(catalogue) => Locale { currency: catalogue.shop.currency, zone: &catalogue.shop.zone },
            None => Locale { currency: Currency::NONE, zone: &self.utc },
        }
    }

    /// Shows what becomes of a coupon.
    pub(super) fn coupon(&self, asked: &str, coupon: Option<&Coupon>, stack: &Stack<'_>) -> CouponOnCart {
        let Some(coupon) = coupon else { return self.refused(asked, None, &Refusal::Unknown) };
        match stack.outcome(coupon.id) {
            Ok(applied) => {
                let lines = stack.priced.cart().lines();
                CouponOnCart::applied(asked.to_owned(), coupon, applied, lines, self.locale())
            }
            Err(refusal) => self.refused(asked, Some(coupon), &refusal),
        }
    }

    /// Shows a coupon that does not apply.
    pub(super) fn refused(&self, asked: &str, coupon: Option<&Coupon>, refusal: &Refusal) -> CouponOnCart {
        CouponOnCart::refused(asked.to_owned(), coupon, refusal, self.locale())
    }

    /// Shows coupons together on a cart.
    pub(super) fn together(&self, coupons: Vec<CouponOnCart>, stack: &Stack<'_>) -> CouponsOnCart {
        CouponsOnCart {
            valid: coupons.iter().all(|coupon| coupon.applies),
            coupons,
            points: None,
            cart: CartView::new(&stack.priced, self.locale().currency),
        }
    }

    /// Adds what points pay of it, or why they do not. Without any being asked for, an order that points pay for already says so.
    pub(super) fn pay(
        &self,
        answer: &mut CouponsOnCart,
        asked: Option<Points>,
        outcome: Option<&Result<Tendered, NotPaid>>,
        stack: &Stack<'_>,
    ) {
        let to_pay: Cents = stack.priced.left().iter().copied().sum();
        answer.points = outcome.map(|outcome| {
            let paid = outcome.as_ref().map(|tendered| (&tendered.tender, tendered.balance));
            PointsOnCart::new(asked.unwrap_or(Points::ZERO), paid, to_pay, self.locale())
        });
        answer.valid &= answer.points.as_ref().is_none_or(|points| points.applies);
    }

    /// Writes an answer that nothing was done, and why. It is kept, so it names the request it was first given to.
    pub(super) fn nothing_done(&self, coupons: Vec<CouponOnCart>, cart: Option<CartView>) -> KeptAnswer {
        self.nothing_paid(coupons, None, cart)
    }

    /// The same, of coupons and points.
    pub(super) fn nothing_paid(
        &self,
        coupons: Vec<CouponOnCart>,
        points: Option<PointsOnCart>,
        cart: Option<CartView>,
    ) -> KeptAnswer {
        let reason = coupons.iter().find_map(|coupon| coupon.reason.as_ref());
        let reason = reason.or(points.as_ref().and_then(|points| points.reason.as_ref()));
        let title = if coupons.is_empty() { "The points do not pay" } else { "The coupon does not apply" };
        let code = reason.map_or("discount_code_invalid", |reason| reason.code);
        let message = reason.map_or_else(String::new, |reason| reason.customer.en.clone());
        let mut problem = Problem::new(409, code, title, message);
        problem.request_id.clone_from(&self.request_id);
        written(StatusCode::CONFLICT, &CouponsRefused { problem, coupons, points, cart })
    }

    /// Writes an answer that nothing was done, for reasons that are not a coupon's.
    pub(super) fn problem(&self, mut problem: Problem) -> KeptAnswer {
        problem.request_id.clone_from(&self.request_id);
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::CONFLICT);
        written(status, &problem)
    }
}
