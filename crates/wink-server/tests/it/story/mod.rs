//! Stories: `scenarios/*.txt` played through the flows over two stores. Their answers are written by `WINK_BLESS=1` and compared otherwise.

use std::fs;
use std::path::{Path, PathBuf};

use wink_sim::{Disk, Faults, Mutant, SimStore};
use wink_store_fjall::{FjallStore, Options};

mod play;
mod read;

use play::play;
use read::Story;

macro_rules! stories {
    ($($name:ident)*) => {
        const TOLD: &[&str] = &[$(stringify!($name)),*];
        $(#[test] fn $name() { tell(stringify!($name)); })*
    };
}

stories! {
    a_budget_is_freed_by_expiry
    a_coupon_is_redeemed_once
    a_coupon_runs_out
    a_late_event_counts
    a_message_id_is_not_used_twice
    a_purchase_in_another_currency_is_set_aside
    a_replay_gives_the_same_bytes
    a_retry_changes_nothing
    a_rule_says_how_near_it_was
    a_withdrawal_acts_at_once
    an_old_event_of_an_erased_person_stays_out
    an_unknown_event_is_kept
    nobody_is_asked_too_often
    nobody_is_known_yet
    nothing_without_consent
    only_so_many_per_person
    some_are_left_out_to_measure
    somebody_who_bought_tea_gets_the_tea_offer
    the_better_of_two_offers
    the_minimum_price_is_kept
    the_minimum_spend_says_what_is_missing
    the_newsletter_needs_its_own_consent
    too_old_is_deleted
    who_stands_at_the_till_is_there_anyway
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

/// Plays one story on both stores and compares, or writes, its answers.
fn tell(name: &str) {
    let path = folder().join(format!("{}.txt", name.replace('_', "-")));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let story = Story::read(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));

    // Answers come late, so that calls overtake each other where they can.
    let faults = Faults { seed: 1, delays_max: 2, ..Faults::default() };
    let simulated = play(&story, SimStore::open(Disk::default(), faults, Mutant::None));
    let directory = tempfile::tempdir().unwrap();
    let embedded = play(&story, FjallStore::open(directory.path(), Options::default()).unwrap());
    assert_eq!(simulated, embedded, "the two stores mean different things");

    let told = story.write(&simulated);
    if std::env::var_os("WINK_BLESS").is_some_and(|bless| bless == "1") {
        fs::write(&path, told).unwrap();
        return;
    }
    assert!(
        told == text,
        "{} ends otherwise now. If that is meant, set WINK_BLESS=1 and look at the difference.\n\n{told}",
        path.display()
    );
}

#[test]
fn no_story_is_forgotten() {
    let mut there: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Some(name.strip_suffix(".txt")?.replace('-', "_")))
        .collect();
    there.sort();
    assert_eq!(there, TOLD);
}

#[test]
fn a_story_that_ends_otherwise_is_noticed() {
    let text = "# A story\noffer tea: 1.00 off\n\n2026-03-02 10:00  anna grants personalisation\n2026-03-02 10:01  ask anna web\n=> nothing\n";
    let story = Story::read(text).unwrap();
    assert_ne!(story.write(&play(&story, SimStore::new())), text);
}

#[test]
fn what_is_not_understood_is_not_passed_over() {
    for text in [
        "offer tea: 1.00 off; free of charge\n2026-03-02 10:00  expire\n=>\n",
        "2026-03-02 10:00  anna dances\n",
        "yesterday  expire\n",
        "=> an answer to nothing\n",
    ] {
        assert!(Story::read(text).is_err(), "{text}");
    }
}
