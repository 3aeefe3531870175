//! Segments: who is in one is written in the commit that makes them a member, with the entry or exit it is. What time alone changes is seen by
//! a pass over everybody, and by whoever reads members: nobody is handed out by a membership of yesterday.

pub mod export;
pub mod members;
pub mod overlap;
pub mod pass;
pub mod preview;
pub mod sizes;
pub mod views;

mod rules;

use std::sync::Arc;

use wink_core::base::{ProfileId, Timestamp};
use wink_core::feature::{IsNew, Memberships, Moved, Rule, State, view};
use wink_core::offer::Catalogue;
use wink_core::profile::Cluster;
use wink_record::{SegmentPassage, Stored};
use wink_store::{Batch, Change, Store};

use super::announce::Listeners;
use super::person::{self, Loaded};
use super::whole::{self, Whole};
use crate::engine::batch_id;
use crate::keys;
use crate::{Engine, Error};

pub(crate) use rules::number;
pub(super) use rules::{numbered, register};

/// Looks at somebody's segments after something of them came in, of which `state` is what becomes. The batch holds what that changes, and
/// on what it depends beside profile and state; it is part of the batch of what came in.
pub(super) async fn look<S: Store>(
    engine: &Engine<S>,
    catalogue: &Catalogue,
    whole: &Whole,
    state: &Loaded<Arc<State>>,
    now: Timestamp,
) -> Result<Batch, Error> {
    let person = whole.cluster();
    let others = person.identities().map(|(id, key)| keys::state(id, key));
    let others = person::states_at(engine, others.filter(|key| *key != state.key).collect()).await?;
    let states: Vec<&State> = others.iter().chain([state]).map(|state| &*state.value).collect();
    let is_new = if whole.is_new() { IsNew::Yes } else { IsNew::No };
    let (mut batch, _) = moved(engine, catalogue, &person, &states, is_new, now).await?;
    batch.checks.extend(whole.unchanged().chain(others.iter().map(Loaded::unchanged)));
    Ok(batch)
}

/// Takes an erased person out of all segments, in a batch of its own; nothing if that is done.
pub(super) async fn forget<S: Store>(engine: &Engine<S>, id: ProfileId) -> Result<Option<Batch>, Error> {
    let memberships = person::load(engine, keys::memberships(id), Memberships::default).await?;
    if memberships.version.is_none() {
        return Ok(None);
    }
    let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(id));
    batch.checks.push(memberships.unchanged());
    batch.changes.push(Change::Delete(memberships.key));
    for moved in memberships.value.leave_all() {
        batch.changes.extend(counted(id, moved));
    }
    Ok(Some(batch))
}

/// Gives the catalogue in force, if there are segments in it.
pub(super) fn with_segments<S: Store>(engine: &Engine<S>) -> Option<Arc<Catalogue>> {
    engine.catalogue().ok().filter(|catalogue| !catalogue.segments.all().is_empty())
}

/// Finds out what changes about somebody's segments; with the number of moves. A person is a member once, under the profile that stands for
/// them.
async fn moved<S: Store>(
    engine: &Engine<S>,
    catalogue: &Catalogue,
    person: &Cluster<'_>,
    states: &[&State],
    is_new: IsNew,
    now: Timestamp,
) -> Result<(Batch, usize), Error> {
    // It is written beside what was heard, and so with the profile that heard it.
    let (id, home) = (person.lead(), keys::home(person.asked().id));
    let mut batch = Batch::new(batch_id()?, engine.tenant, home);
    let mut memberships = person::load(engine, keys::memberships(id), Memberships::default).await?;
    // Whether or not something changes: what was found holds only beside what was remembered.
    batch.checks.push(memberships.unchanged());
    let before = memberships.value.clone();
    let grants = person.grants(now);
    let segments = &catalogue.segments;
    let view = view(states, &catalogue.features, &grants, now, segments.wanted());
    let moves = memberships.value.look(segments, &view, &grants, now, is_new);
    if memberships.value == before {
        return Ok((batch, 0));
    }
    batch.changes.push(Change::Put(memberships.key, memberships.value.to_bytes()));
    let are_told = moves.iter().any(|moved| moved.is_told);
    let listeners = if are_told { Some(Listeners::load(engine).await?) } else { None };
    for moved in &moves {
        batch.changes.extend(counted(id, *moved));
        let segment = segments.of_rule(moved.rule).filter(|_| moved.is_told);
        let (Some(segment), Some(listeners)) = (segment, &listeners) else { continue };
        let passage = SegmentPassage {
            profile: id,
            segment: segment.id.clone(),
            rule: moved.rule,
            passage: moved.passage(),
            granting: moved.granting_passage(),
            change: memberships.value.changes,
            at: now,
        };
        batch.changes.push(Change::Append {
            kind: keys::entry::PASSAGE,
            key: passage.id(),
            owner: Some(home),
            payload: passage.to_bytes(),
        });
        listeners.hear_passage(&passage, &mut batch);
    }
    Ok((batch, moves.len()))
}

/// Counts a move, and notes who is a member.
fn counted(id: ProfileId, moved: Moved) -> impl Iterator<Item = Change> {
    let member = keys::member(moved.rule, id);
    let note = match moved.members {
        0 => None,
        1 => Some(Change::Put(member, Vec::new())),
        _ => Some(Change::Delete(member)),
    };
    let members = (keys::members(moved.rule), moved.members);
    let granting = (keys::granting_members(moved.rule), moved.granting);
    let counts = [members, granting].into_iter().filter(|(_, more)| *more != 0);
    note.into_iter().chain(counts.map(|(key, more)| Change::Add(key, more)))
}

/// Somebody as they are now.
struct Seen {
    whole: Whole,
    states: Vec<Loaded<Arc<State>>>,
}

impl Seen {
    /// Reads somebody; nothing if there is no such person, or no more.
    async fn read<S: Store>(engine: &Engine<S>, id: ProfileId) -> Result<Option<Self>, Error> {
        let Some(whole) = whole::load(engine, id).await? else { return Ok(None) };
        let states = person::states(engine, &whole.cluster()).await?;
        Ok(Some(Self { whole, states }))
    }

    fn states(&self) -> Vec<&State> {
        self.states.iter().map(|state| &*state.value).collect()
    }

    /// Tells whether this profile stands for the person: only under that one they are a member.
    fn stands_for_them(&self) -> bool {
        self.whole.asked().id == self.whole.cluster().lead()
    }

    /// Tells whether a rule holds of them at `now`.
    fn is_in(&self, rule: &Rule, catalogue: &Catalogue, now: Timestamp) -> bool {
        let grants = self.whole.cluster().grants(now);
        let view = view(&self.states(), &catalogue.features, &grants, now, rule.wanted());
        rule.holds(&view) == Some(true)
    }
}

fn unknown(id: &str) -> Error {
    Error::NotFound { what: "segment", name: id.chars().take(64).collect() }
}
