//! A file is one idea: past 700 lines it says why it is long.

use super::{Tree, Violation};

/// Long enough for every file that is one idea so far; past it a reader scrolls more than reads.
const LINES_MAX: usize = 700;

/// How a file says that it means to be long; a reason follows.
const EXCUSE: &str = concat!("// ", "LONG: ");

/// Every Rust file over the limit without its reason.
pub(super) fn violations(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in tree.ending(".rs") {
        let lines = text.lines().count();
        let is_excused = text
            .lines()
            .any(|line| line.trim().strip_prefix(EXCUSE).is_some_and(|reason| !reason.is_empty()));
        if LINES_MAX < lines && !is_excused {
            let message =
                format!("{lines} lines; split it, or say why it is one idea in a line `{EXCUSE}reason`");
            violations.push(Violation::new(path, 0, message));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: usize) {
        assert_eq!(violations(&Tree::of(&[("crates/a/src/lib.rs", text)])).len(), expected);
    }

    #[test]
    fn a_planted_long_file_is_caught_unless_it_says_why() {
        check(&"x\n".repeat(LINES_MAX), 0);
        check(&"x\n".repeat(LINES_MAX + 1), 1);
        check(&format!("{EXCUSE}one table\n{}", "x\n".repeat(LINES_MAX)), 0);
        check(&format!("{EXCUSE}\n{}", "x\n".repeat(LINES_MAX)), 1);
    }
}
