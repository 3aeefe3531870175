//! Beliefs about the rate of each action: a table, or the lists that Open Bandit publishes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use wink_stats::bandit::Beta;

use crate::table::{Header, Table};

/// Reads beliefs by the action's name. `FILE.yaml` takes what stands under `all`, `FILE.yaml#men` what stands under `men`.
pub(super) fn read(word: &str) -> anyhow::Result<BTreeMap<String, Beta>> {
    let (path, section) = word.rsplit_once('#').unwrap_or((word, "all"));
    let is_yaml = [".yaml", ".yml"].iter().any(|end| path.ends_with(end));
    if !is_yaml {
        return of_table(Path::new(path));
    }
    let text = fs::read_to_string(path).with_context(|| format!("`{path}` cannot be read"))?;
    of_lists(&text, section).with_context(|| format!("`{path}`"))
}

fn of_table(path: &Path) -> anyhow::Result<BTreeMap<String, Beta>> {
    let table = Table::open(path, Header::First)?;
    let (actions, alphas, betas) =
        (table.names_of("action")?, table.numbers("alpha")?, table.numbers("beta")?);
    let beliefs = alphas.into_iter().zip(betas).map(|(alpha, beta)| Beta { alpha, beta });
    Ok(actions.into_iter().zip(beliefs).collect())
}

/// Reads the part of YAML the lists need: names at the margin, `alpha` and `beta` under them, entries after dashes. The place of an entry
/// is its action's name, from 0.
fn of_lists(text: &str, wanted: &str) -> anyhow::Result<BTreeMap<String, Beta>> {
    let mut lists: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let (mut section, mut list) = ("", "");
    for (number, line) in (1..).zip(text.lines()) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if let Some(name) = trimmed.strip_suffix(':') {
            if line.starts_with(' ') {
                list = name
            } else {
                section = name
            }
            continue;
        }
        let entry = trimmed.strip_prefix('-').map(|entry| entry.trim().parse::<f64>());
        let Some(Ok(entry)) = entry else {
            bail!("line {number}: `{trimmed}` is no entry of a list of numbers")
        };
        if section == wanted {
            lists.entry(list).or_default().push(entry);
        }
    }
    let (Some(alphas), Some(betas)) = (lists.get("alpha"), lists.get("beta")) else {
        bail!("there are no lists `alpha` and `beta` under `{wanted}`");
    };
    ensure!(alphas.len() == betas.len(), "{} alphas and {} betas", alphas.len(), betas.len());
    let beliefs = alphas.iter().zip(betas).map(|(alpha, beta)| Beta { alpha: *alpha, beta: *beta });
    Ok((0..).zip(beliefs).map(|(place, belief): (usize, Beta)| (place.to_string(), belief)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "all:\n  alpha:\n    - 1.0\n    - 2\n  beta:\n    - 3.0\n    - 4.5\nmen:\n  alpha:\n  - 7\n";

    #[test]
    fn lists_are_read_by_place() {
        let beliefs = of_lists(TEXT, "all").unwrap();
        assert_eq!(beliefs["1"], Beta { alpha: 2.0, beta: 4.5 });
        assert_eq!(beliefs.len(), 2);
    }

    #[test]
    fn what_is_missing_is_said() {
        let refused = |text, section| of_lists(text, section).unwrap_err().to_string();
        assert_eq!(refused(TEXT, "men"), "there are no lists `alpha` and `beta` under `men`");
        assert_eq!(refused("all: 1", "all"), "line 1: `all: 1` is no entry of a list of numbers");
    }
}
