//! A coupon, and the wallet of a person.

use prost::{Message, Oneof};
use wink_core::base::{Cents, CouponId, DecisionId, ProfileId, RedemptionId, Timestamp};
use wink_core::coupon::{Announced, Coupon, Given, Held, Hold, State, Wallet};
use wink_core::offer::{Benefit, ReversalPolicy, Terms};

use crate::event::{campaign, offer};
use crate::message::{Damaged, Stored, decode, id, millis, narrow, present, unknown};
use crate::redemption::{PolicyMessage, from_policy, to_policy};

const WHAT: &str = "coupon";

#[derive(Clone, PartialEq, Message)]
struct CouponMessage {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    decision: Vec<u8>,
    #[prost(bytes = "vec", optional, tag = "3")]
    profile: Option<Vec<u8>>,
    #[prost(string, tag = "4")]
    campaign: String,
    #[prost(string, tag = "5")]
    offer: String,
    #[prost(oneof = "BenefitMessage", tags = "6, 7")]
    benefit: Option<BenefitMessage>,
    #[prost(sint64, tag = "8")]
    minimum_spend: i64,
    #[prost(sint64, tag = "9")]
    minimum_price: i64,
    #[prost(uint32, tag = "10")]
    valid_days: u32,
    #[prost(string, repeated, tag = "11")]
    categories: Vec<String>,
    #[prost(sint64, tag = "12")]
    issued_at: i64,
    #[prost(sint64, tag = "13")]
    valid_until: i64,
    #[prost(oneof = "StateMessage", tags = "14, 15, 16, 17, 22, 23")]
    state: Option<StateMessage>,
    /// Only if it is another than the state says: all the coupon can cost in circulation, else nothing.
    #[prost(sint64, optional, tag = "18")]
    reserved: Option<i64>,
    #[prost(bytes = "vec", repeated, tag = "19")]
    redemptions: Vec<Vec<u8>>,
    #[prost(bool, tag = "20")]
    needs_activation: bool,
    /// Only if it is another than the usual one.
    #[prost(message, optional, tag = "21")]
    reversals: Option<PolicyMessage>,
}

#[derive(Clone, PartialEq, Oneof)]
enum BenefitMessage {
    #[prost(sint64, tag = "6")]
    Amount(i64),
    #[prost(message, tag = "7")]
    Percent(PercentMessage),
}

#[derive(Clone, PartialEq, Message)]
struct PercentMessage {
    #[prost(uint32, tag = "1")]
    basis_points: u32,
    #[prost(sint64, tag = "2")]
    maximum: i64,
}

#[derive(Clone, PartialEq, Oneof)]
enum StateMessage {
    #[prost(bool, tag = "14")]
    Issued(bool),
    #[prost(message, tag = "15")]
    Redeemed(RedeemedMessage),
    #[prost(sint64, tag = "16")]
    ExpiredAt(i64),
    #[prost(sint64, tag = "17")]
    RevokedAt(i64),
    #[prost(sint64, tag = "22")]
    ActivatedAt(i64),
    #[prost(message, tag = "23")]
    Reserved(HoldMessage),
}

#[derive(Clone, PartialEq, Message)]
struct HoldMessage {
    #[prost(string, tag = "1")]
    order_id: String,
    #[prost(sint64, tag = "2")]
    amount: i64,
    #[prost(sint64, tag = "3")]
    at: i64,
    #[prost(sint64, tag = "4")]
    until: i64,
    #[prost(sint64, optional, tag = "5")]
    activated_at: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct RedeemedMessage {
    #[prost(sint64, tag = "1")]
    at: i64,
    #[prost(string, tag = "2")]
    order_id: String,
    #[prost(sint64, tag = "3")]
    amount: i64,
    #[prost(sint64, tag = "4")]
    returned: i64,
}

impl Stored for Coupon {
    fn to_bytes(&self) -> Vec<u8> {
        let usual = usually_reserved(&self.state, &self.benefit);
        let policy = (self.reversals != ReversalPolicy::default()).then(|| to_policy(&self.reversals));
        CouponMessage {
            id: self.id.bytes().to_vec(),
            decision: self.decision.bytes().to_vec(),
            profile: self.profile.map(|profile| profile.bytes().to_vec()),
            campaign: self.campaign.to_string(),
            offer: self.offer.to_string(),
            benefit: Some(to_benefit(&self.benefit)),
            minimum_spend: self.terms.minimum_spend.0,
            minimum_price: self.terms.minimum_price.0,
            valid_days: u32::from(self.terms.valid_days),
            categories: self.categories.clone(),
            issued_at: self.issued_at.0,
            valid_until: self.valid_until.0,
            state: Some(to_state(&self.state)),
            reserved: (self.reserved != usual).then_some(self.reserved.0),
            redemptions: self.redemptions.iter().map(|id| id.bytes().to_vec()).collect(),
            needs_activation: self.terms.needs_activation,
            reversals: policy,
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: CouponMessage = decode(WHAT, bytes)?;
        let benefit = from_benefit(present(WHAT, "benefit", message.benefit)?)?;
        let state = from_state(present(WHAT, "state", message.state)?)?;
        let reserved = message.reserved.map_or_else(|| usually_reserved(&state, &benefit), Cents);
        check_reserved(&state, &benefit, reserved)?;
        let redemption = |bytes: &Vec<u8>| id(WHAT, bytes).map(RedemptionId::from_bytes);
        let profile = match message.profile {
            Some(bytes) => Some(ProfileId::from_bytes(id(WHAT, &bytes)?)),
            None => None,
        };
        Ok(Self {
            id: CouponId::from_bytes(id(WHAT, &message.id)?),
            decision: DecisionId::from_bytes(id(WHAT, &message.decision)?),
            profile,
            campaign: campaign(WHAT, &message.campaign)?,
            offer: offer(WHAT, &message.offer)?,
            benefit,
            terms: Terms {
                minimum_spend: Cents(message.minimum_spend),
                minimum_price: Cents(message.minimum_price),
                valid_days: narrow(WHAT, "valid_days", u64::from(message.valid_days))?,
                needs_activation: message.needs_activation,
            },
            reversals: message.reversals.map_or_else(|| Ok(ReversalPolicy::default()), from_policy)?,
            categories: message.categories,
            issued_at: Timestamp(message.issued_at),
            valid_until: Timestamp(message.valid_until),
            reserved,
            redemptions: message.redemptions.iter().map(redemption).collect::<Result<_, _>>()?,
            state,
        })
    }
}

fn to_benefit(benefit: &Benefit) -> BenefitMessage {
    match benefit {
        Benefit::Amount(amount) => BenefitMessage::Amount(amount.0),
        Benefit::Percent { basis_points, maximum } => BenefitMessage::Percent(PercentMessage {
            basis_points: u32::from(*basis_points),
            maximum: maximum.0,
        }),
    }
}

fn from_benefit(benefit: BenefitMessage) -> Result<Benefit, Damaged> {
    Ok(match benefit {
        BenefitMessage::Amount(amount) => Benefit::Amount(Cents(amount)),
        BenefitMessage::Percent(percent) => Benefit::Percent {
            basis_points: narrow(WHAT, "basis_points", u64::from(percent.basis_points))?,
            maximum: Cents(percent.maximum),
        },
    })
}

fn to_state(state: &State) -> StateMessage {
    match state {
        State::Issued => StateMessage::Issued(true),
        State::Activated { at } => StateMessage::ActivatedAt(at.0),
        State::Reserved(hold) => StateMessage::Reserved(HoldMessage {
            order_id: hold.order_id.clone(),
            amount: hold.amount.0,
            at: hold.at.0,
            until: hold.until.0,
            activated_at: millis(hold.activated_at),
        }),
        State::Redeemed { at, order_id, amount, returned } => StateMessage::Redeemed(RedeemedMessage {
            at: at.0,
            order_id: order_id.clone(),
            amount: amount.0,
            returned: returned.0,
        }),
        State::Expired { at } => StateMessage::ExpiredAt(at.0),
        State::Revoked { at } => StateMessage::RevokedAt(at.0),
    }
}

fn from_state(state: StateMessage) -> Result<State, Damaged> {
    Ok(match state {
        StateMessage::Issued(_) => State::Issued,
        StateMessage::ActivatedAt(at) => State::Activated { at: Timestamp(at) },
        StateMessage::Reserved(hold) => State::Reserved(Hold {
            order_id: hold.order_id,
            amount: Cents(hold.amount),
            at: Timestamp(hold.at),
            until: Timestamp(hold.until),
            activated_at: hold.activated_at.map(Timestamp),
        }),
        StateMessage::Redeemed(redeemed) => {
            if !(0..=redeemed.amount).contains(&redeemed.returned) {
                let why = format!("{} of {} came back", redeemed.returned, redeemed.amount);
                return Err(Damaged { what: WHAT, why });
            }
            State::Redeemed {
                at: Timestamp(redeemed.at),
                order_id: redeemed.order_id,
                amount: Cents(redeemed.amount),
                returned: Cents(redeemed.returned),
            }
        }
        StateMessage::ExpiredAt(at) => State::Expired { at: Timestamp(at) },
        StateMessage::RevokedAt(at) => State::Revoked { at: Timestamp(at) },
    })
}

/// Tells what a coupon reserves that never came back: all it can cost while it is in circulation.
fn usually_reserved(state: &State, benefit: &Benefit) -> Cents {
    if state.ended_at().is_none() { benefit.maximum() } else { Cents::ZERO }
}

fn check_reserved(state: &State, benefit: &Benefit, reserved: Cents) -> Result<(), Damaged> {
    if Cents::ZERO <= reserved && reserved <= usually_reserved(state, benefit) {
        return Ok(());
    }
    let why = format!("a coupon that is {} reserves {} minor units", state.name(), reserved.0);
    Err(Damaged { what: WHAT, why })
}

#[derive(Clone, PartialEq, Message)]
struct WalletMessage {
    #[prost(message, repeated, tag = "1")]
    held: Vec<HeldMessage>,
    /// Coupons of which it was said that they will run out.
    #[prost(message, repeated, tag = "5")]
    announced: Vec<AnnouncedMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct AnnouncedMessage {
    #[prost(bytes = "vec", tag = "1")]
    coupon: Vec<u8>,
    #[prost(sint64, tag = "2")]
    at: i64,
}

#[derive(Clone, PartialEq, Message)]
struct HeldMessage {
    #[prost(sint64, tag = "1")]
    at: i64,
    #[prost(bytes = "vec", tag = "2")]
    decision: Vec<u8>,
    #[prost(string, tag = "3")]
    campaign: String,
    #[prost(string, tag = "4")]
    offer: String,
    #[prost(bytes = "vec", optional, tag = "5")]
    coupon: Option<Vec<u8>>,
    /// Without a coupon: 0 held out, 1 a right, 2 a right that lapsed.
    #[prost(uint32, tag = "6")]
    right: u32,
}

impl Stored for Wallet {
    fn to_bytes(&self) -> Vec<u8> {
        let held = self.held.iter().map(|held| HeldMessage {
            at: held.at.0,
            decision: held.decision.bytes().to_vec(),
            campaign: held.campaign.to_string(),
            offer: held.offer.to_string(),
            coupon: held.coupon().map(|coupon| coupon.bytes().to_vec()),
            right: match held.given {
                Given::Coupon(_) | Given::HeldOut => 0,
                Given::Right => 1,
                Given::Lapsed => 2,
            },
        });
        let announced = self.announced.iter().map(|announced| AnnouncedMessage {
            coupon: announced.coupon.bytes().to_vec(),
            at: announced.at.0,
        });
        WalletMessage { held: held.collect(), announced: announced.collect() }.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        const WHAT: &str = "wallet";
        let mut wallet = Self::default();
        let message: WalletMessage = decode(WHAT, bytes)?;
        for announced in &message.announced {
            let coupon = CouponId::from_bytes(id(WHAT, &announced.coupon)?);
            wallet.announced.push(Announced { coupon, at: Timestamp(announced.at) });
        }
        for held in message.held {
            let given = match (held.coupon, held.right) {
                (Some(bytes), 0) => Given::Coupon(CouponId::from_bytes(id(WHAT, &bytes)?)),
                (None, 0) => Given::HeldOut,
                (None, 1) => Given::Right,
                (None, 2) => Given::Lapsed,
                (_, other) => return Err(unknown(WHAT, "right", other)),
            };
            wallet.held.push(Held {
                at: Timestamp(held.at),
                decision: DecisionId::from_bytes(id(WHAT, &held.decision)?),
                campaign: campaign(WHAT, &held.campaign)?,
                offer: offer(WHAT, &held.offer)?,
                given,
            });
        }
        Ok(wallet)
    }
}
