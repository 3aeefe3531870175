//! What clients of the Segment and RudderStack family send, as envelopes. Pure: no key is checked here, no clock read.

mod call;
mod settings;

pub use call::{Batch, Call, Unread};
pub use settings::{segment_settings, source_config};

use serde::Serialize;
use utoipa::ToSchema;

/// The answer to such a client. It reads the status only; the rest is for its developer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SegmentAnswered {
    /// Always true: every message is durable or accounted for.
    pub success: bool,
    /// Became events.
    pub accepted: usize,
    /// Had come before.
    pub duplicates: usize,
    /// What became no event, and why.
    pub rejected: Vec<SegmentRejected>,
}

/// A message that became no event. It lies in the dead letters unless its person was erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SegmentRejected {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// The client's own id of it.
    #[serde(rename = "messageId", skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The stable code of the reason.
    pub code: &'static str,
    /// The reason, and what to do.
    pub detail: String,
}
