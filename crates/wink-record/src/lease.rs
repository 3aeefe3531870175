//! Leases of tills, and what tills reported under them.

use prost::Message;
use wink_core::base::{Cents, CouponId, Digest, LeaseId, RedemptionId, TillId, Timestamp};
use wink_core::coupon::{Lease, LimitKept, Unbacked, UseCount};
use wink_core::offer::CatalogueVersion;

use crate::event::{campaign, offer};
use crate::message::{Damaged, Stored, decode, id, unknown};

const WHAT: &str = "lease";

#[derive(Clone, PartialEq, Message)]
struct LeaseMessage {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(string, tag = "2")]
    till: String,
    #[prost(string, optional, tag = "3")]
    store: Option<String>,
    #[prost(string, tag = "4")]
    campaign: String,
    #[prost(string, optional, tag = "5")]
    offer: Option<String>,
    #[prost(bytes = "vec", tag = "6")]
    catalogue: Vec<u8>,
    #[prost(uint32, tag = "7")]
    count_max: u32,
    #[prost(sint64, tag = "8")]
    cents_max: i64,
    #[prost(bool, tag = "9")]
    takes_paper: bool,
    #[prost(sint64, tag = "10")]
    granted_at: i64,
    #[prost(sint64, tag = "11")]
    expires_at: i64,
    #[prost(uint32, tag = "12")]
    used_count: u32,
    #[prost(sint64, tag = "13")]
    used: i64,
    #[prost(uint32, tag = "14")]
    unbacked_count: u32,
    #[prost(sint64, tag = "15")]
    unbacked: i64,
    #[prost(sint64, optional, tag = "16")]
    closed_at: Option<i64>,
    #[prost(message, repeated, tag = "17")]
    kept: Vec<LimitKeptMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct LimitKeptMessage {
    #[prost(string, tag = "1")]
    count: String,
    #[prost(uint32, tag = "2")]
    uses: u32,
    #[prost(sint64, tag = "3")]
    amount: i64,
}

impl Stored for Lease {
    fn to_bytes(&self) -> Vec<u8> {
        LeaseMessage {
            id: self.id.bytes().to_vec(),
            till: self.till.to_string(),
            store: self.store.clone(),
            campaign: self.campaign.to_string(),
            offer: self.offer.as_ref().map(ToString::to_string),
            catalogue: self.catalogue.0.0.to_vec(),
            count_max: self.count_max,
            cents_max: self.cents_max.0,
            takes_paper: self.takes_paper,
            granted_at: self.granted_at.0,
            expires_at: self.expires_at.0,
            used_count: self.used_count,
            used: self.used.0,
            unbacked_count: self.unbacked_count,
            unbacked: self.unbacked.0,
            closed_at: self.closed_at.map(|at| at.0),
            kept: self.kept.iter().map(to_kept).collect(),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: LeaseMessage = decode(WHAT, bytes)?;
        let damaged = |why: &str| Damaged { what: WHAT, why: why.to_owned() };
        let version: [u8; 32] = message
            .catalogue
            .try_into()
            .map_err(|_| damaged("its catalogue version is not 32 bytes long"))?;
        if message.count_max < message.used_count || message.cents_max < message.used {
            return Err(damaged("more is booked on it than it holds"));
        }
        let is_more = |kept: &LimitKeptMessage| {
            message.count_max < kept.uses || kept.amount < 0 || message.cents_max < kept.amount
        };
        if message.kept.iter().any(is_more) {
            return Err(damaged("more is kept for it in a limit than it holds"));
        }
        Ok(Self {
            id: LeaseId::from_bytes(id(WHAT, &message.id)?),
            till: TillId::parse(&message.till).ok_or_else(|| damaged("its till has no name"))?,
            store: message.store,
            campaign: campaign(WHAT, &message.campaign)?,
            offer: message.offer.map(|text| offer(WHAT, &text)).transpose()?,
            catalogue: CatalogueVersion(Digest(version)),
            count_max: message.count_max,
            cents_max: Cents(message.cents_max),
            takes_paper: message.takes_paper,
            granted_at: Timestamp(message.granted_at),
            expires_at: Timestamp(message.expires_at),
            used_count: message.used_count,
            used: Cents(message.used),
            unbacked_count: message.unbacked_count,
            unbacked: Cents(message.unbacked),
            closed_at: message.closed_at.map(Timestamp),
            kept: message.kept.into_iter().map(from_kept).collect(),
        })
    }
}

fn to_kept(kept: &LimitKept) -> LimitKeptMessage {
    LimitKeptMessage { count: kept.count.name().to_owned(), uses: kept.uses, amount: kept.amount.0 }
}

fn from_kept(kept: LimitKeptMessage) -> LimitKept {
    LimitKept { count: UseCount::from_name(kept.count), uses: kept.uses, amount: Cents(kept.amount) }
}

/// That a till reported what it took, so that the same again changes nothing. Says no order and no person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// A keyed hash of all that was reported.
    pub body: [u8; 16],
    /// The coupon.
    pub coupon: CouponId,
    /// When it was taken, by the till's clock.
    pub at: Timestamp,
    /// What was taken off.
    pub amount: Cents,
    /// As what it was booked, or why it was not.
    pub outcome: Result<RedemptionId, Unbacked>,
}

#[derive(Clone, PartialEq, Message)]
struct ReportedMessage {
    #[prost(bytes = "vec", tag = "1")]
    body: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    coupon: Vec<u8>,
    #[prost(sint64, tag = "3")]
    at: i64,
    #[prost(sint64, tag = "4")]
    amount: i64,
    #[prost(bytes = "vec", optional, tag = "5")]
    redemption: Option<Vec<u8>>,
    /// 1 lease closed, 2 lease full, 3 outside lease, 4 not in lease, 5 coupon unknown, 6 taken here.
    #[prost(uint32, tag = "6")]
    unbacked: u32,
}

impl Stored for Reported {
    fn to_bytes(&self) -> Vec<u8> {
        ReportedMessage {
            body: self.body.to_vec(),
            coupon: self.coupon.bytes().to_vec(),
            at: self.at.0,
            amount: self.amount.0,
            redemption: self.outcome.ok().map(|id| id.bytes().to_vec()),
            unbacked: self.outcome.err().map_or(0, to_unbacked),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        const WHAT: &str = "report of a till";
        let message: ReportedMessage = decode(WHAT, bytes)?;
        let outcome = match (message.redemption, message.unbacked) {
            (Some(redemption), _) => Ok(RedemptionId::from_bytes(id(WHAT, &redemption)?)),
            (None, 1) => Err(Unbacked::LeaseClosed),
            (None, 2) => Err(Unbacked::LeaseFull),
            (None, 3) => Err(Unbacked::OutsideLease),
            (None, 4) => Err(Unbacked::NotInLease),
            (None, 5) => Err(Unbacked::CouponUnknown),
            (None, 6) => Err(Unbacked::TakenHere),
            (None, other) => return Err(unknown(WHAT, "unbacked", other)),
        };
        Ok(Self {
            body: id(WHAT, &message.body)?,
            coupon: CouponId::from_bytes(id(WHAT, &message.coupon)?),
            at: Timestamp(message.at),
            amount: Cents(message.amount),
            outcome,
        })
    }
}

fn to_unbacked(why: Unbacked) -> u32 {
    match why {
        Unbacked::LeaseClosed => 1,
        Unbacked::LeaseFull => 2,
        Unbacked::OutsideLease => 3,
        Unbacked::NotInLease => 4,
        Unbacked::CouponUnknown => 5,
        Unbacked::TakenHere => 6,
    }
}
