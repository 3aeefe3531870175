//! What is told of a region or a store and of nobody in it: the weather, how late the trains are. It is folded like a person's events, into a state
//! of the place, and viewed together with those of whoever is there.

use std::collections::BTreeMap;
use std::sync::Arc;

use wink_core::base::{Timestamp, Value};
use wink_core::event::{Body, CONTEXT_EVENTS, ELSEWHERE, FUTURE_TOLERANCE_MS, Observed, Rejection};
use wink_core::feature::{Happened, State, Wanted, fold, view};
use wink_core::offer::{Catalogue, Places};
use wink_core::profile::{Cluster, Grants, Purpose};
use wink_record::Stored;
use wink_store::{Batch, Change, Home, RecordKey, Store};

use super::person::{self, Loaded};
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys;
use crate::{Engine, Error};

/// A minute in milliseconds.
const MINUTE_MS: i64 = 60_000;

/// The features that tell where somebody is.
const REGION: &str = "place_region";
const STORE: &str = "near_store";

/// States written with one commit each, and these together: as many as the embedded store writes with one fsync.
const AT_ONCE: usize = 256;

/// Of what something is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Site {
    /// A region of the shop's.
    Region(String),
    /// A store of the shop's.
    Store(String),
}

impl Site {
    /// Names its records.
    fn place(&self) -> String {
        match self {
            Self::Region(id) => format!("region/{id}"),
            Self::Store(id) => format!("store/{id}"),
        }
    }

    fn is_of(&self, places: &Places) -> bool {
        match self {
            Self::Region(id) => places.has_region(id),
            Self::Store(id) => places.stores.iter().any(|store| store.id == *id),
        }
    }
}

/// Something told of a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Of which.
    pub of: Site,
    /// The event that tells it, one of `CONTEXT_EVENTS`.
    pub event: String,
    /// When it was so.
    pub at: Timestamp,
    /// What it says.
    pub properties: BTreeMap<String, Value>,
}

/// Why a report is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untold {
    /// The shop has no such place.
    #[error("`shop.toml` lists no such place under `[places]`")]
    NoPlace,
    /// The event is none that tells of places.
    #[error("`{0}` tells nothing of a place; use one of {names}", names = CONTEXT_EVENTS.join(", "))]
    NoEvent(String),
    /// It says something the event does not say.
    #[error("the event has no property `{0}`")]
    Unknown(String),
    /// A property is of another type.
    #[error(transparent)]
    Wrong(#[from] Rejection),
    /// It is told of a time that has not come.
    #[error(
        "it tells of a time that has not come; a forecast is what is known now, so send it with the time it was made"
    )]
    Future,
}

/// Looks whether a report can be taken at `now`.
///
/// # Errors
/// Why not.
pub fn check<S: Store>(engine: &Engine<S>, report: &Report, now: Timestamp) -> Result<(), Untold> {
    let catalogue = engine.catalogue().map_err(|_| Untold::NoPlace)?;
    let places = catalogue.shop.places.as_ref().ok_or(Untold::NoPlace)?;
    if !report.of.is_of(places) {
        return Err(Untold::NoPlace);
    }
    let name = || report.event.chars().take(64).collect();
    let is_known = CONTEXT_EVENTS.contains(&report.event.as_str());
    let schemas = engine.schemas();
    let schema = schemas.of(&report.event).filter(|_| is_known).ok_or_else(|| Untold::NoEvent(name()))?;
    let is_named = |property: &&String| schema.properties.iter().any(|known| known.name == **property);
    if let Some(unknown) = report.properties.keys().find(|property| !is_named(property)) {
        return Err(Untold::Unknown(unknown.chars().take(64).collect()));
    }
    schema.check(&report.properties)?;
    if now.0 + FUTURE_TOLERANCE_MS < report.at.0 { Err(Untold::Future) } else { Ok(()) }
}

/// Takes in reports that were looked at. The same again changes nothing, and of two the one that is newer counts, whichever comes first.
///
/// # Errors
/// If the store cannot be read or takes no writes.
pub async fn tell<S: Store>(engine: &Engine<S>, reports: &[Report]) -> Result<(), Error> {
    let mut by_state: BTreeMap<RecordKey, Vec<&Report>> = BTreeMap::new();
    for report in reports {
        by_state.entry(keys::context(&report.of.place(), &report.event)).or_default().push(report);
    }
    let by_state: Vec<(RecordKey, Vec<&Report>)> = by_state.into_iter().collect();
    for some in by_state.chunks(AT_ONCE) {
        let mut left: Vec<&(RecordKey, Vec<&Report>)> = some.iter().collect();
        for _ in 0..ATTEMPTS_MAX {
            left = tell_some(engine, left).await?;
            if left.is_empty() {
                break;
            }
        }
        if !left.is_empty() {
            return Err(Error::Contended);
        }
    }
    Ok(())
}

/// Writes states together, a commit each; gives those that met somebody else's change.
async fn tell_some<'a, S: Store>(
    engine: &Engine<S>,
    told: Vec<&'a (RecordKey, Vec<&'a Report>)>,
) -> Result<Vec<&'a (RecordKey, Vec<&'a Report>)>, Error> {
    let features = engine.features();
    let mut batches = Vec::with_capacity(told.len());
    for (key, reports) in &told {
        let mut state = person::load(engine, key.clone(), State::default).await?;
        for report in reports {
            let Some(observed) = Observed::named(&report.event) else { continue };
            let body = Body::Observed(observed);
            fold(&mut state.value, &features, &Happened::new(report.at, &body, &report.properties));
        }
        features.retain(&mut state.value);
        let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
        batch.checks.push(state.unchanged());
        batch.changes.push(Change::Put(state.key, state.value.to_bytes()));
        batches.push(batch);
    }
    let mut left = Vec::new();
    for (told, outcome) in told.into_iter().zip(engine.submit(batches).await) {
        if outcome?.is_none() {
            left.push(told);
        }
    }
    Ok(left)
}

/// What is asked about somebody, for which it may matter where they are.
pub(super) struct Asked<'a> {
    pub catalogue: &'a Catalogue,
    pub wanted: &'a Wanted,
    pub now: Timestamp,
}

/// Reads what is told of the region somebody is in and the store they are near, as far as it still counts. Nothing is read if nobody asks for it, or
/// the person has not granted that it matters where they are.
pub(super) async fn around<S: Store>(
    engine: &Engine<S>,
    asked: &Asked<'_>,
    person: &Cluster<'_>,
    states: &[Loaded<Arc<State>>],
) -> Result<Vec<State>, Error> {
    let Some(places) = &asked.catalogue.shop.places else { return Ok(Vec::new()) };
    let grants = person.grants(asked.now);
    if !grants.allow(Purpose::Location) || !asked.catalogue.features.wants_context(asked.wanted) {
        return Ok(Vec::new());
    }
    let mut around = Vec::new();
    for of in asked.whereabouts(&grants, states) {
        let keys = CONTEXT_EVENTS.map(|event| keys::context(&of.place(), event));
        let records = engine.store.get(engine.tenant, &keys).await?;
        for (record, minutes) in records.into_iter().zip(places.context_minutes) {
            let Some(record) = record else { continue };
            let mut state = State::from_bytes(&record.bytes)?;
            state.forget_before(Timestamp(asked.now.0.saturating_sub(minutes * MINUTE_MS)));
            around.push(state);
        }
    }
    Ok(around)
}

impl Asked<'_> {
    /// Tells the region somebody is in and the store they are near, as far as that is known.
    fn whereabouts(&self, grants: &Grants, states: &[Loaded<Arc<State>>]) -> Vec<Site> {
        let features = &self.catalogue.features;
        let slots = [REGION, STORE].map(|name| features.slot(name));
        let wanted = Wanted::shown(features, slots.into_iter().flatten());
        let states: Vec<&State> = states.iter().map(|state| &*state.value).collect();
        let view = view(&states, features, grants, self.now, &wanted);
        let [region, store] = slots.map(|slot| {
            let name = view.shares(slot?)?.keys().next()?;
            (name != ELSEWHERE).then(|| name.clone())
        });
        [region.map(Site::Region), store.map(Site::Store)].into_iter().flatten().collect()
    }
}
