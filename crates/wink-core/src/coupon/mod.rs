//! Issued to whom, reserved for which order, redeemed once, taken back or expired when: the coupon's life, the right that may come before it,
//! what it takes off a cart, and every cent they move.

pub mod cart;
pub mod points;

mod activate;
mod bulk;
mod by_word;
mod deadline;
mod end;
mod hold;
mod issue;
mod lease;
mod ledger;
mod life;
mod limit;
mod notice;
mod per_person;
mod redeem;
mod redemption;
mod refusal;
mod reverse;
mod right;
mod sync;
mod together;
mod wallet;
mod wording;

pub use activate::{activate, deactivate};
pub use bulk::{BULK_MAX, Bulk};
pub use by_word::{by_word, coupon_of_word, decided_by_word, redeem_by_word};
pub use end::{expire, release_of_erased, revoke};
pub use hold::{HoldFor, release, reserve};
pub use issue::issue;
pub use lease::{
    Closed, GRACE_DAYS, LEASE_CENTS_MAX, LEASE_DAYS_MAX, Lease, LeaseAsked, LeaseRefused, LimitKept,
    REPORTS_DAYS, Renewal, grant, in_turn, outlived, was_granted,
};
pub use ledger::{Account, Entry};
pub use life::{Coupon, Effect, Hold, State};
pub use limit::{Bound, Counts, DAYS_COUNTED, Left, UseBound, UseCount, uncounted, use_bounds};
pub use notice::{Notice, notice};
pub use per_person::person_bounds;
pub use redeem::redeem;
pub use redemption::{Part, Redemption, Reversal};
pub use refusal::{Beside, NearestMiss, Refusal};
pub use reverse::{LineBack, NotReversed, TakenBack, reverse};
pub use right::{Accepted, Moved, NotAccepted, Open, Overdue, Right, RightState, Stage, give};
pub use sync::{Booked, Loss, Offline, Settled, Taken, Unbacked, settle};
pub use together::{given_together, had_together, used_together};
pub use wallet::{Announced, Given, Held, Wallet};
pub use wording::{Audience, Language, Locale, Speaker};

#[cfg(test)]
mod model;
#[cfg(test)]
mod offline_tills;
#[cfg(test)]
mod piecewise;
#[cfg(test)]
mod reissue;
#[cfg(test)]
mod tests;
