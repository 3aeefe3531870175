//! The embedded store: [`wink_store::Store`] on fjall, a log-structured engine in Rust, in one directory of one machine.
//!
//! One thread commits. It takes whatever waits, up to 256 batches, judges them in order, writes them as one engine batch with one
//! `fdatasync`, and only then answers and lets readers see them. It never answers before the bytes are on disk, and never
//! tries a failed write or sync again: after one nobody can say what is on disk, so the process ends and recovery finds out.
//!
//! Counters, lane heads, the outcomes of the last batches and the records in use stay in memory; leases live only there. It never knows what the
//! bytes mean, and never opens a port or reads a clock for a decision.
//!
//! ```text
//! <directory>/lock      held by the one process that uses the directory
//! <directory>/heads     how far the acknowledged journal had come, a second ago at most
//! <directory>/engine/   fjall's files
//! ```

mod carry;
mod committer;
mod engine;
mod group;
mod heads;
mod hot;
mod layout;
mod log;
mod manifest;
mod memory;
mod scrub;
mod store;

pub use carry::Filling;
pub use store::{FjallStore, Options};
