//! What people do, as the messages a shop sends about it.

use std::collections::BTreeMap;

use serde_json::json;
use wink_api::to_json;
use wink_core::base::{Cents, Currency, Timestamp, Value};
use wink_core::event::{Envelope, Identity};
use wink_server::flow::ingest::Received;

/// Spells an amount of a test's shop, which sells in euros: `12.05`.
pub(crate) fn in_euros(amount: Cents) -> String {
    Currency::new("EUR").unwrap().of(amount).plain()
}

/// The identity a test's person signs in with.
pub(crate) fn identity(person: &str) -> Identity {
    Identity::new("customer", person).unwrap()
}

/// A message of a person that happened and arrived at `at`.
pub(crate) fn message(
    id: &str,
    person: &str,
    event: &str,
    properties: Vec<(&str, Value)>,
    at: Timestamp,
) -> Received {
    let properties: BTreeMap<String, Value> =
        properties.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let envelope = Envelope {
        source: "shop".to_owned(),
        message_id: id.to_owned(),
        event: event.to_owned(),
        schema_version: None,
        identities: vec![identity(person)],
        original_at: Some(at),
        sent_at: None,
        properties,
    };
    let original = original(&envelope);
    Received { envelope, original, at, is_vouched: true }
}

/// The bytes a request would have: they name everything the envelope does.
fn original(envelope: &Envelope) -> Vec<u8> {
    let sent = json!({
        "message_id": envelope.message_id,
        "event": envelope.event,
        "identities": envelope.identities.iter().map(|identity| identity.value()).collect::<Vec<_>>(),
        "occurred_at": envelope.original_at.map(|at| at.to_string()),
        "properties": to_json(&Value::Map(envelope.properties.clone())),
    });
    sent.to_string().into_bytes()
}

/// A message that arrives later than it happened.
pub(crate) fn arriving(received: Received, at: Timestamp) -> Received {
    Received { at, ..received }
}

/// Somebody buys products, by category, for so many cents each.
pub(crate) fn buys(id: &str, person: &str, lines: &[(&str, i64)], at: Timestamp) -> Received {
    message(id, person, "Order Completed", order(id, lines), at)
}

/// The properties of an order.
pub(crate) fn order<'a>(id: &str, lines: &[(&str, i64)]) -> Vec<(&'a str, Value)> {
    let line = |(category, cents): &(&str, i64)| {
        Value::Map(BTreeMap::from([
            ("product_id".to_owned(), Value::Text(format!("p-{category}"))),
            ("category".to_owned(), Value::Text((*category).to_owned())),
            ("total_cents".to_owned(), Value::Int(*cents)),
        ]))
    };
    vec![
        ("order_id", Value::Text(format!("order-{id}"))),
        ("products", Value::List(lines.iter().map(line).collect())),
    ]
}

/// Somebody says yes or no to a purpose: `granted`, `denied` or `withdrawn`.
pub(crate) fn consents(id: &str, person: &str, purpose: &str, state: &str, at: Timestamp) -> Received {
    let properties = vec![
        ("purpose", Value::Text(purpose.to_owned())),
        ("state", Value::Text(state.to_owned())),
        ("method", Value::Text("checkbox".to_owned())),
    ];
    message(id, person, "Consent Updated", properties, at)
}

/// Somebody allows everything an offer by newsletter needs.
pub(crate) fn allows_all(person: &str, at: Timestamp) -> Vec<Received> {
    ["personalisation", "newsletter"]
        .map(|purpose| consents(&format!("{person}-{purpose}"), person, purpose, "granted", at))
        .to_vec()
}
