//! `wink coupon` while a server runs, and without one: shown, used, taken back, revoked.

use crate::client::ask;
use crate::sample;
use crate::wink::{Server, run, verified};

#[test]
fn a_coupon_is_used_and_taken_back_on_the_command_line_with_a_server_and_without() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let server = Server::start(store.path());
    // Some people are held out of the campaign, and some answers are none: asked often enough, one is an offer.
    let issued = |person: &str| {
        let joins = sample::batch(&sample::joins(person)).to_string();
        assert_eq!(ask(server.address, "POST", "/v1/events", &joins).status, 200);
        (0..10).find_map(|_| {
            let reply = ask(server.address, "POST", "/v1/decisions", &sample::question(person).to_string());
            reply.json()["decision"]["coupon"].as_str().map(str::to_owned)
        })
    };
    let coupon = (0..40).find_map(|person| issued(&format!("person-{person}"))).unwrap();
    let data = ["--data", store.path().to_str().unwrap()];
    let command = |words: &[&str]| run([&["coupon"][..], words, &data[..]].concat());

    let shown = command(&["show", &coupon]).fine().out;
    assert!(shown.starts_with(&format!("{coupon} is issued\n")), "{shown}");
    let redeem = ["redeem", coupon.as_str(), "--order", "o-1", "--spend", "9.00", "--category", "TEA"];
    let used = command(&redeem).fine().out;
    let (redemption, amount) = used.trim().split_once(": ").unwrap();
    assert_eq!(amount, "1.00 EUR off");
    assert_eq!(command(&redeem).fine().out, used, "the same order again is the same redemption");
    let elsewhere = command(&["redeem", &coupon, "--order", "o-2", "--spend", "9.00", "--category", "TEA"]);
    assert!(elsewhere.err.contains("This coupon was used on "), "{elsewhere:?}");
    server.stop().fine();
    // A coupon's id is a hash and says no time: the doctor must not take it for one.
    run([&["doctor"][..], &data[..]].concat()).fine();

    let back = command(&["reverse", redemption, "--reason", "cancel"]).fine().out;
    assert_eq!(back, "1.00 EUR taken back; the coupon goes back to its person\n");
    assert_eq!(command(&["revoke", &coupon]).fine().out, format!("{coupon} is revoked\n"));
    assert_eq!(command(&["show", &coupon, "--json"]).fine().json()["state"], "revoked");
    let unknown = command(&["show", "cpn_nonsense"]);
    assert!(unknown.err.contains("there is no such coupon"), "{unknown:?}");
    verified(store.path());
}
