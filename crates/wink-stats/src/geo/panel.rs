//! One number for each region and time, without a gap.

use crate::Error;
use crate::error::{at_least, finite, same_length};

/// A balanced panel: as many values for each region, in the order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    series: Vec<Vec<f64>>,
    times: usize,
}

impl Panel {
    /// Takes one series for each region.
    ///
    /// # Errors
    /// [`Error::NotEnoughData`] without regions or times, [`Error::Shape`] for series of different lengths, [`Error::NotFinite`].
    pub fn of(series: Vec<Vec<f64>>) -> Result<Self, Error> {
        let times = series.first().map_or(0, Vec::len);
        at_least("regions", 1, series.len())?;
        at_least("times", 1, times)?;
        for one in &series {
            same_length("the series of a region", times, one.len())?;
            finite("the value", one)?;
        }
        Ok(Self { series, times })
    }

    /// Sorts rows of (region, time, value) into a panel; regions and times are numbers from zero on, without a gap.
    ///
    /// # Errors
    /// [`Error::Shape`] unless each region has each time exactly once, [`Error::NotFinite`], and as [`Panel::of`].
    pub fn of_rows(regions: &[usize], times: &[usize], values: &[f64]) -> Result<Self, Error> {
        same_length("the column of times", regions.len(), times.len())?;
        same_length("the column of values", regions.len(), values.len())?;
        finite("the value", values)?;
        let count = |column: &[usize]| column.iter().max().map_or(0, |most| most + 1);
        let (units, length) = (count(regions), count(times));
        // Checked first: with regions or times far apart the panel would be larger than any memory.
        same_length("the panel of every region and time", units.saturating_mul(length), values.len())?;
        let mut series = vec![vec![f64::NAN; length]; units];
        let mut filled = 0;
        for ((region, time), value) in regions.iter().zip(times).zip(values) {
            if let Some(place) = series.get_mut(*region).and_then(|one| one.get_mut(*time)) {
                filled += usize::from(place.is_nan());
                *place = *value;
            }
        }
        same_length("the panel of every region and time", units * length, filled)?;
        Self::of(series)
    }

    /// Tells how many regions there are.
    pub fn regions(&self) -> usize {
        self.series.len()
    }

    /// Tells how many times there are.
    pub fn times(&self) -> usize {
        self.times
    }

    /// Tells a region's series; empty for one that is not there.
    pub fn series(&self, region: usize) -> &[f64] {
        self.series.get(region).map(Vec::as_slice).unwrap_or_default()
    }

    /// Keeps the times before `end`.
    pub fn before(&self, end: usize) -> Self {
        let series = self.series.iter().map(|one| one.iter().copied().take(end).collect()).collect();
        Self { series, times: self.times.min(end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_in_any_order_are_a_panel() {
        let panel = Panel::of_rows(&[1, 0, 1, 0], &[0, 1, 1, 0], &[3.0, 2.0, 4.0, 1.0]).unwrap();
        assert_eq!((panel.series(0), panel.series(1)), ([1.0, 2.0].as_slice(), [3.0, 4.0].as_slice()));
        assert_eq!(panel.before(1).series(1), [3.0]);
    }

    #[test]
    fn gaps_and_doubles_are_refused() {
        assert!(matches!(Panel::of_rows(&[0, 1, 1], &[0, 0, 1], &[1.0; 3]), Err(Error::Shape { .. })));
        assert!(matches!(Panel::of_rows(&[0, 0, 1, 1], &[0, 1, 0, 0], &[1.0; 4]), Err(Error::Shape { .. })));
        assert!(matches!(Panel::of_rows(&[0, usize::MAX - 1], &[0, 0], &[1.0; 2]), Err(Error::Shape { .. })));
        assert!(matches!(Panel::of(vec![vec![1.0, f64::NAN]]), Err(Error::NotFinite { row: 2, .. })));
        assert!(matches!(Panel::of(vec![]), Err(Error::NotEnoughData { .. })));
    }
}
