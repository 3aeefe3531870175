//! Batches that say what they should leave behind, for tests that look for them later.

use std::path::Path;
use std::sync::Arc;

use wink_store::suite::wait;
use wink_store::{
    Batch, BatchId, Change, CounterKey, EntryKind, Home, Kind, Lane, Mark, MarkKey, Outcome, Position, Queue,
    RecordKey, Scope, Store, Tenant,
};
use wink_store_fjall::{FjallStore, Options};

pub(crate) const TENANT: Tenant = Tenant(1);

pub(crate) fn open(directory: &Path) -> Arc<FjallStore> {
    Arc::new(FjallStore::open(directory, Options::default()).unwrap())
}

/// The batch of a worker with this number; workers have lanes of their own.
pub(crate) fn batch(worker: u64, number: u64) -> Batch {
    let name = worker << 32 | number;
    Batch {
        id: BatchId(u128::from(name).to_be_bytes()),
        tenant: TENANT,
        home: Home(worker),
        checks: Vec::new(),
        changes: vec![
            Change::Put(record(worker, number), payload(name, 400)),
            Change::Add(counter(worker), 1),
            Change::Mark(mark(name), Mark { body: [2; 16], result: name.to_be_bytes().to_vec() }),
            Change::Append {
                kind: EntryKind(1),
                key: [3; 16],
                owner: Some(Home(worker)),
                payload: payload(name, 200),
            },
            Change::Enqueue {
                queue: Queue(1),
                due_ms: 5,
                id: u128::from(name).to_be_bytes(),
                payload: vec![1],
            },
        ],
    }
}

fn record(worker: u64, number: u64) -> RecordKey {
    RecordKey::new(Kind(1), [worker.to_be_bytes(), number.to_be_bytes()].concat())
}

fn counter(worker: u64) -> CounterKey {
    CounterKey(worker.to_be_bytes().to_vec())
}

fn mark(name: u64) -> MarkKey {
    MarkKey { scope: Scope(1), id: u128::from(name).to_be_bytes() }
}

fn payload(name: u64, length: usize) -> Vec<u8> {
    name.to_be_bytes().repeat(length / 8)
}

pub(crate) fn commit(store: &FjallStore, batch: Batch) {
    let outcome = wait(store.commit(batch));
    assert!(matches!(outcome, Outcome::Committed { .. }), "{outcome:?}");
}

/// Counts a worker's batches: all of them whole, in a row from 0, and their lane verifies.
pub(crate) fn stored(store: &FjallStore, worker: u64) -> u64 {
    let lane = Lane::of(Home(worker));
    let entries = wait(store.read_lane(lane, Position(0), usize::MAX)).unwrap();
    let mut before = [0; 32];
    for (number, entry) in (0..).zip(&entries) {
        assert_eq!(entry.verify(&before, lane, Position(number)), Ok(()));
        before = entry.header.hash;
        assert_eq!(entry.body.as_ref().unwrap().payload, payload(worker << 32 | number, 200));
    }
    let count = u64::try_from(entries.len()).unwrap();
    let found = wait(store.counters(TENANT, &[counter(worker)])).unwrap();
    assert_eq!(found[0].value, i64::try_from(count).unwrap(), "worker {worker}");
    for number in 0..count + 2 {
        let name = worker << 32 | number;
        let there = number < count;
        let value =
            wait(store.get(TENANT, &[record(worker, number)])).unwrap().remove(0).map(|record| record.bytes);
        assert_eq!(value, there.then(|| payload(name, 400)), "worker {worker}, batch {number} of {count}");
        assert_eq!(wait(store.marks(TENANT, &[mark(name)])).unwrap()[0].is_some(), there);
        assert_eq!(wait(store.outcome(TENANT, batch(worker, number).id)).unwrap().is_some(), there);
    }
    count
}
