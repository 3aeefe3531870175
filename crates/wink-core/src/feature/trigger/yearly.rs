//! Days that come each year: a birthday somebody stated, the day of a first order. No year is kept of what was stated.

use jiff::civil::Date;

use super::{Occasions, Remembered, Trigger, When};
use crate::base::{DAY_MS, Timestamp, Value, Zone};

/// Two moments of one day that comes each year lie at least so far apart: whoever states another birthday each month has one a year.
const APART_MS: i64 = 300 * DAY_MS;

/// A day that comes each year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Yearly {
    /// Which day.
    pub of: DayOf,
    /// From which hour of the shop's clock on.
    pub hour: i8,
}

/// Which day comes each year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayOf {
    /// A date the person stated, by the name of the attribute.
    Stated(String),
    /// The day of the earliest event of [`Trigger::on`], from the year after it on.
    First,
}

impl Yearly {
    /// Events after which a stated day is looked up, or forgotten.
    pub(super) fn also_on(&self) -> &'static [&'static str] {
        match self.of {
            DayOf::Stated(_) => &["Identify", "Consent Updated"],
            DayOf::First => &[],
        }
    }
}

/// A day of the calendar, in whichever year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthDay {
    month: i8,
    day: i8,
}

impl MonthDay {
    /// Takes a month from 1 and a day from 1, if there is such a day in a leap year.
    pub fn new(month: i8, day: i8) -> Option<Self> {
        Date::new(2000, month, day).ok().map(|_| Self { month, day })
    }

    /// Reads a stated date: `1990-05-17`, with a time behind it or without; or `--05-17` of somebody who keeps the year to themself.
    pub fn parse(stated: &Value) -> Option<Self> {
        let text = stated.as_text()?.trim();
        let of_leap_year = text.strip_prefix("--").map(|rest| format!("2000-{rest}"));
        let date: Date = of_leap_year.as_deref().unwrap_or(text).get(..10)?.parse().ok()?;
        Self::new(date.month(), date.day())
    }

    /// Finds the day of a date that is counted from 1970-01-01.
    pub fn of(date: i32) -> Option<Self> {
        let date = civil(date)?;
        Self::new(date.month(), date.day())
    }

    /// Lists the days of the calendar that are kept on a date, counted from 1970-01-01.
    ///
    /// 29 February is the day after the 28th. In a year without it that is 1 March, as a year of life is full with the end of 28 February
    /// (§ 187 and § 188 BGB).
    pub fn kept_on(date: i32) -> Vec<Self> {
        let leap_day = Self { month: 2, day: 29 };
        let is_first_of_march = Self::of(date) == Self::new(3, 1);
        let is_stood_in_for = is_first_of_march && civil(date).is_some_and(|date| !date.in_leap_year());
        Self::of(date).into_iter().chain(is_stood_in_for.then_some(leap_day)).collect()
    }

    /// Tells month and day, both from 1.
    pub fn numbers(self) -> (i8, i8) {
        (self.month, self.day)
    }
}

fn civil(date: i32) -> Option<Date> {
    jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().try_days(date).ok()?).ok()
}

impl Occasions {
    /// Keeps the day a trigger waits for, as it was stated, or forgets it.
    pub fn keep_day(&mut self, trigger: &Trigger, day: Option<MonthDay>) {
        match (self.0.get_mut(&trigger.id), day) {
            (Some(remembered), day) => remembered.day = day,
            (None, None) => {}
            (None, Some(_)) => self.0.entry(trigger.id.clone()).or_default().day = day,
        }
    }

    /// Looks whether a day that comes each year is theirs, at the instant `at` of that day, and nobody asked about them under the profiles
    /// `elsewhere`. If so, this is the moment, and it is remembered here.
    pub fn look_at_day(
        &mut self,
        trigger: &Trigger,
        day: MonthDay,
        at: Timestamp,
        elsewhere: &[&Self],
    ) -> bool {
        let Some(remembered) = self.0.get(&trigger.id) else { return false };
        let is_their_day = remembered.day == Some(day);
        // A first order has no anniversary on the day itself.
        let is_young = remembered.since.is_some_and(|since| at.since_ms(since) < APART_MS);
        is_their_day && !is_young && self.begin(trigger, at, elsewhere)
    }
}

impl Trigger {
    /// How far moments lie apart, in milliseconds.
    pub(super) fn apart_ms(&self) -> i64 {
        match self.when {
            When::Yearly(_) => self.pause_ms.max(APART_MS),
            When::Event | When::Quiet(_) | When::Listing(_) => self.pause_ms,
        }
    }
}

impl Remembered {
    /// Counts the years from an event, if none was earlier.
    pub(super) fn count_from(&mut self, yearly: &Yearly, at: Timestamp, zone: &Zone) {
        if yearly.of == DayOf::First && self.since.is_none_or(|since| at < since) {
            self.since = Some(at);
            self.day = MonthDay::of(zone.day(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::TriggerId;

    fn date(text: &str) -> i32 {
        Timestamp::parse(&format!("{text}T12:00:00Z")).unwrap().day()
    }

    fn stated(text: &str) -> Option<(i8, i8)> {
        MonthDay::parse(&Value::Text(text.to_owned())).map(MonthDay::numbers)
    }

    #[test]
    fn a_stated_date_is_a_day_of_any_year_or_nothing() {
        assert_eq!(stated("1990-05-17"), Some((5, 17)));
        assert_eq!(stated("1990-05-17T00:00:00Z"), Some((5, 17)));
        assert_eq!(stated("--02-29"), Some((2, 29)));
        assert_eq!(stated("1996-02-29"), Some((2, 29)));
        for wrong in ["", "17.05.1990", "1990-13-01", "1995-02-29", "--02-30", "1990-05", "ä990-05-1ü"] {
            assert_eq!(stated(wrong), None, "{wrong}");
        }
        assert_eq!(MonthDay::parse(&Value::Int(19_900_517)), None);
    }

    #[test]
    fn the_leap_day_is_kept_on_the_day_after_28_february() {
        let kept =
            |text| MonthDay::kept_on(date(text)).into_iter().map(MonthDay::numbers).collect::<Vec<_>>();
        assert_eq!(kept("2027-02-28"), [(2, 28)]);
        assert_eq!(kept("2027-03-01"), [(3, 1), (2, 29)]);
        assert_eq!(kept("2028-02-29"), [(2, 29)]);
        assert_eq!(kept("2028-03-01"), [(3, 1)]);
        assert_eq!(kept("2100-03-01"), [(3, 1), (2, 29)]);
    }

    /// Every day of the calendar is kept exactly once in every year.
    #[test]
    fn every_day_comes_once_a_year() {
        for year in 2020..=2035 {
            let dates = date(&format!("{year}-01-01"))..date(&format!("{}-01-01", year + 1));
            let mut kept: Vec<MonthDay> = dates.flat_map(MonthDay::kept_on).collect();
            kept.sort_unstable();
            let all: Vec<MonthDay> = (1..=12)
                .flat_map(|month| (1..=31).filter_map(move |day| MonthDay::new(month, day)))
                .collect();
            assert_eq!(kept, all, "{year}");
        }
    }

    fn yearly(of: DayOf) -> Trigger {
        let when = When::Yearly(Yearly { of, hour: 9 });
        Trigger::new(TriggerId::parse("day").unwrap(), Vec::new(), None, when, 0, None).unwrap()
    }

    #[test]
    fn who_states_another_birthday_has_one_a_year() {
        let (trigger, mut occasions) = (yearly(DayOf::Stated("birthday".to_owned())), Occasions::default());
        let mut look = |text: &str| {
            let day = MonthDay::of(date(text));
            occasions.keep_day(&trigger, day);
            occasions.look_at_day(&trigger, day.unwrap(), Timestamp(i64::from(date(text)) * DAY_MS), &[])
        };
        let looked = ["2026-05-17", "2026-06-17", "2026-12-31", "2027-05-16", "2027-06-17"].map(&mut look);
        assert_eq!(looked, [true, false, false, true, false]);
    }

    #[test]
    fn a_day_that_was_forgotten_or_is_another_is_no_moment() {
        let (trigger, mut occasions) = (yearly(DayOf::Stated("birthday".to_owned())), Occasions::default());
        let day = MonthDay::new(5, 17).unwrap();
        assert!(!occasions.look_at_day(&trigger, day, Timestamp(0), &[]));
        occasions.keep_day(&trigger, Some(day));
        assert!(!occasions.look_at_day(&trigger, MonthDay::new(5, 18).unwrap(), Timestamp(0), &[]));
        occasions.keep_day(&trigger, None);
        assert!(!occasions.look_at_day(&trigger, day, Timestamp(0), &[]));
    }

    #[test]
    fn a_first_order_is_counted_from_the_earliest_and_has_no_anniversary_at_once() {
        let yearly_first = Yearly { of: DayOf::First, hour: 9 };
        let (trigger, mut occasions) = (yearly(DayOf::First), Occasions::default());
        let at = |text: &str| Timestamp::parse(&format!("{text}T12:00:00Z")).unwrap();
        let remembered = occasions.0.entry(trigger.id.clone()).or_default();
        for ordered in ["2026-05-18", "2026-05-17", "2026-09-01"] {
            remembered.count_from(&yearly_first, at(ordered), &Zone::utc());
        }
        let day = MonthDay::new(5, 17).unwrap();
        assert!(!occasions.look_at_day(&trigger, day, at("2026-05-17"), &[]));
        assert!(occasions.look_at_day(&trigger, day, at("2027-05-17"), &[]));
    }
}
