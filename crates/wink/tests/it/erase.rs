//! `wink erase`: the person is gone, the store is sound, and what is sent again about them stays out.

use std::fs;
use std::path::Path;

use crate::client::ask;
use crate::journey::imported;
use crate::sample::{self, batch, event, joins, order, question};
use crate::wink::{Server, run, verified};

const TWO_WEEKS: [&str; 3] = ["--assume-consent", "--until", "2017-01-17T00:00:00Z"];
const HOUSEHOLD: &str = "household:1";

/// Imports two weeks, erases a household at a given time, imports again; gives back the state's hash.
fn import_erase_import(store: &Path) -> String {
    let data = store.to_str().unwrap();
    let before = imported(store, &TWO_WEEKS);
    let about =
        ["decide", "--dry-run", "--at", "2017-01-17T00:00:00Z", "--identity", HOUSEHOLD, "--data", data];
    run(about).fine();
    let erase = ["erase", "--identity", HOUSEHOLD, "--at", "2017-03-01T00:00:00Z", "--json", "--data", data];
    let erased = run(erase).fine().json();
    // Two consents and what is stated of the household, at least.
    assert!(3 <= erased["entries"].as_i64().unwrap(), "{erased}");
    let nobody = |said: crate::wink::Said| {
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
        assert!(said.err.starts_with(&format!("wink: nobody is known as `{HOUSEHOLD}`;")), "{said:?}");
    };
    nobody(run(about));
    nobody(run(erase));
    let profile = erased["profile"].as_str().unwrap();
    let said = run(["erase", "--profile", profile, "--data", data]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains(profile), "{said:?}");
    assert_eq!(verified(store)["redacted"], erased["entries"]);
    let after = imported(store, &TWO_WEEKS);
    assert_eq!(after["profiles"].as_i64().unwrap(), before["profiles"].as_i64().unwrap() - 1);
    assert_eq!(after["balance"]["duplicate"], before["balance"]["accepted"], "its messages are still known");
    assert_eq!(after["balance"]["accepted"], before["balance"]["accepted"], "nothing came in a second time");
    nobody(run(about));
    verified(store)["state_hash"].as_str().unwrap().to_owned()
}

#[test]
fn an_erased_household_stays_erased_and_two_such_stores_are_alike() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(import_erase_import(one.path()), import_erase_import(other.path()));
}

/// A word nothing else in a store contains.
const CANARY: &str = "zQ7canary4uX";

/// Lists the files below `directory` in which the canary stands, as bytes or as hexadecimal digits.
fn files_with_canary(directory: &Path) -> Vec<String> {
    let hex: String = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files_with_canary(&path));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let holds = |word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
        if holds(CANARY) || holds(&hex) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn the_bytes_of_an_erased_person_are_off_the_disk_and_those_of_others_are_not() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let server = Server::start(store.path());
    let traits = serde_json::json!({ "traits": { "nickname": CANARY } });
    let mut events = joins(CANARY);
    events.push(event(&format!("{CANARY}-who"), CANARY, "Identify", traits));
    events.extend(joins("berta"));
    let reply = ask(server.address, "POST", "/v1/events", &batch(&events).to_string()).json();
    assert_eq!(reply["accepted"], 7, "{reply}");
    for person in [CANARY, "berta"] {
        let reply = ask(server.address, "POST", "/v1/decisions", &question(person).to_string()).json();
        assert_eq!(reply["dry_run"], false, "{reply}");
    }
    server.stop().fine();
    assert_ne!(files_with_canary(store.path()), Vec::<String>::new(), "the message ids hold it");

    let data = store.path().to_str().unwrap();
    run(["erase", "--identity", &format!("customer:{CANARY}"), "--data", data]).fine();
    assert_eq!(files_with_canary(store.path()), Vec::<String>::new());
    let answer = verified(store.path());
    assert_eq!(answer["decisions"], 1, "berta's is still there: {answer}");
    run(["decide", "--dry-run", "--identity", "customer:berta", "--channel", "web", "--data", data]).fine();

    let server = Server::start(store.path());
    let old = |message_id: &str, cents| {
        let mut told = order(message_id, CANARY, cents);
        told["occurred_at"] = "2020-01-01T00:00:00Z".into();
        told
    };
    let first = format!("{CANARY}-first");
    let again = [order(&first, CANARY, 1_000), old("never-seen", 500), old(&first, 999)];
    let reply = ask(server.address, "POST", "/v1/events", &batch(&again).to_string()).json();
    assert_eq!(reply["items"][0]["status"], "duplicate", "the same message: {reply}");
    assert_eq!(reply["items"][1]["code"], "person_erased", "an old one that comes late: {reply}");
    assert_eq!(reply["items"][2]["status"], "refused", "nothing about an erased past is kept aside: {reply}");
    server.stop().fine();
}
