//! Everything small: up to four offers of six, three lines of two categories, five ways to round, costs and none.

use super::super::{Cart, Claim, best, put_on, vat_shares};
use super::naive::{Mistake, apply, broken, most, order, outcome};
use super::{Written, amount, cart, claims, percent, under};
use crate::base::Cents;
use crate::offer::CartPolicy;

/// Prices that divide evenly; one unit each; thirds; very different ones; halves.
const ROUNDING: [[i64; 3]; 5] = [[100, 100, 100], [1, 1, 1], [333, 333, 334], [99, 1, 1_000], [5, 15, 25]];

const CATEGORIES: [&[&str]; 3] = [&["tea"], &["cups"], &["tea", "cups"]];

fn offers() -> [Written; 6] {
    [
        Written::new(1, percent(1_000, 300)),
        Written::new(2, amount(150)).of(&["tea"]).minimum(0, 100),
        Written::new(3, percent(3_333, 10_000)).of(&["cups"]).group("g").first(),
        Written::new(4, amount(7)).group("g").minimum(50, 0),
        Written::new(5, percent(5_000, 10_000)).alone(),
        Written::new(6, percent(2_500, 400)).of(&["cups"]).minimum(0, 20),
    ]
}

fn policies() -> [CartPolicy; 3] {
    [(None, 8), (Some(10_000), 8), (Some(10_450), 2)]
        .map(|(cost_floor_basis_points, max_stack)| CartPolicy { max_stack, cost_floor_basis_points })
}

/// Shows every small cart to `see`.
fn every_cart(mut see: impl FnMut(&Cart)) {
    for prices in ROUNDING {
        for kinds in 0..27 {
            for has_costs in [false, true] {
                let line = |l: usize| {
                    let kind = CATEGORIES[kinds / 3_usize.pow(u32::try_from(l).unwrap()) % 3];
                    (prices[l], kind, has_costs.then_some(prices[l] * 3 / 5))
                };
                see(&cart(&[line(0), line(1), line(2)]));
            }
        }
    }
}

/// Shows every choice of up to four offers to `see`.
fn every_choice(mut see: impl FnMut(&[Claim<'_>])) {
    for bits in 0..64_u32 {
        if bits.count_ones() <= 4 {
            let chosen = offers().into_iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1);
            let chosen: Vec<Written> = chosen.map(|(_, written)| written).collect();
            see(&claims(&chosen));
        }
    }
}

#[test]
fn no_stack_goes_below_a_floor_and_no_unit_is_lost() {
    let mut cases = 0;
    every_choice(|claims| {
        every_cart(|cart| {
            for policy in policies() {
                let stack = put_on(cart, claims, &under(&policy));
                let found = outcome(&stack.priced, claims);
                let set: Vec<usize> = found.iter().map(|(claim, _)| *claim).collect();
                let what = || format!("{cart:?} {claims:?} {policy:?} {found:?}");
                assert_eq!(broken(cart, claims, &policy, &found), None, "{}", what());
                assert_eq!(Some(&found), apply(cart, claims, &set, &policy, None).as_ref(), "{}", what());
                let left: Cents = stack.priced.left().iter().copied().sum();
                assert_eq!(left, cart.price() - stack.priced.discount(), "{}", what());
                let by_rate: Cents = vat_shares(&stack.priced).iter().map(|share| share.discount).sum();
                assert_eq!(by_rate, stack.priced.discount(), "{}", what());
                let best = best(cart, claims, &under(&policy));
                assert!(best.is_exact);
                assert_eq!(best.priced.discount().0, most(cart, claims, &policy), "{}", what());
                let found = outcome(&best.priced, claims);
                assert_eq!(broken(cart, claims, &policy, &found), None, "{}", what());
                cases += 1;
            }
        });
    });
    assert_eq!(cases, 57 * 5 * 27 * 2 * 3);
}

#[test]
fn every_mistake_is_noticed() {
    for mistake in Mistake::ALL {
        let mut noticed = 0;
        every_choice(|claims| {
            // The first carts show each mistake already.
            if 0 < noticed {
                return;
            }
            every_cart(|cart| {
                for policy in policies() {
                    if let Some(found) = apply(cart, claims, &order(claims), &policy, Some(mistake)) {
                        noticed += usize::from(broken(cart, claims, &policy, &found).is_some());
                    }
                }
            });
        });
        assert!(0 < noticed, "{mistake:?}");
    }
}
