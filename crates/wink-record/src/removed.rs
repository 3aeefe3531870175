//! Why a candidate was removed, with the nearest miss of a rule.

use prost::{Message, Oneof};
use wink_core::base::expression::{Miss, Relation};
use wink_core::base::{Cents, Timestamp, Value};
use wink_core::decision::Removed;
use wink_core::offer::Stage;

use crate::decision::WHAT;
use crate::message::{Damaged, index, narrow, number, present, unknown};
use crate::profile::{from_purpose, to_purpose};
use crate::texts::{Texts, text};
use crate::value::ValueMessage;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RemovedMessage {
    #[prost(oneof = "Reason", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 20")]
    reason: Option<Reason>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Reason {
    #[prost(uint32, tag = "1")]
    NoConsent(u32),
    #[prost(bool, tag = "2")]
    GlobalHoldout(bool),
    #[prost(bool, tag = "3")]
    OtherChannel(bool),
    #[prost(message, tag = "4")]
    Rule(RuleMessage),
    #[prost(message, tag = "5")]
    NotKnown(NotKnownMessage),
    #[prost(uint32, tag = "6")]
    RuleFailed(u32),
    #[prost(uint32, tag = "7")]
    ProfileLimit(u32),
    #[prost(uint32, tag = "8")]
    TotalLimit(u32),
    #[prost(message, tag = "9")]
    ContactCap(ContactCapMessage),
    #[prost(message, tag = "10")]
    Budget(TwoAmounts),
    #[prost(message, tag = "11")]
    MinimumPrice(TwoAmounts),
    #[prost(bool, tag = "12")]
    Holdout(bool),
    #[prost(uint32, tag = "13")]
    HouseholdLimit(u32),
    #[prost(message, tag = "20")]
    DeadlinePassed(DeadlinePassedMessage),
}

#[derive(Clone, PartialEq, Message)]
struct RuleMessage {
    #[prost(uint32, tag = "1")]
    stage: u32,
    #[prost(uint64, tag = "2")]
    from: u64,
    #[prost(uint64, tag = "3")]
    until: u64,
    #[prost(oneof = "MissMessage", tags = "4, 5, 6")]
    miss: Option<MissMessage>,
}

#[derive(Clone, PartialEq, Oneof)]
enum MissMessage {
    #[prost(message, tag = "4")]
    Fact(FactMessage),
    /// A part of the rule that should have held.
    #[prost(string, tag = "5")]
    PartWanted(String),
    /// A part of the rule that should not have held.
    #[prost(string, tag = "6")]
    PartUnwanted(String),
}

#[derive(Clone, PartialEq, Message)]
struct FactMessage {
    #[prost(uint64, tag = "1")]
    slot: u64,
    /// Places in the decision's table of texts.
    #[prost(uint32, tag = "2")]
    name: u32,
    #[prost(uint32, optional, tag = "3")]
    key: Option<u32>,
    #[prost(message, optional, tag = "4")]
    found: Option<ValueMessage>,
    #[prost(uint32, tag = "5")]
    relation: u32,
    #[prost(message, optional, tag = "6")]
    wanted: Option<ValueMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct NotKnownMessage {
    #[prost(uint32, tag = "1")]
    stage: u32,
    #[prost(uint64, tag = "2")]
    slot: u64,
}

#[derive(Clone, PartialEq, Message)]
struct ContactCapMessage {
    #[prost(uint32, tag = "1")]
    at_most: u32,
    #[prost(uint32, tag = "2")]
    within_days: u32,
}

#[derive(Clone, PartialEq, Message)]
struct DeadlinePassedMessage {
    #[prost(sint64, tag = "1")]
    again_at: i64,
    #[prost(uint32, tag = "2")]
    days: u32,
}

#[derive(Clone, PartialEq, Message)]
struct TwoAmounts {
    /// Needed, or remaining.
    #[prost(sint64, tag = "1")]
    one: i64,
    /// Left, or minimum.
    #[prost(sint64, tag = "2")]
    other: i64,
}

impl RemovedMessage {
    /// Writes a reason; names and keys go into the decision's table.
    pub(crate) fn new(removed: &Removed, texts: &mut Texts) -> Self {
        let amounts = |one: &Cents, other: &Cents| TwoAmounts { one: one.0, other: other.0 };
        let reason = match removed {
            Removed::NoConsent(purpose) => Reason::NoConsent(to_purpose(*purpose)),
            Removed::GlobalHoldout => Reason::GlobalHoldout(true),
            Removed::OtherChannel => Reason::OtherChannel(true),
            Removed::Rule { stage, miss } => Reason::Rule(to_rule(*stage, miss, texts)),
            Removed::NotKnown { stage, slot } => {
                Reason::NotKnown(NotKnownMessage { stage: to_stage(*stage), slot: number(*slot) })
            }
            Removed::RuleFailed { stage } => Reason::RuleFailed(to_stage(*stage)),
            Removed::ProfileLimit { at_most } => Reason::ProfileLimit(*at_most),
            Removed::HouseholdLimit { at_most } => Reason::HouseholdLimit(*at_most),
            Removed::TotalLimit { at_most } => Reason::TotalLimit(*at_most),
            Removed::ContactCap { at_most, within_days } => Reason::ContactCap(ContactCapMessage {
                at_most: *at_most,
                within_days: u32::from(*within_days),
            }),
            Removed::DeadlinePassed { again_at, days } => {
                let (again_at, days) = (again_at.0, u32::from(*days));
                Reason::DeadlinePassed(DeadlinePassedMessage { again_at, days })
            }
            Removed::Budget { needed, left } => Reason::Budget(amounts(needed, left)),
            Removed::MinimumPrice { remaining, minimum } => Reason::MinimumPrice(amounts(remaining, minimum)),
            Removed::Holdout => Reason::Holdout(true),
        };
        Self { reason: Some(reason) }
    }

    /// Reads a reason.
    pub(crate) fn read(self, texts: &[String]) -> Result<Removed, Damaged> {
        Ok(match present(WHAT, "removed", self.reason)? {
            Reason::NoConsent(purpose) => Removed::NoConsent(from_purpose(WHAT, purpose)?),
            Reason::GlobalHoldout(_) => Removed::GlobalHoldout,
            Reason::OtherChannel(_) => Removed::OtherChannel,
            Reason::Rule(rule) => {
                Removed::Rule { stage: from_stage(rule.stage)?, miss: from_rule(rule, texts)? }
            }
            Reason::NotKnown(unknown) => {
                Removed::NotKnown { stage: from_stage(unknown.stage)?, slot: index(WHAT, unknown.slot)? }
            }
            Reason::RuleFailed(stage) => Removed::RuleFailed { stage: from_stage(stage)? },
            Reason::ProfileLimit(at_most) => Removed::ProfileLimit { at_most },
            Reason::HouseholdLimit(at_most) => Removed::HouseholdLimit { at_most },
            Reason::TotalLimit(at_most) => Removed::TotalLimit { at_most },
            Reason::ContactCap(cap) => Removed::ContactCap {
                at_most: cap.at_most,
                within_days: narrow(WHAT, "within_days", u64::from(cap.within_days))?,
            },
            Reason::Budget(amounts) => {
                Removed::Budget { needed: Cents(amounts.one), left: Cents(amounts.other) }
            }
            Reason::MinimumPrice(amounts) => {
                Removed::MinimumPrice { remaining: Cents(amounts.one), minimum: Cents(amounts.other) }
            }
            Reason::Holdout(_) => Removed::Holdout,
            Reason::DeadlinePassed(passed) => Removed::DeadlinePassed {
                again_at: Timestamp(passed.again_at),
                days: narrow(WHAT, "days", u64::from(passed.days))?,
            },
        })
    }
}

fn to_rule(stage: Stage, miss: &Miss, texts: &mut Texts) -> RuleMessage {
    let (at, miss) = match miss {
        Miss::Fact { at, slot, name, key, found, relation, wanted } => {
            let fact = FactMessage {
                slot: number(*slot),
                name: texts.place(name),
                key: key.as_ref().map(|key| texts.place(key)),
                found: Some(found.into()),
                relation: to_relation(*relation),
                wanted: Some(wanted.into()),
            };
            (at, MissMessage::Fact(fact))
        }
        Miss::Part { at, text, wanted: true } => (at, MissMessage::PartWanted(text.clone())),
        Miss::Part { at, text, wanted: false } => (at, MissMessage::PartUnwanted(text.clone())),
    };
    RuleMessage { stage: to_stage(stage), from: number(at.start), until: number(at.end), miss: Some(miss) }
}

fn from_rule(rule: RuleMessage, texts: &[String]) -> Result<Miss, Damaged> {
    let at = index(WHAT, rule.from)?..index(WHAT, rule.until)?;
    Ok(match present(WHAT, "miss", rule.miss)? {
        MissMessage::Fact(fact) => Miss::Fact {
            at,
            slot: index(WHAT, fact.slot)?,
            name: text(WHAT, texts, fact.name)?.into(),
            key: fact.key.map(|key| text(WHAT, texts, key).map(Into::into)).transpose()?,
            found: fact.found.map_or(Value::Null, Value::from),
            relation: from_relation(fact.relation)?,
            wanted: fact.wanted.map_or(Value::Null, Value::from),
        },
        MissMessage::PartWanted(text) => Miss::Part { at, text, wanted: true },
        MissMessage::PartUnwanted(text) => Miss::Part { at, text, wanted: false },
    })
}

fn to_stage(stage: Stage) -> u32 {
    match stage {
        Stage::Eligibility => 1,
        Stage::Applicability => 2,
        Stage::Suitability => 3,
    }
}

fn from_stage(number: u32) -> Result<Stage, Damaged> {
    match number {
        1 => Ok(Stage::Eligibility),
        2 => Ok(Stage::Applicability),
        3 => Ok(Stage::Suitability),
        _ => Err(unknown(WHAT, "stage", number)),
    }
}

/// The stored numbers of relations; a relation keeps its number for ever.
const RELATIONS: [(u32, Relation); 16] = [
    (1, Relation::Equal),
    (2, Relation::NotEqual),
    (3, Relation::Less),
    (4, Relation::AtMost),
    (5, Relation::Greater),
    (6, Relation::AtLeast),
    (7, Relation::OneOf),
    (8, Relation::NoneOf),
    (9, Relation::StartsWith),
    (10, Relation::NotStartsWith),
    (11, Relation::EndsWith),
    (12, Relation::NotEndsWith),
    (13, Relation::Contains),
    (14, Relation::NotContains),
    (15, Relation::Known),
    (16, Relation::NotKnown),
];

fn to_relation(relation: Relation) -> u32 {
    RELATIONS.iter().find(|(_, known)| *known == relation).map_or(0, |(number, _)| *number)
}

fn from_relation(number: u32) -> Result<Relation, Damaged> {
    let known = RELATIONS.iter().find(|(known, _)| *known == number);
    known.map(|(_, relation)| *relation).ok_or_else(|| unknown(WHAT, "relation", number))
}
