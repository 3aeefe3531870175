//! A decision with everything it depended on, so that it can be made again. Stored once; at most 2 KiB for 20 candidates.

use std::collections::BTreeMap;

use prost::{Message, Oneof};
use wink_core::base::{Cents, DecisionId, Digest, ProfileId, Timestamp};
use wink_core::decision::{
    AcceptWithin, Ask, BudgetUse, Candidate, Decision, Drawn, Issue, Person, RanOut, Standing, Usage, Verdict,
};
use wink_core::feature::{Reading, View, Viewed};
use wink_core::offer::{Benefit, CatalogueVersion, Channel};
use wink_core::profile::{Grants, Purpose};

use crate::message::{Damaged, Stored, decode, id, index, narrow, number, unknown};
use crate::profile::{from_purpose, to_purpose};
use crate::removed::RemovedMessage;
use crate::texts::{Texts, text};

pub(crate) const WHAT: &str = "decision";

#[derive(Clone, PartialEq, Message)]
struct DecisionMessage {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(uint32, tag = "2")]
    engine: u32,
    #[prost(bytes = "vec", tag = "3")]
    catalogue: Vec<u8>,
    #[prost(sint64, tag = "4")]
    now: i64,
    #[prost(fixed64, tag = "5")]
    seed: u64,
    /// 1 newsletter, 2 web, 3 till.
    #[prost(uint32, tag = "6")]
    channel: u32,
    #[prost(string, tag = "7")]
    placement: String,
    #[prost(sint64, optional, tag = "8")]
    cart: Option<i64>,
    #[prost(bytes = "vec", tag = "9")]
    profile: Vec<u8>,
    #[prost(uint32, repeated, tag = "10")]
    granted: Vec<u32>,
    #[prost(message, repeated, tag = "11")]
    slots: Vec<SlotMessage>,
    #[prost(sint64, repeated, tag = "12")]
    contacts: Vec<i64>,
    #[prost(message, repeated, tag = "13")]
    used: Vec<UsedMessage>,
    #[prost(message, repeated, tag = "14")]
    budgets: Vec<BudgetMessage>,
    #[prost(btree_map = "uint64, uint32", tag = "15")]
    issued: BTreeMap<u64, u32>,
    #[prost(message, repeated, tag = "16")]
    candidates: Vec<CandidateMessage>,
    /// 1 offer, 2 held out, 3 nothing.
    #[prost(uint32, tag = "17")]
    verdict: u32,
    #[prost(uint64, tag = "18")]
    verdict_index: u64,
    /// Names and keys that slots and candidates point to.
    #[prost(string, repeated, tag = "19")]
    texts: Vec<String>,
    /// How long the right to the coupon can be accepted; unset if the coupon is issued at once.
    #[prost(uint32, optional, tag = "20")]
    accept_within_seconds: Option<u32>,
    /// As whom the person was drawn by lot, if not as this profile.
    #[prost(bytes = "vec", optional, tag = "21")]
    drawn_as: Option<Vec<u8>>,
    /// What the whole household had, of offers that are limited so.
    #[prost(message, repeated, tag = "22")]
    household: Vec<UsedMessage>,
    #[prost(message, repeated, tag = "30")]
    ran_out: Vec<RanOutMessage>,
}

/// Something of an offer that was not used in time.
#[derive(Clone, PartialEq, Message)]
struct RanOutMessage {
    #[prost(uint64, tag = "1")]
    offer: u64,
    #[prost(sint64, tag = "2")]
    until: i64,
    /// The amount, or the most a share can be worth; unset if it is not known.
    #[prost(sint64, optional, tag = "3")]
    maximum: Option<i64>,
    /// The share; unset for an amount.
    #[prost(uint32, optional, tag = "4")]
    basis_points: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct SlotMessage {
    /// Unset if nobody asked for the feature.
    #[prost(oneof = "ViewedMessage", tags = "1, 2, 3, 4, 5, 7")]
    viewed: Option<ViewedMessage>,
    #[prost(sint64, tag = "6")]
    age_ms: i64,
}

#[derive(Clone, PartialEq, Oneof)]
enum ViewedMessage {
    #[prost(double, tag = "1")]
    Number(f64),
    #[prost(message, tag = "2")]
    Shares(SharesMessage),
    #[prost(bool, tag = "3")]
    NoData(bool),
    #[prost(bool, tag = "4")]
    TooOld(bool),
    #[prost(uint32, tag = "5")]
    NotGranted(u32),
    #[prost(bool, tag = "7")]
    Filling(bool),
}

#[derive(Clone, PartialEq, Message)]
struct SharesMessage {
    /// Places in the table of texts; the lists run parallel.
    #[prost(uint32, repeated, tag = "1")]
    key: Vec<u32>,
    #[prost(double, repeated, tag = "2")]
    share: Vec<f64>,
}

#[derive(Clone, PartialEq, Message)]
struct UsedMessage {
    #[prost(uint64, tag = "1")]
    offer: u64,
    #[prost(uint32, tag = "2")]
    issued: u32,
    #[prost(uint32, tag = "3")]
    held_out: u32,
}

#[derive(Clone, PartialEq, Message)]
struct BudgetMessage {
    #[prost(uint64, tag = "1")]
    campaign: u64,
    #[prost(sint64, tag = "2")]
    used: i64,
    #[prost(sint64, tag = "3")]
    cap: i64,
}

#[derive(Clone, PartialEq, Message)]
struct CandidateMessage {
    /// Unset for `none`.
    #[prost(uint64, optional, tag = "1")]
    offer: Option<u64>,
    #[prost(uint64, tag = "2")]
    benefit: u64,
    #[prost(double, optional, tag = "3")]
    score: Option<f64>,
    #[prost(double, tag = "4")]
    probability: f64,
    #[prost(message, optional, tag = "5")]
    removed: Option<RemovedMessage>,
}

impl Stored for Decision {
    fn to_bytes(&self) -> Vec<u8> {
        let (verdict, verdict_index) = match self.verdict {
            Verdict::Offer(index) => (1, number(index)),
            Verdict::HeldOut(index) => (2, number(index)),
            Verdict::Nothing => (3, 0),
        };
        let budgets = self.standing.budgets.iter().map(|(campaign, budget)| BudgetMessage {
            campaign: number(*campaign),
            used: budget.used.0,
            cap: budget.cap.0,
        });
        let mut texts = Texts::default();
        let slots = self.person.view.slots().iter().map(|viewed| to_slot(viewed, &mut texts)).collect();
        let candidates =
            self.candidates.iter().map(|candidate| to_candidate(candidate, &mut texts)).collect();
        DecisionMessage {
            id: self.id.bytes().to_vec(),
            engine: self.engine,
            catalogue: self.catalogue.0.0.to_vec(),
            now: self.now.0,
            seed: self.seed,
            channel: to_channel(self.ask.channel),
            placement: self.ask.placement.clone(),
            cart: self.ask.cart.map(|cart| cart.0),
            profile: self.person.profile.bytes().to_vec(),
            granted: self.person.grants.granted().map(to_purpose).collect(),
            slots,
            contacts: self.person.contacts.iter().map(|at| at.0).collect(),
            used: to_used(&self.person.used),
            budgets: budgets.collect(),
            issued: self.standing.issued.iter().map(|(offer, count)| (number(*offer), *count)).collect(),
            candidates,
            verdict,
            verdict_index,
            texts: texts.into_listed(),
            accept_within_seconds: match self.ask.issue {
                Issue::Now => None,
                Issue::OnAccept(within) => Some(within.seconds()),
            },
            drawn_as: drawn_as(&self.person),
            household: to_used(&self.person.household),
            ran_out: to_ran_out(&self.person),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: DecisionMessage = decode(WHAT, bytes)?;
        let catalogue: [u8; 32] = message
            .catalogue
            .as_slice()
            .try_into()
            .map_err(|_| unknown(WHAT, "catalogue", message.catalogue.len()))?;
        let verdict = match message.verdict {
            1 => Verdict::Offer(index(WHAT, message.verdict_index)?),
            2 => Verdict::HeldOut(index(WHAT, message.verdict_index)?),
            3 => Verdict::Nothing,
            other => return Err(unknown(WHAT, "verdict", other)),
        };
        let granted: Vec<Purpose> =
            message.granted.iter().map(|purpose| from_purpose(WHAT, *purpose)).collect::<Result<_, _>>()?;
        let mut standing = Standing::default();
        for budget in &message.budgets {
            let stands = BudgetUse { used: Cents(budget.used), cap: Cents(budget.cap) };
            standing.budgets.insert(index(WHAT, budget.campaign)?, stands);
        }
        for (offer, count) in &message.issued {
            standing.issued.insert(index(WHAT, *offer)?, *count);
        }
        let view = View::new(
            message
                .slots
                .into_iter()
                .map(|slot| from_slot(slot, &message.texts))
                .collect::<Result<_, _>>()?,
        );
        let candidates =
            message.candidates.into_iter().map(|candidate| from_candidate(candidate, &message.texts));
        let candidates = candidates.collect::<Result<_, _>>()?;
        let ran_out = from_ran_out(&message.ran_out)?;
        let profile = ProfileId::from_bytes(id(WHAT, &message.profile)?);
        let drawn_as = message.drawn_as.map(|bytes| id(WHAT, &bytes)).transpose()?;
        Ok(Self {
            id: DecisionId::from_bytes(id(WHAT, &message.id)?),
            engine: message.engine,
            catalogue: CatalogueVersion(Digest(catalogue)),
            now: Timestamp(message.now),
            seed: message.seed,
            ask: Ask {
                channel: from_channel(message.channel)?,
                placement: message.placement,
                cart: message.cart.map(Cents),
                issue: from_issue(message.accept_within_seconds)?,
            },
            person: Person {
                profile,
                drawn_as: drawn_as.map_or(profile, ProfileId::from_bytes),
                grants: Grants::new(granted),
                view,
                contacts: message.contacts.into_iter().map(Timestamp).collect(),
                used: from_used(&message.used)?,
                household: from_used(&message.household)?,
                ran_out,
            },
            standing,
            candidates,
            verdict,
        })
    }
}

fn drawn_as(person: &Person) -> Option<Vec<u8>> {
    (person.drawn_as != person.profile).then(|| person.drawn_as.bytes().to_vec())
}

fn to_used(used: &BTreeMap<usize, Usage>) -> Vec<UsedMessage> {
    let message = |(offer, usage): (&usize, &Usage)| UsedMessage {
        offer: number(*offer),
        issued: usage.issued,
        held_out: usage.held_out,
    };
    used.iter().map(message).collect()
}

fn from_used(messages: &[UsedMessage]) -> Result<BTreeMap<usize, Usage>, Damaged> {
    let mut used = BTreeMap::new();
    for usage in messages {
        used.insert(index(WHAT, usage.offer)?, Usage { issued: usage.issued, held_out: usage.held_out });
    }
    Ok(used)
}

fn to_ran_out(person: &Person) -> Vec<RanOutMessage> {
    let message = |(offer, ran_out): (&usize, &RanOut)| {
        let (maximum, basis_points) = match ran_out.benefit {
            None => (None, None),
            Some(Benefit::Amount(amount)) => (Some(amount.0), None),
            Some(Benefit::Percent { basis_points, maximum }) => {
                (Some(maximum.0), Some(u32::from(basis_points)))
            }
        };
        RanOutMessage { offer: number(*offer), until: ran_out.until.0, maximum, basis_points }
    };
    let all = person.ran_out.iter().flat_map(|(offer, all)| all.iter().map(move |one| (offer, one)));
    all.map(message).collect()
}

fn from_ran_out(messages: &[RanOutMessage]) -> Result<BTreeMap<usize, Vec<RanOut>>, Damaged> {
    let mut all: BTreeMap<usize, Vec<RanOut>> = BTreeMap::new();
    for message in messages {
        let benefit = match (message.maximum, message.basis_points) {
            (None, _) => None,
            (Some(amount), None) => Some(Benefit::Amount(Cents(amount))),
            (Some(maximum), Some(basis_points)) => Some(Benefit::Percent {
                basis_points: narrow(WHAT, "basis_points", u64::from(basis_points))?,
                maximum: Cents(maximum),
            }),
        };
        let ran_out = RanOut { until: Timestamp(message.until), benefit };
        all.entry(index(WHAT, message.offer)?).or_default().push(ran_out);
    }
    Ok(all)
}

fn to_slot(viewed: &Viewed, texts: &mut Texts) -> SlotMessage {
    let (viewed, age_ms) = match viewed {
        Viewed::Number(reading) => (ViewedMessage::Number(reading.value), reading.age_ms),
        Viewed::Shares(reading) => {
            let key = reading.value.keys().map(|key| texts.place(key)).collect();
            let share = reading.value.values().copied().collect();
            (ViewedMessage::Shares(SharesMessage { key, share }), reading.age_ms)
        }
        Viewed::NoData => (ViewedMessage::NoData(true), 0),
        Viewed::TooOld { age_ms } => (ViewedMessage::TooOld(true), *age_ms),
        Viewed::NotGranted(purpose) => (ViewedMessage::NotGranted(to_purpose(*purpose)), 0),
        Viewed::Filling => (ViewedMessage::Filling(true), 0),
        Viewed::NotAsked => return SlotMessage::default(),
    };
    SlotMessage { viewed: Some(viewed), age_ms }
}

fn from_slot(slot: SlotMessage, texts: &[String]) -> Result<Viewed, Damaged> {
    let age_ms = slot.age_ms;
    let Some(viewed) = slot.viewed else { return Ok(Viewed::NotAsked) };
    Ok(match viewed {
        ViewedMessage::Number(value) => Viewed::Number(Reading { value, age_ms }),
        ViewedMessage::Shares(shares) => {
            let mut value = BTreeMap::new();
            for (key, share) in shares.key.into_iter().zip(shares.share) {
                value.insert(text(WHAT, texts, key)?.to_owned(), share);
            }
            Viewed::Shares(Reading { value, age_ms })
        }
        ViewedMessage::NoData(_) => Viewed::NoData,
        ViewedMessage::Filling(_) => Viewed::Filling,
        ViewedMessage::TooOld(_) => Viewed::TooOld { age_ms },
        ViewedMessage::NotGranted(purpose) => Viewed::NotGranted(from_purpose(WHAT, purpose)?),
    })
}

fn to_candidate(candidate: &Candidate, texts: &mut Texts) -> CandidateMessage {
    CandidateMessage {
        offer: candidate.drawn.map(|drawn| number(drawn.offer)),
        benefit: candidate.drawn.map_or(0, |drawn| number(drawn.benefit)),
        score: candidate.score,
        probability: candidate.probability,
        removed: candidate.removed.as_ref().map(|removed| RemovedMessage::new(removed, texts)),
    }
}

fn from_candidate(message: CandidateMessage, texts: &[String]) -> Result<Candidate, Damaged> {
    let drawn = match message.offer {
        Some(offer) => Some(Drawn { offer: index(WHAT, offer)?, benefit: index(WHAT, message.benefit)? }),
        None => None,
    };
    let removed = message.removed.map(|removed| removed.read(texts)).transpose()?;
    Ok(Candidate { drawn, score: message.score, probability: message.probability, removed })
}

fn to_channel(channel: Channel) -> u32 {
    match channel {
        Channel::Newsletter => 1,
        Channel::Web => 2,
        Channel::Till => 3,
    }
}

fn from_channel(number: u32) -> Result<Channel, Damaged> {
    match number {
        1 => Ok(Channel::Newsletter),
        2 => Ok(Channel::Web),
        3 => Ok(Channel::Till),
        _ => Err(unknown(WHAT, "channel", number)),
    }
}

fn from_issue(accept_within_seconds: Option<u32>) -> Result<Issue, Damaged> {
    let Some(seconds) = accept_within_seconds else { return Ok(Issue::Now) };
    let within = AcceptWithin::new(seconds).ok_or_else(|| unknown(WHAT, "accept_within_seconds", seconds))?;
    Ok(Issue::OnAccept(within))
}

/// What the journal says of a decision: which it was, and a hash of how it is stored, so that a changed record is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The decision.
    pub id: DecisionId,
    /// Hash of the stored decision.
    pub hash: Digest,
}

#[derive(Clone, PartialEq, Message)]
struct DecidedMessage {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    hash: Vec<u8>,
}

impl Stored for Decided {
    fn to_bytes(&self) -> Vec<u8> {
        DecidedMessage { id: self.id.bytes().to_vec(), hash: self.hash.0.to_vec() }.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        const WHAT: &str = "decision entry";
        let message: DecidedMessage = decode(WHAT, bytes)?;
        let hash: [u8; 32] =
            message.hash.as_slice().try_into().map_err(|_| unknown(WHAT, "hash", message.hash.len()))?;
        Ok(Self { id: DecisionId::from_bytes(id(WHAT, &message.id)?), hash: Digest(hash) })
    }
}
