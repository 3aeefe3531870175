//! The purchase models before they have seen anybody.

use super::cells::Cells;
use super::likelihood::point;
use super::{FittedPurchases, Parameters};
use crate::Error;
use crate::error::at_least;
use crate::numeric::{count, maximise};

/// Four parameters from fewer customers than this are noise.
pub const CUSTOMERS_MIN: u64 = 30;

/// How people buy: each with a rate of their own, λ ~ Gamma(r, α), until they leave, each with a probability of their own, p ~ Beta(a, b).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Nobody leaves before the second purchase (Fader, Hardie, Lee 2005, "Counting your customers the easy way").
    BgNbd,
    /// One may leave after the first as well (Batislam, Denizel, Filiztekin 2007, "Empirical validation and comparison of models for
    /// customer base analysis").
    MbgNbd,
}

impl Model {
    /// How often somebody could have left and did not, if their last purchase was not the end.
    pub(super) fn survived(self, repeats: usize) -> usize {
        match self {
            Self::BgNbd => repeats,
            Self::MbgNbd => repeats + 1,
        }
    }

    /// Fits by maximum likelihood: Newton's method on the parameters' logarithms, from three places one after the other.
    ///
    /// # Errors
    /// [`Error::NotEnoughData`] below [`CUSTOMERS_MIN`] customers, [`Error::Constant`] if nobody bought again, [`Error::NotIdentified`] if the
    /// likelihood has no summit (nobody ever leaves; all buy alike), [`Error::NoConvergence`] if it is not reached.
    pub fn fit(self, cells: &Cells) -> Result<FittedPurchases, Error> {
        at_least("customers", CUSTOMERS_MIN, cells.customers)?;
        let (time, repeats) = cells.observed.iter().fold((0.0, 0.0), |(time, repeats), one| {
            (time + one.customers * one.time, repeats + one.repeats)
        });
        if repeats == 0.0 || time == 0.0 {
            return Err(Error::Constant { what: "the number of repeats" });
        }
        let pace = time / repeats;
        let mut refused = Error::NoConvergence { what: self.name(), evaluations: 0 };
        for [r, a, b] in [[0.5, 0.8, 2.5], [2.0, 0.3, 1.5], [0.2, 2.0, 8.0]] {
            let start = [r, r * pace, a, b].map(libm::log);
            match maximise(self.name(), start, |at| point(self, cells, at)) {
                Ok(optimum) => {
                    return Ok(FittedPurchases {
                        model: self,
                        parameters: Parameters::from_logarithms(&optimum.at),
                        log_likelihood: optimum.value,
                        covariance: optimum.covariance,
                        evaluations: optimum.evaluations,
                        customers: count(cells.customers),
                    });
                }
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    fn name(self) -> &'static str {
        match self {
            Self::BgNbd => "BG/NBD",
            Self::MbgNbd => "MBG/NBD",
        }
    }
}
