//! A till on the command line: a lease, coupons without the server, a sync, and the day's end, as `docs/guide/tills.md` has them.

use std::path::Path;
use std::time::Duration;

use crate::sample;
use crate::wink::{run, verified};

#[test]
fn a_till_gives_by_its_lease_alone_and_reports_it() {
    let here = tempfile::tempdir().unwrap();
    let store = here.path().join("store");
    std::fs::create_dir(&store).unwrap();
    sample::open_shop(&store);
    let file = |name: &str| here.path().join(name).to_str().unwrap().to_owned();
    let with_store = |words: &[&str]| run([words, &["--data", store.to_str().unwrap()]].concat());
    with_store(&["coupon", "issue", "--campaign", "tea", "--count", "4", "--out", &file("codes.csv")]).fine();
    let codes = std::fs::read_to_string(file("codes.csv")).unwrap();
    let payload = |number: usize| {
        let coupon = codes.lines().nth(number + 1).unwrap().split(',').nth(1).unwrap();
        let shown = with_store(&["coupon", "code", coupon, "--json"]).fine().json();
        shown["payload"].as_str().unwrap().to_owned()
    };
    let payloads: Vec<String> = (0..4).map(payload).collect();
    let keep = |name: &str, words: &[&str]| std::fs::write(file(name), with_store(words).fine().out).unwrap();
    keep("keys.json", &["till", "keys", "--json"]);
    for till in ["till-3", "till-4"] {
        let lease = [
            "till",
            "lease",
            till,
            "--campaign",
            "tea",
            "--count",
            "2",
            "--most",
            "2.00",
            "--paper",
            "--json",
        ];
        keep(&format!("{till}.json"), &lease);
    }
    let give = |till: &str, number: usize, order: &str| {
        let (lease, log, keys) =
            (file(&format!("{till}.json")), file(&format!("{till}.log")), file("keys.json"));
        let words = ["till", "redeem", &payloads[number], "--offline", "--till", till, "--lease", &lease];
        let more =
            ["--keys", &keys, "--log", &log, "--order", order, "--spend", "12.00", "--category", "TEA"];
        run([&words[..], &more[..]].concat())
    };
    assert!(give("till-3", 0, "o-1").fine().out.contains(": 1.00 EUR off, 1 of 2;"));
    assert_eq!(give("till-3", 0, "o-2").err, "wink: this till has taken this coupon before\n");
    // What a crash left half written is no coupon that was given.
    let torn = std::fs::read(file("till-3.log")).unwrap();
    std::fs::write(file("till-3.log"), [&torn[..], &torn[..torn.len() / 2]].concat()).unwrap();
    give("till-3", 1, "o-3").fine();
    assert_eq!(
        give("till-3", 2, "o-4").err,
        "wink: the lease has no coupon left; the till must reach the server\n"
    );
    // Tills count in seconds, and which of them was first is to be plain.
    std::thread::sleep(Duration::from_millis(1_100));
    give("till-4", 1, "o-5").fine();
    let sync = |till: &str, more: &[&str]| {
        let log = file(&format!("{till}.log"));
        with_store(&[&["till", "sync", till, "--log", &log][..], more].concat()).fine().out
    };
    // The second reports first.
    assert_eq!(sync("till-4", &[]), "1 reported: 1 redeemed, 0 lost, 0 without a lease\n");
    assert_eq!(sync("till-3", &[]), "2 reported: 2 redeemed, 0 lost, 0 without a lease\n");
    assert_eq!(sync("till-3", &[]), "0 reported: 0 redeemed, 0 lost, 0 without a lease\n");
    assert_eq!(sync("till-3", &["--return"]), "0 reported: 0 redeemed, 0 lost, 0 without a lease\n");
    assert!(give("till-3", 3, "o-6").err.starts_with("wink: the lease was given back"));
    assert!(sync("till-4", &["--renew"]).contains("renewed: lse_"));
    let day = |till: &str| {
        let days = (0..2).map(|back| report_of(&store, till, back));
        days.into_iter().find(|day| day["redemptions"]["count"] != 0).unwrap()
    };
    let (third, fourth) = (day("till-3"), day("till-4"));
    assert_eq!((&third["offline"]["cents"], &third["losses"]["cents"]), (&200.into(), &0.into()), "{third}");
    assert_eq!(
        (&fourth["offline"]["cents"], &fourth["losses"]["cents"]),
        (&100.into(), &100.into()),
        "{fourth}"
    );
    assert_eq!(fourth["losses_by_reason"][0]["reason"], "used_offline");
    verified(&store);
}

/// Two logs that were written under the same lease: a till that lost its log and began another. The second has a number the server knows otherwise.
#[test]
fn what_the_server_refuses_for_good_is_put_aside_and_the_rest_is_synced() {
    let here = tempfile::tempdir().unwrap();
    let store = here.path().join("store");
    std::fs::create_dir(&store).unwrap();
    sample::open_shop(&store);
    let file = |name: &str| here.path().join(name).to_str().unwrap().to_owned();
    let with_store = |words: &[&str]| run([words, &["--data", store.to_str().unwrap()]].concat());
    with_store(&["coupon", "issue", "--campaign", "tea", "--count", "4", "--out", &file("codes.csv")]).fine();
    let codes = std::fs::read_to_string(file("codes.csv")).unwrap();
    let payload = |number: usize| {
        let coupon = codes.lines().nth(number + 1).unwrap().split(',').nth(1).unwrap();
        let shown = with_store(&["coupon", "code", coupon, "--json"]).fine().json();
        shown["payload"].as_str().unwrap().to_owned()
    };
    let payloads: Vec<String> = (0..4).map(payload).collect();
    let keep = |name: &str, words: &[&str]| std::fs::write(file(name), with_store(words).fine().out).unwrap();
    keep("keys.json", &["till", "keys", "--json"]);
    let granted = ["--campaign", "tea", "--count", "4", "--most", "4.00", "--paper", "--json"];
    keep("lease.json", &[&["till", "lease", "till-3"][..], &granted].concat());
    let give = |log: &str, number: usize, order: &str| {
        let (lease, log, keys) = (file("lease.json"), file(log), file("keys.json"));
        let words = ["till", "redeem", &payloads[number], "--offline", "--till", "till-3", "--lease", &lease];
        let more =
            ["--keys", &keys, "--log", &log, "--order", order, "--spend", "12.00", "--category", "TEA"];
        run([&words[..], &more[..]].concat()).fine();
    };
    let sync = |till: &str, log: &str, more: &[&str]| {
        let log = file(log);
        with_store(&[&["till", "sync", till, "--log", &log][..], more].concat())
    };
    give("first.log", 0, "o-1");
    sync("till-3", "first.log", &[]).fine();
    for (number, order) in [(1, "o-2"), (2, "o-3"), (3, "o-4")] {
        give("second.log", number, order);
    }
    // Sent as another till it waits: nothing of it is lost by a slip.
    let slip = sync("till-9", "second.log", &[]);
    assert_eq!(slip.code, Some(1), "{slip:?}");
    assert!(slip.err.contains("the till has no such lease") && slip.err.contains("order `o-4`"), "{slip:?}");
    let told = sync("till-3", "second.log", &[]);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(
        told.out.starts_with("2 reported: 2 redeemed, 0 lost, 0 without a lease\nput aside: number 1 of "),
        "{told:?}"
    );
    assert!(told.err.contains("order `o-2`: number_taken") && !told.err.contains("o-3"), "{told:?}");
    // It is not sent again, and it stays in sight.
    let again = sync("till-3", "second.log", &["--json"]).fine().json();
    assert_eq!(again["taken"], serde_json::json!([]), "{again}");
    assert_eq!(
        (&again["put_aside"][0]["order_id"], &again["put_aside"][0]["why"]),
        (&"o-2".into(), &"number_taken".into())
    );
    assert_eq!(sync("till-3", "second.log", &["--return"]).fine().out.lines().count(), 2);
    // Of a lease that the till does not have, only somebody who looked puts it aside.
    give("third.log", 3, "o-5");
    let looked = sync("till-9", "third.log", &["--put-aside"]);
    assert_eq!(looked.code, Some(1), "{looked:?}");
    assert!(looked.err.contains("order `o-5`: lease_unknown"), "{looked:?}");
    let after = sync("till-9", "third.log", &[]).fine().out;
    assert!(after.starts_with("0 reported") && after.contains("put aside: number 1"), "{after}");
    verified(&store);
}

/// The report of today, or of a day before, on the shop's calendar.
fn report_of(store: &Path, till: &str, back: i64) -> serde_json::Value {
    let today = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::get("Europe/Berlin").unwrap());
    let date = (today.date() - jiff::Span::new().days(back)).to_string();
    run(["till", "report", till, "--date", &date, "--data", store.to_str().unwrap(), "--json"]).fine().json()
}
