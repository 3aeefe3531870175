//! The log-likelihood of both purchase models with its first and second derivatives.

use super::cells::Cells;
use super::odds::{Odds, is_worth_it};
use super::{Model, Parameters};
use crate::numeric::{Point, count};

/// Above e^this, 1 + q is q to the last digit.
const LARGE: f64 = 40.0;

/// Computes the log-likelihood at ln r, ln α, ln a, ln b.
///
/// Per customer, with m the number of times they could have left and did not (x in BG/NBD, x + 1 in MBG/NBD) and R = r + x:
///
/// ln Γ(R)/Γ(r) + r·ln α − R·ln(α+T) + ln Γ(b+m)/Γ(b) − ln Γ(a+b+m)/Γ(a+b) + ln(1 + q),
/// q = a/(b+m−1) · ((α+T)/(α+t_x))^R if m > 0, else 0
///
/// (Fader, Hardie, Lee 2005, equation 6; Batislam, Denizel, Filiztekin 2007, equation 3; the larger term taken out). Ratios of gamma
/// functions are products over each purchase, so over all customers they are sums over i of how many bought more often than i.
pub(super) fn point(model: Model, cells: &Cells, at: &[f64; 4]) -> Point<4> {
    let parameters = Parameters::from_logarithms(at);
    let mut sums = Sums::default();
    rising(model, cells, &parameters, &mut sums);
    waiting(cells, &parameters, &mut sums);
    leaving(model, cells, &parameters, &mut sums);
    sums.on_logarithms(&parameters)
}

/// Value, gradient and lower triangle of the Hessian in r, α, a, b themselves.
#[derive(Default)]
struct Sums {
    value: f64,
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
    r_r: f64,
    alpha_r: f64,
    alpha_alpha: f64,
    a_r: f64,
    a_alpha: f64,
    a_a: f64,
    b_r: f64,
    b_alpha: f64,
    b_a: f64,
    b_b: f64,
}

/// The ratios of gamma functions: ln Γ(θ+n)/Γ(θ) = Σ_{i<n} ln(θ+i).
fn rising(model: Model, cells: &Cells, parameters: &Parameters, sums: &mut Sums) {
    let &Parameters { r, a, b, .. } = parameters;
    let everybody = count(cells.customers);
    // m is above i for who has more than i repeats; in MBG/NBD for everybody at i = 0, and then one later.
    let first = (model == Model::MbgNbd).then_some(everybody);
    for (i, customers) in (0_u32..).zip(&cells.above) {
        let shifted = r + f64::from(i);
        sums.value += customers * libm::log(shifted);
        sums.r += customers / shifted;
        sums.r_r -= customers / (shifted * shifted);
    }
    for (i, customers) in (0_u32..).zip(first.iter().chain(&cells.above)) {
        let (stays, tosses) = (b + f64::from(i), a + b + f64::from(i));
        sums.value += customers * (libm::log(stays) - libm::log(tosses));
        let (slope, curve) = (customers / tosses, customers / (tosses * tosses));
        sums.a -= slope;
        sums.b += customers / stays - slope;
        sums.a_a += curve;
        sums.b_a += curve;
        sums.b_b += curve - customers / (stays * stays);
    }
}

/// r·ln α − (r+x)·ln(α+T).
fn waiting(cells: &Cells, parameters: &Parameters, sums: &mut Sums) {
    let &Parameters { r, alpha, .. } = parameters;
    let everybody = count(cells.customers);
    let log_alpha = libm::log(alpha);
    sums.value += everybody * r * log_alpha;
    sums.r += everybody * log_alpha;
    sums.alpha += everybody * r / alpha;
    sums.alpha_r += everybody / alpha;
    sums.alpha_alpha -= everybody * r / (alpha * alpha);
    for observed in &cells.observed {
        let since = alpha + observed.time;
        let (log, shape) = (libm::log(since), observed.customers * r + observed.repeats);
        sums.value -= shape * log;
        sums.r -= observed.customers * log;
        sums.alpha -= shape / since;
        sums.alpha_r -= observed.customers / since;
        sums.alpha_alpha += shape / (since * since);
    }
}

/// ln(1 + q), cell by cell: the only part that looks at t_x. With d = q/(1+q), the probability of having left, and h = ln q, the
/// gradient is d·∇h and the Hessian d·(1−d)·∇h∇hᵀ + d·∇²h.
fn leaving(model: Model, cells: &Cells, parameters: &Parameters, sums: &mut Sums) {
    let &Parameters { r, alpha, a, b } = parameters;
    let of = |time: f64| Since { log: libm::log(alpha + time), inverse: 1.0 / (alpha + time) };
    let observed: Vec<Since> = cells.observed.iter().map(|observed| of(observed.time)).collect();
    let last: Vec<Since> = cells.last.iter().map(|time| of(*time)).collect();
    let log_a = libm::log(a);
    let tosses: Vec<Since> = (0..=cells.above.len())
        .map(|repeats| b + count(model.survived(repeats)) - 1.0)
        .map(|stays| Since { log: log_a - libm::log(stays), inverse: 1.0 / stays })
        .collect();
    let times: Vec<f64> = cells.observed.iter().map(|observed| observed.time).collect();
    let is_tabled = |repeats| is_worth_it(&cells.repeated, repeats, times.len() + cells.last.len());
    let odds = Odds::of(model, parameters, &cells.last, &times, is_tabled);
    let mut logs = Logarithms::default();
    let mut left = Left::default();
    for cell in &cells.cells {
        if model == Model::BgNbd && cell.repeats == 0 {
            continue;
        }
        let (Some(end), Some(then), Some(toss)) =
            (place(&observed, cell.observed), place(&last, cell.last), place(&tosses, cell.repeats))
        else {
            continue;
        };
        let shape = r + f64::from(cell.repeats);
        let customers = f64::from(cell.customers);
        let by_r = end.log - then.log;
        let log_q = shape * by_r + toss.log;
        let gone = if LARGE < log_q {
            logs.sum += customers * log_q;
            1.0
        } else {
            let q = odds.get(cell.repeats, cell.observed, cell.last).unwrap_or_else(|| libm::exp(log_q));
            logs.add(1.0 + q, cell.customers);
            q / (1.0 + q)
        };
        left.take(customers * gone, 1.0 - gone, by_r, shape, end.inverse, then.inverse, toss.inverse);
    }
    sums.value += logs.sum();
    left.add_to(a, sums);
}

/// A sum of logarithms as the logarithm of a product, which one is taken of now and then.
struct Logarithms {
    sum: f64,
    product: f64,
}

/// Above this the logarithm is taken: with one factor of at most 1 + e^[`LARGE`] more, a float still holds the product.
const PRODUCT_MAX: f64 = 1e250;

/// As often a factor is multiplied; what comes more often has its own logarithm.
const FACTORS_MAX: u32 = 3;

impl Default for Logarithms {
    fn default() -> Self {
        Self { sum: 0.0, product: 1.0 }
    }
}

impl Logarithms {
    /// Adds so many times the logarithm of a factor between 1 and 1 + e^[`LARGE`].
    #[inline]
    fn add(&mut self, factor: f64, times: u32) {
        if FACTORS_MAX < times {
            self.sum += f64::from(times) * libm::log(factor);
            return;
        }
        for _ in 0..times {
            self.product *= factor;
        }
        if PRODUCT_MAX < self.product {
            self.sum += libm::log(self.product);
            self.product = 1.0;
        }
    }

    fn sum(&self) -> f64 {
        self.sum + libm::log(self.product)
    }
}

#[derive(Clone, Copy)]
struct Since {
    log: f64,
    inverse: f64,
}

fn place(values: &[Since], at: u32) -> Option<Since> {
    values.get(usize::try_from(at).ok()?).copied()
}

/// What [`leaving`] sums up; ∇h = (by_r, by_alpha, 1/a, −stays).
#[derive(Default)]
struct Left {
    gone: f64,
    r: f64,
    alpha: f64,
    b: f64,
    alpha_r: f64,
    alpha_alpha: f64,
    b_b: f64,
    unsure: f64,
    unsure_r: f64,
    unsure_alpha: f64,
    unsure_b: f64,
    unsure_r_r: f64,
    unsure_alpha_r: f64,
    unsure_alpha_alpha: f64,
    unsure_b_r: f64,
    unsure_b_alpha: f64,
    unsure_b_b: f64,
}

impl Left {
    #[expect(clippy::too_many_arguments, reason = "the innermost loop: each is in a register already")]
    #[inline]
    fn take(&mut self, gone: f64, alive: f64, by_r: f64, shape: f64, end: f64, then: f64, stays: f64) {
        let apart = end - then;
        let by_alpha = shape * apart;
        self.gone += gone;
        self.r += gone * by_r;
        self.alpha += gone * by_alpha;
        self.b += gone * stays;
        self.alpha_r += gone * apart;
        self.alpha_alpha -= gone * by_alpha * (end + then);
        self.b_b += gone * stays * stays;
        let unsure = gone * alive;
        let (with_r, with_alpha, with_b) = (unsure * by_r, unsure * by_alpha, unsure * stays);
        self.unsure += unsure;
        self.unsure_r += with_r;
        self.unsure_alpha += with_alpha;
        self.unsure_b += with_b;
        self.unsure_r_r += with_r * by_r;
        self.unsure_alpha_r += with_alpha * by_r;
        self.unsure_alpha_alpha += with_alpha * by_alpha;
        self.unsure_b_r += with_b * by_r;
        self.unsure_b_alpha += with_b * by_alpha;
        self.unsure_b_b += with_b * stays;
    }

    fn add_to(&self, a: f64, sums: &mut Sums) {
        sums.r += self.r;
        sums.alpha += self.alpha;
        sums.a += self.gone / a;
        sums.b -= self.b;
        sums.r_r += self.unsure_r_r;
        sums.alpha_r += self.unsure_alpha_r + self.alpha_r;
        sums.alpha_alpha += self.unsure_alpha_alpha + self.alpha_alpha;
        sums.a_r += self.unsure_r / a;
        sums.a_alpha += self.unsure_alpha / a;
        sums.a_a += (self.unsure - self.gone) / (a * a);
        sums.b_r -= self.unsure_b_r;
        sums.b_alpha -= self.unsure_b_alpha;
        sums.b_a -= self.unsure_b / a;
        sums.b_b += self.unsure_b_b + self.b_b;
    }
}

impl Sums {
    /// The same by ln r, ln α, ln a, ln b: ∂/∂ln θ = θ·∂/∂θ, and on the diagonal of the Hessian once more the gradient.
    fn on_logarithms(&self, parameters: &Parameters) -> Point<4> {
        let scale = [parameters.r, parameters.alpha, parameters.a, parameters.b];
        let mut gradient = [self.r, self.alpha, self.a, self.b];
        gradient.iter_mut().zip(scale).for_each(|(slope, by)| *slope *= by);
        let mut hessian = [
            [self.r_r, self.alpha_r, self.a_r, self.b_r],
            [self.alpha_r, self.alpha_alpha, self.a_alpha, self.b_alpha],
            [self.a_r, self.a_alpha, self.a_a, self.b_a],
            [self.b_r, self.b_alpha, self.b_a, self.b_b],
        ];
        for (index, (row, by)) in hessian.iter_mut().zip(scale).enumerate() {
            row.iter_mut().zip(scale).for_each(|(entry, other)| *entry *= by * other);
            if let (Some(diagonal), Some(slope)) = (row.get_mut(index), gradient.get(index)) {
                *diagonal += slope;
            }
        }
        Point { value: self.value, gradient, hessian }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buying::History;

    fn some() -> Cells {
        let history = |repeats, last, observed| History { repeats, last, observed };
        let histories = [
            history(0, 0.0, 38.9),
            history(2, 30.43, 38.86),
            history(2, 30.43, 38.86),
            history(1, 1.71, 38.86),
            history(7, 29.43, 30.0),
            history(0, 0.0, 27.0),
            history(11, 12.0, 39.0),
        ];
        Cells::of(&histories).unwrap()
    }

    /// So many on few days that odds are looked up in tables.
    fn many() -> Cells {
        let histories: Vec<History> = (0..600_u32)
            .map(|number| {
                let repeats = number % 5;
                let last = if repeats == 0 { 0.0 } else { f64::from(1 + number % 29) };
                History { repeats, last, observed: f64::from(30 + number % 4) }
            })
            .chain((0..9).map(|_| History { repeats: 3, last: 7.0, observed: 31.0 }))
            .collect();
        Cells::of(&histories).unwrap()
    }

    /// Written as in the papers, customer by customer, with gamma functions.
    fn as_printed(model: Model, cells: &Cells, at: &[f64; 4]) -> f64 {
        let Parameters { r, alpha, a, b } = Parameters::from_logarithms(at);
        let log_beta = |p: f64, q: f64| libm::lgamma(p) + libm::lgamma(q) - libm::lgamma(p + q);
        let of = |cell: &crate::buying::cells::Cell| {
            let x = f64::from(cell.repeats);
            let (t_x, t) = (cells.last[cell.last as usize], cells.observed[cell.observed as usize].time);
            let m = count(model.survived(cell.repeats as usize));
            let stayed = libm::exp(log_beta(a, b + m) - log_beta(a, b)) * libm::pow(alpha + t, -(r + x));
            let left = if m == 0.0 {
                0.0
            } else {
                libm::exp(log_beta(a + 1.0, b + m - 1.0) - log_beta(a, b)) * libm::pow(alpha + t_x, -(r + x))
            };
            let rate = libm::lgamma(r + x) - libm::lgamma(r) + r * libm::log(alpha);
            f64::from(cell.customers) * (rate + libm::log(stayed + left))
        };
        cells.cells.iter().map(of).sum()
    }

    #[test]
    fn the_value_is_that_of_the_papers() {
        for model in [Model::BgNbd, Model::MbgNbd] {
            for cells in [some(), many()] {
                for at in [[-1.4, 1.5, -0.2, 0.9], [0.3, 2.5, 0.7, -0.6], [3.0, -9.0, 2.0, 1.0]] {
                    let (found, printed) = (point(model, &cells, &at).value, as_printed(model, &cells, &at));
                    assert!((found - printed).abs() < 1e-10 * printed.abs(), "{model:?} {found} {printed}");
                }
            }
        }
    }

    #[test]
    fn slopes_and_curves_are_those_of_the_value() {
        let step = 1e-5;
        for model in [Model::BgNbd, Model::MbgNbd] {
            let at = [-1.1, 1.7, 0.1, 0.8];
            let here = point(model, &some(), &at);
            for index in 0..4 {
                let (mut up, mut down) = (at, at);
                up[index] += step;
                down[index] -= step;
                let (up, down) = (point(model, &some(), &up), point(model, &some(), &down));
                let slope = (up.value - down.value) / (2.0 * step);
                assert!((slope - here.gradient[index]).abs() < 1e-6, "{model:?} {index}: {slope} {here:?}");
                for other in 0..4 {
                    let curve = (up.gradient[other] - down.gradient[other]) / (2.0 * step);
                    assert!(
                        (curve - here.hessian[index][other]).abs() < 1e-6,
                        "{model:?} {index} {other}: {curve} {here:?}"
                    );
                }
            }
        }
    }
}
