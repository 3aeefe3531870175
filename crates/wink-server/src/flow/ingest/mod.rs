//! Events come in: accepted, deduplicated and folded in the same commit, or kept as dead letters. Every message is counted once.

use std::collections::{BTreeMap, BTreeSet};

use wink_core::base::{EventId, Timestamp, Value};
use wink_core::event::{Envelope, IDENTITIES_MAX as IDENTITIES_NAMED_MAX, Rejection, Spot};
use wink_core::profile::{IdentityKey, MEMBERS_MAX};
use wink_record::Withdrawal;
use wink_store::{Batch, Change, Home, Mark, MarkKey, Store, Version};

use super::person;
use super::points::earn as points;
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::in_use::Written;
use crate::keys;
use crate::turns::Turn;
use crate::{Engine, Error, Ids};

mod days;
mod known;
mod placed;
mod work;

use work::Work;

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// What it says.
    pub envelope: Envelope,
    /// Its bytes, for the dead letters.
    pub original: Vec<u8>,
    /// When it arrived.
    pub at: Timestamp,
    /// Whether whoever sent it may say what was bought and what came back, and who is who. What stands in a page's source may not: with its key
    /// anybody could earn points, and join their browser with a stranger's account.
    pub is_vouched: bool,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is an event now, and durable.
    Accepted(EventId),
    /// It came before; nothing changed.
    Duplicate(EventId),
    /// It was not accepted and lies in the dead letters.
    Dead(Rejection),
    /// It was refused and not kept: the person it belongs to was erased after it happened.
    Erased,
}

/// Bytes of messages after which a group is committed and the next one begun. An event has at most 64 KiB, and what is stored is
/// at most some times what was sent: well below the port's 1 MiB.
const GROUP_BYTES: usize = 128 * 1024;

/// Changes after which a group is committed. Beside them stand one for every identity a person can have (100), the notes triggers find them by
/// (148) and, with a withdrawal, the days kept under each of their other profiles (19 of 21): below the port's 1,024.
const GROUP_CHANGES: usize = 300;

/// A profile has at most this many identities; further ones are not taken up. More is a shared device or a mistake, and an erasure has
/// to take all of them away in one commit.
const IDENTITIES_MAX: usize = 100;

/// Groups that share a commit. As many as the embedded store writes with one fsync.
const GROUPS_AT_ONCE: usize = 256;

/// How often groups that share a commit are thought through at most, where each is of another person. Of those that change one household one
/// gets through each time, and a household is full after as many as it has members; from then on nobody changes it by joining. Without an end
/// a request that lets hundreds move in and out of one household would cost their square.
const ROUNDS_MAX: usize = MEMBERS_MAX + ATTEMPTS_MAX;

/// Takes messages in; answers each, in order. Messages of one identity are folded in the order given.
///
/// # Errors
/// If the store takes no writes. Messages answered before are durable; sending all of them again changes nothing twice.
pub async fn ingest<S: Store>(
    engine: &Engine<S>,
    ids: &impl Ids,
    received: Vec<Received>,
) -> Result<Vec<Answer>, Error> {
    let mut answers: Vec<Option<Answer>> = vec![None; received.len()];
    let groups = group(engine, received);
    // Where a person's messages fill more than one group, the groups must be written in their order, so none may have to come again.
    let mut look = 1 < most_of_one(&groups);
    for at_once in groups.chunks(GROUPS_AT_ONCE) {
        let mut turn = engine.turn();
        let mut left: Vec<&Group> = at_once.iter().collect();
        // A person's groups come one after the other.
        let rounds_max = ROUNDS_MAX + most_of_one(at_once);
        let (mut attempts, mut rounds) = (0, 0);
        while !left.is_empty() {
            let before = left.len();
            let (now, later) = firsts(left);
            left = commit(engine, ids, (now, look), &mut turn, &mut answers).await?;
            left.extend(later);
            look = true;
            // Groups of one household get in each other's way, and then one of them gets through.
            attempts = if left.len() < before { 0 } else { attempts + 1 };
            rounds += 1;
            if ATTEMPTS_MAX <= attempts || (rounds_max <= rounds && !left.is_empty()) {
                return Err(Error::Contended);
            }
        }
    }
    answers.into_iter().map(|answer| answer.ok_or(Error::Unknown)).collect()
}

/// Commits groups together and notes what became of their messages. Returns those that met somebody else's change.
async fn commit<'groups, S: Store>(
    engine: &Engine<S>,
    ids: &impl Ids,
    (groups, look): (Vec<&'groups Group>, bool),
    turn: &mut Turn<'_, S>,
    answers: &mut [Option<Answer>],
) -> Result<Vec<&'groups Group>, Error> {
    let mut batches = Vec::with_capacity(groups.len());
    let mut given = Vec::with_capacity(groups.len());
    let mut withdrawn = Vec::new();
    for group in &groups {
        let mut prepared = prepare(engine, ids, group, look).await?;
        withdrawn.append(&mut prepared.withdrawn);
        batches.push(prepared.batch);
        given.push((prepared.written, prepared.answers));
    }
    engine.list_withdrawals(&withdrawn)?;
    let outcomes = turn.submit(batches).await;
    if engine.catalogue().is_ok_and(|catalogue| !catalogue.triggers.is_empty()) {
        engine.moments.notify_one();
    }
    let mut left = Vec::new();
    for ((group, (written, given)), outcome) in groups.into_iter().zip(given).zip(outcomes) {
        let Some(version) = outcome? else {
            left.push(group);
            continue;
        };
        engine.people.keep(written, version);
        for (message, answer) in group.messages.iter().zip(given) {
            engine.sources.note(&message.received, &answer);
            if let Some(slot) = answers.get_mut(message.place) {
                *slot = Some(answer);
            }
        }
    }
    Ok(left)
}

/// Counts messages that could not even be read; they are answered with an error and not kept.
///
/// # Errors
/// If the store takes no writes.
pub async fn refuse<S: Store>(engine: &Engine<S>, messages: u32) -> Result<(), Error> {
    let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
    let count = i64::from(messages);
    batch.changes.push(Change::Add(keys::balance("received"), count));
    batch.changes.push(Change::Add(keys::balance("refused"), count));
    engine.commit(batch).await?.ok_or(Error::Contended)
}

/// Messages of one identity that are committed together.
struct Group {
    key: Option<IdentityKey>,
    messages: Vec<Message>,
}

struct Message {
    place: usize,
    received: Received,
    mark: MarkKey,
    body: [u8; 16],
    /// Where somebody stood, if the message said so. It is in nothing else of the message.
    spot: Option<Spot>,
    /// When it is thought through: when it came, or later.
    now: Timestamp,
}

/// Sorts messages by identity, keeping their order, into groups that fit a batch.
fn group<S: Store>(engine: &Engine<S>, received: Vec<Received>) -> Vec<Group> {
    let mut groups: Vec<(Group, usize, usize)> = Vec::new();
    let mut open: BTreeMap<Option<IdentityKey>, usize> = BTreeMap::new();
    let secret = engine.secrets.marks();
    let accounts = engine.accounts();
    for (place, mut received) in received.into_iter().enumerate() {
        let spot = received.envelope.take_spot();
        let body = received.envelope.body_hash(secret);
        accounts.first(&mut received.envelope.identities);
        let envelope = &received.envelope;
        let key = envelope.identities.first().map(|identity| person::identity_key(engine, identity));
        let bytes = received.original.len() + weight(envelope);
        let mark = keys::event_mark(secret, &envelope.source, &envelope.message_id);
        // A letter and its head, or a mark and an entry; a letter is noted under every identity it names.
        let points = if points::moves(&envelope.event) { points::CHANGES_MAX } else { 0 };
        let changes = 2 + points + envelope.identities.len().min(IDENTITIES_NAMED_MAX);
        let now = received.at;
        let message = Message { place, received, mark, body, spot, now };
        let last = open.get(&key).and_then(|index| groups.get_mut(*index));
        match last {
            Some((group, filled, changed))
                if *filled + bytes < GROUP_BYTES && *changed + changes < GROUP_CHANGES =>
            {
                *filled += bytes;
                *changed += changes;
                group.messages.push(message);
            }
            _ => {
                open.insert(key, groups.len());
                groups.push((Group { key, messages: vec![message] }, bytes, changes));
            }
        }
    }
    groups.into_iter().map(|(group, _, _)| group).collect()
}

/// Estimates the stored size of an envelope that came without its bytes.
fn weight(envelope: &Envelope) -> usize {
    let lines = match envelope.properties.get("products") {
        Some(Value::List(lines)) => lines.len(),
        _ => 0,
    };
    512 + 128 * lines
}

/// Counts the groups of the identity that has the most of them.
fn most_of_one(groups: &[Group]) -> usize {
    let mut counted: BTreeMap<Option<IdentityKey>, usize> = BTreeMap::new();
    for group in groups {
        *counted.entry(group.key).or_default() += 1;
    }
    counted.into_values().max().unwrap_or(0)
}

/// Takes the first group of each identity, and leaves the others in their order: nothing of somebody is written before what they did earlier, whatever that
/// meets on its way.
fn firsts(groups: Vec<&Group>) -> (Vec<&Group>, Vec<&Group>) {
    let mut seen = BTreeSet::new();
    groups.into_iter().partition(|group| group.key.is_none_or(|key| seen.insert(key)))
}

/// Loads what a group needs and thinks it through; returns the one batch that does all of it.
///
/// Almost every message is new, and the commit finds out that one is not: so it is not looked up before, unless somebody asks to `look`
/// or something else than acceptance comes out.
async fn prepare<S: Store>(
    engine: &Engine<S>,
    ids: &impl Ids,
    group: &Group,
    look: bool,
) -> Result<Prepared, Error> {
    let mut thought = Thought::of(engine, ids, group, look).await?;
    // What is listed is listed before the commit could find out that it was said before.
    let is_plain = thought.answers.iter().all(|answer| matches!(answer, Answer::Accepted(_)));
    let is_known_new = look || (is_plain && thought.work.withdrawn.is_empty());
    if !is_known_new {
        thought = Thought::of(engine, ids, group, true).await?;
    }
    for (message, answer) in group.messages.iter().zip(&thought.answers) {
        if let Answer::Dead(rejection) = answer {
            thought.work.bury(engine, message, rejection).await?;
        }
    }
    thought.count();
    thought.into_batch(engine)
}

/// Messages as they are about to be written.
pub(super) struct Prepared {
    /// The one batch that does all of it.
    pub(super) batch: Batch,
    /// What it writes of the person.
    written: Written,
    /// What becomes of each message.
    pub(super) answers: Vec<Answer>,
    /// What is taken back by them. Whoever writes the batch [lists it](Engine::list_withdrawals) before.
    pub(super) withdrawn: Vec<Withdrawal>,
}

/// A message that is told by Wink itself, or told again: under which hash its mark remembers it is the teller's to say.
pub(super) struct Told {
    pub received: Received,
    pub body: [u8; 16],
    /// When it is told: what is told again long after it came brings about only what it still can, and uses only what is granted now.
    pub now: Timestamp,
}

/// Messages of one person, thought through and not yet written. Whoever asks for this decides what is counted and kept.
pub(super) struct Thought {
    work: Work,
    pub answers: Vec<Answer>,
}

impl Thought {
    /// Thinks messages through that name the same person.
    pub(super) async fn new<S: Store>(
        engine: &Engine<S>,
        ids: &impl Ids,
        mut told: Vec<Told>,
    ) -> Result<Self, Error> {
        let accounts = engine.accounts();
        told.iter_mut().for_each(|told| accounts.first(&mut told.received.envelope.identities));
        let first = told.first().and_then(|told| told.received.envelope.identities.first());
        let key = first.map(|identity| person::identity_key(engine, identity));
        let message = |(place, Told { mut received, body, now }): (usize, Told)| {
            let spot = received.envelope.take_spot();
            let envelope = &received.envelope;
            let mark = keys::event_mark(engine.secrets.marks(), &envelope.source, &envelope.message_id);
            Message { place, received, mark, body, spot, now }
        };
        let messages = told.into_iter().enumerate().map(message).collect();
        Self::of(engine, ids, &Group { key, messages }, true).await
    }

    async fn of<S: Store>(
        engine: &Engine<S>,
        ids: &impl Ids,
        group: &Group,
        look: bool,
    ) -> Result<Self, Error> {
        let marks: Vec<MarkKey> = group.messages.iter().map(|message| message.mark).collect();
        let marks =
            if look { engine.store.marks(engine.tenant, &marks).await? } else { vec![None; marks.len()] };
        let mut work = Work::new(engine, group.key).await?;
        let mut answers = Vec::with_capacity(group.messages.len());
        for (message, mark) in group.messages.iter().zip(marks) {
            let known = mark.or_else(|| work.taken.get(&message.mark).cloned());
            answers.push(match known {
                Some(mark) if mark.body == message.body => Answer::Duplicate(event_id(&mark)),
                // Another body under an id of an erased person is nothing to keep.
                Some(_) if work.erased_at.is_some() => Answer::Erased,
                Some(_) => Answer::Dead(Rejection::IdConflict),
                None => work.take(engine, ids, message).await?,
            });
        }
        if let Some(last) = group.messages.last() {
            work.look_at_segments(engine, last.now).await?;
        }
        Ok(Self { work, answers })
    }

    /// Tells at which version the profile was read; the batch holds only if it still is.
    pub(super) fn profile_version(&self) -> Option<Version> {
        self.work.person.as_ref().and_then(|known| known.profile.version)
    }

    /// Counts every message as received, and by what became of it.
    pub(super) fn count(&mut self) {
        for answer in &self.answers {
            self.work.count(answer);
        }
    }

    /// Makes the one batch that does all of it.
    pub(super) fn into_batch<S: Store>(mut self, engine: &Engine<S>) -> Result<Prepared, Error> {
        let withdrawn = std::mem::take(&mut self.work.withdrawn).into_values().collect();
        let (batch, written) = self.work.into_batch(engine)?;
        Ok(Prepared { batch, written, answers: self.answers, withdrawn })
    }
}

/// The id an event was given when its mark was set.
fn event_id(mark: &Mark) -> EventId {
    EventId::from_bytes(mark.result.as_slice().try_into().unwrap_or_default())
}
