//! Failed syncs, spurious conflicts, lost answers, delays, scrubbing, and the same run again for the same seed.

use wink_sim::{Disk, Faults, Mutant, Rate, SimStore};
use wink_store::suite::wait;
use wink_store::{
    Batch, BatchId, Change, Check, Conflict, EntryKind, Failure, Found, Home, Kind, Lane, Outcome, Position,
    RecordKey, Store, Tenant, Which,
};

fn batch(number: u64, checks: Vec<Check>) -> Batch {
    let payload = number.to_be_bytes().to_vec();
    let append = Change::Append { kind: EntryKind(1), key: [0; 16], owner: None, payload: payload.clone() };
    let id = BatchId(u128::from(number).to_be_bytes());
    let put = Change::Put(RecordKey::new(Kind(1), payload), b"value".to_vec());
    Batch { id, tenant: Tenant(1), home: Home(0), checks, changes: vec![put, append] }
}

fn open(faults: Faults) -> SimStore {
    SimStore::open(Disk::default(), faults, Mutant::None)
}

#[test]
fn a_failed_sync_closes_the_store_and_is_never_acknowledged() {
    let store = open(Faults { fail_sync_at: Some(2), ..Faults::default() });
    for number in 0..2 {
        assert!(matches!(wait(store.commit(batch(number, Vec::new()))), Outcome::Committed { .. }));
    }
    assert_eq!(wait(store.commit(batch(2, Vec::new()))), Outcome::Unknown);
    for number in [2, 3] {
        let outcome = wait(store.commit(batch(number, Vec::new())));
        assert!(matches!(outcome, Outcome::Failed(Failure::Closed(_))), "{outcome:?}");
    }
    assert_eq!(
        wait(store.outcome(Tenant(1), BatchId(2_u128.to_be_bytes()))),
        Ok(None),
        "reads go on, without it"
    );
    assert!(matches!(wait(store.outcome(Tenant(1), BatchId(1_u128.to_be_bytes()))), Ok(Some(_))));
}

#[test]
fn a_spurious_conflict_does_nothing() {
    let store = open(Faults { conflicts: Rate(1_000), ..Faults::default() });
    let check = Check::Absent(RecordKey::new(Kind(1), "x"));
    let conflict = Conflict { which: Which::Check(0), found: Found::Version(None) };
    assert_eq!(wait(store.commit(batch(0, vec![check]))), Outcome::Conflict(conflict));
    assert_eq!(wait(store.read_lane(Lane::of(Home(0)), Position(0), 9)), Ok(Vec::new()));
    assert!(
        matches!(wait(store.commit(batch(0, Vec::new()))), Outcome::Committed { .. }),
        "there is nothing to check"
    );
}

#[test]
fn a_lost_answer_is_found_by_the_batch_id() {
    let store = open(Faults { lost_answers: Rate(500), delays_max: 3, ..Faults::default() });
    let mut lost = 0;
    for number in 0..100 {
        let outcome = wait(store.commit(batch(number, Vec::new())));
        let found = wait(store.outcome(Tenant(1), batch(number, Vec::new()).id)).unwrap().unwrap();
        match outcome {
            Outcome::Unknown => lost += 1,
            other => assert_eq!(other, found),
        }
    }
    assert!((20..80).contains(&lost), "{lost}");
}

#[test]
fn the_same_seed_leaves_the_same_disk() {
    let run = |seed| {
        let faults = Faults {
            seed,
            conflicts: Rate(200),
            lost_answers: Rate(100),
            delays_max: 2,
            ..Faults::default()
        };
        let store = open(faults);
        let check = || vec![Check::Absent(RecordKey::new(Kind(1), "x"))];
        let outcomes: Vec<Outcome> =
            (0..50).map(|number| wait(store.commit(batch(number, check())))).collect();
        (outcomes, store.kill())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn scrubbing_takes_redacted_bytes_off_the_disk_and_survives_reopening() {
    let canary = b"a canary nobody may find".to_vec();
    let holds = |disk: &Disk| disk.bytes().windows(canary.len()).any(|window| window == canary);
    let store = SimStore::new();
    let mut first = batch(0, Vec::new());
    first.changes = vec![
        Change::Append { kind: EntryKind(1), key: [0; 16], owner: Some(Home(1)), payload: canary.clone() },
        Change::Put(RecordKey::new(Kind(1), "person"), canary.clone()),
    ];
    wait(store.commit(first));
    wait(store.commit(batch(1, Vec::new())));
    let mut last = batch(2, Vec::new());
    last.changes = vec![
        Change::Redact(Lane::of(Home(0)), Position(0)),
        Change::Delete(RecordKey::new(Kind(1), "person")),
    ];
    wait(store.commit(last));
    let disk = store.kill();
    assert!(holds(&disk));
    let store = SimStore::open(disk, Faults::default(), Mutant::None);
    let before = wait(store.read_lane(Lane::of(Home(0)), Position(0), 9));
    assert_eq!(wait(store.scrub()), Ok(()));
    let disk = store.kill();
    assert!(!holds(&disk));
    let store = SimStore::open(disk, Faults::default(), Mutant::None);
    assert_eq!(wait(store.read_lane(Lane::of(Home(0)), Position(0), 9)), before);
    assert!(matches!(wait(store.outcome(Tenant(1), BatchId([0; 16]))), Ok(Some(Outcome::Committed { .. }))));
}
