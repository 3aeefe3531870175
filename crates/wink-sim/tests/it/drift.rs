//! What the drift report says of a shop of simulated people: of one in which nothing changes, and of one whose page is changed in the middle.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use wink_core::base::{ProfileId, Timestamp};
use wink_core::event::Schemas;
use wink_core::measure::{Drift, DriftReport, DriftWindows};
use wink_core::profile::{IdentityKey, Kept};
use wink_sim::shop::{Message, Settings, Shop};

use crate::accepted::accepted;

/// A week to get going, and two to compare.
const SETTINGS: Settings = Settings { seed: 1, people: 600, days: 21, from: Timestamp(1_767_225_600_000) };

/// Plays a shop and compares its last two weeks; `change` is done to every message of the last.
fn report(settings: Settings, change: impl Fn(&mut Message)) -> DriftReport {
    let [since, between, until] = [7, 14, 21].map(|day| settings.from.plus_days(day));
    let windows = DriftWindows::new((since, between), (between, until), until).unwrap();
    let (mut drift, schemas, mut seen) = (Drift::new(windows), Schemas::built_in(), BTreeSet::new());
    for mut message in Shop::open(settings).flat_map(|day| day.messages) {
        // A message that is sent twice is kept once.
        if !seen.insert(message.id.clone()) {
            continue;
        }
        if between <= message.arrives_at {
            change(&mut message);
        }
        let Some(event) = accepted(&message) else { continue };
        let whose = format!("{:?}", event.identity);
        let profile = ProfileId::seeded("simulated", &[whose.as_bytes()]);
        drift.take(&Kept::new(event, profile, IdentityKey([0; 16])).0, &schemas);
    }
    drift.report()
}

fn told(report: &DriftReport) -> Vec<(&'static str, &str, &'static str)> {
    report
        .findings
        .iter()
        .map(|found| (found.event, found.field.as_deref().unwrap_or_default(), found.change.code()))
        .collect()
}

#[test]
fn of_twenty_shops_in_which_nothing_changes_hardly_one_is_told_of() {
    let mut told_of = Vec::new();
    for seed in 1..=20 {
        let report = report(Settings { seed, people: 300, ..SETTINGS }, |_| {});
        assert!(100 < report.comparisons, "seed {seed}: {report:?}");
        if !report.findings.is_empty() {
            told_of.push((seed, report));
        }
    }
    assert!(told_of.len() <= 1, "{told_of:#?}");
}

#[test]
fn of_a_page_that_is_changed_every_change_is_told_and_nothing_else() {
    let report = report(SETTINGS, |message| {
        let properties = &mut message.properties;
        match message.event.as_str() {
            "Product Viewed" => {
                // Robots name neither.
                if let Some(price) = properties.get("price_cents").and_then(Json::as_i64) {
                    properties.insert("price_cents".to_owned(), json!(price / 100));
                }
                if let Some(brand) = properties.remove("brand") {
                    properties.insert("marke".to_owned(), brand);
                }
            }
            "Page" => drop(properties.remove("device_class")),
            "Cart Viewed" => message.event = "Basket Opened".to_owned(),
            _ => {}
        }
    });
    let expected = [
        ("Cart Viewed", "", "stopped"),
        ("Page", "device_class", "vanished"),
        ("Product Viewed", "brand", "vanished"),
        ("Product Viewed", "marke", "appeared"),
        ("Product Viewed", "price_cents", "numbers_shifted"),
    ];
    assert_eq!(told(&report), expected, "{report:#?}");
}
