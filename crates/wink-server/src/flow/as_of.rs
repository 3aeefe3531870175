//! Features as they were known at instants of the past, for training: the journal is folded up to each instant with the fold that takes
//! events in. What arrived later is not known yet, whenever it happened.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use wink_core::base::{ProfileId, Timestamp};
use wink_core::event::Identity;
use wink_core::feature::{Catalogue, Happened, State, View, Wanted, fold, view};
use wink_core::profile::{Grants, IdentityKey, Kept};
use wink_record::Stored;
use wink_store::{Lane, Position, Store};

use super::{person, whole};
use crate::keys::{self, entry};
use crate::{Engine, Error};

/// Entries read at once.
const ENTRIES: usize = 2_000;

/// Whose features, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Whose.
    pub identity: Identity,
    /// At which instant.
    pub at: Timestamp,
}

/// A person who is asked about.
struct Asked {
    grants: Grants,
    /// How many profiles links join to this person.
    profiles: usize,
}

/// One profile of a person, as far as its lane was read.
struct Reading {
    /// Places of the questions about the person, the last to be answered first.
    open: Vec<usize>,
    states: BTreeMap<IdentityKey, State>,
}

/// Who is asked about, by the place of the question.
type People = BTreeMap<usize, Arc<Asked>>;

/// The profiles that are to be read for it.
type ByLane = BTreeMap<Lane, BTreeMap<ProfileId, Reading>>;

/// What the profiles of a person said at an instant, until all of them have. Most people have one, and then nothing waits here.
#[derive(Default)]
struct Parts {
    profiles: usize,
    states: Vec<State>,
}

/// Answers questions in the order of the journal, and hands each answer out with the question's place. Nobody known by an identity has no
/// answer. What a person grants now counts: nobody is learned from who has withdrawn since. Features are told as a decision hears them.
///
/// Which profiles are one person's is as of now. An event is known at an instant if it had arrived by then, and one that lay in the dead
/// letters if it had been mended; retention and erasure take events out of the past too.
///
/// # Errors
/// If the store cannot be read.
pub async fn as_of<S: Store>(
    engine: &Engine<S>,
    questions: &[Question],
    now: Timestamp,
    mut answer: impl FnMut(usize, &View),
) -> Result<(), Error> {
    // Here everything is folded anew, whatever the states of the store still lack.
    let catalogue = Catalogue::clone(&engine.features()).filling([]);
    let wanted = Wanted::as_heard();
    let at = |place: usize| questions.get(place).map_or(now, |question| question.at);
    let (people, by_lane) = people(engine, questions, now).await?;
    let mut parts: BTreeMap<usize, Parts> = BTreeMap::new();
    let mut tell = |reading: &mut Reading, until: Option<Timestamp>| {
        while let Some(place) = reading.open.pop_if(|place| until.is_none_or(|until| at(*place) < until)) {
            let Some(asked) = people.get(&place) else { continue };
            let mut say = |states: &[&State]| {
                answer(place, &view(states, &catalogue, &asked.grants, at(place), &wanted));
            };
            if asked.profiles == 1 {
                say(&reading.states.values().collect::<Vec<_>>());
                continue;
            }
            let told = parts.entry(place).or_default();
            told.profiles += 1;
            told.states.extend(reading.states.values().cloned());
            if told.profiles == asked.profiles {
                let told = parts.remove(&place).unwrap_or_default();
                say(&told.states.iter().collect::<Vec<_>>());
            }
        }
    };
    for (lane, mut profiles) in by_lane {
        profiles.values_mut().for_each(|reading| reading.open.sort_by_key(|place| Reverse(at(*place))));
        let mut from = Position(0);
        loop {
            let entries = engine.store.read_lane(lane, from, ENTRIES).await?;
            let Some(last) = entries.last() else { break };
            from = Position(last.position.0 + 1);
            for found in &entries {
                let Some(body) = &found.body else { continue };
                if found.header.tenant != engine.tenant || found.header.kind != entry::EVENT {
                    continue;
                }
                let kept = Kept::from_bytes(&body.payload)?;
                let Some(reading) = profiles.get_mut(&kept.profile) else { continue };
                tell(reading, Some(kept.known_at()));
                let state = reading.states.entry(kept.identity).or_default();
                fold(state, &catalogue, &Happened::new(kept.occurred_at, &kept.body, &kept.extra));
            }
        }
        for reading in profiles.values_mut() {
            tell(reading, None);
        }
    }
    Ok(())
}

/// Finds out by question who is asked about, and by lane which profiles are to be read for that.
async fn people<S: Store>(
    engine: &Engine<S>,
    questions: &[Question],
    now: Timestamp,
) -> Result<(People, ByLane), Error> {
    let mut known: BTreeMap<ProfileId, (Arc<Asked>, Vec<ProfileId>)> = BTreeMap::new();
    let (mut people, mut by_lane) = (People::new(), ByLane::new());
    for (place, question) in questions.iter().enumerate() {
        let key = person::identity_key(engine, &question.identity);
        let Some(id) = person::find(engine, key).await? else { continue };
        let (asked, profiles) = match known.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let Some(whole) = whole::load(engine, id).await? else { continue };
                let cluster = whole.cluster();
                let profiles: Vec<ProfileId> = cluster.profiles().map(|profile| profile.id).collect();
                let asked = Asked { grants: cluster.grants(now), profiles: profiles.len() };
                new.insert((Arc::new(asked), profiles))
            }
        };
        people.insert(place, asked.clone());
        for id in profiles {
            let lane = by_lane.entry(Lane::of(keys::home(*id))).or_default();
            let new = || Reading { open: Vec::new(), states: BTreeMap::new() };
            lane.entry(*id).or_insert_with(new).open.push(place);
        }
    }
    Ok((people, by_lane))
}
