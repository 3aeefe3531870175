//! `wink simulate`: the same file for the same settings, and a server that takes all of it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::sample;
use crate::wink::{Server, call, run, verified};

const FEW: [&str; 5] = ["simulate", "--people", "40", "--days", "5"];

#[test]
fn the_same_settings_write_the_same_files() {
    let here = tempfile::tempdir().unwrap();
    let play = |name: &str, seed: &str| {
        let [messages, truth] =
            ["ndjson", "truth"].map(|ending| here.path().join(format!("{name}.{ending}")));
        let to = [messages.to_str().unwrap(), truth.to_str().unwrap()];
        let said =
            run([&FEW[..], &["--to", to[0], "--truth", to[1], "--seed", seed, "--json"]].concat()).fine();
        (said.json(), fs::read_to_string(messages).unwrap(), fs::read_to_string(truth).unwrap())
    };
    let (said, messages, truth) = play("one", "3");
    assert_eq!((said.clone(), messages.clone(), truth.clone()), play("two", "3"));
    assert_ne!(messages, play("three", "4").1);
    assert_eq!(said["messages"], messages.lines().count());
    let truths: Vec<Value> = truth.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let visits = truths.iter().filter(|truth| truth.get("visit").is_some()).count();
    assert_eq!((said["visits"].clone(), truths.len()), (visits.into(), 40 + visits));
}

#[test]
fn a_server_takes_what_is_simulated_and_accounts_for_all_of_it() {
    let here = tempfile::tempdir().unwrap();
    let store = here.path().join("store");
    sample::open_shop(&store);
    let server = Server::start(&store);
    let to = format!("http://{}", server.address);
    let said = run([&FEW[..], &["--to", &to, "--json"]].concat()).fine().json();
    let count = |status: &str| said["answers"][status].as_u64().unwrap_or_default();
    let [accepted, duplicate, dead] = ["accepted", "duplicate", "dead"].map(count);
    assert_eq!(accepted + duplicate + dead + count("refused"), said["messages"].as_u64().unwrap(), "{said}");
    assert!(0 < duplicate && 0 < dead && 50 * (duplicate + dead) < 2 * accepted, "{said}");
    assert_eq!(server.stop().code, Some(0));
    verified(&store);
}

/// As behind `| head`.
#[test]
fn a_reader_who_has_seen_enough_ends_it_quietly() {
    let here = tempfile::tempdir().unwrap();
    let truth = here.path().join("truth.ndjson");
    let mut call = call([
        "simulate",
        "--people",
        "400",
        "--days",
        "60",
        "--to",
        "-",
        "--truth",
        truth.to_str().unwrap(),
    ]);
    let mut child = call.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(serde_json::from_str::<Value>(&first).is_ok(), "{first}");
    let said = child.wait_with_output().unwrap();
    assert_eq!((said.status.code(), String::from_utf8_lossy(&said.stderr).as_ref()), (Some(0), ""));
    let truths = fs::read_to_string(truth).unwrap();
    assert!(truths.ends_with("}\n"), "what was written is whole");
}

#[test]
fn what_cannot_be_is_said_in_a_sentence() {
    for (to, why) in [
        ("https://shop.example", "speaks no TLS"),
        ("http://127.0.0.1:1", "nobody answers at 127.0.0.1:1"),
        ("no/such/folder/events.ndjson", "cannot be written"),
    ] {
        let said = run([&FEW[..], &["--to", to]].concat());
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.starts_with("wink: ") && said.err.contains(why), "{said:?}");
    }
    let said = run([&FEW[..], &["--to", "-", "--json"]].concat());
    assert!(said.code == Some(1) && said.out.is_empty(), "{said:?}");
}
