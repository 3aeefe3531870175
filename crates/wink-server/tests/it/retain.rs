//! Years later: what is overdue is gone down to the bytes, of people who left and of people who stayed.

use wink_core::base::Timestamp;
use wink_core::profile::Retention;
use wink_server::flow::ingest::Received;
use wink_server::flow::{erase, expire, retain};
use wink_server::{Engine, keys, report};
use wink_sim::SimStore;
use wink_store::Store;
use wink_store_fjall::{FjallStore, Options};

use super::canary::{Field, Person, Scan};
use super::counter::{MONDAY, Offer, Shop, later, open, secrets, tell, wait};
use super::said;

fn years_later() -> Timestamp {
    later(MONDAY, 1_440 * 365 * 4)
}

/// Two people live; four years later one of them buys again, and everything overdue is swept.
fn four_years(people: &[Person], come_back: Option<usize>) -> Scan {
    let directory = tempfile::tempdir().unwrap();
    let offer = Offer { per_person: 9, valid_days: 3, ..Offer::new("tea", "{ amount = \"1.00\" }") };
    let engine = wait(open(
        FjallStore::open(directory.path(), Options::default()).unwrap(),
        &Shop { reissue_days: Some(0), ..Shop::selling(vec![offer]) },
        MONDAY,
    ))
    .unwrap();
    people.iter().for_each(|person| super::erase::live(&engine, person, person.number));
    wait(expire::expire_due(&engine, &|| later(MONDAY, 1_440 * 30))).unwrap();
    for person in people.iter().filter(|person| Some(person.number) == come_back) {
        let again = said::buys("again", person.canary(Field::Identity), &[("TEA", 700)], years_later());
        wait(tell(&engine, again)).unwrap();
    }
    let swept = wait(retain::sweep(&engine, &Retention::default(), years_later())).unwrap();
    // The letters of those who are erased go with them.
    assert_eq!(swept.dead_letters, 2 * u64::from(come_back.is_some()));
    assert_eq!(swept.profiles, (people.len() - usize::from(come_back.is_some())) as u64);
    assert_eq!(
        wait(retain::sweep(&engine, &Retention::default(), years_later())).unwrap(),
        retain::Swept::default()
    );
    for person in people {
        let found = wait(erase::find(&engine, &said::identity(person.canary(Field::Identity)))).unwrap();
        assert_eq!(found.is_some(), Some(person.number) == come_back);
    }
    wait(engine.store.scrub()).unwrap();
    assert_eq!(wait(report::verify::verify(&engine)).unwrap().findings, Vec::<String>::new());
    drop(engine);
    let scan = Scan::of(directory.path(), people);
    // What is left opens again and still holds together.
    let store = FjallStore::open(directory.path(), Options::default()).unwrap();
    let engine = wait(Engine::open(store, secrets(), years_later())).unwrap();
    assert_eq!(wait(report::verify::verify(&engine)).unwrap().findings, Vec::<String>::new());
    scan
}

#[test]
fn of_people_who_left_nothing_is_kept_for_ever() {
    let people = [Person::new(0), Person::new(1)];
    let scan = four_years(&people, None);
    for person in &people {
        assert_eq!(scan.found(person), []);
    }
}

#[test]
fn of_people_who_stayed_nothing_overdue_is_kept() {
    let people = [Person::new(0), Person::new(1)];
    let scan = four_years(&people, Some(1));
    assert_eq!(scan.found(&people[0]), []);
    // The word that counts is kept with its proof for as long as it counts.
    assert_eq!(scan.found(&people[1]), [Field::ConsentSurface]);
}

#[test]
fn an_erased_persons_marks_go_when_their_messages_would_be_too_old() {
    let offer = Offer { per_person: 9, ..Offer::new("tea", "{ amount = \"1.00\" }") };
    let engine = wait(open(SimStore::new(), &Shop::selling(vec![offer]), MONDAY)).unwrap();
    let person = Person::new(0);
    super::erase::live(&engine, &person, 0);
    let profile =
        wait(erase::find(&engine, &said::identity(person.canary(Field::Identity)))).unwrap().unwrap();
    let erased_at = later(MONDAY, 1_440 * 6);
    wait(erase::erase(&engine, profile, erased_at)).unwrap();
    let forgotten_at = erased_at.plus_days(i64::from(Retention::default().events_days));
    let taken = |now| {
        wait(retain::sweep(&engine, &Retention::default(), now)).unwrap();
        let mark = |said: &Received| {
            keys::event_mark(engine.secrets.marks(), &said.envelope.source, &said.envelope.message_id)
        };
        let marks: Vec<_> = person.messages(MONDAY).iter().map(mark).collect();
        wait(engine.store.marks(keys::TENANT, &marks)).unwrap().iter().flatten().count()
    };
    assert_eq!(taken(erased_at), 5);
    assert_eq!(taken(Timestamp(forgotten_at.0 - 1)), 5);
    assert_eq!(taken(forgotten_at), 0);
}
