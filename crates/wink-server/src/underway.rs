//! What is being done right now under an idempotency key, in this process: who asks the same meanwhile is told to come again.
//!
//! Only a courtesy. That a key counts once is the store's promise, whoever asks where.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use wink_store::MarkKey;

/// The keys in use.
#[derive(Clone, Default)]
pub(crate) struct Underway(Arc<Mutex<BTreeSet<MarkKey>>>);

/// A key in use; free again when dropped, whatever became of the request.
pub(crate) struct Busy {
    underway: Underway,
    key: MarkKey,
}

impl Underway {
    /// Begins something under a key. `None` if it is in use.
    pub(crate) fn begin(&self, key: MarkKey) -> Option<Busy> {
        let is_free = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        is_free.then(|| Busy { underway: self.clone(), key })
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.underway.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
