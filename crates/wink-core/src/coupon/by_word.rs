//! Somebody uses a public code. The word is no coupon: each use makes one, issued and redeemed in the same step, so that it is found, taken back
//! and accounted for like any other.

use super::cart::Stack;
use super::issue::{of_offer, reserving};
use super::life::{Coupon, Effect};
use super::redeem::redeem;
use super::refusal::Refusal;
use crate::base::{CouponId, DecisionId, Hasher, OfferId, ProfileId, Timestamp};
use crate::offer::{Campaign, Offer};

/// Tells what stands in the coupons of a public code where others have their decision: that anybody may have one was decided once.
pub fn decided_by_word(offer: &OfferId) -> DecisionId {
    DecisionId::seeded("public code", &[offer.as_str().as_bytes()])
}

/// Names the coupon as which a public code is used on an order: the same order is the same coupon. Under a secret, so that nobody reckons it.
pub fn coupon_of_word(secret: &[u8; 32], offer: &OfferId, order: &str) -> CouponId {
    let hash = Hasher::keyed(secret, "public code coupon").field(offer.as_str().as_bytes());
    CouponId::from_bytes(hash.field(order.as_bytes()).finish().short())
}

/// Makes the coupon as which somebody would use a public code. It is not issued: nothing is reserved for it in the ledger. `None` if the offer has
/// several values.
pub fn by_word(
    id: CouponId,
    offer: &Offer,
    campaign: &Campaign,
    profile: Option<ProfileId>,
    now: Timestamp,
) -> Option<Coupon> {
    let [benefit] = offer.benefits.as_slice() else { return None };
    let coupon = of_offer(id, decided_by_word(&offer.id), campaign, offer, *benefit, now);
    Some(Coupon { profile, ..coupon })
}

/// Issues such a coupon and redeems it on an order, both at once: what is reserved is what it takes off, so that the last cents of a budget can be
/// spent.
///
/// # Errors
/// The [`Refusal`], with what would make it apply.
pub fn redeem_by_word(
    coupon: &Coupon,
    order: &str,
    stack: &Stack<'_>,
    now: Timestamp,
) -> Result<Effect, Refusal> {
    let reserved = stack.outcome(coupon.id)?.amount;
    let issued = reserving(Coupon { reserved, ..coupon.clone() });
    let mut effect = redeem(&issued.coupon, order, stack, now)?;
    effect.entries.splice(0..0, issued.entries);
    Ok(effect)
}

impl Coupon {
    /// Tells whether it is a use of its offer's public code.
    pub fn is_by_word(&self) -> bool {
        self.decision == decided_by_word(&self.offer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::cart::{Checkout, Claim, put_on};
    use super::super::tests::{coupon, line, order_of};
    use super::super::{TakenBack, reverse};
    use super::*;
    use crate::base::Cents;
    use crate::offer::{Benefit, CartPolicy, ReversalReason, Stacking};

    /// A tenth of everything, at most 3.00, on an order of 9.00.
    fn used() -> Effect {
        let benefit = Benefit::Percent { basis_points: 1_000, maximum: Cents(300) };
        let mut coupon = coupon(benefit, 0, 0);
        coupon.decision = decided_by_word(&coupon.offer);
        assert!(coupon.is_by_word());
        let order = order_of("o", vec![line("all", 1, 900)]);
        let policy = CartPolicy::default();
        let claim =
            Claim { coupon: &coupon, stacking: Stacking::default(), redeemed: None, bounds: Vec::new() };
        let checkout = Checkout { policy: &policy, order: Some("o"), now: Timestamp(0) };
        let stack = put_on(&order.cart, &[claim], &checkout);
        redeem_by_word(&coupon, "o", &stack, Timestamp(0)).unwrap()
    }

    #[test]
    fn a_use_reserves_what_it_takes_off_and_no_more() {
        let effect = used();
        let moved: Vec<String> = effect
            .entries
            .iter()
            .map(|entry| format!("{}>{} {}", entry.from.name(), entry.to.name(), entry.amount.in_euros()))
            .collect();
        assert_eq!(moved, ["available>reserved 0.90", "reserved>spent 0.90"]);
        assert_eq!(effect.entries.iter().map(super::super::Entry::owed).sum::<Cents>(), Cents(90));
        assert_ne!(effect.entries[0].id, effect.entries[1].id);
    }

    #[test]
    fn what_comes_back_of_a_use_is_worth_what_it_took_off() {
        let effect = used();
        let redemption = effect.redemption.as_ref().unwrap();
        let back = reverse(
            &effect.coupon,
            redemption,
            &TakenBack::Everything,
            ReversalReason::Cancel,
            Cents::ZERO,
            Timestamp(1),
        );
        assert_eq!(back.unwrap().coupon.reserved, Cents(90));
    }

    #[test]
    fn one_order_is_one_coupon_and_whoever_knows_the_order_does_not_reckon_it() {
        let offer = OfferId::parse("tea").unwrap();
        let id = |secret, order| coupon_of_word(&[secret; 32], &offer, order);
        assert_eq!(id(1, "o-1"), id(1, "o-1"));
        assert_ne!(id(1, "o-1"), id(1, "o-2"));
        assert_ne!(id(1, "o-1"), id(2, "o-1"));
    }
}
