//! Three ways to learn effects from a trial.

use super::effects::{Effects, Inner};
use super::nuisance::{Nuisance, Propensities};
use super::{Folds, Trial};
use crate::Error;
use crate::propensity::Base;

/// How effects are learned. Unfitted: [`Learner::fit`] makes [`Effects`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Learner<'a> {
    /// One model, the treatment one more feature (Künzel, Sekhon, Bickel and Yu 2019, "Metalearners for estimating
    /// heterogeneous treatment effects using machine learning", equation 3).
    S,
    /// A model for each treatment (the same, equation 2).
    T,
    /// A model of doubly robust scores (Kennedy 2023, "Towards optimal doubly robust estimation of heterogeneous causal
    /// effects", algorithm 1), cross-fitted: each score comes from models that did not see the person.
    Dr {
        /// The parts for cross-fitting.
        folds: Folds,
        /// How likely each person was to get what.
        propensities: Propensities<'a>,
    },
}

impl Learner<'_> {
    /// Learns the effect of each treatment against `none`.
    ///
    /// # Errors
    /// Whatever the base, or [`Nuisance::cross_fit`], refuses.
    pub fn fit(&self, base: &dyn Base, trial: &Trial<'_>) -> Result<Effects, Error> {
        let treatments = trial.treatments();
        let inner = match self {
            Self::S => {
                let table = trial.rows().with_each(treatments, |row, values| {
                    let given = trial.given().get(row).copied().unwrap_or(0);
                    values.extend((1..=treatments).map(|arm| if arm == given { 1.0 } else { 0.0 }));
                });
                Inner::One(trial.learn(base, table.rows(), trial.outcomes())?)
            }
            Self::T => Inner::Each(trial.learn_each(base, |_| true)?),
            Self::Dr { folds, propensities } => {
                let nuisance = Nuisance::cross_fit(base, trial, *folds, *propensities)?;
                let scores = nuisance.scores(trial);
                let effect = |arm| {
                    let against_none: Vec<f64> =
                        scores.iter().map(|scores| scores.against_none(arm)).collect();
                    base.learn_effect(trial.rows(), &against_none)
                };
                Inner::Effects((1..=treatments).map(effect).collect::<Result<_, _>>()?)
            }
        };
        Ok(Effects { inner, treatments })
    }
}
