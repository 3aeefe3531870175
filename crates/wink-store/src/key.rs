//! Keys and values. A tenant stands first in every stored key; a batch and a read name it once.

/// One customer of this installation; nothing is shared between two tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tenant(pub u32);

/// The kind of a record, numbered by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(pub u16);

/// Names a record inside its tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    /// What sort of record it is.
    pub kind: Kind,
    /// Its key; records of a kind are ordered by these bytes.
    pub key: Vec<u8>,
}

impl RecordKey {
    /// Names the record `key` of `kind`.
    pub fn new(kind: Kind, key: impl Into<Vec<u8>>) -> Self {
        Self { kind, key: key.into() }
    }
}

/// The commit that last wrote a record. Grows with every commit of the store, so a record that was deleted and written
/// again never shows an old version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u64);

/// A stored record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The commit that wrote it.
    pub version: Version,
    /// Its bytes, as they were put.
    pub bytes: Vec<u8>,
}

/// Names a counter inside its tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CounterKey(pub Vec<u8>);

/// A counter: `0 <= value`, and an increase never takes it above `cap`.
///
/// A counter nobody has written is `Counter::default()`: zero, without a cap. One that is so again is not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    /// The current value; units are the caller's.
    pub value: i64,
    /// The highest value an increase may reach. May lie below `value` after it was lowered: then only decreases pass.
    pub cap: Option<i64>,
}

/// A family of marks, numbered by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(pub u16);

/// Names a mark inside its tenant. The id is a keyed hash: no message id stands in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarkKey {
    /// Which family of ids it belongs to.
    pub scope: Scope,
    /// The hashed id.
    pub id: [u8; 16],
}

/// That an id was used, for which body, with which result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Hash of the body that came with the id: the same id with another body is a conflict the caller can see.
    pub body: [u8; 16],
    /// A reference to the result, in the caller's bytes.
    pub result: Vec<u8>,
}

/// Where a batch's journal entries live: a hash of the profile (or other owner) they belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Home(pub u64);

/// A queue, numbered by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Queue(pub u16);
