//! Limits that count several coupons of one cart together, on everything small.

use super::*;
use crate::coupon::{Bound, Counts, UseCount};

fn bound(uses_left: Option<u32>, amount_left: Option<i64>) -> Bound {
    Bound {
        counts: Counts::Uses(UseCount::from_name("offer/offer/day/1".to_owned())),
        uses_left,
        amount_left: amount_left.map(Cents),
        refusal: Refusal::StoreLimit,
    }
}

/// Four coupons of these amounts under one bound: how many apply, and for how much.
fn applied(amounts: [i64; 4], bounds: &[Bound]) -> (u32, i64) {
    let cart = cart(&[(10_000, &[], None)]);
    let written: Vec<Written> =
        (1..).zip(amounts).map(|(number, cents)| Written::new(number, amount(cents))).collect();
    let claims: Vec<Claim<'_>> =
        written.iter().map(|written| Claim { bounds: bounds.to_vec(), ..written.claim() }).collect();
    let stack = super::super::put_on(&cart, &claims, &under(&CartPolicy::default()));
    let best = super::super::best(&cart, &claims, &under(&CartPolicy::default())).priced;
    assert!(stack.priced.discount() <= best.discount(), "the best is no worse");
    for priced in [&stack.priced, &best] {
        let (uses, spent) = (u32::try_from(priced.applied().len()).unwrap(), priced.discount());
        for bound in bounds {
            assert!(bound.uses_left.is_none_or(|left| uses <= left), "{uses} uses under {bound:?}");
            assert!(bound.amount_left.is_none_or(|left| spent <= left), "{spent} under {bound:?}");
        }
    }
    (u32::try_from(stack.priced.applied().len()).unwrap(), stack.priced.discount().0)
}

#[test]
fn coupons_of_one_cart_share_what_is_left() {
    let sizes = [50, 100, 150];
    let (mut tried, mut full) = (0_u32, 0_u32);
    for [a, b, c, d] in (0..81).map(|n| [n % 3, n / 3 % 3, n / 9 % 3, n / 27].map(|place| sizes[place])) {
        for uses in (0..=5).map(|uses| Some(uses).filter(|uses| *uses < 5)) {
            for cents in (0..=9).map(|step| Some(step * 50).filter(|cents| *cents < 450)) {
                let (count, spent) = applied([a, b, c, d], &[bound(uses, cents)]);
                let room = uses.is_none_or(|left| count < left);
                // In the order in which they count, each that fits applies.
                let mut greedy = (0, 0);
                for one in [a, b, c, d] {
                    let fits = uses.is_none_or(|left| greedy.0 < left)
                        && cents.is_none_or(|left| greedy.1 + one <= left);
                    if fits {
                        greedy = (greedy.0 + 1, greedy.1 + one);
                    }
                }
                assert_eq!((count, spent), greedy, "{:?} under {uses:?} {cents:?}", [a, b, c, d]);
                tried += 1;
                full += u32::from(!room);
            }
        }
    }
    assert!(0 < full && full < tried, "{full} of {tried} carts are at their limit of uses");
}

/// Who asks each coupon alone, and does not add up, goes beyond.
#[test]
fn a_bound_that_forgets_the_others_on_the_cart_would_be_passed() {
    let one = bound(Some(1), Some(100));
    assert!(one.fits(Cents(100), &[]));
    assert!(!one.fits(Cents(100), &[(one.counts.clone(), Cents(100))]));
    let elsewhere = Counts::Uses(UseCount::from_name("offer/other/day/1".to_owned()));
    assert!(one.fits(Cents(100), &[(elsewhere, Cents(100))]));
}

#[test]
fn a_limit_is_said_after_what_the_cart_lacks() {
    let cart = cart(&[(1_000, &["tea"], None)]);
    let coupon = Written::new(1, amount(100)).minimum(1_500, 0);
    let claim = Claim { bounds: vec![bound(Some(0), None)], ..coupon.claim() };
    let stack = super::super::put_on(&cart, &[claim], &under(&CartPolicy::default()));
    let refusal = stack.outcome(coupon.coupon.id).unwrap_err();
    assert_eq!(refusal, Refusal::MinimumSpend { missing: Cents(500) });
}
