//! A person's decisions as somebody hears them who listens, breaks off, and comes again: each once, in order, whatever happened in between.

use wink_core::base::{DecisionId, ProfileId};
use wink_core::offer::Channel;
use wink_server::Engine;
use wink_server::flow::stream::{Listener, Places, decision};
use wink_server::flow::{decide, erase};
use wink_sim::SimStore;
use wink_store::{Position, Store};

use super::counter::{MONDAY, Offer, Shop, later, open, question, wait};
use super::said;

fn engine() -> Engine<SimStore> {
    let shop = Shop::selling(vec![Offer { per_person: 99, ..Offer::new("tea", "{ amount = \"1.00\" }") }]);
    let engine = wait(open(SimStore::new(), &shop, MONDAY)).unwrap();
    for person in ["anna", "ben"] {
        for message in said::allows_all(person, MONDAY) {
            wait(super::counter::tell(&engine, message)).unwrap();
        }
    }
    engine
}

fn ask<S: Store>(engine: &Engine<S>, number: u64, person: &str) -> DecisionId {
    let question = question(number, person, Channel::Web, later(MONDAY, 1));
    wait(decide::ask(engine, &question)).unwrap().unwrap().id
}

fn profile<S: Store>(engine: &Engine<S>, person: &str) -> ProfileId {
    wait(erase::find(engine, &said::identity(person))).unwrap().unwrap()
}

fn begin<S: Store>(engine: &Engine<S>, person: &str, place: Option<Position>) -> Listener {
    let places = place.map(|place| Places::parse(&place.0.to_string()).unwrap());
    wait(Listener::begin(engine, profile(engine, person), places.as_ref(), later(MONDAY, 1))).unwrap()
}

/// Everything there is to hear now, and the place after each.
fn heard<S: Store>(engine: &Engine<S>, listener: &mut Listener) -> (Vec<DecisionId>, Vec<Position>) {
    let next = || wait(listener.told(engine)).unwrap();
    std::iter::from_fn(next).map(|placed| (placed.decision, placed.place)).unzip()
}

#[test]
fn a_listener_hears_one_person_from_now_on() {
    let engine = engine();
    ask(&engine, 0, "anna");
    let mut listener = begin(&engine, "anna", None);
    ask(&engine, 1, "ben");
    let wanted = [ask(&engine, 2, "anna"), ask(&engine, 3, "anna")];
    wait(listener.woken());
    assert_eq!(heard(&engine, &mut listener).0, wanted);
    assert_eq!(heard(&engine, &mut listener).0, []);
}

#[test]
fn who_comes_again_with_a_place_hears_the_rest_and_nothing_twice() {
    let engine = engine();
    let decided: Vec<DecisionId> = (0..5).map(|number| ask(&engine, number, "anna")).collect();
    let (all, places) = heard(&engine, &mut begin(&engine, "anna", Some(Position(0))));
    assert_eq!(all, decided);
    for (number, place) in places.into_iter().enumerate() {
        let mut listener = begin(&engine, "anna", Some(place));
        assert_eq!(heard(&engine, &mut listener).0, decided[number + 1..], "after {number}");
    }
    let mut listener = begin(&engine, "anna", Some(Position(9_999)));
    assert_eq!(heard(&engine, &mut listener).0, [], "a place that is not there yet is now");
    let more = ask(&engine, 9, "anna");
    assert_eq!(heard(&engine, &mut listener).0, [more]);
}

#[test]
fn what_is_decided_between_two_connections_is_not_lost() {
    let engine = engine();
    let mut listener = begin(&engine, "ben", None);
    assert_eq!(heard(&engine, &mut listener).0, []);
    let place = Position(listener.id().parse().unwrap());
    drop(listener);
    let missed = [ask(&engine, 0, "ben"), ask(&engine, 1, "ben")];
    let mut listener = begin(&engine, "ben", Some(place));
    assert_eq!(heard(&engine, &mut listener).0, missed);
}

#[test]
fn a_repeated_question_is_not_told_twice_and_an_answer_that_leaves_no_trace_not_at_all() {
    let engine = engine();
    let mut listener = begin(&engine, "anna", None);
    let once = question(0, "anna", Channel::Web, later(MONDAY, 1));
    wait(decide::try_out(&engine, &once)).unwrap().unwrap();
    wait(decide::ask(&engine, &once)).unwrap().unwrap();
    wait(decide::ask(&engine, &once)).unwrap().unwrap();
    let after = ask(&engine, 1, "anna");
    assert_eq!(heard(&engine, &mut listener).0, [once.id, after]);
}

/// More than one page of the lane.
#[test]
fn who_is_slow_hears_everything_in_order() {
    let engine = engine();
    let mut listener = begin(&engine, "anna", None);
    let decided: Vec<DecisionId> = (0..600).map(|number| ask(&engine, number, "anna")).collect();
    wait(listener.woken());
    assert_eq!(heard(&engine, &mut listener).0, decided);
}

#[test]
fn of_an_erased_person_nothing_is_told() {
    let engine = engine();
    let mut listener = begin(&engine, "anna", None);
    let id = ask(&engine, 0, "anna");
    let (anna, ben) = (profile(&engine, "anna"), profile(&engine, "ben"));
    assert_eq!(wait(decision(&engine, ben, id)).unwrap(), None);
    assert!(wait(decision(&engine, anna, id)).unwrap().is_some());
    wait(erase::erase(&engine, anna, later(MONDAY, 2))).unwrap();
    assert_eq!(wait(decision(&engine, anna, id)).unwrap(), None);
    assert_eq!(heard(&engine, &mut listener).0, []);
}
