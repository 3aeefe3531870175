//! `wink model fit propensity` and `--scores`: on real sessions against an independent implementation, on small files, and on files that say
//! nothing.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::wink::{Said, run};

/// Calls wink in a directory; `IN` stands for it.
fn wink(directory: &Path, line: &str) -> Said {
    run(line.split(' ').map(|word| word.replace("IN/", &format!("{}/", directory.display()))))
}

/// What a command says that has nothing to say: one sentence, and nothing on standard output.
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

/// Sessions without `PageValues`, which knows of the purchase. scikit-learn 1.9.1: `LogisticRegression(C=1, tol=1e-10)` on the rows 0, 2, … of the
/// same columns (numbers through `log1p` and divided as here, kinds as 0 and 1 without the first), judged on the others by `roc_auc_score`, `log_loss`
/// and `brier_score_loss`; the interval of DeLong by numpy over all pairs, through the logit; the slope by a second `LogisticRegression(C=1e6)` on
/// the logits; sizes as the mean of |weight · (value − mean of the learned)|; the groups by `argsort` of the probabilities.
#[test]
fn reference_online_shoppers_are_told_as_by_an_independent_implementation() {
    let home =
        std::env::var_os("WINK_REFERENCE_DATA").expect("WINK_REFERENCE_DATA names the data sets' directory");
    let input = PathBuf::from(home).join("online_shoppers/online_shoppers_intention.csv.gz");
    let directory = tempfile::tempdir().unwrap();
    let features = "ln1p(Administrative)/3,ln1p(Administrative_Duration)/8,ln1p(Informational)/3,\
        ln1p(Informational_Duration)/8,ln1p(ProductRelated)/6,ln1p(ProductRelated_Duration)/10,BounceRates/0.05,\
        ExitRates/0.05,SpecialDay,Month=*,VisitorType=*,Weekend=*";
    let call = format!(
        "model fit propensity --input {} --outcome Revenue=TRUE --features {features} --scores IN/scores.csv --json",
        input.display()
    );
    let fit = wink(directory.path(), &call).fine().json();
    assert_eq!([&fit["rows"], &fit["learned_from"], &fit["judged_on"]], [12_330, 6_165, 6_165]);
    near(&fit["share"]["estimate"], 0.154_744_525_5, 1e-9);
    near(&fit["auc"]["estimate"], 0.750_171_447, 1e-5);
    near(&fit["auc"]["lower"], 0.734_707_723, 1e-5);
    near(&fit["auc"]["upper"], 0.765_022_082, 1e-5);
    near(&fit["log_loss"]["model"], 0.372_447_988, 1e-5);
    near(&fit["log_loss"]["share_alone"], 0.428_127_419, 1e-8);
    near(&fit["brier"]["model"], 0.116_401_273, 1e-5);
    near(&fit["brier"]["share_alone"], 0.129_686_500, 1e-8);
    near(&fit["slope"], 1.009_348, 1e-3);
    near(&fit["intercept"], 0.016_347, 1e-3);
    let moved = |name: &str| {
        let all = fit["moved_by"].as_array().unwrap();
        all.iter().find(|one| one["feature"] == name).unwrap().clone()
    };
    for (name, size, slope) in [
        ("ExitRates/0.05", 0.589_906, -0.882_197),
        ("ln1p(ProductRelated_Duration)/10", 0.303_341, 2.012_134),
        ("BounceRates/0.05", 0.307_929, -0.529_250),
        ("SpecialDay", 0.079_805, -0.724_886),
    ] {
        near(&moved(name)["size"], size, 1e-4);
        near(&moved(name)["slope"], slope, 1e-4);
    }
    assert_eq!(fit["moved_by"][0]["feature"], "ExitRates/0.05", "what moves most stands first");
    let groups = fit["calibration"].as_array().unwrap();
    assert_eq!(
        (groups.len(), &groups[0]["people"], &groups[9]["people"]),
        (10, &Json::from(616), &Json::from(617))
    );
    near(&groups[0]["promised"], 0.002_258, 1e-5);
    near(&groups[9]["promised"], 0.383_967, 1e-5);
    near(&groups[9]["seen"]["estimate"], 0.406_807, 2e-3);
    // Rows 1 and 2 of the file, the first learned from the odd rows of Python and the second from the even ones.
    let scores = fs::read_to_string(directory.path().join("scores.csv")).unwrap();
    let lines: Vec<&str> = scores.lines().collect();
    assert_eq!((lines.len(), lines[0]), (12_331, "row,propensity"));
    for (line, row, truth) in [(lines[1], "1", 0.000_142_686), (lines[2], "2", 0.007_222_711)] {
        let (found, score) = line.split_once(',').unwrap();
        assert_eq!(found, row);
        near(&Json::from(score.parse::<f64>().unwrap()), truth, 1e-6);
    }
}

/// People whose `x` is 1 do it seven times in ten, others three times; `flat` is the same everywhere.
fn people(directory: &Path) {
    let mut text = String::from("who,x,noise,flat,did,said\n");
    for person in 0_u32..2_000 {
        let x = person / 2 % 2;
        let did = u32::from(person / 4 % 10 < 3 + 4 * x);
        let said = if did == 1 { "yes" } else { "no" };
        text.push_str(&format!("p{person},{x},{},5,{did},{said}\n", person * 7 % 13));
    }
    fs::write(directory.join("people.csv"), text).unwrap();
}

#[test]
fn who_does_it_is_told_from_who_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    people(directory);
    for base in ["logistic", "gbt"] {
        let call = format!(
            "model fit propensity --input IN/people.csv --outcome did --features x,noise,flat --base {base} --plot IN/plot.svg"
        );
        let fit = wink(directory, &format!("{call} --json")).fine().json();
        near(&fit["share"]["estimate"], 0.5, 1e-9);
        // With the same two scores: 0.7 · 0.7 + half of what is tied, 0.7 · 0.3 + 0.3 · 0.7. Noise may only tell ties apart.
        near(&fit["auc"]["estimate"], 0.7, 0.03);
        near(&fit["log_loss"]["model"], 0.6109, 0.01);
        near(&fit["log_loss"]["share_alone"], std::f64::consts::LN_2, 1e-6);
        assert_eq!(fit["moved_by"][0]["feature"], "x", "{fit}");
        let flat = fit["moved_by"].as_array().unwrap().iter().find(|one| one["feature"] == "flat").unwrap();
        near(&flat["size"], 0.0, 1e-9);
        assert_eq!(flat["slope"], Json::Null);
        let seen: u64 = fit["calibration"]
            .as_array()
            .unwrap()
            .iter()
            .map(|group| group["people"].as_u64().unwrap())
            .sum();
        assert_eq!(seen, 1_000);
        let said = wink(directory, &call).fine().out;
        assert!(said.contains("promised") && said.contains("AUC           0."), "{said}");
        assert!(fs::read_to_string(directory.join("plot.svg")).unwrap().contains(">as promised<"));
    }
    let words = "model fit propensity --input IN/people.csv --features x --json --outcome";
    let by_word = wink(directory, &format!("{words} said=yes")).fine().out;
    assert_eq!(by_word, wink(directory, &format!("{words} did")).fine().out);
}

#[test]
fn what_says_nothing_is_refused_in_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    people(directory);
    let mut text = String::from("x,one,sure,two,hole,rare\n");
    for row in 0_u32..200 {
        let hole = if row == 6 { String::new() } else { (row / 2 % 2).to_string() };
        let two = if row == 4 { 2 } else { row / 2 % 2 };
        text.push_str(&format!("{row},1,{},{two},{hole},{}\n", u32::from(99 < row), u32::from(row < 9)));
    }
    fs::write(directory.join("odd.csv"), text).unwrap();
    let check = |file: &str, rest: &str, wanted: &str| {
        let call = format!("model fit propensity --input IN/{file}.csv --scores IN/scores.csv {rest}");
        refused(&wink(directory, &call), wanted);
        assert!(!directory.join("scores.csv").exists(), "{rest}");
        assert_eq!(fs::read_dir(directory).unwrap().count(), 2, "{rest}: nothing is left over");
    };
    check("odd", "--outcome one --features x", "not enough data: the outcome is the same everywhere");
    check("odd", "--outcome sure --features x", "separates the outcomes perfectly");
    check("odd", "--outcome sure --features x --base gbt", "the score separates the outcomes perfectly");
    check(
        "odd",
        "--outcome two --features x",
        "odd.csv`, row 5, column `two`: 2 is no outcome, which is 0 or 1",
    );
    check("odd", "--outcome hole --features x", "row 7, column `hole`: there is no value");
    check("odd", "--outcome hole=1 --features x", "row 7, column `hole`: there is no value");
    check("odd", "--outcome rare --features x", "9 rows of the rarer outcome, and at least 10 are needed");
    check("odd", "--outcome two=1 --features hole", "row 7, column `hole`: there is no value");
    check(
        "odd",
        "--outcome two=1 --features one",
        "half that is judged: not enough data: the score is the same",
    );
    check("people", "--outcome said --features x", "`said=VALUE` says which of them counts as 1");
    check("people", "--outcome said=maybe --features x", "column `said` never is `maybe`");
    check("people", "--outcome sold --features x", "has no column `sold`");
    check("people", "--outcome did --features x --split half", "even-odd or random:SEED");
    check("people", "--outcome did --features x --level 95", "the level is 95, and must be between 0 and 1");
    check("people", "--outcome did --features x --id nobody", "has no column `nobody`");
    let call = "model fit propensity --input IN/people.csv --outcome did --features x --scores";
    refused(&wink(directory, &format!("{call} IN/people.csv")), "is the input");
    refused(&wink(directory, &format!("{call} IN/none/scores.csv")), "scores.csv` cannot be written");
    let other = wink(directory, &format!("{call} IN/scores.txt"));
    assert!(other.code == Some(2) && other.err.contains("ends in .csv or .parquet"), "{other:?}");
    people(directory);
    fs::write(
        directory.join("row.csv"),
        fs::read_to_string(directory.join("people.csv")).unwrap().replace("who,", "row,"),
    )
    .unwrap();
    let call =
        "model fit propensity --input IN/row.csv --outcome did --features x --id row --scores IN/scores.csv";
    refused(&wink(directory, call), "two columns of the scores would be called `row`");
}

/// Everybody has a score, by what was learned from the half they are not in: what stands in one half's rows changes nothing of that half's scores.
#[test]
fn nobody_is_scored_by_what_was_learned_from_them() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    people(directory);
    let scored = |input: &str, to: &str| {
        let call = format!(
            "model fit propensity --input IN/{input} --outcome did --features x,noise --scores IN/{to} --id who"
        );
        wink(directory, &call).fine();
        fs::read(directory.join(to)).unwrap()
    };
    let text = |input: &str, to: &str| String::from_utf8(scored(input, to)).unwrap();
    let before = text("people.csv", "before.csv");
    assert_eq!(before.lines().next(), Some("row,who,propensity"));
    assert_eq!(before.lines().count(), 2_001);
    assert!(before.lines().nth(1_500).unwrap().starts_with("1500,p1499,"), "rows count from 1");
    // The outcomes of the even rows are turned round, so what is learned from them is another thing.
    let turned: Vec<String> = fs::read_to_string(directory.join("people.csv"))
        .unwrap()
        .lines()
        .enumerate()
        .map(|(line, text)| match line % 2 == 1 && line % 3 == 0 {
            true => {
                text.replace(",5,1,yes", ",5,2,x").replace(",5,0,no", ",5,1,yes").replace(",5,2,x", ",5,0,no")
            }
            false => text.to_owned(),
        })
        .collect();
    fs::write(directory.join("turned.csv"), turned.join("\n")).unwrap();
    let after = text("turned.csv", "after.csv");
    for (number, (before, after)) in before.lines().zip(after.lines()).enumerate().skip(1) {
        // The first row of data is number 1 here, and even where the first is 0.
        assert_eq!(before == after, number % 2 == 1, "row {number}: {before} and {after}");
    }
    // The same as Parquet, which is read back as a table.
    assert!(scored("people.csv", "scores.parquet").starts_with(b"PAR1"));
    let call = "model fit propensity --input IN/scores.parquet --outcome row=7 --features propensity";
    refused(&wink(directory, call), "1 rows of the rarer outcome");
}

/// Effects of everybody in the trial, and of nobody else; one column for each treatment.
#[test]
fn effects_of_everybody_are_written() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut text = String::from("who,arm,x,bought\n");
    for person in 0_u32..6_000 {
        let arm = ["old", "new", "odd", "left out"][usize::try_from(person / 4 % 4).unwrap()];
        let x = person / 2 % 2;
        let moved = if arm == "new" && x == 1 { 3 } else { 0 };
        text.push_str(&format!("p{person},{arm},{x},{}\n", u32::from(person / 16 % 10 < 2 + moved)));
    }
    fs::write(directory.join("trial.csv"), &text).unwrap();
    let call = "model fit uplift --input IN/trial.csv --treatment arm=new:old --treatment arm=odd:old --outcome bought \
        --features x --scores IN/scores.csv --id who --json";
    wink(directory, call).fine();
    let mut scores = csv::Reader::from_path(directory.join("scores.csv")).unwrap();
    assert_eq!(scores.headers().unwrap(), &["row", "who", "uplift new", "uplift odd"][..]);
    let rows: Vec<csv::StringRecord> = scores.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 4_500, "who was left out is not in the trial");
    for row in &rows {
        let person: u32 = row[0].parse::<u32>().unwrap() - 1;
        assert_eq!(row[1], format!("p{person}"));
        assert_ne!(person / 4 % 4, 3, "{row:?}");
        let truth = if person / 2 % 2 == 1 { 0.3 } else { 0.0 };
        near(&Json::from(row[2].parse::<f64>().unwrap()), truth, 0.06);
        near(&Json::from(row[3].parse::<f64>().unwrap()), 0.0, 0.06);
    }
    // Too few to learn from: there is an effect to tell of, and there are no scores to write.
    let few: Vec<&str> = text.lines().take(241).collect();
    fs::write(directory.join("few.csv"), few.join("\n")).unwrap();
    fs::write(directory.join("scores.csv"), "those of yesterday").unwrap();
    let call = "model fit uplift --input IN/few.csv --treatment arm=new:old --outcome bought --features x --scores IN/scores.csv";
    refused(&wink(directory, call), "there are no scores to write");
    assert_eq!(fs::read_to_string(directory.join("scores.csv")).unwrap(), "those of yesterday");
}
