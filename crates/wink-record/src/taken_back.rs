//! What was taken back and must stay so in an older state of the store: somebody's consent, told by pseudonym and keyed hash only, and a key.

use prost::Message;
use wink_core::base::{ProfileId, Timestamp};
use wink_core::event::{ConsentState, Mechanism};
use wink_core::profile::{IdentityKey, Purpose};

use crate::event::{from_mechanism, from_state, to_mechanism, to_state};
use crate::message::{Damaged, Stored, decode, id};
use crate::profile::{from_purpose, to_purpose};

const WITHDRAWAL: &str = "withdrawal";
const KEY_END: &str = "end of a key";

/// A word that ended what a person had granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Whose person it is.
    pub tenant: u32,
    /// Who said it.
    pub profile: ProfileId,
    /// Under which name.
    pub identity: IdentityKey,
    /// Which purpose it is about.
    pub purpose: Purpose,
    /// What was said: a no of either kind.
    pub state: ConsentState,
    /// By which way.
    pub mechanism: Mechanism,
    /// When.
    pub at: Timestamp,
    /// Who told Wink.
    pub source: String,
}

#[derive(Clone, PartialEq, Message)]
struct WithdrawalMessage {
    #[prost(uint32, tag = "1")]
    tenant: u32,
    #[prost(bytes = "vec", tag = "2")]
    profile: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    identity: Vec<u8>,
    #[prost(uint32, tag = "4")]
    purpose: u32,
    #[prost(uint32, tag = "5")]
    state: u32,
    #[prost(uint32, tag = "6")]
    mechanism: u32,
    #[prost(sint64, tag = "7")]
    at: i64,
    #[prost(string, tag = "8")]
    source: String,
}

impl Stored for Withdrawal {
    fn to_bytes(&self) -> Vec<u8> {
        WithdrawalMessage {
            tenant: self.tenant,
            profile: self.profile.bytes().to_vec(),
            identity: self.identity.0.to_vec(),
            purpose: to_purpose(self.purpose),
            state: to_state(self.state),
            mechanism: to_mechanism(self.mechanism),
            at: self.at.0,
            source: self.source.clone(),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: WithdrawalMessage = decode(WITHDRAWAL, bytes)?;
        Ok(Self {
            tenant: message.tenant,
            profile: ProfileId::from_bytes(id(WITHDRAWAL, &message.profile)?),
            identity: IdentityKey(id(WITHDRAWAL, &message.identity)?),
            purpose: from_purpose(WITHDRAWAL, message.purpose)?,
            state: from_state(WITHDRAWAL, message.state)?,
            mechanism: from_mechanism(WITHDRAWAL, message.mechanism)?,
            at: Timestamp(message.at),
            source: message.source,
        })
    }
}

/// That a key ends: because it was revoked, or because another took its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEnd {
    /// The key's id.
    pub key: [u8; 16],
    /// From when on it opens nothing.
    pub ends_at: Timestamp,
    /// Whether somebody revoked it.
    pub revoked: bool,
}

#[derive(Clone, PartialEq, Message)]
struct KeyEndMessage {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
    #[prost(sint64, tag = "2")]
    ends_at: i64,
    #[prost(bool, tag = "3")]
    revoked: bool,
}

impl Stored for KeyEnd {
    fn to_bytes(&self) -> Vec<u8> {
        KeyEndMessage { key: self.key.to_vec(), ends_at: self.ends_at.0, revoked: self.revoked }
            .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: KeyEndMessage = decode(KEY_END, bytes)?;
        Ok(Self {
            key: id(KEY_END, &message.key)?,
            ends_at: Timestamp(message.ends_at),
            revoked: message.revoked,
        })
    }
}
