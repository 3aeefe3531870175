//! One person, read and told about: what is known, page by page; consents set with their proof; what was really seen of an offer.

use serde_json::json;
use wink_core::base::{DecisionId, Timestamp};
use wink_core::decision::{Decision, Verdict};
use wink_core::event::{Body, ConsentChange, ConsentState, ExposureKind, Mechanism};
use wink_core::feature::Viewed;
use wink_core::offer::Channel;
use wink_core::profile::{Kept, Purpose};
use wink_record::Stored;
use wink_server::access::Role;
use wink_server::flow::consents::{self, Set, Setting};
use wink_server::flow::exposures::{self, Exposed, NotExposed, Noted};
use wink_server::flow::ingest::{Answer, ingest};
use wink_server::flow::page::Page;
use wink_server::flow::profiles::{self, Whom};
use wink_server::flow::whole::Whole;
use wink_server::flow::{decide, erase};
use wink_server::keys::entry;
use wink_server::{Engine, Error, report};
use wink_sim::{Disk, Faults, Mutant, Rate, SimStore};
use wink_store::{Lane, Position, Store};
use wink_store_fjall::{FjallStore, Options};

use super::api::Api;
use super::audit::audit;
use super::counter::{IDS, MONDAY, Offer, Shop, later, open, question, tell, wait};
use super::said;

/// A shop where anna has allowed everything and bought something, and bea has bought something.
fn shop_on<S: Store>(store: S, holdout_percent: u32) -> Engine<S> {
    let tea = Offer { per_person: 99, holdout_percent, ..Offer::new("tea", "{ amount = \"1.00\" }") };
    let engine = wait(open(store, &Shop::selling(vec![tea]), MONDAY)).unwrap();
    wait(ingest(&engine, &IDS, said::allows_all("anna", MONDAY))).unwrap();
    for person in ["anna", "bea"] {
        wait(tell(&engine, said::buys(&format!("{person}-1"), person, &[("TEA", 900)], MONDAY))).unwrap();
    }
    engine
}

fn known<S: Store>(engine: &Engine<S>, person: &str) -> Whole {
    wait(profiles::find(engine, &Whom::Identity(said::identity(person)))).unwrap().unwrap()
}

fn asked<S: Store>(engine: &Engine<S>, number: u64, person: &str, at: Timestamp) -> Decision {
    wait(decide::ask(engine, &question(number, person, Channel::Web, at))).unwrap().unwrap()
}

/// Checks on a simulated and on a real store.
macro_rules! on_both {
    ($check:ident, $holdout_percent:expr) => {
        $check(shop_on(SimStore::new(), $holdout_percent));
        let directory = tempfile::tempdir().unwrap();
        let store = FjallStore::open(directory.path(), Options::default()).unwrap();
        $check(shop_on(store, $holdout_percent));
    };
}

#[test]
fn a_person_is_found_by_profile_and_by_identity_and_nobody_else_is() {
    fn check<S: Store>(engine: Engine<S>) {
        let anna = known(&engine, "anna");
        let by_id = wait(profiles::find(&engine, &Whom::Profile(anna.asked().id))).unwrap();
        assert_eq!(by_id.as_ref(), Some(&anna));
        assert_ne!(anna.asked().id, known(&engine, "bea").asked().id);
        let nobody = Whom::Identity(said::identity("nobody"));
        assert_eq!(wait(profiles::find(&engine, &nobody)).unwrap(), None);
        wait(erase::erase(&engine, anna.asked().id, later(MONDAY, 1))).unwrap();
        assert_eq!(wait(profiles::find(&engine, &Whom::Profile(anna.asked().id))).unwrap(), None);
    }
    on_both!(check, 0);
}

#[test]
fn a_feature_is_read_only_of_whoever_granted_its_purpose() {
    fn check<S: Store>(engine: Engine<S>) {
        let orders = |person: &str| {
            let known = known(&engine, person);
            let features = wait(profiles::features(&engine, &known.cluster(), later(MONDAY, 1))).unwrap();
            features.find("orders_365d").unwrap().clone()
        };
        assert!(matches!(orders("anna"), Viewed::Number(reading) if reading.value == 1.0));
        assert_eq!(orders("bea"), Viewed::NotGranted(Purpose::Personalisation));
    }
    on_both!(check, 0);
}

#[test]
fn decisions_and_wallet_are_listed_newest_first_page_by_page_and_only_the_persons() {
    fn check<S: Store>(engine: Engine<S>) {
        let made: Vec<Decision> =
            (0..7).map(|number| asked(&engine, number, "anna", later(MONDAY, 1 + number as i64))).collect();
        let other = asked(&engine, 99, "bea", later(MONDAY, 3));
        let (anna, bea) = (known(&engine, "anna"), known(&engine, "bea"));
        let (anna, bea) = (&anna.cluster(), &bea.cluster());
        let newest_first: Vec<DecisionId> = made.iter().rev().map(|decision| decision.id).collect();
        let (mut decisions, mut given) = (Vec::new(), Vec::new());
        let mut page = Page { limit: 3, cursor: None };
        let mut pages = 0;
        loop {
            let found = wait(profiles::decisions(&engine, anna, &page)).unwrap();
            decisions.extend(found.items.into_iter().map(|decision| decision.id));
            pages += 1;
            let Some(cursor) = found.next_cursor else { break };
            page.cursor = Some(cursor);
        }
        assert_eq!((&decisions, pages), (&newest_first, 3));
        let first = wait(profiles::decisions(&engine, anna, &Page { limit: 3, cursor: None })).unwrap();
        let stolen = Page { limit: 3, cursor: first.next_cursor };
        for answer in [
            wait(profiles::decisions(&engine, bea, &stolen)).map(|_| ()),
            wait(profiles::wallet(&engine, anna, &stolen)).map(|_| ()),
            wait(profiles::decisions(&engine, anna, &Page { limit: 3, cursor: Some("AAAA".to_owned()) }))
                .map(|_| ()),
        ] {
            assert!(matches!(answer, Err(Error::Cursor)), "{answer:?}");
        }
        let mut page = Page { limit: 4, cursor: None };
        loop {
            let found = wait(profiles::wallet(&engine, anna, &page)).unwrap();
            assert!(found.items.iter().all(|holding| holding.coupon.is_some()));
            given.extend(found.items.into_iter().map(|holding| holding.held.decision));
            let Some(cursor) = found.next_cursor else { break };
            page.cursor = Some(cursor);
        }
        assert_eq!(given, newest_first);
        let of_bea = wait(profiles::decisions(&engine, bea, &Page::default())).unwrap();
        assert_eq!(of_bea.items, [other]);
    }
    on_both!(check, 0);
}

fn setting<S: Store>(engine: &Engine<S>, person: &str, purpose: &str, state: ConsentState) -> Setting {
    Setting {
        profile: known(engine, person).asked().id,
        changes: vec![ConsentChange {
            purpose: purpose.to_owned(),
            state,
            method: "account".to_owned(),
            mechanism: Mechanism::Account,
            surface: Some("preferences".to_owned()),
            text_version: Some("2026-02".to_owned()),
            text_hash: Some("9f86d081".to_owned()),
            recorded_by: Some("support 7".to_owned()),
        }],
        said_at: Some(later(MONDAY, 10)),
        source: "console".to_owned(),
        message_id: format!("set-{purpose}-{}", state.name()),
        expected: None,
    }
}

#[test]
fn a_withdrawal_counts_from_the_next_decision_on_and_its_proof_is_kept() {
    fn check<S: Store>(engine: Engine<S>) {
        assert!(matches!(asked(&engine, 1, "anna", later(MONDAY, 5)).verdict, Verdict::Offer(_)));
        let withdrawn = setting(&engine, "anna", "personalisation", ConsentState::Withdrawn);
        let Set::Done(anna) = wait(consents::set(&engine, &IDS, &withdrawn, later(MONDAY, 10))).unwrap()
        else {
            panic!("not set")
        };
        assert_eq!(asked(&engine, 2, "anna", later(MONDAY, 10)).verdict, Verdict::Nothing);
        let word = anna.asked().consents[&Purpose::Personalisation].counts().unwrap();
        assert_eq!((word.state, word.at), (ConsentState::Withdrawn, later(MONDAY, 10)));
        let proof = [&word.surface, &word.text_version, &word.text_hash, &word.recorded_by, &word.source];
        let expected = ["preferences", "2026-02", "9f86d081", "support 7", "console"];
        assert_eq!(proof.map(|text| text.as_deref().unwrap()), expected);
        // Told again it is the same word.
        let balance = wait(report::totals::balance(&engine)).unwrap();
        assert!(matches!(
            wait(consents::set(&engine, &IDS, &withdrawn, later(MONDAY, 11))).unwrap(),
            Set::Done(_)
        ));
        let again = wait(report::totals::balance(&engine)).unwrap();
        assert_eq!((again.accepted, again.duplicate), (balance.accepted, balance.duplicate + 1));
        assert_eq!(audit(&engine), Ok(()));
    }
    on_both!(check, 0);
}

#[test]
fn consents_are_set_all_or_none_and_only_on_what_was_read() {
    fn check<S: Store>(engine: Engine<S>) {
        let mut both = setting(&engine, "bea", "newsletter", ConsentState::Granted);
        let unknown = ConsentChange { purpose: "everything".to_owned(), ..both.changes[0].clone() };
        both.changes.push(unknown);
        let before = (known(&engine, "bea"), wait(report::totals::balance(&engine)).unwrap());
        let answer = wait(consents::set(&engine, &IDS, &both, later(MONDAY, 10))).unwrap();
        assert!(
            matches!(&answer, Set::Refused(rejection) if rejection.code() == "property_value"),
            "{answer:?}"
        );
        assert_eq!((known(&engine, "bea"), wait(report::totals::balance(&engine)).unwrap()), before);

        let mut granted = setting(&engine, "bea", "newsletter", ConsentState::Granted);
        granted.expected = Some(before.0.version());
        let Set::Done(after) = wait(consents::set(&engine, &IDS, &granted, later(MONDAY, 10))).unwrap()
        else {
            panic!("not set")
        };
        let again = wait(consents::set(&engine, &IDS, &granted, later(MONDAY, 11))).unwrap();
        assert_eq!(again, Set::Done(after.clone()), "repeated, though the version is another by now");
        let mut late = setting(&engine, "bea", "newsletter", ConsentState::Denied);
        late.expected = Some(before.0.version());
        let answer = wait(consents::set(&engine, &IDS, &late, later(MONDAY, 11))).unwrap();
        assert_eq!(answer, Set::Changed(after.version()));
        wait(erase::erase(&engine, after.asked().id, later(MONDAY, 12))).unwrap();
        assert_eq!(wait(consents::set(&engine, &IDS, &late, later(MONDAY, 13))).unwrap(), Set::Nobody);
        assert_eq!(audit(&engine), Ok(()));
    }
    on_both!(check, 0);
}

fn exposures_in_journal<S: Store>(engine: &Engine<S>) -> Vec<(ExposureKind, Timestamp)> {
    let mut found = Vec::new();
    for lane in Lane::all() {
        for kept in wait(engine.store.read_lane(lane, Position(0), usize::MAX)).unwrap() {
            let Some(body) = kept.body.filter(|_| kept.header.kind == entry::EVENT) else { continue };
            let kept = Kept::from_bytes(&body.payload).unwrap();
            if let Body::Exposed(exposure) = kept.body {
                found.push((exposure.kind, kept.occurred_at));
            }
        }
    }
    found
}

#[test]
fn an_exposure_is_noted_once_for_each_decision_and_kind() {
    fn check<S: Store>(engine: Engine<S>) {
        let decision = asked(&engine, 1, "anna", later(MONDAY, 5));
        let note = |kind, at| {
            let exposed = Exposed { decision: decision.id, kind, at: later(MONDAY, at) };
            wait(exposures::note(&engine, &IDS, &exposed, later(MONDAY, 30))).unwrap()
        };
        let Noted::Accepted(seen) = note(ExposureKind::Seen, 6) else { panic!("not accepted") };
        assert_eq!(note(ExposureKind::Seen, 6), Noted::Duplicate(seen));
        assert_eq!(note(ExposureKind::Seen, 8), Noted::Duplicate(seen), "the first time stands");
        assert!(matches!(note(ExposureKind::Clicked, 9), Noted::Accepted(_)));
        let expected = [(ExposureKind::Seen, later(MONDAY, 6)), (ExposureKind::Clicked, later(MONDAY, 9))];
        assert_eq!(exposures_in_journal(&engine), expected);
        let early = NotExposed::BeforeDecision(decision.now);
        assert_eq!(note(ExposureKind::Dismissed, 4), Noted::Refused(early));
        let ahead = note(ExposureKind::Dismissed, 60);
        assert!(
            matches!(&ahead, Noted::Refused(refused) if refused.code() == "occurred_in_future"),
            "{ahead:?}"
        );
        assert!(wait(report::totals::balance(&engine)).unwrap().is_exact());
        assert_eq!(audit(&engine), Ok(()));

        wait(erase::erase(&engine, decision.person.profile, later(MONDAY, 31))).unwrap();
        assert_eq!(note(ExposureKind::Dismissed, 10), Noted::NoDecision);
    }
    on_both!(check, 0);
}

#[test]
fn nothing_can_be_seen_of_an_offer_that_was_withheld_or_never_made() {
    fn check<S: Store>(engine: Engine<S>) {
        // Half of the people are held out, and bea has allowed nothing.
        let held_out = (0..40).find_map(|number| {
            let person = format!("person-{number}");
            wait(ingest(&engine, &IDS, said::allows_all(&person, MONDAY))).unwrap();
            let decision = asked(&engine, 10 + number, &person, later(MONDAY, 5));
            matches!(decision.verdict, Verdict::HeldOut(_)).then_some(decision.id)
        });
        let nothing = asked(&engine, 2, "bea", later(MONDAY, 5)).id;
        for (decision, code) in [(held_out.unwrap(), "held_out"), (nothing, "nothing_offered")] {
            let exposed = Exposed { decision, kind: ExposureKind::Seen, at: later(MONDAY, 6) };
            let noted = wait(exposures::note(&engine, &IDS, &exposed, later(MONDAY, 7))).unwrap();
            assert!(matches!(&noted, Noted::Refused(refused) if refused.code() == code), "{noted:?}");
        }
        let unknown = DecisionId::from_bytes([9; 16]);
        let exposed = Exposed { decision: unknown, kind: ExposureKind::Seen, at: later(MONDAY, 6) };
        assert_eq!(
            wait(exposures::note(&engine, &IDS, &exposed, later(MONDAY, 7))).unwrap(),
            Noted::NoDecision
        );
        assert_eq!(exposures_in_journal(&engine), []);
    }
    on_both!(check, 50);
}

#[test]
fn lost_answers_leave_consents_and_exposures_done_once() {
    for seed in 0..20 {
        let faults = Faults { seed, lost_answers: Rate(400), ..Faults::default() };
        let engine = shop_on(SimStore::open(Disk::default(), faults, Mutant::None), 0);
        let decision = asked(&engine, 1, "anna", later(MONDAY, 5)).id;
        let exposed = Exposed { decision, kind: ExposureKind::Seen, at: later(MONDAY, 6) };
        let noted = wait(exposures::note(&engine, &IDS, &exposed, later(MONDAY, 7))).unwrap();
        assert!(matches!(noted, Noted::Accepted(_)), "seed {seed}: {noted:?}");
        let granted = setting(&engine, "bea", "newsletter", ConsentState::Granted);
        let set = wait(consents::set(&engine, &IDS, &granted, later(MONDAY, 10))).unwrap();
        assert!(matches!(set, Set::Done(_)), "seed {seed}: {set:?}");
        let balance = wait(report::totals::balance(&engine)).unwrap();
        assert_eq!((balance.received, balance.accepted), (6, 6), "seed {seed}");
        assert_eq!(audit(&engine), Ok(()), "seed {seed}");
    }
}

/// Says something about the newsletter by one way or another.
fn says(number: u32, mechanism: &str, state: &str, at: Timestamp) -> wink_server::flow::ingest::Received {
    let mut word = said::consents(&format!("w-{number}"), "anna", "newsletter", state, at);
    let mechanism = wink_core::base::Value::Text(mechanism.to_owned());
    word.envelope.properties.insert("mechanism".to_owned(), mechanism);
    word
}

#[test]
fn a_no_in_the_account_outlives_a_yes_in_a_banner_and_asks_for_one_in_the_account() {
    fn check<S: Store>(engine: Engine<S>) {
        let may = |number, minute| {
            let asked = question(number, "anna", Channel::Newsletter, later(MONDAY, minute));
            matches!(wait(decide::ask(&engine, &asked)).unwrap().unwrap().verdict, Verdict::Offer(_))
        };
        let tell = |word| assert!(matches!(wait(tell(&engine, word)).unwrap(), Answer::Accepted(_)));
        assert!(may(1, 1));
        tell(says(1, "account", "withdrawn", later(MONDAY, 2)));
        tell(says(2, "tcf", "granted", later(MONDAY, 3)));
        tell(says(3, "gpc", "granted", later(MONDAY, 4)));
        assert!(!may(2, 5));
        tell(says(4, "account", "granted", later(MONDAY, 6)));
        assert!(may(3, 7));
        // The newer no wins, however weak it is.
        tell(says(5, "gpc", "denied", later(MONDAY, 8)));
        assert!(!may(4, 9));
        let anna = known(&engine, "anna");
        let words = &anna.asked().consents[&Purpose::Newsletter];
        assert_eq!(words.counts().unwrap().mechanism, Mechanism::GlobalPrivacyControl);
        assert_eq!(words.all().count(), 4);
        assert_eq!(audit(&engine), Ok(()));
    }
    on_both!(check, 0);
}

#[test]
fn a_key_that_everybody_sees_vouches_for_no_account() {
    let api = Api::of_a_shop();
    let (shop, ingest) = (api.key(Role::Shop), api.key(Role::Ingest));
    let word = |id: &str, mechanism: &str| {
        json!({
            "message_id": id, "event": "Consent Updated",
            "identities": [{ "namespace": "customer", "value": "anna" }],
            "properties": { "purpose": "newsletter", "state": "granted", "method": "checkbox", "mechanism": mechanism },
        })
    };
    let sent = |key: &str, id: &str, mechanism: &str| {
        let body = json!({ "events": [word(id, mechanism)] });
        api.ask(key, "POST", "/v1/events", &body).json()["items"][0]["status"].clone()
    };
    assert_eq!(sent(&ingest, "c-1", "account"), "refused");
    assert_eq!(sent(&ingest, "c-2", "signature"), "refused");
    assert_eq!(sent(&ingest, "c-3", "cmp"), "refused");
    assert_eq!(sent(&shop, "c-3", "cmp"), "accepted");
    assert_eq!(sent(&shop, "c-4", "account"), "accepted");
    assert_eq!(sent(&shop, "c-5", "shouted"), "dead");
    let moves = |key: &str, id: &str, event: &str| {
        let event = json!({
            "message_id": id, "event": event,
            "identities": [{ "namespace": "customer", "value": "anna" }],
            "properties": { "household_id": "h-1" },
        });
        api.ask(key, "POST", "/v1/events", &json!({ "events": [event] })).json()["items"][0]["status"].clone()
    };
    assert_eq!(moves(&ingest, "h-1", "Household Joined"), "refused");
    assert_eq!(moves(&ingest, "h-2", "Household Left"), "refused");
    assert_eq!(moves(&shop, "h-3", "Household Joined"), "accepted");
    // As a message of the Segment family it is kept to be looked at.
    let call = json!({
        "messageId": "c-6", "event": "Consent Updated", "userId": "anna",
        "properties": { "purpose": "newsletter", "state": "granted", "method": "checkbox", "mechanism": "account" },
    });
    let answer = api.ask(&ingest, "POST", "/v1/track", &call).json();
    assert_eq!(answer["rejected"].as_array().map(Vec::len), Some(1), "{answer}");
}

#[test]
fn a_key_that_everybody_sees_takes_back_no_no_of_an_account() {
    let api = Api::of_a_shop();
    let [shop, ingest, support] = [Role::Shop, Role::Ingest, Role::Support].map(|role| api.key(role));
    let says = |key: &str, id: &str, names: &[(&str, &str)], state: &str| {
        let word = json!({
            "message_id": id, "event": "Consent Updated", "identities": named(names),
            "properties": { "purpose": "personalisation", "state": state, "method": "banner" },
        });
        api.ask(key, "POST", "/v1/events", &json!({ "events": [word] })).json()["items"][0]["status"].clone()
    };
    let may = |(namespace, value): (&str, &str)| {
        let asked = json!({ "identity": { "namespace": namespace, "value": value } });
        let found = api.ask(&support, "POST", "/v1/profiles/lookup", &asked).json();
        let path = format!("/v1/profiles/{}", found["id"].as_str().unwrap());
        let known = api.ask(&support, "GET", &path, &json!(null)).json();
        let consents = known["consents"].as_array().unwrap();
        consents.iter().any(|word| word["purpose"] == "personalisation" && word["state"] == "granted")
    };
    let (anna, phone) = (("customer", "anna"), ("anonymous_id", "phone-7f3a"));
    assert_eq!(says(&shop, "s-1", &[anna], "granted"), "accepted");
    assert_eq!(says(&shop, "s-2", &[anna], "withdrawn"), "accepted");
    assert!(!may(anna));
    assert_eq!(says(&ingest, "p-1", &[anna], "granted"), "refused");
    // Of a word from a browser that names an account beside it counts what it says of the browser.
    assert_eq!(says(&ingest, "p-2", &[anna, phone], "granted"), "accepted");
    assert!(may(phone) && !may(anna));
    let mode = json!({
        "messageId": "p-3", "event": "Consent Mode Updated", "userId": "anna", "type": "track",
        "properties": { "ad_user_data": "granted", "ad_personalization": "granted" },
    });
    let answer = api.ask(&ingest, "POST", "/v1/track", &mode).json();
    assert_eq!(answer["rejected"].as_array().map(Vec::len), Some(1), "{answer}");
    assert!(!may(anna));
    // Nor does whoever mends such a message make it say more than its key could vouch for.
    let misspelt = json!({
        "messageId": "p-5", "event": "Consent updated", "userId": "anna", "type": "track",
        "properties": { "purpose": "personalisation", "state": "granted", "method": "banner" },
    });
    let answer = api.ask(&ingest, "POST", "/v1/track", &misspelt).json();
    assert_eq!(answer["rejected"].as_array().map(Vec::len), Some(1), "{answer}");
    let privacy = api.key(Role::Privacy);
    let letters = api.ask(&privacy, "GET", "/v1/dead-letters", &json!({})).json();
    let letter = letters["data"].as_array().unwrap().iter().find(|letter| letter["code"] == "event_unknown");
    let path = format!("/v1/dead-letters/{}/replay", letter.unwrap()["id"].as_str().unwrap());
    let replayed = api.ask(&privacy, "POST", &path, &json!({ "event": "Consent Updated" }));
    let said = replayed.json().to_string();
    assert!(said.contains("cannot say yes for an account"), "{said}");
    assert!(!may(anna));
    // A no takes nothing from anybody.
    let bea = ("customer", "bea");
    assert_eq!(says(&shop, "s-3", &[bea], "granted"), "accepted");
    assert!(may(bea));
    assert_eq!(says(&ingest, "p-4", &[bea], "withdrawn"), "accepted");
    assert!(!may(bea));
}

/// The identities a message names, as a page or a server sends them.
fn named(names: &[(&str, &str)]) -> serde_json::Value {
    let name = |(namespace, value): &(&str, &str)| json!({ "namespace": namespace, "value": value });
    names.iter().map(name).collect()
}

#[test]
fn a_key_that_everybody_sees_joins_no_browser_with_an_account() {
    let api = Api::of_a_shop();
    let [shop, ingest, client, support] =
        [Role::Shop, Role::Ingest, Role::Client, Role::Support].map(|role| api.key(role));
    let send = |key: &str, id: &str, names: &[(&str, &str)]| {
        let event = json!({ "message_id": id, "event": "Page", "identities": named(names) });
        let answer = api.ask(key, "POST", "/v1/events", &json!({ "events": [event] })).json();
        assert_eq!(answer["accepted"], 1, "{answer}");
    };
    let profile = |(namespace, value): (&str, &str)| {
        let asked = json!({ "identity": { "namespace": namespace, "value": value } });
        api.ask(&support, "POST", "/v1/profiles/lookup", &asked).json()["id"].clone()
    };
    let offered = |value: &str| {
        let identity = json!({ "namespace": "anonymous_id", "value": value });
        let asked = json!({ "identity": identity, "channel": "web", "dry_run": true });
        let answer = api.ask(&client, "POST", "/v1/decisions", &asked).json();
        answer["decision"]["verdict"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    let linked = |name| {
        let path = format!("/v1/profiles/{}", profile(name).as_str().unwrap());
        api.ask(&support, "GET", &path, &json!(null)).json()["links"].as_array().map_or(0, Vec::len)
    };
    let browser = |value| ("anonymous_id", value);
    // A stranger's browser, seen before and never seen, named first and last, together with an account, and with a name that can be guessed.
    send(&shop, "m-1", &[("customer", "anna"), ("email", "anna@example.org")]);
    send(&ingest, "m-2", &[browser("seen")]);
    for (number, value) in ["seen", "new"].into_iter().enumerate() {
        for (place, other) in [("customer", "anna"), ("email", "anna@example.org")].into_iter().enumerate() {
            send(&ingest, &format!("f-{number}-{place}"), &[browser(value), other]);
            send(&ingest, &format!("l-{number}-{place}"), &[other, browser(value)]);
        }
    }
    let call = json!({ "messageId": "s-1", "userId": "anna", "anonymousId": "segment" });
    for route in ["identify", "page", "alias"] {
        assert_eq!(api.ask(&ingest, "POST", &format!("/v1/{route}"), &call).status, 200, "{route}");
    }
    let anna = profile(("customer", "anna"));
    for value in ["seen", "new", "segment"] {
        assert_ne!(profile(browser(value)), anna, "{value}");
        assert_eq!(offered(value), "none", "{value}");
    }
    assert_eq!(linked(("customer", "anna")), 0);
    // Nor does a name that a page was the first to say lead to the browser that said it, once the shop says whose it is.
    send(&ingest, "m-3", &[browser("early"), ("email", "berta@example.org")]);
    send(&shop, "m-4", &[("customer", "berta"), ("email", "berta@example.org")]);
    assert_eq!(offered("early"), "none");
    // The shop's own server says who signed in, and the browser goes on from there with the key of the page.
    send(&shop, "m-5", &[("customer", "anna"), browser("seen")]);
    assert_eq!(offered("seen"), "offer");
    send(&ingest, "m-6", &[("customer", "anna"), browser("seen")]);
    send(&ingest, "m-7", &[browser("seen")]);
    assert_eq!(offered("seen"), "offer");
    assert!(0 < linked(("customer", "anna")));
    // What was drawn for one browser, or for one letter, joins: nobody else knows it.
    send(&shop, "m-8", &[("customer", "berta"), ("click_id", "c-71f3")]);
    send(&ingest, "m-9", &[browser("clicked"), ("click_id", "c-71f3")]);
    assert_eq!(offered("clicked"), "offer");
}

#[test]
fn a_word_that_is_not_set_says_why_and_a_reused_key_that_it_is() {
    let api = Api::of_a_shop();
    let (shop, support) = (api.key(Role::Shop), api.key(Role::Support));
    let asked = json!({ "identity": { "namespace": "customer", "value": "anna" } });
    let found = api.ask(&support, "POST", "/v1/profiles/lookup", &asked).json();
    let path = |what: &str| format!("/v1/profiles/{}/{what}", found["id"].as_str().unwrap());
    let put = |key: &str, once: &str, what: &str, body: &serde_json::Value| {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", once)];
        api.send("PUT", &path(what), &headers, &body.to_string())
    };
    let word = |state: &str| json!({ "consents": [{ "purpose": "newsletter", "state": state, "method": "account" }] });
    let mut ahead = word("granted");
    ahead["said_at"] = json!(later(MONDAY, 600).to_string());
    let future = put(&shop, "k-0", "consents", &ahead);
    assert_eq!((future.status.as_u16(), future.code()), (422, "occurred_in_future".to_owned()));
    assert!(!future.json()["detail"].as_str().unwrap().contains("kept"), "{future:?}");
    assert_eq!(put(&shop, "k-1", "consents", &word("granted")).status, 200);
    assert_eq!(put(&shop, "k-1", "consents", &word("granted")).status, 200);
    let moves = |name: &str| json!({ "household_id": name });
    assert_eq!(put(&support, "k-2", "household", &moves("h-1")).status, 200);
    for reused in
        [put(&shop, "k-1", "consents", &word("withdrawn")), put(&support, "k-2", "household", &moves("h-2"))]
    {
        assert_eq!((reused.status.as_u16(), reused.code().as_str()), (422, "idempotency_key_reused"));
    }
}
