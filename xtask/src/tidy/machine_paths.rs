//! Nothing in the repository knows the machine it was written on, nor the host a package registry answers at.

use super::{Tree, Violation};

/// Directories of one machine. They are put together here so that this file does not break its own rule.
const DIRECTORIES: [&str; 2] = [concat!("/", "work"), concat!("/", "root")];

/// Hosts of package registries: packages are named by name, the client knows the host.
const HOSTS: [&str; 8] = [
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("//", "crates.io"),
    concat!("pypi", ".org"),
    concat!("files.", "pythonhosted.org"),
    concat!("registry.", "npmjs.org"),
    concat!("deb.", "debian.org"),
    concat!("proxy.", "golang.org"),
];

/// Every absolute path of one machine and every registry host; `Cargo.lock` is written by cargo.
pub(super) fn violations(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (file, text) in &tree.files {
        if file == "Cargo.lock" {
            continue;
        }
        for (number, line) in (1..).zip(text.lines()) {
            let message = match (
                DIRECTORIES.iter().find(|path| names(line, path)),
                HOSTS.iter().find(|host| line.contains(*host)),
            ) {
                (Some(path), _) => format!("`{path}` is a path of one machine"),
                (_, Some(host)) => format!("`{host}` is the host of a registry; name the package instead"),
                (None, None) => continue,
            };
            violations.push(Violation::new(file, number, message));
        }
    }
    violations
}

/// Whether the line holds the path itself, not a part of another word or path.
fn names(line: &str, path: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + path.len()..).and_then(|text| text.chars().next());
        // A path inside another path (`docs/work`, `//work`, `~/work`, `$X/work`) is not absolute.
        !before.is_some_and(|c| is_part(c) || matches!(c, '/' | '~' | '}' | '>'))
            && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: usize) {
        assert_eq!(violations(&Tree::of(&[("docs/page.md", text)])).len(), expected, "{text}");
    }

    #[test]
    fn a_planted_machine_path_is_caught() {
        for path in DIRECTORIES {
            check(&format!("see {path}/main/crates"), 1);
            check(&format!("`{path}`"), 1);
            check(&format!("\"{path}/x\""), 1);
            check(&format!("docs{path}/x and {path}er and ~{path}"), 0);
        }
    }

    #[test]
    fn a_planted_registry_host_is_caught() {
        for host in HOSTS {
            check(&format!("https:{host}/x"), 1);
        }
        check("from PyPI or crates.io, by name", 0);
    }

    #[test]
    fn the_lock_file_may_say_where_packages_are() {
        let tree = Tree::of(&[("Cargo.lock", concat!("https://index.", "crates.io/"))]);
        assert!(violations(&tree).is_empty());
    }
}
