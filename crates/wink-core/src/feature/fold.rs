//! Folds an event into a state. Addition only, so any order gives the same state; deduplication is the caller's, in the same commit.

use super::happened::Happened;
use super::{Catalogue, State};

/// Adds what happened to the state of the identity it is kept under. Tells whether any feature is made of such events; if not, the
/// state stays as it is.
pub fn fold(state: &mut State, catalogue: &Catalogue, happened: &Happened<'_>) -> bool {
    let mut is_folded = false;
    for accumulator in catalogue.of_event(happened.body.event_name()) {
        accumulator.add(state, happened, &catalogue.zone);
        is_folded = true;
    }
    if is_folded {
        state.forget_beyond_horizon();
    }
    is_folded
}
