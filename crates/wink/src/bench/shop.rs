//! A shop to measure on: a server on a real port with a store on disk, people who may be given offers, and the requests of such a shop.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, anyhow, bail};
use axum::Router;
use axum::body::Body;
use axum::extract::Extension;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tower::ServiceExt;
use wink_server::http::{AtTheMachine, Conduct, Service, routes};
use wink_server::{Engine, catalogue, flow, listen};
use wink_store::Store;
use wink_store_fjall::FjallStore;

use crate::command::serve::see_to_moments;
use crate::home;

pub(super) const SHOP: &str = r#"name = "Bench"
currency = "EUR"
time_zone = "Europe/Berlin"

[contact_policy]
caps = [{ at_most = 1000, within_days = 1 }]

[holdout]
percent = 0
salt = 7

[economics]
default_margin_percent = 25
default_basket = "29.00"
attention_cost = "0.02"
exploration = 0.05

[economics.channel_cost]
newsletter = "0.005"
web = 0
till = 0

[economics.margins]
"TEA" = 40
"#;

/// One campaign whose offer nearly everybody with an order gets, again and again.
pub(super) const TEA: &str = r#"id = "tea"
name = "Tea"
goal = "one more order with tea in it"
hypothesis = "some people who are offered tea for less come back sooner"
starts_at = "2020-01-01"
ends_at = "2090-01-01"
budget = "90000000.00"
holdout_percent = 0

[[offers]]
id = "tea-amount"
title = "1.00 EUR less on tea"
benefits = [{ amount = "1.00" }]
channels = ["web"]
categories = ["TEA"]
minimum_spend = "5.00"
minimum_price = "1.00"
valid_days = 28
per_profile = 1000
eligibility = "feature.orders_365d >= 1"
applicability = 'context.channel == "web"'
suitability = "feature.contacts_28d < 1000000"
redeem = { intercept = -2.0 }
uplift = { intercept = -1.0 }
"#;

/// Enough that two requests rarely meet at one person, and that nobody's wallet grows as none does in a shop.
const PEOPLE: u64 = 10_000;

/// The server with its runtime. Its store goes with it.
pub(crate) struct Shop {
    pub(crate) address: SocketAddr,
    key: String,
    directory: PathBuf,
    inside: Option<Inside>,
    engine: Option<Arc<Engine<Arc<FjallStore>>>>,
    runtime: Option<Runtime>,
}

impl Drop for Shop {
    fn drop(&mut self) {
        // First whoever writes in it.
        drop((self.inside.take(), self.engine.take(), self.runtime.take()));
        // It lies in the system's temporary directory: what cannot be removed goes at the next start.
        let _left = std::fs::remove_dir_all(&self.directory);
    }
}

impl Shop {
    /// Opens the shop and lets everybody order once.
    pub(crate) fn open(conduct: Conduct) -> anyhow::Result<Self> {
        Self::open_with(conduct, &[])
    }

    /// The same, with further files of its catalogue.
    pub(crate) fn open_with(conduct: Conduct, more: &[(&str, &str)]) -> anyhow::Result<Self> {
        static OPENED: AtomicU64 = AtomicU64::new(0);
        let number = OPENED.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("wink-bench-{}-{number}", std::process::id()));
        let address = ([127, 0, 0, 1], 0).into();
        let mut shop =
            Self { address, key: String::new(), directory, inside: None, engine: None, runtime: None };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let begun = runtime.block_on(shop.begin(conduct, more));
        shop.runtime = Some(runtime);
        begun.map(|()| shop)
    }

    /// Serves something else beside the shop, on its runtime.
    pub(crate) fn serve_beside(&self, router: Router) -> anyhow::Result<SocketAddr> {
        let runtime = self.runtime.as_ref().context("the shop is open")?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(address)
    }

    async fn begin(&mut self, conduct: Conduct, more: &[(&str, &str)]) -> anyhow::Result<()> {
        let service = Arc::new(home::open_service(&self.directory, conduct).await?);
        let inside = Inside::of(&service).await?;
        put_in_force(&service, more).await?;
        inside.welcome(0..PEOPLE, |_| ()).await?;
        let mut issued = 0;
        for person in 0..100 {
            let answer = inside.ask("/v1/decisions", question(person, false)).await?;
            issued += usize::from(answer.pointer("/decision/coupon").is_some_and(Value::is_string));
        }
        if issued < 80 {
            bail!("the bench is about decisions that issue, and {issued} of 100 do");
        }
        self.key.clone_from(&inside.key);
        (self.inside, self.engine) = (Some(inside), service.engines().into_iter().next());
        let listener = TcpListener::bind(self.address).await?;
        self.address = listener.local_addr()?;
        let settings =
            listen::Settings { connections_by_address_max: usize::MAX, ..listen::Settings::default() };
        tokio::spawn(see_to_moments(service.clone()));
        tokio::spawn(listen::serve(listener, routes(service), settings, std::future::pending()));
        Ok(())
    }

    /// Runs something beside the server, on its runtime, with its engine.
    pub(crate) fn run<T>(
        &self,
        work: impl AsyncFnOnce(&Arc<Engine<Arc<FjallStore>>>) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let (runtime, engine) =
            self.runtime.as_ref().zip(self.engine.as_ref()).context("the shop is open")?;
        runtime.block_on(work(engine))
    }

    /// Lets people have coupons, one each and again from the first. Gives whose they are, and their ids.
    pub(crate) fn issue(&self, count: usize) -> anyhow::Result<Vec<(u64, String)>> {
        /// Questions at a time: enough to share their syncs.
        const AT_ONCE: u64 = 256;
        let (runtime, inside) =
            self.runtime.as_ref().zip(self.inside.as_ref()).context("the shop is open")?;
        let mut issued = Vec::with_capacity(count);
        let mut first = 0;
        while issued.len() < count {
            let asked = (first..first + AT_ONCE).map(|number| {
                let (inside, person) = (inside.clone(), number % PEOPLE);
                runtime.spawn(
                    async move { (person, inside.ask("/v1/decisions", question(person, false)).await) },
                )
            });
            for answer in asked.collect::<Vec<_>>() {
                let (person, answer) = runtime.block_on(answer)?;
                let answer = answer?;
                let coupon = answer.pointer("/decision/coupon").and_then(Value::as_str);
                issued.extend(coupon.map(|coupon| (person, coupon.to_owned())));
            }
            first += AT_ONCE;
            if first / 2 > issued.len().try_into()? {
                bail!("the bench is about coupons, and of {first} decisions {} issue one", issued.len());
            }
        }
        issued.truncate(count);
        Ok(issued)
    }

    /// An order that is paid with a coupon, as bytes on the wire.
    pub(crate) fn redemption(&self, (person, coupon): &(u64, String)) -> Vec<u8> {
        let body = json!({
            "coupons": [coupon],
            "identity": identity(*person),
            "order_id": format!("paid-{coupon}"),
            "cart": cart(),
        })
        .to_string();
        let head = self.head("/v1/redemptions", body.len());
        let head = head.trim_end();
        format!("{head}\r\nidempotency-key: {coupon}\r\n\r\n{body}").into_bytes()
    }

    /// The same, tried before anybody pays.
    pub(crate) fn validation(&self, (person, coupon): &(u64, String)) -> Vec<u8> {
        self.post(
            "/v1/validations",
            &json!({ "coupons": [coupon], "identity": identity(*person), "cart": cart() }),
        )
    }

    /// A question, as bytes on the wire.
    pub(crate) fn question(&self, number: u64, dry_run: bool) -> Vec<u8> {
        self.post("/v1/decisions", &question(number % PEOPLE, dry_run))
    }

    /// A question for features of a person, as bytes on the wire.
    pub(crate) fn features(&self, number: u64, names: &[String]) -> Vec<u8> {
        let people = [json!({ "identity": identity(number % PEOPLE) })];
        self.post("/v1/features", &json!({ "people": people, "features": names }))
    }

    /// A batch of orders nobody sent before, as bytes on the wire.
    pub(crate) fn orders(&self, number: u64, count: u64) -> Vec<u8> {
        let events = (0..count)
            .map(|place| order(&format!("order-{number}-{place}"), (number * count + place) % PEOPLE));
        self.post("/v1/events", &json!({ "events": events.collect::<Vec<_>>() }))
    }

    /// Somebody hesitates, as bytes on the wire.
    pub(crate) fn hesitation(&self, person: u64) -> Vec<u8> {
        let event = json!({
            "message_id": format!("hesitates-{person}"),
            "event": "Hesitated",
            "identities": [identity(person)],
            "properties": { "zone": "shipping", "ms": 2_500, "cart_cents": 1_500 },
        });
        self.post("/v1/events", &json!({ "events": [event] }))
    }

    /// Whoever follows a person's decisions, as bytes on the wire.
    pub(crate) fn session(&self, person: u64) -> Vec<u8> {
        let key = &self.key;
        format!(
            "GET /v1/stream?namespace=customer&value=person-{person} HTTP/1.1\r\nhost: wink\r\nauthorization: Bearer {key}\r\n\r\n"
        )
        .into_bytes()
    }

    /// A request's head up to its body, for a body of so many bytes.
    pub(crate) fn head(&self, path: &str, length: usize) -> String {
        format!(
            "POST {path} HTTP/1.1\r\nhost: wink\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n",
            self.key
        )
    }

    fn post(&self, path: &str, body: &Value) -> Vec<u8> {
        let body = body.to_string();
        (self.head(path, body.len()) + &body).into_bytes()
    }
}

/// The routes without a network, asked by a shop with a key of its own.
#[derive(Clone)]
pub(crate) struct Inside {
    router: Router,
    key: String,
}

impl Inside {
    pub(crate) async fn of<S: Store>(service: &Arc<Service<S>>) -> anyhow::Result<Self> {
        let mut inside =
            Self { router: routes(service.clone()).layer(Extension(AtTheMachine)), key: String::new() };
        let made = inside.ask("/v1/keys", json!({ "role": "shop", "name": "bench" })).await?;
        let key = made.get("secret").and_then(Value::as_str).context("a key has a secret")?;
        inside.key = key.to_owned();
        Ok(inside)
    }

    async fn ask(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        let mut request = Request::post(path).header("host", "wink");
        if !self.key.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.key));
        }
        let answer = self.router.clone().oneshot(request.body(Body::from(body.to_string()))?).await?;
        let (status, bytes) = (answer.status(), answer.into_body().collect().await?.to_bytes());
        if !status.is_success() {
            bail!("{path} answered {status}: {}", String::from_utf8_lossy(&bytes));
        }
        Ok(serde_json::from_slice(&bytes)?)
    }

    /// Lets people agree to offers and order once. Tells how many have, every now and then.
    pub(crate) async fn welcome(&self, people: Range<u64>, mut done: impl FnMut(u64)) -> anyhow::Result<()> {
        for first in people.clone().step_by(200) {
            let some = first..people.end.min(first + 200);
            done(some.start - people.start);
            let agrees = some.clone().map(|person| agrees(person, first));
            let orders = some.map(|person| order(&format!("first-{person}"), person));
            self.ask("/v1/events", json!({ "events": agrees.chain(orders).collect::<Vec<_>>() })).await?;
        }
        Ok(())
    }
}

/// Puts the bench's catalogue in force, in the only tenant.
pub(crate) async fn put_catalogue_in_force<S: Store>(service: &Service<S>) -> anyhow::Result<()> {
    put_in_force(service, &[]).await
}

/// The same, with further files.
pub(super) async fn put_in_force<S: Store>(
    service: &Service<S>,
    more: &[(&str, &str)],
) -> anyhow::Result<()> {
    let files = [("shop.toml", SHOP), ("campaigns/tea.toml", TEA)];
    let files: BTreeMap<String, String> =
        files.iter().chain(more).map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let compiled =
        catalogue::compile(&files).map_err(|findings| anyhow!("the bench's catalogue: {findings:?}"))?;
    let [engine] = &service.engines()[..] else { bail!("there is more than one tenant") };
    flow::catalogue::apply(engine, compiled, files, (service.clock)()).await?;
    Ok(())
}

fn identity(person: u64) -> Value {
    json!({ "namespace": "customer", "value": format!("person-{person}") })
}

pub(crate) fn question(person: u64, dry_run: bool) -> Value {
    json!({ "identity": identity(person), "channel": "web", "cart_cents": 1_500, "dry_run": dry_run })
}

/// Tea, and something to go with it.
fn cart() -> Value {
    json!({ "lines": [
        { "id": "1", "product_id": "p-tea", "category": "TEA", "quantity": 2, "unit_price_cents": 700, "vat_basis_points": 700 },
        { "id": "2", "product_id": "p-pot", "quantity": 1, "unit_price_cents": 1_900, "vat_basis_points": 1_900 },
    ] })
}

fn agrees(person: u64, batch: u64) -> Value {
    json!({
        "message_id": format!("yes-{batch}-{person}"),
        "event": "Consent Updated",
        "identities": [identity(person)],
        "properties": { "purpose": "personalisation", "state": "granted", "method": "checkbox" },
    })
}

pub(crate) fn order(message_id: &str, person: u64) -> Value {
    json!({
        "message_id": message_id,
        "event": "Order Completed",
        "identities": [identity(person)],
        "properties": {
            "order_id": message_id,
            "products": [{ "product_id": "p-tea", "category": "TEA", "quantity": 1, "total_cents": 700 }],
        },
    })
}
