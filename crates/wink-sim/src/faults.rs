//! What goes wrong, as a value.

/// How often something happens, in a thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate(pub u32);

/// The faults of one store, the same for the same value. The default is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// From which the chances below are drawn.
    pub seed: u64,
    /// The process ends just before this disk operation, counted from 0: writes and syncs after opening.
    pub crash_at: Option<u64>,
    /// This sync, counted from 0, fails. The store closes and acknowledges nothing that depended on it.
    pub fail_sync_at: Option<u64>,
    /// How often a batch with checks conflicts as if another writer had been faster.
    pub conflicts: Rate,
    /// How often a batch is done but its answer is lost: `Unknown`.
    pub lost_answers: Rate,
    /// How many times at most a call is put off before it is done, so that calls overtake each other.
    pub delays_max: u32,
}

/// A mistake built into the store on purpose: a test that does not notice it proves nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mutant {
    /// No mistake.
    #[default]
    None,
    /// Answers before anything is written; writes with the next call.
    AckBeforeCommit,
    /// Answers once it is written; syncs with the next call.
    AckBeforeSync,
    /// Believes any frame it finds in the log.
    NoChecksum,
    /// Judges a batch, lets others in, and then does it.
    CheckThenAct,
}
