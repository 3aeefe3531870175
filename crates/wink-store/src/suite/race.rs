//! Many callers at once.

use std::sync::Barrier;
use std::thread;

use super::*;

/// Starts `callers` threads at the same moment, runs them to their end and collects what they answer.
fn race<S: Store, A: Send>(store: &Arc<S>, callers: u64, act: impl Fn(&Arc<S>, u64) -> A + Sync) -> Vec<A> {
    let (start, act) = (&Barrier::new(usize::try_from(callers).unwrap_or(1)), &act);
    thread::scope(|scope| {
        let run = |caller| {
            scope.spawn(move || {
                start.wait();
                act(store, caller)
            })
        };
        let running: Vec<_> = (0..callers).map(run).collect();
        running
            .into_iter()
            .map(|caller| caller.join().unwrap_or_else(|_| panic!("a caller failed")))
            .collect()
    })
}

/// A budget of 500 and 64 callers who want 1,280: exactly 500 are spent, and whoever was told so spent.
pub fn a_capped_counter_is_never_passed_by_racing_callers<S: Store>(store: &Arc<S>) {
    done(store, 0, vec![Change::SetCap(counter("budget"), Some(500))]);
    let spent: Vec<i64> = race(store, 64, |store, caller| {
        let mut spent = 0;
        for round in 0..20 {
            let number = 1 + caller * 20 + round;
            match commit(store, batch(number, vec![Change::Add(counter("budget"), 1), append("spent")])) {
                Outcome::Committed { .. } => spent += 1,
                Outcome::Conflict(conflict) => {
                    assert_eq!(conflict.found, Found::Counter(Counter { value: 500, cap: Some(500) }));
                }
                other => panic!("{other:?}"),
            }
        }
        spent
    });
    assert_eq!(value(store, "budget"), Counter { value: 500, cap: Some(500) });
    assert_eq!(spent.iter().sum::<i64>(), 500);
    assert_eq!(lane(store, Lane::of(HOME)).len(), 500);
}

/// 64 callers want one id; one gets it and the others see its result.
pub fn a_mark_is_taken_by_one_of_racing_callers<S: Store>(store: &Arc<S>) {
    let outcomes = race(store, 64, |store, caller| {
        commit(store, batch(caller, vec![Change::Mark(mark(1), used(&caller.to_string()))]))
    });
    let winners: Vec<usize> = (0..)
        .zip(&outcomes)
        .filter(|(_, outcome)| matches!(outcome, Outcome::Committed { .. }))
        .map(|(n, _)| n)
        .collect();
    assert_eq!(winners.len(), 1, "{outcomes:?}");
    let winner = used(&winners[0].to_string());
    for (_, outcome) in (0..).zip(outcomes).filter(|(number, _)| *number != winners[0]) {
        assert_eq!(refused(outcome).1, Found::Mark(winner.clone()));
    }
}

/// 32 callers each add one to a record ten times, by version: 320 in the end.
pub fn no_update_is_lost_between_racing_callers<S: Store>(store: &Arc<S>) {
    done(store, 0, vec![put("sum", "0")]);
    race(store, 32, |store, caller| {
        let mut tries = 0;
        for round in 0..10 {
            loop {
                let Some(found) = record(store, "sum") else { panic!("the record is there") };
                let sum: u64 = String::from_utf8_lossy(&found.bytes).parse().unwrap_or(0);
                tries += 1;
                let number = 1 + caller * 1_000_000 + round * 10_000 + tries;
                let mut update = batch(number, vec![put("sum", &(sum + 1).to_string())]);
                update.checks = vec![Check::Version(key("sum"), found.version)];
                match commit(store, update) {
                    Outcome::Committed { .. } => break,
                    Outcome::Conflict(_) => {}
                    other => panic!("{other:?}"),
                }
            }
        }
    });
    assert_eq!(bytes(store, "sum").as_deref(), Some("320"));
}

/// 16 workers empty a queue of 100: every entry is leased once.
pub fn an_entry_is_leased_to_one_of_racing_callers<S: Store>(store: &Arc<S>) {
    let entry = |id: u8| Change::Enqueue {
        queue: Queue(1),
        due_ms: i64::from(id),
        id: [id; 16],
        payload: Vec::new(),
    };
    done(store, 0, (0..100).map(entry).collect());
    let leased = race(store, 16, |store, _| {
        let mut leased = Vec::new();
        loop {
            match wait(store.lease_due(TENANT, Queue(1), 1_000, 2_000, 3)) {
                Ok(some) if some.is_empty() => return leased,
                Ok(some) => leased.extend(some.into_iter().map(|entry| entry.id)),
                Err(error) => panic!("{error}"),
            }
        }
    });
    let mut all: Vec<[u8; 16]> = leased.concat();
    all.sort_unstable();
    assert_eq!(all, (0..100).map(|id| [id; 16]).collect::<Vec<_>>());
}

/// One writes the number of its round in many places at once. Three others read one place and then another, which is never behind.
pub fn whoever_reads_a_part_of_a_commit_reads_all_of_it<S: Store>(store: &Arc<S>) {
    const ROUNDS: u64 = 400;
    const PLACES: u64 = 14;
    let name = |place: u64| format!("place {place}");
    let at = |store: &Arc<S>, place: u64, least: u64| match place {
        0 => u64::try_from(value(store, "rounds").value).unwrap_or(0),
        // From where it is known to be on: the lane is as long as there were rounds.
        1 => match wait(store.read_lane(Lane::of(HOME), Position(least), usize::MAX)) {
            Ok(more) => least + u64::try_from(more.len()).unwrap_or(0),
            Err(error) => panic!("{error}"),
        },
        _ => bytes(store, &name(place)).and_then(|text| text.parse().ok()).unwrap_or(0),
    };
    race(store, 4, |store, caller| {
        if caller == 0 {
            for round in 1..=ROUNDS {
                let mut changes: Vec<Change> =
                    (2..PLACES).map(|place| put(&name(place), &round.to_string())).collect();
                changes.extend([Change::Add(counter("rounds"), 1), append("a round")]);
                done(store, round, changes);
            }
            return;
        }
        let (mut pair, mut seen) = (caller, 0);
        while seen < ROUNDS {
            let (first, second) = (pair % PLACES, pair / PLACES % PLACES);
            let one = at(store, first, seen);
            let other = at(store, second, one);
            assert!(
                one <= other,
                "round {one} was seen in place {first}, and then {other} in place {second}"
            );
            seen = other;
            pair += 1;
        }
    });
}
