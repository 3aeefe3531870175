//! How long things are kept. After that they are deleted, not hidden.

use crate::base::Timestamp;

/// How long each class of data is kept, in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Events: three years cover two repurchase cycles of slow goods; after the last active contact nothing justifies more.
    pub events_days: u16,
    /// Decisions with their reasons: half a year covers a complaint and the measurement of a campaign.
    pub decisions_days: u16,
    /// Dead letters: a month is enough to repair a sender.
    pub dead_letters_days: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self { events_days: 1_096, decisions_days: 180, dead_letters_days: 30 }
    }
}

impl Retention {
    /// Finds the instant before which something kept `days` is overdue at `now`.
    pub fn overdue_before(days: u16, now: Timestamp) -> Timestamp {
        now.plus_days(-i64::from(days))
    }
}
