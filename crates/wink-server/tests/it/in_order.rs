//! Messages of one identity are written in the order they came in, however many groups they fill and whatever one of those meets on its way.

use std::sync::Arc;

use wink_core::base::Timestamp;
use wink_core::profile::Kept;
use wink_record::Stored;
use wink_server::flow::ingest::{Answer, ingest};
use wink_server::keys::entry;
use wink_sim::SimStore;
use wink_store::{Lane, Position, Store};

use super::audit::audit;
use super::careless::{Careless, Mistake};
use super::counter::{IDS, MONDAY, Offer, Shop, open, wait};
use super::said;

#[test]
fn a_persons_later_messages_wait_for_earlier_ones_that_meet_somebody_elses_change() {
    let store = Careless { store: Arc::new(SimStore::new()), mistake: Mistake::FirstLoses };
    let shop = Shop::selling(vec![Offer::new("tea", "{ amount = \"1.00\" }")]);
    let engine = wait(open(store, &shop, MONDAY)).unwrap();
    // Enough for several groups of anna's, with berta's between them.
    let messages = (0..1_500_i64).map(|number| {
        let who = if number % 5 == 4 { "berta" } else { "anna" };
        said::buys(&number.to_string(), who, &[("TEA", 700)], Timestamp(MONDAY.0 + number * 1_000))
    });
    let answers = wait(ingest(&engine, &IDS, messages.collect())).unwrap();
    assert!(answers.iter().all(|answer| matches!(answer, Answer::Accepted(_))), "{:?}", answers.first());
    let mut written = 0;
    for lane in Lane::all() {
        let entries = wait(engine.store.read_lane(lane, Position(0), 10_000)).unwrap();
        let events = entries.iter().filter(|found| found.header.kind == entry::EVENT);
        let events: Vec<Kept> =
            events.map(|found| Kept::from_bytes(&found.body.as_ref().unwrap().payload).unwrap()).collect();
        let mut people: Vec<_> = events.iter().map(|event| event.profile).collect();
        people.sort_unstable();
        people.dedup();
        for person in people {
            let times: Vec<i64> = events
                .iter()
                .filter(|event| event.profile == person)
                .map(|event| event.occurred_at.0)
                .collect();
            assert!(times.is_sorted(), "{} events of {person} are out of order", times.len());
            written += times.len();
        }
    }
    assert_eq!(written, 1_500);
    audit(&engine).unwrap();
}
