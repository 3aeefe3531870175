//! The first weeks of the Complete Journey: imported once, again, in pieces, and without consent. The end is the same each time.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::journey::{import, imported, replayed, settled};
use crate::wink::{signal, verified};

const SEVEN_WEEKS: [&str; 3] = ["--assume-consent", "--until", "2017-02-15T00:00:00Z"];
const THREE_WEEKS: [&str; 3] = ["--assume-consent", "--until", "2017-01-20T00:00:00Z"];

#[test]
fn importing_again_changes_nothing() {
    let (store, file) = (tempfile::tempdir().unwrap(), tempfile::NamedTempFile::new().unwrap());
    let first = imported(store.path(), &THREE_WEEKS);
    assert!(100 < first["offers"].as_i64().unwrap(), "{first}");
    assert_eq!(first["balance"]["duplicate"], 0);
    let again = [&THREE_WEEKS[..], &["--summary", file.path().to_str().unwrap()]].concat();
    let second = imported(store.path(), &again);
    assert_eq!(second["balance"]["duplicate"], first["balance"]["accepted"], "all of them came before");
    let written: serde_json::Value = serde_json::from_str(&fs::read_to_string(file.path()).unwrap()).unwrap();
    assert_eq!(written, second, "the file says what standard output does");
    assert_eq!(settled(second), settled(first));
    replayed(store.path());
    verified(store.path());
}

#[test]
fn crash_an_import_that_is_killed_again_and_again_ends_where_an_uninterrupted_one_does() {
    let (whole, pieces) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let begun = Instant::now();
    let expected = imported(whole.path(), &SEVEN_WEEKS);
    let takes = begun.elapsed();
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos();
    println!("an import takes {takes:.1?}; the moments follow from seed {seed}");
    let mut chance = Chance(seed.into());
    let mut killed = 0;
    for _ in 0..4 {
        let mut child =
            import(pieces.path(), &SEVEN_WEEKS).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Most of the time after the files are read, which is the first fifth.
        thread::sleep(takes.mul_f64(f64::from(u32::try_from(chance.between(15, 75)).unwrap()) / 100.0));
        // An error if it has ended already.
        child.kill().unwrap();
        killed += u32::from(child.wait().unwrap().code().is_none());
    }
    assert!(2 <= killed, "only {killed} were killed before they ended");
    let ended = imported(pieces.path(), &SEVEN_WEEKS);
    assert_eq!(settled(ended), settled(expected), "seed {seed}");
    let decisions = replayed(pieces.path())["decisions"].clone();
    assert_eq!(verified(pieces.path())["decisions"], decisions);
    assert_ne!(
        fs::read(whole.path().join("wink.key")).unwrap(),
        fs::read(pieces.path().join("wink.key")).unwrap()
    );
}

#[test]
fn an_import_stopped_with_ctrl_c_goes_on_where_it_stopped() {
    let (whole, pieces) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let child =
        import(pieces.path(), &THREE_WEEKS).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Once the store is there the data has been read, and the year begins.
    let patience = Instant::now();
    while !pieces.path().join("store").exists() {
        assert!(patience.elapsed() < Duration::from_secs(60), "the import does not begin");
        thread::sleep(Duration::from_millis(5));
    }
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert_eq!(
        said,
        "wink: stopped at 2017-01-02T11:00:00Z; everything up to there is on disk, and the same command goes on from there\n"
    );
    assert_eq!(output.stdout, b"", "no summary of half an import");
    verified(pieces.path());
    let ended = imported(pieces.path(), &THREE_WEEKS);
    assert_eq!(settled(ended), settled(imported(whole.path(), &THREE_WEEKS)));
}

#[test]
fn without_consent_no_personal_decision_is_made() {
    let store = tempfile::tempdir().unwrap();
    let summary = imported(store.path(), &["--until", "2017-01-17T00:00:00Z"]);
    assert_eq!(summary["consent"], "none; no personal decision was made");
    for name in ["decisions", "offers", "holdout", "none", "budget_used_cents"] {
        assert_eq!(summary[name], 0, "{name}");
    }
    assert_eq!(summary["events"]["Consent Updated"], serde_json::Value::Null);
    assert!(5_000 < summary["baskets"].as_i64().unwrap(), "events are kept all the same");
    verified(store.path());
}
