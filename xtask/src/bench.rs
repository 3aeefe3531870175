//! `cargo xtask bench`: runs the benches as Wink is installed and says on which machine, when and at which commit.
//!
//! The benches themselves live in the product: `wink bench --json`, the store's `group_commit_limit` example, and the part `bench` of the
//! `statistics` example.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::args::Args;
use crate::{data, shell};

/// The store's own bench: what the disk allows at most, to hold the group commit against.
const STORE_LIMIT: &str = "group_commit_limit";

/// The bench of statistics, which runs only if it is asked for: it needs data that no package carries.
const STATISTICS: &str = "stats";

/// Runs the benches and prints a table, or JSON; the JSON is kept in the target directory as well.
///
/// # Errors
/// Fails if a bench does, or if its answer is not the object agreed on.
pub(crate) fn run(args: &Args) -> Result<()> {
    let wanted = args.words.first().map(String::as_str).unwrap_or_default();
    let mut benches = Vec::new();
    let mut notes = Vec::new();
    if wanted == STATISTICS {
        let benches = statistics()?;
        return show(&json!({ "machine": machine()?, "benches": benches }), "bench", args);
    }
    if wanted != STORE_LIMIT {
        let mut call = shell::cargo([
            "run",
            "--release",
            "--quiet",
            "--locked",
            "-p",
            "wink",
            "--",
            "bench",
            "core",
            "http",
            "serve",
            "growth",
            "segments",
            "moments",
            "features",
            "coupons",
            "--json",
        ]);
        call.arg("--import").arg(data::complete_journey(&data::fetch()?));
        if let Some(rounds) = args.value("--rounds") {
            call.args(["--rounds", rounds]);
        }
        eprintln!("building and running the benches of `wink bench`");
        benches.extend(read_benches(&shell::output(&mut call)?)?);
    }
    if STORE_LIMIT.contains(wanted) {
        eprintln!("building and running {STORE_LIMIT}");
        let text = shell::output(&mut shell::cargo([
            "run",
            "--release",
            "--quiet",
            "--locked",
            "-p",
            "wink-store-fjall",
            "--example",
            STORE_LIMIT,
        ]))?;
        // It may answer in the same shape or in plain lines; both are kept.
        match read_benches(&text) {
            Ok(found) => benches.extend(found),
            Err(_) => notes.push(text.trim_end().to_owned()),
        }
    }
    benches.retain(|bench| wanted == STORE_LIMIT || field(bench, "name").contains(wanted));
    let report = json!({ "machine": machine()?, "benches": benches, STORE_LIMIT: notes });
    show(&report, "bench", args)
}

/// Wink's statistics on data of the size that was asked about, beside what is known of others.
fn statistics() -> Result<Vec<Value>> {
    eprintln!("building and running the bench of statistics");
    let data = crate::test::reference_data()?;
    let mut call = shell::cargo(["run", "--release", "--quiet", "--locked", "-p", "wink-trees", "--example"]);
    call.args(["statistics", "--", "bench"]).arg(data);
    read_benches(&shell::output(&mut call)?)
}

/// Prints a report as a table, or as JSON where that is asked for, and keeps the JSON in `folder` of the target directory.
///
/// # Errors
/// Fails if it cannot be written.
pub(crate) fn show(report: &Value, folder: &str, args: &Args) -> Result<()> {
    let pretty = serde_json::to_string_pretty(report)?;
    let kept = keep(&pretty, folder)?;
    if args.has("--json") {
        println!("{pretty}");
    } else {
        print!("{}", table(report));
        println!("\nas JSON: {}", kept.display());
    }
    Ok(())
}

fn read_benches(text: &str) -> Result<Vec<Value>> {
    let object: Value =
        serde_json::from_str(text.trim()).context("the bench did not print one JSON object")?;
    Ok(object.get("benches").and_then(Value::as_array).context("the bench's JSON has no `benches`")?.clone())
}

fn keep(report: &str, folder: &str) -> Result<std::path::PathBuf> {
    let directory = shell::target_directory()?.join(folder);
    std::fs::create_dir_all(&directory)?;
    let path = directory.join("latest.json");
    std::fs::write(&path, format!("{report}\n"))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// What a reader needs to compare two runs.
///
/// # Errors
/// Fails if the system does not say its name, or Rust its version.
pub(crate) fn machine() -> Result<Value> {
    let say = |command: &mut std::process::Command| shell::output(command).map(|text| text.trim().to_owned());
    let commit = say(&mut shell::program("git", ["rev-parse", "--short=12", "HEAD"]))
        .unwrap_or_else(|_| "none".into());
    let changed = !say(&mut shell::program("git", ["status", "--porcelain"])).unwrap_or_default().is_empty();
    Ok(json!({
        "cpu": cpu_model(Path::new("/proc/cpuinfo")),
        "cores": std::thread::available_parallelism()?.get(),
        "kernel": say(&mut shell::program("uname", ["-sr"]))?,
        "date": say(&mut shell::program("date", ["-u", "+%Y-%m-%dT%H:%M:%SZ"]))?,
        "commit": if changed { format!("{commit} with changes") } else { commit },
        "rustc": say(&mut shell::program("rustc", ["--version"]))?,
    }))
}

fn cpu_model(cpuinfo: &Path) -> String {
    let text = std::fs::read_to_string(cpuinfo).unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

fn field(value: &Value, key: &str) -> String {
    match value.get(key) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.as_f64().map_or_else(|| number.to_string(), rounded),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "NO".to_owned(),
        Some(other) => other.to_string(),
    }
}

/// Whole above a hundred, three decimals below ten: as many digits as a bench can mean.
fn rounded(number: f64) -> String {
    if 100.0 <= number.abs() {
        format!("{number:.0}")
    } else if 10.0 <= number.abs() {
        format!("{number:.1}")
    } else {
        format!("{number:.3}")
    }
}

fn table(report: &Value) -> String {
    const COLUMNS: [&str; 8] =
        ["name", "value", "unit", "limit_name", "limit_value", "ratio", "target", "met"];
    let mut text = String::new();
    for key in ["cpu", "cores", "kernel", "rustc", "date", "commit"] {
        let value = report.get("machine").map(|machine| field(machine, key)).unwrap_or_default();
        text.push_str(&format!("{key:<7} {}\n", value.trim_end_matches(".000")));
    }
    let benches = report.get("benches").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut rows = vec![COLUMNS.map(str::to_owned)];
    rows.extend(benches.iter().map(|bench| COLUMNS.map(|column| field(bench, column))));
    text.push('\n');
    for row in &rows {
        for (column, cell) in row.iter().enumerate() {
            let width = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
            text.push_str(&format!("{cell:<width$}  ", width = width.unwrap_or_default()));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    for note in report.get(STORE_LIMIT).and_then(Value::as_array).into_iter().flatten() {
        text.push_str(&format!("\n{STORE_LIMIT}:\n{}\n", note.as_str().unwrap_or_default()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agreed_object_becomes_a_table_with_the_machine() {
        let text = r#"{ "benches": [ { "name": "decide", "unit": "us", "value": 41.26, "limit_name": "scan",
            "limit_value": 20, "ratio": 2.063, "target": 3, "met": true } ] }"#;
        let report = json!({ "machine": { "cpu": "A", "cores": 2 }, "benches": read_benches(text).unwrap() });
        let table = table(&report);
        assert!(table.contains("cpu     A\ncores   2\n"), "{table}");
        assert!(
            table.contains("decide  41.3   us    scan        20.0         2.063  3.000   yes"),
            "{table}"
        );
    }

    #[test]
    fn another_answer_is_refused() {
        assert!(read_benches("decide 41 us").is_err());
        assert!(read_benches("{}").is_err());
    }
}
