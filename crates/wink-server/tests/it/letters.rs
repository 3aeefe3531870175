//! Dead letters: listed, opened, repaired and sent on as if they had come right at first, discarded, and gone with their person.

use std::collections::BTreeMap;

use wink_core::base::{LetterId, Value};
use wink_core::event::{Identity, Repair};
use wink_core::profile::Retention;
use wink_server::flow::ingest::{Answer, Received, ingest};
use wink_server::flow::letters::{self, Filter, Listed, Replayed};
use wink_server::flow::page::Page;
use wink_server::flow::{erase, retain};
use wink_server::keys::kind;
use wink_server::{Engine, Error, report};
use wink_sim::{Faults, Mutant, Rate, SimStore};
use wink_store::Store;
use wink_store_fjall::{FjallStore, Options};

use super::audit::{all, audit};
use super::counter::{IDS, MONDAY, Offer, Shop, later, open, secrets, tell, wait};
use super::said;

fn shop_on<S: Store>(store: S) -> Engine<S> {
    wait(open(store, &Shop::selling(vec![Offer::new("tea", "{ amount = \"1.00\" }")]), MONDAY)).unwrap()
}

macro_rules! on_both {
    ($check:ident) => {
        $check(shop_on(SimStore::new()));
        let directory = tempfile::tempdir().unwrap();
        $check(shop_on(FjallStore::open(directory.path(), Options::default()).unwrap()));
    };
}

fn listed<S: Store>(engine: &Engine<S>) -> Vec<Listed> {
    wait(letters::list(engine, &Filter::default(), &Page::default())).unwrap().items
}

/// Somebody buys tea, told by a sender that calls things otherwise.
fn misspelt(id: &str, person: &str, minutes: i64) -> Received {
    let mut said = said::buys(id, person, &[("TEA", 900)], later(MONDAY, minutes));
    said.envelope.event = "Order Done".to_owned();
    let order_id = said.envelope.properties.remove("order_id").unwrap();
    said.envelope.properties.insert("id".to_owned(), order_id);
    said
}

fn mended() -> Repair {
    Repair {
        event: Some("Order Completed".to_owned()),
        rename: BTreeMap::from([("id".to_owned(), "order_id".to_owned())]),
        ..Repair::default()
    }
}

fn counts<S: Store>(engine: &Engine<S>) -> [i64; 5] {
    let balance = wait(report::totals::balance(engine)).unwrap();
    assert!(balance.is_exact(), "{balance:?}");
    let report::totals::Balance { received, accepted, duplicate, dead, refused } = balance;
    [received, accepted, duplicate, dead, refused]
}

#[test]
fn letters_are_listed_newest_first_by_code_and_source_without_opening_them() {
    fn check<S: Store>(engine: Engine<S>) {
        for minute in 0..5 {
            wait(tell(&engine, misspelt(&format!("m-{minute}"), "anna", minute))).unwrap();
            let nobody = said::consents(
                &format!("c-{minute}"),
                "anna",
                "everything",
                "granted",
                later(MONDAY, minute),
            );
            wait(tell(&engine, nobody)).unwrap();
        }
        let all = listed(&engine);
        assert_eq!(all.len(), 10);
        assert!(all.is_sorted_by(|one, next| next.received_at <= one.received_at));
        let filter = Filter { code: Some("event_unknown".to_owned()), source: Some("shop".to_owned()) };
        let mut page = Page { limit: 2, cursor: None };
        let mut found = Vec::new();
        loop {
            let some = wait(letters::list(&engine, &filter, &page)).unwrap();
            found.extend(some.items);
            let Some(cursor) = some.next_cursor else { break };
            page.cursor = Some(cursor);
        }
        assert_eq!(
            found.iter().map(|letter| letter.received_at).collect::<Vec<_>>(),
            [4, 3, 2, 1, 0].map(|minute| later(MONDAY, minute))
        );
        let other = Filter { source: Some("till".to_owned()), ..filter };
        assert_eq!(wait(letters::list(&engine, &other, &Page::default())).unwrap().items, []);
        assert!(matches!(
            wait(letters::list(&engine, &other, &Page { limit: 2, cursor: page.cursor })),
            Err(Error::Cursor)
        ));
        let opened = wait(letters::open(&engine, found[0].id)).unwrap();
        assert_eq!(opened.letter.envelope, Some(misspelt("m-4", "anna", 4).envelope));
        assert_eq!(opened.letter.original, misspelt("m-4", "anna", 4).original);
    }
    on_both!(check);
}

#[test]
fn a_repaired_letter_gives_the_state_it_would_have_given_at_first() {
    fn check<S: Store>(engine: Engine<S>) {
        let right = shop_on(SimStore::new());
        let told = |engine: &dyn Fn(Received), wrong: bool| {
            engine(said::buys("before", "anna", &[("TEA", 500)], MONDAY));
            // Three times, as a sender does that gets no answer it likes.
            for minute in 5..8 {
                let mut message = misspelt("m", "anna", 5);
                if !wrong {
                    message.envelope = mended().apply(&message.envelope).unwrap();
                }
                engine(said::arriving(message, later(MONDAY, minute)));
            }
            engine(said::buys("after", "anna", &[("TEA", 700)], later(MONDAY, 20)));
        };
        told(&|message| drop(wait(tell(&engine, message)).unwrap()), true);
        told(&|message| drop(wait(tell(&right, message)).unwrap()), false);
        assert_eq!(counts(&engine), [5, 2, 0, 3, 0]);
        let letter = listed(&engine).remove(0);
        assert_eq!((letter.head.times, letter.received_at), (3, later(MONDAY, 5)));

        let answer = wait(letters::replay(&engine, &IDS, letter.id, &mended(), later(MONDAY, 60))).unwrap();
        assert!(matches!(answer, Replayed::Accepted(_)), "{answer:?}");
        assert_eq!(counts(&engine), counts(&right));
        assert_eq!(counts(&engine), [5, 3, 2, 0, 0]);
        let state = |hash: Result<_, Error>| hash.unwrap();
        assert_eq!(
            state(wait(report::state_hash::state_hash(&engine))),
            state(wait(report::state_hash::state_hash(&right)))
        );
        assert_eq!(listed(&engine), []);
        for kind in [kind::DEAD_LETTER, kind::LETTER_HEAD, kind::LETTER_OF] {
            assert_eq!(all(&engine, kind), []);
        }
        // The sender, who knows of no repair, sends it once more.
        let again = wait(tell(&engine, misspelt("m", "anna", 5))).unwrap();
        assert!(matches!(again, Answer::Duplicate(_)), "{again:?}");
        assert!(matches!(
            wait(letters::replay(&engine, &IDS, letter.id, &mended(), later(MONDAY, 60))),
            Err(Error::NotFound { .. })
        ));
        assert_eq!(audit(&engine), Ok(()));
    }
    on_both!(check);
}

#[test]
fn what_cannot_be_accepted_stays_a_letter_and_nothing_is_counted() {
    fn check<S: Store>(engine: Engine<S>) {
        wait(tell(&engine, misspelt("m", "anna", 5))).unwrap();
        let id = listed(&engine)[0].id;
        let before = (counts(&engine), listed(&engine));
        let replay =
            |repair: &Repair| wait(letters::replay(&engine, &IDS, id, repair, later(MONDAY, 60))).unwrap();
        let still = replay(&Repair::default());
        assert!(
            matches!(&still, Replayed::Dead(rejection) if rejection.code() == "event_unknown"),
            "{still:?}"
        );
        let half = Repair { rename: BTreeMap::new(), ..mended() };
        let still = replay(&half);
        assert!(
            matches!(&still, Replayed::Dead(rejection) if rejection.code() == "property_missing"),
            "{still:?}"
        );
        let amiss = Repair { remove: vec!["gift".to_owned()], ..mended() };
        assert!(matches!(replay(&amiss), Replayed::NotRepaired(_)));
        assert_eq!((counts(&engine), listed(&engine)), before);
        wait(letters::discard(&engine, id)).unwrap();
        assert_eq!((counts(&engine), listed(&engine)), (before.0, Vec::new()));
        assert!(matches!(wait(letters::discard(&engine, id)), Err(Error::NotFound { .. })));
    }
    on_both!(check);
}

#[test]
fn a_letter_whose_message_came_right_meanwhile_is_a_duplicate_and_a_used_id_needs_another() {
    fn check<S: Store>(engine: Engine<S>) {
        wait(tell(&engine, misspelt("m", "anna", 5))).unwrap();
        let mut right = misspelt("m", "anna", 5);
        right.envelope = mended().apply(&right.envelope).unwrap();
        wait(tell(&engine, right)).unwrap();
        wait(tell(&engine, said::buys("m", "anna", &[("TEA", 1)], later(MONDAY, 6)))).unwrap();
        assert_eq!(counts(&engine), [3, 1, 0, 2, 0]);
        let by_code =
            |code: &str| listed(&engine).into_iter().find(|letter| letter.head.code == code).unwrap().id;
        let mended =
            wait(letters::replay(&engine, &IDS, by_code("event_unknown"), &mended(), later(MONDAY, 60)))
                .unwrap();
        assert!(matches!(mended, Replayed::Duplicate(_)), "{mended:?}");
        assert_eq!(counts(&engine), [3, 1, 1, 1, 0]);
        let used = by_code("id_conflict");
        let still =
            wait(letters::replay(&engine, &IDS, used, &Repair::default(), later(MONDAY, 60))).unwrap();
        assert!(
            matches!(&still, Replayed::Dead(rejection) if rejection.code() == "id_conflict"),
            "{still:?}"
        );
        let renamed = Repair { message_id: Some("m-2".to_owned()), ..Repair::default() };
        let accepted = wait(letters::replay(&engine, &IDS, used, &renamed, later(MONDAY, 60))).unwrap();
        assert!(matches!(accepted, Replayed::Accepted(_)), "{accepted:?}");
        assert_eq!(counts(&engine), [3, 2, 1, 0, 0]);
        assert_eq!(audit(&engine), Ok(()));
    }
    on_both!(check);
}

#[test]
fn letters_go_with_whoever_they_name_and_others_stay() {
    fn check<S: Store>(engine: Engine<S>) {
        for person in ["anna", "bea"] {
            wait(tell(&engine, said::buys(&format!("{person}-1"), person, &[("TEA", 900)], MONDAY))).unwrap();
            wait(tell(&engine, misspelt(&format!("{person}-2"), person, 5))).unwrap();
        }
        // Under bea's name first, and anna's second.
        let mut both = misspelt("both", "bea", 6);
        both.envelope.identities.push(said::identity("anna"));
        wait(tell(&engine, both)).unwrap();
        let anna = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap();
        assert_eq!(wait(erase::erase(&engine, anna, later(MONDAY, 10))).unwrap().dead_letters, 2);
        let left: Vec<_> = listed(&engine);
        assert_eq!(left.len(), 1);
        assert_eq!(all(&engine, kind::DEAD_LETTER).len(), 1);
        assert_eq!(all(&engine, kind::LETTER_OF).len(), 1);
        let opened = wait(letters::open(&engine, left[0].id)).unwrap();
        assert_eq!(opened.letter.envelope.unwrap().message_id, "bea-2");

        let later = MONDAY.plus_days(i64::from(Retention::default().dead_letters_days) + 1);
        assert_eq!(wait(retain::sweep(&engine, &Retention::default(), later)).unwrap().dead_letters, 1);
        for kind in [kind::DEAD_LETTER, kind::LETTER_HEAD, kind::LETTER_OF] {
            assert_eq!(all(&engine, kind), []);
        }
    }
    on_both!(check);
}

#[test]
fn nothing_of_an_erased_past_is_kept_aside_or_sent_on() {
    fn check<S: Store>(engine: Engine<S>) {
        wait(tell(&engine, said::buys("1", "anna", &[("TEA", 900)], MONDAY))).unwrap();
        let anna = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap();
        wait(erase::erase(&engine, anna, later(MONDAY, 10))).unwrap();
        let old = said::arriving(misspelt("2", "anna", 5), later(MONDAY, 11));
        assert_eq!(wait(tell(&engine, old)).unwrap(), Answer::Erased);
        assert_eq!(listed(&engine), []);
        // One from afterwards, of which somebody finds out that it is from before.
        wait(tell(&engine, misspelt("3", "anna", 12))).unwrap();
        let id = listed(&engine)[0].id;
        let repair = Repair { occurred_at: Some(later(MONDAY, 9)), ..mended() };
        assert_eq!(
            wait(letters::replay(&engine, &IDS, id, &repair, later(MONDAY, 60))).unwrap(),
            Replayed::Erased
        );
        assert_eq!(counts(&engine), [3, 1, 0, 0, 2]);
        assert_eq!(listed(&engine), []);
    }
    on_both!(check);
}

#[test]
fn lost_answers_and_conflicts_leave_a_letter_sent_on_once() {
    for seed in 0..20 {
        let disk = shop_on(SimStore::new()).store.kill();
        let faults = Faults { seed, lost_answers: Rate(300), conflicts: Rate(200), ..Faults::default() };
        let store = SimStore::open(disk, faults, Mutant::None);
        let engine = wait(Engine::open(store, secrets(), MONDAY)).unwrap();
        let messages: Vec<Received> =
            (0..10).map(|number| misspelt(&format!("m-{}", number % 5), "anna", 5)).collect();
        wait(ingest(&engine, &IDS, messages)).unwrap();
        assert_eq!(counts(&engine), [10, 0, 0, 10, 0], "seed {seed}");
        let ids: Vec<LetterId> = listed(&engine).iter().map(|letter| letter.id).collect();
        assert_eq!(ids.len(), 5);
        for id in ids {
            let answer = wait(letters::replay(&engine, &IDS, id, &mended(), later(MONDAY, 60))).unwrap();
            assert!(matches!(answer, Replayed::Accepted(_)), "seed {seed}: {answer:?}");
        }
        assert_eq!(counts(&engine), [10, 5, 5, 0, 0], "seed {seed}");
        assert_eq!(audit(&engine), Ok(()), "seed {seed}");
    }
}

#[test]
fn a_crowd_of_letters_that_name_a_crowd_is_kept_and_goes_with_one_of_them() {
    let engine = shop_on(SimStore::new());
    wait(tell(&engine, said::buys("1", "anna", &[("TEA", 900)], MONDAY))).unwrap();
    let crowded = |number: usize| {
        let mut message = misspelt(&format!("m-{number}"), "anna", 5);
        let others = (0..19).map(|other| Identity::new("cookie", &format!("{number}-{other}")).unwrap());
        message.envelope.identities.extend(others);
        message.envelope.properties.insert("x".to_owned(), Value::Int(1));
        message
    };
    let answers = wait(ingest(&engine, &IDS, (0..120).map(crowded).collect())).unwrap();
    assert!(answers.iter().all(|answer| matches!(answer, Answer::Dead(_))));
    assert_eq!(all(&engine, kind::LETTER_OF).len(), 120 * 20);
    let anna = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap();
    assert_eq!(wait(erase::erase(&engine, anna, later(MONDAY, 10))).unwrap().dead_letters, 120);
    assert_eq!(all(&engine, kind::LETTER_OF), []);
    assert_eq!(all(&engine, kind::DEAD_LETTER), []);
}
