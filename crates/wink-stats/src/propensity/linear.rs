//! Logistic regression and ridge regression: an L2 penalty on the weights, none on the intercept.

use super::{Base, Contributions, Model, check_binary, check_outcomes, sigmoid};
use crate::error::at_least;
use crate::numeric::{count, dot};
use crate::symmetric::{OuterSum, Symmetric};
use crate::{Error, Rows};

/// Newton's decrement is twice what is left to gain in log-likelihood (Boyd and Vandenberghe 2004, section 9.5.1). Each step near the
/// end squares it: from here the next one leaves less than 1e-9, and is not looked at again.
const DECREMENT_MAX: f64 = 1e-5;
/// From the start in [`start`] five or six steps are usual; a search that needs more than this goes astray.
const STEPS_MAX: usize = 60;

/// A linear model to be fitted. The features are taken as they are: who wants them on one scale scales them before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    /// λ in the penalty ½ λ ‖w‖²; scikit-learn's `C` is 1/λ. Greater than 0.
    pub penalty: f64,
}

impl Default for Linear {
    fn default() -> Self {
        Self { penalty: 1.0 }
    }
}

/// A fitted linear model.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearModel {
    link: Link,
    intercept: f64,
    weights: Vec<f64>,
    means: Vec<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Logit,
    Identity,
}

impl Linear {
    /// Fits P(y = 1 | x) = σ(w₀ + wᵀx) by Newton's method with halved steps (Hastie, Tibshirani and Friedman 2009, section
    /// 4.4.1, with the penalty of equation 4.31).
    ///
    /// # Errors
    /// [`check_binary`]'s; [`Error::Separated`] if the fitted score puts every 1 above every 0; [`Error::NoConvergence`].
    pub fn fit_logistic(&self, rows: Rows<'_>, outcomes: &[f64]) -> Result<LinearModel, Error> {
        check_binary(rows, outcomes)?;
        self.check()?;
        let mut at = Point::start(rows, outcomes);
        for _ in 0..STEPS_MAX {
            let Some(step) = at.newton(self.penalty) else { break };
            let decrement = dot(&step, &at.gradient);
            if decrement < DECREMENT_MAX {
                at.weights.iter_mut().zip(&step).for_each(|(weight, step)| *weight -= step);
                at.refuse_separated(rows, outcomes)?;
                return Ok(LinearModel::new(Link::Logit, &at.weights, rows));
            }
            let Some(next) = at.downhill(&step, decrement, self.penalty, rows, outcomes) else { break };
            at = next;
        }
        Err(Error::NoConvergence { what: "the logistic regression", evaluations: STEPS_MAX })
    }

    /// Fits E(y | x) = w₀ + wᵀx by penalised least squares (the same, section 3.4.1).
    ///
    /// # Errors
    /// [`check_outcomes`]'s; [`Error::NotEnoughData`] for a single row; [`Error::NotIdentified`] if numbers are so large that
    /// the sums overflow.
    pub fn fit_ridge(&self, rows: Rows<'_>, outcomes: &[f64]) -> Result<LinearModel, Error> {
        check_outcomes(rows, outcomes)?;
        at_least("rows", 2, rows.count())?;
        self.check()?;
        let mut squares = self.penalty_matrix(rows.columns());
        let mut side = vec![0.0; rows.columns() + 1];
        let mut x = vec![1.0; rows.columns() + 1];
        for (row, outcome) in rows.iter().zip(outcomes) {
            x.splice(1.., row.iter().copied());
            squares.add_outer(&x, 1.0);
            side.iter_mut().zip(&x).for_each(|(side, x)| *side += x * outcome);
        }
        let factor = squares.factor().ok_or(Error::NotIdentified { what: "the weights" })?;
        Ok(LinearModel::new(Link::Identity, &factor.solve(&side), rows))
    }

    fn check(&self) -> Result<(), Error> {
        if 0.0 < self.penalty && self.penalty.is_finite() {
            return Ok(());
        }
        Err(Error::OutOfRange { what: "the penalty", value: self.penalty, must: "greater than 0" })
    }

    fn penalty_matrix(&self, columns: usize) -> Symmetric {
        let mut entries = vec![self.penalty; columns + 1];
        entries.iter_mut().take(1).for_each(|intercept| *intercept = 0.0);
        Symmetric::diagonal(&entries)
    }
}

/// Weights, the intercept first, with the objective and its derivatives there.
struct Point {
    weights: Vec<f64>,
    objective: f64,
    gradient: Vec<f64>,
    curvature: Symmetric,
}

impl Point {
    /// Only the intercept, which then is the logit of the mean.
    fn start(rows: Rows<'_>, outcomes: &[f64]) -> Self {
        let ones = outcomes.iter().filter(|outcome| **outcome == 1.0).count();
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let odds = ones as f64 / (outcomes.len() - ones) as f64;
        let mut weights = vec![0.0; rows.columns() + 1];
        weights.iter_mut().take(1).for_each(|intercept| *intercept = libm::log(odds));
        // No penalty is due while every weight is 0.
        Self::at(weights, 0.0, rows, outcomes)
    }

    fn at(weights: Vec<f64>, penalty: f64, rows: Rows<'_>, outcomes: &[f64]) -> Self {
        let columns = weights.len();
        let penalised = weights.iter().enumerate().map(|(n, weight)| if n == 0 { 0.0 } else { *weight });
        let mut gradient: Vec<f64> = penalised.map(|weight| penalty * weight).collect();
        let mut objective = 0.5 * dot(&gradient, &weights);
        let mut curvature = OuterSum::zero(columns);
        let mut odds = LogProduct::default();
        // Where the search starts every row has the same score, and in a table of cases many neighbours have.
        let (mut before, mut small) = (0.0_f64.to_bits(), 1.0);
        let (mut lanes, mut slopes) = (OuterSum::vector(columns), OuterSum::vector(columns));
        slopes.as_flattened_mut().iter_mut().zip(&weights).for_each(|(slope, weight)| *slope = *weight);
        lanes.as_flattened_mut().iter_mut().take(1).for_each(|intercept| *intercept = 1.0);
        for (row, outcome) in rows.iter().zip(outcomes) {
            lanes.as_flattened_mut().iter_mut().skip(1).zip(row).for_each(|(x, value)| *x = *value);
            let score = OuterSum::dot(&lanes, &slopes);
            // With e = exp(−|score|) nothing overflows: −ln P(y) = ln(1 + e) + max(score, 0) − y · score.
            if score.to_bits() != before {
                (before, small) = (score.to_bits(), libm::exp(-score.abs()));
            }
            let near = 1.0 / (1.0 + small);
            let expected = if score < 0.0 { small * near } else { near };
            odds.times(1.0 + small);
            objective += score.max(0.0) - outcome * score;
            let apart = expected - outcome;
            gradient.iter_mut().zip(lanes.as_flattened()).for_each(|(gradient, x)| *gradient += apart * x);
            curvature.add(&lanes, small * near * near);
        }
        Self { weights, objective: objective + odds.logarithm(), gradient, curvature: curvature.matrix() }
    }

    /// The step to the lowest point of the quadratic that touches here.
    fn newton(&self, penalty: f64) -> Option<Vec<f64>> {
        let mut curvature = self.curvature.clone();
        curvature.add(&Linear { penalty }.penalty_matrix(self.weights.len() - 1), 1.0);
        let step = curvature.factor()?.solve(&self.gradient);
        step.iter().all(|length| length.is_finite()).then_some(step)
    }

    /// Goes the step, or as much of it as is needed to come down by a share of what it promises (Armijo's rule: the same
    /// book, algorithm 9.2, with α = 10⁻⁴).
    fn downhill(
        &self,
        step: &[f64],
        promised: f64,
        penalty: f64,
        rows: Rows<'_>,
        outcomes: &[f64],
    ) -> Option<Self> {
        let mut length = 1.0;
        while 1e-6 < length {
            let weights = self.weights.iter().zip(step).map(|(weight, step)| weight - length * step);
            let next = Self::at(weights.collect(), penalty, rows, outcomes);
            // Near the end a step promises less than the objective's own last digits.
            let noise = 1e-12 * self.objective.abs();
            if next.objective <= self.objective - 1e-4 * length * promised + noise {
                return Some(next);
            }
            length /= 2.0;
        }
        None
    }

    /// The penalty hides that the likelihood has no highest point; the order of the scores does not.
    fn refuse_separated(&self, rows: Rows<'_>, outcomes: &[f64]) -> Result<(), Error> {
        let (mut highest_zero, mut lowest_one) = (f64::NEG_INFINITY, f64::INFINITY);
        let (_, weights) = self.weights.split_at(1);
        for (row, outcome) in rows.iter().zip(outcomes) {
            let score = dot(row, weights);
            if *outcome == 1.0 {
                lowest_one = lowest_one.min(score);
            } else {
                highest_zero = highest_zero.max(score);
            }
        }
        if highest_zero < lowest_one {
            Err(Error::Separated { what: "a sum of the features" })
        } else {
            Ok(())
        }
    }
}

/// The logarithm of a product of numbers from 1 to 2: a thousand are multiplied, below 2¹⁰⁰⁰, before one logarithm is taken.
struct LogProduct {
    logarithms: f64,
    product: f64,
    left: u32,
}

impl Default for LogProduct {
    fn default() -> Self {
        Self { logarithms: 0.0, product: 1.0, left: Self::AT_ONCE }
    }
}

impl LogProduct {
    const AT_ONCE: u32 = 1_000;

    fn times(&mut self, factor: f64) {
        self.product *= factor;
        self.left -= 1;
        if self.left == 0 {
            *self = Self { logarithms: self.logarithm(), ..Self::default() };
        }
    }

    fn logarithm(&self) -> f64 {
        self.logarithms + libm::log(self.product)
    }
}

impl LinearModel {
    fn new(link: Link, weights: &[f64], rows: Rows<'_>) -> Self {
        let mut means = vec![0.0; rows.columns()];
        for row in rows.iter() {
            means.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
        means.iter_mut().for_each(|sum| *sum /= count(rows.count()));
        let (intercept, weights) =
            weights.split_first().map_or((0.0, &[][..]), |(first, rest)| (*first, rest));
        Self { link, intercept, weights: weights.to_vec(), means }
    }

    /// Tells the score of a row in which every feature is 0.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// Tells the weight of each column.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }
}

impl Model for LinearModel {
    fn predict(&self, rows: Rows<'_>) -> Vec<f64> {
        let scores = rows.iter().map(|row| self.intercept + dot(row, &self.weights));
        match self.link {
            Link::Logit => scores.map(sigmoid).collect(),
            Link::Identity => scores.collect(),
        }
    }

    /// Each weight times how far the row is from the mean of the rows the model was learned from.
    fn contributions(&self, row: &[f64]) -> Contributions {
        let apart = row.iter().zip(&self.means).map(|(x, mean)| x - mean);
        Contributions {
            base: self.intercept + dot(&self.means, &self.weights),
            by_column: apart.zip(&self.weights).map(|(apart, weight)| apart * weight).collect(),
        }
    }
}

impl Base for Linear {
    fn learn_probability(&self, rows: Rows<'_>, outcomes: &[f64]) -> Result<Box<dyn Model>, Error> {
        Ok(Box::new(self.fit_logistic(rows, outcomes)?))
    }

    fn learn_mean(&self, rows: Rows<'_>, outcomes: &[f64]) -> Result<Box<dyn Model>, Error> {
        Ok(Box::new(self.fit_ridge(rows, outcomes)?))
    }
}
