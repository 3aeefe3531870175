//! Thompson sampling over arms with features.

use super::{Family, Posterior, Prior, Score, probabilities_of_best};
use crate::Error;
use crate::error::at_least;

/// A belief per arm, each with its whole covariance. An arm is chosen as often as it is believed to be the best (Thompson 1933;
/// Agrawal and Goyal 2013).
#[derive(Clone, Debug)]
pub struct Thompson {
    arms: Vec<Posterior>,
}

impl Thompson {
    /// Starts with one prior for each arm.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for noise that is not above 0.
    pub fn new(family: Family, priors: Vec<Prior>) -> Result<Self, Error> {
        let arms = priors.into_iter().map(|prior| Posterior::new(family, prior));
        Ok(Self { arms: arms.collect::<Result<_, _>>()? })
    }

    /// Tells what is believed about each arm.
    pub fn arms(&self) -> &[Posterior] {
        &self.arms
    }

    /// Tells what is believed about each arm's score for these features.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::NotFinite`].
    pub fn scores(&self, x: &[f64]) -> Result<Vec<Score>, Error> {
        self.arms.iter().map(|arm| arm.score(x)).collect()
    }

    /// Tells the probability of choosing each arm.
    ///
    /// # Errors
    /// As [`Thompson::scores`].
    pub fn probabilities(&self, x: &[f64]) -> Result<Vec<f64>, Error> {
        Ok(probabilities_of_best(&self.scores(x)?))
    }

    /// Takes in what came of an arm.
    ///
    /// # Errors
    /// What [`Posterior::learn`] refuses, and [`Error::NotEnoughData`] for an arm that there is not.
    pub fn learn(&mut self, arm: usize, x: &[f64], outcome: f64) -> Result<(), Error> {
        let count = self.arms.len();
        match self.arms.get_mut(arm) {
            Some(arm) => arm.learn(x, outcome),
            None => at_least("arms", u64::try_from(arm).unwrap_or(u64::MAX).saturating_add(1), count),
        }
    }

    /// Forgets in every arm: see [`Evidence::forget`](super::Evidence::forget).
    ///
    /// # Errors
    /// [`Error::OutOfRange`] unless the share is between 0 and 1.
    pub fn forget(&mut self, keep: f64) -> Result<(), Error> {
        self.arms.iter_mut().try_for_each(|arm| arm.forget(keep))
    }
}
