//! Bought is bought: from the answer to a purchase on, no decision offers what was bought, over HTTP as a shop asks.

use serde_json::json;
use std::sync::Arc;

use wink_core::base::Timestamp;
use wink_server::access::Role;
use wink_server::flow::ingest::ingest;
use wink_sim::SimStore;

use super::api::{Api, question};
use super::counter::{IDS, MONDAY, Offer, Shop, later, open, wait};
use super::said;

/// Minutes in a day.
const DAY: i64 = 1_440;

fn shop() -> Api<SimStore> {
    let store = Arc::new(SimStore::new());
    let offer = Offer {
        per_person: 99,
        not_if_bought: Some(("kettle".to_owned(), 30)),
        rules: vec![("eligibility".to_owned(), "context.hour >= 0".to_owned())],
        ..Offer::new("kettle-and-tea", "{ amount = \"1.00\" }")
    };
    let engine =
        wait(open(store.clone(), &Shop { reissue_days: Some(0), ..Shop::selling(vec![offer]) }, MONDAY))
            .unwrap();
    wait(ingest(&engine, &IDS, said::allows_all("anna", MONDAY))).unwrap();
    drop(engine);
    Api::over(store)
}

fn buys(id: &str, product: &str, at: Timestamp) -> serde_json::Value {
    json!({ "events": [{
        "message_id": id,
        "event": "Order Completed",
        "identities": [{ "namespace": "customer", "value": "anna" }],
        "occurred_at": at.to_string(),
        "properties": { "order_id": id, "products": [{ "product_id": product, "quantity": 1, "total_cents": 900 }] },
    }] })
}

#[test]
fn what_was_bought_is_not_offered_from_the_next_decision_on() {
    let api = shop();
    let key = api.key(Role::Shop);
    let verdict = || {
        let answer = api.ask(&key, "POST", "/v1/decisions", &question("anna"));
        let verdict = answer.json()["decision"]["verdict"].as_str().map(str::to_owned);
        verdict.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&answer.body)))
    };
    let tell = |event: &serde_json::Value| {
        let answer = api.ask(&key, "POST", "/v1/events", event);
        assert_eq!(answer.json()["accepted"], 1, "{answer:?}");
    };
    assert_eq!(verdict(), "offer", "who never bought anything has not bought it");
    tell(&buys("b-1", "teapot", later(MONDAY, 60)));
    assert_eq!(verdict(), "offer", "another product");
    tell(&buys("b-2", "kettle", later(MONDAY, 60)));
    assert_eq!(verdict(), "none");
    let mut explained = question("anna");
    explained["explain"] = json!(true);
    let answer = api.ask(&key, "POST", "/v1/decisions", &explained);
    assert!(String::from_utf8_lossy(&answer.body).contains("not_eligible"), "{}", answer.json());
    api.pass_minutes(29 * DAY);
    assert_eq!(verdict(), "none");
    api.pass_minutes(2 * DAY);
    assert_eq!(verdict(), "offer", "that is long ago");
}
