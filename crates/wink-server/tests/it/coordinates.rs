//! Coordinates are stored nowhere, on whichever route they come, however deep they lie and whatever becomes of the message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use wink_server::access::Role;
use wink_sim::SimStore;
use wink_store::{Effect, Export};

use super::api::{Answer, Api};
use super::places::api_with_anna_in_the_store;

/// Degrees whose digits occur nowhere else.
const NORTH: f64 = 48.137_529;
const EAST: f64 = 11.576_461;
const DIGITS: [&str; 2] = ["137529", "576461"];

fn point() -> Json {
    json!({ "latitude": NORTH, "longitude": EAST })
}

fn encoded() -> String {
    STANDARD.encode(point().to_string())
}

/// A report, a deep one, a trait, and two dead letters, of which one says no coordinates.
fn native() -> Json {
    let event = |id: &str, event: &str, properties: Json| {
        json!({
            "message_id": id,
            "event": event,
            "identities": [{ "namespace": "customer", "value": "anna" }],
            "properties": properties,
        })
    };
    let deep = json!({ "product_id": "p-17", "seen": { "from": [{ "lat": NORTH, "LNG": EAST }] } });
    json!({ "events": [
        event("m-1", "Place Reported", point()),
        event("m-2", "Product Viewed", deep),
        event("m-3", "Identify", json!({ "traits": { "town": "Munich", "home": point() } })),
        event("m-4", "Teleported", point()),
        event("m-5", "Teleported", json!({ "flat": 1 })),
    ] })
}

/// A report, traits, a dead letter and a call that cannot be read, with the point in the context or the traits.
fn segment() -> Json {
    let context = json!({ "location": point() });
    json!({ "batch": [
        { "type": "track", "event": "Place Reported", "userId": "anna", "messageId": "s-1", "context": context },
        { "type": "identify", "userId": "anna", "messageId": "s-2", "traits": { "address": point() } },
        { "type": "track", "event": "Teleported", "userId": "anna", "messageId": "s-3", "context": context },
        { "type": "teleport", "userId": "anna", "messageId": "s-4", "context": context },
    ] })
}

/// A report, a dead letter, and two events that cannot be read; some with their data encoded.
fn cloud_events() -> Json {
    let event = |id: &str, version: &str, kind: &str| json!({ "specversion": version, "id": id, "source": "/app", "type": kind, "subject": "anna" });
    let mut events = json!([
        event("c-1", "1.0", "Place Reported"),
        event("c-2", "1.0", "Teleported"),
        event("c-3", "0.3", "Place Reported"),
        event("c-4", "0.3", "Place Reported"),
    ]);
    events[0]["data"] = point();
    events[1]["data_base64"] = encoded().into();
    events[2]["data"] = point();
    events[3]["data_base64"] = encoded().into();
    events
}

/// All bytes a store holds. Dead letters and what people state are sealed in them.
fn stored(store: &SimStore) -> Vec<u8> {
    let mut bytes = Vec::new();
    let copied = store.export(|effect| {
        match effect {
            Effect::Put { record, .. } => bytes.extend(record.bytes),
            Effect::Append { entry, .. } => {
                bytes.extend(entry.body.into_iter().flat_map(|body| body.payload))
            }
            Effect::Enqueue { payload, .. } => bytes.extend(payload),
            _ => {}
        }
        Ok::<(), wink_store::Error>(())
    });
    copied.unwrap();
    bytes
}

fn get(api: &Api<SimStore>, path: &str) -> Answer {
    api.ask(&api.key(Role::Privacy), "GET", path, &json!({}))
}

/// What is known of somebody, with what they stated.
fn known(api: &Api<SimStore>, namespace: &str) -> Vec<u8> {
    let asked = json!({ "identity": { "namespace": namespace, "value": "anna" } });
    let found = api.ask(&api.key(Role::Privacy), "POST", "/v1/profiles/lookup", &asked);
    let id = found.json()["id"].as_str().unwrap().to_owned();
    get(api, &format!("/v1/profiles/{id}/export")).body
}

fn letters(api: &Api<SimStore>) -> Vec<Json> {
    let listed = get(api, "/v1/dead-letters").json();
    let ids =
        listed["data"].as_array().unwrap().iter().map(|letter| letter["id"].as_str().unwrap().to_owned());
    ids.map(|id| get(api, &format!("/v1/dead-letters/{id}")).json()).collect()
}

#[test]
fn no_route_stores_a_coordinate() {
    let api = api_with_anna_in_the_store();
    let shop = api.key(Role::Shop);
    let bearer = format!("Bearer {shop}");
    let batch = [("authorization", bearer.as_str()), ("content-type", "application/cloudevents-batch+json")];
    let answers = [
        api.ask(&shop, "POST", "/v1/events", &native()),
        api.ask(&shop, "POST", "/v1/batch", &segment()),
        api.send("POST", "/v1/cloudevents", &batch, &cloud_events().to_string()),
    ];
    let accepted = answers.map(|answer| answer.json()["accepted"].clone());
    assert_eq!(accepted, [json!(3), json!(2), json!(1)]);

    let letters = letters(&api);
    let with_bytes = letters.iter().filter(|letter| letter["original"] != "");
    let with_bytes: Vec<_> = with_bytes.map(|letter| letter["message"]["message_id"].clone()).collect();
    assert_eq!((letters.len(), with_bytes), (7, vec![json!("m-5")]), "{letters:?}");

    let held = [
        ("store", stored(&api.store), "p-17"),
        ("letters", json!(letters).to_string().into_bytes(), "Teleported"),
        ("person", known(&api, "customer"), "Munich"),
        ("other person", known(&api, "user_id"), "Place Reported"),
    ];
    for (what, bytes, there) in held {
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains(there), "the {what} was looked through: {text}");
        assert!(!DIGITS.iter().any(|digits| text.contains(digits)), "the {what} has digits: {text}");
        assert!(!text.contains(&encoded()), "the {what} has them encoded: {text}");
        let numbers = [NORTH, EAST].map(f64::to_le_bytes);
        assert!(
            !bytes.windows(8).any(|eight| numbers.iter().any(|number| number == eight)),
            "the {what}: {text}"
        );
    }
}
