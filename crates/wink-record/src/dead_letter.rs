//! A message that was not accepted, with its bytes as they came. Lies in the store sealed only: nobody has checked what is in it. What
//! a list shows of it lies in a head of its own, in clear, and says nothing a sender wrote.

use std::collections::BTreeMap;

use prost::Message;
use wink_core::base::Timestamp;
use wink_core::event::{Envelope, Identity};
use wink_core::profile::IdentityKey;

use crate::message::{Damaged, Stored, decode, id, millis};
use crate::value::{ValueMessage, from_fields, to_fields};

const WHAT: &str = "dead letter";

/// A message that was not accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// Who sent it.
    pub source: String,
    /// When it arrived.
    pub received_at: Timestamp,
    /// The stable code of the reason.
    pub code: String,
    /// The reason in words.
    pub reason: String,
    /// The message as it came.
    pub original: Vec<u8>,
    /// The message as it was read, to be sent on once it is repaired. `None` if it nests too deep to be kept so, or is older than
    /// this field.
    pub envelope: Option<Envelope>,
}

/// What a list shows of a dead letter, and what finds it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterHead {
    /// Who sent it.
    pub source: String,
    /// The stable code of the reason.
    pub code: String,
    /// How often the same message came.
    pub times: u32,
    /// The keys of the identities it names, so that it goes with the person.
    pub identities: Vec<IdentityKey>,
}

#[derive(Clone, PartialEq, Message)]
struct DeadLetterMessage {
    #[prost(string, tag = "1")]
    source: String,
    #[prost(sint64, tag = "2")]
    received_at: i64,
    #[prost(string, tag = "3")]
    code: String,
    #[prost(string, tag = "4")]
    reason: String,
    #[prost(bytes = "vec", tag = "5")]
    original: Vec<u8>,
    #[prost(message, optional, tag = "6")]
    envelope: Option<EnvelopeMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct EnvelopeMessage {
    #[prost(string, tag = "1")]
    message_id: String,
    #[prost(string, tag = "2")]
    event: String,
    #[prost(string, optional, tag = "3")]
    schema_version: Option<String>,
    #[prost(message, repeated, tag = "4")]
    identities: Vec<IdentityMessage>,
    #[prost(sint64, optional, tag = "5")]
    original_at: Option<i64>,
    #[prost(sint64, optional, tag = "6")]
    sent_at: Option<i64>,
    #[prost(btree_map = "string, message", tag = "7")]
    properties: BTreeMap<String, ValueMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct IdentityMessage {
    #[prost(string, tag = "1")]
    namespace: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct HeadMessage {
    #[prost(string, tag = "1")]
    source: String,
    #[prost(string, tag = "2")]
    code: String,
    #[prost(uint32, tag = "3")]
    times: u32,
    #[prost(bytes = "vec", repeated, tag = "4")]
    identities: Vec<Vec<u8>>,
}

impl Stored for DeadLetter {
    fn to_bytes(&self) -> Vec<u8> {
        DeadLetterMessage {
            source: self.source.clone(),
            received_at: self.received_at.0,
            code: self.code.clone(),
            reason: self.reason.clone(),
            original: self.original.clone(),
            envelope: self.envelope.as_ref().map(to_envelope),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: DeadLetterMessage = decode(WHAT, bytes)?;
        let source = message.source.clone();
        Ok(Self {
            envelope: message.envelope.map(|envelope| from_envelope(source, envelope)).transpose()?,
            source: message.source,
            received_at: Timestamp(message.received_at),
            code: message.code,
            reason: message.reason,
            original: message.original,
        })
    }
}

impl Stored for LetterHead {
    fn to_bytes(&self) -> Vec<u8> {
        HeadMessage {
            source: self.source.clone(),
            code: self.code.clone(),
            times: self.times,
            identities: self.identities.iter().map(|key| key.0.to_vec()).collect(),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: HeadMessage = decode("head of a dead letter", bytes)?;
        let key = |bytes: &Vec<u8>| Ok(IdentityKey(id("head of a dead letter", bytes)?));
        Ok(Self {
            identities: message.identities.iter().map(key).collect::<Result<_, Damaged>>()?,
            source: message.source,
            code: message.code,
            times: message.times,
        })
    }
}

fn to_envelope(envelope: &Envelope) -> EnvelopeMessage {
    let identity = |identity: &Identity| IdentityMessage {
        namespace: identity.namespace().to_owned(),
        value: identity.value().to_owned(),
    };
    EnvelopeMessage {
        message_id: envelope.message_id.clone(),
        event: envelope.event.clone(),
        schema_version: envelope.schema_version.clone(),
        identities: envelope.identities.iter().map(identity).collect(),
        original_at: millis(envelope.original_at),
        sent_at: millis(envelope.sent_at),
        properties: to_fields(&envelope.properties),
    }
}

fn from_envelope(source: String, message: EnvelopeMessage) -> Result<Envelope, Damaged> {
    let identity = |identity: IdentityMessage| {
        Identity::new(&identity.namespace, &identity.value)
            .map_err(|error| Damaged { what: WHAT, why: error.to_string() })
    };
    Ok(Envelope {
        source,
        message_id: message.message_id,
        event: message.event,
        schema_version: message.schema_version,
        identities: message.identities.into_iter().map(identity).collect::<Result<_, _>>()?,
        original_at: message.original_at.map(Timestamp),
        sent_at: message.sent_at.map(Timestamp),
        properties: from_fields(message.properties),
    })
}
