//! There is too much to do: whoever is told to come again was not received, by whatever path they came, and is told so in words their client knows.

use std::sync::Arc;

use wink_server::access::Role;
use wink_server::http::{Capacity, Conduct};
use wink_sim::SimStore;

use super::api::{Answer, Api};

const PATHS: [&str; 5] = ["/v1/events", "/v1/batch", "/v1/t", "/mp/collect?api_secret=", "/v1/cloudevents"];

/// Sends a message on every path to a server of this capacity.
fn send(capacity: Capacity) -> (Vec<Answer>, serde_json::Value) {
    let store = Arc::new(SimStore::new());
    drop(Api::of_a_shop_over(store.clone()));
    let api = Api::conducted(store, Conduct { capacity, ..Conduct::default() });
    let key = api.key(Role::Shop);
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", &*bearer), ("content-type", "application/json")];
    let ask = |path: &&str| {
        let path = if path.ends_with('=') { format!("{path}{key}") } else { (*path).to_owned() };
        api.send("POST", &path, &headers, r#"{"events": [], "batch": []}"#)
    };
    let answers = PATHS.iter().map(ask).collect();
    let roomy = Api::over(api.store.clone());
    (answers, roomy.ask(&key, "GET", "/v1/health/balance", &serde_json::Value::Null).json())
}

#[test]
fn without_memory_for_a_body_nothing_is_received_and_every_client_knows_to_come_again() {
    let (answers, balance) = send(Capacity { body_bytes_max: 8, ..Capacity::default() });
    for (path, answer) in PATHS.iter().zip(&answers) {
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (503, "overloaded"),
            "{path}: {answer:?}"
        );
        assert_eq!(answer.headers["retry-after"], "1", "{path}");
    }
    assert_eq!(balance["refused"], 0, "{balance}");
}

#[test]
fn without_a_place_nothing_is_received_and_every_client_knows_to_come_again() {
    let (answers, balance) = send(Capacity { requests_max: 0, ..Capacity::default() });
    for (path, answer) in PATHS.iter().zip(&answers) {
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (429, "overloaded"),
            "{path}: {answer:?}"
        );
        assert_eq!(answer.headers["retry-after"], "1", "{path}");
    }
    assert_eq!(balance["refused"], 0, "{balance}");
}
