//! How large segments are, read off their counters: the same effort for ten people and for ten million.

use wink_core::base::Timestamp;
use wink_core::feature::Segment;
use wink_store::{CounterKey, Store};

use super::rules;
use crate::keys;
use crate::{Engine, Error};

/// A segment with how many are in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sized {
    /// The segment.
    pub segment: Segment,
    /// How many are in it.
    pub members: u64,
    /// How many of them have granted what it is for.
    pub granting: u64,
    /// When everybody had been asked for the first time; until then it is still being filled.
    pub counted_at: Option<Timestamp>,
    /// When everybody was last looked at for what time alone changes; nothing since the server started until that is through.
    pub looked_at: Option<Timestamp>,
}

/// Lists the segments with their sizes, as they are written.
///
/// # Errors
/// If no catalogue is in force, or the store cannot be read.
pub async fn all<S: Store>(engine: &Engine<S>) -> Result<Vec<Sized>, Error> {
    let catalogue = engine.catalogue()?;
    let rules = rules::load(engine).await?.value;
    let segments = catalogue.segments.all();
    let numbers = || segments.iter().map(|segment| segment.number.unwrap_or_default());
    let keys: Vec<CounterKey> =
        numbers().flat_map(|number| [keys::members(number), keys::granting_members(number)]).collect();
    let counters = engine.store.counters(engine.tenant, &keys).await?;
    let looked_at = engine.passing.last_began();
    let sized = segments.iter().zip(counters.chunks(2)).map(|(segment, counters)| {
        let [members, granting] =
            [0, 1].map(|at| counters.get(at).map_or(0, |counter| counter.value.max(0).cast_unsigned()));
        let rule = rules.rules.iter().find(|rule| Some(rule.number) == segment.number);
        let counted_at = rule.and_then(|rule| rule.counted_at);
        Sized { segment: segment.clone(), members, granting, counted_at, looked_at }
    });
    Ok(sized.collect())
}

/// Tells the size of one segment.
///
/// # Errors
/// If there is no such segment, or the store cannot be read.
pub async fn one<S: Store>(engine: &Engine<S>, id: &str) -> Result<Sized, Error> {
    let found = all(engine).await?.into_iter().find(|sized| sized.segment.id.as_str() == id);
    found.ok_or_else(|| super::unknown(id))
}
