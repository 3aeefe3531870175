//! A phone, a computer and an account turn out to be one person: one set of features, limits, contacts and consents. Or two, after all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;
use wink_core::base::{ProfileId, Timestamp};
use wink_core::event::Identity;
use wink_core::feature::Viewed;
use wink_core::offer::Channel;
use wink_core::profile::{NotLinked, Purpose};
use wink_server::flow::ingest::{Answer, Received};
use wink_server::flow::links::{Linked, link, part};
use wink_server::flow::profiles::{self, Whom};
use wink_server::flow::{decide, erase};
use wink_server::{Engine, keys::kind};
use wink_sim::{Faults, Mutant, SimStore};
use wink_store::Store;
use wink_store_fjall::{FjallStore, Options};

use super::audit::{all, audit, coupons};
use super::counter::{MONDAY, Offer, Shop, insist, kill, later, open, question, secrets, tell, wait};
use super::race::{at_once, checks_nothing, is_caught};
use super::said;

pub(crate) fn named(name: &str) -> Identity {
    let (namespace, value) = name.split_once(':').unwrap();
    Identity::new(namespace, value).unwrap()
}

/// A message under several names.
pub(crate) fn by(names: &[&str], mut received: Received) -> Received {
    received.envelope.identities = names.iter().map(|name| named(name)).collect();
    received
}

/// An order of one tea under several names.
fn buys(id: &str, names: &[&str], at: Timestamp) -> Received {
    by(names, said::buys(id, "-", &[("TEA", 500)], at))
}

fn sees(id: &str, names: &[&str], at: Timestamp) -> Received {
    by(names, said::message(id, "-", "Cart Viewed", Vec::new(), at))
}

fn says(name: &str, state: &str, at: Timestamp) -> Received {
    by(&[name], said::consents(&format!("{name} {state} {}", at.0), "-", "personalisation", state, at))
}

async fn opened<S: Store>(store: S) -> Engine<S> {
    let offer = Offer { per_person: 1, ..Offer::new("tea", "{ amount = \"1.00\" }") };
    open(store, &Shop::selling(vec![offer]), MONDAY).await.unwrap()
}

fn tells<S: Store>(engine: &Engine<S>, messages: impl IntoIterator<Item = Received>) {
    for message in messages {
        let answer = wait(tell(engine, message)).unwrap();
        assert!(matches!(answer, Answer::Accepted(_)), "{answer:?}");
    }
}

/// The profiles of the person somebody is known as, and how many orders they are known to have made.
fn known<S: Store>(engine: &Engine<S>, name: &str) -> (BTreeSet<ProfileId>, f64) {
    let known = wait(profiles::find(engine, &Whom::Identity(named(name)))).unwrap().unwrap();
    let person = known.cluster();
    let features = wait(profiles::features(engine, &person, later(MONDAY, 1_000))).unwrap();
    let orders = match features.find("orders_365d").unwrap() {
        Viewed::Number(reading) => reading.value,
        _ => 0.0,
    };
    (person.profiles().map(|profile| profile.id).collect(), orders)
}

fn profile_of<S: Store>(engine: &Engine<S>, name: &str) -> ProfileId {
    wait(erase::find(engine, &named(name))).unwrap().unwrap()
}

fn offered<S: Store>(engine: &Engine<S>, number: u64, name: &str) -> bool {
    let mut question = question(number, "-", Channel::Web, later(MONDAY, 60));
    question.identity = named(name);
    let decision = insist(|| wait(decide::ask(engine, &question))).unwrap();
    decision.offered().is_some()
}

/// A phone and a computer on which somebody bought and then signed in.
const DEVICES: [&str; 3] = ["anonymous_id:phone", "anonymous_id:work", "user_id:anna"];

fn signs_in_on_both<S: Store>(engine: &Engine<S>) {
    let [phone, work, anna] = DEVICES;
    tells(
        engine,
        [
            buys("p-1", &[phone], MONDAY),
            buys("w-1", &[work], later(MONDAY, 1)),
            says(anna, "granted", later(MONDAY, 2)),
            sees("p-2", &[phone, anna], later(MONDAY, 3)),
            sees("w-2", &[work, anna], later(MONDAY, 4)),
        ],
    );
}

#[test]
fn who_signs_in_on_two_devices_is_one_person_with_one_limit() {
    let engine = wait(opened(SimStore::new()));
    signs_in_on_both(&engine);
    for name in DEVICES {
        let (profiles, orders) = known(&engine, name);
        assert_eq!((profiles.len(), orders), (3, 2.0), "{name}");
    }
    assert!(offered(&engine, 1, DEVICES[0]));
    assert!(!offered(&engine, 2, DEVICES[1]), "one for each person, on whichever device");
    assert!(!offered(&engine, 3, DEVICES[2]));
    for name in DEVICES {
        let known = wait(profiles::find(&engine, &Whom::Identity(named(name)))).unwrap().unwrap();
        let wallet = wait(profiles::wallet(&engine, &known.cluster(), &Default::default())).unwrap();
        let decisions = wait(profiles::decisions(&engine, &known.cluster(), &Default::default())).unwrap();
        assert_eq!((wallet.items.len(), decisions.items.len()), (1, 3), "{name}");
    }
    assert_eq!(audit(&engine), Ok(()));
}

#[test]
fn a_no_on_one_device_is_a_no_on_all() {
    let engine = wait(opened(SimStore::new()));
    signs_in_on_both(&engine);
    tells(&engine, [says(DEVICES[0], "withdrawn", later(MONDAY, 5))]);
    for (number, name) in (1..).zip(DEVICES) {
        assert!(!offered(&engine, number, name), "{name}");
        let known = wait(profiles::find(&engine, &Whom::Identity(named(name)))).unwrap().unwrap();
        assert!(!known.cluster().grants(later(MONDAY, 6)).allow(Purpose::Personalisation), "{name}");
    }
    tells(&engine, [says(DEVICES[2], "granted", later(MONDAY, 7))]);
    assert!(offered(&engine, 9, DEVICES[1]), "said again later");
}

/// Two devices of one person ask at the same moment, again and again: there is one coupon.
fn two_devices_ask<S: Store>(store: S) -> Result<(), String> {
    let engine = wait(opened(store));
    signs_in_on_both(&engine);
    at_once(|task| offered(&engine, task as u64, DEVICES[task % 3]));
    match coupons(&engine).len() {
        1 => audit(&engine),
        count => Err(format!("{count} coupons for one person")),
    }
}

#[test]
fn race_two_devices_of_one_person_get_one_coupon() {
    assert_eq!(two_devices_ask(SimStore::new()), Ok(()));
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(two_devices_ask(FjallStore::open(directory.path(), Options::default()).unwrap()), Ok(()));
    let noticed = is_caught(|| two_devices_ask(checks_nothing()));
    assert!(noticed, "without checks nobody notices that the other device was first");
}

#[test]
fn two_who_sign_in_on_one_device_stay_two() {
    let engine = wait(opened(SimStore::new()));
    let (tablet, anna, ben) = ("anonymous_id:tablet", "user_id:anna", "user_id:ben");
    tells(
        &engine,
        [
            says(anna, "granted", MONDAY),
            says(ben, "granted", MONDAY),
            sees("1", &[tablet], MONDAY),
            buys("2", &[tablet, anna], later(MONDAY, 1)),
            buys("3", &[tablet, ben], later(MONDAY, 2)),
            buys("4", &[ben, tablet], later(MONDAY, 3)),
            // Named first, the device would have made them his.
            buys("5", &["anonymous_id:new", anna, ben], later(MONDAY, 4)),
        ],
    );
    assert_eq!(known(&engine, anna).1, 2.0);
    assert_eq!(known(&engine, ben).1, 2.0);
    assert!(known(&engine, anna).0.is_disjoint(&known(&engine, ben).0));
    assert_eq!(known(&engine, tablet), known(&engine, anna), "who signed in first");

    let (one, other) = (profile_of(&engine, anna), profile_of(&engine, ben));
    let refused = NotLinked::TwoAccounts { namespace: "user_id".to_owned() };
    let now = later(MONDAY, 9);
    assert_eq!(wait(link(&engine, one, other, "support", now)).unwrap(), Linked::Refused(refused));
    assert_eq!(audit(&engine), Ok(()));
}

#[test]
fn a_link_that_was_wrong_is_taken_away_and_does_not_come_back_by_itself() {
    let engine = wait(opened(SimStore::new()));
    let [phone, work, anna] = DEVICES;
    tells(&engine, [phone, anna].map(|name| says(name, "granted", MONDAY)));
    tells(&engine, [buys("p-1", &[phone], MONDAY), buys("a-1", &[anna], later(MONDAY, 1))]);
    let apart = [known(&engine, phone), known(&engine, anna)];
    tells(&engine, [sees("p-2", &[phone, anna], later(MONDAY, 2))]);
    assert_eq!(known(&engine, phone).1, 2.0);
    let (one, other) = (profile_of(&engine, phone), profile_of(&engine, anna));
    assert!(wait(part(&engine, one, other)).unwrap());
    assert!(!wait(part(&engine, one, other)).unwrap(), "once");
    assert_eq!([known(&engine, phone), known(&engine, anna)], apart);
    tells(&engine, [sees("p-3", &[phone, anna], later(MONDAY, 3))]);
    assert_eq!([known(&engine, phone), known(&engine, anna)], apart, "not by itself");
    // Nor over a third.
    tells(&engine, [sees("w-1", &[work], later(MONDAY, 4)), sees("w-2", &[anna, work], later(MONDAY, 5))]);
    tells(&engine, [sees("w-3", &[work, phone], later(MONDAY, 6))]);
    assert!(known(&engine, phone).0.is_disjoint(&known(&engine, anna).0));
    let linked = wait(link(&engine, other, one, "support", later(MONDAY, 7))).unwrap();
    assert!(matches!(linked, Linked::Done(_)));
    assert_eq!(known(&engine, phone), known(&engine, anna));
}

/// The power fails at every operation of the disk while a person of three profiles is erased. At the next start nothing of any of them is left.
#[test]
fn crash_an_erased_person_is_gone_under_all_names() {
    let mut crashes = 0;
    for operation in 0.. {
        let store = Arc::new(SimStore::new());
        let engine = wait(opened(store.clone()));
        signs_in_on_both(&engine);
        let id = profile_of(&engine, DEVICES[1]);
        drop(engine);
        let faults = Faults { crash_at: Some(operation), ..Faults::default() };
        let failing = Arc::new(SimStore::open(kill(store), faults, Mutant::None));
        let finished = wait(async {
            let Ok(engine) = Engine::open(failing.clone(), secrets(), MONDAY).await else { return false };
            erase::erase(&engine, id, later(MONDAY, 10)).await.is_ok()
        });
        crashes += u32::from(!finished);
        let sound = SimStore::open(kill(failing), Faults::default(), Mutant::None);
        let engine = wait(Engine::open(sound, secrets(), later(MONDAY, 11))).unwrap();
        let left = all(&engine, kind::PROFILE).len();
        assert!(matches!(left, 0 | 3), "{left} of three profiles are left after a crash at {operation}");
        if finished {
            assert_eq!(left, 0);
        }
        if left == 0 {
            for kind in [kind::STATE, kind::VAULT, kind::WALLET, kind::IDENTITY, kind::ERASING] {
                assert_eq!(all(&engine, kind), [], "{kind:?} after a crash at {operation}");
            }
        }
        if finished {
            break;
        }
    }
    assert!(3 <= crashes, "{crashes} crashes tried nothing");
}

const NAMES: [&str; 5] = ["anonymous_id:a", "anonymous_id:b", "anonymous_id:c", "card:d", "user_id:anna"];

/// Who is whom and has bought how much, by name; a name nobody used is left out.
fn seen_as<S: Store>(engine: &Engine<S>) -> BTreeMap<&'static str, (BTreeSet<&'static str>, f64)> {
    let is_known = |name: &&str| wait(erase::find(engine, &named(name))).unwrap().is_some();
    let there: Vec<&str> = NAMES.into_iter().filter(is_known).collect();
    let person = |name: &str| known(engine, name).0;
    let same = |name: &str| there.iter().filter(|other| person(other) == person(name)).copied().collect();
    there.iter().map(|name| (*name, (same(name), known(engine, name).1))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever is named together is one person with all that any of them did, in whichever order it is told, and told again.
    #[test]
    fn who_is_whom_does_not_depend_on_the_order(
        told in vec(subsequence(NAMES.to_vec(), 1..=3), 1..8),
        order in vec(any::<u8>(), 16),
    ) {
        let messages = |(number, names): (usize, &Vec<&'static str>)| {
            let at = later(MONDAY, number as i64);
            [by(names, says(names[0], "granted", at)), buys(&format!("m-{number}"), names, at)]
        };
        let messages: Vec<Received> = told.iter().enumerate().flat_map(messages).collect();
        let engine = wait(opened(SimStore::new()));
        tells(&engine, messages.clone());

        let mut shuffled: Vec<(u8, Received)> = order.into_iter().zip(messages.clone()).collect();
        shuffled.sort_by_key(|(place, _)| *place);
        let other = wait(opened(SimStore::new()));
        for (_, message) in &shuffled {
            wait(tell(&other, message.clone())).unwrap();
            wait(tell(&other, message.clone())).unwrap();
        }
        prop_assert_eq!(seen_as(&other), seen_as(&engine));

        // Said without the flows: names are joined by what names them together.
        let mut groups: Vec<(BTreeSet<&str>, f64)> = Vec::new();
        for names in &told {
            let mut joined = (names.iter().copied().collect::<BTreeSet<&str>>(), 1.0);
            groups.retain(|(group, orders)| {
                let is_apart = group.is_disjoint(&joined.0);
                if !is_apart {
                    joined.0.extend(group);
                    joined.1 += orders;
                }
                is_apart
            });
            groups.push(joined);
        }
        for (names, orders) in groups {
            for name in &names {
                prop_assert_eq!(&seen_as(&engine)[name], &(names.clone(), orders), "{}", name);
            }
        }
        prop_assert_eq!(audit(&engine), Ok(()));
    }
}
