//! Several coupons on one cart: in the order the policy says, each that may and can.

use super::line::Cart;
use super::priced::{Applied, Priced};
use crate::base::{CouponId, Timestamp};
use crate::coupon::life::Coupon;
use crate::coupon::limit::{Bound, Counts, UseCount};
use crate::coupon::redemption::Redemption;
use crate::coupon::refusal::{Beside, Refusal};
use crate::offer::{CartPolicy, Catalogue, Clash, Stacking};

/// A coupon somebody would use, with how it meets others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The coupon.
    pub coupon: &'a Coupon,
    /// What the catalogue in force says of its offer.
    pub stacking: Stacking,
    /// What it was redeemed as on this very order before, if that still costs anything: it stands, whatever the policy says by now.
    pub redeemed: Option<&'a Redemption>,
    /// What bounds its use beside its terms; nothing for what was redeemed before.
    pub bounds: Vec<Bound>,
}

/// Where coupons are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkout<'a> {
    /// What holds for the cart whatever coupons are on it.
    pub policy: &'a CartPolicy,
    /// The order, if it has an id yet: a coupon that is held for it applies to it.
    pub order: Option<&'a str>,
    /// When.
    pub now: Timestamp,
}

impl<'a> Claim<'a> {
    /// Looks up how the coupon meets others. That is the catalogue's in force, because it is about coupons of other offers too; what the
    /// coupon gives alone is fixed at its issue.
    pub fn new(coupon: &'a Coupon, catalogue: &Catalogue) -> Self {
        Self { coupon, stacking: catalogue.stacking(&coupon.offer), redeemed: None, bounds: Vec::new() }
    }
}

/// Sorts into the order in which coupons count: what was redeemed before, then higher priority first, then what runs out sooner, then by id.
pub(super) fn in_order<'c, 'a>(claims: &'c [Claim<'a>]) -> Vec<&'c Claim<'a>> {
    let mut claims: Vec<&Claim<'_>> = claims.iter().collect();
    claims.sort_by_key(|claim| {
        let coupon = claim.coupon;
        (claim.redeemed.is_none(), std::cmp::Reverse(claim.stacking.priority), coupon.valid_until, coupon.id)
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
    /// Whether what was redeemed on the order before has room on the cart, all of it.
    pub fits: bool,
}

impl Stack<'_> {
    /// Tells what became of a coupon: of its use now, also where some of an earlier one stands on the order; and as what it was redeemed there before,
    /// where it was not tried again.
    ///
    /// # Errors
    /// Why it does not apply. One that was not tried is as unknown as one that is not there.
    pub fn outcome(&self, coupon: CouponId) -> Result<&Applied, Refusal> {
        let its = || self.priced.applied().iter().filter(|applied| applied.coupon == coupon);
        if let Some(applied) = its().find(|applied| applied.redeemed.is_none()) {
            return Ok(applied);
        }
        match self.refused.iter().find(|(id, _)| *id == coupon) {
            Some((_, refusal)) => Err(refusal.clone()),
            None => its().next_back().ok_or(Refusal::Unknown),
        }
    }
}

/// Puts coupons on a cart in the policy's order. One that would not apply alone says what it needs; one that others stand in the way of says
/// without which of them it would apply. Where what was redeemed on the order before has no room, every coupon that could be used says that: what
/// the order costs is not what the ledger says, until that is taken back.
pub fn put_on<'a>(cart: &'a Cart, claims: &[Claim<'_>], checkout: &Checkout<'_>) -> Stack<'a> {
    let mut stack = Stack { priced: Priced::new(cart, checkout.policy), refused: Vec::new(), fits: true };
    let (mut beside, others): (Vec<_>, Vec<_>) =
        in_order(claims).into_iter().partition(|claim| claim.redeemed.is_some());
    stack.fits = stack.priced.begin(&beside);
    if !stack.fits {
        for claim in beside.iter().chain(&others) {
            // One that cannot be used on any cart says so.
            let usable = claim.coupon.usable_at(checkout.now, checkout.order);
            let own = usable.err().filter(|_| claim.redeemed.is_none());
            stack.refused.push((claim.coupon.id, own.unwrap_or(Refusal::OtherCart)));
        }
        return stack;
    }
    for claim in others {
        let joined = alone(cart, claim, checkout)
            .and_then(|()| join(&mut stack.priced, &beside, claim, checkout.policy));
        match joined {
            Ok(()) => beside.push(claim),
            Err(refusal) => stack.refused.push((claim.coupon.id, refusal)),
        }
    }
    stack
}

/// Tries a coupon on a cart with no other.
pub(super) fn alone(cart: &Cart, claim: &Claim<'_>, checkout: &Checkout<'_>) -> Result<(), Refusal> {
    claim.coupon.usable_at(checkout.now, checkout.order)?;
    Priced::new(cart, checkout.policy).put(claim)
}

fn join(
    priced: &mut Priced<'_>,
    beside: &[&Claim<'_>],
    claim: &Claim<'_>,
    policy: &CartPolicy,
) -> Result<(), Refusal> {
    let (why, in_the_way) = match clash(beside, claim, policy) {
        Some(clash) => clash,
        None if priced.put(claim).is_ok() => return Ok(()),
        None => (Beside::NothingLeft, Vec::new()),
    };
    // What was redeemed before cannot be left out; whether the rest leaves something for it is seen by trying.
    let others = beside.iter().filter(|other| other.redeemed.is_none());
    let all: Vec<CouponId> = others.map(|other| other.coupon.id).collect();
    let helps = |gone: &Vec<CouponId>| {
        let stays = |other: &&&Claim<'_>| other.redeemed.is_some() || !gone.contains(&other.coupon.id);
        let rest: Vec<&Claim<'_>> = beside.iter().filter(stays).copied().collect();
        let mut without = Priced::new(priced.cart(), policy);
        gone.iter().all(|gone| all.contains(gone))
            && clash(&rest, claim, policy).is_none()
            && rest.iter().all(|other| without.put(other).is_ok())
            && without.put(claim).is_ok()
    };
    let leave_out = [&in_the_way, &all].into_iter().find(|gone| helps(gone)).cloned();
    Err(Refusal::Combination { why, leave_out: leave_out.unwrap_or_default() })
}

/// Finds the coupons that may not be there beside a further one. What stands of an earlier use of the same coupon is no other one: both together
/// take no more than it was worth.
pub(super) fn clash(
    beside: &[&Claim<'_>],
    claim: &Claim<'_>,
    policy: &CartPolicy,
) -> Option<(Beside, Vec<CouponId>)> {
    let beside: Vec<&Claim<'_>> =
        beside.iter().filter(|other| other.coupon.id != claim.coupon.id).copied().collect();
    for why in [Beside::OtherPerson, Beside::StandsAlone, Beside::SameGroup] {
        let others = beside.iter().filter(|other| claim.against(other) == Some(why));
        let in_the_way: Vec<CouponId> = others.map(|other| other.coupon.id).collect();
        if !in_the_way.is_empty() {
            return Some((why, in_the_way));
        }
    }
    let is_first = |(place, other): &(usize, &&Claim<'_>)| {
        beside.iter().take(*place).all(|before| before.coupon.id != other.coupon.id)
    };
    let count = beside.iter().enumerate().filter(is_first).count();
    let last = beside.last().filter(|_| usize::from(policy.max_stack) <= count)?;
    Some((Beside::TooMany { at_most: policy.max_stack }, vec![last.coupon.id]))
}

impl Claim<'_> {
    /// Lists the limits per day and store it counts for.
    pub(super) fn counted(&self) -> Vec<UseCount> {
        let count = |bound: &Bound| match &bound.counts {
            Counts::Uses(count) => Some(count.clone()),
            _ => None,
        };
        self.bounds.iter().filter_map(count).collect()
    }

    /// Tells what stands against it beside another.
    fn against(&self, other: &Self) -> Option<Beside> {
        // A redemption tells of one person, and so does an order.
        if self.coupon.profile != other.coupon.profile {
            return Some(Beside::OtherPerson);
        }
        Some(match self.stacking.clash(&other.stacking)? {
            Clash::StandsAlone => Beside::StandsAlone,
            Clash::SameGroup => Beside::SameGroup,
        })
    }
}
