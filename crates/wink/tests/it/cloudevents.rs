//! CloudEvents, sent with the real SDKs in all modes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::client::{Client, ask};
use crate::segment::key;
use crate::wink::{Server, verified};
use crate::{real_client, sample, stored};

#[test]
fn the_sdks_send_in_every_mode_and_the_same_event_counts_once() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let key = key(store.path(), "shop");
    let server = Server::start_with_keys(store.path());
    let host = format!("http://{}", server.address);
    for (script, wanted) in [
        ("cloudevents_node.mjs", json!([[1, 0], [1, 0], [0, 1]])),
        ("cloudevents_python.py", json!([[1, 0], [1, 0], [1, 1]])),
    ] {
        let report = real_client::run(script, &[&host, &key, "anna"]);
        let answers = report["answers"].as_array().unwrap();
        let counts = answers.iter().map(|answer| json!([answer["accepted"], answer["duplicate"]]));
        assert_eq!(json!(counts.collect::<Vec<_>>()), wanted, "{script}: {report}");
    }
    server.stop().fine();
    let balance = json!({ "received": 7, "accepted": 5, "duplicate": 2, "dead": 0, "refused": 0 });
    assert_eq!(verified(store.path())["balance"], balance);
    let events = stored::read(store.path()).events;
    assert_eq!(events.len(), 5);
    assert!(events.iter().all(|event| event.says == "order 3998"), "{events:?}");
}

/// Bodies are looked at before they are read; what base64 and headers hold is found later, and counts as much.
#[test]
fn a_body_with_card_numbers_is_counted_once_wherever_they_stand() {
    const CARD: &str = "4111111111111111";
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let server = Server::start(store.path());
    let counted = || {
        let text = ask(server.address, "GET", "/metrics", "").body;
        let line = text.lines().find_map(|line| line.strip_prefix("wink_bodies_with_cards_total "));
        line.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    let send = |content_type: &str, headers: &str, body: &Value| {
        let body = body.to_string();
        let head = format!(
            "POST /v1/cloudevents HTTP/1.1\r\nhost: wink\r\ncontent-type: {content_type}\r\n{headers}"
        );
        let sent = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        let reply = Client::connect(server.address).unwrap().send_raw(sent.as_bytes()).unwrap();
        assert_eq!(reply.status, 200, "{reply:?}");
    };
    let base64 = |data: Value| STANDARD.encode(data.to_string());
    let event = |id: &str, note: &str, data: &str| json!({ "specversion": "1.0", "id": id, "source": "/page", "type": "Page", "note": note, "data_base64": data });
    let (one, batch) = ("application/cloudevents+json", "application/cloudevents-batch+json");
    let hidden = base64(json!({ "note": CARD }));
    let plain = base64(json!({ "note": "tea" }));
    let headers =
        |id: &str| format!("ce-specversion: 1.0\r\nce-id: {id}\r\nce-source: /page\r\nce-type: Page\r\n");

    send(one, "", &event("e-1", "tea", &plain));
    send("application/json", &headers("e-2"), &json!({ "note": "tea" }));
    assert_eq!(counted(), "0", "without a card");
    send(one, "", &event("e-3", CARD, &plain));
    assert_eq!(counted(), "1", "in clear");
    send(one, "", &event("e-4", "tea", &hidden));
    assert_eq!(counted(), "2", "in base64");
    send(
        batch,
        "",
        &json!([event("e-5", "tea", &plain), event("e-6", "tea", &hidden), event("e-7", "tea", &hidden)]),
    );
    assert_eq!(counted(), "3", "in the base64 of some of a batch");
    send("application/json", &headers(CARD), &json!({ "note": "tea" }));
    assert_eq!(counted(), "4", "in a header");
    send(one, "", &event("e-8", CARD, &hidden));
    assert_eq!(counted(), "5", "in clear and in base64");
}
