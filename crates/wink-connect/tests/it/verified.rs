//! Signatures, as the npm package `standardwebhooks` sees them.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use wink_connect::webhook::signature::{Secret, sign};

const BODY: &str = r#"{"type":"coupon.redeemed","data":{"amount_cents":150,"title":"Süßes"}}"#;

/// Asks the package about each case.
fn verify(cases: &[Value]) -> Vec<Value> {
    let clients = std::env::var("WINK_TEST_CLIENTS").unwrap_or_else(|_| {
        panic!("the packages of receivers are not there; run `cargo xtask test`, which fetches them")
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/standard_webhooks.cjs");
    let mut node = Command::new("node")
        .arg(script)
        .env("WINK_TEST_CLIENTS", clients)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(serde_json::to_string(cases).unwrap().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn now_s() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed()
}

/// What a receiver that holds `secret` gets, of a message signed with `secrets`.
fn case(secret: &Secret, secrets: &[Secret], timestamp_s: i64, body: &str) -> Value {
    json!({
        "secret": secret.to_text(),
        "headers": {
            "webhook-id": "msg_1",
            "webhook-timestamp": timestamp_s.to_string(),
            "webhook-signature": sign(secrets, "msg_1", timestamp_s, BODY.as_bytes()),
        },
        "body": body,
    })
}

#[test]
fn receivers_accept_what_is_signed_and_nothing_else() {
    let (old, new, other) = (Secret::new([1; 32]), Secret::new([2; 32]), Secret::new([3; 32]));
    let both = [new.clone(), old.clone()];
    let now = now_s();
    let mut renamed = case(&new, &both, now, BODY);
    renamed["headers"]["webhook-id"] = json!("msg_2");
    let answers = verify(&[
        case(&old, std::slice::from_ref(&old), now, BODY),
        case(&old, &both, now, BODY),
        case(&new, &both, now, BODY),
        case(&new, &both, now - 240, BODY),
        case(&other, &both, now, BODY),
        case(&new, &both, now, &BODY.replace("150", "151")),
        case(&new, &both, now - 400, BODY),
        renamed,
    ]);
    let accepted: Vec<bool> = answers.iter().map(|answer| answer == &json!(true)).collect();
    assert_eq!(accepted, [true, true, true, true, false, false, false, false], "{answers:?}");
}
