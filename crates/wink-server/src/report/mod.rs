//! What the store tells about itself: explanations, replays, proofs, sums. Reads only.

pub mod campaigns;
pub mod drift;
pub mod explain;
pub mod replay;
pub mod result;
pub mod state_hash;
pub mod totals;
pub mod verify;

mod counted;
mod households;
mod memberships;
mod models;
mod points;
pub(crate) mod walk;
