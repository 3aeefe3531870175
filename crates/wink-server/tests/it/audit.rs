//! The auditor: what must hold in a store whatever happened to it, found without the code that is under test where that is possible.
//!
//! One function for sound stores and for mutants, so that a mutant which passes shows a hole in the audit.

use std::collections::{BTreeMap, BTreeSet};

use wink_core::base::{Cents, ProfileId, Timestamp};
use wink_core::coupon::{Coupon, Lease, Redemption, Right, RightState, State};
use wink_core::decision::{Decision, Verdict};
use wink_core::event::{Body, ConsentState};
use wink_core::profile::{Kept, Profile, Purpose};
use wink_record::{Decided, LetterHead, Stored};
use wink_server::keys::{self, TENANT, entry, kind};
use wink_server::{Engine, report};
use wink_store::{Direction, Kind, Lane, Position, Range, Record, Store};

use super::counter::wait;

/// Reads everything of a kind.
pub(crate) fn all<S: Store>(engine: &Engine<S>, kind: Kind) -> Vec<(Vec<u8>, Record)> {
    let page = wait(engine.store.scan(TENANT, kind, Range::default(), Direction::Forward, usize::MAX - 1));
    page.unwrap().records
}

/// Reads all stored decisions.
pub(crate) fn decisions<S: Store>(engine: &Engine<S>) -> Vec<Decision> {
    all(engine, kind::DECISION)
        .iter()
        .map(|(_, record)| Decision::from_bytes(&record.bytes).unwrap())
        .collect()
}

/// Reads all coupons.
pub(crate) fn coupons<S: Store>(engine: &Engine<S>) -> Vec<Coupon> {
    all(engine, kind::COUPON).iter().map(|(_, record)| Coupon::from_bytes(&record.bytes).unwrap()).collect()
}

/// Reads all redemptions.
pub(crate) fn redemptions<S: Store>(engine: &Engine<S>) -> Vec<Redemption> {
    let records = all(engine, kind::REDEMPTION);
    records.iter().map(|(_, record)| Redemption::from_bytes(&record.bytes).unwrap()).collect()
}

/// Reads all rights to coupons.
pub(crate) fn rights<S: Store>(engine: &Engine<S>) -> Vec<Right> {
    all(engine, kind::RIGHT).iter().map(|(_, record)| Right::from_bytes(&record.bytes).unwrap()).collect()
}

/// Reads what a campaign owes.
pub(crate) fn owed<S: Store>(engine: &Engine<S>, campaign: &str) -> Cents {
    let counters = wait(engine.store.counters(TENANT, &[keys::budget(campaign)])).unwrap();
    Cents(counters[0].value)
}

/// Checks everything there is to check; the first thing that does not hold is the error.
pub(crate) fn audit<S: Store>(engine: &Engine<S>) -> Result<(), String> {
    let verified = wait(report::verify::verify(engine)).map_err(|error| error.to_string())?;
    if let Some(finding) = verified.findings.first() {
        return Err(format!("{} findings, the first is: {finding}", verified.findings.len()));
    }
    let replayed = wait(report::replay::verify(engine, |_| {})).map_err(|error| error.to_string())?;
    if replayed.same != replayed.decisions || replayed.other_engine != 0 {
        return Err(format!("a replay differs: {replayed:?}"));
    }
    money(engine)?;
    events(engine)?;
    probabilities(engine)?;
    notes(engine)?;
    consent(engine)
}

/// Every decision is noted under its person, every letter has its head and its notes, and no note leads nowhere.
fn notes<S: Store>(engine: &Engine<S>) -> Result<(), String> {
    let noted = |decision: &Decision| keys::decision_of(keys::home(decision.person.profile), decision.id).key;
    let mut made: Vec<Vec<u8>> = decisions(engine).iter().map(noted).collect();
    made.sort();
    let found: Vec<Vec<u8>> = all(engine, kind::DECISION_OF).into_iter().map(|(key, _)| key).collect();
    if found != made {
        return Err(format!(
            "{} decisions are noted under their people, {} were made",
            found.len(),
            made.len()
        ));
    }
    let heads = all(engine, kind::LETTER_HEAD);
    let mut letters: Vec<Vec<u8>> = heads.iter().map(|(key, _)| key[8..].to_vec()).collect();
    letters.sort();
    let sealed: Vec<Vec<u8>> = all(engine, kind::DEAD_LETTER).into_iter().map(|(key, _)| key).collect();
    let named: usize =
        heads.iter().map(|(_, head)| LetterHead::from_bytes(&head.bytes).unwrap().identities.len()).sum();
    if letters != sealed || all(engine, kind::LETTER_OF).len() != named {
        return Err(format!("{} heads of {} dead letters, {named} names", letters.len(), sealed.len()));
    }
    Ok(())
}

/// Coupons, counters and limits, added up here rather than by the ledger.
fn money<S: Store>(engine: &Engine<S>) -> Result<(), String> {
    let mut owed: BTreeMap<String, Cents> = BTreeMap::new();
    let mut issued: BTreeMap<String, i64> = BTreeMap::new();
    for coupon in coupons(engine) {
        let is_live = matches!(coupon.state, State::Issued | State::Activated { .. } | State::Reserved(_));
        if is_live != (Cents::ZERO < coupon.reserved) {
            let reserved = coupon.reserved.0;
            return Err(format!("{} is {} and reserves {reserved}", coupon.id, coupon.state.name()));
        }
        let amount = coupon.reserved;
        *owed.entry(coupon.campaign.to_string()).or_default() += amount;
        *issued.entry(coupon.offer.to_string()).or_default() += 1;
    }
    for redemption in redemptions(engine) {
        *owed.entry(redemption.campaign.to_string()).or_default() += redemption.spent();
    }
    for (_, record) in all(engine, kind::LEASE) {
        let lease = Lease::from_bytes(&record.bytes).unwrap();
        *owed.entry(lease.campaign.to_string()).or_default() += lease.held();
    }
    // What is promised is kept: an open right counts as the coupon it will be. What it cost after that is the coupon's.
    for right in rights(engine).into_iter().filter(|right| right.state == RightState::Open) {
        *owed.entry(right.campaign.to_string()).or_default() += right.reserved;
        *issued.entry(right.offer.to_string()).or_default() += 1;
    }
    let catalogue = engine.catalogue().map_err(|error| error.to_string())?;
    for campaign in &catalogue.campaigns {
        let owed = owed.get(campaign.id.as_str()).copied().unwrap_or_default();
        let counted = self::owed(engine, campaign.id.as_str());
        if owed != counted || campaign.budget < owed {
            let [owed, counted, budget] = [owed, counted, campaign.budget].map(|amount| amount.0);
            return Err(format!(
                "the coupons of {} owe {owed}, counted are {counted}, the budget is {budget}",
                campaign.id
            ));
        }
    }
    for offer in &catalogue.offers {
        let issued = issued.get(offer.id.as_str()).copied().unwrap_or_default();
        if offer.limits.total.is_some_and(|total| i64::from(total) < issued) {
            return Err(format!("{issued} coupons of {} were issued", offer.id));
        }
        let counters = wait(engine.store.counters(TENANT, &[keys::issued(offer.id.as_str())])).unwrap();
        if counters[0].value != issued {
            let counted = counters[0].value;
            return Err(format!("{issued} coupons of {} were issued, counted are {counted}", offer.id));
        }
    }
    Ok(())
}

/// Nothing is told twice: what Wink writes of its own has an id that follows from its cause.
fn events<S: Store>(engine: &Engine<S>) -> Result<(), String> {
    let mut told = BTreeSet::new();
    for lane in Lane::all() {
        for found in wait(engine.store.read_lane(lane, Position(0), usize::MAX)).unwrap() {
            let is_event = found.header.kind == entry::EVENT && found.body.is_some();
            if is_event && !told.insert((found.header.tenant, found.header.key)) {
                return Err(format!("an event is in the journal twice, at {:?} of {lane:?}", found.position));
            }
        }
    }
    Ok(())
}

/// Probabilities that are some, and an answer that could have been drawn.
fn probabilities<S: Store>(engine: &Engine<S>) -> Result<(), String> {
    for decision in decisions(engine) {
        let sum: f64 = decision.candidates.iter().map(|candidate| candidate.probability).sum();
        if 1e-9 < (sum - 1.0).abs() {
            return Err(format!("the probabilities of {} sum to {sum}", decision.id));
        }
        if decision.candidates.iter().any(|candidate| !(0.0..=1.0).contains(&candidate.probability)) {
            return Err(format!("{} has a probability that is none", decision.id));
        }
        let nothing = decision.candidates.len() - 1;
        // What is withheld is given as nothing, with the probability of nothing.
        let given = if let Verdict::Offer(index) = decision.verdict { index } else { nothing };
        if decision.candidates[given].probability <= 0.0 {
            return Err(format!("{} chose what had no chance", decision.id));
        }
    }
    Ok(())
}

/// Nothing without consent, read off the journal: a profile's words and decisions lie in one lane, in the order they were committed. What was
/// said to other profiles of the same person lies elsewhere, and counts by when it was said.
fn consent<S: Store>(engine: &Engine<S>) -> Result<(), String> {
    let made: BTreeMap<_, _> =
        decisions(engine).into_iter().map(|decision| (decision.id, decision)).collect();
    let (said, people) = (said(engine), people(engine));
    for lane in Lane::all() {
        let mut words = BTreeMap::new();
        for found in wait(engine.store.read_lane(lane, Position(0), usize::MAX)).unwrap() {
            let Some(body) = &found.body else { continue };
            if found.header.kind == entry::EVENT {
                let kept = Kept::from_bytes(&body.payload).unwrap();
                let Body::ConsentUpdated(change) = kept.body else { continue };
                // The newest word counts; of two at the same instant, the stricter.
                let word = (kept.occurred_at, change.state);
                let counts = words.entry((kept.profile, change.purpose)).or_insert(word);
                *counts = word.max(*counts);
            } else if found.header.kind == entry::DECIDED {
                let decided = Decided::from_bytes(&body.payload).unwrap();
                let Some(decision) = made.get(&decided.id) else { continue };
                let profile = decision.person.profile;
                let granted = |purpose: Purpose| {
                    let own = words.get(&(profile, purpose.name().to_owned())).copied();
                    let elsewhere = said.iter().filter(|(whose, about, (at, _))| {
                        let same =
                            people.get(&profile).is_some_and(|person| people.get(whose) == Some(person));
                        let is_theirs = *whose != profile && same;
                        is_theirs && about == purpose.name() && *at <= decision.now
                    });
                    let word = elsewhere.map(|(_, _, word)| *word).chain(own).max();
                    word.is_some_and(|(_, state)| state == ConsentState::Granted)
                };
                let needed = match decision.ask.channel {
                    wink_core::offer::Channel::Newsletter => {
                        vec![Purpose::Personalisation, Purpose::Newsletter]
                    }
                    _ => vec![Purpose::Personalisation],
                };
                if decision.verdict != Verdict::Nothing && !needed.into_iter().all(granted) {
                    return Err(format!("{} chose an offer without consent", decision.id));
                }
            }
        }
    }
    Ok(())
}

/// Everything that was said: to whom, about what, when and what.
fn said<S: Store>(engine: &Engine<S>) -> Vec<(ProfileId, String, (Timestamp, ConsentState))> {
    let lane = |lane| wait(engine.store.read_lane(lane, Position(0), usize::MAX)).unwrap();
    let entries = Lane::all().flat_map(lane).filter(|found| found.header.kind == entry::EVENT);
    let word = |body: wink_store::Body| {
        let kept = Kept::from_bytes(&body.payload).unwrap();
        let Body::ConsentUpdated(change) = kept.body else { return None };
        Some((kept.profile, change.purpose, (kept.occurred_at, change.state)))
    };
    entries.filter_map(|found| found.body.and_then(word)).collect()
}

/// Which person a profile is, by the least of all profiles that links join to it. A profile without links is left out.
fn people<S: Store>(engine: &Engine<S>) -> BTreeMap<ProfileId, ProfileId> {
    let profiles: Vec<Profile> = all(engine, kind::PROFILE)
        .iter()
        .map(|(_, record)| Profile::from_bytes(&record.bytes).unwrap())
        .collect();
    let linked = profiles.iter().filter(|profile| !profile.links.is_empty());
    let mut people: BTreeMap<ProfileId, ProfileId> = linked.map(|profile| (profile.id, profile.id)).collect();
    for _ in 0..people.len() {
        for profile in &profiles {
            let near =
                profile.links.keys().chain([&profile.id]).filter_map(|id| people.get(id).copied()).min();
            if let (Some(near), Some(person)) = (near, people.get_mut(&profile.id)) {
                *person = near;
            }
        }
    }
    people
}
