//! Thousands of idempotency keys: the same again is the same to the byte, another body is refused, sixteen at once are one, and a server that
//! begins anew remembers.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use wink_core::base::Chance;
use wink_core::offer::Channel;
use wink_server::Engine;
use wink_server::access::Role;
use wink_server::flow::decide;
use wink_server::flow::ingest::ingest;
use wink_store_fjall::{FjallStore, Options};

use super::api::{Answer, Api};
use super::audit::{audit, redemptions};
use super::counter::{IDS, MONDAY, Offer, Shop, coupon_of, open, question, secrets, wait};
use super::evidence::{asked, seed, tell};
use super::said;

/// Keys after which the server begins anew.
const BETWEEN_RESTARTS: u64 = 500;

/// Redemptions of one coupon, each taken back before the next: it remembers them all, so it is not the same one for ever.
const PER_COUPON: u64 = 25;

/// At how many of the keys sixteen ask at once.
const ONE_OF: u64 = 10;

type Counter = Api<FjallStore>;

fn serve(directory: &Path) -> Counter {
    Api::over(Arc::new(FjallStore::open(directory.join("store"), Options::default()).unwrap()))
}

/// Opens a shop in which anna may have as many coupons as she likes.
fn fitted_out(directory: &Path) {
    let store = FjallStore::open(directory.join("store"), Options::default()).unwrap();
    let tea = Offer {
        per_person: 1_000_000,
        budget: "1000000.00".to_owned(),
        ..Offer::new("tea", "{ amount = \"1.00\" }")
    };
    let engine = wait(open(store, &Shop::selling(vec![tea]), MONDAY)).unwrap();
    wait(ingest(&engine, &IDS, said::allows_all("anna", MONDAY))).unwrap();
}

fn coupon(api: &Counter, number: u64) -> String {
    let engine = wait(Engine::open(api.store.clone(), secrets(), MONDAY)).unwrap();
    let decision =
        wait(decide::ask(&engine, &question(number, "anna", Channel::Web, MONDAY))).unwrap().unwrap();
    coupon_of(&engine, &decision).unwrap().to_string()
}

fn order(coupon: &str, number: u64, quantity: u64) -> String {
    let line = json!({ "id": "1", "product_id": "assam", "quantity": quantity, "unit_price_cents": 200 });
    json!({ "coupons": [coupon], "order_id": format!("o-{number}"), "cart": { "lines": [line] } }).to_string()
}

fn under(api: &Counter, till: &str, key: &str, path: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {till}");
    api.send("POST", path, &[("authorization", &bearer), ("idempotency-key", key)], body)
}

/// Sixteen ask at once under one key: all who are answered are answered the same, and the others are told that it is under way.
fn sixteen(api: &Counter, till: &str, key: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {till}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
    let answers = api.at_once(16, "/v1/redemptions", &headers, body);
    let (done, busy): (Vec<Answer>, Vec<Answer>) =
        answers.into_iter().partition(|answer| answer.status == 200);
    for answer in &busy {
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "request_in_progress"));
    }
    assert!(done.iter().all(|answer| answer.body == done[0].body), "{done:?}");
    done.into_iter().next().unwrap_or_else(|| panic!("nobody was served"))
}

#[test]
fn every_key_is_one_answer_whatever_is_sent_again() {
    let (triples, seed) = (asked("WINK_TEST_TRIPLES", 60), seed());
    let directory = tempfile::tempdir().unwrap();
    fitted_out(directory.path());
    let mut api = serve(directory.path());
    let till = api.key(Role::Till);
    let mut chance = Chance::new(seed, "keys asked again");
    let mut answered: Vec<(String, Vec<u8>)> = Vec::new();
    let (mut used, mut restarts, mut at_once, mut again) = (String::new(), 0_u64, 0_u64, 0_u64);
    for number in 0..triples {
        if number % PER_COUPON == 0 {
            used = coupon(&api, number);
        }
        let key = format!("k-{number}");
        let body = order(&used, number, 3);
        let first = if number % ONE_OF == 0 {
            at_once += 1;
            sixteen(&api, &till, &key, &body)
        } else {
            under(&api, &till, &key, "/v1/redemptions", &body)
        };
        assert_eq!(first.status.as_u16(), 200, "{first:?}");
        let same = under(&api, &till, &key, "/v1/redemptions", &body);
        assert_eq!((same.status, &same.body), (first.status, &first.body));
        let other = under(&api, &till, &key, "/v1/redemptions", &order(&used, number, 4));
        assert_eq!((other.status.as_u16(), other.code().as_str()), (422, "idempotency_key_reused"));
        let redemption: Json = first.json();
        let path =
            format!("/v1/redemptions/{}/reversals", redemption["coupons"][0]["redemption"].as_str().unwrap());
        let back = |api: &Counter| under(api, &till, &format!("b-{number}"), &path, r#"{"reason":"cancel"}"#);
        let taken = back(&api);
        assert_eq!((taken.status.as_u16(), &taken.body), (200, &back(&api).body), "{taken:?}");
        answered.push((body, first.body));
        if number % BETWEEN_RESTARTS == BETWEEN_RESTARTS - 1 || number + 1 == triples {
            drop(api);
            api = serve(directory.path());
            restarts += 1;
            for _ in 0..20 {
                // What was taken back since is not answered anew: only what was kept can say it.
                let [byte, second, ..] = chance.bytes();
                let place = (usize::from(byte) << 8 | usize::from(second)) % answered.len();
                let (body, before) = &answered[place];
                let answer = under(&api, &till, &format!("k-{place}"), "/v1/redemptions", body);
                assert_eq!((answer.status.as_u16(), &answer.body), (200, before), "key {place}");
                assert_eq!(answer.headers["idempotent-replayed"], "true");
                again += 1;
            }
        }
    }
    let engine = wait(Engine::open(api.store.clone(), secrets(), MONDAY)).unwrap();
    assert_eq!(redemptions(&engine).len() as u64, triples, "each key was one redemption");
    assert_eq!(audit(&engine), Ok(()));
    let counts = [
        ("triples", triples),
        ("sixteen_at_once", at_once),
        ("restarts", restarts),
        ("asked_again_after_restart", again),
        ("redemptions", triples),
        ("seed", seed),
    ];
    tell("I15", "idempotency_keys", &counts.map(|(name, count)| (name, count.to_string())));
}
