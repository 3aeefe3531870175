//! A household: its members, and what those had who are gone.

use std::collections::BTreeMap;

use prost::Message;
use wink_core::base::{HouseholdId, OfferId, ProfileId, Timestamp};
use wink_core::profile::{Counted, Had, Household, Member, Residence};

use crate::event::offer;
use crate::message::{Damaged, Stored, decode, id};

const WHAT: &str = "household";

#[derive(Clone, PartialEq, Message)]
struct HouseholdMessage {
    #[prost(message, repeated, tag = "1")]
    members: Vec<MemberMessage>,
    #[prost(message, repeated, tag = "2")]
    gone: Vec<HadMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct MemberMessage {
    #[prost(bytes = "vec", tag = "1")]
    profile: Vec<u8>,
    #[prost(sint64, tag = "2")]
    at: i64,
    #[prost(string, tag = "3")]
    source: String,
}

#[derive(Clone, PartialEq, Message)]
struct HadMessage {
    #[prost(string, tag = "1")]
    offer: String,
    #[prost(uint32, tag = "2")]
    given: u32,
    #[prost(uint32, tag = "3")]
    held_out: u32,
}

impl Stored for Household {
    fn to_bytes(&self) -> Vec<u8> {
        let member = |(profile, member): (&ProfileId, &Member)| MemberMessage {
            profile: profile.bytes().to_vec(),
            at: member.at.0,
            source: member.source.clone(),
        };
        let had = |(offer, had): (&OfferId, &Had)| HadMessage {
            offer: offer.to_string(),
            given: had.given,
            held_out: had.held_out,
        };
        HouseholdMessage {
            members: self.members.iter().map(member).collect(),
            gone: self.gone.iter().map(had).collect(),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: HouseholdMessage = decode(WHAT, bytes)?;
        let mut members = BTreeMap::new();
        for member in message.members {
            let profile = ProfileId::from_bytes(id(WHAT, &member.profile)?);
            members.insert(profile, Member { at: Timestamp(member.at), source: member.source });
        }
        let mut gone = BTreeMap::new();
        for had in message.gone {
            gone.insert(offer(WHAT, &had.offer)?, Had { given: had.given, held_out: had.held_out });
        }
        Ok(Self { members, gone })
    }
}

/// The last word about somebody's household, as their profile has it.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ResidenceMessage {
    /// Unset for none any more.
    #[prost(bytes = "vec", optional, tag = "1")]
    household: Option<Vec<u8>>,
    #[prost(sint64, tag = "2")]
    at: i64,
    #[prost(string, tag = "3")]
    source: String,
}

/// How many entries of somebody's wallet were counted with a household they left.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct CountedMessage {
    #[prost(bytes = "vec", tag = "1")]
    household: Vec<u8>,
    #[prost(uint32, tag = "2")]
    entries: u32,
}

pub(crate) fn to_residence(residence: &Residence) -> ResidenceMessage {
    ResidenceMessage {
        household: residence.household.map(|household| household.bytes().to_vec()),
        at: residence.at.0,
        source: residence.source.clone(),
    }
}

pub(crate) fn from_residence(what: &'static str, message: ResidenceMessage) -> Result<Residence, Damaged> {
    let household = message.household.map(|household| id(what, &household)).transpose()?;
    Ok(Residence {
        household: household.map(HouseholdId::from_bytes),
        at: Timestamp(message.at),
        source: message.source,
    })
}

pub(crate) fn to_counted(counted: &Counted) -> Vec<CountedMessage> {
    let message = |(household, entries): (HouseholdId, u32)| CountedMessage {
        household: household.bytes().to_vec(),
        entries,
    };
    counted.all().map(message).collect()
}

pub(crate) fn from_counted(what: &'static str, messages: &[CountedMessage]) -> Result<Counted, Damaged> {
    let mut counted = Vec::with_capacity(messages.len());
    for message in messages {
        counted.push((HouseholdId::from_bytes(id(what, &message.household)?), message.entries));
    }
    Ok(Counted::new(counted))
}
