//! A profile: pseudonym, identity keys, consents.

use std::collections::BTreeMap;

use prost::Message;
use wink_core::base::{ProfileId, Timestamp};
use wink_core::profile::{Consent, IdentityKey, Profile, Purpose};

use crate::event::{from_state, to_state};
use crate::message::{Damaged, Stored, decode, id, unknown};

const WHAT: &str = "profile";

#[derive(Clone, PartialEq, Message)]
struct ProfileMessage {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(sint64, tag = "2")]
    created_at: i64,
    #[prost(bytes = "vec", repeated, tag = "3")]
    identities: Vec<Vec<u8>>,
    /// By purpose: 1 personalisation, 2 newsletter.
    #[prost(btree_map = "uint32, message", tag = "4")]
    consents: BTreeMap<u32, ConsentMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct ConsentMessage {
    #[prost(uint32, tag = "1")]
    state: u32,
    #[prost(sint64, tag = "2")]
    at: i64,
    #[prost(string, tag = "3")]
    method: String,
    #[prost(string, optional, tag = "4")]
    surface: Option<String>,
    #[prost(string, optional, tag = "5")]
    text_version: Option<String>,
    #[prost(string, optional, tag = "6")]
    text_hash: Option<String>,
    #[prost(string, optional, tag = "7")]
    recorded_by: Option<String>,
    #[prost(string, optional, tag = "8")]
    source: Option<String>,
}

impl Stored for Profile {
    fn to_bytes(&self) -> Vec<u8> {
        ProfileMessage {
            id: self.id.bytes().to_vec(),
            created_at: self.created_at.0,
            identities: self.identities.iter().map(|key| key.0.to_vec()).collect(),
            consents: self
                .consents
                .iter()
                .map(|(purpose, consent)| (to_purpose(*purpose), to_consent(consent)))
                .collect(),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: ProfileMessage = decode(WHAT, bytes)?;
        let mut profile =
            Self::new(ProfileId::from_bytes(id(WHAT, &message.id)?), Timestamp(message.created_at));
        for key in &message.identities {
            profile.identities.insert(IdentityKey(id(WHAT, key)?));
        }
        for (purpose, consent) in message.consents {
            profile.consents.insert(from_purpose(WHAT, purpose)?, from_consent(consent)?);
        }
        Ok(profile)
    }
}

fn to_consent(consent: &Consent) -> ConsentMessage {
    ConsentMessage {
        state: to_state(consent.state),
        at: consent.at.0,
        method: consent.method.clone(),
        surface: consent.surface.clone(),
        text_version: consent.text_version.clone(),
        text_hash: consent.text_hash.clone(),
        recorded_by: consent.recorded_by.clone(),
        source: consent.source.clone(),
    }
}

fn from_consent(message: ConsentMessage) -> Result<Consent, Damaged> {
    Ok(Consent {
        state: from_state(WHAT, message.state)?,
        at: Timestamp(message.at),
        method: message.method,
        surface: message.surface,
        text_version: message.text_version,
        text_hash: message.text_hash,
        recorded_by: message.recorded_by,
        source: message.source,
    })
}

pub(crate) fn to_purpose(purpose: Purpose) -> u32 {
    match purpose {
        Purpose::Personalisation => 1,
        Purpose::Newsletter => 2,
    }
}

pub(crate) fn from_purpose(what: &'static str, number: u32) -> Result<Purpose, Damaged> {
    match number {
        1 => Ok(Purpose::Personalisation),
        2 => Ok(Purpose::Newsletter),
        _ => Err(unknown(what, "purpose", number)),
    }
}
