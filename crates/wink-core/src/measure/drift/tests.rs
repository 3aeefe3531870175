use super::*;

use crate::base::{Chance, Currency, EventId, ProfileId, Value};
use crate::event::{Envelope, Identity, accept};
use crate::profile::{IdentityKey, Kept};

const DAY: i64 = 86_400_000;

type Properties = BTreeMap<String, Value>;

fn windows() -> DriftWindows {
    windows_of(7)
}

/// A window of so many days, and another behind it.
fn windows_of(days: i64) -> DriftWindows {
    let [between, end] = [days, 2 * days].map(|day| Timestamp(day * DAY));
    DriftWindows::new((Timestamp(0), between), (between, end), end).unwrap()
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

/// A message of the person of its number, from the shop's page.
fn kept(event: &str, properties: Properties, at: i64, number: u32) -> Kept {
    kept_of("web-shop", number, event, properties, at, number)
}

fn kept_of(source: &str, person: u32, event: &str, properties: Properties, at: i64, number: u32) -> Kept {
    let envelope = Envelope {
        source: source.to_owned(),
        message_id: format!("m-{number}"),
        event: event.to_owned(),
        schema_version: None,
        identities: vec![Identity::new("email", "anna@example.org").unwrap()],
        original_at: None,
        sent_at: None,
        properties,
    };
    let id = EventId::seeded("drift", &[&number.to_le_bytes(), &at.to_le_bytes()]);
    let event =
        accept(&envelope, &Schemas::built_in(), Currency::new("EUR").unwrap(), id, Timestamp(at)).unwrap();
    let profile = ProfileId::seeded("drift", &[&person.to_le_bytes()]);
    Kept::new(event, profile, IdentityKey([7; 16])).0
}

fn found(report: &DriftReport) -> Vec<(&str, &str)> {
    report.findings.iter().map(|found| (found.field.as_deref().unwrap_or(""), found.change.code())).collect()
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
    assert_eq!(found(&report), expected, "{report:#?}");
    report
}

#[test]
fn every_planted_drift_is_found_and_nothing_else_is() {
    check(&|_, _| {}, &[]);
    let report =
        check(&|sent, _| drop(sent.insert("colour".to_owned(), text("red"))), &[("colour", "appeared")]);
    let [found] = report.findings.as_slice() else { panic!("one") };
    assert!(!found.known && found.first_seen == Some(Timestamp(7 * DAY)));
    assert_eq!(found.seen, SeenBetween { all: [600, 600], with_field: [0, 600] });
    // One in twenty is enough for a field that was not there.
    let seldom = |sent: &mut Properties, chance: &mut Chance| {
        if chance.share() < 0.05 {
            sent.insert("colour".to_owned(), text("red"));
        }
    };
    check(&seldom, &[("colour", "appeared")]);
    let report = check(&|sent, _| drop(sent.remove("brand")), &[("brand", "vanished")]);
    assert!(report.findings[0].known && report.findings[0].last_seen == Some(Timestamp(0)));
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
    assert_eq!(found(&report), [("products/*/total_cents", "numbers_shifted")], "{report:#?}");
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
    assert_eq!(found(&report), [("(other)", "appeared"), ("device_class", "words_shifted")]);
    for said in [format!("{report:?}"), format!("{drift:?}")] {
        for personal in ["anna", "Anna", "Maier", "2345678"] {
            assert!(!said.contains(personal), "{personal} in {said}");
        }
    }
}

/// A name of letters only, another one for each number.
fn odd_name(mut number: u32) -> String {
    let mut name = String::from("f_");
    for _ in 0..4 {
        name.push(char::from(b'a' + u8::try_from(number % 26).unwrap()));
        number /= 26;
    }
    name
}

fn odd(names: std::ops::Range<u32>) -> Properties {
    names.map(|number| (odd_name(number), Value::Int(1))).collect()
}

#[test]
fn one_message_with_many_odd_keys_is_one_message_and_not_a_field_that_appeared() {
    let (mut drift, schemas) = (Drift::new(windows()), Schemas::built_in());
    for number in 0..400 {
        let later = i64::from(number % 2);
        let sent = match number {
            // As many names as are followed, a thousand beyond, and a thousand that are not plain.
            201 => {
                let addresses = (0..1_000).map(|number| (format!("{number}@example.org"), Value::Int(1)));
                odd(0..1_064).into_iter().chain(addresses).collect()
            }
            _ => map([("path", text("/tea"))]),
        };
        drift.take(&kept("Page", sent, later * 7 * DAY, number), &schemas);
    }
    let report = drift.report();
    assert_eq!(found(&report), []);
    assert_eq!(report.beyond, 1);
    let group = &drift.sources["web-shop"].events["Page"];
    assert_eq!(group.fields[OTHER].seen, [0, 1]);
    // `path` is one of those followed.
    assert_eq!((group.unknown, group.fields.len()), (UNKNOWN_OF_EVENT_MAX, UNKNOWN_OF_EVENT_MAX + 1));
}

#[test]
fn a_sender_of_endless_names_crowds_out_neither_another_event_of_its_own_nor_another_sender() {
    let (mut drift, schemas) = (Drift::new(windows()), Schemas::built_in());
    let mut names = 0..;
    for number in 0..200 {
        let later = i64::from(number % 2);
        let first = 50 * names.next().unwrap();
        drift.take(&kept("Page", odd(first..first + 50), later * 7 * DAY, number), &schemas);
    }
    assert_eq!(drift.sources["web-shop"].unknown, UNKNOWN_OF_EVENT_MAX);
    assert_eq!(drift.beyond, 199, "the first fits, the second in part; messages, not names");
    for number in 200..400 {
        let later = i64::from(number % 2);
        let sent = || {
            let mut sent = map([("path", text("/tea")), ("device_class", text("phone"))]);
            if later == 1 {
                sent.insert("colour".to_owned(), text("red"));
            }
            sent
        };
        drift.take(&kept("Screen", sent(), later * 7 * DAY, number), &schemas);
        drift.take(&kept_of("app", number, "Page", sent(), later * 7 * DAY, number), &schemas);
    }
    let report = drift.report();
    let found: Vec<_> =
        report.findings.iter().map(|one| (one.source.as_str(), one.event, one.field.as_deref())).collect();
    assert_eq!(found, [("app", "Page", Some("colour")), ("web-shop", "Screen", Some("colour"))]);
}

/// What a source may fill is bounded, and what a schema names is followed all the same.
#[test]
fn what_is_kept_of_a_source_is_bounded_and_known_fields_always_have_room() {
    let (mut drift, schemas) = (Drift::new(windows()), Schemas::built_in());
    let events: Vec<_> = schemas.events().filter(|event| !Schemas::is_of_consent(event)).collect();
    let mut number = 0;
    for event in &events {
        let mut sent = odd(0..200);
        sent.extend(map([
            ("order_id", text("o")),
            ("products", Value::List(vec![])),
            ("coupon_id", text("c")),
            ("traits", Value::Map(odd(0..200))),
            ("household_id", text("h")),
            ("zone", text("hero")),
            ("ms", Value::Int(1)),
            ("dwell_ms", Value::Int(1)),
            ("field", text("mail")),
            ("store_id", text("s")),
            ("ticket_id", text("t")),
            ("brand", text("House")),
        ]));
        if *event != "Promotion Dismissed" {
            drift.take(&kept(event, sent, 1, number), &schemas);
            number += 1;
        }
    }
    let source = &drift.sources["web-shop"];
    assert_eq!(source.unknown, UNKNOWN_MAX);
    assert!(source.events.values().all(|group| group.unknown <= UNKNOWN_OF_EVENT_MAX));
    let known =
        |name: &str, field: &str| source.events[name].fields.get(field).is_some_and(|field| field.known);
    assert!(known("Wishlist Product Added to Cart", "brand") && known("Store Entered", "store_id"));
    for number in 0..100 {
        drift.take(&kept_of(&format!("till-{number}"), number, "Page", map([]), 1, number), &schemas);
    }
    assert_eq!(drift.sources.len(), SOURCES_MAX + 1);
    let rest = &drift.sources[OTHER].events["Page"];
    assert_eq!(rest.objects[""], [101 - u64::try_from(SOURCES_MAX).unwrap(), 0]);
}

#[test]
fn names_and_words_of_the_shop_are_told_in_its_own_language_and_script() {
    let (mut drift, schemas) = (Drift::new(windows()), Schemas::built_in());
    for number in 0..400 {
        let later = number % 2 == 1;
        let mut sent = map([
            ("category", text(if later { "Obst & Gemüse" } else { "Käse, Wurst" })),
            ("store_id", text(if later { "4012345000023" } else { "4012345000016" })),
        ]);
        if later {
            sent.insert("größe".to_owned(), text("XL"));
            sent.insert("色".to_owned(), text("赤"));
        }
        let event = if number < 200 { "Product List Viewed" } else { "Store Entered" };
        let at = if later { 7 * DAY } else { 0 };
        drift.take(&kept_of("filiale-süd", number, event, sent, at, number), &schemas);
    }
    let report = drift.report();
    let list = &report.findings[..3];
    let fields: Vec<_> = list.iter().map(|found| found.field.as_deref().unwrap()).collect();
    assert_eq!(fields, ["category", "größe", "色"], "{report:#?}");
    let Change::Words { words, .. } = &list[0].change else { panic!("words") };
    let words: Vec<&str> = words.iter().map(|word| word.word.as_str()).collect();
    assert_eq!(words, ["Käse, Wurst", "Obst & Gemüse"]);
    let entered = report.findings.iter().find(|found| found.field.as_deref() == Some("store_id")).unwrap();
    let Change::Words { words, .. } = &entered.change else { panic!("words") };
    assert_eq!(words[0].word, "4012345000016");
    assert!(report.findings.iter().all(|found| found.source == "filiale-süd"));
}

#[test]
fn what_fewer_than_ten_people_sent_is_not_told_however_often() {
    // Where many came before and few come now, a few are enough to be no chance.
    let told = |people: u32| {
        let (mut drift, schemas) = (Drift::new(windows()), Schemas::built_in());
        let usual = map([("device_class", text("phone")), ("is_new", Value::Bool(true))]);
        for number in 0..4_000 {
            drift.take(&kept("Page", usual.clone(), i64::from(number), number), &schemas);
        }
        for number in 4_000..4_060 {
            let mut sent = map([("device_class", text("pad")), ("is_new", Value::Bool(true))]);
            if number < 4_000 + people {
                let theirs = [("device_class", "Annas own"), ("is_new", "yes"), ("Anna Maier", "is here")];
                sent.extend(map(theirs.map(|(name, said)| (name, text(said)))));
            }
            for again in 0..20 {
                drift.take(&kept("Page", sent.clone(), 7 * DAY + again, number), &schemas);
            }
        }
        drift.report()
    };
    let all = |name| [(name, "appeared"), ("device_class", "words_shifted"), ("is_new", "types_changed")];
    let few = told(9);
    assert_eq!(found(&few), all("(few)"), "{few:#?}");
    assert!(!format!("{few:?}").contains("Anna"), "{few:?}");
    assert_eq!(few.findings[2].change, Change::Types(BTreeMap::from([(Kind::Flag, [4_000, 51])])));
    assert_eq!((few.findings[0].first_seen, few.findings[0].last_seen), (None, None));
    let many = told(10);
    assert_eq!(found(&many), all("Anna Maier"));
    assert!(format!("{many:?}").contains("Annas own"));
    let kinds = BTreeMap::from([(Kind::Flag, [4_000, 50]), (Kind::Text, [0, 10])]);
    assert_eq!(many.findings[2].change, Change::Types(kinds));
    assert_eq!(many.findings[0].first_seen, Some(Timestamp(7 * DAY)));
}

#[test]
fn an_event_that_fewer_than_ten_people_sent_is_counted_and_not_named() {
    let (mut drift, schemas) = (Drift::new(windows()), Schemas::built_in());
    let mut send = |event: &str, people: std::ops::Range<u32>, at: i64| {
        for number in people {
            // However often they do.
            (0..20).for_each(|again| drift.take(&kept(event, map([]), at + again, number), &schemas));
        }
    };
    send("Page", 0..9, 0);
    send("Page", 9..18, 7 * DAY);
    send("Screen", 0..10, 7 * DAY);
    let report = drift.report();
    assert_eq!(report.too_few, [("web-shop".to_owned(), "Screen", [0, 10])]);
    assert_eq!(report.others, 1);
}

#[test]
fn words_beyond_those_that_are_followed_are_told_of() {
    let (mut drift, schemas) = (Drift::new(windows()), Schemas::built_in());
    for number in 0..40 {
        let sent = map([("device_class", text(&odd_name(number)))]);
        drift.take(&kept("Page", sent, 0, number), &schemas);
    }
    assert_eq!(drift.report().beyond, 40 - u64::try_from(WORDS_MAX).unwrap());
}

#[test]
fn one_person_who_sends_a_lot_is_one_person() {
    let (mut drift, schemas) = (Drift::new(windows()), Schemas::built_in());
    for number in 0..1_000 {
        let later = number % 2 == 1;
        let mut sent = map([("device_class", text("phone")), ("cart_cents", Value::Int(100))]);
        let is_bot = 200 <= number && later;
        if is_bot {
            sent = map([
                ("device_class", text("bot")),
                ("cart_cents", Value::Int(7)),
                ("bot", Value::Bool(true)),
            ]);
        }
        let at = i64::from(number) + if later { 7 * DAY } else { 0 };
        let person = if is_bot { 1 } else { number };
        drift.take(&kept_of("web-shop", person, "Page", sent, at, number), &schemas);
    }
    let report = drift.report();
    assert_eq!(found(&report), []);
    assert_eq!(drift.sources["web-shop"].events["Page"].objects[""], [500, 100]);
}

/// A limit the guide names: of each person the first message of an event in a window is compared, and nothing else. What is new or broken in later
/// ones only is not told; the same in the first ones is.
#[test]
fn a_field_that_only_comes_in_somebodys_second_message_is_not_told() {
    let report_of = |changed: u32| {
        let (mut drift, schemas) = (Drift::new(windows()), Schemas::built_in());
        let mut number = 0;
        for (person, window, message) in
            (0..300).flat_map(|person| [(person, 0, 0), (person, 0, 1), (person, 1, 0), (person, 1, 1)])
        {
            let mut sent = map([("device_class", text("phone"))]);
            if window == 1 && message == changed {
                sent = map([("promo", Value::Bool(true))]);
            }
            let at = i64::from(person) * 10_000 + window * 7 * DAY + i64::from(message) * 1_000;
            number += 1;
            drift.take(&kept_of("web-shop", person, "Page", sent, at, number), &schemas);
        }
        drift.report()
    };
    assert_eq!(found(&report_of(1)), []);
    assert_eq!(found(&report_of(0)), [("device_class", "vanished"), ("promo", "appeared")]);
}

#[test]
fn an_event_that_comes_no_more_has_stopped_and_one_that_few_send_or_seldom_may_have_by_chance() {
    // So many people spread over so many days of the earlier window, and some in the later, among other things that are compared.
    let report_of = |before: u32, days: f64, after: u32| {
        let (mut drift, schemas) = (Drift::new(windows()), Schemas::built_in());
        for number in 0..120 {
            let at = i64::from(number % 2) * 7 * DAY;
            drift.take(&kept("Screen", odd(0..20), at, number), &schemas);
        }
        for number in 0..before {
            #[expect(clippy::cast_possible_truncation, reason = "milliseconds of a week")]
            let at = (days * 86_400_000.0 * f64::from(number) / f64::from(before)) as i64;
            drift.take(&kept("Page", map([]), at, number), &schemas);
        }
        for number in before..before + after {
            drift.take(&kept("Page", map([]), 7 * DAY + i64::from(number), number), &schemas);
        }
        let report = drift.report();
        assert_eq!(report.comparisons, 1 + 3 * 20 + u64::from(50 <= before));
        report
    };
    let report = report_of(200, 7.0, 0);
    let [gone] = report.findings.as_slice() else { panic!("{report:?}") };
    assert_eq!((&gone.change, &gone.field, gone.event), (&Change::Stopped, &None, "Page"));
    assert_eq!(gone.seen, SeenBetween { all: [200, 0], with_field: [200, 0] });
    // To the hour: the last of them came ten minutes past it.
    let last = Timestamp(7 * DAY - 3_600_000);
    assert_eq!((gone.first_seen, gone.last_seen), (Some(Timestamp(0)), Some(last)));
    assert!(gone.p_value < 1e-8 && report.too_few.is_empty());
    let still = report_of(200, 7.0, 1);
    assert_eq!((found(&still), still.too_few.len()), (vec![], 1));
    assert_eq!(found(&report_of(50, 7.0, 0)), [("", "stopped")]);
    assert_eq!(found(&report_of(49, 7.0, 0)), []);
    // A newsletter of every other week has thousands of readers on its day, and none a week later.
    let letter = report_of(2_000, 0.8, 0);
    assert_eq!((found(&letter), &letter.too_few[0].2), (vec![], &[2_000, 0]));
    // However many people send it, the days decide: among so many comparisons five of seven may be chance, six are not.
    assert_eq!(found(&report_of(2_000, 5.0, 0)), []);
    assert_eq!(found(&report_of(2_000, 6.0, 0)), [("", "stopped")]);
}

#[test]
fn however_long_and_short_the_windows_are_slices_are_few() {
    let (mut drift, schemas) = (Drift::new(windows_of(3_650)), Schemas::built_in());
    for number in 0..5_000_u32 {
        drift.take(&kept("Page", map([]), i64::from(number) * 60_000_000, number), &schemas);
    }
    assert_eq!(drift.sources["web-shop"].events["Page"].slices.len(), 7);
    let short = |from, until| (Timestamp(from), Timestamp(until));
    assert_eq!(DriftWindows::new(short(0, 1), short(1, 2), Timestamp(2)).unwrap().slice_ms(), 1);
}

/// Each field can be there in one window only, in either, or more or less often: three comparisons; and each of two types in one only, in either, or
/// in another share.
#[test]
fn every_way_in_which_something_could_be_told_is_a_comparison() {
    let comparisons = |change: &dyn Fn(u32) -> Properties| {
        let (mut drift, schemas) = (Drift::new(windows()), Schemas::built_in());
        for number in 0..400 {
            drift.take(&kept("Page", change(number), i64::from(number % 2) * 7 * DAY, number), &schemas);
        }
        drift.report().comparisons
    };
    // One for an event that may have stopped.
    assert_eq!(comparisons(&|_| map([])), 1);
    assert_eq!(comparisons(&|_| map([("path", text("/"))])), 1 + 3);
    let of_two_types =
        |number: u32| map([("path", if number.is_multiple_of(3) { text("/") } else { Value::Bool(true) })]);
    assert_eq!(comparisons(&of_two_types), 1 + 3 + 2 * 2 + 1);
    assert_eq!(comparisons(&|number| map([("step", Value::Int(i64::from(number / 2)))])), 1 + 3 + 1);
    let words =
        |number: u32| map([("device_class", text(if number.is_multiple_of(3) { "phone" } else { "pad" }))]);
    assert_eq!(comparisons(&words), 1 + 3 + 1);
}

#[test]
fn a_reduction_that_orders_say_no_more_vanishes() {
    let played = |is_said_later: bool| {
        let (mut drift, schemas) = (Drift::new(windows()), Schemas::built_in());
        for number in 0..400_u32 {
            let later = number % 2 == 1;
            let mut line = map([
                ("product_id", text("p")),
                ("total_cents", Value::Int(500)),
                ("coupon_discount_cents", Value::Int(0)),
            ]);
            if number % 5 < 2 && (is_said_later || !later) {
                line.insert("discount_cents".to_owned(), Value::Int(50));
            }
            let sent = map([
                ("order_id", text(&number.to_string())),
                ("currency", text("EUR")),
                ("products", Value::List(vec![Value::Map(line)])),
            ]);
            let at = if later { 7 * DAY } else { 0 };
            drift.take(&kept("Order Completed", sent, at, number), &schemas);
        }
        drift.report()
    };
    assert_eq!(found(&played(false)), [("products/*/discount_cents", "vanished")]);
    assert_eq!(found(&played(true)), []);
}

#[test]
fn windows_that_cannot_be_compared_say_why() {
    let at = |day: i64| Timestamp(day * DAY);
    let refused = |before, after| DriftWindows::new(before, after, at(5)).unwrap_err();
    assert_eq!(refused((at(2), at(2)), (at(3), at(4))), WindowsError::EmptyBefore(at(2), at(2)));
    assert_eq!(refused((at(1), at(2)), (at(4), at(3))), WindowsError::EmptyAfter(at(4), at(3)));
    assert_eq!(refused((at(1), at(3)), (at(2), at(4))), WindowsError::Overlap(at(3), at(2)));
    assert_eq!(refused((at(1), at(3)), (at(3), at(6))), WindowsError::Future(at(6), at(5)));
    assert_eq!(refused((at(0), at(2)), (at(2), at(3))), WindowsError::Unequal(2 * 86_400, 86_400));
}

#[test]
fn windows_may_differ_by_a_change_of_the_clocks_and_by_no_more() {
    const HOUR: i64 = 3_600_000;
    let lasting = |before: i64, after: i64| {
        let [between, end] = [before, before + after].map(Timestamp);
        DriftWindows::new((Timestamp(0), between), (between, end), end)
    };
    assert!(lasting(7 * DAY + HOUR, 7 * DAY - HOUR).is_ok() && lasting(DAY - HOUR, DAY).is_ok());
    assert!(lasting(7 * DAY, 7 * DAY + 2 * HOUR).is_ok());
    assert!(lasting(7 * DAY, 7 * DAY + 2 * HOUR + 1).is_err());
    // Of a short window two hours are a lot.
    assert!(lasting(HOUR, 60_000).is_err() && lasting(60_000, HOUR).is_err());
}
