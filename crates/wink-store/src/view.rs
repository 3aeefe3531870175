//! What a batch is judged against: the stored values it may depend on, and changes laid over them.

use std::collections::BTreeMap;
use std::hash::Hash;

use ahash::AHashMap;

use crate::{BatchId, Header};
use crate::{
    Counter, CounterKey, Effect, Error, Lane, Mark, MarkKey, Outcome, Position, QueueKey, RecordKey, Tenant,
    Version,
};

/// The end of a lane: where the next entry goes and the hash it links to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The position of the next entry; also how many the lane has.
    pub next: u64,
    /// The hash of the last header, or zero for an empty lane.
    pub hash: [u8; 32],
}

/// Reads the current values that [`apply`](crate::apply) needs. A store implements it over its engine.
pub trait View {
    /// Tells which commit wrote a record, or `None` if there is no record.
    ///
    /// # Errors
    /// If the engine cannot read.
    fn version(&self, tenant: Tenant, key: &RecordKey) -> Result<Option<Version>, Error>;

    /// Reads a counter; the default counter if nobody wrote it.
    ///
    /// # Errors
    /// If the engine cannot read.
    fn counter(&self, tenant: Tenant, key: &CounterKey) -> Result<Counter, Error>;

    /// Reads a mark.
    ///
    /// # Errors
    /// If the engine cannot read.
    fn mark(&self, tenant: Tenant, key: &MarkKey) -> Result<Option<Mark>, Error>;

    /// Reads the end of a lane.
    ///
    /// # Errors
    /// If the engine cannot read.
    fn head(&self, lane: Lane) -> Result<Head, Error>;

    /// Tells whose entry stands at a position, or `None` if there is no entry.
    ///
    /// # Errors
    /// If the engine cannot read.
    fn entry_tenant(&self, lane: Lane, position: Position) -> Result<Option<Tenant>, Error>;

    /// Tells whether an entry is in its queue.
    ///
    /// # Errors
    /// If the engine cannot read.
    fn is_queued(&self, tenant: Tenant, key: &QueueKey) -> Result<bool, Error>;

    /// Tells the outcome of a batch that was committed before, as far as the store remembers.
    ///
    /// # Errors
    /// If the engine cannot read.
    fn outcome(&self, tenant: Tenant, id: BatchId) -> Result<Option<Outcome>, Error>;
}

/// New values of one sort of thing, by tenant and key. Hashed: a commit group asks it some thousand times, and never for an order.
#[derive(Debug)]
struct Shadow<K, V>(AHashMap<Tenant, AHashMap<K, V>>);

impl<K, V> Default for Shadow<K, V> {
    fn default() -> Self {
        Self(AHashMap::new())
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Shadow<K, V> {
    fn get(&self, tenant: Tenant, key: &K) -> Option<V> {
        self.0.get(&tenant)?.get(key).cloned()
    }

    fn set(&mut self, tenant: Tenant, key: &K, value: V) {
        self.0.entry(tenant).or_default().insert(key.clone(), value);
    }
}

/// A view with effects laid over it: what the view will show once they are written.
#[derive(Debug)]
pub struct Layer<'below, V> {
    below: &'below V,
    versions: Shadow<RecordKey, Option<Version>>,
    counters: Shadow<CounterKey, Counter>,
    marks: Shadow<MarkKey, Option<Mark>>,
    heads: BTreeMap<Lane, Head>,
    entries: BTreeMap<(Lane, Position), Tenant>,
    queued: Shadow<QueueKey, bool>,
    outcomes: Shadow<BatchId, Outcome>,
}

impl<'below, V: View> Layer<'below, V> {
    /// Begins with nothing laid over `below`.
    pub fn over(below: &'below V) -> Self {
        Self {
            below,
            versions: Shadow::default(),
            counters: Shadow::default(),
            marks: Shadow::default(),
            heads: BTreeMap::new(),
            entries: BTreeMap::new(),
            queued: Shadow::default(),
            outcomes: Shadow::default(),
        }
    }

    /// Lays one more effect on top.
    pub fn lay(&mut self, effect: &Effect) {
        match effect {
            Effect::Put { tenant, key, record } => self.versions.set(*tenant, key, Some(record.version)),
            Effect::Delete { tenant, key } => self.versions.set(*tenant, key, None),
            Effect::Count { tenant, key, counter } => self.counters.set(*tenant, key, *counter),
            Effect::Mark { tenant, key, mark } => self.marks.set(*tenant, key, Some(mark.clone())),
            Effect::Unmark { tenant, key } => self.marks.set(*tenant, key, None),
            Effect::Append { lane, entry } => {
                let Header { tenant, hash, .. } = entry.header;
                self.entries.insert((*lane, entry.position), tenant);
                self.heads.insert(*lane, Head { next: entry.position.0 + 1, hash });
            }
            Effect::Redact { .. } => {}
            Effect::Enqueue { tenant, key, .. } => self.queued.set(*tenant, key, true),
            Effect::Dequeue { tenant, key } => self.queued.set(*tenant, key, false),
        }
    }

    /// Lists the counters that were laid over it, as they are now.
    pub fn counters(&self) -> impl Iterator<Item = (Tenant, &CounterKey, &Counter)> {
        self.counters
            .0
            .iter()
            .flat_map(|(tenant, counters)| counters.iter().map(|(key, counter)| (*tenant, key, counter)))
    }

    /// Lays the outcome of a whole batch on top, so that the same batch is not done again in the same group.
    pub fn remember(&mut self, tenant: Tenant, id: BatchId, outcome: Outcome) {
        self.outcomes.set(tenant, &id, outcome);
    }
}

impl<V: View> View for Layer<'_, V> {
    fn version(&self, tenant: Tenant, key: &RecordKey) -> Result<Option<Version>, Error> {
        match self.versions.get(tenant, key) {
            Some(version) => Ok(version),
            None => self.below.version(tenant, key),
        }
    }

    fn counter(&self, tenant: Tenant, key: &CounterKey) -> Result<Counter, Error> {
        match self.counters.get(tenant, key) {
            Some(counter) => Ok(counter),
            None => self.below.counter(tenant, key),
        }
    }

    fn mark(&self, tenant: Tenant, key: &MarkKey) -> Result<Option<Mark>, Error> {
        match self.marks.get(tenant, key) {
            Some(mark) => Ok(mark),
            None => self.below.mark(tenant, key),
        }
    }

    fn head(&self, lane: Lane) -> Result<Head, Error> {
        match self.heads.get(&lane) {
            Some(head) => Ok(*head),
            None => self.below.head(lane),
        }
    }

    fn entry_tenant(&self, lane: Lane, position: Position) -> Result<Option<Tenant>, Error> {
        match self.entries.get(&(lane, position)) {
            Some(tenant) => Ok(Some(*tenant)),
            None => self.below.entry_tenant(lane, position),
        }
    }

    fn is_queued(&self, tenant: Tenant, key: &QueueKey) -> Result<bool, Error> {
        match self.queued.get(tenant, key) {
            Some(queued) => Ok(queued),
            None => self.below.is_queued(tenant, key),
        }
    }

    fn outcome(&self, tenant: Tenant, id: BatchId) -> Result<Option<Outcome>, Error> {
        match self.outcomes.get(tenant, &id) {
            Some(outcome) => Ok(Some(outcome)),
            None => self.below.outcome(tenant, id),
        }
    }
}
