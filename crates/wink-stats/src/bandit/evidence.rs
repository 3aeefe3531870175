//! What was observed of one arm, as sums.

use crate::Error;
use crate::error::{finite, same_length, share};
use crate::symmetric::Symmetric;

/// What observations say about the weights of one arm, apart from any prior: the natural parameters of a Gaussian. Evidence of
/// different days or machines is merged by adding; for outcomes with normal noise nothing is lost by it, for 0 or 1 the curvature is
/// that of the weights at the time.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    pub(super) precision: Symmetric,
    pub(super) shift: Vec<f64>,
    count: f64,
}

impl Evidence {
    /// Nothing observed yet, of `features` weights.
    pub fn none(features: usize) -> Self {
        Self { precision: Symmetric::zero(features), shift: vec![0.0; features], count: 0.0 }
    }

    /// Takes up what was kept by [`Evidence::parts`].
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::NotFinite`].
    pub fn from_parts(precision: &[f64], shift: &[f64], count: f64) -> Result<Self, Error> {
        finite("the precision", precision)?;
        finite("the shift", shift)?;
        finite("the count", &[count])?;
        Ok(Self { precision: Symmetric::from_lower(shift.len(), precision)?, shift: shift.to_vec(), count })
    }

    /// Tells the lower triangle of the precision row by row, the shift and the count: all there is to keep.
    pub fn parts(&self) -> (&[f64], &[f64], f64) {
        (self.precision.lower(), &self.shift, self.count)
    }

    /// Tells how many observations there are; forgotten ones count in part.
    pub fn count(&self) -> f64 {
        self.count
    }

    /// Adds other evidence on the same arm.
    ///
    /// # Errors
    /// [`Error::Shape`] if it is on another number of weights.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        same_length("the evidence", self.shift.len(), other.shift.len())?;
        self.precision.add(&other.precision, 1.0);
        self.shift.iter_mut().zip(&other.shift).for_each(|(ours, theirs)| *ours += theirs);
        self.count += other.count;
        Ok(())
    }

    /// Keeps a share of everything, so that what is older counts less (exponential forgetting: Russac, Vernade and Cappé 2019,
    /// "Weighted linear bandits for non-stationary environments", section 3). The prior is not touched: an arm nobody sees for long
    /// goes back to it.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] unless the share is between 0 and 1.
    pub fn forget(&mut self, keep: f64) -> Result<(), Error> {
        share("the share that is kept", keep)?;
        self.precision.scale(keep);
        self.shift.iter_mut().for_each(|shift| *shift *= keep);
        self.count *= keep;
        Ok(())
    }

    /// Adds one observation: `precision · x xᵀ` and `pull · x`.
    pub(super) fn observe(&mut self, x: &[f64], precision: f64, pull: f64) {
        self.precision.add_outer(x, precision);
        self.shift.iter_mut().zip(x).for_each(|(shift, x)| *shift += pull * x);
        self.count += 1.0;
    }
}
