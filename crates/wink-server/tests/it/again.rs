//! Backups of several ages, restored after people were erased: none of them comes back, not with a byte.

use std::path::Path;
use std::sync::Arc;

use wink_backup::{About, Counts, Damage};
use wink_core::base::Timestamp;
use wink_server::Engine;
use wink_server::erasures::{self, Erasures, Listed};
use wink_server::flow::again::erase_again;
use wink_server::flow::erase::{all, erase, find};
use wink_server::flow::ingest::Answer;
use wink_server::report::{state_hash::state_hash, verify::verify};
use wink_store::Store;
use wink_store_fjall::{Filling, FjallStore, Options};

use super::audit::audit;
use super::canary::{Field, Person, Scan};
use super::counter::{MONDAY, Offer, Shop, later, open, secrets, tell, wait};
use super::erase::live;
use super::said;

const DAY: i64 = 1_440;

fn shop() -> Shop {
    let tea = Offer { per_person: 9, valid_days: 3, ..Offer::new("tea", "{ amount = \"1.00\" }") };
    Shop { reissue_days: Some(0), ..Shop::selling(vec![tea]) }
}

pub(crate) fn backup(engine: &Engine<FjallStore>) -> Vec<u8> {
    let about = About { secret_check: secrets().check().to_vec(), ..About::default() };
    let mut bytes = Vec::new();
    wink_backup::write(&engine.store, &about, &mut bytes, |_: &Counts| true).unwrap();
    bytes
}

fn reopen(directory: &Path) -> Engine<FjallStore> {
    let store = FjallStore::open(directory, Options::default()).unwrap();
    wait(Engine::open(store, secrets(), MONDAY)).unwrap()
}

/// Restores a backup as it is, erased people and all.
pub(crate) fn fill(bytes: &[u8], directory: &Path) -> Engine<FjallStore> {
    let mut filling = Filling::begin(directory, &Options::default()).unwrap();
    let read = wink_backup::read(bytes, |_, effects, _| -> Result<(), Damage> {
        filling.lay(effects).unwrap();
        Ok(())
    });
    filling.finish(read.unwrap().version).unwrap();
    reopen(directory)
}

fn erase_person<S: Store>(engine: &Engine<S>, person: &Person, now: Timestamp) {
    let identity = said::identity(person.canary(Field::Identity));
    let profile = wait(find(engine, &identity)).unwrap().unwrap();
    wait(erase(engine, profile, now)).unwrap();
}

/// Six people come one after the other. Those with an odd number are erased later, each at another time, and a backup is made in between:
/// the first knows two of six people and no erasure, the last all people and all erasures but one.
#[test]
fn from_no_older_backup_does_an_erased_person_come_back() {
    let here = tempfile::tempdir().unwrap();
    let people: Vec<Person> = (0..6).map(Person::new).collect();
    let store = FjallStore::open(here.path().join("store"), Options::default()).unwrap();
    let engine = wait(open(store, &shop(), MONDAY)).unwrap();
    let list = here.path().join("erasures");
    wait(engine.list_erasures_in(Arc::new(Erasures::open(&list).unwrap()))).unwrap();

    // Each with how many people it knows, and how many of the three erasures.
    let mut backups: Vec<(Vec<u8>, usize, usize)> = Vec::new();
    for (number, person) in people.iter().enumerate() {
        live(&engine, person, number);
        if number % 2 == 1 {
            backups.push((backup(&engine), number + 1, 0));
        }
    }
    for (count, number) in [1, 3, 5].into_iter().enumerate() {
        erase_person(&engine, &people[number], later(MONDAY, (7 + count as i64) * DAY));
        backups.push((backup(&engine), 6, count + 1));
    }
    let (last, ..) = backups.pop().unwrap();
    assert_eq!(erasures::read(&list).unwrap().erasures.len(), 3);

    for (age, (bytes, known, erased)) in backups.iter().enumerate() {
        let restored = here.path().join(format!("restored-{age}"));
        let engine = fill(bytes, &restored);
        let listed = erasures::read(&list).unwrap().erasures;
        let all_known = wait(all(&engine)).unwrap();
        assert_eq!(all_known.len(), *erased, "backup {age}");
        assert_eq!(wait(erase_again(&engine, &listed)).unwrap(), 3 - *erased as u64, "backup {age}");
        assert_eq!(wait(erase_again(&engine, &listed)).unwrap(), 0, "once is enough");
        wait(engine.store.scrub()).unwrap();
        assert_eq!(wait(verify(&engine)).unwrap().findings, Vec::<String>::new(), "backup {age}");
        assert_eq!(audit(&engine), Ok(()), "backup {age}");
        for person in people.iter().filter(|person| person.number % 2 == 1) {
            let identity = said::identity(person.canary(Field::Identity));
            assert_eq!(wait(find(&engine, &identity)).unwrap(), None);
            // Also of those that this backup did not even know: an old event of theirs stays out.
            let old = said::buys("late", person.canary(Field::Identity), &[("tea", 500)], MONDAY);
            let old = said::arriving(old, later(MONDAY, 20 * DAY));
            let answer = wait(tell(&engine, old)).unwrap();
            assert_eq!(answer, Answer::Erased, "backup {age}, person {}", person.number);
        }
        wait(engine.store.scrub()).unwrap();
        drop(engine);
        let scan = Scan::of(&restored, &people);
        for person in &people {
            let there = person.number % 2 == 0 && person.number < *known;
            let expected: &[Field] = if there { Field::IN_CLEAR } else { &[] };
            assert_eq!(scan.found(person), expected, "backup {age}, person {}", person.number);
        }
    }
    // What came after the last erasure is the same store.
    let restored = fill(&last, &here.path().join("last"));
    assert_eq!(wait(state_hash(&restored)).unwrap(), wait(state_hash(&engine)).unwrap());
}

#[test]
fn without_the_list_the_bytes_come_back_and_the_scan_sees_them() {
    let here = tempfile::tempdir().unwrap();
    let people = [Person::new(0)];
    let store = FjallStore::open(here.path().join("store"), Options::default()).unwrap();
    let engine = wait(open(store, &shop(), MONDAY)).unwrap();
    live(&engine, &people[0], 0);
    let bytes = backup(&engine);
    erase_person(&engine, &people[0], later(MONDAY, 9 * DAY));
    let restored = here.path().join("restored");
    drop(fill(&bytes, &restored));
    assert_eq!(Scan::of(&restored, &people).found(&people[0]), Field::IN_CLEAR);
}

#[test]
fn an_erasure_is_acknowledged_only_once_it_is_listed() {
    let here = tempfile::tempdir().unwrap();
    let person = Person::new(0);
    let (directory, list) = (here.path().join("store"), here.path().join("erasures"));
    let store = FjallStore::open(&directory, Options::default()).unwrap();
    let engine = wait(open(store, &shop(), MONDAY)).unwrap();
    live(&engine, &person, 0);
    let identity = said::identity(person.canary(Field::Identity));
    let profile = wait(find(&engine, &identity)).unwrap().unwrap();
    Erasures::open(&list).unwrap();
    drop(engine);

    // Killed after the erasure began and before it was listed: the next start lists it.
    let engine = reopen(&directory);
    wait(erase(&engine, profile, later(MONDAY, 9 * DAY))).unwrap();
    assert_eq!(erasures::read(&list).unwrap(), Listed::default());
    drop(engine);
    let engine = reopen(&directory);
    wait(engine.list_erasures_in(Arc::new(Erasures::open(&list).unwrap()))).unwrap();
    let listed = erasures::read(&list).unwrap().erasures;
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].profile, listed[0].at), (profile, later(MONDAY, 9 * DAY)));
    assert_eq!(listed[0].identities.len(), 2, "all names of the person");
}
