//! What commands about tables say where nothing could be measured, of names that hold the signs of a list, and in the words and pictures of a result.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::wink::{Said, run};

/// Calls wink with the words of a line, `INPUT` being a file with this content and `HOME` its directory; `~` stands for a blank within a word.
fn wink(directory: &Path, line: &str, content: &str) -> Said {
    let path = directory.join("input.csv");
    fs::write(&path, content).unwrap();
    let (path, home) = (path.to_str().unwrap(), directory.to_str().unwrap());
    run(line
        .split_whitespace()
        .map(|word| word.replace("INPUT", path).replace("HOME", home).replace('~', " ")))
}

#[track_caller]
fn refused(said: &Said, words: &str) {
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    assert!(said.err.starts_with("wink: ") && said.err.contains(words), "{said:?}");
    assert_eq!(said.err.lines().count(), 1, "{said:?}");
}

/// People in two arms, in turn, with an outcome and what to divide it by.
fn people(count: u32, of: impl Fn(u32) -> f64) -> String {
    let row = |person: u32| {
        let arm = ["old", "new"][person as usize % 2];
        format!("{arm},{},{},2025-01-{:02}\n", of(person), 1 + person % 3, 1 + person / 20 % 20)
    };
    std::iter::once("arm,spend,visits,day\n".to_owned()).chain((0..count).map(row)).collect()
}

#[test]
fn a_result_without_a_figure_is_no_success() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path();
    let experiment = "measure experiment --input INPUT --treatment arm=new:old --outcome spend";
    let few = people(40, |person| f64::from(person % 7));
    let alike = people(400, |_| 3.0);
    for more in ["", " --json", " --guardrail spend=lower:1", " --share 0.5"] {
        let said = wink(home, &format!("{experiment}{more}"), &few);
        refused(
            &said,
            "`spend`: not enough data: 20 people in an arm, and at least 30 are needed; wait for more",
        );
    }
    refused(&wink(home, experiment, &alike), "`spend`: not enough data: the outcome is the same everywhere");
    let sequential = "measure sequential --input INPUT --treatment arm=new:old --outcome spend --time day";
    refused(
        &wink(home, sequential, &few),
        "none of the looks says anything; at the last one: not enough data",
    );
    let looks = "time,count_c,count_t,mean_c,mean_t,variance_c,variance_t\n1,,200,1,1,1,1\n";
    let checkpoints = "measure sequential --input INPUT --checkpoints --time time";
    refused(&wink(home, checkpoints, looks), "there is no look: no row has all of its numbers");

    let baskets = "bread,butter\nmilk\neggs,tea,salt\n";
    let complements = "model complements --input INPUT --support 0.5";
    let few = "0 frequent items, and at least 2 are needed; ask for less with --support";
    refused(&wink(home, complements, baskets), few);
    let single = "not enough data: 1 baskets, and at least 2 are needed; bring more baskets";
    refused(&wink(home, complements, "bread,butter,milk\n"), single);
    let apart = "bread,butter\nbread\nmilk\nmilk,eggs\n";
    let none = "no two items are together in 50 % of the 4 baskets (4 items); ask for less with --support";
    refused(&wink(home, complements, apart), none);
    refused(&wink(home, &format!("{complements} --cart bread --json"), apart), none);
    let bought = "model complements --input INPUT --support 0.3 --cart bread --bought";
    refused(&wink(home, &format!("{bought} coal"), baskets), "no basket has the item `coal`");
    let said = wink(home, &format!("{bought} butter"), baskets).fine();
    assert!(said.out.contains("nothing that was not bought goes with this cart"), "{said:?}");
}

#[test]
fn a_ratio_has_a_relative_effect_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let line = "measure experiment --input INPUT --treatment arm=new:old --outcome spend --per visits --json";
    let rows = people(1_200, |person| {
        f64::from(1 + person % 3) * f64::from(10 + person / 3 % 5) * if person % 2 == 1 { 1.1 } else { 1.0 }
    });
    let of = wink(directory.path(), line, &rows).fine().json()["outcomes"][0].clone();
    let number = |name: &str| of[name].as_f64().unwrap();
    let [lift, lower, upper] = ["estimate", "lower", "upper"].map(|end| of["lift"][end].as_f64().unwrap());
    assert!((lift - (number("mean_treated") / number("mean_control") - 1.0)).abs() < 1e-12, "{of}");
    assert!((lift - 0.1).abs() < 0.01 && 0.0 < lower && lower < lift && lift < upper, "{of}");
}

#[test]
fn values_of_any_size_are_measured_or_refused() {
    let directory = tempfile::tempdir().unwrap();
    let line = "measure experiment --input INPUT --treatment arm=new:old --outcome spend";
    let rows = |unit: f64| people(400, |person| unit * f64::from(20 + person * 37 % 23 + person % 2 * 4));
    let lift = |unit: f64| {
        let found = wink(directory.path(), &format!("{line} --json"), &rows(unit)).fine().json();
        found["outcomes"][0]["lift"]["lower"].as_f64().unwrap()
    };
    for unit in [1e15, 1e100, 1e150, 1e-100] {
        assert!((lift(unit) / lift(1.0) - 1.0).abs() < 1e-6, "{unit}");
    }
    let said = wink(directory.path(), line, &rows(1e16)).fine().out;
    assert!(said.contains("e17") && !said.contains("0000000"), "{said}");
    refused(&wink(directory.path(), line, &rows(1e160)), "a value is too large to be squared");
}

#[test]
fn names_with_the_signs_of_lists_stand_in_quotes() {
    let directory = tempfile::tempdir().unwrap();
    let mut rows = String::from("\"arm:x=y\",\"age, years\",bought\n");
    for person in 0_u32..4_000 {
        let (age, treated) = (person / 2 % 2, person / 4 % 2 == 1);
        let bought = u32::from(person / 8 % 10 < 2 + if treated && age == 1 { 3 } else { 0 });
        rows.push_str(&format!("{},{age},{bought}\n", if treated { "new: a|b" } else { "old:1" }));
    }
    let arms = "--treatment \"arm:x=y\"=\"new:~a|b\":\"old:1\" --outcome bought";
    let fit = format!(
        "model fit uplift --input INPUT {arms} --features \"age,~years\",\"ln1p(age,~years)\" --json"
    );
    let found = wink(directory.path(), &fit, &rows).fine().json();
    assert_eq!(found["features"], serde_json::json!(["age, years", "ln1p(age, years)"]));
    assert_eq!(found["treatments"][0]["name"], "new: a|b");
    let measured = format!("measure experiment --input INPUT {arms} --guardrail \"bought\"=higher:0.2");
    assert!(wink(directory.path(), &measured, &rows).fine().out.contains("2000 treated, 2000 control"));
    let open = "measure experiment --input INPUT --treatment \"arm:x=y=new --outcome bought";
    refused(&wink(directory.path(), open, &rows), "begins with a double quote that is not closed");

    let baskets = "\"tea, green\",milk\n\"tea, green\",milk\nsalt\n";
    let line = "model complements --input INPUT --support 0.1 --cart \"tea,~green\" --json";
    let found = wink(directory.path(), line, baskets).fine().json();
    assert_eq!(found["suggestions"][0]["item"], "milk");
}

/// Twelve regions on as many times, so far apart; the third has more from the thirtieth time on.
fn regions(times: u32, apart: i64) -> String {
    let mut rows = String::from("city,day,sales\n");
    let first = jiff::civil::date(2020, 1, 6);
    for time in 0..times {
        for city in 0..24_u32 {
            let common = 10 * (time * 7 % 11) + 3 * (time * 5 % 7);
            // The steps of SplitMix64 (Steele, Lea, Flood 2014).
            let mut noise = u64::from(1_000 * city + time + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            for (shift, factor) in [(30, 0xbf58_476d_1ce4_e5b9), (27, 0x94d0_49bb_1331_11eb), (31, 1)] {
                noise = (noise ^ (noise >> shift)).wrapping_mul(factor);
            }
            let own = u32::try_from(noise >> 40).unwrap() % 17;
            let more = if city == 2 && 29 < time { 60 } else { 0 };
            let day = first.checked_add(jiff::Span::new().days(i64::from(time) * apart)).unwrap();
            rows.push_str(&format!("\"Town {city}, D.C.\",{day},{}\n", 200 + common + own + more));
        }
    }
    rows
}

#[test]
fn regions_are_spoken_of_in_the_times_of_their_file() {
    let directory = tempfile::tempdir().unwrap();
    for (apart, period, from) in [
        (1, "day", "2020-02-05"),
        (7, "week", "2020-08-03"),
        (30, "month", "2022-06-24"),
        (10, "time", "2020-11-01"),
    ] {
        let rows = regions(36, apart);
        let line = format!(
            "measure geo --input INPUT --region city --time day --value sales --treated \"Town~2,~D.C.\" --from {from} --plot HOME/geo.svg"
        );
        let said = wink(directory.path(), &line, &rows).fine().out;
        assert!(said.contains(&format!("effect on a region and {period} ")), "{said}");
        assert!(said.contains(&format!("against the other {period}s")), "{said}");
        let tbr = wink(directory.path(), &format!("{line} --method tbr"), &rows).fine().out;
        assert!(tbr.contains("off by ") && tbr.contains(&format!(" on a {period}, ")), "{tbr}");
        let svg = fs::read_to_string(directory.path().join("geo.svg")).unwrap();
        assert!(svg.contains(">date<") && svg.contains(">202") && !svg.contains("days since"), "{svg}");
    }
}

/// Twenty-six regions over thirty days: a wave that each follows in its own part, and something of its own.
fn many_regions(of: impl Fn(u32, u32, f64) -> f64) -> String {
    let mut rows = String::from("city,day,sales\n");
    for region in 0..26_u32 {
        for day in 1..=30_u32 {
            let own = f64::from((region * 31 + day * day * 17 + region * day * 7) % 23);
            let usual = 200.0 + f64::from(day * 37 % 11 * (region % 5)) + own;
            rows.push_str(&format!("r{region},2025-01-{day:02},{}\n", of(region, day, usual)));
        }
    }
    rows
}

#[test]
fn regions_that_say_nothing_give_no_result() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path();
    let geo =
        "measure geo --input INPUT --region city --time day --value sales --treated r3 --from 2025-01-21";
    let alike = many_regions(|_, _, _| 5.0);
    let constant =
        "not enough data: the mean of the treated regions before the treatment is the same everywhere";
    refused(&wink(home, geo, &alike), constant);
    refused(
        &wink(home, geo, &many_regions(|region, _, usual| if region == 3 { 0.0 } else { usual })),
        constant,
    );
    let plan = "measure geo-plan --input INPUT --region city --time day --value sales --days 5 --plays 2";
    refused(&wink(home, plan, &alike), "each region before the treatment is the same everywhere");
    let one_dead = many_regions(|region, _, usual| if region == 3 { 5.0 } else { usual });
    let planned = wink(home, plan, &one_dead).fine().out;
    assert!(planned.contains("left out, as nothing changes there before the treatment: r3\n"), "{planned}");
    let huge = many_regions(|region, day, usual| if region == 8 && day == 2 { 1e300 } else { usual });
    for method in ["", " --json", " --method tbr"] {
        let said = wink(home, &format!("{geo}{method}"), &huge);
        refused(&said, " is 1e300, and must be ");
        assert!(said.err.len() < 200, "{said:?}");
    }
    let tiny = many_regions(|_, _, usual| usual * 1e-200);
    refused(&wink(home, geo, &tiny), "the largest value of a region is ");
}

#[test]
fn a_region_with_a_twin_and_a_level_too_high_have_no_interval() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path();
    let geo =
        "measure geo --input INPUT --region city --time day --value sales --treated r0 --from 2025-01-21";
    let twin: String = {
        let rows = many_regions(|_, _, usual| usual);
        let of_first =
            rows.lines().filter(|row| row.starts_with("r0,")).map(|row| format!("t{}\n", &row[1..]));
        let copied: String = of_first.collect();
        rows + &copied
    };
    let found = wink(home, &format!("{geo} --json"), &twin).fine().json();
    let placebo = &found["placebo"];
    assert_eq!((placebo["p_value"].as_f64(), placebo["effect"].is_null()), (Some(1.0), true), "{found}");
    assert_eq!((placebo["placebos"].as_u64(), found["p_value"].as_f64()), (Some(26), Some(1.0)), "{found}");
    let said = wink(home, geo, &twin).fine().out;
    assert!(said.contains("p 1.0000, against 26 placebos in other regions; no interval of 90 %: "), "{said}");

    let rows = many_regions(|_, _, usual| usual);
    let said = wink(home, &format!("{geo} --level 0.99"), &rows).fine().out;
    let words = "no interval of 99 %: not enough data: 25 placebos for an interval of this level, and at least 99 are needed";
    assert!(said.contains(words) && !said.contains("inf"), "{said}");
    let said = wink(home, &format!("{geo} --level 0.95"), &rows).fine().out;
    assert!(said.contains("interval of 95 % ") && !said.contains("no interval"), "{said}");
    let large = many_regions(|_, _, usual| usual * 1e40);
    for method in ["", " --method tbr"] {
        let said = wink(home, &format!("{geo}{method}"), &large).fine().out;
        let longest = said.split(|sign: char| !sign.is_ascii_digit()).map(str::len).max();
        assert!(longest < Some(16), "{said}");
    }
}

#[test]
fn regions_and_days_that_are_not_there_are_named_with_those_that_are() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path();
    let line = "measure geo --input INPUT --region city --time day --value sales --from 2020-02-05 --treated";
    let asked = |treated: &str, rows: &str| wink(home, &format!("{line} {treated}"), rows);
    refused(&asked("Nowhere", &many_regions(|_, _, usual| usual)), "there are `r0`, `r1`, `r10`, ");
    let with_comma = regions(36, 1);
    refused(
        &asked("Town~2,~D.C.", &with_comma),
        "; a name with a comma in it is written in double quotes: --treated '\"A, B\"'",
    );
    let of = |days: &str| {
        let line =
            format!("measure geo --input INPUT --region city --time day --value sales --treated r1 {days}");
        wink(home, &line, &many_regions(|_, _, usual| usual))
    };
    refused(&of("--from 2025-02-01"), "--from is 2025-02-01, and the last day in `");
    refused(&of("--from 2025-01-20 --until 2025-01-31"), "--until is 2025-01-31, and the last day in `");
    refused(
        &of("--from 2025-01-20 --until 2025-01-19"),
        "--until is 2025-01-19, and must not be before --from",
    );
}

#[test]
fn a_plan_says_how_often_it_would_be_a_false_alarm() {
    let directory = tempfile::tempdir().unwrap();
    let line = "measure geo-plan --input INPUT --region city --time day --value sales --treated \"Town~2,~D.C.\" --days 4 --lift 0,0.5";
    // The region goes its own way from the thirtieth time on: without any lift it is called an effect.
    let planned = wink(directory.path(), &format!("{line} --plays 3 --json"), &regions(36, 1)).fine().json();
    let number = |of: &Json| of.as_f64().unwrap();
    assert!((number(&planned[0]["false_alarms"]) - 1.0).abs() < 1e-12, "{planned}");
    assert_eq!(number(&planned[0]["lifts"][0]["power"]), 0.0, "{planned}");
    let said = wink(directory.path(), &format!("{line} --plays 3"), &regions(36, 1)).fine().out;
    assert!(said.contains("false alarms") && said.contains("3 plays are too few"), "{said}");
    let calm = wink(directory.path(), &format!("{line} --json"), &regions(29, 1)).fine().json();
    assert!(number(&calm[0]["lifts"][0]["power"]) <= 0.1, "{calm}");
    assert!(0.9 < number(&calm[0]["lifts"][1]["power"]), "{calm}");
}

#[test]
fn promised_effects_are_drawn_beside_those_that_were_seen() {
    let directory = tempfile::tempdir().unwrap();
    let mut rows = String::from("arm,x,bought\n");
    for person in 0_u32..8_000 {
        let (x, treated) = (person / 2 % 4, person / 8 % 2 == 1);
        let bought = u32::from(person / 16 % 10 < 2 + if treated { x } else { 0 });
        rows.push_str(&format!("{},{x},{bought}\n", if treated { "new" } else { "old" }));
    }
    let line = "model fit uplift --input INPUT --treatment arm=new:old --outcome bought --features x --plot HOME/qini.svg --plot-calibration HOME/seen.svg";
    wink(directory.path(), line, &rows).fine();
    let svg = fs::read_to_string(directory.path().join("seen.svg")).unwrap();
    assert!(svg.contains("as promised") && svg.matches("<circle").count() == 4, "{svg}");
    let qini = fs::read_to_string(directory.path().join("qini.svg")).unwrap();
    assert_eq!(qini.matches("stroke-dasharray").count(), 2, "the line by chance and its name: {qini}");
}

/// As in pandas, a name with a blank is another one; nobody has to find that out alone.
#[test]
fn names_that_differ_by_blanks_are_two_and_that_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let mut rows = people(400, |person| f64::from(person * 37 % 23));
    let line = "measure experiment --input INPUT --treatment arm=new:old --outcome spend";
    assert_eq!(wink(directory.path(), line, &rows).fine().err, "");
    rows = rows.replacen("new,", "new ,", 7);
    let said = wink(directory.path(), line, &rows).fine();
    assert!(said.out.starts_with("193 treated, 200 control"), "{said:?}");
    assert!(
        said.err.contains("column `arm`: `new` and `new ` differ by blanks, and are taken for two"),
        "{said:?}"
    );
}

/// What the guide shows of `wink measure power` is what the command says; the numbers are checked beside the formulas, against another program.
#[test]
fn the_plan_in_the_guide_is_what_the_command_tells() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/statistics.md");
    let guide = fs::read_to_string(guide).unwrap();
    let mut tried = 0;
    for (at, _) in guide.match_indices("```sh\nwink measure power ") {
        let mut parts = guide[at..].split("```");
        let line = parts.nth(1).unwrap().strip_prefix("sh\nwink ").unwrap();
        let shown = parts.nth(1).unwrap().strip_prefix("text\n").unwrap();
        assert_eq!(run(line.split_whitespace()).fine().out, shown, "{line}");
        tried += 1;
    }
    assert_eq!(tried, 2);
}

#[test]
fn people_effect_and_power_are_told_of_each_other() {
    let plan = |line: &str| run(format!("measure power {line} --json").split(' ')).fine().json();
    let near = |json: &Json, name: &str, truth: f64| {
        let found = json[name].as_f64().unwrap();
        assert!((found - truth).abs() <= 1e-3 * truth, "{name} is {found}, not {truth}");
    };
    for outcome in ["--mean 40 --sd 25", "--rate 0.05"] {
        let people = plan(&format!("{outcome} --lift 0.1 --hold-out 0.2"));
        assert_eq!(people["found"], "people");
        let all = people["people"].as_u64().unwrap();
        assert_eq!(people["treated"].as_u64().unwrap() + people["held_out"].as_u64().unwrap(), all);
        let power = plan(&format!("{outcome} --lift 0.1 --hold-out 0.2 --people {all}"));
        near(&power, "power", 0.8);
        let effect = plan(&format!("{outcome} --hold-out 0.2 --people {all}"));
        near(&effect, "lift", 0.1);
    }
    // The usual table: half a standard deviation takes 63 in each arm.
    let usual = plan("--sd 1 --effect -0.5");
    assert_eq!(
        (&usual["treated"], &usual["held_out"], &usual["lift"]),
        (&63.into(), &63.into(), &Json::Null)
    );
    for (line, why) in [
        (
            "--rate 0.05",
            "say what is to be seen with --effect or --lift, or how many there are with --people",
        ),
        ("--rate 1.2 --lift 0.1", "--rate is 1.2, and must be between 0 and 1"),
        ("--rate 0.5 --lift 1", "with the effect the rate would be 1, and must be between 0 and 1"),
        ("--sd 2 --lift 0.1", "--lift is a part of the mean: say --mean"),
        ("--sd 0 --effect 1", "--sd is 0, and must be above 0"),
        ("--sd 2 --effect 0", "the effect is 0, and must be a number other than 0"),
        ("--sd 2 --effect 1 --hold-out 1", "--hold-out is 1, and must be between 0 and 1"),
        ("--sd 2 --effect 1 --power 0.01", "the power is 0.01, and must be more than half of what"),
        ("--sd 2 --effect 1 --people 90 --power 0.9", "of effect, --people and --power one is to be found"),
        ("--sd 2 --effect 1e-9", "people, more than there are"),
        ("--sd 2 --effect 1 --people 3 --hold-out 0.01", "nobody is in one of the arms"),
        ("--rate 0.05 --people 3", "an arm has "),
        (
            "--rate 0.05 --people 290 --hold-out 0.1",
            "says nothing of fewer than 30; with this hold-out that takes --people 300",
        ),
        ("--sd 2 --effect 1 --people 59", "with this hold-out that takes --people 60"),
        ("--rate 0.5 --people 8 --hold-out 0.1", "not even a rise to nearly everybody would be seen"),
    ] {
        refused(&run(format!("measure power {line}").split(' ')), why);
    }
    run("measure power --rate 0.05 --people 300 --hold-out 0.1".split(' ')).fine();
    let few = run("measure power --sd 2 --effect 3".split(' ')).fine();
    assert!(few.err.contains("an arm has fewer than 30 people"), "{few:?}");
    let rare = run("measure power --rate 0.001 --effect 0.5 --hold-out 0.5 --people 400".split(' ')).fine();
    assert!(rare.err.contains("the figures are rough"), "{rare:?}");
}

#[test]
fn a_policy_of_other_names_and_what_is_no_probability_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path();
    let line = "evaluate off-policy --log INPUT --policy HOME/policy.csv";
    let log = |action: &dyn Fn(u32) -> String, probability: &str| -> String {
        let row = |number: u32| format!("{},{},{probability}\n", action(number), number % 2);
        std::iter::once("item_id,click,propensity_score\n".to_owned()).chain((0..200).map(row)).collect()
    };
    fs::write(home.join("policy.csv"), "action,probability\n2,0.25\n3,0.75\n").unwrap();
    let columns = " --action item_id --reward click";
    let line = format!("{line}{columns}");
    for (write, as_written) in [
        (&(|number: u32| format!("{}.0", 2 + number % 2)) as &dyn Fn(u32) -> String, "2.0"),
        (&|number: u32| format!("0{}", 2 + number % 2), "02"),
    ] {
        let words =
            format!("has no action of the log: the log has actions like `{as_written}`, the policy like `2`");
        refused(&wink(home, &line, &log(write, "0.5")), &words);
    }
    let strange = |number: u32| ["tea", "soap"][number as usize % 2].to_owned();
    refused(&wink(home, &line, &log(&strange, "0.5")), "actions like `soap`, the policy like `2`");
    let same = |number: u32| (2 + number % 2).to_string();
    for bad in ["0", "1.2", "-0.1"] {
        let words = format!("input.csv`, row 1, column `propensity_score`: {bad} is no probability above 0");
        refused(&wink(home, &line, &log(&same, bad)), &words);
    }
    wink(home, &line, &log(&same, "0.5")).fine();
}
