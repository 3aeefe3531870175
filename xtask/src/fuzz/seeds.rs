//! What fuzzing starts from beside `fuzz/seeds`: the malformed requests, the stored formats and the example's catalogue, each as its
//! target reads it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;
use toml_edit::DocumentMut;

use crate::shell;

/// How many ways the target `batch` knows to read the bytes behind the first: each encoding of a body.
const WAYS_OF_A_BODY: u8 = 5;

/// How many ways the target `record` knows: each stored type.
const STORED_TYPES: u8 = 21;

/// The fields of an offer that hold a rule.
const RULES: [&str; 3] = ["eligibility", "applicability", "suitability"];

/// Writes the seeds of a target into `directory`, and leaves nothing else there.
///
/// # Errors
/// Fails if what they are made of cannot be read, or the directory cannot be written.
pub(super) fn write(target: &str, directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory).with_context(|| format!("cannot empty {}", directory.display()))?;
    }
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    for (number, seed) in seeds(target)?.iter().enumerate() {
        let path = directory.join(format!("{number:04}"));
        fs::write(&path, seed).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn seeds(target: &str) -> Result<Vec<Vec<u8>>> {
    Ok(match target {
        "event" => events()?,
        "batch" => behind(WAYS_OF_A_BODY, bodies(&["/v1/events", "/v1/products"])?),
        "expression" => rules()?,
        "catalogue" => {
            let files = campaigns()?.into_iter().map(String::into_bytes);
            files.chain(bodies(&["/v1/campaigns", "/v1/catalogue"])?).collect()
        }
        "code" => codes(),
        "record" => behind(STORED_TYPES, stored()?),
        "tcf" => consents()?,
        _ => Vec::new(),
    })
}

/// Each seed behind each first byte.
fn behind(ways: u8, seeds: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let each = |seed: &Vec<u8>| (0..ways).map(|way| [&[way], seed.as_slice()].concat()).collect::<Vec<_>>();
    seeds.iter().flat_map(each).collect()
}

/// The bodies of the malformed requests to some paths. Those that are only made when they are sent are too long to start from.
fn bodies(paths: &[&str]) -> Result<Vec<Vec<u8>>> {
    let mut bodies = Vec::new();
    for file in files("crates/wink/tests/corpus", "ndjson")? {
        for line in read(&file)?.lines() {
            let request: Value =
                serde_json::from_str(line).with_context(|| format!("reading {}", file.display()))?;
            let text = |name: &str| request.get(name).and_then(Value::as_str);
            if !text("path").is_some_and(|path| paths.iter().any(|start| path.starts_with(start))) {
                continue;
            }
            bodies.extend(text("text").map(|text| text.as_bytes().to_vec()));
            bodies.extend(text("hex").map(unhex).transpose()?);
        }
    }
    Ok(bodies)
}

/// The events in those of the bodies that can be read.
fn events() -> Result<Vec<Vec<u8>>> {
    let mut events = Vec::new();
    for body in bodies(&["/v1/events"])? {
        let batch: Value = serde_json::from_slice(&body).unwrap_or_default();
        let inside = batch.get("events").and_then(Value::as_array);
        events.extend(inside.into_iter().flatten().map(|event| event.to_string().into_bytes()));
        events.push(body);
    }
    Ok(events)
}

/// The stored formats.
fn stored() -> Result<Vec<Vec<u8>>> {
    files("crates/wink-record/golden", "hex")?.iter().map(|file| unhex(&read(file)?)).collect()
}

/// A code as people type it, and payloads of the right length that nobody signed: on paper, and of a device.
fn codes() -> Vec<Vec<u8>> {
    // Version 1, then zeros; the 54th byte says that a holder follows.
    let on_paper = format!("04{}", "0".repeat(187));
    let of_a_device = format!("04{}8{}", "0".repeat(84), "0".repeat(262));
    vec![b"7K3M-7K3M-7K3M-7K3M".to_vec(), on_paper.into_bytes(), of_a_device.into_bytes()]
}

/// Strings of consent that the framework's own library made, one of each length.
fn consents() -> Result<Vec<Vec<u8>>> {
    let vectors = read(&shell::root().join("crates/wink-core/src/event/tcf/vectors.txt"))?;
    let strings = vectors.lines().filter_map(|line| line.split(' ').next());
    let by_length: BTreeMap<usize, &str> = strings.map(|text| (text.len(), text)).collect();
    Ok(by_length.into_values().map(|text| text.as_bytes().to_vec()).collect())
}

/// The example's campaigns.
fn campaigns() -> Result<Vec<String>> {
    files("examples/completejourney/catalogue/campaigns", "toml")?.iter().map(|file| read(file)).collect()
}

/// The rules of the example's offers.
fn rules() -> Result<Vec<Vec<u8>>> {
    let mut rules = Vec::new();
    for campaign in campaigns()? {
        let campaign: DocumentMut = campaign.parse().context("reading the example's catalogue")?;
        let offers = campaign.get("offers").and_then(toml_edit::Item::as_array_of_tables);
        for offer in offers.into_iter().flatten() {
            let texts = RULES.iter().filter_map(|name| offer.get(name)?.as_str());
            rules.extend(texts.map(|text| text.as_bytes().to_vec()));
        }
    }
    Ok(rules)
}

fn files(folder: &str, extension: &str) -> Result<Vec<PathBuf>> {
    let folder = shell::root().join(folder);
    let listed = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<PathBuf> = listed.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn unhex(text: &str) -> Result<Vec<u8>> {
    let digits: Vec<char> = text.split_whitespace().flat_map(str::chars).collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
    digits.chunks(2).map(byte).collect::<Result<_, _>>().context("reading hex digits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::TARGETS;

    #[test]
    fn every_target_has_something_to_start_from() {
        for target in TARGETS {
            let seeds = seeds(target).unwrap();
            assert!(seeds.iter().any(|seed| 10 < seed.len()), "{target}: {} seeds", seeds.len());
        }
    }

    #[test]
    fn hex_is_read_over_lines() {
        assert_eq!(unhex("0a04\nff\n").unwrap(), [0x0a, 0x04, 0xff]);
    }
}
