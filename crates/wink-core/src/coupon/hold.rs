//! A coupon is held for an order while that is paid. No money moves: what the coupon can cost was reserved at its issue.

use super::cart::Stack;
use super::life::{Coupon, Effect, Hold, Phase, State};
use super::refusal::Refusal;
use crate::base::Timestamp;

/// How long a coupon is held for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldFor(u32);

/// A payment that somebody confirms by hand takes a day at most. Longer, a coupon could outlive its own end by more than anybody expects.
const SECONDS_MAX: u32 = 86_400;

impl HoldFor {
    /// Makes it from seconds; `None` unless they are 1 to 86,400.
    pub fn new(seconds: u32) -> Option<Self> {
        (1..=SECONDS_MAX).contains(&seconds).then_some(Self(seconds))
    }

    fn until(self, now: Timestamp) -> Timestamp {
        Timestamp(now.0 + 1_000 * i64::from(self.0))
    }
}

impl Default for HoldFor {
    /// A quarter of an hour: a checkout takes minutes.
    fn default() -> Self {
        Self(900)
    }
}

/// Holds a coupon for an order, for what it takes off the order's cart. Held for the same order before, it stays as it is, and its time is not
/// prolonged.
///
/// # Errors
/// The [`Refusal`], as a redemption on the same cart would have it.
pub fn reserve(
    coupon: &Coupon,
    order: &str,
    stack: &Stack<'_>,
    hold_for: HoldFor,
    now: Timestamp,
) -> Result<Effect, Refusal> {
    coupon.usable_at(now, Some(order))?;
    let Phase::Ready { activated_at } = coupon.phase(now)? else {
        return Ok(coupon.with_state(coupon.state.clone()));
    };
    let amount = stack.outcome(coupon.id)?.amount;
    let order_id = order.to_owned();
    let hold = Hold { order_id, amount, at: now, until: hold_for.until(now), activated_at };
    Ok(coupon.with_state(State::Reserved(hold)))
}

/// Lets a coupon go that an order does not need any more. One that is not held stays as it is.
///
/// # Errors
/// The [`Refusal`]; a coupon that is held for another order is not this one's to let go.
pub fn release(coupon: &Coupon, order_id: &str, now: Timestamp) -> Result<Effect, Refusal> {
    match coupon.phase(now)? {
        Phase::Asleep => Ok(coupon.with_state(State::Issued)),
        Phase::Ready { activated_at } => Ok(coupon.with_state(State::free(activated_at))),
        Phase::Held(hold) if hold.order_id == order_id => {
            Ok(coupon.with_state(State::free(hold.activated_at)))
        }
        Phase::Held(hold) => Err(coupon.held(hold)),
    }
}
