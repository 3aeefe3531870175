//! One commit group: batches judged in order against memory, engine and each other, gathered into one write.

use std::sync::{PoisonError, RwLock};

use wink_store::{
    Accepted, Batch, BatchId, Counter, CounterKey, Effect, Error, Failure, Head, Header, Lane, Layer, Mark,
    MarkKey, Outcome, Position, QueueKey, RecordKey, Tenant, Verdict, Version, View, apply,
};

use crate::engine::{Engine, Space, Write, Writes};
use crate::heads::Progress;
use crate::layout::{self, Commit};
use crate::memory::{Counters, Outcomes};

/// The committed state, as the judge sees it.
struct Committed<'store> {
    engine: &'store Engine,
    counters: &'store RwLock<Counters>,
    outcomes: &'store RwLock<Outcomes>,
    progress: &'store Progress,
}

impl View for Committed<'_> {
    fn version(&self, tenant: Tenant, key: &RecordKey) -> Result<Option<Version>, Error> {
        self.engine.version(tenant, key)
    }

    fn counter(&self, tenant: Tenant, key: &CounterKey) -> Result<Counter, Error> {
        Ok(self.counters.read().unwrap_or_else(PoisonError::into_inner).get(tenant, key))
    }

    fn mark(&self, tenant: Tenant, key: &MarkKey) -> Result<Option<Mark>, Error> {
        self.engine.mark(tenant, key)
    }

    fn head(&self, lane: Lane) -> Result<Head, Error> {
        Ok(self.progress.head(lane))
    }

    fn entry_tenant(&self, lane: Lane, position: Position) -> Result<Option<Tenant>, Error> {
        let value = self.engine.get(Space::Entries, &layout::entry_key(lane, position))?;
        value.map(|value| layout::read_header(&value).map(|header| header.tenant)).transpose()
    }

    fn is_queued(&self, tenant: Tenant, key: &QueueKey) -> Result<bool, Error> {
        self.engine.is_queued(tenant, key)
    }

    fn outcome(&self, tenant: Tenant, id: BatchId) -> Result<Option<Outcome>, Error> {
        Ok(self.outcomes.read().unwrap_or_else(PoisonError::into_inner).get(tenant, id))
    }
}

/// What a group amounts to.
#[derive(Default)]
pub(crate) struct Group {
    /// One for each batch, to be answered once the writes are durable.
    pub(crate) outcomes: Vec<Outcome>,
    /// The batches that hold.
    pub(crate) accepted: Vec<Accepted>,
    /// The counters that changed, as they are then.
    pub(crate) counters: Vec<(Tenant, CounterKey, Counter)>,
    /// The commits to remember.
    pub(crate) commits: Vec<Commit>,
    /// Everything to write, at once.
    pub(crate) writes: Writes,
}

/// Judges `batches` in order and gathers what to write.
pub(crate) fn judge(
    batches: Vec<Batch>,
    engine: &Engine,
    counters: &RwLock<Counters>,
    outcomes: &RwLock<Outcomes>,
    progress: &Progress,
    salt: &mut impl FnMut() -> [u8; 16],
) -> Group {
    let committed = Committed { engine, counters, outcomes, progress };
    let mut layer = Layer::over(&committed);
    let mut group = Group::default();
    // A batch writes few things; growing by doubling would move thousands.
    group.writes.reserve(batches.iter().map(|batch| batch.changes.len()).sum());
    let mut version = progress.version;
    for batch in batches {
        let next = Version(version.0 + 1);
        let judged = apply(&layer, batch, next, salt).and_then(|verdict| group.gather(verdict, engine));
        let outcome = match judged {
            Ok(Judged::Answered(outcome)) => outcome,
            Ok(Judged::Accepted(accepted)) => {
                version = next;
                accepted.effects.iter().for_each(|effect| layer.lay(effect));
                let outcome = accepted.outcome();
                layer.remember(accepted.tenant, accepted.id, outcome.clone());
                group.accepted.push(accepted);
                outcome
            }
            Err(error) => Outcome::Failed(Failure::Closed(error.to_string())),
        };
        group.outcomes.push(outcome);
    }
    // Most batches of a group count the same few things: each is written once.
    for (tenant, key, counter) in layer.counters() {
        let name = (Space::Counters, layout::counter_key(tenant, key));
        group.writes.insert(name, kept(counter));
        group.counters.push((tenant, key.clone(), *counter));
    }
    let remembered = outcomes.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(first) = group.commits.first() {
        group
            .writes
            .insert((Space::Batches, layout::group_key(first.version)), Some(layout::group(&group.commits)));
        for forgotten in remembered.forgotten_with(group.commits.len()) {
            group.writes.insert((Space::Batches, layout::group_key(forgotten)), None);
        }
    }
    drop(remembered);
    group
}

/// Tells what an effect writes. `None` for a redaction, which depends on what is stored.
pub(crate) fn written(effect: &Effect) -> Option<Write> {
    let records = |tenant, key| (Space::Records, layout::record_key(tenant, key));
    let marks = |tenant, key| (Space::Marks, layout::mark_key(tenant, key));
    let queues = |tenant, key| (Space::Queues, layout::queue_key(tenant, key));
    Some(match effect {
        Effect::Put { tenant, key, record } => (records(*tenant, key), Some(layout::record(record))),
        Effect::Delete { tenant, key } => (records(*tenant, key), None),
        Effect::Count { tenant, key, counter } => {
            ((Space::Counters, layout::counter_key(*tenant, key)), kept(counter))
        }
        Effect::Mark { tenant, key, mark } => (marks(*tenant, key), Some(layout::mark(mark))),
        Effect::Unmark { tenant, key } => (marks(*tenant, key), None),
        Effect::Append { lane, entry } => {
            let key = layout::entry_key(*lane, entry.position);
            ((Space::Entries, key), Some(layout::entry(&entry.header, entry.body.as_ref())))
        }
        Effect::Redact { .. } => return None,
        Effect::Enqueue { tenant, key, payload } => (queues(*tenant, key), Some(payload.clone())),
        Effect::Dequeue { tenant, key } => (queues(*tenant, key), None),
    })
}

/// Tells what is stored of a counter: nothing where it is as if nobody had written it.
fn kept(counter: &Counter) -> Option<Vec<u8>> {
    (*counter != Counter::default()).then(|| layout::counter(counter))
}

enum Judged {
    Accepted(Accepted),
    Answered(Outcome),
}

impl Group {
    /// Adds the writes of a batch, all or none.
    fn gather(&mut self, verdict: Verdict, engine: &Engine) -> Result<Judged, Error> {
        let accepted = match verdict {
            Verdict::Answered(outcome) => return Ok(Judged::Answered(outcome)),
            Verdict::Accepted(accepted) => accepted,
        };
        let mut writes: Vec<Write> = Vec::with_capacity(accepted.effects.len() + 2);
        for effect in &accepted.effects {
            match effect {
                Effect::Redact { lane, position } => {
                    let key = layout::entry_key(*lane, *position);
                    let header = self.header(&writes, &key, engine)?;
                    writes.push(((Space::Entries, key), Some(layout::entry(&header, None))));
                }
                // As the whole group leaves it.
                Effect::Count { .. } => {}
                _ => writes.extend(written(effect)),
            }
        }
        let Accepted { version, tenant, id, ref positions, .. } = accepted;
        let first = positions.first().map_or(0, |position| position.0);
        let entries = u64::try_from(positions.len()).unwrap_or(u64::MAX);
        let commit = Commit { version, tenant, id, first, entries };
        self.commits.push(commit);
        self.writes.extend(writes);
        Ok(Judged::Accepted(accepted))
    }

    /// Finds the header at `key`: it may stand in this batch, in this group, or in the engine.
    fn header(&self, batch: &[Write], key: &Vec<u8>, engine: &Engine) -> Result<Header, Error> {
        let in_batch =
            batch.iter().rev().find(|((space, other), _)| *space == Space::Entries && other == key);
        let in_group = || self.writes.get(&(Space::Entries, key.clone())).and_then(Option::as_ref);
        if let Some(value) = in_batch.and_then(|(_, value)| value.as_ref()).or_else(in_group) {
            return layout::read_header(value);
        }
        match engine.get(Space::Entries, key)? {
            Some(value) => layout::read_header(&value),
            None => Err(Error::Damaged("a journal entry vanished".to_owned())),
        }
    }
}
