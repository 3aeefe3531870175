//! What is there after the store was closed and opened again.

use wink_store::suite::wait;
use wink_store::{Change, Lane, Outcome, Position, Queue, Store};
use wink_store::{EntryKind, Home};

use crate::work::{TENANT, batch, commit, open, stored};

#[test]
fn everything_is_there_after_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let mut last = None;
    for round in 0..4 {
        let store = open(directory.path());
        for worker in 0..3 {
            assert_eq!(stored(&store, worker), round * 10);
            for number in 0..10 {
                commit(&store, batch(worker, round * 10 + number));
            }
        }
        let again = wait(store.commit(batch(2, round * 10 + 9)));
        let Outcome::Committed { version, .. } = again else { panic!("{again:?}") };
        assert!(last < Some(version), "versions grow over restarts");
        last = Some(version);
    }
    let store = open(directory.path());
    assert_eq!(wait(store.lease_due(TENANT, Queue(1), 9, 99, usize::MAX)).unwrap().len(), 120);
}

#[test]
fn leases_end_with_the_process_and_acknowledgements_do_not() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    commit(&store, batch(0, 0));
    commit(&store, batch(0, 1));
    let leased = wait(store.lease_due(TENANT, Queue(1), 9, 99, 9)).unwrap();
    assert_eq!(leased.len(), 2);
    let mut acknowledge = batch(0, 2);
    acknowledge.changes = vec![Change::Acknowledge { queue: Queue(1), due_ms: 5, id: leased[0].id }];
    commit(&store, acknowledge);
    drop(store);
    let store = open(directory.path());
    let again = wait(store.lease_due(TENANT, Queue(1), 9, 99, 9)).unwrap();
    assert_eq!(again.iter().map(|entry| entry.id).collect::<Vec<_>>(), [leased[1].id]);
}

#[test]
fn an_entry_redacted_in_the_submit_it_was_written_in_is_redacted_after_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let append = |number| {
        let mut batch = batch(0, number);
        batch.changes =
            vec![Change::Append { kind: EntryKind(1), key: [0; 16], owner: None, payload: vec![1; 100] }];
        batch
    };
    let mut redact = batch(0, 2);
    redact.changes = vec![Change::Redact(Lane::of(Home(0)), Position(0))];
    for outcome in wait(store.submit(vec![append(0), append(1), redact])) {
        assert!(matches!(outcome, Outcome::Committed { .. }), "{outcome:?}");
    }
    drop(store);
    let entries = wait(open(directory.path()).read_lane(Lane::of(Home(0)), Position(0), 9)).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.body.is_some()).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn dropping_the_store_finishes_what_was_submitted() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut submit = Box::pin(store.submit((0..500).map(|number| batch(0, number)).collect()));
    // Polled once, so that it is in the queue; its answer is never awaited.
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(submit.as_mut().poll(&mut context).is_pending());
    drop(submit);
    drop(store);
    assert_eq!(stored(&open(directory.path()), 0), 500);
}
