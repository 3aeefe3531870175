//! A card number that somebody sends is nowhere afterwards: not in the journal, not with the person, not in the dead letters.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use wink_server::access::Role;
use wink_store::{Lane, Position, Store};

use super::api::Api;
use super::counter::wait;

const CARD: &str = "4111111111111111";

#[test]
fn a_card_number_is_stored_nowhere() {
    let api = Api::of_a_shop();
    let (shop, privacy) = (api.key(Role::Shop), api.key(Role::Privacy));
    let event = |id: &str, event: &str| {
        json!({
            "message_id": format!("{id}-{CARD}"),
            "event": event,
            "identities": [
                { "namespace": "customer", "value": "anna" },
                { "namespace": "device", "value": "4111-1111-1111-1111" },
            ],
            "properties": { CARD: CARD, "as number": 4_111_111_111_111_111_u64, "deep": { "down": ["4111 1111 1111 1111"] } },
        })
    };
    let events = [event("m-1", "Product Viewed"), event("m-2", "Order Completed")];
    let answer = api.ask(&shop, "POST", "/v1/events", &json!({ "events": events }));
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let statuses: Vec<_> =
        answer.json()["items"].as_array().unwrap().iter().map(|item| item["status"].clone()).collect();
    assert!(statuses.contains(&json!("dead")), "one of them is kept as a dead letter: {statuses:?}");

    let found = api.ask(
        &privacy,
        "POST",
        "/v1/profiles/lookup",
        &json!({ "identity": { "namespace": "customer", "value": "anna" } }),
    );
    let profile = found.json()["id"].as_str().unwrap().to_owned();
    let export = api.ask(&privacy, "GET", &format!("/v1/profiles/{profile}/export"), &json!({}));
    let letters = api.ask(&privacy, "GET", "/v1/dead-letters", &json!({}));
    let letter = letters.json()["data"][0]["id"].as_str().unwrap().to_owned();
    let letter = api.ask(&privacy, "GET", &format!("/v1/dead-letters/{letter}"), &json!({}));
    let journal: Vec<u8> = Lane::all()
        .flat_map(|lane| wait(api.store.read_lane(lane, Position(0), 1_000)).unwrap())
        .flat_map(|entry| entry.body.map(|body| body.payload).unwrap_or_default())
        .collect();
    for (what, bytes) in [("export", export.body), ("letter", letter.body), ("journal", journal)] {
        let text = String::from_utf8_lossy(&bytes).replace(['-', ' '], "");
        assert!(!text.contains(CARD), "the {what} has it: {text}");
        assert!(
            text.contains("m17") || text.contains("m27"),
            "the {what} has the message without it: {text}"
        );
    }
}

/// Headers and base64 are read after the body was cleared.
#[test]
fn a_card_number_in_a_cloud_event_is_stored_nowhere() {
    let api = Api::of_a_shop();
    let key = format!("Bearer {}", api.key(Role::Shop));
    let privacy = api.key(Role::Privacy);
    let data = STANDARD.encode(json!({ "note": CARD, "order_id": 7 }).to_string());
    let structured = |kind: &str| {
        json!({
            "specversion": "1.0", "id": format!("{kind}-{CARD}"), "source": "/page", "type": kind, "subject": "anna",
            "data_base64": data,
        })
    };
    let headers = [
        ("authorization", key.as_str()),
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", CARD),
        ("ce-source", "/page"),
        ("ce-type", "Product Viewed"),
        ("ce-subject", "4111-1111-1111-1111"),
    ];
    let sent = [
        api.send("POST", "/v1/cloudevents", &headers, &json!({ "note": CARD }).to_string()),
        api.send(
            "POST",
            "/v1/cloudevents",
            &[headers[0], ("content-type", "application/cloudevents+json")],
            &structured("Page").to_string(),
        ),
        api.send(
            "POST",
            "/v1/cloudevents",
            &[headers[0], ("content-type", "application/cloudevents-batch+json")],
            &json!([structured("Page Left"), structured("Order Completed")]).to_string(),
        ),
    ];
    for answer in &sent {
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    let letters = api.ask(&privacy, "GET", "/v1/dead-letters", &json!({})).json();
    let letters = letters["data"].as_array().unwrap().clone();
    assert!(!letters.is_empty(), "the order without lines is a dead letter");
    let mut stored: Vec<u8> = Lane::all()
        .flat_map(|lane| wait(api.store.read_lane(lane, Position(0), 1_000)).unwrap())
        .flat_map(|entry| entry.body.map(|body| body.payload).unwrap_or_default())
        .collect();
    for letter in letters {
        let path = format!("/v1/dead-letters/{}", letter["id"].as_str().unwrap());
        stored.extend(api.ask(&privacy, "GET", &path, &json!({})).body);
    }
    let text = String::from_utf8_lossy(&stored).replace(['-', ' '], "");
    assert!(!text.contains(CARD) && !text.contains(data.as_str()), "{text}");
    assert!(text.contains("note"), "what stood beside it is kept: {text}");
}

/// A loyalty card's number may look like a payment card's: people with such numbers are still told apart, and found by them.
#[test]
fn people_whose_numbers_only_look_like_cards_are_found_by_them() {
    let api = Api::of_a_shop();
    let (shop, privacy) = (api.key(Role::Shop), api.key(Role::Privacy));
    let who = |number: &str| json!({ "namespace": "loyalty", "value": number });
    let numbers = ["6200000000000005", "6200000000000013"];
    let events =
        numbers.map(|number| json!({ "message_id": number, "event": "Page", "identities": [who(number)] }));
    let answer = api.ask(&shop, "POST", "/v1/events", &json!({ "events": events }));
    assert!(
        answer.json()["items"].as_array().unwrap().iter().all(|item| item["status"] == "accepted"),
        "{answer:?}"
    );
    let found = numbers.map(|number| {
        let found = api.ask(&privacy, "POST", "/v1/profiles/lookup", &json!({ "identity": who(number) }));
        found.json()["id"].as_str().unwrap_or_else(|| panic!("{found:?}")).to_owned()
    });
    assert_ne!(found[0], found[1]);
}
