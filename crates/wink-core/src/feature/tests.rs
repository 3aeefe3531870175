//! What holds of features: of each kind of aggregation an example, and of all of them properties.

use std::collections::BTreeMap;

use super::*;
use crate::base::{CampaignId, Cents, CouponId, DAY_MS, DecisionId, OfferId, Timestamp, Value, Zone};
use crate::event::{Body, Issued, Line, Observed, Order};
use crate::profile::{Grants, Purpose};

mod declared;
mod law;
mod scored;
mod table;

/// Noon of a Wednesday, far from any bucket's edge.
const NOON: Timestamp = Timestamp(20_000 * DAY_MS + 12 * 3_600_000);

/// An event with what it says.
#[derive(Clone, Debug)]
struct Told {
    at: Timestamp,
    body: Body,
    extra: BTreeMap<String, Value>,
}

impl Told {
    fn fold(&self, state: &mut State, catalogue: &Catalogue) -> bool {
        fold(state, catalogue, &Happened::new(self.at, &self.body, &self.extra))
    }
}

fn days_ago(days: i64) -> Timestamp {
    NOON.plus_days(-days)
}

fn order(at: Timestamp, lines: &[(&str, i64)]) -> Told {
    let line = |(category, cents): &(&str, i64)| Line {
        product_id: format!("{category} {cents}"),
        category: Some((*category).to_owned()),
        quantity: 2,
        paid: Cents(*cents),
        discount: Cents(cents / 4),
        coupon_discount: Cents(0),
    };
    let lines = lines.iter().map(line).collect();
    let body = Body::OrderCompleted(Order { order_id: String::new(), store_id: None, lines });
    Told { at, body, extra: BTreeMap::new() }
}

fn observed(at: Timestamp, name: &str, properties: &[(&str, Value)]) -> Told {
    let extra = properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Told { at, body: Body::Observed(Observed::named(name).unwrap()), extra }
}

fn contact(at: Timestamp, pushed: bool) -> Told {
    let body = Body::CouponIssued(Issued {
        coupon: CouponId::from_bytes([1; 16]),
        decision: DecisionId::from_bytes([2; 16]),
        campaign: CampaignId::parse("tea").unwrap(),
        offer: OfferId::parse("tea").unwrap(),
        pushed,
    });
    Told { at, body, extra: BTreeMap::new() }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn state_of(catalogue: &Catalogue, events: &[Told]) -> State {
    let mut state = State::default();
    for event in events {
        event.fold(&mut state, catalogue);
    }
    state
}

fn viewed(catalogue: &Catalogue, states: &[&State], now: Timestamp, name: &str) -> Viewed {
    let view = view(states, catalogue, &Grants::new(Purpose::ALL), now, &Wanted::all());
    view.slots().get(catalogue.slot(name).unwrap()).cloned().unwrap_or(Viewed::NotAsked)
}

/// Tells a built-in feature of somebody of whom these events are known.
fn check(name: &str, events: &[Told], expected: impl Into<Option<f64>>) {
    let catalogue = Catalogue::built_in();
    let value = match viewed(&catalogue, &[&state_of(&catalogue, events)], NOON, name) {
        Viewed::Number(reading) => Some(reading.value),
        _ => None,
    };
    let expected = expected.into();
    let near = match (value, expected) {
        (Some(value), Some(expected)) => (value - expected).abs() <= 0.01 * expected.abs(),
        (value, expected) => value == expected,
    };
    assert!(near, "{name} is {value:?}, not {expected:?}");
}

#[test]
fn there_are_a_hundred_and_four_built_in_features_and_the_first_stay_where_they_were() {
    let catalogue = Catalogue::compile(built_in_definitions(), &Zone::utc()).unwrap();
    let names: Vec<&str> =
        catalogue.definitions().iter().map(|definition| definition.name.as_str()).collect();
    assert_eq!(names.len(), 104);
    let first = [
        "recency_days",
        "orders_56d",
        "orders_365d",
        "sales_cents_365d",
        "order_gap_days",
        "basket_cents",
        "basket_lines",
        "category_affinity",
        "coupons_used_365d",
        "discount_share_365d",
        "last_contact_days",
        "contacts_28d",
    ];
    assert_eq!(names[..12], first);
    assert_eq!(names[89..92], ["app_removed_days", "readiness", "uncertainty"]);
    let scores = names[92..].iter().all(|name| name.starts_with("score_"));
    assert!(scores, "{:?}", &names[92..]);
    assert_eq!(Catalogue::built_in(), catalogue);
}

#[test]
fn orders_are_counted_summed_and_averaged() {
    let events = [order(days_ago(3), &[("tea", 400), ("milk", 200)]), order(days_ago(43), &[("tea", 1_000)])];
    check("recency_days", &events, 3.0);
    check("orders_28d", &events, 1.0);
    check("orders_56d", &events, 2.0);
    check("sales_cents_365d", &events, 1_600.0);
    check("basket_cents", &events, 800.0);
    check("basket_lines", &events, 1.5);
    check("order_gap_days", &events, 40.0);
    check("discount_share_365d", &events, 0.2);
    check("basket_cents_max_365d", &events, 1_000.0);
    check("first_basket_cents", &events, 1_000.0);
    check("last_basket_cents", &events, 600.0);
    check("customer_days", &events, 43.0);
    check("order_days_365d", &events, 2.0);
    check("order_overdue", &events, 3.0 / 40.0);
    check("coupons_used_365d", &events, 0.0);
    check("discounted_orders_share_365d", &events, 1.0);
    check("store_orders_share_365d", &events, 0.0);
    check(
        "sales_cents_decayed",
        &events,
        600.0 * libm::pow(0.5, 3.0 / 56.0) + 1_000.0 * libm::pow(0.5, 43.0 / 56.0),
    );
    check("recency_days", &[], None);
    check("orders_56d", &[], None);
}

#[test]
fn a_median_is_within_a_hundredth() {
    let events: Vec<Told> = (1..=21).map(|n| order(days_ago(n * 10), &[("tea", n * 100)])).collect();
    check("basket_cents_median_365d", &events, 1_100.0);
}

#[test]
fn a_contact_is_what_was_pushed_and_never_is_zero() {
    let events = [contact(days_ago(5), true), contact(days_ago(2), false), contact(days_ago(27), true)];
    check("contacts_28d", &events, 2.0);
    check("contacts_7d", &events, 1.0);
    check("last_contact_days", &events, 5.0);
    check("coupons_issued_90d", &events, 3.0);
    check("contacts_28d", &[], 0.0);
    check("last_contact_days", &[], None);
}

#[test]
fn shares_are_by_sales_and_the_older_count_less() {
    let catalogue = Catalogue::built_in();
    let state = state_of(&catalogue, &[order(days_ago(0), &[("tea", 300), ("milk", 100)])]);
    let Viewed::Shares(reading) = viewed(&catalogue, &[&state], NOON, "category_affinity") else { panic!() };
    assert_eq!(reading.value, BTreeMap::from([("milk".to_owned(), 0.25), ("tea".to_owned(), 0.75)]));
    let older =
        state_of(&catalogue, &[order(days_ago(0), &[("tea", 100)]), order(days_ago(112), &[("milk", 100)])]);
    let Viewed::Shares(reading) = viewed(&catalogue, &[&older], NOON, "category_affinity") else { panic!() };
    assert_eq!(reading.value["tea"], 2.0 / 3.0);
}

#[test]
fn a_session_ends_with_a_pause_of_half_an_hour() {
    let ago = |minutes: i64| Timestamp(NOON.0 - minutes * 60_000);
    let view = |minutes, product: &str| {
        observed(
            ago(minutes),
            "Product Viewed",
            &[("product_id", text(product)), ("price_cents", Value::Int(900))],
        )
    };
    let engaged = observed(
        ago(1),
        "Page Engaged",
        &[("dwell_ms", Value::Int(4_000)), ("quick_back", Value::Bool(true))],
    );
    let events = [view(100, "a"), view(50, "b"), view(25, "c"), view(5, "c"), engaged];
    check("session_products_viewed", &events, 3.0);
    check("session_different_products", &events, 2.0);
    check("session_dwell_ms", &events, 4_000.0);
    check("session_quick_backs", &events, 1.0);
    check("session_searches", &events, 0.0);
    check("products_viewed_7d", &events, 4.0);
    check("price_viewed_cents_min_28d", &events, 900.0);
    // Nobody is there any longer: that nothing was searched says nothing.
    check("session_products_viewed", &[view(31, "a")], None);
    let added = observed(ago(4), "Product Added", &[]);
    let removed = observed(ago(3), "Product Removed", &[]);
    let checkout = observed(ago(2), "Checkout Started", &[]);
    check("session_stage", &[view(5, "a")], 0.0);
    check("session_stage", &[view(7, "a"), view(6, "b"), view(5, "c")], 1.0);
    check("session_stage", &[view(5, "a"), added.clone()], 2.0);
    check("session_stage", &[view(5, "a"), added, removed], 0.0);
    check("session_stage", &[view(5, "a"), checkout], 3.0);
}

#[test]
fn readiness_and_uncertainty_say_what_made_them_and_nothing_when_nobody_is_there() {
    let ago = |minutes: i64| Timestamp(NOON.0 - minutes * 60_000);
    let hesitated = |minutes| {
        observed(ago(minutes), "Hesitated", &[("zone", text("shipping")), ("ms", Value::Int(4_000))])
    };
    let added = observed(ago(4), "Product Added", &[]);
    let catalogue = Catalogue::built_in();
    let tell = |events: &[Told], name: &str| {
        let state = state_of(&catalogue, events);
        let view = view(&[&state], &catalogue, &Grants::new(Purpose::ALL), NOON, &Wanted::all());
        let slot = catalogue.slot(name).unwrap();
        (view.number(slot), catalogue.contributions(slot, &view))
    };
    let (plain, contributions) = tell(std::slice::from_ref(&added), "readiness");
    let log_odds: f64 = contributions.iter().filter_map(|contribution| contribution.log_odds).sum();
    assert_eq!(plain.unwrap(), 1.0 / (1.0 + libm::exp(2.236 - log_odds)));
    let named: Vec<(&str, f64)> = contributions
        .iter()
        .filter_map(|one| Some((catalogue.definitions()[one.slot].name.as_str(), one.log_odds?)))
        .filter(|(_, log_odds)| *log_odds != 0.0)
        .collect();
    assert_eq!(named, [("session_cart_adds", 1.193)]);
    let (unsure, _) = tell(&[added.clone(), hesitated(3)], "uncertainty");
    assert!(tell(std::slice::from_ref(&added), "uncertainty").0 < unsure);
    // Once or five times is the same, and everything lies between 0 and 1.
    let often: Vec<Told> = (0..5).map(|_| hesitated(3)).chain([added]).collect();
    assert_eq!(tell(&often, "uncertainty").0, unsure);
    assert_eq!(tell(&[hesitated(31)], "readiness"), (None, Vec::new()));
    let wild: Vec<Told> = (0..400).map(|_| observed(ago(2), "Product Viewed", &[])).collect();
    assert!((0.0..=1.0).contains(&tell(&wild, "readiness").0.unwrap()));
}

#[test]
fn a_score_of_what_is_not_there_is_refused() {
    let refused = |feature: &str, unit: u32| {
        let term = Term { feature: feature.to_owned(), unit, at_most: 1, weight: 1 };
        let how = How::Scored(Score { intercept: 0, terms: vec![term] });
        let mut definitions = built_in_definitions();
        definitions.push(Definition { name: "new_one".to_owned(), how, ..definitions[0].clone() });
        let problem = Catalogue::compile(definitions, &Zone::utc()).unwrap_err();
        assert_eq!(problem.key, "terms");
        problem.message
    };
    assert_eq!(refused("order_56d", 1), "`order_56d` is no feature that is defined before");
    assert_eq!(refused("category_affinity", 1), "`category_affinity` is shares, not a number");
    assert_eq!(refused("orders_56d", 0), "`orders_56d` is counted in units of 0");
}

#[test]
fn hours_and_weekdays_are_those_of_the_shop() {
    // Five in the afternoon in Berlin is 15 o'clock of UTC in summer.
    let at = Timestamp::parse("2026-07-01T15:30:00Z").unwrap();
    for (zone, expected) in [("Europe/Berlin", 1.0), ("UTC", 0.0)] {
        let catalogue = Catalogue::compile(built_in_definitions(), &Zone::new(zone).unwrap()).unwrap();
        let state = state_of(&catalogue, &[order(at, &[("tea", 100)])]);
        let Viewed::Number(reading) = viewed(&catalogue, &[&state], at, "evening_orders_share_365d") else {
            panic!()
        };
        assert_eq!(reading.value, expected, "{zone}");
    }
}

#[test]
fn two_features_that_need_the_same_sums_share_them() {
    let catalogue = Catalogue::built_in();
    let orders =
        catalogue.accumulators().filter(|(_, text)| *text == "sums 1 by day | Order Completed").count();
    assert_eq!(orders, 1);
    assert!(catalogue.accumulators().count() < catalogue.definitions().len() + 12);
    let first: Vec<AccumulatorId> = catalogue.accumulators().map(|(id, _)| id).collect();
    assert!(FirstForm::accumulators().iter().all(|id| first.contains(id)));
}

#[test]
fn what_is_not_granted_too_old_or_not_asked_for_is_not_read() {
    let catalogue = Catalogue::built_in();
    let state = state_of(&catalogue, &[order(days_ago(367), &[("tea", 100)])]);
    assert_eq!(viewed(&catalogue, &[&state], NOON, "orders_56d"), Viewed::TooOld { age_ms: 367 * DAY_MS });
    let nothing = view(&[&state], &catalogue, &Grants::default(), NOON, &Wanted::all());
    assert!(nothing.slots().iter().all(|viewed| matches!(viewed, Viewed::NotGranted(_))));
    let overdue = catalogue.slot("order_overdue").unwrap();
    let some = view(
        &[&state],
        &catalogue,
        &Grants::new(Purpose::ALL),
        NOON,
        &Wanted::only(&catalogue, [overdue], []),
    );
    let asked: Vec<usize> = (0..)
        .zip(some.slots())
        .filter(|(_, viewed)| **viewed != Viewed::NotAsked)
        .map(|(slot, _)| slot)
        .collect();
    // With it what it is derived of.
    assert_eq!(asked, [0, 4, overdue]);
}

#[test]
fn a_feature_whose_history_is_not_folded_yet_is_not_read() {
    let catalogue = Catalogue::built_in();
    let (id, _) = catalogue.accumulators().find(|(_, text)| *text == "times 1 | Order Completed").unwrap();
    let filling = catalogue.clone().filling([id]);
    let state = state_of(&filling, &[order(days_ago(3), &[("tea", 100)])]);
    assert_eq!(viewed(&filling, &[&state], NOON, "orders_56d"), Viewed::Filling);
    assert_eq!(viewed(&filling, &[&state], NOON, "order_overdue"), Viewed::Filling);
    assert!(matches!(viewed(&filling, &[&state], NOON, "contacts_28d"), Viewed::Number(_)));
}

#[test]
fn a_definition_that_cannot_be_used_says_what_to_write() {
    let counting = |event: &str, filter: &str| Definition {
        name: "new_one".to_owned(),
        meaning: "a count".to_owned(),
        how: How::Folded {
            selection: Selection::of(&[event]).only(filter),
            aggregation: Aggregation::Count { window: Window::Days(7) },
            age: Age::Named,
            never: Never::Unknown,
        },
        ttl_days: None,
        purpose: Purpose::Personalisation,
        class: Class::Purchase,
        heard: Heard::default(),
    };
    let refused = |definition: Definition| {
        let problem = Catalogue::compile(vec![definition], &Zone::utc()).unwrap_err();
        (problem.key, problem.message, problem.fix)
    };
    let fix = |text: &str| Some(text.to_owned());
    assert_eq!(
        refused(counting("Order Complete", "true")),
        ("event", "`Order Complete` is not a known event".to_owned(), fix("write `Order Completed`"))
    );
    assert_eq!(
        refused(counting("Order Completed", "event.lins > 3")),
        ("filter", "`event.lins` is not known here".to_owned(), fix("write `event.lines`"))
    );
    let derived = |formula: &str| Definition {
        how: How::Derived { formula: formula.to_owned() },
        ..counting("Page", "true")
    };
    assert_eq!(refused(derived("feature.orders * 2.0")).0, "formula");
    assert_eq!(refused(derived("1 < 2")).1, "a formula must be a number, this is bool");
    let named = Definition { name: "New".to_owned(), ..counting("Page", "true") };
    assert_eq!(refused(named).0, "name");
}
