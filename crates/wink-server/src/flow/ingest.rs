//! Events come in: accepted, deduplicated and folded in the same commit, or kept as dead letters. Every message is counted once.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;
use std::sync::Arc;

use wink_core::base::{EventId, LetterId, Timestamp, TriggerId, Value};
use wink_core::event::{
    Body, Envelope, Event, IDENTITIES_MAX as IDENTITIES_NAMED_MAX, Identity, Rejection, accept,
};
use wink_core::feature::{Happened, Occasions, State, fold, view};
use wink_core::offer::{Catalogue, Trigger};
use wink_core::profile::{IdentityKey, Kept, Link, Profile, Purpose, Vault};
use wink_record::{DeadLetter, Stored};
use wink_store::{Batch, Change, Check, Home, Mark, MarkKey, Record, Store, Version};

use super::bury::{self, Burial};
use super::links::Joined;
use super::person::{self, Loaded};
use super::{moments, segments};
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys;
use crate::{Engine, Error, Ids, secrets};

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// What it says.
    pub envelope: Envelope,
    /// Its bytes, for the dead letters.
    pub original: Vec<u8>,
    /// When it arrived.
    pub at: Timestamp,
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

/// Changes after which a group is committed. Beside them stands one for every identity a person can have, and some: below the
/// port's 1,024.
const GROUP_CHANGES: usize = 800;

/// A profile has at most this many identities; further ones are not taken up. More is a shared device or a mistake, and an erasure has
/// to take all of them away in one commit.
const IDENTITIES_MAX: usize = 100;

/// Groups that share a commit. As many as the embedded store writes with one fsync.
const GROUPS_AT_ONCE: usize = 256;

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
    let mut look = !each_of_its_own(&groups);
    for at_once in groups.chunks(GROUPS_AT_ONCE) {
        let mut left: Vec<&Group> = at_once.iter().collect();
        for _ in 0..ATTEMPTS_MAX {
            left = commit(engine, ids, left, look, &mut answers).await?;
            if left.is_empty() {
                break;
            }
            look = true;
        }
        if !left.is_empty() {
            return Err(Error::Contended);
        }
    }
    answers.into_iter().map(|answer| answer.ok_or(Error::Unknown)).collect()
}

/// Commits groups together and notes what became of their messages. Returns those that met somebody else's change.
async fn commit<'groups, S: Store>(
    engine: &Engine<S>,
    ids: &impl Ids,
    groups: Vec<&'groups Group>,
    look: bool,
    answers: &mut [Option<Answer>],
) -> Result<Vec<&'groups Group>, Error> {
    let mut batches = Vec::with_capacity(groups.len());
    let mut given = Vec::with_capacity(groups.len());
    for group in &groups {
        let (batch, answers) = prepare(engine, ids, group, look).await?;
        batches.push(batch);
        given.push(answers);
    }
    let outcomes = engine.submit(batches).await;
    if engine.catalogue().is_ok_and(|catalogue| !catalogue.triggers.is_empty()) {
        engine.moments.notify_one();
    }
    let mut left = Vec::new();
    for ((group, given), outcome) in groups.into_iter().zip(given).zip(outcomes) {
        if outcome?.is_none() {
            left.push(group);
            continue;
        }
        for (message, answer) in group.messages.iter().zip(given) {
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
}

/// Sorts messages by identity, keeping their order, into groups that fit a batch.
fn group<S: Store>(engine: &Engine<S>, received: Vec<Received>) -> Vec<Group> {
    let mut groups: Vec<(Group, usize, usize)> = Vec::new();
    let mut open: BTreeMap<Option<IdentityKey>, usize> = BTreeMap::new();
    let secret = engine.secrets.marks();
    let accounts = engine.accounts();
    for (place, mut received) in received.into_iter().enumerate() {
        let body = received.envelope.body_hash(secret);
        accounts.first(&mut received.envelope.identities);
        let envelope = &received.envelope;
        let key = envelope.identities.first().map(|identity| person::identity_key(engine, identity));
        let bytes = received.original.len() + weight(envelope);
        let mark = keys::event_mark(secret, &envelope.source, &envelope.message_id);
        // A letter and its head, or a mark and an entry; a letter is noted under every identity it names.
        let changes = 2 + envelope.identities.len().min(IDENTITIES_NAMED_MAX);
        let message = Message { place, received, mark, body };
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

/// Tells whether no two groups are of the same identity.
fn each_of_its_own(groups: &[Group]) -> bool {
    let mut seen = BTreeSet::new();
    groups.iter().all(|group| seen.insert(group.key))
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
) -> Result<(Batch, Vec<Answer>), Error> {
    let mut thought = Thought::of(engine, ids, group, look).await?;
    if !look && !thought.answers.iter().all(|answer| matches!(answer, Answer::Accepted(_))) {
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

/// A message that is told by Wink itself, or told again: under which hash its mark remembers it is the teller's to say.
pub(super) struct Told {
    pub received: Received,
    pub body: [u8; 16],
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
        let message = |(place, Told { received, body }): (usize, Told)| {
            let envelope = &received.envelope;
            let mark = keys::event_mark(engine.secrets.marks(), &envelope.source, &envelope.message_id);
            Message { place, received, mark, body }
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
            work.look_at_segments(engine, last.received.at).await?;
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
    pub(super) fn into_batch<S: Store>(self, engine: &Engine<S>) -> Result<(Batch, Vec<Answer>), Error> {
        Ok((self.work.into_batch(engine)?, self.answers))
    }
}

/// The id an event was given when its mark was set.
fn event_id(mark: &Mark) -> EventId {
    EventId::from_bytes(mark.result.as_slice().try_into().unwrap_or_default())
}

/// The person of a group, loaded once, and the changes gathered for them.
struct Work {
    key: Option<IdentityKey>,
    identity: Option<Loaded<Vec<u8>>>,
    erased_at: Option<Timestamp>,
    checks: Vec<Check>,
    person: Option<Known>,
    taken: BTreeMap<MarkKey, Mark>,
    buried: BTreeMap<LetterId, Burial>,
    changes: Vec<Change>,
    counts: BTreeMap<&'static str, i64>,
    events: BTreeMap<&'static str, i64>,
}

/// A profile being worked on.
struct Known {
    profile: Loaded<Profile>,
    state: Loaded<State>,
    vault: Option<(Vault, [u8; 32])>,
    occasions: Option<Loaded<Occasions>>,
    taken_up: BTreeSet<IdentityKey>,
    joined: Joined,
    profile_changed: bool,
    state_changed: bool,
}

impl Work {
    async fn new<S: Store>(engine: &Engine<S>, key: Option<IdentityKey>) -> Result<Self, Error> {
        let mut work = Self {
            key,
            identity: None,
            erased_at: None,
            checks: Vec::new(),
            person: None,
            taken: BTreeMap::new(),
            buried: BTreeMap::new(),
            changes: Vec::new(),
            counts: BTreeMap::new(),
            events: BTreeMap::new(),
        };
        let Some(key) = key else { return Ok(work) };
        let records = engine.store.get(engine.tenant, &[keys::identity(key), keys::erased(key)]).await?;
        let [identity, erased] = <[_; 2]>::try_from(records).unwrap_or_default();
        work.erased_at = work.tombstone(key, erased)?;
        let identity_key = keys::identity(key);
        match identity {
            Some(record) => {
                let id = person::profile_id(&record.bytes)?;
                work.identity =
                    Some(Loaded { key: identity_key, version: Some(record.version), value: record.bytes });
                if let Some(profile) = person::profile(engine, id).await? {
                    let state = person::load(engine, keys::state(id, key), State::default).await?;
                    work.person = Some(Known::new(profile, state));
                }
            }
            None => work.identity = Some(Loaded { key: identity_key, version: None, value: Vec::new() }),
        }
        Ok(work)
    }

    /// Reads a tombstone, and makes the commit depend on it: an erasure in between is a conflict.
    fn tombstone(&mut self, key: IdentityKey, record: Option<Record>) -> Result<Option<Timestamp>, Error> {
        self.checks.push(match &record {
            Some(record) => Check::Version(keys::erased(key), record.version),
            None => Check::Absent(keys::erased(key)),
        });
        Ok(record.as_ref().map(super::erase::erased_at).transpose()?)
    }

    /// Tells whether a message is an old one of somebody who was erased, under any of the identities it names. So is one that could
    /// not be accepted: nothing about an erased past is kept aside.
    async fn is_of_erased<S: Store>(
        &mut self,
        engine: &Engine<S>,
        envelope: &Envelope,
        received: Timestamp,
    ) -> Result<bool, Error> {
        let mut erased_at = self.erased_at;
        for identity in envelope.identities.iter().skip(1).take(IDENTITIES_NAMED_MAX) {
            let key = person::identity_key(engine, identity);
            let record = engine.record(&keys::erased(key)).await?;
            erased_at = erased_at.max(self.tombstone(key, record)?);
        }
        let occurred_at = envelope.occurred_at(received).min(received);
        Ok(erased_at.is_some_and(|erased_at| occurred_at <= erased_at))
    }

    /// Accepts a message that was not seen before.
    async fn take<S: Store>(
        &mut self,
        engine: &Engine<S>,
        ids: &impl Ids,
        message: &Message,
    ) -> Result<Answer, Error> {
        let now = message.received.at;
        let envelope = &message.received.envelope;
        if self.is_of_erased(engine, envelope, now).await? {
            return Ok(Answer::Erased);
        }
        let id = ids.event(envelope, now)?;
        let currency = engine.currency();
        let event = match accept(envelope, &engine.schemas, currency, id, now) {
            Ok(event) => event,
            Err(rejection) => return Ok(Answer::Dead(rejection)),
        };
        let Some(key) = self.key else { return Ok(Answer::Dead(Rejection::NoIdentity)) };
        if let Body::ConsentUpdated(change) = &event.body
            && Purpose::parse(&change.purpose).is_none()
        {
            return Ok(Answer::Dead(unknown_purpose(&change.purpose)));
        }
        self.know_person(engine, ids, key, &event, now).await?;
        let Some(known) = &mut self.person else { return Err(Error::Unknown) };
        // Messages may be written in another order than they arrived in.
        if now < known.profile.value.created_at {
            known.profile.value.created_at = now;
            known.profile_changed = true;
        }
        let name = event.body.event_name();
        known.link(engine, &event, now).await?;
        let (kept, stated) = Kept::new(event, known.profile.value.id, key);
        if let Some(stated) = stated {
            known.vault(engine).await?.hear(stated, kept.occurred_at);
        }
        if let Body::ConsentUpdated(change) = &kept.body {
            known.profile.value.hear(change, kept.occurred_at, &kept.source);
            known.profile_changed = true;
        }
        let listening = known.listening(engine, name).await?;
        let happened = Happened::new(kept.occurred_at, &kept.body, &kept.extra);
        let held = match &listening {
            Some(catalogue) => known.holding(engine, catalogue, name, now).await?,
            None => BTreeSet::new(),
        };
        known.state_changed |= fold(&mut known.state.value, &engine.features(), &happened);
        if let Some(catalogue) = listening {
            let crossed = &known.holding(engine, &catalogue, name, now).await? - &held;
            self.changes.extend(known.hear(&catalogue, &happened, now, &crossed));
        }
        let mark = Mark { body: message.body, result: id.bytes().to_vec() };
        self.taken.insert(message.mark, mark.clone());
        self.changes.push(Change::Mark(message.mark, mark));
        self.changes.push(Change::Append {
            kind: keys::entry::EVENT,
            key: id.bytes(),
            owner: Some(keys::home(kept.profile)),
            payload: kept.to_bytes(),
        });
        *self.events.entry(name).or_default() += 1;
        Ok(Answer::Accepted(id))
    }

    /// Starts a profile for an identity that was never seen.
    async fn know_person<S: Store>(
        &mut self,
        engine: &Engine<S>,
        ids: &impl Ids,
        key: IdentityKey,
        event: &Event,
        now: Timestamp,
    ) -> Result<(), Error> {
        if self.person.is_some() {
            return Ok(());
        }
        let id = ids.profile(&event.identity, now)?;
        let mut profile = person::load(engine, keys::profile(id), || Profile::new(id, now)).await?;
        profile.value.identities.insert(key);
        let state = person::load(engine, keys::state(id, key), State::default).await?;
        let mut known = Known::new(profile, state);
        known.profile_changed = true;
        known.vault(engine).await?.know(&event.identity);
        self.changes.push(Change::Put(keys::identity(key), id.bytes().to_vec()));
        self.person = Some(known);
        Ok(())
    }

    /// Looks which segments the person is in now. Where so much came at once that a batch holds no more, the next pass over everybody looks.
    async fn look_at_segments<S: Store>(&mut self, engine: &Engine<S>, now: Timestamp) -> Result<(), Error> {
        let Some(known) = self.person.as_ref().filter(|known| known.profile_changed || known.state_changed)
        else {
            return Ok(());
        };
        let whole = known.joined.around(engine, &known.profile).await?;
        let looked = segments::look(engine, &whole, &known.state, now).await?;
        if let Some(looked) =
            looked.filter(|looked| self.changes.len() + looked.changes.len() <= GROUP_CHANGES)
        {
            self.checks.extend(looked.checks);
            self.changes.extend(looked.changes);
        }
        Ok(())
    }

    /// Keeps a message that was not accepted. The same message again falls on the same record.
    async fn bury<S: Store>(
        &mut self,
        engine: &Engine<S>,
        message: &Message,
        rejection: &Rejection,
    ) -> Result<(), Error> {
        let id = bury::letter_id(engine, &message.mark, &message.body);
        if let Some(burial) = self.buried.get_mut(&id) {
            burial.again();
            return Ok(());
        }
        let envelope = &message.received.envelope;
        let letter = DeadLetter {
            source: envelope.source.clone(),
            received_at: message.received.at,
            code: rejection.code().to_owned(),
            reason: rejection.to_string(),
            original: message.received.original.clone(),
            envelope: bury::to_keep(envelope),
        };
        self.buried.insert(id, Burial::new(engine, id, letter).await?);
        Ok(())
    }

    fn count(&mut self, answer: &Answer) {
        let what = match answer {
            Answer::Accepted(_) => "accepted",
            Answer::Duplicate(_) => "duplicate",
            Answer::Dead(_) => "dead",
            Answer::Erased => "refused",
        };
        *self.counts.entry("received").or_default() += 1;
        *self.counts.entry(what).or_default() += 1;
    }

    fn into_batch<S: Store>(self, engine: &Engine<S>) -> Result<Batch, Error> {
        let home = self.person.as_ref().map_or(Home(0), |known| keys::home(known.profile.value.id));
        let mut batch = Batch::new(batch_id()?, engine.tenant, home);
        batch.changes = self.changes;
        batch.checks = self.checks;
        if let Some(identity) = &self.identity {
            batch.checks.push(identity.unchanged());
        }
        for burial in self.buried.into_values() {
            burial.add_to(&mut batch);
        }
        if let Some(known) = self.person {
            known.into_changes(engine, &mut batch)?;
        }
        for (what, count) in self.counts {
            batch.changes.push(Change::Add(keys::balance(what), count));
        }
        for (name, count) in self.events {
            batch.changes.push(Change::Add(keys::events(name), count));
        }
        Ok(batch)
    }
}

impl Known {
    fn new(profile: Loaded<Profile>, state: Loaded<State>) -> Self {
        Self {
            profile,
            state,
            vault: None,
            occasions: None,
            taken_up: BTreeSet::new(),
            joined: Joined::default(),
            profile_changed: false,
            state_changed: false,
        }
    }

    /// Opens the vault when something for it comes.
    async fn vault<S: Store>(&mut self, engine: &Engine<S>) -> Result<&mut Vault, Error> {
        let opened = match self.vault.take() {
            Some(opened) => opened,
            None => person::vault(engine, self.profile.value.id).await?,
        };
        Ok(&mut self.vault.insert(opened).0)
    }

    /// Gives the catalogue if triggers in it listen to events of this name, and loads what they remember.
    async fn listening<S: Store>(
        &mut self,
        engine: &Engine<S>,
        event: &str,
    ) -> Result<Option<Arc<Catalogue>>, Error> {
        let Ok(catalogue) = engine.catalogue() else { return Ok(None) };
        if !catalogue.triggers.iter().any(|trigger| trigger.moments.listens_to(event)) {
            return Ok(None);
        }
        if self.occasions.is_none() {
            let key = keys::occasions(self.profile.value.id);
            self.occasions = Some(person::load(engine, key, Occasions::default).await?);
        }
        Ok(Some(catalogue))
    }

    /// Lets the triggers hear of an event that made these rules true; gives what is to be done for them.
    fn hear(
        &mut self,
        catalogue: &Catalogue,
        happened: &Happened<'_>,
        now: Timestamp,
        crossed: &BTreeSet<TriggerId>,
    ) -> Vec<Change> {
        let Some(occasions) = &mut self.occasions else { return Vec::new() };
        let id = self.profile.value.id;
        let hears = |trigger: &&Trigger| trigger.crosses.is_none() || crossed.contains(&trigger.moments.id);
        let triggers = catalogue.triggers.iter().filter(hears).map(|trigger| &trigger.moments);
        let heard = occasions.value.hear(triggers, happened, now, &catalogue.shop.zone);
        heard.into_iter().map(|moment| moments::enqueue(id, moment, now)).collect()
    }

    /// Tells which triggers that listen to events of this name have a rule that holds of the person, as they are known so far.
    async fn holding<S: Store>(
        &self,
        engine: &Engine<S>,
        catalogue: &Catalogue,
        event: &str,
        now: Timestamp,
    ) -> Result<BTreeSet<TriggerId>, Error> {
        let listens = |trigger: &&Trigger| trigger.crosses.is_some() && trigger.moments.listens_to(event);
        let triggers: Vec<&Trigger> = catalogue.triggers.iter().filter(listens).collect();
        if triggers.is_empty() {
            return Ok(BTreeSet::new());
        }
        let whole = self.joined.around(engine, &self.profile).await?;
        let person = whole.cluster();
        let mut states = person::states(engine, &person).await?;
        for state in states.iter_mut().filter(|state| state.key == self.state.key) {
            state.value = self.state.value.clone();
        }
        let states: Vec<&State> = states.iter().map(|state| &state.value).collect();
        let features = &catalogue.features;
        let holds = |trigger: &&Trigger| {
            let view = view(&states, features, &person.grants(now), now, &trigger.wanted(features));
            trigger.holds(features, &view)
        };
        Ok(triggers.into_iter().filter(holds).map(|trigger| trigger.moments.id.clone()).collect())
    }

    /// Takes up further identities the client named: those that lead nowhere yet lead here from now on, and whoever the others lead to is the
    /// same person, if they may be.
    async fn link<S: Store>(
        &mut self,
        engine: &Engine<S>,
        event: &Event,
        at: Timestamp,
    ) -> Result<(), Error> {
        for identity in &event.linked {
            let key = person::identity_key(engine, identity);
            if self.profile.value.identities.contains(&key) {
                continue;
            }
            match person::find(engine, key).await? {
                None => self.take_up(engine, identity, key).await?,
                Some(other) => {
                    let Some(sides) = self.joined.sides(engine, &self.profile, other).await? else {
                        continue;
                    };
                    let link = Link { at, source: event.source.clone() };
                    let known_by = match &self.vault {
                        Some((vault, _)) => vault.identities.clone(),
                        None => person::vault(engine, self.profile.value.id).await?.0.identities,
                    };
                    let profile = &mut self.profile.value;
                    self.profile_changed |= self.joined.join(engine, profile, &known_by, sides, link).await?;
                }
            }
        }
        Ok(())
    }

    async fn take_up<S: Store>(
        &mut self,
        engine: &Engine<S>,
        identity: &Identity,
        key: IdentityKey,
    ) -> Result<(), Error> {
        if IDENTITIES_MAX <= self.profile.value.identities.len() {
            return Ok(());
        }
        let accounts = engine.accounts();
        if accounts.apart(&self.vault(engine).await?.identities, slice::from_ref(identity)).is_some() {
            return Ok(());
        }
        self.vault(engine).await?.know(identity);
        self.profile.value.identities.insert(key);
        self.profile_changed = true;
        self.taken_up.insert(key);
        Ok(())
    }

    fn into_changes<S: Store>(self, engine: &Engine<S>, batch: &mut Batch) -> Result<(), Error> {
        let id = self.profile.value.id;
        batch.checks.push(self.profile.unchanged());
        for key in self.taken_up {
            batch.checks.push(Check::Absent(keys::identity(key)));
            batch.changes.push(Change::Put(keys::identity(key), id.bytes().to_vec()));
        }
        self.joined.add_to(batch);
        if self.profile_changed {
            batch.changes.push(Change::Put(self.profile.key, self.profile.value.to_bytes()));
        }
        if self.state_changed {
            batch.checks.push(self.state.unchanged());
            batch.changes.push(Change::Put(self.state.key, self.state.value.to_bytes()));
        }
        if let Some(occasions) = self.occasions {
            batch.checks.push(occasions.unchanged());
            batch.changes.push(Change::Put(occasions.key, occasions.value.to_bytes()));
        }
        if let Some((vault, key)) = self.vault {
            batch.changes.push(Change::Put(keys::vault(id), secrets::seal(&key, &vault.to_bytes())?));
            batch.changes.push(Change::Put(keys::vault_key(id), engine.secrets.wrap(&key)?));
        }
        Ok(())
    }
}

fn unknown_purpose(purpose: &str) -> Rejection {
    let known: Vec<&str> = Purpose::ALL.iter().map(|purpose| purpose.name()).collect();
    let purpose: String = purpose.chars().take(64).collect();
    let problem = format!("is `{purpose}`; the purposes are {}", known.join(", "));
    Rejection::BadValue { path: "purpose".to_owned(), problem }
}
