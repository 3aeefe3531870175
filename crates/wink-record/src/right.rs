//! The right to a coupon.

use prost::{Message, Oneof};
use wink_core::base::{Cents, CouponId, DecisionId, ProfileId, Timestamp};
use wink_core::coupon::{Right, RightState};

use crate::event::{campaign, offer};
use crate::message::{Damaged, Stored, decode, id, present};

const WHAT: &str = "right";

#[derive(Clone, PartialEq, Message)]
struct RightMessage {
    #[prost(bytes = "vec", tag = "1")]
    decision: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    coupon: Vec<u8>,
    #[prost(bytes = "vec", optional, tag = "3")]
    profile: Option<Vec<u8>>,
    #[prost(string, tag = "4")]
    campaign: String,
    #[prost(string, tag = "5")]
    offer: String,
    #[prost(sint64, tag = "6")]
    reserved: i64,
    #[prost(sint64, tag = "7")]
    accept_by: i64,
    #[prost(oneof = "StateMessage", tags = "8, 9, 10, 11")]
    state: Option<StateMessage>,
}

#[derive(Clone, PartialEq, Oneof)]
enum StateMessage {
    #[prost(bool, tag = "8")]
    Open(bool),
    #[prost(sint64, tag = "9")]
    AcceptedAt(i64),
    #[prost(sint64, tag = "10")]
    LapsedAt(i64),
    #[prost(sint64, tag = "11")]
    RevokedAt(i64),
}

impl Stored for Right {
    fn to_bytes(&self) -> Vec<u8> {
        let state = match self.state {
            RightState::Open => StateMessage::Open(true),
            RightState::Accepted { at } => StateMessage::AcceptedAt(at.0),
            RightState::Lapsed { at } => StateMessage::LapsedAt(at.0),
            RightState::Revoked { at } => StateMessage::RevokedAt(at.0),
        };
        RightMessage {
            decision: self.decision.bytes().to_vec(),
            coupon: self.coupon.bytes().to_vec(),
            profile: self.profile.map(|profile| profile.bytes().to_vec()),
            campaign: self.campaign.to_string(),
            offer: self.offer.to_string(),
            reserved: self.reserved.0,
            accept_by: self.accept_by.0,
            state: Some(state),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: RightMessage = decode(WHAT, bytes)?;
        let state = match present(WHAT, "state", message.state)? {
            StateMessage::Open(_) => RightState::Open,
            StateMessage::AcceptedAt(at) => RightState::Accepted { at: Timestamp(at) },
            StateMessage::LapsedAt(at) => RightState::Lapsed { at: Timestamp(at) },
            StateMessage::RevokedAt(at) => RightState::Revoked { at: Timestamp(at) },
        };
        let profile = message.profile.map(|bytes| id(WHAT, &bytes)).transpose()?;
        Ok(Self {
            decision: DecisionId::from_bytes(id(WHAT, &message.decision)?),
            coupon: CouponId::from_bytes(id(WHAT, &message.coupon)?),
            profile: profile.map(ProfileId::from_bytes),
            campaign: campaign(WHAT, &message.campaign)?,
            offer: offer(WHAT, &message.offer)?,
            reserved: Cents(message.reserved),
            accept_by: Timestamp(message.accept_by),
            state,
        })
    }
}
