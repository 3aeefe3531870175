//! `GET /v1/health/balance`.

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
