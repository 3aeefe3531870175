//! `wink model` and `wink measure` on real data, against published figures; and on files that say nothing.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::wink::{Said, run};

/// A file of the data sets that no package carries.
fn reference(name: &str) -> String {
    let directory =
        std::env::var_os("WINK_REFERENCE_DATA").expect("WINK_REFERENCE_DATA names the data sets' directory");
    let path = PathBuf::from(directory).join(name);
    assert!(path.exists(), "`{}` is not there", path.display());
    path.to_str().unwrap().to_owned()
}

fn wink(line: &str, input: &str) -> Said {
    let words = line.split(' ').map(|word| if word == "INPUT" { input } else { word });
    // Words with blanks in them are written with a + instead.
    run(words.map(|word| word.replace('+', " ")))
}

#[track_caller]
fn near(found: &Json, truth: f64, tolerance: f64) {
    let found = found.as_f64().unwrap_or(f64::NAN);
    assert!((found - truth).abs() <= tolerance, "{found} is not {truth} ± {tolerance}");
}

const CDNOW: &str =
    "--input INPUT --no-header --customer 1 --time 3 --value 5 --calibration-end 1997-09-30 --json";

/// Fader, Hardie, Lee (2005), table 2 and §4; Fader, Hardie (2013), §3 for gamma-gamma.
#[test]
fn reference_cdnow_is_fitted_as_published() {
    let file = reference("cdnow/CDNOW_sample.txt.gz");
    let fit = wink(&format!("model fit clv {CDNOW}"), &file).fine().json();
    assert_eq!(fit["customers"], 2_357);
    for (name, truth) in [("r", 0.2426), ("alpha", 4.4135), ("a", 0.7929), ("b", 2.4258)] {
        near(&fit["parameters"][name], truth, 1e-3 * truth);
    }
    near(&fit["log_likelihood"], -9_582.43, 0.01);
    let spend = &fit["spend"];
    assert_eq!(spend["customers"], 946.0);
    near(&spend["parameters"]["p"], 6.25, 0.006);
    near(&spend["parameters"]["q"], 3.74, 0.006);
    near(&spend["parameters"]["v"], 15.44, 0.02);
    near(&spend["log_likelihood"], -4_055.92, 0.01);
    let later = &fit["hold_out"];
    near(&later["time"], 39.0, 1e-9);
    near(&later["purchases"], 1_882.0, 0.0);
    near(&later["expected"], 1_653.4, 0.5);
    near(&later["mean_absolute_error"], 0.7855, 1e-3);
    near(&later["correlation"], 0.6256, 1e-3);
}

/// Checked with independent code: see the log-likelihood of both models.
#[test]
fn reference_cdnow_is_fitted_by_the_modified_model_too() {
    let file = reference("cdnow/CDNOW_sample.txt.gz");
    let fit = wink(&format!("model fit clv {CDNOW} --model mbg-nbd"), &file).fine().json();
    for (name, truth) in [("r", 0.5248), ("alpha", 6.1830), ("a", 0.8914), ("b", 1.6140)] {
        near(&fit["parameters"][name], truth, 1e-3 * truth);
    }
    near(&fit["log_likelihood"], -9_582.13, 0.01);
}

/// The Python package lifetimes 0.11.3 with `penalizer_coef` 0.01, on the same histories in weeks.
#[test]
fn reference_cdnow_is_fitted_with_a_penalty_as_others_do() {
    let file = reference("cdnow/CDNOW_sample.txt.gz");
    for (model, found, log_likelihood) in [
        ("bg-nbd", [0.242_942, 4.432_506, 0.285_643, 0.658_459], -9_596.289),
        ("mbg-nbd", [0.615_251, 6.738_559, 0.499_080, 0.672_275], -9_591.752),
    ] {
        let fit = wink(&format!("model fit clv {CDNOW} --model {model} --penalty 0.01"), &file).fine().json();
        for (name, truth) in ["r", "alpha", "a", "b"].into_iter().zip(found) {
            near(&fit["parameters"][name], truth, 5e-4 * truth);
        }
        near(&fit["log_likelihood"], log_likelihood, 0.01);
        near(&fit["penalty"], 0.01, 0.0);
    }
}

/// E[Y(39) | x = 2, t_x = 30.43, T = 38.86] = 1.226 (Fader, Hardie, Lee 2005, §4).
#[test]
fn reference_cdnow_is_predicted_as_published() {
    let file = reference("cdnow/CDNOW_sample.txt.gz");
    let said = wink(&format!("model predict clv {CDNOW} --horizon 39"), &file).fine();
    let first: Json = serde_json::from_str(said.out.lines().next().unwrap()).unwrap();
    assert_eq!((first["customer"].as_str(), first["repeats"].as_u64()), (Some("00004"), Some(2)));
    near(&first["purchases"]["estimate"], 1.226, 1e-3);
    assert_eq!(said.out.lines().count(), 2_357);
}

/// The package's vignette: chicago and portland treated from the 91st day.
#[test]
fn reference_geolift_is_found_as_published() {
    let line = "measure geo --input INPUT --region location --time date --value Y --treated chicago,portland --from 2021-04-01 --json";
    let found = wink(line, &reference("geolift/GeoLift_Test.csv")).fine().json();
    near(&found["effect"], 155.556, 0.16);
    near(&found["incremental"], 4_667.0, 4.7);
    near(&found["lift"], 0.054, 5e-4);
    near(&found["imbalance"], 909.489, 0.91);
    assert!(found["p_value"].as_f64().unwrap() <= 0.05, "{found}");
    let weights = found["weights"].as_array().unwrap();
    let published = [
        ("cincinnati", 0.2272),
        ("miami", 0.2028),
        ("baton rouge", 0.1335),
        ("minneapolis", 0.0900),
        ("dallas", 0.0739),
        ("nashville", 0.0685),
    ];
    for ((region, weight), found) in published.into_iter().zip(weights) {
        assert_eq!(found["region"], region);
        near(&found["weight"], weight, 1e-3);
    }
}

/// The example of Google's package GeoexperimentsResearch: slope, incremental sales, return, and its precision, which is one side at 90 %.
#[test]
fn reference_time_based_regression_is_found_as_published() {
    let groups = std::fs::read_to_string(reference("google_geo/geoassignment.csv")).unwrap();
    let treated: Vec<&str> = groups
        .lines()
        .filter_map(|line| line.strip_suffix(",2"))
        .map(|region| region.trim_matches('"'))
        .collect();
    assert_eq!(treated.len(), 50);
    let line = format!(
        "measure geo --input INPUT --region geo --time date --value sales --cost cost --missing-is-zero --treated {} \
         --from 2015-02-16 --until 2015-03-15 --method tbr --level 0.8 --json",
        treated.join(",")
    );
    let found = wink(&line, &reference("google_geo/salesandcost.csv.gz")).fine().json();
    let regression = &found["regression"];
    near(&regression["slope"], 0.999_70, 5e-6);
    near(&found["incremental"], 147_337.12, 0.01);
    near(&found["cost"], 50_000.0, 0.01);
    near(&found["returned"]["estimate"], 2.946_742, 1e-6);
    let end = |end: &str| found["returned"][end].as_f64().unwrap();
    near(&Json::from(end("estimate") - end("lower")), 0.120_548, 1e-6);
    near(&Json::from(end("upper") - end("estimate")), 0.120_548, 1e-6);
}

/// Planning, in the same vignette: ten per cent on fifteen days.
#[test]
fn reference_geolift_is_planned_as_published() {
    let line = "measure geo-plan --input INPUT --region location --time date --value Y --treated chicago,portland --days 15 --plays 1 --lift 0.1 --json";
    let planned = wink(line, &reference("geolift/GeoLift_PreTest.csv")).fine().json();
    near(&planned[0]["lifts"][0]["effect"], 290.007, 0.3);
    near(&planned[0]["lifts"][0]["power"], 1.0, 0.0);
}

#[test]
fn reference_hillstrom_effects_are_found() {
    let file = reference("hillstrom/hillstrom.csv.gz");
    let measured = |arm: &str| {
        let line = format!(
            "measure experiment --input INPUT --treatment segment={arm}:No+E-Mail --outcome visit --outcome conversion --outcome spend --share 0.5 --json"
        );
        let measured = wink(&line, &file).fine().json();
        assert_eq!(measured["sample_ratio"]["mismatch"], false);
        measured["outcomes"].clone()
    };
    let check = |outcome: &Json, effect: f64, error: Option<f64>| {
        near(&outcome["effect"]["estimate"], effect, 1e-6);
        error.into_iter().for_each(|error| near(&outcome["standard_error"], error, 1e-6));
    };
    let mens = measured("Mens+E-Mail");
    check(&mens[0], 0.076_590, Some(0.003_386));
    check(&mens[1], 0.006_805, Some(0.000_921));
    check(&mens[2], 0.769_827, Some(0.145_247));
    let womens = measured("Womens+E-Mail");
    check(&womens[0], 0.045_233, Some(0.003_234));
    check(&womens[1], 0.003_111, None);
    check(&womens[2], 0.424_412, Some(0.130_333));
    near(&womens[0]["mean_treated"], 0.151_400, 1e-6);
    near(&womens[2]["mean_control"], 0.652_789, 1e-6);
}

/// LaLonde (1986) as in Dehejia and Wahba (1999): the experiment, and what the same people look like beside the CPS.
#[test]
fn reference_lalonde_is_measured() {
    let line = "measure experiment --input INPUT --treatment treat=1:0 --outcome re78 --json";
    let nsw = reference("lalonde/nsw_mixtape.csv");
    let found = wink(line, &nsw).fine().json();
    near(&found["outcomes"][0]["effect"]["estimate"], 1_794.34, 0.01);
    near(&found["outcomes"][0]["standard_error"], 671.00, 0.01);

    let directory = tempfile::tempdir().unwrap();
    let mixed = directory.path().join("mixed.csv");
    let mut file = std::fs::File::create(&mixed).unwrap();
    let treated = std::fs::read_to_string(&nsw).unwrap();
    for line in
        treated.lines().filter(|line| line.starts_with("data_id") || line.split(',').nth(1) == Some("1"))
    {
        writeln!(file, "{line}").unwrap();
    }
    let mut packed =
        flate2::read::GzDecoder::new(std::fs::File::open(reference("lalonde/cps_mixtape.csv.gz")).unwrap());
    let mut others = String::new();
    std::io::Read::read_to_string(&mut packed, &mut others).unwrap();
    others.lines().skip(1).for_each(|line| writeln!(file, "{line}").unwrap());
    let naive = wink(line, mixed.to_str().unwrap()).fine().json();
    near(&naive["outcomes"][0]["effect"]["estimate"], -8_497.52, 0.01);
}

/// 78 experiments of ASOS with 99 variants: at the end as many are significant as published, with peeking about twice as many. The
/// sequence is looked at as often; how many it decides was counted with independent code.
#[test]
fn reference_asos_is_not_fooled_by_peeking() {
    let line = "measure sequential --input INPUT --checkpoints --time time_since_start --by metric_id,experiment_id,variant_id --json";
    let reports =
        wink(line, &reference("asos_experiments/asos_digital_experiments_dataset.csv.gz")).fine().json();
    let reports = reports.as_array().unwrap();
    for (metric, at_the_end, at_any, decided) in
        [("1", 26, 46, 21), ("2", 27, 64, 37), ("3", 25, 57, 23), ("4", 27, 58, 24)]
    {
        let of_metric: Vec<&Json> = reports
            .iter()
            .filter(|report| report["experiment"].as_str().unwrap().split('/').next() == Some(metric))
            .collect();
        let count = |field: &str| of_metric.iter().filter(|report| report[field] == true).count();
        assert_eq!(of_metric.len(), 99);
        assert_eq!(
            (count("fixed_at_the_end"), count("fixed_at_any_look")),
            (at_the_end, at_any),
            "metric {metric}"
        );
        let found = of_metric.iter().filter(|report| !report["decided_at"].is_null()).count();
        assert_eq!(found, decided, "metric {metric}");
    }
}

/// A file with so many people, of three paces, who stop more or less easily.
fn orders(directory: &Path, people: usize) -> String {
    let path = directory.join("orders.csv");
    let mut file = std::fs::File::create(&path).unwrap();
    writeln!(file, "who,day,spent").unwrap();
    let mut state = 1_u64;
    let mut chance = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f64 + 0.5) / f64::from(1 << 24)
    };
    for person in 0..people {
        let (pace, stops) = ([15.0, 40.0, 120.0][person % 3], [0.03, 0.2, 0.6][person / 3 % 3]);
        let typical = 10.0 + 40.0 * chance();
        let mut after = 90.0 * chance();
        while after < 365.0 {
            let passed = jiff::SignedDuration::from_secs_f64(after * 86_400.0);
            let day = jiff::civil::date(2025, 1, 1).checked_add(passed).unwrap();
            writeln!(file, "\"p, {person}\",{day},{:.2}", typical * (0.5 + chance())).unwrap();
            after += 1.0 - pace * chance().ln();
            if chance() < stops {
                break;
            }
        }
    }
    path.to_str().unwrap().to_owned()
}

const ORDERS: &str = "--input INPUT --customer who --time day --value spent --calibration-end 2025-09-30";

#[test]
fn customers_are_predicted_from_a_file_of_orders() {
    let directory = tempfile::tempdir().unwrap();
    let file = orders(directory.path(), 400);
    let fit = wink(&format!("model fit clv {ORDERS} --unit month --json"), &file).fine().json();
    assert_eq!((&fit["customers"], &fit["model"]), (&400.into(), &"BG/NBD".into()));
    assert!(0.0 < fit["hold_out"]["purchases"].as_f64().unwrap(), "{fit}");
    let plot = directory.path().join("clv.svg");
    let line = format!(
        "model predict clv {ORDERS} --unit month --horizon 12 --margin 0.3 --plot {}",
        plot.display()
    );
    let said = wink(&line, &file).fine();
    let mut rows = csv::Reader::from_reader(said.out.as_bytes());
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!((rows.len(), &rows[0][0]), (400, "p, 0"));
    assert!(std::fs::read_to_string(plot).unwrap().starts_with("<svg "));
    // What an order costs if it costs what it is worth: the same figure, and nothing is left of it.
    let besides = wink(&format!("model fit clv {ORDERS} --cost spent --quantity spent --json"), &file);
    let besides = besides.fine().json()["population"].clone();
    assert!(besides["cost"] == besides["value"] && besides["quantity"] == besides["value"], "{besides}");
    near(&besides["margin"]["estimate"], 0.0, 1e-12);
    assert!(fit["population"].get("cost").is_none() && fit["population"].get("margin").is_none(), "{fit}");
    let costs = wink(&format!("model fit clv {ORDERS} --cost spent"), &file).fine().out;
    assert!(costs.contains("cost of an order: ") && !costs.contains("pieces in an order"), "{costs}");
    let people = wink(&format!("model fit clv {ORDERS}"), &file).fine().out;
    assert!(people.contains("log-likelihood") && people.contains("value of a later order"), "{people}");
}

/// Days of two regions, of which `a` has ten more from the eleventh on, when 5 are spent there and `elsewhere` in `b`.
fn regions(days: u32, elsewhere: u32) -> String {
    let mut rows = String::from("city,day,sales,spent,never\n");
    for day in 1..=days {
        let (usual, more) = (100 + day * 37 % 11, if 10 < day { 1 } else { 0 });
        let own = 2 * usual + day * 5 % 3 + 10 * more;
        rows.push_str(&format!("a,2025-01-{day:02},{own},{},0\n", 5 * more));
        rows.push_str(&format!("b,2025-01-{day:02},{usual},{},0\n", elsewhere * more));
    }
    rows
}

#[test]
fn regions_are_compared_by_a_regression_over_time() {
    let directory = tempfile::tempdir().unwrap();
    let (file, plot) = (directory.path().join("regions.csv"), directory.path().join("geo.svg"));
    // Nothing was sold in `b` on the last day, and no row says so.
    let mut rows = regions(20, 0);
    rows.push_str("a,2025-01-21,12,5,0\n");
    std::fs::write(&file, rows).unwrap();
    let line = format!(
        "measure geo --input INPUT --region city --time day --value sales --treated a --from 2025-01-11 --until 2025-01-20 \
         --method tbr --cost spent --plot {}",
        plot.display()
    );
    let input = file.to_str().unwrap();
    refused(&line, input, "one number for each of 2 regions on each of 21 days");
    let line = format!("{line} --missing-is-zero");
    let found = wink(&format!("{line} --json"), input).fine().json();
    assert_eq!((&found["method"], &found["cost"]), (&"tbr".into(), &50.0.into()));
    near(&found["effect"], 10.0, 1.0);
    near(&found["incremental"], 100.0, 10.0);
    near(&found["returned"]["estimate"], found["incremental"].as_f64().unwrap() / 50.0, 1e-12);
    near(&found["regression"]["slope"], 2.0, 0.2);
    let interval = &found["regression"]["incremental"];
    assert!(interval["lower"].as_f64() < Some(100.0) && Some(100.0) < interval["upper"].as_f64(), "{found}");
    assert!(found.get("weights").is_none() && found["p_value"].as_f64() < Some(0.01), "{found}");
    assert!(std::fs::read_to_string(plot).unwrap().contains("<polygon "));
    let said = wink(&line, input).fine().out;
    assert!(said.contains("return of 50.00 spent: +1.998 ["), "{said}");
}

/// Five days above the line and five below: what is left of a day is left of the next one too.
#[test]
fn errors_that_days_keep_are_said_to_narrow_intervals() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("regions.csv");
    let mut rows = String::from("city,day,sales\n");
    for day in 1..=25_u32 {
        let usual = 100 + day * 37 % 11;
        let own = 2 * usual + if (day - 1) / 5 % 2 == 0 { 12 } else { 0 };
        rows.push_str(&format!("a,2025-01-{day:02},{own}\nb,2025-01-{day:02},{usual}\n"));
    }
    std::fs::write(&path, rows).unwrap();
    let line = "measure geo --input INPUT --region city --time day --value sales --treated a --from 2025-01-21 --method tbr --json";
    let found = wink(line, path.to_str().unwrap()).fine().json();
    assert_eq!(found["regression"]["intervals_too_narrow"], true, "{found}");
    assert!(Some(0.4) < found["regression"]["autocorrelation"].as_f64(), "{found}");
    let said = wink(&line.replace(" --json", ""), path.to_str().unwrap()).fine().out;
    assert!(said.contains("p too small; prefer --method synthetic-control\n"), "{said}");
}

/// Each day is like the next by no more than chance, but the ten before the treatment lie a little lower than those before them.
#[test]
fn errors_that_drift_are_said_to_narrow_intervals() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("regions.csv");
    let mut rows = String::from("city,day,sales\n");
    for day in 1..=28_u32 {
        let usual = 100 + day * 37 % 11;
        let (turn, later) = (if day % 2 == 0 { 3 } else { 0 }, if 10 < day { 4 } else { 0 });
        let effect = if 20 < day { 100 } else { 0 };
        rows.push_str(&format!("a,2025-01-{day:02},{}\n", 2 * usual + turn + effect - later));
        rows.push_str(&format!("b,2025-01-{day:02},{usual}\n"));
    }
    std::fs::write(&path, rows).unwrap();
    let line = "measure geo --input INPUT --region city --time day --value sales --treated a --from 2025-01-21 --method tbr";
    let found = wink(&format!("{line} --json"), path.to_str().unwrap()).fine().json();
    let regression = &found["regression"];
    assert!(regression["autocorrelation"].as_f64() < Some(0.2), "{found}");
    assert!(Some(0.347) < regression["drift"].as_f64(), "{found}");
    assert_eq!(regression["intervals_too_narrow"], true, "{found}");
    let said = wink(line, path.to_str().unwrap()).fine().out;
    assert!(said.contains("  p below 0.0001, by the regression over the days before\n"), "{said}");
}

/// Of two thousand people in each arm, in turn: 2 % of both send something back, a tenth less is spent than before, and a few wait for so long that nothing
/// can be said.
#[test]
fn guardrails_hold_break_or_stay_open() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("people.csv");
    let mut rows = String::from("arm,spend,returned,wait,never\n");
    for person in 0..4_000_u32 {
        let (treated, place) = (person % 2 == 1, person / 2);
        let spend = f64::from(place % 19) * if treated { 0.9 } else { 1.0 };
        let (returned, wait) = (u32::from(place % 50 == 0), if place < 3 { 500 } else { place % 5 });
        rows.push_str(&format!("{},{spend},{returned},{wait},7\n", if treated { "new" } else { "old" }));
    }
    std::fs::write(&path, rows).unwrap();
    let line = "measure experiment --input INPUT --treatment arm=new:old --outcome spend --guardrail returned=lower:0.02 \
         --guardrail spend=higher:0.2 --guardrail wait=lower:0.1 --guardrail never=lower:1 --guardrail spend=higher:0.9";
    let input = path.to_str().unwrap();
    let found = wink(&format!("{line} --json"), input).fine().json();
    let told = |place: usize| {
        let one = &found["guardrails"][place];
        (one["verdict"].as_str(), one["method"].as_str().unwrap())
    };
    assert_eq!(told(0), (Some("holds"), "Newcombe"));
    assert_eq!(told(1), (Some("breached"), "Welch"));
    assert_eq!(told(2), (None, "Welch"));
    assert_eq!(told(4), (Some("open"), "Welch"));
    assert_eq!(told(3), (None, "Welch"));
    let returned = &found["guardrails"][0];
    assert_eq!(returned["worst"], returned["change"]["upper"]);
    assert_eq!(found["guardrails"][1]["worst"], found["guardrails"][1]["change"]["lower"]);
    assert_eq!(found["guardrails"][3]["refused"], "not enough data: the outcome is the same everywhere");
    let said = wink(line, input).fine().out;
    assert!(said.contains("guardrail spend: open") && said.contains("more people are needed"), "{said}");
    assert!(
        said.contains("guardrail wait: not judged: not enough data") && said.contains("so skewed"),
        "{said}"
    );
}

#[track_caller]
fn refused(line: &str, input: &str, words: &str) {
    let said = wink(line, input);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    assert!(
        said.err.starts_with("wink: ") && said.err.contains(words) && said.err.lines().count() == 1,
        "{said:?}"
    );
}

#[test]
fn files_that_say_nothing_are_refused_in_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let fit = format!("model fit clv {ORDERS}");
    refused(&fit, &orders(directory.path(), 1), "not enough data: 1 customers, and at least 30 are needed");
    refused(&fit, &write("a.csv", "who,day\n1,2025-01-01\n"), "has no column `spent`; it has who, day");
    refused(&fit, &write("b.csv", "who,day,spent\n1,soon,3\n"), "row 1, column `day`: `soon` is not a date");
    refused(
        &fit,
        &write("c.csv", "who,day,spent\n1,2026-01-01,3\n"),
        "lies after the calibration's end 2025-09-30",
    );
    let experiment = "measure experiment --input INPUT --treatment arm=new:old --outcome spend";
    refused(
        experiment,
        &write("d.csv", "arm,spend\nnew,1\nnew,2\n"),
        "nobody has `old` in column `arm`; it has `new`",
    );
    refused(experiment, &write("e.csv", "arm,spend\nnew,1\nold,NaN\n"), "row 2, column `spend`");
    let rail = format!("{experiment} --guardrail spend=more:1");
    refused(
        &rail,
        &write("f.csv", "arm,spend\nnew,1\nold,2\n"),
        "`more` in `spend=more:1` is neither `higher` nor `lower`",
    );
    let geo =
        "measure geo --input INPUT --region city --time day --value sales --treated a --from 2025-01-02";
    refused(
        geo,
        &write("g.csv", "city,day,sales\na,2025-01-01,1\nb,2025-01-02,1\n"),
        "one number for each of 2 regions",
    );
    refused(
        geo,
        &write("h.csv", "city,day,sales\nc,2025-01-01,1\n"),
        "there is no region `a`; there are `c`",
    );
    let twice = geo.replace("--treated a", "--treated a,a");
    refused(&twice, &write("g.csv", &regions(12, 0)), "the region `a` is named twice");
    refused(&format!("{geo} --cost sales"), &write("g.csv", &regions(12, 0)), "--cost is for --method tbr");
    let tbr = format!("{geo} --method tbr");
    refused(&tbr, &write("g.csv", &regions(2, 0)), "1 times before the treatment, and at least 5");
    let tbr = tbr.replace("01-02", "01-11");
    refused(
        &format!("{tbr} --cost spent"),
        &write("g.csv", &regions(12, 3)),
        "`spent` is 3 in b on 2025-01-11",
    );
    refused(&format!("{tbr} --cost never"), &write("g.csv", &regions(12, 0)), "`never` adds up to 0");
    let rail = format!("{experiment} --guardrail spend=higher:0");
    refused(&rail, &write("f.csv", "arm,spend\nnew,1\nold,2\n"), "must be above 0");
    refused(
        &format!("{experiment} --guardrail spend=higher:1 --level 0.5"),
        &write("f.csv", "arm,spend\nnew,1\nold,2\n"),
        "--level is 0.5, and must be above one half",
    );
    let far_apart: String = (0..2_300_i64)
        .map(|number| {
            let day = jiff::civil::date(2000, 1, 1).checked_add(jiff::Span::new().days(number)).unwrap();
            format!("r{number},{day},1\n")
        })
        .collect();
    refused(
        &format!("{} --missing-is-zero", geo.replace("--treated a", "--treated r1")),
        &write("k.csv", &format!("city,day,sales\n{far_apart}")),
        "2300 regions on 2300 days are more than 5000000 numbers",
    );
    let sequential =
        "measure sequential --input INPUT --treatment arm=new:old --outcome spend --time day --planned 0";
    refused(
        sequential,
        &write("i.csv", "arm,spend,day\nnew,1,2025-01-01\nold,2,2025-01-01\n"),
        "wink: the planned number of people is 0, and must be above 0",
    );
}

/// Everybody buys every week and leaves with the same probability: the more alike a model takes them to be, the better it fits.
#[test]
fn people_who_are_all_alike_are_told_with_a_penalty() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("alike.csv");
    let mut rows = String::from("who,day,spent\n");
    for person in 1..=256_u32 {
        for week in 0..=person.trailing_zeros() + 1 {
            let day = jiff::civil::date(2025, 1, 1).checked_add(jiff::Span::new().weeks(week)).unwrap();
            rows.push_str(&format!("{person},{day},{}\n", 10 + person % 7 + week));
        }
    }
    std::fs::write(&path, rows).unwrap();
    let input = path.to_str().unwrap();
    let fit = format!("model fit clv {ORDERS}");
    refused(
        &fit,
        input,
        "does not identify BG/NBD; --penalty 0.01 may give an answer, or --model nbd if nobody ever leaves",
    );
    refused(&format!("{fit} --penalty=-1"), input, "the penalty is -1, and must be 0 or more");
    let found = wink(&format!("{fit} --penalty 0.01"), input).fine().out;
    assert!(found.contains("drawn to zero by a penalty of 0.01"), "{found}");
}

/// Subscribers who all go on to the end, at rates of their own: no model of leaving has a summit, and that without leaving tells what comes.
#[test]
fn people_who_never_leave_are_told_by_a_model_without_leaving() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("subscribers.csv");
    let mut rows = String::from("who,day,spent\n");
    for person in 0..240_u32 {
        let every = [5, 9, 14, 21, 30, 45][person as usize % 6] + i64::from(person / 6 % 5);
        for order in 0..(300 / every) {
            let day =
                jiff::civil::date(2025, 1, 1).checked_add(jiff::Span::new().days(order * every)).unwrap();
            // Everybody has a usual value, from which orders stray.
            let usual = 10.0 + f64::from(person * 37 % 41);
            let stray =
                [0.6, 1.3, 0.9, 1.6, 0.7, 1.1, 0.8][usize::try_from(order + i64::from(person)).unwrap() % 7];
            rows.push_str(&format!("{person},{day},{:.2}\n", usual * stray));
        }
    }
    std::fs::write(&path, rows).unwrap();
    let input = path.to_str().unwrap();
    let fit = format!("model fit clv {ORDERS}");
    refused(&fit, input, "or --model nbd if nobody ever leaves");
    refused(&format!("{fit} --model nbd --penalty 0.1"), input, "--penalty is for bg-nbd and mbg-nbd");
    let found = wink(&format!("{fit} --model nbd --json"), input).fine().json();
    assert_eq!(found["model"], "NBD");
    let names: Vec<&String> = found["parameters"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["alpha", "r"]);
    let predict = format!("model predict clv {ORDERS} --model nbd --horizon 4 --json");
    let said = wink(&predict, input).fine().out;
    let (r, alpha) =
        (found["parameters"]["r"].as_f64().unwrap(), found["parameters"]["alpha"].as_f64().unwrap());
    for line in said.lines() {
        let one: Json = serde_json::from_str(line).unwrap();
        assert_eq!(
            (one["alive"]["lower"].as_f64(), one["alive"]["estimate"].as_f64()),
            (Some(1.0), Some(1.0))
        );
        let rate = (r + one["repeats"].as_f64().unwrap()) / (alpha + one["observed"].as_f64().unwrap());
        near(&one["purchases"]["estimate"], 4.0 * rate, 1e-9);
        let (shape, scale) =
            (r + one["repeats"].as_f64().unwrap(), alpha + one["observed"].as_f64().unwrap());
        near(&one["next_median"]["estimate"], scale * (2_f64.powf(1.0 / shape) - 1.0), 1e-9 * scale);
        assert!(one["next_median"]["lower"].as_f64() < one["next_median"]["upper"].as_f64(), "{one}");
        match 1.0 < shape {
            true => near(&one["next_mean"]["estimate"], scale / (shape - 1.0), 1e-9 * scale / (shape - 1.0)),
            false => assert!(one["next_mean"].is_null(), "{one}"),
        }
        assert!(one["value"]["lower"].as_f64().unwrap() < one["value"]["upper"].as_f64().unwrap(), "{one}");
    }
    assert_eq!(said.lines().count(), 240);
    let told = wink(&format!("{fit} --model nbd"), input).fine().out;
    assert!(told.starts_with("NBD on 240 customers") && !told.contains(", a "), "{told}");
}

/// An outcome that nobody can judge is said beside those that can be.
#[test]
fn an_experiment_is_measured_from_a_file_of_people() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("people.csv");
    let mut rows = String::from("arm;spend;visits;before;never;day\n");
    for person in 0..400_u32 {
        let arm = ["old", "new"][person as usize % 2];
        let spend = 20 + person * 37 % 23 + person % 3 + if arm == "new" { 4 } else { 0 };
        let (visits, before, day) = (1 + person % 3, person * 37 % 23, 1 + person / 20);
        rows.push_str(&format!("{arm};{spend};{visits};{before};0;2025-01-{day:02}\n"));
    }
    std::fs::write(&path, rows).unwrap();
    let input = path.to_str().unwrap();
    let arms = "measure experiment --input INPUT --treatment arm=new:old";
    let plain =
        wink(&format!("{arms} --outcome spend --outcome never --share 0.5 --json"), input).fine().json();
    assert_eq!(plain["sample_ratio"]["mismatch"], false);
    assert_eq!(plain["outcomes"][1]["refused"], "not enough data: the outcome is the same everywhere");
    let adjusted = wink(&format!("{arms} --outcome spend --before before --json"), input).fine().json();
    assert!(adjusted["outcomes"][0]["variance_left"].as_f64().unwrap() < 0.05, "{adjusted}");
    near(&adjusted["outcomes"][0]["effect"]["estimate"], 4.0, 0.5);
    let divided =
        wink(&format!("{arms} --outcome spend --per visits --guardrail visits=higher:0.5"), input).fine().out;
    assert!(
        divided.contains("ratio, delta method") && divided.contains("guardrail visits: holds"),
        "{divided}"
    );
    let plot = directory.path().join("looks.svg");
    let line = format!(
        "measure sequential --input INPUT --treatment arm=new:old --outcome spend --time day --planned 400 --json --plot {}",
        plot.display()
    );
    let looks = wink(&line, input).fine().json();
    assert_eq!(
        (looks[0]["looks"].as_array().unwrap().len(), looks[0]["fixed_at_the_end"].as_bool()),
        (20, Some(true))
    );
    assert!(std::fs::read_to_string(plot).unwrap().contains("<polygon "));
}
