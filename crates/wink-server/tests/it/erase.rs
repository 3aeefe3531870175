//! Erasure down to the bytes: people whose every field is a canary, half of them erased, and every file of the store read afterwards.

use serde_json::Value as Json;
use wink_core::base::Cents;
use wink_core::coupon::State;
use wink_core::offer::Channel;
use wink_core::profile::Retention;
use wink_server::access::Role;
use wink_server::flow::{decide, erase, expire, retain};
use wink_server::keys::{self, TENANT};
use wink_server::{Engine, report};
use wink_store::{Batch, BatchId, Change, Home, Outcome, Store};
use wink_store_fjall::{FjallStore, Options};

use super::api::Api;
use super::audit::{audit, coupons};
use super::canary::{Field, Person, Scan};
use super::counter::{MONDAY, Offer, Shop, coupon_of, later, open, question, redeem, secrets, tell, wait};
use super::said;

const PEOPLE: usize = 20;

/// People with an even number are erased.
fn is_erased(number: usize) -> bool {
    number.is_multiple_of(2)
}

fn shop() -> Shop {
    let offer = Offer {
        per_person: 9,
        total: Some(1_000),
        valid_days: 3,
        ..Offer::new("tea", "{ amount = \"1.00\" }")
    };
    // They come again as soon as something ran out: that is not what is tried here.
    Shop { reissue_days: Some(0), ..Shop::selling(vec![offer]) }
}

/// Drives a person through everything there is: events, dead letters, decisions with and without an offer, and coupons in every state.
pub(super) fn live<S: Store>(engine: &Engine<S>, person: &Person, number: usize) {
    let identity = person.canary(Field::Identity);
    for message in person.messages(MONDAY) {
        let answer = wait(tell(engine, message)).unwrap();
        assert!(matches!(answer, wink_server::flow::ingest::Answer::Accepted(_)), "{answer:?}");
    }
    for letter in person.dead_letters(MONDAY) {
        let answer = wait(tell(engine, letter)).unwrap();
        assert!(matches!(answer, wink_server::flow::ingest::Answer::Dead(_)), "{answer:?}");
    }
    for (turn, channel) in [Channel::Web, Channel::Newsletter, Channel::Till].into_iter().enumerate() {
        // A day apart: the first coupon runs out, the second is used, the last is in circulation.
        let now = later(MONDAY, 1_440 * (2 * turn as i64 + 1));
        let mut question = question((number * 10 + turn) as u64, identity, channel, now);
        question.ask.placement = person.canary(Field::Placement).to_owned();
        let decision = wait(decide::ask(engine, &question)).unwrap().unwrap();
        let coupon = coupon_of(engine, &decision).unwrap();
        if turn == 1 {
            let used =
                wait(redeem(engine, coupon, person.canary(Field::CouponOrder), Cents(900), now)).unwrap();
            assert!(used.is_ok());
        }
    }
}

#[test]
fn of_erased_people_no_byte_is_left_and_of_the_others_none_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let people: Vec<Person> = (0..PEOPLE).map(Person::new).collect();
    let now = later(MONDAY, 1_440 * 6);
    {
        let engine =
            wait(open(FjallStore::open(directory.path(), Options::default()).unwrap(), &shop(), MONDAY))
                .unwrap();
        people.iter().enumerate().for_each(|(number, person)| live(&engine, person, number));
        assert_eq!(wait(expire::expire_due(&engine, &|| now)).unwrap(), PEOPLE as u64);
        for expected in [State::Issued, State::Expired { at: now }] {
            assert_eq!(coupons(&engine).iter().filter(|coupon| coupon.state == expected).count(), PEOPLE);
        }
        assert_eq!(audit(&engine), Ok(()));
    }
    // Before: the scan sees every canary that lies in clear, and none of those that are sealed. So it would see one left over.
    let before = Scan::of(directory.path(), &people);
    for person in &people {
        assert_eq!(before.found(person), Field::IN_CLEAR, "before, of {}", person.number);
    }
    {
        let engine = wait(Engine::open(
            FjallStore::open(directory.path(), Options::default()).unwrap(),
            secrets(),
            now,
        ))
        .unwrap();
        for person in people.iter().filter(|person| is_erased(person.number)) {
            let identity = said::identity(person.canary(Field::Identity));
            let profile = wait(erase::find(&engine, &identity)).unwrap().unwrap();
            wait(erase::erase(&engine, profile, now)).unwrap();
        }
        wait(engine.store.scrub()).unwrap();
        let verified = wait(report::verify::verify(&engine)).unwrap();
        assert_eq!(verified.findings, Vec::<String>::new());
        // What is left of a person in the journal is its headers and what money moved.
        assert_eq!(verified.redacted, (PEOPLE / 2 * (person_entries())) as u64);
        assert_eq!(audit(&engine), Ok(()));
    }
    let after = Scan::of(directory.path(), &people);
    for person in &people {
        let expected: &[Field] = if is_erased(person.number) { &[] } else { Field::IN_CLEAR };
        assert_eq!(after.found(person), expected, "after, of {}", person.number);
    }
}

/// Journal entries about one person: what they did, three decisions, three coupons issued and one redeemed.
fn person_entries() -> usize {
    Person::new(0).messages(MONDAY).len() + 3 + 3 + 1
}

#[test]
fn an_erasure_without_a_scrub_leaves_bytes_and_the_scan_finds_them() {
    let directory = tempfile::tempdir().unwrap();
    let people = [Person::new(0)];
    {
        let engine =
            wait(open(FjallStore::open(directory.path(), Options::default()).unwrap(), &shop(), MONDAY))
                .unwrap();
        live(&engine, &people[0], 0);
        let identity = said::identity(people[0].canary(Field::Identity));
        let profile = wait(erase::find(&engine, &identity)).unwrap().unwrap();
        wait(erase::erase(&engine, profile, later(MONDAY, 1_440 * 6))).unwrap();
    }
    assert_eq!(Scan::of(directory.path(), &people).found(&people[0]), Field::IN_CLEAR);
}

/// The disk was full after its first commit, say: there is no such person any more, and much of them is left.
#[test]
fn an_erasure_that_broke_off_is_finished_by_asking_again_and_by_the_next_sweep() {
    for by_asking in [true, false] {
        let api = Api::of_a_shop();
        let privacy = api.key(Role::Privacy);
        let engine = wait(Engine::open_tenant(api.store.clone(), TENANT, secrets(), MONDAY)).unwrap();
        let anna = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap();
        let asks = || api.ask(&privacy, "DELETE", &format!("/v1/profiles/{anna}"), &Json::Null);
        let left = || {
            let held = [keys::vault(anna), keys::vault_key(anna), keys::erasing(anna)];
            wait(engine.store.get(TENANT, &held)).unwrap().into_iter().flatten().count()
        };
        let mut batch = Batch::new(BatchId([9; 16]), TENANT, Home(0));
        batch.changes =
            vec![Change::Delete(keys::profile(anna)), Change::Put(keys::erasing(anna), Vec::new())];
        assert!(matches!(wait(api.store.commit(batch)), Outcome::Committed { .. }));
        assert_eq!(left(), 3);
        if by_asking {
            assert_eq!(asks().status, 200);
        } else {
            wait(retain::sweep(&engine, &Retention::default(), later(MONDAY, 70))).unwrap();
        }
        assert_eq!((left(), asks().status.as_u16()), (0, 404));
    }
}
