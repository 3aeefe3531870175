//! `wink model fit uplift`, `model policy`, `model complements` and `evaluate off-policy`: on real data against published figures, on small
//! files, and on files that say nothing.

use std::fs;
use std::path::PathBuf;

use serde_json::Value as Json;

use crate::wink::{Said, run};

/// A file of the data sets that no package carries.
fn reference(name: &str) -> String {
    let home =
        std::env::var_os("WINK_REFERENCE_DATA").expect("WINK_REFERENCE_DATA names the data sets' directory");
    PathBuf::from(home).join(name).to_str().unwrap().to_owned()
}

/// Calls wink; blanks inside a word are written as `+`, `INPUT` is the file.
fn wink(line: &str, input: &str) -> Said {
    run(line.split(' ').map(|word| word.replace("INPUT", input).replace('+', " ")))
}

/// What a command says that does not do what it was asked.
#[track_caller]
fn refused(said: &Said) -> &str {
    assert_eq!(said.code, Some(1), "{said:?}");
    said.err.strip_prefix("wink: ").unwrap()
}

#[track_caller]
fn near(found: &Json, truth: f64, tolerance: f64) {
    let found = found.as_f64().unwrap_or(f64::NAN);
    assert!((found - truth).abs() <= tolerance, "{found} is not {truth} ± {tolerance}");
}

const HILLSTROM: &str = "--features recency/12,ln1p(history)/8,mens,womens,newbie,zip_code=Urban,\
    zip_code=Surburban,channel=Web,channel=Phone --learner t --base logistic --split even-odd --json --input INPUT";

#[track_caller]
fn check_hillstrom(arms: &str, [effect, qini, auuc, at_30]: [f64; 4]) {
    let call = format!("model fit uplift --treatment segment={arms}:No+E-Mail --outcome visit {HILLSTROM}");
    let fit = wink(&call, &reference("hillstrom/hillstrom.csv.gz")).fine().json();
    let of = &fit["treatments"][0];
    near(&of["effect"]["estimate"], effect, 1e-6);
    near(&of["qini"], qini, 1e-3);
    near(&of["auuc"], auuc, 1e-3);
    near(&of["uplift_at_30"], at_30, 1e-3);
}

#[test]
fn reference_hillstrom_is_ranked_by_the_command_as_published() {
    check_hillstrom("Womens+E-Mail", [0.045_233, 0.069_114, 0.031_572, 0.073_936]);
    check_hillstrom("Mens+E-Mail", [0.076_590, 0.012_908, 0.006_459, 0.093_895]);
    check_hillstrom("Womens+E-Mail|Mens+E-Mail", [0.060_882, 0.046_228, 0.026_425, 0.086_210]);
}

#[test]
fn reference_hillstrom_conversions_are_too_few_to_rank_by() {
    let call = format!(
        "model fit uplift --treatment segment=Mens+E-Mail:No+E-Mail --outcome conversion {HILLSTROM}"
    );
    let fit = wink(&call, &reference("hillstrom/hillstrom.csv.gz")).fine().json();
    let of = &fit["treatments"][0];
    near(&of["effect"]["estimate"], 0.006_805, 1e-6);
    assert!(of["not_enough_data"].as_str().unwrap().starts_with("not enough data: "), "{of}");
    assert_eq!(of["qini"], Json::Null);
}

#[test]
fn reference_starbucks_promotion_pays_for_those_a_model_chooses() {
    let call = "model policy --input INPUT --treatment Promotion=Yes:No --outcome purchase \
        --features V1=*,V2/10,V3,V4=*,V5=*,V6=*,V7=* --value 10 --cost 0.15 --json";
    let report = wink(call, &reference("starbucks_promo/training.csv.gz")).fine().json();
    let [none, all, model] = [0_usize, 1, 2].map(|place| &report["policies"][place]);
    assert_eq!((none["name"].as_str(), none["nir"].as_f64()), (Some("none"), Some(0.0)));
    near(&all["nir"], -2_334.60, 1e-6);
    near(&all["treatments"][0]["irr"], 0.009_454_5, 1e-7);
    // Chosen by effects learned from the other half: dear promotions only for those they move.
    assert!(0.0 < model["nir"].as_f64().unwrap(), "{model}");
    assert!(0.015 < model["treatments"][0]["irr"].as_f64().unwrap(), "{model}");
    assert!(0.0 < model["gain"]["estimate"].as_f64().unwrap(), "{model}");
}

#[test]
fn reference_open_bandit_is_valued_by_the_command_as_published() {
    let policy = format!("bernoulli-ts:{}", reference("obd/prior_bts.yaml"));
    let call = format!("evaluate off-policy --log INPUT --policy {policy} --json");
    let report = wink(&call, &reference("obd/random/all/all.csv.gz")).fine().json();
    near(&report["ipw"]["estimate"], 0.004_553, 1e-4);
    near(&report["snipw"]["estimate"], 0.004_776, 1e-4);
    near(&report["overlap"]["effective_rounds"], 1_641.0, 15.0);
}

#[test]
fn reference_groceries_go_together() {
    let call = "model complements --input INPUT --strength 0 --json";
    let report = wink(call, &reference("groceries/groceries.csv.gz")).fine().json();
    assert_eq!((&report["baskets"], &report["frequent_items"]), (&Json::from(9_835), &Json::from(88)));
    assert_eq!(report["frequent_pairs"], 213);
    near(&report["pairs"][0]["lift"], 3.0404, 5e-5);
}

/// A trial in a file: people with `x` = 1 are moved by the treatment, others are not.
fn trial(directory: &tempfile::TempDir) -> String {
    let mut text = String::from("arm,x,bought\n");
    for person in 0_u32..4_000 {
        let (x, treated) = (person / 2 % 2, person / 4 % 2 == 1);
        let moved = if treated && x == 1 { 3 } else { 0 };
        let bought = u32::from(person / 8 % 10 < 2 + moved);
        text.push_str(&format!("{},{x},{bought}\n", if treated { "new" } else { "old" }));
    }
    let path = directory.path().join("trial.csv");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn those_who_are_moved_are_ranked_first() {
    let directory = tempfile::tempdir().unwrap();
    let input = trial(&directory);
    for learner in ["s", "t", "dr"] {
        let plot = directory.path().join("qini.svg");
        let call = format!(
            "model fit uplift --input INPUT --treatment arm=new:old --outcome bought --features x --learner {learner} --base gbt --json --plot {}",
            plot.display()
        );
        let fit = wink(&call, &input).fine().json();
        let of = &fit["treatments"][0];
        near(&of["effect"]["estimate"], 0.15, 1e-9);
        near(&of["uplift_at_30"], 0.3, 0.05);
        near(&of["qini"], 0.16, 0.02);
        assert!(fs::read_to_string(plot).unwrap().contains("<svg"));
    }
    let call = "model policy --input INPUT --treatment arm=new:old --outcome bought --features x --value 10 --cost 2";
    let said = wink(call, &input).fine().out;
    assert!(said.contains("model") && said.contains("50.0 %"), "{said}");
}

#[test]
fn a_trial_that_cannot_be_read_is_refused_with_the_place() {
    let directory = tempfile::tempdir().unwrap();
    let input = trial(&directory);
    let check = |rest: &str, wanted: &str| {
        let said = wink(&format!("model fit uplift --input INPUT {rest}"), &input);
        assert!(refused(&said).contains(wanted), "{rest}: {said:?}");
    };
    check("--treatment arm=newer:old --outcome bought --features x", "never is `newer`");
    check("--treatment arm --outcome bought --features x", "write it as COL=VALUE");
    check("--treatment arm=new:old --outcome sold --features x", "has no column `sold`");
    check("--treatment arm=new:old --outcome bought --features ln1p(y)", "the feature `ln1p(y)`");
    check("--treatment arm=new:old --outcome bought --features x=2", "never is `2`");
    check("--treatment arm=new:old --outcome bought --features x --split half", "even-odd or random:SEED");
    check("--treatment arm=new:old --outcome arm --features x", "row 1, column `arm`");
}

#[test]
fn a_table_of_probabilities_is_a_policy() {
    let directory = tempfile::tempdir().unwrap();
    let (log, policy) = (directory.path().join("log.csv"), directory.path().join("policy.csv"));
    let mut rounds = String::from("item_id,click,propensity_score\n");
    for round in 0..1_000 {
        let action = if round % 2 == 0 { "a" } else { "b" };
        let click = u8::from(round % 2 == 0 && round % 10 == 0);
        rounds.push_str(&format!("{action},{click},0.5\n"));
    }
    fs::write(&log, rounds).unwrap();
    let estimate = |text: &str| {
        fs::write(&policy, text).unwrap();
        let call = format!("evaluate off-policy --log INPUT --policy {} --json", policy.display());
        wink(&call, log.to_str().unwrap())
    };
    let report = estimate("action,probability\na,1\n").fine().json();
    near(&report["ipw"]["estimate"], 0.2, 1e-9);
    near(&report["dr"]["estimate"], 0.2, 0.02);
    near(&report["overlap"]["unused"], 0.5, 1e-9);
    let said = estimate("action,probability\na,0.5\n");
    assert!(refused(&said).contains("add up to 0.5, not to 1"), "{said:?}");
}

/// What the log never has is counted alike, whether it has the action at another position or nowhere: nothing by IPW, what the rest brings by SNIPW,
/// and what all rounds brought in the mean by the others.
#[test]
fn what_the_log_never_has_counts_as_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let (log, policy) = (directory.path().join("log.csv"), directory.path().join("policy.csv"));
    // At the first position `a` brings 0.5 and `b` 0.1, at the second `b` and `c` bring 0.2.
    let mut rounds = String::from("item_id,position,click,propensity_score\n");
    for round in 0..4_000_u32 {
        let (place, turn) = (1 + round / 2 % 2, round / 4 % 10);
        let (action, least) = match (place, round % 2) {
            (1, 0) => ("a", 5),
            (1, _) => ("b", 9),
            (_, 0) => ("b", 8),
            _ => ("c", 8),
        };
        rounds.push_str(&format!("{action},{place},{},0.5\n", u8::from(least <= turn)));
    }
    fs::write(&log, rounds).unwrap();
    let mean = 0.25 * (0.5 + 0.1 + 0.2 + 0.2);
    for stranger in ["c", "z"] {
        let table = format!("action,position,probability\na,1,0.5\n{stranger},1,0.5\nb,2,1\n");
        fs::write(&policy, table).unwrap();
        let call = format!("evaluate off-policy --log INPUT --policy {}", policy.display());
        let report = wink(&format!("{call} --json"), log.to_str().unwrap()).fine().json();
        near(&report["overlap"]["never_logged"], 0.25, 1e-9);
        // Half of the rounds are at the first position, and half of what it does there is not known.
        near(&report["ipw"]["estimate"], 0.5 * 0.5 * 0.5 + 0.5 * 0.2, 1e-9);
        near(&report["snipw"]["estimate"], (0.25 * 0.5 + 0.5 * 0.2) / 0.75, 1e-9);
        near(&report["dm"]["estimate"], 0.25 * 0.5 + 0.25 * mean + 0.5 * 0.2, 1e-9);
        near(&report["dr"]["estimate"], 0.25 * 0.5 + 0.25 * mean + 0.5 * 0.2, 1e-3);
        let said = wink(&call, log.to_str().unwrap()).fine().out;
        let words = "IPW counts nothing for them, SNIPW what the rest of its choices brings, DM and DR what the log brought in the mean";
        assert!(said.contains("in 25.0 % of its choices") && said.contains(words), "{said}");
    }
}

#[test]
fn what_goes_with_a_cart_is_suggested_unless_it_was_bought() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("baskets.csv");
    fs::write(&path, "bread,butter,milk\nbread,butter\nbread,butter,milk\nmilk\nmilk\neggs,milk\n").unwrap();
    let suggested = |more: &str| {
        let call =
            format!("model complements --input INPUT --support 0.2 --strength 1 --cart bread{more} --json");
        wink(&call, path.to_str().unwrap()).fine().json()["suggestions"].clone()
    };
    assert_eq!(suggested("")[0]["item"], "butter");
    assert_eq!(suggested(" --bought butter"), Json::Array(Vec::new()));
    let said = wink("model complements --input INPUT --cart tea", path.to_str().unwrap());
    assert!(refused(&said).contains("no basket has the item `tea`"), "{said:?}");
    let hint = "has 2 fields; if each is one item of a basket, say which columns with --basket and --item";
    assert!(!wink("model complements --input INPUT", path.to_str().unwrap()).fine().out.contains("--basket"));
    fs::write(&path, "basket,item\n1,bread\n1,butter\n2,bread\n").unwrap();
    assert!(wink("model complements --input INPUT", path.to_str().unwrap()).fine().out.contains(hint));
}
