//! `wink doctor`: a healthy store, and everything that can be found wrong with one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::sample;
use crate::wink::{Server, run};

/// What the doctor says of one thing: its level and its advice.
fn examine(store: &Path, check: &str) -> (Option<i32>, String, String) {
    let said = run(["doctor", "--data", store.to_str().unwrap(), "--json"]);
    let answer = said.json();
    let findings = answer["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["check"] == check);
    let found = found.unwrap_or_else(|| panic!("`{check}` was not looked at: {answer}"));
    assert_eq!(answer["healthy"], said.code == Some(0), "{answer}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (said.code, text(&found["level"]), text(&found["advice"]))
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_sound_store_is_healthy_and_says_what_is_missing() {
    let here = tempfile::tempdir().unwrap();
    let store = here.path().join("store");
    sample::open_shop(&store);
    set_mode(&store, 0o700);
    for check in [
        "directory",
        "key file",
        "open files",
        "erasures",
        "store",
        "clock",
        "balance",
        "catalogue",
        "timers",
    ] {
        let (code, level, advice) = examine(&store, check);
        assert_eq!((code, level.as_str(), advice.as_str()), (Some(0), "ok", ""), "{check}");
    }
    let (_, level, advice) = examine(&store, "backup");
    assert_eq!(level, "warn");
    assert!(advice.starts_with("wink backup --data "), "{advice}");
    let (data, to) = (store.to_str().unwrap(), here.path().join("one.backup"));
    run(["backup", "--data", data, "--to", to.to_str().unwrap()]).fine();
    assert_eq!(examine(&store, "backup").1, "ok");
    let table = run(["doctor", "--data", data]).fine().out;
    assert!(table.contains("what to do") && table.contains("key file"), "{table}");
}

#[test]
fn what_is_wrong_is_found_with_what_to_do() {
    let here = tempfile::tempdir().unwrap();
    let store = here.path().join("store");
    sample::open_shop(&store);
    let key = store.join("wink.key");
    let found = |check: &str, code: i32, level: &str, advice: &str| {
        let (ended, found, advised) = examine(&store, check);
        assert_eq!((ended, found.as_str()), (Some(code), level), "{check}: {advised}");
        assert!(advised.contains(advice), "{check}: {advised}");
    };
    set_mode(&store, 0o755);
    found("directory", 0, "warn", "chmod 700");
    set_mode(&key, 0o644);
    found("key file", 1, "fail", "chmod 600");
    set_mode(&key, 0o600);
    let right = fs::read(&key).unwrap();
    fs::write(&key, [7; 32]).unwrap();
    found("store", 1, "fail", "restore a backup");
    fs::write(&key, [7; 31]).unwrap();
    found("key file", 1, "fail", "backup of the key");
    fs::write(&key, &right).unwrap();

    let old = r#"{"file":"x","bytes":1,"made_at":"2020-01-01T00:00:00Z","records":0,"counters":0,"marks":0,"entries":0,"redacted":0,"queued":0}"#;
    fs::write(store.join("backed-up"), old).unwrap();
    found("backup", 0, "warn", "wink backup");
    let list = fs::read(store.join("erasures")).unwrap();
    fs::write(store.join("erasures"), "something else\n").unwrap();
    found("erasures", 1, "fail", "made again");
    fs::write(store.join("erasures"), list).unwrap();

    let server = Server::start(&store);
    found("store", 0, "ok", "");
    found("balance", 0, "ok", "");
    server.stop().fine();
    fs::create_dir(store.join("store.unfinished")).unwrap();
    found("store", 1, "fail", "half restored");
}

#[test]
fn where_there_is_no_store_the_doctor_says_so() {
    let here = tempfile::tempdir().unwrap();
    let said = run(["doctor", "--data", here.path().join("none").to_str().unwrap()]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    assert!(said.err.starts_with("wink: there is no store in"), "{said:?}");
}
