//! A pass over everybody: fills segments that are new, empties those that are gone, and sees who comes and leaves because time goes by.
//!
//! It writes only where something changes, depends on what it read, and may stop anywhere: after a restart it begins again.

use std::sync::{Mutex, PoisonError};

use wink_core::base::{ProfileId, Timestamp};
use wink_core::feature::{IsNew, MOVES_MAX};
use wink_core::offer::{Catalogue, CatalogueVersion};
use wink_record::Stored;
use wink_store::{Batch, Change, Direction, Home, Range, Store};

use super::{Seen, rules};
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::flow::person;
use crate::keys::kind;
use crate::{Engine, Error};

/// People looked at in one step, and written with one sync at most.
const AT_ONCE: usize = 256;

/// How far the pass has come in this process.
#[derive(Debug, Default)]
pub(crate) struct Progress(Mutex<Passing>);

#[derive(Clone, Debug, Default)]
struct Passing {
    /// The pass under way.
    under_way: Option<UnderWay>,
    /// When the last one that came to its end began.
    last_began: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct UnderWay {
    /// A pass is of one catalogue: with another it begins again.
    version: CatalogueVersion,
    began: Timestamp,
    next: Range,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is nothing to look for.
    Nothing,
    /// So many people were looked at, and there are more.
    People(usize),
    /// The last people were looked at.
    End,
}

impl Progress {
    /// Tells when the last pass that came to its end began: what time alone changed until then is seen.
    pub(super) fn last_began(&self) -> Option<Timestamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last_began
    }

    fn under_way(&self, version: CatalogueVersion) -> Option<UnderWay> {
        let passing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        passing.under_way.clone().filter(|pass| pass.version == version)
    }

    fn goes_on(&self, pass: UnderWay) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).under_way = Some(pass);
    }

    fn ended(&self, began: Timestamp) {
        let ended = Passing { under_way: None, last_began: Some(began) };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = ended;
    }
}

/// Looks at the next people.
///
/// # Errors
/// If the store cannot be read or takes no writes; the same people are looked at again then.
pub async fn step<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<Step, Error> {
    let Ok(catalogue) = engine.catalogue() else { return Ok(Step::Nothing) };
    if rules::load(engine).await?.value.rules.is_empty() {
        return Ok(Step::Nothing);
    }
    let begin = || UnderWay { version: catalogue.version, began: now, next: Range::default() };
    let mut pass = engine.passing.under_way(catalogue.version).unwrap_or_else(begin);
    let range = pass.next.clone();
    let page = engine.store.scan(engine.tenant, kind::PROFILE, range, Direction::Forward, AT_ONCE).await?;
    let mut left = Vec::with_capacity(page.records.len());
    for (key, _) in &page.records {
        left.push(person::profile_id(key)?);
    }
    let count = left.len();
    for _ in 0..ATTEMPTS_MAX {
        left = look(engine, &catalogue, left, now).await?;
        if left.is_empty() {
            break;
        }
    }
    if !left.is_empty() {
        return Err(Error::Contended);
    }
    match page.next {
        Some(next) => {
            pass.next = next;
            engine.passing.goes_on(pass);
            Ok(Step::People(count))
        }
        None => end(engine, &catalogue, pass.began).await,
    }
}

/// Looks at everybody once, for a store nobody else uses.
///
/// # Errors
/// As [`step`].
pub async fn all<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<(), Error> {
    while let Step::People(_) = step(engine, now).await? {}
    Ok(())
}

/// Looks at some people; gives back those who changed meanwhile, or of whom more is to be told than one batch holds.
async fn look<S: Store>(
    engine: &Engine<S>,
    catalogue: &Catalogue,
    some: Vec<ProfileId>,
    now: Timestamp,
) -> Result<Vec<ProfileId>, Error> {
    let (mut batches, mut whose, mut again) = (Vec::new(), Vec::new(), Vec::new());
    for id in some {
        let Some(seen) = Seen::read(engine, id).await? else { continue };
        let (mut batch, moves) = if seen.stands_for_them() {
            let person = seen.whole.cluster();
            super::moved(engine, catalogue, &person, &seen.states(), IsNew::No, now).await?
        } else {
            // They were a member under this profile before they turned out to be somebody who is known.
            let Some(left) = super::forget(engine, id).await? else { continue };
            (left, 0)
        };
        if batch.changes.is_empty() {
            continue;
        }
        if moves == MOVES_MAX {
            again.push(id);
        }
        batch.checks.extend(seen.whole.unchanged());
        batch.checks.extend(seen.states.iter().map(person::Loaded::unchanged));
        batches.push(batch);
        whose.push(id);
    }
    for (id, outcome) in whose.into_iter().zip(engine.submit(batches).await) {
        if outcome?.is_none() && !again.contains(&id) {
            again.push(id);
        }
    }
    Ok(again)
}

/// Remembers that everybody was looked at, if the catalogue is still the one they were looked at for.
async fn end<S: Store>(engine: &Engine<S>, catalogue: &Catalogue, began: Timestamp) -> Result<Step, Error> {
    let (in_force, check) = engine.catalogue_in_force().await?;
    let loaded = rules::load(engine).await?;
    let is_filling = catalogue.features.accumulators().any(|(id, _)| catalogue.features.is_filling(id));
    let after = rules::after_pass(&loaded.value, began);
    // A feature that is still filled moves nobody: then not everybody was asked.
    if in_force.version == catalogue.version && !is_filling && after != loaded.value {
        let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
        batch.checks.extend([check, loaded.unchanged()]);
        batch.changes.push(Change::Put(loaded.key, after.to_bytes()));
        engine.commit(batch).await?.ok_or(Error::Contended)?;
    }
    engine.passing.ended(began);
    Ok(Step::End)
}
