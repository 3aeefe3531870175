//! Coupons in bulk: each once, whatever interrupts it, within budget and total, and for whoever has the code.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use wink_core::base::{CampaignId, Cents};
use wink_server::Engine;
use wink_server::access::Role;
use wink_server::flow::bulk::{Stopped, Wanted, begin, codes, go_on};
use wink_sim::SimStore;

use super::api::Api;
use super::audit::{audit, coupons, owed};
use super::counter::{MONDAY, Offer, Shop, later, open, secrets, wait};

fn wanted(count: u64) -> Wanted {
    Wanted { name: "print".to_owned(), campaign: CampaignId::parse("tea").unwrap(), offer: None, count }
}

fn tea() -> Offer {
    Offer::new("tea", "{ amount = \"1.00\" }")
}

fn shop(offer: Offer) -> Engine<Arc<SimStore>> {
    wait(open(Arc::new(SimStore::new()), &Shop::selling(vec![offer]), MONDAY)).unwrap()
}

#[test]
fn two_who_go_on_at_once_and_one_who_comes_after_a_crash_issue_each_coupon_once() {
    let engine = shop(tea());
    wait(begin(&engine, &wanted(700), MONDAY)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| while wait(go_on(&engine, "print", MONDAY)).unwrap().bulk.done < 700 {});
        }
    });
    // Opened anew, days later, the same command finds the same bulk, and nothing is left to do.
    let again = wait(Engine::open(engine.store.clone(), secrets(), MONDAY)).unwrap();
    let bulk = wait(begin(&again, &wanted(700), later(MONDAY, 10_000))).unwrap();
    assert_eq!((bulk.done, bulk.begun_at), (700, MONDAY));
    let printed = wait(codes(&again, "print", 0, 10_000)).unwrap();
    let distinct: BTreeSet<String> = printed.iter().map(|printed| printed.code.to_string()).collect();
    assert_eq!((printed.len(), distinct.len(), coupons(&again).len()), (700, 700, 700));
    assert_eq!(owed(&again, "tea"), Cents(70_000));
    let ends: BTreeSet<_> = coupons(&again).iter().map(|coupon| coupon.valid_until).collect();
    assert_eq!(ends, BTreeSet::from([MONDAY.plus_days(28)]), "the last runs out with the first");
    audit(&again).unwrap();
}

#[test]
fn a_bulk_stops_at_the_budget_and_at_the_total_and_goes_on_when_there_is_room() {
    let budget = shop(Offer { budget: "300.00".to_owned(), ..tea() });
    let total = shop(Offer { total: Some(300), ..tea() });
    for engine in [budget, total] {
        wait(begin(&engine, &wanted(600), MONDAY)).unwrap();
        let stopped = wait(go_on(&engine, "print", MONDAY)).unwrap();
        assert_eq!(
            (stopped.bulk.done, stopped.stopped),
            (250, Some(Stopped::NoRoom)),
            "a batch goes through or not at all"
        );
        audit(&engine).unwrap();
    }
}

#[test]
fn a_bulk_is_refused_that_cannot_be_what_is_wanted() {
    let engine = shop(tea());
    let refused = |wanted: &Wanted| wait(begin(&engine, wanted, MONDAY)).unwrap_err().to_string();
    wait(begin(&engine, &wanted(10), MONDAY)).unwrap();
    assert!(refused(&wanted(11)).contains("choose another name"));
    assert!(refused(&wanted(0)).contains("1 to 10000000"));
    let coffee = CampaignId::parse("coffee").unwrap();
    let other = Wanted { campaign: coffee.clone(), ..wanted(10) };
    assert!(refused(&other).contains("choose another name"));
    let elsewhere = Wanted { name: "elsewhere".to_owned(), campaign: coffee, ..wanted(10) };
    assert!(refused(&elsewhere).contains("no campaign `coffee`"));
    let several = shop(Offer {
        benefits: vec!["{ amount = \"1.00\" }".to_owned(), "{ amount = \"2.00\" }".to_owned()],
        ..tea()
    });
    let refused = wait(begin(&several, &wanted(10), MONDAY)).unwrap_err().to_string();
    assert!(refused.contains("several values"), "{refused}");
}

#[test]
fn a_bulk_ends_with_its_campaign_and_before_its_coupons_are_over() {
    let engine = shop(tea());
    wait(begin(&engine, &wanted(600), MONDAY)).unwrap();
    let late = wait(go_on(&engine, "print", MONDAY.plus_days(28))).unwrap();
    assert_eq!((late.bulk.done, late.stopped), (0, Some(Stopped::Over)), "they would be over at birth");
    assert_eq!(wait(go_on(&engine, "print", MONDAY)).unwrap().stopped, None);
    // Whatever became of the campaign, its codes can be had again.
    let decades = MONDAY.plus_days(40_000);
    assert_eq!(wait(begin(&engine, &wanted(600), decades)).unwrap().done, 600);
    let refused = wait(begin(&engine, &Wanted { name: "late".to_owned(), ..wanted(1) }, decades));
    assert!(refused.unwrap_err().to_string().contains("does not run now"));
    let asleep = shop(Offer { more: "needs_activation = true".to_owned(), ..tea() });
    let refused = wait(begin(&asleep, &wanted(1), MONDAY)).unwrap_err().to_string();
    assert!(refused.contains("activate"), "{refused}");
}

#[test]
fn a_coupon_for_whoever_has_its_code_is_used_by_nothing_else_and_goes_back_when_the_order_does() {
    let api = Api::of_a_shop();
    let (manager, shop) = (api.key(Role::Marketer), api.key(Role::Shop));
    api.ask(&manager, "PUT", "/v1/bulks/print", &json!({ "campaign": "tea", "count": 2 }));
    api.ask(&manager, "POST", "/v1/bulks/print/continue", &Json::Null);
    let listed = api.ask(&manager, "GET", "/v1/bulks/print/codes", &Json::Null).json();
    let said = |name: &str| listed["data"][0][name].as_str().unwrap().to_owned();
    let cart =
        json!({ "lines": [{ "id": "1", "product_id": "assam", "quantity": 3, "unit_price_cents": 200 }] });
    let bearer = format!("Bearer {shop}");
    let send = |once: &str, path: &str, asked: Json| {
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", once)];
        api.send("POST", path, &headers, &asked.to_string())
    };
    let redeem = |once: &str, coupon: &str, order: &str| {
        send(once, "/v1/redemptions", json!({ "coupons": [coupon], "order_id": order, "cart": cart }))
    };
    assert_eq!(redeem("k-1", &said("coupon"), "o-1").code(), "discount_code_invalid", "its id is no secret");
    let used = redeem("k-2", &said("code"), "o-1").json();
    let redemption = used["coupons"][0]["redemption"].as_str().unwrap().to_owned();
    let back = send("k-3", &format!("/v1/redemptions/{redemption}/reversals"), json!({ "reason": "cancel" }));
    assert_eq!(back.json()["reversals"][0]["coupon"], "returns", "{back:?}");
    assert_eq!(
        redeem("k-4", &said("code"), "o-2").status,
        200,
        "the payment failed, and the code is not burned"
    );
    let engine = wait(Engine::open(api.store.clone(), secrets(), MONDAY)).unwrap();
    audit(&engine).unwrap();
    // Nothing in the store tells a code, kept answers included.
    let code = said("code").replace('-', "");
    for text in [said("code"), code, said("digits")] {
        let told = wink_store::Export::export(&*api.store, |effect| {
            let bytes = format!("{effect:?}");
            let as_numbers = format!("{:?}", text.as_bytes());
            assert!(!bytes.contains(&text) && !bytes.contains(as_numbers.trim_matches(['[', ']'])), "{text}");
            Ok::<(), wink_store::Error>(())
        });
        told.unwrap();
    }
}

#[test]
fn whoever_has_the_code_uses_the_coupon_once() {
    let api = Api::of_a_shop();
    let (manager, shop) = (api.key(Role::Marketer), api.key(Role::Shop));
    let asked = json!({ "campaign": "tea", "count": 3 });
    assert_eq!(api.ask(&manager, "PUT", "/v1/bulks/print", &asked).json()["done"], 0);
    assert_eq!(api.ask(&manager, "POST", "/v1/bulks/print/continue", &Json::Null).json()["done"], 3);
    let listed = api.ask(&manager, "GET", "/v1/bulks/print/codes?from=1", &Json::Null).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 2, "{listed}");
    let code = listed["data"][0]["code"].as_str().unwrap();
    let cart =
        json!({ "lines": [{ "id": "1", "product_id": "assam", "quantity": 3, "unit_price_cents": 200 }] });
    let identity = json!({ "namespace": "customer", "value": "anna" });
    let asked = json!({ "coupons": [code], "cart": cart, "identity": identity });
    let tried = api.ask(&shop, "POST", "/v1/validations", &asked).json();
    assert_eq!(tried["valid"], true, "{tried}");
    let bearer = format!("Bearer {shop}");
    let used = |once: &str, order: &str| {
        let asked = json!({ "coupons": [code], "order_id": order, "cart": cart }).to_string();
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", once)];
        api.send("POST", "/v1/redemptions", &headers, &asked)
    };
    assert_eq!(used("k-1", "o-1").json()["cart"]["discount_cents"], 100);
    assert_eq!(used("k-2", "o-2").code(), "discount_code_already_applied");
    let engine = wait(Engine::open(api.store.clone(), secrets(), MONDAY)).unwrap();
    audit(&engine).unwrap();
}
