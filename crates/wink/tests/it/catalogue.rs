//! Catalogue and products over HTTP: shown, changed on condition, tried out, taken back, imported.

use std::path::Path;

use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::sample;
use crate::wink::{Server, run, verified};

/// Asks, with headers of its own.
fn ask(server: &Server, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let length = body.len();
    let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request =
        format!("{method} {path} HTTP/1.1\r\nhost: wink\r\n{more}content-length: {length}\r\n\r\n{body}");
    Client::connect(server.address).unwrap().send_raw(request.as_bytes()).unwrap()
}

#[track_caller]
fn fine(server: &Server, method: &str, path: &str, body: &str) -> Value {
    let reply = ask(server, method, path, &[], body);
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

fn with_server(test: impl FnOnce(&Server)) {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let server = Server::start(store.path());
    test(&server);
    server.stop();
    verified(store.path());
}

#[test]
fn what_is_shown_can_be_changed_on_condition_and_taken_back() {
    with_server(|server| {
        let shown = ask(server, "GET", "/v1/campaigns/tea", &[], "");
        let tag = shown.header("etag").to_owned();
        let mut campaign = shown.json();
        campaign["goal"] = json!("fewer orders");
        let body = campaign.to_string();

        let tried = fine(server, "PUT", "/v1/campaigns/tea?dry_run=true", &body);
        assert_eq!(
            (&tried["dry_run"], &tried["differences"][0]["path"]),
            (&json!(true), &json!("campaigns/tea/goal"))
        );
        assert_eq!(ask(server, "GET", "/v1/campaigns/tea", &[], "").header("etag"), tag);

        let changed = ask(server, "PUT", "/v1/campaigns/tea", &[("if-match", &tag)], &body);
        assert_eq!((changed.status, &changed.json()["version"]), (200, &tried["version"]));
        let late = ask(server, "PUT", "/v1/campaigns/tea", &[("if-match", &tag)], &body);
        assert_eq!((late.status, &late.json()["code"]), (412, &json!("version_outdated")));

        let versions = fine(server, "GET", "/v1/catalogue/versions?limit=1", "");
        assert_eq!(versions["data"][0]["version"], tried["version"]);
        let cursor = versions["next_cursor"].as_str().unwrap();
        let before = fine(server, "GET", &format!("/v1/catalogue/versions?cursor={cursor}"), "");
        let first = before["data"][0]["version"].as_str().unwrap();
        assert_eq!(format!("\"{first}\""), tag);
        fine(server, "POST", &format!("/v1/catalogue/versions/{first}/apply"), "");
        assert_eq!(fine(server, "GET", "/v1/campaigns/tea", ""), shown.json());
        let files = fine(server, "GET", "/v1/catalogue", "")["files"].clone();
        assert_eq!(
            fine(server, "PUT", "/v1/catalogue", &json!({ "files": files }).to_string())["differences"],
            json!([])
        );
    });
}

#[test]
fn a_budget_and_a_contact_policy_are_changed_by_themselves() {
    with_server(|server| {
        let before = fine(server, "GET", "/v1/budgets/tea", "");
        assert_eq!(before["used_cents"], 0);
        let changed = fine(server, "PUT", "/v1/budgets/tea", r#"{"budget": "7.50"}"#);
        assert_eq!(changed["differences"][0]["before"], before["budget"]);
        let after = fine(server, "GET", "/v1/budgets/tea", "");
        assert_eq!((&after["budget"], &after["left_cents"]), (&json!("7.50"), &json!(750)));

        let policy = r#"{"caps": [{"at_most": 1, "within_days": 60}]}"#;
        fine(server, "PUT", "/v1/contact-policies/default", policy);
        assert_eq!(
            fine(server, "GET", "/v1/contact-policies/default", "").to_string().replace(' ', ""),
            policy.replace(' ', "")
        );

        let wrong =
            ask(server, "PUT", "/v1/offers/tea-amount", &[], r#"{"title": "Tea", "channels": ["radio"]}"#);
        let problem = wrong.json();
        assert_eq!((wrong.status, &problem["code"]), (422, &json!("catalogue_invalid")));
        let pointers: Vec<&str> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|error| error["pointer"].as_str())
            .collect();
        assert!(pointers.contains(&"/channels/0"), "{problem}");
    });
}

#[test]
fn an_offer_whose_words_press_is_taken_only_if_somebody_signs_for_it() {
    with_server(|server| {
        let mut offer = fine(server, "GET", "/v1/offers/tea-amount", "");
        let fair = offer["title"].clone();
        offer["title"] = json!("Last chance for tea");
        let refused = ask(server, "PUT", "/v1/offers/tea-amount", &[], &offer.to_string());
        let problem = refused.json();
        let error = &problem["errors"][0];
        assert_eq!(
            (refused.status, &problem["code"], &error["pointer"]),
            (422, &json!("catalogue_invalid"), &json!("/title")),
            "{problem}"
        );
        assert!(problem.to_string().contains("`Last chance` is not said to shoppers"), "{problem}");
        assert_eq!(fine(server, "GET", "/v1/offers/tea-amount", "")["title"], fair);

        offer["wording_override"] = json!({ "by": "head of the shop" });
        let half = ask(server, "PUT", "/v1/offers/tea-amount", &[], &offer.to_string());
        assert!(half.status == 422 && half.body.contains("`reason` is missing"), "{half:?}");

        offer["wording_override"]["reason"] = json!("the tea is called so");
        fine(server, "PUT", "/v1/offers/tea-amount", &offer.to_string());
        assert_eq!(fine(server, "GET", "/v1/offers/tea-amount", ""), offer, "who signed is shown");

        offer["title"] = fair;
        let idle = ask(server, "PUT", "/v1/offers/tea-amount", &[], &offer.to_string());
        assert!(idle.status == 422 && idle.body.contains("there are none"), "{idle:?}");
    });
}

#[test]
fn products_are_put_listed_and_deleted() {
    with_server(|server| {
        let products = json!({ "products": [{ "id": "p-2", "name": "Two" }, { "id": "p-1", "name": "One", "price_cents": 5 }] });
        let put = fine(server, "POST", "/v1/products", &products.to_string());
        assert_eq!(put, json!({ "new": 2, "changed": 0, "unchanged": 0, "dry_run": false }));
        let page = fine(server, "GET", "/v1/products?limit=1", "");
        assert_eq!(page["data"], json!([{ "id": "p-1", "name": "One", "price_cents": 5 }]));
        let cursor = page["next_cursor"].as_str().unwrap();
        let rest = fine(server, "GET", &format!("/v1/products?cursor={cursor}"), "");
        assert_eq!(rest, json!({ "data": [{ "id": "p-2", "name": "Two" }] }));
        assert_eq!(ask(server, "DELETE", "/v1/products/p-1", &[], "").status, 204);
        assert_eq!(ask(server, "GET", "/v1/products/p-1", &[], "").json()["code"], "not_found");

        let wrong = json!({ "products": [{ "id": "p-3", "name": "Three" }, { "id": "p-4", "name": " " }] });
        let refused = ask(server, "POST", "/v1/products", &[], &wrong.to_string());
        assert_eq!((refused.status, &refused.json()["pointer"]), (422, &json!("/products/1/name")));
        assert_eq!(ask(server, "GET", "/v1/products/p-3", &[], "").status, 404, "none of them is listed");
    });
}

#[test]
fn an_import_answers_for_every_wrong_row_as_it_goes() {
    with_server(|server| {
        let rows: Vec<String> = (0..12_000).map(|row| format!("p{row},Product {row},{row}")).collect();
        let file = format!("id,name,price_cents\nx,,1\n{}\n", rows.join("\n"));
        let lines = |query: &str| -> Vec<Value> {
            let csv = [("content-type", "text/csv")];
            let reply = ask(server, "POST", &format!("/v1/products/import{query}"), &csv, &file);
            assert_eq!(
                (reply.status, reply.content_type.as_str()),
                (200, "application/x-ndjson"),
                "{reply:?}"
            );
            reply.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        let told = lines("");
        assert_eq!((&told[0]["wrong"]["line"], &told[0]["wrong"]["pointer"]), (&json!(2), &json!("/name")));
        assert_eq!(told.iter().filter(|line| line.get("progress").is_some()).count(), 2, "{told:?}");
        let done = json!({ "rows": 12_001, "wrong": 1, "new": 12_000, "changed": 0, "unchanged": 0 });
        assert_eq!(told.last().unwrap()["done"], done);
        assert_eq!(lines("?strict=true").last().unwrap()["done"]["rows"], 1);
        assert_eq!(lines("?dry_run=true").last().unwrap()["done"]["unchanged"], 12_000);
        let unknown =
            ask(server, "POST", "/v1/products/import", &[("content-type", "text/plain")], &file[..20]);
        assert_eq!((unknown.status, &unknown.json()["code"]), (415, &json!("media_type_unknown")));
    });
}

fn products(store: &Path, words: &[&str]) -> crate::wink::Said {
    let store = store.to_str().unwrap();
    run(["products"].into_iter().chain(words.iter().copied()).chain(["--data", store]))
}

#[test]
fn products_are_imported_and_listed_on_the_command_line() {
    let store = tempfile::tempdir().unwrap();
    let file = store.path().join("list.csv");
    std::fs::write(&file, "id,name,stock\na,=1+1,3\nb,,\nc,\"C, D\",\n").unwrap();
    let file = file.to_str().unwrap();
    let said = products(store.path(), &["import", file, "--json"]);
    let answer = said.json();
    assert_eq!(
        (said.code, &answer["new"], &answer["wrong_rows"][0]["line"]),
        (Some(1), &json!(2), &json!(3)),
        "{said:?}"
    );
    let again = products(store.path(), &["import", file]);
    assert!(again.out.contains("2 stay as they are") && again.err.contains("line 3: "), "{again:?}");
    let listed = products(store.path(), &["list", "--csv"]).fine();
    assert_eq!(
        listed.out,
        "id,name,category,brand,price_cents,cost_cents,stock\na,'=1+1,,,,,3\nc,\"C, D\",,,,,\n"
    );
    let listed = products(store.path(), &["list", "--json"]).fine();
    assert_eq!(listed.out.lines().next(), Some(r#"{"id":"a","name":"=1+1","stock":3}"#));
}
