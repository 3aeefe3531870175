//! Leases and acknowledgements.

use super::*;

const QUEUE: Queue = Queue(2);

fn enqueue(due_ms: i64, id: u8) -> Change {
    Change::Enqueue { queue: QUEUE, due_ms, id: [id; 16], payload: vec![id, 1] }
}

fn acknowledge(due_ms: i64, id: u8) -> Change {
    Change::Acknowledge { queue: QUEUE, due_ms, id: [id; 16] }
}

fn lease<S: Store>(store: &Arc<S>, now_ms: i64, until_ms: i64, limit: usize) -> Vec<(i64, u8)> {
    match wait(store.lease_due(TENANT, QUEUE, now_ms, until_ms, limit)) {
        Ok(leased) => leased.iter().map(|entry| (entry.due_ms, entry.id[0])).collect(),
        Err(error) => panic!("the queue can be read: {error}"),
    }
}

/// An entry nobody acknowledges comes back when its lease ends.
pub fn an_entry_is_leased_to_one_at_a_time<S: Store>(store: &Arc<S>) {
    done(store, 0, vec![enqueue(100, 1)]);
    assert_eq!(lease(store, 99, 200, 10), []);
    let leased = wait(store.lease_due(TENANT, QUEUE, 100, 200, 10));
    assert_eq!(
        leased.map(|leased| leased.into_iter().map(|entry| entry.payload).collect()),
        Ok(vec![vec![1, 1]])
    );
    assert_eq!(lease(store, 150, 250, 10), []);
    assert_eq!(lease(store, 200, 300, 10), [(100, 1)]);
    done(store, 1, vec![acknowledge(100, 1)]);
    assert_eq!(lease(store, 1_000, 2_000, 10), []);
    done(store, 2, vec![enqueue(100, 1)]);
    assert_eq!(lease(store, 110, 300, 10), [(100, 1)], "an acknowledged entry leaves no lease behind");
}

/// Earliest first, also before 1970, and never more than asked for.
pub fn entries_are_leased_in_order_of_their_due_time<S: Store>(store: &Arc<S>) {
    let due = [300, -5, 20, i64::MIN, 100];
    done(store, 0, due.iter().zip(1..).map(|(due_ms, id)| enqueue(*due_ms, id)).collect());
    assert_eq!(lease(store, 100, 500, 2), [(i64::MIN, 4), (-5, 2)]);
    assert_eq!(lease(store, 100, 500, 0), []);
    assert_eq!(lease(store, 100, 500, 10), [(20, 3), (100, 5)]);
    done(store, 1, vec![enqueue(-100, 9)]);
    assert_eq!(lease(store, 100, 500, 10), [(-100, 9)]);
    assert_eq!(
        lease(store, i64::MAX, i64::MAX, 10),
        [(i64::MIN, 4), (-100, 9), (-5, 2), (20, 3), (100, 5), (300, 1)]
    );
}

/// Of two workers with the same entry, one acts: the other's acknowledgement conflicts and takes its batch with it.
pub fn an_entry_is_acknowledged_once<S: Store>(store: &Arc<S>) {
    done(store, 0, vec![enqueue(1, 1)]);
    done(store, 1, vec![acknowledge(1, 1), Change::Add(counter("sent"), 1)]);
    let second = batch(2, vec![Change::Add(counter("sent"), 1), acknowledge(1, 1)]);
    assert_eq!(refused(commit(store, second)), (Which::Change(1), Found::NotQueued));
    assert_eq!(value(store, "sent").value, 1);
    let never = batch(3, vec![acknowledge(2, 1)]);
    assert_eq!(refused(commit(store, never)), (Which::Change(0), Found::NotQueued));
}

/// The same due time and id is one entry.
pub fn an_entry_is_queued_once<S: Store>(store: &Arc<S>) {
    done(store, 0, vec![enqueue(1, 1)]);
    assert_eq!(refused(commit(store, batch(1, vec![enqueue(1, 1)]))), (Which::Change(0), Found::Queued));
    done(store, 2, vec![enqueue(2, 1), enqueue(1, 2)]);
    let other = Change::Enqueue { queue: Queue(3), due_ms: 1, id: [1; 16], payload: Vec::new() };
    done(store, 3, vec![other]);
    assert_eq!(lease(store, 9, 9, 10), [(1, 1), (1, 2), (2, 1)]);
}

/// Entries that come and go, early and late, are each handed out once.
pub fn a_queue_works_for_long<S: Store>(store: &Arc<S>) {
    let mut seen = 0;
    for round in 0_u8..100 {
        let due_ms = if round % 7 == 0 { -i64::from(round) } else { i64::from(round) };
        done(store, 2 * u64::from(round), vec![enqueue(due_ms, round)]);
        for (due_ms, id) in lease(store, i64::from(round), i64::MAX, 10) {
            done(store, 2 * u64::from(id) + 1, vec![acknowledge(due_ms, id)]);
            seen += 1;
        }
    }
    assert_eq!(seen, 100);
    assert_eq!(lease(store, i64::MAX, i64::MAX, 10), []);
}
