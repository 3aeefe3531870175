//! The conformance suite, and a mutant that it must catch.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use wink_sim::{Disk, Faults, Mutant, SimStore};
use wink_store::suite;

fn make() -> (Arc<SimStore>, ()) {
    (Arc::new(SimStore::new()), ())
}

wink_store::suite!(make);

fn broken() -> Arc<SimStore> {
    Arc::new(SimStore::open(Disk::default(), Faults::default(), Mutant::CheckThenAct))
}

#[test]
fn the_races_catch_a_store_that_checks_then_acts() {
    let budget = catch_unwind(AssertUnwindSafe(|| {
        suite::a_capped_counter_is_never_passed_by_racing_callers(&broken())
    }));
    let mark = catch_unwind(AssertUnwindSafe(|| suite::a_mark_is_taken_by_one_of_racing_callers(&broken())));
    let update =
        catch_unwind(AssertUnwindSafe(|| suite::no_update_is_lost_between_racing_callers(&broken())));
    assert!(budget.is_err() && mark.is_err() && update.is_err(), "{budget:?} {mark:?} {update:?}");
}

#[test]
fn without_a_race_the_mutant_passes_for_sound() {
    suite::a_counter_stays_between_zero_and_its_cap(&broken());
    suite::a_mark_is_taken_once_and_can_be_freed(&broken());
}
