//! How late each source's events come, as the server tells it.

use serde_json::json;
use wink_server::access::Role;

use super::api::Api;
use super::counter::{MONDAY, later};

#[test]
fn a_source_is_told_with_its_watermark_and_how_late_its_events_come() {
    let api = Api::of_a_shop();
    let key = api.key(Role::Admin);
    // The clock stands at an hour after midnight. An event that is refused, or told again, moves nothing.
    let send = |id: &str, minute: i64, event: &str| {
        let at = later(MONDAY, minute).to_string();
        let event = json!({ "message_id": id, "event": event, "occurred_at": at, "properties": {},
            "identities": [{ "namespace": "customer", "value": "anna" }] });
        let answer = api.ask(&key, "POST", "/v1/events", &json!({ "events": [event] }));
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    for (id, minute, event) in [
        ("p-1", 60, "Page"),
        ("p-2", 57, "Page"),
        ("p-3", -1_500, "Page"),
        ("p-2", 57, "Page"),
        ("x", 60, "Nothing"),
    ] {
        send(id, minute, event);
    }
    let answer = api.ask(&key, "GET", "/v1/health/sources", &json!(null)).json();
    let source = &answer["data"][0];
    assert_eq!(answer["data"].as_array().map(Vec::len), Some(1), "{answer}");
    assert_eq!(
        *source,
        json!({
            "source": "the-admin",
            "newest_event_at": later(MONDAY, 60).to_string(),
            "last_arrived_at": later(MONDAY, 60).to_string(),
            "events": 3,
            "late_ms_p50": 600_000,
            "late_ms_p99": null,
            "late": [
                { "at_most_ms": 1_000, "events": 1 },
                { "at_most_ms": 600_000, "events": 1 },
                { "at_most_ms": null, "events": 1 },
            ],
        })
    );
}
