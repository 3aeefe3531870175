//! Counters and marks.

use super::*;
use crate::Failure;

fn add(amount: i64) -> Vec<Change> {
    vec![Change::Add(counter("c"), amount)]
}

fn cap(cap: Option<i64>) -> Vec<Change> {
    vec![Change::SetCap(counter("c"), cap)]
}

/// Reading creates nothing, and nobody's counter is zero.
pub fn a_counter_starts_at_zero_without_a_cap<S: Store>(store: &Arc<S>) {
    assert_eq!(value(store, "c"), Counter { value: 0, cap: None });
    done(store, 0, add(5));
    done(store, 1, cap(Some(9)));
    assert_eq!(value(store, "c"), Counter { value: 5, cap: Some(9) });
    done(store, 2, cap(None));
    assert_eq!(value(store, "c"), Counter { value: 5, cap: None });
}

/// What counts days would else grow for ever.
pub fn a_counter_that_is_nothing_again_is_not_kept<S: Store>(store: &Arc<S>) {
    let listed = |store: &Arc<S>| wait(store.counters_with(TENANT, b"")).unwrap_or_default();
    done(store, 0, [add(5), cap(Some(9))].concat());
    done(store, 1, add(-5));
    assert_eq!(listed(store), [(counter("c"), Counter { value: 0, cap: Some(9) })], "its cap is something");
    done(store, 2, cap(None));
    assert_eq!((listed(store), value(store, "c")), (Vec::new(), Counter::default()));
    // In one batch as well, and it begins anew.
    done(store, 3, [add(2), add(-2)].concat());
    assert_eq!(listed(store), Vec::new());
    done(store, 4, add(1));
    assert_eq!(listed(store), [(counter("c"), Counter { value: 1, cap: None })]);
}

/// Both bounds may be reached, neither passed.
pub fn a_counter_stays_between_zero_and_its_cap<S: Store>(store: &Arc<S>) {
    done(store, 0, cap(Some(10)));
    done(store, 1, add(10));
    let full = Counter { value: 10, cap: Some(10) };
    assert_eq!(refused(commit(store, batch(2, add(1)))), (Which::Change(0), Found::Counter(full)));
    done(store, 3, add(-10));
    let empty = Counter { value: 0, cap: Some(10) };
    assert_eq!(refused(commit(store, batch(4, add(-1)))), (Which::Change(0), Found::Counter(empty)));
    assert_eq!(refused(commit(store, batch(5, add(11)))), (Which::Change(0), Found::Counter(empty)));
    assert_eq!(value(store, "c"), empty);
}

/// Lowering a cap is never refused; until the value is below it again, only decreases pass.
pub fn a_cap_below_the_value_only_refuses_increases<S: Store>(store: &Arc<S>) {
    done(store, 0, add(8));
    done(store, 1, cap(Some(5)));
    let over = Counter { value: 8, cap: Some(5) };
    assert_eq!(refused(commit(store, batch(2, add(1)))), (Which::Change(0), Found::Counter(over)));
    done(store, 3, add(0));
    done(store, 4, add(-1));
    assert_eq!(value(store, "c"), Counter { value: 7, cap: Some(5) });
    done(store, 5, add(-3));
    done(store, 6, add(1));
    let full = Counter { value: 5, cap: Some(5) };
    assert_eq!(refused(commit(store, batch(7, add(1)))), (Which::Change(0), Found::Counter(full)));
}

/// The integer's end is a failure without a cap, and beyond every cap with one.
pub fn a_counter_out_of_range_fails<S: Store>(store: &Arc<S>) {
    done(store, 0, add(i64::MAX));
    assert_eq!(commit(store, batch(1, add(1))), Outcome::Failed(Failure::OutOfRange { change: 0 }));
    done(store, 2, cap(Some(i64::MAX)));
    let full = Counter { value: i64::MAX, cap: Some(i64::MAX) };
    assert_eq!(refused(commit(store, batch(3, add(1)))), (Which::Change(0), Found::Counter(full)));
    assert_eq!(refused(commit(store, batch(4, add(i64::MIN)))), (Which::Change(0), Found::Counter(full)));
    done(store, 5, add(-i64::MAX));
    assert_eq!(value(store, "c").value, 0);
}

/// Who comes second learns with which body and result the first came.
pub fn a_mark_is_taken_once_and_can_be_freed<S: Store>(store: &Arc<S>) {
    assert_eq!(wait(store.marks(TENANT, &[mark(1)])), Ok(vec![None]));
    done(store, 0, vec![Change::Mark(mark(1), used("first"))]);
    let second = vec![Change::Mark(mark(1), Mark { body: [1; 16], result: Vec::new() })];
    assert_eq!(refused(commit(store, batch(1, second))), (Which::Change(0), Found::Mark(used("first"))));
    let other_scope = MarkKey { scope: Scope(2), id: [1; 16] };
    done(store, 2, vec![Change::Mark(other_scope, used("another scope"))]);
    let found = wait(store.marks(TENANT, &[other_scope, mark(2), mark(1)]));
    assert_eq!(found, Ok(vec![Some(used("another scope")), None, Some(used("first"))]));
    done(store, 3, vec![Change::Unmark(mark(1)), Change::Unmark(mark(9))]);
    done(store, 4, vec![Change::Mark(mark(1), used("again"))]);
    assert_eq!(wait(store.marks(TENANT, &[mark(1)])), Ok(vec![Some(used("again"))]));
}
