//! What has to be known besides the effect: what to expect of each treatment, and how likely each was to be given.

use super::{Folds, Trial};
use crate::error::same_length;
use crate::interval::mean_interval;
use crate::propensity::Base;
use crate::rows::only;
use crate::{Error, Interval};

/// How likely each person was to get each treatment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Propensities<'a> {
    /// Drawn with the same chances for everybody: each treatment's share among the people.
    Shares,
    /// Known for each person, `none` first, row after row; each greater than 0.
    Known(&'a [f64]),
}

/// Cross-fitted expectations and the propensities, for everybody in a trial.
#[derive(Clone, Debug)]
pub struct Nuisance {
    /// Row after row, `none` first.
    expected: Vec<f64>,
    propensities: Vec<f64>,
    arms: usize,
}

/// The doubly robust scores of one person, `none` first: each is the outcome to expect under that treatment, set right by what was
/// seen if it was given (Robins, Rotnitzky and Zhao 1994; Athey and Wager 2021, "Policy learning with observational data",
/// equation 8).
#[derive(Clone, Debug, PartialEq)]
pub struct Scores(Vec<f64>);

impl Scores {
    /// Tells the score of a treatment.
    pub fn of(&self, arm: usize) -> f64 {
        self.0.get(arm).copied().unwrap_or(f64::NAN)
    }

    /// Tells by how much a treatment is better than `none`.
    pub fn against_none(&self, arm: usize) -> f64 {
        self.of(arm) - self.of(0)
    }
}

impl Nuisance {
    /// Learns, for each part, from the others what to expect of each treatment.
    ///
    /// # Errors
    /// What the base refuses; [`Error::NotEnoughData`] from the folds; [`Error::Shape`] or [`Error::OutOfRange`] for known
    /// propensities that do not fit.
    pub fn cross_fit(
        base: &dyn Base,
        trial: &Trial<'_>,
        folds: Folds,
        propensities: Propensities<'_>,
    ) -> Result<Self, Error> {
        let arms = trial.treatments() + 1;
        let propensities = propensities.of(trial)?;
        let fold_of = folds.assign(trial)?;
        let mut expected = vec![0.0; trial.rows().count() * arms];
        for fold in 0..folds.count {
            let is_in = |row: usize| fold_of.get(row) == Some(&fold);
            let models = trial.learn_each(base, |row| !is_in(row))?;
            let table = trial.rows().only(is_in);
            let predicted: Vec<Vec<f64>> = models.iter().map(|model| model.predict(table.rows())).collect();
            let places = only(&(0..fold_of.len()).collect::<Vec<_>>(), is_in);
            for (within, place) in places.into_iter().enumerate() {
                let of_row = predicted.iter().map(|of_arm| of_arm.get(within).copied().unwrap_or(0.0));
                expected.iter_mut().skip(place * arms).zip(of_row).for_each(|(to, from)| *to = from);
            }
        }
        Ok(Self { expected, propensities, arms })
    }

    /// Tells the doubly robust scores of everybody.
    pub fn scores(&self, trial: &Trial<'_>) -> Vec<Scores> {
        let rows = self.expected.chunks_exact(self.arms).zip(self.propensities.chunks_exact(self.arms));
        let seen = trial.given().iter().zip(trial.outcomes());
        rows.zip(seen)
            .map(|((expected, propensities), (given, outcome))| {
                let corrected = expected.iter().zip(propensities).enumerate().map(|(arm, (mean, chance))| {
                    if arm == *given { mean + (outcome - mean) / chance } else { *mean }
                });
                Scores(corrected.collect())
            })
            .collect()
    }

    /// Estimates the mean outcome if everybody had got what `policy` chooses for them, less what it costs (AIPW: the mean of
    /// the scores, Athey and Wager 2021, section 2). `prices` turns an outcome into money.
    ///
    /// # Errors
    /// [`Error::Shape`] for a policy of another length, [`Error::OutOfRange`] for a treatment that there is not, and
    /// [`Error::NotEnoughData`] with hardly any people.
    pub fn value(
        &self,
        trial: &Trial<'_>,
        policy: &[usize],
        prices: &super::Prices<'_>,
        level: f64,
    ) -> Result<Interval, Error> {
        mean_interval(&self.worth(trial, policy, prices)?, level)
    }

    /// Estimates by how much one policy is better than another. Its interval is narrower than those of the two, as most people
    /// get the same from both.
    ///
    /// # Errors
    /// As [`Nuisance::value`].
    pub fn gain(
        &self,
        trial: &Trial<'_>,
        (policy, over): (&[usize], &[usize]),
        prices: &super::Prices<'_>,
        level: f64,
    ) -> Result<Interval, Error> {
        let (ours, theirs) = (self.worth(trial, policy, prices)?, self.worth(trial, over, prices)?);
        let apart: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours - theirs).collect();
        mean_interval(&apart, level)
    }

    fn worth(
        &self,
        trial: &Trial<'_>,
        policy: &[usize],
        prices: &super::Prices<'_>,
    ) -> Result<Vec<f64>, Error> {
        same_length("the policy", trial.rows().count(), policy.len())?;
        prices.check(trial.treatments())?;
        if let Some(odd) = policy.iter().find(|arm| self.arms <= **arm) {
            #[expect(clippy::cast_precision_loss, reason = "it is only shown")]
            let value = *odd as f64;
            return Err(Error::OutOfRange { what: "a treatment", value, must: "one of those there are" });
        }
        let scores = self.scores(trial);
        let worth = scores.iter().zip(policy).map(|(scores, arm)| prices.net(scores.of(*arm), *arm));
        Ok(worth.collect())
    }
}

impl Propensities<'_> {
    fn of(&self, trial: &Trial<'_>) -> Result<Vec<f64>, Error> {
        let count = trial.rows().count();
        match self {
            Self::Shares => {
                #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
                let share = |arm| trial.count_of(arm) as f64 / count as f64;
                let shares: Vec<f64> = trial.arms().map(share).collect();
                Ok(shares.repeat(count))
            }
            Self::Known(known) => {
                same_length("the propensities", count * (trial.treatments() + 1), known.len())?;
                let odd = known.iter().find(|chance| !(0.0 < **chance && **chance <= 1.0));
                match odd {
                    Some(value) => Err(Error::OutOfRange {
                        what: "a propensity",
                        value: *value,
                        must: "above 0 and at most 1",
                    }),
                    None => Ok(known.to_vec()),
                }
            }
        }
    }
}
