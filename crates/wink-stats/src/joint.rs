//! Two numbers of each person, summed up, mergeable in any order.

use crate::Moments;
use crate::moments::real;

/// Means, variances and covariance of pairs (Chan, Golub, LeVeque 1979, equations 2.1; for the covariance Bennett et al. 2009, equation 3.6).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct JointMoments {
    count: u64,
    mean_x: f64,
    mean_y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

impl JointMoments {
    /// Adds a pair.
    pub fn add(&mut self, x: f64, y: f64) {
        self.merge(&Self { count: 1, mean_x: x, mean_y: y, ..Self::default() });
    }

    /// Adds another sample.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let count = self.count + other.count;
        let (ours, theirs, all) = (real(self.count), real(other.count), real(count));
        let (apart_x, apart_y) = (other.mean_x - self.mean_x, other.mean_y - self.mean_y);
        let weight = ours * theirs / all;
        self.xx += other.xx + apart_x * apart_x * weight;
        self.xy += other.xy + apart_x * apart_y * weight;
        self.yy += other.yy + apart_y * apart_y * weight;
        self.mean_x += apart_x * theirs / all;
        self.mean_y += apart_y * theirs / all;
        self.count = count;
    }

    /// Sums two slices up, over the shorter of both.
    pub fn of(x: &[f64], y: &[f64]) -> Self {
        let mut joint = Self::default();
        x.iter().zip(y).for_each(|(x, y)| joint.add(*x, *y));
        joint
    }

    /// Tells how many pairs there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Tells the mean of x; 0 of none.
    pub fn mean_x(&self) -> f64 {
        self.mean_x
    }

    /// Tells the mean of y; 0 of none.
    pub fn mean_y(&self) -> f64 {
        self.mean_y
    }

    /// Tells the sum of squared deviations of x.
    pub fn squares_x(&self) -> f64 {
        self.xx
    }

    /// Tells the sum of products of deviations.
    pub fn products(&self) -> f64 {
        self.xy
    }

    /// Tells the moments of y − slope·x, without anybody's numbers at hand.
    pub fn residual(&self, slope: f64) -> Moments {
        let squares = self.yy - 2.0 * slope * self.xy + slope * slope * self.xx;
        // Below 0 is rounding. What is no number, of values too large to be squared, stays so: it must not pass for "no variance".
        let squares = if squares < 0.0 { 0.0 } else { squares };
        let variance = if self.count < 2 { 0.0 } else { squares / real(self.count - 1) };
        Moments::from_parts(self.count, self.mean_y - slope * self.mean_x, variance)
    }

    /// Tells the moments of y alone.
    pub fn y(&self) -> Moments {
        self.residual(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residuals_are_those_of_the_pairs() {
        let (x, y) = ([1.0, 2.0, 4.0, 7.0, 7.5], [2.0, 1.0, 5.0, 6.0, 9.0]);
        let mut joint = JointMoments::of(&x[..2], &y[..2]);
        joint.merge(&JointMoments::of(&x[2..], &y[2..]));
        joint.merge(&JointMoments::default());
        for slope in [0.0, 0.7, -2.0] {
            let plain: Vec<f64> = x.iter().zip(y).map(|(x, y)| y - slope * x).collect();
            let (found, truth) = (joint.residual(slope), Moments::of(&plain));
            assert!((found.mean().unwrap() - truth.mean().unwrap()).abs() < 1e-12);
            assert!((found.variance().unwrap() - truth.variance().unwrap()).abs() < 1e-12);
        }
    }
}
