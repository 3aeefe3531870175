//! What holds for every history, tried on many: order and repeats do not matter, consent is kept, and money is neither made nor lost.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use wink_core::base::{Cents, CouponId, DecisionId, Digest, Timestamp, Value};
use wink_core::decision::Verdict;
use wink_core::offer::Channel;
use wink_core::profile::Purpose;
use wink_server::flow::ingest::{Received, ingest};
use wink_server::flow::{decide, erase, expire, rights};
use wink_server::report;
use wink_sim::{Faults, Mutant, Rate, SimStore};

use super::audit::{audit, coupons, owed};
use super::counter::{
    IDS, MONDAY, Offer, Shop, coupon_of, insist, later, open, question, redeem, tell, wait, waiting,
};
use super::said;

const PEOPLE: [&str; 4] = ["anna", "bea", "cleo", "dora"];
const STATES: [&str; 3] = ["granted", "denied", "withdrawn"];
const PURPOSES: [&str; 2] = ["personalisation", "newsletter"];

/// Something somebody did, so many minutes before now.
#[derive(Clone, Debug)]
enum Event {
    Bought(Vec<(&'static str, i64)>),
    Consented(&'static str, &'static str),
    Identified(i64),
    UsedCoupon,
    Nonsense,
}

fn event() -> impl Strategy<Value = Event> {
    let line = (select(vec!["TEA", "MILK", "RICE"]), 1..5_000_i64);
    prop_oneof![
        4 => vec(line, 1..4).prop_map(Event::Bought),
        3 => (select(PURPOSES.to_vec()), select(STATES.to_vec())).prop_map(|(purpose, state)| Event::Consented(purpose, state)),
        1 => (0..3_i64).prop_map(Event::Identified),
        1 => Just(Event::UsedCoupon),
        1 => Just(Event::Nonsense),
    ]
}

fn message(number: usize, person: &str, event: &Event, at: Timestamp) -> Received {
    let id = format!("m-{number}");
    match event {
        Event::Bought(lines) => said::buys(&id, person, lines, at),
        Event::Consented(purpose, state) => said::consents(&id, person, purpose, state, at),
        Event::Identified(value) => {
            let traits = BTreeMap::from([("shoe_size".to_owned(), Value::Int(*value))]);
            said::message(&id, person, "Identify", vec![("traits", Value::Map(traits))], at)
        }
        Event::UsedCoupon => {
            said::message(&id, person, "Coupon Applied", vec![("coupon_id", Value::Text(id.clone()))], at)
        }
        Event::Nonsense => said::message(&id, person, "Wishlist Shared", Vec::new(), at),
    }
}

/// Events over three years, far beyond the horizon of the features, in steps coarse enough that some happen at one instant.
fn history() -> impl Strategy<Value = Vec<Received>> {
    let some = (select(PEOPLE.to_vec()), event(), 0..1_000_i64, 0..60_i64);
    vec(some, 1..30).prop_map(|events| {
        let build = |(number, (person, event, days, hours)): (usize, &(&'static str, Event, i64, i64))| {
            let at = later(MONDAY, -(days * 1_440 + hours * 60));
            said::arriving(message(number, person, event, at), later(MONDAY, number as i64))
        };
        events.iter().enumerate().map(build).collect()
    })
}

/// Takes all messages in, in groups of different sizes, and gives the hash of what they amount to.
fn state_of(messages: Vec<Received>, group: usize) -> Digest {
    let shop = Shop::selling(vec![Offer::new("tea", "{ amount = \"1.00\" }")]);
    let engine = wait(open(SimStore::new(), &shop, MONDAY)).unwrap();
    for some in messages.chunks(group) {
        wait(ingest(&engine, &IDS, some.to_vec())).unwrap();
    }
    assert_eq!(audit(&engine), Ok(()));
    wait(report::state_hash::state_hash(&engine)).unwrap()
}

#[test]
fn a_profile_is_as_old_as_its_first_message_whichever_is_written_first() {
    let messages = vec![
        said::buys("m-1", "anna", &[("TEA", 100)], MONDAY),
        said::buys("m-2", "anna", &[("TEA", 100)], later(MONDAY, 1)),
    ];
    let backwards = messages.iter().rev().cloned().collect();
    assert_eq!(state_of(messages, 1), state_of(backwards, 1));
}

/// Few, because each is a history of its own; `PROPTEST_CASES` asks for more.
const CASES: u32 = 96;

fn histories() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(CASES), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(histories())]

    #[test]
    fn any_order_and_any_repetition_of_events_gives_the_same_state(
        messages in history(),
        keys in vec(0..100_u8, 40),
        again in vec(any::<Index>(), 0..10),
        group in 1..12_usize,
    ) {
        let in_order = state_of(messages.clone(), 7);
        let mut shuffled = messages.clone();
        shuffled.extend(again.iter().map(|index| index.get(&messages).clone()));
        let mut keyed: Vec<(u8, Received)> = keys.into_iter().cycle().zip(shuffled).collect();
        keyed.sort_by_key(|(key, _)| *key);
        let shuffled = keyed.into_iter().map(|(_, message)| message).collect();
        prop_assert_eq!(state_of(shuffled, group), in_order);
    }

    #[test]
    fn nothing_is_offered_without_consent(
        steps in vec((select(PURPOSES.to_vec()), select(STATES.to_vec()), 0..3_i64, select(Channel::ALL.to_vec()), any::<bool>()), 1..25),
    ) {
        let offer = Offer { per_person: 99, ..Offer::new("tea", "{ amount = \"1.00\" }") };
        let engine = wait(open(SimStore::new(), &Shop::selling(vec![offer]), MONDAY)).unwrap();
        // The oracle: the words heard so far, by purpose. The newest counts, of two at one instant the stricter.
        let mut heard: BTreeMap<&str, (Timestamp, usize)> = BTreeMap::new();
        let mut offered = 0;
        for (number, (purpose, state, ago, channel, asks)) in steps.into_iter().enumerate() {
            let now = later(MONDAY, number as i64);
            let at = later(now, -ago);
            let word = said::consents(&format!("m-{number}"), "anna", purpose, state, at);
            wait(tell(&engine, said::arriving(word, now))).unwrap();
            let strictness = STATES.iter().position(|known| *known == state).unwrap();
            let counts = heard.entry(purpose).or_insert((at, strictness));
            *counts = (at, strictness).max(*counts);
            if !asks {
                continue;
            }
            let is_granted = |purpose: Purpose| heard.get(purpose.name()).is_some_and(|(_, strictness)| *strictness == 0);
            let may = is_granted(Purpose::Personalisation) && (channel != Channel::Newsletter || is_granted(Purpose::Newsletter));
            let decision = wait(decide::ask(&engine, &question(number as u64, "anna", channel, now))).unwrap().unwrap();
            prop_assert_eq!(matches!(decision.verdict, Verdict::Offer(_)), may, "at {} by {}: {:?}", now, channel.name(), heard);
            offered += usize::from(may);
        }
        prop_assert_eq!(coupons(&engine).len(), offered);
        prop_assert_eq!(audit(&engine), Ok(()));
    }

    #[test]
    fn no_budget_is_exceeded_and_no_cent_is_lost_whatever_happens(
        budget in 200..900_i64,
        steps in vec((0..16_u8, select(PEOPLE.to_vec()), any::<Index>(), 0..2_000_i64, 1..3_000_i64), 1..40),
        seed in any::<u64>(),
    ) {
        let tea = Offer {
            budget: said::in_euros(Cents(budget)),
            per_person: 4,
            valid_days: 2,
            minimum_price: "1.00".to_owned(),
            holdout_percent: 10,
            ..Offer::new("tea", "{ percent = 20, at_most = \"2.00\" }, { amount = \"1.10\" }")
        };
        let coffee = Offer { total: Some(3), per_person: 2, ..Offer::new("coffee", "{ amount = \"0.70\" }") };
        let shop = Shop { exploration: 0.4, caps: vec![(3, 7)], ..Shop::selling(vec![tea, coffee]) };
        // Others are faster now and then.
        let faults = Faults { seed, conflicts: Rate(40), ..Faults::default() };
        let disk = wait(open(SimStore::new(), &shop, MONDAY)).unwrap().store.kill();
        let engine = wait(open(SimStore::open(disk, faults, Mutant::None), &shop, MONDAY)).unwrap();
        for person in PEOPLE {
            insist(|| wait(ingest(&engine, &IDS, said::allows_all(person, MONDAY))));
        }
        let mut issued: Vec<CouponId> = Vec::new();
        let mut promised: Vec<DecisionId> = Vec::new();
        let mut now = MONDAY;
        for (number, (what, person, which, minutes, spend)) in steps.into_iter().enumerate() {
            now = later(now, minutes);
            let id = format!("m-{number}");
            match what {
                0..=4 => {
                    let question = question(number as u64, person, Channel::ALL[number % 3], now);
                    let decision = insist(|| wait(decide::ask(&engine, &question)));
                    issued.extend(decision.and_then(|decision| coupon_of(&engine, &decision)));
                }
                5..=7 if !issued.is_empty() => {
                    let coupon = *which.get(&issued);
                    // Whether it was refused is the audit's business.
                    drop(insist(|| wait(redeem(&engine, coupon, &id, Cents(spend), now))));
                }
                8 => {
                    insist(|| wait(expire::expire_due(&engine, &|| now)));
                    insist(|| wait(rights::lapse_due(&engine, now)));
                }
                12 | 13 => {
                    // A day and a half: some are accepted, some lapse.
                    let question = waiting(number as u64, person, 129_600, now);
                    let decision = insist(|| wait(decide::ask(&engine, &question)));
                    promised.extend(decision.filter(|decision| decision.accept_by().is_some()).map(|decision| decision.id));
                }
                14 | 15 if !promised.is_empty() => {
                    let id = *which.get(&promised);
                    let first = insist(|| wait(rights::accept(&engine, id, now)));
                    // Whatever the answer is, it stays the answer.
                    prop_assert_eq!(&insist(|| wait(rights::accept(&engine, id, now))), &first);
                    issued.extend(first.map(|coupon| coupon.id));
                }
                9 => {
                    let profile = wait(erase::find(&engine, &said::identity(person))).unwrap();
                    if let Some(profile) = profile {
                        insist(|| wait(erase::erase(&engine, profile, now)));
                    }
                }
                10 => drop(insist(|| wait(ingest(&engine, &IDS, said::allows_all(person, now))))),
                _ => drop(insist(|| wait(tell(&engine, said::buys(&id, person, &[("TEA", spend)], now))))),
            }
            prop_assert!(owed(&engine, "tea") <= Cents(budget));
        }
        prop_assert_eq!(audit(&engine), Ok(()));
    }
}
