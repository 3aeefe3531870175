//! It is said fairly that a coupon will run out: once, with a date, to who wants to hear and has not heard too much, whatever crashes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use wink_core::base::{Timestamp, Value};
use wink_core::offer::Channel;
use wink_core::offer::wording::{Language, lint};
use wink_record::{MessageType, Stored, WebhookMessage};
use wink_server::flow::export::Export;
use wink_server::flow::ingest::ingest;
use wink_server::flow::{decide, erase, expire, expiring, webhooks};
use wink_server::keys::kind;
use wink_server::{Engine, Error};
use wink_sim::{Faults, Mutant, SimStore};
use wink_store::Store;

use serde_json::{Value as Json, json};

use super::audit::{all, audit};
use super::counter::{
    IDS, MONDAY, Offer, Shop, coupon_of, insist, kill, later, question, redeem, secrets, tell, wait,
};
use super::race::{at_once, checks_nothing, is_caught};
use super::{said, webhooks::register};

/// A shop that says three days before that a coupon will run out, with somebody who hears of everything, and people who allow everything.
pub(crate) fn shop<S: Store>(store: S, caps: &[(u32, u16)]) -> Engine<S> {
    let tea = Offer { per_person: 9, valid_days: 28, ..Offer::new("tea", "{ amount = \"1.00\" }") };
    let mut files = Shop { caps: caps.to_vec(), ..Shop::selling(vec![tea]) }.files();
    let shop = files.get_mut("shop.toml").unwrap();
    *shop = shop.replace("[contact_policy]\n", "[contact_policy]\nexpiring_days = 3\n");
    let engine = wait(Engine::open(store, secrets(), MONDAY)).unwrap();
    let compiled = wink_server::catalogue::compile(&files).unwrap();
    wait(wink_server::flow::catalogue::apply(&engine, compiled, files, MONDAY)).unwrap();
    let people = ["anna", "berta", "carl"].map(|name| said::allows_all(name, MONDAY));
    wait(ingest(&engine, &IDS, people.concat())).unwrap();
    register(&engine, 1, &MessageType::ALL);
    engine
}

pub(crate) fn issued<S: Store>(
    engine: &Engine<S>,
    number: u64,
    person: &str,
    at: Timestamp,
) -> wink_core::base::CouponId {
    let decision = wait(decide::ask(engine, &question(number, person, Channel::Web, at))).unwrap().unwrap();
    coupon_of(engine, &decision).unwrap_or_else(|| panic!("{decision:?}"))
}

/// What was said of coupons that will run out, or did.
fn heard<S: Store>(engine: &Engine<S>, wanted: MessageType) -> Vec<Json> {
    let messages = all(engine, kind::MESSAGE).into_iter();
    let messages = messages.map(|(_, record)| WebhookMessage::from_bytes(&record.bytes).unwrap());
    let wanted = messages.filter(|message| message.kind == wanted);
    wanted.map(|message| serde_json::from_slice::<Json>(&message.body).unwrap()["data"].clone()).collect()
}

fn expiring<S: Store>(engine: &Engine<S>) -> Vec<Json> {
    heard(engine, MessageType::CouponExpiring)
}

fn day(days: i64) -> Timestamp {
    MONDAY.plus_days(days)
}

#[test]
fn it_is_said_once_with_a_date_in_two_languages_and_without_hurry() {
    let engine = shop(SimStore::new(), &[(9, 7)]);
    let coupon = issued(&engine, 1, "anna", MONDAY);
    let announce = |at| wait(expiring::announce_due(&engine, &|| at)).unwrap();
    assert_eq!([announce(later(day(25), -1)), announce(day(25)), announce(day(26))], [0, 1, 0]);
    let [told] = &expiring(&engine)[..] else { panic!("{:?}", expiring(&engine)) };
    assert_eq!(told["coupon"], coupon.to_string());
    assert_eq!(told["valid_until"], day(28).to_string());
    assert_eq!(told["text"]["de"], "Ihr Gutschein gilt bis 29.03.2026, 23:59 Uhr.");
    assert_eq!(told["text"]["en"], "Your coupon is valid until 29 March 2026, 23:59.");
    assert_eq!(wait(expire::expire_due(&engine, &|| day(28))).unwrap(), 1);
    let [over] = &heard(&engine, MessageType::CouponExpired)[..] else { panic!() };
    assert_eq!(over["text"]["de"], "Dieser Gutschein galt bis 29.03.2026, 23:59 Uhr.");
    for (text, language) in [("de", Language::German), ("en", Language::English)] {
        for told in [told, over] {
            let findings = lint(told["text"][text].as_str().unwrap(), &[language]);
            assert_eq!(findings, []);
        }
    }
    // What was said goes with whoever it was said of.
    let profile = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap();
    wait(erase::erase(&engine, profile, day(29))).unwrap();
    assert_eq!(expiring(&engine), [] as [Json; 0]);
    assert_eq!(audit(&engine), Ok(()));
}

#[test]
fn nothing_is_said_of_what_was_used_nor_to_who_does_not_want_to_hear() {
    let engine = shop(SimStore::new(), &[(9, 7)]);
    let used = issued(&engine, 1, "anna", MONDAY);
    issued(&engine, 2, "berta", MONDAY);
    wait(redeem(&engine, used, "o-1", wink_core::base::Cents(900), day(2))).unwrap().unwrap();
    let no = said::consents("no-1", "berta", "newsletter", "withdrawn", day(3));
    wait(tell(&engine, no)).unwrap();
    assert_eq!(wait(expiring::announce_due(&engine, &|| day(25))).unwrap(), 0);
    assert_eq!(expiring(&engine), [] as [Json; 0]);
    // That berta's ran out is told to the shop, without anything to send her.
    wait(expire::expire_due(&engine, &|| day(28))).unwrap();
    let [over] = &heard(&engine, MessageType::CouponExpired)[..] else { panic!() };
    assert!(over.get("text").is_none(), "{over}");
    assert_eq!(audit(&engine), Ok(()));
}

/// A clock that a minute passes on with each look. At the second, a run has begun and read anna, who withdraws.
fn withdrawn_meanwhile<S: Store>(engine: &Engine<S>, from: Timestamp) -> impl Fn() -> Timestamp {
    let looks = AtomicI64::new(0);
    move || {
        let look = looks.fetch_add(1, Ordering::SeqCst);
        let now = later(from, look);
        if look == 1 {
            let no = said::consents("no", "anna", "newsletter", "withdrawn", now);
            wait(tell(engine, no)).unwrap();
        }
        now
    }
}

#[test]
fn who_withdraws_while_a_run_goes_on_is_told_nothing() {
    let engine = shop(SimStore::new(), &[(9, 7)]);
    issued(&engine, 1, "anna", MONDAY);
    assert_eq!(wait(expiring::announce_due(&engine, &withdrawn_meanwhile(&engine, day(25)))).unwrap(), 0);
    assert_eq!(expiring(&engine), [] as [Json; 0]);

    let engine = shop(SimStore::new(), &[(9, 7)]);
    issued(&engine, 1, "anna", MONDAY);
    assert_eq!(wait(expire::expire_due(&engine, &withdrawn_meanwhile(&engine, day(28)))).unwrap(), 1);
    let [over] = &heard(&engine, MessageType::CouponExpired)[..] else { panic!() };
    assert!(over.get("text").is_none(), "{over}");
    assert_eq!(audit(&engine), Ok(()));
}

#[test]
fn an_export_says_what_was_said_and_which_household_was_left() {
    let engine = shop(SimStore::new(), &[(9, 7)]);
    let joins = vec![("household_id", Value::Text("h-1".to_owned()))];
    wait(tell(&engine, said::message("joins", "anna", "Household Joined", joins, MONDAY))).unwrap();
    let coupon = issued(&engine, 1, "anna", MONDAY);
    wait(tell(&engine, said::message("leaves", "anna", "Household Left", Vec::new(), day(1)))).unwrap();
    assert_eq!(wait(expiring::announce_due(&engine, &|| day(25))).unwrap(), 1);
    let profile = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap();
    let mut export = Export::new(profile, day(26));
    let mut text = String::new();
    while let Some(piece) = wait(export.next(&engine)).unwrap() {
        text.push_str(&piece);
    }
    let document: Json = serde_json::from_str(&text).unwrap();
    let told = json!([{ "coupon": coupon.to_string(), "at": day(25).to_string() }]);
    assert_eq!(document["announced"], told);
    let [left] = &document["households_left"].as_array().unwrap()[..] else { panic!("{document}") };
    assert!(left["counted"] == 1 && left["id"].as_str().unwrap().starts_with("hsh_"), "{left}");
}

#[test]
fn it_keeps_to_the_contact_policy_and_counts_in_it() {
    let engine = shop(SimStore::new(), &[(1, 2)]);
    // Two coupons run out on one day, one on the next.
    let coupons = [(1, MONDAY), (2, later(MONDAY, 1)), (3, day(1))];
    for (number, at) in coupons {
        issued(&engine, number, "anna", at);
    }
    let announce = |at| wait(expiring::announce_due(&engine, &|| at)).unwrap();
    assert_eq!([announce(day(25)), announce(later(day(25), 1))], [1, 0], "one in two days");
    // A newsletter would be the second contact too.
    let asked = question(9, "anna", Channel::Newsletter, later(day(25), 2));
    let decision = wait(decide::ask(&engine, &asked)).unwrap().unwrap();
    let removed = decision.candidates[0].removed.as_ref().map(wink_core::decision::Removed::code);
    assert_eq!(removed, Some("contact_cap"));
    let later_days: Vec<u64> = (26..30).map(|days| announce(later(day(days), 2))).collect();
    assert_eq!(later_days, [0, 1, 0, 0], "the others wait for their turn, until they ran out");
    assert_eq!(expiring(&engine).len(), 2);
    assert_eq!(audit(&engine), Ok(()));
}

/// Sixty-four who see to the same timers, and leases that end at once: still it is said once of each coupon.
fn once_each<S: Store>(store: S) -> Result<(), String> {
    let engine = shop(store, &[(9, 1)]);
    for (number, person) in ["anna", "berta", "carl"].into_iter().enumerate() {
        issued(&engine, number as u64, person, MONDAY);
    }
    let told: u64 = at_once(|task| {
        // Each later than the lease of the one before lasts.
        let now = later(day(25), 2 * i64::try_from(task).unwrap());
        insist(|| wait(expiring::announce_due(&engine, &|| now)))
    })
    .into_iter()
    .sum();
    // Who told one and lost the race for the next says nothing of the one, so fewer may be counted, and never more.
    match (told, expiring(&engine).len()) {
        (0..=3, 3) => audit(&engine),
        (told, messages) => Err(format!("{told} of 3 were told, in {messages} messages")),
    }
}

#[test]
fn whoever_is_first_says_it_once() {
    assert_eq!(once_each(SimStore::new()), Ok(()));
    assert!(is_caught(|| once_each(checks_nothing())), "whoever believes what was read says it twice");
}

#[test]
fn a_crash_between_any_two_operations_says_it_once() {
    let mut crashes = 0;
    for operation in 0.. {
        let store = Arc::new(SimStore::new());
        let engine = shop(store.clone(), &[(9, 7)]);
        issued(&engine, 1, "anna", MONDAY);
        drop(engine);
        let faults = Faults { crash_at: Some(operation), ..Faults::default() };
        let failing = Arc::new(SimStore::open(kill(store), faults, Mutant::None));
        let finished = wait(async {
            let engine = Engine::open(failing.clone(), secrets(), MONDAY).await?;
            expiring::announce_due(&engine, &|| day(25)).await?;
            Ok::<(), Error>(())
        });
        crashes += u32::from(finished.is_err());
        let sound = Arc::new(SimStore::open(kill(failing), Faults::default(), Mutant::None));
        let engine = wait(Engine::open(sound, secrets(), MONDAY)).unwrap();
        wait(expiring::announce_due(&engine, &|| later(day(25), 5))).unwrap();
        assert_eq!(expiring(&engine).len(), 1, "after a crash at operation {operation}");
        assert_eq!(wait(webhooks::list(&engine)).unwrap().len(), 1);
        assert_eq!(audit(&engine), Ok(()));
        if finished.is_ok() {
            break;
        }
    }
    assert!(1 <= crashes, "{crashes} crashes tried nothing");
}

/// A coupon of berta's ran out. She is not given the same again for a fortnight: not on another device, not in another session, and not when
/// the server begins anew.
#[test]
fn what_ran_out_is_not_given_again_on_any_device() {
    let store = Arc::new(SimStore::new());
    let engine = shop(store.clone(), &[(99, 1)]);
    issued(&engine, 1, "berta", MONDAY);
    wait(expire::expire_due(&engine, &|| day(28))).unwrap();
    let removed = |engine: &Engine<Arc<SimStore>>, number, at| {
        let asked = question(number, "berta", Channel::Web, at);
        let decision = wait(decide::ask(engine, &asked)).unwrap().unwrap();
        decision.candidates[0].removed.as_ref().map(wink_core::decision::Removed::code)
    };
    for number in 0..50 {
        let at = later(day(28), i64::try_from(number).unwrap());
        assert_eq!(removed(&engine, 100 + number, at), Some("deadline_passed"));
    }
    drop(engine);
    let engine = wait(Engine::open(store, secrets(), MONDAY)).unwrap();
    assert_eq!(removed(&engine, 200, later(day(42), -1)), Some("deadline_passed"));
    assert_eq!(removed(&engine, 201, day(42)), None);
    // Whether or not anybody has seen to the timer: the date alone counts.
    issued(&engine, 300, "carl", day(50));
    let asked = question(301, "carl", Channel::Web, day(78));
    let decision = wait(decide::ask(&engine, &asked)).unwrap().unwrap();
    assert_eq!(decision.offered(), None, "{decision:?}");
    assert_eq!(audit(&engine), Ok(()));
}
