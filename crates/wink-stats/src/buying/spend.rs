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

/// Means of the same values differ by no more than this part of them.
const ROUNDING: f64 = 1e-9;

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
        let (least, most) = buyers.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), buyer| {
            (least.min(buyer.mean), most.max(buyer.mean))
        });
        if most - least <= ROUNDING * most {
            return Err(Error::Constant { what: "the mean value" });
        }
        // The likelihood knows no currency: in units of about a typical value it has no large numbers to lose digits in. A power of two rounds
        // nothing.
        let typical =
            most * (buyers.iter().map(|buyer| buyer.mean / most).sum::<f64>() / count(buyers.len()));
        let scale = libm::exp2(libm::floor(libm::log2(typical)));
        buyers.iter_mut().for_each(|buyer| buyer.mean /= scale);
        buyers.sort_by_key(|buyer| buyer.repeats);
        let typical = buyers.iter().map(|buyer| buyer.mean).sum::<f64>() / count(buyers.len());
        let mut refused = Error::NoConvergence { what: NAME, evaluations: 0 };
        for [p, q] in [[3.0, 3.0], [1.0, 8.0], [10.0, 2.0]] {
            // With this scale the population's mean p·γ/(q−1) is the typical value.
            let start = [p, q, typical * (q - 1.0) / p].map(libm::log);
            match maximise(NAME, start, |at| point(&buyers, at)) {
                Ok(optimum) => {
                    let gamma = SpendParameters::from_logarithms(&optimum.at).gamma;
                    return Ok(FittedSpend {
                        parameters: SpendParameters {
                            gamma: gamma * scale,
                            ..SpendParameters::from_logarithms(&optimum.at)
                        },
                        // The density of a value in the unit of the data.
                        log_likelihood: optimum.value - count(buyers.len()) * libm::log(scale),
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

    fn customers(value: impl Fn(u32) -> f64) -> Vec<Customer> {
        let customer = |number: u32| Customer {
            id: number,
            history: crate::buying::History { repeats: 1 + number % 5, last: 3.0, observed: 9.0 },
            spend: value(number),
            later: 0,
        };
        (0..400).map(customer).collect()
    }

    /// Money has no unit: in another currency the same customers have the same shapes, and a scale in that currency.
    #[test]
    fn a_fit_does_not_depend_on_the_currency() {
        let value =
            |number: u32| 4.0 + f64::from(number * 37 % 101) / 3.0 + libm::exp2(f64::from(number % 7)) / 4.0;
        let plain = SpendModel.fit(&customers(value)).unwrap();
        let people = customers(value);
        for factor in [1e15, 1e-9] {
            let other = SpendModel.fit(&customers(|number| factor * value(number))).unwrap();
            let (a, b) = (plain.parameters(), other.parameters());
            for (found, truth) in [
                (b.p, a.p),
                (b.q, a.q),
                (b.gamma / factor, a.gamma),
                (other.log_likelihood() + 400.0 * libm::log(factor), plain.log_likelihood()),
            ] {
                assert!((found - truth).abs() < 1e-6 * truth.abs(), "{factor}: {found} {truth}");
            }
            let worth = other.expected(&Customer { spend: factor * people[3].spend, ..people[3] }).unwrap();
            let truth = plain.expected(&people[3]).unwrap();
            assert!((worth / factor - truth).abs() < 1e-6 * truth, "{factor}: {worth} {truth}");
        }
    }

    /// Means of equal values differ in their last digit.
    #[test]
    fn values_that_are_all_alike_are_said_to_be() {
        let alike = customers(|number| if number % 3 == 0 { 9.99 } else { 9.990_000_000_000_002 });
        assert_eq!(SpendModel.fit(&alike).unwrap_err(), Error::Constant { what: "the mean value" });
    }

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
