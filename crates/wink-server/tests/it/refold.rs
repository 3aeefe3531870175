//! A feature defined anew knows what happened before: filled from the journal, not read until it is, and the same as if it had always been.

use wink_core::base::{Timestamp, Value};
use wink_core::feature::Viewed;
use wink_core::profile::Purpose;
use wink_record::{Folded, Stored};
use wink_server::flow::ingest::ingest;
use wink_server::flow::profiles::{Whom, features, find};
use wink_server::flow::refold::{Left, all, step};
use wink_server::flow::{catalogue, ingest::Received};
use wink_server::keys::{self, TENANT};
use wink_server::{Engine, report};
use wink_sim::{Faults, Mutant, SimStore};
use wink_store::{Batch, BatchId, Change, Home, Outcome, Store};

use super::audit::audit;
use super::counter::{IDS, MONDAY, Offer, Shop, later, open, wait};
use super::said;

const LARGE: &str = r#"[[features]]
name = "large_orders_90d"
meaning = "orders of two lines or more in 90 days"
events = ["Order Completed"]
filter = 'event.lines >= 2'
aggregation = "count"
window = "90 days"
purpose = "personalisation"
class = "purchase"
"#;

fn shop() -> Shop {
    Shop::selling(vec![Offer::new("tea", "{ amount = \"1.00\" }")])
}

/// Puts the shop's catalogue with a file of features in force.
fn define(engine: &Engine<SimStore>, text: &str, now: Timestamp) {
    let mut files = shop().files();
    files.insert("features.toml".to_owned(), text.to_owned());
    let compiled = wink_server::catalogue::compile(&files).unwrap();
    wait(catalogue::apply(engine, compiled, files, now)).unwrap();
}

fn of_anna(engine: &Engine<SimStore>, name: &str, now: Timestamp) -> Viewed {
    let known = wait(find(engine, &Whom::Identity(said::identity("anna")))).unwrap().unwrap();
    let features = wait(features(engine, &known.cluster(), now)).unwrap();
    features.find(name).unwrap().clone()
}

fn number(viewed: &Viewed) -> Option<f64> {
    match viewed {
        Viewed::Number(reading) => Some(reading.value),
        _ => None,
    }
}

fn history() -> Vec<Received> {
    let mut messages = said::allows_all("anna", MONDAY);
    for day in 0..5 {
        let lines = if day % 2 == 0 { vec![("TEA", 300), ("MILK", 100)] } else { vec![("TEA", 300)] };
        messages.push(said::buys(&format!("m-{day}"), "anna", &lines, later(MONDAY, day * 1_440)));
    }
    let looked = vec![("product_id", Value::Text("p-1".to_owned())), ("price_cents", Value::Int(450))];
    messages.push(said::message("m-9", "anna", "Product Viewed", looked, later(MONDAY, 9)));
    messages
}

#[test]
fn a_new_feature_is_filled_from_the_journal() {
    let engine = wait(open(SimStore::new(), &shop(), MONDAY)).unwrap();
    wait(ingest(&engine, &IDS, history())).unwrap();
    let now = later(MONDAY, 6 * 1_440);
    define(&engine, LARGE, now);
    assert_eq!(of_anna(&engine, "large_orders_90d", now), Viewed::Filling);
    assert_eq!(number(&of_anna(&engine, "orders_365d", now)), Some(5.0));
    // A store that is not whole yet is not wrong either.
    assert_eq!(audit(&engine), Ok(()));
    assert_eq!(wait(step(&engine, now)).unwrap(), Left::Soon);

    // What comes in meanwhile counts, before its lane is filled and after.
    let soon = later(now, 1);
    wait(ingest(&engine, &IDS, vec![said::buys("m-10", "anna", &[("TEA", 1), ("MILK", 1)], soon)])).unwrap();
    let mut left = wait(step(&engine, soon)).unwrap();
    let mut lanes = 1;
    while left != Left::Nothing {
        if lanes == 40 {
            let message = said::buys("m-11", "anna", &[("TEA", 1), ("MILK", 1)], soon);
            wait(ingest(&engine, &IDS, vec![message])).unwrap();
        }
        left = wait(step(&engine, soon)).unwrap();
        lanes += 1;
    }
    assert_eq!(lanes, 64);
    assert_eq!(number(&of_anna(&engine, "large_orders_90d", soon)), Some(5.0));
    assert_eq!(audit(&engine), Ok(()));
    // After a restart it is known that nothing is left to do.
    let disk = engine.store.kill();
    let again = wait(Engine::open(
        SimStore::open(disk, Faults::default(), Mutant::None),
        super::counter::secrets(),
        soon,
    ))
    .unwrap();
    assert_eq!(wait(step(&again, soon)).unwrap(), Left::Nothing);
    assert_eq!(number(&of_anna(&again, "large_orders_90d", soon)), Some(5.0));
}

#[test]
fn it_is_the_same_as_if_it_had_always_been() {
    let late = wait(open(SimStore::new(), &shop(), MONDAY)).unwrap();
    wait(ingest(&late, &IDS, history())).unwrap();
    define(&late, LARGE, MONDAY);
    wait(all(&late, MONDAY)).unwrap();
    let early = wait(open(SimStore::new(), &shop(), MONDAY)).unwrap();
    define(&early, LARGE, MONDAY);
    wait(ingest(&early, &IDS, history())).unwrap();
    let hash = |engine| wait(report::state_hash::state_hash(engine)).unwrap();
    assert_eq!(hash(&late), hash(&early));
}

/// The mistake: the store claims that everything is filled, and nothing was. The audit must find it.
#[test]
fn a_store_that_claims_to_be_filled_and_is_not_is_found() {
    let engine = wait(open(SimStore::new(), &shop(), MONDAY)).unwrap();
    wait(ingest(&engine, &IDS, history())).unwrap();
    define(&engine, LARGE, MONDAY);
    let accumulators = engine.features().accumulators().map(|(id, _)| id).collect();
    let claim = Folded { accumulators, since: MONDAY };
    let mut batch = Batch::new(BatchId([9; 16]), TENANT, Home(0));
    batch.changes.push(Change::Put(keys::folded(), claim.to_bytes()));
    assert!(matches!(wait(engine.store.commit(batch)), Outcome::Committed { .. }));
    let disk = engine.store.kill();
    let again = wait(Engine::open(
        SimStore::open(disk, Faults::default(), Mutant::None),
        super::counter::secrets(),
        MONDAY,
    ))
    .unwrap();
    assert!(audit(&again).unwrap_err().contains("features"), "{:?}", audit(&again));
}

#[test]
fn a_feature_of_a_purpose_that_is_not_granted_stays_unread_while_it_is_filled() {
    let engine = wait(open(SimStore::new(), &shop(), MONDAY)).unwrap();
    wait(ingest(&engine, &IDS, vec![said::buys("m-1", "anna", &[("TEA", 1)], MONDAY)])).unwrap();
    define(&engine, LARGE, MONDAY);
    let not_granted = Viewed::NotGranted(Purpose::Personalisation);
    assert_eq!(of_anna(&engine, "large_orders_90d", MONDAY), not_granted);
}
