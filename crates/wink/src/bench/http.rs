//! The server beside a bare one that only reads the same bodies, on the same runtime, one after the other in every round.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use indicatif::ProgressBar;
use wink_api::{DecisionAsked, EventsReceived, IdentitySent};
use wink_server::http::Conduct;

use super::load::{Load, Outcome};
use super::shop::Shop;
use crate::command::bench::{Measured, median};

/// One measurement of a round: long enough for some thousand requests.
const RUN: Duration = Duration::from_secs(1);

/// What is asked of the server, and of a bare one.
struct Case {
    name: &'static str,
    connections: u32,
    /// How many things one request does.
    things: f64,
    unit: &'static str,
    at_least: f64,
    target: &'static str,
    /// Whether it is also timed at half load.
    is_timed: bool,
    request: fn(&Shop, u64) -> Vec<u8>,
}

const CASES: [Case; 4] = [
    Case {
        name: "dry-run decisions over HTTP, 64 connections",
        connections: 64,
        things: 1.0,
        unit: "requests/s",
        at_least: 0.6,
        target: "at least 0.6 of a bare server",
        is_timed: true,
        request: |shop, number| shop.question(number, true),
    },
    Case {
        name: "durable decisions that issue, 256 connections",
        connections: 256,
        things: 1.0,
        unit: "requests/s",
        at_least: 0.25,
        target: "at least 0.25 of a bare server",
        is_timed: false,
        request: |shop, number| shop.question(number, false),
    },
    Case {
        name: "events in batches of 100, 16 connections",
        connections: 16,
        things: 100.0,
        unit: "events/s",
        at_least: 0.3,
        target: "at least 0.3 of a bare server",
        is_timed: false,
        request: |shop, number| shop.orders(number, 100),
    },
    Case {
        name: "events one by one, 64 connections",
        connections: 64,
        things: 1.0,
        unit: "events/s",
        at_least: 0.4,
        target: "at least 0.4 of a bare server",
        is_timed: false,
        request: |shop, number| shop.orders(number, 1),
    },
];

/// Measures all of it.
pub(crate) fn measure(rounds: usize, only: Option<&str>, bar: &ProgressBar) -> anyhow::Result<Vec<Measured>> {
    let shop = Shop::open(Conduct::default())?;
    let bare = shop.serve_beside(bare())?;
    let next = AtomicU64::new(0);
    let load = |case: &Case, address: SocketAddr, ask: &dyn Fn(&Load<'_>) -> Outcome| {
        let request = case.request;
        ask(&Load {
            address,
            connections: case.connections,
            request: &|number| request(&shop, number),
            next: &next,
        })
        .all_fine()
    };
    let mut measured: Vec<Measured> = Vec::new();
    for case in CASES.iter().filter(|case| only.is_none_or(|part| case.name.contains(part))) {
        let (mut ours, mut bares) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            bares.push(load(case, bare, &|load| load.closed_loop(RUN))?.goodput() * case.things);
            ours.push(load(case, shop.address, &|load| load.closed_loop(RUN))?.goodput() * case.things);
            bar.inc(1);
        }
        let (value, limit_value) = (median(ours), median(bares));
        measured.push(Measured {
            name: case.name,
            unit: case.unit,
            value,
            limit_name: "a bare axum handler that parses the same body",
            limit_value,
            ratio: value / limit_value,
            target: case.target,
            met: case.at_least <= value / limit_value,
        });
        if !case.is_timed {
            continue;
        }
        // Now, while the store has nothing to tidy away: what is written later would be tidied beside whichever is measured then.
        let (mut ours, mut bares) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            bares.push(load(case, bare, &|load| load.open_loop(value / 2.0, RUN))?);
            ours.push(load(case, shop.address, &|load| load.open_loop(value / 2.0, RUN))?);
            bar.inc(1);
        }
        measured.extend(QUANTILES.map(|quantile| quantile.measured(&ours, &bares)));
    }
    Ok(measured)
}

/// How long answers take at half of what the server can do, beside a bare one at the same rate.
struct Quantile {
    name: &'static str,
    share: f64,
    at_most: f64,
    target: &'static str,
}

const QUANTILES: [Quantile; 2] = [
    Quantile {
        name: "dry-run decision at half load, p50",
        share: 0.5,
        at_most: 1.5,
        target: "at most 1.5 × a bare server",
    },
    Quantile {
        name: "dry-run decision at half load, p99",
        share: 0.99,
        at_most: 3.0,
        target: "at most 3 × a bare server",
    },
];

impl Quantile {
    fn measured(self, ours: &[Outcome], bares: &[Outcome]) -> Measured {
        let of = |outcomes: &[Outcome]| {
            median(outcomes.iter().map(|outcome| outcome.millis(self.share)).collect())
        };
        let (value, limit_value) = (of(ours), of(bares));
        Measured {
            name: self.name,
            unit: "ms",
            value,
            limit_name: "a bare axum handler at the same rate",
            limit_value,
            ratio: value / limit_value,
            target: self.target,
            met: value / limit_value <= self.at_most,
        }
    }
}

/// How often the bar moves for so many rounds.
pub(crate) fn steps(rounds: usize) -> usize {
    rounds * (CASES.len() + 1)
}

/// The bare server: the least anything over HTTP must do with these bodies.
fn bare() -> Router {
    let decide = async |body: Bytes| status(serde_json::from_slice::<DecisionAsked>(&body).is_ok());
    let receive = async |body: Bytes| status(parse_events(&body).is_ok());
    Router::new().route("/v1/decisions", post(decide)).route("/v1/events", post(receive))
}

fn status(parsed: bool) -> StatusCode {
    if parsed { StatusCode::OK } else { StatusCode::BAD_REQUEST }
}

/// An event as JSON has it, without any of the checks Wink makes while it reads one.
#[derive(serde::Deserialize)]
#[expect(dead_code, reason = "it is read, and nothing more")]
struct Event {
    message_id: String,
    event: String,
    #[serde(default)]
    identities: Vec<IdentitySent>,
    occurred_at: Option<String>,
    #[serde(default)]
    properties: BTreeMap<String, serde_json::Value>,
}

fn parse_events(body: &[u8]) -> serde_json::Result<Vec<Event>> {
    let batch: EventsReceived = serde_json::from_slice(body)?;
    batch.events.iter().map(|event| serde_json::from_str(event.get())).collect()
}
