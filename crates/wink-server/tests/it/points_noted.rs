//! Every movement of points stands twice, in the journal and in a note beside its account: `verify` names whichever of the two is missing, is another's
//! or says something else.

use wink_core::base::{Points, ProfileId};
use wink_core::coupon::TakenBack;
use wink_core::coupon::points::Entry;
use wink_core::offer::ReversalReason;
use wink_record::Stored;
use wink_server::flow::erase::{self, erase};
use wink_server::flow::ingest::ingest;
use wink_server::flow::points::back;
use wink_server::flow::reverse::Wanted;
use wink_server::keys::{self, TENANT, kind};
use wink_server::{Engine, report};
use wink_sim::SimStore;
use wink_store::{Batch, BatchId, Change, Home, Outcome, RecordKey, Store};

use super::audit::all;
use super::counter::{IDS, MONDAY, later, wait};
use super::points::{buys, opened, pay, pays_with};
use super::said;

type Shop = Engine<SimStore>;

/// Somebody whose points were earned twice, used and given back, and somebody else with some.
fn shop() -> Shop {
    let engine = opened(SimStore::new());
    for received in [buys("1", 10_000, later(MONDAY, 1)), buys("2", 5_000, later(MONDAY, 2))] {
        wait(ingest(&engine, &IDS, vec![received])).unwrap();
    }
    wait(ingest(&engine, &IDS, said::allows_all("berta", MONDAY))).unwrap();
    let bertas = said::buys("3", "berta", &[("BREAD", 4_000)], later(MONDAY, 3));
    wait(ingest(&engine, &IDS, vec![bertas])).unwrap();
    let order = pays_with(100, "o-1", 1_000);
    let tender = pay(&engine, &order, later(MONDAY, 4)).unwrap();
    let redemption = tender.points.unwrap().unwrap().tender.id;
    let (what, reason) = (TakenBack::Everything, ReversalReason::Cancel);
    let wanted = Wanted { redemption, what, reason, till: None };
    wait(back::reverse(&engine, &wanted, None, later(MONDAY, 5))).unwrap();
    engine
}

fn write(engine: &Shop, number: u8, changes: Vec<Change>) {
    let mut batch = Batch::new(BatchId([number; 16]), TENANT, Home(0));
    batch.changes = changes;
    let outcome = wait(engine.store.commit(batch));
    assert!(matches!(outcome, Outcome::Committed { .. }), "{outcome:?}");
}

fn findings(engine: &Shop) -> Vec<String> {
    wait(report::verify::verify(engine)).unwrap().findings
}

fn name(entry: &Entry) -> String {
    entry.id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lists the notes: their keys, whose they are and what they say.
fn notes(engine: &Shop) -> Vec<(RecordKey, ProfileId, Entry)> {
    let note = |(key, record): (Vec<u8>, wink_store::Record)| {
        let whose = ProfileId::from_bytes(key[..16].try_into().unwrap());
        (RecordKey::new(kind::POINTS_MOVED, key), whose, Entry::from_bytes(&record.bytes).unwrap())
    };
    all(engine, kind::POINTS_MOVED).into_iter().map(note).collect()
}

#[test]
fn a_note_that_is_lost_is_named_whichever_it_is() {
    let engine = shop();
    assert_eq!(findings(&engine), Vec::<String>::new());
    let all = notes(&engine);
    assert!(5 <= all.len(), "{} movements are few to lose one of", all.len());
    for (number, (key, whose, entry)) in (10..).step_by(2).zip(&all) {
        write(&engine, number, vec![Change::Delete(key.clone())]);
        let lost = format!(
            "movement {} of points of {whose} at {} is in the ledger and not noted",
            name(entry),
            entry.at
        );
        assert_eq!(findings(&engine), [lost]);
        write(&engine, number + 1, vec![Change::Put(key.clone(), entry.to_bytes())]);
    }
    assert_eq!(findings(&engine), Vec::<String>::new());
}

#[test]
fn a_note_of_what_never_moved_or_of_somebody_else_or_of_another_amount_is_named() {
    let engine = shop();
    let all = notes(&engine);
    let (key, whose, entry) = all[0].clone();
    let other = all.iter().map(|(_, other, _)| *other).find(|other| *other != whose).unwrap();
    let made = Entry { id: [9; 16], ..entry.clone() };
    let its_key = keys::points_moved(whose, made.at, made.id);
    write(&engine, 50, vec![Change::Put(its_key.clone(), made.to_bytes())]);
    assert_eq!(
        findings(&engine),
        [format!("movement {} of points of {whose} is not in the ledger", name(&made))]
    );
    write(&engine, 51, vec![Change::Delete(its_key)]);
    let more = Entry { points: Points(entry.points.0 + 1), ..entry.clone() };
    write(&engine, 52, vec![Change::Put(key.clone(), more.to_bytes())]);
    let found = findings(&engine);
    let name = name(&entry);
    assert_eq!(
        found,
        [format!("movement {name} of points of {whose} is noted otherwise than in the ledger")]
    );
    write(&engine, 53, vec![Change::Put(key.clone(), entry.to_bytes())]);
    let theirs = keys::points_moved(other, entry.at, entry.id);
    write(&engine, 54, vec![Change::Delete(key), Change::Put(theirs, entry.to_bytes())]);
    let found = findings(&engine);
    assert_eq!(found[0], format!("movement {name} of points is noted with {other}, whose it is not"));
    assert!(found[1].ends_with("is in the ledger and not noted"), "{found:?}");
}

#[test]
fn of_whoever_was_erased_the_ledger_alone_tells() {
    let engine = shop();
    let anna = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap();
    wait(erase(&engine, anna, later(MONDAY, 60))).unwrap();
    assert_eq!(findings(&engine), Vec::<String>::new());
    assert!(notes(&engine).iter().all(|(_, whose, _)| *whose != anna));
}
