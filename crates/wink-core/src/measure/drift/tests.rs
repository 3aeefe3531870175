use super::*;

use crate::base::{Chance, Currency, EventId, ProfileId, Value};
use crate::event::{Envelope, Identity, accept};
use crate::profile::{IdentityKey, Kept};

const DAY: i64 = 86_400_000;

type Properties = BTreeMap<String, Value>;

fn windows() -> DriftWindows {
    DriftWindows::new((Timestamp(0), Timestamp(7 * DAY)), (Timestamp(7 * DAY), Timestamp(14 * DAY))).unwrap()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn map<const N: usize>(fields: [(&str, Value); N]) -> Properties {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn below(chance: &mut Chance, end: u32) -> u32 {
    (0..end).find(|step| chance.share() < 1.0 / f64::from(end - step)).unwrap_or(0)
}

/// A view of a product, as a source sends it that never changes.
fn viewed(chance: &mut Chance) -> Properties {
    let mut sent = map([
        ("product_id", text(&format!("p-{}", below(chance, 50)))),
        ("category", text(["TEA", "COFFEE", "BREAD"][usize::try_from(below(chance, 3)).unwrap()])),
        ("price_cents", Value::Int(100 + i64::from(below(chance, 900)))),
        ("is_new", Value::Bool(chance.share() < 0.3)),
    ]);
    if chance.share() < 0.5 {
        sent.insert("brand".to_owned(), text(["House", "Best"][usize::try_from(below(chance, 2)).unwrap()]));
    }
    if chance.share() < 0.02 {
        sent.insert("rare".to_owned(), Value::Int(1));
    }
    sent
}

fn kept(event: &str, properties: Properties, at: i64, number: u32) -> Kept {
    let envelope = Envelope {
        source: "web-shop".to_owned(),
        message_id: format!("m-{number}"),
        event: event.to_owned(),
        schema_version: None,
        identities: vec![Identity::new("email", "anna@example.org").unwrap()],
        original_at: None,
        sent_at: None,
        properties,
    };
    let now = Timestamp(at);
    let id = EventId::seeded("drift", &[&number.to_le_bytes(), &at.to_le_bytes()]);
    let event = accept(&envelope, &Schemas::built_in(), Currency::new("EUR").unwrap(), id, now).unwrap();
    Kept::new(event, ProfileId::new(now, [7; 16]), IdentityKey([7; 16])).0
}

/// Plays so many events in each window; `change` is done to those of the later one.
fn played(seed: u64, events: u32, change: &dyn Fn(&mut Properties, &mut Chance)) -> Drift {
    let mut chance = Chance::new(seed, "drift");
    let (mut drift, schemas) = (Drift::new(windows()), Schemas::built_in());
    for number in 0..2 * events {
        let is_later = number % 2 == 1;
        let mut sent = viewed(&mut chance);
        if is_later {
            change(&mut sent, &mut chance);
        }
        let at = i64::from(number / 2) * 1_000 + if is_later { 7 * DAY } else { 0 };
        drift.take(&kept("Product Viewed", sent, at, number), &schemas);
    }
    drift
}

fn check(change: &dyn Fn(&mut Properties, &mut Chance), expected: &[(&str, &str)]) -> DriftReport {
    let report = played(3, 600, change).report();
    let found: Vec<(&str, &str)> =
        report.findings.iter().map(|found| (found.field.as_str(), found.change.code())).collect();
    assert_eq!(found, expected, "{report:#?}");
    report
}

#[test]
fn every_planted_drift_is_found_and_nothing_else_is() {
    check(&|_, _| {}, &[]);
    let report =
        check(&|sent, _| drop(sent.insert("colour".to_owned(), text("red"))), &[("colour", "appeared")]);
    let [found] = report.findings.as_slice() else { panic!("one") };
    assert!(!found.known && found.first_seen == Timestamp(7 * DAY));
    assert_eq!(found.seen, SeenBetween { all: [600, 600], with_field: [0, 600] });
    // One in twenty is enough for a field that was not there.
    let seldom = |sent: &mut Properties, chance: &mut Chance| {
        if chance.share() < 0.05 {
            sent.insert("colour".to_owned(), text("red"));
        }
    };
    check(&seldom, &[("colour", "appeared")]);
    let report = check(&|sent, _| drop(sent.remove("brand")), &[("brand", "vanished")]);
    assert!(report.findings[0].known && report.findings[0].last_seen < Timestamp(7 * DAY));
    let typed = |sent: &mut Properties, _: &mut Chance| drop(sent.insert("is_new".to_owned(), text("yes")));
    check(&typed, &[("is_new", "types_changed")]);
    let partly = |sent: &mut Properties, chance: &mut Chance| {
        if chance.share() < 0.1 {
            sent.insert("is_new".to_owned(), text("yes"));
        }
    };
    check(&partly, &[("is_new", "types_changed")]);
    let left_out = |sent: &mut Properties, chance: &mut Chance| {
        if chance.share() < 0.4 {
            sent.insert("price_cents".to_owned(), Value::Null);
        }
    };
    let report = check(&left_out, &[("price_cents", "absent_share_changed")]);
    let Change::Absent([before, after]) = report.findings[0].change else { panic!("a share") };
    assert!(before == 0.0 && (0.3..0.5).contains(&after), "{before} {after}");
    let dearer = |sent: &mut Properties, _: &mut Chance| {
        let Some(Value::Int(cents)) = sent.get_mut("price_cents") else { panic!("a price") };
        *cents *= 2;
    };
    let report = check(&dearer, &[("price_cents", "numbers_shifted")]);
    let Change::Numbers { index, medians: [Some(before), Some(after)] } = report.findings[0].change else {
        panic!("numbers")
    };
    assert!(wink_stats::SHIFT_LARGE < index && (1.7..2.3).contains(&(after / before)), "{index}");
    let sober = |sent: &mut Properties, chance: &mut Chance| {
        if chance.share() < 0.5 {
            sent.insert("category".to_owned(), text("BREAD"));
        }
    };
    let report = check(&sober, &[("category", "words_shifted")]);
    let Change::Words { words, .. } = &report.findings[0].change else { panic!("words") };
    assert_eq!(words[0].word, "BREAD");
    assert!(words[0].shares[0] < 0.4 && 0.6 < words[0].shares[1]);
}

#[test]
fn the_lines_of_an_order_are_looked_into() {
    let order = |number: u32, cents: i64, category: &str| {
        let line = || {
            Value::Map(map([
                ("product_id", text("p")),
                ("category", text(category)),
                ("total_cents", Value::Int(cents)),
            ]))
        };
        let products = Value::List((0..=number % 3).map(|_| line()).collect());
        map([("order_id", text(&number.to_string())), ("products", products)])
    };
    let (mut drift, schemas) = (Drift::new(windows()), Schemas::built_in());
    for number in 0..400 {
        let later = i64::from(number % 2);
        let cents = (100 + i64::from(number % 100)) * (1 + 9 * later);
        drift.take(&kept("Order Completed", order(number, cents, "TEA"), later * 7 * DAY, number), &schemas);
    }
    let report = drift.report();
    let found: Vec<&str> = report.findings.iter().map(|found| found.field.as_str()).collect();
    assert_eq!(found, ["products/*/total_cents"], "{report:#?}");
    assert!(report.findings[0].known);
}

/// What a report of two windows in which nothing changes may say: something in one of a hundred.
#[test]
fn of_a_thousand_pairs_without_a_change_no_more_are_told_than_the_rate_says() {
    let mut told = 0;
    for seed in 0..1_000_u64 {
        let events = 60 + u32::try_from(seed % 5).unwrap() * 40;
        let report = played(seed, events, &|_, _| {}).report();
        assert!(5 <= report.comparisons, "{report:?}");
        told += usize::from(!report.findings.is_empty());
    }
    assert!(told <= 10, "{told} of 1,000");
}

#[test]
fn nothing_that_names_somebody_is_told_or_kept() {
    let (mut drift, schemas) = (Drift::new(windows()), Schemas::built_in());
    for number in 0..400_u32 {
        let later = i64::from(number % 2);
        let mut sent = map([
            ("device_class", text(if later == 1 { "anna@example.org" } else { "phone" })),
            ("note", text("call Anna Maier")),
            ("category", text("Anna Maier")),
        ]);
        if later == 1 {
            sent.insert("anna@example.org".to_owned(), Value::Bool(true));
            sent.insert("0171 2345678".to_owned(), Value::Int(1));
        }
        drift.take(&kept("Page", sent, later * 7 * DAY, number), &schemas);
    }
    let report = drift.report();
    let found: Vec<(&str, &str)> =
        report.findings.iter().map(|found| (found.field.as_str(), found.change.code())).collect();
    assert_eq!(found, [("(other)", "appeared"), ("device_class", "words_shifted")]);
    for said in [format!("{report:?}"), format!("{drift:?}")] {
        for personal in ["anna", "Anna", "Maier", "2345678"] {
            assert!(!said.contains(personal), "{personal} in {said}");
        }
    }
}

#[test]
fn however_many_fields_there_are_those_followed_are_so_many_and_the_rest_is_counted() {
    let (mut drift, schemas) = (Drift::new(windows()), Schemas::built_in());
    let name = |mut number: u32| -> String {
        let mut name = String::from("f_");
        for _ in 0..4 {
            name.push(char::from(b'a' + u8::try_from(number % 26).unwrap()));
            number /= 26;
        }
        name
    };
    for number in 0..100_u32 {
        let fields = (0..50).map(|field| (name(number * 50 + field), Value::Int(1)));
        drift.take(&kept("Page", fields.collect(), 1, number), &schemas);
    }
    let followed: usize = drift.groups.values().map(|group| group.fields.len()).sum();
    assert_eq!((followed, drift.beyond), (FIELDS_MAX, 5_000 - 2_048));
    let words = drift.report();
    assert_eq!(words.too_few, [("web-shop".to_owned(), "Page", [100, 0])]);
}

#[test]
fn windows_that_cannot_be_compared_say_why() {
    let at = |day: i64| Timestamp(day * DAY);
    let empty = DriftWindows::new((at(2), at(2)), (at(3), at(4))).unwrap_err();
    assert_eq!(empty, WindowsError::Empty(at(2), at(2)));
    let overlap = DriftWindows::new((at(1), at(3)), (at(2), at(4))).unwrap_err();
    assert_eq!(overlap, WindowsError::Overlap(at(3), at(2)));
}
