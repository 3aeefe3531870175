//! A store with some of everything, and how it is put into a backup and looked at.

use wink_backup::{About, Counts};
use wink_sim::SimStore;
use wink_store::suite::wait;
use wink_store::{
    Batch, BatchId, Change, CounterKey, Effect, EntryKind, Export, Home, Kind, Lane, Mark, MarkKey, Outcome,
    Position, Queue, RecordKey, Scope, Store, Tenant, Version,
};

pub(crate) fn about() -> About {
    About { made_at_ms: 1_772_409_600_000, made_by: "0.1.0".to_owned(), secret_check: vec![9; 16] }
}

/// Commits batch `number`: some of everything, in a tenant and a lane of its own.
pub(crate) fn put(store: &impl Store, number: u8) {
    let id = [number; 16];
    let mut batch = Batch::new(BatchId(id), Tenant(u32::from(number % 3)), Home(u64::from(number % 5)));
    batch.changes = vec![
        Change::Put(RecordKey::new(Kind(7), vec![number, 0]), vec![number; 5]),
        Change::Put(RecordKey::new(Kind(8), vec![]), vec![]),
        Change::SetCap(CounterKey(vec![number]), Some(-1)),
        Change::SetCap(CounterKey(vec![number]), Some(i64::from(number) + 9)),
        Change::Add(CounterKey(vec![number]), i64::from(number)),
        Change::Add(CounterKey(b"open".to_vec()), 1),
        Change::Mark(MarkKey { scope: Scope(3), id }, Mark { body: [1; 16], result: vec![number] }),
        Change::Append { kind: EntryKind(1), key: id, owner: Some(Home(4)), payload: vec![number; 3] },
        Change::Append { kind: EntryKind(2), key: id, owner: None, payload: vec![] },
        Change::Enqueue { queue: Queue(2), due_ms: -i64::from(number), id, payload: vec![number] },
    ];
    let outcome = wait(store.commit(batch));
    assert!(matches!(outcome, Outcome::Committed { .. }), "{outcome:?}");
}

/// Fills a store, and takes some of it away again.
pub(crate) fn fill(store: &impl Store) {
    (1..=20).for_each(|number| put(store, number));
    let mut batch = Batch::new(BatchId([100; 16]), Tenant(1), Home(4));
    batch.changes = vec![
        Change::Redact(Lane::of(Home(4)), Position(0)),
        Change::Delete(RecordKey::new(Kind(7), vec![1, 0])),
        Change::Acknowledge { queue: Queue(2), due_ms: -4, id: [4; 16] },
    ];
    let outcome = wait(store.commit(batch));
    assert!(matches!(outcome, Outcome::Committed { .. }), "{outcome:?}");
}

/// Everything in a store, and its last version.
pub(crate) fn everything(store: &impl Export) -> (Vec<Effect>, Version) {
    let mut effects = Vec::new();
    let version = store.export(|effect| -> Result<(), wink_store::Error> {
        effects.push(effect);
        Ok(())
    });
    (effects, version.unwrap())
}

pub(crate) fn backup(store: &impl Export) -> Vec<u8> {
    let mut bytes = Vec::new();
    wink_backup::write(store, &about(), &mut bytes, |_: &Counts| true).unwrap();
    bytes
}

/// A simulated store with some of everything.
pub(crate) fn shelf() -> SimStore {
    let store = SimStore::new();
    fill(&store);
    store
}
