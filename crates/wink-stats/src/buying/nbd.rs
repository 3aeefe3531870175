//! People who never leave: the model both purchase models become as leaving becomes impossible.

use super::cells::Cells;
use super::model::CUSTOMERS_MIN;
use super::{FittedPurchases, Model, Parameters};
use crate::Error;
use crate::error::at_least;
use crate::numeric::{Point, count, maximise};

/// Fits purchases at rates of people's own, λ ~ Gamma(r, α), that go on for ever: the negative binomial model (Ehrenberg 1959, "The pattern of consumer
/// purchases"; as the limit without death of Schmittlein, Morrison, Colombo 1987, "Counting your customers: who are they and what will they do
/// next?", section 3). Its likelihood is that of BG/NBD and MBG/NBD with a = 0, so that log-likelihoods can be compared:
///
/// Σ ln Γ(r + x) − ln Γ(r) + r·ln α − (r + x)·ln(α + T).
///
/// What was fitted answers as the others do, with P(alive) = 1 and, by Bayes, (r + x) / (α + T) purchases in a unit of time; its parameters have
/// a = 0 and b = 1, without error.
///
/// # Errors
/// [`Error::NotEnoughData`] below [`CUSTOMERS_MIN`] customers, [`Error::Constant`] if nobody bought again, [`Error::NotIdentified`] if people differ no more
/// than by chance, [`Error::NoConvergence`] if the summit is not reached.
pub fn fit_without_leaving(cells: &Cells) -> Result<FittedPurchases, Error> {
    at_least("customers", CUSTOMERS_MIN, cells.customers)?;
    let (time, repeats) = cells
        .observed
        .iter()
        .fold((0.0, 0.0), |(time, repeats), one| (time + one.customers * one.time, repeats + one.repeats));
    if repeats == 0.0 || time == 0.0 {
        return Err(Error::Constant { what: "the number of repeats" });
    }
    let mut refused = Error::NoConvergence { what: "NBD", evaluations: 0 };
    for shape in [1.0_f64, 0.2, 5.0] {
        let start = [shape, shape * time / repeats].map(libm::log);
        let optimum = match maximise("NBD", start, |at| point(cells, at)) {
            Ok(optimum) => optimum,
            Err(error) => {
                refused = error;
                continue;
            }
        };
        let [r, alpha] = optimum.at.map(libm::exp);
        let [[r_r, r_alpha], [alpha_r, alpha_alpha]] = optimum.covariance;
        return Ok(FittedPurchases {
            model: Model::BgNbd,
            parameters: Parameters { r, alpha, a: 0.0, b: 1.0 },
            log_likelihood: optimum.value,
            covariance: [[r_r, r_alpha, 0.0, 0.0], [alpha_r, alpha_alpha, 0.0, 0.0], [0.0; 4], [0.0; 4]],
            evaluations: optimum.evaluations,
            customers: count(cells.customers),
            penalty: 0.0,
        });
    }
    Err(refused)
}

/// The log-likelihood at ln r and ln α, with its slopes and curves. ln Γ(r + x) − ln Γ(r) is Σ ln(r + i) over i below x.
fn point(cells: &Cells, at: &[f64; 2]) -> Point<2> {
    let [r, alpha] = at.map(libm::exp);
    let everybody = count(cells.customers);
    let mut value = everybody * r * libm::log(alpha);
    let (mut by_r, mut by_alpha) = (everybody * libm::log(alpha), everybody * r / alpha);
    let (mut r_r, mut alpha_r, mut alpha_alpha) = (0.0, everybody / alpha, -everybody * r / (alpha * alpha));
    for (repeats, customers) in (0_u32..).zip(&cells.above) {
        let shifted = r + f64::from(repeats);
        value += customers * libm::log(shifted);
        by_r += customers / shifted;
        r_r -= customers / (shifted * shifted);
    }
    for observed in &cells.observed {
        let since = alpha + observed.time;
        let (log, shape) = (libm::log(since), observed.customers * r + observed.repeats);
        value -= shape * log;
        by_r -= observed.customers * log;
        by_alpha -= shape / since;
        alpha_r -= observed.customers / since;
        alpha_alpha += shape / (since * since);
    }
    // By logarithms: ∂/∂ln θ = θ·∂/∂θ, and on the diagonal of the curves once more the slope.
    let mixed = r * alpha * alpha_r;
    Point {
        value,
        gradient: [r * by_r, alpha * by_alpha],
        hessian: [[r * r * r_r + r * by_r, mixed], [mixed, alpha * alpha * alpha_alpha + alpha * by_alpha]],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buying::History;
    use crate::numeric::Chance;

    /// Who never leaves: purchases in a time are Poisson with a rate of their own.
    fn drawn(chance: &mut Chance, people: usize) -> Vec<History> {
        let one = |chance: &mut Chance| {
            let (rate, observed) = (chance.gamma(0.8) / 5.0, 20.0 + 19.0 * chance.uniform());
            let (mut repeats, mut last) = (0, 0.0);
            loop {
                let next = last + chance.exponential(rate);
                if observed < next {
                    return History { repeats, last, observed };
                }
                (repeats, last) = (repeats + 1, next);
            }
        };
        (0..people).map(|_| one(chance)).collect()
    }

    /// Forty people, x = 0 to 9 in 10, 20, 30 and 40 units of time: the summit by scipy 1.17 (`scipy.optimize.minimize` of the sum of
    /// `scipy.stats.nbinom.logpmf(x, r, α/(α+T))`, less x·ln T − ln x! for the times of the purchases).
    #[test]
    fn the_summit_is_that_of_an_independent_reckoning() {
        let of = |number: u32| {
            let (repeats, observed) = (number * 7 % 10, f64::from(10 * (1 + number % 4)));
            History { repeats, last: if repeats == 0 { 0.0 } else { observed / 2.0 }, observed }
        };
        let found = fit_without_leaving(&Cells::of(&(0..40).map(of).collect::<Vec<_>>()).unwrap()).unwrap();
        let Parameters { r, alpha, .. } = found.parameters();
        assert!((r / SCIPY_R - 1.0).abs() < 1e-5 && (alpha / SCIPY_ALPHA - 1.0).abs() < 1e-5, "{found:?}");
        assert!((found.log_likelihood() - SCIPY_LOG_LIKELIHOOD).abs() < 1e-6, "{found:?}");
    }

    const SCIPY_R: f64 = 1.900_929_49;
    const SCIPY_ALPHA: f64 = 9.067_434_74;
    const SCIPY_LOG_LIKELIHOOD: f64 = -472.470_000_343_717;

    #[test]
    fn slopes_and_curves_are_those_of_the_value() {
        let cells = Cells::of(&drawn(&mut Chance::of(1), 200)).unwrap();
        let (at, step) = ([-0.3, 1.4], 1e-5);
        let here = point(&cells, &at);
        for index in 0..2 {
            let (mut up, mut down) = (at, at);
            up[index] += step;
            down[index] -= step;
            let (up, down) = (point(&cells, &up), point(&cells, &down));
            assert!(((up.value - down.value) / (2.0 * step) - here.gradient[index]).abs() < 1e-4, "{here:?}");
            for other in 0..2 {
                let curve = (up.gradient[other] - down.gradient[other]) / (2.0 * step);
                assert!((curve - here.hessian[index][other]).abs() < 1e-4, "{index} {other}: {here:?}");
            }
        }
    }

    /// Where nobody leaves, the others find no summit, or hardly a better one; and this one says what it knows as often as it says.
    #[test]
    fn the_intervals_hold_the_truth_as_often_as_they_say() {
        let mut chance = Chance::of(2);
        let somebody = History { repeats: 3, last: 20.0, observed: 35.0 };
        let truth = 10.0 * (0.8 + 3.0) / (5.0 + 35.0);
        let (mut held, mut of_shape) = (0, 0);
        for _ in 0..1_000 {
            let found = fit_without_leaving(&Cells::of(&drawn(&mut chance, 300)).unwrap()).unwrap();
            let interval = found.purchases_interval(&somebody, 10.0, 0.95).unwrap();
            held += i32::from(interval.lower <= truth && truth <= interval.upper);
            let reach = 1.96 * found.relative_errors()[0];
            of_shape += i32::from((libm::log(found.parameters().r / 0.8)).abs() <= reach);
        }
        assert!((930..=970).contains(&held) && (930..=970).contains(&of_shape), "{held} {of_shape}");
    }

    #[test]
    fn nobody_leaves_and_all_else_follows() {
        let histories = drawn(&mut Chance::of(3), 2_000);
        let cells = Cells::of(&histories).unwrap();
        let found = fit_without_leaving(&cells).unwrap();
        let Parameters { r, alpha, .. } = found.parameters();
        for history in histories.iter().take(50) {
            let alive = found.alive_interval(history, 0.95).unwrap();
            assert_eq!((alive.lower, alive.estimate, alive.upper), (1.0, 1.0, 1.0));
            let rate = (r + f64::from(history.repeats)) / (alpha + history.observed);
            assert!((found.purchases(history, 7.0) / (7.0 * rate) - 1.0).abs() < 1e-12);
            assert!(found.buys_within(history, 7.0) < found.purchases(history, 7.0));
        }
        assert!(!found.leaves() && found.weak().is_empty());
        if let Ok(other) = Model::BgNbd.fit(&cells) {
            assert!(other.leaves() && found.log_likelihood() <= other.log_likelihood() + 1e-6, "{other:?}");
        }
    }

    #[test]
    fn data_that_says_nothing_is_refused() {
        let alike = |repeats, people: usize| {
            let last = if repeats == 0 { 0.0 } else { 5.0 };
            fit_without_leaving(&Cells::of(&vec![History { repeats, last, observed: 9.0 }; people]).unwrap())
        };
        assert!(matches!(alike(2, 29), Err(Error::NotEnoughData { needed: 30, found: 29, .. })));
        assert!(matches!(alike(0, 100), Err(Error::Constant { .. })));
        assert!(matches!(alike(3, 100), Err(Error::NotIdentified { .. } | Error::NoConvergence { .. })));
    }
}
