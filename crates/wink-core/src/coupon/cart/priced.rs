//! A cart with coupons on it: what is left to pay for each line, and what no further coupon may bring it below.

use super::allocate::{Room, allocate, of_first};
use super::line::{Cart, Line};
use super::stack::Claim;
use crate::base::{Cents, CouponId, RedemptionId};
use crate::coupon::life::Coupon;
use crate::coupon::limit::{Counts, UseCount, refused_by};
use crate::coupon::redemption::{Part, Redemption};
use crate::coupon::refusal::{NearestMiss, Refusal};
use crate::offer::CartPolicy;

/// A cart with the coupons put on it so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced<'a> {
    cart: &'a Cart,
    /// What is left to pay, by line.
    left: Vec<Cents>,
    /// What must remain, by line; never more than what is left.
    floor: Vec<Cents>,
    applied: Vec<Applied>,
    /// What the coupons count for, and with how much.
    taken: Vec<(Counts, Cents)>,
}

/// What a coupon takes off a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Which coupon.
    pub coupon: CouponId,
    /// All of it.
    pub amount: Cents,
    /// By line, in the cart's order; adds up to the amount.
    pub by_line: Vec<Cents>,
    /// Which limits per day and store it is counted for.
    pub counted: Vec<UseCount>,
    /// The redemption it is, if it was redeemed on this order before.
    pub redeemed: Option<RedemptionId>,
}

impl<'a> Priced<'a> {
    /// Begins with no coupon. Of a line whose cost is known the policy's share of it must remain; one that is cheaper anyway keeps its price.
    pub fn new(cart: &'a Cart, policy: &CartPolicy) -> Self {
        let left: Vec<Cents> = cart.lines().iter().map(Line::price).collect();
        let costs = cart.lines().iter().map(Line::cost);
        let floor = costs
            .zip(&left)
            .map(|(cost, left)| cost.map_or(Cents::ZERO, |cost| policy.cost_floor(cost)).min(*left));
        Self { cart, floor: floor.collect(), left, applied: Vec::new(), taken: Vec::new() }
    }

    /// The cart.
    pub fn cart(&self) -> &'a Cart {
        self.cart
    }

    /// What is left to pay, by line.
    pub fn left(&self) -> &[Cents] {
        &self.left
    }

    /// What the coupons take off, in the order in which they count.
    pub fn applied(&self) -> &[Applied] {
        &self.applied
    }

    /// Tells what all coupons together take off.
    pub fn discount(&self) -> Cents {
        self.applied.iter().map(|applied| applied.amount).sum()
    }

    /// Puts a coupon on it, by its terms alone: whether it may be used now, and beside the others, is asked elsewhere. What was redeemed on
    /// this order before stands as it was.
    ///
    /// The minimum spend is held against the prices without coupons. The benefit is worked out on what is left to pay, is never more than is
    /// reserved for the coupon, and is spread over the offer's lines. What its minimum price keeps is kept from the coupons behind it as well,
    /// line by line.
    ///
    /// A cart that is too small says so, unless a limit would refuse it as well with what is missing: nobody buys more for that.
    ///
    /// # Errors
    /// Why not, with the exact amount of the offer's products with which it would apply; the cart is then as it was.
    pub fn put(&mut self, claim: &Claim<'_>) -> Result<(), Refusal> {
        let coupon = claim.coupon;
        let by_line = match claim.redeemed {
            Some(redemption) => self.as_redeemed(redemption),
            None => self.share_out(coupon).map_err(|lacks| self.unless_bound(claim, lacks))?,
        };
        let amount: Cents = by_line.iter().copied().sum();
        if let Some(refusal) = refused_by(&claim.bounds, amount, &self.taken, coupon.valid_until) {
            return Err(refusal);
        }
        for (left, share) in self.left.iter_mut().zip(&by_line) {
            *left = *left - *share;
        }
        self.keep_minimum(coupon);
        self.taken.extend(claim.bounds.iter().map(|bound| (bound.counts.clone(), amount)));
        let redeemed = claim.redeemed.map(|redemption| redemption.id);
        self.applied.push(Applied { coupon: coupon.id, amount, by_line, counted: claim.counted(), redeemed });
        Ok(())
    }

    /// Puts on what was redeemed on this order before, and tells whether all that has not come back of it has room: if not, it was redeemed on
    /// another cart.
    pub(super) fn begin(&mut self, redeemed: &[&Claim<'_>]) -> bool {
        redeemed.iter().for_each(|claim| drop(self.put(claim)));
        // A later one may have taken where an earlier one's minimum price is kept by now: what came back has moved it.
        for claim in redeemed {
            let rooms = self.rooms(claim.coupon);
            let (weight, room) = (sum(&rooms, |room| room.weight), sum(&rooms, |room| room.most));
            if weight - room < claim.coupon.terms.minimum_price.min(weight) {
                self.keep_minimum(claim.coupon);
            }
        }
        let stands = redeemed.iter().filter_map(|claim| claim.redeemed).map(Redemption::spent);
        self.discount() == stands.sum()
    }

    /// Says what stands in the way for good, if that is a limit and not only what the cart lacks.
    fn unless_bound(&self, claim: &Claim<'_>, lacks: Refusal) -> Refusal {
        let Some(NearestMiss::AddSpend(missing)) = lacks.nearest_miss() else { return lacks };
        let rooms = self.rooms(claim.coupon);
        let (weight, room) = (sum(&rooms, |room| room.weight), sum(&rooms, |room| room.most));
        let amount = worth(claim.coupon, weight + missing, room + missing);
        match refused_by(&claim.bounds, amount, &self.taken, claim.coupon.valid_until) {
            // On the next day the cart would still be too small.
            Some(Refusal::DayLimit { .. }) => Refusal::DayLimit { until: None },
            Some(refusal) => refusal,
            None => lacks,
        }
    }

    fn share_out(&self, coupon: &Coupon) -> Result<Vec<Cents>, Refusal> {
        let rooms = self.rooms(coupon);
        let spend = self.spend(coupon);
        let weight = sum(&rooms, |room| room.weight);
        let amount = worth(coupon, weight, sum(&rooms, |room| room.most));
        if spend < coupon.terms.minimum_spend || amount == Cents::ZERO {
            return Err(self.refuse(coupon, &rooms));
        }
        let by_line = allocate(amount, &rooms);
        assert_eq!(by_line.iter().copied().sum::<Cents>(), amount);
        Ok(by_line)
    }

    /// What a redemption still gives on lines that are still there: of fewer pieces their share, and no more than is left to pay.
    fn as_redeemed(&self, redemption: &Redemption) -> Vec<Cents> {
        let parts: Vec<Part> = redemption.parts_left().collect();
        let of_line = |line: &Line| {
            let part = parts.iter().find(|part| part.line == line.id)?;
            Some(of_first(part.amount, line.quantity, part.quantity))
        };
        let lines = self.cart.lines().iter().zip(&self.left);
        lines.map(|(line, left)| of_line(line).unwrap_or_default().min(*left)).collect()
    }

    /// What the offer's products cost without coupons.
    fn spend(&self, coupon: &Coupon) -> Cents {
        let lines = self.cart.lines().iter().filter(|line| line.is_of(&coupon.categories));
        lines.map(Line::price).sum()
    }

    /// What each line weighs and may take for this coupon; nothing where it is none of the offer's.
    fn rooms(&self, coupon: &Coupon) -> Vec<Room> {
        let lines = self.cart.lines().iter().zip(self.left.iter().zip(&self.floor));
        lines
            .map(|(line, (left, floor))| match line.is_of(&coupon.categories) {
                true => Room { weight: *left, most: *left - *floor },
                false => Room { weight: Cents::ZERO, most: Cents::ZERO },
            })
            .collect()
    }

    /// Raises the floors of the coupon's lines so that together they hold its minimum price.
    fn keep_minimum(&mut self, coupon: &Coupon) {
        let rooms: Vec<Room> = self
            .rooms(coupon)
            .into_iter()
            .map(|room| Room { weight: room.weight, most: room.weight })
            .collect();
        let kept = allocate(coupon.terms.minimum_price, &rooms);
        for ((floor, left), kept) in self.floor.iter_mut().zip(&self.left).zip(kept) {
            // What was redeemed before may have gone below a floor there is now.
            *floor = (*floor).max(kept).min(*left);
        }
    }

    /// Says why a coupon takes nothing off, and how much more of its products would change that: on products without a known cost, exactly.
    fn refuse(&self, coupon: &Coupon, rooms: &[Room]) -> Refusal {
        let (spend, terms) = (self.spend(coupon), &coupon.terms);
        let weight = sum(rooms, |room| room.weight);
        let least = coupon.benefit.least_spend();
        let missing = (terms.minimum_spend - spend)
            .max(terms.minimum_price + Cents(1) - weight)
            .max(least - weight)
            .max(Cents(1) - sum(rooms, |room| room.most));
        let has_none = self.cart.lines().iter().all(|line| !line.is_of(&coupon.categories));
        if has_none {
            Refusal::NoProduct { categories: coupon.categories.clone(), missing }
        } else if spend < terms.minimum_spend || (weight < least && Cents::ZERO < weight) {
            Refusal::MinimumSpend { missing }
        } else if weight <= terms.minimum_price {
            Refusal::MinimumPrice { missing }
        } else {
            Refusal::CostFloor
        }
    }
}

/// What a coupon takes off lines of so much, of which so much may go, if they are enough for it.
fn worth(coupon: &Coupon, weight: Cents, room: Cents) -> Cents {
    let above_minimum = (weight - coupon.terms.minimum_price).max(Cents::ZERO);
    coupon.benefit.worth(weight).min(above_minimum).min(room).min(coupon.reserved)
}

fn sum(rooms: &[Room], what: impl Fn(&Room) -> Cents) -> Cents {
    rooms.iter().map(what).sum()
}
