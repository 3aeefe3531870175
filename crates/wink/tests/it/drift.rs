//! What sources send changes: told over HTTP and on the command line, and nothing in it names anybody.

use std::sync::Barrier;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use wink_core::base::Timestamp;

use crate::client::{Client, ask};
use crate::sample::{self, batch, event};
use crate::wink::{Server, run};

const HOUR_MS: i64 = 3_600_000;

fn now() -> Timestamp {
    let passed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(passed.as_millis()).unwrap())
}

fn send(server: &Server, start: usize, properties: impl Fn(usize) -> Value) {
    let events: Vec<Value> = (start..start + 60)
        .map(|number| {
            let person = format!("anna-{number}");
            event(&format!("v-{number}"), &person, "Product Viewed", properties(number))
        })
        .collect();
    let sent = ask(server.address, "POST", "/v1/events", &batch(&events).to_string()).json();
    assert_eq!(sent["accepted"], 60, "{sent}");
}

/// Asks for the report many times at once: one is made at a time, and the others are told when to come again.
fn one_at_a_time(server: &Server, path: &str) {
    const AT_ONCE: usize = 8;
    let (mut made, mut refused) = (0, 0);
    // Two questions need not meet; of many rounds, in which a report is no faster than a question is sent, some do.
    for _ in 0..200 {
        let start = Barrier::new(AT_ONCE);
        let answers = std::thread::scope(|scope| {
            let asking = || {
                let mut client = Client::connect(server.address).unwrap();
                start.wait();
                client.send("GET", path, "").unwrap()
            };
            let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(asking)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        for answer in answers {
            match answer.status {
                200 => made += 1,
                429 => {
                    let seconds: u64 = answer.header("retry-after").parse().unwrap();
                    assert!((1..=60).contains(&seconds), "{answer:?}");
                    let said = answer.json();
                    let why = said["detail"].as_str().unwrap();
                    assert!(said["code"] == "overloaded" && why.contains("is being made already"), "{said}");
                    refused += 1;
                }
                _ => panic!("{answer:?}"),
            }
        }
        if 0 < refused {
            break;
        }
    }
    assert!(0 < made && 0 < refused, "{made} were made, and {refused} refused");
    // Whoever comes later gets one.
    assert_eq!(ask(server.address, "GET", path, "").status, 200);
}

#[test]
fn a_field_that_appears_and_prices_that_double_are_told_and_windows_that_cannot_be_are_refused() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let server = Server::start(store.path());
    let before = now();
    let price = |number: usize| 100 + 7 * (number % 60);
    send(&server, 0, |number| json!({ "product_id": "p-1", "price_cents": price(number) }));
    // As long as the second batch may need.
    std::thread::sleep(Duration::from_secs(2));
    let between = now();
    std::thread::sleep(Duration::from_millis(20));
    send(
        &server,
        60,
        |number| json!({ "product_id": "p-1", "price_cents": 4 * price(number), "colour": "red as Anna" }),
    );
    // The later window is as long as the earlier one, and over.
    let after = Timestamp(2 * between.0 - before.0);
    while now() < after {
        std::thread::sleep(Duration::from_millis(20));
    }
    let path = format!("/v1/events/drift?since={between}&until={after}");
    let found = ask(server.address, "GET", &path, "").json();
    let told: Vec<(&Value, &Value)> =
        found["findings"].as_array().unwrap().iter().map(|one| (&one["field"], &one["change"])).collect();
    let expected = [(json!("colour"), json!("appeared")), (json!("price_cents"), json!("numbers_shifted"))];
    assert_eq!(told, expected.each_ref().map(|(field, change)| (field, change)), "{found}");
    let [colour, cents] = found["findings"].as_array().unwrap().as_slice() else { panic!("{found}") };
    assert_eq!(
        (&colour["known"], &colour["before"]),
        (&json!(false), &json!({ "all": 60, "with_field": 0 }))
    );
    assert!(0.25 < cents["index"].as_f64().unwrap() && cents["known"] == true, "{found}");
    assert!(!found.to_string().to_lowercase().contains("anna"), "{found}");
    assert!(colour["first_seen"].as_str().unwrap().ends_with(":00:00Z"), "{found}");

    let refused = |query: &str| {
        let refused = ask(server.address, "GET", &format!("/v1/events/drift?{query}"), "");
        let said = refused.json();
        let said = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        (refused.status, said("code"), said("pointer"))
    };
    let invalid = |pointer: &str| (422, "value_invalid".to_owned(), pointer.to_owned());
    assert_eq!(refused("before_until=yesterday"), invalid("/before_until"));
    assert_eq!(refused(&format!("since={after}&until={before}")), invalid("/since"));
    let early = Timestamp(before.0 - HOUR_MS);
    let unequal = format!("before_since={early}&before_until={between}&since={between}&until={after}");
    assert_eq!(refused(&unequal), invalid("/before_since"));
    assert_eq!(refused(&format!("since={between}&before_until={after}&until={after}")), invalid("/since"));
    let future = Timestamp(after.0 + HOUR_MS);
    assert_eq!(refused(&format!("until={future}")), invalid("/until"));
    assert_eq!(refused("from=2026-01-01T00:00:00Z").1, "query_malformed");
    assert_eq!(
        refused("since=0001-01-01T00:00:00Z&until=0001-01-02T00:00:00Z"),
        (200, String::new(), String::new())
    );

    one_at_a_time(&server, &path);

    // The same while the server has the store, and without it.
    let data = store.path().to_str().unwrap();
    let (early, between, after) = (early.to_string(), between.to_string(), after.to_string());
    let windows = ["--since", &between, "--until", &after, "--data", data];
    let drift = |more: &[&str]| run(["events", "drift"].iter().chain(&windows).chain(more).copied());
    assert_eq!(drift(&["--json"]).fine().json(), found);
    server.stop().fine();
    assert_eq!(drift(&["--json"]).fine().json(), found);
    let table = drift(&[]).fine().out;
    for said in [
        "2 changes in",
        "colour (in no schema)",
        "appeared",
        "0 of 60",
        "numbers shifted, index",
        "median about",
    ] {
        assert!(table.contains(said), "{said}: {table}");
    }
    let refused = run(["events", "drift", "--since", "yesterday", "--data", data]);
    assert!(refused.code == Some(1) && refused.err.contains("yesterday"), "{refused:?}");
    let windows =
        ["--before-since", &early, "--before-until", &between, "--since", &between, "--until", &after];
    let refused = run(["events", "drift", "--data", data].iter().chain(&windows).copied());
    assert!(refused.code == Some(1) && refused.err.contains("as long as each other"), "{refused:?}");
    let refused = run(["events", "drift", "--until", &future.to_string(), "--data", data]);
    assert!(refused.code == Some(1) && refused.err.contains("leave its end out"), "{refused:?}");
}
