//! A redemption with what was taken back of it, and a campaign's policy for that.

use prost::Message;
use wink_core::base::{Cents, CouponId, DecisionId, LeaseId, ProfileId, RedemptionId, ReversalId, Timestamp};
use wink_core::coupon::{Loss, Offline, Part, Redemption, Reversal, UseCount};
use wink_core::offer::{Afterwards, ReversalPolicy, ReversalReason};

use crate::event::{campaign, offer};
use crate::message::{Damaged, Stored, decode, id, narrow, unknown};

const WHAT: &str = "redemption";

/// How the answers of a policy lie: 1 returns, 2 stays used.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct PolicyMessage {
    #[prost(uint32, tag = "1")]
    cancel: u32,
    #[prost(uint32, tag = "2")]
    refund: u32,
    #[prost(uint32, tag = "3")]
    partial_refund: u32,
    #[prost(uint32, tag = "4")]
    chargeback: u32,
}

#[derive(Clone, PartialEq, Message)]
struct RedemptionMessage {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    coupon: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    decision: Vec<u8>,
    #[prost(bytes = "vec", optional, tag = "4")]
    profile: Option<Vec<u8>>,
    #[prost(string, tag = "5")]
    campaign: String,
    #[prost(string, tag = "6")]
    offer: String,
    #[prost(string, tag = "7")]
    order_id: String,
    #[prost(sint64, tag = "8")]
    at: i64,
    #[prost(sint64, tag = "9")]
    amount: i64,
    #[prost(message, repeated, tag = "10")]
    parts: Vec<PartMessage>,
    #[prost(message, repeated, tag = "11")]
    reversals: Vec<ReversalMessage>,
    #[prost(message, optional, tag = "12")]
    offline: Option<OfflineMessage>,
    #[prost(string, repeated, tag = "13")]
    counted: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct OfflineMessage {
    #[prost(bytes = "vec", tag = "1")]
    lease: Vec<u8>,
    #[prost(uint32, tag = "2")]
    number: u32,
    /// 1 used before, 2 used offline, 3 not valid, 4 revoked; none if it counts.
    #[prost(uint32, optional, tag = "3")]
    loss: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct PartMessage {
    #[prost(string, tag = "1")]
    line: String,
    #[prost(uint32, tag = "2")]
    quantity: u32,
    #[prost(sint64, tag = "3")]
    amount: i64,
    #[prost(uint32, optional, tag = "4")]
    vat_basis_points: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct ReversalMessage {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(sint64, tag = "2")]
    at: i64,
    /// 1 cancel, 2 refund, 3 chargeback, 4 error.
    #[prost(uint32, tag = "3")]
    reason: u32,
    #[prost(message, repeated, tag = "4")]
    parts: Vec<PartMessage>,
    #[prost(uint32, tag = "5")]
    afterwards: u32,
}

impl Stored for Redemption {
    fn to_bytes(&self) -> Vec<u8> {
        RedemptionMessage {
            id: self.id.bytes().to_vec(),
            coupon: self.coupon.bytes().to_vec(),
            decision: self.decision.bytes().to_vec(),
            profile: self.profile.map(|profile| profile.bytes().to_vec()),
            campaign: self.campaign.to_string(),
            offer: self.offer.to_string(),
            order_id: self.order_id.clone(),
            at: self.at.0,
            amount: self.amount.0,
            parts: self.parts.iter().map(to_part).collect(),
            reversals: self.reversals.iter().map(to_reversal).collect(),
            offline: self.offline.map(to_offline),
            counted: self.counted.iter().map(|count| count.name().to_owned()).collect(),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: RedemptionMessage = decode(WHAT, bytes)?;
        let profile = message.profile.map(|bytes| id(WHAT, &bytes)).transpose()?;
        let redemption = Self {
            id: RedemptionId::from_bytes(id(WHAT, &message.id)?),
            coupon: CouponId::from_bytes(id(WHAT, &message.coupon)?),
            decision: DecisionId::from_bytes(id(WHAT, &message.decision)?),
            profile: profile.map(ProfileId::from_bytes),
            campaign: campaign(WHAT, &message.campaign)?,
            offer: offer(WHAT, &message.offer)?,
            order_id: message.order_id,
            at: Timestamp(message.at),
            amount: Cents(message.amount),
            parts: message.parts.into_iter().map(from_part).collect::<Result<_, _>>()?,
            reversals: message.reversals.into_iter().map(from_reversal).collect::<Result<_, _>>()?,
            offline: message.offline.map(from_offline).transpose()?,
            counted: message.counted.into_iter().map(UseCount::from_name).collect(),
        };
        check_sums(&redemption)?;
        Ok(redemption)
    }
}

/// Makes sure that the parts are the whole, and that no line gave more back than it had.
fn check_sums(redemption: &Redemption) -> Result<(), Damaged> {
    let wrong = |why: String| Err(Damaged { what: WHAT, why });
    let mut whole: i64 = 0;
    for part in &redemption.parts {
        whole = whole.saturating_add(part.amount.0);
        let back = redemption.reversals.iter().flat_map(|reversal| &reversal.parts);
        let back: Vec<&Part> = back.filter(|back| back.line == part.line).collect();
        let amount = back.iter().fold(0_i64, |sum, back| sum.saturating_add(back.amount.0));
        let pieces = back.iter().fold(0_u32, |sum, back| sum.saturating_add(back.quantity));
        if part.amount.0 < amount || part.quantity < pieces {
            return wrong(format!("of line `{}` more came back than there was", part.line));
        }
    }
    if whole != redemption.amount.0 {
        return wrong(format!("its lines give {whole} minor units, all of it {}", redemption.amount.0));
    }
    let is_known = |back: &Part| redemption.parts.iter().any(|part| part.line == back.line);
    if !redemption.reversals.iter().flat_map(|reversal| &reversal.parts).all(is_known) {
        return wrong("a line came back that it does not have".to_owned());
    }
    Ok(())
}

fn to_part(part: &Part) -> PartMessage {
    PartMessage {
        line: part.line.clone(),
        quantity: part.quantity,
        amount: part.amount.0,
        vat_basis_points: part.vat_basis_points.map(u32::from),
    }
}

fn from_part(part: PartMessage) -> Result<Part, Damaged> {
    if part.amount < 0 {
        return Err(unknown(WHAT, "amount", part.amount));
    }
    let rate = part.vat_basis_points.map(|rate| narrow(WHAT, "vat_basis_points", rate.into())).transpose()?;
    Ok(Part { line: part.line, quantity: part.quantity, amount: Cents(part.amount), vat_basis_points: rate })
}

fn to_offline(offline: Offline) -> OfflineMessage {
    let loss = offline.loss.map(|loss| match loss {
        Loss::UsedBefore => 1,
        Loss::UsedOffline => 2,
        Loss::NotValid => 3,
        Loss::Revoked => 4,
    });
    OfflineMessage { lease: offline.lease.bytes().to_vec(), number: offline.number, loss }
}

fn from_offline(offline: OfflineMessage) -> Result<Offline, Damaged> {
    let loss = match offline.loss {
        None => None,
        Some(1) => Some(Loss::UsedBefore),
        Some(2) => Some(Loss::UsedOffline),
        Some(3) => Some(Loss::NotValid),
        Some(4) => Some(Loss::Revoked),
        Some(other) => return Err(unknown(WHAT, "loss", other)),
    };
    Ok(Offline { lease: LeaseId::from_bytes(id(WHAT, &offline.lease)?), number: offline.number, loss })
}

fn to_reversal(reversal: &Reversal) -> ReversalMessage {
    ReversalMessage {
        id: reversal.id.bytes().to_vec(),
        at: reversal.at.0,
        reason: to_reason(reversal.reason),
        parts: reversal.parts.iter().map(to_part).collect(),
        afterwards: to_afterwards(reversal.afterwards),
    }
}

fn from_reversal(reversal: ReversalMessage) -> Result<Reversal, Damaged> {
    Ok(Reversal {
        id: ReversalId::from_bytes(id(WHAT, &reversal.id)?),
        at: Timestamp(reversal.at),
        reason: from_reason(WHAT, reversal.reason)?,
        parts: reversal.parts.into_iter().map(from_part).collect::<Result<_, _>>()?,
        afterwards: from_afterwards(reversal.afterwards)?,
    })
}

pub(crate) fn to_reason(reason: ReversalReason) -> u32 {
    match reason {
        ReversalReason::Cancel => 1,
        ReversalReason::Refund => 2,
        ReversalReason::Chargeback => 3,
        ReversalReason::Error => 4,
    }
}

pub(crate) fn from_reason(what: &'static str, number: u32) -> Result<ReversalReason, Damaged> {
    match number {
        1 => Ok(ReversalReason::Cancel),
        2 => Ok(ReversalReason::Refund),
        3 => Ok(ReversalReason::Chargeback),
        4 => Ok(ReversalReason::Error),
        other => Err(unknown(what, "reason", other)),
    }
}

pub(crate) fn to_policy(policy: &ReversalPolicy) -> PolicyMessage {
    PolicyMessage {
        cancel: to_afterwards(policy.cancel),
        refund: to_afterwards(policy.refund),
        partial_refund: to_afterwards(policy.partial_refund),
        chargeback: to_afterwards(policy.chargeback),
    }
}

pub(crate) fn from_policy(policy: PolicyMessage) -> Result<ReversalPolicy, Damaged> {
    Ok(ReversalPolicy {
        cancel: from_afterwards(policy.cancel)?,
        refund: from_afterwards(policy.refund)?,
        partial_refund: from_afterwards(policy.partial_refund)?,
        chargeback: from_afterwards(policy.chargeback)?,
    })
}

fn to_afterwards(afterwards: Afterwards) -> u32 {
    match afterwards {
        Afterwards::Returns => 1,
        Afterwards::StaysUsed => 2,
    }
}

fn from_afterwards(number: u32) -> Result<Afterwards, Damaged> {
    match number {
        1 => Ok(Afterwards::Returns),
        2 => Ok(Afterwards::StaysUsed),
        _ => Err(unknown(WHAT, "afterwards", number)),
    }
}
