//! `/v1/dead-letters`: what was not accepted, and how it is repaired and sent on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::{IntoParams, ToSchema};
use wink_core::base::Timestamp;
use wink_core::event::{Envelope, Repair};

use crate::{IdentitySent, to_json, value};

/// Which dead letters to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LettersAsked {
    /// Those with this code only.
    pub code: Option<String>,
    /// Those of this source only.
    pub source: Option<String>,
    /// At most how many, 1 to 200; 50 if it is not said.
    pub limit: Option<usize>,
    /// Where to go on, as the page before said.
    pub cursor: Option<String>,
}

/// A dead letter as a list shows it: nothing of what the sender wrote.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LetterListed {
    /// Its id.
    pub id: String,
    /// When it first arrived.
    pub received_at: String,
    /// Who sent it.
    pub source: String,
    /// The stable code of the reason.
    pub code: String,
    /// How often the same message came.
    pub times: u32,
}

/// A dead letter that was opened. Nobody has checked what is in it, and it may name a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LetterView {
    /// Its id.
    pub id: String,
    /// When it first arrived.
    pub received_at: String,
    /// Who sent it.
    pub source: String,
    /// The stable code of the reason.
    pub code: String,
    /// The reason in words.
    pub reason: String,
    /// How often the same message came.
    pub times: u32,
    /// The bytes as they came, as text.
    pub original: String,
    /// The message as it was read; what a repair is applied to. None if it can only be sent again by its sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageView>,
}

/// A message that was read and not accepted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MessageView {
    /// The client's id of the message.
    pub message_id: String,
    /// The event's name, as sent.
    pub event: String,
    /// The schema version, as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<String>,
    /// Whose event it is.
    pub identities: Vec<IdentitySent>,
    /// When it happened, by the client's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<String>,
    /// When it was sent, by the client's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<String>,
    /// What it says.
    #[schema(value_type = Object)]
    pub properties: BTreeMap<String, Json>,
}

/// How a message is repaired before it is sent on. Properties are named as in the reason: `currency`, `products/0/total_cents`; `*`
/// stands for every line of a list.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RepairSent {
    /// The event's name.
    pub event: Option<String>,
    /// The schema version.
    pub schema_version: Option<String>,
    /// The message id; for a message whose id was used for another one.
    pub message_id: Option<String>,
    /// Whose event it is.
    pub identities: Option<Vec<IdentitySent>>,
    /// When it happened.
    pub occurred_at: Option<String>,
    /// Properties that get another name in the same place, by their path; done first.
    pub rename: BTreeMap<String, String>,
    /// Properties that are taken out; done second.
    pub remove: Vec<String>,
    /// Properties that get a value; done last.
    #[schema(value_type = Object)]
    pub set: BTreeMap<String, Json>,
}

/// What became of a letter that was sent on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LetterReplayed {
    /// The letter.
    pub letter: String,
    /// `accepted`, `duplicate` or `refused`: the letter is gone; `dead`: it lies there as before.
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

impl MessageView {
    /// Shows a message.
    pub fn new(envelope: &Envelope) -> Self {
        Self {
            message_id: envelope.message_id.clone(),
            event: envelope.event.clone(),
            schema_version: envelope.schema_version.clone(),
            identities: envelope.identities.iter().map(IdentitySent::from).collect(),
            occurred_at: envelope.original_at.map(|time| time.to_string()),
            sent_at: envelope.sent_at.map(|time| time.to_string()),
            properties: envelope
                .properties
                .iter()
                .map(|(name, value)| (name.clone(), to_json(value)))
                .collect(),
        }
    }
}

impl RepairSent {
    /// Reads it as the core does.
    ///
    /// # Errors
    /// A JSON pointer to what is wrong, and why.
    pub fn read(self) -> Result<Repair, (String, String)> {
        let identity = |(index, sent): (usize, &IdentitySent)| {
            sent.read().map_err(|error| (format!("/identities/{index}"), error))
        };
        let identities = self.identities.as_ref();
        let identities =
            identities.map(|sent| sent.iter().enumerate().map(identity).collect::<Result<_, _>>());
        let occurred_at = self.occurred_at.as_deref().map(Timestamp::parse).transpose();
        Ok(Repair {
            identities: identities.transpose()?,
            occurred_at: occurred_at.map_err(|error| ("/occurred_at".to_owned(), error))?,
            event: self.event,
            schema_version: self.schema_version,
            message_id: self.message_id,
            rename: self.rename,
            remove: self.remove,
            set: self.set.into_iter().map(|(path, json)| (path, value(json))).collect(),
        })
    }
}
