//! Bytes as a packed body of events and as rows of products: every event is accounted for, and rows are the same however they are cut.
#![no_main]

use std::cell::RefCell;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;
use wink_core::base::Timestamp;
use wink_server::Engine;
use wink_server::http::{Conduct, Service, routes};
use wink_server::keys::TENANT;
use wink_server::report::totals::balance;
use wink_server::rows::{Format, Row, Rows};
use wink_server::secrets::Secrets;
use wink_sim::SimStore;

const ENCODINGS: [&str; 5] = ["identity", "gzip", "deflate", "br", "zstd"];

const NOW: Timestamp = Timestamp(1_767_225_600_000);

/// So many requests go to one server: a new one for each would take most of the time, and an old one remembers too much.
const REQUESTS: u32 = 500;

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    static SERVER: RefCell<Option<Server>> = const { RefCell::new(None) };
}

/// A server without a socket, and its only tenant.
struct Server {
    router: Router,
    engine: Arc<Engine<Arc<SimStore>>>,
    requests: u32,
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, body)) = bytes.split_first() else { return };
    let encoding = ENCODINGS[usize::from(*choice) % ENCODINGS.len()];
    RUNTIME.with(|runtime| {
        SERVER.with_borrow_mut(|server| {
            server.take_if(|server| REQUESTS <= server.requests);
            let server = server.get_or_insert_with(|| runtime.block_on(Server::open()));
            runtime.block_on(server.every_event_is_accounted_for(encoding, body));
        });
    });
    for format in [Format::Csv, Format::Ndjson] {
        assert_eq!(rows(format, body, 1 + usize::from(*choice)), rows(format, body, body.len().max(1)));
    }
});

impl Server {
    async fn open() -> Self {
        let conduct = Conduct { without_keys: true, ..Conduct::default() };
        let clock = Box::new(|| NOW);
        let opened = Service::open(Arc::new(SimStore::new()), Secrets::new([7; 32]), clock, conduct).await;
        let service = Arc::new(opened.expect("an empty store can be opened"));
        let engine = service.engine(TENANT).await.expect("an empty store can be read");
        Self { router: routes(service), engine, requests: 0 }
    }

    async fn every_event_is_accounted_for(&mut self, encoding: &str, body: &[u8]) {
        self.requests += 1;
        let before = balance(&self.engine).await.expect("the store can be read");
        let request = Request::post("/v1/events").header(header::CONTENT_ENCODING, encoding);
        let request = request.body(Body::from(body.to_vec())).expect("a request");
        let Ok(answer) = self.router.clone().oneshot(request).await;
        let status = answer.status();
        let said = to_bytes(answer.into_body(), usize::MAX).await.expect("an answer is whole");
        let said: Value = serde_json::from_slice(&said).expect("an answer is JSON");
        let after = balance(&self.engine).await.expect("the store can be read");
        assert!(after.is_exact(), "{after:?}");
        let received = after.received - before.received;
        if status == StatusCode::OK {
            let count = |name: &str| said[name].as_i64().expect("a number");
            let items = said["items"].as_array().map(|items| items.len() as i64);
            let counted = count("accepted") + count("duplicate") + count("dead") + count("refused");
            assert_eq!((Some(received), Some(counted)), (items, items), "{said}");
        } else {
            assert!(status.is_client_error(), "{status}: {said}");
            assert!(1 <= received && received == after.refused - before.refused, "{after:?}");
        }
    }
}

fn rows(format: Format, bytes: &[u8], piece: usize) -> Vec<Row> {
    let mut rows = Rows::new(format);
    let mut read: Vec<Row> = bytes.chunks(piece).flat_map(|piece| rows.feed(piece)).collect();
    read.extend(rows.finish());
    read
}
