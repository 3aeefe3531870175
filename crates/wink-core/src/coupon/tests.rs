//! Examples of a coupon's life, step by step.

use super::cart::{Cart, Checkout, Claim, Line, Stack, put_on};
use super::*;
use crate::base::{CampaignId, Cents, CouponId, DecisionId, OfferId, ProfileId, Timestamp};
use crate::offer::{Afterwards, Benefit, CartPolicy, ReversalPolicy, ReversalReason, Stacking, Terms};

pub(super) const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;

pub(super) fn coupon(benefit: Benefit, minimum_spend: i64, minimum_price: i64) -> Coupon {
    Coupon {
        id: CouponId::from_bytes([1; 16]),
        decision: DecisionId::from_bytes([2; 16]),
        profile: Some(ProfileId::from_bytes([3; 16])),
        campaign: CampaignId::parse("spring").unwrap(),
        offer: OfferId::parse("spring-tea").unwrap(),
        benefit,
        terms: Terms {
            minimum_spend: Cents(minimum_spend),
            minimum_price: Cents(minimum_price),
            valid_days: 28,
            needs_activation: false,
        },
        reversals: ReversalPolicy::default(),
        categories: vec![],
        issued_at: Timestamp(0),
        valid_until: Timestamp(28 * DAY),
        reserved: benefit.maximum(),
        redemptions: vec![],
        state: State::Issued,
    }
}

fn one_fifty() -> Coupon {
    coupon(Benefit::Amount(Cents(150)), 0, 0)
}

/// An order with one coupon on it.
#[derive(Clone)]
pub(super) struct Order {
    pub id: &'static str,
    pub cart: Cart,
}

pub(super) fn line(id: &str, quantity: u32, unit_price: i64) -> Line {
    Line {
        id: id.to_owned(),
        product: "assam".to_owned(),
        categories: vec![],
        quantity,
        unit_price: Cents(unit_price),
        vat_basis_points: None,
        unit_cost: None,
    }
}

pub(super) fn order_of(id: &'static str, lines: Vec<Line>) -> Order {
    Order { id, cart: Cart::new(lines).unwrap() }
}

fn order(spend: i64) -> Order {
    order_of("o", vec![line("all", 1, spend)])
}

fn elsewhere() -> Order {
    order_of("other", vec![line("all", 1, 500)])
}

/// Puts a coupon on an order's cart with no other.
fn on<'a>(order: &'a Order, coupon: &Coupon, now: Timestamp) -> Stack<'a> {
    let claim = Claim { coupon, stacking: Stacking::default(), redeemed: None, bounds: Vec::new() };
    let policy = CartPolicy::default();
    put_on(&order.cart, &[claim], &Checkout { policy: &policy, order: Some(order.id), now })
}

pub(super) fn redeemed(coupon: &Coupon, order: &Order, now: Timestamp) -> Result<Effect, Refusal> {
    redeem(coupon, order.id, &on(order, coupon, now), now)
}

pub(super) fn reserved(
    coupon: &Coupon,
    order: &Order,
    hold: HoldFor,
    now: Timestamp,
) -> Result<Effect, Refusal> {
    reserve(coupon, order.id, &on(order, coupon, now), hold, now)
}

fn moved(effect: &Effect) -> String {
    let moved: Vec<String> =
        effect.entries.iter().map(|e| format!("{:?}>{:?} {}", e.from, e.to, e.amount.in_euros())).collect();
    moved.join(", ")
}

fn check(coupon: &Coupon, spend: i64, now: i64, expected: &str) {
    let text = match redeemed(coupon, &order(spend), Timestamp(now)) {
        Ok(effect) => moved(&effect),
        Err(refusal) => format!("{}: {refusal}", refusal.code()),
    };
    assert_eq!(text, expected);
}

#[test]
fn redeeming_spends_what_it_is_worth_and_frees_the_rest() {
    let ten_percent = Benefit::Percent { basis_points: 1_000, maximum: Cents(300) };
    check(&coupon(ten_percent, 0, 0), 2_000, 1, "Reserved>Spent 2.00, Reserved>Available 1.00");
    check(&coupon(ten_percent, 0, 0), 9_000, 1, "Reserved>Spent 3.00");
    check(&one_fifty(), 100, 1, "Reserved>Spent 1.00, Reserved>Available 0.50");
}

#[test]
fn never_goes_below_the_minimum_price() {
    let coupon = coupon(Benefit::Amount(Cents(150)), 0, 900);
    check(&coupon, 1_000, 1, "Reserved>Spent 1.00, Reserved>Available 0.50");
    check(&coupon, 900, 1, "minimum_price: the price of these products is already at its minimum");
}

#[test]
fn a_no_says_what_would_help() {
    let coupon = coupon(Benefit::Amount(Cents(150)), 2_000, 0);
    let too_little = redeemed(&coupon, &order(1_390), Timestamp(1)).unwrap_err();
    assert_eq!(too_little, Refusal::MinimumSpend { missing: Cents(610) });
    check(&coupon, 2_000, 28 * DAY - 1, "Reserved>Spent 1.50");
    check(
        &coupon,
        2_000,
        28 * DAY,
        "discount_code_expired: this coupon was valid until 1970-01-29T00:00:00Z",
    );
    let asked = redeemed(&coupon, &order_of("o", vec![]), Timestamp(1));
    assert_eq!(asked, Err(Refusal::NoProduct { categories: vec![], missing: Cents(2_000) }));
    let missing = Refusal::MinimumSpend { missing: Cents(610) };
    assert_eq!(missing.nearest_miss(), Some(NearestMiss::AddSpend(Cents(610))));
}

#[test]
fn a_coupon_is_redeemed_once_and_not_after_it_expired() {
    let issued = one_fifty();
    let redeemed = redeemed(&issued, &order(500), Timestamp(1)).unwrap().coupon;
    let before = "discount_code_already_applied: this coupon was already used on 1970-01-01T00:00:00.001Z";
    check(&redeemed, 500, 2, before);
    assert_eq!(expire(&redeemed, Timestamp(99 * DAY)), None);
    assert_eq!(expire(&issued, Timestamp(28 * DAY - 1)), None);
    let expired = expire(&issued, Timestamp(28 * DAY)).unwrap();
    assert_eq!(moved(&expired), "Reserved>Expired 1.50");
    let over = "discount_code_expired: this coupon was valid until 1970-01-29T00:00:00Z";
    check(&expired.coupon, 500, 1, over);
}

#[test]
fn an_offer_may_ask_for_an_activation_which_can_be_taken_back() {
    let mut asleep = one_fifty();
    asleep.terms.needs_activation = true;
    check(&asleep, 500, 1, "coupon_not_activated: activate this coupon first");
    assert_eq!(reserved(&asleep, &order(500), HoldFor::default(), Timestamp(1)), Err(Refusal::NotActivated));
    let active = activate(&asleep, Timestamp(1)).unwrap().coupon;
    assert_eq!(active.state.name(), "activated");
    assert_eq!(activate(&active, Timestamp(5)).unwrap().coupon, active);
    check(&active, 500, 2, "Reserved>Spent 1.50");
    let asleep_again = deactivate(&active, Timestamp(3)).unwrap().coupon;
    assert_eq!(asleep_again, asleep);
    for step in [activate, deactivate] {
        assert_eq!(step(&one_fifty(), Timestamp(1)), Err(Refusal::NeedsNoActivation));
    }
}

#[test]
fn a_held_coupon_is_the_orders_until_it_ends_and_no_longer() {
    let last_minute = Timestamp(28 * DAY - MINUTE);
    let held = reserved(&one_fifty(), &order(500), HoldFor::default(), last_minute).unwrap();
    assert_eq!((moved(&held).as_str(), held.coupon.state.name()), ("", "reserved"));
    let held = held.coupon;
    let until = Timestamp(last_minute.0 + 15 * MINUTE);
    assert_eq!(held.due_at(), Some(until));
    // Whoever reserved in time pays in peace, and nobody else does.
    let (before, after) = (Timestamp(until.0 - 1), until);
    let other = elsewhere();
    assert_eq!(redeemed(&held, &other, before), Err(Refusal::Held { until, is_over: true }));
    assert_eq!(release(&held, "other", before), Err(Refusal::Held { until, is_over: true }));
    assert_eq!(revoke(&held, before), Err(Refusal::Held { until, is_over: true }));
    let refused = redeemed(&held, &other, before).unwrap_err();
    assert_eq!(refused.nearest_miss(), None, "nobody waits for a coupon that has run out by then");
    let in_time = reserved(&one_fifty(), &order(500), HoldFor::default(), Timestamp(0)).unwrap().coupon;
    let until = in_time.due_at().unwrap();
    let refused = redeemed(&in_time, &other, Timestamp(1)).unwrap_err();
    assert_eq!(refused.nearest_miss(), Some(NearestMiss::Wait(until)));
    // The instant it is free is the first at which it is not valid.
    let to_the_end = Coupon { valid_until: until, ..in_time };
    assert_eq!(redeemed(&to_the_end, &other, Timestamp(1)).unwrap_err().nearest_miss(), None);
    assert_eq!(moved(&redeemed(&held, &order(500), before).unwrap()), "Reserved>Spent 1.50");
    assert_eq!(redeemed(&held, &order(500), after), Err(Refusal::Expired { until: held.valid_until }));
    assert_eq!(expire(&held, before), None);
    assert_eq!(moved(&expire(&held, after).unwrap()), "Reserved>Expired 1.50");
}

#[test]
fn a_hold_that_is_over_or_let_go_leaves_the_coupon_as_it_was() {
    let issued = one_fifty();
    let held = reserved(&issued, &order(500), HoldFor::default(), Timestamp(0)).unwrap().coupon;
    assert_eq!(reserved(&held, &order(900), HoldFor::default(), Timestamp(9)).unwrap().coupon, held);
    assert_eq!(release(&held, "o", Timestamp(1)).unwrap().coupon, issued);
    assert_eq!(release(&issued, "o", Timestamp(1)).unwrap().coupon, issued);
    let over = Timestamp(15 * MINUTE);
    assert_eq!(expire(&held, over).map(|effect| (effect.coupon, effect.entries)), Some((issued, vec![])));
    let other = elsewhere();
    assert_eq!(moved(&redeemed(&held, &other, over).unwrap()), "Reserved>Spent 1.50");
    assert_eq!(
        [0, 1, 86_400, 86_401].map(|seconds| HoldFor::new(seconds).is_some()),
        [false, true, true, false]
    );
}

/// 150 off three lines: 1 x 3.00, 3 x 1.00 each, 1 x 4.00.
fn used() -> (Coupon, Redemption) {
    let order = order_of("o", vec![line("a", 1, 300), line("b", 3, 100), line("c", 1, 401)]);
    let effect = redeemed(&one_fifty(), &order, Timestamp(1)).unwrap();
    (effect.coupon, effect.redemption.unwrap())
}

fn back(line: &str, quantity: Option<u32>) -> TakenBack {
    TakenBack::Lines(vec![LineBack { line: line.to_owned(), quantity }])
}

#[test]
fn a_redemption_is_shared_out_over_its_lines_and_comes_back_to_the_cent() {
    let (mut coupon, mut redemption) = used();
    let amounts: Vec<i64> = redemption.parts.iter().map(|part| part.amount.0).collect();
    assert_eq!(amounts, [45, 45, 60]);
    let steps = [
        (back("b", Some(1)), "Spent>Returned 0.15", "partly_reversed"),
        (back("a", None), "Spent>Returned 0.45", "partly_reversed"),
        (back("b", None), "Spent>Returned 0.30", "partly_reversed"),
        (TakenBack::Everything, "Spent>Reserved 0.60", "issued"),
    ];
    for (what, expected, state) in steps {
        let effect =
            reverse(&coupon, &redemption, &what, ReversalReason::Refund, Cents::ZERO, Timestamp(2)).unwrap();
        assert_eq!((moved(&effect).as_str(), effect.coupon.state.name()), (expected, state));
        (coupon, redemption) = (effect.coupon, effect.redemption.unwrap());
    }
    assert_eq!((redemption.spent(), coupon.reserved), (Cents::ZERO, Cents(60)));
    let again = reverse(
        &coupon,
        &redemption,
        &TakenBack::Everything,
        ReversalReason::Refund,
        Cents::ZERO,
        Timestamp(3),
    );
    assert_eq!(again, Err(NotReversed::NothingLeft));
}

#[test]
fn more_than_there_is_does_not_come_back() {
    let (coupon, redemption) = used();
    let twice = TakenBack::Lines(vec![LineBack { line: "b".to_owned(), quantity: Some(2) }; 2]);
    for (what, code) in [
        (back("x", None), "line_unknown"),
        (back("b", Some(4)), "line_quantity"),
        (back("b", Some(0)), "line_quantity"),
        (twice, "line_twice"),
        (TakenBack::Lines(vec![]), "nothing_left_to_reverse"),
    ] {
        let refused = reverse(&coupon, &redemption, &what, ReversalReason::Refund, Cents::ZERO, Timestamp(2));
        assert_eq!(refused.unwrap_err().code(), code);
    }
}

#[test]
fn the_policy_says_whether_the_coupon_goes_back_to_its_person() {
    let (coupon, redemption) = used();
    let after = |coupon: &Coupon, reason, now| {
        let effect = reverse(coupon, &redemption, &TakenBack::Everything, reason, Cents::ZERO, now).unwrap();
        effect.coupon.state.name()
    };
    assert_eq!(after(&coupon, ReversalReason::Cancel, Timestamp(2)), "issued");
    assert_eq!(after(&coupon, ReversalReason::Chargeback, Timestamp(2)), "reversed");
    assert_eq!(after(&coupon, ReversalReason::Cancel, coupon.valid_until), "reversed");
    let erased = release_of_erased(&coupon, Timestamp(2)).coupon;
    let released = redemption.release_of_erased();
    let effect = reverse(
        &erased,
        &released,
        &TakenBack::Everything,
        ReversalReason::Cancel,
        Cents::ZERO,
        Timestamp(3),
    );
    assert_eq!(effect.unwrap().coupon.state.name(), "reversed", "nobody is there to have it back");
    let anybodys = Coupon { profile: None, ..coupon.clone() };
    assert_eq!(after(&anybodys, ReversalReason::Cancel, Timestamp(2)), "issued", "whoever has its code");
    let strict = ReversalPolicy { cancel: Afterwards::StaysUsed, ..ReversalPolicy::default() };
    let strict = Coupon { reversals: strict, ..coupon.clone() };
    assert_eq!(after(&strict, ReversalReason::Cancel, Timestamp(2)), "reversed");
}

#[test]
fn a_coupon_that_came_back_is_used_again_as_another_redemption() {
    let (coupon, first) = used();
    let back =
        reverse(&coupon, &first, &TakenBack::Everything, ReversalReason::Cancel, Cents::ZERO, Timestamp(2))
            .unwrap();
    let again = redeemed(&back.coupon, &order(500), Timestamp(3)).unwrap();
    let second = again.redemption.unwrap();
    assert_ne!(first.id, second.id);
    assert_eq!(again.coupon.redemptions, [first.id, second.id]);
    // The first one is over; what is left of it is nothing.
    let late = back.redemption.unwrap();
    let refused = reverse(
        &again.coupon,
        &late,
        &TakenBack::Everything,
        ReversalReason::Refund,
        Cents::ZERO,
        Timestamp(4),
    );
    assert_eq!(refused, Err(NotReversed::NothingLeft));
}

#[test]
fn revoking_frees_what_was_reserved() {
    let revoked = revoke(&one_fifty(), Timestamp(1)).unwrap();
    assert_eq!((moved(&revoked).as_str(), revoked.coupon.reserved), ("Reserved>Available 1.50", Cents::ZERO));
    let again = revoke(&revoked.coupon, Timestamp(2)).unwrap();
    assert_eq!((again.entries.len(), again.coupon), (0, revoked.coupon));
}

#[test]
fn erasing_a_person_frees_what_was_reserved_and_keeps_what_was_spent() {
    let effect = release_of_erased(&one_fifty(), Timestamp(5));
    assert_eq!((effect.coupon.profile, effect.entries.len()), (None, 1));
    let held = reserved(&one_fifty(), &order(500), HoldFor::default(), Timestamp(0)).unwrap().coupon;
    assert_eq!(moved(&release_of_erased(&held, Timestamp(5))), "Reserved>Available 1.50");
    let expired = expire(&one_fifty(), one_fifty().valid_until).unwrap().coupon;
    let effect = release_of_erased(&expired, expired.valid_until.plus_days(1));
    let at = expired.valid_until;
    assert_eq!((effect.coupon.state, effect.entries.len()), (State::Revoked { at }, 0));
    let (redeemed, redemption) = used();
    let effect = release_of_erased(&redeemed, Timestamp(5));
    let State::Redeemed { order_id, amount, .. } = effect.coupon.state else { panic!("still redeemed") };
    assert_eq!((order_id.as_str(), amount, effect.entries.len()), ("", Cents(150), 0));
    let nameless = redemption.release_of_erased();
    assert_eq!((nameless.profile, nameless.order_id.as_str(), nameless.spent()), (None, "", Cents(150)));
    assert_eq!(nameless.parts.iter().map(|part| part.line.as_str()).collect::<Vec<_>>(), ["0", "1", "2"]);
}
