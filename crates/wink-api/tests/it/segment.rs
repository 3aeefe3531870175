//! Bodies of the Segment and RudderStack family: read call by call, and accepted as events.

use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use wink_api::{SegmentBatch, SegmentCall};
use wink_core::base::{Currency, EventId, Timestamp, Value};
use wink_core::event::{Body, Envelope, Event, Schemas, Spot, accept};

/// A minute after the bodies were recorded.
const NOW: &str = "2026-11-21T23:16:00Z";

fn now() -> Timestamp {
    Timestamp::parse(NOW).unwrap()
}

fn euro() -> Currency {
    Currency::new("EUR").unwrap()
}

/// What becomes of each call: the event's name, or the code or sentence of the refusal.
fn outcomes(batch: &SegmentBatch) -> Vec<String> {
    let outcome = |call: &RawValue| match batch.envelope(call, "shop", euro(), now()) {
        Ok(envelope) => match accepted(&envelope) {
            Ok(event) => event.body.event_name().to_owned(),
            Err(code) => code.to_owned(),
        },
        Err(unread) => unread.message,
    };
    batch.calls.iter().map(|call| outcome(call)).collect()
}

fn accepted(envelope: &Envelope) -> Result<Event, &'static str> {
    accept(envelope, &Schemas::built_in(), euro(), EventId::from_bytes([1; 16]), now())
        .map_err(|rejection| rejection.code())
}

fn batch(body: &str) -> SegmentBatch {
    SegmentBatch::read(body.as_bytes(), None).unwrap()
}

fn one(call: SegmentCall, body: Json) -> Envelope {
    let batch = SegmentBatch::read(body.to_string().as_bytes(), Some(call)).unwrap();
    batch.envelope(&batch.calls[0], "shop", euro(), now()).unwrap()
}

fn people(envelope: &Envelope) -> Vec<String> {
    envelope.identities.iter().map(|one| format!("{}:{}", one.namespace(), one.value())).collect()
}

#[test]
fn what_the_real_clients_send_is_accepted() {
    let table = [
        ("segment-node", include_str!("captured/segment-node.json"), Some("wk_captured")),
        ("segment-python", include_str!("captured/segment-python.json"), Some("wk_captured")),
        ("rudder-node", include_str!("captured/rudder-node.json"), None),
        ("rudder-python", include_str!("captured/rudder-python.json"), None),
    ];
    for (client, body, write_key) in table {
        let batch = batch(body);
        assert_eq!(batch.write_key.as_deref(), write_key, "{client}");
        let all = ["Identify", "Page", "Product Viewed", "Order Completed", "Product Viewed"];
        let sent = &all[all.len() - batch.calls.len()..];
        assert_eq!(outcomes(&batch), sent, "{client}");
        for call in &batch.calls {
            let envelope = batch.envelope(call, "shop", euro(), now()).unwrap();
            assert!(
                envelope.message_id.starts_with(&format!("{client}-message-")),
                "{}",
                envelope.message_id
            );
            assert!(envelope.original_at.is_some() && envelope.sent_at.is_some(), "{envelope:?}");
            let [user, anonymous] = people(&envelope).try_into().unwrap();
            assert!(user.starts_with(&format!("user_id:{client}")), "{user}");
            assert!(anonymous.starts_with(&format!("anonymous_id:anonymous-{client}")), "{anonymous}");
            let event = accepted(&envelope).unwrap();
            if let Body::OrderCompleted(order) = &event.body {
                assert_eq!(order.sales().0, 3_998);
                assert_eq!(event.extra["total_cents"], Value::Int(4_497));
            }
            if let Body::Identify(attributes) = &event.body {
                assert_eq!(attributes.0["email"], Value::Text("shopper-0@example.com".to_owned()));
            }
        }
    }
}

#[test]
fn a_browser_says_everything_in_one_call() {
    let envelope = one(
        SegmentCall::Page,
        json!({
            "writeKey": "wk", "userId": null, "anonymousId": "a-1", "messageId": "m-1", "type": "page",
            "timestamp": "2026-11-21T23:15:00.000Z", "sentAt": "2026-11-21T23:15:30.000Z", "name": "Tea",
            "properties": { "path": "/tea", "search": "?utm_source=mail" },
            "context": {
                "page": { "path": "/tea" }, "campaign": { "source": "mail" }, "ip": "192.0.2.7", "userAgent": "Firefox",
                "traits": { "email": "anna@example.com" }, "consent": { "categoryPreferences": { "Advertising": false } },
            },
        }),
    );
    assert_eq!(people(&envelope), ["anonymous_id:a-1"]);
    assert_eq!(envelope.properties["name"], Value::Text("Tea".to_owned()));
    let Value::Map(context) = &envelope.properties["context"] else { panic!("{envelope:?}") };
    assert_eq!(
        context.keys().collect::<Vec<_>>(),
        ["campaign", "consent", "page"],
        "no address, no device, no traits"
    );
    assert_eq!(envelope.properties["source"], Value::Text("mail".to_owned()));
    let event = accepted(&envelope).unwrap();
    assert_eq!(event.occurred_at, Timestamp(now().0 - 30_000), "a wrong clock cancels out");
}

#[test]
fn rudderstack_states_traits_in_the_context_and_ids_as_empty_text() {
    let envelope = one(
        SegmentCall::Identify,
        json!({ "userId": "", "anonymousId": "a-1", "messageId": "m-1", "context": { "traits": { "plan": "club" } } }),
    );
    assert_eq!(people(&envelope), ["anonymous_id:a-1"]);
    let Body::Identify(attributes) = accepted(&envelope).unwrap().body else { panic!() };
    assert_eq!(attributes.0["plan"], Value::Text("club".to_owned()));
}

#[test]
fn an_alias_names_the_id_before_and_a_group_its_own() {
    let alias = one(SegmentCall::Alias, json!({ "userId": 7, "previousId": "a-1", "messageId": "m-1" }));
    assert_eq!(people(&alias), ["user_id:7", "anonymous_id:a-1"]);
    assert!(accepted(&alias).is_ok());
    let group = one(
        SegmentCall::Group,
        json!({ "userId": "u", "groupId": "g", "traits": { "name": "Club" }, "messageId": "m" }),
    );
    assert_eq!(group.properties["group_id"], Value::Text("g".to_owned()));
    assert!(accepted(&group).is_ok());
}

/// A company or a club is nobody's household: what limits count must not change by it.
#[test]
fn a_group_is_kept_with_what_is_said_of_it_and_moves_nobody_into_a_household() {
    let said = json!({ "userId": "u", "groupId": 4711, "traits": { "name": "Club", "members": 120 }, "messageId": "m" });
    let mut in_batch = said.clone();
    in_batch["type"] = json!("group");
    let batch = batch(&json!({ "batch": [in_batch] }).to_string());
    for envelope in
        [one(SegmentCall::Group, said), batch.envelope(&batch.calls[0], "shop", euro(), now()).unwrap()]
    {
        let event = accepted(&envelope).unwrap();
        assert_eq!(people(&envelope), ["user_id:u"], "the group is no identity");
        assert_eq!(event.extra["group_id"], Value::Text("4711".to_owned()));
        let Value::Map(traits) = &event.extra["traits"] else { panic!("{event:?}") };
        assert_eq!(
            (&traits["name"], &traits["members"]),
            (&Value::Text("Club".to_owned()), &Value::Int(120))
        );
        let Body::Observed(observed) = event.body else { panic!("{event:?}") };
        assert_eq!(observed.name(), "Group");
    }
    let home = json!({ "userId": "u", "event": "Household Joined", "properties": { "household_id": "h-1" }, "messageId": "m" });
    let joined = accepted(&one(SegmentCall::Track, home)).unwrap();
    assert!(matches!(joined.body, Body::HouseholdChanged(_)), "{joined:?}");
}

#[test]
fn a_page_says_whence_and_on_what_under_the_names_that_features_read() {
    let whence = |properties: Json, context: Json| {
        let page = json!({ "userId": "u", "messageId": "m", "properties": properties, "context": context });
        let said = one(SegmentCall::Page, page).properties;
        ["source", "device_class"].map(|name| said.get(name).and_then(Value::as_text).map(str::to_owned))
    };
    let said =
        |source: &str, device: &str| [source, device].map(|text| (!text.is_empty()).then(|| text.to_owned()));
    let tag = json!({ "utm_source": "letter", "utm_medium": "mail" });
    assert_eq!(whence(tag.clone(), json!({})), said("letter", ""));
    let browser = json!({ "campaign": { "source": "ads" }, "userAgentData": { "mobile": false } });
    assert_eq!(whence(json!({}), browser.clone()), said("ads", "desktop"));
    assert_eq!(whence(tag, browser.clone()), said("letter", "desktop"));
    assert_eq!(whence(json!({ "source": "own", "device_class": "kiosk" }), browser), said("own", "kiosk"));
    assert_eq!(whence(json!({}), json!({ "device": { "type": "ios" } })), said("", "mobile"));
    let odd = json!({ "campaign": { "source": 7 }, "userAgentData": { "mobile": "yes" }, "device": 1 });
    assert_eq!(whence(json!({ "utm_source": "" }), odd), said("", ""));
}

#[test]
fn one_call_that_cannot_be_read_does_not_spoil_the_others() {
    let page = json!({ "type": "page", "userId": "u", "messageId": "m" });
    let with = |name: &str, json: Json| {
        let mut call = page.clone();
        call[name] = json;
        call
    };
    let table = [
        (page.clone(), "Page"),
        (json!(7), "this is the number 7, expected an object"),
        (
            with("type", json!("dance")),
            "`type` is `dance`; there are track, identify, page, screen, group and alias",
        ),
        (with("type", json!("track")), "`event` is missing; it is the name of what happened"),
        (with("type", json!(null)), "`type` is missing, as in `track`"),
        (
            with("timestamp", json!("noon")),
            "`timestamp`: `noon` is not a time; write it like 2026-03-01T09:30:00Z",
        ),
        (with("userId", json!("")), "identity_missing"),
        (with("messageId", json!("m".repeat(101))), "message_id_invalid"),
        (with("timestamp", json!("2090-01-01T00:00:00Z")), "occurred_in_future"),
        (json!({ "type": "track", "event": "Teleported", "userId": "u", "messageId": "m" }), "event_unknown"),
        (page.clone(), "Page"),
    ];
    let calls: Vec<&Json> = table.iter().map(|(call, _)| call).collect();
    let wanted: Vec<&str> = table.iter().map(|(_, outcome)| *outcome).collect();
    assert_eq!(outcomes(&batch(&json!({ "batch": calls }).to_string())), wanted);
}

#[test]
fn a_body_that_is_no_batch_is_said_to_be_none() {
    for body in ["", "[]", "{}", "{\"batch\": 7}", "{\"batch\": ["] {
        assert!(SegmentBatch::read(body.as_bytes(), None).is_err(), "{body}");
    }
}

#[test]
fn without_a_message_id_the_same_call_is_the_same_message() {
    let id = |body: Json| one(SegmentCall::Page, body).message_id;
    let call = json!({ "userId": "u", "timestamp": "2026-11-21T23:15:00Z" });
    let mut retry = call.clone();
    retry["sentAt"] = "2026-11-21T23:15:59Z".into();
    assert_eq!(id(call.clone()), id(retry));
    assert_ne!(id(call), id(json!({ "userId": "u", "timestamp": "2026-11-21T23:15:01Z" })));
}

#[test]
fn a_report_of_a_place_may_say_the_point_in_its_context_and_no_other_event_is_read_for_it() {
    let location = json!({ "latitude": 48.138, "longitude": 11.576, "city": "Munich" });
    let call = |event: &str, properties: Json| {
        let context = json!({ "location": location, "ip": "192.0.2.7" });
        let body = json!({ "userId": "u", "event": event, "properties": properties, "context": context });
        one(SegmentCall::Track, body)
    };
    let mut report = call("Place Reported", json!({}));
    assert!(!format!("{report:?}").contains("Munich"));
    assert_eq!(report.take_spot(), Spot::new(48.138, 11.576));
    let own = json!({ "location": { "lat": 52.5, "lng": 13.4 } });
    assert_eq!(call("Place Reported", own).take_spot(), Spot::new(52.5, 13.4));
    assert!(!format!("{:?}", call("Product Viewed", json!({}))).contains("48.138"));
}

#[test]
fn what_a_batch_says_of_its_context_holds_for_every_call() {
    let body = json!({
        "context": { "locale": "de-DE", "channel": "server", "ip": "192.0.2.7" },
        "batch": [{ "type": "page", "userId": "u", "messageId": "m", "context": { "locale": "en-GB" } }],
    });
    let batch = batch(&body.to_string());
    let envelope = batch.envelope(&batch.calls[0], "shop", euro(), now()).unwrap();
    let Value::Map(context) = &envelope.properties["context"] else { panic!("{envelope:?}") };
    let text = |name: &str| context[name].as_text().unwrap_or_default();
    assert_eq!((text("locale"), text("channel"), context.len()), ("en-GB", "server", 2));
}
