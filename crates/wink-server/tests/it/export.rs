//! An export holds every canary of its person and none of anybody else's, as one JSON document.

use std::collections::BTreeMap;
use std::io::Cursor;

use serde_json::{Value as Json, json};
use wink_core::base::Timestamp;
use wink_core::event::ExposureKind;
use wink_server::access::Role;
use wink_server::flow::export::Export;
use wink_server::flow::exposures::{self, Exposed};
use wink_server::flow::profiles::{self, Whom};
use wink_server::flow::tables;
use wink_server::flow::{erase, ingest::ingest};
use wink_server::{Engine, Error};
use wink_sim::SimStore;
use wink_store::Store;
use wink_store_fjall::{FjallStore, Options};

use super::api::Api;
use super::audit::decisions;
use super::canary::{Field, Person};
use super::counter::{IDS, MONDAY, Offer, Shop, later, open, wait};
use super::said;

fn shop_on<S: Store>(store: S) -> Engine<S> {
    let offer = Offer { per_person: 9, valid_days: 3, ..Offer::new("tea", "{ amount = \"1.00\" }") };
    wait(open(store, &Shop { reissue_days: Some(0), ..Shop::selling(vec![offer]) }, MONDAY)).unwrap()
}

fn now() -> Timestamp {
    later(MONDAY, 1_440 * 6)
}

fn export_of<S: Store>(engine: &Engine<S>, person: &Person) -> String {
    let identity = said::identity(person.canary(Field::Identity));
    let known = wait(profiles::find(engine, &Whom::Identity(identity))).unwrap().unwrap();
    let mut export = Export::new(known.asked().id, now());
    let mut text = String::new();
    while let Some(piece) = wait(export.next(engine)).unwrap() {
        text.push_str(&piece);
    }
    text
}

/// The archive of a person, read: the rows of each of its files, the names of the columns first.
fn tables_of<S: Store>(engine: &Engine<S>, person: &Person) -> BTreeMap<String, Vec<Vec<String>>> {
    let identity = said::identity(person.canary(Field::Identity));
    let known = wait(profiles::find(engine, &Whom::Identity(identity))).unwrap().unwrap();
    let bytes = wait(tables::archive(engine, known.asked().id, now())).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut tables = BTreeMap::new();
    for place in 0..archive.len() {
        let file = archive.by_index(place).unwrap();
        let name = file.name().unwrap().into_owned();
        let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(file);
        let rows = rows.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
        tables.insert(name, rows.collect());
    }
    tables
}

/// Every item of every list is a row of the table of its name, with the item's own words in it.
fn holds_every_row(tables: &BTreeMap<String, Vec<Vec<String>>>, document: &Json) {
    let lists = |of: &Json| -> Vec<(String, Vec<Json>)> {
        let fields = of.as_object().unwrap().iter();
        fields.filter_map(|(name, list)| Some((name.clone(), list.as_array()?.clone()))).collect()
    };
    let listed = [lists(document), lists(&document["profile"])].concat();
    assert_eq!(tables.len(), listed.len() + 1, "and one for what there is one of");
    for (name, items) in listed {
        let rows = &tables[&format!("{name}.csv")];
        assert_eq!(rows.len().saturating_sub(1), items.len(), "{name}");
        for (row, item) in rows.iter().skip(1).zip(&items) {
            for word in item.as_object().unwrap().values().filter_map(Json::as_str) {
                assert!(
                    row.iter().any(|cell| cell.trim_start_matches('\'') == word),
                    "{name}: {word} in {row:?}"
                );
            }
        }
    }
    let person = &tables["export.csv"];
    assert!(person[1].contains(&document["profile"]["id"].as_str().unwrap().to_owned()));
}

fn check<S: Store>(engine: Engine<S>) {
    let people: Vec<Person> = (0..6).map(Person::new).collect();
    for person in &people {
        super::erase::live(&engine, person, person.number);
    }
    let seen = decisions(&engine)[0].clone();
    let exposed = Exposed { decision: seen.id, kind: ExposureKind::Seen, at: seen.now };
    wait(exposures::note(&engine, &IDS, &exposed, now())).unwrap();
    for person in &people {
        let text = export_of(&engine, person);
        let document: Json = serde_json::from_str(&text).unwrap();
        for other in &people {
            for field in Field::ALL {
                let is_theirs = other.number == person.number;
                let canary = other.canary(field);
                assert_eq!(
                    text.contains(canary),
                    is_theirs,
                    "{field:?} of {} in that of {}",
                    other.number,
                    person.number
                );
            }
        }
        let lengths = [
            "events",
            "decisions",
            "wallet",
            "redemptions",
            "dead_letters",
            "states",
            "announced",
            "households_left",
        ]
        .map(|part| document[part].as_array().unwrap().len());
        let seen_by_them = usize::from(document["profile"]["id"] == seen.person.profile.to_string());
        // What they told, three coupons issued and one used; three decisions; their letters; two identities; nothing said, nobody left.
        assert_eq!(lengths, [5 + 3 + 1 + seen_by_them, 3, 3, 1, 2, 2, 0, 0]);
        let used = &document["redemptions"][0];
        assert_eq!(
            (&used["order_id"], &used["amount_cents"]),
            (&json!(person.canary(Field::CouponOrder)), &json!(100))
        );
        assert!(document["decisions"].as_array().unwrap().iter().all(|made| made["candidates"].is_array()));
        assert_eq!(document["profile"]["consents"][0]["state"], "granted");
        let tables = tables_of(&engine, person);
        holds_every_row(&tables, &document);
        let text: String = tables.into_values().flatten().flatten().collect();
        assert!(Field::ALL.iter().all(|field| text.contains(person.canary(*field))));
    }
}

#[test]
fn an_export_holds_all_of_a_person_and_nothing_of_others() {
    check(shop_on(SimStore::new()));
    let directory = tempfile::tempdir().unwrap();
    check(shop_on(FjallStore::open(directory.path(), Options::default()).unwrap()));
}

/// From the document alone, by the formula of the guide: whoever has it need not believe Wink.
fn reckoned(proof: &Json) -> String {
    let bytes = |name: &str| -> Vec<u8> {
        let hex = proof[name].as_str().unwrap();
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        (0..hex.len()).step_by(2).map(byte).collect()
    };
    let number = |name: &str, bytes: usize| proof[name].as_u64().unwrap().to_le_bytes()[..bytes].to_vec();
    let commitment = blake3::hash(&[bytes("salt"), vec![1], bytes("owner"), bytes("payload")].concat());
    let place = [number("lane", 1), number("position", 8), number("tenant", 4), number("kind", 2)].concat();
    let entry = [bytes("before"), place, bytes("key"), commitment.as_bytes().to_vec()].concat();
    blake3::hash(&entry).to_hex().to_string()
}

#[test]
fn a_word_about_consent_is_exported_with_what_proves_it() {
    let engine = shop_on(SimStore::new());
    let person = Person::new(0);
    super::erase::live(&engine, &person, 0);
    let document: Json = serde_json::from_str(&export_of(&engine, &person)).unwrap();
    let events = document["events"].as_array().unwrap();
    let (words, others): (Vec<&Json>, Vec<&Json>) =
        events.iter().partition(|event| event["event"] == "Consent Updated");
    assert!(!words.is_empty() && !others.is_empty());
    assert!(others.iter().all(|event| event.get("proof").is_none()));
    for word in words {
        let proof = &word["proof"];
        assert_eq!(reckoned(proof), proof["hash"].as_str().unwrap(), "{word}");
        for (name, other) in [("payload", "00"), ("before", "11"), ("key", "22"), ("owner", "33")] {
            let mut changed = proof.clone();
            changed[name] = Json::from(other.repeat(proof[name].as_str().unwrap().len() / 2));
            assert_ne!(reckoned(&changed), proof["hash"].as_str().unwrap(), "another {name}");
        }
        // The entry before it ends where this one begins, so the words of one person hang together with everybody's.
        let (lane, position) = (proof["lane"].as_u64().unwrap(), proof["position"].as_u64().unwrap());
        let lane = wink_store::Lane::new(u8::try_from(lane).unwrap()).unwrap();
        let before = position.checked_sub(1).map(|before| {
            let entries = wait(engine.store.read_lane(lane, wink_store::Position(before), 1)).unwrap();
            entries[0].header.hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        });
        assert_eq!(proof["before"], before.unwrap_or_else(|| "00".repeat(32)));
    }
}

#[test]
fn an_exported_order_can_be_sent_again_as_it_stands() {
    let engine = shop_on(SimStore::new());
    wait(ingest(&engine, &IDS, said::allows_all("anna", MONDAY))).unwrap();
    let mut order = said::buys("o", "anna", &[("TEA", 900), ("RICE", 5)], MONDAY);
    order.envelope.properties.insert("gift".to_owned(), wink_core::base::Value::Bool(true));
    wait(ingest(&engine, &IDS, vec![order.clone()])).unwrap();
    let known = wait(profiles::find(&engine, &Whom::Identity(said::identity("anna")))).unwrap().unwrap();
    let mut export = Export::new(known.asked().id, now());
    let mut text = String::new();
    while let Some(piece) = wait(export.next(&engine)).unwrap() {
        text.push_str(&piece);
    }
    let document: Json = serde_json::from_str(&text).unwrap();
    let mut again = order;
    let properties = document["events"][2]["properties"].as_object().unwrap().clone();
    again.envelope.properties =
        properties.into_iter().map(|(name, json)| (name, wink_api::value(json))).collect();
    // Another shop takes it as the same order.
    let sales = |message| {
        let other = shop_on(SimStore::new());
        wait(ingest(&other, &IDS, vec![message])).unwrap();
        wait(wink_server::report::totals::orders(&other)).unwrap()
    };
    assert_eq!(sales(again), wait(wink_server::report::totals::orders(&engine)).unwrap());
}

#[test]
fn whoever_is_erased_meanwhile_is_not_exported_by_half() {
    let engine = shop_on(SimStore::new());
    let person = Person::new(0);
    super::erase::live(&engine, &person, 0);
    let identity = said::identity(person.canary(Field::Identity));
    let id = wait(erase::find(&engine, &identity)).unwrap().unwrap();
    let mut export = Export::new(id, now());
    assert!(wait(export.next(&engine)).unwrap().is_some());
    wait(erase::erase(&engine, id, now())).unwrap();
    assert!(matches!(wait(export.next(&engine)), Err(Error::NotFound { .. })));
}

#[test]
fn over_http_the_form_is_asked_for() {
    let api = Api::of_a_shop();
    let privacy = api.key(Role::Privacy);
    let anna = json!({ "identity": { "namespace": "customer", "value": "anna" } });
    let found = api.ask(&privacy, "POST", "/v1/profiles/lookup", &anna).json();
    let path = format!("/v1/profiles/{}/export", found["id"].as_str().unwrap());
    let get = |query: &str| api.ask(&privacy, "GET", &format!("{path}{query}"), &Json::Null);
    let document = get("");
    assert_eq!(document.headers["content-type"], "application/json");
    assert_eq!(document.json(), get("?format=json").json());
    let archive = get("?format=csv");
    assert_eq!(archive.headers["content-type"], "application/zip");
    assert_eq!(archive.body.get(..4), Some(b"PK\x03\x04".as_slice()));
    assert_eq!(get("?format=xml").status.as_u16() / 100, 4);
}
