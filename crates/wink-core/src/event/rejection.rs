//! Why an event was not accepted. The code is stable and part of the API; the sentence says what to do.

use super::schema::PropertyType;
use crate::base::{Currency, Timestamp};

/// A reason to refuse an event. Refused events go to the dead letters with their original bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It cannot be read at all.
    #[error("{0}")]
    Malformed(String),
    /// The message id is empty or too long.
    #[error("`message_id` must have 1 to 100 characters, so that a retry can be recognised")]
    MessageId,
    /// Nobody is named.
    #[error("no identity; name at least one, as in `identities: [{{namespace, value}}]`")]
    NoIdentity,
    /// The name is not in the catalogue of events.
    #[error("`{0}` is not a known event; see the list of events, or register a schema for it")]
    UnknownEvent(String),
    /// The schema version is not of the form model-revision-addition.
    #[error("`{0}` is not a schema version; write it like 1-0-0")]
    SchemaVersion(String),
    /// The schema version's model or revision is not known here.
    #[error(
        "schema {found} of `{event}` is not known here, the newest is {known}; declare it in `schemas.toml`, upgrade Wink, or send the older form"
    )]
    UnknownSchema {
        /// The event.
        event: String,
        /// What the client wrote.
        found: String,
        /// What is known.
        known: String,
    },
    /// A property that must be there is not.
    #[error("property `{0}` is missing")]
    MissingProperty(String),
    /// A property has another type.
    #[error("property `{path}` must be {wanted}, not {found}")]
    WrongType {
        /// Which property.
        path: String,
        /// What it must be.
        wanted: PropertyType,
        /// What it is.
        found: &'static str,
    },
    /// A property has a value that cannot be.
    #[error("property `{path}` {problem}")]
    BadValue {
        /// Which property.
        path: String,
        /// What is wrong with it, as the rest of a sentence.
        problem: String,
    },
    /// It is larger than an event may be.
    #[error("the event {0}")]
    TooLarge(String),
    /// Money in another currency than the shop's.
    #[error("{}", other_currency(*wanted, found))]
    Currency {
        /// What was sent.
        found: String,
        /// What the shop has.
        wanted: Currency,
    },
    /// It claims to have happened later than now.
    #[error(
        "it claims to have happened at {occurred_at}, later than now; look at the clock that said so, and tell it with the right time"
    )]
    Future {
        /// When it claims to have happened.
        occurred_at: Timestamp,
    },
    /// The same message id came before with another body.
    #[error("`message_id` was used before for another body; the first one stands")]
    IdConflict,
}

impl Rejection {
    /// Tells the stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "event_malformed",
            Self::MessageId => "message_id_invalid",
            Self::NoIdentity => "identity_missing",
            Self::UnknownEvent(_) => "event_unknown",
            Self::SchemaVersion(_) => "schema_version_invalid",
            Self::UnknownSchema { .. } => "schema_unknown",
            Self::MissingProperty(_) => "property_missing",
            Self::WrongType { .. } => "property_type",
            Self::BadValue { .. } => "property_value",
            Self::TooLarge(_) => "event_too_large",
            Self::Currency { .. } => "currency_mismatch",
            Self::Future { .. } => "occurred_in_future",
            Self::IdConflict => "id_conflict",
        }
    }
}

/// Before a catalogue is in force a shop has no currency to compare with.
fn other_currency(wanted: Currency, found: &str) -> String {
    if wanted == Currency::NONE {
        return format!(
            "the shop has no currency yet, so `{found}` is refused; apply a catalogue, and replay this"
        );
    }
    format!("the shop's currency is {wanted}; `{found}` is refused, never converted")
}
