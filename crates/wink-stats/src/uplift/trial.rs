//! What a trial left behind: who had which features, who got what, and what came of it.

use crate::error::{at_least, same_length};
use crate::propensity::{Base, Model, check_outcomes};
use crate::rows::{only, shuffled};
use crate::{Error, Rows, Table};

/// One entry per person: features, the treatment given (0 is `none`), the outcome.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    rows: Rows<'a>,
    given: &'a [usize],
    outcomes: &'a [f64],
    treatments: usize,
}

impl<'a> Trial<'a> {
    /// Looks a trial of `none` and `treatments` others over.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], [`Error::OutOfRange`] for a treatment that there is not, and
    /// [`Error::NotEnoughData`] if some treatment was given to nobody.
    pub fn new(
        rows: Rows<'a>,
        given: &'a [usize],
        outcomes: &'a [f64],
        treatments: usize,
    ) -> Result<Self, Error> {
        check_outcomes(rows, outcomes)?;
        same_length("the treatments", rows.count(), given.len())?;
        if treatments == 0 {
            return Err(Error::NotEnoughData { what: "treatments besides none", needed: 1, found: 0 });
        }
        if let Some(odd) = given.iter().find(|arm| treatments < **arm) {
            #[expect(clippy::cast_precision_loss, reason = "it is only shown")]
            let value = *odd as f64;
            return Err(Error::OutOfRange { what: "a treatment", value, must: "one of those there are" });
        }
        let trial = Self { rows, given, outcomes, treatments };
        trial.arms().try_for_each(|arm| at_least("people in the smallest arm", 1, trial.count_of(arm)))?;
        Ok(trial)
    }

    /// Tells the features.
    pub fn rows(&self) -> Rows<'a> {
        self.rows
    }

    /// Tells what each person got.
    pub fn given(&self) -> &'a [usize] {
        self.given
    }

    /// Tells what came of it.
    pub fn outcomes(&self) -> &'a [f64] {
        self.outcomes
    }

    /// Tells how many treatments there are besides `none`.
    pub fn treatments(&self) -> usize {
        self.treatments
    }

    /// Goes through the arms, `none` first.
    pub(super) fn arms(&self) -> std::ops::RangeInclusive<usize> {
        0..=self.treatments
    }

    /// Tells how many people got a treatment.
    pub(super) fn count_of(&self, arm: usize) -> usize {
        self.given.iter().filter(|given| **given == arm).count()
    }

    /// Tells whether outcomes are 0 or 1, so that their mean is a probability.
    pub(super) fn is_binary(&self) -> bool {
        self.outcomes.iter().all(|outcome| *outcome == 0.0 || *outcome == 1.0)
    }

    /// Learns what outcome to expect of people with these rows.
    pub(super) fn learn(
        &self,
        base: &dyn Base,
        rows: Rows<'_>,
        outcomes: &[f64],
    ) -> Result<Box<dyn Model>, Error> {
        if self.is_binary() {
            base.learn_probability(rows, outcomes)
        } else {
            base.learn_mean(rows, outcomes)
        }
    }

    /// Learns what outcome to expect of each treatment, `none` first, from the people that are chosen.
    pub(super) fn learn_each(
        &self,
        base: &dyn Base,
        chosen: impl Fn(usize) -> bool,
    ) -> Result<Vec<Box<dyn Model>>, Error> {
        let per_arm = |arm| {
            let of_arm = |row: usize| chosen(row) && self.given.get(row) == Some(&arm);
            let table: Table = self.rows.only(of_arm);
            self.learn(base, table.rows(), &only(self.outcomes, of_arm))
        };
        self.arms().map(per_arm).collect()
    }
}

/// With so many people, two thirds of them teach what to expect as well as four fifths do, at half of the work. With few, more parts are
/// better (Chernozhukov et al. 2018, "Double/debiased machine learning for treatment and structural parameters", section 3).
const FOLDS_FEWER_FROM: usize = 100_000;

/// Into how many parts people are put by chance for cross-fitting, so that nobody is judged by a model that has seen them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folds {
    /// How many parts; at least 2.
    pub count: usize,
    /// The source of the chance.
    pub seed: u64,
}

impl Default for Folds {
    fn default() -> Self {
        Self { count: 5, seed: 1 }
    }
}

impl Folds {
    /// Parts for so many people: five, and three from 100,000 on.
    pub fn of(people: usize) -> Self {
        let usual = Self::default();
        if people < FOLDS_FEWER_FROM { usual } else { Self { count: 3, ..usual } }
    }

    /// Tells each person's part. Every arm is spread evenly over the parts, and so are the ones and zeros of a binary outcome.
    ///
    /// # Errors
    /// [`Error::NotEnoughData`] with fewer than 2 parts, or fewer people in an arm than parts.
    pub(super) fn assign(&self, trial: &Trial<'_>) -> Result<Vec<usize>, Error> {
        at_least("folds", 2, self.count)?;
        let needed = u64::try_from(self.count).unwrap_or(u64::MAX);
        let smallest = trial.arms().map(|arm| trial.count_of(arm)).min().unwrap_or(0);
        at_least("people in the smallest arm", needed, smallest)?;
        let mut order: Vec<(usize, usize)> =
            shuffled(trial.rows.count(), self.seed).into_iter().map(|row| (row, 0)).collect();
        let is_binary = trial.is_binary();
        // The sort is stable: within an arm and an outcome the order stays one of chance.
        order.sort_by_key(|(row, _)| {
            let hit = is_binary && trial.outcomes.get(*row) == Some(&1.0);
            (trial.given.get(*row).copied(), hit)
        });
        order.iter_mut().enumerate().for_each(|(place, entry)| entry.1 = place % self.count);
        order.sort_unstable();
        Ok(order.into_iter().map(|(_, fold)| fold).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_people_need_fewer_parts() {
        let counts = [0, FOLDS_FEWER_FROM - 1, FOLDS_FEWER_FROM].map(|people| Folds::of(people).count);
        assert_eq!(counts, [5, 5, 3]);
    }
}
