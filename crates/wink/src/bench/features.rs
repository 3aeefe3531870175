//! Features of a person read over HTTP, beside a bare server that only reads the same question, and beside another server that was given as many
//! features of as many people.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use indicatif::ProgressBar;
use serde_json::json;
use wink_api::FeaturesAsked;
use wink_core::feature::Catalogue;
use wink_server::http::Conduct;

use super::load::Load;
use super::shop::Shop;
use crate::command::bench::{Measured, median};

/// Features that a question names.
const FEATURES: usize = 60;

/// Connections, each with one question at a time.
const CONNECTIONS: u32 = 8;

/// One measurement of a round.
const RUN: Duration = Duration::from_secs(2);

/// A server to measure beside: where it is asked, and with which body.
pub(crate) struct Beside {
    address: SocketAddr,
    request: Vec<u8>,
}

impl Beside {
    /// Takes an address, like `http://127.0.0.1:6566/path`, and the file with the body of the question.
    pub(crate) fn new(url: &str, body: &Path) -> anyhow::Result<Self> {
        let rest = url.strip_prefix("http://").context("the other server is asked over http://")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let address = host.to_socket_addrs()?.next().with_context(|| format!("`{host}` has no address"))?;
        let body =
            std::fs::read_to_string(body).with_context(|| format!("cannot read {}", body.display()))?;
        let length = body.len();
        let head = format!(
            "POST /{path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        Ok(Self { address, request: (head + &body).into_bytes() })
    }
}

/// Measures it.
pub(crate) fn measure(
    rounds: usize,
    beside: Option<&Beside>,
    bar: &ProgressBar,
) -> anyhow::Result<Vec<Measured>> {
    let shop = Shop::open(Conduct::default())?;
    let bare = shop.serve_beside(bare())?;
    let names = names()?;
    let next = AtomicU64::new(0);
    let load = |address: SocketAddr, request: &(dyn Fn(u64) -> Vec<u8> + Sync)| {
        let load = Load { address, connections: CONNECTIONS, request, next: &next };
        load.closed_loop(RUN).all_fine().map(|outcome| outcome.goodput())
    };
    let question = |number: u64| shop.features(number, &names);
    let (mut ours, mut bares, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        bares.push(load(bare, &question)?);
        ours.push(load(shop.address, &question)?);
        if let Some(Beside { address, request }) = beside {
            others.push(load(*address, &|_| request.clone())?);
        }
        bar.inc(1);
    }
    let value = median(ours);
    let row = |limit_name, limit_value: f64, at_least: f64, target| Measured {
        name: "60 features of one person over HTTP, 8 connections",
        unit: "requests/s",
        value,
        limit_name,
        limit_value,
        ratio: value / limit_value,
        target,
        met: at_least <= value / limit_value,
    };
    let bare = "a bare axum handler that parses the same body";
    let mut rows = vec![row(bare, median(bares), 0.6, "at least 0.6 of a bare server")];
    if beside.is_some() {
        rows.push(row("the other server", median(others), 100.0, "at least 100 × the other"));
    }
    Ok(rows)
}

/// How often the bar moves for so many rounds.
pub(crate) fn steps(rounds: usize) -> usize {
    rounds
}

fn names() -> anyhow::Result<Vec<String>> {
    let built_in = Catalogue::built_in();
    let names = built_in.definitions().iter().map(|definition| definition.name.clone());
    let names: Vec<String> = names.take(FEATURES).collect();
    ensure!(names.len() == FEATURES, "there are {} features", names.len());
    Ok(names)
}

/// The least anything over HTTP must do with the question.
fn bare() -> Router {
    let read = async |body: Bytes| match serde_json::from_slice::<FeaturesAsked>(&body) {
        Ok(_) => (StatusCode::OK, json!({}).to_string()),
        Err(_) => (StatusCode::BAD_REQUEST, String::new()),
    };
    Router::new().route("/v1/features", post(read))
}
