//! The direct method with the model whose mistake can be told: a mean for each cell.

use crate::error::{at_least, finite, same_length};
use crate::interval::skewed_mean_interval;
use crate::numeric::count;
use crate::{Error, Interval};

/// What the other policy does in each cell. A cell is an action at a place, as a position on a page; what is in it is alike but for chance.
#[derive(Clone, Copy, Debug)]
pub struct Choices<'a> {
    /// The place of each cell.
    pub place_of: &'a [usize],
    /// How likely the other policy takes the cell's action at that place.
    pub probability: &'a [f64],
}

/// Estimates the mean reward of another policy by the mean of each cell alone, the direct method (Dudík, Langford and Li 2011, "Doubly robust
/// policy evaluation and learning", section 2.1). It does not look at the probabilities actions were drawn with. A cell without rounds is given the
/// mean of all.
///
/// The interval knows that the means were learned: it is that of the estimate's influence function, which for means of cells is
/// V(place) − V + π(action | place) / share of the action at the place · (reward − mean of the cell) (Hahn 1998, "On the role of the propensity score
/// in efficient semiparametric estimation of average treatment effects", section 4, where imputation by such means attains the bound), with what each round
/// is off taken from the mean of the cell's other rounds, as a round draws its own mean to itself (the jackknife: Efron 1982, chapter 3); the only
/// round of its cell is held against the mean of all. It holds the truth only if, within a cell, whoever got the action is like whoever did not.
///
/// # Errors
/// [`Error::Shape`], [`Error::NotFinite`]; [`Error::NotEnoughData`] with fewer than 30 rounds or for a cell that there is not;
/// [`Error::OutOfRange`] for a level that is no share.
pub fn direct(
    cell_of: &[usize],
    rewards: &[f64],
    choices: Choices<'_>,
    level: f64,
) -> Result<Interval, Error> {
    same_length("the cells", rewards.len(), cell_of.len())?;
    same_length("the policy's probabilities", choices.place_of.len(), choices.probability.len())?;
    finite("the reward", rewards)?;
    finite("the policy's probability", choices.probability)?;
    let needed = cell_of.iter().max().map_or(0, |highest| highest + 1);
    at_least("cells", u64::try_from(needed).unwrap_or(u64::MAX), choices.place_of.len())?;
    let means = Means::of(cell_of, rewards, choices);
    let terms: Vec<f64> =
        cell_of.iter().zip(rewards).map(|(cell, reward)| means.term(*cell, *reward, choices)).collect();
    let estimate = means.estimate(cell_of, choices);
    // What rounds are off by adds up to nearly nothing: the terms have the estimate's spread about another middle.
    let interval = skewed_mean_interval(&terms, level)?;
    let shift = estimate - interval.estimate;
    Ok(Interval { estimate, lower: interval.lower + shift, upper: interval.upper + shift })
}

/// The mean of each cell, and what the other policy would bring at each place.
struct Means {
    all: f64,
    /// How many rounds each cell has, and their mean.
    cells: Vec<(usize, f64)>,
    /// How many rounds each place has, and what the other policy brings there.
    places: Vec<(usize, f64)>,
}

impl Means {
    fn of(cell_of: &[usize], rewards: &[f64], choices: Choices<'_>) -> Self {
        let all = rewards.iter().sum::<f64>() / count(rewards.len());
        let mut cells = vec![(0, 0.0); choices.place_of.len()];
        for (cell, reward) in cell_of.iter().zip(rewards) {
            cells.iter_mut().skip(*cell).take(1).for_each(|(rounds, sum): &mut (usize, f64)| {
                *rounds += 1;
                *sum += reward;
            });
        }
        for (rounds, mean) in &mut cells {
            *mean = if *rounds == 0 { all } else { *mean / count(*rounds) };
        }
        let mut places = vec![(0, 0.0); choices.place_of.iter().max().map_or(0, |highest| highest + 1)];
        for ((place, probability), (rounds, mean)) in
            choices.place_of.iter().zip(choices.probability).zip(&cells)
        {
            places.iter_mut().skip(*place).take(1).for_each(|(at_place, value): &mut (usize, f64)| {
                *at_place += rounds;
                *value += probability * mean;
            });
        }
        Self { all, cells, places }
    }

    fn estimate(&self, cell_of: &[usize], choices: Choices<'_>) -> f64 {
        let at = |cell: &usize| self.place(choices.place_of.get(*cell).copied().unwrap_or_default()).1;
        cell_of.iter().map(at).sum::<f64>() / count(cell_of.len())
    }

    /// What a round adds to the estimate, with what it is off by from its cell.
    fn term(&self, cell: usize, reward: f64, choices: Choices<'_>) -> f64 {
        let (rounds, mean) = self.cells.get(cell).copied().unwrap_or_default();
        let place = choices.place_of.get(cell).copied().unwrap_or_default();
        let (at_place, value) = self.place(place);
        let probability = choices.probability.get(cell).copied().unwrap_or_default();
        let off = match rounds {
            0 | 1 => reward - self.all,
            // Against the mean of the others: (r − m) · n / (n − 1).
            rounds => (reward - mean) * count(rounds) / count(rounds - 1),
        };
        value + probability * count(at_place) / count(rounds.max(1)) * off
    }

    fn place(&self, place: usize) -> (usize, f64) {
        self.places.get(place).copied().unwrap_or_default()
    }
}
