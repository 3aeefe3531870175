//! Coupons that are held for an order by what somebody typed: held like those that are named by an id, and telling whoever guesses nothing.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use wink_core::base::CouponId;
use wink_server::Engine;
use wink_server::access::Role;
use wink_server::flow::codes::code_of;
use wink_sim::SimStore;

use super::api::{Answer, Api};
use super::audit::audit;
use super::counter::{MONDAY, secrets, wait};

struct Till {
    api: Api<SimStore>,
    shop: String,
}

impl Till {
    fn new() -> Self {
        let api = Api::of_a_shop();
        Self { shop: api.key(Role::Shop), api }
    }

    fn send(&self, once: &str, path: &str, asked: &Json) -> Answer {
        let bearer = format!("Bearer {}", self.shop);
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", once)];
        self.api.send("POST", path, &headers, &asked.to_string())
    }

    fn reserve(&self, once: &str, code: &str, order: &str, more: &Json) -> Answer {
        let mut asked = json!({ "code": code, "order_id": order, "cart": cart() });
        asked.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        self.send(once, "/v1/reservations", &asked)
    }

    fn redeem(&self, once: &str, code: &str, order: &str) -> Answer {
        let asked = json!({ "coupons": [code], "typed_by": {}, "order_id": order, "cart": cart() });
        self.send(once, "/v1/redemptions", &asked)
    }

    /// A person's coupon and its code.
    fn issued(&self, person: &str) -> (String, String) {
        let asked = super::api::question(person);
        let decided = self.api.ask(&self.shop, "POST", "/v1/decisions", &asked).json();
        let coupon = decided["decision"]["coupon"].as_str().unwrap().to_owned();
        let shown = self.api.ask(&self.shop, "GET", &format!("/v1/coupons/{coupon}/code"), &Json::Null);
        (coupon, shown.json()["code"].as_str().unwrap().to_owned())
    }

    fn printed(&self, count: u64) -> Vec<String> {
        let manager = self.api.key(Role::Marketer);
        let asked = json!({ "campaign": "tea", "count": count });
        self.api.ask(&manager, "PUT", "/v1/bulks/print", &asked);
        self.api.ask(&manager, "POST", "/v1/bulks/print/continue", &Json::Null);
        let listed = self.api.ask(&manager, "GET", "/v1/bulks/print/codes", &Json::Null).json();
        let codes = listed["data"].as_array().unwrap().iter();
        codes.map(|printed| printed["code"].as_str().unwrap().to_owned()).collect()
    }

    fn audit(&self) {
        let engine = wait(Engine::open(self.api.store.clone(), secrets(), MONDAY)).unwrap();
        audit(&engine).unwrap();
    }
}

fn cart() -> Json {
    json!({ "lines": [{ "id": "1", "product_id": "assam", "quantity": 3, "unit_price_cents": 200 }] })
}

fn as_person(who: &str) -> Json {
    json!({ "identity": { "namespace": "customer", "value": who } })
}

/// The code of a coupon there is none of.
fn unknown(number: u8) -> String {
    code_of(&secrets(), CouponId::from_bytes([number; 16])).to_string()
}

#[test]
fn what_was_typed_is_held_for_its_order_and_for_no_other() {
    let till = Till::new();
    let (coupon, annas) = till.issued("anna");
    let of_bulk = till.printed(1).remove(0);
    for code in [&annas, &of_bulk] {
        // Orders of their own: the offer's coupons stand alone on one.
        let [first, second, third] = ["a", "b", "c"].map(|order| format!("{order} {code}"));
        let (first, second) = (first.as_str(), second.as_str());
        let typed = code.to_lowercase().replace('-', " ");
        let held = till.reserve(&format!("hold {code}"), &typed, first, &json!({ "hold_seconds": 600 }));
        assert_eq!((held.status.as_u16(), &held.json()["state"]), (200, &json!("reserved")), "{held:?}");
        let again = till.reserve(&format!("again {code}"), &typed, first, &json!({}));
        assert_eq!(again.json(), held.json(), "held for this order, it stays as it is");
        for answer in [
            till.reserve(&format!("other {code}"), code, second, &json!({})),
            till.redeem(&format!("use other {code}"), code, second),
        ] {
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "coupon_reserved"));
        }
        let id = held.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(id == coupon, code == &annas, "{id}");
        let released = json!({ "order_id": first });
        let path = format!("/v1/coupons/{id}/release");
        assert_eq!(till.api.ask(&till.shop, "POST", &path, &released).json()["state"], "issued");
        assert_eq!(till.reserve(&format!("anew {code}"), code, second, &json!({})).status, 200);
        assert_eq!(till.redeem(&format!("use {code}"), code, second).status, 200);
        let used = till.reserve(&format!("late {code}"), code, &third, &json!({}));
        assert_eq!(used.code(), "discount_code_already_applied");
    }
    till.audit();
}

#[test]
fn the_same_key_holds_once_and_another_body_is_another_question() {
    let till = Till::new();
    let (_, code) = till.issued("anna");
    let first = till.reserve("k", &code, "o-1", &json!({}));
    assert_eq!((first.status.as_u16(), till.reserve("k", &code, "o-1", &json!({})).body), (200, first.body));
    assert_eq!(till.reserve("k", &code, "o-2", &json!({})).status, 422);
    let asked = json!({ "code": code, "order_id": "o-1", "cart": cart() });
    let without = till.api.ask(&till.shop, "POST", "/v1/reservations", &asked);
    assert!(!without.status.is_success(), "the key is mandatory: {without:?}");
}

#[test]
fn whoever_is_named_holds_no_more_than_they_may_have() {
    let till = Till::new();
    let codes = till.printed(2);
    let hold = |once: &str, code: &str| till.reserve(once, code, "o-2", &as_person("anna"));
    assert_eq!(hold("k-1", &codes[0]).status, 200, "a hold makes nothing anybody's");
    let mut asked = json!({ "coupons": [codes[0]], "order_id": "o-2", "cart": cart() });
    asked.as_object_mut().unwrap().extend(as_person("anna").as_object().cloned().unwrap());
    assert_eq!(till.send("k-2", "/v1/redemptions", &asked).status, 200);
    let refused = till.reserve("k-3", &codes[1], "o-3", &as_person("anna"));
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (409, "profile_limit"), "{refused:?}");
    assert_eq!(till.reserve("k-4", &codes[1], "o-4", &as_person("berta")).status, 200);
    till.audit();
}

#[test]
fn unknown_expired_revoked_and_foreign_look_alike_and_take_as_long() {
    let till = Till::new();
    let manager = till.api.key(Role::Marketer);
    let ((_, annas), (coupon, bertas)) = (till.issued("anna"), till.issued("berta"));
    let revoked = till.api.ask(&manager, "POST", &format!("/v1/coupons/{coupon}/revoke"), &Json::Null);
    assert_eq!(revoked.status, 200);
    // Everybody asks as berta, each from a device of their own, so that nobody is told to wait.
    let answered = |device: &str, code: &str| {
        let mut more = as_person("berta");
        let address = device.replace("d-", "203.0.113.");
        more["typed_by"] = json!({ "device": device, "address": address });
        let begun = Instant::now();
        let answer = till.reserve(device, code, "o-1", &more);
        assert!(Duration::from_millis(25) <= begun.elapsed(), "{code} was answered at once");
        assert_eq!(answer.code(), "discount_code_invalid");
        let request = answer.json()["request_id"].as_str().unwrap().to_owned();
        let said = String::from_utf8(answer.body).unwrap().replace(code, "CODE").replace(&request, "REQUEST");
        (answer.status, said)
    };
    let foreign = answered("d-1", &annas);
    let others =
        [answered("d-2", &unknown(1)), answered("d-3", &bertas), answered("d-4", "7K3M-7K3M-7K3M-7K3M")];
    assert!(others.iter().all(|other| *other == foreign), "{foreign:?} {others:?}");
    till.api.pass_minutes(28 * 24 * 60 + 1);
    let expired = answered("d-5", &annas);
    assert_eq!((expired.0, expired.1.len()), (foreign.0, foreign.1.len()));
}

#[test]
fn an_id_names_nothing_here_and_whoever_guesses_waits() {
    let till = Till::new();
    let (coupon, code) = till.issued("anna");
    let by_id = till.reserve("k-id", &coupon, "o-1", &json!({}));
    assert_eq!(by_id.code(), "discount_code_invalid", "an id is no secret");
    for number in 0..5 {
        let wrong = till.reserve(&format!("k-{number}"), &unknown(number), "o-1", &json!({}));
        assert_eq!(wrong.code(), "discount_code_invalid");
    }
    for (once, typed) in [("k-wrong", unknown(9)), ("k-right", code)] {
        let answer = till.reserve(once, &typed, "o-1", &json!({}));
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "rate_limited"), "{once}");
    }
    // What is tried here counts for what is tried elsewhere.
    let redeemed = till.redeem("k-redeem", &unknown(9), "o-1");
    assert_eq!(redeemed.status, 429, "{redeemed:?}");
}
