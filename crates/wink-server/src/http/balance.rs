//! `GET /v1/health/balance`: that every message is accounted for.

use wink_api::BalanceView;
use wink_store::Store;

use super::problem::Refused;
use super::service::Caller;
use crate::report::totals;

/// Tells what became of all messages: received = accepted + duplicate + dead + refused.
#[utoipa::path(get, path = "/v1/health/balance", tag = "operation", operation_id = "read_balance",
    responses((status = 200, description = "The balance", body = BalanceView)))]
pub(super) async fn read_balance<S: Store>(caller: Caller<S>) -> Result<axum::Json<BalanceView>, Refused> {
    let balance = totals::balance(&caller.engine).await?;
    Ok(axum::Json(BalanceView {
        received: balance.received,
        accepted: balance.accepted,
        duplicate: balance.duplicate,
        dead: balance.dead,
        refused: balance.refused,
        exact: balance.is_exact(),
    }))
}
