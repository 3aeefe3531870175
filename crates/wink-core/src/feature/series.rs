//! Cells in event-time buckets, and what is kept in a cell. Everything here is a sum: any order of adding and merging gives the same.

use crate::base::{DAY_MS, Timestamp, Zone};

/// Days kept, counted back from the newest day: the longest window (a year) and the allowed lateness (a month). What lies further
/// back is in the journal, not in the state.
pub const HORIZON_DAYS: i32 = 366 + 31;

/// Minutes kept, counted back from the newest: no session is longer than a day, and nothing shorter is asked about the past.
const HORIZON_MINUTES: i32 = 24 * 60;

/// Days of a coarse bucket: fine enough for half-lives of months, and a year is 13 of them.
const COARSE_DAYS: i32 = 28;

/// What a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    /// A minute, of which a day is kept.
    Minute,
    /// A day of UTC.
    Day,
    /// A day on the shop's calendar.
    ShopDay,
    /// Four weeks of UTC.
    FourWeeks,
}

impl Bucket {
    /// Lists them all.
    pub const ALL: [Self; 4] = [Self::Minute, Self::Day, Self::ShopDay, Self::FourWeeks];

    /// Spells it, as accumulators are told apart by it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Day => "day",
            Self::ShopDay => "shop day",
            Self::FourWeeks => "four weeks",
        }
    }

    /// Numbers the bucket an instant lies in.
    pub fn of(self, at: Timestamp, zone: &Zone) -> i32 {
        match self {
            Self::Minute => i32::try_from(at.0.div_euclid(60_000)).unwrap_or(i32::MAX),
            Self::Day => at.day(),
            Self::ShopDay => zone.day(at),
            Self::FourWeeks => at.day().div_euclid(COARSE_DAYS),
        }
    }

    /// Tells an instant that no event in a bucket is earlier than: its beginning, or a day before for the shop's calendar, whose zone
    /// the bucket does not know.
    pub fn start(self, number: i32) -> Timestamp {
        let number = i64::from(number);
        Timestamp(match self {
            Self::Minute => number * 60_000,
            Self::Day => number * DAY_MS,
            Self::ShopDay => (number - 1) * DAY_MS,
            Self::FourWeeks => number * DAY_MS * i64::from(COARSE_DAYS),
        })
    }

    /// Tells the oldest bucket that is kept beside a newest instant.
    fn oldest(self, newest: Timestamp) -> i32 {
        let day = newest.day().saturating_sub(HORIZON_DAYS);
        match self {
            Self::Minute => {
                let minute = i32::try_from(newest.0.div_euclid(60_000)).unwrap_or(i32::MAX);
                minute.saturating_sub(HORIZON_MINUTES)
            }
            // A calendar's day is at most one away from the day of UTC.
            Self::Day | Self::ShopDay => day,
            Self::FourWeeks => day.div_euclid(COARSE_DAYS),
        }
    }

    /// Tells how many days a bucket has.
    pub fn days(self) -> i32 {
        match self {
            Self::Minute => 0,
            Self::Day | Self::ShopDay => 1,
            Self::FourWeeks => COARSE_DAYS,
        }
    }
}

/// What is kept in a cell.
pub trait Cell: Clone + Default {
    /// Adds another one.
    fn merge(&mut self, other: &Self);
}

impl Cell for i64 {
    fn merge(&mut self, other: &Self) {
        *self = self.saturating_add(*other);
    }
}

/// The smallest and the largest of some numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extremes {
    /// The smallest.
    pub min: i64,
    /// The largest.
    pub max: i64,
}

impl Default for Extremes {
    fn default() -> Self {
        Self { min: i64::MAX, max: i64::MIN }
    }
}

impl Cell for Extremes {
    fn merge(&mut self, other: &Self) {
        *self = Self { min: self.min.min(other.min), max: self.max.max(other.max) };
    }
}

/// Cells by bucket number, ascending. A list, as it is short, mostly grown at its end and read in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series<C> {
    /// What a bucket is.
    pub bucket: Bucket,
    /// The cells with their buckets' numbers.
    pub cells: Vec<(i32, C)>,
}

impl<C: Cell> Series<C> {
    /// Starts without cells.
    pub fn new(bucket: Bucket) -> Self {
        Self { bucket, cells: Vec::new() }
    }

    /// Finds the cell of a bucket, or makes it.
    pub fn at(&mut self, number: i32) -> Option<&mut C> {
        let place = match self.cells.last() {
            Some((last, _)) if *last == number => self.cells.len() - 1,
            Some((last, _)) if *last < number => self.make(self.cells.len(), number),
            None => self.make(0, number),
            Some(_) => match self.cells.binary_search_by_key(&number, |(number, _)| *number) {
                Ok(place) => place,
                Err(place) => self.make(place, number),
            },
        };
        self.cells.get_mut(place).map(|(_, cell)| cell)
    }

    fn make(&mut self, place: usize, number: i32) -> usize {
        self.cells.insert(place, (number, C::default()));
        place
    }

    /// Lists the cells from bucket `from` to bucket `to`, both included.
    pub fn between(&self, from: i32, to: i32) -> &[(i32, C)] {
        // Most windows reach to the newest cell, and many back to the first: then there is nothing to search for.
        let start = match self.cells.first() {
            Some((first, _)) if *first < from => self.cells.partition_point(|(number, _)| *number < from),
            _ => 0,
        };
        let end = match self.cells.last() {
            Some((last, _)) if to < *last => self.cells.partition_point(|(number, _)| *number <= to),
            _ => self.cells.len(),
        };
        self.cells.get(start..end).unwrap_or(&[])
    }

    /// Tells the newest bucket's beginning.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.cells.last().map(|(number, _)| self.bucket.start(*number))
    }

    /// Drops what is older than is kept beside `newest`.
    pub(super) fn forget(&mut self, newest: Timestamp) {
        let oldest = self.bucket.oldest(newest);
        if self.cells.first().is_some_and(|(first, _)| *first < oldest) {
            let kept = self.cells.partition_point(|(number, _)| *number < oldest);
            self.cells.drain(..kept);
        }
    }

    /// Adds another series of the same bucket.
    pub(super) fn merge(&mut self, other: &Self) {
        for (number, cell) in &other.cells {
            if let Some(ours) = self.at(*number) {
                ours.merge(cell);
            }
        }
    }
}
