//! Reads one feature after the other from a state at an instant: windows end now, what is too old is not served.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{AgeOf, Plan, Step};
use super::series::{Bucket, Cell, Extremes, Series};
use super::sketch::{Histogram, Registers, Shared};
use super::view::{Reading, Viewed};
use super::{Accumulated, Catalogue, Heard, Never, State, Unit, Window};
use crate::base::expression::{Fact, Facts};
use crate::base::{DAY_MS, Timestamp};

/// Minutes without an event after which a session is over, as web analytics has counted since Catledge and Pitkow, 1995.
const PAUSE_MINUTES: i32 = 30;

/// A state, laid beside the accumulators of a catalogue once for all features.
pub(super) struct Reader<'a> {
    by_place: Vec<Option<&'a Accumulated>>,
    catalogue: &'a Catalogue,
    now: Timestamp,
    session: Option<Session>,
    names: Option<&'a BTreeSet<String>>,
}

/// The session that goes on, by minute.
#[derive(Clone, Copy)]
struct Session {
    from: i32,
    last: i32,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        state: &'a State,
        catalogue: &'a Catalogue,
        now: Timestamp,
        names: Option<&'a BTreeSet<String>>,
    ) -> Self {
        let mut by_place = vec![None; catalogue.accumulators.len()];
        let mut stored = state.accumulated().iter().peekable();
        for place in &catalogue.by_id {
            let Some(accumulator) = catalogue.accumulators.get(*place) else { continue };
            while stored.next_if(|(id, _)| *id < accumulator.id).is_some() {}
            if let Some((_, accumulated)) = stored.next_if(|(id, _)| *id == accumulator.id)
                && let Some(slot) = by_place.get_mut(*place)
            {
                *slot = Some(accumulated);
            }
        }
        let mut reader = Self { by_place, catalogue, now, session: None, names };
        reader.session = catalogue.activity.and_then(|place| reader.session(place));
        reader
    }

    /// Finds the session that goes on: back from now to the last pause.
    fn session(&self, activity: usize) -> Option<Session> {
        let minute = Bucket::Minute.of(self.now, &self.catalogue.zone);
        let mut minutes = self.sums(activity)?.between(i32::MIN, minute).iter().rev().map(|(at, _)| *at);
        let last = minutes.next().filter(|last| minute - last < PAUSE_MINUTES)?;
        let mut from = last;
        for earlier in minutes {
            if PAUSE_MINUTES <= from - earlier {
                break;
            }
            from = earlier;
        }
        Some(Session { from, last })
    }

    /// Reads a feature; `before` are the readings of those defined before it.
    pub(super) fn read(&self, plan: &Plan, ttl_days: Option<i32>, before: &[Viewed]) -> Viewed {
        let filling = &self.catalogue.filling;
        if !filling.is_empty() && plan.needs.iter().any(|place| self.is_filling(*place)) {
            return Viewed::Filling;
        }
        let Some(age_ms) = self.age_ms(plan, before) else {
            return match plan.never {
                Never::Zero => Viewed::Number(Reading { value: 0.0, age_ms: 0 }),
                Never::Unknown
                    if plan.reads.iter().any(|slot| before.get(*slot) == Some(&Viewed::Filling)) =>
                {
                    Viewed::Filling
                }
                Never::Unknown => Viewed::NoData,
            };
        };
        if ttl_days.is_some_and(|ttl_days| i64::from(ttl_days) * DAY_MS < age_ms) {
            return Viewed::TooOld { age_ms };
        }
        if let Step::Shares { shares, half_life_days } = plan.step {
            return match self.shares(shares, half_life_days) {
                Some(value) => Viewed::Shares(Reading { value, age_ms }),
                None => Viewed::NoData,
            };
        }
        if let Step::Name { name, selected } = plan.step {
            return match self.name(name, selected) {
                Some(value) => Viewed::Shares(Reading { value, age_ms }),
                None => Viewed::NoData,
            };
        }
        match self.number(plan, before) {
            Some(value) => Viewed::Number(Reading { value, age_ms }),
            None => Viewed::NoData,
        }
    }

    fn is_filling(&self, place: usize) -> bool {
        let accumulator = self.catalogue.accumulators.get(place);
        accumulator.is_some_and(|accumulator| self.catalogue.filling.contains(&accumulator.id))
    }

    /// Tells how long ago the newest event that contributes happened; nothing if there is none.
    fn age_ms(&self, plan: &Plan, before: &[Viewed]) -> Option<i64> {
        if let Step::Formula(_) | Step::Score(_) = plan.step {
            let ages = plan.reads.iter().filter_map(|slot| match before.get(*slot)? {
                Viewed::Number(reading) => Some(reading.age_ms),
                Viewed::Shares(reading) => Some(reading.age_ms),
                _ => None,
            });
            return ages.min();
        }
        let newest = match &plan.age {
            Some(age) => self.newest(age)?,
            None => Bucket::Minute.start(self.session?.last),
        };
        Some(self.now.since_ms(newest).max(0))
    }

    /// Finds the newest event up to now. Looking back before the instants that are remembered, only its day is known: the last day
    /// before today.
    fn newest(&self, age: &AgeOf) -> Option<Timestamp> {
        let Some(Accumulated::Times(times)) = self.at(age.times) else { return None };
        times.newest(self.now).or_else(|| {
            let days = self.sums(age.days?)?.between(i32::MIN, self.now.day().saturating_sub(1));
            days.last().map(|(day, _)| Bucket::Day.start(*day))
        })
    }

    fn number(&self, plan: &Plan, before: &[Viewed]) -> Option<f64> {
        Some(match &plan.step {
            Step::Sum(place, window) => real(self.sum(*place, *window)?),
            Step::Exact { times, days } => self.exact(*times, *days),
            Step::Mean { sum, count, window } => ratio(self.sum(*sum, *window)?, self.sum(*count, *window)?)?,
            Step::Min(place, window) => real(self.extremes(*place, *window)?.min),
            Step::Max(place, window) => real(self.extremes(*place, *window)?.max),
            Step::Stamped(place) => self.stamped(*place)?,
            Step::Parts(place, parts) => self.stamped(*place)? / real(*parts),
            Step::Distinct(place, window) => match self.at(*place) {
                Some(Accumulated::Distinct(series)) => {
                    self.merged::<Registers>(series, *window)?.unwrap_or_default().estimate()
                }
                _ => 0.0,
            },
            Step::Quantile { spread, per_mille, window } => match self.at(*spread)? {
                Accumulated::Spread(series) => {
                    self.merged::<Histogram>(series, *window)??.quantile(*per_mille)?
                }
                _ => return None,
            },
            Step::Decayed { sum, half_life_days } => self.decayed(*sum, *half_life_days),
            Step::Since(unit) => since(*unit, self.newest(plan.age.as_ref()?)?, self.now),
            Step::SinceFirst(place) => match self.at(*place)? {
                Accumulated::First(stamped) if stamped.at <= self.now => {
                    since(Unit::Days, stamped.at, self.now)
                }
                _ => return None,
            },
            Step::ActiveDays(place, window) => {
                let days =
                    self.sums(*place).map_or(Some(0), |series| Some(self.cells(series, *window)?.len()));
                real(i64::try_from(days?).unwrap_or(i64::MAX))
            }
            Step::GapDays(place) => {
                let days = self.sums(*place)?.between(i32::MIN, self.now.day());
                let ((first, _), (last, _)) = (days.first()?, days.last()?);
                ratio(i64::from(*last) - i64::from(*first), i64::try_from(days.len()).ok()? - 1)?
            }
            Step::Share { part, rest, window } => {
                let part = self.sum(*part, *window)?;
                ratio(part, part.saturating_add(self.sum(*rest, *window)?))?
            }
            // A mail that is opened twice is no larger part of those that came.
            Step::Ratio { part, whole, window } => {
                ratio(self.sum(*part, *window)?, self.sum(*whole, *window)?)?.min(1.0)
            }
            Step::Formula(formula) => formula.evaluate(&Before(before))?,
            Step::Score(score) => score.value(before)?,
            Step::Shares { .. } | Step::Name { .. } => return None,
        })
    }

    fn at(&self, place: usize) -> Option<&'a Accumulated> {
        self.by_place.get(place).copied().flatten()
    }

    fn sums(&self, place: usize) -> Option<&'a Series<i64>> {
        match self.at(place)? {
            Accumulated::Sums(series) => Some(series),
            _ => None,
        }
    }

    /// Lists the cells of a window that ends now; nothing if it is a session and none goes on.
    fn cells<'s, C: Cell>(&self, series: &'s Series<C>, window: Window) -> Option<&'s [(i32, C)]> {
        let days = match window {
            Window::Days(days) | Window::ShopDays(days) | Window::Exact(days) => days,
            Window::Session => {
                let now = Bucket::Minute.of(self.now, &self.catalogue.zone);
                return Some(series.between(self.session?.from, now));
            }
        };
        let zone = &self.catalogue.zone;
        let (to, length) =
            match series.bucket {
                Bucket::FourWeeks => {
                    let first = self.now.day().saturating_sub(days.saturating_sub(1));
                    return Some(series.between(
                        first.div_euclid(Bucket::FourWeeks.days()),
                        series.bucket.of(self.now, zone),
                    ));
                }
                bucket => (bucket.of(self.now, zone), days),
            };
        Some(series.between(to.saturating_sub(length.saturating_sub(1)), to))
    }

    /// Sums a window; nothing if it is a session and none goes on.
    fn sum(&self, place: usize, window: Window) -> Option<i64> {
        let Some(series) = self.sums(place) else {
            return (window != Window::Session || self.session.is_some()).then_some(0);
        };
        Some(self.cells(series, window)?.iter().fold(0_i64, |sum, (_, more)| sum.saturating_add(*more)))
    }

    fn extremes(&self, place: usize, window: Window) -> Option<Extremes> {
        let Accumulated::Extremes(series) = self.at(place)? else { return None };
        self.merged(series, window)?
    }

    fn merged<C: Cell>(&self, series: &Series<C>, window: Window) -> Option<Option<C>> {
        let (first, others) = match self.cells(series, window)? {
            [] => return Some(None),
            [(_, first), others @ ..] => (first, others),
        };
        let mut sum = first.clone();
        others.iter().for_each(|(_, cell)| sum.merge(cell));
        Some(Some(sum))
    }

    fn stamped(&self, place: usize) -> Option<f64> {
        match self.at(place)? {
            Accumulated::First(stamped) | Accumulated::Last(stamped) if stamped.at <= self.now => {
                Some(real(stamped.value))
            }
            _ => None,
        }
    }

    fn exact(&self, place: usize, days: i32) -> f64 {
        let Some(Accumulated::Times(times)) = self.at(place) else { return 0.0 };
        let since = self.now.plus_days(-i64::from(days));
        let from = times.at.partition_point(|at| *at <= since);
        let to = times.at.partition_point(|at| *at <= self.now);
        real(i64::try_from(to.saturating_sub(from)).unwrap_or(i64::MAX))
    }

    fn decayed(&self, place: usize, half_life_days: i32) -> f64 {
        let Some(series) = self.sums(place) else { return 0.0 };
        let today = series.bucket.of(self.now, &self.catalogue.zone);
        let weighed = |(day, sum): &(i32, i64)| weight(today - day, half_life_days) * real(*sum);
        series.between(i32::MIN, today).iter().map(weighed).sum()
    }

    /// Reads the name of the newest selected event, if it says one, as the whole share; nothing of it if somebody asks for other names only.
    fn name(&self, name: usize, selected: usize) -> Option<BTreeMap<String, f64>> {
        let Accumulated::Name(newest) = self.at(name)? else { return None };
        let Accumulated::Times(times) = self.at(selected)? else { return None };
        let is_asked = self.names.is_none_or(|names| names.contains(&*newest.name));
        let share = is_asked.then(|| (newest.name.to_string(), 1.0));
        (times.newest(self.now) == Some(newest.at)).then(|| share.into_iter().collect())
    }

    /// Shares out by name; of names, only those somebody asks for.
    fn shares(&self, place: usize, half_life_days: i32) -> Option<BTreeMap<String, f64>> {
        let Some(Accumulated::Shares(series)) = self.at(place) else { return Some(BTreeMap::new()) };
        let this = series.bucket.of(self.now, &self.catalogue.zone);
        let weighed: Vec<(f64, &Shared)> = series
            .between(i32::MIN, this)
            .iter()
            .map(|(number, cell)| (weight((this - number) * series.bucket.days(), half_life_days), cell))
            .collect();
        let total: f64 = weighed.iter().map(|(weight, cell)| weight * real(cell.total)).sum();
        let mut sums: BTreeMap<String, f64> = BTreeMap::new();
        match self.names {
            Some(names) => {
                for name in names {
                    let sum: f64 = weighed.iter().map(|(weight, cell)| weight * real(cell.sum(name))).sum();
                    if 0.0 < sum {
                        sums.insert(name.clone(), sum);
                    }
                }
            }
            None => {
                for (weight, (name, sum)) in
                    weighed.iter().flat_map(|(weight, cell)| cell.sums.iter().map(move |sum| (weight, sum)))
                {
                    match sums.get_mut(name.as_ref()) {
                        Some(known) => *known += weight * real(*sum),
                        None => drop(sums.insert(name.to_string(), weight * real(*sum))),
                    }
                }
                sums.retain(|_, sum| 0.0 < *sum);
            }
        }
        sums.values_mut().for_each(|sum| *sum /= total);
        Some(sums)
    }
}

impl Plan {
    /// Tells what a decision hears of a reading. Of what is heard once it is the same, however often and however long it happened.
    pub(super) fn heard(&self, viewed: Viewed) -> Viewed {
        if self.heard == Heard::Fully {
            return viewed;
        }
        match viewed {
            Viewed::Number(Reading { value, age_ms }) => {
                let is_time = matches!(self.step, Step::Since(_) | Step::SinceFirst(_));
                let happened = is_time || 0.0 < value;
                Viewed::Number(Reading { value: f64::from(u8::from(happened)), age_ms })
            }
            Viewed::Shares(Reading { mut value, age_ms }) => {
                let each = ratio(1, i64::try_from(value.len()).unwrap_or(i64::MAX)).unwrap_or_default();
                value.values_mut().for_each(|share| *share = each);
                Viewed::Shares(Reading { value, age_ms })
            }
            nothing => nothing,
        }
    }
}

/// The features before a derived one, by slot.
struct Before<'a>(&'a [Viewed]);

impl Facts for Before<'_> {
    fn fact(&self, slot: usize) -> Option<Fact<'_>> {
        match self.0.get(slot)? {
            Viewed::Number(reading) => Some(Fact::Double(reading.value)),
            Viewed::Shares(reading) => Some(Fact::Shares(&reading.value)),
            _ => None,
        }
    }
}

fn weight(age_days: i32, half_life_days: i32) -> f64 {
    libm::exp2(-f64::from(age_days) / f64::from(half_life_days))
}

fn since(unit: Unit, at: Timestamp, now: Timestamp) -> f64 {
    let ms = now.since_ms(at).max(0);
    real(match unit {
        Unit::Minutes => ms / 60_000,
        Unit::Days => ms / DAY_MS,
    })
}

fn ratio(numerator: i64, denominator: i64) -> Option<f64> {
    (0 < denominator).then(|| real(numerator) / real(denominator))
}

#[expect(clippy::cast_precision_loss, reason = "sums of cents stay far below 2^53")]
fn real(number: i64) -> f64 {
    number as f64
}
