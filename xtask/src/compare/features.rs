//! Features, three ways and fast: online, replayed from the journal, and by an as-of join in SQL; windows over many events against a query
//! written by hand; and what is read over HTTP beside Feast.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{is_wanted, python, serving};
use crate::args::Args;
use crate::shell;

/// People and days of the simulated shop: about a million messages. Less than the 397 days that are kept, and more than the longest window.
const PEOPLE: &str = "1700";
const DAYS: &str = "380";

/// Events that the windows are computed over, unless `--events` says otherwise.
const EVENTS: &str = "10000000";

pub(super) fn run(args: &Args) -> Result<Vec<Value>> {
    let place = shell::target_directory()?.join("compare").join("features");
    let mut rows = Vec::new();
    if is_wanted(args, "serving") {
        rows.extend(serving::run(args, &place)?);
    }
    if !is_wanted(args, "as-of") && !is_wanted(args, "windows") {
        return Ok(rows);
    }
    let python = python::with("features.txt")?;
    if is_wanted(args, "as-of") {
        rows.extend(as_of(&python, &place, args.value("--people").unwrap_or(PEOPLE))?);
    }
    if is_wanted(args, "windows") {
        rows.extend(windows(&python, &place, args.value("--events").unwrap_or(EVENTS))?);
    }
    Ok(rows)
}

/// Plays a shop into a store, asks again in the journal, and compares both with SQL.
fn as_of(python: &Path, place: &Path, people: &str) -> Result<Vec<Value>> {
    let directory = place.join("as-of");
    if directory.exists() {
        std::fs::remove_dir_all(&directory).context("cannot remove the last run")?;
    }
    std::fs::create_dir_all(place)?;
    eprintln!("playing {people} people for {DAYS} days into a store");
    let mut play = shell::cargo([
        "run",
        "--quiet",
        "--locked",
        "-p",
        "wink-server",
        "--example",
        "feature_history",
        "--",
    ]);
    shell::run(play.arg(&directory).args([people, DAYS]))?;
    eprintln!("asking the journal");
    let mut ask = shell::cargo(["run", "--quiet", "--locked", "-p", "wink", "--", "features", "as-of"]);
    ask.arg(directory.join("questions.csv")).args(["--at", "at", "--data"]).arg(&directory);
    shell::run(ask.arg("--to").arg(directory.join("as_of.csv")))?;
    python::script(python, "features.py", &[&directory.to_string_lossy()])
}

/// Makes events, and has both compute the same windows over them.
fn windows(python: &Path, place: &Path, events: &str) -> Result<Vec<Value>> {
    let directory = place.join("windows");
    std::fs::create_dir_all(&directory)?;
    eprintln!("building the fold as it is released");
    shell::run(&mut shell::cargo([
        "build",
        "--release",
        "--quiet",
        "--locked",
        "-p",
        "wink-sim",
        "--example",
        "window_features",
    ]))?;
    let fold = shell::target_directory()?.join("release").join("examples").join("window_features");
    python::script(python, "windows.py", &[&directory.to_string_lossy(), &fold.to_string_lossy(), events])
}
