//! The API without a socket: a shop behind the routes, asked as a client would.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tower::ServiceExt;
use wink_core::base::Timestamp;
use wink_server::access::{self, KeyId, NewKey, Role};
use wink_server::flow::ingest::ingest;
use wink_server::http::{Conduct, Service, routes};
use wink_server::keys::TENANT;
use wink_server::listen::{self, Settings};
use wink_sim::SimStore;
use wink_store::{Store, Tenant};

use super::counter::{IDS, MONDAY, Offer, Shop, later, open, secrets, wait};
use super::said;

/// An answer, read to its end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or(Json::Null)
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// The routes over a store, and a clock that stands until it is moved.
pub(crate) struct Api<S> {
    pub(crate) store: Arc<S>,
    pub(crate) router: Router,
    clock: Arc<AtomicI64>,
    runtime: tokio::runtime::Runtime,
}

impl Api<SimStore> {
    /// A shop that gives everybody a coupon for tea, and knows anna and berta.
    pub(crate) fn of_a_shop() -> Self {
        Self::of_a_shop_over(Arc::new(SimStore::new()))
    }
}

impl<S: Store> Api<S> {
    /// The same shop over any store.
    pub(crate) fn of_a_shop_over(store: Arc<S>) -> Self {
        let offer = Offer::new("tea", "{ amount = \"1.00\" }");
        let engine = wait(open(store.clone(), &Shop::selling(vec![offer]), MONDAY)).unwrap();
        let people = ["anna", "berta"].map(|name| said::allows_all(name, MONDAY));
        wait(ingest(&engine, &IDS, people.concat())).unwrap();
        Self::over(store)
    }

    /// Opens the routes on a store, as after a restart.
    pub(crate) fn over(store: Arc<S>) -> Self {
        Self::conducted(store, Conduct::default())
    }

    /// The same, run in another way.
    pub(crate) fn conducted(store: Arc<S>, conduct: Conduct) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let clock = Arc::new(AtomicI64::new(later(MONDAY, 60).0));
        let tells = clock.clone();
        let now = Box::new(move || Timestamp(tells.load(Ordering::SeqCst)));
        let service = Service::open(store.clone(), secrets(), now, conduct);
        let service = Arc::new(runtime.block_on(service).unwrap());
        Self { store, router: routes(service), clock, runtime }
    }

    /// Lets time pass.
    pub(crate) fn pass_minutes(&self, minutes: i64) {
        self.clock.fetch_add(minutes * super::counter::MINUTE_MS, Ordering::SeqCst);
    }

    /// Makes a key for a tenant.
    pub(crate) fn key_of(&self, tenant: Tenant, role: Role) -> (KeyId, String) {
        let new = NewKey {
            tenant,
            role,
            name: format!("the-{}", role.name()),
            store: (role == Role::Till).then(|| "s-1".to_owned()),
            origins: Vec::new(),
            rate: None,
        };
        let now = Timestamp(self.clock.load(Ordering::SeqCst));
        let (id, token) = wait(access::create(&self.store, &new, now)).unwrap();
        (id, token.reveal().to_owned())
    }

    /// Makes a key for the first tenant.
    pub(crate) fn key(&self, role: Role) -> String {
        self.key_of(TENANT, role).1
    }

    /// Asks, with headers.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.runtime.block_on(answer(self.router.clone(), request(method, path, headers, body)))
    }

    /// Asks with a key.
    pub(crate) fn ask(&self, key: &str, method: &str, path: &str, body: &Json) -> Answer {
        self.send(method, path, &[("authorization", &format!("Bearer {key}"))], &body.to_string())
    }

    /// Serves the routes on a port for as long as the test lasts.
    pub(crate) fn serve(&self, settings: Settings) -> SocketAddr {
        let router = self.router.clone();
        self.runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(listen::serve(listener, router, settings, std::future::pending()));
            address
        })
    }

    /// Asks the same many times at once.
    pub(crate) fn at_once(
        &self,
        times: usize,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Vec<Answer> {
        self.runtime.block_on(async {
            let ask = |_| tokio::spawn(answer(self.router.clone(), request("POST", path, headers, body)));
            let asked: Vec<_> = (0..times).map(ask).collect();
            let mut answers = Vec::new();
            for asked in asked {
                answers.push(asked.await.unwrap());
            }
            answers
        })
    }
}

/// The question whether somebody gets an offer on a page.
pub(crate) fn question(person: &str) -> Json {
    json!({ "identity": { "namespace": "customer", "value": person }, "channel": "web" })
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

async fn answer(router: Router, request: Request<Body>) -> Answer {
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    // A stream that is opened and should not be has no end: it fails the test instead of stopping it.
    let whole = tokio::time::timeout(super::socket::PATIENCE * 3, body.collect()).await;
    let body = whole.expect("the answer ends").unwrap().to_bytes().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}
