//! A model of the reward that needs no features: the mean of each cell, drawn towards the mean of all.

use crate::Error;
use crate::error::{at_least, finite, same_length};
use crate::rows::shuffled;

/// A cell with so many rounds counts as much as what is known of all cells together. For rewards as rare as clicks more would
/// hide what differs, and less would follow single clicks.
const STRENGTH: f64 = 100.0;

/// The mean reward of each cell (an action, or an action at a position), cross-fitted: what is told for a round was learned from rounds
/// of other parts.
#[derive(Clone, Debug)]
pub struct CellMeans {
    /// For each part, the mean of each cell.
    parts: Vec<Vec<f64>>,
    part_of: Vec<usize>,
}

impl CellMeans {
    /// Learns. Rounds are put into `parts` by chance from the seed, as a log may have a rhythm. `cell_of` holds a number below `cells`
    /// for each round.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`]; [`Error::NotEnoughData`] for a cell that there is not, fewer than 2 parts, or fewer
    /// rounds than parts.
    pub fn cross_fit(
        cell_of: &[usize],
        cells: usize,
        rewards: &[f64],
        parts: usize,
        seed: u64,
    ) -> Result<Self, Error> {
        same_length("the cells", rewards.len(), cell_of.len())?;
        finite("the reward", rewards)?;
        at_least("parts", 2, parts)?;
        at_least("rounds", u64::try_from(parts).unwrap_or(u64::MAX), rewards.len())?;
        let needed = cell_of.iter().max().map_or(0, |highest| highest + 1);
        at_least("cells", u64::try_from(needed).unwrap_or(u64::MAX), cells)?;
        let part_of: Vec<usize> =
            shuffled(rewards.len(), seed).into_iter().map(|place| place % parts).collect();
        let learn = |part: usize| {
            let mut sums = vec![(0.0, 0.0); cells];
            let mut all = (0.0, 0.0);
            let rounds = cell_of.iter().zip(rewards).zip(&part_of);
            let others = rounds.filter(|(_, of_round)| **of_round != part).map(|(round, _)| round);
            for (cell, reward) in others {
                all = (all.0 + reward, all.1 + 1.0);
                sums.iter_mut().skip(*cell).take(1).for_each(|(sum, count)| {
                    *sum += reward;
                    *count += 1.0;
                });
            }
            let mean = all.0 / all.1;
            sums.into_iter().map(|(sum, count)| (sum + STRENGTH * mean) / (count + STRENGTH)).collect()
        };
        Ok(Self { parts: (0..parts).map(learn).collect(), part_of })
    }

    /// Tells the reward to expect of a cell in a round, from the rounds of other parts; `None` for a cell that there is not.
    pub fn expected(&self, round: usize, cell: usize) -> Option<f64> {
        self.parts.get(*self.part_of.get(round)?)?.get(cell).copied()
    }
}
