//! Accounts as they are changed in one commit, with their timers, their counters and the ledger.

use wink_core::base::ProfileId;
use wink_core::coupon::points::{Account, Entry, Place};
use wink_record::Stored;
use wink_store::{Batch, Change, Store};

use crate::engine::batch_id;
use crate::flow::person::{self, Loaded};
use crate::keys;
use crate::{Engine, Error};

/// Accounts that were read, and what moves in them.
#[derive(Default)]
pub(super) struct Purses {
    accounts: Vec<(Loaded<Account>, Account)>,
    moved: Vec<Entry>,
}

impl Purses {
    /// Reads the account of a profile, if it was not read yet; one that never had anything is empty.
    pub(super) async fn load<S: Store>(
        &mut self,
        engine: &Engine<S>,
        profile: ProfileId,
    ) -> Result<(), Error> {
        if self.of(profile).is_none() {
            let key = keys::points_account(profile);
            let drawn = batch_id()?.0;
            let loaded = person::load(engine, key, || Account::new(drawn, profile)).await?;
            let now = loaded.value.clone();
            self.accounts.push((loaded, now));
        }
        Ok(())
    }

    /// Gives an account as it is after what moved so far.
    pub(super) fn of(&self, profile: ProfileId) -> Option<&Account> {
        self.all().find(|account| account.profile == profile)
    }

    /// Lists the accounts, in the order they were read.
    pub(super) fn all(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter().map(|(_, account)| account)
    }

    /// Takes in accounts after a step, and what it moved.
    pub(super) fn put(&mut self, accounts: impl IntoIterator<Item = Account>, moved: Vec<Entry>) {
        for after in accounts {
            for (_, account) in self.accounts.iter_mut().filter(|(_, known)| known.profile == after.profile) {
                account.clone_from(&after);
            }
        }
        self.moved.extend(moved);
    }

    /// Tells how many changes it will make at most.
    pub(super) fn changes(&self) -> usize {
        3 * self.accounts.len() + 4 * self.moved.len()
    }

    /// Adds everything to a batch; it holds only if all accounts are still as they were read.
    pub(super) fn add_to(self, batch: &mut Batch) {
        for (before, after) in &self.accounts {
            batch.checks.push(before.unchanged());
            if before.value == *after {
                continue;
            }
            batch.changes.push(Change::Put(before.key.clone(), after.to_bytes()));
            batch.changes.extend(timer(&before.value, Some(after)));
        }
        for entry in self.moved {
            let whose = self.accounts.iter().find(|(_, account)| account.id == entry.account);
            if let Some((_, account)) = whose {
                let key = keys::points_moved(account.profile, entry.at, entry.id);
                batch.changes.push(Change::Put(key, entry.to_bytes()));
            }
            append(&entry, batch);
        }
    }
}

/// Adds a movement to the ledger and to its counters. It is about nobody: the account's name means nothing once its profile is gone.
pub(super) fn append(entry: &Entry, batch: &mut Batch) {
    for (place, points) in [(entry.from, -entry.points.0), (entry.to, entry.points.0)] {
        // The shop's own place is below nothing by all that there are; counters are not, so it counts what was made.
        let points = if place == Place::Shop { -points } else { points };
        batch.changes.push(Change::Add(keys::points(place.name()), points));
    }
    batch.changes.push(Change::Append {
        kind: keys::entry::POINTS,
        key: entry.id,
        owner: None,
        payload: entry.to_bytes(),
    });
}

/// Moves the timer of an account along with what runs out next in it.
pub(super) fn timer(before: &Account, after: Option<&Account>) -> impl Iterator<Item = Change> + use<> {
    let (queue, id) = (keys::POINTS, before.profile.bytes());
    let (was_due, is_due) = (before.due_at(), after.and_then(Account::due_at));
    let is_moved = was_due != is_due;
    let was = was_due.filter(|_| is_moved).map(|due| Change::Acknowledge { queue, due_ms: due.0, id });
    let is = is_due.filter(|_| is_moved);
    let is = is.map(|due| Change::Enqueue { queue, due_ms: due.0, id, payload: Vec::new() });
    was.into_iter().chain(is)
}
