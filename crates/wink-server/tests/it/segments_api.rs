//! Segments over HTTP: made, counted, tried before they are saved, listed and handed out.

use std::sync::Arc;

use serde_json::json;
use wink_server::Engine;
use wink_server::access::Role;
use wink_server::flow::ingest::ingest;
use wink_server::flow::segments::pass;
use wink_sim::SimStore;

use super::api::Api;
use super::counter::{IDS, MONDAY, later, secrets, wait};
use super::said;

const BUYS: &str = "feature.orders_28d >= 1.0";

/// A shop whose anna and berta have bought, with the segment of who buys; berta has withdrawn the newsletter.
fn shop() -> Api<SimStore> {
    let store = Arc::new(SimStore::new());
    let api = Api::of_a_shop_over(store.clone());
    let segment = json!({ "title": "Who buys", "rule": BUYS, "purpose": "newsletter" });
    let answer = api.ask(&api.key(Role::Marketer), "PUT", "/v1/segments/buyers", &segment);
    assert_eq!(
        (answer.status, &answer.json()["differences"][0]["path"]),
        (200.try_into().unwrap(), &json!("segments/buyers"))
    );
    let engine = wait(Engine::open(store, secrets(), MONDAY)).unwrap();
    let messages = ["anna", "berta"].map(|name| said::buys(name, name, &[("TEA", 900)], later(MONDAY, 1)));
    let no = said::consents("w-1", "berta", "newsletter", "withdrawn", later(MONDAY, 2));
    wait(ingest(&engine, &IDS, [messages.as_slice(), &[no]].concat())).unwrap();
    wait(pass::all(&engine, later(MONDAY, 3))).unwrap();
    api
}

#[test]
fn a_segment_is_made_and_tells_its_size() {
    let api = shop();
    let key = api.key(Role::Analyst);
    let one = api.ask(&key, "GET", "/v1/segments/buyers", &json!({})).json();
    assert_eq!(
        (&one["members"], &one["granting"], &one["consented_share"]),
        (&json!(2), &json!(1), &json!(0.5))
    );
    assert!(one["counted_at"].is_string(), "{one}");
    let all = api.ask(&key, "GET", "/v1/segments", &json!({})).json();
    assert_eq!(all["data"][0]["id"], "buyers");
    assert_eq!(api.ask(&key, "GET", "/v1/segments/others", &json!({})).status, 404);
}

#[test]
fn a_wrong_segment_is_refused_where_it_is_wrong() {
    let api = shop();
    let key = api.key(Role::Marketer);
    for (id, segment, pointer) in [
        ("x", json!({ "title": "t", "rule": "feature.orders >= 1.0", "purpose": "newsletter" }), "/rule"),
        ("x", json!({ "title": "t", "rule": BUYS, "purpose": "everything" }), "/purpose"),
        ("x", json!({ "rule": BUYS, "purpose": "newsletter" }), ""),
    ] {
        let answer = api.ask(&key, "PUT", &format!("/v1/segments/{id}"), &segment);
        assert_eq!(
            (answer.status.as_u16(), answer.json()["pointer"].as_str().unwrap_or_default()),
            (422, pointer),
            "{answer:?}"
        );
    }
}

#[test]
fn a_rule_is_tried_before_it_is_saved() {
    let api = shop();
    let asked = json!({ "rule": BUYS, "purpose": "newsletter" });
    let found = api.ask(&api.key(Role::Marketer), "POST", "/v1/segments/preview", &asked).json();
    assert_eq!((&found["members"]["about"], &found["granting"]["most"]), (&json!(2), &json!(1)), "{found}");
    assert_eq!(found["sample"].as_array().map(Vec::len), Some(2));
    let found = api.ask(&api.key(Role::Operator), "POST", "/v1/segments/preview", &asked).json();
    assert_eq!(
        (&found["members"]["about"], found.get("sample")),
        (&json!(2), None),
        "an operator sees nobody"
    );
    let wrong = api.ask(
        &api.key(Role::Marketer),
        "POST",
        "/v1/segments/preview",
        &json!({ "rule": "feature.x > 1.0", "purpose": "newsletter" }),
    );
    assert_eq!((wrong.status.as_u16(), wrong.json()["pointer"].as_str()), (422, Some("/rule")));
}

#[test]
fn members_are_listed_and_only_who_allows_it_is_handed_out() {
    let api = shop();
    let (analyst, own) = (api.key(Role::Analyst), api.key(Role::Shop));
    let first = api.ask(&analyst, "GET", "/v1/segments/buyers/members?limit=1", &json!({})).json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let path = format!("/v1/segments/buyers/members?limit=1&cursor={cursor}");
    let second = api.ask(&analyst, "GET", &path, &json!({})).json();
    assert_ne!(first["data"][0]["profile"], second["data"][0]["profile"]);
    let file = api.ask(&own, "GET", "/v1/segments/buyers/export?identity=customer", &json!({}));
    let text = String::from_utf8(file.body).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, "profile,since,customer"), "{text}");
    assert!(lines[1].ends_with(",anna"), "berta has withdrawn: {text}");
    let file = api.ask(&analyst, "GET", "/v1/segments/buyers/export?format=ndjson", &json!({})).json();
    assert!(file["profile"].is_string() && file.get("identity").is_none(), "{file}");
    let named = api.ask(&analyst, "GET", "/v1/segments/buyers/export?identity=customer", &json!({}));
    assert_eq!(named.code(), "role_missing");
    let profile = second["data"][0]["profile"].as_str().unwrap();
    let is_in = api.ask(&own, "GET", &format!("/v1/profiles/{profile}/segments"), &json!({})).json();
    assert_eq!(is_in["data"][0]["segment"], "buyers");
    let overlap = api.ask(&analyst, "GET", "/v1/segments/overlap?ids=buyers,buyers", &json!({})).json();
    assert_eq!((&overlap["pairs"][0]["both"], &overlap["all"]), (&json!(2), &json!(2)));
    assert_eq!(api.ask(&analyst, "GET", "/v1/segments/overlap?ids=buyers", &json!({})).status, 422);
}
