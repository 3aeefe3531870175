//! Coupons on a cart over HTTP: what applies, why the rest does not, and that asking changes nothing.

use std::sync::{Arc, Barrier};
use std::thread;

use serde_json::{Value as Json, json};
use wink_core::base::{Cents, Hasher};
use wink_core::offer::Product;
use wink_server::Engine;
use wink_server::access::Role;
use wink_server::flow::ingest::ingest;
use wink_server::flow::products;
use wink_sim::SimStore;
use wink_store::Export;

use super::api::{Answer, Api, question};
use super::audit::audit;
use super::counter::{IDS, MONDAY, Offer, Shop, open, secrets, wait};
use super::said;

/// A shop whose anna has a coupon of 3.00 for tea from 20.00 on, and one of a tenth of everything; both may meet. Berta has the same.
fn shop() -> Api<SimStore> {
    shop_with("stacks = true\npriority = 2", "stacks = true")
}

/// The same, with what else the offers say.
fn shop_with(tea: &str, tenth: &str) -> Api<SimStore> {
    let store = Arc::new(SimStore::new());
    let tea = Offer {
        categories: vec!["TEA".to_owned()],
        minimum_spend: "20.00".to_owned(),
        more: tea.to_owned(),
        ..Offer::new("tea", "{ amount = \"3.00\" }")
    };
    let tenth =
        Offer { more: tenth.to_owned(), ..Offer::new("tenth", "{ percent = 10, at_most = \"5.00\" }") };
    let engine = wait(open(store.clone(), &Shop::selling(vec![tea, tenth]), MONDAY)).unwrap();
    let people = ["anna", "berta"].map(|name| said::allows_all(name, MONDAY));
    wait(ingest(&engine, &IDS, people.concat())).unwrap();
    let product = |id: &str, category: &str| Product {
        id: id.to_owned(),
        name: id.to_owned(),
        category: Some(category.to_owned()),
        brand: None,
        price: None,
        cost: None,
        stock: None,
    };
    wait(products::put(&engine, &[product("assam", "TEA"), product("mug", "CUPS")], MONDAY)).unwrap();
    Api::over(store)
}

/// Asks twice, and gives both coupons: the one for tea, and the tenth.
fn coupons_of(api: &Api<SimStore>, person: &str) -> [String; 2] {
    let ask = || api.ask(&api.key(Role::Shop), "POST", "/v1/decisions", &question(person)).json();
    let answers = [ask(), ask()];
    ["tea", "tenth"].map(|offer| {
        let of_offer = answers.iter().find(|answer| answer["decision"]["offer"] == offer);
        let coupon =
            of_offer.unwrap_or_else(|| panic!("{offer} in {answers:?}"))["decision"]["coupon"].clone();
        coupon.as_str().unwrap().to_owned()
    })
}

/// A cart of one line for each product with a price in cents.
fn cart(lines: &[(&str, i64)]) -> Json {
    let lines = lines.iter().enumerate().map(|(number, (product, price))| {
        json!({ "id": number.to_string(), "product_id": product, "quantity": 1, "unit_price_cents": price, "vat_basis_points": 1_900 })
    });
    json!({ "lines": lines.collect::<Vec<_>>() })
}

fn qualify(api: &Api<SimStore>, person: &str, cart: &Json) -> Json {
    let identity = json!({ "namespace": "customer", "value": person });
    let asked = json!({ "identity": identity, "cart": cart });
    let answer = api.ask(&api.key(Role::Shop), "POST", "/v1/qualifications", &asked);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn validate(api: &Api<SimStore>, asked: &Json) -> Json {
    let answer = api.ask(&api.key(Role::Till), "POST", "/v1/validations", asked);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// The coupon of an offer in an answer.
fn of<'a>(answer: &'a Json, offer: &str) -> &'a Json {
    let coupons = answer["coupons"].as_array().unwrap();
    coupons.iter().find(|coupon| coupon["offer"] == offer).unwrap_or_else(|| panic!("{offer} in {answer}"))
}

#[test]
fn a_person_learns_what_applies_and_what_is_missing() {
    let api = shop();
    coupons_of(&api, "anna");
    let answer = qualify(&api, "anna", &cart(&[("assam", 1_390), ("mug", 900)]));
    let reason = &of(&answer, "tea")["reason"];
    assert_eq!((&reason["code"], &reason["rule"]), (&json!("minimum_spend"), &json!("minimum_spend")));
    assert_eq!(reason["nearest_miss"], json!({ "kind": "add_spend", "missing_cents": 610 }));
    assert_eq!(
        reason["customer"]["de"],
        "Mit weiteren 6,10 EUR für Produkte aus diesem Angebot gilt der Gutschein."
    );
    let tenth = of(&answer, "tenth");
    assert_eq!((&tenth["applies"], &tenth["discount_cents"]), (&json!(true), &json!(229)));
    assert_eq!(
        tenth["allocations"],
        json!([{ "line": "0", "amount_cents": 139 }, { "line": "1", "amount_cents": 90 }])
    );
    assert!(tenth["valid_until_text"]["de"].as_str().unwrap().starts_with("Gültig bis "), "{tenth}");
    assert_eq!(answer["best"]["cart"]["to_pay_cents"], 2_061);

    let answer = qualify(&api, "anna", &cart(&[("assam", 1_390), ("mug", 900), ("assam", 610)]));
    assert_eq!(of(&answer, "tea")["discount_cents"], 300);
    // First 3.00 off the tea, then a tenth of what is left.
    let best = &answer["best"];
    assert_eq!((&best["is_exact"], &best["cart"]["discount_cents"]), (&json!(true), &json!(560)));
    assert_eq!(best["coupons"].as_array().map(Vec::len), Some(2));

    assert_eq!(qualify(&api, "nobody", &cart(&[("assam", 100)]))["coupons"], json!([]));
}

#[test]
fn coupons_are_tried_together_at_a_till() {
    let api = shop();
    let [tea, tenth] = coupons_of(&api, "anna");
    let asked = json!({ "coupons": [tenth, tea], "cart": cart(&[("assam", 2_000), ("mug", 1_000)]) });
    let answer = validate(&api, &asked);
    assert_eq!((&answer["valid"], &answer["coupons"][0]["coupon"]), (&json!(true), &asked["coupons"][0]));
    assert_eq!(answer["coupons"][1]["allocations"], json!([{ "line": "0", "amount_cents": 300 }]));
    assert_eq!(
        answer["cart"],
        json!({
            "currency": "EUR", "price_cents": 3_000, "discount_cents": 570, "to_pay_cents": 2_430,
            "lines": [
                { "id": "0", "price_cents": 2_000, "discount_cents": 470, "to_pay_cents": 1_530 },
                { "id": "1", "price_cents": 1_000, "discount_cents": 100, "to_pay_cents": 900 },
            ],
            "vat": [{ "vat_basis_points": 1_900, "price_cents": 3_000, "discount_cents": 570, "discount_vat_cents": 91 }],
        })
    );
}

#[test]
fn what_is_unknown_and_what_is_somebody_else_s_look_alike() {
    let api = shop();
    let [_, anna_s] = coupons_of(&api, "anna");
    let [_, berta_s] = coupons_of(&api, "berta");
    let ask = |coupon: &str| {
        let identity = json!({ "namespace": "customer", "value": "anna" });
        validate(&api, &json!({ "identity": identity, "coupons": [coupon], "cart": cart(&[("mug", 1_000)]) }))
    };
    assert_eq!(ask(&anna_s)["valid"], true);
    let foreign = ask(&berta_s);
    let reason = &foreign["coupons"][0]["reason"];
    assert_eq!((&foreign["valid"], &reason["code"]), (&json!(false), &json!("discount_code_invalid")));
    for unknown in ["cpn_00000000-0000-0000-0000-000000000000", "gibberish"] {
        let answer = ask(unknown).to_string().replace(unknown, &berta_s);
        assert_eq!(answer, foreign.to_string());
    }
}

#[test]
fn a_coupon_that_ran_out_is_told_of_with_its_date_for_two_weeks() {
    const DAY: i64 = 24 * 60;
    let api = shop();
    let [tea, _] = coupons_of(&api, "anna");
    let cart = cart(&[("assam", 2_000)]);
    let codes = || {
        let answer = qualify(&api, "anna", &cart);
        let coupons = answer["coupons"].as_array().unwrap();
        coupons
            .iter()
            .map(|coupon| coupon["reason"]["code"].as_str().unwrap_or("").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(), ["", ""]);
    api.pass_minutes(28 * DAY);
    assert_eq!(codes(), ["discount_code_expired", "discount_code_expired"]);
    let answer = validate(&api, &json!({ "coupons": [tea], "cart": cart }));
    let text = answer["coupons"][0]["reason"]["customer"]["en"].as_str().unwrap();
    assert!(text.starts_with("This coupon was valid until "), "{text}");
    api.pass_minutes(14 * DAY);
    assert_eq!(codes(), Vec::<String>::new());
}

#[test]
fn a_cart_that_is_none_is_refused_where_it_is_wrong() {
    let api = shop();
    let line = |id: &str, quantity: u32| json!({ "id": id, "product_id": "mug", "quantity": quantity, "unit_price_cents": 100 });
    for (coupons, cart, pointer) in [
        (json!(["a"]), json!({ "lines": [line("x", 0)] }), "/cart/lines/0/quantity"),
        (json!(["a"]), json!({ "lines": [line("x", 1), line("x", 1)] }), "/cart/lines/1/id"),
        (json!(["a"]), json!({ "currency": "USD", "lines": [] }), "/cart/currency"),
        (json!([]), json!({ "lines": [] }), "/coupons"),
        (json!(["a", "a"]), json!({ "lines": [] }), "/coupons/1"),
    ] {
        let asked = json!({ "coupons": coupons, "cart": cart });
        let answer = api.ask(&api.key(Role::Shop), "POST", "/v1/validations", &asked);
        let found =
            (answer.status.as_u16(), answer.json()["pointer"].as_str().unwrap_or_default().to_owned());
        assert_eq!(found, (422, pointer.to_owned()), "{answer:?}");
    }
}

/// Redeems coupons on order `o-1`, under a key of this name.
fn redeem(api: &Api<SimStore>, once: &str, coupons: &[&str], cart: &Json) -> Answer {
    let bearer = format!("Bearer {}", api.key(Role::Till));
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", once)];
    let asked = json!({ "coupons": coupons, "order_id": "o-1", "cart": cart });
    api.send("POST", "/v1/redemptions", &headers, &asked.to_string())
}

#[test]
fn coupons_of_an_order_count_together_though_they_are_used_one_by_one() {
    let cart = cart(&[("assam", 2_000), ("mug", 1_000)]);
    let together = {
        let api = shop();
        let [tea, tenth] = coupons_of(&api, "anna");
        redeem(&api, "k-1", &[&tea, &tenth], &cart).json()["cart"].clone()
    };
    let api = shop();
    let [tea, tenth] = coupons_of(&api, "anna");
    assert_eq!(redeem(&api, "k-1", &[&tea], &cart).json()["cart"]["discount_cents"], 300);
    let asked = json!({ "coupons": [tenth], "order_id": "o-1", "cart": cart });
    assert_eq!(validate(&api, &asked)["cart"], together);
    let identity = json!({ "namespace": "customer", "value": "anna" });
    let asked = json!({ "identity": identity, "order_id": "o-1", "cart": cart });
    let qualified = api.ask(&api.key(Role::Shop), "POST", "/v1/qualifications", &asked).json();
    assert_eq!(
        (&qualified["best"]["cart"], &of(&qualified, "tenth")["discount_cents"]),
        (&together, &json!(270))
    );
    let second = redeem(&api, "k-2", &[&tenth], &cart).json();
    assert_eq!(
        (&second["cart"], &second["coupons"][0]["discount_cents"]),
        (&together, &json!(270)),
        "{second}"
    );
    let engine = wait(Engine::open(api.store.clone(), secrets(), MONDAY)).unwrap();
    audit(&engine).unwrap();
}

#[test]
fn coupons_that_may_not_meet_do_not_meet_on_an_order_in_two_requests_either() {
    let cart = cart(&[("assam", 2_000)]);
    for _ in 0..8 {
        let api = shop_with("", "");
        let coupons = coupons_of(&api, "anna");
        let barrier = Barrier::new(2);
        let mut answers: Vec<Answer> = thread::scope(|scope| {
            let ask = |coupon: &String| {
                let (coupon, barrier, api, cart) = (coupon.clone(), &barrier, &api, &cart);
                scope.spawn(move || {
                    barrier.wait();
                    redeem(api, &coupon, &[&coupon], cart)
                })
            };
            let asked: Vec<_> = coupons.iter().map(ask).collect();
            asked.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        answers.sort_by_key(|answer| answer.status);
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        assert_eq!(statuses, [200, 409], "{answers:?}");
        let refused = answers[1].json();
        let reason = &refused["coupons"][0]["reason"];
        assert_eq!((&reason["rule"], &reason["nearest_miss"]), (&json!("stacks"), &Json::Null), "{refused}");
        assert_eq!(
            reason["cashier"]["en"], "One of them counts only alone. The others are used on this order.",
            "{refused}"
        );
    }
}

#[test]
fn what_was_taken_back_is_not_given_again_on_the_same_order() {
    let api = shop();
    let [tea, tenth] = coupons_of(&api, "anna");
    let cart = cart(&[("assam", 2_000), ("mug", 1_000)]);
    let used = redeem(&api, "k-1", &[&tea, &tenth], &cart).json();
    let back = |once: &str, place: usize, asked: &Json| {
        let redemption = used["coupons"][place]["redemption"].as_str().unwrap();
        let bearer = format!("Bearer {}", api.key(Role::Till));
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", once)];
        let path = format!("/v1/redemptions/{redemption}/reversals");
        assert_eq!(api.send("POST", &path, &headers, &asked.to_string()).status, 200);
    };
    back("b-1", 0, &json!({ "reason": "chargeback" }));
    back("b-2", 1, &json!({ "reason": "refund", "lines": [{ "line": "1" }] }));
    let again = redeem(&api, "k-2", &[&tea], &cart);
    assert_eq!((again.status.as_u16(), again.code().as_str()), (409, "discount_code_already_applied"));
    let again = redeem(&api, "k-3", &[&tenth], &cart).json();
    assert_eq!(
        (&again["valid"], &again["cart"]["discount_cents"]),
        (&json!(true), &json!(170)),
        "the tenth of the mug came back: {again}"
    );
    let engine = wait(Engine::open(api.store.clone(), secrets(), MONDAY)).unwrap();
    audit(&engine).unwrap();
}

#[test]
fn what_was_answered_is_answered_again_whatever_became_of_the_shop() {
    let api = shop();
    let [tea, _] = coupons_of(&api, "anna");
    let mut cart = cart(&[("assam", 2_000)]);
    cart["currency"] = json!("EUR");
    let first = redeem(&api, "k-1", &[&tea], &cart);
    assert_eq!(first.status, 200, "{first:?}");
    let files = Shop::selling(vec![Offer::new("tea", "{ amount = \"3.00\" }")]).files();
    let admin = api.key(Role::Admin);
    let apply = |files: &std::collections::BTreeMap<String, String>| {
        api.ask(&admin, "PUT", "/v1/catalogue", &json!({ "files": files }))
    };
    assert_eq!(apply(&files).status, 200);
    let again = redeem(&api, "k-1", &[&tea], &cart);
    assert_eq!((again.status, again.body), (first.status, first.body));
    // In another currency everything would mean something else, so there is none.
    let dollars = files.into_iter().map(|(name, text)| (name, text.replace("\"EUR\"", "\"USD\"")));
    let refused = apply(&dollars.collect());
    assert_eq!(refused.status, 422);
    assert!(refused.json()["message"].to_string().contains("another tenant"), "{refused:?}");
}

/// A hash of everything the store holds, and of the number of its last commit.
fn everything(store: &SimStore) -> String {
    let mut hasher = Some(Hasher::new("everything"));
    let version = store.export(|effect| {
        hasher = hasher.take().map(|hasher| hasher.field(format!("{effect:?}").as_bytes()));
        Ok::<(), wink_store::Error>(())
    });
    let version = version.unwrap();
    hasher.map_or_else(String::new, |hasher| hasher.field(&version.0.to_be_bytes()).finish().hex())
}

#[test]
fn asking_changes_nothing() {
    let api = shop();
    let [tea, tenth] = coupons_of(&api, "anna");
    let keys = [Role::Shop, Role::Till, Role::Admin].map(|role| api.key(role));
    let before = everything(&api.store);
    let identity = json!({ "namespace": "customer", "value": "anna" });
    let stranger = json!({ "namespace": "customer", "value": "stranger" });
    for key in &keys {
        for cart in [cart(&[]), cart(&[("assam", 2_500)]), cart(&[("mug", 1)])] {
            for identity in [&identity, &stranger] {
                let asked = json!({ "identity": identity, "cart": cart });
                assert_eq!(api.ask(key, "POST", "/v1/qualifications", &asked).status, 200);
                let asked =
                    json!({ "identity": identity, "coupons": [tea, tenth, "gibberish"], "cart": cart });
                assert_eq!(api.ask(key, "POST", "/v1/validations", &asked).status, 200);
            }
        }
    }
    assert_eq!(everything(&api.store), before);
    // The hash sees a change where there is one.
    let engine = wait(Engine::open(api.store.clone(), secrets(), MONDAY)).unwrap();
    let plate = Product {
        id: "plate".to_owned(),
        name: "Plate".to_owned(),
        category: None,
        brand: None,
        price: Some(Cents(1)),
        cost: None,
        stock: None,
    };
    wait(products::put(&engine, &[plate], MONDAY)).unwrap();
    assert_ne!(everything(&api.store), before);
}
