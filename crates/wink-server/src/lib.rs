//! Load, decide, commit: the use cases of Wink over any store, the catalogue's files, and the HTTP routes.
//!
//! A flow loads from the store, lets the core think, and commits. Rules about offers and money are not in here: they are in `wink-core`.

pub mod access;
pub mod catalogue;
pub mod erasures;
pub mod flow;
pub mod http;
pub mod keys;
pub mod listen;
pub mod report;
pub mod rows;
pub mod secrets;
pub mod sources;

mod engine;
mod error;
mod in_use;
mod latency;
mod place;
mod turns;
mod underway;
mod write;

pub use engine::{DrawnIds, Engine, Ids, SeededIds};
pub use error::Error;
pub use latency::Latencies;
