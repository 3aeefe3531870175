//! A receiver is away while somebody takes a consent back: what waited for it and stood on that consent does not leave the house any more.

use std::collections::BTreeSet;

use wink_core::base::{Cents, Timestamp};
use wink_core::offer::Channel;
use wink_record::DeliveryState;
use wink_server::Engine;
use wink_server::flow::ingest::ingest;
use wink_server::flow::outbox::Outbox;
use wink_server::flow::webhooks::{self, Replay};
use wink_server::flow::{decide, erase, expire, expiring};
use wink_sim::SimStore;
use wink_store::Store;

use super::counter::{IDS, MONDAY, coupon_of, later, open, question, redeem, tell, wait};
use super::expiring::issued;
use super::segments::{BUYS, listen};
use super::webhooks::{Receiver, deliveries, engine, failure, send};
use super::{expiring as soon, said, segments};

fn day(days: i64) -> Timestamp {
    MONDAY.plus_days(days)
}

fn says<S: Store>(engine: &Engine<S>, person: &str, purpose: &str, state: &str, at: Timestamp) {
    let id = format!("{person}-{purpose}-{state}-{}", at.0);
    wait(tell(engine, said::consents(&id, person, purpose, state, at))).unwrap();
}

/// The types of what was heard of a person.
fn of<S: Store>(engine: &Engine<S>, person: &str, receiver: &Receiver) -> BTreeSet<String> {
    let id = wait(erase::find(engine, &said::identity(person))).unwrap().unwrap().to_string();
    let heard = receiver.heard().into_iter().filter(|(_, data)| data["profile"] == id);
    heard.map(|(kind, _)| kind).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_decision_for_a_newsletter_stays_when_the_newsletter_is_taken_back() {
    let engine = engine(SimStore::new());
    let now = later(MONDAY, 1);
    for (number, channel) in [Channel::Newsletter, Channel::Newsletter, Channel::Web].into_iter().enumerate()
    {
        let asked = question(number as u64, &format!("person-{number}"), channel, now);
        let decision = wait(decide::ask(&engine, &asked)).unwrap().unwrap();
        let coupon = coupon_of(&engine, &decision).unwrap();
        wait(redeem(&engine, coupon, &format!("order-{number}"), Cents(900), now)).unwrap().unwrap();
    }
    send(&engine, &Outbox::new(Receiver::answering([failure()])), now);
    for person in ["person-0", "person-2"] {
        says(&engine, person, "newsletter", "withdrawn", later(MONDAY, 2));
    }
    let back = Receiver::kind();
    send(&engine, &Outbox::new(back.clone()), later(MONDAY, 600));
    let whole = set(&["coupon.issued", "coupon.redeemed", "decision.made"]);
    assert_eq!(of(&engine, "person-0", &back), set(&["coupon.issued", "coupon.redeemed"]));
    assert_eq!(of(&engine, "person-1", &back), whole);
    assert_eq!(of(&engine, "person-2", &back), whole, "what is shown on a page needs no newsletter");
    let all = deliveries(&engine, 1);
    let kept: Vec<_> = all.iter().filter(|one| matches!(one.state, DeliveryState::Dead { .. })).collect();
    let [kept] = kept[..] else { panic!("{all:?}") };
    assert_eq!(kept.said, "not sent: `newsletter` is no longer granted");
    // Whoever asks for it again is told the same, until the person says yes again.
    let again = |at| {
        wait(webhooks::replay(&engine, kept.endpoint, Replay::Message(kept.message), at)).unwrap();
        let receiver = Receiver::kind();
        send(&engine, &Outbox::new(receiver.clone()), at);
        receiver.heard().len()
    };
    assert_eq!(again(later(MONDAY, 700)), 0);
    says(&engine, "person-0", "newsletter", "granted", later(MONDAY, 800));
    assert_eq!(again(later(MONDAY, 900)), 1);
}

#[test]
fn a_text_for_somebody_stays_when_they_want_to_hear_no_more() {
    let engine = soon::shop(SimStore::new(), &[(9, 7)]);
    for (number, person) in ["anna", "berta"].into_iter().enumerate() {
        issued(&engine, number as u64, person, MONDAY);
    }
    assert_eq!(wait(expiring::announce_due(&engine, &|| day(25))).unwrap(), 2);
    assert_eq!(wait(expire::expire_due(&engine, &|| day(28))).unwrap(), 2);
    says(&engine, "anna", "newsletter", "withdrawn", later(day(28), 1));
    let back = Receiver::kind();
    send(&engine, &Outbox::new(back.clone()), later(day(28), 2));
    let others = ["coupon.expired", "coupon.issued", "decision.made"];
    assert_eq!(of(&engine, "anna", &back), set(&others));
    assert_eq!(of(&engine, "berta", &back), set(&[&others[..], &["coupon.expiring"]].concat()));
    let anna = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap().to_string();
    for (kind, data) in back.heard().iter().filter(|(kind, _)| kind == "coupon.expired") {
        assert_eq!(data.get("text").is_none(), data["profile"] == anna, "{kind} {data}");
        assert!(data["valid_until"].is_string());
    }
}

#[test]
fn who_came_into_a_segment_is_not_told_of_after_a_withdrawal_and_who_left_is() {
    let engine = wait(open(SimStore::new(), &segments::shop(&[BUYS]), MONDAY)).unwrap();
    listen(&engine);
    for person in ["anna", "berta", "carl", "dora"] {
        wait(ingest(&engine, &IDS, said::allows_all(person, MONDAY))).unwrap();
        let bought = said::buys(&format!("b-{person}"), person, &[("TEA", 900)], later(MONDAY, 1));
        wait(tell(&engine, bought)).unwrap();
    }
    says(&engine, "anna", "personalisation", "withdrawn", later(MONDAY, 2));
    says(&engine, "berta", "newsletter", "withdrawn", later(MONDAY, 2));
    says(&engine, "carl", "location", "withdrawn", later(MONDAY, 2));
    let back = Receiver::kind();
    send(&engine, &Outbox::new(back.clone()), later(MONDAY, 3));
    assert_eq!(of(&engine, "anna", &back), set(&["segment.left"]));
    assert_eq!(of(&engine, "berta", &back), set(&["segment.left"]));
    assert_eq!(of(&engine, "carl", &back), set(&["segment.entered"]));
    assert_eq!(of(&engine, "dora", &back), set(&["segment.entered"]));
}
