//! What a shop can declare of an event beside its properties: bands, holidays, products, and how soon somebody reacted.

use super::*;
use crate::base::holiday::Region;
use crate::event::{Exposure, ExposureKind};
use crate::feature::definition::{Age, Aggregation, Class, Definition, Heard, How, Never, Selection, Window};
use crate::feature::place_definitions;

fn declared(selection: Selection, aggregation: Aggregation) -> Definition {
    Definition {
        name: "own".to_owned(),
        meaning: "a test".to_owned(),
        how: How::Folded { selection, aggregation, age: Age::default(), never: Never::default() },
        ttl_days: None,
        purpose: Purpose::Personalisation,
        class: Class::Purchase,
        heard: Heard::default(),
    }
}

fn value(selection: Selection, aggregation: Aggregation, zone: &Zone, events: &[Told]) -> Viewed {
    let catalogue = Catalogue::compile(vec![declared(selection, aggregation)], zone).unwrap();
    viewed(&catalogue, &[&state_of(&catalogue, events)], NOON, "own")
}

fn number(viewed: &Viewed) -> Option<f64> {
    match viewed {
        Viewed::Number(reading) => Some(reading.value),
        _ => None,
    }
}

fn shares(by: &str) -> Aggregation {
    Aggregation::Shares { by: by.to_owned(), of: None, half_life_days: 28 }
}

fn count() -> Aggregation {
    Aggregation::Count { window: Window::Days(90) }
}

#[test]
fn shares_by_band_are_of_the_price_of_one() {
    let seen = |cents| observed(days_ago(1), "Product Viewed", &[("price_cents", Value::Int(cents))]);
    let by = "items.unit_cents up to 1000, 2500";
    let shared =
        |events: &[&str], told: &[Told]| match value(Selection::of(events), shares(by), &Zone::utc(), told) {
            Viewed::Shares(reading) => reading.value.into_iter().collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
    let found = shared(&["Product Viewed"], &[seen(999), seen(1_000), seen(1_001), seen(9_999)]);
    assert_eq!(found, [("1000".to_owned(), 0.5), ("2500".to_owned(), 0.25), ("more".to_owned(), 0.25)]);
    // Two for 20.00 are two of 10.00.
    let found = shared(&["Order Completed"], &[order(days_ago(1), &[("TEA", 2_000)])]);
    assert_eq!(found, [("1000".to_owned(), 1.0)]);
}

#[test]
fn bands_that_cannot_be_say_so() {
    let check = |by: &str, wanted: &str| {
        let own = declared(Selection::of(&["Product Viewed"]), shares(by));
        assert_eq!(Catalogue::compile(vec![own], &Zone::utc()).unwrap_err().message, wanted);
    };
    check("items.unit_cents up to 9, 9", "bands ascend, and 9 stands twice");
    check("items.unit_cents up to 9, ten", "`ten` is no whole number");
    check(
        "items.brand up to 9",
        "`items.brand` is no number of an item; bands are made of one like `items.unit_cents`",
    );
    let many: Vec<String> = (1..=21).map(|bound| bound.to_string()).collect();
    check(&format!("items.cents up to {}", many.join(", ")), "21 bounds are too many; at most 20");
}

#[test]
fn the_newest_name_is_the_whole_share_in_whichever_order_names_come() {
    let seen = |days: i64, brand: &str| {
        let extra = [("place_region".to_owned(), Value::Text(brand.to_owned()))].into();
        let body = Body::Observed(crate::event::Observed::named("Place Reported").unwrap());
        Told { at: days_ago(days), body, extra }
    };
    let newest = |told: &[Told]| {
        let by = "event.place_region".to_owned();
        match value(Selection::of(&["Place Reported"]), Aggregation::Newest { by }, &Zone::utc(), told) {
            Viewed::Shares(reading) => reading.value.into_iter().collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    let mut told = vec![seen(3, "berlin"), seen(1, "munich"), seen(2, "cologne"), seen(1, "bonn")];
    assert_eq!(newest(&told), [("munich".to_owned(), 1.0)]);
    told.reverse();
    assert_eq!(newest(&told), [("munich".to_owned(), 1.0)], "of one instant the greater name");
}

#[test]
fn a_newer_place_ends_what_it_says_nothing_of_and_only_a_point_tells_of_stores() {
    let catalogue = Catalogue::compile(place_definitions(), &Zone::utc()).unwrap();
    let place = |hours: i64, said: &[(&str, &str)]| {
        let extra = said.iter().map(|(name, text)| ((*name).to_owned(), Value::Text((*text).to_owned())));
        let body = Body::Observed(crate::event::Observed::named("Place Reported").unwrap());
        Told { at: Timestamp(NOON.0 - hours * 3_600_000), body, extra: extra.collect() }
    };
    let point = place(20, &[("place_cell", "851f"), ("place_region", "munich"), ("near_store", "city")]);
    let region = place(2, &[("place_region", "munich")]);
    let kept_nothing = place(1, &[]);
    let told = |name: &str, events: &[&Told]| {
        let events: Vec<Told> = events.iter().map(|told| (*told).clone()).collect();
        match viewed(&catalogue, &[&state_of(&catalogue, &events)], NOON, name) {
            Viewed::Shares(reading) => {
                Some((reading.value.into_keys().next().unwrap(), reading.age_ms / 3_600_000))
            }
            _ => None,
        }
    };
    let says = |name: &str, hours: i64| Some((name.to_owned(), hours));
    for events in [[&point, &kept_nothing].as_slice(), &[&kept_nothing, &point]] {
        assert_eq!(
            told("place_cell", events),
            says("851f", 20),
            "a report of which nothing is kept ends nothing"
        );
    }
    for events in [[&point, &region].as_slice(), &[&region, &point]] {
        assert_eq!(told("place_cell", events), None);
        assert_eq!(told("place_region", events), says("munich", 2));
        assert_eq!(told("near_store", events), says("city", 20), "as old as it is");
    }
}

#[test]
fn of_what_is_told_of_places_only_the_newest_is_kept() {
    let check = |events: &[&str], aggregation: Aggregation| {
        Catalogue::compile(vec![declared(Selection::of(events), aggregation)], &Zone::utc()).is_ok()
    };
    let last = || Aggregation::Last { of: "event.rain_percent".to_owned() };
    assert!(check(&["Weather Reported"], last()));
    assert!(!check(&["Weather Reported"], count()), "a feed may tell the same twice");
    assert!(!check(&["Weather Reported", "Page"], last()), "one is about a person");
}

#[test]
fn a_reaction_counts_from_the_decision() {
    let clicked = |made: Timestamp, at: Timestamp| {
        let exposure = Exposure { decision: DecisionId::new(made, [7; 16]), kind: ExposureKind::Clicked };
        Told { at, body: Body::Exposed(exposure), extra: BTreeMap::new() }
    };
    let minutes = |from: Timestamp, minutes: i64| Timestamp(from.0 + minutes * 60_000);
    let of = "event.reaction_minutes".to_owned();
    let aggregation = || Aggregation::Max { of: of.clone(), window: Window::Days(90) };
    let (selection, utc) = (Selection::of(&["Promotion Clicked"]), Zone::utc());
    let made = days_ago(2);
    let told = [clicked(made, minutes(made, 5)), clicked(made, minutes(made, 12))];
    assert_eq!(number(&value(selection.clone(), aggregation(), &utc, &told)), Some(12.0));
    let before = [clicked(made, minutes(made, -5))];
    assert_eq!(number(&value(selection, aggregation(), &utc, &before)), None);
}

#[test]
fn a_holiday_is_one_of_the_region_and_not_known_without() {
    // 2026-06-04 is Corpus Christi: a holiday in Bavaria, and none in Berlin.
    let at = Timestamp::parse("2026-06-04T08:00:00Z").unwrap();
    let told = [order(at, &[("TEA", 100)]), order(at.plus_days(1), &[("TEA", 100)])];
    let counted = |zone: Zone| {
        let selection = Selection::of(&["Order Completed"]).only("event.holiday");
        let catalogue = Catalogue::compile(vec![declared(selection, count())], &zone).unwrap();
        let state = state_of(&catalogue, &told);
        number(&viewed(&catalogue, &[&state], at.plus_days(2), "own"))
    };
    let berlin = || Zone::new("Europe/Berlin").unwrap();
    assert_eq!(counted(berlin().in_region(Region::parse("DE-BY").unwrap())), Some(1.0));
    assert_eq!(counted(berlin().in_region(Region::parse("DE-BE").unwrap())), Some(0.0));
    assert_eq!(counted(berlin()), Some(0.0));
}

#[test]
fn orders_of_a_product_are_told_apart_by_its_lines() {
    let told = [order(days_ago(1), &[("TEA", 100), ("TEA", 100)]), order(days_ago(2), &[("MILK", 100)])];
    let counted = |filter: &str| {
        let selection = Selection::of(&["Order Completed"]).only(filter);
        number(&value(selection, count(), &Zone::utc(), &told))
    };
    assert_eq!(counted("event.lines_of[\"TEA 100\"] == 2.0"), Some(1.0));
    assert_eq!(counted("event.lines_of[\"TEA 100\"] > 0.0 || event.lines_of[\"MILK 100\"] > 0.0"), Some(2.0));
    assert_eq!(counted("event.lines_of[\"other\"] > 0.0"), Some(0.0));
}
