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
    let policy = Policy::read(&deny)?;
    println!("\n$ cargo metadata   (licences and sources, against deny.toml)");
    let metadata = shell::output(&mut shell::cargo(["metadata", "--format-version", "1", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&metadata).context("reading cargo metadata")?;
    let packages =
        metadata.get("packages").and_then(Value::as_array).context("cargo metadata lists no packages")?;
    let complaints = complaints(packages, &policy);
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

/// What `deny.toml` says of licences.
struct Policy {
    allowed: Vec<String>,
    /// What the licence file of a package that states no licence says, by `name@version`, as somebody read it.
    clarified: Vec<(String, String)>,
}

impl Policy {
    fn read(deny: &str) -> Result<Self> {
        let document: toml_edit::DocumentMut = deny.parse().context("deny.toml is not TOML")?;
        let licences = document.get("licenses");
        let list = licences.and_then(|table| table.get("allow")).and_then(|allow| allow.as_array());
        let list = list.context("deny.toml has no licenses.allow")?;
        let clarified = licences.and_then(|table| table.get("clarify")?.as_array_of_tables());
        let text = |table: &toml_edit::Table, key: &str| Some(table.get(key)?.as_str()?.to_owned());
        let clarified = clarified.into_iter().flatten();
        let clarified =
            clarified.filter_map(|table| Some((text(table, "crate")?, text(table, "expression")?)));
        Ok(Self {
            allowed: list.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect(),
            clarified: clarified.collect(),
        })
    }

    fn clarified(&self, package: &str) -> Option<String> {
        let (_, expression) = self.clarified.iter().find(|(known, _)| known == package)?;
        Some(expression.clone())
    }
}

fn complaints(packages: &[Value], policy: &Policy) -> Vec<String> {
    let text = |package: &Value, key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut complaints = Vec::new();
    for package in packages {
        let name = text(package, "name").unwrap_or_default();
        let named = format!("{name}@{}", text(package, "version").unwrap_or_default());
        match text(package, "license").or_else(|| policy.clarified(&named)) {
            None => complaints.push(format!(
                "{name} states no licence; read its licence file, and name what it says in licenses.clarify of deny.toml"
            )),
            Some(licence) => match satisfied(&licence, &policy.allowed) {
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
            { "name": "read", "version": "1.2.3", "license": null, "source": null },
            { "name": "read", "version": "1.3.0", "license": null, "source": null },
        ]);
        let clarified = vec![("read@1.2.3".to_owned(), "MIT".to_owned())];
        let policy = Policy { allowed: vec!["MIT".to_owned()], clarified };
        let found = complaints(packages.as_array().unwrap(), &policy);
        let names: Vec<&str> = found.iter().filter_map(|line| line.split([' ', ':']).next()).collect();
        assert_eq!(names, ["copyleft", "forked", "silent", "read"], "the newer version was not read");
    }

    #[test]
    fn the_lists_are_read_from_the_file() {
        let clarify = "[[licenses.clarify]]\ncrate = \"read@1.2.3\"\nexpression = \"MIT\"\n";
        let policy = Policy::read(&format!("[licenses]\nallow = [\"MIT\", \"0BSD\"]\n{clarify}")).unwrap();
        assert_eq!(policy.allowed, ["MIT", "0BSD"]);
        assert_eq!(policy.clarified("read@1.2.3").as_deref(), Some("MIT"));
        assert!(Policy::read("[bans]\n").is_err());
    }
}
