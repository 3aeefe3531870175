//! Leases under limits per day and store: what a till may give is kept there, so that no limit is passed by those who ask and those who cannot, together.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use wink_core::base::{CampaignId, Cents, CouponId, TillId, Timestamp};
use wink_core::coupon::{LeaseAsked, Part, Taken};
use wink_core::offer::Channel;
use wink_server::access::Role;
use wink_server::flow::decide::ask;
use wink_server::flow::ingest::ingest;
use wink_server::flow::redeem::redeem;
use wink_server::flow::tills::leases::{self, Answer};
use wink_server::flow::tills::sync;
use wink_server::keys::{self as stored, TENANT};
use wink_server::{Engine, Error};
use wink_sim::SimStore;
use wink_store::Store;

use super::api::{self, Api};
use super::audit::{all, audit, coupons, redemptions};
use super::counter::{self, IDS, MONDAY, Offer, Shop, insist_in_vain, later, open, purchase, secrets, wait};
use super::race::{at_once, checks_nothing, checks_then_acts, holds, is_caught};
use super::said;

const DAY: &str = "offer/tea/day/20514";

fn tea(more: &str) -> Shop {
    Shop::selling(vec![Offer { more: more.to_owned(), ..Offer::new("tea", "{ amount = \"1.00\" }") }])
}

/// A shop with a limit, and people with a coupon of 1.00 each.
fn shop_of<S: Store>(store: S, more: &str, people: usize) -> Engine<S> {
    let engine = wait(open(store, &tea(more), MONDAY)).unwrap();
    for person in 0..people {
        let name = format!("person-{person}");
        wait(ingest(&engine, &IDS, said::allows_all(&name, MONDAY))).unwrap();
        let number = u64::try_from(person).unwrap();
        wait(ask(&engine, &counter::question(number, &name, Channel::Web, later(MONDAY, 1))))
            .unwrap()
            .unwrap();
    }
    engine
}

pub(crate) fn asked(till: &str, count: u32, store: Option<&str>) -> LeaseAsked {
    LeaseAsked {
        till: TillId::parse(till).unwrap(),
        store: store.map(str::to_owned),
        campaign: CampaignId::parse("tea").unwrap(),
        offer: None,
        count_max: count,
        cents_max: Cents(i64::from(count) * 100),
        takes_paper: true,
        expires_at: later(MONDAY, 30 * 60),
    }
}

fn counted<S: Store>(engine: &Engine<S>, name: &str) -> (i64, i64) {
    let keys = [stored::uses(name), stored::use_cents(name)];
    let counters = wait(engine.store.counters(TENANT, &keys)).unwrap();
    (counters[0].value, counters[1].value)
}

pub(crate) fn taken(lease: &wink_core::coupon::Lease, number: u32, coupon: CouponId, at: Timestamp) -> Taken {
    let part = Part { line: "1".to_owned(), quantity: 1, amount: Cents(100), vat_basis_points: None };
    let order_id = format!("{}-{number}", lease.till);
    Taken { number, coupon, order_id, at, amount: Cents(100), parts: vec![part] }
}

pub(crate) async fn report<S: Store>(
    engine: &Engine<S>,
    lease: &wink_core::coupon::Lease,
    number: u32,
    coupon: CouponId,
    at: Timestamp,
) -> Result<sync::Outcome, Error> {
    let taken = taken(lease, number, coupon, at);
    sync::hear(engine, &lease.till, &sync::Report { lease: lease.id, taken }, later(MONDAY, 600)).await
}

pub(crate) fn granted(answer: Result<Answer, Error>) -> wink_core::coupon::Lease {
    match answer.unwrap() {
        Answer::Granted(lease) => lease,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lease_keeps_its_coupons_in_the_limit_of_each_of_its_days_and_gives_back_what_it_did_not_use() {
    let engine = shop_of(SimStore::new(), "per_day = { uses = 4 }", 4);
    let next = "offer/tea/day/20515";
    let lease = granted(wait(leases::grant(&engine, &asked("till-1", 3, None), later(MONDAY, 2))));
    assert_eq!((counted(&engine, DAY), counted(&engine, next)), ((3, 300), (3, 300)));
    audit(&engine).unwrap();
    // One is left: for a redemption, and then for nobody.
    let refused = wait(leases::grant(&engine, &asked("till-2", 2, None), later(MONDAY, 3))).unwrap();
    let Answer::Limited(short) = refused else { panic!("{refused:?}") };
    assert!(
        short
            .told(engine.catalogue().unwrap().shop.currency)
            .starts_with("`per_day` of the offer `tea` on 2026-03-02 has 1 coupons left"),
        "{short:?}"
    );
    let all = coupons(&engine);
    for (place, expected) in [(0, true), (1, false)] {
        let mut order = purchase(&format!("online-{place}"), Cents(1_000));
        order.coupons = vec![all[place].id.to_string()];
        wait(redeem(&engine, &order, None, later(MONDAY, 4))).unwrap();
        assert_eq!(redemptions(&engine).len() == place + 1, expected, "redemption {place}");
    }
    // Two are told of: one of each day, a day later. They count where they were given.
    let heard = wait(report(&engine, &lease, 1, all[1].id, later(MONDAY, 10))).unwrap();
    assert!(matches!(heard, sync::Outcome::Booked(_)), "{heard:?}");
    wait(report(&engine, &lease, 2, all[2].id, later(MONDAY, 26 * 60))).unwrap();
    assert_eq!((counted(&engine, DAY), counted(&engine, next)), ((4, 400), (3, 300)), "nothing moves");
    audit(&engine).unwrap();
    wait(leases::give_back(&engine, &lease.till, lease.id, later(MONDAY, 27 * 60))).unwrap();
    assert_eq!((counted(&engine, DAY), counted(&engine, next)), ((2, 200), (1, 100)));
    wait(leases::give_back(&engine, &lease.till, lease.id, later(MONDAY, 28 * 60))).unwrap();
    assert_eq!((counted(&engine, DAY), counted(&engine, next)), ((2, 200), (1, 100)), "once");
    audit(&engine).unwrap();
}

#[test]
fn over_http_a_limit_without_room_has_a_code_of_its_own_and_a_lease_says_what_is_kept_for_it() {
    let store = Arc::new(SimStore::new());
    drop(shop_of(store.clone(), "per_day = { uses = 4, amount = \"3.50\" }\nper_store = { uses = 9 }", 1));
    let api = Api::over(store);
    let shop = api.key(Role::Shop);
    let lease = |till: &str, count: u32, store: Option<&str>| -> api::Answer {
        let mut asked = json!({ "campaign": "tea", "count_max": count, "cents_max": 300, "hours": 4 });
        asked.as_object_mut().unwrap().extend(store.map(|store| ("store".to_owned(), json!(store))));
        api.ask(&shop, "POST", &format!("/v1/tills/{till}/leases"), &asked)
    };
    let nowhere = lease("till-1", 2, None);
    assert_eq!(
        (nowhere.status.as_u16(), nowhere.json()["detail"].as_str().unwrap().contains("per store")),
        (422, true),
        "{nowhere:?}"
    );
    let first = lease("till-1", 2, Some("munich")).json();
    let kept = |limit: &str| json!({ "limit": limit, "uses": 2, "cents": 300 });
    assert_eq!(first["kept_in_limits"], json!([kept(DAY), kept("offer/tea/store/munich")]));
    let second = lease("till-2", 2, Some("berlin"));
    assert_eq!((second.status.as_u16(), second.code()), (409, "no_room_in_limit".to_owned()));
    let detail = second.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("on 2026-03-02 has 2 coupons and 0.50 EUR of money left"), "{detail}");
    let body = json!({ "returned": [first["id"]] });
    let back = api.ask(&shop, "POST", "/v1/tills/till-1/sync", &body).json();
    assert_eq!(back["returned"][0]["kept_in_limits"], Json::Null, "{back}");
    assert_eq!(lease("till-2", 2, Some("berlin")).status, 200);
    let engine = wait(Engine::open(api.store.clone(), secrets(), MONDAY)).unwrap();
    audit(&engine).unwrap();
}

/// A third of sixty-four asks for a lease, the others redeem; whoever has a lease gives by it, is heard of and gives it back.
fn one_limit<S: Store>(store: S, more: &str) -> Result<(), String> {
    let engine = shop_of(store, more, 64);
    let all: Vec<CouponId> = coupons(&engine).iter().map(|coupon| coupon.id).collect();
    let done = at_once(|task| {
        let now = later(MONDAY, 5);
        if task % 3 != 0 {
            let mut order = purchase(&format!("order-{task}"), Cents(1_000));
            (order.coupons, order.store) = (vec![all[task].to_string()], Some("munich".to_owned()));
            return insist_in_vain(|| wait(redeem(&engine, &order, None, now)).map(|_| ()));
        }
        let wanted = asked(&format!("till-{task}"), 2, Some("munich"));
        let Ok(Answer::Granted(lease)) = wait(leases::grant(&engine, &wanted, now)) else { return Ok(()) };
        insist_in_vain(|| wait(report(&engine, &lease, 1, all[task], now)).map(|_| ()))?;
        if task % 2 == 0 {
            insist_in_vain(|| wait(leases::give_back(&engine, &lease.till, lease.id, now)).map(|_| ()))?;
        }
        Ok(())
    });
    done.into_iter().collect::<Result<(), String>>()?;
    audit(&engine)?;
    let given = redemptions(&engine).len();
    let offline = redemptions(&engine).iter().filter(|one| one.offline.is_some()).count();
    let leases = all_leases(&engine);
    let kept: u32 = leases.iter().flat_map(|lease| lease.kept.first()).map(|kept| kept.uses).sum();
    match (given + usize::try_from(kept).unwrap(), given.saturating_sub(offline)) {
        (sum, online) if sum <= 20 && 0 < online + offline => Ok(()),
        found => Err(format!("{found:?}: {given} given and {kept} kept of 20")),
    }
}

fn all_leases<S: Store>(engine: &Engine<S>) -> Vec<wink_core::coupon::Lease> {
    let records = all(engine, stored::kind::LEASE);
    records.iter().map(|(_, record)| wink_record::Stored::from_bytes(&record.bytes).unwrap()).collect()
}

#[test]
fn sixty_four_with_the_line_and_without_keep_the_limits_of_a_day_and_of_a_store() {
    let (day, store) = ("per_day = { uses = 20 }", "per_store = { amount = \"20.00\" }");
    for limit in [day, store] {
        one_limit(SimStore::new(), limit).unwrap();
    }
    holds(
        |store| one_limit(store, "per_day = { uses = 20 }"),
        |store| one_limit(store, "per_store = { uses = 20 }"),
    );
}

#[test]
fn a_store_that_guards_no_caps_is_caught_by_leases_and_redemptions_together() {
    let of_day = "per_day = { uses = 20 }";
    assert!(is_caught(|| one_limit(checks_then_acts(), of_day)), "in a store");
    assert!(is_caught(|| one_limit(checks_nothing(), of_day)), "in a flow");
}
