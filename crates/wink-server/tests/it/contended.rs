//! Sixty-four write for one person, coupon, redemption or household at once: each waits for its turn, and all are served.

use wink_core::base::{Cents, CouponId, Value};
use wink_core::coupon::cart::Cart;
use wink_core::coupon::{LineBack, TakenBack};
use wink_core::event::{ConsentChange, ConsentState, Mechanism};
use wink_core::offer::{Channel, ReversalReason};
use wink_server::flow::consents::{self, Set, Setting};
use wink_server::flow::decide;
use wink_server::flow::ingest::{Answer, ingest};
use wink_server::flow::once::Replied;
use wink_server::flow::profiles::{self, Whom};
use wink_server::flow::reverse::{Wanted, reverse};
use wink_server::{DrawnIds, Engine, flow};
use wink_sim::SimStore;
use wink_store::Store;
use wink_store_fjall::{FjallStore, Options};

use super::audit::audit;
use super::counter::{
    IDS, MONDAY, Offer, Shop, coupon_of, later, open, purchase, question, redeem, tell, wait,
};
use super::race::{TASKS, at_once, simulated};
use super::said;

/// A shop in which anna may have as many coupons as she likes.
fn shop<S: Store>(store: S) -> Engine<S> {
    let tea = Offer {
        per_person: 1_000_000,
        budget: "1000000.00".to_owned(),
        ..Offer::new("tea", "{ amount = \"1.00\" }")
    };
    let engine = wait(open(store, &Shop::selling(vec![tea]), MONDAY)).unwrap();
    wait(ingest(&engine, &IDS, said::allows_all("anna", MONDAY))).unwrap();
    engine
}

fn coupon<S: Store>(engine: &Engine<S>, number: usize) -> CouponId {
    let asked = question(number as u64, "anna", Channel::Web, later(MONDAY, 1));
    let decision = wait(decide::ask(engine, &asked)).unwrap().unwrap();
    coupon_of(engine, &decision).unwrap()
}

/// All of it is asked once: whoever was told that others are faster would end the test.
fn all_are_served<S: Store>(store: S) {
    let engine = shop(store);
    let events = at_once(|task| {
        let order = said::buys(&format!("m-{task}"), "anna", &[("TEA", 500)], later(MONDAY, 1));
        wait(tell(&engine, order)).unwrap()
    });
    assert!(events.iter().all(|answer| matches!(answer, Answer::Accepted(_))), "{events:?}");
    let coupons = at_once(|task| coupon(&engine, task));
    let used = at_once(|task| {
        let order = format!("order-{task}");
        wait(redeem(&engine, coupons[task], &order, Cents(900), later(MONDAY, 2))).unwrap()
    });
    assert!(used.iter().all(Result::is_ok), "{used:?}");
    let person = wait(profiles::find(&engine, &Whom::Identity(said::identity("anna")))).unwrap().unwrap();
    let profile = person.asked().id;
    let set = at_once(|task| {
        let change = ConsentChange {
            purpose: "newsletter".to_owned(),
            state: ConsentState::Granted,
            method: "account".to_owned(),
            mechanism: Mechanism::Account,
            surface: None,
            text_version: Some(task.to_string()),
            text_hash: None,
            recorded_by: None,
        };
        let setting = Setting {
            profile,
            changes: vec![change],
            said_at: None,
            source: "console".to_owned(),
            message_id: format!("set-{task}"),
            expected: None,
        };
        wait(consents::set(&engine, &DrawnIds, &setting, later(MONDAY, 3))).unwrap()
    });
    assert!(set.iter().all(|answer| matches!(answer, Set::Done(_))), "{set:?}");
    at_once(|task| match task % 3 {
        0 => drop(coupon(&engine, TASKS + task)),
        1 => {
            let order = said::buys(&format!("n-{task}"), "anna", &[("TEA", 500)], later(MONDAY, 4));
            assert!(matches!(wait(tell(&engine, order)).unwrap(), Answer::Accepted(_)));
        }
        _ => {
            let word =
                said::consents(&format!("w-{task}"), "anna", "newsletter", "granted", later(MONDAY, 4));
            assert!(matches!(wait(tell(&engine, word)).unwrap(), Answer::Accepted(_)));
        }
    });
    audit(&engine).unwrap();
}

/// One coupon is redeemed on sixty-four pieces, and each comes back at the same moment.
fn all_pieces_come_back<S: Store>(store: S) {
    let engine = shop(store);
    let coupon = coupon(&engine, 0);
    let mut purchase = purchase("o-1", Cents(100));
    purchase.coupons = vec![coupon.to_string()];
    let mut lines = purchase.cart.into_lines();
    lines[0].categories = wait(flow::steps::find(&engine, coupon)).unwrap().categories;
    lines[0].quantity = u32::try_from(TASKS).unwrap();
    purchase.cart = Cart::new(lines).unwrap();
    let Replied::Now(rung) = wait(flow::redeem::redeem(&engine, &purchase, None, later(MONDAY, 2))).unwrap()
    else {
        panic!("nothing is kept without a key")
    };
    let redemption = *rung.used[0].coupon.as_ref().unwrap().redemptions.last().unwrap();
    let back = at_once(|_| {
        let piece = LineBack { line: "all".to_owned(), quantity: Some(1) };
        let wanted = Wanted {
            redemption,
            what: TakenBack::Lines(vec![piece]),
            reason: ReversalReason::Refund,
            till: None,
        };
        wait(reverse(&engine, &wanted, None, later(MONDAY, 3))).unwrap()
    });
    assert!(back.iter().all(|answer| matches!(answer, Replied::Now(Ok(_)))), "{back:?}");
    let redemption = wait(flow::reverse::find(&engine, redemption)).unwrap();
    assert_eq!(redemption.reversals.len(), TASKS);
    audit(&engine).unwrap();
}

/// Eight people move in and out of one household, each eight times.
fn all_move<S: Store>(store: S) {
    let engine = shop(store);
    let moved = at_once(|task| {
        let (person, event) =
            (format!("person-{}", task % 8), ["Household Joined", "Household Left"][task / 8 % 2]);
        let name = vec![("household_id", Value::Text("h-1".to_owned()))];
        let at = later(MONDAY, task as i64);
        wait(tell(&engine, said::message(&format!("h-{task}"), &person, event, name, at))).unwrap()
    });
    assert!(moved.iter().all(|answer| matches!(answer, Answer::Accepted(_))), "{moved:?}");
    audit(&engine).unwrap();
}

fn embedded(check: impl Fn(FjallStore)) {
    let directory = tempfile::tempdir().unwrap();
    check(FjallStore::open(directory.path(), Options::default()).unwrap());
}

#[test]
fn sixty_four_who_write_for_one_person_are_all_served() {
    embedded(all_are_served);
    all_are_served::<SimStore>(simulated());
}

#[test]
fn sixty_four_reversals_of_one_redemption_are_all_made() {
    embedded(all_pieces_come_back);
    all_pieces_come_back::<SimStore>(simulated());
}

#[test]
fn sixty_four_moves_in_one_household_are_all_heard() {
    embedded(all_move);
    all_move::<SimStore>(simulated());
}
