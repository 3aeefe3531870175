//! How likely is it? Learns the probability or the mean of an outcome from rows; checks and mends its calibration.
//!
//! A [`Base`] is unfitted; what it learns is a [`Model`]. Wink has two: [`Linear`] here, and boosted trees in the crate
//! `wink-trees`, whose library starts threads and is therefore kept out of this pure one.

mod calibration;
mod discrimination;
mod linear;
mod movers;

pub use calibration::{Bin, Calibration, Recalibrated, calibration, log_loss};
pub use discrimination::{auc, auc_interval};
pub use linear::{Linear, LinearModel};
pub use movers::{Mover, movers};

use crate::error::{at_least, finite, same_length};
use crate::{Error, Rows};

/// Fewer rows of either outcome say nothing about what moves it: the likelihood is nearly flat (Peduzzi et al. 1996 ask
/// for ten per feature; the penalty stands in for the rest).
pub const OUTCOMES_MIN: u64 = 10;

/// A way to learn from rows which outcome to expect.
pub trait Base: std::fmt::Debug {
    /// Learns the probability of outcomes that are 0 or 1.
    ///
    /// # Errors
    /// An [`Error`] if the outcomes do not fit the rows, hardly differ, or the search does not arrive.
    fn learn_probability(&self, rows: Rows<'_>, outcomes: &[f64]) -> Result<Box<dyn Model>, Error>;

    /// Learns the mean of outcomes that are any finite number.
    ///
    /// # Errors
    /// An [`Error`] if the outcomes do not fit the rows, or the search does not arrive.
    fn learn_mean(&self, rows: Rows<'_>, outcomes: &[f64]) -> Result<Box<dyn Model>, Error>;

    /// Learns an effect from scores of it, whose chance is many times what differs between people. A base that would take chance for
    /// differences is more careful here than with other means.
    ///
    /// # Errors
    /// As [`Base::learn_mean`].
    fn learn_effect(&self, rows: Rows<'_>, scores: &[f64]) -> Result<Box<dyn Model>, Error> {
        self.learn_mean(rows, scores)
    }
}

/// What was learned.
pub trait Model: std::fmt::Debug + Send + Sync {
    /// Tells the probability, or the mean, for each row. A row needs the columns the model was learned from; one that is
    /// missing counts as 0.
    fn predict(&self, rows: Rows<'_>) -> Vec<f64>;

    /// Tells what each column adds to the score of one row. The score is the logit of a probability, or the mean itself.
    fn contributions(&self, row: &[f64]) -> Contributions;
}

/// A score as a sum: `base + Σ by_column`.
#[derive(Clone, Debug, PartialEq)]
pub struct Contributions {
    /// The score of a row in the middle.
    pub base: f64,
    /// What each column of this row adds.
    pub by_column: Vec<f64>,
}

impl Contributions {
    /// Tells the score they add up to.
    pub fn score(&self) -> f64 {
        self.base + self.by_column.iter().sum::<f64>()
    }
}

/// Tells the probability of a logit.
pub fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-logit))
}

/// Tells the logit of a probability, kept away from the infinite ends by what a double can tell apart from them.
pub fn logit(probability: f64) -> f64 {
    let inside = inside(probability);
    libm::log(inside / (1.0 - inside))
}

/// The nearest probability that has a logit.
fn inside(probability: f64) -> f64 {
    probability.clamp(1e-15, 1.0 - 1e-15)
}

/// Refuses outcomes that are not one 0 or 1 per row, or of which there are too few of either.
///
/// # Errors
/// [`Error::Shape`], [`Error::NotFinite`], [`Error::OutOfRange`], [`Error::Constant`] or [`Error::NotEnoughData`].
pub fn check_binary(rows: Rows<'_>, outcomes: &[f64]) -> Result<(), Error> {
    check_outcomes(rows, outcomes)?;
    let odd = outcomes.iter().find(|outcome| **outcome != 0.0 && **outcome != 1.0);
    if let Some(value) = odd {
        return Err(Error::OutOfRange { what: "an outcome", value: *value, must: "0 or 1" });
    }
    let ones = outcomes.iter().filter(|outcome| **outcome == 1.0).count();
    if ones == 0 || ones == outcomes.len() {
        return Err(Error::Constant { what: "the outcome" });
    }
    at_least("rows of the rarer outcome", OUTCOMES_MIN, ones.min(outcomes.len() - ones))
}

/// Refuses outcomes that are not one finite number per row.
///
/// # Errors
/// [`Error::Shape`] or [`Error::NotFinite`].
pub fn check_outcomes(rows: Rows<'_>, outcomes: &[f64]) -> Result<(), Error> {
    same_length("the outcomes", rows.count(), outcomes.len())?;
    finite("the outcome", outcomes)
}
