//! Segments: which rules there are, who is in which, and that somebody came or left.

use prost::Message;
use wink_core::base::{Digest, Hasher, ProfileId, SegmentId, Timestamp};
use wink_core::feature::{Member, Memberships, Passage, RuleNumber};

use crate::message::{Damaged, Stored, decode, id};

#[derive(Clone, PartialEq, Message)]
struct MembershipsMessage {
    #[prost(uint32, tag = "1")]
    asked: u32,
    #[prost(message, repeated, tag = "2")]
    of: Vec<MemberMessage>,
    #[prost(uint32, tag = "3")]
    changes: u32,
}

#[derive(Clone, PartialEq, Message)]
struct MemberMessage {
    #[prost(uint32, tag = "1")]
    rule: u32,
    #[prost(sint64, tag = "2")]
    since: i64,
    #[prost(bool, tag = "3")]
    granted: bool,
}

impl Stored for Memberships {
    fn to_bytes(&self) -> Vec<u8> {
        let of = self.of.iter().map(|(rule, member)| MemberMessage {
            rule: rule.0,
            since: member.since.0,
            granted: member.granted,
        });
        MembershipsMessage { asked: self.asked.0, of: of.collect(), changes: self.changes }.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: MembershipsMessage = decode("memberships", bytes)?;
        let member = |message: MemberMessage| {
            let member = Member { since: Timestamp(message.since), granted: message.granted };
            (RuleNumber(message.rule), member)
        };
        let of = message.of.into_iter().map(member).collect();
        Ok(Self { asked: RuleNumber(message.asked), of, changes: message.changes })
    }
}

/// The rules of segments that are, or lately were, in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SegmentRules {
    /// The highest number that was ever given.
    pub last: RuleNumber,
    /// The rules, by number.
    pub rules: Vec<SegmentRule>,
}

/// A rule under its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentRule {
    /// The number.
    pub number: RuleNumber,
    /// Whose rule it is.
    pub segment: SegmentId,
    /// What it says.
    pub digest: Digest,
    /// Whether it is no longer in force. It stays until nobody is counted under it, and does not come back.
    pub is_retired: bool,
    /// When everybody had been asked about it for the first time; until then its members are not all known.
    pub counted_at: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Message)]
struct RulesMessage {
    #[prost(uint32, tag = "1")]
    last: u32,
    #[prost(message, repeated, tag = "2")]
    rules: Vec<RuleMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct RuleMessage {
    #[prost(uint32, tag = "1")]
    number: u32,
    #[prost(string, tag = "2")]
    segment: String,
    #[prost(bytes = "vec", tag = "3")]
    digest: Vec<u8>,
    #[prost(sint64, optional, tag = "4")]
    counted_at: Option<i64>,
    #[prost(bool, tag = "5")]
    is_retired: bool,
}

impl Stored for SegmentRules {
    fn to_bytes(&self) -> Vec<u8> {
        let rules = self.rules.iter().map(|rule| RuleMessage {
            number: rule.number.0,
            segment: rule.segment.to_string(),
            digest: rule.digest.0.to_vec(),
            counted_at: rule.counted_at.map(|at| at.0),
            is_retired: rule.is_retired,
        });
        RulesMessage { last: self.last.0, rules: rules.collect() }.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        const WHAT: &str = "list of segment rules";
        let message: RulesMessage = decode(WHAT, bytes)?;
        let rule = |message: RuleMessage| {
            let short = |_| Damaged { what: WHAT, why: "a hash has not 32 bytes".to_owned() };
            Ok(SegmentRule {
                number: RuleNumber(message.number),
                segment: segment(WHAT, &message.segment)?,
                digest: Digest(message.digest.as_slice().try_into().map_err(short)?),
                counted_at: message.counted_at.map(Timestamp),
                is_retired: message.is_retired,
            })
        };
        let rules = message.rules.into_iter().map(rule).collect::<Result<_, Damaged>>()?;
        Ok(Self { last: RuleNumber(message.last), rules })
    }
}

/// That somebody came into a segment or left it, or those in it who have granted what it is for, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentPassage {
    /// Who.
    pub profile: ProfileId,
    /// Which segment.
    pub segment: SegmentId,
    /// Under which rule.
    pub rule: RuleNumber,
    /// Whether they came or left.
    pub passage: Option<Passage>,
    /// Whether they came to or left those who have granted what the segment is for.
    pub granting: Option<Passage>,
    /// Which change of the person's segments it was.
    pub change: u32,
    /// When it was seen.
    pub at: Timestamp,
}

impl SegmentPassage {
    /// Gives the id that always belongs to this passage: of its journal entry, and in the message that tells of it.
    pub fn id(&self) -> [u8; 16] {
        Hasher::new("segment passage")
            .field(&self.profile.bytes())
            .field(&self.rule.0.to_be_bytes())
            .field(&self.change.to_be_bytes())
            .finish()
            .short()
    }
}

#[derive(Clone, PartialEq, Message)]
struct PassageMessage {
    #[prost(bytes = "vec", tag = "1")]
    profile: Vec<u8>,
    #[prost(string, tag = "2")]
    segment: String,
    #[prost(uint32, tag = "3")]
    rule: u32,
    /// Whether they came; missing if they stayed in or out.
    #[prost(bool, optional, tag = "4")]
    entered: Option<bool>,
    #[prost(bool, optional, tag = "5")]
    entered_granting: Option<bool>,
    #[prost(uint32, tag = "6")]
    change: u32,
    #[prost(sint64, tag = "7")]
    at: i64,
}

impl Stored for SegmentPassage {
    fn to_bytes(&self) -> Vec<u8> {
        let entered = |passage: Option<Passage>| passage.map(|passage| passage == Passage::Entered);
        PassageMessage {
            profile: self.profile.bytes().to_vec(),
            segment: self.segment.to_string(),
            rule: self.rule.0,
            entered: entered(self.passage),
            entered_granting: entered(self.granting),
            change: self.change,
            at: self.at.0,
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        const WHAT: &str = "passage of a segment";
        let message: PassageMessage = decode(WHAT, bytes)?;
        let passage = |entered| if entered { Passage::Entered } else { Passage::Left };
        Ok(Self {
            profile: ProfileId::from_bytes(id(WHAT, &message.profile)?),
            segment: segment(WHAT, &message.segment)?,
            rule: RuleNumber(message.rule),
            passage: message.entered.map(passage),
            granting: message.entered_granting.map(passage),
            change: message.change,
            at: Timestamp(message.at),
        })
    }
}

fn segment(what: &'static str, text: &str) -> Result<SegmentId, Damaged> {
    SegmentId::parse(text).map_err(|error| Damaged { what, why: error.to_string() })
}
