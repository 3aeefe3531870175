//! `cargo xtask demo`: what a newcomer runs first. Builds `wink`, imports a real year of a grocer, says what to try next, and serves the page
//! of a small shop.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::args::Args;
use crate::{data, shell};

/// What can be tried after the import: the arguments of `wink` and what they show.
///
/// `STORE` and `DECISION` are filled in before printing. The check of the documentation reads this list too.
pub(crate) const NEXT: &[(&str, &str)] = &[
    (
        "serve --data STORE-page --without-keys --demo",
        "the page of a small shop: rest on its shipping costs for a moment, and see what Wink sees",
    ),
    ("explain DECISION --data STORE", "why this household got this offer, or none"),
    ("replay --verify --data STORE", "decides everything again from what was stored: the same bytes"),
    ("verify --data STORE", "hash chains, ledger and budget of the whole store"),
    (
        "decide --identity household:1029 --dry-run --data STORE",
        "what household 1029 would get now, leaving no trace",
    ),
    ("erase --identity household:1030 --data STORE", "forgets a household, down to the bytes on the disk"),
    ("serve --data STORE --without-keys", "the HTTP API on this machine"),
    ("help", "everything else"),
];

/// Runs the demo.
///
/// # Errors
/// Fails with what is missing, or with whatever the build or the import fails with.
pub(crate) fn run(args: &Args) -> Result<()> {
    data::require_python()?;
    println!("1/4  the sample data");
    let sample = data::complete_journey(&data::fetch()?);

    println!("\n2/4  building wink (the first time takes some minutes)");
    shell::run(&mut shell::cargo(["build", "--profile", "demo", "--locked", "-p", "wink"]))?;
    let demo = shell::target_directory()?.join("demo");
    let binary = demo.join(shell::executable("wink"));
    let store = demo.join("store");
    let summary = demo.join("summary.json");

    println!("\n3/4  importing a year of a grocer: every basket is an event, some ask for a decision");
    if store.exists() {
        println!(
            "     the store of an earlier demo is in {}: importing again changes nothing; remove it to start anew",
            store.display()
        );
    }
    let mut import = shell::program(&binary, ["import", "completejourney"]);
    import.arg(&sample).arg("--data").arg(&store).arg("--assume-consent").arg("--summary").arg(&summary);
    shell::run(&mut import)?;

    let summary = std::fs::read_to_string(&summary).context("the import wrote no summary")?;
    let summary: Value = serde_json::from_str(&summary).context("the import's summary is not JSON")?;
    print!("{}", next_steps(&summary, &binary, &store));

    if args.has("--import-only") {
        return Ok(());
    }
    println!("\n4/4  the page of a small shop: open it in a browser; Ctrl-C ends it");
    let mut serve = shell::program(&binary, ["serve", "--without-keys", "--demo", "--data"]);
    shell::run(serve.arg(demo.join("store-page")))
}

fn next_steps(summary: &Value, binary: &Path, store: &Path) -> String {
    let examples = summary.get("examples").and_then(Value::as_array);
    let decision = examples.and_then(|list| list.first()).and_then(Value::as_str).unwrap_or("DECISION");
    let mut text = String::from("\nWhat to try next\n");
    for (arguments, shows) in NEXT {
        let filled = arguments.replace("STORE", &store.display().to_string()).replace("DECISION", decision);
        text.push_str(&format!("\n  {shows}\n    {} {filled}\n", binary.display()));
    }
    if let Some(others) = examples.filter(|list| 1 < list.len()) {
        let others: Vec<&str> = others.iter().skip(1).filter_map(Value::as_str).collect();
        text.push_str(&format!("\n  more decisions to look at: {}\n", others.join(" ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_steps_name_a_decision_of_this_import() {
        let summary = serde_json::json!({ "examples": ["dec_1", "dec_2"] });
        let text = next_steps(&summary, Path::new("wink"), Path::new("store"));
        assert!(text.contains("    wink explain dec_1 --data store\n"), "{text}");
        assert!(text.contains("more decisions to look at: dec_2"), "{text}");
        assert!(!text.contains("STORE") && !text.contains("DECISION"), "{text}");
    }
}
