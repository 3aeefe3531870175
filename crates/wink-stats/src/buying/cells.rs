//! Customers that look alike to the purchase models, counted once.

use super::History;
use crate::Error;
use crate::numeric::count;

/// Unique (x, t_x, T) with how many customers have it. The likelihood is computed once for each, and logarithms once for each
/// different time.
#[derive(Clone, Debug)]
pub struct Cells {
    pub(super) cells: Vec<Cell>,
    /// The different T, each with its customers and the sum of their repeats.
    pub(super) observed: Vec<Observed>,
    /// The different t_x.
    pub(super) last: Vec<f64>,
    /// How many customers have more than i repeats, for each i up to the most there are.
    pub(super) above: Vec<f64>,
    pub(super) customers: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) repeats: u32,
    /// The place of t_x in [`Cells::last`].
    pub(super) last: u32,
    /// The place of T in [`Cells::observed`].
    pub(super) observed: u32,
    pub(super) customers: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Observed {
    pub(super) time: f64,
    pub(super) customers: f64,
    pub(super) repeats: f64,
}

/// Who buys more often is a reseller or a mistake in the data, and sums over each purchase would take for ever.
const REPEATS_MAX: u32 = 10_000_000;

impl Cells {
    /// Counts customers that look alike.
    ///
    /// # Errors
    /// [`Error::NotFinite`] and [`Error::OutOfRange`] for times that cannot be: negative, the last purchase after the end, a last repeat at
    /// no time or a time without one.
    pub fn of(histories: &[History]) -> Result<Self, Error> {
        let mut keys: Vec<(u64, u64, u32)> = Vec::with_capacity(histories.len());
        for (row, history) in histories.iter().enumerate() {
            check(row, history)?;
            // The bits of positive floats are ordered as they are.
            keys.push((history.observed.to_bits(), history.last.to_bits(), history.repeats));
        }
        keys.sort_unstable();
        let mut last: Vec<u64> =
            keys.chunk_by(|a, b| a == b).filter_map(|same| Some(same.first()?.1)).collect();
        last.sort_unstable();
        last.dedup();
        let mut cells = Self {
            cells: Vec::new(),
            observed: Vec::new(),
            last: last.iter().map(|bits| f64::from_bits(*bits)).collect(),
            above: above(&keys),
            customers: keys.len(),
        };
        for same in keys.chunk_by(|a, b| a.0 == b.0) {
            cells.take(same, &last);
        }
        Ok(cells)
    }

    /// Tells how many customers there are.
    pub fn customers(&self) -> usize {
        self.customers
    }

    /// Tells how many of them differ.
    pub fn different(&self) -> usize {
        self.cells.len()
    }

    /// Takes customers who have been watched for the same time.
    fn take(&mut self, keys: &[(u64, u64, u32)], last: &[u64]) {
        let Some((time, ..)) = keys.first() else { return };
        let observed = small(self.observed.len());
        self.observed.push(Observed {
            time: f64::from_bits(*time),
            customers: count(keys.len()),
            repeats: keys.iter().map(|(.., repeats)| f64::from(*repeats)).sum(),
        });
        for same in keys.chunk_by(|a, b| a == b) {
            let Some((_, when, repeats)) = same.first() else { continue };
            self.cells.push(Cell {
                repeats: *repeats,
                last: small(last.partition_point(|other| other < when)),
                observed,
                customers: small(same.len()),
            });
        }
    }
}

/// How many have more than i repeats: counted once for each i, and summed up from above.
fn above(keys: &[(u64, u64, u32)]) -> Vec<f64> {
    let most = keys.iter().map(|(.., repeats)| *repeats).max().unwrap_or(0);
    let mut above = vec![0.0; usize::try_from(most).unwrap_or(0)];
    for (.., repeats) in keys {
        let place =
            usize::try_from(*repeats).unwrap_or(0).checked_sub(1).and_then(|place| above.get_mut(place));
        place.into_iter().for_each(|place| *place += 1.0);
    }
    let mut sum = 0.0;
    above.iter_mut().rev().for_each(|place| {
        sum += *place;
        *place = sum;
    });
    above
}

fn small(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

pub(super) fn check(row: usize, history: &History) -> Result<(), Error> {
    let History { repeats, last, observed } = *history;
    for (what, value) in [("the time of the last purchase", last), ("the time observed", observed)] {
        if !value.is_finite() {
            return Err(Error::NotFinite { what, row: row + 1 });
        }
        if value < 0.0 || value.is_sign_negative() {
            return Err(Error::OutOfRange { what, value, must: "0 or more" });
        }
    }
    let refused = |what, value, must| Err(Error::OutOfRange { what, value, must });
    if observed < last {
        return refused("the time of the last purchase", last, "at most the time observed");
    }
    if REPEATS_MAX < repeats {
        return refused("the number of repeats", f64::from(repeats), "at most 10 million");
    }
    match (repeats, 0.0 < last) {
        (0, true) => refused("the time of the last purchase", last, "0 for who bought once"),
        (1.., false) => refused("the time of the last purchase", last, "above 0 for who bought again"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(repeats: u32, last: f64, observed: f64) -> History {
        History { repeats, last, observed }
    }

    #[test]
    fn customers_that_look_alike_are_one_cell() {
        let histories = [
            history(2, 3.0, 9.0),
            history(0, 0.0, 9.0),
            history(2, 3.0, 9.0),
            history(1, 3.0, 8.0),
            history(0, 0.0, 9.0),
        ];
        let cells = Cells::of(&histories).unwrap();
        assert_eq!((cells.customers(), cells.different()), (5, 3));
        assert_eq!(cells.last, [0.0, 3.0]);
        assert_eq!(cells.above, [3.0, 2.0]);
        let found: Vec<_> = cells.observed.iter().map(|one| (one.time, one.customers, one.repeats)).collect();
        assert_eq!(found, [(8.0, 1.0, 1.0), (9.0, 4.0, 4.0)]);
    }

    #[test]
    fn histories_that_cannot_be_are_refused() {
        for wrong in [
            history(1, 10.0, 9.0),
            history(1, 0.0, 9.0),
            history(0, 1.0, 9.0),
            history(0, 0.0, -1.0),
            history(1, f64::NAN, 9.0),
            history(1, 1.0, f64::INFINITY),
            history(u32::MAX, 1.0, 2.0),
        ] {
            assert!(Cells::of(&[wrong]).is_err(), "{wrong:?}");
        }
    }
}
