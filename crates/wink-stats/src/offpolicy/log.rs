//! Estimators over logged rounds.

use crate::error::{at_least, finite, same_length};
use crate::interval::skewed_mean_interval;
use crate::{Error, Interval};

/// With fewer rounds' worth of weight an estimate rests on a handful of rounds, and its interval does not hold.
pub const EFFECTIVE_MIN: u64 = 30;

/// One entry per logged round.
#[derive(Clone, Copy, Debug)]
pub struct Log<'a> {
    rewards: &'a [f64],
    logged: &'a [f64],
    target: &'a [f64],
}

/// How much of the log speaks about the other policy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overlap {
    /// How many rounds were logged.
    pub rounds: usize,
    /// The mean weight: 1 if the other policy does only what was logged; clearly below 1 if not.
    pub mean_weight: f64,
    /// The greatest weight.
    pub highest_weight: f64,
    /// How many rounds of the other policy the log is worth: (Σw)² / Σw² (Kish 1965, "Survey sampling", section 11.7).
    pub effective_rounds: f64,
    /// The share of rounds with an action the other policy would never choose.
    pub unused: f64,
}

impl<'a> Log<'a> {
    /// Looks a log over. `logged` and `target` are the probabilities of the logged action under the policy that ran and under the
    /// other one.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], [`Error::OutOfRange`] for a probability that is none, [`Error::NotEnoughData`] if the
    /// log is worth fewer than [`EFFECTIVE_MIN`] rounds of the other policy, and [`Error::Constant`] if every reward is the same, as where nobody
    /// clicked.
    pub fn new(rewards: &'a [f64], logged: &'a [f64], target: &'a [f64]) -> Result<Self, Error> {
        same_length("the logged probabilities", rewards.len(), logged.len())?;
        same_length("the policy's probabilities", rewards.len(), target.len())?;
        finite("the reward", rewards)?;
        finite("the logged probability", logged)?;
        finite("the policy's probability", target)?;
        for (what, must, values, least) in [
            ("a logged probability", "above 0 and at most 1", logged, f64::MIN_POSITIVE),
            ("a policy's probability", "from 0 to 1", target, 0.0),
        ] {
            if let Some(value) = values.iter().find(|value| !(least..=1.0).contains(*value)) {
                return Err(Error::OutOfRange { what, value: *value, must });
            }
        }
        let log = Self { rewards, logged, target };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most the number of rounds"
        )]
        let effective = log.overlap().effective_rounds as usize;
        at_least("effective rounds", EFFECTIVE_MIN, effective)?;
        if rewards.iter().all(|reward| Some(reward) == rewards.first()) {
            return Err(Error::Constant { what: "the reward" });
        }
        Ok(log)
    }

    /// Tells how much of the log speaks about the other policy.
    pub fn overlap(&self) -> Overlap {
        let (mut sum, mut squares, mut highest, mut unused) = (0.0, 0.0, 0.0_f64, 0_u32);
        for weight in self.weights() {
            sum += weight;
            squares += weight * weight;
            highest = highest.max(weight);
            unused += u32::from(weight == 0.0);
        }
        let rounds = self.count();
        Overlap {
            rounds: self.rewards.len(),
            mean_weight: sum / rounds,
            highest_weight: highest,
            effective_rounds: if squares == 0.0 { 0.0 } else { sum * sum / squares },
            unused: f64::from(unused) / rounds,
        }
    }

    /// Estimates the mean reward by inverse propensity weighting (Horvitz and Thompson 1952; Dudík, Langford and Li 2011, "Doubly
    /// robust policy evaluation and learning", section 2.2). Without bias; its interval is the bootstrap's, which leans where the weights are skewed.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a level that is no share.
    pub fn ipw(&self, level: f64) -> Result<Interval, Error> {
        let terms: Vec<f64> =
            self.weights().zip(self.rewards).map(|(weight, reward)| weight * reward).collect();
        skewed_mean_interval(&terms, level)
    }

    /// Estimates it by self-normalised weights (Swaminathan and Joachims 2015, "The self-normalized estimator for counterfactual
    /// learning", section 3): a little bias for much less spread. The interval is that of its linear part.
    ///
    /// # Errors
    /// As [`Log::ipw`].
    pub fn snipw(&self, level: f64) -> Result<Interval, Error> {
        let weights: f64 = self.weights().sum();
        let weighted: f64 = self.weights().zip(self.rewards).map(|(weight, reward)| weight * reward).sum();
        let (estimate, mean_weight) = (weighted / weights, weights / self.count());
        let linear = self
            .weights()
            .zip(self.rewards)
            .map(|(weight, reward)| estimate + weight * (reward - estimate) / mean_weight);
        skewed_mean_interval(&linear.collect::<Vec<f64>>(), level)
    }

    /// Estimates it by a model of the reward, set right by what was seen (Dudík, Langford and Li 2011, equation 1): good if either the model or the
    /// logged probabilities are. `expected` holds the model's reward for the logged action, `values` that in the mean over the other policy's
    /// actions; the model should not have seen the round.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], and as [`Log::ipw`].
    pub fn doubly_robust(&self, expected: &[f64], values: &[f64], level: f64) -> Result<Interval, Error> {
        same_length("the model's rewards", self.rewards.len(), expected.len())?;
        same_length("the model's values", self.rewards.len(), values.len())?;
        let seen = self.weights().zip(self.rewards.iter().zip(expected));
        let terms = seen
            .zip(values)
            .map(|((weight, (reward, expected)), value)| value + weight * (reward - expected));
        skewed_mean_interval(&terms.collect::<Vec<f64>>(), level)
    }

    fn weights(&self) -> impl Iterator<Item = f64> {
        self.target.iter().zip(self.logged).map(|(target, logged)| target / logged)
    }

    fn count(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let count = self.rewards.len() as f64;
        count
    }
}
