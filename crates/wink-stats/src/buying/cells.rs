//! Customers that look alike to the purchase models, counted once.

use super::History;
use super::odds::{TABLED, count_up};
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
    /// How many cells have so many repeats, up to [`TABLED`].
    pub(super) repeated: Vec<usize>,
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
            above: above(keys.iter().map(|(.., repeats)| (*repeats, 1))),
            customers: keys.len(),
            repeated: Vec::new(),
        };
        for same in keys.chunk_by(|a, b| a.0 == b.0) {
            cells.take(same, &last);
        }
        cells.repeated = repeated_of(&cells.cells);
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

    /// Every so many-th customer, in the order of T, t_x and x: a smaller crowd that is spread over all times as the whole is. It needs
    /// no chance, and is the same from the same customers.
    pub(super) fn thinned(&self, every: u32) -> Self {
        let every = every.max(1);
        let mut thin = Self {
            cells: Vec::new(),
            observed: Vec::new(),
            last: Vec::new(),
            above: Vec::new(),
            customers: 0,
            repeated: Vec::new(),
        };
        let mut places: Vec<Option<u32>> = vec![None; self.last.len()];
        let mut until_next = every / 2;
        for cells in self.cells.chunk_by(|a, b| a.observed == b.observed) {
            let observed = small(thin.observed.len());
            let (mut customers, mut repeats) = (0.0, 0.0);
            for cell in cells {
                // INVARIANT: until_next < every.
                let chosen = cell.customers.saturating_add(every - 1 - until_next) / every;
                until_next = (until_next + chosen * every).saturating_sub(cell.customers);
                let Some(time) = place(&self.last, cell.last).filter(|_| 0 < chosen) else { continue };
                let Some(known) = usize::try_from(cell.last).ok().and_then(|at| places.get_mut(at)) else {
                    continue;
                };
                let last = *known.get_or_insert_with(|| {
                    thin.last.push(time);
                    small(thin.last.len() - 1)
                });
                thin.cells.push(Cell { last, observed, customers: chosen, ..*cell });
                customers += f64::from(chosen);
                repeats += f64::from(chosen) * f64::from(cell.repeats);
            }
            let time = cells.first().and_then(|cell| self.observed.get(usize::try_from(cell.observed).ok()?));
            if let Some(time) = time.map(|one| one.time).filter(|_| 0.0 < customers) {
                thin.observed.push(Observed { time, customers, repeats });
            }
        }
        thin.customers = thin.cells.iter().map(|cell| usize::try_from(cell.customers).unwrap_or(0)).sum();
        thin.repeated = repeated_of(&thin.cells);
        thin.above = above(thin.cells.iter().map(|cell| (cell.repeats, cell.customers)));
        thin
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

/// How many have more than i repeats, of so many customers with so many each: counted once for each i, and summed up from above.
fn above(counted: impl Iterator<Item = (u32, u32)> + Clone) -> Vec<f64> {
    let most = counted.clone().map(|(repeats, _)| repeats).max().unwrap_or(0);
    let mut above = vec![0.0; usize::try_from(most).unwrap_or(0)];
    for (repeats, customers) in counted {
        let place =
            usize::try_from(repeats).unwrap_or(0).checked_sub(1).and_then(|place| above.get_mut(place));
        place.into_iter().for_each(|place| *place += f64::from(customers));
    }
    let mut sum = 0.0;
    above.iter_mut().rev().for_each(|place| {
        sum += *place;
        *place = sum;
    });
    above
}

fn repeated_of(cells: &[Cell]) -> Vec<usize> {
    let mut repeated = vec![0; TABLED];
    cells.iter().for_each(|cell| count_up(&mut repeated, cell.repeats));
    repeated
}

fn place(times: &[f64], at: u32) -> Option<f64> {
    times.get(usize::try_from(at).ok()?).copied()
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
    fn every_so_many_th_customer_is_a_smaller_crowd_of_the_same_kind() {
        let histories: Vec<History> = (0..1_000_u32)
            .map(|number| {
                let repeats = number % 7;
                let last = if repeats == 0 { 0.0 } else { f64::from(1 + number % 11) };
                history(repeats, last, f64::from(20 + number % 3))
            })
            .chain((0..500).map(|_| history(0, 0.0, 20.0)))
            .collect();
        let cells = Cells::of(&histories).unwrap();
        assert_eq!(cells.thinned(1).above, cells.above);
        for every in [1, 2, 7, 64] {
            let thin = cells.thinned(every);
            let whole = cells.customers() / usize::try_from(every).unwrap();
            assert!(thin.customers().abs_diff(whole) <= 1, "{every}: {}", thin.customers());
            let counted: u32 = thin.cells.iter().map(|cell| cell.customers).sum();
            assert_eq!(count(thin.customers()), f64::from(counted));
            assert_eq!(thin.observed.iter().map(|one| one.customers).sum::<f64>(), f64::from(counted));
            let repeats: f64 = thin.observed.iter().map(|one| one.repeats).sum();
            assert_eq!(thin.above.iter().sum::<f64>(), repeats);
            for cell in &thin.cells {
                let time = |times: &[f64], at: u32| times[at as usize];
                let same = cells.cells.iter().any(|other| {
                    (other.repeats, time(&cells.last, other.last))
                        == (cell.repeats, time(&thin.last, cell.last))
                        && cells.observed[other.observed as usize].time
                            == thin.observed[cell.observed as usize].time
                        && cell.customers <= other.customers
                });
                assert!(same, "{cell:?} is nobody's");
            }
        }
        assert_eq!(cells.thinned(1_000_000).customers(), 0);
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
