//! People by how likely they buy and how likely they have left, in cells between thresholds that somebody chooses. Each cell is a rule, so
//! that it can become a segment.

/// Thresholds of one side at most: more cells than this nobody reads.
const THRESHOLDS_MAX: usize = 9;

/// The features a grid is made of.
const PURCHASE: &str = "feature.score_purchase";
const CHURN: &str = "feature.score_churn";

/// Thresholds of both sides, with how many people are in each cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    purchase: Vec<f64>,
    churn: Vec<f64>,
    /// By step of purchase, then by step of churn.
    people: Vec<Vec<u64>>,
    not_known: u64,
}

/// Why thresholds cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum GridError {
    /// One that is no probability between 0 and 1.
    #[error("the threshold {0} is not between 0 and 1")]
    NotBetween(f64),
    /// One that is not above the one before.
    #[error("the threshold {0} is not above the one before it; name them from the lowest to the highest")]
    NotAscending(f64),
    /// Too many of them.
    #[error("there are {0} thresholds on one side, and at most {THRESHOLDS_MAX} can be used")]
    TooMany(usize),
}

impl Grid {
    /// Takes thresholds, from the lowest to the highest. A value on one belongs to the step above it.
    ///
    /// # Errors
    /// If one is no probability, they are not in order, or there are more than nine on a side.
    pub fn new(purchase: Vec<f64>, churn: Vec<f64>) -> Result<Self, GridError> {
        check(&purchase)?;
        check(&churn)?;
        let people = vec![vec![0; churn.len() + 1]; purchase.len() + 1];
        Ok(Self { purchase, churn, people, not_known: 0 })
    }

    /// Counts somebody; of whom nothing is known, they are counted as such.
    pub fn count(&mut self, purchase: Option<f64>, churn: Option<f64>) {
        let (Some(purchase), Some(churn)) = (purchase, churn) else {
            self.not_known += 1;
            return;
        };
        let row = self.people.get_mut(step(&self.purchase, purchase));
        let cell = row.and_then(|row| row.get_mut(step(&self.churn, churn)));
        cell.into_iter().for_each(|people| *people += 1);
    }

    /// Tells how many people have no score, because they were not scored, have not granted it, or it is too old.
    pub fn not_known(&self) -> u64 {
        self.not_known
    }

    /// Lists the cells: step of purchase, step of churn, people.
    pub fn cells(&self) -> impl Iterator<Item = (usize, usize, u64)> + '_ {
        let rows = self.people.iter().enumerate();
        rows.flat_map(|(row, cells)| cells.iter().enumerate().map(move |(cell, people)| (row, cell, *people)))
    }

    /// Tells from where to where a step of purchase reaches.
    pub fn purchase_step(&self, at: usize) -> (f64, f64) {
        bounds(&self.purchase, at)
    }

    /// Tells from where to where a step of churn reaches.
    pub fn churn_step(&self, at: usize) -> (f64, f64) {
        bounds(&self.churn, at)
    }

    /// Writes a cell as the rule of a segment.
    pub fn rule(&self, purchase: usize, churn: usize) -> String {
        let sides = [(PURCHASE, &self.purchase, purchase), (CHURN, &self.churn, churn)];
        let conditions: Vec<String> =
            sides.into_iter().flat_map(|(name, thresholds, at)| conditions(name, thresholds, at)).collect();
        conditions.join(" && ")
    }
}

fn check(thresholds: &[f64]) -> Result<(), GridError> {
    if THRESHOLDS_MAX < thresholds.len() {
        return Err(GridError::TooMany(thresholds.len()));
    }
    let mut before = 0.0;
    for threshold in thresholds {
        // Written so that NaN is refused too.
        if !(0.0 < *threshold && *threshold < 1.0) {
            return Err(GridError::NotBetween(*threshold));
        }
        if *threshold <= before {
            return Err(GridError::NotAscending(*threshold));
        }
        before = *threshold;
    }
    Ok(())
}

fn step(thresholds: &[f64], value: f64) -> usize {
    thresholds.partition_point(|threshold| *threshold <= value)
}

fn bounds(thresholds: &[f64], at: usize) -> (f64, f64) {
    let from = at.checked_sub(1).and_then(|before| thresholds.get(before)).copied();
    (from.unwrap_or(0.0), thresholds.get(at).copied().unwrap_or(1.0))
}

/// A side without a threshold asks only that there is a score.
fn conditions(name: &str, thresholds: &[f64], at: usize) -> Vec<String> {
    let (from, to) = bounds(thresholds, at);
    let mut conditions = Vec::new();
    if 0.0 < from || thresholds.is_empty() {
        conditions.push(format!("{from:?} <= {name}"));
    }
    if to < 1.0 {
        conditions.push(format!("{name} < {to:?}"));
    }
    conditions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::expression::{Declarations, Expression, Fact, Facts, Type};

    struct Scores([f64; 2]);

    impl Facts for Scores {
        fn fact(&self, slot: usize) -> Option<Fact<'_>> {
            self.0.get(slot).map(|score| Fact::Double(*score))
        }
    }

    /// A cell's rule holds of exactly those who are counted in it, on thresholds too.
    #[test]
    fn a_cell_and_its_rule_mean_the_same_people() {
        let mut names = Declarations::new();
        names.declare(PURCHASE, Type::Double);
        names.declare(CHURN, Type::Double);
        for thresholds in [vec![], vec![0.5], vec![0.2, 0.5, 0.8]] {
            for scores in [[0.0, 1.0], [0.2, 0.5], [0.5, 0.2], [0.499, 0.8], [1.0, 0.0], [0.1, 0.3]] {
                let mut grid = Grid::new(thresholds.clone(), vec![0.3, 0.5]).unwrap();
                grid.count(Some(scores[0]), Some(scores[1]));
                let mut found = 0;
                for (purchase, churn, people) in grid.cells() {
                    let rule = Expression::compile(&grid.rule(purchase, churn), &names).unwrap();
                    assert_eq!(rule.evaluate(&Scores(scores)).holds(), people == 1, "{scores:?} {rule:?}");
                    found += people;
                }
                assert_eq!(found, 1);
            }
        }
    }

    #[test]
    fn who_has_no_score_is_counted_apart() {
        let mut grid = Grid::new(vec![0.5], vec![]).unwrap();
        grid.count(None, Some(0.3));
        grid.count(Some(0.3), None);
        assert_eq!((grid.not_known(), grid.cells().map(|cell| cell.2).sum::<u64>()), (2, 0));
    }

    #[test]
    fn thresholds_that_cannot_be_are_refused() {
        assert_eq!(Grid::new(vec![0.0], vec![]), Err(GridError::NotBetween(0.0)));
        assert_eq!(Grid::new(vec![], vec![1.0]), Err(GridError::NotBetween(1.0)));
        assert!(Grid::new(vec![f64::NAN], vec![]).is_err());
        assert_eq!(Grid::new(vec![0.5, 0.5], vec![]), Err(GridError::NotAscending(0.5)));
        assert_eq!(Grid::new(vec![], vec![0.01; 10]), Err(GridError::TooMany(10)));
    }
}
