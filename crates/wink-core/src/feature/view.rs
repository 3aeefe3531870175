//! Views states as features: windows end now, what is too old is not served, what is not granted does not exist.

use std::collections::BTreeMap;

use super::{Affinity, Aggregation, Catalogue, Definition, State};
use crate::base::{DAY_MS, Timestamp};
use crate::profile::{Grants, Purpose};

/// A feature's value with its age.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading<T> {
    /// The value.
    pub value: T,
    /// How long ago the newest event that contributed happened.
    pub age_ms: i64,
}

/// What a view says about one feature.
#[derive(Clone, Debug, PartialEq)]
pub enum Viewed {
    /// A number.
    Number(Reading<f64>),
    /// Shares by name.
    Shares(Reading<BTreeMap<String, f64>>),
    /// Nothing has happened that it could be computed from.
    NoData,
    /// What it could be computed from is older than the feature's time to live.
    TooOld {
        /// How old.
        age_ms: i64,
    },
    /// The person has not granted the purpose it is for.
    NotGranted(Purpose),
}

/// The features of a person at an instant, by slot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    slots: Vec<Viewed>,
    numbers: Vec<f64>,
}

impl View {
    /// Collects readings by slot.
    pub fn new(slots: Vec<Viewed>) -> Self {
        let number = |viewed: &Viewed| match viewed {
            Viewed::Number(reading) => reading.value,
            _ => 0.0,
        };
        let numbers = slots.iter().map(number).collect();
        Self { slots, numbers }
    }

    /// Tells what is known in each slot.
    pub fn slots(&self) -> &[Viewed] {
        &self.slots
    }

    /// Tells the numbers by slot, for linear models: zero where there is none, so that it adds nothing.
    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    /// Tells the number in a slot, if one is known.
    pub fn number(&self, slot: usize) -> Option<f64> {
        match self.slots.get(slot) {
            Some(Viewed::Number(reading)) => Some(reading.value),
            _ => None,
        }
    }

    /// Tells the shares in a slot, if they are known.
    pub fn shares(&self, slot: usize) -> Option<&BTreeMap<String, f64>> {
        match self.slots.get(slot) {
            Some(Viewed::Shares(reading)) => Some(&reading.value),
            _ => None,
        }
    }
}

/// Views the states of all identities of a person at `now`. Of shares, only those `wanted` names are in the view: what nobody asks
/// for is neither used nor stored with a decision.
pub fn view(
    states: &[&State],
    catalogue: &Catalogue,
    grants: &Grants,
    now: Timestamp,
    wanted: impl Fn(&str) -> bool,
) -> View {
    let merged;
    let state = match states {
        [] => &State::default(),
        [only] => *only,
        [first, others @ ..] => {
            let mut sum = (*first).clone();
            others.iter().for_each(|other| sum.merge(other));
            merged = sum;
            &merged
        }
    };
    let slot = |definition: &Definition| match grants.allow(definition.purpose) {
        true => read(state, definition, now, &wanted),
        false => Viewed::NotGranted(definition.purpose),
    };
    View::new(catalogue.definitions().iter().map(slot).collect())
}

fn read(state: &State, definition: &Definition, now: Timestamp, wanted: &impl Fn(&str) -> bool) -> Viewed {
    let Some(newest) = newest(state, definition.aggregation, now) else { return Viewed::NoData };
    let age_ms = now.since_ms(newest).max(0);
    if definition.ttl_days.is_some_and(|ttl_days| i64::from(ttl_days) * DAY_MS < age_ms) {
        return Viewed::TooOld { age_ms };
    }
    if let Aggregation::CategoryAffinity { half_life_days } = definition.aggregation {
        return Viewed::Shares(Reading { value: affinity(state, half_life_days, now, wanted), age_ms });
    }
    match number(state, definition.aggregation, now) {
        Some(value) => Viewed::Number(Reading { value, age_ms }),
        None => Viewed::NoData,
    }
}

/// Finds the newest event an aggregation could have used.
fn newest(state: &State, aggregation: Aggregation, now: Timestamp) -> Option<Timestamp> {
    match aggregation {
        Aggregation::DaysSinceContact => last_contact(state, now),
        // Never contacted is a fact about us, not missing data about the person.
        Aggregation::Contacts { .. } => Some(last_contact(state, now).unwrap_or(now)),
        _ => last_order(state, now),
    }
}

/// Finds the last order up to `now`. Looking back before a later order, only its day is known: the last day before today.
fn last_order(state: &State, now: Timestamp) -> Option<Timestamp> {
    let last = state.last_order_at?;
    if last <= now {
        return Some(last);
    }
    let day = state.days.range(..now.day()).rev().find(|(_, sums)| 0 < sums.orders).map(|(day, _)| *day)?;
    Some(Timestamp(i64::from(day) * DAY_MS))
}

fn number(state: &State, aggregation: Aggregation, now: Timestamp) -> Option<f64> {
    let value = match aggregation {
        Aggregation::DaysSinceOrder => days_since(last_order(state, now)?, now),
        Aggregation::DaysSinceContact => days_since(last_contact(state, now)?, now),
        Aggregation::Contacts { window_days } => {
            let since = now.plus_days(-i64::from(window_days));
            let count =
                state.contacts.iter().filter(|contact| since < contact.at && contact.at <= now).count();
            real(i64::try_from(count).unwrap_or(i64::MAX))
        }
        Aggregation::Orders { window_days } => real(window(state, window_days, now).orders),
        Aggregation::SalesCents { window_days } => real(window(state, window_days, now).sales_cents),
        Aggregation::CouponsUsed { window_days } => real(window(state, window_days, now).coupons),
        Aggregation::OrderGapDays => order_gap_days(state, now)?,
        Aggregation::BasketCents { window_days } => {
            let sums = window(state, window_days, now);
            ratio(sums.sales_cents, sums.orders)?
        }
        Aggregation::BasketLines { window_days } => {
            let sums = window(state, window_days, now);
            ratio(sums.lines, sums.orders)?
        }
        Aggregation::DiscountShare { window_days } => {
            let sums = window(state, window_days, now);
            ratio(sums.discount_cents, sums.sales_cents + sums.discount_cents)?
        }
        Aggregation::CategoryAffinity { .. } => return None,
    };
    Some(value)
}

#[derive(Default)]
struct Sums {
    orders: i64,
    lines: i64,
    sales_cents: i64,
    discount_cents: i64,
    coupons: i64,
}

/// Sums the days of a window that ends with today: `window_days` days, today included.
fn window(state: &State, window_days: i32, now: Timestamp) -> Sums {
    let today = now.day();
    let from = today.saturating_sub(window_days.saturating_sub(1));
    state.days.range(from..=today).fold(Sums::default(), |sums, (_, day)| Sums {
        orders: sums.orders + i64::from(day.orders),
        lines: sums.lines + i64::from(day.lines),
        sales_cents: sums.sales_cents + day.sales_cents,
        discount_cents: sums.discount_cents + day.discount_cents,
        coupons: sums.coupons + i64::from(day.coupons),
    })
}

fn order_gap_days(state: &State, now: Timestamp) -> Option<f64> {
    let mut days = state.days.range(..=now.day()).filter(|(_, day)| 0 < day.orders).map(|(day, _)| *day);
    let first = days.next()?;
    let (mut last, mut gaps) = (first, 0_i64);
    for day in days {
        (last, gaps) = (day, gaps + 1);
    }
    ratio(i64::from(last) - i64::from(first), gaps)
}

fn affinity(
    state: &State,
    half_life_days: i32,
    now: Timestamp,
    wanted: &impl Fn(&str) -> bool,
) -> BTreeMap<String, f64> {
    let this_bucket = now.day().div_euclid(Affinity::BUCKET_DAYS);
    let weight = |bucket: i32| {
        let age_days = f64::from((this_bucket - bucket) * Affinity::BUCKET_DAYS);
        libm::exp2(-age_days / f64::from(half_life_days))
    };
    // Few buckets, many categories: weigh each bucket once.
    let mut weights: BTreeMap<i32, f64> = BTreeMap::new();
    let mut shares: BTreeMap<String, f64> = BTreeMap::new();
    let mut total = 0.0;
    for (category, affinity) in &state.affinity {
        let mut sum = 0.0;
        for (bucket, cents) in affinity.cents.range(..=this_bucket) {
            sum += *weights.entry(*bucket).or_insert_with(|| weight(*bucket)) * real(*cents);
        }
        total += sum;
        if 0.0 < sum && wanted(category) {
            shares.insert(category.clone(), sum);
        }
    }
    shares.values_mut().for_each(|share| *share /= total);
    shares
}

fn last_contact(state: &State, now: Timestamp) -> Option<Timestamp> {
    state.contacts.iter().rev().map(|contact| contact.at).find(|at| *at <= now)
}

/// Whole days, so that a rule such as `7 <= recency_days` means what a calendar says.
fn days_since(at: Timestamp, now: Timestamp) -> f64 {
    real(now.since_ms(at).max(0) / DAY_MS)
}

fn ratio(numerator: i64, denominator: i64) -> Option<f64> {
    (0 < denominator).then(|| real(numerator) / real(denominator))
}

#[expect(clippy::cast_precision_loss, reason = "sums of cents stay far below 2^53")]
fn real(number: i64) -> f64 {
    number as f64
}
