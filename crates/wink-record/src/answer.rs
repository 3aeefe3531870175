//! An answer that was given under an idempotency key, kept to the byte.

use prost::Message;

use crate::message::{Damaged, Stored, decode, narrow};

const WHAT: &str = "answer";

/// What was answered: given again to whoever asks the same again. Whoever keeps it seals the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct AnswerMessage {
    #[prost(uint32, tag = "1")]
    status: u32,
    #[prost(bytes = "vec", tag = "2")]
    body: Vec<u8>,
}

impl Stored for KeptAnswer {
    fn to_bytes(&self) -> Vec<u8> {
        AnswerMessage { status: u32::from(self.status), body: self.body.clone() }.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: AnswerMessage = decode(WHAT, bytes)?;
        Ok(Self { status: narrow(WHAT, "status", u64::from(message.status))?, body: message.body })
    }
}
