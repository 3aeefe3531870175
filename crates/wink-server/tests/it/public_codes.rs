//! Public codes, which anybody may type, and limits per day and store: who is told what, and that sixty-four at once keep every cap.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use wink_core::base::{Cents, Timestamp};
use wink_core::coupon::State;
use wink_server::access::Role;
use wink_server::flow::ingest::ingest;
use wink_server::flow::once::Replied;
use wink_server::flow::redeem::{Purchase, redeem};
use wink_server::{Engine, catalogue, flow};
use wink_sim::SimStore;
use wink_store::Store;

use super::api::{Answer, Api};
use super::audit::{audit, coupons, owed, redemptions};
use super::counter::{IDS, MONDAY, Offer, Shop, insist, later, open, purchase, secrets, wait};
use super::race::{at_once, checks_nothing, checks_then_acts, holds, is_caught};
use super::said;

const TASKS: usize = 64;

fn summer(more: &str) -> Offer {
    Offer { more: more.to_owned(), ..Offer::new("tea", "{ amount = \"1.00\" }") }
}

fn api(offer: Offer) -> Api<SimStore> {
    let store = Arc::new(SimStore::new());
    let engine = wait(open(store.clone(), &Shop::selling(vec![offer]), MONDAY)).unwrap();
    let people = ["anna", "berta"].map(|name| said::allows_all(name, MONDAY));
    wait(ingest(&engine, &IDS, people.concat())).unwrap();
    Api::over(store)
}

fn cart() -> Json {
    json!({ "lines": [{ "id": "1", "product_id": "assam", "quantity": 1, "unit_price_cents": 1000 }] })
}

fn person(name: &str) -> Json {
    json!({ "namespace": "customer", "value": name })
}

fn engine(api: &Api<SimStore>) -> Engine<Arc<SimStore>> {
    wait(Engine::open(api.store.clone(), secrets(), MONDAY)).unwrap()
}

/// Uses a word on an order.
fn used(api: &Api<SimStore>, key: &str, (word, who, order): (&str, &str, &str), more: Json) -> Answer {
    let mut asked = json!({ "coupons": [word], "identity": person(who), "order_id": order, "cart": cart() });
    asked.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    // A header holds no letters beyond ASCII.
    let once = format!("{}-{who}-{order}", word.len());
    let headers = [("authorization", &*format!("Bearer {key}")), ("idempotency-key", &*once)];
    api.send("POST", "/v1/redemptions", &headers, &asked.to_string())
}

/// Puts a campaign or an offer in force that says some things otherwise.
fn change(api: &Api<SimStore>, key: &str, path: &str, fields: Json) {
    let mut said = api.ask(key, "GET", path, &Json::Null).json();
    said.as_object_mut().unwrap().extend(fields.as_object().cloned().unwrap());
    let changed = api.ask(key, "PUT", path, &said);
    assert_eq!(changed.status, 200, "{changed:?}");
}

fn reason(answer: &Answer) -> Json {
    answer.json()["coupons"][0]["reason"].clone()
}

#[test]
fn a_word_is_used_by_everybody_once_however_it_is_typed_and_till_it_is_used_up() {
    let api = api(summer("public_code = { word = \"Sommer10\", uses = 3 }"));
    let shop = api.key(Role::Shop);
    let first = used(&api, &shop, ("sommer10", "anna", "o-1"), json!({}));
    assert_eq!(first.json()["cart"]["discount_cents"], 100, "{first:?}");
    let again = used(&api, &shop, (" SOMMER 10 ", "anna", "o-1"), json!({})).json();
    assert_eq!(again["coupons"][0]["redemption"], first.json()["coupons"][0]["redemption"], "{again}");
    let more = used(&api, &shop, ("SOMMER10", "anna", "o-2"), json!({}));
    assert_eq!((more.status.as_u16(), more.code()), (409, "profile_limit".to_owned()));
    assert_eq!(reason(&more)["rule"], "per_profile");
    // Berta is known, and carl is nobody yet: both may.
    assert_eq!(used(&api, &shop, ("SOMMER10", "berta", "o-3"), json!({})).status, 200);
    assert_eq!(used(&api, &shop, ("ＳＯＭＭＥＲ１０", "carl", "o-4"), json!({})).status, 200);
    assert_eq!(used(&api, &shop, ("SOMMER10", "carl", "o-5"), json!({})).code(), "profile_limit");
    let last = used(&api, &shop, ("SOMMER10", "dora", "o-6"), json!({}));
    assert_eq!(last.code(), "public_code_used_up");
    let said = reason(&last);
    assert_eq!(
        said["customer"],
        json!({ "de": "Dieser Code ist aufgebraucht.", "en": "This code is used up." })
    );
    assert_eq!((&said["rule"], &said["nearest_miss"]), (&json!("public_code"), &Json::Null));
    let engine = engine(&api);
    assert_eq!((coupons(&engine).len(), owed(&engine, "tea")), (3, Cents(300)));
    audit(&engine).unwrap();
}

#[test]
fn who_does_not_say_who_they_are_is_told_to() {
    let api = api(summer("public_code = { word = \"SOMMER10\", uses = 3 }"));
    let shop = api.key(Role::Shop);
    let asked = json!({ "coupons": ["SOMMER10"], "cart": cart(), "typed_by": {} });
    let answer = api.ask(&shop, "POST", "/v1/validations", &asked);
    let said = reason(&answer);
    assert_eq!(said["code"], "discount_code_user_not_logged_in", "{answer:?}");
    assert_eq!(said["nearest_miss"], json!({ "kind": "sign_in" }));
}

#[test]
fn a_qualification_takes_words_along() {
    let api = api(summer("public_code = { word = \"SOMMER10\", uses = 3 }"));
    let shop = api.key(Role::Shop);
    let asked = json!({ "identity": person("anna"), "cart": cart(), "codes": ["sommer10", "WINTER10"] });
    let answer = api.ask(&shop, "POST", "/v1/qualifications", &asked).json();
    assert_eq!(answer["coupons"][0]["discount_cents"], 100, "{answer}");
    assert_eq!(answer["coupons"][1]["reason"]["code"], "discount_code_invalid");
    assert_eq!(answer["best"]["coupons"], json!(["sommer10"]));
    assert_eq!(coupons(&engine(&api)).len(), 0, "asking issues nothing");
    // Of the same offer she gets a coupon; then the word stands for it, once.
    let issued = api.ask(&shop, "POST", "/v1/decisions", &super::api::question("anna")).json();
    let answer = api.ask(&shop, "POST", "/v1/qualifications", &asked).json();
    assert_eq!(answer["best"]["cart"]["discount_cents"], 100, "{answer}");
    let redeemed = used(&api, &shop, ("SOMMER10", "anna", "o-1"), json!({})).json();
    assert_eq!(redeemed["coupons"][0]["applies"], true, "{redeemed}");
    let of_decision = &coupons(&engine(&api))[0];
    assert_eq!(json!(of_decision.id.to_string()), issued["decision"]["coupon"]);
    assert!(matches!(of_decision.state, State::Redeemed { .. }));
    audit(&engine(&api)).unwrap();
}

#[test]
fn unknown_over_and_foreign_words_look_alike_and_take_as_long() {
    let over = summer("public_code = { word = \"WINTER10\", uses = 3 }");
    let api = api(over);
    let (shop, manager) = (api.key(Role::Shop), api.key(Role::Marketer));
    let answered = |word: &str| {
        let asked = json!({ "coupons": [word], "identity": person("anna"), "cart": cart(), "typed_by": {} });
        let begun = Instant::now();
        let answer = api.ask(&shop, "POST", "/v1/validations", &asked);
        assert!(Duration::from_millis(25) <= begun.elapsed(), "{word} was answered at once");
        (answer.status, String::from_utf8(answer.body).unwrap().replace(word, "WORD"))
    };
    let unknown = answered("HERBST10");
    change(&api, &manager, "/v1/campaigns/tea", json!({ "ends_at": "2026-03-02" }));
    assert_eq!(answered("WINTER10"), unknown);
    assert_eq!(answered("a/b"), unknown);
}

/// What comes back of a use comes back to its person, and the word's money with it.
#[test]
fn a_use_is_taken_back_like_any_coupons() {
    let api = api(summer("public_code = { word = \"SOMMER10\", budget = \"2.00\" }"));
    let shop = api.key(Role::Shop);
    let first = used(&api, &shop, ("SOMMER10", "anna", "o-1"), json!({})).json();
    assert_eq!(used(&api, &shop, ("SOMMER10", "berta", "o-2"), json!({})).status, 200);
    assert_eq!(used(&api, &shop, ("SOMMER10", "carl", "o-3"), json!({})).code(), "public_code_used_up");
    let path = format!("/v1/redemptions/{}/reversals", first["coupons"][0]["redemption"].as_str().unwrap());
    let headers = [("authorization", &*format!("Bearer {shop}")), ("idempotency-key", "back")];
    let back = api.send("POST", &path, &headers, "{\"reason\":\"chargeback\"}");
    assert_eq!(back.json()["reversals"][0]["coupon"], "stays_used", "{back:?}");
    audit(&engine(&api)).unwrap();
    assert_eq!(used(&api, &shop, ("SOMMER10", "carl", "o-4"), json!({})).status, 200);
    audit(&engine(&api)).unwrap();
}

#[test]
fn limits_of_a_day_and_of_a_store_are_said_with_what_would_help() {
    let limits = "per_day = { amount = \"2.00\" }\nper_store = { uses = 1 }";
    let api = api(summer(&format!("public_code = {{ word = \"SOMMER10\", uses = 99 }}\n{limits}")));
    let (shop, till) = (api.key(Role::Shop), api.key(Role::Till));
    assert_eq!(used(&api, &till, ("SOMMER10", "anna", "o-1"), json!({})).status, 200);
    let full = used(&api, &till, ("SOMMER10", "berta", "o-2"), json!({}));
    assert_eq!((full.code(), &reason(&full)["rule"]), ("store_limit".to_owned(), &json!("per_store")));
    assert_eq!(reason(&full)["nearest_miss"], json!({ "kind": "other_store" }));
    let other = used(&api, &till, ("SOMMER10", "berta", "o-3"), json!({ "store": "s-2" }));
    assert_eq!(other.json()["pointer"], "/store", "a till is of one store: {other:?}");
    assert_eq!(used(&api, &shop, ("SOMMER10", "berta", "o-4"), json!({ "store": "s-2" })).status, 200);
    let over = used(&api, &shop, ("SOMMER10", "carl", "o-5"), json!({ "store": "s-3" }));
    assert_eq!((over.code(), &reason(&over)["rule"]), ("day_limit".to_owned(), &json!("per_day")));
    assert_eq!(reason(&over)["nearest_miss"], json!({ "kind": "wait", "until": "2026-03-03T00:00:00Z" }));
    api.pass_minutes(24 * 60);
    assert_eq!(used(&api, &shop, ("SOMMER10", "carl", "o-6"), json!({ "store": "s-3" })).status, 200);
    audit(&engine(&api)).unwrap();
}

/// Lowering a cap or ending a campaign stops what is spent, within a second of the answer that it is done (I7).
#[test]
fn a_lowered_cap_and_an_ended_campaign_stop_the_next_redemption() {
    let api = api(summer("public_code = { word = \"SOMMER10\", uses = 99 }\nper_day = { uses = 99 }"));
    let (shop, manager) = (api.key(Role::Shop), api.key(Role::Marketer));
    let stops = |path: &str, body: Json, who: &str, code: &str| {
        assert_eq!(used(&api, &shop, ("SOMMER10", who, who), json!({})).status, 200, "before {body}");
        change(&api, &manager, path, body.clone());
        let done = Instant::now();
        let next = format!("{who}-too");
        assert_eq!(used(&api, &shop, ("SOMMER10", &next, &next), json!({})).code(), code, "after {body}");
        assert!(done.elapsed() < Duration::from_secs(1), "{:?} after {body}", done.elapsed());
        audit(&engine(&api)).unwrap();
    };
    stops("/v1/offers/tea", json!({ "per_day": { "uses": 1 } }), "anna", "day_limit");
    change(&api, &manager, "/v1/offers/tea", json!({ "per_day": { "uses": 99 } }));
    let fewer = json!({ "public_code": { "word": "SOMMER10", "uses": 2 } });
    stops("/v1/offers/tea", fewer, "berta", "public_code_used_up");
    let more = json!({ "public_code": { "word": "SOMMER10", "uses": 99 } });
    change(&api, &manager, "/v1/offers/tea", more);
    let ended = json!({ "ends_at": "2026-03-02" });
    stops("/v1/campaigns/tea", ended, "carl", "discount_code_invalid");
}

/// Sixty-four people type one word at the same moment, under some cap for twenty uses. Half of them try twice.
fn one_word<S: Store>(store: S, offer: Offer) -> Result<(), String> {
    let engine = wait(open(store, &Shop::selling(vec![offer]), MONDAY)).unwrap();
    let all = (0..TASKS).flat_map(|person| said::allows_all(&format!("person-{person}"), MONDAY)).collect();
    wait(ingest(&engine, &IDS, all)).unwrap();
    at_once(|task| {
        for turn in 0..=task % 2 {
            insist(|| wait(use_word(&engine, &format!("person-{task}"), &format!("{task}-{turn}"))));
        }
    });
    audit(&engine)?;
    let coupons = coupons(&engine);
    let people: BTreeSet<_> = coupons.iter().map(|coupon| coupon.profile).collect();
    match (coupons.len(), people.len(), owed(&engine, "tea")) {
        (20, 20, Cents(2_000)) => Ok(()),
        found => Err(format!("{found:?} instead of 20 uses by 20 people for 20.00")),
    }
}

async fn use_word<S: Store>(engine: &Engine<S>, person: &str, order: &str) -> Result<(), wink_server::Error> {
    let mut order: Purchase = purchase(order, Cents(1_000));
    order.coupons = vec!["SOMMER10".to_owned()];
    order.identity = Some(said::identity(person));
    let replied = redeem(engine, &order, None, now()).await?;
    assert!(matches!(replied, Replied::Now(_)));
    Ok(())
}

fn now() -> Timestamp {
    later(MONDAY, 5)
}

fn by_uses() -> Offer {
    summer("public_code = { word = \"SOMMER10\", uses = 20 }")
}

fn by_budget() -> Offer {
    summer("public_code = { word = \"SOMMER10\", budget = \"20.00\" }")
}

fn by_campaign() -> Offer {
    Offer { budget: "20.00".to_owned(), ..summer("public_code = { word = \"SOMMER10\", uses = 9999 }") }
}

fn by_day() -> Offer {
    summer("public_code = { word = \"SOMMER10\", uses = 9999 }\nper_day = { uses = 20 }")
}

fn by_store() -> Offer {
    summer("public_code = { word = \"SOMMER10\", uses = 9999 }\nper_store = { amount = \"20.00\" }")
}

#[test]
fn sixty_four_who_type_a_word_keep_its_caps() {
    holds(|store| one_word(store, by_uses()), |store| one_word(store, by_uses()));
    holds(|store| one_word(store, by_budget()), |store| one_word(store, by_budget()));
    holds(|store| one_word(store, by_campaign()), |store| one_word(store, by_campaign()));
}

#[test]
fn sixty_four_redemptions_keep_the_limits_of_a_day_and_of_a_store() {
    holds(|store| one_word(store, by_day()), |store| one_word(store, by_day()));
    holds(|store| one_word(store, by_store()), |store| one_word(store, by_store()));
}

/// The same without the store's guards: whoever believes what it read goes beyond.
#[test]
fn a_store_that_guards_no_caps_is_caught_by_every_limit() {
    for offer in [by_uses, by_budget, by_day, by_store] {
        assert!(is_caught(|| one_word(checks_then_acts(), offer())), "{:?} in a store", offer().more);
        assert!(is_caught(|| one_word(checks_nothing(), offer())), "{:?} in a flow", offer().more);
    }
}

#[test]
fn a_word_asks_nobody_who_they_live_with() {
    let offer = summer("public_code = { word = \"SOMMER10\", uses = 3 }\nper_household = 1");
    let findings = catalogue::compile(&Shop::selling(vec![offer]).files()).unwrap_err();
    let [finding] = &findings[..] else { panic!("{findings:?}") };
    assert!(finding.message.contains("`per_household`"), "{finding:?}");
}

#[test]
fn two_offers_cannot_have_one_word() {
    let offers = ["tea", "coffee"].map(|name| Offer {
        more: "public_code = { word = \"Grüße\", uses = 1 }".to_owned(),
        ..Offer::new(name, "{ amount = \"1.00\" }")
    });
    let mut offers = offers.to_vec();
    offers[1].more = offers[1].more.replace("Grüße", "grüsse");
    let findings = catalogue::compile(&Shop::selling(offers.clone()).files()).unwrap_err();
    let said: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(said, ["the public code `GRÜSSE` is already used in campaigns/coffee.toml:19"]);
    offers[1].more = "public_code = { word = \"Tschüs\", uses = 1 }".to_owned();
    assert!(catalogue::compile(&Shop::selling(offers).files()).is_ok());
}

/// A catalogue from before a word was given up leaves its coupons what they are.
#[test]
fn a_word_that_is_given_up_leaves_its_coupons() {
    let api = api(by_budget());
    let shop = api.key(Role::Shop);
    assert_eq!(used(&api, &shop, ("SOMMER10", "anna", "o-1"), json!({})).status, 200);
    let engine = engine(&api);
    let files = Shop::selling(vec![summer("")]).files();
    let without = catalogue::compile(&files).unwrap();
    wait(flow::catalogue::apply(&engine, without, files, now())).unwrap();
    audit(&engine).unwrap();
    assert_eq!(redemptions(&engine).len(), 1);
}
