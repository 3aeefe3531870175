//! `cargo xtask compare`: holds Wink against what others have written, on the same input: PostgreSQL for coupons, SQL for features,
//! Python's libraries for statistics. Not part of continuous integration: it fetches hundreds of megabytes and takes its time.
//!
//! The others are Python packages, pinned in the lists beside this file and installed into the target directory. A comparison answers with
//! the rows of a bench; every figure of a processor is the time that processes used, so that a busy machine spoils them less.

mod coupons;
mod features;
mod python;
mod serving;
mod statistics;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::args::Args;
use crate::bench;

/// Runs a comparison and gives back its rows.
type Compare = fn(&Args) -> Result<Vec<Value>>;

/// A name, what `--only` may name of it, and what runs it.
type Target = (&'static str, &'static [&'static str], Compare);

/// What can be compared.
const TARGETS: [Target; 3] = [
    ("coupons", &["redeem"], coupons::run),
    ("features", &["as-of", "windows", "serving"], features::run),
    ("statistics", &["clv", "uplift", "forest", "effects", "bandit"], statistics::run),
];

/// Runs the comparisons that are named, all if none is, prints a table and keeps it as JSON in the target directory.
///
/// # Errors
/// Fails on an unknown name, if something cannot be installed or run, and if a row with a target does not meet it.
pub(crate) fn run(args: &Args) -> Result<()> {
    let is_named = |name: &str| args.words.is_empty() || args.words.iter().any(|word| word == name);
    if let Some(unknown) = args.words.iter().find(|word| TARGETS.iter().all(|(name, ..)| name != word)) {
        bail!("there is no comparison `{unknown}`; there are {}", TARGETS.map(|(name, ..)| name).join(", "));
    }
    let has_wanted = |(_, parts, _): &Target| parts.iter().any(|part| is_wanted(args, part));
    let wanted: Vec<&Target> =
        TARGETS.iter().filter(|target| is_named(target.0) && has_wanted(target)).collect();
    if wanted.is_empty() {
        let parts: Vec<&str> = TARGETS.iter().flat_map(|(_, parts, _)| parts.iter().copied()).collect();
        bail!("there is no such part here; there are {}", parts.join(", "));
    }
    let mut rows = Vec::new();
    for (name, _, compare) in wanted {
        eprintln!("comparing {name}");
        rows.extend(compare(args)?);
    }
    let report = json!({ "machine": bench::machine()?, "benches": rows });
    bench::show(&report, "compare", args)?;
    let missed = rows.iter().filter(|row| row.get("met") == Some(&Value::Bool(false))).count();
    if 0 < missed {
        bail!("{missed} rows do not meet their target");
    }
    Ok(())
}

/// Whether a part of a comparison is to be run: the one that `--only` names, or all.
fn is_wanted(args: &Args, part: &str) -> bool {
    args.value("--only").is_none_or(|only| only == part)
}

/// Reads rows that a program printed, one JSON object a line.
fn rows(text: &str) -> Result<Vec<Value>> {
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}
