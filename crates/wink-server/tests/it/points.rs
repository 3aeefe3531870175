//! Points from the order that earns them to the one they pay for: once, never more than there are, and back with what comes back.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use wink_core::base::{Cents, Points, Timestamp, Value};
use wink_core::coupon::TakenBack;
use wink_core::coupon::points::NotPaid;
use wink_core::offer::{Channel, ReversalReason};
use wink_server::access::Role;
use wink_server::flow::decide;
use wink_server::flow::erase::{self, erase};
use wink_server::flow::export::Export;
use wink_server::flow::ingest::{Received, ingest};
use wink_server::flow::once::Replied;
use wink_server::flow::points::{back, expire, read};
use wink_server::flow::profiles::{self, Whom};
use wink_server::flow::redeem::{Purchase, Rung, redeem};
use wink_server::flow::reverse::Wanted;
use wink_server::keys::kind;
use wink_server::{Engine, Error, catalogue, flow};
use wink_sim::{Disk, Faults, Mutant, SimStore};
use wink_store::Store;
use wink_store_fjall::{FjallStore, Options};

use super::api::Api;
use super::audit::{all, audit};
use super::counter::{
    IDS, MONDAY, Offer, Shop, coupon_of, kill, later, open, purchase, question, secrets, wait,
};
use super::race::{TASKS, at_once, checks_nothing, is_caught};
use super::said;

const DAY: i64 = 1_440;

/// A shop with a programme, in which tea earns threefold.
pub(crate) fn opened<S: Store>(store: S) -> Engine<S> {
    let offer = Offer::new("tea", "{ amount = \"1.00\" }");
    let more = "\n[points]\nper_unit = 1\nworth = \"0.01\"\nexpire_months = 12\n".to_owned();
    let mut files = Shop { more, ..Shop::selling(vec![offer]) }.files();
    let tea = files.get_mut("campaigns/tea.toml").unwrap();
    *tea = format!("points = {{ factor = 3, categories = [\"TEA\"] }}\n{tea}");
    let engine = wait(Engine::open(store, secrets(), MONDAY)).unwrap();
    let compiled = catalogue::compile(&files).unwrap();
    wait(flow::catalogue::apply(&engine, compiled, files, MONDAY)).unwrap();
    wait(ingest(&engine, &IDS, said::allows_all("anna", MONDAY))).unwrap();
    engine
}

pub(crate) fn buys(id: &str, cents: i64, at: Timestamp) -> Received {
    said::buys(id, "anna", &[("BREAD", cents)], at)
}

pub(crate) fn refunds(id: &str, order: &str, cents: Option<i64>, at: Timestamp) -> Received {
    let mut properties = vec![("order_id", Value::Text(format!("order-{order}")))];
    properties.extend(cents.map(|cents| ("total_cents", Value::Int(cents))));
    said::message(id, "anna", "Order Refunded", properties, at)
}

pub(crate) fn balance<S: Store>(engine: &Engine<S>, at: Timestamp) -> i64 {
    let whole = wait(profiles::find(engine, &Whom::Identity(said::identity("anna")))).unwrap().unwrap();
    wait(read::holdings(engine, &whole.cluster(), at)).unwrap().balance.0
}

pub(crate) fn pays_with(points: i64, order: &str, spend: i64) -> Purchase {
    let identity = Some(said::identity("anna"));
    Purchase { points: Some(Points(points)), identity, ..purchase(order, Cents(spend)) }
}

pub(crate) fn pay<'a, S: Store>(
    engine: &Engine<S>,
    asked: &'a Purchase,
    at: Timestamp,
) -> Result<Rung<'a>, Error> {
    match wait(redeem(engine, asked, None, at))? {
        Replied::Now(rung) => Ok(rung),
        Replied::Before(_) => panic!("nothing is kept without a key"),
    }
}

fn refused<S: Store>(engine: &Engine<S>, asked: &Purchase, at: Timestamp) -> NotPaid {
    let rung = pay(engine, asked, at).unwrap();
    assert!(!rung.is_redeemed);
    rung.points.unwrap().unwrap_err()
}

#[test]
fn an_order_earns_once_and_what_comes_back_takes_it_back() {
    let engine = opened(SimStore::new());
    let order = buys("1", 3_149, later(MONDAY, 1));
    wait(ingest(&engine, &IDS, vec![order.clone(), order])).unwrap();
    // The same order by another message, as page and till tell it, and one from a page's source.
    let again = said::message(
        "again",
        "anna",
        "Order Completed",
        said::order("1", &[("BREAD", 9_000)]),
        later(MONDAY, 2),
    );
    let page = Received { is_vouched: false, ..buys("page", 90_000, later(MONDAY, 2)) };
    wait(ingest(&engine, &IDS, vec![again, page])).unwrap();
    assert_eq!(balance(&engine, later(MONDAY, 3)), 31);
    wait(ingest(&engine, &IDS, vec![said::buys("2", "anna", &[("TEA", 1_000)], later(MONDAY, 3))])).unwrap();
    assert_eq!(balance(&engine, later(MONDAY, 4)), 61, "tea earns threefold while its campaign runs");
    let part = refunds("r-1", "1", Some(1_000), later(MONDAY, 5));
    wait(ingest(&engine, &IDS, vec![part.clone(), part])).unwrap();
    assert_eq!(balance(&engine, later(MONDAY, 6)), 51);
    wait(ingest(&engine, &IDS, vec![refunds("r-2", "1", None, later(MONDAY, 7))])).unwrap();
    assert_eq!(balance(&engine, later(MONDAY, 8)), 30);
    assert_eq!(audit(&engine), Ok(()));
}

#[test]
fn points_pay_beside_a_coupon_in_one_commit_and_come_back() {
    let engine = opened(SimStore::new());
    wait(ingest(&engine, &IDS, vec![buys("1", 50_000, later(MONDAY, 1))])).unwrap();
    let asked = question(1, "anna", Channel::Web, later(MONDAY, 1));
    let coupon = coupon_of(&engine, &wait(decide::ask(&engine, &asked)).unwrap().unwrap()).unwrap();
    let order = Purchase { coupons: vec![coupon.to_string()], ..pays_with(300, "o-1", 1_000) };
    let too_many = Purchase { points: Some(Points(901)), ..order.clone() };
    assert_eq!(refused(&engine, &too_many, later(MONDAY, 2)), NotPaid::TooMany { most: Points(900) });
    let rung = pay(&engine, &order, later(MONDAY, 2)).unwrap();
    assert!(rung.is_redeemed && rung.used[0].redemption.is_some());
    let tendered = rung.points.unwrap().unwrap();
    assert_eq!((tendered.balance, tendered.tender.pays()), (Points(200), Cents(300)));
    // Asked again it is the same, and another number on the same order is none.
    let again = pay(&engine, &order, later(MONDAY, 3)).unwrap();
    assert_eq!(again.points.unwrap().unwrap(), tendered);
    let other = Purchase { points: Some(Points(5)), ..order.clone() };
    assert_eq!(refused(&engine, &other, later(MONDAY, 3)), NotPaid::PaidBefore);
    assert_eq!(balance(&engine, later(MONDAY, 3)), 200);
    // What points paid earns nothing: 10.00 without the 3.00.
    let told = said::message(
        "2",
        "anna",
        "Order Completed",
        vec![("order_id", Value::Text("o-1".to_owned())), said::order("x", &[("BREAD", 1_000)]).remove(1)],
        later(MONDAY, 4),
    );
    wait(ingest(&engine, &IDS, vec![told])).unwrap();
    assert_eq!(balance(&engine, later(MONDAY, 5)), 207);
    let wanted = Wanted {
        redemption: tendered.tender.id,
        what: TakenBack::Everything,
        reason: ReversalReason::Cancel,
        till: None,
    };
    let given = wait(back::reverse(&engine, &wanted, None, later(MONDAY, 6))).unwrap();
    assert!(matches!(given, Replied::Now(Ok(_))), "{given:?}");
    assert_eq!(balance(&engine, later(MONDAY, 7)), 507);
    let twice = wait(back::reverse(&engine, &wanted, None, later(MONDAY, 8))).unwrap();
    assert!(matches!(twice, Replied::Now(Err(_))), "{twice:?}");
    // It earned on what money paid: points cannot pay for it any more.
    assert_eq!(refused(&engine, &other, later(MONDAY, 9)), NotPaid::EarnedBefore);
    assert_eq!((balance(&engine, later(MONDAY, 9)), audit(&engine)), (507, Ok(())));
}

#[test]
fn a_no_says_why() {
    let engine = opened(SimStore::new());
    let asked = pays_with(5, "o-1", 1_000);
    let now = later(MONDAY, 1);
    assert_eq!(refused(&engine, &asked, now), NotPaid::Balance { balance: Points(0), asked: Points(5) });
    let nobody = Purchase { identity: None, ..asked.clone() };
    assert_eq!(refused(&engine, &nobody, now), NotPaid::NobodySaid);
    let without =
        wait(open(SimStore::new(), &Shop::selling(vec![Offer::new("tea", "{ amount = \"1.00\" }")]), MONDAY));
    assert_eq!(refused(&without.unwrap(), &asked, now), NotPaid::NoProgramme);
}

#[test]
fn points_run_out_by_their_timer_and_leave_with_their_person() {
    let engine = opened(SimStore::new());
    wait(ingest(&engine, &IDS, vec![buys("1", 1_000, MONDAY), buys("2", 2_000, later(MONDAY, 40 * DAY))]))
        .unwrap();
    let order = pays_with(4, "o-1", 1_000);
    assert!(pay(&engine, &order, later(MONDAY, DAY)).unwrap().is_redeemed);
    assert_eq!(balance(&engine, later(MONDAY, 365 * DAY)), 26);
    // Twelve months from 2 March, to the end of the day.
    let over = later(MONDAY, 366 * DAY);
    assert_eq!(balance(&engine, over), 20);
    assert_eq!(wait(expire::expire_due(&engine, &|| Timestamp(over.0 - 1))).unwrap(), 0);
    assert_eq!(wait(expire::expire_due(&engine, &|| over)).unwrap(), 1);
    assert_eq!(audit(&engine), Ok(()));
    let profile = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap();
    wait(erase(&engine, profile, over)).unwrap();
    for kind in [kind::POINTS_ACCOUNT, kind::POINTS_ORDER, kind::TENDER, kind::POINTS_MOVED] {
        assert_eq!(all(&engine, kind), vec![], "{kind:?}");
    }
    assert_eq!(audit(&engine), Ok(()));
    assert_eq!(wait(expire::expire_due(&engine, &|| later(over, 400 * DAY))).unwrap(), 0);
}

/// Sixty-four tills, each with another order, for the points of ten.
fn race<S: Store>(store: S) -> Result<(), String> {
    let engine = opened(store);
    wait(ingest(&engine, &IDS, vec![buys("1", 50_000, later(MONDAY, 1))])).unwrap();
    let paid = at_once(|till| {
        let asked = pays_with(50, &format!("o-{till}"), 1_000);
        // Where sums are wrong, some changes are refused however often they are asked for.
        for _ in 0..1_000 {
            match pay(&engine, &asked, later(MONDAY, 2)) {
                Err(Error::Contended) => std::thread::yield_now(),
                rung => return rung.map(|rung| rung.is_redeemed).map_err(|error| error.to_string()),
            }
        }
        Err("somebody is never served".to_owned())
    });
    let paid = paid.into_iter().collect::<Result<Vec<bool>, String>>()?;
    let (won, left) = (paid.into_iter().filter(|paid| *paid).count(), balance(&engine, later(MONDAY, 3)));
    if (won, left) != (10, 0) {
        return Err(format!("{won} of {TASKS} tills took 50 of 500 points, {left} are left"));
    }
    audit(&engine)
}

#[test]
fn of_sixty_four_tills_no_two_take_the_same_points() {
    let faults = Faults { seed: 5, delays_max: 2, ..Faults::default() };
    assert_eq!(race(SimStore::open(Disk::default(), faults, Mutant::None)), Ok(()));
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(race(FjallStore::open(directory.path(), Options::default()).unwrap()), Ok(()));
}

/// The same over a store that does not look whether what was read is still so.
#[test]
fn a_store_that_checks_nothing_is_caught() {
    assert!(is_caught(|| race(checks_nothing())));
}

#[test]
fn after_a_power_cut_an_order_sent_again_earns_nothing_twice() {
    let store = Arc::new(SimStore::new());
    let engine = opened(store.clone());
    wait(ingest(&engine, &IDS, vec![buys("1", 1_000, later(MONDAY, 1))])).unwrap();
    drop(engine);
    let store = SimStore::open(kill(store), Faults::default(), Mutant::None);
    let engine = wait(Engine::open(store, secrets(), later(MONDAY, 2))).unwrap();
    let told = said::message(
        "other",
        "anna",
        "Order Completed",
        said::order("1", &[("BREAD", 1_000)]),
        later(MONDAY, 2),
    );
    wait(ingest(&engine, &IDS, vec![buys("1", 1_000, later(MONDAY, 1)), told])).unwrap();
    assert_eq!((balance(&engine, later(MONDAY, 3)), audit(&engine)), (10, Ok(())));
}

#[test]
fn the_till_pays_with_points_and_the_shop_reads_them() {
    let store = Arc::new(SimStore::new());
    let engine = opened(store.clone());
    wait(ingest(&engine, &IDS, vec![buys("1", 50_000, later(MONDAY, 1))])).unwrap();
    let profile = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap();
    let api = Api::over(store);
    let key = api.key(Role::Shop);
    let line = json!({ "id": "1", "product_id": "bread", "quantity": 2, "unit_price_cents": 500 });
    let body = |points: i64, order: &str| {
        json!({
            "identity": { "namespace": "customer", "value": "anna" }, "order_id": order, "points": points,
            "cart": { "lines": [line] },
        })
    };
    let post = |idempotency: &str, path: &str, body: &Json| {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", idempotency)];
        api.send("POST", path, &headers, &body.to_string())
    };
    let tried = |points: i64| {
        let body = body(points, "o-1");
        api.ask(&key, "POST", "/v1/validations", &body).json()
    };
    let before = tried(300);
    assert_eq!((&before["valid"], &before["points"]["paid_cents"]), (&json!(true), &json!(300)), "{before}");
    assert_eq!(before["points"].get("redemption"), None, "nothing is paid by asking");
    let paid = post("k-1", "/v1/redemptions", &body(300, "o-1"));
    let answer = paid.json();
    assert_eq!(tried(300)["valid"], true, "the same again");
    let other = tried(200);
    assert_eq!(
        (&other["valid"], &other["points"]["reason"]["code"]),
        (&json!(false), &json!("points_already_used"))
    );
    assert_eq!(answer["points"]["paid_cents"], 300, "{answer}");
    assert_eq!((&answer["points"]["to_pay_cents"], &answer["points"]["balance"]), (&json!(700), &json!(200)));
    assert_eq!(post("k-1", "/v1/redemptions", &body(300, "o-1")).body, paid.body, "byte by byte");
    let refused = post("k-2", "/v1/redemptions", &body(300, "o-2")).json();
    assert_eq!(refused["code"], "points_balance", "{refused}");
    let reason = &refused["points"]["reason"];
    assert_eq!(reason["nearest_miss"], json!({ "kind": "use_points", "at_most": 200 }));
    assert_eq!(reason["customer"]["de"], "Ihr Guthaben: 200 Punkte.");
    assert_eq!(reason["cashier"]["en"], "200 points there, 300 asked for.");
    assert_eq!(post("k-3", "/v1/redemptions", &body(0, "o-3")).json()["code"], "value_invalid");
    let redemption = answer["points"]["redemption"].as_str().unwrap().to_owned();
    let lines = json!({ "reason": "refund", "lines": [{ "line": "1", "quantity": 1 }] });
    api.pass_minutes(1);
    let back = post("k-4", &format!("/v1/redemptions/{redemption}/reversals"), &lines).json();
    assert_eq!((&back["returned_points"], &back["returned_cents"]), (&json!(150), &json!(150)), "{back}");
    let read = api.ask(&key, "GET", &format!("/v1/redemptions/{redemption}"), &Json::Null).json();
    assert_eq!(read, back);
    let read = api.ask(&key, "GET", &format!("/v1/profiles/{profile}/points"), &Json::Null).json();
    assert_eq!((&read["balance"], &read["worth_cents"]), (&json!(350), &json!(350)), "{read}");
    let what: Vec<&Json> = read["movements"].as_array().unwrap().iter().map(|moved| &moved["what"]).collect();
    assert_eq!(what, ["given_back", "used", "earned"]);
    let mut export = Export::new(profile, later(MONDAY, 90));
    let mut text = String::new();
    while let Some(piece) = wait(export.next(&engine)).unwrap() {
        text.push_str(&piece);
    }
    let document: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(document["points_moved"].as_array().unwrap().len(), 3);
    assert_eq!(document["points_redemptions"][0]["order_id"], "o-1");
}

#[test]
fn what_a_till_takes_and_gives_back_in_points_stands_in_its_day() {
    let store = Arc::new(SimStore::new());
    let engine = opened(store.clone());
    wait(ingest(&engine, &IDS, vec![buys("1", 50_000, later(MONDAY, 1))])).unwrap();
    let profile = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap();
    let api = Api::over(store);
    let key = api.key(Role::Till);
    let post = |idempotency: &str, path: &str, body: &Json| {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", idempotency)];
        let answer = api.send("POST", path, &headers, &body.to_string());
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    };
    let line = json!({ "id": "1", "product_id": "bread", "quantity": 2, "unit_price_cents": 500 });
    let asked = |order: &str, points: i64| {
        json!({
            "identity": { "namespace": "customer", "value": "anna" }, "order_id": order, "points": points,
            "cart": { "lines": [line] },
        })
    };
    post("k-1", "/v1/redemptions", &asked("o-1", 300));
    // Rung up again by a till that heard no answer: it is the same payment.
    let paid = post("k-2", "/v1/redemptions", &asked("o-1", 300));
    post("k-3", "/v1/redemptions", &asked("o-2", 50));
    let redemption = paid["points"]["redemption"].as_str().unwrap();
    for (place, quantity) in [(4, 1), (5, 1)] {
        let lines = json!({ "reason": "refund", "lines": [{ "line": "1", "quantity": quantity }] });
        post(&format!("k-{place}"), &format!("/v1/redemptions/{redemption}/reversals"), &lines);
    }
    let day = || api.ask(&key, "GET", "/v1/tills/the-till/days/2026-03-02", &Json::Null).json();
    let expected = (
        json!({ "count": 2, "points": 350, "cents": 350 }),
        json!({ "count": 2, "points": 300, "cents": 300 }),
        json!({ "count": 0, "cents": 0 }),
    );
    let told =
        |day: Json| (day["points_paid"].clone(), day["points_returned"].clone(), day["redemptions"].clone());
    assert_eq!(told(day()), expected);
    wait(erase(&engine, profile, later(MONDAY, 90))).unwrap();
    assert_eq!(told(day()), expected, "a till's day outlives whose points they were");
}
