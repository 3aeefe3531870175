//! Small symmetric matrices that are sums of outer products.
#![expect(
    clippy::indexing_slicing,
    reason = "every index is below the size the matrix was made with, and lengths are asserted where they come in"
)]

use crate::Error;
use crate::error::same_length;
use crate::numeric::Cholesky;

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

    /// Decomposes it; `None` unless positive definite.
    pub(crate) fn factor(&self) -> Option<Cholesky> {
        let rows: Vec<&[f64]> = (0..self.size).map(|i| &self.lower[start(i)..start(i + 1)]).collect();
        Cholesky::of(&rows)
    }

    /// Tells the inverse of what was decomposed.
    pub(crate) fn inverse_of(factor: &Cholesky, size: usize) -> Self {
        let mut inverse = Self::zero(size);
        let mut unit = vec![0.0; size];
        for j in 0..size {
            unit[j] = 1.0;
            let column = factor.solve(&unit);
            unit[j] = 0.0;
            (j..size).for_each(|i| inverse.lower[start(i) + j] = column[i]);
        }
        inverse
    }
}

/// A sum of many outer products, of which sixteen entries are added at a time: the same sums as by [`Symmetric::add_outer`].
pub(crate) struct OuterSum {
    size: usize,
    /// Four rows and four columns each: the block of rows `b` and columns `c` ≤ `b` lies at b(b + 1)/2 + c. What is beyond the size, or above the
    /// diagonal, is added and not read.
    blocks: Vec<[[f64; 4]; 4]>,
}

impl OuterSum {
    pub(crate) fn zero(size: usize) -> Self {
        Self { size, blocks: vec![[[0.0; 4]; 4]; start(size.div_ceil(4))] }
    }

    /// Makes a vector of zeros to be filled with what [`Self::add`] takes.
    pub(crate) fn vector(size: usize) -> Vec<[f64; 4]> {
        vec![[0.0; 4]; size.div_ceil(4)]
    }

    /// Multiplies two such vectors: four sums, which do not wait for each other, then their sum.
    pub(crate) fn dot(one: &[[f64; 4]], other: &[[f64; 4]]) -> f64 {
        let mut sums = [0.0; 4];
        for (one, other) in one.iter().zip(other) {
            sums.iter_mut().zip(one.iter().zip(other)).for_each(|(sum, (one, other))| *sum += one * other);
        }
        let [a, b, c, d] = sums;
        (a + b) + (c + d)
    }

    /// Adds `weight · x xᵀ`; what x has behind the size does not count.
    pub(crate) fn add(&mut self, x: &[[f64; 4]], weight: f64) {
        assert_eq!(x.len(), self.size.div_ceil(4), "a row as long as the matrix is wide");
        let mut rest = self.blocks.as_mut_slice();
        for (b, own) in x.iter().enumerate() {
            let (row, after) = rest.split_at_mut(b + 1);
            let scaled = own.map(|own| weight * own);
            for (block, x) in row.iter_mut().zip(x) {
                for (sums, scaled) in block.iter_mut().zip(scaled) {
                    sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += scaled * x);
                }
            }
            rest = after;
        }
    }

    pub(crate) fn matrix(&self) -> Symmetric {
        let mut matrix = Symmetric::zero(self.size);
        for i in 0..self.size {
            for j in 0..=i {
                matrix.lower[start(i) + j] = self.blocks[start(i / 4) + j / 4][i % 4][j % 4];
            }
        }
        matrix
    }
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
        let x = sample().factor().unwrap().solve(&x);
        for (found, wanted) in x.iter().zip([1.0, 2.0, 3.0]) {
            assert!((found - wanted).abs() < 1e-12, "{x:?}");
        }
        assert_eq!(sample().quadratic(&[1.0, 2.0, 3.0]), 11.0 + 42.0 + 75.0);
    }

    #[test]
    fn the_inverse_undoes_the_matrix() {
        let inverse = Symmetric::inverse_of(&sample().factor().unwrap(), 3);
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

    #[test]
    fn four_at_a_time_are_the_same_sums() {
        for size in [1, 3, 4, 5, 10] {
            let (mut plain, mut lanes) = (Symmetric::zero(size), OuterSum::zero(size));
            for row in 0..7_u32 {
                let x: Vec<f64> =
                    (0..size).map(|i| f64::from(row) - 0.3 * crate::numeric::count(i)).collect();
                let mut padded = OuterSum::vector(size);
                padded.as_flattened_mut()[..size].copy_from_slice(&x);
                let weight = 0.1 + f64::from(row);
                plain.add_outer(&x, weight);
                lanes.add(&padded, weight);
            }
            assert_eq!(lanes.matrix(), plain, "{size}");
        }
    }
}
