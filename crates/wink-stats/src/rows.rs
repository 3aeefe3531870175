//! A table of numbers, one row per person, that every estimator reads.

use crate::Error;
use crate::error::finite;
use crate::numeric::Chance;

/// A view of `n` rows with the same columns, row after row in one slice; every number in it is finite.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    values: &'a [f64],
    columns: usize,
}

impl<'a> Rows<'a> {
    /// Looks over `values`, which holds `columns` numbers for each row.
    ///
    /// # Errors
    /// [`Error::Shape`] if the last row is not whole, [`Error::NotFinite`] with its row.
    pub fn new(values: &'a [f64], columns: usize) -> Result<Self, Error> {
        let missing = if columns == 0 { 1 } else { (columns - values.len() % columns) % columns };
        if missing != 0 {
            let expected = values.len() + missing;
            return Err(Error::Shape { what: "the table", expected, found: values.len() });
        }
        match finite("a feature", values) {
            Err(Error::NotFinite { what, row }) => {
                Err(Error::NotFinite { what, row: (row - 1) / columns + 1 })
            }
            other => other.map(|()| Self { values, columns }),
        }
    }

    /// Tells how many rows there are.
    pub fn count(&self) -> usize {
        self.values.len() / self.columns
    }

    /// Tells how many columns each row has.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Goes through the rows.
    pub fn iter(&self) -> std::slice::ChunksExact<'a, f64> {
        self.values.chunks_exact(self.columns)
    }

    /// Copies the rows whose number is chosen, in their order.
    pub fn only(&self, chosen: impl Fn(usize) -> bool) -> Table {
        let kept = (0..self.count()).filter(|row| chosen(*row)).count();
        let mut values = Vec::with_capacity(kept * self.columns);
        let kept = self.iter().enumerate().filter(|(row, _)| chosen(*row));
        kept.for_each(|(_, row)| values.extend_from_slice(row));
        Table { values, columns: self.columns }
    }

    /// Copies the rows and puts the same `added` columns behind each.
    pub(crate) fn with(&self, added: &[f64]) -> Table {
        self.with_each(added.len(), |_, values| values.extend_from_slice(added))
    }

    /// Copies the rows and puts `more` columns behind each, which `write` knows by the row's number.
    pub(crate) fn with_each(&self, more: usize, write: impl Fn(usize, &mut Vec<f64>)) -> Table {
        let columns = self.columns + more;
        let mut values = Vec::with_capacity(self.count() * columns);
        for (number, row) in self.iter().enumerate() {
            values.extend_from_slice(row);
            write(number, &mut values);
        }
        Table { values, columns }
    }
}

/// Rows that are owned: what [`Rows::only`] copied.
#[derive(Clone, Debug)]
pub struct Table {
    values: Vec<f64>,
    columns: usize,
}

impl Table {
    /// Looks at the rows.
    pub fn rows(&self) -> Rows<'_> {
        Rows { values: &self.values, columns: self.columns }
    }
}

/// Copies the entries whose number is chosen, in their order: what [`Rows::only`] does to a column beside the table.
pub fn only<T: Copy>(entries: &[T], chosen: impl Fn(usize) -> bool) -> Vec<T> {
    let kept = entries.iter().enumerate().filter(|(number, _)| chosen(*number));
    kept.map(|(_, entry)| *entry).collect()
}

/// Cuts what stands in the rising order of a key into parts with about as many in each. Whatever has the same key is in the same part, so that
/// there may be fewer.
pub(crate) fn parts_of_like<T>(ordered: &[T], parts: usize, key: impl Fn(&T) -> f64) -> Vec<&[T]> {
    // A part ends behind the last of those that are the same.
    let end = |part: usize| {
        let at = part * ordered.len() / parts;
        let last = at.checked_sub(1).and_then(|last| ordered.get(last));
        last.map_or(0, |last| ordered.partition_point(|one| key(one).total_cmp(&key(last)).is_le()))
    };
    let ends: Vec<usize> = (0..=parts).map(end).collect();
    let cut = ends.windows(2).filter_map(|ends| ordered.get(*ends.first()?..*ends.last()?));
    cut.filter(|part| !part.is_empty()).collect()
}

/// Draws an order of the numbers below `count` (Fisher and Yates; Knuth, "The Art of Computer Programming", volume 2, algorithm
/// 3.4.2P).
pub(crate) fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut chance = Chance::of(seed);
    for last in (1..count).rev() {
        order.swap(last, chance.below(last + 1));
    }
    order
}

/// Puts half of the rows, the larger half if their number is odd, into the first part, by chance.
pub fn random_half(count: usize, seed: u64) -> Vec<bool> {
    let mut first = vec![false; count];
    for row in shuffled(count, seed).into_iter().take(count.div_ceil(2)) {
        first.iter_mut().skip(row).take(1).for_each(|first| *first = true);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_a_hole_is_refused_with_its_row() {
        let values = [1.0, 2.0, f64::NAN, 4.0];
        assert_eq!(Rows::new(&values, 2).unwrap_err(), Error::NotFinite { what: "a feature", row: 2 });
        assert!(matches!(Rows::new(&values[..3], 2), Err(Error::Shape { expected: 4, found: 3, .. })));
        assert!(matches!(Rows::new(&values, 0), Err(Error::Shape { .. })));
    }

    #[test]
    fn halves_are_drawn_from_the_seed() {
        let half = random_half(101, 1);
        assert_eq!(half.iter().filter(|first| **first).count(), 51);
        assert_eq!(random_half(101, 1), half);
        assert_ne!(random_half(101, 2), half);
    }

    #[test]
    fn rows_are_copied_by_number() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let table = Rows::new(&values, 2).unwrap().only(|row| row != 1);
        assert_eq!(table.rows().iter().collect::<Vec<_>>(), [&[1.0, 2.0], &[5.0, 6.0]]);
        assert_eq!(only(&["a", "b", "c"], |row| row != 1), ["a", "c"]);
    }
}
