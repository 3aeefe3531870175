//! The same arithmetic once more, written down as plainly as it goes and with room for mistakes; every combination tried; and what must hold of
//! any outcome (I6 of the promises: no stack goes below a floor, no unit is lost or made).

use super::super::{Cart, Claim, Priced};
use crate::base::Cents;
use crate::offer::{Benefit, CartPolicy};

/// What coupons take off, by their place among the claims: in the order in which they count, by line.
pub(super) type Outcome = Vec<(usize, Vec<i64>)>;

/// Mistakes that an engine of coupons could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// Every line is rounded for itself.
    RoundsEveryLine,
    /// What does not divide evenly is dropped.
    DropsRemainders,
    /// What does not divide evenly goes to the last line.
    RemainderToTheLast,
    /// The shop's costs are not looked at.
    IgnoresCosts,
    /// A coupon looks at its own minimum price only.
    ForgetsOtherMinimums,
    /// A percentage is always of the full price.
    PercentOfFullPrice,
    /// Coupons meet that may not.
    IgnoresPolicy,
}

impl Mistake {
    pub(super) const ALL: [Self; 7] = [
        Self::RoundsEveryLine,
        Self::DropsRemainders,
        Self::RemainderToTheLast,
        Self::IgnoresCosts,
        Self::ForgetsOtherMinimums,
        Self::PercentOfFullPrice,
        Self::IgnoresPolicy,
    ];
}

/// Applies the claims in `set`, which are in the policy's order. `None` if they may not meet or one of them takes nothing off.
pub(super) fn apply(
    cart: &Cart,
    claims: &[Claim<'_>],
    set: &[usize],
    policy: &CartPolicy,
    mistake: Option<Mistake>,
) -> Option<Outcome> {
    if mistake != Some(Mistake::IgnoresPolicy) && !may_meet(claims, set, policy) {
        return None;
    }
    let prices: Vec<i64> =
        cart.lines().iter().map(|line| line.unit_price.0 * i64::from(line.quantity)).collect();
    let mut left = prices.clone();
    let mut floor = cost_floors(cart, policy);
    if mistake == Some(Mistake::IgnoresCosts) {
        floor = vec![0; left.len()];
    }
    let mut outcome = Outcome::new();
    for claim in set {
        let coupon = claims[*claim].coupon;
        let its: Vec<bool> = cart.lines().iter().map(|line| line.is_of(&coupon.categories)).collect();
        let total = |amounts: &[i64]| -> i64 {
            amounts.iter().zip(&its).filter(|(_, its)| **its).map(|(amount, _)| amount).sum()
        };
        let of_full_price = mistake == Some(Mistake::PercentOfFullPrice);
        let base = if of_full_price { total(&prices) } else { total(&left) };
        let rooms: Vec<i64> = (0..left.len()).map(|l| if its[l] { left[l] - floor[l] } else { 0 }).collect();
        let room: i64 = rooms.iter().sum();
        let value = worth(coupon.benefit, base).min(total(&left) - coupon.terms.minimum_price.0).min(room);
        if total(&prices) < coupon.terms.minimum_spend.0 || value <= 0 {
            return None;
        }
        let weights: Vec<i64> = (0..left.len()).map(|l| if its[l] { left[l] } else { 0 }).collect();
        let shares = spread(value, &weights, &rooms, mistake);
        (0..left.len()).for_each(|l| left[l] -= shares[l]);
        if mistake != Some(Mistake::ForgetsOtherMinimums) {
            let rest: Vec<i64> = (0..left.len()).map(|l| if its[l] { left[l] } else { 0 }).collect();
            let kept = spread(coupon.terms.minimum_price.0, &rest, &rest, None);
            (0..left.len()).for_each(|l| floor[l] = floor[l].max(kept[l]));
        }
        outcome.push((*claim, shares));
    }
    Some(outcome)
}

/// Tries every combination and gives the most that can be taken off.
pub(super) fn most(cart: &Cart, claims: &[Claim<'_>], policy: &CartPolicy) -> i64 {
    let order = order(claims);
    let set = |bits: u32| -> Vec<usize> {
        order
            .iter()
            .enumerate()
            .filter(|(place, _)| bits >> place & 1 == 1)
            .map(|(_, claim)| *claim)
            .collect()
    };
    let all = 0..1_u32 << claims.len();
    let outcomes = all.filter_map(|bits| apply(cart, claims, &set(bits), policy, None));
    outcomes.map(|outcome| taken(&outcome)).max().unwrap_or(0)
}

/// Tells what an outcome takes off in all.
pub(super) fn taken(outcome: &Outcome) -> i64 {
    outcome.iter().flat_map(|(_, shares)| shares).sum()
}

/// Writes down what the product did, in the same form.
pub(super) fn outcome(priced: &Priced<'_>, claims: &[Claim<'_>]) -> Outcome {
    let place = |applied: &super::super::Applied| {
        let claim = claims.iter().position(|claim| claim.coupon.id == applied.coupon).unwrap();
        (claim, applied.by_line.iter().map(|share| share.0).collect())
    };
    priced.applied().iter().map(place).collect()
}

/// The policy's order, by places among the claims.
pub(super) fn order(claims: &[Claim<'_>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..claims.len()).collect();
    order.sort_by_key(|place| {
        let claim = &claims[*place];
        (-i32::from(claim.stacking.priority), claim.coupon.valid_until, claim.coupon.id)
    });
    order
}

/// Looks for the first thing that must hold of an outcome and does not.
pub(super) fn broken(
    cart: &Cart,
    claims: &[Claim<'_>],
    policy: &CartPolicy,
    outcome: &Outcome,
) -> Option<&'static str> {
    let used: Vec<usize> = outcome.iter().map(|(claim, _)| *claim).collect();
    if !may_meet(claims, &used, policy) {
        return Some("coupons meet that may not");
    }
    let mut left: Vec<i64> = cart.lines().iter().map(|line| line.price().0).collect();
    for (claim, shares) in outcome {
        let coupon = claims[*claim].coupon;
        let is_its = |l: &usize| cart.lines()[*l].is_of(&coupon.categories);
        let its: Vec<usize> = (0..left.len()).filter(is_its).collect();
        let weight: i64 = its.iter().map(|l| left[*l]).sum();
        let amount: i64 = shares.iter().sum();
        if shares.iter().any(|share| *share < 0)
            || (0..left.len()).any(|l| shares[l] != 0 && !its.contains(&l))
        {
            return Some("a line is given what is not its own");
        }
        let kept: i64 = weight - amount;
        let value = worth(coupon.benefit, weight);
        if value < amount {
            return Some("more is taken off than the benefit is worth on what is left to pay");
        }
        let is_free = policy.cost_floor_basis_points.is_none() && outcome.len() == 1;
        if is_free && amount != value.min(weight - coupon.terms.minimum_price.0) {
            return Some("a coupon alone does not give what it is worth");
        }
        let is_off = |l: &&usize| weight <= (shares[**l] * weight - amount * left[**l]).abs();
        if is_free && its.iter().find(is_off).is_some() {
            return Some("a share is a unit or more away from its proportion");
        }
        if kept < coupon.terms.minimum_price.0 {
            return Some("less remains than the minimum price");
        }
        (0..left.len()).for_each(|l| left[l] -= shares[l]);
    }
    let below = |(left, floor): (&i64, i64)| *left < floor;
    if left.iter().zip(cost_floors(cart, policy)).any(below) {
        return Some("a line is below its floor");
    }
    let lines = |claim: &Claim<'_>| -> i64 {
        let its = cart.lines().iter().zip(&left).filter(|(line, _)| line.is_of(&claim.coupon.categories));
        its.map(|(_, left)| left).sum()
    };
    let is_below = |claim: &usize| lines(&claims[*claim]) < claims[*claim].coupon.terms.minimum_price.0;
    used.iter().any(is_below).then_some("a later coupon took what an earlier one's minimum price keeps")
}

fn may_meet(claims: &[Claim<'_>], set: &[usize], policy: &CartPolicy) -> bool {
    let pairs = set.iter().flat_map(|one| set.iter().map(move |other| (one, other)));
    let mut pairs =
        pairs.filter(|(one, other)| one != other).map(|(one, other)| (&claims[*one], &claims[*other]));
    set.len() <= usize::from(policy.max_stack)
        && pairs.all(|(one, other)| {
            let (one, other) = (&one.stacking, &other.stacking);
            one.stacks
                && other.stacks
                && (one.exclusive_group.is_none() || one.exclusive_group != other.exclusive_group)
        })
}

fn cost_floors(cart: &Cart, policy: &CartPolicy) -> Vec<i64> {
    let floor = |line: &super::Line| match (line.unit_cost, policy.cost_floor_basis_points) {
        (Some(Cents(cost)), Some(share)) => {
            let all = cost * i64::from(line.quantity) * i64::from(share);
            (all / 10_000 + i64::from(all % 10_000 != 0)).min(line.price().0)
        }
        _ => 0,
    };
    cart.lines().iter().map(floor).collect()
}

fn worth(benefit: Benefit, spend: i64) -> i64 {
    match benefit {
        Benefit::Amount(Cents(amount)) => amount.min(spend),
        Benefit::Percent { basis_points, maximum } => {
            ((spend * i64::from(basis_points) * 2 + 10_000) / 20_000).min(maximum.0)
        }
    }
}

/// Shares in proportion, closing one line at a time that would exceed its room.
fn spread(amount: i64, weights: &[i64], rooms: &[i64], mistake: Option<Mistake>) -> Vec<i64> {
    let mut shares = vec![0; weights.len()];
    let mut open: Vec<usize> = (0..weights.len()).filter(|l| 0 < weights[*l]).collect();
    let mut left = amount;
    while !open.is_empty() {
        let weight: i64 = open.iter().map(|l| weights[*l]).sum();
        if let Some(place) = open.iter().position(|l| rooms[*l] * weight < left * weights[*l]) {
            let line = open.remove(place);
            shares[line] = rooms[line];
            left -= rooms[line];
            continue;
        }
        open.iter().for_each(|l| shares[*l] = left * weights[*l] / weight);
        let missing = left - open.iter().map(|l| shares[*l]).sum::<i64>();
        match mistake {
            Some(Mistake::RoundsEveryLine) => {
                open.iter().for_each(|l| shares[*l] = (2 * left * weights[*l] + weight) / (2 * weight));
            }
            Some(Mistake::DropsRemainders) => {}
            Some(Mistake::RemainderToTheLast) => shares[open[open.len() - 1]] += missing,
            _ => {
                open.sort_by_key(|l| (-(left * weights[*l] % weight), *l));
                open.iter().take(usize::try_from(missing).unwrap()).for_each(|l| shares[*l] += 1);
            }
        }
        break;
    }
    shares
}
