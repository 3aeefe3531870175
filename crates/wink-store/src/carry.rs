//! Carrying everything a store holds into another store, whatever their engines are.
//!
//! What is carried is a sequence of [`Effect`]s that bring the content about in an empty store: `Put`, `Count`, `Mark`, `Append` and
//! `Enqueue`, and never one that takes something away. Leases and remembered batch ids are not carried: both belong to callers of
//! the store that is left behind.

use std::sync::Arc;

use crate::{Effect, Error, Version};

/// A store that can tell everything it holds at one moment.
pub trait Export {
    /// Hands over everything that was committed at one moment, and tells the version of the last commit before it.
    ///
    /// Commits go on meanwhile and are not seen; a scrub waits. The entries of a lane come in order, without gaps. Blocks until the
    /// end, so it belongs on a thread that may wait.
    ///
    /// # Errors
    /// If the store cannot be read, or with what `take` says; then nothing more is handed over.
    fn export<E: From<Error>>(&self, take: impl FnMut(Effect) -> Result<(), E>) -> Result<Version, E>;
}

impl<S: Export> Export for Arc<S> {
    fn export<E: From<Error>>(&self, take: impl FnMut(Effect) -> Result<(), E>) -> Result<Version, E> {
        self.as_ref().export(take)
    }
}
