//! Segments: whoever comes and goes is counted and told of once, whatever is sent twice, races, passes by or crashes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use wink_connect::webhook::address::Reach;
use wink_connect::webhook::signature::Secret;
use wink_core::base::{Timestamp, WebhookId};
use wink_core::feature::{Memberships, Passage, RuleNumber};
use wink_core::profile::Profile;
use wink_record::{MessageType, SegmentPassage, Stored, WebhookMessage};
use wink_server::flow::ingest::{Received, ingest};
use wink_server::flow::page::Page;
use wink_server::flow::profiles::{Whom, find};
use wink_server::flow::segments::export::Export;
use wink_server::flow::segments::{members, overlap, pass, preview, sizes};
use wink_server::flow::{catalogue, erase, webhooks};
use wink_server::keys::{self, entry, kind};
use wink_server::{Engine, report};
use wink_sim::{Faults, Mutant, SimStore};
use wink_store::{Batch, BatchId, Change, Home, Lane, Outcome, Position, Store};

use super::audit::{all, audit};
use super::counter::{IDS, MONDAY, Offer, Shop, kill, later, open, secrets, tell, wait};
use super::said;

pub(crate) const BUYS: (&str, &str) = ("buys", "feature.orders_28d >= 1.0");
const OFTEN: (&str, &str) = ("often", "feature.orders_28d >= 3.0");
const LAPSED: (&str, &str) = ("lapsed", "feature.recency_days >= 30.0");

pub(crate) fn shop(segments: &[(&str, &str)]) -> Shop {
    let segment = |(id, rule): &(&str, &str)| {
        format!("[[segments]]\nid = \"{id}\"\ntitle = \"{id}\"\nrule = '{rule}'\npurpose = \"newsletter\"\n")
    };
    let segments = segments.iter().map(segment).collect();
    Shop { segments, ..Shop::selling(vec![Offer::new("tea", "{ amount = \"1.00\" }")]) }
}

fn day(number: i64) -> Timestamp {
    MONDAY.plus_days(number)
}

fn buys(id: &str, person: &str, at: Timestamp) -> Received {
    said::buys(id, person, &[("TEA", 900)], at)
}

fn apply<S: Store>(engine: &Engine<S>, segments: &[(&str, &str)], now: Timestamp) {
    let files = shop(segments).files();
    let compiled = wink_server::catalogue::compile(&files).unwrap();
    wait(catalogue::apply(engine, compiled, files, now)).unwrap();
}

fn send<S: Store>(engine: &Engine<S>, messages: Vec<Received>) {
    wait(ingest(engine, &IDS, messages)).unwrap();
}

/// Members and those of them who have granted, by segment.
fn counts<S: Store>(engine: &Engine<S>) -> BTreeMap<String, (u64, u64)> {
    let sized = wait(sizes::all(engine)).unwrap();
    sized.into_iter().map(|sized| (sized.segment.id.to_string(), (sized.members, sized.granting))).collect()
}

fn count<S: Store>(engine: &Engine<S>, id: &str) -> (u64, u64) {
    counts(engine)[id]
}

/// What the journal tells of comings and goings, as `+buys` and `-buys`.
fn passages<S: Store>(engine: &Engine<S>) -> Vec<String> {
    let mut found: Vec<(Timestamp, String)> = Vec::new();
    for lane in Lane::all() {
        for entry in wait(engine.store.read_lane(lane, Position(0), usize::MAX - 1)).unwrap() {
            let Some(body) = entry.body.filter(|_| entry.header.kind == entry::PASSAGE) else { continue };
            let passage = SegmentPassage::from_bytes(&body.payload).unwrap();
            let sign = passage.passage.map(|passage| if passage == Passage::Entered { '+' } else { '-' });
            found.extend(sign.map(|sign| (passage.at, format!("{sign}{}", passage.segment))));
        }
    }
    found.sort();
    found.into_iter().map(|(_, text)| text).collect()
}

/// The messages to webhooks, as `segment.entered buys`.
fn told<S: Store>(engine: &Engine<S>) -> Vec<String> {
    let read = |bytes: &[u8]| {
        let message = WebhookMessage::from_bytes(bytes).unwrap();
        let body: serde_json::Value = serde_json::from_slice(&message.body).unwrap();
        (message.at, format!("{} {}", message.kind.name(), body["data"]["segment"].as_str().unwrap()))
    };
    let mut found: Vec<_> =
        all(engine, kind::MESSAGE).iter().map(|(_, record)| read(&record.bytes)).collect();
    found.sort();
    found.into_iter().map(|(_, text)| text).collect()
}

pub(crate) fn listen<S: Store>(engine: &Engine<S>) {
    let registration = webhooks::Registration {
        id: WebhookId::new(MONDAY, [1; 16]),
        url: "https://shop.example.org/hook".to_owned(),
        types: [MessageType::SegmentEntered, MessageType::SegmentLeft].into(),
        secret: Secret::new([1; 32]),
    };
    wait(webhooks::register(engine, registration, Reach::Public, MONDAY)).unwrap().unwrap();
}

/// What must hold of segments at any time: counters, notes and what is remembered of people say the same; and right after everybody was
/// looked at, it is what the rules say.
fn holds<S: Store>(engine: &Engine<S>, looked_at: Option<Timestamp>) -> Result<(), String> {
    let mut members: BTreeMap<RuleNumber, (i64, i64)> = BTreeMap::new();
    let mut noted = Vec::new();
    for (key, record) in all(engine, kind::MEMBERSHIPS) {
        let memberships = Memberships::from_bytes(&record.bytes).unwrap();
        for (rule, member) in &memberships.of {
            noted.push([rule.0.to_be_bytes().as_slice(), &key].concat());
            let (all, granting) = members.entry(*rule).or_default();
            (*all, *granting) = (*all + 1, *granting + i64::from(member.granted));
        }
    }
    noted.sort();
    let notes: Vec<Vec<u8>> = all(engine, kind::MEMBER).into_iter().map(|(key, _)| key).collect();
    if notes != noted {
        return Err(format!("{} notes, {} memberships", notes.len(), noted.len()));
    }
    for prefix in ["members/", "granting/"] {
        for (key, counter) in wait(engine.store.counters_with(engine.tenant, prefix.as_bytes())).unwrap() {
            let number = String::from_utf8(key.0[prefix.len()..].to_vec()).unwrap().parse().unwrap();
            let (all, granting) = members.get(&RuleNumber(number)).copied().unwrap_or_default();
            let expected = if prefix == "members/" { all } else { granting };
            if counter.value != expected {
                return Err(format!("{prefix}{number} is {} and not {expected}", counter.value));
            }
        }
    }
    let Some(now) = looked_at else { return Ok(()) };
    for (_, record) in all(engine, kind::PROFILE) {
        let profile = Profile::from_bytes(&record.bytes).unwrap();
        let whole = wait(find(engine, &Whom::Profile(profile.id))).unwrap().unwrap();
        let mut is_in = wait(members::of(engine, &whole.cluster(), now)).unwrap();
        // Who has several profiles is a member once.
        is_in.retain(|_| whole.cluster().lead() == profile.id);
        let numbers: BTreeSet<RuleNumber> = is_in.iter().filter_map(|found| found.segment.number).collect();
        let key = keys::memberships(profile.id);
        let record = wait(engine.store.get(engine.tenant, &[key])).unwrap().remove(0);
        let remembered =
            record.map(|record| Memberships::from_bytes(&record.bytes).unwrap()).unwrap_or_default();
        let remembered: BTreeSet<RuleNumber> = remembered.of.into_keys().collect();
        if remembered != numbers {
            return Err(format!("remembered {remembered:?}, and the rules say {numbers:?}"));
        }
    }
    Ok(())
}

#[test]
fn who_buys_is_in_with_the_event_and_out_with_the_withdrawal() {
    let engine = wait(open(SimStore::new(), &shop(&[BUYS, OFTEN]), MONDAY)).unwrap();
    listen(&engine);
    send(&engine, said::allows_all("anna", MONDAY));
    for number in 0..3 {
        let message = buys(&format!("b-{number}"), "anna", later(MONDAY, 1 + number));
        send(&engine, vec![message.clone()]);
        send(&engine, vec![message]);
    }
    assert_eq!((count(&engine, "buys"), count(&engine, "often")), ((1, 1), (1, 1)));
    assert_eq!(passages(&engine), ["+buys", "+often"]);
    let no = |id, purpose, minute| said::consents(id, "anna", purpose, "withdrawn", later(MONDAY, minute));
    send(&engine, vec![no("w-1", "newsletter", 10)]);
    assert_eq!(count(&engine, "buys"), (1, 0), "a member still, and handed to nobody");
    send(&engine, vec![no("w-2", "personalisation", 20)]);
    assert_eq!(counts(&engine).into_values().collect::<Vec<_>>(), [(0, 0), (0, 0)], "nothing is read of her");
    assert_eq!(passages(&engine), ["+buys", "+often", "-buys", "-often"]);
    let out = ["segment.left buys", "segment.left often"];
    assert_eq!(told(&engine), [["segment.entered buys", "segment.entered often"], out].concat());
    assert_eq!(holds(&engine, Some(later(MONDAY, 20))), Ok(()));
}

#[test]
fn nothing_leaves_the_house_about_who_has_not_granted_it() {
    let engine = wait(open(SimStore::new(), &shop(&[BUYS]), MONDAY)).unwrap();
    listen(&engine);
    send(&engine, vec![said::consents("c-1", "anna", "personalisation", "granted", MONDAY)]);
    send(&engine, vec![buys("b-1", "anna", later(MONDAY, 1))]);
    assert_eq!((count(&engine, "buys"), told(&engine)), ((1, 0), Vec::new()));
    let mut export = Export::new("buys".to_owned(), None, later(MONDAY, 2));
    assert_eq!(wait(export.next(&engine)).unwrap(), Some(Vec::new()));
    send(&engine, vec![said::consents("c-2", "anna", "newsletter", "granted", later(MONDAY, 3))]);
    assert_eq!((count(&engine, "buys"), told(&engine)), ((1, 1), vec!["segment.entered buys".to_owned()]));
    let mut export = Export::new("buys".to_owned(), Some("customer".to_owned()), later(MONDAY, 4));
    let lines = wait(export.next(&engine)).unwrap().unwrap();
    assert_eq!((lines.len(), lines[0].identity.as_deref()), (1, Some("anna")));
    assert_eq!(wait(export.next(&engine)).unwrap(), None);
}

#[test]
fn time_alone_brings_people_in_and_out() {
    let engine = wait(open(SimStore::new(), &shop(&[BUYS, LAPSED]), MONDAY)).unwrap();
    send(&engine, said::allows_all("anna", MONDAY));
    send(&engine, vec![buys("b-1", "anna", MONDAY)]);
    wait(pass::all(&engine, day(20))).unwrap();
    assert_eq!((count(&engine, "buys"), count(&engine, "lapsed")), ((1, 1), (0, 0)));
    let page = wait(members::list(&engine, "buys", &Page::default(), day(40))).unwrap();
    assert!(page.items.is_empty(), "nobody is handed out by a membership of yesterday");
    wait(pass::all(&engine, day(40))).unwrap();
    assert_eq!((count(&engine, "buys"), count(&engine, "lapsed")), ((0, 0), (1, 1)));
    assert_eq!(passages(&engine), ["+buys", "+lapsed", "-buys"]);
    let page = wait(members::list(&engine, "lapsed", &Page::default(), day(41))).unwrap();
    assert_eq!(page.items.iter().map(|found| found.since).collect::<Vec<_>>(), [day(40)]);
    assert_eq!(holds(&engine, Some(day(40))), Ok(()));
}

#[test]
fn a_segment_that_is_new_changed_or_gone_is_filled_and_emptied_in_silence() {
    let engine = wait(open(SimStore::new(), &shop(&[]), MONDAY)).unwrap();
    for person in ["anna", "bea"] {
        send(&engine, said::allows_all(person, MONDAY));
        send(&engine, vec![buys(person, person, MONDAY)]);
    }
    let counted = |id: &str| wait(sizes::one(&engine, id)).unwrap().counted_at;
    apply(&engine, &[BUYS], day(1));
    assert_eq!((count(&engine, "buys"), counted("buys")), ((0, 0), None), "not counted yet, and says so");
    wait(pass::all(&engine, day(1))).unwrap();
    assert_eq!((count(&engine, "buys"), counted("buys")), ((2, 2), Some(day(1))));
    apply(&engine, &[("buys", OFTEN.1)], day(2));
    assert_eq!((count(&engine, "buys"), counted("buys")), ((0, 0), None));
    wait(pass::all(&engine, day(2))).unwrap();
    assert_eq!((count(&engine, "buys"), counted("buys")), ((0, 0), Some(day(2))));
    assert_eq!(passages(&engine), [""; 0], "nobody did anything");
    let more = |number| buys(&format!("more-{number}"), "bea", later(day(2), number));
    send(&engine, vec![more(1), more(2)]);
    assert_eq!(passages(&engine), ["+buys"], "she has bought three times");
    apply(&engine, &[], day(3));
    wait(pass::all(&engine, day(3))).unwrap();
    assert_eq!((all(&engine, kind::MEMBER).len(), passages(&engine).len()), (0, 1));
    assert_eq!(holds(&engine, Some(day(3))), Ok(()));
}

#[test]
fn an_id_that_is_an_address_of_the_api_is_refused() {
    let files = shop(&[("overlap", BUYS.1)]).files();
    let findings = wink_server::catalogue::compile(&files).unwrap_err();
    assert!(findings[0].message.contains("`overlap`"), "{findings:?}");
}

#[test]
fn a_preview_counts_and_keeps_nothing() {
    let engine = wait(open(SimStore::new(), &shop(&[]), MONDAY)).unwrap();
    for person in ["anna", "bea", "cleo"] {
        send(&engine, said::allows_all(person, MONDAY));
    }
    send(&engine, vec![buys("b-1", "anna", MONDAY), buys("b-2", "bea", MONDAY)]);
    send(&engine, vec![said::consents("w-1", "bea", "newsletter", "withdrawn", later(MONDAY, 1))]);
    let before = wait(report::state_hash::state_hash(&engine)).unwrap();
    let features = engine.features();
    let rule = wink_core::feature::Rule::compile(BUYS.1, &features).unwrap();
    let asked = preview::Asked { rule, purpose: wink_core::profile::Purpose::Newsletter };
    let found = wait(preview::count(&engine, &asked, later(MONDAY, 2))).unwrap();
    let abouts = [found.people, found.members, found.granting].map(|estimate| estimate.about);
    assert_eq!((abouts, found.members.is_exact(), found.sample.len()), ([3.0, 2.0, 1.0], true, 2));
    assert_eq!(wait(report::state_hash::state_hash(&engine)).unwrap(), before);
}

#[test]
fn verification_finds_a_member_nobody_counted() {
    let engine = wait(open(SimStore::new(), &shop(&[BUYS]), MONDAY)).unwrap();
    send(&engine, said::allows_all("anna", MONDAY));
    send(&engine, vec![buys("b-1", "anna", MONDAY)]);
    assert_eq!(audit(&engine), Ok(()));
    let number = wait(sizes::one(&engine, "buys")).unwrap().segment.number.unwrap();
    let mut batch = Batch::new(BatchId([1; 16]), engine.tenant, Home(0));
    batch.changes.push(Change::Add(keys::members(number), 1));
    assert!(matches!(wait(engine.store.commit(batch)), Outcome::Committed { .. }));
    assert!(audit(&engine).unwrap_err().contains("members/1"), "the counter is wrong");
}

#[test]
fn segments_are_compared() {
    let engine = wait(open(SimStore::new(), &shop(&[BUYS, OFTEN, LAPSED]), MONDAY)).unwrap();
    for (person, orders) in [("anna", 1), ("bea", 3), ("cleo", 0)] {
        send(&engine, said::allows_all(person, MONDAY));
        let bought =
            (0..orders).map(|number| buys(&format!("{person}-{number}"), person, later(MONDAY, number)));
        send(&engine, bought.collect());
    }
    let ids = ["buys", "often", "lapsed"].map(str::to_owned);
    let found = wait(overlap::count(&engine, &ids)).unwrap();
    let members: Vec<u64> = found.members.iter().map(|(_, members)| *members).collect();
    let both: Vec<u64> = found.pairs.iter().map(|pair| pair.both).collect();
    assert_eq!((members, both, found.any, found.all), (vec![2, 1, 0], vec![1, 0, 0], 2, 0));
    assert!(wait(overlap::count(&engine, &["buys".to_owned(), "nobody".to_owned()])).is_err());
}

#[test]
fn an_erased_person_is_in_no_segment_and_in_no_message() {
    let engine = wait(open(SimStore::new(), &shop(&[BUYS]), MONDAY)).unwrap();
    listen(&engine);
    for person in ["anna", "bea"] {
        send(&engine, said::allows_all(person, MONDAY));
        send(&engine, vec![buys(person, person, later(MONDAY, 1))]);
    }
    let anna = wait(find(&engine, &Whom::Identity(said::identity("anna")))).unwrap().unwrap();
    wait(erase::erase(&engine, anna.asked().id, later(MONDAY, 5))).unwrap();
    assert_eq!((count(&engine, "buys"), told(&engine).len(), passages(&engine).len()), ((1, 1), 1, 1));
    assert_eq!((all(&engine, kind::MEMBERSHIPS).len(), holds(&engine, Some(later(MONDAY, 5)))), (1, Ok(())));
}

/// The power fails at every operation of the disk in turn; then everything is sent again, as clients do, and everybody looked at.
#[test]
fn a_passage_is_counted_and_told_once_whatever_crashes() {
    let messages = || {
        let mut all = said::allows_all("anna", MONDAY);
        all.extend((0..3).map(|number| buys(&format!("b-{number}"), "anna", later(MONDAY, number))));
        all.push(said::consents("w-1", "anna", "newsletter", "withdrawn", later(MONDAY, 9)));
        all
    };
    let live = |engine: &Engine<Arc<SimStore>>| {
        wait(async {
            for message in messages() {
                if tell(engine, message).await.is_err() {
                    return false;
                }
            }
            pass::all(engine, day(40)).await.is_ok()
        })
    };
    let mut crashes = 0;
    for operation in 0.. {
        let store = Arc::new(SimStore::new());
        let engine = wait(open(store.clone(), &shop(&[BUYS, OFTEN, LAPSED]), MONDAY)).unwrap();
        listen(&engine);
        drop(engine);
        let faults = Faults { crash_at: Some(operation), ..Faults::default() };
        let failing = Arc::new(SimStore::open(kill(store), faults, Mutant::None));
        let opened = wait(Engine::open(failing.clone(), secrets(), MONDAY));
        let finished = opened.is_ok_and(|engine| live(&engine));
        crashes += u32::from(!finished);
        let sound = Arc::new(SimStore::open(kill(failing), Faults::default(), Mutant::None));
        let engine = wait(Engine::open(sound, secrets(), MONDAY)).unwrap();
        assert!(live(&engine));
        assert_eq!(holds(&engine, Some(day(40))), Ok(()), "after a crash at operation {operation}");
        let expected = ["+buys", "+often", "+lapsed", "-buys", "-often"];
        let mut found = passages(&engine);
        found[2..].sort();
        assert_eq!(found, expected, "after a crash at operation {operation}");
        assert_eq!(told(&engine).len(), 4, "in and out of two; of the third she had withdrawn before");
        if finished {
            break;
        }
    }
    assert!(8 <= crashes, "{crashes} crashes tried nothing");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever people do in whatever order, and whatever becomes of the catalogue meanwhile, counters, notes and rules say the same.
    #[test]
    fn segments_are_what_their_rules_say(deeds in vec((0..8_u8, 0..3_usize, 0..30_i64), 1..14)) {
        let engine = wait(open(SimStore::new(), &shop(&[BUYS, LAPSED]), MONDAY)).unwrap();
        let people = ["anna", "bea", "cleo"];
        let catalogues: [&[(&str, &str)]; 3] = [&[BUYS, LAPSED], &[OFTEN, BUYS], &[("buys", OFTEN.1)]];
        let mut now = MONDAY;
        for (number, (deed, which, days)) in deeds.into_iter().enumerate() {
            let (id, person) = (format!("m-{number}"), people[which]);
            match deed {
                0 => send(&engine, said::allows_all(person, now)),
                1 => send(&engine, vec![said::consents(&id, person, "newsletter", "withdrawn", now)]),
                2 => apply(&engine, catalogues[which], now),
                3 => now = now.plus_days(days),
                4 => wait(pass::all(&engine, now)).unwrap(),
                5 => {
                    if let Some(known) = wait(find(&engine, &Whom::Identity(said::identity(person)))).unwrap() {
                        wait(erase::erase(&engine, known.asked().id, now)).unwrap();
                    }
                }
                _ => send(&engine, vec![buys(&id, person, now)]),
            }
            now = later(now, 1);
            prop_assert_eq!(holds(&engine, None), Ok(()));
        }
        wait(pass::all(&engine, now)).unwrap();
        prop_assert_eq!(holds(&engine, Some(now)), Ok(()));
        prop_assert_eq!(audit(&engine), Ok(()));
    }
}

#[test]
fn who_has_several_profiles_is_a_member_once_by_all_they_did() {
    let engine = wait(open(SimStore::new(), &shop(&[BUYS, OFTEN]), MONDAY)).unwrap();
    let by = |mut received: Received, names: &[&str]| {
        let named = |name: &&str| wink_core::event::Identity::new(name, "anna").unwrap();
        received.envelope.identities = names.iter().map(named).collect();
        received
    };
    let grants = said::allows_all("anna", MONDAY).into_iter();
    send(&engine, grants.map(|word| by(word, &["user_id"])).collect());
    for (number, name) in ["phone", "work", "user_id"].into_iter().enumerate() {
        let bought = buys(&format!("b-{number}"), "anna", later(MONDAY, number as i64));
        send(&engine, vec![by(bought, &[name])]);
    }
    // Nobody granted anything on the devices, so nothing is known of whoever bought there.
    assert_eq!((count(&engine, "buys"), count(&engine, "often")), ((1, 1), (0, 0)));
    for (number, name) in ["phone", "work"].into_iter().enumerate() {
        let seen =
            said::message(&format!("s-{number}"), "anna", "Cart Viewed", Vec::new(), later(MONDAY, 10));
        send(&engine, vec![by(seen, &["user_id", name])]);
    }
    wait(pass::all(&engine, later(MONDAY, 20))).unwrap();
    assert_eq!((count(&engine, "buys"), count(&engine, "often")), ((1, 1), (1, 1)));
    assert_eq!(holds(&engine, Some(later(MONDAY, 20))), Ok(()));

    let page = wait(members::list(&engine, "often", &Page::default(), later(MONDAY, 21))).unwrap();
    let whole = page.items[0].person.cluster();
    assert_eq!((page.items.len(), whole.profiles().count(), whole.asked().id), (1, 3, whole.lead()));
    wait(erase::erase(&engine, whole.asked().id, later(MONDAY, 30))).unwrap();
    assert_eq!((count(&engine, "buys"), count(&engine, "often")), ((0, 0), (0, 0)));
}
