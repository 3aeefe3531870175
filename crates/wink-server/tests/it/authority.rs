//! Who may do what: every operation of the API's own description, tried with every role, with a stranger's key, and with none.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use wink_server::access::{self, Role};
use wink_server::http::{OPERATIONS, Who, document, operation};
use wink_store::Tenant;

use super::api::{Answer, Api, question};
use super::counter::{MONDAY, wait};

/// Every method and path the description has, with what it says of the roles; `None` where no key is needed.
fn described() -> Vec<(String, String, Option<Vec<String>>)> {
    let document = document();
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, described) in methods.as_object().unwrap() {
            let roles = described.get("x-wink-roles").map(|roles| {
                roles.as_array().unwrap().iter().map(|role| role.as_str().unwrap().to_owned()).collect()
            });
            all.push((method.to_uppercase(), path.clone(), roles));
        }
    }
    all
}

/// A path with something in the place of its parameters that exists nowhere.
fn filled(path: &str) -> String {
    let parts: Vec<&str> =
        path.split('/').map(|part| if part.starts_with('{') { "nobody" } else { part }).collect();
    parts.join("/")
}

fn try_with(api: &Api<wink_sim::SimStore>, key: Option<&str>, method: &str, path: &str) -> Answer {
    match key {
        Some(key) => api.ask(key, method, &filled(path), &json!({})),
        None => api.send(method, &filled(path), &[], "{}"),
    }
}

#[test]
fn the_description_the_table_and_the_routes_name_the_same_operations() {
    let described: BTreeSet<(String, String)> =
        described().into_iter().map(|(method, path, _)| (method, path)).collect();
    let listed: BTreeSet<(String, String)> =
        OPERATIONS.iter().map(|row| (row.method.to_string(), row.path.to_owned())).collect();
    assert_eq!(described, listed);
    let names: BTreeSet<&str> = OPERATIONS.iter().map(|row| row.id).collect();
    assert_eq!(names.len(), OPERATIONS.len(), "a name stands for two operations");
    let api = Api::of_a_shop();
    for row in OPERATIONS {
        let answer = api.send(row.method.as_str(), &filled(row.path), &[], "");
        let code = answer.code();
        assert!(code != "route_unknown" && code != "method_not_allowed", "{} {}", row.method, row.path);
    }
    let document = document();
    for row in OPERATIONS {
        let method = row.method.as_str().to_lowercase();
        assert_eq!(document["paths"][row.path][&method]["operationId"], row.id, "{}", row.path);
    }
}

/// The description is committed, so that a change of the contract is seen in review. `WINK_BLESS=1` writes it.
#[test]
fn the_committed_description_is_what_the_server_gives() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/wink-v1.json");
    let now = format!("{:#}\n", document());
    if std::env::var_os("WINK_BLESS").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == now,
        "openapi/wink-v1.json is not what the code says; `cargo xtask bless` writes it"
    );
}

#[test]
fn every_role_may_do_what_the_description_says_and_nothing_else() {
    let api = Api::of_a_shop();
    let keys: Vec<(Role, String)> = Role::ALL.into_iter().map(|role| (role, api.key(role))).collect();
    let mut cells = 0;
    for (method, path, roles) in described() {
        for (role, key) in &keys {
            let answer = try_with(&api, Some(key), &method, &path);
            let may = roles.as_ref().is_none_or(|roles| roles.iter().any(|name| name == role.name()));
            let refused = answer.code() == "role_missing";
            assert_eq!(refused, !may, "{method} {path} as {role:?}: {answer:?}");
            assert!(
                answer.status != 401 && !answer.status.is_server_error(),
                "{method} {path} as {role:?}: {answer:?}"
            );
            assert_eq!(answer.status == 403, refused, "{method} {path} as {role:?}: {answer:?}");
            cells += 1;
        }
    }
    assert_eq!(cells, OPERATIONS.len() * Role::ALL.len());
}

#[test]
fn without_a_key_nothing_but_what_is_for_anybody() {
    let api = Api::of_a_shop();
    for (method, path, roles) in described() {
        let answer = try_with(&api, None, &method, &path);
        assert_eq!(answer.status == 401, roles.is_some(), "{method} {path}: {answer:?}");
        let wrong = try_with(&api, Some("wk_shop_00000000000000000000000000000000"), &method, &path);
        // After a few wrong keys from one address nobody looks at the next.
        let refused = wrong.status == 401 || wrong.status == 429;
        assert_eq!(refused, roles.is_some(), "{method} {path}: {wrong:?}");
    }
}

/// The row a route would have to have is not there: the gate knows no operation, and lets nothing through to one.
#[test]
fn what_the_table_does_not_name_is_nowhere() {
    assert!(operation(&axum::http::Method::GET, "/v1/secrets").is_none());
    let api = Api::of_a_shop();
    let answer = api.ask(&api.key(Role::Admin), "GET", "/v1/secrets", &json!({}));
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "route_unknown"));
}

#[test]
fn a_revoked_key_is_refused_at_once_and_a_replaced_one_after_its_overlap() {
    let api = Api::of_a_shop();
    let admin = api.key(Role::Admin);
    let (id, shop) = api.key_of(Tenant(1), Role::Shop);
    assert_eq!(api.ask(&shop, "POST", "/v1/decisions", &question("anna")).status, 200);
    let made = api.ask(&admin, "POST", &format!("/v1/keys/{id}/rotate"), &json!({ "overlap_hours": 1 }));
    assert_eq!(made.status, 201, "{made:?}");
    let next = made.json()["secret"].as_str().unwrap().to_owned();
    for key in [&shop, &next] {
        assert_eq!(api.ask(key, "POST", "/v1/decisions", &question("anna")).status, 200);
    }
    api.pass_minutes(60);
    assert_eq!(api.ask(&shop, "POST", "/v1/decisions", &question("anna")).code(), "key_unknown");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(api.ask(&admin, "DELETE", &format!("/v1/keys/{id}"), &Json::Null).status, 204);
    assert_eq!(api.ask(&next, "POST", "/v1/decisions", &question("anna")).code(), "key_unknown");
}

/// With the secret of a replaced operator's key an admin could do everything in every tenant.
#[test]
fn the_keys_of_operators_are_nobody_s_but_an_operator_s() {
    let api = Api::of_a_shop();
    let (operator, admin) = (api.key(Role::Operator), api.key(Role::Admin));
    let (id, _) = api.key_of(Tenant(1), Role::Operator);
    let names = |key: &str| {
        let listed = api.ask(key, "GET", "/v1/keys", &Json::Null).json();
        let of = |key: &Json| key["id"].as_str().unwrap().to_owned();
        listed["data"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    assert!(!names(&admin).contains(&id.to_string()) && names(&operator).contains(&id.to_string()));
    for (method, path) in [("POST", format!("/v1/keys/{id}/rotate")), ("DELETE", format!("/v1/keys/{id}"))] {
        let refused = api.ask(&admin, method, &path, &json!({}));
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (404, "not_found"), "{method}");
    }
    let rotated = api.ask(&operator, "POST", &format!("/v1/keys/{id}/rotate"), &json!({}));
    assert_eq!(rotated.status, 201, "{rotated:?}");
}

#[test]
fn what_is_measured_of_all_tenants_is_for_operators() {
    let api = Api::of_a_shop();
    let (operator, admin) = (api.key(Role::Operator), api.key(Role::Admin));
    let read = |key: &str| api.ask(key, "GET", "/metrics", &Json::Null).status.as_u16();
    assert!(read(&admin) < 300 && read(&operator) < 300);
    wait(access::create_tenant(&api.store, "outlet", MONDAY)).unwrap();
    assert_eq!(read(&admin), 403);
    assert!(read(&operator) < 300);
}

#[test]
fn a_tenant_sees_nothing_of_another() {
    let api = Api::of_a_shop();
    let outlet = wait(access::create_tenant(&api.store, "outlet", MONDAY)).unwrap();
    let (_, theirs) = api.key_of(outlet, Role::Admin);
    let (ours, _) = api.key_of(Tenant(1), Role::Shop);
    let listed = api.ask(&theirs, "GET", "/v1/keys", &Json::Null).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "{listed}");
    // Another tenant's key and one that never was are the same: not there.
    let foreign = api.ask(&theirs, "DELETE", &format!("/v1/keys/{ours}"), &Json::Null);
    let never = api.ask(&theirs, "DELETE", &format!("/v1/keys/key_{}", "0".repeat(32)), &Json::Null);
    assert_eq!((foreign.status.as_u16(), foreign.code()), (404, never.code()));
    // Anna is known next door, not here; there is not even a catalogue.
    let asked = api.ask(&theirs, "POST", "/v1/decisions", &question("anna"));
    assert_eq!(asked.code(), "no_catalogue", "{asked:?}");
    let sent = json!({ "events": [{ "message_id": "m-1", "event": "Identify", "identities": [{ "namespace": "customer", "value": "anna" }], "properties": { "traits": { "plan": "gold" } } }] });
    let first = api.ask(&theirs, "POST", "/v1/events", &sent).json();
    let ours = api.key(Role::Admin);
    let same = api.ask(&ours, "POST", "/v1/events", &sent).json();
    assert_eq!((&first["accepted"], &same["accepted"]), (&json!(1), &json!(1)), "{first} {same}");
}

#[test]
fn a_publishable_key_stays_at_its_origins_and_within_its_rate() {
    let api = Api::of_a_shop();
    let admin = api.key(Role::Admin);
    let asked = json!({ "role": "client", "name": "page", "origins": ["https://shop.example"], "rate": 5 });
    let made = api.ask(&admin, "POST", "/v1/keys", &asked).json();
    let key = format!("Bearer {}", made["secret"].as_str().unwrap());
    let from = |origin: &str| {
        let headers = [("authorization", key.as_str()), ("origin", origin)];
        api.send("POST", "/v1/decisions", &headers, &question("anna").to_string())
    };
    let allowed = from("https://shop.example");
    assert_eq!(allowed.status, 200, "{allowed:?}");
    assert_eq!(allowed.headers["access-control-allow-origin"], "https://shop.example");
    assert_eq!(from("https://elsewhere.example").code(), "origin_unknown");
    let too_often =
        (0..20).map(|_| from("https://shop.example")).find(|answer| answer.status == 429).unwrap();
    let wait: u64 = too_often.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=300).contains(&wait), "{too_often:?}");
    let explained = json!({ "identity": { "namespace": "customer", "value": "anna" }, "channel": "web", "explain": true });
    let client = api.key(Role::Client);
    assert_eq!(api.ask(&client, "POST", "/v1/decisions", &explained).json()["pointer"], "/explain");
}

/// With a key from a page's source anybody asks about anybody: why there is an offer or none would tell them what is known.
#[test]
fn a_key_from_a_page_is_not_told_why() {
    let api = Api::of_a_shop();
    let (shop, client) = (api.key(Role::Shop), api.key(Role::Client));
    let people = ["anna", "nobody-knows"];
    let asked = |key: &str, person: &str| {
        let asked = json!({ "identity": { "namespace": "customer", "value": person }, "channel": "web", "dry_run": true });
        api.ask(key, "POST", "/v1/decisions", &asked).json()["decision"]["reason"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let flag = |key: &str, person: &str| {
        let asked = json!({ "context": { "targetingKey": person, "namespace": "customer" } });
        let answer = api.ask(key, "POST", "/ofrep/v1/evaluate/flags/web", &asked).json();
        answer["metadata"]["why"].as_str().unwrap_or_default().to_owned()
    };
    for person in people {
        assert!(["An offer.", "No offer."].contains(&asked(&client, person).as_str()), "{person}");
        assert!("No offer.".len() < asked(&shop, person).len(), "{person}");
        assert_ne!(asked(&client, person), asked(&shop, person));
        assert!(["An offer.", "No offer."].contains(&flag(&client, person).as_str()), "{person}");
    }
    let record = api.ask(&client, "POST", "/v1/decisions", &question("anna"));
    assert!(
        ["An offer.", "No offer."].contains(&record.json()["decision"]["reason"].as_str().unwrap()),
        "{record:?}"
    );
}

#[test]
fn a_key_that_makes_no_sense_is_not_made() {
    let api = Api::of_a_shop();
    let admin = api.key(Role::Admin);
    for wrong in [
        json!({ "role": "king", "name": "me" }),
        json!({ "role": "shop", "name": "" }),
        json!({ "role": "shop", "name": "a b" }),
        json!({ "role": "till", "name": "till-1" }),
        json!({ "role": "shop", "name": "web", "store": "s-1" }),
        json!({ "role": "shop", "name": "web", "origins": ["https://shop.example"] }),
        json!({ "role": "client", "name": "web", "origins": ["shop.example"] }),
        json!({ "role": "client", "name": "web", "origins": ["https://shop.example/page"] }),
        json!({ "role": "shop", "name": "web", "rate": 0 }),
        json!({ "role": "operator", "name": "web" }),
        json!({ "role": "shop", "name": "web", "tenant": "outlet" }),
        json!({ "role": "shop", "name": "web", "colour": "red" }),
    ] {
        let answer = api.ask(&admin, "POST", "/v1/keys", &wrong);
        assert_eq!(answer.status, 422, "{wrong}: {answer:?}");
    }
    let keys = api.ask(&admin, "GET", "/v1/keys", &Json::Null).json();
    assert_eq!(keys["data"].as_array().unwrap().len(), 1, "{keys}");
}

#[test]
fn nobody_needs_a_key_where_the_description_says_so() {
    for row in OPERATIONS.iter().filter(|row| row.who == Who::Anybody) {
        // The two settings documents say nothing but what the client said of itself; the tag is the same for everybody.
        let open = [
            "/healthz",
            "/readyz",
            "/openapi.json",
            "/tag.js",
            "/v1/projects/{write_key}/settings",
            "/sourceConfig/",
        ];
        assert!(open.contains(&row.path), "{}", row.path);
    }
}
