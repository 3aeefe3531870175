//! That a scrub takes the bytes themselves off the disk.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use wink_store::suite::wait;
use wink_store::{
    Batch, BatchId, Change, CounterKey, EntryKind, Home, Kind, Lane, Mark, MarkKey, Outcome, Position, Queue,
    RecordKey, Scope, Store, Tenant,
};
use wink_store_fjall::{FjallStore, Options};

const TENANT: Tenant = Tenant(1);
const HOME: Home = Home(11);

/// Bytes that cannot be compressed and occur nowhere else.
fn canary(name: &str) -> [u8; 32] {
    *blake3::hash(name.as_bytes()).as_bytes()
}

/// Reads every file below the directory, whatever it is.
fn bytes_of(directory: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directories = vec![directory.to_path_buf()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                directories.push(entry.path());
            } else {
                bytes.extend(fs::read(entry.path()).unwrap());
                bytes.push(0);
            }
        }
    }
    bytes
}

fn occurs(bytes: &[u8], needle: &[u8]) -> bool {
    // Looks for a byte that is not zero first: the log is 64 MB of zeros.
    let (place, first) = needle.iter().enumerate().find(|(_, byte)| **byte != 0).unwrap();
    let mut rest = &bytes[place..];
    let mut before = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        if before[at..].starts_with(needle) {
            return true;
        }
        (rest, before) = (&rest[at + 1..], &before[at + 1..]);
    }
    false
}

/// Names the canaries found in any file below the directory.
fn found<'name>(directory: &Path, names: &[&'name str]) -> Vec<&'name str> {
    let bytes = bytes_of(directory);
    names.iter().filter(|name| occurs(&bytes, &canary(name))).copied().collect()
}

fn open(directory: &Path, compress: bool) -> Arc<FjallStore> {
    Arc::new(FjallStore::open(directory, Options { compress, ..Options::default() }).unwrap())
}

fn commit(store: &FjallStore, id: u64, changes: Vec<Change>) {
    let batch = Batch {
        id: BatchId(u128::from(id).to_be_bytes()),
        tenant: TENANT,
        home: HOME,
        checks: Vec::new(),
        changes,
    };
    let outcome = wait(store.commit(batch));
    assert!(matches!(outcome, Outcome::Committed { .. }), "{outcome:?}");
}

fn put(key: &str, value: &str) -> Change {
    Change::Put(RecordKey::new(Kind(1), key), canary(value).to_vec())
}

fn append(value: &str) -> Change {
    Change::Append { kind: EntryKind(1), key: [1; 16], owner: Some(HOME), payload: canary(value).to_vec() }
}

fn mark(name: &str) -> MarkKey {
    MarkKey { scope: Scope(1), id: *canary(name).first_chunk().unwrap() }
}

const GONE: [&str; 6] = ["deleted", "overwritten", "redacted", "unmarked", "acknowledged", "deleted key"];
const KEPT: [&str; 5] = ["kept", "overwriting", "kept entry", "kept mark", "kept in queue"];

fn write(store: &FjallStore) {
    let queued = |id: u8, value: &str| Change::Enqueue {
        queue: Queue(1),
        due_ms: 1,
        id: [id; 16],
        payload: canary(value).to_vec(),
    };
    let marked = |name: &str, value: &str| {
        Change::Mark(mark(name), Mark { body: [0; 16], result: canary(value).to_vec() })
    };
    commit(
        store,
        1,
        vec![
            put("a", "deleted"),
            put("b", "overwritten"),
            put("c", "kept"),
            Change::Put(RecordKey::new(Kind(1), canary("deleted key")), vec![1]),
            append("redacted"),
            append("kept entry"),
            marked("one", "unmarked"),
            marked("two", "kept mark"),
            queued(1, "acknowledged"),
            queued(2, "kept in queue"),
            Change::Add(CounterKey(b"counter".to_vec()), 7),
        ],
    );
}

fn remove(store: &FjallStore) {
    commit(
        store,
        2,
        vec![
            Change::Delete(RecordKey::new(Kind(1), "a")),
            put("b", "overwriting"),
            Change::Delete(RecordKey::new(Kind(1), canary("deleted key"))),
            Change::Redact(Lane::of(HOME), Position(0)),
            Change::Unmark(mark("one")),
            Change::Acknowledge { queue: Queue(1), due_ms: 1, id: [1; 16] },
        ],
    );
}

/// The salt lies beside the payload and must go with it.
fn salt(store: &FjallStore) -> [u8; 16] {
    wait(store.read_lane(Lane::of(HOME), Position(0), 1)).unwrap()[0].body.as_ref().unwrap().salt
}

fn intact(store: &FjallStore) {
    let record = wait(store.get(TENANT, &[RecordKey::new(Kind(1), "c")])).unwrap().remove(0).unwrap();
    assert_eq!(record.bytes, canary("kept"));
    let entries = wait(store.read_lane(Lane::of(HOME), Position(0), 9)).unwrap();
    assert_eq!(entries[0].body, None);
    assert_eq!(entries[0].verify(&[0; 32], Lane::of(HOME), Position(0)), Ok(()));
    assert_eq!(entries[1].verify(&entries[0].header.hash, Lane::of(HOME), Position(1)), Ok(()));
    assert_eq!(wait(store.counters(TENANT, &[CounterKey(b"counter".to_vec())])).unwrap()[0].value, 7);
}

fn contains(directory: &Path, needle: &[u8]) -> bool {
    occurs(&bytes_of(directory), needle)
}

#[test]
fn a_few_records_in_the_newest_log_are_scrubbed() {
    for compress in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path(), compress);
        write(&store);
        let salt = salt(&store);
        remove(&store);
        assert_eq!(found(directory.path(), &GONE), GONE, "the search finds what is there");
        assert!(contains(directory.path(), &salt));
        assert_eq!(wait(store.scrub()), Ok(()));
        assert_eq!(found(directory.path(), &GONE), [""; 0]);
        assert_eq!(found(directory.path(), &KEPT), KEPT);
        assert!(!contains(directory.path(), &salt));
        intact(&store);
        commit(&store, 3, vec![put("d", "after")]);
        drop(store);
        let store = open(directory.path(), compress);
        intact(&store);
        assert_eq!(found(directory.path(), &GONE), [""; 0]);
    }
}

#[test]
fn what_was_flushed_and_reopened_in_between_is_scrubbed() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), false);
    write(&store);
    // A scrub with nothing to take away puts everything into tables of the last level.
    assert_eq!(wait(store.scrub()), Ok(()));
    assert_eq!(found(directory.path(), &GONE), GONE);
    drop(store);
    let store = open(directory.path(), false);
    remove(&store);
    drop(store);
    let store = open(directory.path(), false);
    assert_eq!(wait(store.scrub()), Ok(()));
    assert_eq!(found(directory.path(), &GONE), [""; 0]);
    assert_eq!(found(directory.path(), &KEPT), KEPT);
    intact(&store);
}

#[test]
fn a_scrub_goes_along_with_commits_and_reads() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), false);
    write(&store);
    remove(&store);
    std::thread::scope(|scope| {
        for worker in 0..4_u64 {
            let store = &store;
            scope.spawn(move || {
                for number in 0..300 {
                    let name = format!("{worker}/{number}");
                    commit(store, 100 + worker * 1_000 + number, vec![put(&name, &name), append(&name)]);
                    let record =
                        wait(store.get(TENANT, &[RecordKey::new(Kind(1), name.as_str())])).unwrap().remove(0);
                    assert_eq!(record.map(|record| record.bytes), Some(canary(&name).to_vec()));
                }
            });
        }
        for _ in 0..3 {
            assert_eq!(wait(store.scrub()), Ok(()));
        }
    });
    assert_eq!(found(directory.path(), &GONE), [""; 0]);
    intact(&store);
    assert_eq!(wait(store.read_lane(Lane::of(HOME), Position(0), usize::MAX)).unwrap().len(), 1_202);
}
