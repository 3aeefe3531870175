//! `cargo xtask tidy`: the rules of this project that no lint knows. Reads files, changes none.
//!
//! One file per rule. A rule is a function from what it looks at to a list of violations, so each has a test in which
//! a planted violation is caught.

mod crates;
mod doc_commands;
mod fences;
mod length;
mod links;
mod machine_paths;
mod markdown;
mod purity;
mod source;
mod stages;

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context as _, Result, bail};

use crate::args::Args;
use crate::shell;

/// Runs the rules alone.
///
/// # Errors
/// Fails with every violation found.
pub(crate) fn run(_: &Args) -> Result<()> {
    check()
}

/// Runs every rule.
///
/// # Errors
/// Fails with every violation found.
pub(crate) fn check() -> Result<()> {
    println!("\n$ tidy   (stage direction, purity, links, commands in docs, paths, crates, fences, length)");
    let tree = Tree::read()?;
    let mut violations = stages::violations(&tree);
    violations.extend(purity::violations()?);
    violations.extend(links::violations(&tree));
    violations.extend(machine_paths::violations(&tree));
    violations.extend(crates::violations(&tree));
    violations.extend(fences::violations(&tree));
    violations.extend(length::violations(&tree));
    // Last, as it needs the binary: where that does not build, what the other rules found is still said.
    let doc_commands = doc_commands::violations(&tree);
    if let Ok(found) = &doc_commands {
        violations.extend(found.iter().cloned());
    }
    let lines: Vec<String> = violations.iter().map(Violation::to_string).collect();
    match (doc_commands, lines.as_slice()) {
        (Ok(_), []) => {
            println!("tidy: {} files, no violation", tree.files.len());
            Ok(())
        }
        (Ok(_), lines) => bail!("tidy found {} violations:\n  {}", lines.len(), lines.join("\n  ")),
        (Err(error), []) => Err(error.context("the commands in the documents could not be checked")),
        (Err(error), lines) => Err(error.context(format!(
            "tidy found {} violations, and the commands in the documents could not be checked:\n  {}\n",
            lines.len(),
            lines.join("\n  ")
        ))),
    }
}

/// One place that breaks a rule, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    file: String,
    /// From 1; 0 where the whole file is meant.
    line: usize,
    message: String,
}

impl Violation {
    fn new(file: &str, line: usize, message: impl Into<String>) -> Violation {
        Violation { file: file.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(out, "{}: {}", self.file, self.message),
            line => write!(out, "{}:{line}: {}", self.file, self.message),
        }
    }
}

/// The repository's files: tracked ones and new ones that are not ignored, with their text.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    fn read() -> Result<Tree> {
        let listed =
            shell::output(&mut shell::program("git", ["ls-files", "-co", "--exclude-standard", "-z"]))?;
        let mut files = BTreeMap::new();
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            let full = shell::root().join(path);
            if !full.is_file() {
                continue; // deleted but still in the index, or a link to a directory
            }
            let bytes = std::fs::read(&full).with_context(|| format!("reading {path}"))?;
            // What is not text has no lines to check, but it exists.
            files.insert(path.to_owned(), String::from_utf8(bytes).unwrap_or_default());
        }
        Ok(Tree { files })
    }

    #[cfg(test)]
    fn of(files: &[(&str, &str)]) -> Tree {
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Tree { files: files.iter().map(own).collect() }
    }

    /// Path and text of the files that end in `ending`.
    fn ending<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .iter()
            .filter(move |(path, _)| path.ends_with(ending))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether a file or a directory with files has this path, from the root.
    fn exists(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let inside = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self.files.range(inside.clone()..).next().is_some_and(|(first, _)| first.starts_with(&inside))
    }

    /// The folders in `crates/`.
    fn crates(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .files
            .keys()
            .filter_map(|path| path.strip_prefix("crates/")?.split_once('/'))
            .map(|(name, _)| name)
            .collect();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_exists_when_a_file_lies_in_it() {
        let tree =
            Tree::of(&[("docs/adr/001.md", ""), ("crates/a/src/lib.rs", ""), ("crates/b/Cargo.toml", "")]);
        assert!(tree.exists("docs/adr") && tree.exists("docs/") && tree.exists("docs/adr/001.md"));
        assert!(!tree.exists("docs/ad") && !tree.exists("docs/adr/002.md"));
        assert_eq!(tree.crates(), ["a", "b"]);
    }
}
