//! Experiments and trials whose answer would mislead: arms too small for what they measure, lots that were not drawn, halves with one arm, numbers
//! too large. And what is asked wrongly: the sentence names what was typed.

use std::fs;
use std::path::Path;

use crate::wink::{Said, run};

/// Calls wink; `INPUT` is a file with this content.
fn wink(directory: &Path, line: &str, content: &str) -> Said {
    let path = directory.join("input.csv");
    fs::write(&path, content).unwrap();
    let path = path.to_str().unwrap();
    run(line.split_whitespace().map(|word| word.replace("INPUT", path)))
}

#[track_caller]
fn refused(said: &Said, words: &str) {
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    assert!(said.err.starts_with("wink: ") && said.err.contains(words), "{said:?}");
    assert_eq!(said.err.lines().count(), 1, "{said:?}");
}

/// People of whom every so many-th is held out, with what every fiftieth does.
fn held_out(people: u32, every: u32) -> String {
    let row = |person: u32| {
        let arm = if person.is_multiple_of(every) { "old" } else { "new" };
        format!("{arm},{}\n", u32::from((person * 7_919).is_multiple_of(50)))
    };
    std::iter::once("arm,bought\n".to_owned()).chain((0..people).map(row)).collect()
}

#[test]
fn an_arm_too_small_for_what_hardly_anybody_does_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let line = "measure experiment --input INPUT --treatment arm=new:old --outcome bought";
    let told = |rows: &str| {
        let found = wink(directory.path(), &format!("{line} --json"), rows).fine().json();
        let said = wink(directory.path(), line, rows).fine().out;
        (found["outcomes"][0]["people_wanted"].as_u64(), said)
    };
    let (wanted, said) = told(&held_out(2_000, 11));
    let wanted = wanted.unwrap();
    assert!((500..2_000).contains(&wanted), "{wanted}");
    assert!(said.contains("bought: too few people") && said.contains(&wanted.to_string()), "{said}");
    for rows in [held_out(20_000, 11), held_out(2_000, 2)] {
        let (wanted, said) = told(&rows);
        assert!(wanted.is_none() && !said.contains("too few"), "{said}");
    }
}

#[test]
fn an_experiment_that_is_asked_for_wrongly_is_told_in_its_own_words() {
    let directory = tempfile::tempdir().unwrap();
    let check = |line: &str, rows: &str, words: &str| refused(&wink(directory.path(), line, rows), words);
    let rows = held_out(400, 2);
    let line = "measure experiment --input INPUT --outcome bought --treatment arm=new:old";
    check(&format!("{line} --level 95"), &rows, "--level is 95, and must be between 0 and 1, like 0.95");
    check(&format!("{line} --share 1.5"), &rows, "--share is 1.5, and must be between 0 and 1");
    let same = "measure experiment --input INPUT --outcome bought --treatment arm=new:new";
    check(same, &rows, "`arm=new:new` compares `new` with itself");
    check(
        &format!("{line} --before bought"),
        &rows,
        "what is left of the outcome after what was known before",
    );
    let apart: String = held_out(400, 2).replace("old,1", "old,0").replace("new,0", "new,1");
    check(line, &apart, "the outcome within each arm is the same everywhere");
    let huge = rows.replacen("old,0", "old,1e300", 3);
    let said = wink(directory.path(), line, &huge);
    refused(&said, "too large to be squared");
    assert!(said.err.contains("in a larger unit") && !said.err.contains("wait for more"), "{said:?}");
    let looks = "day,arm,bought\n2025-01-01,new,1\n2025-01-01,old,0\n2025-01-02,new,0\n";
    let sequential = "measure sequential --input INPUT --treatment arm=new:old --outcome bought --time day";
    check(sequential, looks, "1 people in an arm, and at least 100 are needed");
    check(&format!("{sequential} --level 0"), looks, "--level is 0, and must be between 0 and 1");
}

/// A trial in which `x` does not depend on the arm, unless `chosen`.
fn trial(chosen: bool) -> String {
    let mut rows = String::from("arm,x,bought\n");
    for person in 0_u32..8_000 {
        let x = person / 2 % 2;
        let treated = if chosen { person / 4 % 10 < 1 + 8 * x } else { person / 4 % 2 == 1 };
        let bought = u32::from(person / 8 % 10 < 2 + 3 * x);
        rows.push_str(&format!("{},{x},{bought}\n", if treated { "new" } else { "old" }));
    }
    rows
}

#[test]
fn a_trial_says_whom_no_lots_would_draw() {
    let directory = tempfile::tempdir().unwrap();
    for line in [
        "model fit uplift --input INPUT --treatment arm=new:old --outcome bought --features x",
        "model policy --input INPUT --treatment arm=new:old --outcome bought --features x --value 5 --cost 0.2",
    ] {
        assert_eq!(wink(directory.path(), line, &trial(false)).fine().err, "", "{line}");
        let said = wink(directory.path(), line, &trial(true)).fine();
        assert!(said.err.contains("`x` tells who got `new`") && said.err.contains("mixes in"), "{said:?}");
    }
}

#[test]
fn a_trial_that_cannot_be_learned_from_is_refused_with_its_cause() {
    let directory = tempfile::tempdir().unwrap();
    let check = |line: &str, rows: &str, words: &str| refused(&wink(directory.path(), line, rows), words);
    let line = "model fit uplift --input INPUT --treatment arm=new:old --outcome bought --features";
    let rows = trial(false);
    check(&format!("{line} x,bought"), &rows, "`bought` is the outcome, and no feature");
    check(&format!("{line} x,arm=new"), &rows, "`arm` is who was treated, and no feature");
    check(&format!("{line} x"), &rows.replacen("old,0,1", "old,0,2", 1), "2 is neither 0 nor 1");
    check(&format!("{line} x"), &rows.replacen("old,0,", "old,1e300,", 1), "too large to learn from");
    let policy =
        "model policy --input INPUT --treatment arm=new:old --outcome bought --features x --value 5 --cost";
    check(&format!("{policy} nan"), &rows, "--value and --cost are amounts");
    let turns: String = std::iter::once("arm,x,bought\n".to_owned())
        .chain((0..2_000_u32).map(|person| {
            format!("{},{},{}\n", ["new", "old"][person as usize % 2], person / 2 % 3, person / 4 % 2)
        }))
        .collect();
    check(&format!("{line} x"), &turns, "is in one half; draw the halves with --split random:1");
    wink(directory.path(), &format!("{line} x --split random:1"), &turns).fine();
    let propensity = "model fit propensity --input INPUT --outcome bought --features x,bought";
    check(propensity, &rows, "`bought` is the outcome, and no feature");
}
