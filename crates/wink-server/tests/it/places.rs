//! Where people are, as coarse as the shop wants it: only with their own consent, in the hours the shop says, and never as coordinates.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use wink_core::base::{Timestamp, Value};
use wink_core::feature::Wanted;
use wink_server::Engine;
use wink_server::access::Role;
use wink_server::flow::ingest::{Answer, Received, ingest};
use wink_server::flow::letters;
use wink_server::flow::moments::see_to;
use wink_server::flow::page::Page;
use wink_server::flow::profiles::{Whom, find, viewed};
use wink_sim::SimStore;
use wink_store::{Lane, Position, Store};

use super::api::{Api, question};
use super::counter::{IDS, MINUTE_MS, MONDAY, Offer, Shop, open, tell, wait};
use super::said;

const PLACES: &str = r#"
[places]
resolution = 5
hours = [{ from = 9, until = 20 }]
stores = [{ id = "city", latitude = 48.1374, longitude = 11.5755, radius_m = 300 }]
regions = [{ id = "munich", latitude = 48.14, longitude = 11.58, radius_km = 25 }]
weather_minutes = 60
"#;

const TRIGGERS: &str = r#"
[[triggers]]
id = "near-the-store"
on = ["Place Reported"]
crosses = 'feature.near_store["city"] > 0.0'
pause_minutes = 1
channel = "web"
placement = "near"
"#;

/// In the store, and in a village twenty kilometres away.
const STORE: (f64, f64) = (48.1380, 11.5760);
const VILLAGE: (f64, f64) = (48.3081, 11.4642);

/// A minute of Monday after ten o'clock, when places are heard of.
fn at(minute: i64) -> Timestamp {
    Timestamp(MONDAY.0 + (600 + minute) * MINUTE_MS)
}

fn shop() -> Shop {
    let mut offer = Offer::new("umbrella", "{ amount = \"1.00\" }");
    offer.per_person = 99;
    offer.rules.push(("applicability".to_owned(), "feature.rain_percent >= 50.0".to_owned()));
    Shop { more: PLACES.to_owned(), triggers: TRIGGERS.to_owned(), ..Shop::selling(vec![offer]) }
}

fn is_at(id: &str, (latitude, longitude): (f64, f64), at: Timestamp) -> Received {
    let properties = vec![("latitude", Value::Float(latitude)), ("longitude", Value::Float(longitude))];
    said::message(id, "anna", "Place Reported", properties, at)
}

fn allows_place(at: Timestamp) -> Received {
    said::consents("place-yes", "anna", "location", "granted", at)
}

/// What a feature of shares says of anna: the one name it has.
fn named<S: Store>(engine: &Engine<S>, feature: &str, now: Timestamp) -> Option<String> {
    let features = engine.features();
    let slot = features.slot(feature).unwrap();
    let anna = wait(find(engine, &Whom::Identity(said::identity("anna")))).unwrap().unwrap();
    let wanted = Wanted::shown(&features, [slot]);
    let view = wait(viewed(engine, &anna.cluster(), &features, &wanted, now)).unwrap();
    Some(view.shares(slot)?.keys().next()?.clone())
}

#[test]
fn a_place_is_kept_in_its_hours_from_whoever_has_granted_it() {
    let engine = wait(open(SimStore::new(), &shop(), MONDAY)).unwrap();
    let region = |now| named(&engine, "place_region", now);
    wait(tell(&engine, is_at("p-1", STORE, at(0)))).unwrap();
    wait(tell(&engine, allows_place(at(1)))).unwrap();
    assert_eq!(region(at(1)), None, "nothing was granted when it was told");
    wait(tell(&engine, is_at("p-2", STORE, at(660)))).unwrap();
    assert_eq!(region(at(661)), None, "nine in the evening");
    let next = |minute| at(minute).plus_days(1);
    wait(tell(&engine, is_at("p-3", STORE, next(2)))).unwrap();
    assert_eq!(region(next(3)).as_deref(), Some("munich"));
    assert_eq!(named(&engine, "near_store", next(3)).as_deref(), Some("city"));
    assert_eq!(named(&engine, "place_cell", next(3)).as_deref(), Some("851f8d47fffffff"));
    wait(tell(&engine, is_at("p-4", VILLAGE, next(10)))).unwrap();
    assert_eq!(named(&engine, "near_store", next(11)).as_deref(), Some("elsewhere"));
    wait(tell(&engine, said::consents("no", "anna", "location", "withdrawn", next(12)))).unwrap();
    assert_eq!(region(next(13)), None, "withdrawn");
}

#[test]
fn a_yes_to_places_counts_for_thirty_days() {
    let engine = wait(open(SimStore::new(), &shop(), MONDAY)).unwrap();
    wait(tell(&engine, allows_place(at(0)))).unwrap();
    let day = |days: i64, minute: i64| at(minute).plus_days(days);
    wait(tell(&engine, is_at("p-1", STORE, day(29, 0)))).unwrap();
    assert_eq!(named(&engine, "place_region", day(29, 1)).as_deref(), Some("munich"));
    wait(tell(&engine, is_at("p-2", STORE, day(30, 1)))).unwrap();
    assert_eq!(named(&engine, "place_region", day(30, 2)), None);
}

#[test]
fn a_region_the_client_knows_needs_no_coordinates_and_must_be_one_of_the_shops() {
    let engine = wait(open(SimStore::new(), &shop(), MONDAY)).unwrap();
    wait(tell(&engine, allows_place(at(0)))).unwrap();
    let says = |id: &str, name: &str, value: &str, minute| {
        let properties = vec![(name, Value::Text(value.to_owned()))];
        said::message(id, "anna", "Place Reported", properties, at(minute))
    };
    wait(tell(&engine, says("r-1", "region", "atlantis", 1))).unwrap();
    wait(tell(&engine, says("r-2", "place_region", "munich", 2))).unwrap();
    assert_eq!(named(&engine, "place_region", at(3)), None);
    wait(tell(&engine, says("r-3", "region", "munich", 4))).unwrap();
    assert_eq!(named(&engine, "place_region", at(5)).as_deref(), Some("munich"));
    assert_eq!(named(&engine, "near_store", at(5)), None, "not even that none is near");
}

#[test]
fn a_region_told_alone_ends_the_cell_and_nobody_comes_near_a_store_twice_by_it() {
    let engine = wait(open(SimStore::new(), &shop(), MONDAY)).unwrap();
    wait(tell(&engine, allows_place(at(0)))).unwrap();
    let munich = vec![("region", Value::Text("munich".to_owned()))];
    let region = said::message("r-2", "anna", "Place Reported", munich, at(2));
    let moments: Vec<usize> = [is_at("p-1", STORE, at(1)), region, is_at("p-3", STORE, at(3))]
        .into_iter()
        .map(|message| {
            let (id, now) = (message.envelope.message_id.clone(), message.at);
            wait(tell(&engine, message)).unwrap();
            let cell = named(&engine, "place_cell", now);
            assert_eq!(cell.is_some(), id.starts_with('p'), "{id}: {cell:?}");
            assert_eq!(named(&engine, "near_store", now).as_deref(), Some("city"), "{id}");
            wait(see_to(&engine, now)).unwrap()
        })
        .collect();
    assert_eq!(moments, [1, 0, 0]);
}

#[test]
fn coming_near_a_store_is_a_moment_and_staying_there_is_none() {
    let engine = wait(open(SimStore::new(), &shop(), MONDAY)).unwrap();
    wait(tell(&engine, allows_place(at(0)))).unwrap();
    let moments: Vec<usize> = [VILLAGE, STORE, STORE, VILLAGE, STORE]
        .into_iter()
        .zip(1..)
        .map(|(spot, minute)| {
            wait(tell(&engine, is_at(&format!("p-{minute}"), spot, at(minute)))).unwrap();
            wait(see_to(&engine, at(minute))).unwrap()
        })
        .collect();
    assert_eq!(moments, [0, 1, 0, 0, 1]);
}

#[test]
fn coordinates_are_stored_nowhere() {
    let engine = wait(open(SimStore::new(), &shop(), MONDAY)).unwrap();
    wait(tell(&engine, allows_place(at(0)))).unwrap();
    let stands = |id: &str, event: &str| {
        let mut message = is_at(id, (48.987_654, 11.987_654), at(1));
        event.clone_into(&mut message.envelope.event);
        message
    };
    let messages =
        vec![stands("p-1", "Place Reported"), stands("p-2", "Product Viewed"), stands("p-3", "Teleported")];
    let answers = wait(ingest(&engine, &IDS, messages)).unwrap();
    assert!(
        matches!(answers.as_slice(), [Answer::Accepted(_), Answer::Accepted(_), Answer::Dead(_)]),
        "{answers:?}"
    );
    let journal: Vec<u8> = Lane::all()
        .flat_map(|lane| wait(engine.store.read_lane(lane, Position(0), 1_000)).unwrap())
        .flat_map(|entry| entry.body.map(|body| body.payload).unwrap_or_default())
        .collect();
    let text = String::from_utf8_lossy(&journal);
    assert!(text.contains("munich") || text.contains("elsewhere"), "the place is there: {text}");
    let numbers = [48.987_654_f64, 11.987_654].map(f64::to_le_bytes);
    assert!(!numbers.iter().any(|number| journal.windows(8).any(|bytes| bytes == number)), "{text}");
    let letters = wait(letters::list(&engine, &letters::Filter::default(), &Page::default())).unwrap();
    let letter = wait(letters::open(&engine, letters.items[0].id)).unwrap().letter;
    assert_eq!(letter.original, Vec::<u8>::new());
    assert!(!format!("{letter:?}").contains("987654"), "{letter:?}");
}

fn report(of: &Json, event: &str, minute: i64, properties: &Json) -> Json {
    let mut report = json!({ "event": event, "at": at(minute).to_string(), "properties": properties });
    report.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
    report
}

/// A shop over HTTP whose clock stands at ten, with anna in the store.
pub(crate) fn api_with_anna_in_the_store() -> Api<SimStore> {
    let store = Arc::new(SimStore::new());
    let engine = wait(open(store.clone(), &shop(), MONDAY)).unwrap();
    wait(ingest(&engine, &IDS, said::allows_all("anna", MONDAY))).unwrap();
    wait(tell(&engine, allows_place(at(-5)))).unwrap();
    wait(tell(&engine, is_at("p-1", STORE, at(-1)))).unwrap();
    drop(engine);
    let api = Api::over(store);
    api.pass_minutes(540);
    api
}

#[test]
fn it_rains_for_whoever_is_there_until_that_is_old() {
    let api = api_with_anna_in_the_store();
    let key = api.key(Role::Shop);
    let verdict = |person: &str| {
        api.ask(&key, "POST", "/v1/decisions", &question(person)).json()["decision"]["verdict"].clone()
    };
    let told = |reports: Vec<Json>| api.ask(&key, "POST", "/v1/context", &json!({ "reports": reports }));
    assert_eq!(verdict("anna"), "none", "nobody knows whether it rains");
    let munich = json!({ "region": "munich" });
    let rain = |percent: i64, minute| {
        report(&munich, "Weather Reported", minute, &json!({ "rain_percent": percent }))
    };
    assert_eq!(told(vec![rain(80, 0)]).json(), json!({ "accepted": 1 }));
    assert_eq!(verdict("anna"), "offer");
    assert_eq!(told(vec![rain(10, -30), rain(80, 0)]).json(), json!({ "accepted": 2 }));
    assert_eq!(verdict("anna"), "offer", "what is older changes nothing");
    api.pass_minutes(59);
    assert_eq!(verdict("anna"), "offer");
    api.pass_minutes(2);
    assert_eq!(verdict("anna"), "none", "that was an hour ago");
    let near = report(&json!({ "store": "city" }), "Weather Reported", 60, &json!({ "rain_percent": 60 }));
    assert_eq!(told(vec![near]).json(), json!({ "accepted": 1 }));
    assert_eq!(verdict("anna"), "offer", "it rains at the store she is near");
}

#[test]
fn what_cannot_be_told_of_a_place_is_refused_with_the_reason() {
    let api = api_with_anna_in_the_store();
    let (shop, tag) = (api.key(Role::Shop), api.key(Role::Ingest));
    let munich = json!({ "region": "munich" });
    let good = report(&munich, "Weather Reported", 0, &json!({ "rain_percent": 80 }));
    for (wrong, message) in [
        (report(&json!({ "region": "atlantis" }), "Weather Reported", 0, &json!({})), "no such place"),
        (
            report(&json!({ "region": "munich", "store": "city" }), "Weather Reported", 0, &json!({})),
            "either",
        ),
        (report(&munich, "Product Viewed", 0, &json!({})), "tells nothing of a place"),
        (report(&munich, "Weather Reported", 0, &json!({ "mood": 1 })), "no property `mood`"),
        (report(&munich, "Weather Reported", 0, &json!({ "rain_percent": "much" })), "whole number"),
        (report(&munich, "Weather Reported", 30, &json!({ "rain_percent": 1 })), "has not come"),
    ] {
        let answer = api.ask(&shop, "POST", "/v1/context", &json!({ "reports": [good.clone(), wrong] }));
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 422, "{text}");
        assert!(text.contains(message) && text.contains("/reports/1"), "{message}: {text}");
    }
    let answer = api.ask(&tag, "POST", "/v1/context", &json!({ "reports": [good] }));
    assert_eq!(answer.status, 403, "a key that can be read out of a page tells no weather");
    let about_anna = json!({ "events": [{
        "message_id": "w-1",
        "event": "Weather Reported",
        "identities": [{ "namespace": "customer", "value": "anna" }],
        "properties": { "rain_percent": 100 },
    }] });
    let answer = api.ask(&shop, "POST", "/v1/events", &about_anna);
    assert_eq!(answer.json()["items"][0]["code"], "event_unknown", "nobody has a weather of their own");
}
