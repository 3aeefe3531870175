//! How often one person, and all who live with them, may have an offer by codes that are for anybody: public codes, and those of coupons that were
//! issued in bulk. A coupon that was nobody's is the person's from its redemption on, and counts like any that they were given.

use super::by_word::decided_by_word;
use super::limit::{Bound, Counts};
use super::refusal::Refusal;
use super::{Coupon, Given, Held, Wallet};
use crate::base::{OfferId, Timestamp};
use crate::offer::Offer;

/// Bounds what somebody may still have of an offer: themself, and with all who live with them where the offer is limited so.
///
/// `had` is what they had under all their profiles, `together` what all in their household had ([`given_together`](super::given_together)). Times it was withheld to measure do not count:
/// whoever types a code asks for it.
pub fn person_bounds(offer: &Offer, had: u32, together: u32) -> Vec<Bound> {
    let left = |at_most: u32, had: u32| Some(at_most.saturating_sub(had));
    let at_most = offer.limits.per_profile;
    let mut bounds = vec![Bound {
        counts: Counts::Person(offer.id.clone()),
        uses_left: left(at_most, had),
        amount_left: None,
        next: None,
        refusal: Refusal::PersonLimit { at_most },
    }];
    if let Some(at_most) = offer.limits.per_household {
        // Whoever lives in none is one of their own.
        let all = together.max(had);
        bounds.push(Bound {
            counts: Counts::Household(offer.id.clone()),
            uses_left: left(at_most, all),
            amount_left: None,
            next: None,
            refusal: Refusal::HouseholdLimit { at_most },
        });
    }
    bounds
}

impl Wallet {
    /// Counts the coupons, and rights to them, that the person had of an offer.
    pub fn count_of(&self, offer: &OfferId) -> u32 {
        let had =
            |held: &&Held| held.offer == *offer && matches!(held.given, Given::Coupon(_) | Given::Right);
        u32::try_from(self.held.iter().filter(had).count()).unwrap_or(u32::MAX)
    }
}

impl Held {
    /// Notes that a person took a coupon by a code that is for anybody. No decision gave it to them, and nobody was drawn by lot for it.
    pub fn by_code(coupon: &Coupon, at: Timestamp) -> Self {
        Self {
            at,
            decision: decided_by_word(&coupon.offer),
            campaign: coupon.campaign.clone(),
            offer: coupon.offer.clone(),
            given: Given::Coupon(coupon.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cart::{Checkout, Claim, put_on};
    use super::super::tests::{line, order_of};
    use super::*;
    use crate::base::{Cents, CouponId, DecisionId};
    use crate::offer::{Benefit, CartPolicy, Stacking};

    fn limited(per_profile: u32, per_household: Option<u32>) -> Offer {
        let mut offer = crate::decision::hesitation::plain().offers.remove(0);
        offer.limits.per_profile = per_profile;
        offer.limits.per_household = per_household;
        offer
    }

    /// How many of five codes of one offer apply on one cart, and what is said to the others.
    fn applied(offer: &Offer, had: u32, together: u32) -> (usize, Option<&'static str>) {
        let coupons: Vec<Coupon> = (1..=5)
            .map(|number| {
                let coupon = super::super::tests::coupon(Benefit::Amount(Cents(100)), 0, 0);
                Coupon { id: CouponId::from_bytes([number; 16]), profile: None, ..coupon }
            })
            .collect();
        let policy = CartPolicy::default();
        let stacking = Stacking { stacks: true, ..Stacking::default() };
        let claim = |coupon| Claim {
            coupon,
            stacking: stacking.clone(),
            redeemed: None,
            bounds: person_bounds(offer, had, together),
        };
        let claims: Vec<Claim<'_>> = coupons.iter().map(claim).collect();
        let order = order_of("o", vec![line("all", 1, 9_000)]);
        let checkout = Checkout { policy: &policy, order: Some("o"), now: Timestamp(0) };
        let stack = put_on(&order.cart, &claims, &checkout);
        let refused = coupons.iter().find_map(|coupon| stack.outcome(coupon.id).err());
        (stack.priced.applied().len(), refused.map(|refusal| refusal.code()))
    }

    /// What is said to a code that does not apply: the limit that is reached, or that others on the cart stand in the way.
    fn said(left: usize, limit: &'static str) -> Option<&'static str> {
        match left {
            0 => Some(limit),
            1..5 => Some("discount_code_combination_disallowed"),
            _ => None,
        }
    }

    #[test]
    fn codes_of_one_cart_share_what_is_left_to_a_person_and_a_household() {
        for per_profile in 1..=6_u32 {
            for had in 0..=7 {
                let left = per_profile.saturating_sub(had).min(5) as usize;
                let expected = (left, said(left, "profile_limit"));
                assert_eq!(applied(&limited(per_profile, None), had, 9), expected, "{per_profile} {had}");
                for together in [0, 2, 4] {
                    let by_home = 4_u32.saturating_sub(had.max(together)) as usize;
                    let limit = if left == 0 { "profile_limit" } else { "household_limit" };
                    let expected = (left.min(by_home), said(left.min(by_home), limit));
                    let found = applied(&limited(per_profile, Some(4)), had, together);
                    assert_eq!(found, expected, "{per_profile} {had} {together}");
                }
            }
        }
    }

    #[test]
    fn what_was_taken_by_a_code_counts_and_assigns_nobody() {
        let coupon = super::super::tests::coupon(Benefit::Amount(Cents(100)), 0, 0);
        let mut wallet = Wallet::default();
        wallet.held.push(Held::by_code(&coupon, Timestamp(7)));
        assert_eq!(
            (wallet.count_of(&coupon.offer), wallet.count_of(&OfferId::parse("other").unwrap())),
            (1, 0)
        );
        assert_eq!(wallet.held[0].coupon(), Some(coupon.id));
        assert_eq!(wallet.first_assignment(&coupon.campaign), None, "nobody was drawn for it");
        let drawn = Held { decision: DecisionId::from_bytes([9; 16]), ..wallet.held[0].clone() };
        for (given, count) in [(Given::Right, 2), (Given::Lapsed, 1), (Given::HeldOut, 1)] {
            let mut wallet = wallet.clone();
            wallet.held.push(Held { given, ..drawn.clone() });
            assert_eq!(wallet.count_of(&coupon.offer), count, "{given:?}");
            assert!(wallet.first_assignment(&coupon.campaign).is_some());
        }
    }
}
