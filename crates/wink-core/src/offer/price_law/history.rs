//! What a product cost when: every change of its price, for as long as the law may ask.

use crate::base::{Cents, Timestamp};

/// How many days a change is kept: a reduction that is announced for a whole year, and the 30 days before it.
pub const KEPT_DAYS: i64 = 366 + 30;

/// The most changes that are kept. Of more the oldest two become one with the lower price: the stricter answer.
pub const STEPS_MAX: usize = 64;

/// A price from an instant on, until the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The first instant of it.
    pub from: Timestamp,
    /// The price; `None` while the product is not on sale, or its price not known.
    pub price: Option<Cents>,
}

/// The changes of a product's price, oldest first: no two steps at one instant, no two in a row of one price.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceHistory {
    steps: Vec<Step>,
}

impl PriceHistory {
    /// Takes stored steps as they come; what is out of order is put in order.
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let mut steps: Vec<Step> = steps.into_iter().collect();
        steps.sort_by_key(|step| step.from);
        let mut history = Self::default();
        steps.into_iter().for_each(|step| history.push(step));
        history
    }

    /// Lists the steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Notes the price from `at` on, and forgets what the law no longer asks for. A clock that went back changes no past, and a price that was
    /// in force stays in it, however short: what comes for the same instant or one before it counts from a millisecond later.
    pub fn note(&mut self, at: Timestamp, price: Option<Cents>) {
        let earliest = self.steps.last().map_or(at, |step| Timestamp(step.from.0.saturating_add(1)));
        self.push(Step { from: at.max(earliest), price });
        self.forget_before(at.plus_days(-KEPT_DAYS));
        while STEPS_MAX < self.steps.len() {
            let oldest = self.steps.remove(0);
            if let Some(next) = self.steps.first_mut() {
                let lower = [oldest.price, next.price].into_iter().flatten().min();
                *next = Step { from: oldest.from, price: lower };
            }
        }
    }

    /// Tells the price at an instant.
    pub fn at(&self, instant: Timestamp) -> Option<Cents> {
        self.step_at(instant).and_then(|step| step.price)
    }

    /// Tells the step an instant lies in.
    pub(super) fn step_at(&self, instant: Timestamp) -> Option<&Step> {
        self.steps.iter().rev().find(|step| step.from <= instant)
    }

    /// Finds the lowest price of any instant from `from` to just before `until`.
    pub fn lowest(&self, from: Timestamp, until: Timestamp) -> Option<Cents> {
        let begins = (from < until).then(|| self.at(from)).flatten();
        let within = self.steps.iter().filter(|step| from < step.from && step.from < until);
        within.filter_map(|step| step.price).chain(begins).min()
    }

    fn push(&mut self, step: Step) {
        if self.steps.last().is_some_and(|last| last.from == step.from) {
            self.steps.pop();
        }
        if self.steps.last().map(|last| last.price) != Some(step.price) {
            self.steps.push(step);
        }
    }

    /// Forgets steps that ended by then.
    fn forget_before(&mut self, instant: Timestamp) {
        let ended = self.steps.partition_point(|step| step.from <= instant).saturating_sub(1);
        self.steps.drain(..ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(steps: &[(i64, i64)]) -> PriceHistory {
        let step = |(day, price): &(i64, i64)| Step {
            from: Timestamp(0).plus_days(*day),
            price: (0 < *price).then_some(Cents(*price)),
        };
        PriceHistory::new(steps.iter().map(step))
    }

    #[test]
    fn a_price_holds_until_the_next() {
        let history = history(&[(0, 10), (5, 0), (7, 12)]);
        let at = |day| history.at(Timestamp(0).plus_days(day)).map(|price| price.0);
        assert_eq!(
            [-1, 0, 4, 5, 6, 7, 99].map(at),
            [None, Some(10), Some(10), None, None, Some(12), Some(12)]
        );
    }

    #[test]
    fn what_says_the_same_is_no_change_and_a_clock_that_went_back_changes_no_past() {
        let mut noted = history(&[(0, 10)]);
        noted.note(Timestamp(0).plus_days(3), Some(Cents(10)));
        assert_eq!(noted.steps().len(), 1);
        noted.note(Timestamp(0).plus_days(4), Some(Cents(8)));
        noted.note(Timestamp(0).plus_days(2), Some(Cents(9)));
        let kept = history(&[(0, 10), (4, 8)]);
        let later = Step { from: Timestamp(Timestamp(0).plus_days(4).0 + 1), price: Some(Cents(9)) };
        assert_eq!(noted.steps(), [kept.steps(), &[later]].concat());
        // An import that began before a price was lowered and lists the old one leaves the low price in the past.
        noted.note(Timestamp(0).plus_days(1), Some(Cents(10)));
        let day = |day| Timestamp(0).plus_days(day);
        assert_eq!(noted.lowest(day(4), day(30)), Some(Cents(8)));
    }

    #[test]
    fn what_ended_long_ago_is_forgotten_and_what_held_then_is_not() {
        let mut noted = history(&[(0, 10), (5, 11), (9, 12)]);
        noted.note(Timestamp(0).plus_days(KEPT_DAYS + 7), Some(Cents(13)));
        assert_eq!(noted, history(&[(5, 11), (9, 12), (KEPT_DAYS + 7, 13)]));
    }

    #[test]
    fn of_too_many_changes_the_oldest_become_one_with_the_lower_price() {
        let mut noted = PriceHistory::default();
        for hour in 0..200 {
            noted.note(Timestamp(hour * 3_600_000), Some(Cents(100 + hour % 7)));
        }
        assert_eq!(noted.steps().len(), STEPS_MAX);
        assert_eq!(noted.steps()[0], Step { from: Timestamp(0), price: Some(Cents(100)) });
    }
}
