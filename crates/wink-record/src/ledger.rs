//! A ledger entry. Names a coupon and no person: it stays when a person is erased.

use prost::Message;
use wink_core::base::{Cents, CouponId, DecisionId, RedemptionId, Timestamp};
use wink_core::coupon::{Account, Entry};

use crate::event::campaign;
use crate::message::{Damaged, Stored, decode, id, unknown};

const WHAT: &str = "ledger entry";

#[derive(Clone, PartialEq, Message)]
struct EntryMessage {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(sint64, tag = "2")]
    at: i64,
    #[prost(string, tag = "3")]
    campaign: String,
    #[prost(bytes = "vec", tag = "4")]
    coupon: Vec<u8>,
    /// 1 available, 2 reserved, 3 spent, 4 returned, 5 expired.
    #[prost(uint32, tag = "5")]
    from: u32,
    #[prost(uint32, tag = "6")]
    to: u32,
    #[prost(sint64, tag = "7")]
    amount: i64,
    #[prost(bytes = "vec", optional, tag = "8")]
    decision: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "9")]
    redemption: Option<Vec<u8>>,
}

impl Stored for Entry {
    fn to_bytes(&self) -> Vec<u8> {
        EntryMessage {
            id: self.id.to_vec(),
            at: self.at.0,
            campaign: self.campaign.to_string(),
            coupon: self.coupon.bytes().to_vec(),
            from: to_account(self.from),
            to: to_account(self.to),
            amount: self.amount.0,
            decision: self.decision.map(|id| id.bytes().to_vec()),
            redemption: self.redemption.map(|id| id.bytes().to_vec()),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: EntryMessage = decode(WHAT, bytes)?;
        if message.amount < 0 {
            return Err(Damaged { what: WHAT, why: format!("it moves {} cents", message.amount) });
        }
        let decision = message.decision.map(|bytes| id(WHAT, &bytes)).transpose()?;
        let redemption = message.redemption.map(|bytes| id(WHAT, &bytes)).transpose()?;
        Ok(Self {
            id: id(WHAT, &message.id)?,
            at: Timestamp(message.at),
            campaign: campaign(WHAT, &message.campaign)?,
            coupon: CouponId::from_bytes(id(WHAT, &message.coupon)?),
            decision: decision.map(DecisionId::from_bytes),
            redemption: redemption.map(RedemptionId::from_bytes),
            from: from_account(message.from)?,
            to: from_account(message.to)?,
            amount: Cents(message.amount),
        })
    }
}

fn to_account(account: Account) -> u32 {
    match account {
        Account::Available => 1,
        Account::Reserved => 2,
        Account::Spent => 3,
        Account::Returned => 4,
        Account::Expired => 5,
    }
}

fn from_account(number: u32) -> Result<Account, Damaged> {
    match number {
        1 => Ok(Account::Available),
        2 => Ok(Account::Reserved),
        3 => Ok(Account::Spent),
        4 => Ok(Account::Returned),
        5 => Ok(Account::Expired),
        _ => Err(unknown(WHAT, "account", number)),
    }
}
