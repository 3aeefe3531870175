//! The other policy: for each action and position a probability.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use wink_stats::bandit::rank_probabilities;

use super::log::{Rounds, USUAL_POSITION, as_whole};
use super::priors;
use crate::table::{Header, Table};

/// How far the probabilities of a position may be from adding up to 1: they were written with few digits.
const APART_MAX: f64 = 1e-3;

/// A probability for each pair of an action and a position of the log, and at each position for all actions it never has; 0 for what the policy
/// never does.
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
        let ranks = ranks(&rounds.positions)?;
        let arms: Vec<_> = beliefs.values().copied().collect();
        let chosen = rank_probabilities(&arms, ranks.iter().max().map_or(0, |last| last + 1))
            .with_context(|| format!("the positions {} as ranks", rounds.positions.join(", ")))?;
        let by_action: BTreeMap<&String, &Vec<f64>> = beliefs.keys().zip(&chosen).collect();
        let of_rank = |chosen: &Vec<f64>, rank: &usize| chosen.get(*rank).copied().unwrap_or(0.0);
        let rows = rounds.actions.iter().filter_map(|action| by_action.get(action));
        let mut by_cell: Vec<f64> = rows
            .flat_map(|chosen| ranks.iter().map(|rank| of_rank(chosen, rank)).collect::<Vec<_>>())
            .collect();
        let others = || by_action.iter().filter(|(action, _)| !rounds.actions.contains(action));
        by_cell
            .extend(ranks.iter().map(|rank| others().map(|(_, chosen)| of_rank(chosen, rank)).sum::<f64>()));
        Ok(Self { by_cell })
    }

    /// The part of what the policy does at the log's positions that the log never shows there: no estimate knows what that brings.
    pub(super) fn never_logged(&self, rounds: &Rounds) -> f64 {
        let positions = rounds.positions.len();
        let logged = |position: usize| -> f64 {
            let cells = (position..rounds.cell_count()).step_by(positions);
            cells.filter(|cell| rounds.is_logged(*cell)).map(|cell| self.probability(cell)).sum()
        };
        let weighted = (0..positions).map(|position| {
            wink_stats::numeric::count(rounds.rounds_at(position)) * (1.0 - logged(position)).max(0.0)
        });
        weighted.sum::<f64>() / wink_stats::numeric::count(rounds.rewards.len())
    }

    fn of_table(path: &Path, rounds: &Rounds) -> anyhow::Result<Self> {
        let table = Table::open(path, Header::First)?;
        let (actions, probabilities) = (table.names_of("action")?, table.numbers("probability")?);
        let says_positions = table.names().contains(&USUAL_POSITION);
        ensure!(
            rounds.has_positions || !says_positions,
            "`{}` has a probability for each position, and the log says none; name its column with --position",
            path.display()
        );
        // A log of one position may be held against a policy that knows no other.
        let positions = match rounds.positions.len() {
            1 if !says_positions => None,
            _ => Some(table.names_of(USUAL_POSITION)?),
        };
        refuse_strangers(path, &actions, rounds)?;
        let mut said = BTreeSet::new();
        let mut by_cell = vec![0.0; rounds.cell_count()];
        let mut sums = vec![0.0; rounds.positions.len()];
        for (row, (action, probability)) in actions.iter().zip(&probabilities).enumerate() {
            let is_probability = (0.0..=1.0).contains(probability);
            ensure!(is_probability, "`{}`, row {}: {probability} is no probability", path.display(), row + 1);
            let written = positions.as_ref().and_then(|texts| texts.get(row)).map(|text| as_whole(text));
            let is_new = said.insert((action, written.clone()));
            ensure!(
                is_new,
                "`{}`, row {}: the probability of `{action}` is said a second time",
                path.display(),
                row + 1
            );
            let position = match &written {
                None => Some(0),
                Some(text) => rounds.positions.iter().position(|known| known == text),
            };
            let Some(position) = position else { continue };
            sums.iter_mut().skip(position).take(1).for_each(|sum| *sum += probability);
            let cell = match rounds.actions.iter().position(|known| known == action) {
                Some(action) => rounds.cell(action, position),
                None => rounds.cell_of_others(position),
            };
            by_cell.iter_mut().skip(cell).take(1).for_each(|entry| *entry += *probability);
        }
        for (position, sum) in rounds.positions.iter().zip(&sums) {
            ensure!(
                (sum - 1.0).abs() <= APART_MAX,
                "`{}`: the probabilities{} add up to {}, not to 1",
                path.display(),
                if positions.is_some() { format!(" of position `{position}`") } else { String::new() },
                // As many digits as were written, not those of the sum's rounding.
                (sum * 1e6).round() / 1e6
            );
        }
        Ok(Self { by_cell })
    }
}

/// Refuses a policy that knows no action of the log: they are then most likely the same, written in another way.
fn refuse_strangers(path: &Path, actions: &[String], rounds: &Rounds) -> anyhow::Result<()> {
    let of_log: BTreeSet<&String> = rounds.actions.iter().collect();
    if actions.iter().any(|action| of_log.contains(action)) {
        return Ok(());
    }
    let by_bare: BTreeMap<String, &String> = actions.iter().map(|action| (bare(action), action)).collect();
    let alike = rounds.actions.iter().find_map(|action| Some((action, *by_bare.get(&bare(action))?)));
    let (logged, known) = match (alike, rounds.actions.first(), actions.first()) {
        (Some((logged, known)), ..) => (logged, known),
        (None, Some(logged), Some(known)) => (logged, known),
        _ => return Ok(()),
    };
    bail!(
        "`{}` has no action of the log: the log has actions like `{logged}`, the policy like `{known}`; write them alike in both",
        path.display()
    )
}

/// An action's name without noughts before a number and behind its point.
fn bare(name: &str) -> String {
    let whole = as_whole(name);
    match whole.parse::<u64>() {
        Ok(number) => number.to_string(),
        Err(_) => whole,
    }
}

/// The rank of each position, from 0: they count from 1, or from 0 where there is one.
fn ranks(positions: &[String]) -> anyhow::Result<Vec<usize>> {
    if let [only] = positions
        && only.is_empty()
    {
        return Ok(vec![0]);
    }
    let read = |text: &String| {
        text.parse::<usize>().ok().with_context(|| {
            format!("the position `{text}` is no rank; bernoulli-ts needs whole numbers, of which 1 is the place of the highest draw")
        })
    };
    let numbers = positions.iter().map(read).collect::<anyhow::Result<Vec<usize>>>()?;
    let first = usize::from(!numbers.contains(&0));
    Ok(numbers.into_iter().map(|number| number - first).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_its_rank_also_where_the_log_lacks_those_before() {
        let of = |positions: &[&str]| {
            ranks(&positions.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
                .map_err(|error| error.to_string())
        };
        assert_eq!(of(&["1", "2", "3"]), Ok(vec![0, 1, 2]));
        assert_eq!(of(&["2", "5"]), Ok(vec![1, 4]));
        assert_eq!(of(&["0", "2"]), Ok(vec![0, 2]));
        assert_eq!(of(&[""]), Ok(vec![0]));
        assert!(of(&["top"]).unwrap_err().contains("`top` is no rank"));
    }
}
