//! What is believed about the weights of one arm: a prior and evidence make a Gaussian.

use super::{Evidence, Score};
use crate::Error;
use crate::error::{finite, same_length};
use crate::numeric::dot;
use crate::propensity::sigmoid;
use crate::symmetric::Symmetric;

/// The covariance is carried along by rank-one steps; after so many it is computed anew, before rounding adds up.
const RENEW_EVERY: u32 = 1_000;

/// What an outcome is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Family {
    /// Any number, the score plus normal noise (Bayesian linear regression; Agrawal and Goyal 2013, "Thompson sampling for contextual
    /// bandits with linear payoffs", section 2.2).
    Gaussian {
        /// The noise's standard deviation; greater than 0.
        noise: f64,
    },
    /// 0 or 1 with the score as its logit. Each outcome is taken in by one step of Newton's method (Chapelle and Li 2011, "An
    /// empirical evaluation of Thompson sampling", algorithm 3, with the whole covariance).
    Logistic,
}

/// What is believed before anything was observed: independent normal weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Prior {
    mean: Vec<f64>,
    precision: Vec<f64>,
}

impl Prior {
    /// A prior with these means and standard deviations.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], or [`Error::OutOfRange`] for a deviation that is not above 0.
    pub fn new(mean: Vec<f64>, deviations: &[f64]) -> Result<Self, Error> {
        same_length("the deviations", mean.len(), deviations.len())?;
        finite("a mean", &mean)?;
        finite("a deviation", deviations)?;
        match deviations.iter().find(|deviation| **deviation <= 0.0) {
            Some(value) => {
                Err(Error::OutOfRange { what: "a deviation", value: *value, must: "greater than 0" })
            }
            None => Ok(Self { mean, precision: deviations.iter().map(|d| 1.0 / (d * d)).collect() }),
        }
    }

    /// A prior for an arm nobody has seen, from arms that were: centred where this prior and all their evidence together are, and
    /// as sure as `observations` of theirs would make it (a partially pooled start).
    ///
    /// # Errors
    /// [`Error::Shape`] for evidence on another number of weights, [`Error::OutOfRange`] for observations that are not above 0.
    pub fn pooled(&self, others: &[Evidence], observations: f64) -> Result<Self, Error> {
        let must = "greater than 0";
        if !(0.0 < observations && observations.is_finite()) {
            return Err(Error::OutOfRange { what: "the observations", value: observations, must });
        }
        let mut all = Evidence::none(self.mean.len());
        others.iter().try_for_each(|evidence| all.merge(evidence))?;
        let (mean, covariance) = combine(self, &all)?;
        // As sure as all of them, or as so many of them.
        let weaker = (all.count() / observations).max(1.0);
        let precision = covariance.diagonal_entries().zip(&self.precision);
        Ok(Self {
            mean,
            precision: precision.map(|(variance, weak)| weak.max(1.0 / (variance * weaker))).collect(),
        })
    }
}

/// What is believed now about one arm. It always holds: prior and evidence are kept beside it.
#[derive(Clone, Debug)]
pub struct Posterior {
    family: Family,
    prior: Prior,
    evidence: Evidence,
    mean: Vec<f64>,
    covariance: Symmetric,
    steps: u32,
    reach: Vec<f64>,
}

impl Posterior {
    /// Believes the prior.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for noise that is not above 0.
    pub fn new(family: Family, prior: Prior) -> Result<Self, Error> {
        if let Family::Gaussian { noise } = family
            && !(0.0 < noise && noise.is_finite())
        {
            return Err(Error::OutOfRange { what: "the noise", value: noise, must: "greater than 0" });
        }
        let evidence = Evidence::none(prior.mean.len());
        let (mean, covariance) = combine(&prior, &evidence)?;
        let reach = vec![0.0; mean.len()];
        Ok(Self { family, prior, evidence, mean, covariance, steps: 0, reach })
    }

    /// Tells what was observed.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Tells the means of the weights.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Tells what to expect of features, and how unsure that is: on the logit's scale if outcomes are 0 or 1.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of features, [`Error::NotFinite`].
    pub fn score(&self, x: &[f64]) -> Result<Score, Error> {
        self.check(x)?;
        let variance = self.covariance.quadratic(x).max(0.0);
        Ok(Score { mean: dot(x, &self.mean), deviation: libm::sqrt(variance) })
    }

    /// Takes an outcome in.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], or [`Error::OutOfRange`] for an outcome beyond 0 and 1 where it must not be.
    pub fn learn(&mut self, x: &[f64], outcome: f64) -> Result<(), Error> {
        self.check(x)?;
        finite("the outcome", &[outcome])?;
        let score = dot(x, &self.mean);
        let (precision, surprise) = match self.family {
            Family::Gaussian { noise } => (1.0 / (noise * noise), (outcome - score) / (noise * noise)),
            Family::Logistic => {
                if !(0.0..=1.0).contains(&outcome) {
                    let must = "between 0 and 1";
                    return Err(Error::OutOfRange { what: "the outcome", value: outcome, must });
                }
                let expected = sigmoid(score);
                (expected * (1.0 - expected), outcome - expected)
            }
        };
        self.evidence.observe(x, precision, precision * score + surprise);
        // Sherman and Morrison 1950: (A + p x xᵀ)⁻¹ = A⁻¹ − A⁻¹x xᵀA⁻¹ p / (1 + p xᵀA⁻¹x).
        self.covariance.times(x, &mut self.reach);
        let damped = 1.0 + precision * dot(x, &self.reach);
        self.mean.iter_mut().zip(&self.reach).for_each(|(mean, reach)| *mean += reach * surprise / damped);
        self.covariance.add_outer(&self.reach, -precision / damped);
        self.steps += 1;
        if RENEW_EVERY <= self.steps { self.renew() } else { Ok(()) }
    }

    /// Takes in what was observed elsewhere.
    ///
    /// # Errors
    /// [`Error::Shape`] if it is on another number of weights.
    pub fn merge(&mut self, evidence: &Evidence) -> Result<(), Error> {
        self.evidence.merge(evidence)?;
        self.renew()
    }

    /// Forgets as [`Evidence::forget`] does.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] unless the share is between 0 and 1.
    pub fn forget(&mut self, keep: f64) -> Result<(), Error> {
        self.evidence.forget(keep)?;
        self.renew()
    }

    fn renew(&mut self) -> Result<(), Error> {
        (self.mean, self.covariance) = combine(&self.prior, &self.evidence)?;
        self.steps = 0;
        Ok(())
    }

    fn check(&self, x: &[f64]) -> Result<(), Error> {
        same_length("the features", self.mean.len(), x.len())?;
        finite("a feature", x)
    }
}

/// Mean and covariance of a prior and evidence together.
fn combine(prior: &Prior, evidence: &Evidence) -> Result<(Vec<f64>, Symmetric), Error> {
    let mut precision = Symmetric::diagonal(&prior.precision);
    precision.add(&evidence.precision, 1.0);
    let factor = precision.factor().ok_or(Error::NotIdentified { what: "the weights" })?;
    let pulls = prior.mean.iter().zip(&prior.precision).map(|(mean, precision)| mean * precision);
    let pull: Vec<f64> = pulls.zip(&evidence.shift).map(|(prior, seen)| prior + seen).collect();
    Ok((factor.solve(&pull), Symmetric::inverse_of(&factor, pull.len())))
}
