//! A campaign that is stopped gives nothing from the answer on, keeps what it gave, and goes on where it stopped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use wink_server::access::Role;
use wink_server::flow::ingest::ingest;
use wink_sim::SimStore;

use super::api::{Answer, Api, question};
use super::audit::audit;
use super::counter::{IDS, MONDAY, Offer, Shop, open, secrets, wait};
use super::said;

const TEA: [&str; 2] = ["/v1/campaigns/tea/pause", "/v1/campaigns/tea/resume"];

fn api() -> Api<SimStore> {
    let store = Arc::new(SimStore::new());
    let offer = Offer {
        more: "public_code = { word = \"SOMMER10\", uses = 9 }".to_owned(),
        per_person: 9,
        ..Offer::new("tea", "{ amount = \"1.00\" }")
    };
    let shop = Shop { caps: vec![(99, 1)], ..Shop::selling(vec![offer]) };
    let engine = wait(open(store.clone(), &shop, MONDAY)).unwrap();
    wait(ingest(&engine, &IDS, said::allows_all("anna", MONDAY))).unwrap();
    Api::over(store)
}

fn redeems(api: &Api<SimStore>, key: &str, coupon: &str, order: &str) -> Answer {
    // Whoever types the word and has a coupon of the offer uses that one; berta has none.
    let person = if coupon == "SOMMER10" { "berta" } else { "anna" };
    let cart =
        json!({ "lines": [{ "id": "1", "product_id": "assam", "quantity": 1, "unit_price_cents": 1000 }] });
    let person = json!({ "namespace": "customer", "value": person });
    let asked = json!({ "coupons": [coupon], "identity": person, "order_id": order, "cart": cart });
    let headers = [("authorization", &*format!("Bearer {key}")), ("idempotency-key", order)];
    api.send("POST", "/v1/redemptions", &headers, &asked.to_string())
}

#[test]
fn a_pause_stops_what_is_given_within_a_second_and_takes_nothing_back() {
    let api = api();
    let (shop, manager) = (api.key(Role::Shop), api.key(Role::Marketer));
    let ask = || api.ask(&shop, "POST", "/v1/decisions", &question("anna")).json()["decision"].clone();
    let turn = |path: &str| api.ask(&manager, "POST", path, &Json::Null);
    let [first, second] = [ask(), ask()];
    assert_eq!((&first["verdict"], &first["benefit"]), (&json!("offer"), &json!({ "amount_cents": 100 })));

    let tried = turn(&format!("{}?dry_run=true", TEA[0])).json();
    let wanted = json!([{ "path": "campaigns/tea/paused", "before": null, "after": true }]);
    assert_eq!((&tried["dry_run"], &tried["differences"]), (&json!(true), &wanted));
    assert_eq!(redeems(&api, &shop, "SOMMER10", "before").status, 200, "tried out, nothing is stopped");

    assert_eq!(turn(TEA[0]).json()["differences"], wanted);
    let done = Instant::now();
    assert_eq!(ask()["verdict"], "none");
    assert_eq!(redeems(&api, &shop, "SOMMER10", "meanwhile").code(), "discount_code_invalid");
    assert!(done.elapsed() < Duration::from_secs(1), "{:?}", done.elapsed());
    assert_eq!(turn(TEA[0]).json()["differences"], json!([]), "it is stopped already");
    // What was given stays good.
    let coupon = first["coupon"].as_str().unwrap();
    let promised = redeems(&api, &shop, coupon, "promised");
    assert_eq!(promised.status, 200, "{promised:?}");

    assert_eq!(turn(TEA[1]).json()["differences"][0]["after"], Json::Null);
    assert_eq!(ask()["verdict"], "offer");
    assert_eq!(redeems(&api, &shop, "SOMMER10", "after").status, 200);
    assert_eq!(redeems(&api, &shop, second["coupon"].as_str().unwrap(), "later").status, 200);
    audit(&wait(wink_server::Engine::open(api.store.clone(), secrets(), MONDAY)).unwrap()).unwrap();
}

#[test]
fn a_campaign_that_is_not_there_cannot_be_stopped() {
    let api = api();
    let manager = api.key(Role::Marketer);
    for path in ["/v1/campaigns/coffee/pause", "/v1/campaigns/coffee/resume"] {
        let answer = api.ask(&manager, "POST", path, &Json::Null);
        assert_eq!((answer.status.as_u16(), answer.code()), (404, "not_found".to_owned()));
    }
    for role in [Role::Shop, Role::Till, Role::Ingest] {
        assert_eq!(api.ask(&api.key(role), "POST", TEA[0], &Json::Null).status, 403);
    }
}
