//! What the store remembers, in ordered maps.

use std::collections::BTreeMap;

use wink_store::{
    Accepted, BatchId, Body, Counter, CounterKey, Effect, Entry, Error, Head, Header, Lane, Mark, MarkKey,
    Outcome, Position, QueueKey, Record, RecordKey, Tenant, Version, View,
};

#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) version: u64,
    pub(crate) records: BTreeMap<(Tenant, RecordKey), Record>,
    pub(crate) counters: BTreeMap<(Tenant, CounterKey), Counter>,
    pub(crate) marks: BTreeMap<(Tenant, MarkKey), Mark>,
    pub(crate) headers: BTreeMap<(Lane, Position), Header>,
    pub(crate) bodies: BTreeMap<(Lane, Position), Body>,
    pub(crate) queued: BTreeMap<(Tenant, QueueKey), Vec<u8>>,
    pub(crate) outcomes: BTreeMap<(Tenant, BatchId), (Version, Vec<Position>)>,
}

impl State {
    /// Does a batch that was accepted.
    pub(crate) fn take(&mut self, accepted: Accepted) {
        self.version = self.version.max(accepted.version.0);
        self.outcomes.insert((accepted.tenant, accepted.id), (accepted.version, accepted.positions));
        for effect in accepted.effects {
            self.lay(effect);
        }
    }

    pub(crate) fn lay(&mut self, effect: Effect) {
        match effect {
            Effect::Put { tenant, key, record } => drop(self.records.insert((tenant, key), record)),
            Effect::Delete { tenant, key } => drop(self.records.remove(&(tenant, key))),
            Effect::Count { tenant, key, counter } if counter == Counter::default() => {
                self.counters.remove(&(tenant, key));
            }
            Effect::Count { tenant, key, counter } => drop(self.counters.insert((tenant, key), counter)),
            Effect::Mark { tenant, key, mark } => drop(self.marks.insert((tenant, key), mark)),
            Effect::Unmark { tenant, key } => drop(self.marks.remove(&(tenant, key))),
            Effect::Append { lane, entry } => {
                let place = (lane, entry.position);
                self.headers.insert(place, entry.header);
                match entry.body {
                    Some(body) => drop(self.bodies.insert(place, body)),
                    None => drop(self.bodies.remove(&place)),
                }
            }
            Effect::Redact { lane, position } => drop(self.bodies.remove(&(lane, position))),
            Effect::Enqueue { tenant, key, payload } => drop(self.queued.insert((tenant, key), payload)),
            Effect::Dequeue { tenant, key } => drop(self.queued.remove(&(tenant, key))),
        }
    }

    /// Lists everything as effects that would bring it about again, journal in order.
    pub(crate) fn effects(&self) -> Vec<Effect> {
        let records = self.records.iter().map(|((tenant, key), record)| Effect::Put {
            tenant: *tenant,
            key: key.clone(),
            record: record.clone(),
        });
        let counters = self.counters.iter().map(|((tenant, key), counter)| Effect::Count {
            tenant: *tenant,
            key: key.clone(),
            counter: *counter,
        });
        let marks = self.marks.iter().map(|((tenant, key), mark)| Effect::Mark {
            tenant: *tenant,
            key: *key,
            mark: mark.clone(),
        });
        let entries = self.headers.keys().filter_map(|(lane, position)| {
            Some(Effect::Append { lane: *lane, entry: self.entry(*lane, *position)? })
        });
        let queued = self.queued.iter().map(|((tenant, key), payload)| Effect::Enqueue {
            tenant: *tenant,
            key: *key,
            payload: payload.clone(),
        });
        records.chain(counters).chain(marks).chain(entries).chain(queued).collect()
    }

    pub(crate) fn entry(&self, lane: Lane, position: Position) -> Option<Entry> {
        let header = self.headers.get(&(lane, position))?.clone();
        Some(Entry { position, header, body: self.bodies.get(&(lane, position)).cloned() })
    }
}

impl View for State {
    fn version(&self, tenant: Tenant, key: &RecordKey) -> Result<Option<Version>, Error> {
        Ok(self.records.get(&(tenant, key.clone())).map(|record| record.version))
    }

    fn counter(&self, tenant: Tenant, key: &CounterKey) -> Result<Counter, Error> {
        Ok(self.counters.get(&(tenant, key.clone())).copied().unwrap_or_default())
    }

    fn mark(&self, tenant: Tenant, key: &MarkKey) -> Result<Option<Mark>, Error> {
        Ok(self.marks.get(&(tenant, *key)).cloned())
    }

    fn head(&self, lane: Lane) -> Result<Head, Error> {
        let last = self.headers.range((lane, Position(0))..=(lane, Position(u64::MAX))).next_back();
        Ok(last.map_or_else(Head::default, |((_, position), header)| Head {
            next: position.0 + 1,
            hash: header.hash,
        }))
    }

    fn entry_tenant(&self, lane: Lane, position: Position) -> Result<Option<Tenant>, Error> {
        Ok(self.headers.get(&(lane, position)).map(|header| header.tenant))
    }

    fn is_queued(&self, tenant: Tenant, key: &QueueKey) -> Result<bool, Error> {
        Ok(self.queued.contains_key(&(tenant, *key)))
    }

    fn outcome(&self, tenant: Tenant, id: BatchId) -> Result<Option<Outcome>, Error> {
        let outcome = self.outcomes.get(&(tenant, id));
        Ok(outcome.map(|(version, positions)| Outcome::Committed {
            version: *version,
            positions: positions.clone(),
        }))
    }
}
