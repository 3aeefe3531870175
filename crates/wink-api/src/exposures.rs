//! `POST /v1/exposures`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody did with what a decision offered.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExposureSent {
    /// The decision's id.
    pub decision: String,
    /// `seen`, `clicked` or `dismissed`.
    pub kind: String,
    /// When; now, if it is not told.
    pub at: Option<String>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExposureAnswered {
    /// `accepted`, or `duplicate` if it was told before.
    pub status: &'static str,
    /// The event's id.
    pub id: String,
}
