//! People who live together: each with their own profile and consents, and one limit for all of them, also while they move or turn out to be
//! one person.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use wink_core::base::{ProfileId, Timestamp, Value};
use wink_core::offer::Channel;
use wink_core::profile::{Household, MEMBERS_MAX, Profile, Purpose};
use wink_record::Stored;
use wink_server::access::Role;
use wink_server::flow::decide::Question;
use wink_server::flow::ingest::{Answer, Received, ingest};
use wink_server::flow::links::{Linked, link};
use wink_server::flow::profiles::{self, Whom};
use wink_server::flow::{decide, erase};
use wink_server::keys::{self, TENANT, kind};
use wink_server::{DrawnIds, Engine, Error};
use wink_sim::{Disk, Faults, Mutant, SimStore};
use wink_store::{RecordKey, Store, Version};
use wink_store_fjall::{FjallStore, Options};

use super::api::Api;
use super::audit::{all, audit, coupons, decisions};
use super::counter::{IDS, MONDAY, Offer, Shop, insist, later, open, question, tell, wait};
use super::race::{at_once, checks_nothing, is_caught};
use super::said;

/// Tea as often as somebody likes, and so often for all who live together.
fn tea(per_person: u32, per_household: u32) -> Offer {
    let more = format!("per_household = {per_household}");
    Offer { per_person, more, ..Offer::new("tea", "{ amount = \"1.00\" }") }
}

fn engine<S: Store>(store: S, offer: Offer, people: &[&str]) -> Engine<S> {
    let engine = wait(open(store, &Shop::selling(vec![offer]), MONDAY)).unwrap();
    let all = people.iter().flat_map(|person| said::allows_all(person, MONDAY)).collect();
    wait(ingest(&engine, &IDS, all)).unwrap();
    engine
}

fn joins(person: &str, household: &str, at: Timestamp) -> Received {
    let name = vec![("household_id", Value::Text(household.to_owned()))];
    said::message(&format!("joins {person} {household} {}", at.0), person, "Household Joined", name, at)
}

fn leaves(person: &str, at: Timestamp) -> Received {
    said::message(&format!("leaves {person} {}", at.0), person, "Household Left", Vec::new(), at)
}

fn tells<S: Store>(engine: &Engine<S>, messages: impl IntoIterator<Item = Received>) {
    for message in messages {
        let answer = insist(|| wait(tell(engine, message.clone())));
        assert!(matches!(answer, Answer::Accepted(_)), "{answer:?}");
    }
}

fn ask<S: Store>(engine: &Engine<S>, number: usize, person: &str) -> bool {
    let question = question(number as u64, person, Channel::Web, later(MONDAY, 60));
    insist(|| wait(decide::ask(engine, &question))).unwrap().offered().is_some()
}

fn profile_of<S: Store>(engine: &Engine<S>, person: &str) -> ProfileId {
    wait(erase::find(engine, &said::identity(person))).unwrap().unwrap()
}

fn households<S: Store>(engine: &Engine<S>) -> Vec<Household> {
    let records = all(engine, kind::HOUSEHOLD);
    records.iter().map(|(_, record)| Household::from_bytes(&record.bytes).unwrap()).collect()
}

/// Why the newest decision about somebody gave no tea.
fn removed<S: Store>(engine: &Engine<S>, number: usize, person: &str) -> &'static str {
    assert!(!ask(engine, number, person));
    let id = question(number as u64, person, Channel::Web, later(MONDAY, 60)).id;
    let made = decisions(engine).into_iter().find(|decision| decision.id == id).unwrap();
    made.candidates[0].removed.as_ref().unwrap().code()
}

#[test]
fn those_who_live_together_share_a_limit_and_nothing_else() {
    let engine = engine(SimStore::new(), tea(9, 2), &["anna", "ben", "carl"]);
    tells(&engine, [joins("anna", "h-1", MONDAY), joins("ben", "h-1", MONDAY)]);
    assert!(ask(&engine, 1, "anna"));
    assert!(ask(&engine, 2, "ben"));
    assert_eq!(removed(&engine, 3, "anna"), "household_limit");
    assert_eq!(removed(&engine, 4, "ben"), "household_limit");
    // Whoever lives in none is one of their own.
    assert!(ask(&engine, 5, "carl") && ask(&engine, 6, "carl"));
    assert_eq!(removed(&engine, 7, "carl"), "household_limit");
    // Ben says no: that is his word, and Anna's stands.
    tells(&engine, [said::consents("no", "ben", "personalisation", "withdrawn", later(MONDAY, 1))]);
    let grants = |person: &str| {
        let known = wait(profiles::find(&engine, &Whom::Identity(said::identity(person)))).unwrap().unwrap();
        assert_eq!(known.cluster().profiles().count(), 1, "nobody is merged");
        known.cluster().grants(later(MONDAY, 2)).allow(Purpose::Personalisation)
    };
    assert!(grants("anna") && !grants("ben"));
    audit(&engine).unwrap();
}

#[test]
fn who_leaves_leaves_the_count_behind_and_who_comes_back_is_counted_once() {
    let engine = engine(SimStore::new(), tea(9, 3), &["anna", "ben"]);
    tells(&engine, [joins("anna", "h-1", MONDAY), joins("ben", "h-1", MONDAY)]);
    assert!(ask(&engine, 1, "anna") && ask(&engine, 2, "anna"));
    tells(&engine, [leaves("anna", later(MONDAY, 1))]);
    assert_eq!(households(&engine)[0].members.len(), 1);
    assert!(ask(&engine, 3, "ben"), "the third");
    assert_eq!(removed(&engine, 4, "ben"), "household_limit");
    tells(&engine, [joins("anna", "h-1", later(MONDAY, 2))]);
    let known = wait(profiles::find(&engine, &Whom::Identity(said::identity("anna")))).unwrap().unwrap();
    assert_eq!(known.cluster().households().len(), 1);
    let id = question(5, "anna", Channel::Web, later(MONDAY, 60)).id;
    assert_eq!(removed(&engine, 5, "anna"), "household_limit");
    let decision = decisions(&engine).into_iter().find(|decision| decision.id == id).unwrap();
    let counted: Vec<u32> = decision.person.household.values().map(|usage| usage.issued).collect();
    assert_eq!(counted, [3], "and not five");
    audit(&engine).unwrap();
}

#[test]
fn words_that_come_late_or_twice_change_nothing() {
    let told = [
        joins("anna", "h-1", later(MONDAY, 1)),
        joins("anna", "h-2", later(MONDAY, 2)),
        leaves("anna", later(MONDAY, 3)),
        joins("anna", "h-3", later(MONDAY, 4)),
    ];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let engine = engine(SimStore::new(), tea(9, 3), &["anna"]);
        for number in order {
            let message = Received { at: later(MONDAY, 10), ..told[number].clone() };
            tells(&engine, [message.clone()]);
            assert!(matches!(wait(tell(&engine, message)).unwrap(), Answer::Duplicate(_)));
        }
        let found = households(&engine);
        assert_eq!(found.len(), 1, "{order:?}: the others are empty and gone: {found:?}");
        assert!(found[0].members.contains_key(&profile_of(&engine, "anna")));
        // A word about another household ends nothing.
        let name = vec![("household_id", Value::Text("h-2".to_owned()))];
        tells(&engine, [said::message("x", "anna", "Household Left", name, later(MONDAY, 5))]);
        assert_eq!(households(&engine), found, "{order:?}");
        audit(&engine).unwrap();
    }
}

#[test]
fn the_thirteenth_is_not_taken_in_and_the_event_is_kept() {
    let names: Vec<String> = (0..3 * MEMBERS_MAX).map(|number| format!("person-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let engine = engine(SimStore::new(), tea(9, 3), &names);
    // All at once: one after the other gets through, and those who find it full do not wait for each other.
    let told = names.iter().map(|name| joins(name, "h-1", MONDAY)).collect();
    let answers = wait(ingest(&engine, &IDS, told)).unwrap();
    assert!(answers.iter().all(|answer| matches!(answer, Answer::Accepted(_))), "{answers:?}");
    let full = all(&engine, kind::HOUSEHOLD);
    tells(&engine, [joins(names[MEMBERS_MAX], "h-1", later(MONDAY, 1))]);
    assert_eq!(all(&engine, kind::HOUSEHOLD), full, "it is not even written again");
    assert_eq!(households(&engine)[0].members.len(), MEMBERS_MAX);
    let last = wait(profiles::find(&engine, &Whom::Identity(said::identity(names[MEMBERS_MAX])))).unwrap();
    assert_eq!(last.unwrap().cluster().residence(), None);
    audit(&engine).unwrap();
}

/// What one request may cost has an end, and what it did not get to is there when it is sent again.
#[test]
fn everybody_in_and_out_in_one_request_is_contended_and_sent_again_it_is_done() {
    let names: Vec<String> = (0..2 * MEMBERS_MAX).map(|number| format!("person-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let engine = engine(SimStore::new(), tea(9, 3), &names);
    let (old, new) = names.split_at(MEMBERS_MAX);
    let moved_in = old.iter().map(|name| joins(name, "h-1", MONDAY)).collect();
    drop(wait(ingest(&engine, &IDS, moved_in)).unwrap());
    let out = old.iter().map(|name| leaves(name, later(MONDAY, 1)));
    let moves: Vec<Received> =
        out.chain(new.iter().map(|name| joins(name, "h-1", later(MONDAY, 1)))).collect();
    assert!(matches!(wait(ingest(&engine, &IDS, moves.clone())), Err(Error::Contended)));
    let answers = wait(ingest(&engine, &IDS, moves)).unwrap();
    let is_known = |answer: &Answer| matches!(answer, Answer::Accepted(_) | Answer::Duplicate(_));
    assert!(answers.iter().all(is_known), "{answers:?}");
    let live_there: BTreeSet<ProfileId> = households(&engine)[0].members.keys().copied().collect();
    assert_eq!(live_there, new.iter().map(|name| profile_of(&engine, name)).collect::<BTreeSet<_>>());
    audit(&engine).unwrap();
}

#[test]
fn an_erasure_of_two_profiles_that_were_both_listed_counts_each_once() {
    let engine = engine(SimStore::new(), tea(9, 9), &["anna"]);
    let device = wink_core::event::Identity::new("anonymous_id", "phone").unwrap();
    let of_device = |mut message: Received| {
        message.envelope.identities = vec![device.clone()];
        message
    };
    tells(&engine, said::allows_all("phone", MONDAY).into_iter().map(of_device));
    tells(&engine, [joins("anna", "h-1", MONDAY), of_device(joins("phone", "h-1", MONDAY))]);
    assert!(ask(&engine, 1, "anna"));
    let question =
        Question { identity: device.clone(), ..question(2, "anna", Channel::Web, later(MONDAY, 60)) };
    assert!(insist(|| wait(decide::ask(&engine, &question))).unwrap().offered().is_some());
    let (anna, phone) = (profile_of(&engine, "anna"), wait(erase::find(&engine, &device)).unwrap().unwrap());
    assert!(matches!(wait(link(&engine, anna, phone, "support", MONDAY)).unwrap(), Linked::Done(_)));
    assert_eq!(households(&engine)[0].members.len(), 2);
    wait(erase::erase(&engine, anna, later(MONDAY, 61))).unwrap();
    let [household] = &households(&engine)[..] else { panic!("one household") };
    assert!(household.members.is_empty());
    assert_eq!(household.gone.values().map(|had| had.given).collect::<Vec<_>>(), [2], "and not three");
    audit(&engine).unwrap();
}

#[test]
fn an_erasure_takes_the_person_out_and_leaves_the_number() {
    let engine = engine(SimStore::new(), tea(9, 2), &["anna", "ben"]);
    tells(&engine, [joins("anna", "h-1", MONDAY), joins("ben", "h-1", MONDAY)]);
    assert!(ask(&engine, 1, "anna"));
    let anna = profile_of(&engine, "anna");
    wait(erase::erase(&engine, anna, later(MONDAY, 61))).unwrap();
    let [household] = &households(&engine)[..] else { panic!("one household") };
    assert_eq!(household.members.keys().copied().collect::<Vec<_>>(), [profile_of(&engine, "ben")]);
    for (_, record) in all(&engine, kind::HOUSEHOLD) {
        assert!(!record.bytes.windows(16).any(|bytes| bytes == anna.bytes()), "nobody's pseudonym stays");
    }
    assert!(ask(&engine, 2, "ben"));
    assert_eq!(removed(&engine, 3, "ben"), "household_limit");
    wait(erase::erase(&engine, profile_of(&engine, "ben"), later(MONDAY, 62))).unwrap();
    assert!(households(&engine)[0].members.is_empty(), "the number stays, so that a new household is none");
    audit(&engine).unwrap();
}

fn version<S: Store>(engine: &Engine<S>, key: &RecordKey) -> Version {
    wait(engine.store.get(TENANT, std::slice::from_ref(key))).unwrap().remove(0).unwrap().version
}

/// How many coupons some people were given before a commit, and after it.
fn before_and_after<S: Store>(engine: &Engine<S>, people: &[ProfileId], at: Version) -> (usize, usize) {
    let theirs = |coupon: &wink_core::coupon::Coupon| coupon.profile.is_some_and(|id| people.contains(&id));
    let theirs = coupons(engine).into_iter().filter(theirs);
    let (before, after): (Vec<_>, Vec<_>) =
        theirs.map(|coupon| version(engine, &keys::coupon(coupon.id))).partition(|given| *given < at);
    (before.len(), after.len())
}

const PEOPLE: [&str; 4] = ["anna", "ben", "carl", "dora"];

/// Four live together, and all of them ask.
fn one_household<S: Store>(store: S) -> Result<(), String> {
    let engine = engine(store, tea(99, 5), &PEOPLE);
    tells(&engine, PEOPLE.map(|person| joins(person, "h-1", MONDAY)));
    at_once(|task| ask(&engine, task, PEOPLE[task % 4]));
    match coupons(&engine).len() {
        5 => audit(&engine),
        count => Err(format!("{count} coupons for a household that may have 5")),
    }
}

/// Ben moves in while both ask: from then on what each had before counts for both.
fn one_moves_in<S: Store>(store: S) -> Result<(), String> {
    const LIMIT: usize = 20;
    let engine = engine(store, tea(99, 20), &PEOPLE);
    tells(&engine, [joins("anna", "h-1", MONDAY)]);
    at_once(|task| match task {
        32 => tells(&engine, [joins("ben", "h-1", later(MONDAY, 1))]),
        _ => drop(ask(&engine, task, PEOPLE[task % 2])),
    });
    let people = [profile_of(&engine, "anna"), profile_of(&engine, "ben")];
    let (key, _) = all(&engine, kind::HOUSEHOLD).remove(0);
    let (before, after) =
        before_and_after(&engine, &people, version(&engine, &RecordKey::new(kind::HOUSEHOLD, key)));
    if LIMIT.saturating_sub(before) < after {
        return Err(format!("{before} coupons before they lived together and {after} after, of {LIMIT}"));
    }
    audit(&engine)
}

/// Ben moves out while both ask: what he had counts for Anna all the same.
fn one_moves_out<S: Store>(store: S) -> Result<(), String> {
    const LIMIT: usize = 20;
    let engine = engine(store, tea(99, 20), &PEOPLE);
    tells(&engine, ["anna", "ben"].map(|person| joins(person, "h-1", MONDAY)));
    at_once(|task| match task {
        16 => tells(&engine, [leaves("ben", later(MONDAY, 1))]),
        _ => drop(ask(&engine, task, PEOPLE[task % 2])),
    });
    let (anna, ben) = (profile_of(&engine, "anna"), profile_of(&engine, "ben"));
    let (key, _) = all(&engine, kind::HOUSEHOLD).remove(0);
    let left_at = version(&engine, &RecordKey::new(kind::HOUSEHOLD, key));
    let (before, _) = before_and_after(&engine, &[anna, ben], left_at);
    let (_, after) = before_and_after(&engine, &[anna], left_at);
    if LIMIT < before + after {
        return Err(format!("{before} coupons for both and {after} more for one of them, of {LIMIT}"));
    }
    audit(&engine)
}

/// Two profiles turn out to be one person while both ask: from then on there is one limit.
fn two_become_one<S: Store>(store: S) -> Result<(), String> {
    const LIMIT: usize = 20;
    // Of a device nobody has signed in on: two accounts would be two people.
    let engine =
        engine(store, Offer { per_person: 20, ..Offer::new("tea", "{ amount = \"1.00\" }") }, &["anna"]);
    let device = wink_core::event::Identity::new("anonymous_id", "phone").unwrap();
    let mut allows = said::allows_all("phone", MONDAY);
    allows.iter_mut().for_each(|message| message.envelope.identities = vec![device.clone()]);
    tells(&engine, allows);
    let people = [profile_of(&engine, "anna"), wait(erase::find(&engine, &device)).unwrap().unwrap()];
    at_once(|task| {
        if task == 32 {
            let linked = insist(|| wait(link(&engine, people[0], people[1], "support", MONDAY)));
            assert!(matches!(linked, Linked::Done(_)), "{linked:?}");
            return;
        }
        let mut question = question(task as u64, "anna", Channel::Web, later(MONDAY, 60));
        if task % 2 == 0 {
            question.identity = device.clone();
        }
        drop(insist(|| wait(decide::ask(&engine, &question))));
    });
    let linked_at = version(&engine, &keys::profile(people[0]));
    let (before, after) = before_and_after(&engine, &people, linked_at);
    if LIMIT.saturating_sub(before) < after {
        return Err(format!("{before} coupons before they were one person and {after} after, of {LIMIT}"));
    }
    audit(&engine)
}

fn simulated() -> SimStore {
    SimStore::open(Disk::default(), Faults { seed: 3, delays_max: 2, ..Faults::default() }, Mutant::None)
}

type Race<S> = fn(S) -> Result<(), String>;

fn holds(simulated_race: Race<SimStore>, embedded_race: Race<FjallStore>) {
    assert_eq!(simulated_race(simulated()), Ok(()));
    for _ in 0..4 {
        let directory = tempfile::tempdir().unwrap();
        let store = FjallStore::open(directory.path(), Options::default()).unwrap();
        assert_eq!(embedded_race(store), Ok(()));
    }
}

#[test]
fn sixty_four_questions_about_one_household_keep_its_limit() {
    holds(one_household, one_household);
}

#[test]
fn who_moves_in_or_out_meanwhile_gets_nobody_more() {
    holds(one_moves_in, one_moves_in);
    holds(one_moves_out, one_moves_out);
}

#[test]
fn two_who_turn_out_to_be_one_while_both_ask_have_one_limit() {
    holds(two_become_one, two_become_one);
}

#[test]
fn a_flow_that_believes_what_it_read_is_caught() {
    assert!(is_caught(|| one_household(checks_nothing())), "household");
    assert!(is_caught(|| one_moves_in(checks_nothing())), "moves in");
    assert!(is_caught(|| one_moves_out(checks_nothing())), "moves out");
    assert!(is_caught(|| two_become_one(checks_nothing())), "becomes one");
}

/// Whoever is erased while the others ask and move: nothing of them is left, and the household knows who is in it.
#[test]
fn an_erasure_among_moves_leaves_a_household_that_holds_together() {
    for _ in 0..8 {
        let engine = engine(simulated(), tea(99, 9), &PEOPLE);
        tells(&engine, PEOPLE.map(|person| joins(person, "h-1", MONDAY)));
        let ids = PEOPLE.map(|person| profile_of(&engine, person));
        at_once(|task| match task {
            20 => drop(insist(|| wait(erase::erase(&engine, ids[0], later(MONDAY, 61))))),
            30 => tells(&engine, [joins("ben", "h-2", later(MONDAY, 2))]),
            40 => tells(&engine, [leaves("carl", later(MONDAY, 2))]),
            _ => {
                let question = question(task as u64, PEOPLE[task % 4], Channel::Web, later(MONDAY, 60));
                drop(insist(|| wait(decide::ask(&engine, &question))));
            }
        });
        audit(&engine).unwrap();
        let profiles: BTreeSet<ProfileId> = all(&engine, kind::PROFILE)
            .iter()
            .map(|(_, record)| Profile::from_bytes(&record.bytes).unwrap().id)
            .collect();
        let members: BTreeSet<ProfileId> =
            households(&engine).iter().flat_map(|household| household.members.keys().copied()).collect();
        assert_eq!(members, BTreeSet::from([ids[1], ids[3]]));
        assert!(!profiles.contains(&ids[0]));
    }
}

#[test]
fn a_household_is_set_read_and_left_over_http() {
    let api = Api::of_a_shop();
    let find = |name: &str| {
        let asked = json!({ "identity": { "namespace": "customer", "value": name } });
        api.ask(&api.key(Role::Shop), "POST", "/v1/profiles/lookup", &asked).json()
    };
    let id = |name: &str| find(name)["id"].as_str().unwrap().to_owned();
    let (anna, berta) = (id("anna"), id("berta"));
    let key = api.key(Role::Support);
    let ask = |method: &str, profile: &str, body: &Json| {
        api.ask(&key, method, &format!("/v1/profiles/{profile}/household"), body)
    };
    assert_eq!(ask("GET", &anna, &Json::Null).status, 404);
    assert_eq!(ask("DELETE", &anna, &Json::Null).status, 404, "they live in none");
    let lives = ask("PUT", &anna, &json!({ "household_id": "Elm Street 4" }));
    assert_eq!(lives.status, 200, "{}", lives.json());
    let lives = ask("PUT", &berta, &json!({ "household_id": " Elm Street 4 " })).json();
    let mut members: Vec<&Json> =
        lives["members"].as_array().unwrap().iter().map(|member| &member["profile"]).collect();
    members.sort_by_key(|member| member.to_string());
    let mut expected = [anna.clone(), berta.clone()];
    expected.sort();
    assert_eq!(members, expected.iter().collect::<Vec<_>>(), "{lives}");
    assert_eq!(lives["members"][0]["source"], "the-support");
    assert_eq!(ask("GET", &anna, &Json::Null).json(), lives);
    assert_eq!(find("anna")["household"]["id"], lives["id"]);
    assert!(!lives.to_string().contains("Elm"), "the name may be an address");

    let exported =
        api.ask(&api.key(Role::Privacy), "GET", &format!("/v1/profiles/{anna}/export"), &Json::Null);
    let exported = exported.json();
    assert_eq!(exported["profile"]["household"]["id"], lives["id"]);
    assert!(exported["events"].to_string().contains("Household Joined"), "{exported}");
    assert!(!exported.to_string().contains(&berta), "whoever else lives there is not theirs to know");

    for (asked, pointer) in [
        (json!({ "household_id": "" }), "/household_id"),
        (json!({ "household_id": "x".repeat(129) }), "/household_id"),
    ] {
        let refused = ask("PUT", &anna, &asked);
        assert_eq!((refused.status.as_u16(), &refused.json()["pointer"]), (422, &json!(pointer)));
    }
    assert_eq!(ask("DELETE", &anna, &Json::Null).status, 204);
    assert_eq!(ask("GET", &anna, &Json::Null).status, 404);
    assert_eq!(ask("GET", &berta, &Json::Null).json()["members"].as_array().unwrap().len(), 1);

    // Twelve live there; for the thirteenth there is no room.
    let shop = api.key(Role::Shop);
    let member = |number: usize| {
        let identity = json!([{ "namespace": "customer", "value": format!("member-{number}") }]);
        let message = json!({ "message_id": format!("h-{number}"), "event": "Household Joined",
            "identities": identity, "properties": { "household_id": "Elm Street 4" } });
        api.ask(&shop, "POST", "/v1/events", &json!({ "events": [message] })).json()
    };
    for number in 1..MEMBERS_MAX {
        assert_eq!(member(number)["items"][0]["status"], "accepted");
    }
    let full = ask("PUT", &anna, &json!({ "household_id": "Elm Street 4" }));
    assert_eq!((full.status.as_u16(), full.code()), (409, "household_full".to_owned()));
}

/// The same idempotency key is the same word.
#[test]
fn a_word_is_counted_once() {
    let engine = engine(SimStore::new(), tea(9, 3), &["anna"]);
    use wink_core::event::HouseholdChange;
    use wink_server::flow::households::{Said, Settled, settle};
    let said = Said {
        profile: profile_of(&engine, "anna"),
        change: HouseholdChange::Joined { household_id: "h-1".to_owned() },
        source: "support".to_owned(),
        message_id: "m".to_owned(),
    };
    let first = wait(settle(&engine, &DrawnIds, &said, later(MONDAY, 1))).unwrap();
    assert!(matches!(first, Settled::Lives(Some(_))), "{first:?}");
    assert_eq!(wait(settle(&engine, &DrawnIds, &said, later(MONDAY, 2))).unwrap(), first);
    let left =
        Said { change: HouseholdChange::Left { household_id: None }, message_id: "n".to_owned(), ..said };
    assert_eq!(wait(settle(&engine, &DrawnIds, &left, later(MONDAY, 3))).unwrap(), Settled::Lives(None));
    assert_eq!(wait(settle(&engine, &DrawnIds, &left, later(MONDAY, 4))).unwrap(), Settled::Homeless);
    assert!(households(&engine).is_empty());
    audit(&engine).unwrap();
}
