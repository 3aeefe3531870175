//! CloudEvents 1.0 over HTTP, in its three modes, as envelopes. Pure: what a header or a body says, and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value as Json};
use wink_core::base::Timestamp;
use wink_core::event::{Envelope, Identity};

use crate::identities::{USER_ID, derived_id, id_text};
use crate::json::{self, JsonError};
use crate::value;

/// What the prefix of every attribute's header is in binary mode.
const HEADER: &str = "ce-";

/// The attribute whose value is data in base64.
const BASE64: &str = "data_base64";

/// A message id has at most this many characters; what is longer is hashed.
const MESSAGE_ID_MAX: usize = 100;

/// Reads a request in whichever mode it comes: many events in batch mode, one otherwise. Each is an object as in structured mode.
///
/// # Errors
/// Says what is wrong with the request as a whole.
pub fn cloud_events<'a>(
    content_type: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    body: &[u8],
) -> Result<Vec<Box<RawValue>>, JsonError> {
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if media_type.starts_with("application/cloudevents-batch") {
        return json::frame(body);
    }
    if media_type.starts_with("application/cloudevents") {
        return json::frame(body).map(|event| vec![event]);
    }
    let attribute = |(name, text): (&str, &str)| {
        let text = percent_decode_str(text).decode_utf8_lossy().into_owned();
        Some((name.strip_prefix(HEADER)?.to_owned(), Json::String(text)))
    };
    let mut event: Map<String, Json> = headers.into_iter().filter_map(attribute).collect();
    if !event.contains_key("specversion") {
        let modes = "`ce-…` headers, `application/cloudevents+json` or `application/cloudevents-batch+json`";
        return Err(JsonError::unexpected(&format!("this is no CloudEvent: send {modes}")));
    }
    if !body.is_empty() {
        event.insert("data".to_owned(), json::read(body)?);
    }
    let event = to_raw_value(&event).map_err(|error| JsonError::unexpected(&error.to_string()))?;
    Ok(vec![event])
}

/// Takes out of an event what `clear` takes out of bytes: of what headers said in binary mode, and of what stands in its base64.
pub fn cloud_event_cleared(event: Box<RawValue>, clear: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Box<RawValue> {
    let event =
        if event.get().contains(BASE64) { base64_cleared(&event, &clear).unwrap_or(event) } else { event };
    let cleared = clear(event.get().as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok());
    cleared.and_then(|text| RawValue::from_string(text).ok()).unwrap_or(event)
}

fn base64_cleared(event: &RawValue, clear: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Option<Box<RawValue>> {
    let mut fields: Map<String, Json> = json::read(event.get().as_bytes()).ok()?;
    let sent = fields.get_mut(BASE64)?;
    let cleared = clear(&STANDARD.decode(sent.as_str()?).ok()?)?;
    *sent = Json::String(STANDARD.encode(cleared));
    to_raw_value(&fields).ok()
}

/// Turns a CloudEvent into an envelope of `source`.
///
/// `type` is the name of the event, or `wink.` and the name in small letters, as in `wink.order_completed`. `subject` is the person, in
/// the namespace that the extension `namespace` names, `user_id` otherwise. `data` is the properties. An id is unique within the
/// event's `source`, so both make the message id.
///
/// # Errors
/// Says which attribute is wrong, for the client's developer.
pub fn cloud_event_envelope<'a>(
    event: &RawValue,
    source: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<Envelope, String> {
    let fields: Map<String, Json> = json::read(event.get().as_bytes()).map_err(|error| error.in_place())?;
    let required = |name: &str| id_text(&fields, name).ok_or_else(|| format!("`{name}` is missing"));
    if required("specversion")? != "1.0" {
        return Err("`specversion` must be 1.0".to_owned());
    }
    let (id, event_source) = (required("id")?, required("source")?);
    let both = format!("{event_source}#{id}");
    let message_id = match both.chars().count() <= MESSAGE_ID_MAX {
        true => both,
        false => derived_id("cloudevent", &[&event_source, &id]),
    };
    let kind = required("type")?;
    let event = match kind.strip_prefix("wink.") {
        Some(small) => names.into_iter().find(|name| snake(name) == small).unwrap_or(&kind).to_owned(),
        None => kind.clone(),
    };
    let namespace = id_text(&fields, "namespace").unwrap_or_else(|| USER_ID.to_owned());
    let person =
        |subject: String| Identity::new(&namespace, &subject).map_err(|error| format!("`subject`: {error}"));
    let time = |text: String| Timestamp::parse(&text).map_err(|error| format!("`time`: {error}"));
    Ok(Envelope {
        source: source.to_owned(),
        message_id,
        event,
        schema_version: id_text(&fields, "schemaversion"),
        identities: id_text(&fields, "subject").map(person).transpose()?.into_iter().collect(),
        original_at: id_text(&fields, "time").map(time).transpose()?,
        sent_at: None,
        properties: data(&fields)?.into_iter().map(|(name, json)| (name, value(json))).collect(),
    })
}

fn data(fields: &Map<String, Json>) -> Result<Map<String, Json>, String> {
    let decoded = match fields.get(BASE64) {
        Some(Json::String(text)) => {
            let bytes = STANDARD.decode(text).map_err(|_| "`data_base64` is no base64")?;
            Some(
                serde_json::from_slice(&bytes)
                    .map_err(|error| format!("`data_base64` is no JSON: {error}"))?,
            )
        }
        _ => fields.get("data").cloned(),
    };
    match decoded {
        None | Some(Json::Null) => Ok(Map::new()),
        Some(Json::Object(data)) => Ok(data),
        Some(_) => Err("`data` must be a JSON object: the event's properties".to_owned()),
    }
}

/// Spells `Order Completed` as `order_completed`.
fn snake(name: &str) -> String {
    name.to_ascii_lowercase().replace(' ', "_")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wink_core::base::Value;

    use super::*;

    const NAMES: [&str; 2] = ["Order Completed", "Page"];

    fn order() -> Json {
        json!({
            "specversion": "1.0", "id": "1", "source": "/till/7", "type": "wink.order_completed", "subject": "anna",
            "time": "2026-03-01T09:30:00Z", "data": { "order_id": "o-1" },
        })
    }

    fn raw(event: &Json) -> Box<RawValue> {
        to_raw_value(event).unwrap()
    }

    fn check_order(content_type: &str, headers: &[(&str, &str)], body: &str) {
        let events = cloud_events(content_type, headers.iter().copied(), body.as_bytes()).unwrap();
        assert_eq!(events.len(), 1);
        let envelope = cloud_event_envelope(&events[0], "till", NAMES).unwrap();
        assert_eq!((envelope.event.as_str(), envelope.message_id.as_str()), ("Order Completed", "/till/7#1"));
        assert_eq!(envelope.identities, [Identity::new("user_id", "anna").unwrap()]);
        assert_eq!(envelope.properties["order_id"], Value::Text("o-1".to_owned()));
        assert_eq!(envelope.original_at.map(|at| at.to_string()), Some("2026-03-01T09:30:00Z".to_owned()));
    }

    #[test]
    fn the_three_modes_say_the_same() {
        check_order("application/cloudevents+json; charset=utf-8", &[], &order().to_string());
        check_order("application/cloudevents-batch+json", &[], &json!([order()]).to_string());
        let headers = [
            ("ce-specversion", "1.0"),
            ("ce-id", "1"),
            ("ce-source", "/till/7"),
            ("ce-type", "Order%20Completed"),
            ("ce-subject", "anna"),
            ("ce-time", "2026-03-01T09:30:00Z"),
            ("host", "wink"),
        ];
        check_order("application/json", &headers, "{\"order_id\":\"o-1\"}");
    }

    #[test]
    fn data_may_come_as_base64() {
        let mut event = order();
        event["data"] = Json::Null;
        event["data_base64"] = STANDARD.encode("{\"order_id\":\"o-1\"}").into();
        check_order("application/cloudevents+json", &[], &event.to_string());
    }

    #[test]
    fn what_is_no_cloud_event_is_said_to_be_none() {
        assert!(cloud_events("application/json", [], b"{}").is_err());
        assert!(cloud_events("application/cloudevents-batch+json", [], b"{}").is_err());
        for name in ["specversion", "id", "source", "type"] {
            let mut event = order();
            event.as_object_mut().unwrap().remove(name);
            assert_eq!(
                cloud_event_envelope(&raw(&event), "till", NAMES),
                Err(format!("`{name}` is missing"))
            );
        }
        for (name, wrong) in [("specversion", json!("0.3")), ("time", json!("noon")), ("data", json!([1]))] {
            let mut event = order();
            event[name] = wrong;
            assert!(cloud_event_envelope(&raw(&event), "till", NAMES).unwrap_err().contains(name), "{event}");
        }
    }

    #[test]
    fn two_producers_may_use_the_same_id() {
        let id_of = |source: &str| {
            let mut event = order();
            event["source"] = source.into();
            cloud_event_envelope(&raw(&event), "till", NAMES).unwrap().message_id
        };
        assert_ne!(id_of("/till/7"), id_of("/till/8"));
        let long = "x".repeat(200);
        assert!(id_of(&long).len() <= MESSAGE_ID_MAX);
    }
}
