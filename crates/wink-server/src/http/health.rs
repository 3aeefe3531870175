//! Whether the server lives, and whether it can be asked.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use wink_api::Problem;
use wink_store::Store;

use super::Service;
use super::problem::Refused;
use super::service::Caller;
use crate::access::{self, Role};

/// Answers while the process can answer at all.
#[utoipa::path(get, path = "/healthz", tag = "operation", operation_id = "is_alive",
    responses((status = 200, description = "The process answers", body = String, content_type = "text/plain")))]
pub(super) async fn is_alive() -> &'static str {
    "ok\n"
}

/// Answers 200 while the store can be read.
#[utoipa::path(get, path = "/readyz", tag = "operation", operation_id = "is_ready",
    responses((status = 200, description = "The store can be read", body = String, content_type = "text/plain")))]
pub(super) async fn is_ready<S: Store>(
    State(service): State<Arc<Service<S>>>,
) -> Result<&'static str, Refused> {
    // Records, not counters: counters lie in memory and would be there whatever happened to the disk.
    access::list_tenants(&service.store).await?;
    Ok("ok\n")
}

/// Gives what was measured, as Prometheus reads it.
#[utoipa::path(get, path = "/metrics", tag = "operation", operation_id = "read_metrics",
    responses((status = 200, description = "Metrics in the Prometheus text format", body = String, content_type = "text/plain")))]
pub(super) async fn read_metrics<S: Store>(caller: Caller<S>) -> Result<Response, Refused> {
    let service = &caller.service;
    // What is measured is the process's, with the numbers of every tenant in it.
    if caller.access.role != Role::Operator && 1 < access::list_tenants(&service.store).await?.len() {
        let message =
            "the metrics tell of all tenants: where there are several, a key of the role operator reads them";
        return Err(Refused::new(Problem::new(403, "role_missing", "The key may not do this", message)));
    }
    let Some(metrics) = &service.metrics else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    super::measure::gather(service).await?;
    if let Some(measure) = &service.also_measure {
        measure();
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.render()).into_response())
}
