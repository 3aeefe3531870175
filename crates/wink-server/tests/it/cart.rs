//! Coupons on a cart over HTTP: what applies, why the rest does not, and that asking changes nothing.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use wink_core::base::{Cents, Hasher};
use wink_core::offer::Product;
use wink_server::Engine;
use wink_server::access::Role;
use wink_server::flow::ingest::ingest;
use wink_server::flow::products;
use wink_sim::SimStore;
use wink_store::Export;

use super::api::{Api, question};
use super::counter::{IDS, MONDAY, Offer, Shop, open, secrets, wait};
use super::said;

/// A shop whose anna has a coupon of 3.00 for tea from 20.00 on, and one of a tenth of everything; both may meet. Berta has the same.
fn shop() -> Api<SimStore> {
    let store = Arc::new(SimStore::new());
    let tea = Offer {
        categories: vec!["TEA".to_owned()],
        minimum_spend: "20.00".to_owned(),
        more: "stacks = true\npriority = 2".to_owned(),
        ..Offer::new("tea", "{ amount = \"3.00\" }")
    };
    let tenth = Offer {
        more: "stacks = true".to_owned(),
        ..Offer::new("tenth", "{ percent = 10, at_most = \"5.00\" }")
    };
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
