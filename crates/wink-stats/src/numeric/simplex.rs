//! The mixture of some series that comes nearest to another one.

use super::{Cholesky, dot};
use crate::Error;

/// A mixture is the nearest one if no series would lower its squared distance by more than this part of the largest.
const PRECISION: f64 = 1e-12;

/// Weights below this are none.
const WEIGHT_MIN: f64 = 1e-12;

/// Finds weights, none negative and together one, for which the mixture of `series` has the least squared distance from `target`.
///
/// That is the point nearest to zero in the convex hull of `series` − `target`. Wolfe (1976), "Finding the nearest point in a polytope",
/// §2-3, finds it in finitely many steps and exactly, which a gradient method on nearly collinear series does not.
///
/// # Errors
/// [`Error::NotEnoughData`] without series, [`Error::Shape`] if lengths differ, [`Error::NoConvergence`] if rounding keeps it from ending.
pub fn nearest_mixture(series: &[Vec<f64>], target: &[f64]) -> Result<Vec<f64>, Error> {
    crate::error::at_least("series to mix", 1, series.len())?;
    for one in series {
        crate::error::same_length("a series", target.len(), one.len())?;
    }
    let apart: Vec<Vec<f64>> =
        series.iter().map(|one| one.iter().zip(target).map(|(value, aim)| value - aim).collect()).collect();
    let gram: Vec<Vec<f64>> =
        apart.iter().map(|one| apart.iter().map(|other| dot(one, other)).collect()).collect();
    Corral::start(&gram).run(&gram)
}

/// Tells the weighted sum of series of the same length.
pub fn mixed(series: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    let mut mixture = vec![0.0; series.first().map_or(0, Vec::len)];
    for (one, weight) in series.iter().zip(weights).filter(|(_, weight)| 0.0 < **weight) {
        mixture.iter_mut().zip(one).for_each(|(sum, value)| *sum += weight * value);
    }
    mixture
}

/// The series in use, with their weights.
struct Corral {
    members: Vec<usize>,
    weights: Vec<f64>,
    size: usize,
    largest: f64,
}

impl Corral {
    fn start(gram: &[Vec<f64>]) -> Self {
        let squares: Vec<f64> =
            gram.iter().enumerate().filter_map(|(at, row)| row.get(at).copied()).collect();
        let nearest = (0..squares.len()).min_by(|&a, &b| entry(&squares, a).total_cmp(&entry(&squares, b)));
        let largest = squares.iter().copied().fold(0.0, f64::max);
        Self { members: nearest.into_iter().collect(), weights: vec![1.0], size: gram.len(), largest }
    }

    fn run(mut self, gram: &[Vec<f64>]) -> Result<Vec<f64>, Error> {
        let steps_max = 50 * (self.size + 1);
        for _ in 0..steps_max {
            let slopes: Vec<f64> = gram.iter().map(|row| self.slope(row)).collect();
            let distance =
                self.members.iter().zip(&self.weights).map(|(&at, by)| by * entry(&slopes, at)).sum::<f64>();
            let best = (0..self.size).min_by(|&a, &b| entry(&slopes, a).total_cmp(&entry(&slopes, b)));
            let Some(best) = best else { break };
            if distance - entry(&slopes, best) <= PRECISION * self.largest || self.members.contains(&best) {
                return Ok(self.spread());
            }
            self.members.push(best);
            self.weights.push(0.0);
            self.settle(gram);
        }
        Err(Error::NoConvergence { what: "the nearest mixture", evaluations: steps_max })
    }

    /// The inner product of one series with the mixture.
    fn slope(&self, row: &[f64]) -> f64 {
        self.members.iter().zip(&self.weights).map(|(&at, by)| by * entry(row, at)).sum()
    }

    /// Moves to the nearest point of the members' plane, and drops members until that lies among them.
    fn settle(&mut self, gram: &[Vec<f64>]) {
        while let Some(aim) = self.nearest_in_plane(gram) {
            if aim.iter().all(|weight| WEIGHT_MIN < *weight) {
                self.weights = aim;
                return;
            }
            let outwards = self.weights.iter().zip(&aim).filter(|(_, aim)| **aim <= WEIGHT_MIN);
            let part = outwards.map(|(weight, aim)| weight / (weight - aim)).fold(1.0, f64::min);
            self.weights.iter_mut().zip(&aim).for_each(|(weight, aim)| *weight += part * (aim - *weight));
            self.drop_without_weight();
        }
        // The members have become dependent by rounding: the newest adds nothing.
        self.members.pop();
        self.weights.pop();
    }

    fn drop_without_weight(&mut self) {
        let least = self.weights.iter().copied().fold(f64::INFINITY, f64::min).max(WEIGHT_MIN);
        let kept: Vec<(usize, f64)> = self
            .members
            .iter()
            .copied()
            .zip(self.weights.iter().copied())
            .filter(|(_, weight)| least < *weight)
            .collect();
        (self.members, self.weights) = kept.into_iter().unzip();
        let total: f64 = self.weights.iter().sum();
        self.weights.iter_mut().for_each(|weight| *weight /= total);
    }

    /// Solves (G + s·11ᵀ)·v = 1 and scales v to the sum one (Wolfe 1976, §3, equation 4.2 with e of the matrix' own size).
    fn nearest_in_plane(&self, gram: &[Vec<f64>]) -> Option<Vec<f64>> {
        let squares = self.members.iter().filter_map(|&at| gram.get(at).map(|row| entry(row, at)));
        let size = squares.fold(f64::MIN_POSITIVE, f64::max);
        let rows: Vec<Vec<f64>> = self
            .members
            .iter()
            .filter_map(|&at| gram.get(at))
            .map(|row| self.members.iter().map(|&at| 1.0 + entry(row, at) / size).collect())
            .collect();
        let solution = Cholesky::of(&rows)?.solve(&vec![1.0; rows.len()]);
        let total: f64 = solution.iter().sum();
        Some(solution.into_iter().map(|weight| weight / total).collect())
    }

    /// The weights of all series.
    fn spread(&self) -> Vec<f64> {
        let mut weights = vec![0.0; self.size];
        for (&at, weight) in self.members.iter().zip(&self.weights) {
            if let Some(place) = weights.get_mut(at) {
                *place = *weight;
            }
        }
        weights
    }
}

fn entry(values: &[f64], at: usize) -> f64 {
    values.get(at).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::count;

    fn noise(seed: u64, length: usize) -> Vec<f64> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            count(usize::try_from(state >> 40).unwrap()) / count(1 << 24) - 0.5
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn a_mixture_is_taken_apart_again() {
        let series: Vec<Vec<f64>> = (1..=12).map(|seed| noise(seed, 40)).collect();
        let truth = [0.0, 0.5, 0.0, 0.0, 0.3, 0.0, 0.0, 0.0, 0.2, 0.0, 0.0, 0.0];
        let target: Vec<f64> =
            (0..40).map(|at| series.iter().zip(truth).map(|(one, weight)| weight * one[at]).sum()).collect();
        let weights = nearest_mixture(&series, &target).unwrap();
        for (found, truth) in weights.iter().zip(truth) {
            assert!((found - truth).abs() < 1e-6, "{weights:?}");
        }
    }

    /// The conditions of Karush, Kuhn and Tucker: no series, used or not, points further away than the mixture.
    #[test]
    fn nothing_lies_nearer_than_the_nearest() {
        for seed in 0..30 {
            let series: Vec<Vec<f64>> = (0..20).map(|one| noise(100 * seed + one, 15)).collect();
            let target = noise(100 * seed + 99, 15);
            let weights = nearest_mixture(&series, &target).unwrap();
            assert!(
                (weights.iter().sum::<f64>() - 1.0).abs() < 1e-9
                    && weights.iter().all(|weight| 0.0 <= *weight)
            );
            let apart: Vec<f64> = (0..15)
                .map(|at| {
                    series.iter().zip(&weights).map(|(one, weight)| weight * one[at]).sum::<f64>()
                        - target[at]
                })
                .collect();
            let slope = |one: &Vec<f64>| {
                let away: Vec<f64> = one.iter().zip(&target).map(|(value, aim)| value - aim).collect();
                dot(&away, &apart)
            };
            let least = series.iter().map(slope).fold(f64::INFINITY, f64::min);
            assert!(dot(&apart, &apart) - least < 1e-8, "{seed}");
        }
    }

    #[test]
    fn twins_and_lone_series_do_not_hang_it() {
        let one = noise(3, 10);
        assert_eq!(nearest_mixture(std::slice::from_ref(&one), &noise(4, 10)).unwrap(), [1.0]);
        let twins = nearest_mixture(&[one.clone(), one.clone(), noise(5, 10)], &one).unwrap();
        assert!((twins[0] + twins[1] - 1.0).abs() < 1e-9, "{twins:?}");
        assert!(nearest_mixture(&[], &[1.0]).is_err());
        assert!(nearest_mixture(&[vec![1.0]], &[1.0, 2.0]).is_err());
    }
}
