//! The shop's ids of orders go where their time is over: those that points paid for, and those on which a coupon that was nobody's was used.

use wink_core::base::{CampaignId, Cents, Timestamp};
use wink_core::coupon::points::Tender;
use wink_core::coupon::{Coupon, State, TakenBack};
use wink_core::offer::ReversalReason;
use wink_core::profile::Retention;
use wink_record::{PointsOrder, Stored};
use wink_server::Engine;
use wink_server::flow::bulk::{Wanted as Many, begin, codes, go_on};
use wink_server::flow::ingest::ingest;
use wink_server::flow::points::back;
use wink_server::flow::redeem::redeem;
use wink_server::flow::retain::sweep;
use wink_server::flow::reverse::Wanted;
use wink_server::flow::{erase, once::Replied};
use wink_server::keys::kind;
use wink_sim::SimStore;
use wink_store::Store;

use super::audit::{all, audit, coupons, redemptions};
use super::counter::{IDS, MONDAY, Offer, Shop, later, open, purchase, wait};
use super::points::{balance, buys, opened, pay, pays_with};
use super::said;

/// Events are kept for so many days.
const KEPT: i64 = 1_096;

fn swept<S: Store>(engine: &Engine<S>, now: Timestamp) {
    wait(sweep(engine, &Retention::default(), now)).unwrap();
}

fn tenders<S: Store>(engine: &Engine<S>) -> Vec<Tender> {
    all(engine, kind::TENDER).iter().map(|(_, record)| Tender::from_bytes(&record.bytes).unwrap()).collect()
}

fn paid_orders<S: Store>(engine: &Engine<S>) -> usize {
    let records = all(engine, kind::POINTS_ORDER);
    let orders = records.iter().map(|(_, record)| PointsOrder::from_bytes(&record.bytes).unwrap());
    orders.filter(|order| !order.tenders.is_empty()).count()
}

#[test]
fn an_order_that_points_paid_for_is_forgotten_and_what_was_paid_still_comes_back() {
    let engine = opened(SimStore::new());
    let paid_at = later(MONDAY, 60);
    wait(ingest(&engine, &IDS, vec![buys("1", 50_000, later(MONDAY, 1))])).unwrap();
    let first = pays_with(100, "o-secret", 1_000);
    assert!(pay(&engine, &first, paid_at).unwrap().is_redeemed);
    // She goes on buying, so that she is not forgotten herself, and pays once more.
    wait(ingest(&engine, &IDS, vec![buys("2", 50_000, MONDAY.plus_days(1_000))])).unwrap();
    let second = pays_with(100, "o-later", 1_000);
    assert!(pay(&engine, &second, MONDAY.plus_days(1_001)).unwrap().is_redeemed);
    assert_eq!(paid_orders(&engine), 2);

    swept(&engine, Timestamp(paid_at.plus_days(KEPT).0));
    assert_eq!(tenders(&engine).iter().filter(|tender| tender.order_id.is_empty()).count(), 0, "not overdue");
    let now = Timestamp(paid_at.plus_days(KEPT).0 + 86_400_000);
    swept(&engine, now);
    let left = tenders(&engine);
    let named: Vec<&str> =
        left.iter().map(|tender| tender.order_id.as_str()).filter(|id| !id.is_empty()).collect();
    assert_eq!((left.len(), named, paid_orders(&engine)), (2, vec!["o-later"], 1));
    let old = left.iter().find(|tender| tender.order_id.is_empty()).unwrap();
    assert_eq!(old.lines.iter().map(|line| line.line.as_str()).collect::<Vec<_>>(), ["0"]);
    audit(&engine).unwrap();
    swept(&engine, now);
    assert_eq!(tenders(&engine), left, "once is enough");
    // What was paid can still come back.
    let before = balance(&engine, now);
    let (what, reason) = (TakenBack::Everything, ReversalReason::Refund);
    let wanted = Wanted { redemption: old.id, what, reason, till: None };
    let Replied::Now(answer) = wait(back::reverse(&engine, &wanted, None, now)).unwrap() else { panic!() };
    assert_eq!(answer.unwrap().returned().0, 100);
    assert!(before <= balance(&engine, now));
    audit(&engine).unwrap();
    let anna = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap();
    wait(erase::erase(&engine, anna, now)).unwrap();
    assert_eq!((tenders(&engine).len(), paid_orders(&engine)), (0, 0));
    audit(&engine).unwrap();
}

#[test]
fn an_order_on_which_nobodys_coupon_was_used_is_forgotten() {
    let tea = Offer { valid_days: 300, ..Offer::new("tea", "{ amount = \"1.00\" }") };
    let engine = wait(open(SimStore::new(), &Shop::selling(vec![tea]), MONDAY)).unwrap();
    let wanted =
        Many { name: "print".to_owned(), campaign: CampaignId::parse("tea").unwrap(), offer: None, count: 2 };
    wait(begin(&engine, &wanted, MONDAY)).unwrap();
    wait(go_on(&engine, "print", MONDAY)).unwrap();
    let code = wait(codes(&engine, "print", 0, 1)).unwrap()[0].code.to_string();
    let mut order = purchase("o-secret", Cents(1_000));
    (order.coupons, order.are_typed) = (vec![code], true);
    wait(redeem(&engine, &order, None, later(MONDAY, 5))).unwrap();
    let named = || redemptions(&engine).iter().filter(|one| !one.order_id.is_empty()).count();
    swept(&engine, MONDAY.plus_days(KEPT));
    assert_eq!(named(), 1, "not overdue");
    swept(&engine, MONDAY.plus_days(KEPT + 1));
    assert_eq!(named(), 0);
    let names_it =
        |coupon: &Coupon| matches!(&coupon.state, State::Redeemed { order_id, .. } if order_id == "o-secret");
    assert!(!coupons(&engine).iter().any(names_it));
    let before = coupons(&engine);
    swept(&engine, MONDAY.plus_days(KEPT + 2));
    assert_eq!(coupons(&engine), before, "once is enough");
    audit(&engine).unwrap();
}
