//! The verifier verified: whatever is taken out of a sound store, or changed in it, is a finding.

use wink_core::base::Cents;
use wink_core::coupon::{Coupon, State};
use wink_core::offer::Channel;
use wink_record::Stored;
use wink_server::flow::decide;
use wink_server::flow::ingest::ingest;
use wink_server::keys::{self, TENANT, entry, kind};
use wink_server::{Engine, report};
use wink_sim::SimStore;
use wink_store::{Batch, BatchId, Change, Home, Kind, Lane, Outcome, Position, RecordKey, Store};

use super::audit::{all, audit, coupons};
use super::counter::{IDS, MONDAY, Offer, Shop, coupon_of, later, open, question, redeem, tell, wait};
use super::said;

/// A store with an order, two coupons, one of them used, and three decisions.
fn sound() -> Engine<SimStore> {
    let offer = Offer { per_person: 2, ..Offer::new("tea", "{ amount = \"1.00\" }") };
    let engine = wait(open(SimStore::new(), &Shop::selling(vec![offer]), MONDAY)).unwrap();
    wait(ingest(&engine, &IDS, said::allows_all("anna", MONDAY))).unwrap();
    wait(tell(&engine, said::buys("m", "anna", &[("TEA", 900)], MONDAY))).unwrap();
    let made: Vec<_> = (0..3)
        .map(|number| {
            wait(decide::ask(&engine, &question(number, "anna", Channel::Web, later(MONDAY, 1))))
                .unwrap()
                .unwrap()
        })
        .collect();
    let used = coupon_of(&engine, &made[0]).unwrap();
    wait(redeem(&engine, used, "order-1", Cents(500), later(MONDAY, 2))).unwrap().unwrap();
    assert_eq!(audit(&engine), Ok(()));
    engine
}

fn findings(engine: &Engine<SimStore>) -> Vec<String> {
    wait(report::verify::verify(engine)).unwrap().findings
}

/// Does something to a sound store behind the flows' back, and expects a finding with these words.
fn check(change: impl FnOnce(&Engine<SimStore>) -> Change, expected: &str) {
    let engine = sound();
    let mut batch = Batch::new(BatchId([9; 16]), TENANT, Home(0));
    batch.changes.push(change(&engine));
    assert!(matches!(wait(engine.store.commit(batch)), Outcome::Committed { .. }));
    let findings = findings(&engine);
    assert!(findings.iter().any(|finding| finding.contains(expected)), "{findings:?}");
}

fn first(engine: &Engine<SimStore>, kind: Kind) -> (RecordKey, Vec<u8>) {
    let (key, record) = all(engine, kind).remove(0);
    (RecordKey::new(kind, key), record.bytes)
}

fn coupon(engine: &Engine<SimStore>, wanted: impl Fn(&State) -> bool) -> Coupon {
    coupons(engine).into_iter().find(|coupon| wanted(&coupon.state)).unwrap()
}

fn is_used(state: &State) -> bool {
    matches!(state, State::Redeemed { .. })
}

#[test]
fn features_that_are_lost_or_changed_are_found() {
    check(|engine| Change::Delete(first(engine, kind::STATE).0), "features");
    check(|engine| Change::Put(first(engine, kind::STATE).0, Vec::new()), "features");
}

#[test]
fn decisions_that_are_lost_or_changed_are_found() {
    check(|engine| Change::Delete(first(engine, kind::DECISION).0), "in the journal only");
    let changed = |engine: &Engine<SimStore>| {
        let (key, mut bytes) = first(engine, kind::DECISION);
        bytes.extend([0xf8, 0x3f, 0x01]);
        Change::Put(key, bytes)
    };
    check(changed, "not the one that was made");
}

#[test]
fn a_journal_entry_that_is_taken_out_alone_is_found() {
    let redact = |engine: &Engine<SimStore>| {
        let entries = |lane| {
            wait(engine.store.read_lane(lane, Position(0), usize::MAX))
                .unwrap()
                .into_iter()
                .map(move |entry| (lane, entry))
        };
        let decided = Lane::all().flat_map(entries).find(|(_, found)| found.header.kind == entry::DECIDED);
        decided.map(|(lane, found)| Change::Redact(lane, found.position)).unwrap()
    };
    check(redact, "is not in the journal");
}

#[test]
fn a_budget_that_was_counted_otherwise_is_found() {
    check(|_| Change::Add(keys::budget("tea"), 1), "by its counter");
}

#[test]
fn a_message_that_is_not_accounted_for_is_found() {
    check(|_| Change::Add(keys::balance("received"), 1), "balance");
}

#[test]
fn coupons_that_are_lost_or_changed_are_found() {
    let lost = |wanted: fn(&State) -> bool| {
        move |engine: &Engine<SimStore>| Change::Delete(keys::coupon(coupon(engine, wanted).id))
    };
    check(lost(|state| *state == State::Issued), "coupon");
    check(lost(is_used), "coupon");
    let dearer = |engine: &Engine<SimStore>| {
        let mut coupon = coupon(engine, is_used);
        let State::Redeemed { amount, .. } = &mut coupon.state else { unreachable!("it is used") };
        *amount = Cents(99);
        Change::Put(keys::coupon(coupon.id), coupon.to_bytes())
    };
    check(dearer, "as its redemption says");
    check(|engine| Change::Delete(first(engine, kind::REDEMPTION).0), "spent 1.00 EUR instead of 0.00 EUR");
    let more_reserved = |engine: &Engine<SimStore>| {
        let coupon = coupon(engine, |state| *state == State::Issued);
        let less = Coupon { reserved: Cents(99), ..coupon };
        Change::Put(keys::coupon(less.id), less.to_bytes())
    };
    check(more_reserved, "reserves 1.00 EUR instead of 0.99 EUR");
}
