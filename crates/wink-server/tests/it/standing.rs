//! What stands of a redemption stands on its order, also once its coupon went back to its person in part: whatever is asked about the order then, or
//! redeemed on it, comes behind that.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use wink_core::base::{Cents, Chance, CouponId};
use wink_core::coupon::Redemption;
use wink_server::access::Role;
use wink_server::flow::ingest::{Received, ingest};
use wink_server::{Engine, catalogue, flow};
use wink_sim::SimStore;

use super::api::{Answer, Api, question};
use super::audit::{audit, coupons, redemptions};
use super::counter::{IDS, MONDAY, Offer, Shop, secrets, wait};
use super::said;

/// A shop whose coupons go back with every piece that comes back. Anna has two of each offer.
struct Counter {
    api: Api<SimStore>,
    till: String,
    coupons: Vec<(String, String)>,
    asked: u32,
}

impl Counter {
    fn selling(offers: &[(&str, &str, &str, &str)]) -> Self {
        Self::opened(offers, "", Vec::new())
    }

    /// The same with a programme, and what Anna bought before.
    fn opened(offers: &[(&str, &str, &str, &str)], programme: &str, bought: Vec<Received>) -> Self {
        let offer = |(name, benefit, minimum_price, more): &(&str, &str, &str, &str)| Offer {
            minimum_price: (*minimum_price).to_owned(),
            more: (*more).to_owned(),
            per_person: 2,
            ..Offer::new(name, benefit)
        };
        let shop = Shop { reissue_days: Some(0), ..Shop::selling(offers.iter().map(offer).collect()) };
        let mut files = shop.files();
        for (name, text) in &mut files {
            if name == "shop.toml" {
                text.push_str(programme);
            }
            if name.starts_with("campaigns/") {
                let returns =
                    "[reversals]\npartial_refund = \"returns\"\nchargeback = \"returns\"\n\n[[offers]]";
                *text = text.replace("[[offers]]", returns);
            }
        }
        let store = Arc::new(SimStore::new());
        let engine = wait(Engine::open(store.clone(), secrets(), MONDAY)).unwrap();
        let compiled = catalogue::compile(&files).unwrap_or_else(|findings| panic!("{findings:#?}"));
        wait(flow::catalogue::apply(&engine, compiled, files, MONDAY)).unwrap();
        let before = said::allows_all("anna", MONDAY).into_iter().chain(bought);
        wait(ingest(&engine, &IDS, before.collect())).unwrap();
        let api = Api::over(store);
        let (till, shop) = (api.key(Role::Till), api.key(Role::Shop));
        let coupons = (0..2 * offers.len()).map(|_| {
            let decided = api.ask(&shop, "POST", "/v1/decisions", &question("anna")).json();
            let text = |field: &str| decided["decision"][field].as_str().map(str::to_owned);
            text("offer").zip(text("coupon")).unwrap_or_else(|| panic!("{decided}"))
        });
        Self { coupons: coupons.collect(), api, till, asked: 0 }
    }

    /// The coupons of an offer.
    fn of(&self, offer: &str) -> [String; 2] {
        let its = self.coupons.iter().filter(|(of, _)| of == offer).map(|(_, coupon)| coupon.clone());
        its.collect::<Vec<_>>().try_into().unwrap()
    }

    fn send(&mut self, path: &str, asked: &Json) -> Answer {
        self.asked += 1;
        let (bearer, once) = (format!("Bearer {}", self.till), format!("k-{}", self.asked));
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", once.as_str())];
        self.api.send("POST", path, &headers, &asked.to_string())
    }

    fn redeem(&mut self, coupons: &[&str], order: &str, cart: &Json) -> Answer {
        self.send("/v1/redemptions", &json!({ "coupons": coupons, "order_id": order, "cart": cart }))
    }

    fn back(&mut self, redemption: &str, line: &str, pieces: u32) -> Answer {
        let lines = json!([{ "line": line, "quantity": pieces }]);
        let path = format!("/v1/redemptions/{redemption}/reversals");
        self.send(&path, &json!({ "reason": "refund", "lines": lines }))
    }

    fn validate(&self, coupons: &[&str], order: &str, cart: &Json) -> Json {
        let asked = json!({ "coupons": coupons, "order_id": order, "cart": cart });
        self.api.ask(&self.till, "POST", "/v1/validations", &asked).json()
    }

    fn qualify(&self, order: &str, cart: &Json) -> Json {
        let identity = json!({ "namespace": "customer", "value": "anna" });
        let asked = json!({ "identity": identity, "order_id": order, "cart": cart });
        self.api.ask(&self.till, "POST", "/v1/qualifications", &asked).json()
    }

    fn engine(&self) -> Engine<Arc<SimStore>> {
        wait(Engine::open(self.api.store.clone(), secrets(), MONDAY)).unwrap()
    }

    /// What stands on an order in the ledger.
    fn standing(&self, order: &str) -> Vec<Redemption> {
        let all = redemptions(&self.engine()).into_iter();
        all.filter(|one| one.order_id == order && Cents::ZERO < one.spent()).collect()
    }
}

fn line(id: &str, quantity: u32, price: i64) -> Json {
    json!({ "id": id, "product_id": "assam", "quantity": quantity, "unit_price_cents": price })
}

/// Three pieces at 2.00, and one at 4.00.
fn cart() -> Json {
    json!({ "lines": [line("1", 3, 200), line("2", 1, 400)] })
}

fn redemption(answer: &Answer) -> String {
    let json = answer.json();
    json["coupons"][0]["redemption"].as_str().unwrap_or_else(|| panic!("{json}")).to_owned()
}

/// What is answered about a coupon, without what only a redemption says.
fn told(coupon: &Json) -> Json {
    let mut coupon = coupon.clone();
    for field in ["redemption", "valid_until_text"] {
        coupon.as_object_mut().unwrap().remove(field);
    }
    coupon
}

const NINE: (&str, &str, &str, &str) = ("nine", "{ amount = \"9.00\" }", "1.00", "stacks = true");
const SOLO: (&str, &str, &str, &str) = ("solo", "{ amount = \"3.00\" }", "0.00", "");
const TENTH: (&str, &str, &str, &str) =
    ("tenth", "{ percent = 10, at_most = \"5.00\" }", "0.00", "stacks = true\npriority = 2");

#[test]
fn a_coupon_that_went_back_in_part_leaves_the_rest_on_its_order() {
    let mut counter = Counter::selling(&[NINE, SOLO]);
    let [first, second] = counter.of("nine");
    let used = counter.redeem(&[&first], "o-1", &cart());
    let back = counter.back(&redemption(&used), "1", 1).json();
    assert_eq!((&back["returned_cents"], &back["reversals"][0]["coupon"]), (&json!(180), &json!("returns")));
    // Asked about, in whatever way, and done.
    assert_eq!(counter.validate(&[&second], "o-1", &cart())["cart"]["discount_cents"], 900);
    let best = counter.qualify("o-1", &cart())["best"].clone();
    assert_eq!(best["cart"]["discount_cents"], 900, "{best}");
    let more = counter.redeem(&[&second], "o-1", &cart()).json();
    assert_eq!(
        (&more["coupons"][0]["discount_cents"], &more["cart"]["to_pay_cents"]),
        (&json!(180), &json!(100)),
        "{more}"
    );
    assert_eq!(counter.standing("o-1").iter().map(|one| one.spent().0).sum::<i64>(), 900);
    // What comes back of that is free again, and the first coupon takes it off: its redemptions are two.
    assert_eq!(counter.back(&redemption(&used), "2", 1).json()["returned_cents"], 540);
    let again = counter.redeem(&[&first], "o-1", &cart());
    let standing: i64 = counter.standing("o-1").iter().map(|one| one.spent().0).sum();
    assert_eq!(again.json()["cart"]["discount_cents"], standing, "{again:?}");
    // Each of three keeps its minimum price line by line, which may be some cents more than one of them alone.
    assert!((850..=900).contains(&standing), "{standing}");
    assert_ne!(redemption(&again), redemption(&used));
    // Named once more it is the same again, with what the ledger has.
    let repeated = counter.redeem(&[&first], "o-1", &cart());
    assert_eq!(redemption(&repeated), redemption(&again));
    assert_eq!(repeated.json()["cart"], again.json()["cart"]);
    // Used elsewhere since, it stands here all the same.
    assert_eq!(counter.back(&redemption(&again), "2", 1).status, 200);
    assert_eq!(counter.redeem(&[&first], "o-2", &cart()).status, 200);
    let here = counter.validate(&[&second], "o-1", &cart());
    let standing: i64 = counter.standing("o-1").iter().map(|one| one.spent().0).sum();
    assert_eq!(here["cart"]["discount_cents"], standing, "{here}");
    audit(&counter.engine()).unwrap();

    let [first, second] = counter.of("solo");
    let used = counter.redeem(&[&first], "o-3", &cart());
    assert_eq!(counter.back(&redemption(&used), "1", 1).status, 200);
    let refused = counter.redeem(&[&second], "o-3", &cart());
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (409, "discount_code_combination_disallowed".to_owned())
    );
    // It is no other than itself: what came back of it may be taken off again.
    let itself = counter.redeem(&[&first], "o-3", &cart()).json();
    assert_eq!(itself["cart"]["discount_cents"], 300, "{itself}");
    audit(&counter.engine()).unwrap();
}

#[test]
fn on_another_cart_than_it_was_redeemed_on_nothing_is_answered_that_the_ledger_does_not_have() {
    let mut counter = Counter::selling(&[NINE, TENTH]);
    let ([nine, _], [tenth, _]) = (counter.of("nine"), counter.of("tenth"));
    let used = counter.redeem(&[&nine], "o-1", &cart());
    for (lines, fits) in [
        (vec![line("1", 3, 200), line("2", 1, 400), line("3", 1, 500)], true),
        (vec![line("1", 2, 200), line("2", 1, 400)], false),
        (vec![line("1", 3, 150), line("2", 1, 400)], false),
        (vec![line("other", 1, 1_000)], false),
    ] {
        let cart = json!({ "lines": lines });
        let (asked, done) =
            (counter.validate(&[&nine], "o-1", &cart), counter.redeem(&[&nine], "o-1", &cart));
        assert_eq!((&asked["valid"], done.status.as_u16()), (&json!(fits), if fits { 200 } else { 409 }));
        assert_eq!(redemption(&done), redemption(&used), "also of a no, as that is what must come back");
        if fits {
            assert_eq!(done.json()["cart"]["discount_cents"], 900, "{cart}");
            continue;
        }
        assert_eq!(done.code(), "redeemed_on_other_cart");
        let reason = &done.json()["coupons"][0]["reason"];
        assert_eq!(reason["cashier"]["en"], "Used on this order with another cart. Take that back first.");
        // Others do not join what is not on this cart either, named beside it or not.
        assert_eq!(counter.redeem(&[&tenth], "o-1", &cart).code(), "redeemed_on_other_cart");
        let reason = counter.qualify("o-1", &cart)["coupons"][0]["reason"].clone();
        assert_eq!(reason["code"], "redeemed_on_other_cart");
    }
    // Taken back, it is redeemed on the cart there is.
    let path = format!("/v1/redemptions/{}/reversals", redemption(&used));
    assert_eq!(counter.send(&path, &json!({ "reason": "cancel" })).status, 200);
    let cart = json!({ "lines": [line("other", 1, 1_000)] });
    assert_eq!(counter.redeem(&[&nine, &tenth], "o-1", &cart).status, 200);
    audit(&counter.engine()).unwrap();
}

#[test]
fn points_do_not_pay_for_a_cart_on_which_what_was_redeemed_has_no_room() {
    let programme = "\n[points]\nper_unit = 1\nworth = \"0.01\"\nexpire_months = 12\n";
    let bought = said::buys("before", "anna", &[("tea", 100_000)], MONDAY);
    let mut counter = Counter::opened(&[NINE], programme, vec![bought]);
    let [nine, _] = counter.of("nine");
    assert_eq!(counter.redeem(&[&nine], "o-1", &cart()).status, 200);
    let pay = |counter: &mut Counter, lines: Json| {
        let identity = json!({ "namespace": "customer", "value": "anna" });
        let asked = json!({
            "coupons": [], "points": 100, "identity": identity, "order_id": "o-1", "cart": { "lines": lines },
        });
        counter.send("/v1/redemptions", &asked)
    };
    let refused = pay(&mut counter, json!([line("other", 1, 1_000)]));
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (409, "redeemed_on_other_cart"));
    // What is left to pay of the cart it was redeemed on.
    let paid = pay(&mut counter, json!([line("1", 3, 200), line("2", 1, 400)]));
    assert_eq!((paid.status.as_u16(), &paid.json()["points"]["to_pay_cents"]), (200, &json!(0)));
    audit(&counter.engine()).unwrap();
}

/// Coupons are redeemed, come back piece by piece and are redeemed again, in any order: what is answered is what the ledger has, and no coupon meets
/// another that it may not, nor goes below what must remain.
#[test]
fn whatever_comes_back_an_order_is_answered_as_the_ledger_has_it() {
    let (mut redeemed, mut returned) = (0, 0);
    for seed in 0..12 {
        let mut counter = Counter::selling(&[NINE, SOLO, TENTH]);
        let mut chance = Chance::new(seed, "what stands on an order");
        let mut below = |count: u32| {
            let [a, b, c, d, ..] = chance.bytes();
            u32::from_le_bytes([a, b, c, d]) % count
        };
        for _ in 0..24 {
            let order = ["o-1", "o-1", "o-1", "o-2"][below(4) as usize];
            if below(3) == 0 {
                let standing = counter.standing(order);
                if let Some(one) = standing.get(below(4) as usize) {
                    let answer = counter.back(&one.id.to_string(), ["1", "2"][below(2) as usize], 1);
                    returned += u32::from(answer.status == 200);
                }
                continue;
            }
            let which: Vec<String> = (0..=below(2))
                .map(|_| counter.coupons[below(6) as usize].1.clone())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect();
            let which: Vec<&str> = which.iter().map(String::as_str).collect();
            let (asked, done) =
                (counter.validate(&which, order, &cart()), counter.redeem(&which, order, &cart()));
            assert_eq!(asked["valid"], done.status == 200, "{asked} {done:?}");
            let done = done.json();
            assert_eq!(asked["cart"], done["cart"], "{seed}");
            let both = [&asked, &done]
                .map(|one| one["coupons"].as_array().unwrap().iter().map(told).collect::<Vec<_>>());
            assert_eq!(both[0], both[1], "{seed}");
            let standing = counter.standing(order);
            let spent: i64 = standing.iter().map(|one| one.spent().0).sum();
            if asked["valid"] == true {
                redeemed += 1;
                assert_eq!(done["cart"]["discount_cents"], spent, "{seed}: {done}");
            }
            let qualified = counter.qualify(order, &cart());
            for coupon in qualified["coupons"].as_array().unwrap() {
                let alone = counter.validate(&[coupon["coupon"].as_str().unwrap()], order, &cart());
                assert_eq!(told(&alone["coupons"][0]), told(coupon), "{seed}");
            }
            let offers: Vec<&str> = standing.iter().map(|one| one.offer.as_str()).collect();
            let there: BTreeSet<CouponId> = standing.iter().map(|one| one.coupon).collect();
            assert!(!offers.contains(&"nine") || spent <= 900, "{seed}: {spent} of 10.00 by {offers:?}");
            assert!(!offers.contains(&"solo") || there.len() == 1, "{seed}: {offers:?} meet");
        }
        let engine = counter.engine();
        assert_eq!(coupons(&engine).len(), 6);
        audit(&engine).unwrap();
    }
    assert!(40 < redeemed && 10 < returned, "{redeemed} redeemed and {returned} returned are few");
}
