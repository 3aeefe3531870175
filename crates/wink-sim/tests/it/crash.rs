//! Crashes at every disk operation: what was acknowledged is there, and nothing is half there.

use wink_sim::{Disk, Faults, Mutant, SimStore};
use wink_store::suite::wait;
use wink_store::{
    Batch, BatchId, Change, CounterKey, EntryKind, Home, Kind, Lane, Mark, MarkKey, Outcome, Position, Queue,
    RecordKey, Scope, Store, Tenant,
};

const TENANT: Tenant = Tenant(1);
const BATCHES: u64 = 24;

/// Bytes that no other batch has, none of them zero, long enough to lie in several sectors.
fn payload(number: u64) -> Vec<u8> {
    let length = usize::try_from(100 + number * 397 % 1_900).unwrap();
    let mut payload = format!("<the payload of batch {number}>").into_bytes().repeat(70);
    payload.truncate(length);
    payload
}

fn key(number: u64) -> RecordKey {
    RecordKey::new(Kind(1), number.to_be_bytes())
}

fn mark(number: u64) -> MarkKey {
    MarkKey { scope: Scope(1), id: u128::from(number).to_be_bytes() }
}

fn batch(number: u64) -> Batch {
    Batch {
        id: BatchId(u128::from(number + 1).to_be_bytes()),
        tenant: TENANT,
        home: Home(5),
        checks: Vec::new(),
        changes: vec![
            Change::Put(key(number), payload(number)),
            Change::Add(CounterKey(b"count".to_vec()), 1),
            Change::Append {
                kind: EntryKind(1),
                key: [0; 16],
                owner: Some(Home(5)),
                payload: payload(number + 1_000),
            },
            Change::Mark(mark(number), Mark { body: [1; 16], result: number.to_be_bytes().to_vec() }),
            Change::Enqueue {
                queue: Queue(1),
                due_ms: 0,
                id: u128::from(number).to_be_bytes(),
                payload: payload(number),
            },
        ],
    }
}

/// Submits batches in groups of different sizes until the process ends; answers how many were acknowledged, in a row from the first.
fn work(store: &SimStore, from: u64) -> u64 {
    let mut next = from;
    let mut acknowledged = from;
    while next < BATCHES {
        let until = (next + 1 + next % 4).min(BATCHES);
        for outcome in wait(store.submit((next..until).map(batch).collect())) {
            match outcome {
                Outcome::Committed { .. } => acknowledged += 1,
                Outcome::Unknown => return acknowledged,
                other => panic!("{other:?}"),
            }
        }
        next = until;
    }
    acknowledged
}

/// Tells how many batches are there, all of them whole and in a row; or what is wrong.
fn recovered(store: &SimStore) -> Result<u64, String> {
    let mut count = 0;
    while wait(store.outcome(TENANT, batch(count).id)).unwrap().is_some() {
        count += 1;
    }
    for number in 0..BATCHES {
        let there = number < count;
        let record = wait(store.get(TENANT, &[key(number)])).unwrap().remove(0).map(|record| record.bytes);
        let marked = wait(store.marks(TENANT, &[mark(number)])).unwrap().remove(0).map(|mark| mark.result);
        if record != there.then(|| payload(number)) || marked != there.then(|| number.to_be_bytes().to_vec())
        {
            return Err(format!("batch {number} of {count} is not whole"));
        }
    }
    let counter = wait(store.counters(TENANT, &[CounterKey(b"count".to_vec())])).unwrap().remove(0);
    if counter.value != i64::try_from(count).unwrap() {
        return Err(format!("{count} batches counted {}", counter.value));
    }
    let lane = Lane::of(Home(5));
    let entries = wait(store.read_lane(lane, Position(0), usize::MAX)).unwrap();
    let mut before = [0; 32];
    for (number, entry) in (0..).zip(&entries) {
        entry.verify(&before, lane, Position(number)).map_err(|error| error.to_string())?;
        before = entry.header.hash;
        if entry.body.as_ref().map(|body| &body.payload) != Some(&payload(number + 1_000)) {
            return Err(format!("the entry of batch {number} has another payload"));
        }
    }
    let queued = wait(store.lease_due(TENANT, Queue(1), 1, 0, usize::MAX)).unwrap();
    let lengths = [entries.len(), queued.len()].map(|length| u64::try_from(length).unwrap());
    if lengths != [count, count] {
        return Err(format!("{count} batches left {lengths:?} entries and queue entries"));
    }
    Ok(count)
}

#[derive(Clone, Copy)]
enum Crash {
    Kill,
    PowerCut,
}

/// Crashes once, or a second time during recovery and the work after it, and tells what is wrong afterwards.
fn crash(seed: u64, how: Crash, mutant: Mutant) -> Result<(), String> {
    let end = |store: SimStore, seed| {
        let mut disk = store.kill();
        if let Crash::PowerCut = how {
            disk.power_cut(seed);
        }
        disk
    };
    let faults = |crash_at| Faults { seed, crash_at: Some(crash_at), ..Faults::default() };
    let store = SimStore::open(Disk::default(), faults(seed % 45), mutant);
    let mut acknowledged = work(&store, 0);
    let mut disk = end(store, seed);
    for again in 0..2 {
        let store = SimStore::open(disk, faults((seed / 45 + again) % 17), mutant);
        let count = recovered(&store)?;
        if count < acknowledged {
            return Err(format!("{acknowledged} batches were acknowledged and {count} are there"));
        }
        acknowledged = work(&store, count);
        disk = end(store, seed + again);
    }
    let count = recovered(&SimStore::open(disk, Faults::default(), mutant))?;
    if count < acknowledged { Err(format!("{acknowledged} acknowledged, {count} there")) } else { Ok(()) }
}

fn caught(how: Crash, mutant: Mutant) -> usize {
    (0..200).filter(|seed| crash(*seed, how, mutant).is_err()).count()
}

#[test]
fn nothing_acknowledged_is_lost_in_three_thousand_power_cuts() {
    for seed in 0..3_000 {
        assert_eq!(crash(seed, Crash::PowerCut, Mutant::None), Ok(()), "seed {seed}");
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    for seed in 0..500 {
        assert_eq!(crash(seed, Crash::Kill, Mutant::None), Ok(()), "seed {seed}");
    }
}

#[test]
fn power_cuts_catch_an_answer_before_the_write() {
    assert!(0 < caught(Crash::PowerCut, Mutant::AckBeforeCommit));
    assert!(0 < caught(Crash::Kill, Mutant::AckBeforeCommit));
}

#[test]
fn only_power_cuts_catch_an_answer_before_the_sync() {
    assert!(0 < caught(Crash::PowerCut, Mutant::AckBeforeSync));
    assert_eq!(caught(Crash::Kill, Mutant::AckBeforeSync), 0, "written bytes survive the process");
}

#[test]
fn power_cuts_catch_a_log_without_checksum() {
    assert!(0 < caught(Crash::PowerCut, Mutant::NoChecksum));
}

#[test]
fn no_damaged_byte_of_the_log_is_served() {
    let store = SimStore::new();
    assert_eq!(work(&store, 0), BATCHES);
    let sound = store.kill();
    for at in (0..sound.bytes().len()).step_by(101) {
        let mut bytes = sound.bytes().to_vec();
        bytes[at] ^= 1 << (at % 8);
        let mut disk = Disk::default();
        disk.replace(bytes);
        let count = recovered(&SimStore::open(disk, Faults::default(), Mutant::None));
        assert!(count.is_ok_and(|count| count < BATCHES), "byte {at}");
    }
}
