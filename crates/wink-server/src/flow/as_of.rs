//! Features as they were known at instants of the past, for training: the journal is folded up to each instant with the fold that takes
//! events in. What arrived later is not known yet, whenever it happened.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

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

/// Somebody who is asked about: their questions, and their states as far as the journal was read.
struct Asked {
    grants: Grants,
    /// Places of the questions, the last to be answered first.
    open: Vec<usize>,
    states: BTreeMap<IdentityKey, State>,
}

/// Answers questions in the order of the journal, and hands each answer out with the question's place. Nobody known by an identity has no
/// answer. What a person grants now counts: nobody is learned from who has withdrawn since. Features are told as a decision hears them.
///
/// A person is read as the one profile the identity leads to. An event is known at an instant if it had arrived by then; retention and erasure take events out of the past too.
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
    let mut by_lane: BTreeMap<Lane, BTreeMap<ProfileId, Asked>> = BTreeMap::new();
    for (place, question) in questions.iter().enumerate() {
        let key = person::identity_key(engine, &question.identity);
        let Some(id) = person::find(engine, key).await? else { continue };
        let lane = by_lane.entry(Lane::of(keys::home(id))).or_default();
        let asked = match lane.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let Some(whole) = whole::load(engine, id).await? else { continue };
                let grants = whole.cluster().grants(now);
                new.insert(Asked { grants, open: Vec::new(), states: BTreeMap::new() })
            }
        };
        asked.open.push(place);
    }
    let at = |place: &usize| questions.get(*place).map(|question| question.at);
    let mut tell = |asked: &mut Asked, until: Option<Timestamp>| {
        while let Some(place) = asked.open.pop_if(|place| until.is_none_or(|until| at(place) < Some(until))) {
            let states: Vec<&State> = asked.states.values().collect();
            let instant = at(&place).unwrap_or(now);
            answer(place, &view(&states, &catalogue, &asked.grants, instant, &wanted));
        }
    };
    for (lane, mut people) in by_lane {
        people.values_mut().for_each(|asked| asked.open.sort_by_key(|place| std::cmp::Reverse(at(place))));
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
                let Some(asked) = people.get_mut(&kept.profile) else { continue };
                tell(asked, Some(kept.received_at));
                let state = asked.states.entry(kept.identity).or_default();
                fold(state, &catalogue, &Happened::new(kept.occurred_at, &kept.body, &kept.extra));
            }
        }
        for asked in people.values_mut() {
            tell(asked, None);
        }
    }
    Ok(())
}
