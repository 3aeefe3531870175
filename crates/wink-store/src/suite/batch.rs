//! All or nothing, order, versions, limits and ids.

use super::*;
use crate::{BATCH_BYTES_MAX, BATCH_CHANGES_MAX, Failure, KEY_BYTES_MAX};

/// A conflict at the last change leaves no trace of those before it.
pub fn a_batch_that_conflicts_does_nothing<S: Store>(store: &Arc<S>) {
    done(store, 0, vec![Change::Mark(mark(1), used("first")), put("a", "old")]);
    let changes = vec![
        put("a", "new"),
        put("b", "new"),
        Change::Add(counter("c"), 5),
        Change::SetCap(counter("d"), Some(1)),
        append("lost"),
        Change::Mark(mark(2), used("lost")),
        Change::Enqueue { queue: Queue(1), due_ms: 0, id: [1; 16], payload: vec![1] },
        Change::Mark(mark(1), used("second")),
    ];
    let (which, found) = refused(commit(store, batch(1, changes)));
    assert_eq!((which, found), (Which::Change(7), Found::Mark(used("first"))));
    assert_eq!(bytes(store, "a").as_deref(), Some("old"));
    assert_eq!(record(store, "b"), None);
    assert_eq!((value(store, "c"), value(store, "d")), (Counter::default(), Counter::default()));
    assert_eq!(lane(store, Lane::of(HOME)), Vec::new());
    assert_eq!(wait(store.marks(TENANT, &[mark(2)])), Ok(vec![None]));
    assert_eq!(wait(store.lease_due(TENANT, Queue(1), 10, 20, 10)), Ok(Vec::new()));
    assert_eq!(wait(store.outcome(TENANT, id(1))), Ok(None));
}

/// Checks are tested before changes, and both in order.
pub fn a_conflict_names_the_first_that_does_not_hold<S: Store>(store: &Arc<S>) {
    let (version, _) = done(store, 0, vec![put("a", "1")]);
    let mut wrong = batch(1, vec![Change::Add(counter("c"), -1), Change::Add(counter("c"), -2)]);
    wrong.checks =
        vec![Check::Version(key("a"), version), Check::Absent(key("a")), Check::Version(key("b"), version)];
    assert_eq!(refused(commit(store, wrong.clone())), (Which::Check(1), Found::Version(Some(version))));
    wrong.checks.remove(1);
    assert_eq!(refused(commit(store, wrong.clone())), (Which::Check(1), Found::Version(None)));
    wrong.checks.remove(1);
    assert_eq!(refused(commit(store, wrong)), (Which::Change(0), Found::Counter(Counter::default())));
}

/// A check is about what was there before the batch, whatever the batch changes.
pub fn checks_see_the_state_before_the_batch<S: Store>(store: &Arc<S>) {
    let mut first = batch(0, vec![put("a", "1")]);
    first.checks = vec![Check::Absent(key("a"))];
    let Outcome::Committed { version, .. } = commit(store, first) else {
        panic!("nothing stands against it")
    };
    let mut second = batch(1, vec![Change::Delete(key("a")), put("a", "2")]);
    second.checks = vec![Check::Version(key("a"), version)];
    assert!(matches!(commit(store, second), Outcome::Committed { .. }));
    let mut third = batch(2, vec![put("a", "3")]);
    third.checks = vec![Check::Version(key("a"), version)];
    let (which, found) = refused(commit(store, third));
    assert_eq!(which, Which::Check(0));
    assert_eq!(found, Found::Version(record(store, "a").map(|record| record.version)));
}

/// Later changes of a batch are tested against the earlier ones.
pub fn changes_see_the_changes_before_them<S: Store>(store: &Arc<S>) {
    let capped = vec![
        Change::SetCap(counter("c"), Some(10)),
        Change::Add(counter("c"), 6),
        Change::Add(counter("c"), 5),
    ];
    let held = Counter { value: 6, cap: Some(10) };
    assert_eq!(refused(commit(store, batch(0, capped))), (Which::Change(2), Found::Counter(held)));

    let twice = vec![Change::Mark(mark(1), used("x")), Change::Mark(mark(1), used("y"))];
    assert_eq!(refused(commit(store, batch(1, twice))), (Which::Change(1), Found::Mark(used("x"))));

    let entry = |id: u8| Change::Enqueue { queue: Queue(1), due_ms: 5, id: [id; 16], payload: vec![id] };
    let acknowledge = Change::Acknowledge { queue: Queue(1), due_ms: 5, id: [1; 16] };
    assert_eq!(refused(commit(store, batch(2, vec![entry(1), entry(1)]))), (Which::Change(1), Found::Queued));
    let gone = vec![entry(1), acknowledge.clone(), acknowledge.clone()];
    assert_eq!(refused(commit(store, batch(3, gone))), (Which::Change(2), Found::NotQueued));

    let held = vec![
        Change::Add(counter("c"), 5),
        Change::Add(counter("c"), -5),
        Change::Mark(mark(1), used("x")),
        Change::Unmark(mark(1)),
        Change::Mark(mark(1), used("z")),
        entry(1),
        acknowledge,
        entry(1),
        append("first"),
        Change::Redact(Lane::of(HOME), Position(0)),
        append("second"),
    ];
    done(store, 4, held);
    assert_eq!(value(store, "c"), Counter::default());
    assert_eq!(wait(store.marks(TENANT, &[mark(1)])), Ok(vec![Some(used("z"))]));
    assert_eq!(wait(store.lease_due(TENANT, Queue(1), 10, 20, 10)).map(|leased| leased.len()), Ok(1));
    let entries = lane(store, Lane::of(HOME));
    assert_eq!(entries.iter().map(|entry| entry.body.is_some()).collect::<Vec<_>>(), [false, true]);
}

/// Within a batch, what comes last is what is stored.
pub fn the_last_change_of_a_record_counts<S: Store>(store: &Arc<S>) {
    done(store, 0, vec![put("a", "1"), put("a", "2"), put("b", "1"), Change::Delete(key("b"))]);
    assert_eq!(bytes(store, "a").as_deref(), Some("2"));
    assert_eq!(bytes(store, "b"), None);
    done(store, 1, vec![Change::Delete(key("a")), put("a", "3"), Change::Delete(key("never there"))]);
    assert_eq!(bytes(store, "a").as_deref(), Some("3"));
}

/// A consent withdrawn between load and commit is a conflict, although the batch does not write the consent.
pub fn a_check_may_concern_a_record_the_batch_leaves_alone<S: Store>(store: &Arc<S>) {
    let (version, _) = done(store, 0, vec![put("consent", "yes")]);
    let (now, _) = done(store, 1, vec![put("consent", "no")]);
    let mut offer = batch(2, vec![put("offer", "10 percent")]);
    offer.checks = vec![Check::Version(key("consent"), version)];
    assert_eq!(refused(commit(store, offer)), (Which::Check(0), Found::Version(Some(now))));
    assert_eq!(bytes(store, "offer"), None);
}

/// No ABA: a record that was deleted and written again has a version it never had.
pub fn versions_grow_and_never_come_back<S: Store>(store: &Arc<S>) {
    let mut last = Version(0);
    for round in 0..20 {
        let (version, _) = done(store, 2 * round, vec![put("a", "same")]);
        assert!(last < version, "{version:?} must come after {last:?}");
        assert_eq!(record(store, "a").map(|record| record.version), Some(version));
        let mut stale = batch(1_000 + round, vec![put("a", "stale")]);
        stale.checks = vec![Check::Version(key("a"), last)];
        assert_eq!(refused(commit(store, stale)), (Which::Check(0), Found::Version(Some(version))));
        (last, _) = done(store, 2 * round + 1, vec![Change::Delete(key("a"))]);
        assert!(version < last);
    }
}

/// A commit has one version, and every record it writes shows it.
pub fn all_records_of_a_batch_have_its_version<S: Store>(store: &Arc<S>) {
    let (version, positions) = done(store, 0, vec![put("a", "1"), put("b", "2")]);
    assert_eq!(record(store, "a").map(|record| record.version), Some(version));
    assert_eq!(record(store, "b").map(|record| record.version), Some(version));
    assert_eq!(positions, Vec::new());
}

/// More changes, bytes or key than the port takes is a failure that says so, and nothing is done.
pub fn the_limits_are_typed<S: Store>(store: &Arc<S>) {
    let many = vec![Change::Delete(key("a")); BATCH_CHANGES_MAX + 1];
    let found = BATCH_CHANGES_MAX + 1;
    assert_eq!(commit(store, batch(0, many)), Outcome::Failed(Failure::TooManyChanges { found }));
    let large = vec![put("before", "x"), Change::Put(key("a"), vec![0; BATCH_BYTES_MAX])];
    assert!(matches!(commit(store, batch(1, large)), Outcome::Failed(Failure::TooManyBytes { .. })));
    let long = vec![Change::Put(RecordKey::new(KIND, vec![1; KEY_BYTES_MAX + 1]), Vec::new())];
    let found = KEY_BYTES_MAX + 1;
    assert_eq!(commit(store, batch(2, long)), Outcome::Failed(Failure::KeyTooLong { found }));
    let long = vec![Change::Add(CounterKey(vec![1; 70_000]), 1)];
    assert_eq!(commit(store, batch(3, long)), Outcome::Failed(Failure::KeyTooLong { found: 70_000 }));
    assert_eq!(record(store, "before"), None);
    let unheard_of = RecordKey::new(KIND, vec![1; 70_000]);
    let mut odd = batch(4, vec![put("a", "1")]);
    odd.checks = vec![Check::Absent(unheard_of.clone())];
    assert!(matches!(commit(store, odd), Outcome::Committed { .. }));
    assert_eq!(wait(store.get(TENANT, &[unheard_of])), Ok(vec![None]));
}

/// What just fits is taken.
pub fn a_batch_at_the_limits_is_done<S: Store>(store: &Arc<S>) {
    let many = (0..BATCH_CHANGES_MAX).map(|number| put(&format!("{number:04}"), "x")).collect();
    done(store, 0, many);
    assert_eq!(bytes(store, "1023").as_deref(), Some("x"));
    let large = RecordKey::new(KIND, vec![1; KEY_BYTES_MAX]);
    let size = BATCH_BYTES_MAX - KEY_BYTES_MAX;
    done(store, 1, vec![Change::Put(large.clone(), vec![3; size])]);
    let found =
        wait(store.get(TENANT, &[large])).map(|found| found[0].as_ref().map(|record| record.bytes.len()));
    assert_eq!(found, Ok(Some(size)));
}

/// A batch sees those before it in the same submit; one that conflicts stops nobody.
pub fn submit_keeps_the_order_and_goes_on_after_a_conflict<S: Store>(store: &Arc<S>) {
    let mut stale = batch(2, vec![put("a", "stale"), append("stale")]);
    stale.checks = vec![Check::Absent(key("a"))];
    let batches = vec![
        batch(0, vec![put("a", "1"), append("one"), Change::SetCap(counter("c"), Some(1))]),
        batch(1, vec![put("a", "2"), append("two"), Change::Add(counter("c"), 1)]),
        stale,
        batch(3, vec![Change::Add(counter("c"), 1)]),
        batch(4, vec![put("b", "3"), append("three")]),
    ];
    let outcomes = wait(store.submit(batches));
    let shape: Vec<Option<Vec<Position>>> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Committed { positions, .. } => Some(positions.clone()),
            _ => None,
        })
        .collect();
    let at = |position| Some(vec![Position(position)]);
    assert_eq!(shape, [at(0), at(1), None, None, at(2)]);
    let version = |number: usize| match &outcomes[number] {
        Outcome::Committed { version, .. } => *version,
        other => panic!("{other:?}"),
    };
    assert!(version(0) < version(1) && version(1) < version(4));
    let (which, found) = refused(outcomes[2].clone());
    assert_eq!((which, found), (Which::Check(0), Found::Version(Some(version(1)))));
    assert_eq!(bytes(store, "a").as_deref(), Some("2"));
    assert_eq!(value(store, "c").value, 1);
    let payloads: Vec<_> = lane(store, Lane::of(HOME)).into_iter().filter_map(|entry| entry.body).collect();
    assert_eq!(
        payloads.iter().map(|body| body.payload.as_slice()).collect::<Vec<_>>(),
        [b"one".as_slice(), b"two", b"three"]
    );
}

/// A submit may be longer than any group the store makes inside.
pub fn many_batches_in_one_submit_are_all_done<S: Store>(store: &Arc<S>) {
    let batches =
        (0..1_000).map(|number| batch(number, vec![Change::Add(counter("c"), 1), append("x")])).collect();
    let outcomes = wait(store.submit(batches));
    for (number, outcome) in (0..).zip(&outcomes) {
        let Outcome::Committed { positions, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(*positions, [Position(number)]);
    }
    assert_eq!((outcomes.len(), value(store, "c").value), (1_000, 1_000));
    assert_eq!(wait(store.submit(Vec::new())), Vec::new());
}

/// The same id again is answered as the first time, whatever the batch now says.
pub fn a_batch_id_is_done_once<S: Store>(store: &Arc<S>) {
    let first = commit(store, batch(0, vec![Change::Add(counter("c"), 1), append("once")]));
    let again = commit(store, batch(0, vec![Change::Add(counter("c"), 1), append("once")]));
    let other = commit(store, batch(0, vec![Change::Add(counter("c"), -100)]));
    assert_eq!((&again, &other), (&first, &first));
    assert_eq!(value(store, "c").value, 1);
    assert_eq!(lane(store, Lane::of(HOME)).len(), 1);
}

/// A client's retry may arrive together with the first try.
pub fn a_batch_id_is_done_once_inside_one_submit<S: Store>(store: &Arc<S>) {
    let outcomes = wait(store.submit(vec![batch(0, vec![Change::Add(counter("c"), 1)]); 3]));
    assert_eq!(outcomes, vec![outcomes[0].clone(); 3]);
    assert_eq!(value(store, "c").value, 1);
}

/// Only a commit uses up an id.
pub fn a_conflict_may_be_tried_again_under_its_id<S: Store>(store: &Arc<S>) {
    refused(commit(store, batch(0, vec![Change::Add(counter("c"), -1)])));
    done(store, 1, vec![Change::Add(counter("c"), 1)]);
    done(store, 0, vec![Change::Add(counter("c"), -1)]);
}

/// A lost answer can be asked for, by the same tenant.
pub fn an_outcome_is_remembered<S: Store>(store: &Arc<S>) {
    assert_eq!(wait(store.outcome(TENANT, id(0))), Ok(None));
    let outcome = commit(store, batch(0, vec![put("a", "1"), append("x"), append("y")]));
    assert_eq!(wait(store.outcome(TENANT, id(0))), Ok(Some(outcome)));
    assert_eq!(wait(store.outcome(OTHER, id(0))), Ok(None));
}

/// Outcomes are kept for at least the last 100,000 batches.
pub fn a_hundred_thousand_outcomes_are_remembered<S: Store>(store: &Arc<S>) {
    let first = commit(store, batch(0, vec![append("first")]));
    for group in 0..100 {
        let batches = (0..1_000).map(|number| batch(group * 1_000 + number + 1, Vec::new())).collect();
        assert_eq!(wait(store.submit(batches)).len(), 1_000);
        if group == 98 {
            assert_eq!(wait(store.outcome(TENANT, id(0))), Ok(Some(first.clone())));
        }
    }
    assert!(matches!(wait(store.outcome(TENANT, id(1))), Ok(Some(Outcome::Committed { .. }))));
}

/// Checks alone are a batch too: they tell whether what was read still holds.
pub fn an_empty_batch_commits<S: Store>(store: &Arc<S>) {
    assert!(matches!(commit(store, batch(0, Vec::new())), Outcome::Committed { .. }));
    let mut only = batch(1, Vec::new());
    only.checks = vec![Check::Absent(key("a"))];
    assert!(matches!(commit(store, only), Outcome::Committed { .. }));
}
