//! What every stored type can do, and the small pieces most of them share.

use prost::Message;
use wink_core::base::Timestamp;

/// Stored bytes that are not what they should be. Never served, never skipped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stored {what} cannot be read: {why}")]
pub struct Damaged {
    /// The type that was expected.
    pub what: &'static str,
    /// What is wrong.
    pub why: String,
}

/// A type with a stored format.
pub trait Stored: Sized {
    /// Writes it as it lies in the store. The same value always gives the same bytes.
    fn to_bytes(&self) -> Vec<u8>;

    /// Reads it back.
    ///
    /// # Errors
    /// [`Damaged`], naming the type and what is wrong.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged>;
}

/// Decodes a message, or says that these bytes are none.
pub(crate) fn decode<M: Message + Default>(what: &'static str, bytes: &[u8]) -> Result<M, Damaged> {
    M::decode(bytes).map_err(|error| Damaged { what, why: error.to_string() })
}

/// Reads an id of 16 bytes.
pub(crate) fn id(what: &'static str, bytes: &[u8]) -> Result<[u8; 16], Damaged> {
    bytes
        .try_into()
        .map_err(|_| Damaged { what, why: format!("an id has {} bytes instead of 16", bytes.len()) })
}

/// Reads a field that must be there.
pub(crate) fn present<T>(what: &'static str, field: &str, value: Option<T>) -> Result<T, Damaged> {
    value.ok_or_else(|| Damaged { what, why: format!("`{field}` is missing") })
}

/// Refuses a number that names nothing.
pub(crate) fn unknown(what: &'static str, field: &str, number: impl std::fmt::Display) -> Damaged {
    Damaged { what, why: format!("`{field}` has the unknown value {number}; it may be from a newer Wink") }
}

/// Reads a number into a narrower type.
pub(crate) fn narrow<T: TryFrom<u64>>(what: &'static str, field: &str, number: u64) -> Result<T, Damaged> {
    T::try_from(number).map_err(|_| unknown(what, field, number))
}

/// Reads an index. An index that a machine cannot address is damaged.
pub(crate) fn index(what: &'static str, number: u64) -> Result<usize, Damaged> {
    narrow(what, "index", number)
}

/// Writes an index.
pub(crate) fn number(index: usize) -> u64 {
    u64::try_from(index).unwrap_or(u64::MAX)
}

/// Writes an optional time.
pub(crate) fn millis(time: Option<Timestamp>) -> Option<i64> {
    time.map(|time| time.0)
}
