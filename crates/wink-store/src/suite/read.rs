//! Reads, scans, and what tenants see of each other.

use super::*;
use crate::{Direction, Page, Range, Since};

fn names(page: &Page) -> Vec<String> {
    page.records.iter().map(|(key, _)| String::from_utf8_lossy(key).into_owned()).collect()
}

fn scan<S: Store>(store: &Arc<S>, range: Range, direction: Direction, limit: usize) -> Page {
    match wait(store.scan(TENANT, KIND, range, direction, limit)) {
        Ok(page) => page,
        Err(error) => panic!("records can be scanned: {error}"),
    }
}

fn range(from: &str, until: Option<&str>) -> Range {
    Range { from: from.as_bytes().to_vec(), until: until.map(|until| until.as_bytes().to_vec()) }
}

/// One answer for each key, `None` where there is no record.
pub fn records_are_read_in_the_order_asked_for<S: Store>(store: &Arc<S>) {
    done(
        store,
        0,
        vec![put("a", "1"), put("b", ""), Change::Put(RecordKey::new(Kind(2), "a"), b"2".to_vec())],
    );
    let keys = [key("b"), key("x"), RecordKey::new(Kind(2), "a"), key("a"), key("b")];
    let found = wait(store.get(TENANT, &keys))
        .map(|found| found.into_iter().map(|record| record.map(|record| record.bytes)).collect::<Vec<_>>());
    let some = |bytes: &[u8]| Some(bytes.to_vec());
    assert_eq!(found, Ok(vec![some(b""), None, some(b"2"), some(b"1"), some(b"")]));
    assert_eq!(wait(store.get(TENANT, &[])), Ok(Vec::new()));
}

/// A record that is known at its version is not read again; one that was written, deleted, or written again is.
pub fn what_is_known_is_read_again_only_if_it_changed<S: Store>(store: &Arc<S>) {
    let since = |known: &[(&str, Option<Version>)]| {
        let known: Vec<_> = known.iter().map(|(name, version)| (key(name), *version)).collect();
        wait(store.get_since(TENANT, &known)).unwrap_or_else(|error| panic!("records can be read: {error}"))
    };
    let (first, _) = done(store, 0, vec![put("a", "1"), put("b", "1")]);
    let a = |version, bytes: &str| Since::Changed(Some(Record { version, bytes: bytes.as_bytes().to_vec() }));
    assert_eq!(
        since(&[("a", Some(first)), ("b", None), ("x", None)]),
        [Since::Unchanged, a(first, "1"), Since::Changed(None)]
    );
    let (second, _) = done(store, 1, vec![put("a", "1"), Change::Delete(key("b"))]);
    // Of the same bytes, and yet another.
    assert_eq!(since(&[("a", Some(first)), ("b", Some(first))]), [a(second, "1"), Since::Changed(None)]);
    let (third, _) = done(store, 2, vec![put("b", "1")]);
    assert_eq!(since(&[("b", Some(first)), ("a", Some(second))]), [a(third, "1"), Since::Unchanged]);
    assert_eq!(wait(store.get_since(OTHER, &[(key("a"), Some(second))])), Ok(vec![Since::Changed(None)]));
}

/// By key bytes, from either end, without the neighbours of the kind.
pub fn a_scan_goes_forward_and_in_reverse<S: Store>(store: &Arc<S>) {
    let mut changes: Vec<Change> =
        ["b", "", "a", "ab", "\u{7f}"].iter().map(|name| put(name, name)).collect();
    changes.push(Change::Put(RecordKey::new(Kind(0), "below"), Vec::new()));
    changes.push(Change::Put(RecordKey::new(Kind(2), "above"), Vec::new()));
    changes.push(Change::Put(RecordKey::new(Kind(u16::MAX), "last"), Vec::new()));
    done(store, 0, changes);
    let all = ["", "a", "ab", "b", "\u{7f}"];
    let page = scan(store, Range::default(), Direction::Forward, 100);
    assert_eq!((names(&page), &page.next), (all.map(str::to_owned).to_vec(), &None));
    let page = scan(store, Range::default(), Direction::Reverse, 100);
    assert_eq!(
        (names(&page), &page.next),
        (all.iter().rev().map(|name| (*name).to_owned()).collect(), &None)
    );
    let last = wait(store.scan(TENANT, Kind(u16::MAX), Range::default(), Direction::Reverse, 9));
    assert_eq!(last.map(|page| names(&page)), Ok(vec!["last".to_owned()]));
}

/// Pages join without gap or overlap, in both directions and for every size.
pub fn a_scan_goes_on_page_by_page<S: Store>(store: &Arc<S>) {
    let all: Vec<String> = (0..25).map(|number| format!("{number:02}")).collect();
    done(store, 0, all.iter().map(|name| put(name, "x")).collect());
    for direction in [Direction::Forward, Direction::Reverse] {
        for limit in [1, 2, 5, 24, 25, 26] {
            let mut found = Vec::new();
            let mut next = Some(Range::default());
            while let Some(range) = next {
                let page = scan(store, range, direction, limit);
                assert!(page.records.len() <= limit);
                found.extend(names(&page));
                next = page.next;
            }
            if direction == Direction::Reverse {
                found.reverse();
            }
            assert_eq!(found, all, "{direction:?} by {limit}");
        }
    }
}

/// The first key is included, the last is not; a range upside down is empty.
pub fn a_scan_stays_in_its_range<S: Store>(store: &Arc<S>) {
    done(store, 0, ["a", "b", "c", "d"].iter().map(|name| put(name, "x")).collect());
    let found = |from, until, direction| names(&scan(store, range(from, until), direction, 9)).concat();
    assert_eq!(found("b", Some("d"), Direction::Forward), "bc");
    assert_eq!(found("b", Some("d"), Direction::Reverse), "cb");
    assert_eq!(found("bb", None, Direction::Forward), "cd");
    assert_eq!(found("", Some("a"), Direction::Forward), "");
    assert_eq!(found("d", Some("b"), Direction::Forward), "");
    assert_eq!(found("b", Some("b"), Direction::Reverse), "");
    done(store, 1, vec![Change::Delete(key("c"))]);
    assert_eq!(found("a", None, Direction::Forward), "abd");
}

/// Also when the prefix ends in the largest byte.
pub fn a_prefix_takes_in_all_that_begins_with_it<S: Store>(store: &Arc<S>) {
    let keys: [&[u8]; 6] = [&[1], &[1, 255], &[1, 255, 0], &[1, 255, 255], &[2], &[255, 255]];
    done(store, 0, keys.iter().map(|key| Change::Put(RecordKey::new(KIND, *key), Vec::new())).collect());
    let found = |prefix: &[u8]| scan(store, Range::prefix(prefix), Direction::Forward, 9).records.len();
    assert_eq!((found(&[1]), found(&[1, 255]), found(&[255]), found(&[]), found(&[3])), (4, 3, 1, 6, 0));
}

/// In order of their keys, without those of others.
pub fn counters_are_read_by_prefix<S: Store>(store: &Arc<S>) {
    let names = ["budget/b", "budget/a", "budgeu", "budget", "budget/"];
    done(store, 0, names.iter().zip(1..).map(|(name, amount)| Change::Add(counter(name), amount)).collect());
    let found = |prefix: &str| {
        let found = wait(store.counters_with(TENANT, prefix.as_bytes()));
        found.map(|found| found.into_iter().map(|(key, counter)| (key.0, counter.value)).collect::<Vec<_>>())
    };
    let named = |name: &str, value: i64| (name.as_bytes().to_vec(), value);
    assert_eq!(found("budget/"), Ok(vec![named("budget/", 5), named("budget/a", 2), named("budget/b", 1)]));
    assert_eq!(found("x"), Ok(Vec::new()));
    assert_eq!(found("").map(|found| found.len()), Ok(5));
    let read = wait(store.counters(TENANT, &[counter("budgeu"), counter("none")]));
    assert_eq!(read, Ok(vec![Counter { value: 3, cap: None }, Counter::default()]));
}

/// Five things under the same names, for two tenants side by side.
pub fn tenants_share_nothing<S: Store>(store: &Arc<S>) {
    let everything = |tenant: Tenant, text: &str| Batch {
        id: id(0),
        tenant,
        home: HOME,
        checks: vec![Check::Absent(key("a"))],
        changes: vec![
            put("a", text),
            Change::SetCap(counter("c"), Some(1)),
            Change::Add(counter("c"), 1),
            Change::Mark(mark(1), used(text)),
            append(text),
            Change::Enqueue { queue: Queue(1), due_ms: 1, id: [1; 16], payload: text.as_bytes().to_vec() },
        ],
    };
    let tenants = [(TENANT, "one"), (OTHER, "two"), (Tenant(0), "zero"), (Tenant(u32::MAX), "last")];
    for (tenant, text) in tenants {
        assert!(matches!(commit(store, everything(tenant, text)), Outcome::Committed { .. }), "{text}");
    }
    for (tenant, text) in tenants {
        let record =
            wait(store.get(tenant, &[key("a")])).map(|found| found[0].clone().map(|record| record.bytes));
        assert_eq!(record, Ok(Some(text.as_bytes().to_vec())));
        let page = wait(store.scan(tenant, KIND, Range::default(), Direction::Reverse, 9));
        assert_eq!(page.map(|page| names(&page)), Ok(vec!["a".to_owned()]));
        assert_eq!(wait(store.counters_with(tenant, b"")).map(|found| found.len()), Ok(1));
        assert_eq!(wait(store.marks(tenant, &[mark(1)])), Ok(vec![Some(used(text))]));
        let leased = wait(store.lease_due(tenant, Queue(1), 9, 99, 9));
        assert_eq!(leased.map(|leased| leased[0].payload.clone()), Ok(text.as_bytes().to_vec()));
    }
    let gone = vec![
        Change::Delete(key("a")),
        Change::Add(counter("c"), -1),
        Change::Unmark(mark(1)),
        Change::Acknowledge { queue: Queue(1), due_ms: 1, id: [1; 16] },
    ];
    done(store, 1, gone);
    assert_eq!(wait(store.get(OTHER, &[key("a")])).map(|found| found[0].is_some()), Ok(true));
    assert_eq!(wait(store.marks(OTHER, &[mark(1)])), Ok(vec![Some(used("two"))]));
    assert_eq!(wait(store.counters(OTHER, &[counter("c")])).map(|found| found[0].value), Ok(1));
    assert_eq!(wait(store.lease_due(OTHER, Queue(1), 100, 200, 9)).map(|leased| leased.len()), Ok(1));
}

/// Scrubbing is about bytes on disk: nobody who reads notices it.
pub fn scrubbing_changes_nothing_that_is_kept<S: Store>(store: &Arc<S>) {
    done(
        store,
        0,
        vec![put("a", "1"), put("b", "2"), append("x"), append("y"), Change::Mark(mark(1), used("m"))],
    );
    let queued = Change::Enqueue { queue: Queue(1), due_ms: 1, id: [1; 16], payload: vec![1] };
    done(store, 1, vec![Change::Add(counter("c"), 4), queued, Change::Delete(key("b"))]);
    done(store, 2, vec![Change::Redact(Lane::of(HOME), Position(0))]);
    let entries = lane(store, Lane::of(HOME));
    for round in 0..2 {
        assert_eq!(wait(store.scrub()), Ok(()));
        assert_eq!((bytes(store, "a").as_deref(), bytes(store, "b")), (Some("1"), None));
        assert_eq!(lane(store, Lane::of(HOME))[..2], entries[..]);
        assert_eq!(wait(store.marks(TENANT, &[mark(1)])), Ok(vec![Some(used("m"))]));
        assert_eq!(value(store, "c").value, 4 + i64::from(round));
        assert!(matches!(wait(store.outcome(TENANT, id(1))), Ok(Some(Outcome::Committed { .. }))));
        let (version, positions) = done(
            store,
            10 + u64::from(round == 1),
            vec![Change::Add(counter("c"), 1), append("z"), put("d", "3")],
        );
        assert_eq!(positions, [Position(2 + u64::from(round == 1))]);
        assert_eq!(record(store, "d").map(|record| record.version), Some(version));
    }
    assert_eq!(wait(store.lease_due(TENANT, Queue(1), 9, 99, 9)).map(|leased| leased.len()), Ok(1));
}
