//! What is remembered of the events of one identity: accumulators, told apart by what defines them. Whole numbers and sets only, so
//! that any order of events and any order of merging gives the same state.

use super::series::{Cell, Extremes, Series};
use super::sketch::{Histogram, Registers, Shared};
use crate::base::{Hasher, Timestamp};

/// Which accumulator: a hash of what defines it, so that two features that need the same sums share them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccumulatorId(pub u32);

impl AccumulatorId {
    /// Tells the id of the accumulator that this text defines.
    pub(super) fn of(text: &str) -> Self {
        let [a, b, c, d, ..] = Hasher::new("accumulator").field(text.as_bytes()).finish().0;
        Self(u32::from_be_bytes([a, b, c, d]))
    }
}

/// The folded events of one identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Ordered by accumulator.
    pub(super) accumulated: Vec<(AccumulatorId, Accumulated)>,
}

/// What one accumulator holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accumulated {
    /// Sums by bucket.
    Sums(Series<i64>),
    /// The smallest and largest by bucket.
    Extremes(Series<Extremes>),
    /// The newest instants, ascending.
    Times(Times),
    /// The earliest value.
    First(Stamped),
    /// The newest value.
    Last(Stamped),
    /// How many different, by bucket.
    Distinct(Series<Registers>),
    /// How numbers are spread, by bucket.
    Spread(Series<Histogram>),
    /// Sums by name, by bucket.
    Shares(Series<Shared>),
    /// The newest name.
    Name(Named),
}

/// The newest instants, and how many of them are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// At most so many.
    pub keep: u16,
    /// Ascending; two events of one instant are two.
    pub at: Vec<Timestamp>,
}

impl Times {
    /// Adds an instant.
    pub(super) fn add(&mut self, at: Timestamp) {
        let place = self.at.partition_point(|other| *other <= at);
        self.at.insert(place, at);
        if usize::from(self.keep) < self.at.len() {
            self.at.remove(0);
        }
    }

    /// Finds the newest that is not after `now`.
    pub(super) fn newest(&self, now: Timestamp) -> Option<Timestamp> {
        self.at.iter().rev().find(|at| **at <= now).copied()
    }
}

/// A number with the instant it was said at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamped {
    /// When.
    pub at: Timestamp,
    /// What.
    pub value: i64,
}

/// A name with the instant it was said at. Of two said at one instant the greater counts, so that no order matters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// When.
    pub at: Timestamp,
    /// What.
    pub name: Box<str>,
}

impl Accumulated {
    /// Adds what another one of the same accumulator holds. Two that differ in kind are of no one accumulator; then nothing is added.
    pub(super) fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Sums(ours), Self::Sums(theirs)) => ours.merge(theirs),
            (Self::Extremes(ours), Self::Extremes(theirs)) => ours.merge(theirs),
            (Self::Times(ours), Self::Times(theirs)) => theirs.at.iter().for_each(|at| ours.add(*at)),
            (Self::First(ours), Self::First(theirs)) => *ours = (*ours).min(*theirs),
            (Self::Last(ours), Self::Last(theirs)) => *ours = (*ours).max(*theirs),
            (Self::Distinct(ours), Self::Distinct(theirs)) => ours.merge(theirs),
            (Self::Spread(ours), Self::Spread(theirs)) => ours.merge(theirs),
            (Self::Shares(ours), Self::Shares(theirs)) => ours.merge(theirs),
            (Self::Name(ours), Self::Name(theirs)) if *ours < *theirs => ours.clone_from(theirs),
            _ => {}
        }
    }

    /// Tells when the newest of what it holds happened, as exactly as it knows.
    pub fn newest(&self) -> Option<Timestamp> {
        match self {
            Self::Sums(series) => series.newest(),
            Self::Extremes(series) => series.newest(),
            Self::Times(times) => times.at.last().copied(),
            Self::First(stamped) | Self::Last(stamped) => Some(stamped.at),
            Self::Distinct(series) => series.newest(),
            Self::Spread(series) => series.newest(),
            Self::Shares(series) => series.newest(),
            Self::Name(named) => Some(named.at),
        }
    }

    fn forget(&mut self, newest: Timestamp) -> bool {
        fn rest<C: Cell>(series: &mut Series<C>, newest: Timestamp) -> bool {
            series.forget(newest);
            !series.cells.is_empty()
        }
        match self {
            Self::Sums(series) => rest(series, newest),
            Self::Extremes(series) => rest(series, newest),
            Self::Distinct(series) => rest(series, newest),
            Self::Spread(series) => rest(series, newest),
            Self::Shares(series) => rest(series, newest),
            Self::Times(_) | Self::First(_) | Self::Last(_) | Self::Name(_) => true,
        }
    }
}

impl State {
    /// Takes stored accumulators, in any order.
    pub fn new(mut accumulated: Vec<(AccumulatorId, Accumulated)>) -> Self {
        accumulated.sort_by_key(|(id, _)| *id);
        accumulated.dedup_by_key(|(id, _)| *id);
        Self { accumulated }
    }

    /// Lists what there is, by accumulator.
    pub fn accumulated(&self) -> &[(AccumulatorId, Accumulated)] {
        &self.accumulated
    }

    /// Finds what an accumulator holds.
    pub fn get(&self, id: AccumulatorId) -> Option<&Accumulated> {
        let place = self.accumulated.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.accumulated.get(place).map(|(_, accumulated)| accumulated)
    }

    /// Finds what an accumulator holds, or begins it with `first`.
    pub(super) fn entry(
        &mut self,
        id: AccumulatorId,
        first: impl FnOnce() -> Accumulated,
    ) -> Option<&mut Accumulated> {
        let place = match self.accumulated.binary_search_by_key(&id, |(id, _)| *id) {
            Ok(place) => place,
            Err(place) => {
                self.accumulated.insert(place, (id, first()));
                place
            }
        };
        self.accumulated.get_mut(place).map(|(_, accumulated)| accumulated)
    }

    /// Adds another identity's state, as a view of a person with several identities does.
    pub fn merge(&mut self, other: &Self) {
        for (id, theirs) in &other.accumulated {
            match self.accumulated.binary_search_by_key(id, |(id, _)| *id) {
                Ok(place) => {
                    if let Some((_, ours)) = self.accumulated.get_mut(place) {
                        ours.merge(theirs);
                    }
                }
                Err(place) => self.accumulated.insert(place, (*id, theirs.clone())),
            }
        }
        self.forget_beyond_horizon();
    }

    /// Keeps only what is not older than an instant.
    pub fn forget_before(&mut self, instant: Timestamp) {
        self.accumulated.retain(|(_, held)| held.newest().is_some_and(|newest| instant <= newest));
    }

    /// Keeps only some accumulators: what no feature needs any longer is not kept either.
    pub fn retain(&mut self, is_needed: impl Fn(AccumulatorId) -> bool) {
        self.accumulated.retain(|(id, _)| is_needed(*id));
    }

    /// Takes `ids` from another state of the same identity, in place of what it has of them.
    pub fn replace(&mut self, ids: &[AccumulatorId], from: &Self) {
        self.accumulated.retain(|(id, _)| !ids.contains(id));
        let taken = from.accumulated.iter().filter(|(id, _)| ids.contains(id));
        self.accumulated.extend(taken.cloned());
        self.accumulated.sort_by_key(|(id, _)| *id);
        self.forget_beyond_horizon();
    }

    /// Tells whether it knows of everything `other` knows that is not beyond its own horizon.
    pub fn covers(&self, other: &Self) -> bool {
        let mut other = other.clone();
        if let Some(newest) = self.newest() {
            other.accumulated.retain_mut(|(_, accumulated)| accumulated.forget(newest));
        }
        other.accumulated.iter().all(|(id, theirs)| self.get(*id).is_some_and(|ours| ours.covers(theirs)))
    }

    /// Drops what lies beyond the horizon of the state's newest. The newest only grows, and what is dropped depends on nothing else,
    /// so the order of events does not matter.
    pub(super) fn forget_beyond_horizon(&mut self) {
        if let Some(newest) = self.newest() {
            self.accumulated.retain_mut(|(_, accumulated)| accumulated.forget(newest));
        }
    }

    fn newest(&self) -> Option<Timestamp> {
        // The earliest value ever heard of moves backwards; all others only grow.
        let grows = |accumulated: &&Accumulated| !matches!(accumulated, Accumulated::First(_));
        let accumulated = self.accumulated.iter().map(|(_, accumulated)| accumulated);
        accumulated.filter(grows).filter_map(Accumulated::newest).max()
    }
}

impl Accumulated {
    fn covers(&self, other: &Self) -> bool {
        fn each<C: Cell>(ours: &Series<C>, theirs: &Series<C>, covers: impl Fn(&C, &C) -> bool) -> bool {
            theirs.cells.iter().all(|(number, theirs)| {
                ours.between(*number, *number).first().is_some_and(|(_, ours)| covers(ours, theirs))
            })
        }
        match (self, other) {
            (Self::Sums(ours), Self::Sums(theirs)) => each(ours, theirs, |ours, theirs| theirs <= ours),
            (Self::Extremes(ours), Self::Extremes(theirs)) => {
                each(ours, theirs, |ours, theirs| ours.min <= theirs.min && theirs.max <= ours.max)
            }
            (Self::Times(ours), Self::Times(theirs)) => {
                let is_full = usize::from(ours.keep) <= ours.at.len();
                is_full || theirs.at.iter().all(|at| ours.at.contains(at))
            }
            (Self::First(ours), Self::First(theirs)) => ours <= theirs,
            (Self::Last(ours), Self::Last(theirs)) => theirs <= ours,
            (Self::Name(ours), Self::Name(theirs)) => theirs <= ours,
            (Self::Distinct(ours), Self::Distinct(theirs)) => each(ours, theirs, |ours, theirs| {
                let mut both = ours.clone();
                both.merge(theirs);
                both == *ours
            }),
            (Self::Spread(ours), Self::Spread(theirs)) => each(ours, theirs, |ours, theirs| {
                let ours_of = |class| ours.0.iter().find(|(known, _)| *known == class).map_or(0, |(_, n)| *n);
                theirs.0.iter().all(|(class, count)| *count <= ours_of(*class))
            }),
            (Self::Shares(ours), Self::Shares(theirs)) => each(ours, theirs, |ours, theirs| {
                theirs.total <= ours.total
                    && (ours.is_sample || theirs.sums.iter().all(|(name, sum)| *sum <= ours.sum(name)))
            }),
            _ => false,
        }
    }
}
