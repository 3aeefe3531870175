//! OpenFeature's remote evaluation, asked with the real providers: what would be offered, and that asking leaves no trace.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::client::ask;
use crate::real_client;
use crate::sample::{self, batch, joins};
use crate::segment::key;
use crate::wink::{Server, verified};

/// Asks in bulk, with the `ETag` the client has; status, `ETag` and body of the answer.
fn bulk(server: &Server, known: &str, context: &Value) -> (u16, String, String) {
    let body = json!({ "context": context }).to_string();
    let mut stream = TcpStream::connect(server.address).unwrap();
    let length = body.len();
    write!(stream, "POST /ofrep/v1/evaluate/flags HTTP/1.1\r\nhost: wink\r\nconnection: close\r\nif-none-match: {known}\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let etag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap_or_default();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, etag.to_owned(), body.to_owned())
}

#[test]
fn the_providers_are_told_what_would_be_offered_and_nothing_is_issued() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let people: Vec<String> = (0..12).map(|number| format!("person-{number}")).collect();
    let server = Server::start(store.path());
    for person in &people {
        ask(server.address, "POST", "/v1/events", &batch(&joins(person)).to_string());
    }
    server.stop().fine();
    let key = key(store.path(), "client");
    let before = verified(store.path());
    let server = Server::start_with_keys(store.path());
    let host = format!("http://{}", server.address);
    let mut variants = std::collections::BTreeMap::new();
    for person in people.iter().map(String::as_str).chain(["nobody"]) {
        let asked = |script| real_client::run(script, &[&host, &key, "product-page", person]);
        let (node, python) = (asked("openfeature_node.mjs"), asked("openfeature_python.py"));
        assert_eq!(node, python, "both providers are told the same, for the same person on the same day");
        assert_eq!(node["error"], Value::Null, "{node}");
        let variant = node["variant"].as_str().unwrap().to_owned();
        let (verdict, reasons) = match variant.as_str() {
            "none" => ("none", ["DEFAULT", "SPLIT"].as_slice()),
            _ => ("offer", ["TARGETING_MATCH"].as_slice()),
        };
        assert_eq!(node["value"]["verdict"], verdict, "{node}");
        assert!(reasons.contains(&node["reason"].as_str().unwrap()), "{node}");
        assert_eq!(node["value"]["offer"].as_str().unwrap_or("none"), variant);
        *variants.entry(variant).or_insert(0) += 1;
    }
    assert!(variants.contains_key("tea-amount") && variants.contains_key("none"), "{variants:?}");
    let refused = real_client::run("openfeature_python.py", &[&host, "wk_wrong", "product-page", "person-1"]);
    assert_eq!(
        refused["value"],
        json!({ "verdict": "default" }),
        "a client without a key has its own default"
    );
    server.stop().fine();
    assert_eq!(verified(store.path()), before, "asking leaves no trace");
}

#[test]
fn a_bulk_answer_is_sent_again_only_if_it_changed() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let server = Server::start(store.path());
    ask(server.address, "POST", "/v1/events", &batch(&joins("anna")).to_string());
    let context = json!({ "targetingKey": "anna", "namespace": "customer", "placements": ["cart", "home"] });
    let (status, etag, body) = bulk(&server, "", &context);
    let flags = serde_json::from_str::<Value>(&body).unwrap()["flags"].take();
    let keys: Vec<&str> =
        flags.as_array().unwrap().iter().map(|flag| flag["key"].as_str().unwrap()).collect();
    assert_eq!((status, keys), (200, vec!["cart", "home"]));
    assert!(flags.as_array().unwrap().iter().all(|flag| flag["reason"].is_string()), "{flags}");
    assert_eq!(bulk(&server, &etag, &context), (304, etag.clone(), String::new()));
    let withdrawn = [sample::consent("no-more", "anna", "personalisation", "withdrawn")];
    ask(server.address, "POST", "/v1/events", &batch(&withdrawn).to_string());
    let (status, other, body) = bulk(&server, &etag, &context);
    let flags = serde_json::from_str::<Value>(&body).unwrap()["flags"].take();
    assert!(flags.as_array().unwrap().iter().all(|flag| flag["variant"] == "none"), "{flags}");
    assert_eq!((status, other == etag), (200, false), "{body}");
}

#[test]
fn what_cannot_be_evaluated_is_said_in_the_protocol_s_words() {
    let store = tempfile::tempdir().unwrap();
    let server = Server::start(store.path());
    let path = "/ofrep/v1/evaluate/flags/cart";
    let anna = |name: &str, value: Value| {
        let mut context = json!({ "targetingKey": "anna" });
        context[name] = value;
        json!({ "context": context }).to_string()
    };
    let table = [
        ("{".to_owned(), 400, "PARSE_ERROR"),
        ("{}".to_owned(), 400, "TARGETING_KEY_MISSING"),
        (anna("channel", json!("pigeon")), 400, "INVALID_CONTEXT"),
        (anna("cart_cents", json!(-1)), 400, "INVALID_CONTEXT"),
        (anna("locale", json!("de")), 404, "FLAG_NOT_FOUND"),
    ];
    for (body, status, code) in table {
        let reply = ask(server.address, "POST", path, &body);
        let said = reply.json();
        assert_eq!(
            (reply.status, &said["errorCode"], &said["key"]),
            (status, &json!(code), &json!("cart")),
            "{reply:?}"
        );
        assert!(said["errorDetails"].is_string(), "{said}");
    }
}
