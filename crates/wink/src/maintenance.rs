//! What an operator does to a store that a server has open: on the socket in the store's directory, and nowhere else.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use wink_server::http::Service;
use wink_server::keys;
use wink_store_fjall::FjallStore;

use crate::archive::{self, Made};
use crate::command::model;
use crate::doctor::{Finding, inside};
use crate::home;

/// Where a backup is asked for.
pub(crate) const BACKUP: &str = "/maintenance/backup";

/// Where the inside of the store is looked at.
pub(crate) const LOOK: &str = "/maintenance/look";

/// Where models are fitted and read.
pub(crate) const MODELS: &str = "/maintenance/models";

/// Where to write a backup to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BackupAsked {
    pub(crate) to: PathBuf,
}

/// Lists the routes. They go past the gate: whoever reaches the socket may read the store's files anyway.
pub(crate) fn routes(service: Arc<Service<FjallStore>>) -> Router {
    Router::new()
        .route(BACKUP, post(backup))
        .route(LOOK, get(look))
        .route(MODELS, post(models))
        .with_state(service)
}

async fn backup(State(service): State<Arc<Service<FjallStore>>>, body: Bytes) -> Result<Json<Made>, Failed> {
    let asked: BackupAsked = serde_json::from_slice(&body).context("what was asked for cannot be read")?;
    let secret_check =
        service.engine(keys::TENANT).await.context("the store cannot be read")?.secrets.check();
    // The clock on the wall, not the one of an imported past: it says how old the backup is.
    let now = home::now();
    let about = archive::about(now, secret_check);
    // Whoever asked and went away no longer wants it.
    let gone = StopWhenDropped::default();
    let stop = gone.0.clone();
    let write = move || {
        let go_on = |_: &wink_backup::Counts| !stop.load(Ordering::SeqCst);
        archive::make(&service.store, &about, &archive::name(&asked.to, now), go_on)
    };
    let made = tokio::task::spawn_blocking(write).await.context("the backup failed")??;
    drop(gone);
    Ok(Json(made.context("stopped; no backup was made")?))
}

async fn look(State(service): State<Arc<Service<FjallStore>>>) -> Result<Json<Vec<Finding>>, Failed> {
    Ok(Json(inside::look(&service.engines(), home::now()).await?))
}

async fn models(
    State(service): State<Arc<Service<FjallStore>>>,
    body: Bytes,
) -> Result<Json<model::Answer>, Failed> {
    let asked: model::Asked = serde_json::from_slice(&body).context("what was asked for cannot be read")?;
    let engine = service.engine(keys::TENANT).await.context("the store cannot be read")?;
    Ok(Json(model::answer(&engine, asked, &*service.clock, &ProgressBar::hidden()).await?))
}

/// Asks the work to stop when the request it belongs to is dropped.
#[derive(Default)]
struct StopWhenDropped(Arc<AtomicBool>);

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// An error as an answer: in full, as who reads it sits at the machine.
struct Failed(anyhow::Error);

impl From<anyhow::Error> for Failed {
    fn from(error: anyhow::Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let message = serde_json::json!({ "message": format!("{:#}", self.0) });
        (StatusCode::INTERNAL_SERVER_ERROR, Json(message)).into_response()
    }
}
