//! A store that counts what it is asked for.

use std::sync::{Arc, Mutex};

use wink_store::{
    Batch, BatchId, Counter, CounterKey, Direction, Entry, Error, Kind, Lane, Leased, Mark, MarkKey, Outcome,
    Page, Position, Queue, Range, Record, RecordKey, Store, Tenant,
};

/// Counts the keys of every read, in order.
pub(crate) struct Counted<S> {
    store: Arc<S>,
    reads: Mutex<Vec<(Kind, usize)>>,
}

impl<S> Counted<S> {
    pub(crate) fn new(store: Arc<S>) -> Self {
        Self { store, reads: Mutex::default() }
    }

    /// Takes what was counted since it was taken last: of each read the kind of its first key, and how many keys.
    pub(crate) fn taken(&self) -> Vec<(Kind, usize)> {
        std::mem::take(&mut self.reads.lock().unwrap())
    }
}

impl<S: Store> Store for Counted<S> {
    async fn submit(&self, batches: Vec<Batch>) -> Vec<Outcome> {
        self.store.submit(batches).await
    }

    async fn outcome(&self, tenant: Tenant, id: BatchId) -> Result<Option<Outcome>, Error> {
        self.store.outcome(tenant, id).await
    }

    async fn get(&self, tenant: Tenant, keys: &[RecordKey]) -> Result<Vec<Option<Record>>, Error> {
        let kind = keys.first().map_or(Kind(0), |key| key.kind);
        self.reads.lock().unwrap().push((kind, keys.len()));
        self.store.get(tenant, keys).await
    }

    async fn counters(&self, tenant: Tenant, keys: &[CounterKey]) -> Result<Vec<Counter>, Error> {
        self.store.counters(tenant, keys).await
    }

    async fn counters_with(
        &self,
        tenant: Tenant,
        prefix: &[u8],
    ) -> Result<Vec<(CounterKey, Counter)>, Error> {
        self.store.counters_with(tenant, prefix).await
    }

    async fn marks(&self, tenant: Tenant, keys: &[MarkKey]) -> Result<Vec<Option<Mark>>, Error> {
        self.store.marks(tenant, keys).await
    }

    async fn scan(
        &self,
        tenant: Tenant,
        kind: Kind,
        range: Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Page, Error> {
        self.store.scan(tenant, kind, range, direction, limit).await
    }

    async fn read_lane(&self, lane: Lane, from: Position, limit: usize) -> Result<Vec<Entry>, Error> {
        self.store.read_lane(lane, from, limit).await
    }

    async fn lease_due(
        &self,
        tenant: Tenant,
        queue: Queue,
        now_ms: i64,
        lease_until_ms: i64,
        limit: usize,
    ) -> Result<Vec<Leased>, Error> {
        self.store.lease_due(tenant, queue, now_ms, lease_until_ms, limit).await
    }

    async fn scrub(&self) -> Result<(), Error> {
        self.store.scrub().await
    }
}
