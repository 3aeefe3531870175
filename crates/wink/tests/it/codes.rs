//! Codes on the command line: many are issued although somebody kills the command, and a till verifies what it scanned with the keys alone.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::sample;
use crate::wink::{WINK, run, verified};

/// Enough that the command is killed while it issues.
const COUNT: usize = 3_000;

#[test]
fn codes_are_issued_once_each_although_the_command_is_killed() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let out = store.path().join("print.csv");
    let data = store.path().to_str().unwrap().to_owned();
    let count = COUNT.to_string();
    let words = ["coupon", "issue", "--campaign", "tea", "--count", &count, "--out"];
    let call = [&words[..], &[out.to_str().unwrap(), "--data", &data]].concat();
    // Killed at whatever it does then, from opening the store to writing the file.
    for millis in [50, 150, 300, 600] {
        let mut killed =
            Command::new(WINK).args(&call).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(millis) && killed.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        killed.kill().unwrap();
        killed.wait().unwrap();
    }
    let said = run(call.iter().copied()).fine().out;
    assert!(said.starts_with("3000 codes are in "), "{said}");
    let file = std::fs::read_to_string(&out).unwrap();
    assert_eq!(run(call.iter().copied()).fine().out, said, "the same again is the same");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), file);
    let mut lines = file.lines();
    assert_eq!(lines.next(), Some("number,coupon,code,digits"));
    let codes: BTreeSet<&str> = lines.filter_map(|line| line.split(',').nth(2)).collect();
    assert_eq!(codes.len(), COUNT);
    verified(store.path());
}

#[test]
fn a_till_verifies_what_it_scanned_with_the_keys_alone() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let data = ["--data", store.path().to_str().unwrap()];
    let out = store.path().join("print.csv");
    let issue = ["coupon", "issue", "--campaign", "tea", "--count", "1", "--out", out.to_str().unwrap()];
    run([&issue[..], &data[..]].concat()).fine();
    let file = std::fs::read_to_string(&out).unwrap();
    let coupon = file.lines().nth(1).unwrap().split(',').nth(1).unwrap().to_owned();
    let keys = store.path().join("keys.json");
    std::fs::write(&keys, run([&["till", "keys", "--json"][..], &data[..]].concat()).fine().out).unwrap();
    let shown = run([&["coupon", "code", &coupon, "--json"][..], &data[..]].concat()).fine().json();
    let payload = shown["payload"].as_str().unwrap();
    let verify = |payload: &str| run(["till", "verify", payload, "--keys", keys.to_str().unwrap()]);
    let said = verify(payload).fine().out;
    assert!(said.starts_with(&format!("{coupon} was issued by this shop, valid until ")), "{said}");
    let (front, last) = payload.split_at(payload.len() - 2);
    let changed = format!("{front}{}", if last == "00" { "40" } else { "00" });
    assert_eq!(verify(&changed).err, "wink: the signature is wrong\n");
    // A key the till does not have yet: the answer says what to do.
    run([&["till", "rotate"][..], &data[..]].concat()).fine();
    let shown = run([&["coupon", "code", &coupon, "--json"][..], &data[..]].concat()).fine().json();
    let newer = verify(shown["payload"].as_str().unwrap());
    assert_eq!(newer.err, "wink: the key it is signed with is not known here; fetch the public keys\n");
}
