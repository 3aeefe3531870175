//! The routes: decode, call a flow, encode. Decides nothing. Every request goes through the gate, and every operation is a row of `operation.rs`.

mod admission;
mod body;
mod cors;
mod decisions;
mod events;
mod gate;
mod health;
mod keys;
mod openapi;
mod operation;
mod problem;
mod rate;
mod service;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};
use wink_store::Store;

pub use admission::Capacity;
pub use gate::AtTheMachine;
pub use openapi::document;
pub use operation::{Class, OPERATIONS, Operation, Who, operation};
pub use service::{Conduct, Service};

/// Lists the routes.
pub fn routes<S: Store>(service: Arc<Service<S>>) -> Router {
    Router::new()
        .route("/healthz", get(health::is_alive))
        .route("/readyz", get(health::is_ready::<S>))
        .route("/metrics", get(health::read_metrics::<S>))
        .route("/openapi.json", get(openapi::describe_api))
        .route("/v1/events", post(events::receive_events::<S>))
        .route("/v1/decisions", post(decisions::decide::<S>))
        .route("/v1/keys", get(keys::list_keys::<S>).post(keys::create_key::<S>))
        .route("/v1/keys/{id}", delete(keys::revoke_key::<S>))
        .route("/v1/keys/{id}/rotate", post(keys::rotate_key::<S>))
        .route("/v1/tenants", get(keys::list_tenants::<S>).post(keys::create_tenant::<S>))
        .fallback(problem::no_such_route)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(from_fn_with_state(service.clone(), gate::pass::<S>))
        .with_state(service)
}
