//! Webhooks: the endpoints, the messages, and how far each delivery is. Secrets lie in the store sealed only.

use std::collections::BTreeSet;

use prost::{Message, Oneof};
use wink_core::base::{MessageId, Timestamp, WebhookId};

use crate::message::{Damaged, Stored, decode, id, present, unknown};

/// What a message tells of. Stored and sent by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MessageType {
    /// A decision was made, whatever its answer.
    DecisionMade,
    /// A coupon was issued.
    CouponIssued,
    /// A coupon was redeemed.
    CouponRedeemed,
    /// A redemption, or some of it, was taken back.
    CouponReversed,
    /// A coupon will run out in some days, and its person wants to be told.
    CouponExpiring,
    /// A coupon ran out.
    CouponExpired,
    /// Somebody who has granted what a segment is for came into it.
    SegmentEntered,
    /// Somebody left a segment, or takes back what it is for.
    SegmentLeft,
    /// Nothing happened: somebody tries whether the endpoint works.
    WebhookTest,
}

impl MessageType {
    /// What an endpoint can ask for.
    pub const ALL: [Self; 8] = [
        Self::DecisionMade,
        Self::CouponIssued,
        Self::CouponRedeemed,
        Self::CouponReversed,
        Self::CouponExpiring,
        Self::CouponExpired,
        Self::SegmentEntered,
        Self::SegmentLeft,
    ];

    /// Spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::DecisionMade => "decision.made",
            Self::CouponIssued => "coupon.issued",
            Self::CouponRedeemed => "coupon.redeemed",
            Self::CouponReversed => "coupon.reversed",
            Self::CouponExpiring => "coupon.expiring",
            Self::CouponExpired => "coupon.expired",
            Self::SegmentEntered => "segment.entered",
            Self::SegmentLeft => "segment.left",
            Self::WebhookTest => "webhook.test",
        }
    }

    /// Reads what an endpoint can ask for.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text)
    }

    fn stored(what: &'static str, text: &str) -> Result<Self, Damaged> {
        let all = Self::ALL.into_iter().chain([Self::WebhookTest]);
        all.into_iter().find(|kind| kind.name() == text).ok_or_else(|| unknown(what, "type", text))
    }
}

/// A secret shared with a receiver, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecret {
    /// The sealed bytes.
    pub sealed: Vec<u8>,
    /// Until when it signs; `None` for the newest.
    pub until: Option<Timestamp>,
}

/// Why an endpoint gets nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disabled {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

/// An endpoint that webhooks are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// Its id.
    pub id: WebhookId,
    /// Where to send.
    pub url: String,
    /// What it wants to hear of.
    pub types: BTreeSet<MessageType>,
    /// What its messages are signed with, the newest first.
    pub secrets: Vec<SealedSecret>,
    /// `None` while it is active.
    pub disabled: Option<Disabled>,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// A message, the same for every endpoint that gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookMessage {
    /// Its id.
    pub id: MessageId,
    /// What it tells of.
    pub kind: MessageType,
    /// When that happened.
    pub at: Timestamp,
    /// The body, as it is signed and sent.
    pub body: Vec<u8>,
}

/// The delivery of one message to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// To whom.
    pub endpoint: WebhookId,
    /// What.
    pub message: MessageId,
    /// What it tells of.
    pub kind: MessageType,
    /// How often it was tried since it was queued, or last replayed.
    pub attempts: u32,
    /// When it was tried first since then.
    pub first_at: Option<Timestamp>,
    /// What became of the last attempt, in words.
    pub said: String,
    /// How far it is.
    pub state: DeliveryState,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is tried again.
    Waiting {
        /// Not before.
        due: Timestamp,
    },
    /// The receiver took it.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// It is not tried any more, unless somebody replays it.
    Dead {
        /// Since when.
        at: Timestamp,
    },
}

#[derive(Clone, PartialEq, Message)]
struct EndpointMessage {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(string, tag = "2")]
    url: String,
    #[prost(string, repeated, tag = "3")]
    types: Vec<String>,
    #[prost(message, repeated, tag = "4")]
    secrets: Vec<SecretMessage>,
    #[prost(message, optional, tag = "5")]
    disabled: Option<DisabledMessage>,
    #[prost(sint64, tag = "6")]
    created_at: i64,
}

#[derive(Clone, PartialEq, Message)]
struct SecretMessage {
    #[prost(bytes = "vec", tag = "1")]
    sealed: Vec<u8>,
    #[prost(sint64, optional, tag = "2")]
    until: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct DisabledMessage {
    #[prost(sint64, tag = "1")]
    at: i64,
    #[prost(string, tag = "2")]
    why: String,
}

impl Stored for WebhookEndpoint {
    fn to_bytes(&self) -> Vec<u8> {
        let secret = |secret: &SealedSecret| SecretMessage {
            sealed: secret.sealed.clone(),
            until: secret.until.map(|until| until.0),
        };
        let disabled = |disabled: &Disabled| DisabledMessage { at: disabled.at.0, why: disabled.why.clone() };
        EndpointMessage {
            id: self.id.bytes().to_vec(),
            url: self.url.clone(),
            types: self.types.iter().map(|kind| kind.name().to_owned()).collect(),
            secrets: self.secrets.iter().map(secret).collect(),
            disabled: self.disabled.as_ref().map(disabled),
            created_at: self.created_at.0,
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        const WHAT: &str = "webhook endpoint";
        let message: EndpointMessage = decode(WHAT, bytes)?;
        let secret = |secret: SecretMessage| SealedSecret {
            sealed: secret.sealed,
            until: secret.until.map(Timestamp),
        };
        let disabled = |disabled: DisabledMessage| Disabled { at: Timestamp(disabled.at), why: disabled.why };
        let types = message.types.iter().map(|kind| MessageType::stored(WHAT, kind));
        Ok(Self {
            id: WebhookId::from_bytes(id(WHAT, &message.id)?),
            url: message.url,
            types: types.collect::<Result<_, _>>()?,
            secrets: message.secrets.into_iter().map(secret).collect(),
            disabled: message.disabled.map(disabled),
            created_at: Timestamp(message.created_at),
        })
    }
}

#[derive(Clone, PartialEq, Message)]
struct MessageMessage {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(string, tag = "2")]
    kind: String,
    #[prost(sint64, tag = "3")]
    at: i64,
    #[prost(bytes = "vec", tag = "4")]
    body: Vec<u8>,
}

impl Stored for WebhookMessage {
    fn to_bytes(&self) -> Vec<u8> {
        MessageMessage {
            id: self.id.bytes().to_vec(),
            kind: self.kind.name().to_owned(),
            at: self.at.0,
            body: self.body.clone(),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        const WHAT: &str = "webhook message";
        let message: MessageMessage = decode(WHAT, bytes)?;
        Ok(Self {
            id: MessageId::from_bytes(id(WHAT, &message.id)?),
            kind: MessageType::stored(WHAT, &message.kind)?,
            at: Timestamp(message.at),
            body: message.body,
        })
    }
}

#[derive(Clone, PartialEq, Message)]
struct DeliveryMessage {
    #[prost(bytes = "vec", tag = "1")]
    endpoint: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    message: Vec<u8>,
    #[prost(string, tag = "3")]
    kind: String,
    #[prost(uint32, tag = "4")]
    attempts: u32,
    #[prost(sint64, optional, tag = "5")]
    first_at: Option<i64>,
    #[prost(string, tag = "6")]
    said: String,
    #[prost(oneof = "DeliveryStateMessage", tags = "7, 8, 9")]
    state: Option<DeliveryStateMessage>,
}

#[derive(Clone, PartialEq, Oneof)]
enum DeliveryStateMessage {
    #[prost(sint64, tag = "7")]
    Due(i64),
    #[prost(sint64, tag = "8")]
    DeliveredAt(i64),
    #[prost(sint64, tag = "9")]
    DeadAt(i64),
}

impl Stored for Delivery {
    fn to_bytes(&self) -> Vec<u8> {
        let state = match self.state {
            DeliveryState::Waiting { due } => DeliveryStateMessage::Due(due.0),
            DeliveryState::Delivered { at } => DeliveryStateMessage::DeliveredAt(at.0),
            DeliveryState::Dead { at } => DeliveryStateMessage::DeadAt(at.0),
        };
        DeliveryMessage {
            endpoint: self.endpoint.bytes().to_vec(),
            message: self.message.bytes().to_vec(),
            kind: self.kind.name().to_owned(),
            attempts: self.attempts,
            first_at: self.first_at.map(|at| at.0),
            said: self.said.clone(),
            state: Some(state),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        const WHAT: &str = "webhook delivery";
        let message: DeliveryMessage = decode(WHAT, bytes)?;
        let state = match present(WHAT, "state", message.state)? {
            DeliveryStateMessage::Due(due) => DeliveryState::Waiting { due: Timestamp(due) },
            DeliveryStateMessage::DeliveredAt(at) => DeliveryState::Delivered { at: Timestamp(at) },
            DeliveryStateMessage::DeadAt(at) => DeliveryState::Dead { at: Timestamp(at) },
        };
        Ok(Self {
            endpoint: WebhookId::from_bytes(id(WHAT, &message.endpoint)?),
            message: MessageId::from_bytes(id(WHAT, &message.message)?),
            kind: MessageType::stored(WHAT, &message.kind)?,
            attempts: message.attempts,
            first_at: message.first_at.map(Timestamp),
            said: message.said,
            state,
        })
    }
}
