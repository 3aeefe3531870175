//! The store port: the five things Wink remembers, and the one way to change them.
//!
//! Knows bytes, keys and versions. Never knows a shop, a person or an offer, and never an engine.
//!
//! | thing | is |
//! |---|---|
//! | [record](RecordKey) | `(kind, key) → version, bytes` |
//! | [counter](Counter) | an integer with a stored cap, never below zero |
//! | [mark](Mark) | a unique id with a body hash and a reference to its result |
//! | [journal](Entry) | append-only entries in 64 lanes, whose payloads can be redacted |
//! | [queue](Leased) | entries with a due time, leased and acknowledged |

mod batch;
mod journal;
mod key;
mod store;

mod apply;
mod carry;
#[cfg(feature = "suite")]
pub mod suite;
mod view;

pub use apply::{Accepted, Effect, QueueKey, Verdict, apply};
pub use batch::{BATCH_BYTES_MAX, BATCH_CHANGES_MAX, KEY_BYTES_MAX};
pub use batch::{Batch, BatchId, Change, Check, Conflict, Failure, Found, Outcome, Which};
pub use carry::Export;
pub use journal::{Body, Entry, EntryKind, Header, LANES, Lane, LaneError, Position, chain, commitment};
pub use key::{
    Counter, CounterKey, Home, Kind, Mark, MarkKey, Queue, Record, RecordKey, Scope, Tenant, Version,
};
pub use store::{Direction, Error, Leased, Page, Range, Since, Store};
pub use view::{Head, Layer, View};
