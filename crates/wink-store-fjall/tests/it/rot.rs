//! Flips bytes of a small store, one at a time: it is refused, or it answers as if nothing had happened.

use std::fs;
use std::path::{Path, PathBuf};

use wink_store::suite::wait;
use wink_store::{
    Counter, CounterKey, Direction, Entry, Error, Home, Kind, Lane, Page, Position, Range, Store,
};
use wink_store_fjall::{FjallStore, Options};

use crate::work::{TENANT, batch, commit, open};

/// Everything a reader can see.
type Seen = (Page, Vec<Entry>, Vec<(CounterKey, Counter)>);

fn seen(store: &FjallStore) -> Result<Seen, Error> {
    let page = wait(store.scan(TENANT, Kind(1), Range::default(), Direction::Forward, usize::MAX))?;
    let entries = wait(store.read_lane(Lane::of(Home(1)), Position(0), usize::MAX))?;
    Ok((page, entries, wait(store.counters_with(TENANT, b""))?))
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let copied = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(copied.parent().unwrap()).unwrap();
        fs::copy(file, copied).unwrap();
    }
}

#[test]
fn no_flipped_byte_is_served() {
    let sound = tempfile::tempdir().unwrap();
    let store = open(sound.path());
    for number in 0..20 {
        commit(&store, batch(1, number));
    }
    assert_eq!(wait(store.scrub()), Ok(()));
    for number in 20..40 {
        commit(&store, batch(1, number));
    }
    let expected = seen(&store).unwrap();
    drop(store);
    let total: u64 = files(sound.path()).iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    assert!(total < 2 << 20, "a small store: {total}");

    // A prime step, so that the places wander through blocks and entries.
    let (mut refused, mut served, mut wrong) = (0, 0, Vec::new());
    let step = 97;
    let mut next = 11;
    for file in files(sound.path()) {
        let name = file.strip_prefix(sound.path()).unwrap();
        let length = usize::try_from(fs::metadata(&file).unwrap().len()).unwrap();
        while next < length {
            let directory = tempfile::tempdir().unwrap();
            copy(sound.path(), directory.path());
            let damaged = directory.path().join(name);
            let mut bytes = fs::read(&damaged).unwrap();
            bytes[next] ^= 1 << (next % 8);
            fs::write(&damaged, bytes).unwrap();
            match FjallStore::open(directory.path(), Options::default()).and_then(|store| seen(&store)) {
                Ok(found) if found == expected => served += 1,
                Ok(_) => wrong.push(format!("{}, byte {next}", name.display())),
                Err(_) => refused += 1,
            }
            next += step;
        }
        next -= length;
    }
    assert_eq!(wrong, [""; 0], "{refused} refused, {served} served as they were");
    assert!(0 < refused);
}
