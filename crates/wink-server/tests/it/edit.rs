//! A catalogue that is edited while it is in force: planned, applied with its caps, refused when outdated, taken back.

use wink_core::base::{Cents, Value};
use wink_core::offer::Channel;
use wink_server::catalogue::{Edit, show};
use wink_server::flow::catalogue::{Edited, applied, change, files_of, in_force, plan, version_named};
use wink_server::{Engine, Error, keys};
use wink_sim::SimStore;
use wink_store::Store;

use super::counter::{MONDAY, Offer, Shop, later, open, wait};

fn shop() -> Engine<SimStore> {
    let shop = Shop::selling(vec![Offer::new("tea", "{ amount = \"1.00\" }")]);
    wait(open(SimStore::new(), &shop, MONDAY)).unwrap()
}

fn budget(amount: &str) -> Edit {
    let fields = [("budget".to_owned(), Value::Text(amount.to_owned()))].into();
    Edit::Budget { campaign: "tea".to_owned(), fields }
}

fn cap(engine: &Engine<SimStore>) -> Option<i64> {
    wait(engine.store.counters(engine.tenant, &[keys::budget("tea")])).unwrap()[0].cap
}

fn version(engine: &Engine<SimStore>) -> String {
    wait(in_force(engine)).unwrap().0.to_string()
}

#[test]
fn a_plan_says_what_would_change_and_changes_nothing() {
    let engine = shop();
    let before = version(&engine);
    let Edited::Valid { version: planned, differences } =
        wait(plan(&engine, &budget("50.00"), None)).unwrap()
    else {
        panic!("the edit is valid")
    };
    let [change] = differences.as_slice() else { panic!("{differences:?}") };
    assert_eq!(change.path, "campaigns/tea/budget");
    assert_eq!(change.before, Some(Value::Text("1000.00".to_owned())));
    assert_eq!(change.after, Some(Value::Text("50.00".to_owned())));
    assert_ne!(planned.to_string(), before);
    assert_eq!((version(&engine), cap(&engine)), (before, Some(100_000)));
}

#[test]
fn a_budget_counts_from_its_change_on() {
    let engine = shop();
    assert!(matches!(wait(change(&engine, &budget("50.00"), None, MONDAY)), Ok(Edited::Valid { .. })));
    assert_eq!(cap(&engine), Some(5_000));
    assert_eq!(engine.catalogue().unwrap().campaigns[0].budget, Cents(5_000));
}

#[test]
fn who_believes_in_another_version_changes_nothing() {
    let engine = shop();
    let first = version(&engine);
    let expecting = |amount: &str| wait(change(&engine, &budget(amount), Some(&first), MONDAY)).unwrap();
    assert!(matches!(expecting("50.00"), Edited::Valid { .. }));
    let now = wait(in_force(&engine)).unwrap().0;
    assert_eq!(expecting("70.00"), Edited::Outdated { in_force: Some(now) });
    assert_eq!(cap(&engine), Some(5_000));
}

#[test]
fn what_says_the_same_is_no_new_version() {
    let engine = shop();
    let before = wait(in_force(&engine)).unwrap().0;
    let same = wait(change(&engine, &budget("1000.00"), None, MONDAY)).unwrap();
    assert_eq!(same, Edited::Valid { version: before, differences: Vec::new() });
    assert_eq!(wait(applied(&engine, None, 9)).unwrap().len(), 1);
}

#[test]
fn what_is_wrong_changes_nothing() {
    let engine = shop();
    let before = version(&engine);
    let Edited::Refused(misfits) = wait(change(&engine, &budget("0.50"), None, MONDAY)).unwrap() else {
        panic!("one coupon costs more")
    };
    let [misfit] = misfits.as_slice() else { panic!("{misfits:?}") };
    assert_eq!((misfit.pointer.as_str(), misfit.finding.file.as_str()), ("/budget", "campaigns/tea.toml"));
    assert_eq!((version(&engine), cap(&engine)), (before, Some(100_000)));
}

#[test]
fn an_older_version_is_found_by_its_name_and_applied_again() {
    let engine = shop();
    let first = version(&engine);
    wait(change(&engine, &budget("50.00"), None, later(MONDAY, 1))).unwrap();
    let old = wait(version_named(&engine, &first)).unwrap();
    let files = wait(files_of(&engine, old)).unwrap();
    wait(change(&engine, &Edit::Files(files), None, later(MONDAY, 2))).unwrap();
    assert_eq!((version(&engine), cap(&engine)), (first.clone(), Some(100_000)));

    let history = wait(applied(&engine, None, 9)).unwrap();
    let told: Vec<(u64, bool, i64)> = history
        .iter()
        .map(|(number, applied)| (*number, applied.version.to_string() == first, applied.at.0 - MONDAY.0))
        .collect();
    assert_eq!(told, [(3, true, 120_000), (2, false, 60_000), (1, true, 0)]);
    assert_eq!(wait(applied(&engine, Some(3), 1)).unwrap()[0].0, 2);
    for name in ["", "00", "zz", &"0".repeat(16), &format!("{first}00"), "ä".repeat(8).as_str()] {
        let found = wait(version_named(&engine, name));
        assert!(matches!(found, Err(Error::NotFound { .. })), "{name}: {found:?}");
    }
}

#[test]
fn two_that_edit_different_things_at_once_both_succeed() {
    let engine = std::sync::Arc::new(shop());
    let offer = || {
        let (_, files) = wait(in_force(&engine)).unwrap();
        let Some(Value::Map(mut fields)) = show::offers(&files).remove("tea") else { panic!("no tea") };
        fields.insert("title".to_owned(), Value::Text("More tea".to_owned()));
        Edit::Offer { id: "tea".to_owned(), fields }
    };
    let offer = offer();
    let other = engine.clone();
    let racer = std::thread::spawn(move || wait(change(&other, &budget("50.00"), None, MONDAY)));
    assert!(matches!(wait(change(&engine, &offer, None, MONDAY)), Ok(Edited::Valid { .. })));
    assert!(matches!(racer.join().unwrap(), Ok(Edited::Valid { .. })));
    let (version, files) = wait(in_force(&engine)).unwrap();
    assert_eq!(show::offers(&files)["tea"].field("title"), Some(&Value::Text("More tea".to_owned())));
    assert_eq!(show::campaigns(&files)["tea"].field("budget"), Some(&Value::Text("50.00".to_owned())));
    assert_eq!(wait(applied(&engine, None, 9)).unwrap()[0].1.version, version);
    assert!(engine.catalogue().unwrap().offers[0].channels.contains(&Channel::Web));
}
