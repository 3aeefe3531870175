//! Several coupons on one cart: in the order the policy says, each that may and can.

use super::line::Cart;
use super::priced::Priced;
use crate::base::{CouponId, Timestamp};
use crate::coupon::life::Coupon;
use crate::coupon::refusal::{Beside, Refusal};
use crate::offer::{CartPolicy, Catalogue, Clash, Stacking};

/// A coupon somebody would use, with how it meets others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The coupon.
    pub coupon: &'a Coupon,
    /// What the catalogue in force says of its offer.
    pub stacking: Stacking,
}

impl<'a> Claim<'a> {
    /// Looks up how the coupon meets others. That is the catalogue's in force, because it is about coupons of other offers too; what the
    /// coupon gives alone is fixed at its issue.
    pub fn new(coupon: &'a Coupon, catalogue: &Catalogue) -> Self {
        Self { coupon, stacking: catalogue.stacking(&coupon.offer) }
    }
}

/// Sorts into the order in which coupons count: higher priority first, then what runs out sooner, then by id.
pub(super) fn in_order<'c, 'a>(claims: &'c [Claim<'a>]) -> Vec<&'c Claim<'a>> {
    let mut claims: Vec<&Claim<'_>> = claims.iter().collect();
    claims.sort_by_key(|claim| {
        let coupon = claim.coupon;
        (std::cmp::Reverse(claim.stacking.priority), coupon.valid_until, coupon.id)
    });
    claims
}

/// A cart with those coupons on it that apply, and why the others do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack<'a> {
    /// The cart with the coupons that apply.
    pub priced: Priced<'a>,
    /// Why each other coupon does not, in the order in which they were tried.
    pub refused: Vec<(CouponId, Refusal)>,
}

/// Puts coupons on a cart in the policy's order. One that would not apply alone says what it needs; one that others stand in the way of says
/// without which of them it would apply.
pub fn put_on<'a>(cart: &'a Cart, claims: &[Claim<'_>], policy: &CartPolicy, now: Timestamp) -> Stack<'a> {
    let mut stack = Stack { priced: Priced::new(cart, policy), refused: Vec::new() };
    let mut beside: Vec<&Claim<'_>> = Vec::new();
    for claim in in_order(claims) {
        match alone(cart, claim, policy, now).and_then(|()| join(&mut stack.priced, &beside, claim, policy)) {
            Ok(()) => beside.push(claim),
            Err(refusal) => stack.refused.push((claim.coupon.id, refusal)),
        }
    }
    stack
}

/// Tries a coupon on a cart with no other.
pub(super) fn alone(
    cart: &Cart,
    claim: &Claim<'_>,
    policy: &CartPolicy,
    now: Timestamp,
) -> Result<(), Refusal> {
    claim.coupon.usable_at(now)?;
    Priced::new(cart, policy).put(claim.coupon)
}

fn join(
    priced: &mut Priced<'_>,
    beside: &[&Claim<'_>],
    claim: &Claim<'_>,
    policy: &CartPolicy,
) -> Result<(), Refusal> {
    let all = || beside.iter().map(|other| other.coupon.id).collect();
    if let Some((why, in_the_way)) = clash(beside, claim, policy) {
        // Whether the rest leaves something for it is seen by trying.
        let mut without = Priced::new(priced.cart(), policy);
        let others = beside.iter().filter(|other| !in_the_way.contains(&other.coupon.id));
        let fits = others.map(|other| without.put(other.coupon)).all(|put| put.is_ok())
            && without.put(claim.coupon).is_ok();
        return Err(Refusal::Combination { why, leave_out: if fits { in_the_way } else { all() } });
    }
    priced.put(claim.coupon).map_err(|_| Refusal::Combination { why: Beside::NothingLeft, leave_out: all() })
}

/// Finds the coupons that may not be there beside a further one.
pub(super) fn clash(
    beside: &[&Claim<'_>],
    claim: &Claim<'_>,
    policy: &CartPolicy,
) -> Option<(Beside, Vec<CouponId>)> {
    let clashing = |why: Clash| -> Vec<CouponId> {
        let others = beside.iter().filter(|other| claim.stacking.clash(&other.stacking) == Some(why));
        others.map(|other| other.coupon.id).collect()
    };
    for (why, clash) in [(Beside::StandsAlone, Clash::StandsAlone), (Beside::SameGroup, Clash::SameGroup)] {
        let in_the_way = clashing(clash);
        if !in_the_way.is_empty() {
            return Some((why, in_the_way));
        }
    }
    let last = beside.last().filter(|_| usize::from(policy.max_stack) <= beside.len())?;
    Some((Beside::TooMany { at_most: policy.max_stack }, vec![last.coupon.id]))
}
