//! What is told to operators holds nobody: values that occur nowhere else go in through every door, and none comes out in the log or in
//! the metrics.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::json;

use crate::sample;
use crate::wink::{Server, call, run};

/// Every canary begins so.
const CANARY: &str = "WNK-CANARY-";

/// Sends a request with headers of the caller's choice, and gives back the whole answer.
fn send(address: SocketAddr, line: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: wink\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn no_person_and_no_key_is_logged_or_measured_at_any_level() {
    for json in [false, true] {
        let here = tempfile::tempdir().unwrap();
        sample::open_shop(here.path());
        let data = here.path().to_str().unwrap();
        let made = run([
            "key",
            "create",
            "--role",
            "admin",
            "--name",
            "WNK-CANARY-key-name",
            "--data",
            data,
            "--json",
        ]);
        let key = made.fine().json()["secret"].as_str().unwrap().to_owned();
        let mut serve = call(["serve", "--data", data, "--listen", "127.0.0.1:0", "--log-level", "trace"]);
        if json {
            serve.arg("--log-json");
        }
        let server = Server::start_as(serve).unwrap();
        let bearer = format!("Bearer {key}");
        let right = [("authorization", bearer.as_str())];

        let who = json!({ "namespace": "email", "value": "WNK-CANARY-identity@example.com" });
        let event = |name: &str, properties: serde_json::Value| json!({ "message_id": format!("WNK-CANARY-id-{name}"), "event": name, "identities": [who], "properties": properties });
        let events = json!({ "events": [
            event("Order Completed", json!({ "order_id": "WNK-CANARY-order", "products": [
                { "product_id": "WNK-CANARY-product", "category": "WNK-CANARY-category", "total_cents": 100 }] })),
            event("Identify", json!({ "traits": { "nickname": "WNK-CANARY-nickname" } })),
            event("WNK-CANARY-event-name", json!({ "x": "WNK-CANARY-property" })),
            event("Consent Updated", json!({ "purpose": "WNK-CANARY-purpose", "state": "granted", "method": "x" })),
        ]});
        let told = send(server.address, "POST /v1/events", &right, &events.to_string());
        assert!(told.starts_with("HTTP/1.1 200"), "{told}");
        let question = json!({ "identity": who, "channel": "web", "placement": "WNK-CANARY-placement" });
        let told = send(server.address, "POST /v1/decisions", &right, &question.to_string());
        assert!(told.starts_with("HTTP/1.1 200"), "{told}");

        // Through every other door: path, query, headers, wrong keys, what cannot be read.
        send(server.address, "GET /v1/WNK-CANARY-path?q=WNK-CANARY-query", &right, "");
        send(server.address, "POST /v1/decisions", &right, "{\"WNK-CANARY-broken");
        send(server.address, "POST /v1/decisions", &right, "{\"channel\": \"WNK-CANARY-channel\"}");
        let odd = [
            ("authorization", "Bearer WNK-CANARY-wrong-key"),
            ("cookie", "WNK-CANARY-cookie"),
            ("user-agent", "WNK-CANARY-agent"),
            ("referer", "https://shop.example/WNK-CANARY-referer"),
            ("origin", "https://WNK-CANARY-origin.example"),
            ("x-forwarded-for", "WNK-CANARY-address"),
        ];
        send(server.address, "POST /v1/events", &odd, &events.to_string());
        send(server.address, "WNK-CANARY-METHOD /v1/events", &right, "");

        let metrics = send(server.address, "GET /metrics", &right, "");
        assert!(metrics.contains("wink_requests_total"), "{metrics}");
        let said = server.stop().fine();
        let log = said.err + &said.out;
        assert!(
            log.contains("answered") && log.contains("receive_events"),
            "at this level requests are logged: {log}"
        );
        assert_eq!(json, log.lines().any(|line| line.starts_with('{')), "{log}");
        for text in [&log, &metrics] {
            assert!(!text.contains(CANARY), "{text}");
            assert!(!text.to_lowercase().contains(&CANARY.to_lowercase()), "{text}");
            assert!(!text.contains(&key), "the key itself");
        }
    }
}
