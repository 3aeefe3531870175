//! A person's decisions as they are committed, out of the journal. Writes nothing.
//!
//! A listener's place is the first position of the person's lane that they have not heard: a lane is dense and in the order of the commits,
//! so reading on from there misses nothing, over a restart too. A commit only wakes them.

use std::collections::VecDeque;

use tokio::sync::broadcast;
use wink_core::base::{DecisionId, ProfileId};
use wink_core::decision::Decision;
use wink_record::{Decided, Stored};
use wink_store::{Lane, Position, Store};

use crate::{Engine, Error, keys};

/// Lane entries read at once, and so the most that is held for one listener.
const AT_ONCE: usize = 500;

/// Somebody who follows one person's decisions.
pub struct Listener {
    profile: ProfileId,
    decided: broadcast::Receiver<ProfileId>,
    /// Up to where the lane was read.
    place: Position,
    /// What was read and not told yet.
    read: VecDeque<Placed>,
}

/// A decision, and the listener's place once it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The place after it.
    pub place: Position,
    /// Which it is.
    pub decision: DecisionId,
}

impl Listener {
    /// Begins to listen at a place, or from now on. A place that is not there yet is now: the store was restored from a back-up.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn begin<S: Store>(
        engine: &Engine<S>,
        profile: ProfileId,
        place: Option<Position>,
    ) -> Result<Self, Error> {
        // Listens first and reads then: what is committed in between is found and wakes them, and is told once.
        let decided = engine.decided.subscribe();
        let end = end_of(engine, profile).await?;
        let place = place.map_or(end, |place| place.min(end));
        Ok(Self { profile, decided, place, read: VecDeque::new() })
    }

    /// The place up to which everything was told, once [`told`](Self::told) says that it was.
    pub fn place(&self) -> Position {
        self.place
    }

    /// Gives the next decision there is; `None` once all were told.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn told<S: Store>(&mut self, engine: &Engine<S>) -> Result<Option<Placed>, Error> {
        let home = keys::home(self.profile);
        loop {
            if let Some(placed) = self.read.pop_front() {
                return Ok(Some(placed));
            }
            let entries = engine.store.read_lane(Lane::of(home), self.place, AT_ONCE).await?;
            let Some(last) = entries.last() else { return Ok(None) };
            self.place = after(last.position);
            for entry in entries {
                let is_decision =
                    entry.header.tenant == engine.tenant && entry.header.kind == keys::entry::DECIDED;
                let Some(body) = entry.body.filter(|body| is_decision && body.owner == Some(home)) else {
                    continue;
                };
                let decision = Decided::from_bytes(&body.payload)?.id;
                self.read.push_back(Placed { place: after(entry.position), decision });
            }
        }
    }

    /// Waits until something was decided about the person, or so much about others that it is better to look.
    pub async fn woken(&mut self) {
        loop {
            match self.decided.recv().await {
                Ok(profile) if profile != self.profile => {}
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
