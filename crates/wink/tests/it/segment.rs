//! The Segment and RudderStack family: every path, every place for the key, and the real clients over a network that fails.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::{Value, json};

use crate::client::{Reply, ask};
use crate::faults::{Fault, Way};
use crate::wink::{Server, run, verified};
use crate::{real_client, sample, stored, wink};

/// Makes a key and gives its secret.
pub(crate) fn key(store: &Path, role: &str) -> String {
    let said = run([
        OsStr::new("key"),
        "create".as_ref(),
        "--role".as_ref(),
        role.as_ref(),
        "--name".as_ref(),
        "shop".as_ref(),
        "--data".as_ref(),
        store.as_os_str(),
    ])
    .fine();
    said.out.trim().to_owned()
}

/// A shop whose server wants keys, and a key that may send.
fn shop(store: &Path) -> (Server, String) {
    sample::open_shop(store);
    let key = key(store, "ingest");
    (Server::start_with_keys(store), key)
}

fn order(id: &str) -> Value {
    let products = json!([{ "product_id": "p-1", "price": 19.99, "quantity": 2 }]);
    let properties = json!({ "order_id": id, "currency": "EUR", "products": products });
    json!({ "type": "track", "event": "Order Completed", "userId": "anna", "messageId": id, "properties": properties })
}

fn with(mut message: Value, name: &str, value: impl Into<Value>) -> Value {
    message[name] = value.into();
    message
}

/// Sends a request with headers of its own; the answer's head and body.
fn raw(server: &Server, method: &str, path: &str, headers: &str, body: &[u8]) -> (String, String) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: wink.example\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

/// One real client over a bad way: every message is an event, once.
fn check_client(script: &str) {
    const MESSAGES: usize = 40;
    const FAULTS: &[Fault] = &[
        Fault::CutAfter,
        Fault::None,
        Fault::Unavailable,
        Fault::CutBefore,
        Fault::None,
        Fault::TooMany,
        Fault::None,
        Fault::CutAfter,
        Fault::None,
    ];
    let store = tempfile::tempdir().unwrap();
    let (server, key) = shop(store.path());
    let way = Way::to(server.address, FAULTS);
    let host = format!("http://{}", way.address);
    let report = real_client::run(script, &[&host, &key, &MESSAGES.to_string()]);
    assert_eq!(report["failed"], 0, "{report}");
    let sent: BTreeSet<String> =
        report["sent"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    assert_eq!(sent.len(), MESSAGES);
    assert!(FAULTS.len() <= way.requests(), "{} requests have not met every fault", way.requests());
    server.stop().fine();
    let balance = verified(store.path())["balance"].clone();
    let count = |name: &str| balance[name].as_u64().unwrap();
    assert_eq!((count("accepted"), count("dead"), count("refused")), (40, 0, 0), "{balance}");
    assert!(0 < count("duplicate"), "what was cut off after it was heard came again: {balance}");
    assert_eq!(count("received"), count("accepted") + count("duplicate"), "{balance}");
    let events = stored::read(store.path()).events;
    let kept: BTreeSet<String> = events.iter().map(|event| event.message_id.clone()).collect();
    assert_eq!((kept, events.len()), (sent, MESSAGES), "none lost, none twice");
    let said = |wanted: &str| events.iter().filter(|event| event.says == wanted).count();
    let counts = ["identify", "Page", "Product Viewed", "order 3998"].map(said);
    assert_eq!(counts, [8, 8, 16, 8], "an order is worth the same cent for cent");
}

#[test]
fn segment_for_node_loses_nothing_and_counts_nothing_twice() {
    check_client("segment_node.mjs");
}

#[test]
fn segment_for_python_loses_nothing_and_counts_nothing_twice() {
    check_client("segment_python.py");
}

#[test]
fn rudderstack_for_node_loses_nothing_and_counts_nothing_twice() {
    check_client("rudder_node.mjs");
}

#[test]
fn rudderstack_for_python_loses_nothing_and_counts_nothing_twice() {
    check_client("rudder_python.py");
}

#[test]
fn every_path_takes_what_clients_send_there() {
    let store = tempfile::tempdir().unwrap();
    let (server, key) = shop(store.path());
    let who = json!({ "writeKey": key, "userId": "anna", "properties": {}, "traits": {}, "groupId": "g", "previousId": "a-1" });
    let calls =
        [("track", "t"), ("identify", "i"), ("page", "p"), ("screen", "s"), ("group", "g"), ("alias", "a")];
    let mut sent = 0;
    for path in calls.iter().flat_map(|(long, short)| [long, short]) {
        sent += 1;
        let message = with(with(who.clone(), "messageId", format!("m-{sent}")), "event", "Product Viewed");
        let reply = ask(server.address, "POST", &format!("/v1/{path}"), &message.to_string());
        let wanted = json!({ "success": true, "accepted": 1, "duplicates": 0, "rejected": [] });
        assert_eq!((reply.status, reply.json()), (200, wanted), "{path}");
    }
    for path in ["batch", "import", "b"] {
        sent += 2;
        let batch = [order(&format!("o-{sent}")), order(&format!("p-{sent}")), order(&format!("o-{sent}"))];
        let body = json!({ "writeKey": key, "batch": batch, "sentAt": "2026-03-01T09:30:00Z" });
        let reply = ask(server.address, "POST", &format!("/v1/{path}"), &body.to_string());
        assert_eq!(
            (&reply.json()["accepted"], &reply.json()["duplicates"]),
            (&json!(2), &json!(1)),
            "{reply:?}"
        );
    }
    server.stop().fine();
    assert_eq!(verified(store.path())["balance"]["accepted"], sent);
}

#[test]
fn the_key_is_found_wherever_a_client_can_put_it() {
    let store = tempfile::tempdir().unwrap();
    let (server, key) = shop(store.path());
    let basic = base64(&format!("{key}:"));
    let message = |id: &str| order(id).to_string();
    let in_body = with(order("in-body"), "writeKey", key.as_str()).to_string();
    let table = [
        ("/v1/track".to_owned(), format!("authorization: Basic {basic}\r\n"), message("basic")),
        ("/v1/track".to_owned(), format!("authorization: Bearer {key}\r\n"), message("bearer")),
        ("/v1/track".to_owned(), "content-type: text/plain\r\n".to_owned(), in_body),
        (format!("/v1/t?wk={key}"), "content-type: text/plain\r\n".to_owned(), message("in-query")),
    ];
    for (path, headers, body) in table {
        let (head, answer) = raw(&server, "POST", &path, &headers, body.as_bytes());
        assert!(
            head.starts_with("http/1.1 200") && answer.contains("\"accepted\":1"),
            "{headers}{head}{answer}"
        );
    }
    let wrong = with(order("wrong"), "writeKey", "wk_ingest_0000").to_string();
    for body in [message("nothing"), wrong] {
        let reply = ask(server.address, "POST", "/v1/track", &body);
        problem(&reply, 401);
    }
    server.stop().fine();
    assert_eq!(verified(store.path())["balance"]["received"], 4, "a stranger's message is nobody's");
}

/// Insists on an error a Segment client can show: `code` and `message` at the top.
fn problem(reply: &Reply, status: u16) {
    let said = reply.json();
    assert_eq!(reply.status, status, "{reply:?}");
    assert!(said["code"].is_string() && said["message"].is_string(), "{said}");
}

#[test]
fn what_is_rejected_is_answered_with_200_and_kept() {
    let store = tempfile::tempdir().unwrap();
    let (server, key) = shop(store.path());
    let unreadable = with(order("m-2"), "timestamp", "noon");
    let unknown = json!({ "type": "track", "event": "Teleported", "userId": "anna", "messageId": "m-3" });
    let batch = json!([order("m-1"), unreadable, unknown, 7, order("m-1")]);
    let reply =
        ask(server.address, "POST", "/v1/batch", &json!({ "writeKey": key, "batch": batch }).to_string());
    let answer = reply.json();
    assert_eq!((reply.status, &answer["success"]), (200, &json!(true)));
    let rejected = answer["rejected"].as_array().unwrap();
    let told = |one: &Value| (one["index"].as_u64().unwrap(), one["code"].as_str().unwrap().to_owned());
    let told: Vec<(u64, String)> = rejected.iter().map(told).collect();
    let malformed = "event_malformed".to_owned();
    assert_eq!(told, [(1, malformed.clone()), (2, "event_unknown".to_owned()), (3, malformed)]);
    assert_eq!(rejected[0]["messageId"], "m-2");
    for body in ["{\"batch\": [", "[]", "{}", "{\"batch\": 1}"] {
        problem(&ask(server.address, "POST", &format!("/v1/batch?wk={key}"), body), 400);
    }
    let many = json!({ "batch": vec![json!({}); 2_501] }).to_string();
    problem(&ask(server.address, "POST", &format!("/v1/batch?wk={key}"), &many), 400);
    server.stop().fine();
    let wanted = json!({ "received": 2_510, "accepted": 1, "duplicate": 1, "dead": 3, "refused": 2_505 });
    assert_eq!(verified(store.path())["balance"], wanted);
}

#[test]
fn a_browser_may_send_with_whatever_headers_its_client_has() {
    let store = tempfile::tempdir().unwrap();
    let (server, key) = shop(store.path());
    let asked = "anonymousid, authorization, content-type, sentat, rsa-retry-attempt";
    let headers = format!(
        "origin: https://shop.example\r\naccess-control-request-method: POST\r\naccess-control-request-headers: {asked}\r\n"
    );
    let (head, _) = raw(&server, "OPTIONS", "/v1/track", &headers, b"");
    assert!(head.starts_with("http/1.1 204"), "{head}");
    assert!(head.contains(&format!("access-control-allow-headers: {asked}")), "{head}");
    assert!(head.contains("access-control-allow-origin: https://shop.example"), "{head}");
    let body = with(order("m-1"), "writeKey", key.as_str()).to_string();
    let (head, _) = raw(
        &server,
        "POST",
        "/v1/t",
        "origin: https://shop.example\r\ncontent-type: text/plain\r\n",
        body.as_bytes(),
    );
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(head.contains("access-control-allow-origin: https://shop.example"), "{head}");
}

#[test]
fn the_same_paths_are_answered_below_a_prefix_and_only_those() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let key = key(store.path(), "ingest");
    let mut call = wink::serve_with_keys(store.path());
    call.args(["--segment-prefix", "/hook/segment"]);
    let server = Server::start_as(call).unwrap();
    let at = |path: &str| format!("/hook/segment{path}");
    for (number, path) in ["/v1/batch", "/v1/b", "/v1/import"].iter().enumerate() {
        let batch = json!({ "writeKey": key, "batch": [order(&format!("o-{number}"))] }).to_string();
        assert_eq!(ask(server.address, "POST", &at(path), &batch).json()["accepted"], 1, "{path}");
        assert_eq!(ask(server.address, "POST", path, &batch).json()["duplicates"], 1, "{path}, without it");
    }
    let message = with(order("o-9"), "writeKey", key.as_str()).to_string();
    assert_eq!(ask(server.address, "POST", &at("/v1/t"), &message).json()["accepted"], 1);
    problem(&ask(server.address, "POST", &at("/v1/track"), &order("o-10").to_string()), 401);
    problem(&ask(server.address, "GET", &at("/v1/track"), ""), 405);
    problem(&ask(server.address, "GET", &at("/healthz"), ""), 404);
    problem(&ask(server.address, "POST", "/hook/v1/track", &message), 404);
    let mut settings = ask(server.address, "GET", &at("/v1/projects/wk_1/settings"), "").json();
    assert_eq!(settings["integrations"]["Segment.io"]["apiHost"].take(), "wink/hook/segment/v1");
    assert_eq!(ask(server.address, "GET", &at("/sourceConfig/?writeKey=wk_1"), "").status, 200);
    server.stop().fine();
    assert_eq!(verified(store.path())["balance"]["accepted"], 4);
}

#[test]
fn a_prefix_that_is_no_path_is_refused() {
    let store = tempfile::tempdir().unwrap();
    for wrong in ["hook", "/", "/hook/", "/{id}", "/a b", ""] {
        let mut call = wink::serve(store.path());
        call.args(["--segment-prefix", wrong]);
        let said = Server::start_as(call).err().expect("no server starts");
        assert!(said.err.contains("a prefix is like"), "{wrong}: {said:?}");
    }
}

#[test]
fn browsers_are_told_where_to_send() {
    let store = tempfile::tempdir().unwrap();
    let (server, _) = shop(store.path());
    let settings = |headers: &str| -> Value {
        let (_, body) = raw(&server, "GET", "/v1/projects/wk_1/settings", headers, b"");
        serde_json::from_str::<Value>(&body).unwrap()["integrations"]["Segment.io"].take()
    };
    let wanted =
        |protocol: &str| json!({ "apiKey": "wk_1", "apiHost": "wink.example/v1", "protocol": protocol });
    assert_eq!(settings(""), wanted("http"));
    assert_eq!(settings("origin: https://shop.example\r\n"), wanted("https"));
    assert_eq!(settings("x-forwarded-proto: https\r\n"), wanted("http"), "said by nobody who is believed");
    let source =
        ask(server.address, "GET", "/sourceConfig/?p=npm&v=3.34.1&writeKey=wk_1", "").json()["source"].take();
    assert_eq!(
        (&source["writeKey"], &source["enabled"], &source["destinations"]),
        (&json!("wk_1"), &json!(true), &json!([]))
    );
}

#[test]
fn measurements_are_taken_with_204_and_an_order_counts_once() {
    let store = tempfile::tempdir().unwrap();
    let (server, key) = shop(store.path());
    let items = json!([{ "item_id": "p-1", "item_name": "Tea", "price": 19.99, "quantity": 2 }]);
    let purchase = json!({ "name": "purchase", "params": { "transaction_id": "T-1", "currency": "EUR", "items": items } });
    let view = json!({ "name": "view_item", "params": { "items": items } });
    let body =
        json!({ "client_id": "1.2", "user_id": "anna", "events": [purchase, view, { "name": "dance" }] });
    let path = format!("/mp/collect?measurement_id=G-1&api_secret={key}");
    let reply = ask(server.address, "POST", &path, &body.to_string());
    assert_eq!((reply.status, reply.body.as_str()), (204, ""));
    let again = json!({ "client_id": "1.2", "user_id": "anna", "events": [purchase] });
    assert_eq!(ask(server.address, "POST", &path, &again.to_string()).status, 204);
    problem(&ask(server.address, "POST", &path, "{}"), 400);
    problem(&ask(server.address, "POST", "/mp/collect?api_secret=guessed", &body.to_string()), 401);
    server.stop().fine();
    let wanted = json!({ "received": 5, "accepted": 2, "duplicate": 1, "dead": 1, "refused": 1 });
    assert_eq!(verified(store.path())["balance"], wanted);
    let says: BTreeSet<String> =
        stored::read(store.path()).events.into_iter().map(|event| event.says).collect();
    assert_eq!(says, ["order 3998", "Product Viewed"].map(str::to_owned).into());
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
