//! Points where somebody would make them of nothing, use them twice or lose them: what is returned, linked, raced for, erased and damaged.

use wink_core::base::{Cents, Points, Timestamp, Value};
use wink_core::coupon::TakenBack;
use wink_core::coupon::points::{Account, NotPaid, Tender};
use wink_core::offer::{Channel, ReversalReason};
use wink_core::profile::Retention;
use wink_record::{PointsOrder, Stored};
use wink_server::flow::decide;
use wink_server::flow::erase::{self, erase};
use wink_server::flow::ingest::{Received, ingest};
use wink_server::flow::links::{Linked, link};
use wink_server::flow::points::back;
use wink_server::flow::redeem::Purchase;
use wink_server::flow::retain;
use wink_server::flow::reverse::Wanted;
use wink_server::keys::{TENANT, kind};
use wink_server::{Engine, Error, report};
use wink_sim::{Disk, Faults, Mutant, SimStore};
use wink_store::{Batch, BatchId, Change, Home, Outcome, RecordKey, Store};
use wink_store_fjall::{FjallStore, Options};

use super::audit::{all, audit, redemptions};
use super::counter::{IDS, MONDAY, coupon_of, later, question, wait};
use super::points::{balance, buys, opened, pay, pays_with, refunds};
use super::race::{TASKS, at_once};
use super::said;

fn give_back<S: Store>(engine: &Engine<S>, tender: &Tender, at: Timestamp) -> Result<(), Error> {
    let wanted = Wanted {
        redemption: tender.id,
        what: TakenBack::Everything,
        reason: ReversalReason::Cancel,
        till: None,
    };
    wait(back::reverse(engine, &wanted, None, at)).map(|_| ())
}

fn paid<S: Store>(engine: &Engine<S>, asked: &Purchase, at: Timestamp) -> Tender {
    pay(engine, asked, at).unwrap().points.unwrap().unwrap().tender
}

fn tells<S: Store>(engine: &Engine<S>, received: Received) {
    wait(ingest(engine, &IDS, vec![received])).unwrap();
}

/// An order of somebody, by the name a redemption has for it.
fn told(order: &str, person: &str, cents: i64, at: Timestamp) -> Received {
    let lines = said::order("x", &[("BREAD", cents)]).remove(1);
    let id = format!("told-{order}");
    let named = ("order_id", Value::Text(order.to_owned()));
    said::message(&id, person, "Order Completed", vec![named, lines], at)
}

#[test]
fn who_returns_everything_keeps_nothing() {
    let engine = opened(SimStore::new());
    tells(&engine, buys("1", 10_000, later(MONDAY, 1)));
    let tender = paid(&engine, &pays_with(100, "o-1", 1_000), later(MONDAY, 2));
    tells(&engine, refunds("r-1", "1", None, later(MONDAY, 3)));
    give_back(&engine, &tender, later(MONDAY, 4)).unwrap();
    assert_eq!(balance(&engine, later(MONDAY, 5)), 0);
    tells(&engine, buys("2", 1_000, later(MONDAY, 6)));
    assert_eq!(
        (balance(&engine, later(MONDAY, 7)), audit(&engine)),
        (10, Ok(())),
        "nothing is owed any more"
    );
}

#[test]
fn what_came_back_before_its_order_was_told_of_earns_nothing() {
    let engine = opened(SimStore::new());
    tells(&engine, refunds("r-1", "1", Some(1_000), later(MONDAY, 1)));
    tells(&engine, refunds("r-2", "2", None, later(MONDAY, 2)));
    tells(&engine, buys("1", 3_000, later(MONDAY, 3)));
    tells(&engine, buys("2", 5_000, later(MONDAY, 4)));
    tells(&engine, refunds("r-3", "1", Some(500), later(MONDAY, 5)));
    assert_eq!((balance(&engine, later(MONDAY, 6)), audit(&engine)), (15, Ok(())));
}

#[test]
fn each_of_two_linked_profiles_pays_with_its_own_points() {
    let engine = opened(SimStore::new());
    tells(&engine, buys("1", 5_000, later(MONDAY, 1)));
    let anna = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap();
    let phone = wink_core::event::Identity::new("anonymous_id", "phone").unwrap();
    for mut message in said::allows_all("phone", MONDAY) {
        message.envelope.identities = vec![phone.clone()];
        tells(&engine, message);
    }
    let mut message = said::buys("3", "phone", &[("BREAD", 7_000)], later(MONDAY, 1));
    message.envelope.identities = vec![phone.clone()];
    tells(&engine, message);
    let device = wait(erase::find(&engine, &phone)).unwrap().unwrap();
    assert!(matches!(wait(link(&engine, anna, device, "support", MONDAY)).unwrap(), Linked::Done(_)));
    let asked = pays_with(60, "o-1", 1_000);
    let too_many = pay(&engine, &asked, later(MONDAY, 2)).unwrap();
    let there = NotPaid::Balance { balance: Points(50), asked: Points(60) };
    assert_eq!(too_many.points.unwrap().unwrap_err(), there);
    let other = Purchase { identity: Some(phone), ..pays_with(60, "o-1", 1_000) };
    let tender = paid(&engine, &other, later(MONDAY, 3));
    give_back(&engine, &tender, later(MONDAY, 4)).unwrap();
    let accounts: Vec<Account> = all(&engine, kind::POINTS_ACCOUNT)
        .iter()
        .map(|(_, record)| Account::from_bytes(&record.bytes).unwrap())
        .collect();
    let held = |id| accounts.iter().find(|account| account.profile == id).map(|account| account.held().0);
    assert_eq!((held(anna), held(device)), (Some(50), Some(70)), "back where they came from");
    assert_eq!(audit(&engine), Ok(()));
}

#[test]
fn on_an_order_with_points_only_the_same_request_is_answered() {
    let engine = opened(SimStore::new());
    tells(&engine, buys("1", 200_000, later(MONDAY, 1)));
    let asked = question(1, "anna", Channel::Web, later(MONDAY, 1));
    let coupon = coupon_of(&engine, &wait(decide::ask(&engine, &asked)).unwrap().unwrap()).unwrap();
    let order = pays_with(1_000, "o-1", 1_000);
    let tender = paid(&engine, &order, later(MONDAY, 2));
    assert_eq!(paid(&engine, &order, later(MONDAY, 3)), tender);
    let smaller = pays_with(1_000, "o-1", 900);
    let coupons = vec![coupon.to_string()];
    let with = Purchase { coupons: coupons.clone(), ..order.clone() };
    let only = Purchase { points: None, ..with.clone() };
    for other in [&smaller, &with, &only] {
        let rung = pay(&engine, other, later(MONDAY, 4)).unwrap();
        assert!(!rung.is_redeemed);
        assert_eq!(rung.points.unwrap().unwrap_err(), NotPaid::PaidBefore);
    }
    assert!(redemptions(&engine).is_empty());
    give_back(&engine, &tender, later(MONDAY, 5)).unwrap();
    assert!(pay(&engine, &only, later(MONDAY, 6)).unwrap().is_redeemed);
    // Points alone find what the coupon left.
    let most = pay(&engine, &order, later(MONDAY, 7)).unwrap().points.unwrap().unwrap_err();
    assert_eq!(most, NotPaid::TooMany { most: Points(900) });
    assert!(pay(&engine, &pays_with(900, "o-1", 1_000), later(MONDAY, 8)).unwrap().is_redeemed);
    assert_eq!(audit(&engine), Ok(()));
}

/// A coupon on an order at one half of the tills, points for all of it at the other.
fn race<S: Store>(store: S) -> Result<(), String> {
    let engine = opened(store);
    tells(&engine, buys("1", 200_000, later(MONDAY, 1)));
    let asked = question(1, "anna", Channel::Web, later(MONDAY, 1));
    let coupon = coupon_of(&engine, &wait(decide::ask(&engine, &asked)).unwrap().unwrap()).unwrap();
    let points = pays_with(1_000, "o-1", 1_000);
    let coupons = Purchase { coupons: vec![coupon.to_string()], points: None, ..points.clone() };
    at_once(|till| {
        let asked = if till % 2 == 0 { &points } else { &coupons };
        while let Err(Error::Contended) = pay(&engine, asked, later(MONDAY, 2)) {
            std::thread::yield_now();
        }
    });
    let by_coupon: Cents = redemptions(&engine).iter().map(|redemption| redemption.amount).sum();
    let tenders = all(&engine, kind::TENDER);
    let by_points: Cents =
        tenders.iter().map(|(_, record)| Tender::from_bytes(&record.bytes).unwrap().pays()).sum();
    // Whoever comes first leaves too little for all the points, or points that bar the coupon.
    if ![(100, 0), (0, 1_000)].contains(&(by_coupon.0, by_points.0)) {
        let (by_coupon, by_points) = (by_coupon.0, by_points.0);
        return Err(format!("of 1000 {TASKS} tills paid {by_coupon} by coupon and {by_points} by points"));
    }
    audit(&engine)
}

#[test]
fn a_coupon_and_points_at_once_never_exceed_the_cart() {
    let faults = Faults { seed: 7, delays_max: 2, ..Faults::default() };
    assert_eq!(race(SimStore::open(Disk::default(), faults, Mutant::None)), Ok(()));
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(race(FjallStore::open(directory.path(), Options::default()).unwrap()), Ok(()));
}

#[test]
fn an_erasure_leaves_what_is_somebody_elses_on_the_order() {
    let engine = opened(SimStore::new());
    wait(ingest(&engine, &IDS, said::allows_all("ben", MONDAY))).unwrap();
    tells(&engine, said::buys("1", "ben", &[("BREAD", 10_000)], later(MONDAY, 1)));
    tells(&engine, buys("2", 10_000, later(MONDAY, 1)));
    let bens = Purchase { identity: Some(said::identity("ben")), ..pays_with(30, "o-1", 1_000) };
    let annas = pays_with(40, "o-2", 1_000);
    let (of_ben, of_anna) = (paid(&engine, &bens, later(MONDAY, 2)), paid(&engine, &annas, later(MONDAY, 2)));
    // Ben pays, and the order is told of as Anna's.
    tells(&engine, told("o-1", "anna", 1_000, later(MONDAY, 3)));
    let anna = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap();
    wait(erase(&engine, anna, later(MONDAY, 4))).unwrap();
    assert!(matches!(give_back(&engine, &of_anna, later(MONDAY, 5)), Err(Error::NotFound { .. })));
    assert_eq!(all(&engine, kind::POINTS_ACCOUNT).len(), 1);
    assert_eq!(paid(&engine, &bens, later(MONDAY, 5)), of_ben, "still paid");
    give_back(&engine, &of_ben, later(MONDAY, 6)).unwrap();
    let again = paid(&engine, &bens, later(MONDAY, 7));
    assert_ne!(again.id, of_ben.id);
    // What Anna paid for is forgotten, so somebody else may pay for it.
    paid(&engine, &Purchase { order_id: "o-2".to_owned(), ..bens }, later(MONDAY, 8));
    assert_eq!(audit(&engine), Ok(()));
}

#[test]
fn a_damaged_record_is_named() {
    let engine = opened(SimStore::new());
    tells(&engine, buys("1", 10_000, later(MONDAY, 1)));
    assert_eq!(audit(&engine), Ok(()));
    let finding = |number: u8, key: RecordKey, bytes: Vec<u8>| {
        let mut batch = Batch::new(BatchId([number; 16]), TENANT, Home(0));
        batch.changes.push(Change::Put(key, bytes));
        assert!(matches!(wait(engine.store.commit(batch)), Outcome::Committed { .. }));
        wait(report::verify::verify(&engine)).unwrap().findings.join(" | ")
    };
    let (key, record) = all(&engine, kind::POINTS_ORDER).remove(0);
    let mut order = PointsOrder::from_bytes(&record.bytes).unwrap();
    order.earned =
        order.earned.map(|earned| wink_core::coupon::points::Earned { points: Points(99), ..earned });
    let said = finding(1, RecordKey::new(kind::POINTS_ORDER, key), order.to_bytes());
    assert!(said.contains("earned 99 points, and 100 by the ledger"), "{said}");
    let (key, record) = all(&engine, kind::POINTS_ACCOUNT).remove(0);
    let account = Account { used: Points(5), ..Account::from_bytes(&record.bytes).unwrap() };
    let said = finding(2, RecordKey::new(kind::POINTS_ACCOUNT, key), account.to_bytes());
    assert!(said.contains("has used 5 points, and 0 by the ledger"), "{said}");
}

#[test]
fn an_order_that_earned_nothing_when_it_was_told_of_never_does() {
    let engine = opened(SimStore::new());
    tells(&engine, buys("1", 100_000, later(MONDAY, 1)));
    // Points pay for all of it, so nothing is earned; then it comes back, and another system tells of the order.
    let tender = paid(&engine, &pays_with(1_000, "o-1", 1_000), later(MONDAY, 2));
    tells(&engine, told("o-1", "anna", 1_000, later(MONDAY, 3)));
    give_back(&engine, &tender, later(MONDAY, 4)).unwrap();
    let lines = said::order("x", &[("BREAD", 1_000)]).remove(1);
    let named = ("order_id", Value::Text("o-1".to_owned()));
    tells(&engine, said::message("again", "anna", "Order Completed", vec![named, lines], later(MONDAY, 5)));
    assert_eq!((balance(&engine, later(MONDAY, 6)), audit(&engine)), (1_000, Ok(())));
}

#[test]
fn a_payment_that_is_lost_is_named() {
    let engine = opened(SimStore::new());
    tells(&engine, buys("1", 10_000, later(MONDAY, 1)));
    let tender = paid(&engine, &pays_with(30, "o-1", 1_000), later(MONDAY, 2));
    let mut batch = Batch::new(BatchId([9; 16]), TENANT, Home(0));
    batch.changes.push(Change::Delete(wink_server::keys::tender(tender.id)));
    assert!(matches!(wait(engine.store.commit(batch)), Outcome::Committed { .. }));
    let said = wait(report::verify::verify(&engine)).unwrap().findings.join(" | ");
    assert!(said.contains("1 payments with points are in the ledger only"), "{said}");
}

#[test]
fn the_name_of_an_account_is_drawn_and_in_no_hash_of_the_store() {
    let [(one, its_hash), (other, hash)] = [(); 2].map(|()| {
        let engine = opened(SimStore::new());
        tells(&engine, buys("1", 10_000, later(MONDAY, 1)));
        paid(&engine, &pays_with(30, "o-1", 1_000), later(MONDAY, 2));
        let (_, record) = all(&engine, kind::POINTS_ACCOUNT).remove(0);
        let hash = wait(report::state_hash::state_hash(&engine)).unwrap();
        (Account::from_bytes(&record.bytes).unwrap(), hash)
    });
    assert_ne!(one.id, other.id, "once it is gone its movements lead to nobody");
    assert_eq!((one.profile, its_hash), (other.profile, hash), "the same was told to both");
}

#[test]
fn who_still_has_points_is_not_forgotten_for_being_quiet() {
    let engine = opened(SimStore::new());
    tells(&engine, buys("1", 10_000, later(MONDAY, 1)));
    let is_known = |day: i64| {
        wait(retain::sweep(&engine, &Retention::default(), later(MONDAY, day * 1_440))).unwrap();
        wait(erase::find(&engine, &said::identity("anna"))).unwrap().is_some()
    };
    // Twelve months is how long points last here; events are kept for three years.
    assert!(is_known(365));
    assert!(!is_known(2_000), "without points the years count");
}
