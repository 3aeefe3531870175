//! Fills features that a catalogue defines anew with what happened before: their accumulators are folded from the journal, with the
//! fold that takes events in. Until that is done they are not read.
//!
//! Whatever comes in meanwhile is folded into all accumulators. A state is replaced only if it is as it was read, and the journal
//! is read on after that: what the state already knows is in the journal too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use wink_core::base::{ProfileId, Timestamp};
use wink_core::feature::{AccumulatorId, Catalogue, FirstForm, Happened, State, fold};
use wink_core::offer;
use wink_core::profile::{IdentityKey, Kept};
use wink_record::{Folded, Stored};
use wink_store::{Batch, Change, Direction, Home, Lane, Position, Range, Store};

use super::person;
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys::{self, entry, kind};
use crate::{Engine, Error};

/// How long after a change of the catalogue filling begins: whatever a request folds for the catalogue before is written by then, as no
/// request takes longer.
const SETTLE_MS: i64 = 30_000;

/// Entries read at once.
const ENTRIES: usize = 2_000;

/// States replaced in one go: as many as the embedded store writes with one sync.
const STATES: usize = 256;

/// How far a filling has come in this process. After a restart it begins again; what was replaced is replaced by the same.
#[derive(Debug, Default)]
pub(crate) struct Progress(Mutex<Option<(offer::CatalogueVersion, usize)>>);

/// What is left to fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Nothing.
    Nothing,
    /// It begins when requests under the catalogue before have ended.
    Soon,
    /// So many lanes of the journal.
    Lanes(usize),
}

/// Looks which features are filled, and says so to the catalogue in force.
pub(crate) async fn look<S: Store>(engine: &Engine<S>) -> Result<(), Error> {
    let Ok(catalogue) = engine.catalogue() else { return Ok(()) };
    let filled = match engine.stored::<Folded>(&keys::folded()).await? {
        Some(folded) => folded.accumulators,
        None if has_people(engine).await? => FirstForm::accumulators().to_vec(),
        None => return Ok(()),
    };
    engine.put_in_force(with_filling(catalogue, &filled));
    Ok(())
}

/// Marks what is not filled.
pub(crate) fn with_filling(
    catalogue: Arc<offer::Catalogue>,
    filled: &[AccumulatorId],
) -> Arc<offer::Catalogue> {
    let missing: Vec<AccumulatorId> =
        catalogue.features.accumulators().map(|(id, _)| id).filter(|id| !filled.contains(id)).collect();
    let is_marked = |id: &AccumulatorId| catalogue.features.is_filling(*id);
    if missing.is_empty() && !catalogue.features.accumulators().any(|(id, _)| is_marked(&id)) {
        return catalogue;
    }
    let mut catalogue = Arc::unwrap_or_clone(catalogue);
    catalogue.features = Arc::new(Arc::unwrap_or_clone(catalogue.features).filling(missing));
    Arc::new(catalogue)
}

/// Tells what is filled once `catalogue` is put in force, and the change that remembers it.
pub(crate) async fn plan<S: Store>(
    engine: &Engine<S>,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<(Vec<AccumulatorId>, Change), Error> {
    let needed: BTreeSet<AccumulatorId> = catalogue.accumulators().map(|(id, _)| id).collect();
    let before = match engine.stored::<Folded>(&keys::folded()).await? {
        _ if !has_people(engine).await? => needed.iter().copied().collect(),
        Some(folded) => folded.accumulators,
        // Events came before any catalogue did: they were folded for the built-in features.
        None if engine.catalogue().is_err() => engine.features().accumulators().map(|(id, _)| id).collect(),
        None => FirstForm::accumulators().to_vec(),
    };
    let filled: Vec<AccumulatorId> = before.into_iter().filter(|id| needed.contains(id)).collect();
    let folded = Folded { accumulators: filled.clone(), since: now };
    Ok((filled, Change::Put(keys::folded(), folded.to_bytes())))
}

async fn has_people<S: Store>(engine: &Engine<S>) -> Result<bool, Error> {
    let page = engine.store.scan(engine.tenant, kind::PROFILE, Range::default(), Direction::Forward, 1);
    Ok(!page.await?.records.is_empty())
}

/// Fills one lane's share of what is not filled.
///
/// # Errors
/// If the store cannot be read or takes no writes. What was replaced before stays; doing it again replaces it by the same.
pub async fn step<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<Left, Error> {
    let Ok(catalogue) = engine.catalogue() else { return Ok(Left::Nothing) };
    let features = &catalogue.features;
    let missing: Vec<AccumulatorId> =
        features.accumulators().map(|(id, _)| id).filter(|id| features.is_filling(*id)).collect();
    if missing.is_empty() {
        return Ok(Left::Nothing);
    }
    let folded = engine.stored::<Folded>(&keys::folded()).await?;
    if folded.is_some_and(|folded| now.since_ms(folded.since) < SETTLE_MS) {
        return Ok(Left::Soon);
    }
    let lanes: Vec<Lane> = Lane::all().collect();
    let next = match *engine.refolding.0.lock().unwrap_or_else(PoisonError::into_inner) {
        Some((version, next)) if version == catalogue.version => next,
        _ => 0,
    };
    if let Some(lane) = lanes.get(next) {
        let only_missing = features.part(|id| missing.contains(&id));
        Filling { engine, lane: *lane, features: only_missing, missing }.run().await?;
        let done = Some((catalogue.version, next + 1));
        *engine.refolding.0.lock().unwrap_or_else(PoisonError::into_inner) = done;
        if next + 1 < lanes.len() {
            return Ok(Left::Lanes(lanes.len() - next - 1));
        }
    }
    finish(engine, &catalogue, now).await
}

/// Fills everything at once, for a store nobody else uses.
///
/// # Errors
/// As [`step`].
pub async fn all<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<(), Error> {
    let settled = Timestamp(now.0.saturating_add(SETTLE_MS));
    while step(engine, settled).await? != Left::Nothing {}
    Ok(())
}

/// Remembers that all is filled, if the catalogue is still the one it was filled for.
async fn finish<S: Store>(
    engine: &Engine<S>,
    catalogue: &Arc<offer::Catalogue>,
    now: Timestamp,
) -> Result<Left, Error> {
    let (in_force, check) = engine.catalogue_in_force().await?;
    if in_force.version != catalogue.version {
        return Ok(Left::Soon);
    }
    let filled: Vec<AccumulatorId> = catalogue.features.accumulators().map(|(id, _)| id).collect();
    let folded = Folded { accumulators: filled.clone(), since: now };
    let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
    batch.checks.push(check);
    batch.changes.push(Change::Put(keys::folded(), folded.to_bytes()));
    if engine.commit(batch).await?.is_none() {
        return Ok(Left::Soon);
    }
    engine.put_in_force(with_filling(catalogue.clone(), &filled));
    *engine.refolding.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    Ok(Left::Nothing)
}

/// The filling of one lane.
struct Filling<'a, S> {
    engine: &'a Engine<S>,
    lane: Lane,
    /// Folds into the missing accumulators only.
    features: Catalogue,
    missing: Vec<AccumulatorId>,
}

type Whose = (ProfileId, IdentityKey);

impl<S: Store> Filling<'_, S> {
    async fn run(&self) -> Result<(), Error> {
        let mut folded: BTreeMap<Whose, State> = BTreeMap::new();
        let mut from = self.read_on(Position(0), &mut folded).await?;
        let mut left: Vec<Whose> = folded.keys().copied().collect();
        for _ in 0..ATTEMPTS_MAX {
            let mut again = Vec::new();
            for some in left.chunks(STATES) {
                again.extend(self.replace(some, &mut from, &mut folded).await?);
            }
            left = again;
            if left.is_empty() {
                return Ok(());
            }
        }
        Err(Error::Contended)
    }

    /// Folds the lane's entries from a position on; gives back where it ends.
    async fn read_on(
        &self,
        mut from: Position,
        folded: &mut BTreeMap<Whose, State>,
    ) -> Result<Position, Error> {
        loop {
            let entries = self.engine.store.read_lane(self.lane, from, ENTRIES).await?;
            let Some(last) = entries.last() else { return Ok(from) };
            from = Position(last.position.0 + 1);
            for found in &entries {
                let Some(body) = &found.body else { continue };
                if found.header.tenant != self.engine.tenant || found.header.kind != entry::EVENT {
                    continue;
                }
                let kept = Kept::from_bytes(&body.payload)?;
                if self.features.is_made_of(kept.body.event_name()) {
                    let state = folded.entry((kept.profile, kept.identity)).or_default();
                    fold(state, &self.features, &Happened::new(kept.occurred_at, &kept.body, &kept.extra));
                }
            }
        }
    }

    /// Replaces the missing accumulators of some states; gives back those that changed meanwhile.
    async fn replace(
        &self,
        some: &[Whose],
        from: &mut Position,
        folded: &mut BTreeMap<Whose, State>,
    ) -> Result<Vec<Whose>, Error> {
        let mut loaded = Vec::with_capacity(some.len());
        for (profile, identity) in some {
            let Some(profile) = person::profile(self.engine, *profile).await? else { continue };
            let key = keys::state(profile.value.id, *identity);
            let state = person::load(self.engine, key, State::default).await?;
            loaded.push((profile, *identity, state));
        }
        // Only now: an event that the states read above know of is in the journal before them.
        *from = self.read_on(*from, folded).await?;
        let mut batches = Vec::with_capacity(loaded.len());
        let mut whose = Vec::with_capacity(loaded.len());
        for (profile, identity, state) in loaded {
            let who = (profile.value.id, identity);
            let Some(anew) = folded.get(&who) else { continue };
            let mut filled = state.value.clone();
            filled.replace(&self.missing, anew);
            if filled == state.value {
                continue;
            }
            let mut batch = Batch::new(batch_id()?, self.engine.tenant, keys::home(profile.value.id));
            batch.checks.push(profile.unchanged());
            batch.checks.push(state.unchanged());
            batch.changes.push(Change::Put(state.key, filled.to_bytes()));
            batches.push(batch);
            whose.push(who);
        }
        let outcomes = self.engine.submit(batches).await;
        let mut again = Vec::new();
        for (who, outcome) in whose.into_iter().zip(outcomes) {
            if outcome?.is_none() {
                again.push(who);
            }
        }
        Ok(again)
    }
}
