//! The right to a coupon: accepted once and in time, or it lapses and gives back what it reserved.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use wink_core::base::{Cents, DecisionId, Timestamp};
use wink_core::coupon::{Given, NotAccepted, RightState};
use wink_core::decision::{Decision, Removed, Verdict};
use wink_core::offer::Channel;
use wink_core::profile::{Purpose, Retention};
use wink_server::access::Role;
use wink_server::flow::export::Export;
use wink_server::flow::page::Page;
use wink_server::flow::profiles::{self, Holding, Whom};
use wink_server::flow::{decide, erase, ingest::ingest, retain, rights};
use wink_server::{Engine, Error};
use wink_sim::SimStore;
use wink_store::Store;
use wink_store_fjall::{FjallStore, Options};

use super::api::{Answer, Api, question as asked_by_http};
use super::audit::{audit, coupons, owed, rights as all_rights};
use super::counter::{IDS, MONDAY, Offer, Shop, later, open, question, redeem, secrets, tell, wait, waiting};
use super::said;

/// A shop that has one coupon of 1.00 for each of two people, and money for one.
fn shop_on<S: Store>(store: S) -> Engine<S> {
    let tea =
        Offer { budget: "1.00".to_owned(), total: Some(1), ..Offer::new("tea", "{ amount = \"1.00\" }") };
    let engine = wait(open(store, &Shop::selling(vec![tea]), MONDAY)).unwrap();
    for person in ["anna", "bea"] {
        wait(ingest(&engine, &IDS, said::allows_all(person, MONDAY))).unwrap();
    }
    engine
}

fn promised<S: Store>(engine: &Engine<S>, number: u64, person: &str, now: Timestamp) -> Decision {
    wait(decide::ask(engine, &waiting(number, person, 1_800, now))).unwrap().unwrap()
}

fn accepted<S: Store>(engine: &Engine<S>, decision: &Decision, now: Timestamp) -> Result<Cents, NotAccepted> {
    wait(rights::accept(engine, decision.id, now)).unwrap().map(|coupon| coupon.benefit.maximum())
}

fn wallet_of<S: Store>(engine: &Engine<S>, person: &str) -> Vec<Holding> {
    let known = wait(profiles::find(engine, &Whom::Identity(said::identity(person)))).unwrap().unwrap();
    let page = Page { limit: 10, cursor: None };
    wait(profiles::wallet(engine, &known.cluster(), &page)).unwrap().items
}

fn removed(decision: &Decision) -> &'static str {
    decision.candidates[0].removed.as_ref().map_or("", Removed::code)
}

/// Checks on a simulated and on a real store, and that the sums hold afterwards.
macro_rules! on_both {
    ($check:ident) => {
        let simulated = shop_on(SimStore::new());
        $check(&simulated);
        assert_eq!(audit(&simulated), Ok(()));
        let directory = tempfile::tempdir().unwrap();
        let embedded = shop_on(FjallStore::open(directory.path(), Options::default()).unwrap());
        $check(&embedded);
        assert_eq!(audit(&embedded), Ok(()));
    };
}

#[test]
fn a_right_reserves_what_it_promises_and_is_no_coupon() {
    fn check<S: Store>(engine: &Engine<S>) {
        let decision = promised(engine, 1, "anna", MONDAY);
        assert_eq!(decision.accept_by(), Some(later(MONDAY, 30)));
        assert_eq!((coupons(engine).len(), owed(engine, "tea")), (0, Cents(100)));
        // Nobody else gets what is promised, and anna does not get it twice.
        assert_eq!(promised(engine, 2, "bea", MONDAY).verdict, Verdict::Nothing);
        assert_eq!(removed(&promised(engine, 3, "anna", MONDAY)), "profile_limit");
        assert_eq!(accepted(engine, &decision, later(MONDAY, 29)), Ok(Cents(100)));
        assert_eq!((coupons(engine).len(), owed(engine, "tea")), (1, Cents(100)));
        let coupon = coupons(engine).remove(0);
        // Its days begin when it is issued, and it is a coupon like any other.
        let days = later(MONDAY, 29).plus_days(28);
        assert_eq!((coupon.issued_at, coupon.valid_until), (later(MONDAY, 29), days));
        let used = wait(redeem(engine, coupon.id, "o", Cents(900), later(MONDAY, 40))).unwrap();
        assert!(used.is_ok(), "{used:?}");
    }
    on_both!(check);
}

#[test]
fn a_right_that_lapses_gives_everything_back_and_does_not_begin_anew() {
    fn check<S: Store>(engine: &Engine<S>) {
        let decision = promised(engine, 1, "anna", MONDAY);
        assert_eq!(wait(rights::lapse_due(engine, later(MONDAY, 29))).unwrap(), 0);
        // Its time is over whether or not anybody has seen to it.
        let over = Err(NotAccepted::Lapsed { until: later(MONDAY, 30) });
        assert_eq!(accepted(engine, &decision, later(MONDAY, 30)), over);
        assert_eq!(wait(rights::lapse_due(engine, later(MONDAY, 30))).unwrap(), 1);
        assert_eq!(wait(rights::lapse_due(engine, later(MONDAY, 90))).unwrap(), 0);
        assert_eq!(accepted(engine, &decision, later(MONDAY, 1)), over, "whatever the clock says");
        assert_eq!((coupons(engine).len(), owed(engine, "tea")), (0, Cents(0)));
        assert_eq!(wallet_of(engine, "anna")[0].held.given, Given::Lapsed);
        // The date was meant: for a fortnight it does not begin anew for her, to the minute.
        let fortnight = later(MONDAY, 30).plus_days(14);
        for (number, at) in [(2, later(MONDAY, 31)), (3, later(fortnight, -1))] {
            assert_eq!(removed(&promised(engine, number, "anna", at)), "deadline_passed");
        }
        // Money, total and the person's own limit are free again.
        let again = promised(engine, 4, "anna", fortnight);
        assert_eq!(accepted(engine, &again, later(fortnight, 1)), Ok(Cents(100)));
    }
    on_both!(check);
}

#[test]
fn whoever_withdraws_gets_nothing_until_they_grant_again() {
    fn check<S: Store>(engine: &Engine<S>) {
        let decision = promised(engine, 1, "anna", MONDAY);
        let word = |state, minute| {
            let id = format!("{state}-{minute}");
            said::consents(&id, "anna", "personalisation", state, later(MONDAY, minute))
        };
        wait(tell(engine, word("withdrawn", 1))).unwrap();
        let no = Err(NotAccepted::NoConsent(Purpose::Personalisation));
        assert_eq!(accepted(engine, &decision, later(MONDAY, 2)), no);
        wait(tell(engine, word("granted", 3))).unwrap();
        assert_eq!(accepted(engine, &decision, later(MONDAY, 4)), Ok(Cents(100)));
    }
    on_both!(check);
}

#[test]
fn an_erasure_takes_rights_back_and_people_out_of_them() {
    fn check<S: Store>(engine: &Engine<S>) {
        let decision = promised(engine, 1, "anna", MONDAY);
        wait(erase::erase(engine, decision.person.profile, later(MONDAY, 1))).unwrap();
        assert_eq!(accepted(engine, &decision, later(MONDAY, 2)), Err(NotAccepted::Revoked));
        assert_eq!(wait(rights::lapse_due(engine, later(MONDAY, 60))).unwrap(), 0);
        let other = promised(engine, 2, "bea", later(MONDAY, 3));
        assert_eq!(accepted(engine, &other, later(MONDAY, 4)), Ok(Cents(100)));
        wait(erase::erase(engine, other.person.profile, later(MONDAY, 5))).unwrap();
        assert_eq!(accepted(engine, &other, later(MONDAY, 6)), Err(NotAccepted::Revoked));
        assert!(all_rights(engine).iter().all(|right| right.profile.is_none()));
        assert_eq!(owed(engine, "tea"), Cents(0));
    }
    on_both!(check);
}

#[test]
fn nothing_is_accepted_where_nothing_waits() {
    let engine = shop_on(SimStore::new());
    let unknown = DecisionId::from_bytes([9; 16]);
    assert!(matches!(wait(rights::accept(&engine, unknown, MONDAY)), Err(Error::NotFound { .. })));
    let now = wait(decide::ask(&engine, &question(1, "anna", Channel::Web, MONDAY))).unwrap().unwrap();
    assert!(matches!(now.verdict, Verdict::Offer(_)));
    let none = promised(&engine, 2, "bea", MONDAY);
    for decision in [now, none] {
        assert_eq!(accepted(&engine, &decision, MONDAY), Err(NotAccepted::NoRight));
    }
    let tried = wait(decide::try_out(&engine, &waiting(3, "bea", 60, MONDAY))).unwrap().unwrap();
    assert!(matches!(wait(rights::accept(&engine, tried.id, MONDAY)), Err(Error::NotFound { .. })));
    assert_eq!(all_rights(&engine), []);
}

#[test]
fn a_right_sent_by_newsletter_is_a_contact_and_accepting_it_is_none() {
    let tea = Offer { per_person: 9, ..Offer::new("tea", "{ amount = \"1.00\" }") };
    let shop = Shop { caps: vec![(1, 7)], ..Shop::selling(vec![tea]) };
    let engine = wait(open(SimStore::new(), &shop, MONDAY)).unwrap();
    wait(ingest(&engine, &IDS, said::allows_all("anna", MONDAY))).unwrap();
    let by_newsletter = |number, day: i64| {
        let mut question = waiting(number, "anna", 604_800, MONDAY.plus_days(day));
        question.ask.channel = Channel::Newsletter;
        wait(decide::ask(&engine, &question)).unwrap().unwrap()
    };
    let first = by_newsletter(1, 0);
    assert_eq!(removed(&by_newsletter(2, 3)), "contact_cap");
    assert_eq!(accepted(&engine, &first, MONDAY.plus_days(6)), Ok(Cents(100)));
    assert!(matches!(by_newsletter(3, 8).verdict, Verdict::Offer(_)));
    assert_eq!(audit(&engine), Ok(()));
}

#[test]
fn wallet_decision_and_export_say_what_became_of_it() {
    let engine = shop_on(SimStore::new());
    let decision = promised(&engine, 1, "anna", MONDAY);
    let export = || {
        let mut export = Export::new(decision.person.profile, later(MONDAY, 9));
        let mut text = String::new();
        while let Some(piece) = wait(export.next(&engine)).unwrap() {
            text.push_str(&piece);
        }
        serde_json::from_str::<Json>(&text).unwrap()
    };
    let told = |document: &Json, part: &str| document[part][0]["right"]["state"].clone();
    let open = export();
    assert_eq!([told(&open, "wallet"), told(&open, "decisions")], ["open", "open"]);
    assert!(open["events"].as_array().unwrap().iter().any(|event| event["event"] == "Right Given"));
    accepted(&engine, &decision, later(MONDAY, 1)).unwrap();
    let taken = export();
    assert_eq!([told(&taken, "wallet"), told(&taken, "decisions")], ["accepted", "accepted"]);
    let coupon = coupons(&engine)[0].id.to_string();
    assert_eq!(taken["wallet"][0]["coupon"]["id"], coupon);
    assert_eq!(taken["decisions"][0]["coupon"], coupon);
}

#[test]
fn a_right_is_kept_as_long_as_decisions_are() {
    let engine = shop_on(SimStore::new());
    let decision = promised(&engine, 1, "anna", MONDAY);
    wait(rights::lapse_due(&engine, later(MONDAY, 30))).unwrap();
    let sweep = |days| wait(retain::sweep(&engine, &Retention::default(), MONDAY.plus_days(days))).unwrap();
    sweep(180);
    assert!(matches!(all_rights(&engine)[..], [ref right] if right.decision == decision.id));
    sweep(182);
    assert_eq!(all_rights(&engine), []);
    assert_eq!(audit(&engine), Ok(()));
}

/// Asks over HTTP for an offer that waits, and answers the path that accepts it.
fn waits<S: Store>(api: &Api<S>, key: &str, person: &str) -> (Answer, String) {
    let mut asked = asked_by_http(person);
    asked["issue"] = json!("on_accept");
    asked["accept_within_seconds"] = json!(120);
    let answer = api.ask(key, "POST", "/v1/decisions", &asked);
    let id = answer.json()["decision"]["id"].as_str().unwrap_or_default().to_owned();
    (answer, format!("/v1/decisions/{id}/accept"))
}

#[test]
fn over_http_a_right_is_promised_accepted_and_told_the_same_again() {
    let api = Api::of_a_shop();
    let (shop, support) = (api.key(Role::Shop), api.key(Role::Support));
    let (promise, accept) = waits(&api, &shop, "anna");
    let decision = &promise.json()["decision"];
    assert_eq!((decision["verdict"].as_str(), &decision["coupon"]), (Some("offer"), &Json::Null));
    assert_eq!(decision["accept_by"], later(MONDAY, 62).to_string());
    let read = accept.trim_end_matches("/accept");
    assert_eq!(api.ask(&support, "GET", read, &Json::Null).json()["right"]["state"], "open");
    let first = api.ask(&shop, "POST", &accept, &Json::Null);
    assert_eq!((first.status.as_u16(), &first.json()["maximum_cents"]), (200, &json!(100)), "{first:?}");
    api.pass_minutes(90);
    assert_eq!(api.ask(&shop, "POST", &accept, &Json::Null).body, first.body);
    let record = api.ask(&support, "GET", read, &Json::Null).json();
    assert_eq!((&record["right"]["state"], &record["coupon"]), (&json!("accepted"), &first.json()["coupon"]));
    let (_, late) = waits(&api, &shop, "berta");
    api.pass_minutes(2);
    let over = api.ask(&shop, "POST", &late, &Json::Null);
    assert_eq!((over.status.as_u16(), over.code().as_str()), (410, "right_lapsed"));
    for (path, status, code) in [
        ("/v1/decisions/dec_00000000-0000-0000-0000-000000000000/accept", 404, "not_found"),
        ("/v1/decisions/nonsense/accept", 404, "not_found"),
    ] {
        let answer = api.ask(&shop, "POST", path, &Json::Null);
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{path}");
    }
}

#[test]
fn a_wait_out_of_bounds_is_refused_and_a_dry_run_promises_nothing() {
    let api = Api::of_a_shop();
    let shop = api.key(Role::Shop);
    let with = |fields: Json| {
        let mut asked = asked_by_http("anna");
        asked.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        api.ask(&shop, "POST", "/v1/decisions", &asked)
    };
    for fields in [
        json!({ "issue": "on_accept", "accept_within_seconds": 59 }),
        json!({ "issue": "on_accept", "accept_within_seconds": 604_801 }),
        json!({ "accept_within_seconds": 60 }),
    ] {
        let answer = with(fields.clone());
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "value_invalid"), "{fields}");
    }
    assert_eq!(with(json!({ "issue": "later" })).code(), "json_unexpected");
    let tried = with(json!({ "issue": "on_accept", "dry_run": true })).json();
    assert_eq!(
        (&tried["decision"]["verdict"], &tried["decision"]["accept_by"]),
        (&json!("offer"), &Json::Null)
    );
}

/// Sixteen pages accept at once; what they are told.
fn at_once(api: &Api<SimStore>) -> BTreeSet<Vec<u8>> {
    let shop = api.key(Role::Shop);
    let (_, accept) = waits(api, &shop, "anna");
    let bearer = format!("Bearer {shop}");
    let answers = api.at_once(16, &accept, &[("authorization", bearer.as_str())], "");
    answers.into_iter().map(|answer| answer.body).collect()
}

#[test]
fn sixteen_acceptances_at_once_are_one() {
    for _ in 0..20 {
        let api = Api::of_a_shop();
        assert_eq!(at_once(&api).len(), 1);
        let engine = wait(Engine::open(api.store.clone(), secrets(), MONDAY)).unwrap();
        assert_eq!(coupons(&engine).len(), 1);
        assert!(matches!(all_rights(&engine)[0].state, RightState::Accepted { .. }));
        assert_eq!(audit(&engine), Ok(()));
    }
}
