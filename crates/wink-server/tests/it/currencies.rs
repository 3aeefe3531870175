//! Shops that sell in yen and in dinars, from the catalogue to the day's end: every text and every sum has the currency's decimals.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use wink_core::base::DecisionId;
use wink_server::access::Role;
use wink_server::flow::ingest::ingest;
use wink_server::keys::TENANT;
use wink_server::report::explain::explain;
use wink_server::report::verify::verify;
use wink_server::{Engine, catalogue, flow};
use wink_sim::SimStore;

use super::api::{Answer, Api, question};
use super::audit::audit;
use super::counter::{IDS, MONDAY, secrets, wait};
use super::said;

/// How a currency spells amounts. Written down here; nothing of it is worked out.
struct Spelling {
    code: &'static str,
    /// 1,000,000 minor units: a campaign's budget.
    budget: &'static str,
    /// 100 minor units: what the coupon takes off.
    off: &'static str,
    /// 2,000 minor units: what it takes to use it.
    minimum_spend: &'static str,
    /// 50 minor units.
    minimum_price: &'static str,
    /// 2,000 minor units: the usual basket.
    basket: &'static str,
    /// Half a minor unit: what a newsletter costs.
    half: &'static str,
    /// What is sent in major units for 695 of the minor ones.
    price: Json,
    /// 610 minor units are missing, in German and in English.
    missing: [&'static str; 2],
    /// An amount with one decimal too many, and what is said of it.
    finer: (&'static str, &'static str),
    /// 99,000,000 minor units: more than there is.
    most: &'static str,
}

const YEN: fn() -> Spelling = || Spelling {
    code: "JPY",
    budget: "1000000",
    off: "100",
    minimum_spend: "2000",
    minimum_price: "50",
    basket: "2000",
    half: "0.5",
    price: json!(695),
    missing: ["610 JPY", "610 JPY"],
    finer: ("1000.5", "has no decimals, this is 1000.5"),
    most: "99000000 JPY",
};

const DINARS: fn() -> Spelling = || Spelling {
    code: "KWD",
    budget: "1000.000",
    off: "0.100",
    minimum_spend: "2.000",
    minimum_price: "0.050",
    basket: "2.000",
    half: "0.0005",
    price: json!(0.695),
    missing: ["0,610 KWD", "0.610 KWD"],
    finer: ("1000.0005", "has at most 3 decimals, this is 1000.0005"),
    most: "99000.000 KWD",
};

impl Spelling {
    fn files(&self) -> BTreeMap<String, String> {
        let Self { code, budget, off, minimum_spend, minimum_price, basket, half, .. } = self;
        let shop = format!(
            "name = \"A shop\"\ncurrency = \"{code}\"\ntime_zone = \"UTC\"\n\n[contact_policy]\ncaps = [{{ at_most = 1000, within_days = 1 }}]\n\n\
             [holdout]\npercent = 0\nsalt = 1\n\n\
             [economics]\ndefault_margin_percent = 30\ndefault_basket = \"{basket}\"\nattention_cost = \"{half}\"\nexploration = 0.0\n\n\
             [economics.channel_cost]\nnewsletter = \"{half}\"\nweb = \"0\"\ntill = \"0\"\n"
        );
        let campaign = format!(
            "id = \"tea\"\nname = \"tea\"\ngoal = \"a test\"\nhypothesis = \"it passes\"\nstarts_at = \"2020-01-01\"\nends_at = \"2040-01-01\"\n\
             budget = \"{budget}\"\nholdout_percent = 0\n\n\
             [[offers]]\nid = \"tea\"\ntitle = \"tea\"\nbenefits = [{{ amount = \"{off}\" }}]\nchannels = [\"web\"]\ncategories = [\"TEA\"]\n\
             minimum_spend = \"{minimum_spend}\"\nminimum_price = \"{minimum_price}\"\nvalid_days = 28\nper_profile = 1\n\
             redeem = {{ intercept = -2.0 }}\nuplift = {{ intercept = 1.0 }}\n"
        );
        BTreeMap::from([("shop.toml".to_owned(), shop), ("campaigns/tea.toml".to_owned(), campaign)])
    }

    fn open(&self) -> Api<SimStore> {
        let store = Arc::new(SimStore::new());
        let engine = wait(Engine::open(store.clone(), secrets(), MONDAY)).unwrap();
        let files = self.files();
        let compiled = catalogue::compile(&files).unwrap_or_else(|why| panic!("{why:#?}"));
        assert_eq!(compiled.campaigns[0].budget.0, 1_000_000);
        assert_eq!(compiled.economics.channel_cost_cents, [0.5, 0.0, 0.0]);
        wait(flow::catalogue::apply(&engine, compiled, files, MONDAY)).unwrap();
        wait(ingest(&engine, &IDS, said::allows_all("anna", MONDAY))).unwrap();
        Api::over(store)
    }
}

fn fine(answer: &Answer) -> Json {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// Asks for what moves money, under a key of its own.
fn once(api: &Api<SimStore>, key: &str, path: &str, (once, body): (&str, &Json)) -> Answer {
    let headers = [("authorization", &*format!("Bearer {key}")), ("idempotency-key", once)];
    api.send("POST", path, &headers, &body.to_string())
}

fn cart(teas: &[i64]) -> Json {
    let line = |(number, cents): (usize, &i64)| json!({ "id": number.to_string(), "product_id": "assam", "quantity": 1, "unit_price_cents": cents, "vat_basis_points": 1_000 });
    json!({ "lines": teas.iter().enumerate().map(line).collect::<Vec<_>>() })
}

/// The catalogue over HTTP: shown as spelled, changed, and refused with a decimal too many.
fn change_the_catalogue(api: &Api<SimStore>, of: &Spelling) {
    let marketer = api.key(Role::Marketer);
    let budget = fine(&api.ask(&marketer, "GET", "/v1/budgets/tea", &Json::Null));
    assert_eq!((&budget["budget"], &budget["left_cents"]), (&json!(of.budget), &json!(1_000_000)));
    let (finer, said) = of.finer;
    let refused = api.ask(&marketer, "PUT", "/v1/budgets/tea", &json!({ "budget": finer }));
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "catalogue_invalid".to_owned()));
    assert!(refused.json().to_string().contains(said), "{refused:?}");
    let half = fine(&api.ask(&marketer, "GET", "/v1/campaigns/tea", &Json::Null));
    assert_eq!(half["offers"][0]["minimum_spend"], of.minimum_spend);
}

/// Products and orders: minor units in Wink's own words, major ones in Segment's, and nothing with a decimal too many.
fn sell(api: &Api<SimStore>, of: &Spelling) {
    let shop = api.key(Role::Shop);
    let product = |price: Json| {
        let sent = json!({ "products": [{ "id": "assam", "name": "Assam", "category": "TEA", "price_cents": price }] });
        api.ask(&shop, "POST", "/v1/products", &sent)
    };
    fine(&product(json!(695)));
    assert_eq!(product(json!(695.5)).status, 422, "half a minor unit is none");
    let tells = |id: &str, currency: &str, total: Json| {
        let order = json!({ "order_id": id, "currency": currency, "products": [{ "product_id": "assam", "category": "TEA", "total_cents": total }] });
        let message = json!({ "message_id": id, "event": "Order Completed", "identities": [{ "namespace": "customer", "value": "anna" }], "properties": order });
        let told = api.ask(&shop, "POST", "/v1/events", &json!({ "events": [message] })).json();
        let item = &told["items"][0];
        (item["status"].clone(), item["code"].clone())
    };
    assert_eq!(tells("o-1", of.code, json!(1_390)).0, "accepted");
    assert_eq!(tells("o-2", of.code, json!(1_390.5)), (json!("dead"), json!("property_type")));
    assert_eq!(tells("o-3", "EUR", json!(1_390)), (json!("dead"), json!("currency_mismatch")));
    let ingest = api.key(Role::Ingest);
    let order = json!({ "order_id": "o-4", "currency": of.code, "products": [{ "product_id": "assam", "category": "TEA", "price": of.price, "quantity": 2 }] });
    let call =
        json!({ "userId": "anna", "messageId": "m-4", "event": "Order Completed", "properties": order });
    let told = api.ask(&ingest, "POST", "/v1/track", &call).json();
    assert_eq!((&told["accepted"], &told["rejected"]), (&json!(1), &json!([])), "{told}");
}

/// What was counted of both orders, each of 1,390 minor units.
fn baskets(api: &Api<SimStore>) -> [Json; 2] {
    ["customer", "user_id"].map(|namespace| {
        let person = json!({ "identity": { "namespace": namespace, "value": "anna" } });
        let asked = json!({ "people": [person], "features": ["sales_cents_365d"] });
        let found = fine(&api.ask(&api.key(Role::Analyst), "POST", "/v1/features", &asked));
        found["data"][0]["values"][0].clone()
    })
}

fn play(of: &Spelling) {
    let api = of.open();
    change_the_catalogue(&api, of);
    sell(&api, of);
    let [own, segments] = baskets(&api);
    assert_eq!((&own["state"], &own["value"]), (&json!("known"), &json!(1_390.0)));
    assert!(segments["state"] == "not_granted" || segments["value"] == json!(1_390.0), "{segments}");

    let (shop, till, code) = (api.key(Role::Shop), api.key(Role::Till), of.code);
    let decided = fine(&api.ask(&shop, "POST", "/v1/decisions", &question("anna")));
    let (id, coupon) = (&decided["decision"]["id"], &decided["decision"]["coupon"]);
    assert_eq!(decided["decision"]["maximum_cents"], 100, "{decided}");
    let engine = wait(Engine::open_tenant(api.store.clone(), TENANT, secrets(), MONDAY)).unwrap();
    let (_, told) = wait(explain(&engine, DecisionId::parse(id.as_str().unwrap()).unwrap())).unwrap();
    let off = format!("Offer `tea` ({} {code} off): expected to contribute ", of.off);
    assert!(told.headline.starts_with(&off), "{told:?}");
    let expected = told.headline[off.len()..].split(' ').next().unwrap();
    let decimals = expected.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    assert_eq!(decimals, of.off.split_once('.').map_or(0, |(_, decimals)| decimals.len()), "{told:?}");

    let asked = json!({ "identity": { "namespace": "customer", "value": "anna" }, "cart": cart(&[1_390]) });
    let answer = fine(&api.ask(&shop, "POST", "/v1/qualifications", &asked));
    let reason = &answer["coupons"][0]["reason"];
    assert_eq!(reason["nearest_miss"], json!({ "kind": "add_spend", "missing_cents": 610 }), "{answer}");
    let [german, english] = of.missing;
    assert_eq!(
        reason["customer"],
        json!({
            "de": format!("Mit weiteren {german} für Produkte aus diesem Angebot gilt der Gutschein."),
            "en": format!("With {english} more for products of this offer the coupon applies."),
        })
    );

    let redeemed = json!({ "coupons": [coupon], "order_id": "o-9", "cart": cart(&[1_390, 610]) });
    let mut elsewhere = redeemed.clone();
    elsewhere["cart"]["currency"] = json!("EUR");
    let refused = once(&api, &till, "/v1/redemptions", ("elsewhere", &elsewhere)).json();
    assert_eq!(
        (&refused["status"], &refused["pointer"]),
        (&json!(422), &json!("/cart/currency")),
        "{refused}"
    );
    let mut finer = redeemed.clone();
    finer["cart"]["lines"][0]["unit_price_cents"] = json!(1_390.5);
    let refused = once(&api, &till, "/v1/redemptions", ("finer", &finer)).json();
    let at = json!("/cart/lines/0/unit_price_cents");
    assert_eq!((&refused["status"], &refused["pointer"]), (&json!(422), &at), "{refused}");
    let used = fine(&once(&api, &till, "/v1/redemptions", ("used", &redeemed)));
    let sums = ["currency", "price_cents", "discount_cents", "to_pay_cents"].map(|sum| &used["cart"][sum]);
    assert_eq!(sums, [&json!(code), &json!(2_000), &json!(100), &json!(1_900)]);
    let redemption = used["coupons"][0]["redemption"].as_str().unwrap();
    let back = json!({ "reason": "refund", "lines": [{ "line": "1" }] });
    let path = format!("/v1/redemptions/{redemption}/reversals");
    let back = fine(&once(&api, &till, &path, ("back", &back)));
    assert_eq!(
        back["reversals"][0]["amount_cents"], 30,
        "610 of 2,000, the odd half is the first line's: {back}"
    );

    let lease = json!({ "campaign": "tea", "count_max": 5, "cents_max": 99_000_000, "hours": 24 });
    let refused = api.ask(&shop, "POST", "/v1/tills/the-till/leases", &lease);
    assert_eq!(refused.code(), "no_room");
    let said = format!("the budget of `tea` has no room for {}", of.most);
    assert!(refused.json()["message"].as_str().unwrap().starts_with(&said), "{refused:?}");
    assert_eq!(fine(&api.ask(&till, "GET", "/v1/tills/keys", &Json::Null))["currency"], code);
    let day = fine(&api.ask(&till, "GET", "/v1/tills/the-till/days/2026-03-02", &Json::Null));
    assert_eq!(
        [&day["currency"], &day["redemptions"]["cents"], &day["reversals"]["cents"]],
        [&json!(code), &json!(100), &json!(30)]
    );
    assert_eq!(
        day["vat"],
        json!([{ "vat_basis_points": 1_000, "discount_cents": 100, "returned_cents": 30, "discount_vat_cents": 6 }])
    );
    assert_eq!(wait(verify(&engine)).unwrap().findings, Vec::<String>::new());
    audit(&engine).unwrap();
}

#[test]
fn a_shop_that_sells_in_yen_has_no_decimals_anywhere() {
    play(&YEN());
}

#[test]
fn a_shop_that_sells_in_dinars_has_three_everywhere() {
    play(&DINARS());
}
