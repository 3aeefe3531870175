//! What a server makes of a simulated message.

use wink_core::base::{Currency, EventId, Value};
use wink_core::event::{Envelope, Event, Schemas, accept};
use wink_sim::shop::Message;

/// Accepts a message as the server does; `None` of one that goes to the dead letters.
pub(crate) fn accepted(message: &Message) -> Option<Event> {
    let envelope = Envelope {
        source: "shop".to_owned(),
        message_id: message.id.clone(),
        event: message.event.clone(),
        schema_version: None,
        identities: message
            .identities
            .iter()
            .filter_map(|(namespace, value)| wink_core::event::Identity::new(namespace, value).ok())
            .collect(),
        original_at: Some(message.occurred_at),
        sent_at: Some(message.arrives_at),
        properties: message.properties.iter().map(|(name, json)| (name.clone(), value(json))).collect(),
    };
    let euro = Currency::new("EUR")?;
    let id = EventId::seeded("simulated", &[message.id.as_bytes()]);
    accept(&envelope, &Schemas::built_in(), euro, id, message.arrives_at).ok()
}

fn value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(yes) => Value::Bool(*yes),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Array(list) => Value::List(list.iter().map(value).collect()),
        serde_json::Value::Object(map) => {
            Value::Map(map.iter().map(|(name, json)| (name.clone(), value(json))).collect())
        }
    }
}
