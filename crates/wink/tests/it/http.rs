//! The routes: what is answered to what, and that an answer which promises nothing leaves nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::{Value, json};

use crate::client::{Client, Reply, ask};
use crate::sample::{self, batch, consent, event, joins, order, question};
use crate::wink::{Server, verified};

/// A shop with a catalogue and a person who may be given offers.
fn shop(store: &Path) -> Server {
    sample::open_shop(store);
    let server = Server::start(store);
    let reply = send(&server, &joins("anna"));
    assert_eq!(reply["accepted"], 3, "{reply}");
    server
}

fn send(server: &Server, events: &[Value]) -> Value {
    let reply = ask(server.address, "POST", "/v1/events", &batch(events).to_string());
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

/// Insists on a problem of RFC 9457 with this status and code.
fn problem(reply: &Reply, status: u16, code: &str) -> Value {
    assert_eq!(
        (reply.status, reply.content_type.as_str()),
        (status, "application/problem+json"),
        "{reply:?}"
    );
    let problem = reply.json();
    assert_eq!((&problem["status"], &problem["code"]), (&status.into(), &code.into()), "{problem}");
    assert_eq!(problem["type"], format!("/v1/problems/{code}"));
    for name in ["title", "message"] {
        assert!(problem[name].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
    }
    problem
}

#[test]
fn every_event_has_an_answer_of_its_own() {
    let store = tempfile::tempdir().unwrap();
    let server = shop(store.path());
    let first = order("o-1", "anna", 500);
    let id = send(&server, std::slice::from_ref(&first))["items"][0]["id"].clone();
    let mut with_unknown_field = order("o-5", "anna", 500);
    with_unknown_field["colour"] = "red".into();
    let mut from_tomorrow = order("o-6", "anna", 500);
    from_tomorrow["occurred_at"] = "2090-01-01T00:00:00Z".into();
    let mut in_dollars = order("o-7", "anna", 500);
    in_dollars["properties"]["currency"] = "USD".into();
    let mut nobody = order("o-8", "anna", 500);
    nobody["identities"] = json!([]);
    let table = [
        (order("o-2", "anna", 700), "accepted", ""),
        (first, "duplicate", ""),
        (order("o-1", "anna", 501), "dead", "id_conflict"),
        (event("o-3", "anna", "Order Considered", json!({})), "dead", "event_unknown"),
        (event("o-4", "anna", "Order Completed", json!({ "order_id": "o-4" })), "dead", "property_missing"),
        (with_unknown_field, "refused", "event_malformed"),
        (from_tomorrow, "dead", "occurred_in_future"),
        (in_dollars, "dead", "currency_mismatch"),
        (nobody, "dead", "identity_missing"),
        (consent("c-9", "anna", "world peace", "granted"), "dead", "property_value"),
        (json!("not an event"), "refused", "event_malformed"),
        (order("o-10", "berta", 900), "accepted", ""),
    ];
    let events: Vec<Value> = table.iter().map(|(event, _, _)| event.clone()).collect();
    let reply = send(&server, &events);
    let items = reply["items"].as_array().unwrap();
    assert_eq!(items.len(), table.len());
    for ((event, status, code), item) in table.iter().zip(items) {
        assert_eq!(item["status"], *status, "{event}: {item}");
        assert_eq!(item["code"].as_str().unwrap_or_default(), *code, "{event}: {item}");
        let explained = item["message"].is_string();
        assert_eq!(explained, !code.is_empty(), "{event}: {item}");
    }
    assert_eq!(items[1]["id"], id, "the same event again is the same event");
    let counts = ["accepted", "duplicate", "dead", "refused"].map(|name| reply[name].as_u64().unwrap());
    assert_eq!(counts, [2, 1, 7, 2]);
    server.stop().fine();
    let balance = verified(store.path())["balance"].clone();
    assert_eq!(balance, json!({ "received": 16, "accepted": 6, "duplicate": 1, "dead": 7, "refused": 2 }));
}

#[test]
fn what_cannot_be_read_is_a_problem_that_names_itself() {
    let store = tempfile::tempdir().unwrap();
    let server = shop(store.path());
    let many = vec![json!({}); 501];
    let table = [
        ("POST", "/v1/events", "{\"events\": [".to_owned(), 400, "json_malformed"),
        ("POST", "/v1/events", String::new(), 400, "json_malformed"),
        ("POST", "/v1/events", "{\"messages\": []}".to_owned(), 422, "json_unexpected"),
        ("POST", "/v1/decisions", "anna?".to_owned(), 400, "json_malformed"),
        ("POST", "/v1/events", " ".repeat((1 << 20) + 1), 413, "body_too_large"),
        ("POST", "/v1/events", batch(&many).to_string(), 422, "value_invalid"),
        ("GET", "/v1/secrets", String::new(), 404, "route_unknown"),
        ("GET", "/v1/events", String::new(), 405, "method_not_allowed"),
        ("DELETE", "/v1/decisions", String::new(), 405, "method_not_allowed"),
    ];
    for (method, path, body, status, code) in table {
        problem(&ask(server.address, method, path, &body), status, code);
    }
    let health = ask(server.address, "GET", "/healthz", "");
    assert_eq!((health.status, health.body.as_str()), (200, "ok\n"));
    assert_eq!(
        send(&server, &[order("o-1", "anna", 500)])["accepted"],
        1,
        "nothing of this has hurt the server"
    );
    server.stop().fine();
    verified(store.path());
}

#[test]
fn a_question_with_a_value_that_cannot_be_says_where_it_is() {
    let store = tempfile::tempdir().unwrap();
    let server = shop(store.path());
    let asked = |name: &str, value: Value| {
        let mut body = question("anna");
        body[name] = value;
        ask(server.address, "POST", "/v1/decisions", &body.to_string())
    };
    let table = [
        ("channel", json!("pigeon"), "/channel"),
        ("identity", json!({ "namespace": "", "value": "anna" }), "/identity"),
        ("placement", json!("x".repeat(129)), "/placement"),
        ("cart_cents", json!(-1), "/cart_cents"),
        ("cart_cents", json!(100_000_000_001_i64), "/cart_cents"),
    ];
    for (name, value, pointer) in table {
        let problem = problem(&asked(name, value), 422, "value_invalid");
        assert_eq!(problem["pointer"], pointer, "{problem}");
    }
    problem(&asked("cart_cents", json!(1.5)), 422, "json_unexpected");
    problem(&asked("budget", json!(1)), 422, "json_unexpected");
}

#[test]
fn a_decision_is_an_offer_with_a_coupon_or_a_reason_why_not() {
    let store = tempfile::tempdir().unwrap();
    let server = shop(store.path());
    let mut verdicts = std::collections::BTreeSet::new();
    for number in 0..80 {
        let person = format!("person-{number}");
        send(&server, &joins(&person));
        let reply = ask(server.address, "POST", "/v1/decisions", &question(&person).to_string()).json();
        let decision = &reply["decision"];
        let verdict = decision["verdict"].as_str().unwrap().to_owned();
        assert_eq!(decision["coupon"].is_string(), verdict == "offer", "{decision}");
        assert!(decision["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{decision}");
        assert_eq!(decision["candidates"], Value::Null, "nobody asked for them");
        verdicts.insert(verdict);
    }
    assert!(verdicts.contains("offer") && 2 <= verdicts.len(), "{verdicts:?}");
    let mut explained = question("anna");
    explained["explain"] = true.into();
    let reply = ask(server.address, "POST", "/v1/decisions", &explained.to_string()).json();
    assert!(reply["decision"]["candidates"].as_array().is_some_and(|all| all.len() == 2), "{reply}");
    send(&server, &[consent("no-more", "anna", "personalisation", "withdrawn")]);
    let reply = ask(server.address, "POST", "/v1/decisions", &question("anna").to_string()).json();
    assert_eq!(reply["decision"]["verdict"], "none", "a withdrawn consent counts at once: {reply}");
}

#[test]
fn a_person_nobody_knows_and_a_dry_run_leave_no_trace() {
    let store = tempfile::tempdir().unwrap();
    shop(store.path()).stop().fine();
    let before = verified(store.path());
    let server = Server::start(store.path());
    let reply = ask(server.address, "POST", "/v1/decisions", &question("nobody").to_string()).json();
    assert_eq!((&reply["decision"]["verdict"], &reply["decision"]["coupon"]), (&"none".into(), &Value::Null));
    let mut dry = question("anna");
    dry["dry_run"] = true.into();
    for _ in 0..20 {
        let reply = ask(server.address, "POST", "/v1/decisions", &dry.to_string()).json();
        assert_eq!(
            (&reply["dry_run"], &reply["decision"]["coupon"]),
            (&true.into(), &Value::Null),
            "{reply}"
        );
    }
    server.stop().fine();
    assert_eq!(verified(store.path()), before);
}

#[test]
fn without_a_catalogue_events_are_taken_and_questions_are_not() {
    let store = tempfile::tempdir().unwrap();
    let server = Server::start(store.path());
    assert_eq!(send(&server, &joins("anna"))["accepted"], 3);
    let reply = ask(server.address, "POST", "/v1/decisions", &question("anna").to_string());
    let problem = problem(&reply, 409, "no_catalogue");
    assert!(problem["message"].as_str().unwrap().contains("wink catalogue apply"), "{problem}");
}

#[test]
fn asked_to_stop_it_stops_with_everything_on_disk() {
    let store = tempfile::tempdir().unwrap();
    let server = shop(store.path());
    // An idle connection, and one whose request has not begun.
    let mut idle = Client::connect(server.address).unwrap();
    assert_eq!(idle.post("/v1/events", &batch(&[order("o-1", "anna", 500)])).unwrap().status, 200);
    let silent = TcpStream::connect(server.address).unwrap();
    let said = server.stop().fine();
    assert_eq!((said.out.as_str(), said.err.as_str()), ("stopped; everything answered is on disk\n", ""));
    drop((idle, silent));
    assert_eq!(verified(store.path())["balance"]["accepted"], 4);
}

#[test]
fn what_is_not_http_is_turned_away_and_nobody_else_notices() {
    let store = tempfile::tempdir().unwrap();
    let server = shop(store.path());
    for bytes in [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"GET\r\n\r\n", &[0; 4_096]] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        // Closed with or without a word; an answer of success would be wrong.
        let _closed = stream.read_to_end(&mut answer);
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
    }
    assert_eq!(send(&server, &[order("o-1", "anna", 500)])["accepted"], 1);
}
