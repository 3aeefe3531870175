//! What a customer is worth from now on.

use super::fitted::{gradient, spread};
use super::{Customer, FittedPurchases, FittedSpend, Scale};
use crate::error::share;
use crate::numeric::normal_quantile;
use crate::{Error, Interval};

/// How the future is counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// How many steps of time.
    pub steps: u32,
    /// How long a step is, in the unit of the histories.
    pub step: f64,
    /// How much less money is worth after each step: 0.01 is one per cent.
    pub discount: f64,
    /// Which part of the value is earned: 1 for revenue.
    pub margin: f64,
}

impl Terms {
    /// Refuses terms that cannot be.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a step or a margin that is not above 0, or a discount that is not above −1.
    pub fn check(&self) -> Result<(), Error> {
        let refused = |what, value, must| Err(Error::OutOfRange { what, value, must });
        if !(0.0 < self.step && self.step.is_finite()) {
            return refused("the length of a step", self.step, "above 0");
        }
        if !(-1.0 < self.discount && self.discount.is_finite()) {
            return refused("the discount", self.discount, "above -1");
        }
        if !(0.0 < self.margin && self.margin.is_finite()) {
            return refused("the margin", self.margin, "above 0");
        }
        Ok(())
    }
}

/// Tells a customer's discounted value after the end of their history: `margin · E[M] · Σ_i (E[Y(i)] − E[Y(i−1)]) / (1 + d)^i` (Fader, Hardie,
/// Lee 2005, "RFM and CLV", equation 3, in steps as lifetimes does). The interval says what is not known of the expectation: purchases
/// and spend were fitted apart, so the squared standard errors of both logarithms add. `None` if the spend has no finite mean.
///
/// # Errors
/// [`Error::OutOfRange`] for terms that cannot be, or a level that is no share.
pub fn value(
    purchases: &FittedPurchases,
    spend: &FittedSpend,
    customer: &Customer,
    terms: &Terms,
    level: f64,
) -> Result<Option<Interval>, Error> {
    terms.check()?;
    share("the level", level)?;
    let Some((worth, spend_error)) = spend.log_purchase_value(customer) else { return Ok(None) };
    let parameters = purchases.parameters();
    let at = [parameters.r, parameters.alpha, parameters.a, parameters.b].map(libm::log);
    let discounted = |at: &[f64; 4]| {
        let [r, alpha, a, b] = at.map(libm::exp);
        discounted(&purchases.with(super::Parameters { r, alpha, a, b }), customer, terms)
    };
    let slopes = gradient(&at, |at| libm::log(discounted(at)));
    let purchase_error = spread(&purchases.covariance, &slopes);
    let reach = normal_quantile(0.5 + level / 2.0)
        * (spend_error * spend_error + purchase_error * purchase_error).sqrt();
    Ok(Some(Scale::Positive.around(terms.margin * worth * discounted(&at), reach)))
}

/// Tells what [`value`] tells without the interval, which takes a ninth of the time.
///
/// # Errors
/// [`Error::OutOfRange`] for terms that cannot be.
pub fn expected_value(
    purchases: &FittedPurchases,
    spend: &FittedSpend,
    customer: &Customer,
    terms: &Terms,
) -> Result<Option<f64>, Error> {
    terms.check()?;
    let worth = spend.expected(customer);
    Ok(worth.map(|worth| terms.margin * worth * discounted(purchases, customer, terms)))
}

fn discounted(purchases: &FittedPurchases, customer: &Customer, terms: &Terms) -> f64 {
    let (mut sum, mut before, mut factor) = (0.0, 0.0, 1.0);
    for step in 1..=terms.steps {
        let until = purchases.purchases(&customer.history, terms.step * f64::from(step));
        factor /= 1.0 + terms.discount;
        sum += factor * (until - before);
        before = until;
    }
    sum
}
