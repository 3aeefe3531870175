//! What stands on a coupon: a code that people type, and a payload that a till verifies with public keys only. No store, no clock, no chance,
//! no server: a vendor of tills takes this crate as it is.

mod alphabet;
mod clean;
mod payload;
mod rotating;
mod typed;

pub use payload::{Keys, Refused, Signed, Signer, verify};
pub use rotating::{STEP_SECONDS, rotated, step_at};
pub use typed::{CODE_BYTES, Code, SYMBOLS};
