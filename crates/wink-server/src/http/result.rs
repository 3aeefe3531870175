//! `/v1/campaigns/{id}/result`: what a campaign changed, in money. Read from the journal at every question: it takes as long as that is long.

use wink_api::{CampaignResultView, Problem};
use wink_store::Store;

use super::body::PathName;
use super::problem::Refused;
use super::service::Caller;
use crate::report::result;

/// Tells what a campaign changed against the people it was withheld from, in money, and what to do about it.
#[utoipa::path(get, path = "/v1/campaigns/{id}/result", tag = "catalogue", operation_id = "show_campaign_result",
    params(("id" = String, Path, description = "The campaign's id")),
    responses((status = 200, description = "The result, counted now. A figure that cannot be told says why", body = CampaignResultView),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn show_campaign_result<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<axum::Json<CampaignResultView>, Refused> {
    let found = result::read(&caller.engine, &id, caller.now, |_| ()).await?;
    Ok(axum::Json(found.view()))
}
