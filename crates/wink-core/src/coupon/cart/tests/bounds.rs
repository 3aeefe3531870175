//! Limits that count several coupons of one cart together, on everything small.

use super::*;
use crate::base::Timestamp;
use crate::coupon::{Bound, Counts, Left, NearestMiss, UseCount};

pub(super) fn bound(uses_left: Option<u32>, amount_left: Option<i64>) -> Bound {
    Bound {
        counts: Counts::Uses(UseCount::from_name("offer/offer/day/1".to_owned())),
        uses_left,
        amount_left: amount_left.map(Cents),
        next: None,
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
            assert!(bound.amount_left.is_none_or(|left| spent <= left), "{spent:?} under {bound:?}");
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
fn what_the_cart_lacks_is_said_only_if_it_would_help() {
    let cart = cart(&[(1_000, &["tea"], None)]);
    let coupon = Written::new(1, percent(1_000, 900)).minimum(1_500, 0);
    let said = |bound: Bound| {
        let claim = Claim { bounds: vec![bound], ..coupon.claim() };
        let stack = super::super::put_on(&cart, &[claim], &under(&CartPolicy::default()));
        stack.outcome(coupon.coupon.id).unwrap_err()
    };
    let lacks = Refusal::MinimumSpend { missing: Cents(500) };
    assert_eq!(said(bound(Some(0), None)), Refusal::StoreLimit);
    assert_eq!(said(bound(Some(1), None)), lacks);
    // A tenth of 15.00.
    assert_eq!(said(bound(None, Some(149))), Refusal::StoreLimit);
    assert_eq!(said(bound(None, Some(150))), lacks);
    // Who waits for the day still has too small a cart.
    let midnight = Timestamp(NOW.0 + 3_600_000);
    let free = Some(Left { uses: Some(1), amount: None });
    let today =
        Bound { next: free, refusal: Refusal::DayLimit { until: Some(midnight) }, ..bound(Some(0), None) };
    assert_eq!(said(today), Refusal::DayLimit { until: None });
}

/// What a limit per day says to a coupon of 1.00 under these bounds.
fn day_told(bounds: &[Bound], valid_until: Timestamp) -> Option<Timestamp> {
    let cart = cart(&[(10_000, &[], None)]);
    let mut written = Written::new(1, amount(100));
    written.coupon.valid_until = valid_until;
    let claim = Claim { bounds: bounds.to_vec(), ..written.claim() };
    let stack = super::super::put_on(&cart, &[claim], &under(&CartPolicy::default()));
    let refusal = stack.outcome(written.coupon.id).unwrap_err();
    let Refusal::DayLimit { until } = refusal else { panic!("{refusal:?}") };
    assert_eq!(refusal.nearest_miss(), until.map(NearestMiss::Wait));
    until
}

#[test]
fn a_day_is_told_only_if_there_is_room_on_it() {
    let midnight = Timestamp(NOW.0 + 3_600_000);
    let far = midnight.plus_days(20);
    let today =
        |next| Bound { next, refusal: Refusal::DayLimit { until: Some(midnight) }, ..bound(Some(0), None) };
    let next = |uses, cents: Option<i64>| Some(Left { uses, amount: cents.map(Cents) });
    for (left, is_told) in [
        (next(Some(1), None), true),
        (next(Some(0), None), false),
        (next(None, Some(100)), true),
        (next(None, Some(99)), false),
        (next(Some(1), Some(99)), false),
    ] {
        assert_eq!(day_told(&[today(left)], far).is_some(), is_told, "{left:?}");
    }
    let free = next(Some(1), None);
    assert_eq!(day_told(&[today(free)], midnight), None, "it runs out with the day");
    // Another limit, which is asked behind it, has no room then, or never.
    assert_eq!(day_told(&[today(free), today(next(Some(0), None))], far), None);
    assert_eq!(day_told(&[today(free), bound(Some(0), None)], far), None);
    assert_eq!(day_told(&[today(free), bound(Some(1), None)], far), Some(midnight));
}
