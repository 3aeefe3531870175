//! What stands on a coupon: a code that people type, and a payload that a till verifies with public keys only; and what a till does while it
//! can ask nobody: a lease that says how much it may give, the decision whether it gives, and a log of what it gave. No clock, no chance, no
//! server: a vendor of tills takes this crate as it is.

mod alphabet;
mod clean;
mod lease;
mod log;
mod offline;
mod payload;
mod rotating;
mod typed;

pub use lease::{LeasedOffer, SignedLease, Worth, read_lease};
pub use log::{Log, LogError};
pub use offline::{
    Asked, Given, GivenLine, LINE_BYTES_MAX, LINES_MAX, NotGiven, ORDER_BYTES_MAX, OrderLine, RATE_MAX,
    decide,
};
pub use payload::{Keys, Refused, Signed, Signer, verify};
pub use rotating::{STEP_SECONDS, rotated, step_at};
pub use typed::{CODE_BYTES, Code, SYMBOLS};
