//! One write: checks and changes that hold together or not at all.

use crate::{
    Counter, CounterKey, EntryKind, Home, Lane, Mark, MarkKey, Position, Queue, RecordKey, Tenant, Version,
};

/// At most this many changes in one batch: a batch is judged in one piece, and every other caller waits meanwhile.
pub const BATCH_CHANGES_MAX: usize = 1_024;

/// At most this many bytes of keys and values in one batch.
pub const BATCH_BYTES_MAX: usize = 1 << 20;

/// At most this many bytes in one record or counter key: engines index keys in memory, and fjall takes no more than 65,535.
pub const KEY_BYTES_MAX: usize = 1_024;

/// The caller's id of a batch, by which an [`Outcome::Unknown`] is resolved. Made from a UUIDv7 or a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub [u8; 16]);

/// One atomic unit of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Resolves an unknown outcome.
    pub id: BatchId,
    /// Whose data it is; every key in the batch lies in this tenant.
    pub tenant: Tenant,
    /// Chooses the lane of its journal entries.
    pub home: Home,
    /// What must be true, tested before any change.
    pub checks: Vec<Check>,
    /// What to do, in order.
    pub changes: Vec<Change>,
}

impl Batch {
    /// Starts an empty batch.
    pub fn new(id: BatchId, tenant: Tenant, home: Home) -> Self {
        Self { id, tenant, home, checks: Vec::new(), changes: Vec::new() }
    }

    /// Counts the bytes of keys and values, as the limit does.
    pub fn size(&self) -> usize {
        self.changes.iter().map(Change::size).sum()
    }

    /// Tells which of the port's limits the batch breaks, if any.
    pub fn limit_broken(&self) -> Option<Failure> {
        if BATCH_CHANGES_MAX < self.changes.len() {
            return Some(Failure::TooManyChanges { found: self.changes.len() });
        }
        if let Some(found) = self.changes.iter().map(Change::key_size).find(|size| KEY_BYTES_MAX < *size) {
            return Some(Failure::KeyTooLong { found });
        }
        let bytes = self.size();
        (BATCH_BYTES_MAX < bytes).then_some(Failure::TooManyBytes { found: bytes })
    }
}

/// A condition on what is stored. It may concern a record the batch does not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// The record exists and was last written by this commit.
    Version(RecordKey, Version),
    /// No such record exists.
    Absent(RecordKey),
}

/// A change to what is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Writes a record.
    Put(RecordKey, Vec<u8>),
    /// Deletes a record; no error if there is none.
    Delete(RecordKey),
    /// Adds to a counter. Refused if it would pass the cap (when adding) or fall below zero (when taking away).
    Add(CounterKey, i64),
    /// Sets or lifts a counter's cap. Never refused: a cap below the value only refuses further increases.
    SetCap(CounterKey, Option<i64>),
    /// Takes a unique id. Refused if it is taken.
    Mark(MarkKey, Mark),
    /// Frees an id, when the data it protected is gone.
    Unmark(MarkKey),
    /// Appends an entry to the home's lane.
    Append {
        /// What sort of entry it is.
        kind: EntryKind,
        /// The entry's own id, permanent, so never a personal value.
        key: [u8; 16],
        /// Whose entry it is, kept beside the payload and redacted with it. `None` for entries about nobody.
        owner: Option<Home>,
        /// What happened, in the caller's bytes.
        payload: Vec<u8>,
    },
    /// Removes payload, owner and salt of an entry for ever; the lane still verifies. No error if it is redacted already.
    Redact(Lane, Position),
    /// Puts an entry into a queue.
    Enqueue {
        /// Which queue.
        queue: Queue,
        /// When it is due, in milliseconds since the Unix epoch.
        due_ms: i64,
        /// Unique inside the queue together with the due time.
        id: [u8; 16],
        /// What to do, in the caller's bytes.
        payload: Vec<u8>,
    },
    /// Removes an entry from a queue. Refused if it is not there, so that two workers cannot both act on it.
    Acknowledge {
        /// Which queue.
        queue: Queue,
        /// The due time it was enqueued with.
        due_ms: i64,
        /// The id it was enqueued with.
        id: [u8; 16],
    },
}

impl Change {
    fn key_size(&self) -> usize {
        match self {
            Self::Put(key, _) | Self::Delete(key) => key.key.len(),
            Self::Add(key, _) | Self::SetCap(key, _) => key.0.len(),
            _ => 0,
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Put(key, bytes) => key.key.len() + bytes.len(),
            Self::Delete(key) => key.key.len(),
            Self::Add(key, _) | Self::SetCap(key, _) => key.0.len() + 8,
            Self::Mark(_, mark) => 32 + mark.result.len(),
            Self::Unmark(_) | Self::Redact(..) | Self::Acknowledge { .. } => 16,
            Self::Append { payload, .. } | Self::Enqueue { payload, .. } => 32 + payload.len(),
        }
    }
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it is durable.
    Committed {
        /// The version of every record it wrote.
        version: Version,
        /// The positions of its entries in the home's lane, in the order they were appended.
        positions: Vec<Position>,
    },
    /// Nothing was done, because something is not as the batch expects.
    Conflict(Conflict),
    /// Nothing was done, and the same batch would fail again.
    Failed(Failure),
    /// Nobody can say; ask [`Store::outcome`](crate::Store::outcome) with the batch id once the store is back.
    Unknown,
}

/// The first check or change that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Which one.
    pub which: Which,
    /// What the store holds instead.
    pub found: Found,
}

/// Points into the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// `batch.checks[n]`.
    Check(usize),
    /// `batch.changes[n]`.
    Change(usize),
}

/// What the store held when a batch conflicted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The record's version, or none if there is no record.
    Version(Option<Version>),
    /// The counter that would have left its bounds.
    Counter(Counter),
    /// The mark that took the id first.
    Mark(Mark),
    /// No such queue entry.
    NotQueued,
    /// A queue entry with the same due time and id.
    Queued,
    /// No such journal position.
    NoEntry,
}

/// Why a batch cannot be done, however often it is tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// More changes than the port takes.
    #[error("the batch has {found} changes; at most {BATCH_CHANGES_MAX} are taken")]
    TooManyChanges {
        /// How many it has.
        found: usize,
    },
    /// More bytes than the port takes.
    #[error("the batch has {found} bytes; at most {BATCH_BYTES_MAX} are taken")]
    TooManyBytes {
        /// How many it has.
        found: usize,
    },
    /// A record or counter key longer than the port takes.
    #[error("a key has {found} bytes; at most {KEY_BYTES_MAX} are taken")]
    KeyTooLong {
        /// How many it has.
        found: usize,
    },
    /// An addition left the range of a 64-bit integer.
    #[error("change {change} takes a counter out of range")]
    OutOfRange {
        /// Index of the change.
        change: usize,
    },
    /// The store is closed or refuses writes, for instance because the disk is full.
    #[error("the store takes no writes: {0}")]
    Closed(String),
}
