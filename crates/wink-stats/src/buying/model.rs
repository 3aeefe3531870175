//! The purchase models before they have seen anybody.

use super::cells::Cells;
use super::likelihood::point;
use super::{FittedPurchases, Parameters};
use crate::Error;
use crate::error::at_least;
use crate::numeric::{Optimum, Point, count, maximise};

/// Four parameters from fewer customers than this are noise.
pub const CUSTOMERS_MIN: u64 = 30;

/// From so many different histories on a part of them is fitted first. Below, that would save less than a millisecond.
const THINNED_FROM: usize = 4_096;

/// A part is every so many-th customer: its summit is some three standard errors of the whole away, which two or three steps make up for.
const THINNED_BY: u32 = 8;

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

    /// Fits by maximum likelihood: Newton's method on the parameters' logarithms, from the summit of a part of them if they are many, and
    /// else from three places one after the other.
    ///
    /// # Errors
    /// [`Error::NotEnoughData`] below [`CUSTOMERS_MIN`] customers, [`Error::Constant`] if nobody bought again, [`Error::NotIdentified`] if the
    /// likelihood has no summit (nobody ever leaves; all buy alike), [`Error::NoConvergence`] if it is not reached.
    pub fn fit(self, cells: &Cells) -> Result<FittedPurchases, Error> {
        self.fit_penalised(cells, 0.0)
    }

    /// Fits where the likelihood alone may have no summit, because ever larger parameters are ever a little better: to the highest value of
    ///
    /// mean log-likelihood of a customer − penalty · (r² + (α/T_max)² + a² + b²),
    ///
    /// with T_max the longest time observed. It is the `penalizer_coef` of the Python package lifetimes, so that both find the same. The
    /// parameters are drawn to zero, and errors told of them are those of the penalised curve: they say nothing of how far they were drawn.
    /// What grows without end as a parameter nears zero, as when nobody ever leaves, has no summit with a penalty either.
    ///
    /// # Errors
    /// As [`Self::fit`]; [`Error::OutOfRange`] for a penalty that is negative or no number.
    pub fn fit_penalised(self, cells: &Cells, penalty: f64) -> Result<FittedPurchases, Error> {
        if !(0.0 <= penalty && penalty.is_finite()) {
            return Err(Error::OutOfRange { what: "the penalty", value: penalty, must: "0 or more" });
        }
        at_least("customers", CUSTOMERS_MIN, cells.customers)?;
        let (time, repeats) = cells.observed.iter().fold((0.0, 0.0), |(time, repeats), one| {
            (time + one.customers * one.time, repeats + one.repeats)
        });
        if repeats == 0.0 || time == 0.0 {
            return Err(Error::Constant { what: "the number of repeats" });
        }
        let optimum = self.summit(cells, penalty, time / repeats)?;
        Ok(FittedPurchases {
            model: self,
            parameters: Parameters::from_logarithms(&optimum.at),
            log_likelihood: optimum.value + Penalty::of(cells, penalty).at(&optimum.at),
            covariance: optimum.covariance,
            evaluations: optimum.evaluations,
            customers: count(cells.customers),
            penalty,
        })
    }

    /// Climbs from where a part of many customers has its summit: that is near, so few steps are left for all. Where a part has none, or is
    /// no help, from the usual places one after the other. `pace` is the time from one purchase to the next.
    fn summit(self, cells: &Cells, penalty: f64, pace: f64) -> Result<Optimum<4>, Error> {
        let is_many = THINNED_FROM <= cells.different();
        let of_part = is_many.then(|| self.summit(&cells.thinned(THINNED_BY), penalty, pace).ok()).flatten();
        let usual = [[0.5, 0.8, 2.5], [2.0, 0.3, 1.5], [0.2, 2.0, 8.0]];
        let usual = usual.map(|[r, a, b]| [r, r * pace, a, b].map(libm::log));
        let penalty = Penalty::of(cells, penalty);
        let mut refused = Error::NoConvergence { what: self.name(), evaluations: 0 };
        for start in of_part.map(|part| part.at).into_iter().chain(usual) {
            match maximise(self.name(), start, |at| penalty.taken_off(point(self, cells, at), at)) {
                Ok(optimum) => return Ok(optimum),
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

/// What the square of each parameter costs, in log-likelihood of all customers.
struct Penalty([f64; 4]);

impl Penalty {
    fn of(cells: &Cells, penalty: f64) -> Self {
        let longest = cells.observed.iter().map(|one| one.time).fold(0.0, f64::max);
        let each = penalty * count(cells.customers);
        // No penalty is none, however short the longest time.
        Self([each, if each == 0.0 { 0.0 } else { each / (longest * longest) }, each, each])
    }

    /// What is to be paid at ln r, ln α, ln a, ln b.
    fn at(&self, at: &[f64; 4]) -> f64 {
        self.costs(at).into_iter().sum()
    }

    fn costs(&self, at: &[f64; 4]) -> [f64; 4] {
        let mut costs = self.0;
        costs
            .iter_mut()
            .zip(at)
            .filter(|(cost, _)| 0.0 < **cost)
            .for_each(|(cost, log)| *cost *= libm::exp(2.0 * log));
        costs
    }

    /// A point of the likelihood less the penalty: by a logarithm, w·e^(2l) has the slope 2w·e^(2l) and the curvature 4w·e^(2l).
    fn taken_off(&self, mut point: Point<4>, at: &[f64; 4]) -> Point<4> {
        let costs = self.costs(at);
        point.value -= costs.iter().sum::<f64>();
        for (index, ((slope, row), cost)) in
            point.gradient.iter_mut().zip(&mut point.hessian).zip(costs).enumerate()
        {
            *slope -= 2.0 * cost;
            row.get_mut(index).into_iter().for_each(|curve| *curve -= 4.0 * cost);
        }
        point
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buying::History;
    use crate::numeric::Chance;

    /// People who buy at rates of their own and leave after as many repeats as `stays` draws; times are days in weeks, or any.
    fn drawn(people: usize, in_days: bool, stays: impl Fn(&mut Chance) -> u32) -> Cells {
        let mut chance = Chance::of(11);
        let rounded = |time: f64| if in_days { (7.0 * time).ceil() / 7.0 } else { time };
        let mut histories = Vec::new();
        for _ in 0..people {
            let observed = rounded(20.0 + 19.0 * chance.uniform());
            let (rate, stays) = (chance.gamma(0.8) / 5.0, stays(&mut chance));
            let (mut repeats, mut at, mut last) = (0, 0.0, 0.0);
            while repeats < stays {
                at += chance.exponential(rate);
                if observed <= at {
                    break;
                }
                (repeats, last) = (repeats + 1, rounded(at));
            }
            histories.push(History { repeats, last, observed });
        }
        Cells::of(&histories).unwrap()
    }

    /// With probabilities of leaving that differ as the models say.
    fn unlike(chance: &mut Chance) -> u32 {
        let leaves = chance.beta(0.9, 2.6);
        (1..1_000).find(|_| chance.uniform() < leaves).unwrap_or(1_000)
    }

    #[test]
    fn the_summit_of_a_part_leads_to_that_of_all() {
        for in_days in [true, false] {
            let cells = drawn(40_000, in_days, unlike);
            assert!(2 * THINNED_FROM < cells.different(), "{}", cells.different());
            for model in [Model::BgNbd, Model::MbgNbd] {
                let found = model.fit(&cells).unwrap();
                let start = [2.0, 12.0, 0.3, 1.5].map(libm::log);
                let alone = maximise("all", start, |at| point(model, &cells, at)).unwrap();
                let apart = found.log_likelihood() - alone.value;
                assert!(apart.abs() < 1e-8 * alone.value.abs(), "{model:?} {apart}");
                let parameters = Parameters::from_logarithms(&alone.at);
                assert!((found.parameters().a / parameters.a - 1.0).abs() < 1e-6, "{found:?} {parameters:?}");
                assert!(found.evaluations() < alone.evaluations, "{found:?} {alone:?}");
            }
        }
    }

    #[test]
    fn many_without_a_summit_are_refused_as_few_are_and_a_penalty_gives_them_one() {
        // More alike than by lot, everybody leaves after the second repeat: larger a and b are ever a little better.
        for people in [2_000, 40_000] {
            let cells = drawn(people, true, |_| 2);
            let refused = Model::BgNbd.fit(&cells).unwrap_err();
            assert!(
                matches!(refused, Error::NotIdentified { .. } | Error::NoConvergence { .. }),
                "{people}: {refused}"
            );
            let found = Model::BgNbd.fit_penalised(&cells, 1e-6).unwrap();
            let Parameters { a, b, .. } = found.parameters();
            assert!((0.3..0.7).contains(&(a / (a + b))) && found.penalty() == 1e-6, "{people}: {found:?}");
        }
    }

    #[test]
    fn a_penalty_is_taken_off_with_its_slopes_and_curves() {
        let cells = drawn(300, true, unlike);
        let penalty = Penalty::of(&cells, 0.01);
        let of = |at: &[f64; 4]| penalty.taken_off(point(Model::BgNbd, &cells, at), at);
        let at = [-0.3, 1.4, 0.2, 0.9];
        let (here, step) = (of(&at), 1e-5);
        for index in 0..4 {
            let (mut up, mut down) = (at, at);
            up[index] += step;
            down[index] -= step;
            let slope = (of(&up).value - of(&down).value) / (2.0 * step);
            assert!((slope - here.gradient[index]).abs() < 1e-4, "{index}: {slope} {here:?}");
            let curve = (of(&up).gradient[index] - of(&down).gradient[index]) / (2.0 * step);
            assert!((curve - here.hessian[index][index]).abs() < 1e-4, "{index}: {curve} {here:?}");
        }
        let longest = cells.observed.iter().map(|one| one.time).fold(0.0, f64::max);
        let squares: f64 =
            [at[0], at[1] - libm::log(longest), at[2], at[3]].iter().map(|log| libm::exp(2.0 * log)).sum();
        assert!((penalty.at(&at) - 300.0 * 0.01 * squares).abs() < 1e-9);
        for wrong in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(matches!(
                Model::BgNbd.fit_penalised(&cells, wrong),
                Err(Error::OutOfRange { what: "the penalty", .. })
            ));
        }
    }
}
