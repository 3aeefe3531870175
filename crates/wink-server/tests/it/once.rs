//! A question under an idempotency key is answered once: in a row, at once, after a restart, and not for another body.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;
use wink_server::access::Role;
use wink_server::keys::kind;
use wink_sim::{Disk, Faults, Mutant, SimStore};
use wink_store_fjall::{FjallStore, Options};

use super::api::{Answer, Api, question};
use super::audit::{all, audit};
use super::counter::{MONDAY, secrets, wait};

fn under(api: &Api<impl wink_store::Store>, key: &str, once: &str, person: &str) -> Answer {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("Idempotency-Key", once)];
    api.send("POST", "/v1/decisions", &headers, &question(person).to_string())
}

#[test]
fn the_same_again_is_the_same_to_the_byte_and_issues_one_coupon() {
    let api = Api::of_a_shop();
    let shop = api.key(Role::Shop);
    let first = under(&api, &shop, "q-1", "anna");
    assert!(first.json()["decision"]["coupon"].is_string(), "{first:?}");
    assert!(!first.headers.contains_key("idempotent-replayed"));
    api.pass_minutes(5);
    let again = under(&api, &shop, "q-1", "anna");
    assert_eq!(first.body, again.body);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(under(&api, &shop, "q-1", "berta").code(), "idempotency_key_reused");
    let other = under(&api, &shop, "q-2", "berta");
    assert_ne!(first.body, other.body);
}

#[test]
fn an_answer_that_nobody_is_known_stays_the_answer() {
    let api = Api::of_a_shop();
    let shop = api.key(Role::Shop);
    let first = under(&api, &shop, "q-1", "nobody");
    let sent = json!({ "events": [{ "message_id": "m-1", "event": "Identify", "identities": [{ "namespace": "customer", "value": "nobody" }], "properties": { "traits": { "plan": "gold" } } }] });
    assert_eq!(api.ask(&shop, "POST", "/v1/events", &sent).json()["accepted"], 1);
    assert_eq!(first.body, under(&api, &shop, "q-1", "nobody").body);
}

#[test]
fn sixteen_at_once_are_one() {
    for _ in 0..20 {
        let api = Api::of_a_shop();
        let bearer = format!("Bearer {}", api.key(Role::Shop));
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "q-1")];
        let answers = api.at_once(16, "/v1/decisions", &headers, &question("anna").to_string());
        let said: BTreeSet<Vec<u8>> = answers.iter().map(|answer| answer.body.clone()).collect();
        assert_eq!(said.len(), 1, "{answers:?}");
        let engine = wait(wink_server::Engine::open(api.store.clone(), secrets(), MONDAY)).unwrap();
        assert_eq!(all(&engine, kind::COUPON).len(), 1);
        audit(&engine).unwrap();
    }
}

/// The race is real: a store that checks and then acts issues more than one.
#[test]
fn a_store_that_checks_then_acts_answers_more_than_once() {
    let caught = (0..20).any(|_| {
        let store = SimStore::open(Disk::default(), Faults::default(), Mutant::CheckThenAct);
        let api = Api::of_a_shop_over(Arc::new(store));
        let bearer = format!("Bearer {}", api.key(Role::Shop));
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "q-1")];
        let answers = api.at_once(16, "/v1/decisions", &headers, &question("anna").to_string());
        let engine = wait(wink_server::Engine::open(api.store.clone(), secrets(), MONDAY)).unwrap();
        answers.iter().any(|answer| answer.body != answers[0].body) || audit(&engine).is_err()
    });
    assert!(caught);
}

#[test]
fn a_key_belongs_to_its_tenant_and_its_source() {
    let api = Api::of_a_shop();
    let (shop, till) = (api.key(Role::Shop), api.key(Role::Till));
    let first = under(&api, &shop, "q-1", "anna");
    let other = under(&api, &till, "q-1", "berta");
    assert_eq!((first.status.as_u16(), other.status.as_u16()), (200, 200), "{other:?}");
    assert_ne!(first.body, other.body);
}

#[test]
fn a_restart_changes_nothing_and_a_month_does() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Arc::new(FjallStore::open(directory.path().join("store"), Options::default()).unwrap());
    let api = Api::of_a_shop_over(open());
    let shop = api.key(Role::Shop);
    let first = under(&api, &shop, "q-1", "anna");
    assert!(first.json()["decision"]["coupon"].is_string(), "{first:?}");
    drop(api);
    let api = Api::over(open());
    assert_eq!(under(&api, &shop, "q-1", "anna").body, first.body);
    let engine = wait(wink_server::Engine::open(api.store.clone(), secrets(), MONDAY)).unwrap();
    let forget = |days| {
        wait(wink_server::flow::once::forget_due(&engine, MONDAY.plus_days(days))).unwrap();
    };
    forget(29);
    assert_eq!(under(&api, &shop, "q-1", "anna").body, first.body);
    forget(31);
    assert_ne!(under(&api, &shop, "q-1", "anna").body, first.body);
}

#[test]
fn a_key_that_cannot_be_one_is_refused() {
    let api = Api::of_a_shop();
    let shop = api.key(Role::Shop);
    for wrong in ["", &"x".repeat(256), "caf\u{e9}"] {
        let answer = under(&api, &shop, wrong, "anna");
        assert_eq!(answer.code(), "idempotency_key_malformed", "{wrong}: {answer:?}");
    }
}
