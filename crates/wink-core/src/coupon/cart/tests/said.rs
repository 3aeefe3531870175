//! Examples, and what is said about them.

use super::super::{Cart, Checkout, Claim, Line, best, put_on, vat_shares};
use super::{NOW, Written, amount, cart, claims, leave_out, line, missing, percent, under};
use crate::base::{Cents, Currency, ProfileId, Timestamp, Zone};
use crate::coupon::{
    Audience, Hold, Language, LineBack, Locale, NearestMiss, Redemption, Refusal, State, TakenBack, redeem,
    reverse,
};
use crate::offer::{CartPolicy, ReversalReason};

const POLICY: CartPolicy = CartPolicy { max_stack: 2, cost_floor_basis_points: Some(10_000) };

/// Writes down what became of each coupon: what it takes off by line, or the code, rule and missing amount of its "no".
fn check(cart: &Cart, written: &[Written], expected: &[&str]) {
    let stack = put_on(cart, &claims(written), &under(&POLICY));
    let applied = stack.priced.applied().iter().map(|applied| {
        let shares: Vec<String> = applied.by_line.iter().map(|share| share.0.to_string()).collect();
        format!("{}: {}", applied.coupon.bytes()[0], shares.join(" "))
    });
    let refused = stack.refused.iter().map(|(coupon, refusal)| {
        let rule = refusal.rule().unwrap_or("-");
        let missing = missing(refusal).map_or("-".to_owned(), |missing| missing.0.to_string());
        let without: Vec<String> =
            leave_out(refusal).iter().map(|coupon| coupon.bytes()[0].to_string()).collect();
        format!("{}: {} {rule} {missing} [{}]", coupon.bytes()[0], refusal.code(), without.join(" "))
    });
    assert_eq!(applied.chain(refused).collect::<Vec<_>>(), expected);
}

#[test]
fn a_coupon_takes_off_its_own_lines_in_proportion() {
    let cart = cart(&[(1_000, &["tea"], None), (500, &["cups"], None), (500, &["tea"], None)]);
    check(&cart, &[Written::new(1, amount(100)).of(&["tea"])], &["1: 67 0 33"]);
    check(&cart, &[Written::new(1, amount(100))], &["1: 50 25 25"]);
}

#[test]
fn a_later_coupon_works_on_what_is_left_and_keeps_the_minimum_of_an_earlier_one() {
    let cart = cart(&[(1_000, &["tea"], None), (1_000, &["cups"], None)]);
    let tenth = Written::new(2, percent(1_000, 10_000));
    check(&cart, &[Written::new(1, amount(500)).of(&["tea"]), tenth.clone()], &["1: 500 0", "2: 50 100"]);
    let all_but = Written::new(1, amount(500)).of(&["tea"]).minimum(0, 500);
    check(&cart, &[all_but, tenth], &["1: 500 0", "2: 0 150"]);
}

#[test]
fn nothing_goes_below_what_it_costs() {
    let cart = cart(&[(1_000, &["tea"], Some(990)), (1_000, &["cups"], Some(1_200))]);
    check(&cart, &[Written::new(1, amount(500))], &["1: 10 0"]);
    check(
        &cart,
        &[Written::new(1, amount(500)).of(&["cups"])],
        &["1: minimum_price cost_floor_percent - []"],
    );
}

#[test]
fn every_no_names_its_rule_and_what_would_help() {
    let cart = cart(&[(1_390, &["tea"], None)]);
    let one = |written: Written| [written];
    check(
        &cart,
        &one(Written::new(1, amount(100)).minimum(2_000, 0)),
        &["1: minimum_spend minimum_spend 610 []"],
    );
    check(
        &cart,
        &one(Written::new(1, amount(100)).minimum(1_400, 2_000)),
        &["1: minimum_spend minimum_spend 611 []"],
    );
    check(
        &cart,
        &one(Written::new(1, amount(100)).minimum(0, 1_500)),
        &["1: minimum_price minimum_price 111 []"],
    );
    check(
        &cart,
        &one(Written::new(1, amount(100)).of(&["jam"])),
        &["1: no_eligible_products categories 1 []"],
    );
    let mut expired = Written::new(1, amount(100));
    expired.coupon.valid_until = NOW;
    check(&cart, &one(expired), &["1: discount_code_expired valid_days - []"]);
    let mut revoked = Written::new(1, amount(100));
    revoked.coupon.state = State::Revoked { at: NOW };
    check(&cart, &one(revoked), &["1: discount_code_invalid - - []"]);
}

#[test]
fn coupons_meet_as_the_policy_says() {
    let cart = cart(&[(1_000, &["tea"], None)]);
    let coupon = |number| Written::new(number, amount(100));
    check(
        &cart,
        &[coupon(1).alone(), coupon(2)],
        &["1: 100", "2: discount_code_combination_disallowed stacks - [1]"],
    );
    check(
        &cart,
        &[coupon(1).group("g"), coupon(2).group("g").first()],
        &["2: 100", "1: discount_code_combination_disallowed exclusive_group - [2]"],
    );
    check(
        &cart,
        &[coupon(1), coupon(2), coupon(3)],
        &["1: 100", "2: 100", "3: discount_code_combination_disallowed max_stack - [2]"],
    );
    check(
        &cart,
        &[Written::new(1, amount(1_000)), coupon(2)],
        &["1: 1000", "2: discount_code_combination_disallowed minimum_price - [1]"],
    );
}

#[test]
fn coupons_of_two_people_do_not_meet() {
    let cart = cart(&[(1_000, &["tea"], None)]);
    let mut other = Written::new(2, amount(100));
    other.coupon.profile = Some(ProfileId::from_bytes([2; 16]));
    check(
        &cart,
        &[Written::new(1, amount(100)), other],
        &["1: 100", "2: discount_code_user_ineligible - - [1]"],
    );
}

#[test]
fn a_coupon_waits_for_its_activation_and_for_the_order_it_is_held_for() {
    let cart = cart(&[(1_000, &["tea"], None)]);
    let mut asleep = Written::new(1, amount(100));
    asleep.coupon.terms.needs_activation = true;
    check(&cart, &[asleep.clone()], &["1: coupon_not_activated needs_activation - []"]);
    asleep.coupon.state = State::Activated { at: NOW };
    check(&cart, &[asleep], &["1: 100"]);

    let mut held = Written::new(1, amount(100));
    let until = Timestamp(NOW.0 + 1);
    held.coupon.state = State::Reserved(Hold {
        order_id: "o".to_owned(),
        amount: Cents(100),
        at: NOW,
        until,
        activated_at: None,
    });
    check(&cart, &[held.clone()], &["1: coupon_reserved - - []"]);
    let on = |order, now| {
        let checkout = Checkout { policy: &POLICY, order, now };
        put_on(&cart, &[held.claim()], &checkout).outcome(held.coupon.id).map(|applied| applied.amount)
    };
    let refused = on(Some("other"), NOW).unwrap_err();
    assert_eq!(refused.nearest_miss(), Some(NearestMiss::Wait(until)));
    assert_eq!([on(Some("o"), NOW), on(None, until)], [Ok(Cents(100)), Ok(Cents(100))]);
}

#[test]
fn a_coupon_that_came_back_is_worth_no_more_than_what_came_back() {
    let mut back = Written::new(1, amount(100));
    back.coupon.reserved = Cents(40);
    check(&cart(&[(1_000, &["tea"], None)]), &[back], &["1: 40"]);
}

#[test]
fn what_was_redeemed_on_the_order_before_stands_and_the_others_count_behind_it() {
    let cart = cart(&[(1_000, &["tea"], None), (1_000, &["cups"], None)]);
    let (mut used, tenth) =
        (Written::new(9, amount(500)).of(&["tea"]), Written::new(1, percent(1_000, 1_000)).first());
    let checkout = Checkout { order: Some("o"), ..under(&POLICY) };
    let first = put_on(&cart, &[used.claim()], &checkout);
    let effect = redeem(&used.coupon, "o", &first, NOW).unwrap();
    let redemption = effect.redemption.unwrap();
    used.coupon = effect.coupon;
    let again = Claim { redeemed: Some(&redemption), ..used.claim() };
    let stack = put_on(&cart, &[tenth.claim(), again.clone()], &checkout);
    assert_eq!(stack.outcome(used.coupon.id).unwrap().by_line, [Cents(500), Cents(0)]);
    assert_eq!(stack.outcome(tenth.coupon.id).unwrap().by_line, [Cents(50), Cents(100)]);
    // On a line that costs less by now, no more than it costs; and as the ledger says something else, nothing is said to apply.
    let other = super::cart(&[(300, &["tea"], None)]);
    let stack = put_on(&other, &[again.clone(), tenth.claim()], &checkout);
    assert_eq!(stack.priced.left(), [Cents(0)]);
    for coupon in [used.coupon.id, tenth.coupon.id] {
        assert_eq!(stack.outcome(coupon), Err(Refusal::OtherCart));
    }
    let mut revoked = Written::new(2, amount(100));
    revoked.coupon.state = State::Revoked { at: NOW };
    let stack = put_on(&other, &[again.clone(), revoked.claim()], &checkout);
    assert_eq!(stack.outcome(revoked.coupon.id), Err(Refusal::Revoked), "which taking back would not help");
    let best = best(&other, &[again, tenth.claim()], &checkout);
    assert_eq!((best.priced.applied().len(), best.priced.discount()), (1, Cents(300)));
}

/// Redeems a coupon on order `o`, and gives back some pieces of line 0.
fn used(written: &mut Written, cart: &Cart, back: u32) -> Redemption {
    let checkout = Checkout { order: Some("o"), ..under(&POLICY) };
    let effect = redeem(&written.coupon, "o", &put_on(cart, &[written.claim()], &checkout), NOW).unwrap();
    written.coupon = effect.coupon;
    let redemption = effect.redemption.unwrap();
    if back == 0 {
        return redemption;
    }
    let what = TakenBack::Lines(vec![LineBack { line: "0".to_owned(), quantity: Some(back) }]);
    let effect =
        reverse(&written.coupon, &redemption, &what, ReversalReason::Refund, Cents::ZERO, NOW).unwrap();
    written.coupon = effect.coupon;
    effect.redemption.unwrap()
}

#[test]
fn what_came_back_is_not_given_again() {
    let pieces = |quantity| Cart::new(vec![Line { quantity, ..line(0, 1_000, &[], None) }]).unwrap();
    let mut written = Written::new(1, amount(60));
    let redemption = used(&mut written, &pieces(3), 2);
    let checkout = Checkout { order: Some("o"), ..under(&POLICY) };
    let again = Claim { redeemed: Some(&redemption), ..written.claim() };
    let gives = |quantity| {
        let cart = pieces(quantity);
        put_on(&cart, std::slice::from_ref(&again), &checkout).priced.discount()
    };
    assert_eq!([gives(1), gives(3)], [Cents(20), Cents(20)], "40 of the 60 came back");

    let mut written = Written::new(1, amount(60));
    let redemption = used(&mut written, &pieces(3), 0);
    let again = Claim { redeemed: Some(&redemption), ..written.claim() };
    let gives = put_on(&pieces(2), std::slice::from_ref(&again), &checkout).priced.discount();
    assert_eq!(gives, Cents(40), "of two of the three pieces");
}

#[test]
fn what_was_used_on_the_order_cannot_be_left_out() {
    let cart = cart(&[(1_000, &["tea"], None)]);
    let mut first = Written::new(1, amount(100)).alone();
    let redemption = used(&mut first, &cart, 0);
    let claim = Claim { redeemed: Some(&redemption), ..first.claim() };
    let second = Written::new(2, amount(100));
    let checkout = Checkout { order: Some("o"), ..under(&POLICY) };
    let stack = put_on(&cart, &[second.claim(), claim.clone()], &checkout);
    let refusal = stack.outcome(second.coupon.id).unwrap_err();
    assert_eq!((refusal.rule(), refusal.nearest_miss()), (Some("stacks"), None));
    assert_eq!(
        said(&refusal, Language::German, Audience::Cashier),
        "Einer davon gilt nur allein. Die anderen sind auf dieser Bestellung eingelöst."
    );
    let best = best(&cart, &[second.claim(), claim], &checkout);
    assert_eq!(best.priced.discount(), Cents(100), "the best holds what stands, and what may meet it");

    // Of those that may be left out, the ones are named that help.
    let (third, fourth) = (Written::new(3, amount(100)), Written::new(4, amount(100)));
    let mut stacks = Written::new(5, amount(100));
    let redemption = used(&mut stacks, &cart, 0);
    let claim = Claim { redeemed: Some(&redemption), ..stacks.claim() };
    let stack = put_on(&cart, &[third.claim(), fourth.claim(), claim], &checkout);
    let refusal = stack.outcome(fourth.coupon.id).unwrap_err();
    assert_eq!(leave_out(&refusal), [third.coupon.id], "two at most, and one of them stands");
}

#[test]
fn the_best_combination_leaves_out_what_costs_the_shopper() {
    let cart = cart(&[(1_000, &["tea"], None)]);
    let written =
        [Written::new(1, amount(600)).alone(), Written::new(2, amount(400)), Written::new(3, amount(300))];
    let best = best(&cart, &claims(&written), &under(&POLICY));
    let used: Vec<u8> = best.priced.applied().iter().map(|applied| applied.coupon.bytes()[0]).collect();
    assert_eq!((used, best.priced.discount()), (vec![2, 3], Cents(700)));
}

#[test]
fn the_discount_is_split_by_rate() {
    let cart = cart(&[(1_190, &[], None), (1_070, &[], None), (1_190, &[], None)]);
    let stack = put_on(&cart, &claims(&[Written::new(1, percent(5_000, 10_000))]), &under(&POLICY));
    let shares = vat_shares(&stack.priced);
    let shares: Vec<_> = shares.iter().map(|of| (of.rate, of.before.0, of.discount.0, of.tax.0)).collect();
    assert_eq!(shares, [(Some(700), 1_070, 535, 35), (Some(1_900), 2_380, 1_190, 190)]);
}

fn said(refusal: &Refusal, language: Language, audience: Audience) -> String {
    let zone = Zone::new("Europe/Berlin").unwrap();
    let currency = Currency::new("EUR").unwrap();
    Locale { currency, zone: &zone }.speaker(language).refusal(refusal, audience)
}

#[test]
fn a_no_is_said_with_amount_and_date_to_whom_it_concerns() {
    use Audience::{Cashier, Customer};
    use Language::{English, German};
    let missing = Refusal::MinimumSpend { missing: Cents(610) };
    let check = |refusal: &Refusal, language, audience, expected: &str| {
        assert_eq!(said(refusal, language, audience), expected);
    };
    check(
        &missing,
        German,
        Customer,
        "Mit weiteren 6,10 EUR für Produkte aus diesem Angebot gilt der Gutschein.",
    );
    check(&missing, German, Cashier, "Mindestbetrag nicht erreicht. Es fehlen 6,10 EUR.");
    check(&missing, English, Customer, "With 6.10 EUR more for products of this offer the coupon applies.");
    check(&missing, English, Cashier, "Minimum spend not reached. Missing: 6.10 EUR.");
    let midnight = Timestamp::parse("2026-12-01T00:00:00+01:00").unwrap();
    let expired = Refusal::Expired { until: midnight };
    check(&expired, German, Customer, "Dieser Gutschein galt bis 30.11.2026, 23:59 Uhr.");
    check(&expired, English, Customer, "This coupon was valid until 30 November 2026, 23:59.");
    let held = Refusal::Held { until: Timestamp(midnight.0 - 1), is_over: false };
    check(&held, German, Cashier, "Für eine andere Bestellung vorgemerkt bis 01.12.2026, 00:00 Uhr.");
    let over = Refusal::Held { until: midnight, is_over: true };
    check(&over, English, Cashier, "Held for another order until 1 December 2026, 00:00. Run out by then.");
    let today = "Für heute ist dieses Angebot ausgeschöpft.";
    check(&Refusal::DayLimit { until: None }, German, Customer, today);
    let then = Refusal::DayLimit { until: Some(midnight) };
    check(&then, German, Customer, &format!("{today} Es gilt wieder ab 01.12.2026, 00:00 Uhr."));
    assert_eq!(Refusal::DayLimit { until: None }.to_string(), "no more of this today");
    check(&Refusal::NotActivated, English, Cashier, "Not activated yet. The customer does that.");
    // Whether it never was or is somebody else's, and what things cost the shop, is not for customers.
    for language in [German, English] {
        assert_eq!(said(&Refusal::Unknown, language, Customer), said(&Refusal::Revoked, language, Customer));
    }
    check(
        &Refusal::CostFloor,
        English,
        Customer,
        "This coupon lowers the price of these products no further.",
    );
    check(&Refusal::NotActivated, German, Customer, "Dieser Gutschein muss erst aktiviert werden.");
}
