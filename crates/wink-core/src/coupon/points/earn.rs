//! An order earns points, once; what of it comes back takes them back.

use super::account::{Account, Lot, Moved};
use super::ledger::{Cause, Entry, Place};
use crate::base::{Cents, Points, ProfileId, Timestamp};

/// What an order earned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earned {
    /// Which order, by a keyed hash of its id.
    pub order: [u8; 16],
    /// Whose points they are.
    pub profile: ProfileId,
    /// When they were earned.
    pub at: Timestamp,
    /// What was paid for it.
    pub paid: Cents,
    /// How much of that came back.
    pub back: Cents,
    /// How many it earned; more than none.
    pub points: Points,
    /// Of those that came back, the ones that were not there any more: used, and owed since then, or run out.
    pub uncollected: Points,
}

/// What came back of an order that nobody had told of yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Early {
    /// How much of what was paid.
    pub back: Cents,
    /// Whether it was all of it.
    pub is_all: bool,
}

impl Early {
    /// Notes that more came back: so much, or all.
    pub fn add(&mut self, back: Option<Cents>) {
        match back {
            Some(back) => self.back = Cents(self.back.0.saturating_add(back.0.max(0))),
            None => self.is_all = true,
        }
    }

    /// Tells what to take back once the order is told of, as [`claw_back`] wants it; `None` if nothing came back.
    pub fn back(self) -> Option<Option<Cents>> {
        let some = Some(self.back).filter(|back| Cents::ZERO < *back).map(Some);
        if self.is_all { Some(None) } else { some }
    }
}

impl Earned {
    /// Tells how many points belong to so much of what was paid, rounded half up: those of two parts are those of both together.
    fn of(&self, back: Cents) -> Points {
        let paid = i128::from(self.paid.0.max(1));
        let back = i128::from(back.0).clamp(0, paid);
        let points = (2 * i128::from(self.points.0) * back + paid) / (2 * paid);
        Points(i64::try_from(points).unwrap_or(i64::MAX)).min(self.points)
    }

    /// Tells how many have come back, taken or not.
    pub fn returned(&self) -> Points {
        self.of(self.back)
    }
}

/// Gives an account what an order earned, which is there until `until`; what the account owes is taken back at once. `None` if that is nothing.
pub fn earn(
    account: &Account,
    order: [u8; 16],
    (paid, points): (Cents, Points),
    until: Timestamp,
    now: Timestamp,
) -> Option<(Moved, Earned)> {
    if points <= Points::ZERO {
        return None;
    }
    let mut account = account.clone();
    let about = account.step(Some(Cause::Order(order)), now);
    account.put(Lot { until, points });
    let mut entries = vec![Entry::new(about, Place::Shop, Place::Held, points)];
    entries.extend(account.settle(now));
    let (profile, back, uncollected) = (account.profile, Cents::ZERO, Points::ZERO);
    Some((Moved { account, entries }, Earned { order, profile, at: now, paid, back, points, uncollected }))
}

/// Takes back what was earned on what comes back: `back` of what was paid, or all that is left. `None` if nothing is left to come back.
///
/// What is not there any more is noted as uncollected and owed as far as it was used, and the balance is never below nothing.
pub fn claw_back(
    account: &Account,
    earned: &Earned,
    back: Option<Cents>,
    now: Timestamp,
) -> Option<(Moved, Earned)> {
    let left = earned.paid - earned.back;
    let back = back.unwrap_or(left).clamp(Cents::ZERO, left.max(Cents::ZERO));
    if back == Cents::ZERO {
        return None;
    }
    let mut after = Earned { back: earned.back + back, ..*earned };
    let mut account = account.clone();
    let due = after.returned() - earned.returned();
    let taken = account.take_longest(due, now);
    after.uncollected += due - taken;
    account.owe(due - taken);
    let mut entries = Vec::new();
    if Points::ZERO < taken {
        let about = account.step(Some(Cause::Order(earned.order)), now);
        entries.push(Entry::new(about, Place::Held, Place::TakenBack, taken));
    }
    Some((Moved { account, entries }, after))
}
