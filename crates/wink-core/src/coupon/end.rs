//! A coupon's life ends without being used: its time is over, it is taken back, or its person is erased.

use super::ledger::Account;
use super::life::{Coupon, Effect, Phase, State};
use super::refusal::Refusal;
use crate::base::Timestamp;

/// Does what time alone does: ends a hold that is over, and expires a coupon whose time is over. `None` if there is nothing to do.
pub fn expire(coupon: &Coupon, now: Timestamp) -> Option<Effect> {
    if coupon.due_at().is_none_or(|due| now < due) {
        return None;
    }
    if coupon.valid_until <= now {
        return Some(coupon.freed(State::Expired { at: now }, Account::Expired, now));
    }
    match &coupon.state {
        State::Reserved(hold) => Some(coupon.with_state(State::free(hold.activated_at))),
        _ => None,
    }
}

/// Takes a coupon back. One that was taken back before stays as it is.
///
/// # Errors
/// The [`Refusal`]. A coupon that is held for an order is promised there until the hold is over.
pub fn revoke(coupon: &Coupon, now: Timestamp) -> Result<Effect, Refusal> {
    match coupon.phase(now) {
        Ok(Phase::Asleep | Phase::Ready { .. }) => {
            Ok(coupon.freed(State::Revoked { at: now }, Account::Available, now))
        }
        Ok(Phase::Held(hold)) => Err(coupon.held(hold)),
        Err(Refusal::Revoked) => Ok(coupon.with_state(coupon.state.clone())),
        Err(refusal) => Err(refusal),
    }
}

impl Coupon {
    /// Tells whether it leads to somebody: by whose it is, or by the order that whoever had its code used it on.
    pub fn leads_to_somebody(&self) -> bool {
        let by_order = match &self.state {
            State::Redeemed { order_id, .. } => !order_id.is_empty(),
            // Used, given back to nobody in particular, and never used again.
            State::Expired { .. } => !self.redemptions.is_empty(),
            State::Issued | State::Activated { .. } | State::Reserved(_) | State::Revoked { .. } => false,
        };
        self.profile.is_some() || by_order
    }
}

/// Takes the person out of a coupon; one that was not used is revoked, and one still in circulation frees what it reserved.
pub fn release_of_erased(coupon: &Coupon, now: Timestamp) -> Effect {
    let mut effect = if coupon.is_in_circulation() {
        coupon.freed(State::Revoked { at: now }, Account::Available, now)
    } else {
        coupon.with_state(coupon.state.clone())
    };
    effect.coupon.profile = None;
    // A till may have taken it in time and not have told yet: that it is revoked says that its order belongs to nobody. Its money is back.
    if let State::Expired { at } = effect.coupon.state {
        effect.coupon.state = State::Revoked { at };
    }
    // An order id leads back to a person through the shop.
    if let State::Redeemed { order_id, .. } = &mut effect.coupon.state {
        order_id.clear();
    }
    effect
}
