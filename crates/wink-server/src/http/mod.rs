//! The routes: decode, call a flow, encode. Decides nothing.
//!
//! The smallest server that is honest: events, decisions, health. No keys yet, so it listens on loopback unless told otherwise.

mod decisions;
mod events;
mod problem;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use wink_core::base::Timestamp;
use wink_store::Store;

use crate::Engine;

/// A request body of at most this many bytes: a batch of events as large as the store's own batches.
const BODY_BYTES_MAX: usize = 1 << 20;

/// What every route needs: the engine, and the clock it hands to the flows.
pub struct Service<S> {
    /// The engine.
    pub engine: Engine<S>,
    /// Tells what time it is.
    pub clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

/// Lists the routes.
pub fn routes<S: Store>(service: Arc<Service<S>>) -> Router {
    Router::new()
        .route("/v1/events", post(events::receive::<S>))
        .route("/v1/decisions", post(decisions::ask::<S>))
        .route("/healthz", get(health::<S>))
        .fallback(problem::no_such_route)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(service)
}

/// Answers 200 while the store can be read.
async fn health<S: Store>(State(service): State<Arc<Service<S>>>) -> (StatusCode, &'static str) {
    // A record, not a counter: counters lie in memory and would be there whatever happened to the disk.
    match service.engine.record(&crate::keys::catalogue_in_force()).await {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read\n"),
    }
}
