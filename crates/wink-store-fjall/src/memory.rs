//! What stays in memory: counters, outcomes, leases.

use std::collections::{BTreeMap, HashMap, VecDeque};

use wink_store::{
    BatchId, Counter, CounterKey, Error, Leased, Outcome, Position, Queue, QueueKey, Tenant, Version,
};

use crate::engine::Engine;
use crate::layout::{self, Commit};

/// All counters, as they were last committed.
#[derive(Debug, Default)]
pub(crate) struct Counters(BTreeMap<Tenant, BTreeMap<CounterKey, Counter>>);

impl Counters {
    pub(crate) fn get(&self, tenant: Tenant, key: &CounterKey) -> Counter {
        self.0.get(&tenant).and_then(|counters| counters.get(key)).copied().unwrap_or_default()
    }

    pub(crate) fn set(&mut self, tenant: Tenant, key: CounterKey, counter: Counter) {
        let counters = self.0.entry(tenant).or_default();
        if counter == Counter::default() {
            counters.remove(&key);
        } else {
            counters.insert(key, counter);
        }
    }

    pub(crate) fn with(&self, tenant: Tenant, prefix: &[u8]) -> Vec<(CounterKey, Counter)> {
        let Some(counters) = self.0.get(&tenant) else { return Vec::new() };
        let from = counters.range(CounterKey(prefix.to_vec())..);
        from.take_while(|(key, _)| key.0.starts_with(prefix))
            .map(|(key, counter)| (key.clone(), *counter))
            .collect()
    }
}

/// At least this many outcomes are remembered: what the port asks for.
const OUTCOMES_KEPT: usize = 100_000;

/// The last commits, by id and in order. They are forgotten by whole groups, as they are stored.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    groups: VecDeque<Vec<Commit>>,
    by_id: HashMap<(Tenant, BatchId), Commit>,
}

impl Outcomes {
    /// Takes over what was stored. Every commit has the version after the one before it, so a gap is a commit that was lost.
    pub(crate) fn load(groups: VecDeque<Vec<Commit>>) -> Result<Self, Error> {
        let mut last: Option<Version> = None;
        for Commit { version, .. } in groups.iter().flatten() {
            if last.is_some_and(|last| last.0 + 1 != version.0) {
                let last = last.map_or(0, |last| last.0);
                return Err(Error::Damaged(format!("commit {} follows commit {last}", version.0)));
            }
            last = Some(*version);
        }
        let by_id = groups.iter().flatten().map(|commit| ((commit.tenant, commit.id), *commit)).collect();
        Ok(Self { groups, by_id })
    }

    pub(crate) fn last(&self) -> Option<&Commit> {
        self.groups.back()?.last()
    }

    pub(crate) fn get(&self, tenant: Tenant, id: BatchId) -> Option<Outcome> {
        let Commit { version, first, entries, .. } = *self.by_id.get(&(tenant, id))?;
        let positions = (first..first.saturating_add(entries)).map(Position).collect();
        Some(Outcome::Committed { version, positions })
    }

    /// Lists the first version of every group that is forgotten once a group of `more` commits comes.
    pub(crate) fn forgotten_with(&self, more: usize) -> Vec<Version> {
        let mut kept = self.by_id.len() + more;
        let mut forgotten = Vec::new();
        for group in &self.groups {
            kept = kept.saturating_sub(group.len());
            if kept < OUTCOMES_KEPT {
                break;
            }
            forgotten.extend(group.first().map(|commit| commit.version));
        }
        forgotten
    }

    pub(crate) fn push(&mut self, group: Vec<Commit>) {
        for _ in self.forgotten_with(group.len()) {
            for commit in self.groups.pop_front().unwrap_or_default() {
                self.by_id.remove(&(commit.tenant, commit.id));
            }
        }
        self.by_id.extend(group.iter().map(|commit| ((commit.tenant, commit.id), *commit)));
        self.groups.push_back(group);
    }
}

/// Who has which queue entry until when. Gone after a restart, as the port allows.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    until_ms: HashMap<Vec<u8>, i64>,
    /// The first key of each queue that may exist: an LSM engine is slow to read over what was removed before it.
    first: HashMap<(Tenant, Queue), Vec<u8>>,
}

impl Leases {
    pub(crate) fn lease(
        &mut self,
        engine: &Engine,
        (tenant, queue): (Tenant, Queue),
        now_ms: i64,
        lease_until_ms: i64,
        limit: usize,
    ) -> Result<Vec<Leased>, Error> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let beginning = || layout::queue_key(tenant, &QueueKey { queue, due_ms: i64::MIN, id: [0; 16] });
        let from = self.first.get(&(tenant, queue)).cloned().unwrap_or_else(beginning);
        let until = layout::queue_key(tenant, &QueueKey { queue, due_ms: now_ms, id: [u8::MAX; 16] });
        let mut first: Option<Vec<u8>> = None;
        let mut leased: Vec<Leased> = Vec::new();
        engine.read_queue(from, until.clone(), |key, payload| {
            first.get_or_insert_with(|| key.to_vec());
            let free = self.until_ms.get(key).is_none_or(|end| *end <= now_ms);
            if free {
                let (_, QueueKey { due_ms, id, .. }) = layout::read_queue_key(key)?;
                self.until_ms.insert(key.to_vec(), lease_until_ms);
                leased.push(Leased { due_ms, id, payload: payload.to_vec() });
            }
            Ok(leased.len() < limit)
        })?;
        let first = first.unwrap_or(until);
        let known = self.first.entry((tenant, queue)).or_default();
        if *known < first {
            *known = first;
        }
        Ok(leased)
    }

    /// Takes note of an entry that is now in its queue.
    pub(crate) fn enqueued(&mut self, tenant: Tenant, key: &QueueKey) {
        if let Some(first) = self.first.get_mut(&(tenant, key.queue)) {
            let key = layout::queue_key(tenant, key);
            if key < *first {
                *first = key;
            }
        }
    }

    /// Takes note of an entry that is gone.
    pub(crate) fn dequeued(&mut self, tenant: Tenant, key: &QueueKey) {
        self.until_ms.remove(&layout::queue_key(tenant, key));
    }
}
