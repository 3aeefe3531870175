//! A card number that somebody sends is nowhere afterwards: not in the journal, not with the person, not in the dead letters.

use axum::http::StatusCode;
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
            text.contains("9999999999999999") || what == "journal",
            "the {what} shows where it was: {text}"
        );
    }
}
