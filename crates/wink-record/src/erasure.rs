//! That somebody was erased, told by pseudonym and keyed hashes only, so that it can be done again in an older state of the store.

use prost::Message;
use wink_core::base::{ProfileId, Timestamp};
use wink_core::profile::IdentityKey;

use crate::message::{Damaged, Stored, decode, id};

const WHAT: &str = "erasure";

/// An erasure. It is told from another by its tenant, its profile and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Whose person it was.
    pub tenant: u32,
    /// Who.
    pub profile: ProfileId,
    /// When.
    pub at: Timestamp,
    /// What the person was known as.
    pub identities: Vec<IdentityKey>,
}

#[derive(Clone, PartialEq, Message)]
struct ErasureMessage {
    #[prost(uint32, tag = "1")]
    tenant: u32,
    #[prost(bytes = "vec", tag = "2")]
    profile: Vec<u8>,
    #[prost(sint64, tag = "3")]
    at: i64,
    #[prost(bytes = "vec", repeated, tag = "4")]
    identities: Vec<Vec<u8>>,
}

impl Stored for Erasure {
    fn to_bytes(&self) -> Vec<u8> {
        ErasureMessage {
            tenant: self.tenant,
            profile: self.profile.bytes().to_vec(),
            at: self.at.0,
            identities: self.identities.iter().map(|key| key.0.to_vec()).collect(),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: ErasureMessage = decode(WHAT, bytes)?;
        let identities = message.identities.iter().map(|key| id(WHAT, key).map(IdentityKey));
        Ok(Self {
            tenant: message.tenant,
            profile: ProfileId::from_bytes(id(WHAT, &message.profile)?),
            at: Timestamp(message.at),
            identities: identities.collect::<Result<_, _>>()?,
        })
    }
}
