//! Issued to whom, redeemed once, expired when: the coupon's life, the right that may come before it, and every cent they move.

pub mod cart;

mod ledger;
mod life;
mod refusal;
mod right;
mod wallet;
mod wording;

pub use ledger::{Account, Entry};
pub use life::{Basket, Coupon, Effect, State, expire, issue, redeem, release_of_erased};
pub use refusal::{Beside, Refusal};
pub use right::{Accepted, Moved, NotAccepted, Open, Overdue, Right, RightState, Stage, give};
pub use wallet::{Given, Held, Wallet};
pub use wording::{Audience, Language, Speaker};
