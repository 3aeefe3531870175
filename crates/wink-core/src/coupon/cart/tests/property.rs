//! What is drawn: the best combination is the one every combination tried finds, and what a "no" says would help does help.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::subsequence;

use super::super::{COMBINATIONS_MAX, Cart, Claim, best, put_on};
use super::bounds::bound;
use super::naive::{broken, most, outcome};
use super::{NOW, Written, amount, claims, leave_out, line, missing, percent, under};
use crate::base::Cents;
use crate::coupon::{Bound, Coupon, Refusal};
use crate::offer::{Benefit, CartPolicy};

/// So many cases in a test run, and a million in a round of a campaign, which asks for 2,000 of every property: one takes microseconds here.
fn many() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if asked.cases < 1_000 { 3_000 } else { asked.cases.saturating_mul(500) };
    ProptestConfig { cases, failure_persistence: None, ..asked }
}

/// Less of what costs more for a case.
fn some() -> ProptestConfig {
    let many = many();
    ProptestConfig { cases: many.cases / 10, ..many }
}

fn categories() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(vec!["tea", "cups", "jam"], 0..=3)
}

fn lines() -> impl Strategy<Value = Vec<super::Line>> {
    let price = prop_oneof![0..12_i64, 90..110_i64, 0..2_000_i64];
    let one = (price, categories(), option::of(0..1_200_i64), 1..4_u32);
    vec(one, 0..6).prop_map(|lines| {
        let lines = lines.into_iter().enumerate();
        let line = |(number, (price, categories, cost, quantity)): (usize, (i64, Vec<&str>, _, _))| {
            super::Line { quantity, ..line(number, price, &categories, cost) }
        };
        lines.map(line).collect()
    })
}

fn benefit() -> impl Strategy<Value = Benefit> {
    prop_oneof![
        (1..900_i64).prop_map(amount),
        (1..=10_000_u16, 1..900_i64).prop_map(|(share, most)| percent(share, most)),
    ]
}

fn written(number: u8) -> impl Strategy<Value = Written> {
    let minimums = (prop_oneof![Just(0), 0..1_500_i64], prop_oneof![Just(0), 0..900_i64]);
    let meets = (proptest::bool::weighted(0.8), option::of("[ab]"), 0..3_u16);
    (benefit(), categories(), minimums, meets, 0..3_i64).prop_map(
        move |(benefit, categories, (spend, price), (stacks, group, priority), days)| {
            let mut written = Written::new(number, benefit).of(&categories).minimum(spend, price);
            written.coupon.valid_until = NOW.plus_days(1 + days);
            written.stacking.stacks = stacks;
            written.stacking.exclusive_group = group;
            written.stacking.priority = priority;
            written
        },
    )
}

fn coupons() -> impl Strategy<Value = Vec<Written>> {
    (0..6_u8).prop_flat_map(|count| (0..count).map(written).collect::<Vec<_>>())
}

fn policy() -> impl Strategy<Value = CartPolicy> {
    (1..=8_u8, option::of(1..=12_000_u16))
        .prop_map(|(max_stack, cost_floor_basis_points)| CartPolicy { max_stack, cost_floor_basis_points })
}

/// The cart with one more line of what the coupon is for.
fn with(cart: &Cart, coupon: &Coupon, price: Cents) -> Cart {
    let more = super::Line {
        id: "more".to_owned(),
        categories: coupon.categories.clone(),
        ..line(0, price.0, &[], None)
    };
    Cart::new(cart.lines().iter().cloned().chain([more]).collect()).unwrap()
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn the_best_combination_is_what_trying_all_finds(
        lines in lines(), written in coupons(), policy in policy(),
    ) {
        let (cart, claims) = (Cart::new(lines).unwrap(), claims(&written));
        let best = best(&cart, &claims, &under(&policy));
        prop_assert!(best.is_exact);
        prop_assert_eq!(best.priced.discount().0, most(&cart, &claims, &policy));
        let stack = put_on(&cart, &claims, &under(&policy));
        prop_assert!(stack.priced.discount() <= best.priced.discount());
        prop_assert_eq!(stack.priced.applied().len() + stack.refused.len(), claims.len());
        for priced in [&best.priced, &stack.priced] {
            prop_assert_eq!(broken(&cart, &claims, &policy, &outcome(priced, &claims)), None);
        }
    }
}

proptest! {
    #![proptest_config(some())]

    #[test]
    fn what_is_missing_helps_and_less_does_not(
        lines in lines(), written in written(1), policy in policy(),
        left in option::of((option::of(0..2_u32), option::of(0..900_i64))),
    ) {
        let cart = Cart::new(lines).unwrap();
        let bounds: Vec<Bound> = left.into_iter().map(|(uses, cents)| bound(uses, cents)).collect();
        let refusal = |cart: &Cart| {
            let claim = Claim { bounds: bounds.clone(), ..written.claim() };
            let stack = put_on(cart, &[claim], &under(&policy));
            stack.refused.into_iter().next().map(|(_, refusal)| refusal)
        };
        let Some(refused) = refusal(&cart) else { return Ok(()) };
        match missing(&refused) {
            Some(missing) => {
                prop_assert!(Cents::ZERO < missing);
                prop_assert_eq!(refusal(&with(&cart, &written.coupon, missing)), None);
                prop_assert!(refusal(&with(&cart, &written.coupon, missing - Cents(1))).is_some());
            }
            None if refused == Refusal::StoreLimit => prop_assert!(!bounds.is_empty()),
            None => prop_assert_eq!(refused, Refusal::CostFloor),
        }
    }

    #[test]
    fn without_what_is_named_it_applies(lines in lines(), written in coupons(), policy in policy()) {
        let (cart, claims) = (Cart::new(lines).unwrap(), claims(&written));
        let stack = put_on(&cart, &claims, &under(&policy));
        for (refused, refusal) in &stack.refused {
            if leave_out(refusal).is_empty() {
                continue;
            }
            let on_the_cart = stack.priced.applied().iter().map(|applied| applied.coupon);
            let stays = on_the_cart.filter(|coupon| !leave_out(refusal).contains(coupon));
            let stays: Vec<_> = stays.chain([*refused]).collect();
            let claims: Vec<_> =
                claims.iter().filter(|claim| stays.contains(&claim.coupon.id)).cloned().collect();
            let without = put_on(&cart, &claims, &under(&policy));
            prop_assert!(without.priced.applied().iter().any(|applied| applied.coupon == *refused));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_too_many_to_try_something_good_is_found(
        lines in lines(), written in (0..40_u8).map(written).collect::<Vec<_>>(), policy in policy(),
    ) {
        let (cart, claims) = (Cart::new(lines).unwrap(), claims(&written));
        let found = best(&cart, &claims, &under(&policy));
        prop_assert_eq!(broken(&cart, &claims, &policy, &outcome(&found.priced, &claims)), None);
        for claim in &claims {
            let alone = best(&cart, std::slice::from_ref(claim), &under(&policy));
            prop_assert!(alone.priced.discount() <= found.priced.discount());
        }
    }
}

#[test]
fn all_combinations_of_twelve_coupons_are_tried_and_of_thirteen_not() {
    let cart = super::cart(&[(100_000, &[], None)]);
    let written: Vec<Written> = (0..13).map(|number| Written::new(number, amount(10))).collect();
    let found = |count: usize| best(&cart, &claims(&written[..count]), &under(&CartPolicy::default()));
    assert!(found(12).is_exact);
    assert!(!found(13).is_exact);
    // The eight that may meet, all the same.
    assert_eq!((found(12).priced.discount(), found(13).priced.discount()), (Cents(80), Cents(80)));
    assert_eq!(COMBINATIONS_MAX, 1 << 12);
}
