//! Webhooks from the running server to a receiver on this machine, signed so that the receivers' own library accepts them.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Reply, ask};
use crate::receiver::{Receiver, verified};
use crate::sample::{self, batch, joins, question};
use crate::wink::{Server, serve};

fn start(store: &Path) -> Server {
    let mut call = serve(store);
    call.arg("--webhooks-anywhere");
    Server::start_as(call).unwrap_or_else(|said| panic!("the server did not start: {said:?}"))
}

/// A shop with a person who may be given offers.
fn shop(store: &Path) -> Server {
    sample::open_shop(store);
    let server = start(store);
    fine(&ask(server.address, "POST", "/v1/events", &batch(&joins("anna")).to_string()), 200);
    server
}

fn fine(reply: &Reply, status: u16) -> Value {
    assert_eq!(reply.status, status, "{reply:?}");
    if reply.body.is_empty() { Value::Null } else { reply.json() }
}

fn post(server: &Server, path: &str, body: &Value, status: u16) -> Value {
    fine(&ask(server.address, "POST", path, &body.to_string()), status)
}

/// Registers an endpoint; tells its path and its secret.
fn register(server: &Server, receiver: &Receiver, types: &Value) -> (String, String) {
    let made = post(server, "/v1/webhooks", &json!({ "url": receiver.url(), "types": types }), 201);
    let path = format!("/v1/webhooks/{}", made["webhook"]["id"].as_str().unwrap());
    (path, made["secret"].as_str().unwrap().to_owned())
}

fn messages(server: &Server, path: &str) -> Vec<Value> {
    let listed = fine(&ask(server.address, "GET", &format!("{path}/messages"), ""), 200);
    listed["data"].as_array().unwrap().clone()
}

#[test]
fn a_decision_arrives_signed_so_that_the_receivers_library_accepts_it() {
    let store = tempfile::tempdir().unwrap();
    let server = shop(store.path());
    let receiver = Receiver::answering(200);
    let (path, secret) = register(&server, &receiver, &json!(["decision.made"]));
    let decision = post(&server, "/v1/decisions", &question("anna"), 200)["decision"].clone();
    let [first] = &receiver.wait_for(1)[..] else { panic!() };
    let told = first.json();
    assert_eq!((&told["type"], &told["data"]["decision"]), (&json!("decision.made"), &decision["id"]));
    assert_eq!(told["data"]["verdict"], decision["verdict"]);
    assert!(!first.body.contains("anna"), "{}", first.body);
    assert_eq!(verified(&secret, std::slice::from_ref(first)), [json!(true)]);

    let rotated = post(&server, &format!("{path}/rotate"), &json!({}), 200);
    let new = rotated["secret"].as_str().unwrap();
    post(&server, &format!("{path}/test"), &json!({}), 202);
    let received = receiver.wait_for(2);
    let second = &received[1..];
    assert_eq!(second[0].json()["type"], "webhook.test");
    assert_eq!(verified(&secret, second), [json!(true)], "the old secret signs beside the new one");
    assert_eq!(verified(new, second), [json!(true)]);
    assert_ne!(verified(new, std::slice::from_ref(first)), [json!(true)]);

    let listed = fine(&ask(server.address, "GET", "/v1/webhooks", ""), 200).to_string();
    assert!(!listed.contains("whsec_"), "a secret is shown once: {listed}");
    let said = server.stop();
    assert!(!format!("{said:?}").contains("whsec_"), "{said:?}");
}

#[test]
fn crash_of_the_server_between_two_attempts_loses_no_message() {
    let store = tempfile::tempdir().unwrap();
    let server = shop(store.path());
    let receiver = Receiver::answering(500);
    let (path, secret) = register(&server, &receiver, &json!(["decision.made"]));
    post(&server, "/v1/decisions", &question("anna"), 200);
    receiver.wait_for(1);
    server.kill();
    receiver.answer(204);
    let server = start(store.path());
    let received = receiver.wait_for(2);
    assert_eq!((received[0].id(), &received[0].body), (received[1].id(), &received[1].body));
    assert_eq!(verified(&secret, &received), [json!(true), json!(true)]);
    let delivered = || messages(&server, &path)[0]["state"] == "delivered";
    while !delivered() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let again = post(&server, &format!("{path}/replay"), &json!({ "message": received[0].id() }), 202);
    assert_eq!(again["messages"], 1);
    assert_eq!(receiver.wait_for(3)[2].id(), received[0].id());
}

#[test]
fn a_receiver_that_answers_410_is_left_alone_until_it_is_switched_on() {
    let store = tempfile::tempdir().unwrap();
    let server = shop(store.path());
    let receiver = Receiver::answering(410);
    let (path, _) = register(&server, &receiver, &json!(["coupon.redeemed"]));
    post(&server, &format!("{path}/test"), &json!({}), 202);
    receiver.wait_for(1);
    let read = || fine(&ask(server.address, "GET", &path, ""), 200);
    while read()["disabled"].is_null() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(read()["disabled"]["why"], "its receiver answered 410");
    receiver.answer(200);
    let changed = ask(server.address, "PATCH", &path, &json!({ "active": true }).to_string());
    assert!(fine(&changed, 200)["disabled"].is_null());
    post(&server, &format!("{path}/test"), &json!({}), 202);
    receiver.wait_for(2);
    fine(&ask(server.address, "DELETE", &path, ""), 204);
    assert_eq!(ask(server.address, "GET", &path, "").status, 404);
}

/// Each answers well, within the time receivers have, and far too late for whoever waits behind them.
#[test]
fn timing_a_message_passes_those_of_slow_receivers() {
    const SLOW: usize = 6;
    let store = tempfile::tempdir().unwrap();
    let server = shop(store.path());
    let quick = Receiver::answering(200);
    let (quick_path, _) = register(&server, &quick, &json!(["coupon.redeemed"]));
    let mut slow = Vec::new();
    for _ in 0..SLOW {
        let receiver = Receiver::answering_after(Duration::from_secs(10), 200);
        let (path, _) = register(&server, &receiver, &json!(["coupon.redeemed"]));
        // One after the other, so that none is called along with another.
        for _ in 0..10 {
            post(&server, &format!("{path}/test"), &json!({}), 202);
        }
        let begun = Instant::now();
        receiver.wait_for(1);
        assert!(begun.elapsed() < Duration::from_secs(3), "the next slow one: {:?}", begun.elapsed());
        slow.push((receiver, path));
    }
    for number in 1..=3 {
        let begun = Instant::now();
        post(&server, &format!("{quick_path}/test"), &json!({}), 202);
        quick.wait_for(number);
        assert!(begun.elapsed() < Duration::from_secs(2), "message {number}: {:?}", begun.elapsed());
    }
    for (receiver, path) in &slow {
        receiver.wait_for(10);
        assert_eq!(messages(&server, path).len(), 10);
    }
}

#[test]
fn without_the_operators_word_a_private_address_is_not_taken() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let server = Server::start(store.path());
    for url in
        ["http://127.0.0.1:9/", "https://127.1/", "https://169.254.169.254/", "https://localhost./", "x"]
    {
        let reply = ask(
            server.address,
            "POST",
            "/v1/webhooks",
            &json!({ "url": url, "types": ["decision.made"] }).to_string(),
        );
        let problem = fine(&reply, 422);
        assert_eq!(problem["pointer"], "/url", "{url}: {problem}");
    }
    let unknown = json!({ "url": "https://shop.example.org/", "types": ["coupon.lost"] });
    let problem = post(&server, "/v1/webhooks", &unknown, 422);
    assert_eq!(problem["pointer"], "/types", "{problem}");
}
