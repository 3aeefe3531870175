//! The other policy: for each action and position a probability.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{bail, ensure};
use wink_stats::bandit::rank_probabilities;

use super::log::Rounds;
use super::priors;
use crate::table::{Header, Table};

/// How far the probabilities of a position may be from adding up to 1: they were written with few digits.
const APART_MAX: f64 = 1e-3;

/// A probability for each pair of an action and a position of the log; 0 for what the policy never does.
pub(super) struct Policy {
    by_cell: Vec<f64>,
}

impl Policy {
    /// Reads a table of probabilities, or `bernoulli-ts:PRIORS`.
    pub(super) fn read(word: &str, rounds: &Rounds) -> anyhow::Result<Self> {
        match word.strip_prefix("bernoulli-ts:") {
            Some(priors) => Self::of_beliefs(priors, rounds),
            None => Self::of_table(Path::new(word), rounds),
        }
    }

    pub(super) fn probability(&self, cell: usize) -> f64 {
        self.by_cell.get(cell).copied().unwrap_or(0.0)
    }

    /// A list of the best actions by Thompson sampling: the first position gets the highest draw, the second the next.
    fn of_beliefs(priors: &str, rounds: &Rounds) -> anyhow::Result<Self> {
        let beliefs = priors::read(priors)?;
        let unknown = rounds.actions.iter().find(|action| !beliefs.contains_key(*action));
        if let Some(action) = unknown {
            bail!("`{priors}` has no belief about the action `{action}` of the log");
        }
        let arms: Vec<_> = beliefs.values().copied().collect();
        let chosen = rank_probabilities(&arms, rounds.positions.len())?;
        let by_action: BTreeMap<&String, &Vec<f64>> = beliefs.keys().zip(&chosen).collect();
        let rows = rounds.actions.iter().filter_map(|action| by_action.get(action));
        Ok(Self { by_cell: rows.flat_map(|ranks| ranks.iter().copied()).collect() })
    }

    fn of_table(path: &Path, rounds: &Rounds) -> anyhow::Result<Self> {
        let table = Table::open(path, Header::First)?;
        let (actions, probabilities) = (table.texts("action")?, table.numbers("probability")?);
        let positions = match rounds.positions.len() {
            1 => None,
            _ => Some(table.texts("position")?),
        };
        let mut by_cell = vec![0.0; rounds.cell_count()];
        let mut sums = vec![0.0; rounds.positions.len()];
        for (row, (action, probability)) in actions.iter().zip(&probabilities).enumerate() {
            let is_probability = (0.0..=1.0).contains(probability);
            ensure!(is_probability, "`{}`, row {}: {probability} is no probability", path.display(), row + 1);
            let position = match &positions {
                None => Some(0),
                Some(texts) => rounds.positions.iter().position(|known| texts.get(row) == Some(known)),
            };
            let Some(position) = position else { continue };
            sums.iter_mut().skip(position).take(1).for_each(|sum| *sum += probability);
            if let Some(action) = rounds.actions.iter().position(|known| known == action) {
                let cell = rounds.cell(action, position);
                by_cell.iter_mut().skip(cell).take(1).for_each(|entry| *entry = *probability);
            }
        }
        for (position, sum) in rounds.positions.iter().zip(&sums) {
            ensure!(
                (sum - 1.0).abs() <= APART_MAX,
                "`{}`: the probabilities of position `{position}` add up to {sum}, not to 1",
                path.display()
            );
        }
        Ok(Self { by_cell })
    }
}
