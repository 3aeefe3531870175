//! Receivers that answer, but slowly: they hold up nobody else, and nothing is lost meanwhile. A round that was given and is not called yet stands
//! for a call that takes its time.

use std::collections::BTreeSet;

use wink_core::base::{MessageId, Timestamp};
use wink_record::{DeliveryState, MessageType};
use wink_server::Engine;
use wink_server::flow::outbox::{Outbox, Round};
use wink_server::flow::webhooks;
use wink_sim::SimStore;

use super::counter::{MONDAY, later, wait};
use super::webhooks::{Receiver, at, deliveries, engine, id, register, send};

/// Puts messages for an endpoint into the outbox.
fn queue(engine: &Engine<SimStore>, endpoint: u8, messages: std::ops::Range<u16>) {
    for number in messages {
        let mut drawn = [endpoint; 16];
        drawn[14..].copy_from_slice(&number.to_be_bytes());
        wait(webhooks::try_out(engine, id(endpoint), MessageId::new(MONDAY, drawn), MONDAY)).unwrap();
    }
}

fn take_up_all(engine: &Engine<SimStore>, outbox: &Outbox<Receiver>, now: Timestamp) {
    while wait(outbox.take_up(engine, now)).unwrap() != 0 {}
}

fn rounds(outbox: &Outbox<Receiver>, now: Timestamp) -> Vec<Round> {
    std::iter::from_fn(|| outbox.next(now)).collect()
}

fn call(engine: &Engine<SimStore>, outbox: &Outbox<Receiver>, round: Round, now: Timestamp) {
    wait(outbox.call(engine, round, &|| at(now))).unwrap();
}

fn hosts(receiver: &Receiver) -> Vec<String> {
    let host = |url: &str| url.trim_start_matches("https://").split('.').next().unwrap().to_owned();
    receiver.calls().iter().map(|call| host(&call.url)).collect()
}

#[test]
fn a_message_passes_those_of_slow_receivers_and_none_of_theirs_is_lost() {
    let engine = engine(SimStore::new());
    for endpoint in 2..=7 {
        register(&engine, endpoint, &MessageType::ALL);
        queue(&engine, endpoint, 0..50);
    }
    let receiver = Receiver::kind();
    let outbox = Outbox::new(receiver.clone());
    take_up_all(&engine, &outbox, MONDAY);
    let slow = rounds(&outbox, MONDAY);
    assert_eq!(slow.len(), 6, "each of them is being called, once");
    queue(&engine, 1, 0..1);
    take_up_all(&engine, &outbox, MONDAY);
    let quick = outbox.next(MONDAY).expect("another receiver's turn");
    call(&engine, &outbox, quick, MONDAY);
    assert_eq!(hosts(&receiver), ["shop-1"]);
    for round in slow {
        call(&engine, &outbox, round, MONDAY);
    }
    send(&engine, &outbox, MONDAY);
    let ids: BTreeSet<(String, String)> =
        receiver.calls().into_iter().map(|call| (call.url, call.id)).collect();
    assert_eq!((ids.len(), receiver.calls().len()), (6 * 50 + 1, 6 * 50 + 1), "each once");
}

#[test]
fn more_than_fits_beside_a_slow_receiver_goes_back_and_comes_again() {
    let engine = engine(SimStore::new());
    queue(&engine, 1, 0..200);
    let receiver = Receiver::kind();
    let outbox = Outbox::new(receiver.clone());
    take_up_all(&engine, &outbox, MONDAY);
    let slow = outbox.next(MONDAY).unwrap();
    let back = |delivery: &wink_record::Delivery| {
        matches!(delivery.state, DeliveryState::Waiting { due } if MONDAY < due) && delivery.attempts == 0
    };
    let all = wait(webhooks::deliveries(&engine, id(1), None, 200)).unwrap();
    assert_eq!(all.iter().filter(|delivery| back(delivery)).count(), 200 - 128, "no attempt is counted");
    call(&engine, &outbox, slow, MONDAY);
    for minutes in 0..3 {
        send(&engine, &outbox, later(MONDAY, minutes));
    }
    assert_eq!(receiver.calls().len(), 200);
}

#[test]
fn what_waited_beyond_its_lease_is_sent_once() {
    let engine = engine(SimStore::new());
    queue(&engine, 1, 0..20);
    let receiver = Receiver::kind();
    let outbox = Outbox::new(receiver.clone());
    take_up_all(&engine, &outbox, MONDAY);
    let slow = outbox.next(MONDAY).unwrap();
    call(&engine, &outbox, slow, later(MONDAY, 1));
    assert_eq!(receiver.calls().len(), 8);
    // Twelve still wait, leased for two minutes.
    let now = later(MONDAY, 2);
    assert!(outbox.next(now).is_none(), "their lease is over");
    send(&engine, &outbox, now);
    let ids: BTreeSet<String> = receiver.calls().into_iter().map(|call| call.id).collect();
    assert_eq!((ids.len(), receiver.calls().len()), (20, 20));
}

#[test]
fn a_round_that_came_to_no_end_frees_its_receiver_and_is_due_again() {
    let engine = engine(SimStore::new());
    queue(&engine, 1, 0..10);
    let receiver = Receiver::kind();
    let outbox = Outbox::new(receiver.clone());
    take_up_all(&engine, &outbox, MONDAY);
    drop(outbox.next(MONDAY).unwrap());
    send(&engine, &outbox, MONDAY);
    assert_eq!(receiver.calls().len(), 2, "the others of the receiver");
    send(&engine, &outbox, later(MONDAY, 2));
    assert_eq!(receiver.calls().len(), 10);
    assert!(deliveries(&engine, 1).iter().all(|one| matches!(one.state, DeliveryState::Delivered { .. })));
}
