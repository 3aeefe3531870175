//! The conformance suite: what the contract on [`Store`](crate::Store) says, as tests any implementation can run.
//!
//! An implementation's tests call [`suite!`](crate::suite!) with a function that makes an empty store; every promise becomes one
//! named test. The promises are plain functions, so a test may also run one alone, for instance against a store with a mistake
//! built in.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a suite of tests: an answer of the wrong shape must end the test"
)]

mod batch;
mod count;
mod journal;
mod queue;
mod race;
mod read;

use std::sync::Arc;

use crate::{
    Batch, BatchId, Change, Check, Counter, CounterKey, Entry, EntryKind, Found, Home, Kind, Lane, Mark,
    MarkKey, Outcome, Position, Queue, Record, RecordKey, Scope, Store, Tenant, Version, Which,
};

pub use batch::*;
pub use count::*;
pub use journal::*;
pub use queue::*;
pub use race::*;
pub use read::*;

/// Runs a future to its end on this thread.
pub fn wait<F: Future>(future: F) -> F::Output {
    pollster::block_on(future)
}

/// Makes one named test of every promise. Takes a function that answers `(Arc<impl Store>, guard)`; the guard is dropped last.
#[macro_export]
macro_rules! suite {
    ($make:expr) => {
        $crate::suite!(@ $make;
            a_batch_that_conflicts_does_nothing
            a_conflict_names_the_first_that_does_not_hold
            checks_see_the_state_before_the_batch
            changes_see_the_changes_before_them
            the_last_change_of_a_record_counts
            a_check_may_concern_a_record_the_batch_leaves_alone
            versions_grow_and_never_come_back
            all_records_of_a_batch_have_its_version
            the_limits_are_typed
            a_batch_at_the_limits_is_done
            submit_keeps_the_order_and_goes_on_after_a_conflict
            many_batches_in_one_submit_are_all_done
            a_batch_id_is_done_once
            a_batch_id_is_done_once_inside_one_submit
            a_conflict_may_be_tried_again_under_its_id
            an_outcome_is_remembered
            a_hundred_thousand_outcomes_are_remembered
            an_empty_batch_commits
            a_counter_starts_at_zero_without_a_cap
            a_counter_that_is_nothing_again_is_not_kept
            a_counter_stays_between_zero_and_its_cap
            a_cap_below_the_value_only_refuses_increases
            a_counter_out_of_range_fails
            a_mark_is_taken_once_and_can_be_freed
            a_lane_is_dense_and_chained
            a_lane_is_shared_by_all_tenants
            a_lane_reads_from_any_position
            redaction_removes_the_body_and_keeps_the_chain
            redaction_touches_only_the_own_tenant
            salts_differ
            an_entry_is_leased_to_one_at_a_time
            entries_are_leased_in_order_of_their_due_time
            an_entry_is_acknowledged_once
            an_entry_is_queued_once
            a_queue_works_for_long
            records_are_read_in_the_order_asked_for
            what_is_known_is_read_again_only_if_it_changed
            a_scan_goes_forward_and_in_reverse
            a_scan_goes_on_page_by_page
            a_scan_stays_in_its_range
            a_prefix_takes_in_all_that_begins_with_it
            counters_are_read_by_prefix
            tenants_share_nothing
            scrubbing_changes_nothing_that_is_kept
            a_capped_counter_is_never_passed_by_racing_callers
            a_mark_is_taken_by_one_of_racing_callers
            no_update_is_lost_between_racing_callers
            an_entry_is_leased_to_one_of_racing_callers
            whoever_reads_a_part_of_a_commit_reads_all_of_it
        );
    };
    (@ $make:expr; $($promise:ident)*) => {
        $(
            #[test]
            fn $promise() {
                let (store, _guard) = $make();
                $crate::suite::$promise(&store);
            }
        )*
    };
}

const TENANT: Tenant = Tenant(7);
const OTHER: Tenant = Tenant(8);
const HOME: Home = Home(3);
const KIND: Kind = Kind(1);

fn id(number: u64) -> BatchId {
    BatchId((u128::from(number) + 1).to_be_bytes())
}

fn key(name: &str) -> RecordKey {
    RecordKey::new(KIND, name)
}

fn counter(name: &str) -> CounterKey {
    CounterKey(name.as_bytes().to_vec())
}

fn mark(name: u8) -> MarkKey {
    MarkKey { scope: Scope(1), id: [name; 16] }
}

fn used(result: &str) -> Mark {
    Mark { body: [9; 16], result: result.as_bytes().to_vec() }
}

fn put(name: &str, bytes: &str) -> Change {
    Change::Put(key(name), bytes.as_bytes().to_vec())
}

fn append(payload: &str) -> Change {
    Change::Append {
        kind: EntryKind(4),
        key: [5; 16],
        owner: Some(HOME),
        payload: payload.as_bytes().to_vec(),
    }
}

fn batch(number: u64, changes: Vec<Change>) -> Batch {
    Batch { id: id(number), tenant: TENANT, home: HOME, checks: Vec::new(), changes }
}

fn commit<S: Store>(store: &Arc<S>, batch: Batch) -> Outcome {
    wait(store.commit(batch))
}

/// Commits changes that must hold.
fn done<S: Store>(store: &Arc<S>, number: u64, changes: Vec<Change>) -> (Version, Vec<Position>) {
    match commit(store, batch(number, changes)) {
        Outcome::Committed { version, positions } => (version, positions),
        other => panic!("batch {number} should have been committed: {other:?}"),
    }
}

fn refused(outcome: Outcome) -> (Which, Found) {
    match outcome {
        Outcome::Conflict(conflict) => (conflict.which, conflict.found),
        other => panic!("the batch should have conflicted: {other:?}"),
    }
}

#[expect(clippy::expect_used, reason = "a suite of tests")]
fn record<S: Store>(store: &Arc<S>, name: &str) -> Option<Record> {
    wait(store.get(TENANT, &[key(name)])).expect("records can be read").remove(0)
}

fn bytes<S: Store>(store: &Arc<S>, name: &str) -> Option<String> {
    record(store, name).map(|record| String::from_utf8_lossy(&record.bytes).into_owned())
}

#[expect(clippy::expect_used, reason = "a suite of tests")]
fn value<S: Store>(store: &Arc<S>, name: &str) -> Counter {
    wait(store.counters(TENANT, &[counter(name)])).expect("counters can be read").remove(0)
}

#[expect(clippy::expect_used, reason = "a suite of tests")]
fn lane<S: Store>(store: &Arc<S>, lane: Lane) -> Vec<Entry> {
    wait(store.read_lane(lane, Position(0), usize::MAX)).expect("lanes can be read")
}
