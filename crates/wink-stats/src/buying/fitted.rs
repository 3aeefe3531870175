//! The purchase models after they were fitted, and what they say of one customer.

use super::{History, Model};
use crate::error::share;
use crate::numeric::{count, dot, expected_over_beta, normal_quantile};
use crate::{Error, Interval};

/// The four parameters of both purchase models.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    /// The shape of how rates differ.
    pub r: f64,
    /// The rate of how rates differ, in units of time.
    pub alpha: f64,
    /// With `b`, how the probabilities of leaving differ; their mean is a/(a + b).
    pub a: f64,
    /// See `a`.
    pub b: f64,
}

impl Parameters {
    pub(super) fn from_logarithms(at: &[f64; 4]) -> Self {
        let [r, alpha, a, b] = at.map(libm::exp);
        Self { r, alpha, a, b }
    }

    fn logarithms(&self) -> [f64; 4] {
        [self.r, self.alpha, self.a, self.b].map(libm::log)
    }
}

/// A purchase model with its parameters.
#[derive(Clone, Copy, Debug)]
pub struct FittedPurchases {
    pub(super) model: Model,
    pub(super) parameters: Parameters,
    pub(super) log_likelihood: f64,
    pub(super) covariance: [[f64; 4]; 4],
    pub(super) evaluations: usize,
    pub(super) customers: f64,
    pub(super) penalty: f64,
}

/// On which scale an interval is built, so that it never leaves what can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// A positive number: by its logarithm.
    Positive,
    /// A probability: by its log-odds.
    Share,
}

/// When somebody buys next, if they have not left; `T` is a time, or an [`Interval`] around one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NextPurchase<T = f64> {
    /// The expected time; `None` where it is infinite, because rates near zero are too likely (r + x ≤ 1).
    pub mean: Option<T>,
    /// The time by which half of such customers have bought.
    pub median: T,
}

/// The step of numeric derivatives on a logarithmic scale.
const STEP: f64 = 1e-4;

/// A parameter whose logarithm is less sure than this is hardly told by the data: its 95 % interval spans a factor of fifty.
const WEAK_FROM: f64 = 1.0;

impl FittedPurchases {
    /// The same model with other parameters, to see how much they matter.
    pub(super) fn with(&self, parameters: Parameters) -> Self {
        Self { parameters, ..*self }
    }

    /// Tells which model it is.
    pub fn model(&self) -> Model {
        self.model
    }

    /// Tells whether people may leave; not by [`super::fit_without_leaving`], whose limit of the model this then is.
    pub fn leaves(&self) -> bool {
        0.0 < self.parameters.a
    }

    /// Tells the parameters.
    pub fn parameters(&self) -> Parameters {
        self.parameters
    }

    /// Tells the log-likelihood.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// Tells what it was fitted with of [`Model::fit_penalised`]; 0 by [`Model::fit`].
    pub fn penalty(&self) -> f64 {
        self.penalty
    }

    /// Tells how often the likelihood of all customers was computed.
    pub fn evaluations(&self) -> usize {
        self.evaluations
    }

    /// Tells how many customers it was fitted to.
    pub fn customers(&self) -> f64 {
        self.customers
    }

    /// Tells the standard errors of ln r, ln α, ln a and ln b, which are relative errors of the parameters.
    pub fn relative_errors(&self) -> [f64; 4] {
        let mut errors = [0.0; 4];
        for (index, (error, row)) in errors.iter_mut().zip(&self.covariance).enumerate() {
            *error = row.get(index).copied().unwrap_or(f64::NAN).sqrt();
        }
        errors
    }

    /// Names the parameters that the data hardly tells. Predictions may be good nevertheless: their intervals say so.
    pub fn weak(&self) -> Vec<&'static str> {
        let named = ["r", "alpha", "a", "b"].into_iter().zip(self.relative_errors());
        named.filter(|(_, error)| WEAK_FROM < *error).map(|(name, _)| name).collect()
    }

    /// Tells P(alive | x, t_x, T) (Fader, Hardie, Lee 2008, "Computing P(alive) using the BG/NBD model", equation 1; Batislam et al. 2007,
    /// equation 5).
    pub fn alive(&self, history: &History) -> f64 {
        alive(self.model, &self.parameters, history)
    }

    /// Tells how many purchases to expect in the time `t` after the end of the history (Fader, Hardie, Lee 2005, equation 10).
    pub fn purchases(&self, history: &History, t: f64) -> f64 {
        purchases(self.model, &self.parameters, history, t)
    }

    /// Tells the probability of at least one purchase in the time `t` after the end of the history:
    /// P(alive) · (1 − ((α+T)/(α+T+t))^(r+x)).
    pub fn buys_within(&self, history: &History, t: f64) -> f64 {
        buys_within(self.model, &self.parameters, history, t)
    }

    /// Tells how many purchases to expect of a new customer in the time `t` after the first (Fader, Hardie, Lee 2005, equation 9).
    pub fn purchases_of_new(&self, t: f64) -> f64 {
        self.purchases(&History { repeats: 0, last: 0.0, observed: 0.0 }, t)
    }

    /// Tells when somebody who has not left buys next: the time is Lomax-distributed with shape r + x and scale α + T, as gamma rates make of
    /// exponential times (Johnson, Kotz, Balakrishnan 1994, *Continuous Univariate Distributions* 1, §20.12).
    pub fn next_purchase(&self, history: &History) -> NextPurchase {
        let mean = mean_until_next(&self.parameters, history);
        NextPurchase {
            mean: mean.is_finite().then_some(mean),
            median: median_until_next(&self.parameters, history),
        }
    }

    /// Puts intervals around [`Self::next_purchase`]; see [`Self::interval`]. The mean has none where it is infinite for parameters next to those
    /// that were found.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a level that is no share.
    pub fn next_purchase_interval(
        &self,
        history: &History,
        level: f64,
    ) -> Result<NextPurchase<Interval>, Error> {
        let around = |measure: fn(&Parameters, &History) -> f64| {
            self.interval(level, Scale::Positive, |parameters| measure(parameters, history))
        };
        let Parameters { r, .. } = self.parameters;
        let is_finite_beside = 1.0 < r * libm::exp(-STEP) + f64::from(history.repeats);
        Ok(NextPurchase {
            mean: is_finite_beside.then(|| around(mean_until_next)).transpose()?,
            median: around(median_until_next)?,
        })
    }

    /// Puts an interval around [`Self::alive`]; see [`Self::interval`].
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a level that is no share.
    pub fn alive_interval(&self, history: &History, level: f64) -> Result<Interval, Error> {
        self.interval(level, Scale::Share, |parameters| alive(self.model, parameters, history))
    }

    /// Puts an interval around [`Self::purchases`]; see [`Self::interval`].
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a level that is no share.
    pub fn purchases_interval(&self, history: &History, t: f64, level: f64) -> Result<Interval, Error> {
        self.interval(level, Scale::Positive, |parameters| purchases(self.model, parameters, history, t))
    }

    /// Puts an interval around anything computed from the parameters: what is not known of them, by the delta method (Casella, Berger
    /// 2002, §5.5.4) on the logarithm or the log-odds. It is an interval of the expectation, not of what one customer will do.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a level that is no share.
    pub fn interval(
        &self,
        level: f64,
        scale: Scale,
        measure: impl Fn(&Parameters) -> f64,
    ) -> Result<Interval, Error> {
        share("the level", level)?;
        let transformed = |at: &[f64; 4]| scale.there(measure(&Parameters::from_logarithms(at)));
        let gradient = gradient(&self.parameters.logarithms(), transformed);
        let reach = normal_quantile(0.5 + level / 2.0) * spread(&self.covariance, &gradient);
        Ok(scale.around(measure(&self.parameters), reach))
    }
}

/// The gradient by central differences.
pub(super) fn gradient<const N: usize>(at: &[f64; N], function: impl Fn(&[f64; N]) -> f64) -> [f64; N] {
    let mut gradient = [0.0; N];
    for (index, slope) in gradient.iter_mut().enumerate() {
        let moved = |by: f64| {
            let mut there = *at;
            there.get_mut(index).into_iter().for_each(|place| *place += by);
            function(&there)
        };
        *slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
    }
    gradient
}

/// The standard error of something with this gradient.
pub(super) fn spread<const N: usize>(covariance: &[[f64; N]; N], gradient: &[f64; N]) -> f64 {
    let variance: f64 = covariance.iter().zip(gradient).map(|(row, slope)| slope * dot(row, gradient)).sum();
    variance.max(0.0).sqrt()
}

impl Scale {
    pub(super) fn there(self, value: f64) -> f64 {
        match self {
            Self::Positive => libm::log(value),
            Self::Share => libm::log(value) - libm::log1p(-value),
        }
    }

    /// The interval that reaches so far on this scale. At an end of what can be there is nothing to be unsure about.
    pub(super) fn around(self, estimate: f64, reach: f64) -> Interval {
        if !reach.is_finite() {
            return Interval { estimate, lower: estimate, upper: estimate };
        }
        let back = |there: f64| match self {
            Self::Positive => libm::exp(there),
            Self::Share => 1.0 / (1.0 + libm::exp(-there)),
        };
        let middle = self.there(estimate);
        Interval { estimate, lower: back(middle - reach), upper: back(middle + reach) }
    }
}

fn alive(model: Model, parameters: &Parameters, history: &History) -> f64 {
    let &Parameters { r, alpha, a, b } = parameters;
    let survived = survived(model, history);
    if survived == 0.0 {
        return 1.0;
    }
    let shape = r + f64::from(history.repeats);
    let odds = libm::log(a / (b + survived - 1.0))
        + shape * (libm::log(alpha + history.observed) - libm::log(alpha + history.last));
    1.0 / (1.0 + libm::exp(odds))
}

fn purchases(model: Model, parameters: &Parameters, history: &History, t: f64) -> f64 {
    let &Parameters { r, alpha, a, b } = parameters;
    let shape = r + f64::from(history.repeats);
    let if_alive = expected_over_beta(shape, a, b + survived(model, history), t / (alpha + history.observed));
    if_alive * alive(model, parameters, history)
}

/// Infinite where r + x ≤ 1.
fn mean_until_next(parameters: &Parameters, history: &History) -> f64 {
    let shape = parameters.r + f64::from(history.repeats);
    if shape <= 1.0 { f64::INFINITY } else { (parameters.alpha + history.observed) / (shape - 1.0) }
}

fn median_until_next(parameters: &Parameters, history: &History) -> f64 {
    let shape = parameters.r + f64::from(history.repeats);
    (parameters.alpha + history.observed) * libm::expm1(std::f64::consts::LN_2 / shape)
}

fn buys_within(model: Model, parameters: &Parameters, history: &History, t: f64) -> f64 {
    let shape = parameters.r + f64::from(history.repeats);
    let none = -shape * libm::log1p(t / (parameters.alpha + history.observed));
    -libm::expm1(none) * alive(model, parameters, history)
}

fn survived(model: Model, history: &History) -> f64 {
    count(model.survived(usize::try_from(history.repeats).unwrap_or(usize::MAX - 1)))
}
