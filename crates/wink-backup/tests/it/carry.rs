//! From one store into another.

use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use wink_backup::{Counts, Damage};
use wink_sim::SimStore;
use wink_store::suite::wait;
use wink_store::{
    Batch, BatchId, Change, Effect, Error, Home, Kind, Lane, Outcome, Position, RecordKey, Store, Tenant,
    Version,
};
use wink_store_fjall::{Filling, FjallStore, Options};

use crate::shelf::{about, backup, everything, fill, put, shelf};

fn open(directory: &Path) -> FjallStore {
    FjallStore::open(directory, Options::default()).unwrap()
}

/// Restores into the embedded store.
fn restore(bytes: &[u8], directory: &Path) {
    let mut filling = Filling::begin(directory, &Options::default()).unwrap();
    let read = wink_backup::read(bytes, |_, effects, _| -> Result<(), Damage> {
        filling.lay(effects).unwrap();
        Ok(())
    });
    filling.finish(read.unwrap().version).unwrap();
}

#[test]
fn what_one_store_held_another_holds_whatever_their_engines() {
    let here = tempfile::tempdir().unwrap();
    let simulated = shelf();
    let bytes = backup(&simulated);
    restore(&bytes, &here.path().join("restored"));
    let embedded = open(&here.path().join("restored"));
    assert_eq!(everything(&embedded), everything(&simulated));

    let mut effects = Vec::new();
    let again = wink_backup::read(backup(&embedded).as_slice(), |_, piece, _| -> Result<(), Damage> {
        effects.extend(piece);
        Ok(())
    })
    .unwrap();
    assert_eq!(again.about, about());
    let expected =
        Counts { records: 19 + 3, counters: 20 + 3, marks: 20, entries: 40, redacted: 1, queued: 19 };
    assert_eq!(again.counts, expected);
    assert_eq!(everything(&SimStore::filled(effects, again.version)), everything(&simulated));
}

#[test]
fn a_restored_store_goes_on_where_the_other_was() {
    let here = tempfile::tempdir().unwrap();
    let simulated = shelf();
    restore(&backup(&simulated), &here.path().join("restored"));
    let store = open(&here.path().join("restored"));
    let (_, version) = everything(&simulated);
    let mut batch = Batch::new(BatchId([200; 16]), Tenant(1), Home(4));
    batch.changes = vec![
        Change::Put(RecordKey::new(Kind(7), vec![2, 0]), vec![1]),
        Change::Append { kind: wink_store::EntryKind(1), key: [1; 16], owner: None, payload: vec![8] },
    ];
    let before = wait(store.read_lane(Lane::of(Home(4)), Position(0), 99)).unwrap();
    let next = Position(before.len() as u64);
    let expected = Outcome::Committed { version: Version(version.0 + 1), positions: vec![next] };
    assert_eq!(wait(store.commit(batch)), expected);
    drop(store);
    let store = open(&here.path().join("restored"));
    let entries = wait(store.read_lane(Lane::of(Home(4)), Position(0), 99)).unwrap();
    let last = before.last().unwrap().header.hash;
    assert_eq!(entries.last().unwrap().verify(&last, Lane::of(Home(4)), next), Ok(()));
}

#[test]
fn an_empty_store_is_carried_too() {
    let here = tempfile::tempdir().unwrap();
    restore(&backup(&SimStore::new()), &here.path().join("restored"));
    let store = open(&here.path().join("restored"));
    assert_eq!(everything(&store), (Vec::new(), Version(0)));
    put(&store, 1);
    assert_eq!(everything(&store).1, Version(1));
}

#[test]
fn what_is_not_finished_is_no_store() {
    let here = tempfile::tempdir().unwrap();
    let directory = here.path().join("unfinished");
    let mut filling = Filling::begin(&directory, &Options::default()).unwrap();
    filling.lay(everything(&shelf()).0).unwrap();
    drop(filling);
    let refused = FjallStore::open(&directory, Options::default()).unwrap_err();
    assert!(matches!(refused, Error::Damaged(_)), "{refused}");
    let refused = Filling::begin(&directory, &Options::default()).unwrap_err();
    assert!(matches!(refused, Error::Closed(_)), "{refused}");
}

/// Batch after batch is committed while one backup after the other is made: each holds all of a batch or none of it, and no
/// batch without those before it.
#[test]
fn a_backup_is_of_one_moment_while_others_write_and_scrub() {
    let here = tempfile::tempdir().unwrap();
    let store = open(here.path());
    fill(&store);
    let (done, begun) = (AtomicBool::new(false), Barrier::new(2));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 21..=220 {
                // However quick the disk is, the first backup is of half of them at most.
                if number == 120 {
                    begun.wait();
                }
                put(&store, number);
            }
            done.store(true, Ordering::SeqCst);
        });
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                wait(store.scrub()).unwrap();
            }
        });
        let mut seen = Vec::new();
        loop {
            let last = done.load(Ordering::SeqCst);
            let (effects, version) = everything(&store);
            let count = |wanted: fn(&Effect) -> bool| effects.iter().filter(|effect| wanted(effect)).count();
            let marks = count(|effect| matches!(effect, Effect::Mark { .. }));
            assert_eq!(marks as u64 + 1, version.0, "as many batches as versions");
            assert_eq!(count(|effect| matches!(effect, Effect::Append { .. })), marks * 2);
            assert_eq!(count(|effect| matches!(effect, Effect::Enqueue { .. })), marks - 1);
            let read = wink_backup::read(backup(&store).as_slice(), |_, _, _| Ok::<(), Damage>(()));
            assert!(version <= read.unwrap().version);
            seen.push(version);
            if seen.len() == 1 {
                begun.wait();
            }
            if last {
                break;
            }
        }
        seen.dedup();
        assert!(1 < seen.len(), "nothing was written meanwhile: {seen:?}");
    });
}
