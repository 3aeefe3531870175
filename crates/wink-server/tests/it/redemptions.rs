//! Coupons over HTTP: held, used, taken back, and asked for again. Every "no" says why; what is asked twice is done once.

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};
use std::thread;

use serde_json::{Value as Json, json};
use wink_core::base::Cents;
use wink_core::coupon::Refusal;
use wink_server::access::{self, Role};
use wink_server::flow::once::{Replied, forget_due};
use wink_server::flow::redeem::{Mode, Purchase, redeem};
use wink_server::keys::kind;
use wink_sim::{Disk, Faults, Mutant, SimStore};
use wink_store::Store;
use wink_store_fjall::{FjallStore, Options};

use super::api::{Answer, Api, question};
use super::audit::{all, audit};
use super::counter::{MONDAY, purchase, secrets, wait};

/// Asks under an idempotency key.
fn under<S: Store>(api: &Api<S>, key: &str, once: &str, path: &str, body: &Json) -> Answer {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", once)];
    api.send("POST", path, &headers, &body.to_string())
}

/// Gives somebody a coupon of 1.00.
fn issued<S: Store>(api: &Api<S>, key: &str, person: &str) -> String {
    let answer = api.ask(key, "POST", "/v1/decisions", &question(person)).json();
    answer["decision"]["coupon"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Three pieces at 2.00 each, and one at 4.00.
fn lines() -> Json {
    json!({ "lines": [
        { "id": "1", "product_id": "assam", "quantity": 3, "unit_price_cents": 200 },
        { "id": "2", "product_id": "mug", "quantity": 1, "unit_price_cents": 400 },
    ] })
}

fn cart(coupons: &[&str], order: &str) -> Json {
    json!({ "coupons": coupons, "order_id": order, "cart": lines() })
}

/// The path of the redemption of an answer's first coupon.
fn redemption(used: &Json) -> String {
    format!("/v1/redemptions/{}", text(&used["coupons"][0]["redemption"]))
}

fn engine<S: Store>(api: &Api<S>) -> wink_server::Engine<Arc<S>> {
    wait(wink_server::Engine::open(api.store.clone(), secrets(), MONDAY)).unwrap()
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

#[test]
fn a_coupon_is_held_used_and_taken_back_piece_by_piece() {
    let api = Api::of_a_shop();
    let till = api.key(Role::Till);
    let coupon = issued(&api, &till, "anna");
    let path = format!("/v1/coupons/{coupon}");
    let order = json!({ "order_id": "o-1", "cart": lines() });
    let held = under(&api, &till, "k-1", &format!("{path}/reserve"), &order).json();
    assert_eq!((text(&held["state"]), &held["held"]["amount_cents"]), ("reserved", &json!(100)), "{held}");
    let elsewhere = under(&api, &till, "k-2", "/v1/redemptions", &cart(&[&coupon], "o-2"));
    assert_eq!((elsewhere.status.as_u16(), elsewhere.code().as_str()), (409, "coupon_reserved"));
    let used = under(&api, &till, "k-3", "/v1/redemptions", &cart(&[&coupon], "o-1")).json();
    let amounts: Vec<i64> = used["coupons"][0]["allocations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["amount_cents"].as_i64().unwrap())
        .collect();
    assert_eq!((&used["cart"]["discount_cents"], amounts), (&json!(100), vec![60, 40]), "{used}");
    let redemption = redemption(&used);
    let pieces = json!({ "reason": "refund", "lines": [{ "line": "1", "quantity": 2 }] });
    let back = under(&api, &till, "k-4", &format!("{redemption}/reversals"), &pieces).json();
    assert_eq!((&back["returned_cents"], text(&back["reversals"][0]["coupon"])), (&json!(40), "stays_used"));
    assert_eq!(text(&api.ask(&till, "GET", &path, &json!({})).json()["state"]), "partly_reversed");
    let rest = under(&api, &till, "k-5", &format!("{redemption}/reversals"), &json!({ "reason": "cancel" }));
    assert_eq!(rest.json()["returned_cents"], 100, "{rest:?}");
    let again = api.ask(&till, "GET", &path, &json!({})).json();
    assert_eq!((text(&again["state"]), &again["reserved_cents"]), ("issued", &json!(100)), "{again}");
    let over = under(&api, &till, "k-6", &format!("{redemption}/reversals"), &json!({ "reason": "cancel" }));
    assert_eq!((over.status.as_u16(), over.code().as_str()), (409, "nothing_left_to_reverse"));
    assert_eq!(
        api.ask(&till, "GET", &redemption, &json!({})).json()["reversals"].as_array().unwrap().len(),
        2
    );
    audit(&engine(&api)).unwrap();
}

#[test]
fn a_hold_ends_by_its_time_or_is_let_go_and_a_revoked_coupon_is_gone() {
    let api = Api::of_a_shop();
    let (shop, manager) = (api.key(Role::Shop), api.key(Role::Marketer));
    let coupon = issued(&api, &shop, "anna");
    let path = format!("/v1/coupons/{coupon}");
    let hold = |once: &str, order: &str| {
        let order = json!({ "order_id": order, "hold_seconds": 60, "cart": lines() });
        under(&api, &shop, once, &format!("{path}/reserve"), &order)
    };
    assert_eq!(hold("k-1", "o-1").status, 200);
    let refused = api.ask(&manager, "POST", &format!("{path}/revoke"), &json!({}));
    assert_eq!(refused.code(), "coupon_reserved");
    api.pass_minutes(1);
    assert_eq!(hold("k-2", "o-2").status, 200, "the first hold is over");
    let not_theirs = api.ask(&shop, "POST", &format!("{path}/release"), &json!({ "order_id": "o-1" }));
    assert_eq!(not_theirs.code(), "coupon_reserved");
    for _ in 0..2 {
        let let_go = api.ask(&shop, "POST", &format!("{path}/release"), &json!({ "order_id": "o-2" }));
        assert_eq!(text(&let_go.json()["state"]), "issued", "{let_go:?}");
    }
    for _ in 0..2 {
        let revoked = api.ask(&manager, "POST", &format!("{path}/revoke"), &json!({}));
        assert_eq!(text(&revoked.json()["state"]), "revoked", "{revoked:?}");
    }
    assert_eq!(hold("k-3", "o-3").code(), "discount_code_invalid");
    let activated = api.ask(&shop, "POST", &format!("{path}/activate"), &json!({}));
    assert_eq!(activated.code(), "discount_code_invalid");
    audit(&engine(&api)).unwrap();
}

#[test]
fn all_coupons_apply_or_none_unless_what_applies_is_asked_for() {
    let api = Api::of_a_shop();
    let till = api.key(Role::Till);
    let (annas, bertas) = (issued(&api, &till, "anna"), issued(&api, &till, "berta"));
    let mut asked = cart(&[&annas, "cpn_nonsense", &bertas], "o-1");
    let none = under(&api, &till, "k-1", "/v1/redemptions", &asked);
    assert_eq!(none.status, 409);
    let codes = |json: &Json| {
        let coupons = json["coupons"].as_array().unwrap().iter();
        let codes = coupons.map(|coupon| text(&coupon["reason"]["code"]).to_owned());
        codes.filter(|code| !code.is_empty()).collect::<BTreeSet<_>>()
    };
    let both = ["discount_code_invalid", "discount_code_user_ineligible"].map(str::to_owned);
    assert_eq!(codes(&none.json()), BTreeSet::from(both.clone()));
    assert!(none.json()["coupons"].as_array().unwrap().iter().all(|coupon| coupon["redemption"].is_null()));
    assert_eq!(
        text(&api.ask(&till, "GET", &format!("/v1/coupons/{annas}"), &json!({})).json()["state"]),
        "issued"
    );
    asked["partial"] = json!(true);
    let some = under(&api, &till, "k-2", "/v1/redemptions", &asked);
    assert_eq!(
        (some.status.as_u16(), &some.json()["cart"]["discount_cents"]),
        (200, &json!(100)),
        "{some:?}"
    );
    assert_eq!(codes(&some.json()), BTreeSet::from(both));
    // The same order again, under another key: the same redemption, not another.
    let some = some.json();
    let used = some["coupons"].as_array().unwrap().iter().find(|coupon| coupon["applies"] == true).unwrap();
    let again = under(&api, &till, "k-3", "/v1/redemptions", &cart(&[text(&used["coupon"])], "o-1")).json();
    assert_eq!(again["coupons"][0]["redemption"], used["redemption"]);
    assert!(used["redemption"].is_string(), "{used}");
    audit(&engine(&api)).unwrap();
}

/// One coupon under two spellings would be taken off twice, from money that was reserved once.
#[test]
fn a_coupon_stands_in_a_cart_once_however_it_is_named() {
    let api = Api::of_a_shop();
    let till = api.key(Role::Till);
    let coupon = issued(&api, &till, "anna");
    let (prefix, uuid) = coupon.split_once('_').unwrap();
    let twice = under(&api, &till, "k-1", "/v1/redemptions", &cart(&[&coupon, &coupon], "o-1"));
    assert_eq!(twice.status, 422, "{twice:?}");
    for (number, other) in
        [uuid.to_uppercase(), uuid.replace('-', ""), format!("{{{uuid}}}")].iter().enumerate()
    {
        let spelled = format!("{prefix}_{other}");
        let both = cart(&[&coupon, &spelled], "o-1");
        let answer = under(&api, &till, &format!("s-{number}"), "/v1/redemptions", &both);
        assert_eq!(answer.status, 409, "{answer:?}");
        assert_eq!(text(&answer.json()["coupons"][1]["reason"]["code"]), "discount_code_invalid");
    }
    audit(&engine(&api)).unwrap();
    // Whoever calls the flow without the route gets no further.
    let named = vec![coupon.clone(), coupon.clone()];
    let order = Purchase { coupons: named, ..purchase("o-2", Cents(1_000)) };
    for (mode, amounts) in [(Mode::AllOrNothing, 0), (Mode::WhatApplies, 1)] {
        let order = Purchase { mode, ..order.clone() };
        let engine = engine(&api);
        let Replied::Now(rung) = wait(redeem(&engine, &order, None, MONDAY)).unwrap() else {
            panic!("nothing was kept");
        };
        assert_eq!(rung.refusal(&rung.used[1]), Some(Refusal::Unknown));
        let redemptions = all(&engine, kind::REDEMPTION).len();
        assert_eq!((rung.is_redeemed, redemptions), (amounts == 1, amounts));
        audit(&engine).unwrap();
    }
}

#[test]
fn a_no_is_said_to_customer_and_cashier_in_both_languages() {
    let api = Api::of_a_shop();
    let till = api.key(Role::Till);
    let coupon = issued(&api, &till, "anna");
    let first = under(&api, &till, "k-1", "/v1/redemptions", &cart(&[&coupon], "o-1"));
    assert_eq!(first.status, 200);
    let second = under(&api, &till, "k-2", "/v1/redemptions", &cart(&[&coupon], "o-2")).json();
    let reason = &second["coupons"][0]["reason"];
    assert_eq!(text(&second["code"]), "discount_code_already_applied");
    assert_eq!(text(&reason["code"]), "discount_code_already_applied");
    assert!(
        text(&reason["customer"]["de"]).starts_with("Dieser Gutschein wurde am 02.03.2026, "),
        "{reason}"
    );
    assert!(text(&reason["cashier"]["en"]).starts_with("Used on 2 March 2026, "), "{reason}");
}

/// A till that tries before it asks for the money shows the shopper what the till that only asks does.
#[test]
fn what_is_validated_is_what_is_redeemed_in_the_same_words() {
    let api = Api::of_a_shop();
    let till = api.key(Role::Till);
    let coupon = issued(&api, &till, "anna");
    let hold = json!({ "order_id": "o-1", "cart": lines() });
    let held = under(&api, &till, "k-1", &format!("/v1/coupons/{coupon}/reserve"), &hold);
    assert_eq!(held.status, 200, "{held:?}");
    let shown = |answer: Answer, order: &str| {
        let json = answer.json();
        let mut coupons = json["coupons"].clone();
        for coupon in coupons.as_array_mut().unwrap() {
            let coupon = coupon.as_object_mut().unwrap();
            // What is used has a redemption, and is not valid until any day.
            assert_eq!(coupon.remove("redemption").is_some(), order == "used");
            coupon.remove("valid_until_text");
        }
        (coupons, json["cart"].clone())
    };
    let try_on = |order: &str| {
        let asked = json!({ "coupons": [coupon], "order_id": order, "cart": lines() });
        shown(api.ask(&till, "POST", "/v1/validations", &asked), order)
    };
    let use_on =
        |key: &str, order: &str| under(&api, &till, key, "/v1/redemptions", &cart(&[&coupon], order));
    // Held for another order, it is refused by both; for its own, it applies for both.
    let elsewhere = try_on("o-2");
    assert_eq!(elsewhere.0[0]["reason"]["code"], "coupon_reserved", "{elsewhere:?}");
    assert_eq!(elsewhere, shown(use_on("k-2", "o-2"), "o-2"));
    let tried = try_on("o-1");
    assert_eq!(tried, shown(use_on("k-3", "o-1"), "used"));
    // And afterwards both say that it was, or that it is used.
    assert_eq!(try_on("o-1"), tried);
    assert_eq!(try_on("o-2"), shown(use_on("k-4", "o-2"), "o-2"));
    audit(&engine(&api)).unwrap();
}

#[test]
fn unknown_malformed_and_anothers_are_the_same_answer() {
    let api = Api::of_a_shop();
    let (shop, manager) = (api.key(Role::Shop), api.key(Role::Marketer));
    let theirs = issued(&api, &shop, "anna");
    let outlet = wait(access::create_tenant(&api.store, "outlet", MONDAY)).unwrap();
    let (_, foreign) = api.key_of(outlet, Role::Admin);
    let unknown = "cpn_00000000-0000-8000-8000-000000000000";
    let without_id = |answer: &Answer| {
        let mut json = answer.json();
        json.as_object_mut().unwrap().remove("request_id");
        (answer.status, json.to_string())
    };
    let answers = [(&shop, unknown), (&shop, "nonsense"), (&foreign, theirs.as_str())]
        .map(|(key, id)| without_id(&api.ask(key, "GET", &format!("/v1/coupons/{id}"), &json!({}))));
    assert_eq!(answers[0].0, 404);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let revoke =
        |id: &str| without_id(&api.ask(&manager, "POST", &format!("/v1/coupons/{id}/revoke"), &json!({})));
    assert_eq!(revoke(unknown), revoke("nonsense"));
    let redemption =
        |id: &str| without_id(&api.ask(&shop, "GET", &format!("/v1/redemptions/{id}"), &json!({})));
    assert_eq!(redemption("rdm_00000000-0000-8000-8000-000000000000"), redemption("nonsense"));
}

#[test]
fn what_a_page_may_do_with_a_coupon_tells_it_nothing_of_the_person() {
    let api = Api::of_a_shop();
    let client = api.key(Role::Client);
    let coupon = issued(&api, &client, "anna");
    let answer = api.ask(&client, "POST", &format!("/v1/coupons/{coupon}/activate"), &json!({}));
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "activation_not_needed"));
    assert!(!String::from_utf8(answer.body).unwrap().contains("prf_"));
    assert_eq!(api.ask(&client, "GET", &format!("/v1/coupons/{coupon}"), &json!({})).status, 403);
}

#[test]
fn without_a_key_nothing_is_moved_and_under_another_body_neither() {
    let api = Api::of_a_shop();
    let till = api.key(Role::Till);
    let coupon = issued(&api, &till, "anna");
    let asked = cart(&[&coupon], "o-1");
    let reserve = format!("/v1/coupons/{coupon}/reserve");
    let reverse = "/v1/redemptions/rdm_00000000-0000-8000-8000-000000000000/reversals";
    for path in ["/v1/redemptions", reserve.as_str(), reverse] {
        let answer = api.ask(&till, "POST", path, &asked);
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "idempotency_key_missing"));
    }
    assert_eq!(under(&api, &till, "k-1", "/v1/redemptions", &asked).status, 200);
    let other = under(&api, &till, "k-1", "/v1/redemptions", &cart(&[&coupon], "o-2"));
    assert_eq!((other.status.as_u16(), other.code().as_str()), (422, "idempotency_key_reused"));
    // The same key for another step is another body.
    let order = json!({ "order_id": "o-1", "cart": lines() });
    assert_eq!(under(&api, &till, "k-1", &reserve, &order).code(), "idempotency_key_reused");
}

#[test]
fn the_same_again_is_the_same_to_the_byte_after_a_restart_and_for_as_long_as_the_coupon_lives() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Arc::new(FjallStore::open(directory.path().join("store"), Options::default()).unwrap());
    let api = Api::of_a_shop_over(open());
    let till = api.key(Role::Till);
    let coupon = issued(&api, &till, "anna");
    let asked = [cart(&[&coupon], "o-1"), cart(&[&coupon], "o-2")];
    let first: Vec<Answer> = asked
        .iter()
        .enumerate()
        .map(|(number, asked)| under(&api, &till, &format!("k-{number}"), "/v1/redemptions", asked))
        .collect();
    assert_eq!(first.iter().map(|answer| answer.status.as_u16()).collect::<Vec<_>>(), [200, 409]);
    let path = format!("{}/reversals", redemption(&first[0].json()));
    let back = under(&api, &till, "k-back", &path, &json!({ "reason": "cancel" }));
    drop(api);
    let api = Api::over(open());
    api.pass_minutes(5);
    let again = |api: &Api<FjallStore>, number: usize| {
        under(api, &till, &format!("k-{number}"), "/v1/redemptions", &asked[number])
    };
    for (number, first) in first.iter().enumerate() {
        // The coupon is back in circulation: only what was kept can tell what was answered.
        let again = again(&api, number);
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.headers["idempotent-replayed"], "true");
    }
    assert_eq!(under(&api, &till, "k-back", &path, &json!({ "reason": "cancel" })).body, back.body);
    let engine = engine(&api);
    wait(forget_due(&engine, MONDAY.plus_days(29))).unwrap();
    assert_eq!(again(&api, 0).body, first[0].body);
    wait(forget_due(&engine, MONDAY.plus_days(31))).unwrap();
    assert_eq!(all(&engine, kind::ANSWER), []);
    assert_ne!(again(&api, 0).body, first[0].body);
    audit(&engine).unwrap();
}

#[test]
fn sixteen_at_once_redeem_once_and_who_comes_meanwhile_is_told_to_wait() {
    let mut waited = 0;
    for _ in 0..20 {
        let api = Api::of_a_shop();
        let till = api.key(Role::Till);
        let coupon = issued(&api, &till, "anna");
        let bearer = format!("Bearer {till}");
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k-1")];
        let answers = api.at_once(16, "/v1/redemptions", &headers, &cart(&[&coupon], "o-1").to_string());
        let (done, busy): (Vec<&Answer>, Vec<&Answer>) =
            answers.iter().partition(|answer| answer.status == 200);
        let said: BTreeSet<&Vec<u8>> = done.iter().map(|answer| &answer.body).collect();
        assert_eq!(said.len(), 1, "{answers:?}");
        for answer in &busy {
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "request_in_progress"));
            assert_eq!(answer.headers["retry-after"], "1");
        }
        waited += busy.len();
        let engine = engine(&api);
        assert_eq!(all(&engine, kind::REDEMPTION).len(), 1);
        audit(&engine).unwrap();
    }
    assert!(0 < waited, "nobody met anybody");
}

/// A redemption outlives its person as a sum; what names their order goes, kept answers included.
#[test]
fn of_an_erased_person_no_order_is_left_and_the_money_is() {
    let api = Api::of_a_shop();
    let (till, privacy) = (api.key(Role::Till), api.key(Role::Privacy));
    let coupon = issued(&api, &till, "anna");
    let asked = cart(&[&coupon], "o-1");
    let used = under(&api, &till, "k-1", "/v1/redemptions", &asked).json();
    let redemption = redemption(&used);
    let shown = api.ask(&till, "GET", &format!("/v1/coupons/{coupon}"), &json!({})).json();
    let person = format!("/v1/profiles/{}", text(&shown["profile"]));
    assert_eq!(api.ask(&privacy, "DELETE", &person, &json!({})).status, 200);
    let engine = engine(&api);
    assert_eq!((all(&engine, kind::ANSWER), all(&engine, kind::ORDER)), (vec![], vec![]));
    let left = api.ask(&till, "GET", &redemption, &json!({})).json();
    assert_eq!((&left["order_id"], text(&left["lines"][0]["line"])), (&Json::Null, "0"), "{left}");
    assert_eq!(under(&api, &till, "k-1", "/v1/redemptions", &asked).status, 404);
    let back = under(&api, &till, "k-2", &format!("{redemption}/reversals"), &json!({ "reason": "refund" }));
    assert_eq!(text(&back.json()["reversals"][0]["coupon"]), "stays_used", "{back:?}");
    audit(&engine).unwrap();
}

/// Processes that share a store have no memory in common: there the store alone keeps a key to one answer.
#[test]
fn a_key_counts_once_between_processes_too() {
    let store = Arc::new(SimStore::open(
        Disk::default(),
        Faults { seed: 3, delays_max: 2, ..Faults::default() },
        Mutant::None,
    ));
    let one = Api::of_a_shop_over(store.clone());
    let till = one.key(Role::Till);
    for person in ["anna", "berta"] {
        let coupon = issued(&one, &till, person);
        let (key, asked) = (format!("k-{person}"), cart(&[&coupon], person));
        let processes: Vec<_> = (0..6).map(|_| Api::over(store.clone())).collect();
        let start = Barrier::new(processes.len());
        let answers: Vec<Answer> = thread::scope(|scope| {
            let ask = |api| {
                let (till, key, asked, start) = (&till, &key, &asked, &start);
                scope.spawn(move || {
                    start.wait();
                    under(api, till, key, "/v1/redemptions", asked)
                })
            };
            let asked: Vec<_> = processes.iter().map(ask).collect();
            asked.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
        assert!(answers.iter().all(|answer| answer.body == answers[0].body), "{answers:?}");
        audit(&engine(&one)).unwrap();
    }
}

/// A budget that was lowered stops the next offer at once, and takes nothing from coupons that are out.
#[test]
fn a_budget_that_is_lowered_acts_on_the_next_question_and_promises_are_kept() {
    let api = Api::of_a_shop();
    let (till, manager) = (api.key(Role::Till), api.key(Role::Marketer));
    let coupon = issued(&api, &till, "anna");
    let changed = api.ask(&manager, "PUT", "/v1/budgets/tea", &json!({ "budget": "1.00" }));
    assert_eq!(changed.status, 200, "{changed:?}");
    let next = api.ask(&till, "POST", "/v1/decisions", &question("berta")).json();
    assert_eq!(text(&next["decision"]["verdict"]), "none", "{next}");
    assert_eq!(under(&api, &till, "k-1", "/v1/redemptions", &cart(&[&coupon], "o-1")).status, 200);
    audit(&engine(&api)).unwrap();
}
