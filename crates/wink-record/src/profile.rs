//! A profile: pseudonym, identity keys, consents.

use std::collections::BTreeMap;

use prost::Message;
use wink_core::base::{ProfileId, Timestamp};
use wink_core::event::Mechanism;
use wink_core::profile::{Consent, IdentityKey, Link, Profile, Purpose};

use crate::event::{from_mechanism, from_state, to_mechanism, to_state};
use crate::household::{
    CountedMessage, ResidenceMessage, from_counted, from_residence, to_counted, to_residence,
};
use crate::message::{Damaged, Stored, decode, id, present, unknown};

const WHAT: &str = "profile";

#[derive(Clone, PartialEq, Message)]
struct ProfileMessage {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(sint64, tag = "2")]
    created_at: i64,
    #[prost(bytes = "vec", repeated, tag = "3")]
    identities: Vec<Vec<u8>>,
    /// The shop's own words, by purpose: 1 personalisation, 2 newsletter.
    #[prost(btree_map = "uint32, message", tag = "4")]
    consents: BTreeMap<u32, ConsentMessage>,
    /// Words that came another way, by purpose and mechanism.
    #[prost(message, repeated, tag = "5")]
    others: Vec<OtherMessage>,
    #[prost(message, repeated, tag = "6")]
    links: Vec<LinkMessage>,
    /// Profiles that were taken away from this one.
    #[prost(bytes = "vec", repeated, tag = "7")]
    apart: Vec<Vec<u8>>,
    #[prost(message, optional, tag = "8")]
    residence: Option<ResidenceMessage>,
    #[prost(message, repeated, tag = "9")]
    counted: Vec<CountedMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct LinkMessage {
    #[prost(bytes = "vec", tag = "1")]
    profile: Vec<u8>,
    #[prost(sint64, tag = "2")]
    at: i64,
    #[prost(string, tag = "3")]
    source: String,
}

#[derive(Clone, PartialEq, Message)]
struct OtherMessage {
    #[prost(uint32, tag = "1")]
    purpose: u32,
    /// Numbered as in events.
    #[prost(uint32, tag = "2")]
    mechanism: u32,
    #[prost(message, optional, tag = "3")]
    word: Option<ConsentMessage>,
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
        let (mut consents, mut others) = (BTreeMap::new(), Vec::new());
        for (purpose, words) in &self.consents {
            let purpose = to_purpose(*purpose);
            for word in words.all() {
                // The shop's own words lie where they lay when there were no others.
                if word.mechanism == Mechanism::Cmp {
                    consents.insert(purpose, to_consent(word));
                } else {
                    let mechanism = to_mechanism(word.mechanism);
                    others.push(OtherMessage { purpose, mechanism, word: Some(to_consent(word)) });
                }
            }
        }
        ProfileMessage {
            id: self.id.bytes().to_vec(),
            created_at: self.created_at.0,
            identities: self.identities.iter().map(|key| key.0.to_vec()).collect(),
            consents,
            others,
            links: self.links.iter().map(to_link).collect(),
            apart: self.apart.iter().map(|profile| profile.bytes().to_vec()).collect(),
            residence: self.residence.as_ref().map(to_residence),
            counted: to_counted(&self.counted),
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
        let own = message.consents.into_iter().map(|(purpose, word)| (purpose, 0, Some(word)));
        let others = message.others.into_iter().map(|other| (other.purpose, other.mechanism, other.word));
        for (purpose, mechanism, word) in own.chain(others) {
            let mechanism = from_mechanism(WHAT, mechanism)?;
            let word = from_consent(present(WHAT, "word", word)?, mechanism)?;
            profile.consents.entry(from_purpose(WHAT, purpose)?).or_default().hear(word);
        }
        for link in message.links {
            let other = ProfileId::from_bytes(id(WHAT, &link.profile)?);
            profile.links.insert(other, Link { at: Timestamp(link.at), source: link.source });
        }
        for other in &message.apart {
            profile.apart.insert(ProfileId::from_bytes(id(WHAT, other)?));
        }
        profile.residence = message.residence.map(|word| from_residence(WHAT, word)).transpose()?;
        profile.counted = from_counted(WHAT, &message.counted)?;
        Ok(profile)
    }
}

fn to_link((profile, link): (&ProfileId, &Link)) -> LinkMessage {
    LinkMessage { profile: profile.bytes().to_vec(), at: link.at.0, source: link.source.clone() }
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

fn from_consent(message: ConsentMessage, mechanism: Mechanism) -> Result<Consent, Damaged> {
    Ok(Consent {
        state: from_state(WHAT, message.state)?,
        at: Timestamp(message.at),
        method: message.method,
        mechanism,
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
        Purpose::Location => 3,
    }
}

pub(crate) fn from_purpose(what: &'static str, number: u32) -> Result<Purpose, Damaged> {
    match number {
        1 => Ok(Purpose::Personalisation),
        2 => Ok(Purpose::Newsletter),
        3 => Ok(Purpose::Location),
        _ => Err(unknown(what, "purpose", number)),
    }
}
