//! The factor of a positive definite matrix, for systems of a few dozen unknowns.

/// A lower triangular matrix L with A = L·Lᵀ (Golub, Van Loan 2013, §4.2.3); row i has i + 1 entries.
#[derive(Clone, Debug)]
pub struct Cholesky {
    rows: Vec<Vec<f64>>,
}

/// A pivot below this part of its diagonal entry is rounding, not information.
const PIVOT_MIN: f64 = 1e-13;

impl Cholesky {
    /// Factors a symmetric matrix given by rows, of which the lower triangle is read; `None` unless it is positive definite.
    pub fn of(matrix: &[impl AsRef<[f64]>]) -> Option<Self> {
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(matrix.len());
        for line in matrix {
            let line = line.as_ref();
            let mut row: Vec<f64> = Vec::with_capacity(rows.len() + 1);
            for (entry, above) in line.iter().zip(&rows) {
                // `row` has as many entries as stand before the diagonal of `above`, so the product ends there.
                row.push((entry - dot(&row, above)) / above.last()?);
            }
            let diagonal = line.get(row.len())?;
            let pivot = diagonal - dot(&row, &row);
            let is_positive = PIVOT_MIN * diagonal.abs() < pivot;
            if !is_positive {
                return None;
            }
            row.push(pivot.sqrt());
            rows.push(row);
        }
        Some(Self { rows })
    }

    /// Solves A·x = b.
    pub fn solve(&self, right: &[f64]) -> Vec<f64> {
        let mut solution: Vec<f64> = Vec::with_capacity(right.len());
        for (row, entry) in self.rows.iter().zip(right) {
            let pivot = row.last().copied().unwrap_or(1.0);
            solution.push((entry - dot(row, &solution)) / pivot);
        }
        for (index, row) in self.rows.iter().enumerate().rev() {
            let (before, rest) = solution.split_at_mut(index);
            if let (Some(entry), Some((pivot, lower))) = (rest.first_mut(), row.split_last()) {
                *entry /= pivot;
                before.iter_mut().zip(lower).for_each(|(known, weight)| *known -= weight * *entry);
            }
        }
        solution
    }

    /// Tells the inverse of A by rows.
    pub fn inverse(&self) -> Vec<Vec<f64>> {
        let size = self.rows.len();
        let unit = |index: usize| (0..size).map(move |at| if at == index { 1.0 } else { 0.0 });
        (0..size).map(|index| self.solve(&unit(index).collect::<Vec<_>>())).collect()
    }
}

/// Tells the inner product, over the shorter of both.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_solved() {
        let factor = Cholesky::of(&[[4.0, 2.0, 0.6], [2.0, 5.0, 1.0], [0.6, 1.0, 3.0]]).unwrap();
        let solution = factor.solve(&[9.8, 15.0, 11.6]);
        for (found, truth) in solution.iter().zip([1.0, 2.0, 3.0]) {
            assert!((found - truth).abs() < 1e-12, "{solution:?}");
        }
        let inverse = factor.inverse();
        assert!((dot(&inverse[1], &[2.0, 5.0, 1.0]) - 1.0).abs() < 1e-12);
        assert!(dot(&inverse[1], &[4.0, 2.0, 0.6]).abs() < 1e-12);
    }

    #[test]
    fn a_matrix_without_a_factor_has_none() {
        assert!(Cholesky::of(&[[1.0, 2.0], [2.0, 1.0]]).is_none());
        assert!(Cholesky::of(&[[1.0, 1.0], [1.0, 1.0]]).is_none());
        assert!(Cholesky::of(&[[f64::NAN]]).is_none());
    }
}
