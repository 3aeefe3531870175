//! An event as the journal keeps it.

use std::collections::BTreeMap;

use prost::{Message, Oneof};
use wink_core::base::{
    CampaignId, Cents, CouponId, DecisionId, EventId, OfferId, ProfileId, RedemptionId, Timestamp,
};
use wink_core::event::{
    Attributes, Body, ChannelScored, ConsentChange, ConsentState, Exposure, ExposureKind, HouseholdChange,
    Issued, Line, Mechanism, Observed, Order, Redeemed, Reversed, RightGiven, Scored, UsedCoupon,
};
use wink_core::profile::{IdentityKey, Kept};

use crate::message::{Damaged, Stored, decode, id, millis, present, unknown};
use crate::value::{ValueMessage, from_fields, to_fields};

const WHAT: &str = "event";

#[derive(Clone, PartialEq, Message)]
struct EventMessage {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    profile: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    identity: Vec<u8>,
    #[prost(string, tag = "4")]
    source: String,
    #[prost(string, tag = "5")]
    message_id: String,
    #[prost(sint64, tag = "6")]
    occurred_at: i64,
    #[prost(sint64, optional, tag = "7")]
    sent_at: Option<i64>,
    #[prost(sint64, tag = "8")]
    received_at: i64,
    #[prost(sint64, optional, tag = "9")]
    original_at: Option<i64>,
    #[prost(bool, tag = "10")]
    late: bool,
    #[prost(sint64, optional, tag = "12")]
    accepted_at: Option<i64>,
    #[prost(btree_map = "string, message", tag = "11")]
    extra: BTreeMap<String, ValueMessage>,
    #[prost(oneof = "BodyMessage", tags = "20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32")]
    body: Option<BodyMessage>,
}

#[derive(Clone, PartialEq, Oneof)]
enum BodyMessage {
    #[prost(message, tag = "20")]
    OrderCompleted(OrderMessage),
    #[prost(message, tag = "21")]
    CouponApplied(UsedCouponMessage),
    #[prost(message, tag = "22")]
    Identify(IdentifyMessage),
    #[prost(message, tag = "23")]
    ConsentUpdated(ConsentMessage),
    #[prost(message, tag = "24")]
    CouponIssued(IssuedMessage),
    #[prost(message, tag = "25")]
    CouponRedeemed(RedeemedMessage),
    #[prost(message, tag = "26")]
    Exposed(ExposureMessage),
    #[prost(message, tag = "27")]
    Observed(ObservedMessage),
    #[prost(message, tag = "28")]
    RightGiven(RightGivenMessage),
    #[prost(message, tag = "29")]
    CouponReversed(ReversedMessage),
    #[prost(message, tag = "30")]
    Scored(ScoredMessage),
    #[prost(message, tag = "31")]
    HouseholdChanged(HouseholdChangeMessage),
    #[prost(message, tag = "32")]
    ChannelScored(ChannelScoredMessage),
}

#[derive(Clone, PartialEq, Message)]
struct OrderMessage {
    #[prost(string, tag = "1")]
    order_id: String,
    #[prost(string, optional, tag = "2")]
    store_id: Option<String>,
    #[prost(message, repeated, tag = "3")]
    lines: Vec<LineMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct LineMessage {
    #[prost(string, tag = "1")]
    product_id: String,
    #[prost(string, optional, tag = "2")]
    category: Option<String>,
    #[prost(uint64, tag = "3")]
    quantity: u64,
    #[prost(sint64, tag = "4")]
    paid: i64,
    #[prost(sint64, tag = "5")]
    discount: i64,
    #[prost(sint64, tag = "6")]
    coupon_discount: i64,
}

#[derive(Clone, PartialEq, Message)]
struct UsedCouponMessage {
    #[prost(string, tag = "1")]
    coupon_id: String,
    #[prost(string, optional, tag = "2")]
    campaign_id: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct IdentifyMessage {
    #[prost(btree_map = "string, message", tag = "1")]
    traits: BTreeMap<String, ValueMessage>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ConsentMessage {
    #[prost(string, tag = "1")]
    pub purpose: String,
    /// 1 granted, 2 denied, 3 withdrawn.
    #[prost(uint32, tag = "2")]
    pub state: u32,
    #[prost(string, tag = "3")]
    pub method: String,
    #[prost(string, optional, tag = "4")]
    pub surface: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub text_version: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub text_hash: Option<String>,
    #[prost(string, optional, tag = "7")]
    pub recorded_by: Option<String>,
    /// 0 the shop's own, which older messages mean; 1 GPC, 2 Consent Mode, 3 TCF, 5 signature, 6 account.
    #[prost(uint32, tag = "8")]
    pub mechanism: u32,
}

#[derive(Clone, PartialEq, Message)]
struct ExposureMessage {
    #[prost(bytes = "vec", tag = "1")]
    decision: Vec<u8>,
    /// 1 seen, 2 clicked, 3 dismissed.
    #[prost(uint32, tag = "2")]
    kind: u32,
}

#[derive(Clone, PartialEq, Message)]
struct IssuedMessage {
    #[prost(bytes = "vec", tag = "1")]
    coupon: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    decision: Vec<u8>,
    #[prost(string, tag = "3")]
    campaign: String,
    #[prost(string, tag = "4")]
    offer: String,
    #[prost(bool, tag = "5")]
    pushed: bool,
}

#[derive(Clone, PartialEq, Message)]
struct RightGivenMessage {
    #[prost(bytes = "vec", tag = "1")]
    decision: Vec<u8>,
    #[prost(string, tag = "2")]
    campaign: String,
    #[prost(string, tag = "3")]
    offer: String,
    #[prost(bool, tag = "4")]
    pushed: bool,
}

#[derive(Clone, PartialEq, Message)]
struct RedeemedMessage {
    #[prost(bytes = "vec", tag = "1")]
    coupon: Vec<u8>,
    #[prost(string, tag = "2")]
    order_id: String,
    #[prost(sint64, tag = "3")]
    amount: i64,
}

#[derive(Clone, PartialEq, Message)]
struct ReversedMessage {
    #[prost(bytes = "vec", tag = "1")]
    coupon: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    redemption: Vec<u8>,
    #[prost(string, tag = "3")]
    order_id: String,
    #[prost(sint64, tag = "4")]
    amount: i64,
}

#[derive(Clone, PartialEq, Message)]
struct ScoredMessage {
    #[prost(uint32, tag = "1")]
    version: u32,
    /// In millionths, as the next two.
    #[prost(sint64, tag = "2")]
    alive: i64,
    #[prost(sint64, tag = "3")]
    purchase: i64,
    #[prost(sint64, tag = "4")]
    purchases: i64,
    #[prost(sint64, optional, tag = "5")]
    value: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct ChannelScoredMessage {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(string, tag = "2")]
    channel: String,
    /// In millionths, as those that follow.
    #[prost(sint64, tag = "3")]
    rate: i64,
    #[prost(sint64, tag = "4")]
    lower: i64,
    #[prost(sint64, tag = "5")]
    upper: i64,
    #[prost(sint64, tag = "6")]
    probability: i64,
}

#[derive(Clone, PartialEq, Message)]
struct HouseholdChangeMessage {
    #[prost(string, optional, tag = "1")]
    household_id: Option<String>,
    #[prost(bool, tag = "2")]
    joins: bool,
}

#[derive(Clone, PartialEq, Message)]
struct ObservedMessage {
    #[prost(string, tag = "1")]
    name: String,
}

impl Stored for Kept {
    fn to_bytes(&self) -> Vec<u8> {
        EventMessage {
            id: self.id.bytes().to_vec(),
            profile: self.profile.bytes().to_vec(),
            identity: self.identity.0.to_vec(),
            source: self.source.clone(),
            message_id: self.message_id.clone(),
            occurred_at: self.occurred_at.0,
            sent_at: millis(self.sent_at),
            received_at: self.received_at.0,
            original_at: millis(self.original_at),
            accepted_at: millis(self.accepted_at),
            late: self.late,
            extra: to_fields(&self.extra),
            body: Some(to_body(&self.body)),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: EventMessage = decode(WHAT, bytes)?;
        Ok(Self {
            id: EventId::from_bytes(id(WHAT, &message.id)?),
            profile: ProfileId::from_bytes(id(WHAT, &message.profile)?),
            identity: IdentityKey(id(WHAT, &message.identity)?),
            source: message.source,
            message_id: message.message_id,
            occurred_at: Timestamp(message.occurred_at),
            sent_at: message.sent_at.map(Timestamp),
            received_at: Timestamp(message.received_at),
            original_at: message.original_at.map(Timestamp),
            accepted_at: message.accepted_at.map(Timestamp),
            late: message.late,
            extra: from_fields(message.extra),
            body: from_body(present(WHAT, "body", message.body)?)?,
        })
    }
}

fn to_body(body: &Body) -> BodyMessage {
    match body {
        Body::OrderCompleted(order) => BodyMessage::OrderCompleted(OrderMessage {
            order_id: order.order_id.clone(),
            store_id: order.store_id.clone(),
            lines: order.lines.iter().map(to_line).collect(),
        }),
        Body::CouponApplied(used) => BodyMessage::CouponApplied(UsedCouponMessage {
            coupon_id: used.coupon_id.clone(),
            campaign_id: used.campaign_id.clone(),
        }),
        Body::Identify(Attributes(traits)) => {
            BodyMessage::Identify(IdentifyMessage { traits: to_fields(traits) })
        }
        Body::ConsentUpdated(change) => BodyMessage::ConsentUpdated(ConsentMessage {
            purpose: change.purpose.clone(),
            state: to_state(change.state),
            method: change.method.clone(),
            surface: change.surface.clone(),
            text_version: change.text_version.clone(),
            text_hash: change.text_hash.clone(),
            recorded_by: change.recorded_by.clone(),
            mechanism: to_mechanism(change.mechanism),
        }),
        Body::CouponIssued(issued) => BodyMessage::CouponIssued(IssuedMessage {
            coupon: issued.coupon.bytes().to_vec(),
            decision: issued.decision.bytes().to_vec(),
            campaign: issued.campaign.to_string(),
            offer: issued.offer.to_string(),
            pushed: issued.pushed,
        }),
        Body::RightGiven(given) => BodyMessage::RightGiven(RightGivenMessage {
            decision: given.decision.bytes().to_vec(),
            campaign: given.campaign.to_string(),
            offer: given.offer.to_string(),
            pushed: given.pushed,
        }),
        Body::CouponRedeemed(redeemed) => BodyMessage::CouponRedeemed(RedeemedMessage {
            coupon: redeemed.coupon.bytes().to_vec(),
            order_id: redeemed.order_id.clone(),
            amount: redeemed.amount.0,
        }),
        Body::CouponReversed(reversed) => BodyMessage::CouponReversed(ReversedMessage {
            coupon: reversed.coupon.bytes().to_vec(),
            redemption: reversed.redemption.bytes().to_vec(),
            order_id: reversed.order_id.clone(),
            amount: reversed.amount.0,
        }),
        Body::Exposed(exposure) => BodyMessage::Exposed(ExposureMessage {
            decision: exposure.decision.bytes().to_vec(),
            kind: match exposure.kind {
                ExposureKind::Seen => 1,
                ExposureKind::Clicked => 2,
                ExposureKind::Dismissed => 3,
            },
        }),
        Body::Scored(scored) => BodyMessage::Scored(ScoredMessage {
            version: scored.version,
            alive: scored.alive,
            purchase: scored.purchase,
            purchases: scored.purchases,
            value: scored.value.map(|value| value.0),
        }),
        Body::ChannelScored(scored) => BodyMessage::ChannelScored(ChannelScoredMessage {
            version: scored.version,
            channel: scored.channel.clone(),
            rate: scored.rate,
            lower: scored.lower,
            upper: scored.upper,
            probability: scored.probability,
        }),
        Body::HouseholdChanged(change) => BodyMessage::HouseholdChanged(match change {
            HouseholdChange::Joined { household_id } => {
                HouseholdChangeMessage { household_id: Some(household_id.clone()), joins: true }
            }
            HouseholdChange::Left { household_id } => {
                HouseholdChangeMessage { household_id: household_id.clone(), joins: false }
            }
        }),
        Body::Observed(observed) => {
            BodyMessage::Observed(ObservedMessage { name: observed.name().to_owned() })
        }
    }
}

fn from_body(body: BodyMessage) -> Result<Body, Damaged> {
    Ok(match body {
        BodyMessage::OrderCompleted(order) => Body::OrderCompleted(Order {
            order_id: order.order_id,
            store_id: order.store_id,
            lines: order.lines.into_iter().map(from_line).collect::<Result<_, _>>()?,
        }),
        BodyMessage::CouponApplied(used) => {
            Body::CouponApplied(UsedCoupon { coupon_id: used.coupon_id, campaign_id: used.campaign_id })
        }
        BodyMessage::Identify(identify) => Body::Identify(Attributes(from_fields(identify.traits))),
        BodyMessage::ConsentUpdated(change) => Body::ConsentUpdated(ConsentChange {
            state: from_state(WHAT, change.state)?,
            mechanism: from_mechanism(WHAT, change.mechanism)?,
            purpose: change.purpose,
            method: change.method,
            surface: change.surface,
            text_version: change.text_version,
            text_hash: change.text_hash,
            recorded_by: change.recorded_by,
        }),
        BodyMessage::CouponIssued(issued) => Body::CouponIssued(Issued {
            coupon: CouponId::from_bytes(id(WHAT, &issued.coupon)?),
            decision: DecisionId::from_bytes(id(WHAT, &issued.decision)?),
            campaign: campaign(WHAT, &issued.campaign)?,
            offer: offer(WHAT, &issued.offer)?,
            pushed: issued.pushed,
        }),
        BodyMessage::RightGiven(given) => Body::RightGiven(RightGiven {
            decision: DecisionId::from_bytes(id(WHAT, &given.decision)?),
            campaign: campaign(WHAT, &given.campaign)?,
            offer: offer(WHAT, &given.offer)?,
            pushed: given.pushed,
        }),
        BodyMessage::CouponRedeemed(redeemed) => Body::CouponRedeemed(Redeemed {
            coupon: CouponId::from_bytes(id(WHAT, &redeemed.coupon)?),
            order_id: redeemed.order_id,
            amount: Cents(redeemed.amount),
        }),
        BodyMessage::CouponReversed(reversed) => Body::CouponReversed(Reversed {
            coupon: CouponId::from_bytes(id(WHAT, &reversed.coupon)?),
            redemption: RedemptionId::from_bytes(id(WHAT, &reversed.redemption)?),
            order_id: reversed.order_id,
            amount: Cents(reversed.amount),
        }),
        BodyMessage::Exposed(exposure) => Body::Exposed(Exposure {
            decision: DecisionId::from_bytes(id(WHAT, &exposure.decision)?),
            kind: match exposure.kind {
                1 => ExposureKind::Seen,
                2 => ExposureKind::Clicked,
                3 => ExposureKind::Dismissed,
                other => return Err(unknown(WHAT, "kind", other)),
            },
        }),
        BodyMessage::Scored(scored) => Body::Scored(Scored {
            version: scored.version,
            alive: scored.alive,
            purchase: scored.purchase,
            purchases: scored.purchases,
            value: scored.value.map(Cents),
        }),
        BodyMessage::ChannelScored(scored) => Body::ChannelScored(ChannelScored {
            version: scored.version,
            channel: scored.channel,
            rate: scored.rate,
            lower: scored.lower,
            upper: scored.upper,
            probability: scored.probability,
        }),
        BodyMessage::HouseholdChanged(change) => Body::HouseholdChanged(if change.joins {
            HouseholdChange::Joined { household_id: present(WHAT, "household", change.household_id)? }
        } else {
            HouseholdChange::Left { household_id: change.household_id }
        }),
        BodyMessage::Observed(observed) => {
            let why = || format!("there is no event `{}`", observed.name);
            Body::Observed(Observed::named(&observed.name).ok_or_else(|| Damaged { what: WHAT, why: why() })?)
        }
    })
}

pub(crate) fn to_mechanism(mechanism: Mechanism) -> u32 {
    match mechanism {
        Mechanism::Cmp => 0,
        Mechanism::GlobalPrivacyControl => 1,
        Mechanism::ConsentMode => 2,
        Mechanism::Tcf => 3,
        Mechanism::Signature => 5,
        Mechanism::Account => 6,
    }
}

pub(crate) fn from_mechanism(what: &'static str, number: u32) -> Result<Mechanism, Damaged> {
    let known = Mechanism::ALL.into_iter().find(|mechanism| to_mechanism(*mechanism) == number);
    known.ok_or_else(|| unknown(what, "mechanism", number))
}

fn to_line(line: &Line) -> LineMessage {
    LineMessage {
        product_id: line.product_id.clone(),
        category: line.category.clone(),
        quantity: u64::try_from(line.quantity).unwrap_or(0),
        paid: line.paid.0,
        discount: line.discount.0,
        coupon_discount: line.coupon_discount.0,
    }
}

fn from_line(line: LineMessage) -> Result<Line, Damaged> {
    Ok(Line {
        product_id: line.product_id,
        category: line.category,
        quantity: i64::try_from(line.quantity).map_err(|_| unknown(WHAT, "quantity", line.quantity))?,
        paid: Cents(line.paid),
        discount: Cents(line.discount),
        coupon_discount: Cents(line.coupon_discount),
    })
}

pub(crate) fn to_state(state: ConsentState) -> u32 {
    match state {
        ConsentState::Granted => 1,
        ConsentState::Denied => 2,
        ConsentState::Withdrawn => 3,
    }
}

pub(crate) fn from_state(what: &'static str, number: u32) -> Result<ConsentState, Damaged> {
    match number {
        1 => Ok(ConsentState::Granted),
        2 => Ok(ConsentState::Denied),
        3 => Ok(ConsentState::Withdrawn),
        _ => Err(unknown(what, "state", number)),
    }
}

pub(crate) fn campaign(what: &'static str, text: &str) -> Result<CampaignId, Damaged> {
    CampaignId::parse(text).map_err(|error| Damaged { what, why: error.to_string() })
}

pub(crate) fn offer(what: &'static str, text: &str) -> Result<OfferId, Damaged> {
    OfferId::parse(text).map_err(|error| Damaged { what, why: error.to_string() })
}
