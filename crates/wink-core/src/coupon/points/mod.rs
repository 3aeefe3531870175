//! Points: a currency of their own beside the shop's. They are earned on what an order costs, pay for another, run out, and are taken back with
//! what was bought.
//!
//! Every step gives the account afterwards and the movements that led there. A balance is never negative: what cannot be taken back is noted with
//! the order as uncollected, and owed by the account as far as it used points that did not come back. What comes into the account later pays that
//! first, so that who returns everything keeps nothing. Points are not told apart by the order they came from.

mod account;
mod earn;
mod ledger;
mod tender;
mod wording;

#[cfg(test)]
mod tests;

pub use account::{Account, Lot, Moved, close, expire};
pub use earn::{Early, Earned, claw_back, earn};
pub use ledger::{Cause, Entry, Place};
pub use tender::{GivenBack, Marked, NotPaid, Paid, Tender, TenderLine, ToPay, basis, give_back, pay};
