//! Licences and sources of every dependency, held against `deny.toml` without the network.
//!
//! `cargo deny` checks more (duplicates, bans) and runs as well where it is installed; which of the two ran is said.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::shell;

/// Checks every package that `Cargo.lock` names.
///
/// # Errors
/// Fails with the list of packages whose licence or source is not allowed.
pub(crate) fn check() -> Result<()> {
    let deny = std::fs::read_to_string(shell::root().join("deny.toml")).context("reading deny.toml")?;
    let allowed = allowed(&deny)?;
    println!("\n$ cargo metadata   (licences and sources, against deny.toml)");
    let metadata = shell::output(&mut shell::cargo(["metadata", "--format-version", "1", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&metadata).context("reading cargo metadata")?;
    let packages =
        metadata.get("packages").and_then(Value::as_array).context("cargo metadata lists no packages")?;
    let complaints = complaints(packages, &allowed);
    if !complaints.is_empty() {
        bail!("licences and sources:\n  {}", complaints.join("\n  "));
    }
    println!("licences and sources of {} packages are allowed (own check)", packages.len());
    if shell::succeeds(&mut shell::cargo(["deny", "--version"])) {
        shell::run(&mut shell::cargo(["deny", "--offline", "check", "licenses", "bans", "sources"]))?;
    } else {
        println!("cargo-deny is not installed: its further checks (bans, duplicates) did not run");
    }
    Ok(())
}

fn allowed(deny: &str) -> Result<Vec<String>> {
    let document: toml_edit::DocumentMut = deny.parse().context("deny.toml is not TOML")?;
    let list =
        document.get("licenses").and_then(|table| table.get("allow")).and_then(|allow| allow.as_array());
    let list = list.context("deny.toml has no licenses.allow")?;
    Ok(list.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect())
}

fn complaints(packages: &[Value], allowed: &[String]) -> Vec<String> {
    let text = |package: &Value, key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut complaints = Vec::new();
    for package in packages {
        let name = text(package, "name").unwrap_or_default();
        match text(package, "license") {
            None => complaints.push(format!("{name} states no licence")),
            Some(licence) => match satisfied(&licence, allowed) {
                Ok(true) => {}
                Ok(false) => {
                    complaints.push(format!("{name}: `{licence}` is not satisfied by the allow list"))
                }
                Err(error) => complaints.push(format!("{name}: {error}")),
            },
        }
        // A path has no source. Of the registries only the default one, whose index is known by this name, is allowed.
        if let Some(source) = text(package, "source")
            && !(source.starts_with("registry+") && source.ends_with("/crates.io-index"))
        {
            complaints.push(format!(
                "{name} comes from `{source}`; only the default registry and paths are allowed"
            ));
        }
    }
    complaints
}

/// Whether a licence expression can be met with the allowed licences alone.
fn satisfied(expression: &str, allowed: &[String]) -> Result<bool> {
    // Before SPDX expressions, Cargo spelled "or" with a slash.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let answer = any_of(&mut rest, allowed);
    match (answer, rest) {
        (Some(answer), []) => Ok(answer),
        _ => bail!("`{expression}` is not a licence expression"),
    }
}

fn any_of(rest: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let mut answer = all_of(rest, allowed)?;
    while let Some(("OR", after)) = rest.split_first().map(|(word, after)| (*word, after)) {
        *rest = after;
        answer |= all_of(rest, allowed)?;
    }
    Some(answer)
}

fn all_of(rest: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let mut answer = one(rest, allowed)?;
    while let Some(("AND", after)) = rest.split_first().map(|(word, after)| (*word, after)) {
        *rest = after;
        answer &= one(rest, allowed)?;
    }
    Some(answer)
}

fn one(rest: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    if *first == "(" {
        let answer = any_of(rest, allowed)?;
        let (closing, after) = rest.split_first()?;
        *rest = after;
        return (*closing == ")").then_some(answer);
    }
    if matches!(*first, ")" | "AND" | "OR" | "WITH") {
        return None;
    }
    let mut licence = (*first).to_owned();
    if let ["WITH", exception, after @ ..] = *rest {
        licence = format!("{licence} WITH {exception}");
        *rest = after;
    }
    Some(allowed.contains(&licence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, expected: bool) {
        let allowed =
            ["MIT", "Apache-2.0", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        assert_eq!(satisfied(expression, &allowed).unwrap(), expected, "{expression}");
    }

    #[test]
    fn a_licence_expression_is_met_by_the_allow_list_or_not() {
        check("MIT", true);
        check("MIT/Apache-2.0", true);
        check("GPL-3.0-only", false);
        check("GPL-2.0-only OR MIT", true);
        check("(MIT OR GPL-3.0-only) AND Unicode-3.0", true);
        check("MIT AND GPL-3.0-only", false);
        check("Apache-2.0 WITH LLVM-exception OR GPL-3.0-only", true);
        check("GPL-3.0-only WITH Classpath-exception-2.0", false);
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        assert!(satisfied("MIT OR", &[]).is_err());
        assert!(satisfied("(MIT", &[]).is_err());
        assert!(satisfied("MIT MIT", &[]).is_err());
    }

    #[test]
    fn a_planted_licence_and_a_planted_source_are_caught() {
        let packages = serde_json::json!([
            { "name": "ours", "license": "MIT", "source": null },
            { "name": "copyleft", "license": "AGPL-3.0-only", "source": "registry+https://host/crates.io-index" },
            { "name": "forked", "license": "MIT", "source": "git+https://host/somewhere" },
            { "name": "silent", "license": null, "source": null },
        ]);
        let found = complaints(packages.as_array().unwrap(), &["MIT".to_owned()]);
        let names: Vec<&str> = found.iter().filter_map(|line| line.split([' ', ':']).next()).collect();
        assert_eq!(names, ["copyleft", "forked", "silent"]);
    }

    #[test]
    fn the_allow_list_is_read_from_the_file() {
        let list = allowed("[licenses]\nallow = [\"MIT\", \"0BSD\"]\n").unwrap();
        assert_eq!(list, ["MIT", "0BSD"]);
        assert!(allowed("[bans]\n").is_err());
    }
}
