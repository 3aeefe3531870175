//! What a step in a coupon's life changes in the store: the coupon, its timer, its redemption, the budget and the ledger, in one batch, so that
//! they cannot disagree.

use wink_core::base::ProfileId;
use wink_core::coupon::{Coupon, Effect, Entry};
use wink_record::Stored;
use wink_store::{Batch, Change, Home};

use super::announce::no_longer_expired;
use super::limits;
use crate::keys;

/// Adds a step to a batch; `before` is the coupon it was taken from, if there was one.
pub(super) fn book(before: Option<&Coupon>, effect: &Effect, batch: &mut Batch) {
    put(before, &effect.coupon, batch);
    if let Some(redemption) = &effect.redemption {
        batch.changes.push(Change::Put(keys::redemption(redemption.id), redemption.to_bytes()));
    }
    book_entries(&effect.entries, batch);
    limits::book_word(&effect.coupon, &effect.entries, batch);
}

/// Adds a coupon and the change of its timer to a batch; takes back what was said of its end, if that is not true any more.
pub(super) fn put(before: Option<&Coupon>, after: &Coupon, batch: &mut Batch) {
    batch.changes.push(Change::Put(keys::coupon(after.id), after.to_bytes()));
    batch.changes.extend(before.and_then(|before| no_longer_expired(before, after)).map(Change::Delete));
    let (was_due, is_due) = (before.and_then(Coupon::due_at), after.due_at());
    if was_due == is_due {
        return;
    }
    let (queue, id) = (keys::EXPIRY, after.id.bytes());
    batch.changes.extend(was_due.map(|due| Change::Acknowledge { queue, due_ms: due.0, id }));
    batch.changes.extend(is_due.map(|due| Change::Enqueue { queue, due_ms: due.0, id, payload: Vec::new() }));
}

/// Adds movements of money to a batch: to the budget's counter and to the ledger.
pub(super) fn book_entries<'a>(entries: impl IntoIterator<Item = &'a Entry>, batch: &mut Batch) {
    for entry in entries {
        let owed = entry.owed();
        if owed.0 != 0 {
            batch.changes.push(Change::Add(keys::budget(entry.campaign.as_str()), owed.0));
        }
        append(entry, batch);
    }
}

/// Adds a movement of money to the ledger; its counter is moved beside it.
pub(super) fn append(entry: &Entry, batch: &mut Batch) {
    batch.changes.push(Change::Append {
        kind: keys::entry::LEDGER,
        key: entry.id,
        owner: None,
        payload: entry.to_bytes(),
    });
}

/// Finds the home of a coupon's entries; a coupon whose person was erased has none of its own.
pub(super) fn home_of(profile: Option<ProfileId>) -> Home {
    profile.map_or(Home(0), keys::home)
}
