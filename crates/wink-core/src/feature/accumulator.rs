//! What is kept for features: one accumulator for all of them that need the same sums. Knows how an event is added, not what for.

use super::bands::Bands;
use super::happened::{EventFacts, Field, Fields, Happened, Item, ItemField};
use super::series::{Bucket, Cell, Series};
use super::sketch::{Histogram, Registers};
use super::state::{self, Accumulated, AccumulatorId, Stamped, State, Times};
use crate::base::Zone;
use crate::base::expression::Expression;

/// An accumulator: which events, and what is kept of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Accumulator {
    pub(super) id: AccumulatorId,
    /// What defines it, in words; its id is a hash of them.
    pub(super) text: String,
    pub(super) events: Vec<String>,
    pub(super) filter: Option<Expression>,
    pub(super) fields: Fields,
    pub(super) kept: Kept,
    /// Whether a feature that is about the person reads it, rather than only ones about what was sent to them.
    pub(super) is_of_person: bool,
}

/// What is kept of the events.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kept {
    Sums(Field, Bucket),
    /// How many events say a field.
    Known(Field, Bucket),
    Extremes(Field, Bucket),
    Times(u16),
    First(Field),
    Last(Field),
    Distinct(Named, Bucket),
    Spread(Field, Bucket),
    Shares(Named, Option<Numbered>),
    /// The newest name.
    Name(Field),
}

/// A text that becomes a name: of the event, or of each of its items, or the band in which a number of each of its items lies.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Named {
    Event(Field),
    Item(ItemField),
    Band(Bands),
}

/// A number that is shared out: of the event, or of each of its items.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Numbered {
    Event(Field),
    Item(ItemField),
}

impl Named {
    /// Reads the name of an item.
    fn of_item<'a>(&'a self, item: Item<'a>) -> Option<&'a str> {
        match self {
            Self::Event(_) => None,
            Self::Item(field) => item.text(*field),
            Self::Band(bands) => bands.name(item),
        }
    }
}

impl Accumulator {
    /// Adds an event of one of its names to a state, if its filter holds.
    pub(super) fn add(&self, state: &mut State, happened: &Happened<'_>, zone: &Zone) {
        if let Some(filter) = &self.filter
            && !filter.evaluate(&EventFacts { fields: &self.fields, happened, zone }).holds()
        {
            return;
        }
        let at = happened.at;
        match &self.kept {
            Kept::Sums(field, bucket) => {
                let Some(number) = field.number(happened, zone) else { return };
                self.sum(state, bucket, happened, zone, number);
            }
            Kept::Known(field, bucket) => {
                if field.number(happened, zone).is_some() {
                    self.sum(state, bucket, happened, zone, 1);
                }
            }
            Kept::Extremes(field, bucket) => {
                let Some(number) = field.number(happened, zone) else { return };
                let first = || Accumulated::Extremes(Series::new(*bucket));
                if let Some(Accumulated::Extremes(series)) = state.entry(self.id, first)
                    && let Some(cell) = series.at(bucket.of(at, zone))
                {
                    (cell.min, cell.max) = (cell.min.min(number), cell.max.max(number));
                }
            }
            Kept::Times(keep) => {
                let first = || Accumulated::Times(Times { keep: *keep, at: Vec::new() });
                if let Some(Accumulated::Times(times)) = state.entry(self.id, first) {
                    times.add(at);
                }
            }
            Kept::First(field) => {
                let Some(value) = field.number(happened, zone) else { return };
                let new = Stamped { at, value };
                if let Some(Accumulated::First(old)) = state.entry(self.id, || Accumulated::First(new)) {
                    *old = new.min(*old);
                }
            }
            Kept::Last(field) => {
                let Some(value) = field.number(happened, zone) else { return };
                let new = Stamped { at, value };
                if let Some(Accumulated::Last(old)) = state.entry(self.id, || Accumulated::Last(new)) {
                    *old = new.max(*old);
                }
            }
            Kept::Distinct(named, bucket) => self.distinct(state, named, *bucket, happened, zone),
            Kept::Spread(field, bucket) => {
                let Some(number) = field.number(happened, zone) else { return };
                let first = || Accumulated::Spread(Series::new(*bucket));
                if let Some(Accumulated::Spread(series)) = state.entry(self.id, first)
                    && let Some(cell) = series.at(bucket.of(at, zone))
                {
                    Histogram::add(cell, number);
                }
            }
            Kept::Name(field) => {
                let Some(name) = field.text(happened, zone) else { return };
                let new = state::Named { at, name: name.into() };
                if let Some(Accumulated::Name(old)) = state.entry(self.id, || Accumulated::Name(new.clone()))
                    && *old < new
                {
                    *old = new;
                }
            }
            Kept::Shares(named, numbered) => self.share(state, named, numbered.as_ref(), happened, zone),
        }
    }

    fn sum(&self, state: &mut State, bucket: &Bucket, happened: &Happened<'_>, zone: &Zone, number: i64) {
        let first = || Accumulated::Sums(Series::new(*bucket));
        if let Some(Accumulated::Sums(series)) = state.entry(self.id, first)
            && let Some(cell) = series.at(bucket.of(happened.at, zone))
        {
            cell.merge(&number);
        }
    }

    fn distinct(
        &self,
        state: &mut State,
        named: &Named,
        bucket: Bucket,
        happened: &Happened<'_>,
        zone: &Zone,
    ) {
        let mut count = |text: &str| {
            let first = || Accumulated::Distinct(Series::new(bucket));
            if let Some(Accumulated::Distinct(series)) = state.entry(self.id, first)
                && let Some(cell) = series.at(bucket.of(happened.at, zone))
            {
                Registers::add(cell, text);
            }
        };
        match named {
            Named::Event(field) => field.text(happened, zone).into_iter().for_each(&mut count),
            Named::Item(_) | Named::Band(_) => {
                Item::each(happened, |item| named.of_item(item).into_iter().for_each(&mut count));
            }
        }
    }

    fn share(
        &self,
        state: &mut State,
        named: &Named,
        numbered: Option<&Numbered>,
        happened: &Happened<'_>,
        zone: &Zone,
    ) {
        let bucket = Bucket::FourWeeks;
        let number = bucket.of(happened.at, zone);
        let of_event = match numbered {
            None | Some(Numbered::Item(_)) => Some(1),
            Some(Numbered::Event(field)) => field.number(happened, zone),
        };
        let add = |state: &mut State, name: &str, more: i64| {
            let first = || Accumulated::Shares(Series::new(bucket));
            if let Some(Accumulated::Shares(series)) = state.entry(self.id, first)
                && let Some(cell) = series.at(number)
            {
                cell.add(name, more);
            }
        };
        match named {
            Named::Event(field) => {
                if let (Some(name), Some(more)) = (field.text(happened, zone), of_event) {
                    add(state, name, more);
                }
            }
            Named::Item(_) | Named::Band(_) => Item::each(happened, |item| {
                let more = match numbered {
                    Some(Numbered::Item(of)) => item.number(*of),
                    _ => of_event,
                };
                if let (Some(name), Some(more)) = (named.of_item(item), more) {
                    add(state, name, more);
                }
            }),
        }
    }
}
