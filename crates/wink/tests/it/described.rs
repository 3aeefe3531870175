//! The description of the API held against the server by schemathesis: whatever is sent, the answer is one that is described, and none is a
//! mistake of the server.

use std::path::Path;

use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::real_client;
use crate::sample::{self, batch, event, identity, joins, question};
use crate::segment::key;
use crate::wink::{Server, call, verified};

/// What schemathesis looks for: 5xx, and statuses, media types and bodies that are not in the description.
const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

/// Not asked: its answer is a stream that never ends, and schemathesis waits for the end of every answer.
const ENDLESS: &str = "open_stream";

/// How many requests it draws for each operation, beside those that follow from the description: as many as take a minute.
const DRAWN: &str = "20";

/// Fewer requests than this in all are a sign that most operations were not asked at all.
const REQUESTS_MIN: u64 = 1_000;

/// A server with one of everything, and what it needs to be asked.
struct Shop {
    server: Server,
    admin: String,
    operator: String,
}

impl Shop {
    fn open(store: &Path) -> Self {
        sample::open_shop(store);
        let [admin, operator] = ["admin", "operator"].map(|role| key(store, role));
        let data = store.to_str().unwrap();
        let started = Server::start_as(call([
            "serve",
            "--data",
            data,
            "--listen",
            "127.0.0.1:0",
            // What is registered is turned to a port of this machine where nobody listens.
            "--webhooks-anywhere",
        ]));
        let server = started.unwrap_or_else(|said| panic!("the server did not start: {said:?}"));
        Self { server, admin, operator }
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let bearer = format!("Bearer {}", self.admin);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut client = Client::connect(self.server.address).unwrap();
        let reply: Reply = client.send_with(method, path, &[("authorization", &bearer)], &body).unwrap();
        assert!((200..300).contains(&reply.status), "{method} {path}: {reply:?}");
        reply.json()
    }

    /// Makes one of everything that has an id, and tells by path what the path's parameter may name.
    fn furnish(&self) -> Value {
        let lost = event("lost", "anna", "Teleported", json!({ "to": "tea" }));
        self.ask("POST", "/v1/events", &batch(&[joins("anna"), vec![lost]].concat()));
        self.ask(
            "POST",
            "/v1/products",
            &json!({ "products": [{ "id": "p-tea", "name": "Tea", "category": "TEA" }] }),
        );
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let decision = text(&self.ask("POST", "/v1/decisions", &question("anna"))["decision"]["id"]);
        let profile =
            text(&self.ask("POST", "/v1/profiles/lookup", &json!({ "identity": identity("anna") }))["id"]);
        let letter = text(&self.ask("GET", "/v1/dead-letters", &Value::Null)["data"][0]["id"]);
        let version = text(&self.ask("GET", "/v1/catalogue", &Value::Null)["version"]);
        let endpoint = json!({ "url": "http://127.0.0.1:9/", "types": ["coupon.redeemed"] });
        let webhook = text(&self.ask("POST", "/v1/webhooks", &endpoint)["webhook"]["id"]);
        let key = text(&self.ask("POST", "/v1/keys", &json!({ "role": "shop", "name": "web" }))["id"]);
        let mut known = json!({});
        for (start, id) in [
            ("/v1/profiles/{id}", profile.as_str()),
            ("/v1/decisions/{id}", &decision),
            ("/v1/dead-letters/{id}", &letter),
            ("/v1/catalogue/versions/{version}", &version),
            ("/v1/webhooks/{id}", &webhook),
            ("/v1/keys/{id}", &key),
            ("/v1/campaigns/{id}", "tea"),
            ("/v1/budgets/{campaign}", "tea"),
            ("/v1/offers/{id}", "tea-amount"),
            ("/v1/contact-policies/{id}", "default"),
            ("/v1/products/{id}", "p-tea"),
            ("/ofrep/v1/evaluate/flags/{key}", "web"),
        ] {
            known[start] = id.into();
        }
        known
    }
}

#[test]
fn whatever_is_sent_the_answer_is_described_and_no_mistake_of_the_server() {
    let (store, empty) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let shop = Shop::open(store.path());
    let known = shop.furnish();
    let description = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/wink-v1.json");
    let mut call = real_client::python();
    call.args(["-m", "schemathesis.cli", "--no-color", "run"]).arg(description.canonicalize().unwrap());
    call.args(["--url", &format!("http://{}", shop.server.address), "--checks", CHECKS]);
    call.args(["--phases", "examples,coverage,fuzzing", "--max-examples", DRAWN, "--seed", "1"]);
    call.args(["--exclude-operation-id", ENDLESS, "--continue-on-failure", "--warnings", "off"]);
    // Its own directory: it keeps what it drew where it is started.
    call.current_dir(empty.path()).env("SCHEMATHESIS_HOOKS", "schemathesis_hooks");
    call.env("WINK_KEYS", json!({ "admin": shop.admin, "operator": shop.operator }).to_string());
    call.env("WINK_KNOWN", known.to_string());
    let output = call.output().unwrap_or_else(|error| panic!("{call:?}: {error}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    let generated = out.lines().find_map(|line| line.trim().split_once(" generated")?.0.parse::<u64>().ok());
    assert!(generated.is_some_and(|requests| REQUESTS_MIN <= requests), "{out}{err}");
    println!("{out}");
    shop.server.stop().fine();
    verified(store.path());
}
