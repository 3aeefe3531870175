//! `POST /v1/events`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use wink_core::base::Timestamp;
use wink_core::event::{Envelope, Identity};

use crate::json::Fields;

/// A batch of events. Each is read on its own, so one that is malformed does not spoil the others.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventsReceived {
    /// When the client sent the batch; events may say it themselves.
    pub sent_at: Option<String>,
    /// The events, at most 500.
    #[schema(value_type = Vec<EventReceived>, max_items = 500)]
    pub events: Vec<Box<RawValue>>,
}

/// An event as sent.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventReceived {
    /// The client's own id of the message; the same id again is the same event.
    pub message_id: String,
    /// The event's name.
    pub event: String,
    /// The schema version the client wrote.
    pub schema_version: Option<String>,
    /// Whose event it is; the first is the one it is kept under.
    #[serde(default)]
    pub identities: Vec<IdentitySent>,
    /// When it happened, by the client's clock.
    pub occurred_at: Option<String>,
    /// When it was sent, by the client's clock.
    pub sent_at: Option<String>,
    /// What it says.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub properties: Fields,
}

/// An identity as sent.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentitySent {
    /// What kind of identifier it is.
    pub namespace: String,
    /// The identifier.
    pub value: String,
}

impl IdentitySent {
    /// Reads it as the core does.
    ///
    /// # Errors
    /// Says what is wrong, for the client's developer.
    pub fn read(&self) -> Result<Identity, String> {
        Identity::new(&self.namespace, &self.value).map_err(|error| error.to_string())
    }
}

impl EventReceived {
    /// Turns what was sent into an envelope of `source`.
    ///
    /// # Errors
    /// Says which field is wrong, for the client's developer.
    pub fn into_envelope(self, source: &str, batch_sent_at: Option<&str>) -> Result<Envelope, String> {
        let time = |name: &str, text: Option<&str>| {
            text.map(Timestamp::parse).transpose().map_err(|error| format!("`{name}`: {error}"))
        };
        let identity = |(index, sent): (usize, &IdentitySent)| {
            sent.read().map_err(|error| format!("`identities/{index}`: {error}"))
        };
        Ok(Envelope {
            source: source.to_owned(),
            identities: self.identities.iter().enumerate().map(identity).collect::<Result<_, _>>()?,
            original_at: time("occurred_at", self.occurred_at.as_deref())?,
            sent_at: time("sent_at", self.sent_at.as_deref().or(batch_sent_at))?,
            message_id: self.message_id,
            event: self.event,
            schema_version: self.schema_version,
            properties: self.properties.0,
        })
    }
}

/// What became of a batch.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventsAnswered {
    /// Became events, durably.
    pub accepted: usize,
    /// Had come before.
    pub duplicate: usize,
    /// Lie in the dead letters, to be repaired and sent on.
    pub dead: usize,
    /// Were not kept.
    pub refused: usize,
    /// Each event, in the order sent.
    pub items: Vec<ItemAnswered>,
}

impl EventsAnswered {
    /// Counts what became of events.
    pub fn of(items: Vec<ItemAnswered>) -> Self {
        let count = |status: &str| items.iter().filter(|item| item.status == status).count();
        Self {
            accepted: count("accepted"),
            duplicate: count("duplicate"),
            dead: count("dead"),
            refused: count("refused"),
            items,
        }
    }
}

/// What became of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ItemAnswered {
    /// `accepted`, `duplicate`, `dead` or `refused`.
    pub status: &'static str,
    /// The event's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The stable code of the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The reason, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}
