//! Coupons on a cart: what each takes off which line, which of them may meet, and what one that does not apply would need. Moves no
//! money and changes no coupon: that is for the coupon's life and the ledger.

mod allocate;
mod best;
mod line;
mod priced;
mod stack;
mod vat;

#[cfg(test)]
mod tests;

pub use allocate::{Room, allocate, of_first};
pub use best::{Best, COMBINATIONS_MAX, best};
pub use line::{Cart, LINES_MAX, Line, NotACart};
pub use priced::{Applied, Priced};
pub use stack::{Checkout, Claim, Stack, put_on};
pub use vat::{VatShare, vat_contained, vat_shares};
