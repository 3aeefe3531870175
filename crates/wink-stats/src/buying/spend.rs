//! How much somebody spends at a time: the gamma-gamma model.

use super::fitted::{gradient, spread};
use super::{CUSTOMERS_MIN, Customer, Scale};
use crate::error::{at_least, share};
use crate::numeric::{Point, count, digamma, maximise, normal_quantile, trigamma};
use crate::{Error, Interval};

/// How values differ: each of a customer's purchases is worth Gamma(p, ν), with ν ~ Gamma(q, γ) of their own (Fader, Hardie 2013, "The
/// gamma-gamma model of monetary value").
#[derive(Clone, Copy, Debug)]
pub struct SpendModel;

/// The three parameters of [`SpendModel`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpendParameters {
    /// The shape of one person's values.
    pub p: f64,
    /// The shape of how people differ; their mean is finite above 1.
    pub q: f64,
    /// The scale of how people differ, in money. Called v in lifetimes.
    pub gamma: f64,
}

/// A gamma-gamma model with its parameters.
#[derive(Clone, Copy, Debug)]
pub struct FittedSpend {
    parameters: SpendParameters,
    log_likelihood: f64,
    covariance: [[f64; 3]; 3],
    evaluations: usize,
    customers: f64,
}

/// One who bought again: x and the mean value z̄.
#[derive(Clone, Copy)]
struct Buyer {
    repeats: u32,
    mean: f64,
}

impl SpendModel {
    /// Fits by maximum likelihood to those who bought again; the others say nothing.
    ///
    /// # Errors
    /// [`Error::NotEnoughData`] below [`CUSTOMERS_MIN`] of them, [`Error::OutOfRange`] for a mean value that is not positive,
    /// [`Error::Constant`] if all spend the same, [`Error::NotIdentified`] and [`Error::NoConvergence`] as for
    /// [`Model::fit`](super::Model::fit).
    pub fn fit(self, customers: &[Customer]) -> Result<FittedSpend, Error> {
        const NAME: &str = "gamma-gamma";
        let mut buyers = Vec::new();
        for (row, customer) in customers.iter().enumerate().filter(|(_, one)| 0 < one.history.repeats) {
            let mean = customer.spend;
            if !mean.is_finite() {
                return Err(Error::NotFinite { what: "the mean value", row: row + 1 });
            }
            if mean <= 0.0 {
                return Err(Error::OutOfRange { what: "the mean value", value: mean, must: "above 0" });
            }
            buyers.push(Buyer { repeats: customer.history.repeats, mean });
        }
        at_least("customers who bought again", CUSTOMERS_MIN, buyers.len())?;
        if buyers.iter().all(|buyer| Some(buyer.mean) == buyers.first().map(|first| first.mean)) {
            return Err(Error::Constant { what: "the mean value" });
        }
        buyers.sort_by_key(|buyer| buyer.repeats);
        let typical = buyers.iter().map(|buyer| buyer.mean).sum::<f64>() / count(buyers.len());
        let mut refused = Error::NoConvergence { what: NAME, evaluations: 0 };
        for [p, q] in [[3.0, 3.0], [1.0, 8.0], [10.0, 2.0]] {
            // With this scale the population's mean p·γ/(q−1) is the typical value.
            let start = [p, q, typical * (q - 1.0) / p].map(libm::log);
            match maximise(NAME, start, |at| point(&buyers, at)) {
                Ok(optimum) => {
                    return Ok(FittedSpend {
                        parameters: SpendParameters::from_logarithms(&optimum.at),
                        log_likelihood: optimum.value,
                        covariance: optimum.covariance,
                        evaluations: optimum.evaluations,
                        customers: count(buyers.len()),
                    });
                }
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }
}

/// The log-likelihood (Fader, Hardie 2013, equation 1a, for z̄) with its derivatives by ln p, ln q, ln γ. What depends on x alone is
/// computed once for all who bought equally often.
fn point(buyers: &[Buyer], at: &[f64; 3]) -> Point<3> {
    let [p, q, gamma] = at.map(libm::exp);
    let (log_gamma, log_gamma_q) = (libm::log(gamma), libm::lgamma(q));
    let (psi_q, psi_1_q) = (digamma(q), trigamma(q));
    let mut value = 0.0;
    let mut slopes = [0.0; 3];
    let [mut pp, mut pq, mut pg, mut qq, mut qg, mut gg] = [0.0; 6];
    for alike in buyers.chunk_by(|a, b| a.repeats == b.repeats) {
        let x = alike.first().map_or(0.0, |buyer| f64::from(buyer.repeats));
        let (own, shape) = (p * x, p * x + q);
        let n = count(alike.len());
        let [mut logs, mut mixed, mut inverse, mut squared] = [0.0; 4];
        for buyer in alike {
            let total = gamma + x * buyer.mean;
            logs += libm::log(buyer.mean);
            mixed += libm::log(total);
            inverse += 1.0 / total;
            squared += 1.0 / (total * total);
        }
        let (psi, psi_1) = (digamma(shape), trigamma(shape));
        value += n
            * (libm::lgamma(shape) - libm::lgamma(own) - log_gamma_q + q * log_gamma + own * libm::log(x))
            + (own - 1.0) * logs
            - shape * mixed;
        let [by_p, by_q, by_gamma] = &mut slopes;
        *by_p += x * (n * (psi - digamma(own) + libm::log(x)) + logs - mixed);
        *by_q += n * (psi - psi_q + log_gamma) - mixed;
        *by_gamma += n * q / gamma - shape * inverse;
        pp += n * x * x * (psi_1 - trigamma(own));
        pq += n * x * psi_1;
        pg -= x * inverse;
        qq += n * (psi_1 - psi_1_q);
        qg += n / gamma - inverse;
        gg += shape * squared - n * q / (gamma * gamma);
    }
    let [by_p, by_q, by_gamma] = slopes;
    let gradient = [p * by_p, q * by_q, gamma * by_gamma];
    let [along_p, along_q, along_gamma] = gradient;
    let hessian = [
        [p * p * pp + along_p, p * q * pq, p * gamma * pg],
        [p * q * pq, q * q * qq + along_q, q * gamma * qg],
        [p * gamma * pg, q * gamma * qg, gamma * gamma * gg + along_gamma],
    ];
    Point { value, gradient, hessian }
}

impl SpendParameters {
    fn from_logarithms(at: &[f64; 3]) -> Self {
        let [p, q, gamma] = at.map(libm::exp);
        Self { p, q, gamma }
    }

    /// E[M | z̄, x] = p·(γ + x·z̄) / (p·x + q − 1), between the customer's own mean and everybody's (Fader, Hardie 2013, equation 5);
    /// infinite if p·x + q ≤ 1.
    fn expected(&self, repeats: u32, mean: f64) -> f64 {
        let x = f64::from(repeats);
        let weight = self.p * x + self.q - 1.0;
        if weight <= 0.0 { f64::INFINITY } else { self.p * (self.gamma + x * mean) / weight }
    }
}

impl FittedSpend {
    /// Tells the parameters.
    pub fn parameters(&self) -> SpendParameters {
        self.parameters
    }

    /// Tells the log-likelihood.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// Tells how often the likelihood was computed.
    pub fn evaluations(&self) -> usize {
        self.evaluations
    }

    /// Tells how many customers it was fitted to: those who bought again.
    pub fn customers(&self) -> f64 {
        self.customers
    }

    /// Tells what a purchase of this customer is worth, with an interval of what is not known of the parameters; `None` if the data
    /// gives no finite mean.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a level that is no share.
    pub fn purchase_value(&self, customer: &Customer, level: f64) -> Result<Option<Interval>, Error> {
        share("the level", level)?;
        let Some((estimate, error)) = self.log_purchase_value(customer) else { return Ok(None) };
        let reach = normal_quantile(0.5 + level / 2.0) * error;
        Ok(Some(Scale::Positive.around(estimate, reach)))
    }

    /// Tells what a purchase of this customer is worth; `None` if the data gives no finite mean.
    pub fn expected(&self, customer: &Customer) -> Option<f64> {
        let estimate = self.parameters.expected(customer.history.repeats, customer.spend);
        estimate.is_finite().then_some(estimate)
    }

    /// What a purchase is worth, with the standard error of its logarithm.
    pub(super) fn log_purchase_value(&self, customer: &Customer) -> Option<(f64, f64)> {
        let SpendParameters { p, q, gamma } = self.parameters;
        let of = |parameters: SpendParameters| parameters.expected(customer.history.repeats, customer.spend);
        let estimate = of(self.parameters);
        let slopes =
            gradient(&[p, q, gamma].map(libm::log), |at| libm::log(of(SpendParameters::from_logarithms(at))));
        estimate.is_finite().then(|| (estimate, spread(&self.covariance, &slopes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_and_curves_are_those_of_the_value() {
        let buyers = [(1, 12.0), (1, 40.0), (2, 22.35), (5, 31.0), (9, 80.5)]
            .map(|(repeats, mean)| Buyer { repeats, mean });
        let (at, step) = ([1.8, 1.3, 2.7], 1e-5);
        let here = point(&buyers, &at);
        for index in 0..3 {
            let (mut up, mut down) = (at, at);
            up[index] += step;
            down[index] -= step;
            let (up, down) = (point(&buyers, &up), point(&buyers, &down));
            assert!(((up.value - down.value) / (2.0 * step) - here.gradient[index]).abs() < 1e-6, "{index}");
            for other in 0..3 {
                let curve = (up.gradient[other] - down.gradient[other]) / (2.0 * step);
                assert!(
                    (curve - here.hessian[index][other]).abs() < 1e-6,
                    "{index} {other}: {curve} {here:?}"
                );
            }
        }
    }
}
