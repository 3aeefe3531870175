//! `/metrics` as Prometheus reads it, and the dashboard and the alerts that ask for it.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::client::ask;
use crate::sample::{self, batch, joins, question};
use crate::wink::Server;

/// What a server measured after people bought, asked, and sent nonsense.
fn measured() -> String {
    let here = tempfile::tempdir().unwrap();
    sample::open_shop(here.path());
    let server = Server::start(here.path());
    let post = |path: &str, body: &str| ask(server.address, "POST", path, body).status;
    assert_eq!(post("/v1/events", &batch(&joins("anna")).to_string()), 200);
    assert_eq!(post("/v1/events", &batch(&joins("anna")).to_string()), 200);
    assert_eq!(post("/v1/decisions", &question("anna").to_string()), 200);
    assert_eq!(post("/v1/decisions", "{"), 400);
    let text = scrape(server.address);
    server.stop().fine();
    text
}

fn scrape(address: SocketAddr) -> String {
    let reply = ask(address, "GET", "/metrics", "");
    assert_eq!((reply.status, reply.content_type.as_str()), (200, "text/plain; version=0.0.4"), "{reply:?}");
    reply.body
}

/// The value of a metric with these labels.
fn value(text: &str, metric: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(metric)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("there is no `{metric}` in:\n{text}")).parse().unwrap()
}

#[test]
fn the_metrics_say_what_happened() {
    let text = measured();
    let equal = [
        (r#"wink_requests_total{operation="receive_events",status="200"}"#, 2.0),
        (r#"wink_requests_total{operation="decide",status="200"}"#, 1.0),
        (r#"wink_requests_total{operation="decide",status="400"}"#, 1.0),
        (r#"wink_request_seconds_count{operation="decide"}"#, 2.0),
        (r#"wink_events_total{tenant="1",outcome="accepted"}"#, 3.0),
        (r#"wink_events_total{tenant="1",outcome="duplicate"}"#, 3.0),
        (r#"wink_balance_open{tenant="1"}"#, 0.0),
        (r#"wink_timers_due{tenant="1"}"#, 0.0),
        ("wink_panics_total", 0.0),
    ];
    for (metric, expected) in equal {
        assert_eq!(value(&text, metric), expected, "{metric}");
    }
    let verdicts: f64 = ["offer", "holdout", "none"]
        .map(|verdict| value(&text, &format!("wink_decisions_total{{verdict=\"{verdict}\"}}")))
        .iter()
        .sum();
    assert_eq!(verdicts, 1.0);
    for metric in ["wink_store_batches_total", "wink_store_commit_seconds_count", "wink_store_bytes"] {
        assert!(0.0 < value(&text, metric), "{metric}");
    }
    assert!(1e6 < value(&text, "process_resident_memory_bytes"));
}

#[test]
fn promtool_finds_nothing_to_complain_about() {
    let promtool = std::env::var_os("WINK_PROMTOOL").map_or_else(|| PathBuf::from("promtool"), PathBuf::from);
    let mut check = Command::new(&promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("`{}`: {error}; `cargo xtask test` fetches it", promtool.display()));
    check.stdin.take().unwrap().write_all(measured().as_bytes()).unwrap();
    let output = check.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
}

/// Every name in a text that could be a metric's.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words
        .filter(|word| word.starts_with("wink_") || word.starts_with("process_"))
        .map(str::to_owned)
        .collect()
}

fn expressions(json: &Value, found: &mut Vec<String>) {
    match json {
        Value::Object(fields) => {
            found.extend(fields.get("expr").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| expressions(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| expressions(value, found)),
        _ => {}
    }
}

#[test]
fn the_dashboard_asks_only_for_what_is_measured_and_for_nearly_all_of_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let board = std::fs::read_to_string(root.join("deploy/grafana/wink.json")).unwrap();
    let mut asked = Vec::new();
    expressions(&serde_json::from_str(&board).unwrap(), &mut asked);
    let asked: BTreeSet<String> = asked.iter().flat_map(|expression| names(expression)).collect();
    let there: BTreeSet<String> = measured()
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next().map(str::to_owned))
        .collect();
    assert!(!asked.is_empty());
    assert_eq!(
        asked.difference(&there).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "asked for and not there"
    );
    // What is described is measured, and shown.
    for (_, name, ..) in wink_server::http::METRICS {
        let shown = |suffix: &str| asked.contains(&format!("{name}{suffix}"));
        assert!(shown("") || shown("_bucket"), "`{name}` is on no panel");
    }
}
