//! What people's own tables have in them: empty cells, refunds, free samples, values that are all alike, other controls, logs without a first
//! place. Each is answered, or refused in one sentence.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::wink::{Said, call, run};

/// Calls wink; `INPUT` is a file with this content.
fn wink(directory: &Path, line: &str, content: &str) -> Said {
    let path = directory.join("input.csv");
    fs::write(&path, content).unwrap();
    let path = path.to_str().unwrap();
    let home = directory.to_str().unwrap();
    run(line.split_whitespace().map(|word| word.replace("INPUT", path).replace("HOME", home)))
}

/// What a command says that has nothing to say.
#[track_caller]
fn refused(said: &Said, words: &str) {
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    assert!(said.err.starts_with("wink: ") && said.err.contains(words), "{said:?}");
    assert_eq!(said.err.lines().count(), 1, "{said:?}");
}

#[track_caller]
fn near(found: &Json, truth: f64, tolerance: f64) {
    let found = found.as_f64().unwrap_or(f64::NAN);
    assert!((found - truth).abs() <= tolerance, "{found} is not {truth} ± {tolerance}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_no_success_and_a_reader_who_leaves_is_no_failure() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = call(["config", "describe"]).stdout(full).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("wink: standard output cannot be written: No space left"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");

    let nobody_reads = |arguments: &[&str]| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = call(arguments).stdout(writer).output().unwrap();
        assert_eq!(output.stderr, b"", "{output:?}");
        output.status.code()
    };
    assert_eq!(nobody_reads(&["config", "describe"]), Some(0));
    let directory = tempfile::tempdir().unwrap();
    let text = directory.path().join("text.txt");
    fs::write(&text, "Only 3 left! Hurry, this offer ends in 5 minutes!").unwrap();
    let line = ["lint", "text", "--strict", text.to_str().unwrap()];
    assert_eq!(run(line).code, Some(1), "there is something to find");
    assert_eq!(nobody_reads(&line), Some(1), "a blocking finding is one whoever reads it");
}

/// Of three arms the third has no outcome: that is no matter of the others. People of the new arm had less before, by lot.
fn three_arms() -> String {
    let mut rows = String::from("arm,before,spend\n");
    for person in 0..600_u32 {
        let (arm, noise) = (["new", "old", "other"][person as usize % 3], f64::from(person * 37 % 23) / 10.0);
        let before = f64::from(person * 53 % 41) + if arm == "old" { 6.0 } else { 0.0 };
        let spend = 20.0 + before + noise + if arm == "new" { 2.0 } else { 0.0 };
        let spend = if arm == "other" { String::new() } else { spend.to_string() };
        rows.push_str(&format!("{arm},{before},{spend}\n"));
    }
    rows
}

#[test]
fn effect_and_lift_are_of_one_estimate_and_other_arms_do_not_matter() {
    let directory = tempfile::tempdir().unwrap();
    let line = "measure experiment --input INPUT --treatment arm=new:old --outcome spend --json";
    let plain = wink(directory.path(), line, &three_arms()).fine().json();
    assert!(plain["outcomes"][0]["effect"]["estimate"].as_f64().unwrap() < -3.0, "{plain}");
    let adjusted = wink(directory.path(), &format!("{line} --before before"), &three_arms()).fine().json();
    let outcome = &adjusted["outcomes"][0];
    assert_eq!(outcome["method"], "CUPED");
    near(&outcome["effect"]["estimate"], 2.0, 0.2);
    // Everybody had 23 before, and what goes with it is one for one: 20 + 23 + 1.1 without the treatment.
    near(&outcome["lift"]["estimate"], 2.0 / 44.1, 0.005);
    assert!(0.0 < outcome["lift"]["lower"].as_f64().unwrap(), "{outcome}");

    let constant = three_arms().replace("arm,before", "arm,never,before").replace("new,", "new,1,");
    let constant = constant.replace("old,", "old,1,").replace("other,", "other,1,");
    // Where nothing can be measured, that is no success.
    refused(
        &wink(directory.path(), &format!("{line} --before never"), &constant),
        "`spend`: not enough data: what was known before is the same everywhere; leave --before away",
    );

    let both = line.replace("arm=new:old", "arm=new");
    refused(&wink(directory.path(), &both, &three_arms()), "row 3, column `spend`: there is no value");
}

#[test]
fn a_row_that_says_nobody_is_refused_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    for (line, content, place) in [
        (
            "model fit clv --input INPUT --customer id --time day --value amount --calibration-end 2025-12-31",
            "id,day,amount\n1,2025-01-01,3\n,2025-01-02,4\n",
            "row 2, column `id`: there is no value; fill it in, or leave the row out",
        ),
        (
            "measure experiment --input INPUT --treatment arm=new --outcome spend",
            "arm,spend\nnew,3\n ,4\n",
            "row 2, column `arm`: there is no value",
        ),
        (
            "measure sequential --input INPUT --checkpoints --time t --by exp",
            "exp,t,count_t,count_c,mean_t,mean_c,variance_t,variance_c\n,1,500,500,1,1,4,4\n",
            "row 1, column `exp`: there is no value",
        ),
        (
            "measure geo --input INPUT --region city --time day --value sales --treated a --from 2025-01-02",
            "city,day,sales\na,2025-01-01,1\n,2025-01-01,1\n",
            "row 2, column `city`: there is no value",
        ),
        (
            "model channels --input INPUT --customer id --channel via --converted bought",
            "id,via,bought\n1,mail,0\n1,,0\n2,post,1\n",
            "row 2, column `via`: there is no value",
        ),
        (
            "model complements --input INPUT --basket basket --item item",
            "basket,item\n1,bread\n1,\n",
            "row 2, column `item`: there is no value",
        ),
        (
            "model fit uplift --input INPUT --treatment arm=new --outcome bought --features x",
            "arm,x,bought\nnew,1,0\n,2,1\n",
            "row 2, column `arm`: there is no value",
        ),
        (
            "evaluate off-policy --log INPUT --policy INPUT",
            "item_id,click,propensity_score\na,0,0.5\n,1,0.5\n",
            "row 2, column `item_id`: there is no value",
        ),
    ] {
        refused(&wink(directory.path(), line, content), place);
    }
    let said = wink(
        directory.path(),
        "measure experiment --input INPUT --treatment arm=new: --outcome spend",
        "arm,spend\nnew,3\n,4\n",
    );
    // Whoever writes `arm=new:` means the empty ones.
    refused(&said, "nothing could be measured of 1 treated and 1 control");
}

/// People of three paces, who leave more or less easily. `value` is what an order is worth.
fn orders(value: impl Fn(u32, u32) -> f64) -> String {
    let mut rows = String::from("id,day,amount\n");
    let mut state = 7_u64;
    let mut chance = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX)
    };
    for person in 0..600_u32 {
        let (pace, leaves) =
            ([15.0, 40.0, 120.0][person as usize % 3], [0.03, 0.2, 0.6][person as usize / 3 % 3]);
        let mut day = 60.0 * chance();
        for order in 0_u32.. {
            let passed = jiff::SignedDuration::from_secs_f64(day * 86_400.0);
            let date = jiff::civil::date(2025, 1, 1).checked_add(passed).unwrap();
            if 365.0 <= day {
                break;
            }
            rows.push_str(&format!("{person},{date},{}\n", value(person, order)));
            if chance() < leaves {
                break;
            }
            day += 1.0 - pace * (1.0 - chance()).ln();
        }
    }
    rows
}

/// People have a typical value of their own, around which their orders are spread.
fn usual(person: u32, order: u32) -> f64 {
    let (own, this) = (person * 7_919 % 997, (person * 31 + order * 17) * 1_049 % 1_009);
    (10.0 + 40.0 * f64::from(own) / 997.0) * (0.5 + f64::from(this) / 1_009.0)
}

const CLV: &str = "--input INPUT --customer id --time day --value amount --calibration-end 2025-12-31";

#[test]
fn refunds_and_free_samples_are_no_purchases() {
    let directory = tempfile::tempdir().unwrap();
    let plain = orders(usual);
    let line = format!("model fit clv {CLV} --json");
    let without = wink(directory.path(), &line, &plain).fine();
    assert_eq!(without.err, "");
    let without = without.json();
    // A refund, a free sample, an order that was taken back the same day, and somebody who never paid.
    let more =
        "0,2025-11-30,-12.5\n1,2025-12-01,0\n2,2025-12-02,30.1\n2,2025-12-02,-30.1\n9999,2025-03-01,0\n";
    let with = wink(directory.path(), &format!("{line} --without-free"), &format!("{plain}{more}")).fine();
    assert!(with.err.starts_with("wink: 5 of ") && with.err.contains("taken back or given away"), "{with:?}");
    let mut with = with.json();
    assert_eq!(with["rows_without_value"], 5);
    with["rows_without_value"] = Json::from(0);
    assert_eq!(with, without, "they change nothing");
    let counted = wink(directory.path(), &line, &format!("{plain}{more}")).fine().json();
    assert_eq!(counted["rows_without_value"], 3, "what was given away is counted, what came back is not");
    assert_eq!(counted["customers"].as_u64(), without["customers"].as_u64().map(|count| count + 1));
    // Somebody who came back for nothing only: their value is told from the others', and nobody else's is lost.
    let free = format!("{plain}9999,2025-03-01,0\n9999,2025-04-01,0\n");
    let predicted = wink(directory.path(), &format!("model predict clv {CLV} --horizon 12"), &free).fine();
    assert_eq!(predicted.err, "");
    assert!(predicted.out.lines().skip(1).all(|row| !row.ends_with(",,,")), "{predicted:?}");
    refused(
        &wink(
            directory.path(),
            &format!("{line} --without-free"),
            "id,day,amount\n1,2025-01-01,0\n2,2025-01-01,-3\n",
        ),
        "is worth more than nothing",
    );
}

#[test]
fn who_is_there_is_told_also_where_values_say_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let predict = format!("model predict clv {CLV} --horizon 12");
    let alike = orders(|_, _| 9.99);
    let said = wink(directory.path(), &predict, &alike).fine();
    assert!(
        said.err.contains("only whether they buy: not enough data: the mean value is the same everywhere"),
        "{said:?}"
    );
    let first = said.out.lines().nth(1).unwrap();
    assert!(first.ends_with(",,,") && first.starts_with("0,"), "{first}");
    let said = wink(directory.path(), &format!("{predict} --json"), &alike).fine();
    let first: Json = serde_json::from_str(said.out.lines().next().unwrap()).unwrap();
    assert!(first["value"].is_null() && 0.0 < first["alive"]["estimate"].as_f64().unwrap(), "{first}");
    let nearly = orders(|person, order| if (person * 31 + order * 17) % 97 == 0 { 19.98 } else { 9.99 });
    let said = wink(directory.path(), &format!("model fit clv {CLV}"), &nearly).fine();
    let told = said.out.lines().find(|line| line.starts_with("gamma-gamma")).unwrap();
    assert!(told.contains("values are nearly all alike"), "{told}");
    // The same values in a currency of small units.
    let spend = |factor: f64| {
        let text = orders(|person, order| factor * usual(person, order));
        wink(directory.path(), &format!("model fit clv {CLV} --json"), &text).fine().json()["spend"].clone()
    };
    let (plain, large) = (spend(1.0), spend(1e15));
    for name in ["p", "q"] {
        near(&large["parameters"][name], plain["parameters"][name].as_f64().unwrap(), 1e-4);
    }
}

#[test]
fn what_was_asked_is_checked_before_the_first_line() {
    let directory = tempfile::tempdir().unwrap();
    let predict = format!("model predict clv {CLV} --horizon 12");
    let plain = orders(usual);
    for (more, words) in [
        ("--margin 0", "the margin is 0, and must be above 0"),
        ("--level 95", "the level is 95, and must be between 0 and 1"),
        ("--level 0", "the level is 0, and must be between 0 and 1"),
        ("--plot HOME/no/such/directory/values.svg", "cannot be written"),
    ] {
        refused(&wink(directory.path(), &format!("{predict} {more}"), &plain), words);
    }
    let said = wink(directory.path(), &format!("{predict} --plot HOME/values.png"), &plain);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
    assert!(said.err.contains("values.png") && said.err.contains(".svg"), "{said:?}");
    assert!(!directory.path().join("values.png").exists());
}

/// Those with `x` = 0 never buy: how their effect came true cannot be told, and how people are ranked can.
#[test]
fn a_ranking_is_told_beside_a_group_in_which_nobody_buys() {
    let directory = tempfile::tempdir().unwrap();
    let mut rows = String::from("arm,x,bought\n");
    for person in 0_u32..8_000 {
        let (x, treated) = (person / 2 % 2, person / 4 % 2 == 1);
        let bought = u32::from(x == 1 && person / 8 % 10 < if treated { 5 } else { 2 });
        rows.push_str(&format!("{},{x},{bought}\n", if treated { "new" } else { "old" }));
    }
    let line =
        "model fit uplift --input INPUT --treatment arm=new:old --outcome bought --features x --base gbt";
    let fit = wink(directory.path(), &format!("{line} --json"), &rows).fine().json();
    let of = &fit["treatments"][0];
    near(&of["uplift_at_30"], 0.3, 0.05);
    assert!(0.0 < of["qini"].as_f64().unwrap(), "{of}");
    let groups = of["calibration"].as_array().unwrap();
    assert_eq!(groups[0]["refused"], "not enough data: the outcome is the same everywhere", "{of}");
    assert!(groups[0]["seen"].is_null() && groups.last().unwrap()["seen"].is_object(), "{of}");
    assert!(wink(directory.path(), line, &rows).fine().out.contains("the same everywhere"));
}

#[test]
fn treatments_with_different_controls_are_not_compared_with_one_of_them() {
    let directory = tempfile::tempdir().unwrap();
    let rows = "arm,x,bought\na,1,0\nb,2,1\nnone,1,0\nlate,2,1\n";
    let line = "model fit uplift --input INPUT --treatment arm=a:none --treatment arm=b:late --outcome bought --features x";
    refused(&wink(directory.path(), line, rows), "row 3 is the control of one treatment and not of another");
}

/// A log of three places in which each action is drawn with the same chance.
fn rounds(places: &[u32]) -> String {
    let mut rows = String::from("offer,slot,bought,probability\n");
    for round in 0..6_000_u32 {
        let (slot, action) = (1 + round % 3, ["a", "b", "c"][round as usize / 3 % 3]);
        let bought = u32::from(round / 9 % 20 < if action == "a" { 8 } else { 2 });
        if places.contains(&slot) {
            rows.push_str(&format!("{action},{slot},{bought},{:.15}\n", 1.0 / 3.0));
        }
    }
    rows
}

const LOG: &str =
    "evaluate off-policy --log INPUT --action offer --position slot --reward bought --propensity probability";

#[test]
fn a_position_keeps_its_rank_where_the_log_lacks_those_before() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("beliefs.csv"), "action,alpha,beta\na,900,100\nb,20,980\nc,10,990\n")
        .unwrap();
    let estimate = |places: &[u32]| {
        let line = format!("{LOG} --policy bernoulli-ts:HOME/beliefs.csv --json");
        wink(directory.path(), &line, &rounds(places)).fine().json()["ipw"]["estimate"].as_f64().unwrap()
    };
    // `a` has the first place without doubt, so the others have a tenth.
    assert!((estimate(&[1]) - 0.4).abs() < 0.03, "{}", estimate(&[1]));
    assert!((estimate(&[2]) - 0.1).abs() < 0.03, "{}", estimate(&[2]));
    assert!((estimate(&[2, 3]) - 0.1).abs() < 0.03, "{}", estimate(&[2, 3]));
    let named = rounds(&[1]).replace(",1,", ",top,");
    let line = format!("{LOG} --policy bernoulli-ts:HOME/beliefs.csv");
    refused(&wink(directory.path(), &line, &named), "the position `top` is no rank");
}

#[test]
fn a_policy_that_does_not_fit_its_log_is_refused_and_what_the_log_lacks_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let ask = |policy: &str, line: &str, log: &str| {
        fs::write(directory.path().join("policy.csv"), policy).unwrap();
        wink(directory.path(), &format!("{line} --policy HOME/policy.csv"), log)
    };
    let all = rounds(&[1, 2, 3]);
    let even = "action,probability\na,0.5\nb,0.5\n";
    let by_place = "action,position,probability\na,1,1\na,2,1\na,3.0,1\n";
    near(&ask(by_place, &format!("{LOG} --json"), &all).fine().json()["ipw"]["estimate"], 0.4, 0.03);
    // A log of one place is held against what the policy does there.
    near(&ask(by_place, &format!("{LOG} --json"), &rounds(&[2])).fine().json()["ipw"]["estimate"], 0.4, 0.03);
    refused(&ask(even, &LOG.replace("slot", "slott"), &all), "has no column `slott`");
    let nowhere = LOG.replace("--position slot ", "");
    refused(&ask(by_place, &nowhere, &all), "the log says none; name its column with --position");
    refused(
        &ask("action,probability\na,0.5\na,0.5\n", &nowhere, &all),
        "row 2: the probability of `a` is said a second time",
    );
    refused(
        &ask("action,probability\na,0.7\nb,0.7\nc,0.7\n", &nowhere, &all),
        "the probabilities add up to 2.1, not to 1",
    );
    let nobody = all.replace(",1,0.33", ",0,0.33");
    refused(&ask(even, &nowhere, &nobody), "not enough data: the reward is the same everywhere");
    let other = "action,probability\na,0.6\nz,0.4\n";
    let said = ask(other, &nowhere, &all).fine().out;
    assert!(
        said.contains("in 40.0 % of its choices it takes an action that the log never has there"),
        "{said}"
    );
    near(&ask(other, &format!("{nowhere} --json"), &all).fine().json()["overlap"]["never_logged"], 0.4, 1e-9);
    assert!(!ask(even, &nowhere, &all).fine().out.contains("never has there"));
}

#[test]
fn two_looks_at_one_time_are_refused_and_days_are_drawn_as_dates() {
    let directory = tempfile::tempdir().unwrap();
    let head = "exp,t,count_t,count_c,mean_t,mean_c,variance_t,variance_c\n";
    let looks = |exp: &str| {
        let look = |day: u32| format!("{exp},2025-01-{day:02},{0},{0},10.2,9.9,4,4\n", 500 * day);
        (1..=9).map(look).collect::<String>()
    };
    let line = "measure sequential --input INPUT --checkpoints --time t";
    let two = format!("{head}{}{}", looks("a"), looks("b"));
    refused(
        &wink(directory.path(), line, &two),
        "there are two looks at `2025-01-01`; name the columns that tell experiments apart with --by",
    );
    let twice = format!("{head}{}{}", looks("a"), looks("a"));
    refused(&wink(directory.path(), &format!("{line} --by exp"), &twice), "two looks of experiment `a`");
    wink(directory.path(), &format!("{line} --by exp --plot HOME/looks.svg"), &two).fine();
    let plot = fs::read_to_string(directory.path().join("looks.svg")).unwrap();
    assert!(plot.contains(">2025-01-0") && !plot.contains(">2009"), "{plot}");
}

#[test]
fn a_gap_between_regions_is_named_and_days_end_with_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let mut rows = String::from("city,day,sales\n");
    for day in 1..=20_u32 {
        for (city, base) in [("a", 10), ("b", 20), ("c", 30)] {
            rows.push_str(&format!("{city},2025-01-{day:02},{}\n", base + day * 7 % 5 + base * day % 3));
        }
    }
    let line =
        "measure geo --input INPUT --region city --time day --value sales --treated a --from 2025-01-15";
    wink(directory.path(), line, &rows).fine();
    refused(
        &wink(directory.path(), &format!("{line} --until 2025-02-28"), &rows),
        "--until is 2025-02-28, and the last day in",
    );
    let gap = rows.replace("b,2025-01-07", "b,2025-01-08");
    let without: String =
        rows.lines().filter(|row| !row.starts_with("b,2025-01-07")).map(|row| format!("{row}\n")).collect();
    refused(
        &wink(directory.path(), line, &without),
        "has none for `b` on 2025-01-07; if a missing row means that nothing was sold, say --missing-is-zero",
    );
    refused(&wink(directory.path(), line, &gap), "there is a second number for `b` on 2025-01-08");
    wink(directory.path(), &format!("{line} --missing-is-zero"), &without).fine();
}
