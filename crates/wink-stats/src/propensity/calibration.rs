//! Does what is promised come about? Measures calibration, and mends it on rows the model has not seen.

use super::{Contributions, Linear, LinearModel, Model, inside, logit, sigmoid};
use crate::error::{at_least, finite, same_length};
use crate::experiment::Proportion;
use crate::moments::real;
use crate::rows::parts_of_like;
use crate::{Error, Interval, Rows};

/// A slope that is estimated and not wished for needs next to no penalty; this one only keeps the curvature regular.
const NEARLY_NONE: Linear = Linear { penalty: 1e-6 };

/// How probabilities compare with what happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// Rows of like probability, the lowest first, about as many in each; those of the same one are in one bin, so that there may be fewer.
    pub bins: Vec<Bin>,
    /// Mean squared distance of probability and outcome (Brier 1950).
    pub brier: f64,
    /// The mean of −ln of the probability that what happened was given (Good 1952, "Rational decisions").
    pub log_loss: f64,
    /// The slope of the outcome's logit on the promised one (Cox 1958, "Two further applications of a model for binary
    /// regression"): 1 if calibrated, below 1 if too sure.
    pub slope: f64,
    /// The intercept beside it: 0 if calibrated.
    pub intercept: f64,
    /// The mean distance of promised and seen share over the bins, weighted by their rows.
    pub error: f64,
}

/// One bin of a [`Calibration`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// How many rows.
    pub count: usize,
    /// The mean of their probabilities.
    pub expected: f64,
    /// The share of them whose outcome was 1.
    pub observed: f64,
    /// The same, counted.
    seen: Proportion,
}

/// Compares probabilities with outcomes of the same rows, which the model should not have seen.
///
/// # Errors
/// [`Error::NotEnoughData`] with fewer than two rows per bin; what [`Linear::fit_logistic`] refuses.
pub fn calibration(probabilities: &[f64], outcomes: &[f64], bins: usize) -> Result<Calibration, Error> {
    same_length("the outcomes", probabilities.len(), outcomes.len())?;
    finite("a probability", probabilities)?;
    let needed = u64::try_from(bins.max(1)).unwrap_or(u64::MAX).saturating_mul(2);
    at_least("rows", needed, probabilities.len())?;
    let line = recalibration(probabilities, outcomes)?;
    let mut pairs: Vec<(f64, f64)> = probabilities.iter().copied().zip(outcomes.iter().copied()).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let count = pairs.len();
    let bins: Vec<Bin> = parts_of_like(&pairs, bins.max(1), |pair| pair.0).into_iter().map(Bin::of).collect();
    let squares: f64 = pairs.iter().map(|(expected, seen)| (expected - seen) * (expected - seen)).sum();
    let apart: f64 = bins.iter().map(|bin| size(bin.count) * (bin.expected - bin.observed).abs()).sum();
    Ok(Calibration {
        bins,
        brier: squares / size(count),
        log_loss: log_loss(probabilities, outcomes)?,
        slope: line.weights().first().copied().unwrap_or(0.0),
        intercept: line.intercept(),
        error: apart / size(count),
    })
}

impl Bin {
    fn of(pairs: &[(f64, f64)]) -> Self {
        let count = pairs.len();
        let (expected, observed) =
            pairs.iter().fold((0.0, 0.0), |(expected, seen), pair| (expected + pair.0, seen + pair.1));
        let mut seen = Proportion::default();
        pairs.iter().for_each(|pair| seen.add(pair.1 == 1.0));
        Self { count, expected: expected / size(count), observed: observed / size(count), seen }
    }

    /// Tells the share that was observed with its score interval (Wilson 1927), which is of some width where nobody did, too.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a level that is no share.
    pub fn seen(&self, level: f64) -> Result<Interval, Error> {
        self.seen.interval(level)
    }
}

/// Tells the mean of −ln of the probability that what happened was given. A probability of 0 or 1 counts as the nearest that a double can tell
/// apart from it.
///
/// # Errors
/// [`Error::Shape`], [`Error::NotFinite`], or [`Error::NotEnoughData`] of nothing.
pub fn log_loss(probabilities: &[f64], outcomes: &[f64]) -> Result<f64, Error> {
    same_length("the outcomes", probabilities.len(), outcomes.len())?;
    finite("a probability", probabilities)?;
    at_least("rows", 1, probabilities.len())?;
    let given = probabilities.iter().zip(outcomes).map(|(promised, outcome)| {
        let inside = inside(*promised);
        -libm::log(if *outcome == 1.0 { inside } else { 1.0 - inside })
    });
    Ok(given.sum::<f64>() / size(probabilities.len()))
}

fn size(count: usize) -> f64 {
    real(u64::try_from(count).unwrap_or(u64::MAX))
}

fn recalibration(probabilities: &[f64], outcomes: &[f64]) -> Result<LinearModel, Error> {
    let logits: Vec<f64> = probabilities.iter().map(|probability| logit(*probability)).collect();
    NEARLY_NONE.fit_logistic(Rows::new(&logits, 1)?, outcomes)
}

/// A model of probabilities with the line laid over its logits that fits rows it has not seen (Platt 1999, "Probabilistic
/// outputs for support vector machines", section 2.2, on logits instead of margins).
#[derive(Debug)]
pub struct Recalibrated<M> {
    model: M,
    slope: f64,
    intercept: f64,
}

impl<M: Model> Recalibrated<M> {
    /// Fits the line.
    ///
    /// # Errors
    /// What [`Linear::fit_logistic`] refuses.
    pub fn fit(model: M, held_out: Rows<'_>, outcomes: &[f64]) -> Result<Self, Error> {
        let line = recalibration(&model.predict(held_out), outcomes)?;
        let slope = line.weights().first().copied().unwrap_or(0.0);
        Ok(Self { model, slope, intercept: line.intercept() })
    }
}

impl<M: Model> Model for Recalibrated<M> {
    fn predict(&self, rows: Rows<'_>) -> Vec<f64> {
        let promised = self.model.predict(rows);
        promised
            .iter()
            .map(|probability| sigmoid(self.intercept + self.slope * logit(*probability)))
            .collect()
    }

    fn contributions(&self, row: &[f64]) -> Contributions {
        let inner = self.model.contributions(row);
        Contributions {
            base: self.intercept + self.slope * inner.base,
            by_column: inner.by_column.iter().map(|adds| self.slope * adds).collect(),
        }
    }
}

impl Model for Box<dyn Model> {
    fn predict(&self, rows: Rows<'_>) -> Vec<f64> {
        self.as_ref().predict(rows)
    }

    fn contributions(&self, row: &[f64]) -> Contributions {
        self.as_ref().contributions(row)
    }
}
