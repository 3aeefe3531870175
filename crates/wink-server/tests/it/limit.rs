//! What a client must not be able to do with one message: bring an erased person back, block their erasure, or make the store unreadable.

use wink_core::base::Value;
use wink_server::flow::erase;
use wink_server::flow::ingest::{Answer, Received};
use wink_server::report;
use wink_sim::SimStore;

use super::counter::{MONDAY, Offer, Shop, later, open, tell, wait};
use super::said;

fn shop() -> wink_server::Engine<SimStore> {
    let shop = Shop::selling(vec![Offer::new("tea", "{ amount = \"1.00\" }")]);
    wait(open(SimStore::new(), &shop, MONDAY)).unwrap()
}

fn also(mut received: Received, others: impl IntoIterator<Item = String>) -> Received {
    received.envelope.identities.extend(others.into_iter().map(|other| said::identity(&other)));
    received
}

#[test]
fn an_old_event_of_an_erased_person_stays_out_under_another_first_identity_too() {
    let engine = shop();
    wait(tell(&engine, said::buys("1", "anna", &[("TEA", 700)], MONDAY))).unwrap();
    let anna = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap();
    wait(erase::erase(&engine, anna, later(MONDAY, 60))).unwrap();
    let old = also(said::buys("2", "cookie-9", &[("TEA", 700)], later(MONDAY, 30)), ["anna".to_owned()]);
    assert_eq!(wait(tell(&engine, old)).unwrap(), Answer::Erased);
    let new = also(said::buys("3", "cookie-9", &[("TEA", 700)], later(MONDAY, 90)), ["anna".to_owned()]);
    assert!(matches!(wait(tell(&engine, new)).unwrap(), Answer::Accepted(_)));
}

#[test]
fn somebody_with_any_number_of_identities_can_be_erased() {
    let engine = shop();
    for visit in 0..40 {
        let cookies = (0..19).map(|n| format!("cookie-{visit}-{n}"));
        let visit = also(said::buys(&visit.to_string(), "anna", &[("TEA", 700)], MONDAY), cookies);
        assert!(matches!(wait(tell(&engine, visit)).unwrap(), Answer::Accepted(_)));
    }
    let anna = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap();
    wait(erase::erase(&engine, anna, later(MONDAY, 60))).unwrap();
    assert_eq!(wait(erase::find(&engine, &said::identity("anna"))).unwrap(), None);
    assert_eq!(wait(report::verify::verify(&engine)).unwrap().findings, Vec::<String>::new());
}

#[test]
fn a_message_that_is_too_large_or_too_deep_is_set_aside_and_the_store_stays_readable() {
    let engine = shop();
    let with = |id: &str, value: Value| {
        let mut received = said::buys(id, "anna", &[("TEA", 700)], MONDAY);
        received.envelope.properties.insert("x".to_owned(), value);
        received
    };
    let deep = (0..100).fold(Value::Int(1), |inner, _| Value::List(vec![inner]));
    let large = Value::List(vec![Value::Int(0); 30_000]);
    for (id, value) in [("deep", deep), ("large", large)] {
        let answer = wait(tell(&engine, with(id, value))).unwrap();
        let Answer::Dead(rejection) = answer else { panic!("{answer:?}") };
        assert_eq!(rejection.code(), "event_too_large");
    }
    // People who buy from a new category with every line make no state that cannot be written.
    for order in 0..40 {
        let names: Vec<String> = (0..100).map(|n| format!("{order}-{n}-{}", "x".repeat(100))).collect();
        let lines: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 100)).collect();
        let answer = wait(tell(&engine, said::buys(&format!("o{order}"), "ben", &lines, MONDAY))).unwrap();
        assert!(matches!(answer, Answer::Accepted(_)), "{answer:?}");
    }
    assert_eq!(wait(report::verify::verify(&engine)).unwrap().findings, Vec::<String>::new());
}
