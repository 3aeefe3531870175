//! A crate's own `clippy.toml` replaces the root's for that crate, so it must repeat every entry of the root.

use toml_edit::{DocumentMut, Item, Value};

use super::{Tree, Violation};

const ROOT: &str = "clippy.toml";

/// Crates that must have a fence of their own.
const FENCED: [&str; 2] = ["crates/wink-core/clippy.toml", "crates/wink-stats/clippy.toml"];

/// Every entry of the root file that a crate's file dropped or changed, and every missing file.
pub(super) fn violations(tree: &Tree) -> Vec<Violation> {
    let missing = |path: &&str| tree.text(path).is_none();
    let mut violations: Vec<Violation> = [ROOT]
        .into_iter()
        .chain(FENCED)
        .filter(missing)
        .map(|path| Violation::new(path, 0, "this fence is missing"))
        .collect();
    let Some(Ok(root)) = tree.text(ROOT).map(str::parse::<DocumentMut>) else { return violations };
    for (path, text) in tree.ending("/clippy.toml") {
        match text.parse::<DocumentMut>() {
            Ok(own) => violations
                .extend(dropped(&root, &own).into_iter().map(|message| Violation::new(path, 0, message))),
            Err(error) => violations.push(Violation::new(path, 0, format!("not TOML: {error}"))),
        }
    }
    violations
}

fn dropped(root: &DocumentMut, own: &DocumentMut) -> Vec<String> {
    let mut messages = Vec::new();
    for (key, wanted) in root.iter() {
        let found = own.get(key);
        match (wanted.as_array(), found.and_then(Item::as_array)) {
            (Some(wanted), Some(found)) => {
                let known: Vec<String> = found.iter().map(name).collect();
                let lost = wanted.iter().map(name).filter(|entry| !known.contains(entry));
                messages.extend(
                    lost.map(|entry| format!("`{key}` lacks `{entry}`, which the root clippy.toml has")),
                );
            }
            _ if found.map(plain) != Some(plain(wanted)) => {
                messages.push(format!(
                    "`{key} = {}` of the root clippy.toml is missing or changed",
                    plain(wanted)
                ));
            }
            _ => {}
        }
    }
    messages
}

/// What an entry of a list bans: its path, whatever reason stands beside it.
fn name(entry: &Value) -> String {
    let path = entry.as_inline_table().and_then(|table| table.get("path")).unwrap_or(entry);
    path.as_str().unwrap_or("an entry without a path").to_owned()
}

fn plain(item: &Item) -> String {
    match item.as_value() {
        Some(Value::Boolean(value)) => value.value().to_string(),
        Some(Value::Integer(value)) => value.value().to_string(),
        Some(Value::String(value)) => value.value().clone(),
        _ => "something else".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT_TEXT: &str =
        "allow-unwrap-in-tests = true\ndisallowed-methods = [\n  { path = \"a::b\", reason = \"r\" },\n]\n";

    fn check(own: &str, expected: &[&str]) {
        let tree = Tree::of(&[(ROOT, ROOT_TEXT), (FENCED[0], own), (FENCED[1], ROOT_TEXT)]);
        let found: Vec<String> = violations(&tree).into_iter().map(|violation| violation.message).collect();
        assert_eq!(found, expected, "{own}");
    }

    #[test]
    fn a_fence_may_add_and_give_other_reasons() {
        check(
            "allow-unwrap-in-tests = true # x\ndisallowed-methods = [\"c::d\", { path = \"a::b\", reason = \"other\" }]\n",
            &[],
        );
    }

    #[test]
    fn a_planted_hole_is_caught() {
        check(
            "allow-unwrap-in-tests = true\ndisallowed-methods = [\"c::d\"]\n",
            &["`disallowed-methods` lacks `a::b`, which the root clippy.toml has"],
        );
        check(
            "allow-unwrap-in-tests = false\ndisallowed-methods = [\"a::b\"]\n",
            &["`allow-unwrap-in-tests = true` of the root clippy.toml is missing or changed"],
        );
        let without = Tree::of(&[(ROOT, ROOT_TEXT), (FENCED[0], ROOT_TEXT)]);
        assert_eq!(violations(&without), [Violation::new(FENCED[1], 0, "this fence is missing")]);
    }
}
