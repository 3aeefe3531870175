//! `POST /v1/context`: the weather and the trains, told of regions and stores by whoever the shop gave a key. The server fetches nothing itself.

use wink_api::{ContextAnswered, ContextSent, REPORTS_MAX, ReportSent};
use wink_core::base::Timestamp;
use wink_store::Store;

use super::body::Json;
use super::problem::{Refused, invalid};
use super::service::Caller;
use crate::flow::context::{Report, Site, check, tell};

/// Takes in what is told of regions and stores: of nobody, and so under no identity. All of it, or none.
#[utoipa::path(post, path = "/v1/context", tag = "context", operation_id = "tell_context", request_body = ContextSent,
    responses((status = 200, description = "It is durable; the same again changes nothing", body = ContextAnswered)))]
pub(super) async fn tell_context<S: Store>(
    caller: Caller<S>,
    Json(sent): Json<ContextSent>,
) -> Result<axum::Json<ContextAnswered>, Refused> {
    if REPORTS_MAX < sent.reports.len() {
        let message =
            format!("{} reports are too many; send at most {REPORTS_MAX} at once", sent.reports.len());
        return Err(invalid("/reports", message));
    }
    let mut reports = Vec::with_capacity(sent.reports.len());
    for (place, report) in sent.reports.into_iter().enumerate() {
        let pointer = format!("/reports/{place}");
        let report = read(report, &pointer)?;
        check(&caller.engine, &report, caller.now).map_err(|untold| invalid(&pointer, untold.to_string()))?;
        reports.push(report);
    }
    tell(&caller.engine, &reports).await?;
    Ok(axum::Json(ContextAnswered { accepted: reports.len() }))
}

fn read(sent: ReportSent, pointer: &str) -> Result<Report, Refused> {
    let of = match (sent.region, sent.store) {
        (Some(region), None) => Site::Region(region),
        (None, Some(store)) => Site::Store(store),
        _ => return Err(invalid(pointer, "name either a `region` or a `store`".to_owned())),
    };
    let at = Timestamp::parse(&sent.at).map_err(|error| invalid(&format!("{pointer}/at"), error))?;
    Ok(Report { of, event: sent.event, at, properties: sent.properties.0 })
}
