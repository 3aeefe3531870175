//! Issued to whom, redeemed once, expired when: the coupon's life, and every cent it moves.

mod ledger;
mod life;
mod refusal;
mod wallet;

pub use ledger::{Account, Entry};
pub use life::{Basket, Coupon, Effect, State, expire, issue, redeem, release_of_erased};
pub use refusal::Refusal;
pub use wallet::{Held, Wallet};
