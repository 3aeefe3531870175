//! Goods come back in one step or piece by piece, in any order: the coupon is worth the same afterwards.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::tests::{coupon, line, order_of, redeemed};
use super::*;
use crate::base::{Cents, Timestamp};
use crate::offer::{Afterwards, Benefit, ReversalReason};

const ROOM: Cents = Cents(i64::MAX);

/// What a coupon of so much gave on lines of so many pieces at so much.
fn used(cents: i64, lines: &[(u32, i64)]) -> (Coupon, Redemption) {
    let lines =
        (0..).zip(lines).map(|(place, (pieces, price)): (u32, _)| line(&place.to_string(), *pieces, *price));
    let order = order_of("o", lines.collect());
    let effect = redeemed(&coupon(Benefit::Amount(Cents(cents)), 0, 0), &order, Timestamp(1)).unwrap();
    (effect.coupon, effect.redemption.unwrap())
}

/// Some pieces, by line.
type Step = BTreeMap<String, u32>;

/// Brings pieces back step by step. What the coupon is worth then, what of it came back in the last step, and what lies in `returned`.
fn brought(used: &(Coupon, Redemption), reason: ReversalReason, room: Cents, steps: &[Step]) -> [i64; 3] {
    let (mut coupon, mut redemption) = used.clone();
    let (mut accounts, mut last) = (BTreeMap::from([(Account::Spent, redemption.amount.0)]), 0);
    for step in steps {
        let lines =
            step.iter().map(|(line, pieces)| LineBack { line: line.clone(), quantity: Some(*pieces) });
        let what = TakenBack::Lines(lines.collect());
        let effect = reverse(&coupon, &redemption, &what, reason, room, Timestamp(2)).unwrap();
        for entry in &effect.entries {
            *accounts.entry(entry.from).or_default() -= entry.amount.0;
            *accounts.entry(entry.to).or_default() += entry.amount.0;
        }
        (coupon, redemption) = (effect.coupon, effect.redemption.unwrap());
        last = redemption.reversals.last().unwrap().amount().0;
    }
    let account = |account| accounts.get(&account).copied().unwrap_or_default();
    assert_eq!(account(Account::Reserved), coupon.reserved.0, "what is promised is booked");
    assert_eq!((account(Account::Spent), redemption.spent()), (0, Cents::ZERO), "everything came back");
    assert_eq!(coupon.is_in_circulation(), Cents::ZERO < coupon.reserved);
    [coupon.reserved.0, last, account(Account::Returned)]
}

fn pieces(counts: &[u32]) -> Vec<Step> {
    counts.iter().map(|count| Step::from([("0".to_owned(), *count)])).collect()
}

#[test]
fn three_refunds_of_a_piece_give_back_what_one_of_three_gives() {
    let tea = used(333, &[(3, 500)]);
    for split in [&[3][..], &[1, 1, 1], &[2, 1], &[1, 2]] {
        assert_eq!(brought(&tea, ReversalReason::Refund, ROOM, &pieces(split))[0], 333, "{split:?}");
    }
    // The share of the last of three hundred pieces is less than a cent.
    let many = used(100, &[(300, 5)]);
    for split in [&[300][..], &[298, 1, 1], &[1, 298, 1]] {
        let [worth, last, _] = brought(&many, ReversalReason::Refund, ROOM, &pieces(split));
        assert_eq!(worth, 100, "{split:?}, of which {last} in the last step");
    }
}

#[test]
fn what_was_promised_to_others_meanwhile_is_not_promised_twice() {
    let tea = used(333, &[(3, 500)]);
    for (room, worth) in [(0, 111), (100, 211), (222, 333), (1_000, 333), (-50, 111)] {
        let found = brought(&tea, ReversalReason::Refund, Cents(room), &pieces(&[1, 1, 1]));
        assert_eq!(found, [worth, 111, 333 - worth], "with room for {room}");
    }
    let many = used(100, &[(300, 5)]);
    let found = brought(&many, ReversalReason::Refund, Cents::ZERO, &pieces(&[298, 1, 1]));
    assert_eq!(found, [0, 0, 100], "worth nothing, it stays used");
}

#[test]
fn what_a_payment_called_back_took_does_not_go_back_with_the_rest() {
    let (coupon, redemption) = used(333, &[(3, 500)]);
    let one = TakenBack::Lines(vec![LineBack { line: "0".to_owned(), quantity: Some(1) }]);
    let called = reverse(&coupon, &redemption, &one, ReversalReason::Chargeback, ROOM, Timestamp(2)).unwrap();
    let redemption = called.redemption.unwrap();
    let rest = &TakenBack::Everything;
    let back =
        reverse(&called.coupon, &redemption, rest, ReversalReason::Refund, ROOM, Timestamp(3)).unwrap();
    assert_eq!(back.coupon.reserved, Cents(222));
    let kept =
        reverse(&called.coupon, &redemption, rest, ReversalReason::Chargeback, ROOM, Timestamp(3)).unwrap();
    let afterwards = kept.redemption.unwrap().reversals.last().unwrap().afterwards;
    assert_eq!((kept.coupon.reserved, afterwards), (Cents::ZERO, Afterwards::StaysUsed));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_and_split_do_not_change_what_comes_back(
        cents in 1..2_000_i64,
        lines in vec((1..8_u32, 1..700_i64), 1..5),
        order in vec(any::<u32>(), 32),
        ends in vec(any::<bool>(), 32),
        reason in prop_oneof![Just(ReversalReason::Refund), Just(ReversalReason::Cancel)],
        room in 0..2_000_i64,
    ) {
        let used = used(cents, &lines);
        let parts = &used.1.parts;
        let mut all: Vec<&str> =
            parts.iter().flat_map(|part| (0..part.quantity).map(|_| part.line.as_str())).collect();
        for (place, drawn) in order.iter().enumerate().take(all.len()).skip(1) {
            all.swap(place, *drawn as usize % (place + 1));
        }
        let mut steps = vec![Step::new()];
        for (piece, ends) in all.iter().zip(&ends) {
            *steps.last_mut().unwrap().entry((*piece).to_owned()).or_default() += 1;
            if *ends {
                steps.push(Step::new());
            }
        }
        steps.retain(|step| !step.is_empty());
        let worth = used.1.amount.0;
        let found = brought(&used, reason, ROOM, &steps);
        prop_assert_eq!((found[0], found[2]), (worth, 0), "{:?}", steps);
        let [least, last, kept] = brought(&used, reason, Cents(room), &steps);
        prop_assert_eq!((least, kept), ((last + room).min(worth), worth - least), "{:?}", steps);
    }
}
