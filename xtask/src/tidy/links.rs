//! The map is true: what a document links to, or names as a path, exists.

use super::{Tree, Violation, markdown};

/// A code span that starts with one of these names a path from the root.
const ROOTS: [&str; 13] = [
    "crates/",
    "docs/",
    "xtask/",
    "scenarios/",
    "examples/",
    "web/",
    "deploy/",
    "openapi/",
    "fuzz/",
    "evidence/",
    ".ci/",
    ".config/",
    ".cargo/",
];

/// Every link to a file or heading, and every path between backticks, that leads nowhere.
pub(super) fn violations(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (file, text) in tree.ending(".md") {
        let page = markdown::read(text);
        for (line, target) in &page.links {
            if let Err(message) = check_link(tree, file, target) {
                violations.push(Violation::new(file, *line, message));
            }
        }
        for (line, span) in &page.code_spans {
            if ROOTS.iter().any(|root| span.starts_with(root))
                && !span.contains(' ')
                && !tree.exists(&plain_path(span))
            {
                violations.push(Violation::new(file, *line, format!("`{span}` does not exist")));
            }
        }
    }
    violations
}

fn check_link(tree: &Tree, file: &str, target: &str) -> Result<(), String> {
    let has_scheme = target.split(['/', '#']).next().unwrap_or_default().contains(':');
    if has_scheme {
        return Ok(()); // somewhere else: nobody asks the network here
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let linked = if path.is_empty() { file.to_owned() } else { resolve(file, path)? };
    if !tree.exists(&linked) {
        return Err(format!("link to `{target}`: `{linked}` does not exist"));
    }
    if let Some(anchor) = anchor
        && linked.ends_with(".md")
        && !markdown::read(tree.text(&linked).unwrap_or_default()).anchors.iter().any(|known| known == anchor)
    {
        return Err(format!("link to `{target}`: `{linked}` has no heading `#{anchor}`"));
    }
    Ok(())
}

/// The path from the root that a link in `file` means.
fn resolve(file: &str, link: &str) -> Result<String, String> {
    let mut parts: Vec<&str> = if link.starts_with('/') { Vec::new() } else { file.split('/').collect() };
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or_else(|| format!("link to `{link}` leads out of the repository"))?;
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// The part of a named path that must exist: without a line number, up to the first placeholder.
fn plain_path(span: &str) -> String {
    let path = span.split([':', '#']).next().unwrap_or_default();
    let is_placeholder = |part: &&str| {
        part.contains(['<', '{', '*', '…', '[']) || part.contains("NNN") || part.contains("...")
    };
    let parts: Vec<&str> = path.split('/').take_while(|part| !is_placeholder(part)).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let tree = Tree::of(&[
            ("docs/guide/page.md", text),
            ("docs/other.md", "# A heading\n"),
            ("crates/wink-core/src/lib.rs", ""),
            ("README.md", ""),
        ]);
        let found: Vec<String> = violations(&tree).into_iter().map(|violation| violation.message).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn what_exists_may_be_named() {
        check(
            "[a](../other.md#a-heading) [b](../../README.md) [c](/docs/other.md) [d](https://host/x) [e](..)",
            &[],
        );
        check(
            "# Here\n[here](#here) `crates/wink-core` `crates/wink-core/src/lib.rs:12` `crates/*/src` `docs/adr-x y`",
            &[],
        );
        check("`crates/<crate>/clippy.toml` `crates/…`\n```\n`crates/none`\n```", &[]);
    }

    #[test]
    fn a_planted_dead_link_is_caught() {
        check("[a](other.md)", &["link to `other.md`: `docs/guide/other.md` does not exist"]);
        check(
            "[a](../other.md#nowhere)",
            &["link to `../other.md#nowhere`: `docs/other.md` has no heading `#nowhere`"],
        );
        check("[a](#nowhere)", &["link to `#nowhere`: `docs/guide/page.md` has no heading `#nowhere`"]);
        check("[a](../../../secret.md)", &["link to `../../../secret.md` leads out of the repository"]);
        check("see `crates/wink-cure/src/lib.rs`", &["`crates/wink-cure/src/lib.rs` does not exist"]);
        check("run `.ci/run`", &["`.ci/run` does not exist"]);
    }
}
