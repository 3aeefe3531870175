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
    /// Of those that came back, the ones that were not there any more: used or run out. The shop lost them; nobody owes them.
    pub uncollected: Points,
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

/// Gives an account what an order earned, which is there until `until`. `None` if that is nothing.
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
    let entries = vec![Entry::new(about, Place::Shop, Place::Held, points)];
    let (profile, back, uncollected) = (account.profile, Cents::ZERO, Points::ZERO);
    Some((Moved { account, entries }, Earned { order, profile, at: now, paid, back, points, uncollected }))
}

/// Takes back what was earned on what comes back: `back` of what was paid, or all that is left. `None` if nothing is left to come back.
///
/// It is taken from what lasts longest, so that nobody makes old points new by buying and returning. What is not there any more is noted as
/// uncollected, and the balance is never below nothing.
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
    let mut left = due;
    for lot in account.lots.clone().into_iter().rev().filter(|lot| now < lot.until) {
        let some = lot.points.min(left);
        if Points::ZERO < some {
            account.take_from(lot.until, some);
            left = left - some;
        }
    }
    after.uncollected += left;
    let mut entries = Vec::new();
    if left < due {
        let about = account.step(Some(Cause::Order(earned.order)), now);
        entries.push(Entry::new(about, Place::Held, Place::TakenBack, due - left));
    }
    Some((Moved { account, entries }, after))
}
