//! The log of rounds.

use std::collections::BTreeMap;

use crate::arguments::OffPolicy;
use crate::table::{Header, Table};

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
}

impl Rounds {
    pub(super) fn read(asked: &OffPolicy) -> anyhow::Result<Self> {
        let table = Table::open(&asked.log, Header::First)?;
        let (actions, action_of) = numbered(&table.texts(&asked.action)?);
        let has_positions = table.names().contains(&asked.position.as_str());
        let (positions, position_of) = if has_positions {
            numbered(&table.texts(&asked.position)?)
        } else {
            (vec![String::new()], vec![0; table.rows()])
        };
        Ok(Self {
            rewards: table.numbers(&asked.reward)?,
            logged: table.numbers(&asked.propensity)?,
            actions,
            positions,
            action_of,
            position_of,
        })
    }

    /// How many pairs of an action and a position there are.
    pub(super) fn cell_count(&self) -> usize {
        self.actions.len() * self.positions.len()
    }

    /// The pair of each round.
    pub(super) fn cells(&self) -> Vec<usize> {
        let pairs = self.action_of.iter().zip(&self.position_of);
        pairs.map(|(action, position)| self.cell(*action, *position)).collect()
    }

    pub(super) fn cell(&self, action: usize, position: usize) -> usize {
        action * self.positions.len() + position
    }

    /// The pairs of every action with the position of this one.
    pub(super) fn cells_beside(&self, cell: usize) -> impl Iterator<Item = usize> {
        (cell % self.positions.len()..self.cell_count()).step_by(self.positions.len())
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
