//! A message that was not accepted, with its bytes as they came. Lies in the store sealed only: nobody has checked what is in it.

use prost::Message;
use wink_core::base::Timestamp;

use crate::message::{Damaged, Stored, decode};

/// A message that was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

impl Stored for DeadLetter {
    fn to_bytes(&self) -> Vec<u8> {
        DeadLetterMessage {
            source: self.source.clone(),
            received_at: self.received_at.0,
            code: self.code.clone(),
            reason: self.reason.clone(),
            original: self.original.clone(),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: DeadLetterMessage = decode("dead letter", bytes)?;
        Ok(Self {
            source: message.source,
            received_at: Timestamp(message.received_at),
            code: message.code,
            reason: message.reason,
            original: message.original,
        })
    }
}
