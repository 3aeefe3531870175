//! A person activates a coupon, or takes that back. Only where the offer asks for it: every other coupon can be used at once.

use super::life::{Coupon, Effect, Phase, State};
use super::refusal::Refusal;
use crate::base::Timestamp;

/// Activates a coupon. One that is active stays as it is.
///
/// # Errors
/// The [`Refusal`].
pub fn activate(coupon: &Coupon, now: Timestamp) -> Result<Effect, Refusal> {
    match coupon.phase(now)? {
        Phase::Asleep => Ok(coupon.with_state(State::Activated { at: now })),
        Phase::Ready { activated_at: Some(at) } => Ok(coupon.with_state(State::Activated { at })),
        Phase::Ready { activated_at: None } => Err(Refusal::NeedsNoActivation),
        Phase::Held(hold) => Err(coupon.held(hold)),
    }
}

/// Takes the activation back. A coupon that is not active stays as it is.
///
/// # Errors
/// The [`Refusal`].
pub fn deactivate(coupon: &Coupon, now: Timestamp) -> Result<Effect, Refusal> {
    match coupon.phase(now)? {
        Phase::Asleep | Phase::Ready { activated_at: Some(_) } => Ok(coupon.with_state(State::Issued)),
        Phase::Ready { activated_at: None } => Err(Refusal::NeedsNoActivation),
        Phase::Held(hold) => Err(coupon.held(hold)),
    }
}
