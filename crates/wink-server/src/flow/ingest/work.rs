//! The person of some messages, loaded once, and everything their messages change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wink_core::base::{LetterId, ProfileId, Timestamp};
use wink_core::event::{
    Body, Envelope, Event, IDENTITIES_MAX as IDENTITIES_NAMED_MAX, Mechanism, Rejection, accept,
};
use wink_core::feature::{Happened, fold};
use wink_core::profile::{IdentityKey, Kept, Profile, Purpose};
use wink_record::{DeadLetter, Stored, Withdrawal};
use wink_store::{Batch, Change, Check, Home, Mark, MarkKey, Record, Store};

use super::known::Known;
use super::{Answer, GROUP_CHANGES, Message};
use crate::engine::batch_id;
use crate::flow::bury::{self, Burial};
use crate::flow::erase::erased_at;
use crate::flow::person::{self, Loaded};
use crate::flow::points::earn::Earning;
use crate::flow::segments;
use crate::in_use::Written;
use crate::keys;
use crate::{Engine, Error, Ids};

/// The person of a group, loaded once, and the changes gathered for them.
pub(super) struct Work {
    pub(super) key: Option<IdentityKey>,
    pub(super) identity: Option<Loaded<Vec<u8>>>,
    pub(super) erased_at: Option<Timestamp>,
    pub(super) checks: Vec<Check>,
    pub(super) person: Option<Known>,
    pub(super) taken: BTreeMap<MarkKey, Mark>,
    pub(super) buried: BTreeMap<LetterId, Burial>,
    pub(super) changes: Vec<Change>,
    pub(super) counts: BTreeMap<&'static str, i64>,
    pub(super) events: BTreeMap<&'static str, i64>,
    pub(super) points: Earning,
    /// What the person had granted and takes back: for each of their profiles the last word of each purpose and mechanism.
    pub(super) withdrawn: BTreeMap<(ProfileId, Purpose, Mechanism), Withdrawal>,
}

impl Work {
    pub(super) async fn new<S: Store>(engine: &Engine<S>, key: Option<IdentityKey>) -> Result<Self, Error> {
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
            points: Earning::default(),
            withdrawn: BTreeMap::new(),
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
                    let state = person::state_to_change(engine, keys::state(id, key)).await?;
                    work.person = Some(Known::new(profile, state));
                }
            }
            None => work.identity = Some(Loaded { key: identity_key, version: None, value: Vec::new() }),
        }
        Ok(work)
    }

    /// Reads a tombstone, and makes the commit depend on it: an erasure in between is a conflict.
    pub(super) fn tombstone(
        &mut self,
        key: IdentityKey,
        record: Option<Record>,
    ) -> Result<Option<Timestamp>, Error> {
        self.checks.push(match &record {
            Some(record) => Check::Version(keys::erased(key), record.version),
            None => Check::Absent(keys::erased(key)),
        });
        Ok(record.as_ref().map(erased_at).transpose()?)
    }

    /// Tells whether a message is an old one of somebody who was erased, under any of the identities it names. So is one that could
    /// not be accepted: nothing about an erased past is kept aside.
    pub(super) async fn is_of_erased<S: Store>(
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
    pub(super) async fn take<S: Store>(
        &mut self,
        engine: &Engine<S>,
        ids: &impl Ids,
        message: &Message,
    ) -> Result<Answer, Error> {
        let (came, now) = (message.received.at, message.now);
        let envelope = &message.received.envelope;
        if self.is_of_erased(engine, envelope, came).await? {
            return Ok(Answer::Erased);
        }
        let id = ids.event(envelope, came)?;
        let currency = engine.currency();
        let mut event = match accept(envelope, &engine.schemas(), currency, id, came) {
            Ok(event) => event,
            Err(rejection) => return Ok(Answer::Dead(rejection)),
        };
        let Some(key) = self.key else { return Ok(Answer::Dead(Rejection::NoIdentity)) };
        if let Body::ConsentUpdated(change) = &event.body
            && Purpose::parse(&change.purpose).is_none()
        {
            return Ok(Answer::Dead(unknown_purpose(&change.purpose)));
        }
        self.know_person(engine, ids, key, &event, came).await?;
        let Some(known) = &mut self.person else { return Err(Error::Unknown) };
        // Messages may be written in another order than they arrived in.
        if came < known.profile.value.created_at {
            Arc::make_mut(&mut known.profile.value).created_at = came;
            known.profile_changed = true;
        }
        let name = event.body.event_name();
        known.link(engine, &event, message.received.is_vouched, came).await?;
        if event.is_of_place() {
            known.place(engine, &mut event, message.spot, now).await?;
        }
        let (mut kept, stated) = Kept::new(event, known.profile.value.id, key);
        kept.accepted_at = (came < now).then_some(now);
        if let Some(stated) = stated {
            known.vault(engine).await?.hear(stated, kept.occurred_at);
        }
        if let Body::ConsentUpdated(change) = &kept.body {
            let listed = known.consent(engine, change, &kept, now).await?;
            let named = |word: Withdrawal| ((word.profile, word.purpose, word.mechanism), word);
            self.withdrawn.extend(listed.into_iter().map(named));
        }
        if let Body::HouseholdChanged(change) = &kept.body {
            known.live(engine, change, kept.occurred_at, &kept.source).await?;
        }
        let listening = known.listening(engine, name).await?;
        let happened = Happened::new(kept.occurred_at, &kept.body, &kept.extra);
        let held = match &listening {
            Some(catalogue) => known.holding(engine, catalogue, name, now).await?,
            None => BTreeSet::new(),
        };
        known.state_changed |= fold(Arc::make_mut(&mut known.state.value), &engine.features(), &happened);
        if let Some(catalogue) = listening {
            known.keep_days(engine, &catalogue, name, now).await?;
            let crossed = &known.holding(engine, &catalogue, name, now).await? - &held;
            self.changes.extend(known.hear(&catalogue, &happened, now, &crossed));
        }
        if message.received.is_vouched {
            self.points.hear(engine, &kept, now).await?;
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
    pub(super) async fn know_person<S: Store>(
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
        let mut profile = person::load(engine, keys::profile(id), || Profile::new(id, now)).await?.shared();
        Arc::make_mut(&mut profile.value).identities.insert(key);
        let state = person::state_to_change(engine, keys::state(id, key)).await?;
        let mut known = Known::new(profile, state);
        known.profile_changed = true;
        known.vault(engine).await?.know(&event.identity);
        self.changes.push(Change::Put(keys::identity(key), id.bytes().to_vec()));
        self.person = Some(known);
        Ok(())
    }

    /// Looks which segments the person is in now. Where so much came at once that a batch holds no more, the next pass over everybody looks.
    pub(super) async fn look_at_segments<S: Store>(
        &mut self,
        engine: &Engine<S>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(known) = self.person.as_ref().filter(|known| known.profile_changed || known.state_changed)
        else {
            return Ok(());
        };
        let Some(catalogue) = segments::with_segments(engine) else { return Ok(()) };
        let whole = known.joined.around(engine, &known.profile).await?;
        let looked = segments::look(engine, &catalogue, &whole, &known.state, now).await?;
        if self.changes.len() + self.points.changes() + looked.changes.len() <= GROUP_CHANGES {
            self.checks.extend(looked.checks);
            self.changes.extend(looked.changes);
        }
        Ok(())
    }

    /// Keeps a message that was not accepted. The same message again falls on the same record.
    pub(super) async fn bury<S: Store>(
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

    pub(super) fn count(&mut self, answer: &Answer) {
        let what = match answer {
            Answer::Accepted(_) => "accepted",
            Answer::Duplicate(_) => "duplicate",
            Answer::Dead(_) => "dead",
            Answer::Erased => "refused",
        };
        *self.counts.entry("received").or_default() += 1;
        *self.counts.entry(what).or_default() += 1;
    }

    /// Makes the one batch that does all of it, and says what it writes of the person.
    pub(super) fn into_batch<S: Store>(self, engine: &Engine<S>) -> Result<(Batch, Written), Error> {
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
        let written = match self.person {
            Some(known) => known.into_changes(engine, &mut batch)?,
            None => Written::default(),
        };
        self.points.add_to(&mut batch);
        for (what, count) in self.counts {
            batch.changes.push(Change::Add(keys::balance(what), count));
        }
        for (name, count) in self.events {
            batch.changes.push(Change::Add(keys::events(name), count));
        }
        Ok((batch, written))
    }
}

fn unknown_purpose(purpose: &str) -> Rejection {
    let known: Vec<&str> = Purpose::ALL.iter().map(|purpose| purpose.name()).collect();
    let purpose: String = purpose.chars().take(64).collect();
    let problem = format!("is `{purpose}`; the purposes are {}", known.join(", "));
    Rejection::BadValue { path: "purpose".to_owned(), problem }
}
