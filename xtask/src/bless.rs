//! `cargo xtask bless`: accepts what the tests answer now. The diff is for review; golden files are never rewritten.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::args::Args;
use crate::{shell, test};

/// Runs the tests so that stories and snapshots take the new answer, then shows what changed.
///
/// # Errors
/// Fails if a test still fails, or if a golden file is no longer what it was.
pub(crate) fn run(args: &Args) -> Result<()> {
    let before = golden_files()?;
    let environment = test::Environment::prepare(false)?;
    let mut call = shell::cargo(["nextest", "run", "--workspace", "--locked", "--no-fail-fast"]);
    call.args(["-E", "not test(/(^|::)reference_/)"]).args(&args.words);
    call.env("WINK_BLESS", "1").env("INSTA_UPDATE", "always");
    let outcome = shell::run(environment.apply(&mut call));
    shell::run(&mut shell::program("git", ["--no-pager", "diff", "--stat"]))?;
    shell::run(&mut shell::program("git", ["status", "--short"]))?;
    let broken = rewritten(&before, &golden_files()?);
    if !broken.is_empty() {
        bail!(
            "golden files were changed or removed; put them back, old data must stay readable:\n  {}",
            broken.join("\n  ")
        );
    }
    outcome.context("not everything could be blessed: some tests fail for another reason")
}

/// Files that are kept for ever: stored formats of old versions.
fn is_golden(path: &str) -> bool {
    path.starts_with("crates/") && (path.contains("/compat/") || path.contains("/golden/"))
}

fn golden_files() -> Result<BTreeMap<String, Vec<u8>>> {
    let listed = shell::output(&mut shell::program("git", ["ls-files", "-co", "--exclude-standard"]))?;
    let mut files = BTreeMap::new();
    for path in listed.lines().filter(|path| is_golden(path)) {
        if let Ok(content) = std::fs::read(shell::root().join(Path::new(path))) {
            files.insert(path.to_owned(), content);
        }
    }
    Ok(files)
}

fn rewritten(before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    before
        .iter()
        .filter(|(path, content)| after.get(*path) != Some(content))
        .map(|(path, _)| path.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rewritten_golden_file_is_seen_and_a_new_one_is_welcome() {
        let old = BTreeMap::from([("a".to_owned(), vec![1]), ("b".to_owned(), vec![2])]);
        let mut new = old.clone();
        new.insert("c".to_owned(), vec![3]);
        assert!(rewritten(&old, &new).is_empty());
        new.insert("a".to_owned(), vec![9]);
        new.remove("b");
        assert_eq!(rewritten(&old, &new), ["a", "b"]);
    }

    #[test]
    fn golden_is_what_lies_in_a_golden_folder() {
        assert!(is_golden("crates/wink-record/golden/event.v1.bin"));
        assert!(!is_golden("scenarios/first.txt"));
    }
}
