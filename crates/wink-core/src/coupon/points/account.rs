//! What a profile holds, in lots that run out one after the other.

use super::ledger::{About, Cause, Entry, Place};
use crate::base::{Points, ProfileId, Timestamp};

/// Points that run out together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lot {
    /// The first instant they are no longer there.
    pub until: Timestamp,
    /// How many; more than none.
    pub points: Points,
}

/// The points of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Names it in its movements. Drawn, and kept nowhere else: once the account is gone they lead to nobody.
    pub id: [u8; 16],
    /// Whose.
    pub profile: ProfileId,
    /// What there is, soonest over first; at most one lot for an instant.
    pub lots: Vec<Lot>,
    /// How many of them pay for orders now: those that could still come back.
    pub used: Points,
    /// How many were used and should have been taken back since: what comes next goes there. Never more than are used.
    pub owed: Points,
    /// How often anything moved: tells movements apart.
    pub steps: u64,
}

/// An account after a step, and what moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The account afterwards.
    pub account: Account,
    /// The movements.
    pub entries: Vec<Entry>,
}

impl Account {
    /// Opens the account of a profile, under an id that was drawn for it.
    pub fn new(id: [u8; 16], profile: ProfileId) -> Self {
        Self { id, profile, lots: Vec::new(), used: Points::ZERO, owed: Points::ZERO, steps: 0 }
    }

    /// Tells what can be used at `now`, whether or not anybody has seen to what ran out.
    pub fn balance(&self, now: Timestamp) -> Points {
        self.lots.iter().filter(|lot| now < lot.until).map(|lot| lot.points).sum()
    }

    /// Tells what lies in the ledger for it.
    pub fn held(&self) -> Points {
        self.lots.iter().map(|lot| lot.points).sum()
    }

    /// Tells when the next of it runs out. That is when its timer is due.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.lots.first().map(|lot| lot.until)
    }

    /// Adds points to the lot of their instant.
    pub(super) fn put(&mut self, lot: Lot) {
        if lot.points <= Points::ZERO {
            return;
        }
        match self.lots.binary_search_by_key(&lot.until, |known| known.until) {
            Ok(place) => {
                if let Some(known) = self.lots.get_mut(place) {
                    known.points += lot.points;
                }
            }
            Err(place) => self.lots.insert(place, lot),
        }
    }

    /// Takes so many out of the lot of an instant, which has as many.
    pub(super) fn take_from(&mut self, until: Timestamp, points: Points) {
        for lot in self.lots.iter_mut().filter(|lot| lot.until == until) {
            lot.points = lot.points - points;
        }
        self.lots.retain(|lot| Points::ZERO < lot.points);
    }

    /// Takes up to so many out of what there is at `now`, and tells how many: of what lasts longest, so that nobody makes old points new by buying
    /// and returning.
    pub(super) fn take_longest(&mut self, most: Points, now: Timestamp) -> Points {
        let mut left = most;
        for lot in self.lots.clone().into_iter().rev().filter(|lot| now < lot.until) {
            let some = lot.points.min(left);
            self.take_from(lot.until, some);
            left = left - some;
        }
        most - left
    }

    /// Owes so many more, but never more than are used: who used none owes none, whatever ran out.
    pub(super) fn owe(&mut self, more: Points) {
        self.owed = (self.owed + more).min(self.used);
    }

    /// Takes back what is owed, as far as it is there.
    pub(super) fn settle(&mut self, now: Timestamp) -> Option<Entry> {
        let taken = self.take_longest(self.owed, now);
        self.owed = self.owed - taken;
        self.owe(Points::ZERO);
        if taken == Points::ZERO {
            return None;
        }
        let about = self.step(None, now);
        Some(Entry::new(about, Place::Held, Place::TakenBack, taken))
    }

    /// Begins a step.
    pub(super) fn step(&mut self, cause: Option<Cause>, at: Timestamp) -> About {
        self.steps += 1;
        About { account: self.id, cause, step: self.steps, at }
    }
}

/// Lets what ran out by `now` run out. `None` if nothing did.
pub fn expire(account: &Account, now: Timestamp) -> Option<Moved> {
    let mut after = account.clone();
    after.lots.retain(|lot| now < lot.until);
    left_behind(account, after, now)
}

/// Lets everything run out, because its person is erased. `None` if there is nothing.
pub fn close(account: &Account, now: Timestamp) -> Option<Moved> {
    left_behind(account, Account { lots: Vec::new(), ..account.clone() }, now)
}

fn left_behind(before: &Account, mut after: Account, now: Timestamp) -> Option<Moved> {
    let gone = before.held() - after.held();
    if gone == Points::ZERO {
        return None;
    }
    let about = after.step(None, now);
    let entries = vec![Entry::new(about, Place::Held, Place::Expired, gone)];
    Some(Moved { account: after, entries })
}
