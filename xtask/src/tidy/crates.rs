//! Every crate is on the map, and none is empty.

use super::source::lines_of_code;
use super::{Tree, Violation};

const MAP: &str = "ARCHITECTURE.md";

/// Fewer lines of code than this and the crate came before its issue.
const LINES_MIN: usize = 20;

/// Every crate that the table in `ARCHITECTURE.md` does not name, and every empty one.
pub(super) fn violations(tree: &Tree) -> Vec<Violation> {
    let map = tree.text(MAP).unwrap_or_default();
    let rows: Vec<&str> = map.lines().filter(|line| line.trim_start().starts_with('|')).collect();
    let mut violations = Vec::new();
    for name in tree.crates() {
        let spellings = [format!("`{name}`"), format!("`crates/{name}`"), format!("`crates/{name}/`")];
        let is_named = rows.iter().any(|row| spellings.iter().any(|spelled| row.contains(spelled)));
        if !is_named {
            violations.push(Violation::new(MAP, 0, format!("its crate table has no row for `{name}`")));
        }
        let source = format!("crates/{name}/src/");
        let sources = tree.ending(".rs").filter(|(path, _)| path.starts_with(&source));
        let lines: usize = sources.map(|(_, text)| lines_of_code(text)).sum();
        if lines < LINES_MIN {
            let message = format!("{lines} lines of code: a crate comes with its first use, not before");
            violations.push(Violation::new(&format!("crates/{name}"), 0, message));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_crate_without_row_or_code_is_caught() {
        let code = "fn a() {}\n".repeat(LINES_MIN);
        let map = "`wink-lost` in prose is not enough\n\n| `crates/wink-core` | the product |\n| `wink-empty` | x |\n";
        let tree = Tree::of(&[
            (MAP, map),
            ("crates/wink-core/src/lib.rs", &code),
            ("crates/wink-lost/src/lib.rs", &code),
            ("crates/wink-empty/src/lib.rs", "//! Nothing yet.\n"),
        ]);
        let found: Vec<String> = violations(&tree).iter().map(Violation::to_string).collect();
        assert_eq!(
            found,
            [
                "crates/wink-empty: 0 lines of code: a crate comes with its first use, not before",
                "ARCHITECTURE.md: its crate table has no row for `wink-lost`",
            ]
        );
    }
}
