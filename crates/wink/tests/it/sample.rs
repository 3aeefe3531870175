//! A corner shop: a small catalogue that gives coupons readily, and the messages such a shop sends.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::wink;

pub(crate) const SHOP: &str = r#"name = "Corner Shop"
currency = "EUR"
time_zone = "Europe/Berlin"

[contact_policy]
caps = [{ at_most = 100, within_days = 1 }]

[holdout]
percent = 5
salt = 7

[economics]
default_margin_percent = 25
default_basket = "29.00"
attention_cost = "0.02"
exploration = 0.05

[economics.channel_cost]
newsletter = "0.005"
web = 0
till = 0

[economics.margins]
"TEA" = 40
"#;

/// One campaign whose offer nearly everybody with an order gets, again and again.
pub(crate) const TEA: &str = r#"id = "tea"
name = "Tea"
goal = "one more order with tea in it"
hypothesis = "some people who are offered tea for less come back sooner"
starts_at = "2020-01-01"
ends_at = "2090-01-01"
budget = "100000.00"
holdout_percent = 10

[[offers]]
id = "tea-amount"
title = "1.00 EUR less on tea"
benefits = [{ amount = "1.00" }]
channels = ["web"]
categories = ["TEA"]
minimum_spend = "5.00"
minimum_price = "1.00"
valid_days = 28
per_profile = 1000
eligibility = "feature.orders_365d >= 1"
applicability = 'context.channel == "web"'
suitability = "feature.contacts_28d < 100"
redeem = { intercept = -2.0 }
uplift = { intercept = -1.0 }
"#;

/// Writes the catalogue into `directory`, with `tea` as its campaign.
pub(crate) fn write_catalogue(directory: &Path, tea: &str) {
    fs::create_dir_all(directory.join("campaigns")).unwrap();
    fs::write(directory.join("shop.toml"), SHOP).unwrap();
    fs::write(directory.join("campaigns").join("tea.toml"), tea).unwrap();
}

/// Makes a store in which the catalogue is in force.
pub(crate) fn open_shop(store: &Path) {
    let catalogue = tempfile::tempdir().unwrap();
    write_catalogue(catalogue.path(), TEA);
    let directory = catalogue.path().as_os_str();
    wink::run([OsStr::new("catalogue"), "apply".as_ref(), directory, "--data".as_ref(), store.as_os_str()])
        .fine();
}

/// Somebody buys tea.
pub(crate) fn order(message_id: &str, person: &str, cents: u64) -> Value {
    let products = json!([{ "product_id": "p-tea", "category": "TEA", "quantity": 1, "total_cents": cents }]);
    event(message_id, person, "Order Completed", json!({ "order_id": message_id, "products": products }))
}

/// Somebody says yes or no to a purpose.
pub(crate) fn consent(message_id: &str, person: &str, purpose: &str, state: &str) -> Value {
    let properties = json!({ "purpose": purpose, "state": state, "method": "checkbox" });
    event(message_id, person, "Consent Updated", properties)
}

/// An event of a person.
pub(crate) fn event(message_id: &str, person: &str, name: &str, properties: Value) -> Value {
    json!({ "message_id": message_id, "event": name, "identities": [identity(person)], "properties": properties })
}

/// A request with events.
pub(crate) fn batch(events: &[Value]) -> Value {
    json!({ "events": events })
}

/// A question for an offer on the web.
pub(crate) fn question(person: &str) -> Value {
    json!({ "identity": identity(person), "channel": "web", "cart_cents": 1_500 })
}

pub(crate) fn identity(person: &str) -> Value {
    json!({ "namespace": "customer", "value": person })
}

/// What a person who may be given offers sends first: both consents and an order.
pub(crate) fn joins(person: &str) -> Vec<Value> {
    vec![
        consent(&format!("{person}-yes"), person, "personalisation", "granted"),
        consent(&format!("{person}-news"), person, "newsletter", "granted"),
        order(&format!("{person}-first"), person, 1_000),
    ]
}
