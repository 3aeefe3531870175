//! `GET /v1/health/balance` and `GET /v1/health/sources`.

use serde::Serialize;
use utoipa::ToSchema;

/// What became of all messages: received = accepted + duplicate + dead + refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BalanceView {
    /// All of them.
    pub received: i64,
    /// Became events.
    pub accepted: i64,
    /// Had come before.
    pub duplicate: i64,
    /// Lie in the dead letters, or did.
    pub dead: i64,
    /// Were answered with an error and not kept.
    pub refused: i64,
    /// Whether it adds up.
    pub exact: bool,
}

/// What came from every source since the server started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SourcesView {
    /// The sources, by name.
    pub data: Vec<SourceView>,
}

/// What came from one source: the name of a key, or of what Wink does itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SourceView {
    /// Its name.
    pub source: String,
    /// When its newest event happened.
    pub newest_event_at: Option<String>,
    /// When its last event arrived.
    pub last_arrived_at: Option<String>,
    /// Accepted events.
    pub events: u64,
    /// Half of the events were at most so late, in milliseconds; nothing if they were later than a day.
    pub late_ms_p50: Option<i64>,
    /// So were 99 of 100.
    pub late_ms_p99: Option<i64>,
    /// How many events were how late.
    pub late: Vec<LateCount>,
}

/// Events that were about as late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LateCount {
    /// They were at most so late, in milliseconds, and later than the bound before it; nothing for those later than a day.
    pub at_most_ms: Option<i64>,
    /// How many.
    pub events: u64,
}
