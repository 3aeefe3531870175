//! Stores with a mistake on purpose. A test that passes on them proves nothing.

use std::sync::Arc;

use wink_store::{
    Batch, BatchId, Change, Conflict, Counter, CounterKey, Direction, Entry, Error, Found, Kind, Lane,
    Leased, Mark, MarkKey, Outcome, Page, Position, Queue, Range, Record, RecordKey, Store, Tenant, Which,
};

/// What is done wrong with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// None; for comparison.
    None,
    /// Marks are taken in a second batch, after the effects they protect.
    MarksApart,
    /// What was checked is not checked again at the commit, and caps are not kept: what was read before is believed.
    NoChecks,
    /// No mistake but bad luck: of batches that are submitted together the first meets somebody else's change.
    FirstLoses,
}

/// A store behind which a mistake is made. Shared, so that its disk can be had when the engine is gone.
pub(crate) struct Careless<S> {
    pub(crate) store: Arc<S>,
    pub(crate) mistake: Mistake,
}

impl<S: Store> Careless<S> {
    /// Splits the marks off into a batch of their own.
    fn marks_apart(mut batch: Batch) -> (Batch, Option<Batch>) {
        let is_mark = |change: &Change| matches!(change, Change::Mark(..));
        let (marks, effects): (Vec<Change>, Vec<Change>) = batch.changes.drain(..).partition(is_mark);
        batch.changes = effects;
        let mut second = Batch::new(BatchId(batch.id.0.map(|byte| byte ^ 0xff)), batch.tenant, batch.home);
        second.changes = marks;
        let has_marks = !second.changes.is_empty();
        (batch, has_marks.then_some(second))
    }

    fn without_checks(mut batch: Batch) -> Batch {
        batch.checks.clear();
        batch.changes.retain(|change| !matches!(change, Change::SetCap(..) | Change::Acknowledge { .. }));
        batch
    }
}

impl<S: Store> Store for Careless<S> {
    async fn submit(&self, batches: Vec<Batch>) -> Vec<Outcome> {
        match self.mistake {
            Mistake::None => self.store.submit(batches).await,
            Mistake::NoChecks => {
                self.store.submit(batches.into_iter().map(Self::without_checks).collect()).await
            }
            Mistake::FirstLoses if 1 < batches.len() => {
                let lost = Conflict { which: Which::Check(0), found: Found::Version(None) };
                let others = batches.into_iter().skip(1).collect();
                let others = self.store.submit(others).await;
                [Outcome::Conflict(lost)].into_iter().chain(others).collect()
            }
            Mistake::FirstLoses => self.store.submit(batches).await,
            Mistake::MarksApart => {
                let mut outcomes = Vec::with_capacity(batches.len());
                for batch in batches {
                    let (first, second) = Self::marks_apart(batch);
                    let mut outcome = self.store.commit(first).await;
                    if let (Outcome::Committed { .. }, Some(second)) = (&outcome, second)
                        && self.store.commit(second).await == Outcome::Unknown
                    {
                        outcome = Outcome::Unknown;
                    }
                    outcomes.push(outcome);
                }
                outcomes
            }
        }
    }

    async fn outcome(&self, tenant: Tenant, id: BatchId) -> Result<Option<Outcome>, Error> {
        self.store.outcome(tenant, id).await
    }

    async fn get(&self, tenant: Tenant, keys: &[RecordKey]) -> Result<Vec<Option<Record>>, Error> {
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
