//! What a campaign proved, in `evidence/`: one file for each group of promises, with how much was tried, the seed, the version and the machine.
//! A test says it in a line of its output; nothing else comes in, so no number stands there that nobody ran.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use crate::shell;

/// What a line of a test's output begins with.
const MARK: &str = "evidence ";

/// The groups of promises, by the numbers of their invariants, first and last.
const GROUPS: [(&str, u32, u32); 7] = [
    ("money", 1, 7),
    ("coupons", 8, 11),
    ("codes", 12, 13),
    ("offline", 14, 14),
    ("idempotency", 15, 15),
    ("consent-and-stores", 16, 34),
    ("prices-and-fairness", 35, 71),
];

/// What a test says it proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    promises: Vec<String>,
    proof: String,
    counts: BTreeMap<String, String>,
}

impl Told {
    /// Reads a line of output; `None` if it tells of nothing proved.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let mut words = line.trim().strip_prefix(MARK)?.split_whitespace();
        let promises: Vec<String> = words.next()?.split(',').map(str::to_owned).collect();
        let proof = words.next()?.to_owned();
        let count =
            |word: &str| word.split_once('=').map(|(name, count)| (name.to_owned(), count.to_owned()));
        let counts = words.map(count).collect::<Option<_>>()?;
        let told = Self { promises, proof, counts };
        told.group().map(|_| told)
    }

    /// The group of its first promise.
    fn group(&self) -> Option<&'static str> {
        let number: u32 = self.promises.first()?.strip_prefix('I')?.parse().ok()?;
        let group = GROUPS.iter().find(|(_, first, last)| (*first..=*last).contains(&number));
        group.map(|(name, _, _)| *name)
    }

    fn entry(&self, seed: u64, machine: &Value) -> Value {
        let number =
            |count: &String| count.parse::<u64>().map_or_else(|_| json!(count), |number| json!(number));
        let counts: Map<String, Value> =
            self.counts.iter().map(|(name, count)| (name.clone(), number(count))).collect();
        json!({
            "promises": self.promises,
            "counts": counts,
            "campaign_seed": seed,
            "version": env!("CARGO_PKG_VERSION"),
            "machine": machine,
        })
    }
}

/// Writes what was proved beside what was proved before, of each proof the latest; `machine` is where, when and at which commit the round began.
///
/// # Errors
/// Fails if a file cannot be read or written.
pub(crate) fn keep(told: &[Told], seed: u64, machine: &Value) -> Result<()> {
    let folder = shell::root().join("evidence");
    std::fs::create_dir_all(&folder)?;
    for (group, _, _) in GROUPS {
        let of_group: Vec<&Told> = told.iter().filter(|told| told.group() == Some(group)).collect();
        if of_group.is_empty() {
            continue;
        }
        let path = folder.join(format!("{group}.json"));
        let mut proofs = before(&path)?;
        for told in of_group {
            proofs.insert(told.proof.clone(), told.entry(seed, machine));
        }
        let report = json!({ "group": group, "proofs": proofs });
        std::fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&report)?))
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("evidence: {}", path.display());
    }
    Ok(())
}

fn before(path: &Path) -> Result<Map<String, Value>> {
    if !path.exists() {
        return Ok(Map::new());
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut report: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))?;
    match report.get_mut("proofs").map(Value::take) {
        Some(Value::Object(proofs)) => Ok(proofs),
        _ => Ok(Map::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_a_test_says_it_and_as_nextest_shows_it() {
        let told = Told::read("    evidence I12 guessed_codes guesses=1000000 hits=0 p=0.42").unwrap();
        assert_eq!((told.group(), told.proof.as_str()), (Some("codes"), "guessed_codes"));
        let entry = told.entry(7, &json!({ "cores": 2 }));
        assert_eq!(entry["counts"], json!({ "guesses": 1_000_000, "hits": 0, "p": "0.42" }));
        assert_eq!((&entry["promises"], &entry["campaign_seed"]), (&json!(["I12"]), &json!(7)));
        for other in
            ["I12 x", "evidence I99 proof n=1", "evidence I12 proof n", "evidence", "evidence all proof"]
        {
            assert_eq!(Told::read(other), None, "{other}");
        }
    }

    /// Every file that is committed is one a campaign wrote, and says what was run, when and at which commit.
    #[test]
    fn what_is_committed_says_what_was_run() {
        let folder = shell::root().join("evidence");
        let mut files = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let report: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            let group = path.file_stem().unwrap().to_str().unwrap();
            assert_eq!(report["group"], group);
            assert!(GROUPS.iter().any(|(name, _, _)| *name == group), "{group}");
            let proofs = report["proofs"].as_object().unwrap();
            assert!(!proofs.is_empty(), "{group}");
            for (name, proof) in proofs {
                assert!(!proof["counts"].as_object().unwrap().is_empty(), "{group}/{name}");
                for said in ["cpu", "date", "commit", "rustc"] {
                    assert!(proof["machine"][said].is_string(), "{group}/{name} says no {said}");
                }
                assert!(proof["campaign_seed"].is_u64() && proof["version"].is_string(), "{group}/{name}");
            }
            files += 1;
        }
        assert!(0 < files, "nothing was proved yet");
    }
}
