//! Events Wink writes itself: the loop closes here, so that the next decision knows of what this one caused.

use std::collections::BTreeMap;
use std::sync::Arc;

use wink_core::base::{EventId, Hasher, ProfileId, Timestamp};
use wink_core::event::Body;
use wink_core::feature::{Catalogue, Happened, State, fold};
use wink_core::profile::{IdentityKey, Kept};
use wink_record::Stored;
use wink_store::{Batch, Change};

use super::person::Loaded;
use crate::keys;

/// The name under which Wink writes.
const SOURCE: &str = "wink";

/// What an event of Wink's own tells of. Its id follows from it: the same step is the same event.
pub(super) struct Cause {
    /// The step, as a family of ids.
    pub what: &'static str,
    /// What made the step.
    pub id: [u8; 16],
    /// The same, as it is read.
    pub named: String,
}

/// An event of Wink's own, not yet written.
pub(super) struct OwnEvent(Kept);

/// Makes an event about a person that happened just now.
pub(super) fn own_event(
    cause: Cause,
    profile: ProfileId,
    identity: IdentityKey,
    now: Timestamp,
    body: Body,
) -> OwnEvent {
    OwnEvent(Kept {
        id: EventId::new(now, Hasher::new(cause.what).field(&cause.id).finish().short()),
        profile,
        identity,
        source: SOURCE.to_owned(),
        message_id: cause.named,
        occurred_at: now,
        sent_at: None,
        received_at: now,
        accepted_at: None,
        original_at: None,
        late: false,
        body,
        extra: BTreeMap::new(),
    })
}

impl OwnEvent {
    /// Says that it was heard of later than it happened.
    pub(super) fn heard_at(mut self, now: Timestamp) -> Self {
        self.0.received_at = now;
        self
    }

    /// Folds the event into the state of its identity and adds both to the batch. Gives how many bytes the state has now.
    pub(super) fn append(
        self,
        state: &mut Loaded<Arc<State>>,
        features: &Catalogue,
        batch: &mut Batch,
    ) -> usize {
        let Self(kept) = self;
        fold(
            Arc::make_mut(&mut state.value),
            features,
            &Happened::new(kept.occurred_at, &kept.body, &kept.extra),
        );
        batch.checks.push(state.unchanged());
        let bytes = state.value.to_bytes();
        let stored = bytes.len();
        batch.changes.push(Change::Put(state.key.clone(), bytes));
        batch.changes.push(Change::Append {
            kind: keys::entry::EVENT,
            key: kept.id.bytes(),
            owner: Some(keys::home(kept.profile)),
            payload: kept.to_bytes(),
        });
        batch.changes.push(Change::Add(keys::events(kept.body.event_name()), 1));
        stored
    }
}
