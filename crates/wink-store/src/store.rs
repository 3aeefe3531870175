//! The port itself.

use std::future::Future;
use std::sync::Arc;

use crate::{
    Batch, BatchId, Counter, CounterKey, Entry, Kind, Lane, LaneError, Mark, MarkKey, Outcome, Position,
    Queue, Record, RecordKey, Tenant, Version,
};

/// Which records of a kind to read: keys in `from..until`, by their bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The first key, included; empty for the beginning.
    pub from: Vec<u8>,
    /// The first key no longer included; `None` for the end of the kind.
    pub until: Option<Vec<u8>>,
}

impl Range {
    /// Takes in every key that begins with `prefix`.
    pub fn prefix(prefix: impl Into<Vec<u8>>) -> Self {
        let from: Vec<u8> = prefix.into();
        let mut until = from.clone();
        // The next key after all with this prefix: drop trailing 0xff bytes, add one to the last that remains.
        while until.pop_if(|last| *last == u8::MAX).is_some() {}
        match until.last_mut() {
            Some(last) => *last += 1,
            None => return Self { from, until: None },
        }
        Self { from, until: Some(until) }
    }
}

/// In which order to scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest key first.
    Forward,
    /// Largest key first.
    Reverse,
}

/// A page of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Key and record, in the order asked for.
    pub records: Vec<(Vec<u8>, Record)>,
    /// The range that reads on from here, or `None` at the end.
    pub next: Option<Range>,
}

/// What became of a record since somebody knew it at a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// It is as it was.
    Unchanged,
    /// It is another, or there is none.
    Changed(Option<Record>),
}

/// A queue entry that is due and now leased to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// The due time it was enqueued with, in milliseconds since the Unix epoch.
    pub due_ms: i64,
    /// The id it was enqueued with.
    pub id: [u8; 16],
    /// What to do.
    pub payload: Vec<u8>,
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The engine failed; trying again may help.
    #[error("the store could not be read: {0}")]
    Read(String),
    /// What is stored is not what was written. Never served, never skipped.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// A journal lane does not hold together.
    #[error(transparent)]
    Lane(#[from] LaneError),
    /// The store could not be opened or written to.
    #[error("{0}")]
    Closed(String),
}

/// What every store promises.
///
/// **Writing.** [`commit`](Self::commit) does all of a batch or none of it. When it answers `Committed`, everything is on disk and every
/// later read, in this process or after any crash, sees it. Checks and changes are tested in order against the state
/// that all earlier commits left, and against the earlier changes of the same batch; the first that does not hold is the conflict
/// reported. Two batches never interleave. A batch id that was committed before is answered with the outcome it had then, and done once.
///
/// **Order.** Batches given to one [`submit`](Self::submit) are tried in that order, each on its own: one that conflicts does not stop those
/// after it. After a crash, what remains of them is a prefix in that order (less those that conflicted).
///
/// **Reading** sees committed state only. Reads of several keys are each current, not a snapshot of one moment: a batch that
/// depends on what was read checks versions. Whoever has read a part of a commit reads all of it from then on, or what came after.
///
/// **Versions** grow over the life of the store and are never used twice, not even by a record that was deleted and came back.
///
/// **Counters** never fall below zero, and an increase never takes them above their cap.
///
/// **The journal** gives an entry the next position of its lane, without gaps, and keeps its header for ever. `Redact` removes the rest;
/// [`scrub`](Self::scrub) removes it, and all deleted data, from the bytes on disk too.
///
/// **Queues** lease an entry to one caller at a time until `lease_until_ms`; only `Acknowledge` in a batch removes it. Leases need not survive a
/// restart: an entry may then be leased again before its lease ended, which `Acknowledge` makes harmless.
pub trait Store: Send + Sync + 'static {
    /// Does one batch.
    fn commit(&self, batch: Batch) -> impl Future<Output = Outcome> + Send {
        async {
            let mut outcomes = self.submit(vec![batch]).await;
            outcomes.pop().unwrap_or(Outcome::Unknown)
        }
    }

    /// Does independent batches in order; answers each, in that order, when all are durable or refused.
    fn submit(&self, batches: Vec<Batch>) -> impl Future<Output = Vec<Outcome>> + Send;

    /// Tells what became of a batch whose answer was lost; `None` if it was never committed. Kept for at least the last 100,000 batches.
    fn outcome(
        &self,
        tenant: Tenant,
        id: BatchId,
    ) -> impl Future<Output = Result<Option<Outcome>, Error>> + Send;

    /// Reads records, in the order of `keys`.
    fn get(
        &self,
        tenant: Tenant,
        keys: &[RecordKey],
    ) -> impl Future<Output = Result<Vec<Option<Record>>, Error>> + Send;

    /// Reads those records that are not known at the version they have, in the order of `known`. Whoever keeps what they read needs the bytes again
    /// only once they are others.
    fn get_since(
        &self,
        tenant: Tenant,
        known: &[(RecordKey, Option<Version>)],
    ) -> impl Future<Output = Result<Vec<Since>, Error>> + Send {
        async move {
            let keys: Vec<RecordKey> = known.iter().map(|(key, _)| key.clone()).collect();
            let found = self.get(tenant, &keys).await?;
            let since = |(record, (_, known)): (Option<Record>, &(RecordKey, Option<Version>))| match record {
                Some(record) if *known == Some(record.version) => Since::Unchanged,
                other => Since::Changed(other),
            };
            Ok(found.into_iter().zip(known).map(since).collect())
        }
    }

    /// Reads counters, in the order of `keys`.
    fn counters(
        &self,
        tenant: Tenant,
        keys: &[CounterKey],
    ) -> impl Future<Output = Result<Vec<Counter>, Error>> + Send;

    /// Reads all counters whose key begins with `prefix`, by key.
    fn counters_with(
        &self,
        tenant: Tenant,
        prefix: &[u8],
    ) -> impl Future<Output = Result<Vec<(CounterKey, Counter)>, Error>> + Send;

    /// Reads marks, in the order of `keys`.
    fn marks(
        &self,
        tenant: Tenant,
        keys: &[MarkKey],
    ) -> impl Future<Output = Result<Vec<Option<Mark>>, Error>> + Send;

    /// Reads at most `limit` records of a kind in a range.
    fn scan(
        &self,
        tenant: Tenant,
        kind: Kind,
        range: Range,
        direction: Direction,
        limit: usize,
    ) -> impl Future<Output = Result<Page, Error>> + Send;

    /// Reads at most `limit` entries of a lane, all tenants, beginning at `from`.
    fn read_lane(
        &self,
        lane: Lane,
        from: Position,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Entry>, Error>> + Send;

    /// Leases at most `limit` entries of a queue that are due at `now_ms`, earliest first.
    fn lease_due(
        &self,
        tenant: Tenant,
        queue: Queue,
        now_ms: i64,
        lease_until_ms: i64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Leased>, Error>> + Send;

    /// Removes deleted and redacted data from the bytes on disk, as far as the engine can; returns when it is done.
    fn scrub(&self) -> impl Future<Output = Result<(), Error>> + Send;
}

impl<S: Store> Store for Arc<S> {
    async fn submit(&self, batches: Vec<Batch>) -> Vec<Outcome> {
        self.as_ref().submit(batches).await
    }

    async fn outcome(&self, tenant: Tenant, id: BatchId) -> Result<Option<Outcome>, Error> {
        self.as_ref().outcome(tenant, id).await
    }

    async fn get(&self, tenant: Tenant, keys: &[RecordKey]) -> Result<Vec<Option<Record>>, Error> {
        self.as_ref().get(tenant, keys).await
    }

    async fn get_since(
        &self,
        tenant: Tenant,
        known: &[(RecordKey, Option<Version>)],
    ) -> Result<Vec<Since>, Error> {
        self.as_ref().get_since(tenant, known).await
    }

    async fn counters(&self, tenant: Tenant, keys: &[CounterKey]) -> Result<Vec<Counter>, Error> {
        self.as_ref().counters(tenant, keys).await
    }

    async fn counters_with(
        &self,
        tenant: Tenant,
        prefix: &[u8],
    ) -> Result<Vec<(CounterKey, Counter)>, Error> {
        self.as_ref().counters_with(tenant, prefix).await
    }

    async fn marks(&self, tenant: Tenant, keys: &[MarkKey]) -> Result<Vec<Option<Mark>>, Error> {
        self.as_ref().marks(tenant, keys).await
    }

    async fn scan(
        &self,
        tenant: Tenant,
        kind: Kind,
        range: Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Page, Error> {
        self.as_ref().scan(tenant, kind, range, direction, limit).await
    }

    async fn read_lane(&self, lane: Lane, from: Position, limit: usize) -> Result<Vec<Entry>, Error> {
        self.as_ref().read_lane(lane, from, limit).await
    }

    async fn lease_due(
        &self,
        tenant: Tenant,
        queue: Queue,
        now_ms: i64,
        lease_until_ms: i64,
        limit: usize,
    ) -> Result<Vec<Leased>, Error> {
        self.as_ref().lease_due(tenant, queue, now_ms, lease_until_ms, limit).await
    }

    async fn scrub(&self) -> Result<(), Error> {
        self.as_ref().scrub().await
    }
}
