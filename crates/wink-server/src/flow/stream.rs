//! A person's decisions as they are committed, out of the journal. Writes nothing.
//!
//! A listener's place under each profile of the person is the first position of its lane that they have not heard: a lane is dense and in the
//! order of the commits, so reading on from there misses nothing, over a restart too. A commit only wakes them.

use std::collections::{BTreeMap, VecDeque};

use tokio::sync::broadcast;
use wink_core::base::{DecisionId, Hasher, ProfileId, Timestamp};
use wink_core::decision::Decision;
use wink_core::profile::{PROFILES_MAX, Profile};
use wink_record::{Decided, Stored};
use wink_store::{Lane, Position, Store};

use super::whole;
use crate::{Engine, Error, keys};

/// Lane entries read at once, and so the most that is held for one listener.
const AT_ONCE: usize = 500;

/// So many of the newest lane entries are looked through for what was decided about a profile since it joined the person.
const LOOKED_THROUGH: u64 = 500;

/// Who comes again was away for no longer than this, in milliseconds, as far as profiles are concerned that joined meanwhile.
const AWAY_MS: i64 = 15 * 60_000;

/// Somebody who follows one person's decisions, under all profiles of theirs.
pub struct Listener {
    asked: ProfileId,
    decided: broadcast::Receiver<ProfileId>,
    /// Of a profile that joins them, nothing is told that was decided before this.
    begun: Timestamp,
    /// Up to where each profile's lane was read; at most [`PROFILES_MAX`].
    places: BTreeMap<ProfileId, Place>,
    /// What was read and not told yet. It is all of one lane.
    read: VecDeque<Placed>,
}

/// Up to where the lane of one profile was read.
#[derive(Clone, Copy)]
struct Place {
    position: Position,
    /// What was decided before was decided about somebody else, as far as anybody knew.
    since: Timestamp,
}

/// A decision, and the listener's place once it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The place after it in the lane of the profile.
    pub place: Position,
    /// Which it is.
    pub decision: DecisionId,
    /// Under which profile of the person.
    pub profile: ProfileId,
    /// If it was made before this, it is not told.
    pub since: Timestamp,
}

/// Where a listener is, as an event's id spells it: a position for somebody with one profile, and `name.position` for each of several, where a
/// name is eight digits that say nothing of the profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    asked: Option<Position>,
    named: BTreeMap<u32, Position>,
}

impl Places {
    /// Reads the id of an event.
    pub fn parse(id: &str) -> Option<Self> {
        if let Ok(position) = id.parse() {
            return Some(Self { asked: Some(Position(position)), named: BTreeMap::new() });
        }
        let mut named = BTreeMap::new();
        for part in id.split(',') {
            let (name, position) = part.split_once('.')?;
            named.insert(u32::from_str_radix(name, 16).ok()?, Position(position.parse().ok()?));
        }
        (named.len() <= PROFILES_MAX).then_some(Self { asked: None, named })
    }

    fn of(&self, profile: ProfileId, asked: ProfileId) -> Option<Position> {
        let position = self.asked.filter(|_| profile == asked);
        position.or_else(|| self.named.get(&name(profile)).copied())
    }
}

fn name(profile: ProfileId) -> u32 {
    let [a, b, c, d, ..] = Hasher::new("place in a stream").field(&profile.bytes()).finish().0;
    u32::from_be_bytes([a, b, c, d])
}

impl Listener {
    /// Begins to listen at some places, or from now on. A place that is not there yet is now: the store was restored from a back-up.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn begin<S: Store>(
        engine: &Engine<S>,
        asked: ProfileId,
        places: Option<&Places>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        // Listens first and reads then: what is committed in between is found and wakes them, and is told once.
        let decided = engine.decided.subscribe();
        let begun = if places.is_some() { Timestamp(now.0.saturating_sub(AWAY_MS)) } else { now };
        let mut listener = Self { asked, decided, begun, places: BTreeMap::new(), read: VecDeque::new() };
        let person = whole::load(engine, asked).await?;
        let others: Vec<&Profile> =
            person.iter().flat_map(|person| person.all().skip(1)).map(|other| &*other.value).collect();
        let end = end_of(engine, asked).await?;
        let position = places.and_then(|places| places.of(asked, asked)).map_or(end, |place| place.min(end));
        listener.places.insert(asked, Place { position, since: Timestamp(i64::MIN) });
        for other in others {
            let end = end_of(engine, other.id).await?;
            let position = match places {
                None => Some(end),
                Some(places) => places.of(other.id, asked).map(|place| place.min(end)),
            };
            match position {
                Some(position) => {
                    let since = other.links.values().map(|link| link.at).min();
                    let since = since.unwrap_or(Timestamp(i64::MIN));
                    listener.places.insert(other.id, Place { position, since });
                }
                None => listener.take_up(engine, other).await?,
            }
        }
        Ok(listener)
    }

    /// Looks which profiles are the same person now, and follows those and no others.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn look_for_links<S: Store>(&mut self, engine: &Engine<S>) -> Result<(), Error> {
        // Of somebody who is erased nothing is told anyway.
        let Some(person) = whole::load(engine, self.asked).await? else { return Ok(()) };
        self.places.retain(|id, _| person.all().any(|profile| profile.value.id == *id));
        let places = &self.places;
        self.read.retain(|placed| places.contains_key(&placed.profile));
        for other in person.all().skip(1) {
            self.take_up(engine, &other.value).await?;
        }
        Ok(())
    }

    /// Follows a profile that was not followed: what was decided about it since it joined the person is still to be told.
    async fn take_up<S: Store>(&mut self, engine: &Engine<S>, profile: &Profile) -> Result<(), Error> {
        if self.places.contains_key(&profile.id) {
            return Ok(());
        }
        let end = end_of(engine, profile.id).await?;
        let position = Position(end.0.saturating_sub(LOOKED_THROUGH));
        let joined = profile.links.values().map(|link| link.at).max().unwrap_or(self.begun);
        let since = joined.max(self.begun);
        self.places.insert(profile.id, Place { position, since });
        Ok(())
    }

    /// Spells the places up to which everything was told, once [`told`](Self::told) says that it was.
    pub fn id(&self) -> String {
        self.id_at(None)
    }

    /// Spells where the listener is when they were told a decision that came last.
    pub fn id_after(&self, placed: &Placed) -> String {
        self.id_at(Some(placed))
    }

    fn id_at(&self, told: Option<&Placed>) -> String {
        let at = |(profile, place): (&ProfileId, &Place)| match told {
            Some(placed) if placed.profile == *profile => (*profile, placed.place.0),
            _ => (*profile, place.position.0),
        };
        let places: Vec<(ProfileId, u64)> = self.places.iter().map(at).collect();
        match places.as_slice() {
            [(_, position)] => position.to_string(),
            several => {
                let named = several.iter().map(|(id, position)| format!("{:08x}.{position}", name(*id)));
                named.collect::<Vec<_>>().join(",")
            }
        }
    }

    /// Gives the next decision there is; `None` once all were told.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn told<S: Store>(&mut self, engine: &Engine<S>) -> Result<Option<Placed>, Error> {
        loop {
            if let Some(placed) = self.read.pop_front() {
                return Ok(Some(placed));
            }
            if !self.read_on(engine).await? {
                return Ok(None);
            }
        }
    }

    /// Reads one lane on, if there is more in one of them.
    async fn read_on<S: Store>(&mut self, engine: &Engine<S>) -> Result<bool, Error> {
        for (profile, place) in &mut self.places {
            let home = keys::home(*profile);
            let entries = engine.store.read_lane(Lane::of(home), place.position, AT_ONCE).await?;
            let Some(last) = entries.last() else { continue };
            place.position = after(last.position);
            for entry in entries {
                let is_decision =
                    entry.header.tenant == engine.tenant && entry.header.kind == keys::entry::DECIDED;
                let Some(body) = entry.body.filter(|body| is_decision && body.owner == Some(home)) else {
                    continue;
                };
                let decision = Decided::from_bytes(&body.payload)?.id;
                let place_after = after(entry.position);
                let (profile, since) = (*profile, place.since);
                self.read.push_back(Placed { place: place_after, decision, profile, since });
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// Waits until something was decided about the person, or so much about others that it is better to look.
    pub async fn woken(&mut self) {
        loop {
            match self.decided.recv().await {
                Ok(profile) if !self.places.contains_key(&profile) => {}
                _ => return,
            }
        }
    }
}

/// Reads a decision to be told; `None` if it was erased meanwhile, or is about somebody else after all.
///
/// # Errors
/// If the store cannot be read.
pub async fn decision<S: Store>(
    engine: &Engine<S>,
    profile: ProfileId,
    id: DecisionId,
) -> Result<Option<Decision>, Error> {
    let decision: Option<Decision> = engine.stored(&keys::decision(id)).await?;
    Ok(decision.filter(|decision| decision.person.profile == profile))
}

fn after(position: Position) -> Position {
    Position(position.0.saturating_add(1))
}

/// Finds the first position of a person's lane that is not there yet, by doubling and halving: a lane is dense.
async fn end_of<S: Store>(engine: &Engine<S>, profile: ProfileId) -> Result<Position, Error> {
    let lane = Lane::of(keys::home(profile));
    // Everything below `there` is there; nothing from `beyond` on.
    let (mut there, mut beyond) = (0, 1);
    while is_there(engine, lane, beyond - 1).await? {
        (there, beyond) = (beyond, beyond * 2);
    }
    while there + 1 < beyond {
        let middle = there + (beyond - there) / 2;
        if is_there(engine, lane, middle - 1).await? {
            there = middle;
        } else {
            beyond = middle;
        }
    }
    Ok(Position(there))
}

async fn is_there<S: Store>(engine: &Engine<S>, lane: Lane, position: u64) -> Result<bool, Error> {
    Ok(!engine.store.read_lane(lane, Position(position), 1).await?.is_empty())
}
