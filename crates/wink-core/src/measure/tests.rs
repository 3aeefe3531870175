//! One person's outcome, and a statement from sums.

use std::collections::BTreeMap;

use wink_stats::experiment::{Proportion, Verdict};

use super::*;
use crate::base::{
    CampaignId, Cents, CouponId, DecisionId, OfferId, RedemptionId, ReversalId, Timestamp, Value,
};
use crate::coupon::{Part, Redemption, Reversal};
use crate::event::{Body, Line, Observed, Order};
use crate::offer::{Afterwards, Margins, ReversalReason};

/// Noon of a day; the assignment is at noon of day 100.
fn noon(day: i64) -> Timestamp {
    Timestamp(43_200_000).plus_days(day)
}

fn costs() -> Costs {
    Costs {
        by_product: BTreeMap::new(),
        margins: Margins { default_basis_points: 4_000, by_category: BTreeMap::new() },
    }
}

fn order(id: &str, paid: i64, discount: i64) -> Body {
    let line = Line {
        product_id: "p".to_owned(),
        category: None,
        quantity: 1,
        paid: Cents(paid),
        discount: Cents(discount),
        coupon_discount: Cents::ZERO,
    };
    Body::OrderCompleted(Order { order_id: id.to_owned(), store_id: None, lines: vec![line] })
}

fn used(order_id: &str, amount: i64, returned: i64, at: Timestamp) -> Redemption {
    let part =
        |amount| Part { line: "1".to_owned(), quantity: 1, amount: Cents(amount), vat_basis_points: None };
    let back = Reversal {
        id: ReversalId::from_bytes([5; 16]),
        at,
        reason: ReversalReason::Refund,
        parts: vec![part(returned)],
        afterwards: Afterwards::StaysUsed,
    };
    Redemption {
        id: RedemptionId::from_bytes([1; 16]),
        coupon: CouponId::from_bytes([2; 16]),
        decision: DecisionId::from_bytes([3; 16]),
        profile: None,
        campaign: CampaignId::parse("tea").unwrap(),
        offer: OfferId::parse("tea").unwrap(),
        order_id: order_id.to_owned(),
        at,
        amount: Cents(amount),
        parts: vec![part(amount)],
        counted: Vec::new(),
        reversals: if returned == 0 { Vec::new() } else { vec![back] },
        offline: None,
    }
}

/// Somebody who is told to have done things, as (day, what, with which properties).
struct Told(Followed);

impl Told {
    fn offered() -> Self {
        Self(Followed::new(Arm::Offered, noon(100)))
    }

    fn buys(mut self, day: i64, id: &str, paid: i64, discount: i64) -> Self {
        self.0.hear(noon(day), &order(id, paid, discount), &BTreeMap::new(), &costs());
        self
    }

    fn does(mut self, day: i64, event: &str, order_id: &str, cents: Option<i64>) -> Self {
        let mut extra = BTreeMap::from([("order_id".to_owned(), Value::Text(order_id.to_owned()))]);
        extra.extend(cents.map(|cents| ("total_cents".to_owned(), Value::Int(cents))));
        let body = Body::Observed(Observed::named(event).unwrap());
        self.0.hear(noon(day), &body, &extra, &costs());
        self
    }

    fn uses(mut self, day: i64, order_id: &str, amount: i64, returned: i64) -> Self {
        self.0.use_coupon(&used(order_id, amount, returned, noon(day)), true);
        self
    }

    /// Contribution in the window, since the assignment, and net sales, in cents.
    fn check(&self, contribution: f64, since: f64, sales: f64) -> Outcome {
        let found = self.0.outcome();
        let close = |found: f64, wanted: f64| (found - wanted).abs() < 1e-9;
        assert!(
            close(found.contribution, contribution) && close(found.since, since) && close(found.sales, sales),
            "{found:?}"
        );
        found
    }
}

#[test]
fn the_window_is_the_28_days_after_the_day_of_the_assignment() {
    let told = Told::offered().buys(99, "before", 1_000, 0);
    let found = told.check(0.0, 0.0, 0.0);
    assert!(!found.bought && found.reaction_ms.is_none());
    let mut told =
        Told::offered().buys(101, "first", 1_000, 0).buys(128, "last", 1_000, 0).buys(129, "late", 1_000, 0);
    told.check(800.0, 800.0, 2_000.0);
    // The rest of the day itself is told apart.
    told.0.hear(Timestamp(noon(100).0 + 3_600_000), &order("at once", 500, 0), &BTreeMap::new(), &costs());
    let found = told.check(800.0, 1_000.0, 2_000.0);
    assert_eq!(found.reaction_ms, Some(3_600_000));
}

#[test]
fn what_comes_back_is_taken_off_whenever_it_comes() {
    let bought = || Told::offered().buys(101, "a", 1_000, 0);
    bought().does(105, "Order Refunded", "a", Some(250)).check(300.0, 300.0, 750.0);
    bought()
        .does(105, "Order Refunded", "a", Some(250))
        .does(110, "Order Refunded", "a", Some(250))
        .check(200.0, 200.0, 500.0);
    bought().does(105, "Order Refunded", "a", Some(9_999)).check(0.0, 0.0, 0.0);
    bought().does(200, "Order Refunded", "a", Some(250)).check(300.0, 300.0, 750.0);
    bought().does(105, "Order Refunded", "a", None).check(0.0, 0.0, 0.0);
    assert!(!bought().does(105, "Order Cancelled", "a", Some(1)).check(0.0, 0.0, 0.0).bought);
    // A wish to return is not a return yet, and another order is another.
    let found = bought()
        .does(105, "Return Requested", "a", Some(250))
        .does(105, "Order Refunded", "b", None)
        .check(400.0, 400.0, 1_000.0);
    assert_eq!(found.harms, [true, false, false]);
    // Told before the order is, as lanes are read one after the other.
    Told::offered()
        .does(105, "Order Refunded", "a", Some(250))
        .buys(101, "a", 1_000, 0)
        .check(300.0, 300.0, 750.0);
}

#[test]
fn a_coupon_is_taken_off_once_whoever_tells_of_it() {
    // 1,000 on the shelf, 600 of it cost, 200 taken off.
    Told::offered().buys(101, "a", 800, 200).uses(101, "a", 200, 0).check(200.0, 200.0, 800.0);
    let found = Told::offered().buys(101, "a", 800, 0).uses(101, "a", 200, 0).check(200.0, 200.0, 800.0);
    assert!(found.redeemed && (found.discount - 200.0).abs() < 1e-9, "{found:?}");
    // Half of the order came back, and half of the coupon with it.
    let half = Told::offered().buys(101, "a", 800, 200).uses(101, "a", 200, 100).does(
        104,
        "Order Refunded",
        "a",
        Some(400),
    );
    assert!((half.check(100.0, 100.0, 400.0).discount - 100.0).abs() < 1e-9);
    // Nobody told of the order: what the coupon took off is all that is known.
    let found = Told::offered().uses(101, "nowhere", 200, 50).check(-150.0, -150.0, 0.0);
    assert!(found.redeemed && !found.bought && found.orders_untold == 1, "{found:?}");
    // One of another campaign changes what the goods cost, and is not this one's discount.
    let mut other = Told::offered().buys(101, "a", 800, 0);
    other.0.use_coupon(&used("a", 200, 0, noon(101)), false);
    let found = other.check(200.0, 200.0, 800.0);
    assert!(!found.redeemed && found.discount == 0.0, "{found:?}");
}

#[test]
fn an_order_that_is_told_twice_is_one() {
    Told::offered().buys(101, "a", 1_000, 0).buys(101, "a", 1_000, 0).check(400.0, 400.0, 1_000.0);
    Told::offered().buys(101, "", 1_000, 0).buys(101, "", 1_000, 0).check(800.0, 800.0, 2_000.0);
}

#[test]
fn contacts_cost_and_harm_is_seen() {
    let mut told =
        Told::offered().does(100, "Unsubscribed", "", None).does(101, "Support Ticket Opened", "", None);
    told.0.contact(noon(100), 1.0);
    told.0.contact(noon(110), 0.5);
    told.0.contact(noon(129), 9.0);
    assert_eq!(told.check(-1.5, -1.5, 0.0).harms, [false, true, true]);
    assert_eq!(Told::offered().does(129, "Unsubscribed", "", None).check(0.0, 0.0, 0.0).harms, [false; 3]);
}

/// Arms of people who each bought for one of some amounts, in turn.
fn tally(arms: [(Arm, u64, &[i64]); 2]) -> Tally {
    let mut tally = Tally::default();
    for (arm, people, paid) in arms {
        for (_, paid) in (0..people).zip(paid.iter().cycle()) {
            let mut person = Followed::new(arm, noon(100));
            if 0 < *paid {
                person.hear(noon(105), &order("a", *paid, 0), &BTreeMap::new(), &costs());
            }
            tally.assign(arm);
            tally.add(&person);
        }
    }
    tally
}

fn state(tally: &Tally, share: LotShare) -> Statement {
    Statement::of(tally, share, &Thresholds::default())
}

const TENTH: LotShare = LotShare::Fixed(1_000);

#[test]
fn a_statement_tells_the_increment_and_its_total() {
    let sold = tally([(Arm::Offered, 900, &[2_000, 0]), (Arm::HeldOut, 100, &[1_000, 0])]);
    let found = state(&sold, TENTH);
    let increment = found.increment.unwrap();
    // 40 % of 2,000 and of 1,000 at every second person.
    assert!(
        (increment.told.estimate - 200.0).abs() < 1e-9 && increment.told == increment.plain,
        "{increment:?}"
    );
    assert!((found.total.unwrap().estimate - 180_000.0).abs() < 1e-6);
    assert_eq!(increment.since.unwrap(), increment.plain);
    // Everybody buys on the fifth day; before it there is nothing to tell apart.
    assert_eq!(found.course.first().unwrap(), &(5, increment.plain));
    assert_eq!(found.course.last().unwrap(), &(28, increment.plain));
    assert!(increment.variance_left.is_none(), "nobody spent anything before");
    assert!(found.buys.unwrap().estimate.abs() < 1e-12);
    assert!(matches!(&found.lots, Lots::Tested(ratio) if !ratio.is_mismatch()), "{:?}", found.lots);
    let costs = found.costs.unwrap();
    assert!((costs[CostSource::Default as usize] - 1.0).abs() < 1e-12, "{costs:?}");
    assert_eq!(found.advice, Rule::Earns);
    // Nobody did any harm, in neither arm; of the hundred held out, some might have all the same.
    let change = found.guarded[0].judged.clone().unwrap().1;
    assert!(change.lower < -0.02 && 0.0 < change.upper, "{change:?}");
}

#[test]
fn the_last_day_of_the_course_is_the_plain_difference_also_where_contacts_cost() {
    let mut tally = Tally::default();
    for (arm, people) in [(Arm::Offered, 400), (Arm::HeldOut, 100)] {
        for number in 0..people {
            let mut person = Followed::new(arm, noon(100));
            person.hear(noon(105), &order("a", 1_000 + 100 * (number % 3), 0), &BTreeMap::new(), &costs());
            if arm == Arm::Offered {
                // By a letter at once, and for every second one by another ten days later.
                person.contact(noon(100), 60.0);
                if number % 2 == 0 {
                    person.contact(noon(110), 30.0);
                }
            }
            tally.assign(arm);
            tally.add(&person);
        }
    }
    let found = state(&tally, LotShare::Fixed(2_000));
    let plain = found.increment.unwrap().plain;
    let at = |day: u16| found.course.iter().find(|(one, _)| *one == day).unwrap().1;
    for (of_course, of_all) in [at(28).estimate, at(28).lower, at(28).upper].into_iter().zip([
        plain.estimate,
        plain.lower,
        plain.upper,
    ]) {
        assert!((of_course - of_all).abs() < 1e-9, "{of_course} is not {of_all}");
    }
    // 60 from the first day on, 30 for half of them from the tenth, and nobody bought more for it.
    let [ninth, tenth] = [at(9), at(10)].map(|cents| cents.estimate);
    assert!((ninth - tenth - 15.0).abs() < 1e-9 && (-62.0..-58.0).contains(&ninth), "{ninth} {tenth}");
}

#[test]
fn what_cannot_be_said_is_said() {
    let nobody = state(&Tally::default(), TENTH);
    assert!(
        nobody.increment.is_err()
            && nobody.total.is_none()
            && nobody.reaction.is_none()
            && nobody.costs.is_none()
    );
    assert_eq!(nobody.advice, Rule::NotEnoughData);
    let none_held_out = tally([(Arm::Offered, 900, &[2_000, 0]), (Arm::HeldOut, 0, &[0])]);
    let found = state(&none_held_out, LotShare::Fixed(0));
    assert!(matches!(found.lots, Lots::Untested(_)) && found.advice == Rule::NotEnoughData);
    let nobody_bought = tally([(Arm::Offered, 900, &[0]), (Arm::HeldOut, 100, &[0])]);
    assert_eq!(
        state(&nobody_bought, TENTH).increment.unwrap_err().to_string(),
        "not enough data: the outcome is the same everywhere"
    );
    let all_the_same = tally([(Arm::Offered, 900, &[500]), (Arm::HeldOut, 100, &[500])]);
    assert_eq!(state(&all_the_same, TENTH).advice, Rule::NotEnoughData);
}

#[test]
fn arms_of_the_wrong_size_are_not_to_be_trusted() {
    let sold = |held_out| tally([(Arm::Offered, 900, &[2_000, 0]), (Arm::HeldOut, held_out, &[1_000, 0])]);
    let found = state(&sold(50), TENTH);
    assert!(matches!(&found.lots, Lots::Tested(ratio) if ratio.p_value < 0.001));
    assert!(found.increment.is_ok(), "it is told, and not advised upon");
    assert_eq!(found.advice, Rule::LotsMismatch);
    assert_ne!(state(&sold(100), TENTH).advice, Rule::LotsMismatch);
    let changed = state(&sold(50), LotShare::Changed);
    assert!(changed.lots == Lots::ShareChanged && changed.increment.is_ok());
    assert_eq!(changed.advice, Rule::ShareChanged, "it is told, and not advised upon");
}

#[test]
fn amounts_of_fewer_than_thirty_people_are_not_shown() {
    let told = |redeemers: u64| {
        let mut tally = Tally::default();
        for _ in 0..redeemers {
            tally.add(&Told::offered().buys(105, "a", 800, 200).uses(105, "a", 200, 0).0);
        }
        // People who neither buy nor use anything do not make it a sum of many.
        (0..100).for_each(|_| tally.add(&Told::offered().0));
        let found = state(&tally, TENTH);
        (found.discount, found.costs)
    };
    assert_eq!(told(29), (None, None));
    let (discount, costs) = told(30);
    assert_eq!((discount, costs.unwrap()[CostSource::Default as usize]), (Some(6_000.0), 1.0));
    // Both arms' buyers are one sum.
    let arms = tally([(Arm::Offered, 20, &[500]), (Arm::HeldOut, 10, &[500])]);
    assert!(state(&arms, TENTH).costs.is_some() && state(&arms, TENTH).discount.is_none());
}

#[test]
fn who_sells_more_may_get_more_back() {
    // Of 2,000 offered people 800 buy, of as many held out 400; of these four of ten send something back.
    let judge = |tenths_offered: u64| {
        let mut tally = Tally::default();
        for number in 0..4_000_u64 {
            let (arm, tenths, buyers) =
                if number < 2_000 { (Arm::Offered, tenths_offered, 800) } else { (Arm::HeldOut, 4, 400) };
            let place = number % 2_000;
            let mut person = Told(Followed::new(arm, noon(100)));
            if place < buyers {
                person = person.buys(105, "a", 1_000, 0);
            }
            if place < buyers && place % 10 < tenths {
                person = person.does(107, "Order Refunded", "a", None);
            }
            // Somebody who did not buy sends back what they had bought before.
            if place == 1_999 {
                person = person.does(107, "Return Requested", "before", None);
            }
            tally.add(&person.0);
        }
        state(&tally, LotShare::Fixed(5_000)).guarded.swap_remove(Harm::Returned as usize)
    };
    let alike = judge(4);
    assert_eq!(alike.shares, [Some(0.4), Some(0.4)], "of buyers");
    assert_ne!(alike.judged.unwrap().0, Verdict::Breached);
    let more = judge(6);
    assert_eq!(more.shares, [Some(0.6), Some(0.4)], "whoever sent everything back did buy");
    assert_eq!(more.judged.unwrap().0, Verdict::Breached);
}

/// A hundred held-out people, of whom every other one buys for 1,000, and a hundred offered ones, of whom every other one buys for 2,000. So many
/// of the offered use a coupon on the day of the assignment, which costs `lost` cents each, and so many later.
fn redeemed(on_the_day: u64, later: u64, lost: i64) -> Statement {
    let mut tally = tally([(Arm::HeldOut, 100, &[1_000, 0]), (Arm::Offered, 0, &[0])]);
    for number in 0..100 {
        let mut person = Followed::new(Arm::Offered, noon(100));
        if number % 2 == 0 {
            person.hear(noon(110), &order("a", 2_000, 0), &BTreeMap::new(), &costs());
        }
        if number < on_the_day {
            person.use_coupon(&used("nowhere", lost, 0, noon(100)), true);
        } else if number < on_the_day + later {
            person.use_coupon(&used("a", 1, 0, noon(110)), true);
        }
        tally.assign(Arm::Offered);
        tally.add(&person);
    }
    state(&tally, LotShare::Fixed(5_000))
}

#[test]
fn what_happens_on_the_day_that_is_left_out_is_not_advised_past() {
    let check = |on_the_day, later, lost, redeems_much, turns_the_sign, advice| {
        let found = redeemed(on_the_day, later, lost);
        let first_day = found.increment.unwrap().first_day;
        assert_eq!(first_day, FirstDay { redeems_much, turns_the_sign }, "{on_the_day} {later} {lost}");
        assert_eq!(found.advice, advice, "{on_the_day} {later} {lost}");
    };
    check(0, 28, 0, false, false, Rule::Earns);
    check(6, 28, 1, false, false, Rule::Earns);
    check(7, 28, 1, true, false, Rule::Undecided);
    check(6, 0, 1, true, false, Rule::Undecided);
    // It earns 2 a person on the 28 days, and gave away 3 on the day before them.
    check(6, 28, 5_000, false, true, Rule::Undecided);
}

#[test]
fn a_coupon_that_came_back_was_not_redeemed() {
    let check = |person: Told, redemptions, first_day| {
        let found = person.0.outcome();
        assert_eq!((found.redemptions, found.redemptions_first_day), (redemptions, first_day), "{found:?}");
    };
    check(Told::offered().uses(100, "a", 200, 200).uses(101, "b", 200, 0), 1, 0);
    check(Told::offered().uses(100, "a", 200, 50).uses(129, "b", 200, 0), 1, 1);
}

#[test]
fn what_was_spent_before_is_taken_off_where_it_helps() {
    let mut tally = Tally::default();
    for number in 0..1_000_i64 {
        let arm = if number % 10 == 0 { Arm::HeldOut } else { Arm::Offered };
        let mut person = Followed::new(arm, noon(100));
        let usual = 1_000 + 37 * (number % 97);
        person.before = Cents(usual);
        person.hear(noon(105), &order("a", usual + number % 7, 0), &BTreeMap::new(), &costs());
        tally.add(&person);
    }
    let increment = state(&tally, TENTH).increment.unwrap();
    assert!(increment.variance_left.unwrap() < 0.01, "{increment:?}");
    let width = |interval: wink_stats::Interval| interval.upper - interval.lower;
    assert!(width(increment.told) < 0.1 * width(increment.plain), "{increment:?}");
}

#[test]
fn harm_breaks_a_guardrail_and_few_people_show_nothing() {
    let mut tally = tally([(Arm::Offered, 1_000, &[2_000, 0]), (Arm::HeldOut, 1_000, &[1_000, 0])]);
    let share = |did: u64| Proportion { did, did_not: 1_000 - did };
    let place = Harm::Unsubscribed as usize;
    tally.offered.harms[place] = share(60);
    tally.held_out.harms[place] = share(20);
    let found = state(&tally, LotShare::Fixed(5_000));
    let guarded = &found.guarded[place];
    assert_eq!(guarded.judged.as_ref().unwrap().0, Verdict::Breached);
    let shown = guarded.shares.map(|share| (share.unwrap() * 1_000.0).round());
    assert_eq!(shown, [60.0, 20.0]);
    assert_eq!(found.advice, Rule::GuardrailBreached);
    // Thirteen of 661 against nobody of 77 may well be chance.
    tally.offered.harms[place] = Proportion { did: 13, did_not: 648 };
    tally.held_out.harms[place] = Proportion { did: 0, did_not: 77 };
    let found = state(&tally, LotShare::Fixed(5_000));
    assert_eq!(found.guarded[place].judged.as_ref().unwrap().0, Verdict::Open);
    assert_eq!(found.advice, Rule::Earns);
    let few = self::tally([(Arm::Offered, 29, &[2_000, 0]), (Arm::HeldOut, 29, &[1_000, 0])]);
    assert!(state(&few, TENTH).guarded.iter().all(|guarded| guarded.shares == [None, None]));
}
