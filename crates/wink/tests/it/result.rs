//! `wink measure campaign`: what a campaign changed, with a server and without, and what it says where it cannot be told.

use crate::sample;
use crate::wink::{Server, run};

#[test]
fn what_a_campaign_changed_is_told_or_that_it_cannot_be() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let data = ["--data", store.path().to_str().unwrap()];
    let measure = |words: &[&str]| run([&["measure", "campaign"][..], words, &data[..]].concat());
    let told = measure(&["tea"]);
    assert!(told.out.starts_with("tea (") && told.out.contains("advice: wait (not_enough_data)"), "{told:?}");
    let nothing = "wink: nothing could be measured of tea yet: not enough data: ";
    assert!(told.code == Some(1) && told.err.starts_with(nothing), "{told:?}");
    assert_eq!(told.err.lines().count(), 1, "{told:?}");
    let chart = store.path().join("tea.svg");
    let drawn = measure(&["tea", "--plot", chart.to_str().unwrap()]);
    assert!(drawn.code == Some(1) && drawn.err.contains("not enough data for a chart"), "{drawn:?}");
    assert!(drawn.out.contains("advice: wait") && !chart.exists(), "{drawn:?}");
    let unknown = measure(&["nope"]);
    assert!(unknown.code == Some(1) && unknown.err.contains("there is no campaign `nope`"), "{unknown:?}");

    let alone = measure(&["tea", "--json"]);
    assert!(alone.code == Some(1) && alone.err.starts_with(nothing), "{alone:?}");
    let alone = alone.json();
    let server = Server::start(store.path());
    let asked = measure(&["tea", "--json"]);
    assert!(asked.code == Some(1) && asked.err.starts_with(nothing), "{asked:?}");
    let mut asked = asked.json();
    asked["computed_at"] = alone["computed_at"].clone();
    assert_eq!(asked, alone, "who has the store makes no difference");
    let unknown = measure(&["nope"]);
    assert!(unknown.code == Some(1) && unknown.err.contains("campaign"), "{unknown:?}");
    server.stop().fine();
}
