//! Counters of days and what tills did do not grow for ever: they go once nothing is bounded by them and nobody asks for them, and what is left holds together.

use wink_core::base::{Cents, CouponId, TillId, Timestamp};
use wink_core::coupon::{Lease, LeaseAsked, TakenBack, Unbacked};
use wink_core::offer::{Channel, ReversalReason};
use wink_core::profile::Retention;
use wink_server::Engine;
use wink_server::flow::decide::ask;
use wink_server::flow::ingest::ingest;
use wink_server::flow::redeem::redeem;
use wink_server::flow::retain::{Swept, sweep};
use wink_server::flow::reverse::{Wanted, reverse};
use wink_server::flow::tills::leases;
use wink_server::flow::tills::sync::{self, Outcome};
use wink_server::keys::{TENANT, USE_CENTS, USES, kind};
use wink_sim::SimStore;
use wink_store::{Batch, BatchId, Change, CounterKey, Home, Store};

use super::audit::{all, audit, coupons, redemptions};
use super::counter::{self, IDS, MONDAY, Offer, Shop, later, open, purchase, wait};
use super::limited_tills::{asked, granted, report};
use super::said;

type Tea = Engine<SimStore>;

/// The day of [`MONDAY`], from 1970.
const DAY: i64 = 20_514;

fn shop(people: u64) -> Tea {
    let more = "per_day = { uses = 40 }\nper_store = { uses = 40 }".to_owned();
    let offer = Offer { more, valid_days: 300, ..Offer::new("tea", "{ amount = \"1.00\" }") };
    let engine = wait(open(SimStore::new(), &Shop::selling(vec![offer]), MONDAY)).unwrap();
    for person in 0..people {
        let name = format!("person-{person}");
        wait(ingest(&engine, &IDS, said::allows_all(&name, MONDAY))).unwrap();
        let question = counter::question(person, &name, Channel::Web, later(MONDAY, 1));
        wait(ask(&engine, &question)).unwrap().unwrap();
    }
    engine
}

fn used(engine: &Tea, coupon: CouponId, order: &str, at: Timestamp) {
    let mut order = purchase(order, Cents(1_000));
    (order.coupons, order.store) = (vec![coupon.to_string()], Some("munich".to_owned()));
    wait(redeem(engine, &order, None, at)).unwrap();
}

fn counters(engine: &Tea) -> Vec<String> {
    let listed = |prefix: &str| wait(engine.store.counters_with(TENANT, prefix.as_bytes())).unwrap();
    let keys = [USES, USE_CENTS].into_iter().flat_map(listed);
    keys.map(|(key, _)| String::from_utf8(key.0).unwrap()).collect()
}

fn swept(engine: &Tea, days: i64) -> Swept {
    wait(sweep(engine, &Retention::default(), MONDAY.plus_days(days))).unwrap()
}

#[test]
fn a_day_is_counted_for_a_month_and_a_store_for_ever() {
    let engine = shop(3);
    let ids: Vec<CouponId> = coupons(&engine).iter().map(|coupon| coupon.id).collect();
    used(&engine, ids[0], "o-0", later(MONDAY, 5));
    used(&engine, ids[1], "o-1", MONDAY.plus_days(20));
    let lease = granted(wait(leases::grant(&engine, &asked("till-1", 2, Some("munich")), later(MONDAY, 6))));
    wait(report(&engine, &lease, 1, ids[2], later(MONDAY, 7))).unwrap();
    assert_eq!(counters(&engine).len(), 2 * (3 + 1), "three days and a store: {:?}", counters(&engine));
    assert_eq!(swept(&engine, 30).day_counters, 0, "a month is not over");
    // The till was not heard of, nor was its lease closed: the server was off.
    assert_eq!(swept(&engine, 40).day_counters, 2 * 2);
    let left: Vec<String> = counters(&engine);
    assert_eq!(left.len(), 2 * 2, "{left:?}");
    assert!(
        left.iter().all(|name| name.ends_with("/store/munich") || name.ends_with("/day/20534")),
        "{left:?}"
    );
    audit(&engine).unwrap();
    assert_eq!(swept(&engine, 40).day_counters, 0);
    // What comes back and what was kept for that day has nothing to lower any more, and the store has.
    let monday = redemptions(&engine).into_iter().find(|one| one.order_id == "o-0").unwrap();
    let (what, reason) = (TakenBack::Everything, ReversalReason::Cancel);
    let wanted = Wanted { redemption: monday.id, what, reason, till: None };
    wait(reverse(&engine, &wanted, None, MONDAY.plus_days(41))).unwrap();
    audit(&engine).unwrap();
    assert_eq!(wait(leases::close_due(&engine, MONDAY.plus_days(41))).unwrap(), 1);
    audit(&engine).unwrap();
    let keys =
        [USES, USE_CENTS].map(|prefix| CounterKey(format!("{prefix}offer/tea/store/munich").into_bytes()));
    let found = wait(engine.store.counters(TENANT, &keys)).unwrap();
    assert_eq!(found.iter().map(|counter| counter.value).collect::<Vec<_>>(), [2, 200]);
}

#[test]
fn more_counters_than_a_commit_holds_go_in_one_sweep() {
    let engine = shop(0);
    for part in 0..3_u8 {
        let mut batch = Batch::new(BatchId([part + 1; 16]), TENANT, Home(0));
        let name = |number: i64| format!("{USES}offer/tea-{part}/day/{}", DAY - number);
        batch.changes =
            (0..500).map(|number| Change::Add(CounterKey(name(number).into_bytes()), 1)).collect();
        wait(engine.store.commit(batch));
    }
    assert_eq!(counters(&engine).len(), 1_500);
    // Thirty days are kept, and the day they are counted from.
    assert_eq!(swept(&engine, 0).day_counters, 3 * (500 - 31));
    assert_eq!(counters(&engine).len(), 3 * 31);
    assert_eq!(swept(&engine, 400).day_counters, 3 * 31);
    assert_eq!(counters(&engine), Vec::<String>::new());
    audit(&engine).unwrap();
}

fn left(engine: &Tea) -> (usize, usize) {
    (all(engine, kind::TILL_DAY).len(), all(engine, kind::REPORTED).len())
}

#[test]
fn what_a_till_did_is_kept_for_half_a_year_and_what_it_paid_for_ever() {
    let engine = shop(4);
    let ids: Vec<CouponId> = coupons(&engine).iter().map(|coupon| coupon.id).collect();
    let grant = |till: &str| {
        let lease = wait(leases::grant(&engine, &asked(till, 2, Some("munich")), later(MONDAY, 6)));
        granted(lease)
    };
    let first: Vec<Lease> = ["till-1", "till-10"].map(grant).to_vec();
    for (lease, coupon) in first.iter().zip(&ids) {
        wait(report(&engine, lease, 1, *coupon, later(MONDAY, 7))).unwrap();
    }
    let nobodys =
        wait(report(&engine, &first[0], 2, CouponId::from_bytes([9; 16]), later(MONDAY, 8))).unwrap();
    assert_eq!(nobodys, Outcome::Unbacked(Unbacked::CouponUnknown));
    // A till that sells on: its later days stay.
    let mut order = purchase("o-9", Cents(1_000));
    (order.coupons, order.till) = (vec![ids[2].to_string()], Some(TillId::parse("till-1").unwrap()));
    wait(redeem(&engine, &order, None, MONDAY.plus_days(100))).unwrap();
    wait(leases::close_due(&engine, MONDAY.plus_days(50))).unwrap();
    assert_eq!((left(&engine), swept(&engine, 179).till_records), ((4, 3), 0));
    assert_eq!(
        (swept(&engine, 182).till_records, left(&engine)),
        (3, (1, 3)),
        "its reports wait for its grace"
    );
    assert_eq!((swept(&engine, 190).till_records, left(&engine)), (3, (1, 0)));
    audit(&engine).unwrap();
    // Told again, it is what it was; nothing is booked, and nothing of it is kept.
    let again = |number: u32, coupon: CouponId| {
        let (till, lease) = (first[0].till.clone(), first[0].id);
        let taken = super::limited_tills::taken(&first[0], number, coupon, later(MONDAY, 7));
        wait(sync::hear(&engine, &till, &sync::Report { lease, taken }, MONDAY.plus_days(190))).unwrap()
    };
    let Outcome::Booked(booked) = again(1, ids[0]) else { panic!("{:?}", again(1, ids[0])) };
    assert_eq!(booked.order_id, "till-1-1");
    assert_eq!(again(2, CouponId::from_bytes([9; 16])), Outcome::Unbacked(Unbacked::LeaseClosed));
    assert_eq!(again(2, ids[3]), Outcome::Unbacked(Unbacked::LeaseClosed));
    assert_eq!(left(&engine), (1, 0));
    audit(&engine).unwrap();
}

/// A till's earlier leases go half a year behind their grace, its last one stays; what comes late is answered as before, and nobody is granted an old
/// lease anew.
#[test]
fn a_lease_that_is_over_for_good_goes_and_whoever_reports_it_is_told_what_it_paid() {
    let engine = shop(6);
    let ids: Vec<CouponId> = coupons(&engine).iter().map(|coupon| coupon.id).collect();
    let (till, other) = (TillId::parse("till-1").unwrap(), TillId::parse("till-10").unwrap());
    let grant = |till: &str, at: Timestamp| {
        let wanted = LeaseAsked { expires_at: later(at, 60), ..asked(till, 2, Some("munich")) };
        granted(wait(leases::grant(&engine, &wanted, at)))
    };
    let at = |turn: usize| later(MONDAY, 120 * i64::try_from(turn).unwrap() + 10);
    let mut all: Vec<Lease> = Vec::new();
    for (turn, coupon) in ids.iter().take(4).enumerate() {
        let lease = grant("till-1", at(turn));
        wait(report(&engine, &lease, 1, *coupon, later(at(turn), 5))).unwrap();
        wait(leases::give_back(&engine, &till, lease.id, later(at(turn), 30))).unwrap();
        all.push(lease);
    }
    let of_other = grant("till-10", at(0));
    wait(leases::close_due(&engine, MONDAY.plus_days(20))).unwrap();
    let kept = |till: &TillId| -> Vec<Lease> { wait(leases::list(&engine, till)).unwrap() };
    assert_eq!(swept(&engine, 100).till_records, 0, "half a year is not over");
    // Four notes of the day, four reports, and three leases.
    assert_eq!((swept(&engine, 190).till_records, kept(&till).len()), (4 + 4 + 3, 1));
    assert_eq!(kept(&till)[0].id, all[3].id, "the last one stays");
    assert_eq!(kept(&other)[0].id, of_other.id);
    assert_eq!(swept(&engine, 190).till_records, 0);
    audit(&engine).unwrap();
    // What comes late is told what was paid, and else that it is closed; another till never had that lease.
    let late = MONDAY.plus_days(191);
    let tells = |till: &TillId, lease: &Lease, coupon: CouponId| {
        let taken = super::limited_tills::taken(lease, 1, coupon, later(MONDAY, 15));
        wait(sync::hear(&engine, till, &sync::Report { lease: lease.id, taken }, late)).unwrap()
    };
    for (lease, coupon) in all.iter().zip(&ids) {
        let Outcome::Booked(booked) = tells(&till, lease, *coupon) else { panic!("{lease:?}") };
        assert_eq!(booked.coupon, *coupon);
        assert_eq!(tells(&till, lease, ids[5]), Outcome::Unbacked(Unbacked::LeaseClosed));
        assert_eq!(tells(&other, lease, *coupon), Outcome::LeaseUnknown);
    }
    let never = Lease { id: Lease::id_of(&till, &all[0].campaign, 9), ..all[0].clone() };
    assert_eq!(tells(&till, &never, ids[0]), Outcome::LeaseUnknown);
    let gone = [all[0].id];
    let after = wait(sync::give_back(&engine, &till, &gone, &gone, late)).unwrap();
    assert_eq!((after.returned.len(), after.renewed.len(), after.not_renewed.len()), (0, 0, 1));
    assert!(after.not_renewed[0].1.contains("a new lease"), "{after:?}");
    // A new one is none of those that went.
    let new = grant("till-1", late);
    assert!(all.iter().all(|old| old.id != new.id));
    wait(report(&engine, &new, 1, ids[4], later(late, 5))).unwrap();
    audit(&engine).unwrap();
}

/// A lease that is lost is found out, also when others went as they should.
#[test]
fn a_lease_that_is_missing_before_its_time_is_a_finding() {
    let engine = shop(3);
    let ids: Vec<CouponId> = coupons(&engine).iter().map(|coupon| coupon.id).collect();
    let till = TillId::parse("till-1").unwrap();
    let mut all: Vec<Lease> = Vec::new();
    for (days, coupon) in [0, 190, 195].into_iter().zip(&ids) {
        let at = later(MONDAY.plus_days(days), 10);
        let wanted = LeaseAsked { expires_at: later(at, 60), ..asked("till-1", 2, Some("munich")) };
        let lease = granted(wait(leases::grant(&engine, &wanted, at)));
        wait(report(&engine, &lease, 1, *coupon, later(at, 5))).unwrap();
        wait(leases::give_back(&engine, &till, lease.id, later(at, 30))).unwrap();
        all.push(lease);
    }
    assert!(0 < swept(&engine, 200).till_records);
    assert_eq!(wait(leases::list(&engine, &till)).unwrap().len(), 2);
    let findings = || wait(wink_server::report::verify::verify(&engine)).unwrap().findings;
    assert_eq!(findings(), Vec::<String>::new());
    let mut batch = Batch::new(BatchId([7; 16]), TENANT, Home(0));
    batch.changes = vec![Change::Delete(wink_server::keys::lease(&till, all[1].id))];
    wait(engine.store.commit(batch));
    let found = findings();
    assert!(found.iter().any(|finding| finding.contains("leases have redemptions")), "{found:?}");
}
