//! Over HTTP: features of many people as a table, and two profiles linked and taken apart.

use serde_json::{Value as Json, json};
use wink_server::access::Role;

use super::api::Api;

fn identity(name: &str) -> Json {
    json!({ "namespace": "customer", "value": name })
}

/// Tells an order by somebody, by whatever names.
fn buys<S: wink_store::Store>(api: &Api<S>, id: &str, identities: &[Json]) {
    let order =
        json!({ "order_id": id, "products": [{ "product_id": "p", "category": "TEA", "total_cents": 500 }] });
    let message = json!({ "message_id": id, "event": "Order Completed", "identities": identities, "properties": order });
    let answer = api.ask(&api.key(Role::Shop), "POST", "/v1/events", &json!({ "events": [message] }));
    assert_eq!(answer.json()["items"][0]["status"], "accepted", "{}", answer.json());
}

#[test]
fn features_of_many_are_a_table_in_the_order_of_the_question() {
    let api = Api::of_a_shop();
    buys(&api, "o-1", &[identity("anna")]);
    buys(&api, "o-2", &[identity("carl")]);
    let key = api.key(Role::Analyst);
    let profile = |name: &str| {
        let asked = json!({ "identity": identity(name) });
        let found = api.ask(&api.key(Role::Shop), "POST", "/v1/profiles/lookup", &asked).json();
        found["id"].as_str().unwrap().to_owned()
    };
    let asked = json!({
        "people": [{ "identity": identity("nobody") }, { "profile": profile("carl") }, { "identity": identity("anna") }],
        "features": ["basket_cents", "orders_365d"],
    });
    let answer = api.ask(&key, "POST", "/v1/features", &asked).json();
    let columns: Vec<&Json> =
        answer["features"].as_array().unwrap().iter().map(|column| &column["name"]).collect();
    assert_eq!(columns, ["basket_cents", "orders_365d"], "{answer}");
    assert_eq!(answer["features"][1]["purpose"], "personalisation");
    let [nobody, carl, anna] = [0, 1, 2].map(|row| &answer["data"][row]);
    assert_eq!((&nobody["profile"], &nobody["values"]), (&Json::Null, &json!([])));
    assert_eq!(carl["values"][1], json!({ "state": "not_granted" }));
    assert_eq!(anna["profile"], profile("anna"));
    assert_eq!((&anna["values"][1]["state"], &anna["values"][1]["value"]), (&json!("known"), &json!(1.0)));
    assert!(anna["values"][1]["age_seconds"].is_i64(), "{anna}");

    let everything =
        api.ask(&key, "POST", "/v1/features", &json!({ "people": [{ "identity": identity("anna") }] }));
    let everything = everything.json();
    let columns = everything["features"].as_array().unwrap().len();
    assert_eq!(everything["data"][0]["values"].as_array().unwrap().len(), columns);
    assert!(90 <= columns, "{columns}");
}

#[test]
fn what_cannot_be_asked_says_where_and_why() {
    let api = Api::of_a_shop();
    let key = api.key(Role::Analyst);
    let anna = json!({ "identity": identity("anna") });
    for (asked, pointer, said) in [
        (json!({ "people": [] }), "/people", "name 1 to 100 people"),
        (json!({ "people": vec![anna.clone(); 101] }), "/people", "name 1 to 100 people"),
        (json!({ "people": [{}] }), "/people/0", "name either a profile or an identity"),
        (json!({ "people": [anna, { "profile": "prf_x" }] }), "/people/1/profile", "prf_"),
        (
            json!({ "people": [anna], "features": ["basket_sents"] }),
            "/features/0",
            "there is no feature `basket_sents`; did you mean `basket_cents`?",
        ),
        (json!({ "people": [anna], "features": vec!["orders_365d"; 1_000] }), "/features", "name each once"),
    ] {
        let answer = api.ask(&key, "POST", "/v1/features", &asked);
        let problem = answer.json();
        assert_eq!(answer.status, 422, "{problem}");
        assert_eq!(problem["pointer"], pointer, "{problem}");
        assert!(problem["message"].as_str().unwrap().contains(said), "{problem}");
    }
}

#[test]
fn support_links_two_profiles_and_takes_them_apart() {
    let api = Api::of_a_shop();
    let device = json!({ "namespace": "anonymous_id", "value": "tablet" });
    buys(&api, "o-1", std::slice::from_ref(&device));
    let find = |identity: &Json| {
        let asked = json!({ "identity": identity });
        api.ask(&api.key(Role::Shop), "POST", "/v1/profiles/lookup", &asked).json()
    };
    let id = |identity: &Json| find(identity)["id"].as_str().unwrap().to_owned();
    let (tablet, anna, berta) = (id(&device), id(&identity("anna")), id(&identity("berta")));
    let key = api.key(Role::Support);
    let link = |one: &str, other: &str| {
        api.ask(&key, "POST", &format!("/v1/profiles/{one}/links"), &json!({ "profile": other }))
    };
    let linked = link(&tablet, &anna);
    assert_eq!((linked.status.as_u16(), &linked.json()["id"]), (200, &json!(tablet)));
    let links = &linked.json()["links"];
    assert_eq!(links.as_array().unwrap().len(), 1, "{links}");
    assert_eq!(links[0]["source"], "the-support");
    assert_eq!(link(&tablet, &anna).json()["links"], *links, "once");
    assert_eq!(find(&device)["identity_count"], 2);

    let refused = link(&berta, &tablet);
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "two_accounts".to_owned()));
    assert_eq!(link(&tablet, "prf_x").status, 422);
    assert_eq!(link(&tablet, "prf_00000000-0000-7000-8000-000000000000").status, 422);

    let part = |one: &str, other: &str| {
        api.ask(&key, "DELETE", &format!("/v1/profiles/{one}/links/{other}"), &Json::Null)
    };
    assert_eq!(part(&anna, &berta).status, 404);
    assert_eq!(part(&anna, &tablet).status, 204);
    assert_eq!(part(&anna, &tablet).status, 404, "once");
    assert_eq!(find(&device)["identity_count"], 1);
}
