//! The log of rounds.

use std::collections::BTreeMap;

use crate::arguments::OffPolicy;
use crate::table::{Header, Table};

/// The column with positions, if nothing else is said.
pub(super) const USUAL_POSITION: &str = "position";

/// Probabilities that are less apart than by this factor are taken for one that was rounded, or counted from draws.
const ROUNDED: f64 = 1.05;

/// Logged rounds, with numbers for actions and positions.
pub(super) struct Rounds {
    pub(super) rewards: Vec<f64>,
    pub(super) logged: Vec<f64>,
    /// The actions' names, by number.
    pub(super) actions: Vec<String>,
    /// The positions' names, by number: numbers by their size. One without a name if the log has none.
    pub(super) positions: Vec<String>,
    action_of: Vec<usize>,
    position_of: Vec<usize>,
    /// Whether the log says at which position.
    pub(super) has_positions: bool,
    /// How many rounds each pair has.
    seen: Vec<usize>,
}

impl Rounds {
    pub(super) fn read(asked: &OffPolicy) -> anyhow::Result<Self> {
        let table = Table::open(&asked.log, Header::First)?;
        let (actions, action_of) = numbered(&table.names_of(&asked.action)?);
        // A column that was asked for must be there; the usual one need not.
        let column = asked.position.as_deref().unwrap_or(USUAL_POSITION);
        let has_positions = asked.position.is_some() || table.names().contains(&column);
        let (positions, position_of) = if has_positions {
            let texts = table.names_of(column)?;
            numbered(&texts.iter().map(|text| as_whole(text)).collect::<Vec<_>>())
        } else {
            (vec![String::new()], vec![0; table.rows()])
        };
        let mut seen = vec![0; actions.len() * positions.len()];
        for (action, position) in action_of.iter().zip(&position_of) {
            if let Some(seen) = seen.get_mut(action * positions.len() + position) {
                *seen += 1;
            }
        }
        Ok(Self {
            rewards: table.numbers(&asked.reward)?,
            logged: table.probabilities(&asked.propensity)?,
            actions,
            positions,
            action_of,
            position_of,
            has_positions,
            seen,
        })
    }

    /// How many rounds each position has.
    pub(super) fn rounds_at(&self, position: usize) -> usize {
        self.seen.iter().skip(position).step_by(self.positions.len()).sum()
    }

    /// Whether the log has a round with this pair.
    pub(super) fn is_logged(&self, cell: usize) -> bool {
        self.seen.get(cell).is_some_and(|rounds| 0 < *rounds)
    }

    /// How many pairs of an action and a position there are: behind those of the log's actions, one at each position for all others.
    pub(super) fn cell_count(&self) -> usize {
        (self.actions.len() + 1) * self.positions.len()
    }

    /// The pair of each round.
    pub(super) fn cells(&self) -> Vec<usize> {
        let pairs = self.action_of.iter().zip(&self.position_of);
        pairs.map(|(action, position)| self.cell(*action, *position)).collect()
    }

    pub(super) fn cell(&self, action: usize, position: usize) -> usize {
        action * self.positions.len() + position
    }

    pub(super) fn position_of(&self, cell: usize) -> usize {
        cell % self.positions.len()
    }

    /// Whether rounds of one pair were drawn with probabilities that differ by more than was rounded when they were written.
    pub(super) fn is_drawn_unlike(&self) -> bool {
        let mut reach = vec![(f64::INFINITY, 0.0_f64); self.cell_count()];
        for (cell, logged) in self.cells().into_iter().zip(&self.logged) {
            if let Some((least, most)) = reach.get_mut(cell) {
                (*least, *most) = (least.min(*logged), most.max(*logged));
            }
        }
        reach.iter().any(|(least, most)| least * ROUNDED < *most)
    }

    /// The pair at a position for all actions the log never has.
    pub(super) fn cell_of_others(&self, position: usize) -> usize {
        self.cell(self.actions.len(), position)
    }

    /// The pairs of every action with the position of this one.
    pub(super) fn cells_beside(&self, cell: usize) -> impl Iterator<Item = usize> {
        (self.position_of(cell)..self.cell_count()).step_by(self.positions.len())
    }
}

/// A position's name; a whole number that was written with a point, as a table with gaps does, is the same without.
pub(super) fn as_whole(text: &str) -> String {
    let text = text.trim();
    match text.split_once('.') {
        Some((whole, rest)) if whole.parse::<u64>().is_ok() && rest.bytes().all(|byte| byte == b'0') => {
            whole.to_owned()
        }
        _ => text.to_owned(),
    }
}

/// Names in order, numbers by their size, and each row's place among them.
fn numbered(texts: &[String]) -> (Vec<String>, Vec<usize>) {
    let mut places: BTreeMap<(Option<u64>, &str), usize> =
        texts.iter().map(|text| ((text.parse().ok(), text.as_str()), 0)).collect();
    places.values_mut().enumerate().for_each(|(number, place)| *place = number);
    let place = |text: &String| places.get(&(text.parse().ok(), text.as_str())).copied().unwrap_or(0);
    let rows = texts.iter().map(place).collect();
    (places.keys().map(|(_, text)| (*text).to_owned()).collect(), rows)
}
