//! Small symmetric matrices: sums of outer products, and systems solved by Cholesky's decomposition.
#![expect(
    clippy::indexing_slicing,
    reason = "every index is below the size the matrix was made with, and lengths are asserted where they come in"
)]

use crate::Error;
use crate::error::same_length;

/// A symmetric matrix of which the lower triangle is kept, row by row: entry (i, j) with j ≤ i lies at i(i + 1)/2 + j.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Symmetric {
    size: usize,
    lower: Vec<f64>,
}

/// Where row `i` of a lower triangle begins.
fn start(i: usize) -> usize {
    i * (i + 1) / 2
}

impl Symmetric {
    /// Makes the matrix of zeros.
    pub(crate) fn zero(size: usize) -> Self {
        Self { size, lower: vec![0.0; start(size)] }
    }

    /// Makes a diagonal matrix.
    pub(crate) fn diagonal(entries: &[f64]) -> Self {
        let mut matrix = Self::zero(entries.len());
        (0..).zip(entries).for_each(|(i, entry)| matrix.lower[start(i) + i] = *entry);
        matrix
    }

    /// Takes the lower triangle, row by row.
    ///
    /// # Errors
    /// [`Error::Shape`] if it is not that of a matrix of this size.
    pub(crate) fn from_lower(size: usize, lower: &[f64]) -> Result<Self, Error> {
        same_length("the lower triangle", start(size), lower.len())?;
        Ok(Self { size, lower: lower.to_vec() })
    }

    /// Tells the lower triangle, row by row.
    pub(crate) fn lower(&self) -> &[f64] {
        &self.lower
    }

    /// Goes through the diagonal.
    pub(crate) fn diagonal_entries(&self) -> impl Iterator<Item = f64> {
        (0..self.size).map(|i| self.lower[start(i) + i])
    }

    /// Adds `weight · x xᵀ`.
    pub(crate) fn add_outer(&mut self, x: &[f64], weight: f64) {
        assert_eq!(x.len(), self.size, "a row as long as the matrix is wide");
        let mut rest = self.lower.as_mut_slice();
        for i in 0..self.size {
            let (row, after) = rest.split_at_mut(i + 1);
            let scaled = weight * x[i];
            if scaled != 0.0 {
                row.iter_mut().zip(x).for_each(|(entry, x)| *entry += scaled * x);
            }
            rest = after;
        }
    }

    /// Adds `factor` times another matrix.
    pub(crate) fn add(&mut self, other: &Self, factor: f64) {
        assert_eq!(other.size, self.size, "matrices of one size");
        self.lower.iter_mut().zip(&other.lower).for_each(|(entry, other)| *entry += factor * other);
    }

    /// Multiplies every entry.
    pub(crate) fn scale(&mut self, factor: f64) {
        self.lower.iter_mut().for_each(|entry| *entry *= factor);
    }

    /// Writes the product with `x` into `out`.
    pub(crate) fn times(&self, x: &[f64], out: &mut [f64]) {
        assert!(x.len() == self.size && out.len() == self.size, "vectors as long as the matrix is wide");
        out.fill(0.0);
        let mut rest = self.lower.as_slice();
        for i in 0..self.size {
            let (row, after) = rest.split_at(i + 1);
            let mut sum = row[i] * x[i];
            for j in 0..i {
                sum += row[j] * x[j];
                out[j] += row[j] * x[i];
            }
            out[i] += sum;
            rest = after;
        }
    }

    /// Tells `xᵀ A x`.
    pub(crate) fn quadratic(&self, x: &[f64]) -> f64 {
        assert_eq!(x.len(), self.size, "a row as long as the matrix is wide");
        let mut rest = self.lower.as_slice();
        let mut sum = 0.0;
        for i in 0..self.size {
            let (row, after) = rest.split_at(i + 1);
            let beside: f64 = row[..i].iter().zip(x).map(|(entry, x)| entry * x).sum();
            sum += x[i] * (2.0 * beside + row[i] * x[i]);
            rest = after;
        }
        sum
    }

    /// Decomposes into `L Lᵀ` (Golub and Van Loan 2013, algorithm 4.2.1); `None` unless positive definite.
    pub(crate) fn factor(&self) -> Option<Factor> {
        let mut lower = self.lower.clone();
        for i in 0..self.size {
            let (above, row) = lower.split_at_mut(start(i));
            for j in 0..=i {
                let other = if j < i { &above[start(j)..] } else { &[] };
                let inner: f64 = (0..j).map(|k| row[k] * if j < i { other[k] } else { row[k] }).sum();
                let rest = row[j] - inner;
                row[j] = if j < i { rest / other[j] } else { libm::sqrt(rest) };
            }
            // Also false for NaN, which a negative pivot gives.
            let is_positive = 0.0 < row[i] && row[i].is_finite();
            if !is_positive {
                return None;
            }
        }
        Some(Factor { size: self.size, lower })
    }
}

/// The lower triangle `L` of a decomposition `A = L Lᵀ`.
#[derive(Clone, Debug)]
pub(crate) struct Factor {
    size: usize,
    lower: Vec<f64>,
}

impl Factor {
    /// Solves `A x = b` in place.
    pub(crate) fn solve(&self, b: &mut [f64]) {
        assert_eq!(b.len(), self.size, "a side as long as the matrix is wide");
        for i in 0..self.size {
            let row = &self.lower[start(i)..];
            let known: f64 = (0..i).map(|j| row[j] * b[j]).sum();
            b[i] = (b[i] - known) / row[i];
        }
        for i in (0..self.size).rev() {
            let known: f64 = (i + 1..self.size).map(|j| self.lower[start(j) + i] * b[j]).sum();
            b[i] = (b[i] - known) / self.lower[start(i) + i];
        }
    }

    /// Tells the inverse of `A`.
    pub(crate) fn inverse(&self) -> Symmetric {
        let mut inverse = Symmetric::zero(self.size);
        let mut column = vec![0.0; self.size];
        for j in 0..self.size {
            column.fill(0.0);
            column[j] = 1.0;
            self.solve(&mut column);
            (j..self.size).for_each(|i| inverse.lower[start(i) + j] = column[i]);
        }
        inverse
    }
}

/// Tells the inner product of two vectors of one length.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[[4, 2, 1], [2, 5, 3], [1, 3, 6]]`
    fn sample() -> Symmetric {
        Symmetric { size: 3, lower: vec![4.0, 2.0, 5.0, 1.0, 3.0, 6.0] }
    }

    #[test]
    fn a_system_is_solved() {
        let mut x = vec![9.0, 17.0, 23.0];
        sample().times(&[1.0, 2.0, 3.0], &mut x);
        assert_eq!(x, [11.0, 21.0, 25.0]);
        sample().factor().unwrap().solve(&mut x);
        for (found, wanted) in x.iter().zip([1.0, 2.0, 3.0]) {
            assert!((found - wanted).abs() < 1e-12, "{x:?}");
        }
        assert_eq!(sample().quadratic(&[1.0, 2.0, 3.0]), 11.0 + 42.0 + 75.0);
    }

    #[test]
    fn the_inverse_undoes_the_matrix() {
        let inverse = sample().factor().unwrap().inverse();
        let (mut there, mut back) = (vec![0.0; 3], vec![0.0; 3]);
        sample().times(&[1.0, -2.0, 0.5], &mut there);
        inverse.times(&there, &mut back);
        for (found, wanted) in back.iter().zip([1.0, -2.0, 0.5]) {
            assert!((found - wanted).abs() < 1e-12, "{back:?}");
        }
    }

    #[test]
    fn what_is_not_positive_definite_has_no_factor() {
        let mut flat = Symmetric::zero(2);
        flat.add_outer(&[1.0, 1.0], 1.0);
        assert!(flat.factor().is_none());
        flat.add(&Symmetric::diagonal(&[-5.0, 0.0]), 1.0);
        assert!(flat.factor().is_none());
        flat.add(&Symmetric::diagonal(&[f64::NAN, 0.0]), 1.0);
        assert!(flat.factor().is_none());
    }
}
