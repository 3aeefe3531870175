//! A disk that fills up where nobody waits for it: in the threads of the engine that write tables.

use std::fs;

use wink_store::suite::wait;
use wink_store::{Batch, Change, Failure, Kind, Outcome, RecordKey, Store};
use wink_store_fjall::{FjallStore, Options};

use crate::work::{TENANT, batch, commit, stored};

/// A batch with half a megabyte in it.
fn large(number: u64) -> Batch {
    let key = RecordKey::new(Kind(2), number.to_be_bytes());
    Batch { changes: vec![Change::Put(key, vec![7; 500_000])], ..batch(1, number) }
}

#[test]
fn a_table_that_finds_no_room_closes_the_store_and_reading_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    // With less than that free, which is always so, the disk is taken for full.
    let options = Options { room_bytes: u64::MAX, ..Options::default() };
    let store = FjallStore::open(directory.path(), options).unwrap();
    commit(&store, batch(0, 0));
    // Tables cannot be written any more. What is in memory, and the log, are as before.
    for keyspace in fs::read_dir(directory.path().join("engine").join("keyspaces")).unwrap() {
        fs::remove_dir_all(keyspace.unwrap().path().join("tables")).unwrap();
    }
    // A gigabyte is far more than stays in memory.
    let outcomes = (0..2_000).map(|number| wait(store.commit(large(number))));
    let mut failed = outcomes.filter(|outcome| !matches!(outcome, Outcome::Committed { .. }));
    assert_eq!(failed.next(), Some(Outcome::Unknown), "nobody can say whether it is on disk");
    let refused = wait(store.commit(batch(0, 1)));
    let is_said =
        matches!(&refused, Outcome::Failed(Failure::Closed(why)) if why.starts_with("the disk is full"));
    assert!(is_said, "{refused:?}");
    assert_eq!(stored(&store, 0), 1);
    assert_eq!(wait(store.get(TENANT, &[RecordKey::new(Kind(2), 0_u64.to_be_bytes())])).unwrap().len(), 1);
}
