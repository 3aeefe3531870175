//! Newton's search for the highest point of a smooth function of a few variables.

use super::{Cholesky, dot};
use crate::Error;

/// A function at a point: its value, slope and curvature.
#[derive(Clone, Copy, Debug)]
pub struct Point<const N: usize> {
    /// The value.
    pub value: f64,
    /// The first derivatives.
    pub gradient: [f64; N],
    /// The second derivatives, by rows.
    pub hessian: [[f64; N]; N],
}

/// Where a log-likelihood is highest.
#[derive(Clone, Copy, Debug)]
pub struct Optimum<const N: usize> {
    /// The place.
    pub at: [f64; N],
    /// The value there.
    pub value: f64,
    /// The inverse of the observed information: the estimates' asymptotic covariance.
    pub covariance: [[f64; N]; N],
    /// How often the function was computed.
    pub evaluations: usize,
}

/// A step that promises less than this in log-likelihood is the last: it moves an estimate by less than 2e-5 of its standard error.
const GAIN_MIN: f64 = 1e-10;

/// A likelihood of a million rows is rounded at about this; a smaller promise cannot be seen kept.
const GAIN_SEEN: f64 = 1e-6;

/// Newton arrives in about ten; who needs more stands on a ridge.
const EVALUATIONS_MAX: usize = 200;

/// Beyond e^±30 a parameter on a logarithmic scale has run away.
const REACH_MAX: f64 = 30.0;

/// A standard error of this size on a logarithmic scale is a factor of 20,000: the data says nothing of that parameter.
const ERROR_MAX: f64 = 10.0;

/// Finds the highest point from `start`. Where the curvature is not that of a summit the step is damped (Levenberg 1944; damping by the
/// ratio of kept to promised gain: Nocedal, Wright 2006, algorithm 4.1).
///
/// # Errors
/// [`Error::NotIdentified`] if a variable runs away or the summit is a ridge, [`Error::NoConvergence`] if it is not reached.
pub fn maximise<const N: usize>(
    what: &'static str,
    start: [f64; N],
    mut function: impl FnMut(&[f64; N]) -> Point<N>,
) -> Result<Optimum<N>, Error> {
    let mut at = start;
    let mut here = function(&at);
    let mut damping = 0.0;
    for evaluations in 1..EVALUATIONS_MAX {
        let Some((step, promised)) = step(&here, &mut damping) else {
            return Err(Error::NoConvergence { what, evaluations });
        };
        if promised < GAIN_MIN && damping == 0.0 {
            return summit(what, at, &here, evaluations);
        }
        let mut there = at;
        there.iter_mut().zip(&step).for_each(|(place, by)| *place += by);
        if there.iter().any(|place| REACH_MAX < place.abs()) {
            return Err(Error::NotIdentified { what });
        }
        let next = function(&there);
        let kept = next.value - here.value;
        if kept.is_finite() && 0.05 * promised < kept {
            // A step that kept its promise needs less damping the next time.
            damping = if 0.75 * promised < kept { damping / 10.0 } else { damping };
            damping = if damping < 1e-6 * trace(&next) { 0.0 } else { damping };
            (at, here) = (there, next);
        } else if promised < GAIN_SEEN {
            // Too little to be seen kept. Without damping that is the summit; with it, the next step goes without.
            if damping == 0.0 {
                return summit(what, at, &here, evaluations);
            }
            damping = 0.0;
        } else {
            damping = if damping == 0.0 { 1e-3 * trace(&here) } else { damping * 10.0 };
        }
    }
    Err(Error::NoConvergence { what, evaluations: EVALUATIONS_MAX })
}

/// Solves (−H + damping) · step = gradient, with as much more damping as that needs; and what the quadratic model promises of it.
fn step<const N: usize>(here: &Point<N>, damping: &mut f64) -> Option<(Vec<f64>, f64)> {
    for _ in 0..40 {
        if let Some(factor) = Cholesky::of(&information(here, *damping)) {
            let step = factor.solve(&here.gradient);
            let curved: f64 = here.hessian.iter().zip(&step).map(|(row, by)| by * dot(row, &step)).sum();
            let promised = dot(&here.gradient, &step) + 0.5 * curved;
            return promised.is_finite().then_some((step, promised));
        }
        *damping = if *damping == 0.0 { 1e-3 * trace(here) } else { *damping * 10.0 };
    }
    None
}

fn information<const N: usize>(here: &Point<N>, damping: f64) -> [[f64; N]; N] {
    let mut information = here.hessian.map(|row| row.map(|entry| -entry));
    for (index, row) in information.iter_mut().enumerate() {
        if let Some(diagonal) = row.get_mut(index) {
            *diagonal += damping;
        }
    }
    information
}

/// The size of the curvature, which damping is measured by.
fn trace<const N: usize>(here: &Point<N>) -> f64 {
    let diagonal = here.hessian.iter().enumerate().filter_map(|(index, row)| row.get(index));
    diagonal.map(|entry| entry.abs()).sum::<f64>().max(f64::MIN_POSITIVE)
}

fn summit<const N: usize>(
    what: &'static str,
    at: [f64; N],
    here: &Point<N>,
    evaluations: usize,
) -> Result<Optimum<N>, Error> {
    let factor = Cholesky::of(&information(here, 0.0)).ok_or(Error::NotIdentified { what })?;
    let mut covariance = [[0.0; N]; N];
    for (row, found) in covariance.iter_mut().zip(factor.inverse()) {
        row.iter_mut().zip(found).for_each(|(entry, found)| *entry = found);
    }
    let mut variances = covariance.iter().enumerate().filter_map(|(index, row)| row.get(index));
    if variances.any(|variance| ERROR_MAX * ERROR_MAX < *variance) {
        return Err(Error::NotIdentified { what });
    }
    Ok(Optimum { at, value: here.value, covariance, evaluations })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The log-likelihood of 40 observations of mean 3 and variance 2 in mean and log-variance.
    fn normal(&[mean, log_variance]: &[f64; 2]) -> Point<2> {
        let (n, precision) = (40.0, libm::exp(-log_variance));
        let apart = 3.0 - mean;
        let squares = n * (2.0 + apart * apart);
        Point {
            value: -0.5 * (n * log_variance + squares * precision),
            gradient: [n * apart * precision, 0.5 * (squares * precision - n)],
            hessian: [
                [-n * precision, -n * apart * precision],
                [-n * apart * precision, -0.5 * squares * precision],
            ],
        }
    }

    #[test]
    fn the_summit_is_found_from_far_away() {
        for start in [[3.0, 0.0], [-20.0, 5.0], [25.0, -3.0]] {
            let found = maximise("a normal", start, normal).unwrap();
            assert!(
                (found.at[0] - 3.0).abs() < 1e-6 && (found.at[1] - libm::log(2.0)).abs() < 1e-6,
                "{found:?}"
            );
            assert!((found.covariance[0][0] - 2.0 / 40.0).abs() < 1e-6, "{found:?}");
        }
    }

    #[test]
    fn a_slope_without_a_summit_is_said() {
        let slope = |&[x]: &[f64; 1]| {
            let value = -libm::exp(-x);
            Point { value, gradient: [-value], hessian: [[value]] }
        };
        assert_eq!(maximise("a slope", [0.0], slope).err(), Some(Error::NotIdentified { what: "a slope" }));
        let flat = |_: &[f64; 1]| Point { value: 0.0, gradient: [0.0], hessian: [[0.0]] };
        assert!(maximise("a plain", [0.0], flat).is_err());
    }
}
