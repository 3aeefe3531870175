//! Lanes, chains and redaction.

use super::*;

/// Verifies a whole lane from its start.
fn verify(entries: &[Entry], lane: Lane) {
    let mut before = [0; 32];
    for (number, entry) in (0..).zip(entries) {
        assert_eq!(entry.verify(&before, lane, Position(number)), Ok(()));
        before = entry.header.hash;
    }
}

fn payloads(entries: &[Entry]) -> Vec<Option<String>> {
    let text =
        |entry: &Entry| entry.body.as_ref().map(|body| String::from_utf8_lossy(&body.payload).into_owned());
    entries.iter().map(text).collect()
}

/// Positions are 0, 1, 2, … and every header follows from the one before it.
pub fn a_lane_is_dense_and_chained<S: Store>(store: &Arc<S>) {
    for number in 0..30 {
        let changes = (0..=number % 3).map(|part| append(&format!("{number}.{part}"))).collect();
        let (_, positions) = done(store, number, changes);
        assert!(positions.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0));
    }
    let entries = lane(store, Lane::of(HOME));
    verify(&entries, Lane::of(HOME));
    assert_eq!(entries.len(), 60);
    let body = entries[1].body.clone().map(|body| (body.owner, body.payload));
    assert_eq!(body, Some((Some(HOME), b"1.0".to_vec())));
    assert_eq!((entries[1].header.tenant, entries[1].header.kind), (TENANT, EntryKind(4)));
    assert_eq!(entries[1].header.key, [5; 16]);
    let mut tampered = entries[1].clone();
    if let Some(body) = &mut tampered.body {
        body.payload.push(0);
    }
    assert!(tampered.verify(&entries[0].header.hash, Lane::of(HOME), Position(1)).is_err());
}

/// Homes choose lanes; all tenants' entries of a lane stand in one sequence.
pub fn a_lane_is_shared_by_all_tenants<S: Store>(store: &Arc<S>) {
    for number in 0..256 {
        let tenant = if number % 2 == 0 { TENANT } else { OTHER };
        let entry = Batch { tenant, home: Home(number), ..batch(number, vec![append("x")]) };
        assert!(matches!(commit(store, entry), Outcome::Committed { .. }));
    }
    for (number, at) in (0..).zip(Lane::all()) {
        let entries = lane(store, at);
        verify(&entries, at);
        assert_eq!(entries.len(), 4, "lane {number}");
    }
    let same_lane = Batch { tenant: OTHER, home: HOME, ..batch(1_000, vec![append("other")]) };
    assert!(matches!(commit(store, same_lane), Outcome::Committed { .. }));
    let entries = lane(store, Lane::of(HOME));
    verify(&entries, Lane::of(HOME));
    assert_eq!(entries[4].header.tenant, OTHER);
}

/// Readers go on from where they stopped.
pub fn a_lane_reads_from_any_position<S: Store>(store: &Arc<S>) {
    done(store, 0, (0..10).map(|number| append(&number.to_string())).collect());
    let read = |from, limit| {
        let entries = wait(store.read_lane(Lane::of(HOME), Position(from), limit));
        entries.map(|entries| entries.iter().map(|entry| entry.position.0).collect::<Vec<_>>())
    };
    assert_eq!(read(0, 3), Ok(vec![0, 1, 2]));
    assert_eq!(read(8, 5), Ok(vec![8, 9]));
    assert_eq!(read(10, 5), Ok(vec![]));
    assert_eq!(read(0, 0), Ok(vec![]));
    assert_eq!(read(u64::MAX, 5), Ok(vec![]));
}

/// Payload, owner and salt are gone; the header stays and the lane verifies.
pub fn redaction_removes_the_body_and_keeps_the_chain<S: Store>(store: &Arc<S>) {
    done(store, 0, vec![append("keep"), append("forget"), append("keep too")]);
    let before = lane(store, Lane::of(HOME));
    let redact = |position| vec![Change::Redact(Lane::of(HOME), Position(position))];
    done(store, 1, redact(1));
    done(store, 2, redact(1));
    assert_eq!(refused(commit(store, batch(3, redact(3)))), (Which::Change(0), Found::NoEntry));
    done(store, 4, vec![append("after")]);
    let after = lane(store, Lane::of(HOME));
    verify(&after, Lane::of(HOME));
    let kept = |text: &str| Some(text.to_owned());
    assert_eq!(payloads(&after), [kept("keep"), None, kept("keep too"), kept("after")]);
    assert_eq!(after[1].header, before[1].header);
}

/// A tenant can neither redact another's entry nor learn that there is one.
pub fn redaction_touches_only_the_own_tenant<S: Store>(store: &Arc<S>) {
    done(store, 0, vec![append("mine")]);
    let foreign = Batch { tenant: OTHER, ..batch(1, vec![Change::Redact(Lane::of(HOME), Position(0))]) };
    assert_eq!(refused(commit(store, foreign)), (Which::Change(0), Found::NoEntry));
    assert_eq!(payloads(&lane(store, Lane::of(HOME))), [Some("mine".to_owned())]);
}

/// Equal payloads have different commitments, so one cannot be guessed from the other.
pub fn salts_differ<S: Store>(store: &Arc<S>) {
    done(store, 0, (0..20).map(|_| append("same")).collect());
    let entries = lane(store, Lane::of(HOME));
    let mut salts: Vec<_> =
        entries.iter().filter_map(|entry| entry.body.as_ref()).map(|body| body.salt).collect();
    salts.sort_unstable();
    salts.dedup();
    assert_eq!(salts.len(), 20);
}
