//! Points: what a person holds, what an order earned and was paid with, and every movement.

use prost::Message;
use wink_core::base::{Cents, Points, ProfileId, RedemptionId, Timestamp};
use wink_core::coupon::points::{
    Account, Cause, Early, Earned, Entry, GivenBack, Lot, Place, Tender, TenderLine,
};

use crate::message::{Damaged, Stored, decode, id, unknown};
use crate::redemption::{from_reason, to_reason};

const ACCOUNT: &str = "points of a person";
const ORDER: &str = "points of an order";
const TENDER: &str = "payment with points";
const MOVEMENT: &str = "movement of points";

/// What an order has to do with points: what it earned, and the redemptions by which points paid for it, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointsOrder {
    /// Whether it was told of: it earns once, and if it earned nothing then it never does.
    pub is_told: bool,
    /// What it earned, if it did.
    pub earned: Option<Earned>,
    /// What came back of it before it was told of, so that it earned nothing yet.
    pub early: Early,
    /// How it was paid with points; at most the last still is.
    pub tenders: Vec<RedemptionId>,
}

#[derive(Clone, PartialEq, Message)]
struct LotMessage {
    #[prost(sint64, tag = "1")]
    until: i64,
    #[prost(sint64, tag = "2")]
    points: i64,
}

#[derive(Clone, PartialEq, Message)]
struct AccountMessage {
    #[prost(bytes = "vec", tag = "1")]
    profile: Vec<u8>,
    #[prost(message, repeated, tag = "2")]
    lots: Vec<LotMessage>,
    #[prost(uint64, tag = "3")]
    steps: u64,
    #[prost(sint64, tag = "4")]
    used: i64,
    #[prost(sint64, tag = "5")]
    owed: i64,
    #[prost(bytes = "vec", tag = "6")]
    id: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct EarnedMessage {
    #[prost(bytes = "vec", tag = "1")]
    order: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    profile: Vec<u8>,
    #[prost(sint64, tag = "3")]
    at: i64,
    #[prost(sint64, tag = "4")]
    paid: i64,
    #[prost(sint64, tag = "5")]
    back: i64,
    #[prost(sint64, tag = "6")]
    points: i64,
    #[prost(sint64, tag = "7")]
    uncollected: i64,
}

#[derive(Clone, PartialEq, Message)]
struct OrderMessage {
    #[prost(message, optional, tag = "1")]
    earned: Option<EarnedMessage>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    tenders: Vec<Vec<u8>>,
    #[prost(sint64, tag = "3")]
    early_back: i64,
    #[prost(bool, tag = "4")]
    early_all: bool,
    #[prost(bool, tag = "5")]
    is_told: bool,
}

#[derive(Clone, PartialEq, Message)]
struct LineMessage {
    #[prost(string, tag = "1")]
    line: String,
    #[prost(uint32, tag = "2")]
    quantity: u32,
    #[prost(uint32, tag = "3")]
    back: u32,
    #[prost(sint64, tag = "4")]
    paid: i64,
    #[prost(sint64, tag = "5")]
    points: i64,
}

#[derive(Clone, PartialEq, Message)]
struct GivenBackMessage {
    #[prost(sint64, tag = "1")]
    at: i64,
    /// 1 cancel, 2 refund, 3 chargeback, 4 error.
    #[prost(uint32, tag = "2")]
    reason: u32,
    #[prost(sint64, tag = "3")]
    points: i64,
    #[prost(sint64, tag = "4")]
    amount: i64,
}

#[derive(Clone, PartialEq, Message)]
struct TenderMessage {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    profile: Vec<u8>,
    #[prost(string, tag = "3")]
    order_id: String,
    #[prost(sint64, tag = "4")]
    at: i64,
    #[prost(message, repeated, tag = "5")]
    lines: Vec<LineMessage>,
    #[prost(message, repeated, tag = "6")]
    lots: Vec<LotMessage>,
    #[prost(message, repeated, tag = "7")]
    back: Vec<GivenBackMessage>,
    #[prost(bytes = "vec", tag = "8")]
    basis: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct MovementMessage {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(sint64, tag = "2")]
    at: i64,
    #[prost(bytes = "vec", tag = "3")]
    account: Vec<u8>,
    /// By a keyed hash.
    #[prost(bytes = "vec", optional, tag = "4")]
    order: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "5")]
    redemption: Option<Vec<u8>>,
    /// 1 shop, 2 held, 3 used, 4 expired, 5 taken back.
    #[prost(uint32, tag = "6")]
    from: u32,
    #[prost(uint32, tag = "7")]
    to: u32,
    #[prost(sint64, tag = "8")]
    points: i64,
}

impl Stored for Account {
    fn to_bytes(&self) -> Vec<u8> {
        let profile = self.profile.bytes().to_vec();
        let (lots, used, owed) = (to_lots(&self.lots), self.used.0, self.owed.0);
        AccountMessage { profile, lots, steps: self.steps, used, owed, id: self.id.to_vec() }.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: AccountMessage = decode(ACCOUNT, bytes)?;
        let profile = ProfileId::from_bytes(id(ACCOUNT, &message.profile)?);
        if !(0..=message.used).contains(&message.owed) {
            return Err(Damaged { what: ACCOUNT, why: "more is owed than is used".to_owned() });
        }
        Ok(Self {
            id: id(ACCOUNT, &message.id)?,
            profile,
            lots: from_lots(ACCOUNT, message.lots)?,
            used: Points(message.used),
            owed: Points(message.owed),
            steps: message.steps,
        })
    }
}

impl Stored for PointsOrder {
    fn to_bytes(&self) -> Vec<u8> {
        let earned = self.earned.map(|earned| EarnedMessage {
            order: earned.order.to_vec(),
            profile: earned.profile.bytes().to_vec(),
            at: earned.at.0,
            paid: earned.paid.0,
            back: earned.back.0,
            points: earned.points.0,
            uncollected: earned.uncollected.0,
        });
        let tenders = self.tenders.iter().map(|id| id.bytes().to_vec()).collect();
        let Early { back, is_all } = self.early;
        OrderMessage { earned, tenders, early_back: back.0, early_all: is_all, is_told: self.is_told }
            .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: OrderMessage = decode(ORDER, bytes)?;
        let tenders = message.tenders.iter().map(|bytes| Ok(RedemptionId::from_bytes(id(ORDER, bytes)?)));
        Ok(Self {
            is_told: message.is_told,
            earned: message.earned.map(from_earned).transpose()?,
            early: Early { back: Cents(message.early_back), is_all: message.early_all },
            tenders: tenders.collect::<Result<_, Damaged>>()?,
        })
    }
}

fn from_earned(message: EarnedMessage) -> Result<Earned, Damaged> {
    let is_sound = (0..=message.paid).contains(&message.back)
        && (1..).contains(&message.points)
        && (0..=message.points).contains(&message.uncollected);
    if !is_sound {
        return Err(Damaged { what: ORDER, why: "more came back than there was".to_owned() });
    }
    Ok(Earned {
        order: id(ORDER, &message.order)?,
        profile: ProfileId::from_bytes(id(ORDER, &message.profile)?),
        at: Timestamp(message.at),
        paid: Cents(message.paid),
        back: Cents(message.back),
        points: Points(message.points),
        uncollected: Points(message.uncollected),
    })
}

impl Stored for Tender {
    fn to_bytes(&self) -> Vec<u8> {
        let line = |line: &TenderLine| LineMessage {
            line: line.line.clone(),
            quantity: line.quantity,
            back: line.back,
            paid: line.paid.0,
            points: line.points.0,
        };
        let back = |back: &GivenBack| GivenBackMessage {
            at: back.at.0,
            reason: to_reason(back.reason),
            points: back.points.0,
            amount: back.amount.0,
        };
        TenderMessage {
            id: self.id.bytes().to_vec(),
            profile: self.profile.bytes().to_vec(),
            order_id: self.order_id.clone(),
            at: self.at.0,
            lines: self.lines.iter().map(line).collect(),
            lots: to_lots(&self.lots),
            back: self.back.iter().map(back).collect(),
            basis: self.basis.to_vec(),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: TenderMessage = decode(TENDER, bytes)?;
        let back = |back: GivenBackMessage| {
            Ok(GivenBack {
                at: Timestamp(back.at),
                reason: from_reason(TENDER, back.reason)?,
                points: counted(TENDER, back.points)?,
                amount: Cents(back.amount),
            })
        };
        let tender = Self {
            id: RedemptionId::from_bytes(id(TENDER, &message.id)?),
            profile: ProfileId::from_bytes(id(TENDER, &message.profile)?),
            order_id: message.order_id,
            at: Timestamp(message.at),
            basis: id(TENDER, &message.basis)?,
            lines: message.lines.into_iter().map(from_line).collect::<Result<_, _>>()?,
            lots: from_lots(TENDER, message.lots)?,
            back: message.back.into_iter().map(back).collect::<Result<_, Damaged>>()?,
        };
        let left: Points = tender.lots.iter().map(|lot| lot.points).sum();
        if left + tender.returned() != tender.points() {
            let (points, back) = (tender.points(), tender.returned());
            return Err(Damaged {
                what: TENDER,
                why: format!("of {points} points {back} came back and {left} are left"),
            });
        }
        Ok(tender)
    }
}

fn from_line(message: LineMessage) -> Result<TenderLine, Damaged> {
    if message.quantity < message.back || message.paid < 0 {
        return Err(Damaged { what: TENDER, why: "a line gave more back than it had".to_owned() });
    }
    Ok(TenderLine {
        line: message.line,
        quantity: message.quantity,
        back: message.back,
        paid: Cents(message.paid),
        points: counted(TENDER, message.points)?,
    })
}

impl Stored for Entry {
    fn to_bytes(&self) -> Vec<u8> {
        let (order, redemption) = match self.cause {
            Some(Cause::Order(key)) => (Some(key.to_vec()), None),
            Some(Cause::Redemption(id)) => (None, Some(id.bytes().to_vec())),
            None => (None, None),
        };
        MovementMessage {
            id: self.id.to_vec(),
            at: self.at.0,
            account: self.account.to_vec(),
            order,
            redemption,
            from: to_place(self.from),
            to: to_place(self.to),
            points: self.points.0,
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: MovementMessage = decode(MOVEMENT, bytes)?;
        let cause = match (message.order, message.redemption) {
            (Some(key), None) => Some(Cause::Order(id(MOVEMENT, &key)?)),
            (None, Some(key)) => Some(Cause::Redemption(RedemptionId::from_bytes(id(MOVEMENT, &key)?))),
            (None, None) => None,
            (Some(_), Some(_)) => {
                return Err(Damaged { what: MOVEMENT, why: "it has two causes".to_owned() });
            }
        };
        Ok(Self {
            id: id(MOVEMENT, &message.id)?,
            at: Timestamp(message.at),
            account: id(MOVEMENT, &message.account)?,
            cause,
            from: from_place(message.from)?,
            to: from_place(message.to)?,
            points: counted(MOVEMENT, message.points)?,
        })
    }
}

fn counted(what: &'static str, points: i64) -> Result<Points, Damaged> {
    if points < 0 { Err(unknown(what, "points", points)) } else { Ok(Points(points)) }
}

fn to_lots(lots: &[Lot]) -> Vec<LotMessage> {
    lots.iter().map(|lot| LotMessage { until: lot.until.0, points: lot.points.0 }).collect()
}

fn from_lots(what: &'static str, lots: Vec<LotMessage>) -> Result<Vec<Lot>, Damaged> {
    let lot = |lot: LotMessage| match counted(what, lot.points)? {
        Points::ZERO => Err(unknown(what, "points", lot.points)),
        points => Ok(Lot { until: Timestamp(lot.until), points }),
    };
    lots.into_iter().map(lot).collect()
}

fn to_place(place: Place) -> u32 {
    match place {
        Place::Shop => 1,
        Place::Held => 2,
        Place::Used => 3,
        Place::Expired => 4,
        Place::TakenBack => 5,
    }
}

fn from_place(number: u32) -> Result<Place, Damaged> {
    match number {
        1 => Ok(Place::Shop),
        2 => Ok(Place::Held),
        3 => Ok(Place::Used),
        4 => Ok(Place::Expired),
        5 => Ok(Place::TakenBack),
        _ => Err(unknown(MOVEMENT, "place", number)),
    }
}
