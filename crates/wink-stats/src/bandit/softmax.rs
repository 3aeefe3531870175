//! The fast policy: a linear score per arm, chosen from by softmax, learned by gradient steps.

use crate::Error;
use crate::error::{at_least, finite, same_length};
use crate::numeric::dot;

/// How a [`Softmax`] learns and chooses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoftmaxSettings {
    /// The higher, the more often the best arm; in 1 over the outcome's unit. Greater than 0.
    pub sharpness: f64,
    /// The length of the first step. Greater than 0.
    pub rate: f64,
    /// An outcome counts one over its probability, so that what is rarely chosen is learned as well; at most so often, as one step
    /// must not undo all others. At least 1.
    pub weight_max: f64,
}

impl Default for SoftmaxSettings {
    fn default() -> Self {
        Self { sharpness: 10.0, rate: 0.1, weight_max: 20.0 }
    }
}

/// A weight per arm and feature. Learns the squared error of the chosen arm, weighted by one over its probability (Bietti, Agarwal and
/// Langford 2021, "A contextual bandit bake-off", section 2.2, importance-weighted regression), by the steps of Duchi, Hazan and Singer
/// 2011, "Adaptive subgradient methods", figure 1, diagonal. Steps depend on their order: unlike
/// [`Evidence`](super::Evidence) this does not merge.
#[derive(Clone, Debug)]
pub struct Softmax {
    settings: SoftmaxSettings,
    features: usize,
    /// Arm after arm: for each feature the weight and the sum of squared gradients.
    weights: Vec<f64>,
    squares: Vec<f64>,
}

impl Softmax {
    /// Knows nothing yet: every arm is as likely.
    ///
    /// # Errors
    /// [`Error::NotEnoughData`] without an arm or a feature, [`Error::OutOfRange`] for a setting.
    pub fn new(arms: usize, features: usize, settings: SoftmaxSettings) -> Result<Self, Error> {
        at_least("arms", 1, arms)?;
        at_least("features", 1, features)?;
        let SoftmaxSettings { sharpness, rate, weight_max } = settings;
        for (what, value, least) in [
            ("the sharpness", sharpness, 0.0),
            ("the rate", rate, 0.0),
            ("the highest weight", weight_max, 1.0),
        ] {
            if !(value.is_finite() && least <= value && 0.0 < value) {
                let must = if least == 0.0 { "greater than 0" } else { "at least 1" };
                return Err(Error::OutOfRange { what, value, must });
            }
        }
        let weights = vec![0.0; arms * features];
        Ok(Self { settings, features, squares: weights.clone(), weights })
    }

    /// Writes the probability of each arm into `probabilities`, whose memory is used again.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::NotFinite`].
    pub fn probabilities(&self, x: &[f64], probabilities: &mut Vec<f64>) -> Result<(), Error> {
        self.check(x)?;
        probabilities.clear();
        let scores = self.weights.chunks_exact(self.features).map(|weights| dot(weights, x));
        probabilities.extend(scores.map(|score| self.settings.sharpness * score));
        let highest = probabilities.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        for entry in probabilities.iter_mut() {
            *entry = libm::exp(*entry - highest);
            sum += *entry;
        }
        probabilities.iter_mut().for_each(|entry| *entry /= sum);
        Ok(())
    }

    /// Takes in what came of an arm that was drawn with this probability.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], [`Error::OutOfRange`] for a probability outside 0 to 1, and [`Error::NotEnoughData`] for
    /// an arm that there is not.
    pub fn learn(&mut self, arm: usize, x: &[f64], outcome: f64, probability: f64) -> Result<(), Error> {
        self.check(x)?;
        finite("the outcome", &[outcome])?;
        if !(0.0 < probability && probability <= 1.0) {
            let must = "above 0 and at most 1";
            return Err(Error::OutOfRange { what: "the probability", value: probability, must });
        }
        let arms = self.weights.len() / self.features;
        at_least("arms", u64::try_from(arm).unwrap_or(u64::MAX).saturating_add(1), arms)?;
        let from = arm * self.features;
        let weights = self.weights.iter_mut().skip(from);
        let squares = self.squares.iter_mut().skip(from);
        let score: f64 = weights.zip(x).map(|(weight, x)| *weight * x).sum();
        let apart = (score - outcome) * (1.0 / probability).min(self.settings.weight_max);
        for ((weight, square), x) in self.weights.iter_mut().skip(from).zip(squares).zip(x) {
            let gradient = apart * x;
            if gradient != 0.0 {
                *square += gradient * gradient;
                *weight -= self.settings.rate * gradient / libm::sqrt(*square);
            }
        }
        Ok(())
    }

    /// Takes longer steps again, as if only this share of the past had happened: what comes next moves the weights more.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] unless the share is between 0 and 1.
    pub fn forget(&mut self, keep: f64) -> Result<(), Error> {
        crate::error::share("the share that is kept", keep)?;
        self.squares.iter_mut().for_each(|square| *square *= keep);
        Ok(())
    }

    fn check(&self, x: &[f64]) -> Result<(), Error> {
        same_length("the features", self.features, x.len())?;
        finite("a feature", x)
    }
}
