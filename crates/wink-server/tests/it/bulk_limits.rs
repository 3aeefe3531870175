//! Limits per person and household over codes that were issued in bulk: whoever is named when one is used has it from then on, at however many tills
//! they come at once. Where nobody is named, the code is all there is.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use wink_core::base::{CampaignId, CouponId, Value};
use wink_core::coupon::{Coupon, Refusal};
use wink_server::access::Role;
use wink_server::flow::bulk::{Wanted, begin, codes, go_on};
use wink_server::flow::ingest::ingest;
use wink_server::flow::once::Replied;
use wink_server::flow::redeem::redeem;
use wink_server::flow::{erase, retain};
use wink_server::{Engine, Error};
use wink_sim::SimStore;
use wink_store::Store;

use super::api::{Answer, Api};
use super::audit::{audit, coupons};
use super::counter::{IDS, MONDAY, Offer, Shop, insist, later, open, purchase, secrets, tell, wait};
use super::race::{TASKS, at_once, checks_nothing, holds, is_caught};
use super::said;

fn tea(per_person: u32, more: &str) -> Offer {
    Offer { per_person, more: more.to_owned(), ..Offer::new("tea", "{ amount = \"1.00\" }") }
}

/// A shop with codes in bulk, and four people who live together.
fn engine<S: Store>(store: S, offer: Offer, count: u64) -> Engine<S> {
    let engine = wait(open(store, &Shop::selling(vec![offer]), MONDAY)).unwrap();
    let known = PEOPLE.iter().flat_map(|person| said::allows_all(person, MONDAY)).collect();
    wait(ingest(&engine, &IDS, known)).unwrap();
    for person in PEOPLE {
        let name = vec![("household_id", Value::Text("h-1".to_owned()))];
        let joins = said::message(&format!("joins {person}"), person, "Household Joined", name, MONDAY);
        insist(|| wait(tell(&engine, joins.clone())));
    }
    let campaign = CampaignId::parse("tea").unwrap();
    let wanted = Wanted { name: "print".to_owned(), campaign, offer: None, count };
    wait(begin(&engine, &wanted, MONDAY)).unwrap();
    assert_eq!(wait(go_on(&engine, "print", MONDAY)).unwrap().bulk.done, count);
    engine
}

const PEOPLE: [&str; 4] = ["anna", "ben", "carl", "dora"];

/// Uses some codes on an order: whose they are then, or why not.
async fn uses<S: Store>(
    engine: &Engine<S>,
    codes: &[String],
    who: Option<&str>,
    order: &str,
) -> Result<Result<Vec<Coupon>, Refusal>, Error> {
    let mut order = purchase(order, wink_core::base::Cents(1_000));
    order.coupons = codes.to_vec();
    order.are_typed = true;
    order.identity = who.map(said::identity);
    let Replied::Now(rung) = redeem(engine, &order, None, later(MONDAY, 5)).await? else {
        panic!("nothing is kept without a key")
    };
    let refused = rung.used.iter().find_map(|used| rung.refusal(used));
    Ok(match refused {
        None => Ok(rung.used.into_iter().filter_map(|used| used.coupon).collect()),
        Some(refusal) => Err(refusal),
    })
}

fn printed<S: Store>(engine: &Engine<S>) -> Vec<String> {
    wait(codes(engine, "print", 0, 10_000)).unwrap().iter().map(|code| code.code.to_string()).collect()
}

/// Sixty-four tills, each with another code, and these people in turn; so many may go through.
fn contested<S: Store>(store: S, offer: Offer, people: &[&str], most: usize) -> Result<(), String> {
    let engine = engine(store, offer, TASKS as u64);
    let codes = printed(&engine);
    let answers = at_once(|task| {
        let (code, who) = (&codes[task..=task], people[task % people.len()]);
        insist(|| wait(uses(&engine, code, Some(who), &format!("order-{task}"))))
    });
    let used = answers.iter().filter(|answer| answer.is_ok()).count();
    let is_said = |answer: &&Result<Vec<Coupon>, Refusal>| {
        matches!(answer, Err(Refusal::PersonLimit { .. } | Refusal::HouseholdLimit { .. }))
    };
    let refused = answers.iter().filter(is_said).count();
    let theirs = coupons(&engine).iter().filter(|coupon| coupon.profile.is_some()).count();
    if (used, refused, theirs) != (most, TASKS - most, most) {
        return Err(format!("{used} used, {refused} refused, {theirs} are somebody's, of {most}"));
    }
    audit(&engine)
}

fn one_person<S: Store>(store: S) -> Result<(), String> {
    contested(store, tea(3, ""), &["anna"], 3)
}

fn one_stranger<S: Store>(store: S) -> Result<(), String> {
    contested(store, tea(3, ""), &["nobody knows them"], 3)
}

fn one_household<S: Store>(store: S) -> Result<(), String> {
    contested(store, tea(99, "per_household = 5"), &PEOPLE, 5)
}

#[test]
fn sixty_four_tills_with_codes_of_one_person_keep_the_limit() {
    holds(one_person, one_person);
    holds(one_stranger, one_stranger);
}

#[test]
fn sixty_four_tills_with_codes_of_one_household_keep_its_limit() {
    holds(one_household, one_household);
}

#[test]
fn a_flow_that_believes_what_it_read_is_caught() {
    assert!(is_caught(|| one_person(checks_nothing())), "person");
    assert!(is_caught(|| one_stranger(checks_nothing())), "stranger");
    assert!(is_caught(|| one_household(checks_nothing())), "household");
}

/// On one order, on several, and where nobody says who they are.
#[test]
fn whoever_is_named_has_as_many_as_one_may_and_nobody_as_many_as_there_are_codes() {
    let engine = engine(SimStore::new(), tea(2, "stacks = true\nper_household = 3"), 9);
    let codes = printed(&engine);
    let limit = Err(Refusal::PersonLimit { at_most: 2 });
    let whose = |coupons: Result<Vec<Coupon>, Refusal>| {
        coupons.map(|coupons| coupons.iter().map(|coupon| coupon.profile).collect::<BTreeSet<_>>().len())
    };
    let used = |codes: &[String], who, order| whose(wait(uses(&engine, codes, who, order)).unwrap());
    let three = used(&codes[..3], Some("anna"), "o-1");
    assert!(matches!(three, Err(Refusal::Combination { .. })), "two would apply: {three:?}");
    assert_eq!(coupons(&engine).iter().filter(|coupon| coupon.profile.is_some()).count(), 0);
    assert_eq!(used(&codes[..2], Some("anna"), "o-1"), Ok(1));
    assert_eq!(used(&codes[..2], Some("anna"), "o-1"), Ok(1), "the same again is the same");
    assert_eq!(used(&codes[2..3], Some("anna"), "o-2"), limit);
    assert_eq!(used(&codes[2..3], Some("ben"), "o-3"), Ok(1), "the third of the household");
    assert_eq!(used(&codes[3..4], Some("carl"), "o-4"), Err(Refusal::HouseholdLimit { at_most: 3 }));
    for (place, order) in [(3, "o-5"), (4, "o-6"), (5, "o-7")] {
        let used = wait(uses(&engine, &codes[place..=place], None, order)).unwrap().unwrap();
        assert_eq!(used[0].profile, None, "nobody said who");
    }
    audit(&engine).unwrap();
}

struct Counter {
    api: Api<SimStore>,
    shop: String,
    codes: Vec<String>,
}

impl Counter {
    fn new(offer: Offer) -> Self {
        let store = Arc::new(SimStore::new());
        let engine = engine(store.clone(), offer, 5);
        let codes = printed(&engine);
        let api = Api::over(store);
        Self { shop: api.key(Role::Shop), api, codes }
    }

    fn asked(coupons: &[&str], who: &str, more: Json) -> Json {
        let line = json!({ "id": "1", "product_id": "assam", "quantity": 9, "unit_price_cents": 200 });
        let mut asked = json!({ "coupons": coupons, "cart": { "lines": [line] },
            "identity": { "namespace": "customer", "value": who } });
        asked.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        asked
    }

    fn redeem(&self, coupons: &[&str], who: &str, order: &str) -> Answer {
        let asked = Self::asked(coupons, who, json!({ "order_id": order }));
        let (bearer, once) = (format!("Bearer {}", self.shop), format!("{who} {order} {coupons:?}"));
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", once.as_str())];
        self.api.send("POST", "/v1/redemptions", &headers, &asked.to_string())
    }

    fn reverse(&self, answer: &Answer) -> Json {
        let redemption = answer.json()["coupons"][0]["redemption"].as_str().unwrap().to_owned();
        let (bearer, path) =
            (format!("Bearer {}", self.shop), format!("/v1/redemptions/{redemption}/reversals"));
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", redemption.as_str())];
        self.api.send("POST", &path, &headers, "{\"reason\": \"cancel\"}").json()
    }

    fn engine(&self) -> Engine<Arc<SimStore>> {
        wait(Engine::open(self.api.store.clone(), secrets(), MONDAY)).unwrap()
    }
}

#[test]
fn a_code_that_somebody_used_is_theirs_and_comes_back_to_them() {
    let counter = Counter::new(tea(2, "stacks = true"));
    let (first, second, third) = (&*counter.codes[0], &*counter.codes[1], &*counter.codes[2]);
    // Asked about, it is nobody's still.
    let tried = counter.api.ask(
        &counter.shop,
        "POST",
        "/v1/validations",
        &Counter::asked(&[first], "anna", json!({})),
    );
    assert_eq!(tried.json()["valid"], true, "{tried:?}");
    assert!(coupons(&counter.engine()).iter().all(|coupon| coupon.profile.is_none()));
    // It goes together with a coupon of her own.
    let decided =
        counter.api.ask(&counter.shop, "POST", "/v1/decisions", &super::api::question("anna")).json();
    let own = decided["decision"]["coupon"].as_str().unwrap();
    let both = counter.redeem(&[first, own], "anna", "o-1");
    assert_eq!(both.json()["cart"]["discount_cents"], 200, "{both:?}");
    assert_eq!(counter.redeem(&[second], "anna", "o-2").code(), "profile_limit");
    assert_eq!(counter.reverse(&both)["reversals"][0]["coupon"], "returns");
    // Whoever else has a copy of it has nothing; she has it again, and no more than before.
    let foreign = counter.redeem(&[first], "ben", "o-3");
    assert_eq!(foreign.code(), "discount_code_invalid", "{foreign:?}");
    assert_eq!(counter.redeem(&[first], "anna", "o-4").status, 200);
    assert_eq!(counter.redeem(&[third], "anna", "o-5").code(), "profile_limit");
    audit(&counter.engine()).unwrap();
}

#[test]
fn what_somebody_took_by_codes_is_in_their_wallet_and_goes_with_them() {
    let counter = Counter::new(tea(3, "stacks = true"));
    let codes: Vec<&str> = counter.codes[..3].iter().map(String::as_str).collect();
    assert_eq!(counter.redeem(&codes, "anna", "o-1").status, 200);
    let engine = counter.engine();
    let anna = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap();
    // All three were taken in one instant: pages of one lose none.
    let (mut seen, mut cursor) = (BTreeSet::new(), String::new());
    for _ in 0..3 {
        let path = format!("/v1/profiles/{anna}/wallet?limit=1{cursor}");
        let page = counter.api.ask(&counter.shop, "GET", &path, &Json::Null).json();
        seen.insert(page["data"][0]["coupon"].to_string());
        cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap_or_default());
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
    wait(erase::erase(&engine, anna, later(MONDAY, 9))).unwrap();
    assert!(coupons(&engine).iter().all(|coupon| coupon.profile.is_none()), "nobody is left in them");
    audit(&engine).unwrap();
    wait(retain::sweep(&engine, &wink_core::profile::Retention::default(), later(MONDAY, 10))).unwrap();
    let used: Vec<CouponId> = coupons(&engine)
        .iter()
        .filter(|coupon| !coupon.is_in_circulation())
        .map(|coupon| coupon.id)
        .collect();
    assert_eq!(used.len(), 3);
}
