//! What can go wrong in a flow. Refusals of the core are answers, not errors, and are not in here.

use wink_record::Damaged;
use wink_store::Failure;

use crate::secrets::SealError;

/// Why a flow could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] wink_store::Error),
    /// The store took no write.
    #[error(transparent)]
    Write(#[from] Failure),
    /// Nobody can say whether a write happened. The same messages, or a question under the same id, may be sent again.
    #[error(
        "the store did not answer whether the write happened; events can be sent again, nothing counts twice"
    )]
    Unknown,
    /// Others kept changing the same records.
    #[error("others kept changing the same records; try again")]
    Contended,
    /// A stored record is not what was written.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// Something sealed could not be opened.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// The key file is not the one the store was made with.
    #[error("the key file is not the one this store was made with; restore it from your back-up")]
    OtherSecret,
    /// No catalogue was applied yet.
    #[error("no catalogue is in force; apply one with `wink catalogue apply DIR --data STORE`")]
    NoCatalogue,
    /// A stored catalogue version is missing or cannot be read by this version of Wink.
    #[error("catalogue version {version} cannot be used: {why}")]
    Catalogue {
        /// Which version.
        version: String,
        /// Why.
        why: String,
    },
    /// An idempotency key came again with another body.
    #[error("the idempotency key was used for another request; use a new one")]
    KeyReused,
    /// What was asked for makes no sense.
    #[error("{0}")]
    Unusable(String),
    /// A cursor that is not one of the list it came with.
    #[error("the cursor is not one of this list; begin again without it")]
    Cursor,
    /// The list of erasures cannot be read or written. No erasure is acknowledged without it.
    #[error("the list of erasures `{list}` cannot be used: {why}")]
    Erasures {
        /// Which file.
        list: String,
        /// Why.
        why: String,
    },
    /// There is nothing of that name.
    #[error("there is no {what} `{name}`")]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// Under which name.
        name: String,
    },
}

/// A flow loads again at most this often before it reports contention: a person's events and decisions rarely meet twice.
pub(crate) const ATTEMPTS_MAX: usize = 8;
