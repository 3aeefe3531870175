//! What a source sends.

use serde_json::{Map, Value as Json, json};
use wink_core::base::Timestamp;

use super::Person;

/// One message, as `POST /v1/events` takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The sender's own id of it.
    pub id: String,
    /// What happened.
    pub event: String,
    /// Whose event it is: namespace and value, the first one first.
    pub identities: Vec<(&'static str, String)>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it reaches the server.
    pub arrives_at: Timestamp,
    /// What it says.
    pub properties: Map<String, Json>,
}

impl Message {
    /// Writes it as the API reads it.
    pub fn to_json(&self) -> Json {
        let identities: Vec<Json> = self
            .identities
            .iter()
            .map(|(namespace, value)| json!({ "namespace": namespace, "value": value }))
            .collect();
        json!({
            "message_id": self.id,
            "event": self.event,
            "identities": identities,
            "occurred_at": self.occurred_at.to_string(),
            "properties": self.properties,
        })
    }
}

/// What one person's sources send on one day.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    prefix: String,
    messages: Vec<Message>,
    identities: Vec<(&'static str, String)>,
}

impl Sending {
    pub(super) fn new(person: &Person, day: i64) -> Self {
        Self { prefix: format!("{}-{day}", person.number), messages: Vec::new(), identities: Vec::new() }
    }

    /// Who is told of from now on.
    pub(super) fn about(&mut self, identities: Vec<(&'static str, String)>) {
        self.identities = identities;
    }

    /// Sends a message at once.
    pub(super) fn tell(&mut self, at: Timestamp, event: &str, properties: Json) {
        let properties = match properties {
            Json::Object(properties) => properties,
            _ => Map::new(),
        };
        self.messages.push(Message {
            id: format!("{}-{}", self.prefix, self.messages.len()),
            event: event.to_owned(),
            identities: self.identities.clone(),
            occurred_at: at,
            arrives_at: at,
            properties,
        });
    }

    pub(super) fn into_messages(self) -> Vec<Message> {
        self.messages
    }
}
