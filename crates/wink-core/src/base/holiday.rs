//! Public holidays of Germany and Austria, by region: days on which shops are closed by law. Rules, not dates; so every year has them.
//!
//! Made from the laws themselves: the holiday acts of the sixteen German states with Article 2 of the Unification Treaty, and § 7 of the Austrian
//! Arbeitsruhegesetz. Texts of law are free of copyright (§ 5 UrhG, § 7 öUrhG). Days that hold in some municipalities only (15 August in parts of
//! Bavaria, 8 August in Augsburg) are left out.

use jiff::civil::{Date, Weekday, date};

/// A region with holidays of its own, by its code in ISO 3166-2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region(&'static str);

/// Every region. A country alone has the holidays that all its regions have.
const REGIONS: [&str; 27] = [
    "AT", "AT-1", "AT-2", "AT-3", "AT-4", "AT-5", "AT-6", "AT-7", "AT-8", "AT-9", "DE", "DE-BB", "DE-BE",
    "DE-BW", "DE-BY", "DE-HB", "DE-HE", "DE-HH", "DE-MV", "DE-NI", "DE-NW", "DE-RP", "DE-SH", "DE-SL",
    "DE-SN", "DE-ST", "DE-TH",
];

impl Region {
    /// Reads a code such as `DE-BY`.
    pub fn parse(code: &str) -> Option<Self> {
        REGIONS.into_iter().find(|region| *region == code).map(Self)
    }

    /// Lists the codes.
    pub fn codes() -> impl Iterator<Item = &'static str> + Clone {
        REGIONS.into_iter()
    }

    /// Tells its code.
    pub fn code(self) -> &'static str {
        self.0
    }

    /// Tells whether a day, counted from 1970-01-01, is a public holiday.
    pub fn has_holiday_on(self, day: i32) -> bool {
        let since_epoch = jiff::Span::new().try_days(day);
        let Some(date) = since_epoch.ok().and_then(|days| date(1970, 1, 1).checked_add(days).ok()) else {
            return false;
        };
        HOLIDAYS.iter().any(|(when, places)| self.is_among(places) && when.is_on(date))
    }

    fn is_among(self, places: &[&str]) -> bool {
        places.iter().any(|place| self.0 == *place || (place.len() == 2 && self.0.starts_with(place)))
    }
}

/// When a holiday is.
enum When {
    /// Each year on a month and day.
    On(i8, i8),
    /// So, from a year on.
    Since(i16, i8, i8),
    /// Once.
    Once(i16, i8, i8),
    /// So many days after Easter Sunday.
    Easter(i32),
    /// The Wednesday before 23 November: eleven days before the first Sunday in Advent.
    DayOfRepentance,
}

impl When {
    fn is_on(&self, date: Date) -> bool {
        let is_on = |month, day| date.month() == month && date.day() == day;
        match *self {
            Self::On(month, day) => is_on(month, day),
            Self::Since(year, month, day) => year <= date.year() && is_on(month, day),
            Self::Once(year, month, day) => year == date.year() && is_on(month, day),
            Self::Easter(days) => {
                easter(date.year()).is_some_and(|easter| (date - easter).get_days() == days)
            }
            Self::DayOfRepentance => {
                date.weekday() == Weekday::Wednesday && date.month() == 11 && (16..=22).contains(&date.day())
            }
        }
    }
}

const EVERYWHERE: &[&str] = &["AT", "DE"];

/// Every holiday, and where.
const HOLIDAYS: &[(When, &[&str])] = &[
    (When::On(1, 1), EVERYWHERE),
    (When::On(1, 6), &["AT", "DE-BW", "DE-BY", "DE-ST"]),
    (When::Since(2019, 3, 8), &["DE-BE"]),
    (When::Since(2023, 3, 8), &["DE-MV"]),
    (When::Easter(-2), &["DE"]),
    (When::Easter(0), &["DE-BB"]),
    (When::Easter(1), EVERYWHERE),
    (When::On(5, 1), EVERYWHERE),
    // Eighty years after the end of the war, and 75 after; 75 years after the uprising of 17 June.
    (When::Once(2020, 5, 8), &["DE-BE"]),
    (When::Once(2025, 5, 8), &["DE-BE"]),
    (When::Once(2028, 6, 17), &["DE-BE"]),
    (When::Easter(39), EVERYWHERE),
    (When::Easter(49), &["DE-BB"]),
    (When::Easter(50), EVERYWHERE),
    (When::Easter(60), &["AT", "DE-BW", "DE-BY", "DE-HE", "DE-NW", "DE-RP", "DE-SL"]),
    (When::On(8, 15), &["AT", "DE-SL"]),
    (When::Since(2019, 9, 20), &["DE-TH"]),
    (When::On(10, 3), &["DE"]),
    (When::On(10, 26), &["AT"]),
    (
        When::Since(2018, 10, 31),
        &["DE-BB", "DE-HB", "DE-HH", "DE-MV", "DE-NI", "DE-SH", "DE-SN", "DE-ST", "DE-TH"],
    ),
    (When::On(11, 1), &["AT", "DE-BW", "DE-BY", "DE-NW", "DE-RP", "DE-SL"]),
    (When::DayOfRepentance, &["DE-SN"]),
    (When::On(12, 8), &["AT"]),
    (When::On(12, 25), EVERYWHERE),
    (When::On(12, 26), EVERYWHERE),
];

/// Finds Easter Sunday of a year in the Gregorian calendar (Meeus, Astronomical Algorithms, 2nd edition, chapter 8).
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let f = (b + 8) / 25;
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    Date::new(year, i8::try_from(n / 31).ok()?, i8::try_from(n % 31 + 1).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;

    /// Region, year and days of month, made with the Python package `holidays` 0.109 (MIT licence), which knows nothing of the table here.
    const REFERENCE: &str = include_str!("holiday/reference.txt");

    fn day(year: &str, month_and_day: &str) -> i32 {
        Timestamp::parse(&format!("{year}-{month_and_day}T12:00:00Z")).unwrap().day()
    }

    fn holidays(region: &str, year: &str) -> Vec<i32> {
        let region = Region::parse(region).unwrap();
        (day(year, "01-01")..=day(year, "12-31")).filter(|day| region.has_holiday_on(*day)).collect()
    }

    #[test]
    fn holidays_are_those_somebody_else_lists_from_2020_to_2035() {
        let mut lines = 0;
        for line in REFERENCE.lines() {
            let mut words = line.split(' ');
            let (region, year) = (words.next().unwrap(), words.next().unwrap());
            let wanted: Vec<i32> = words.map(|text| day(year, text)).collect();
            assert_eq!(holidays(region, year), wanted, "{region} {year}");
            lines += 1;
        }
        assert_eq!(lines, 17 * 16);
    }

    #[test]
    fn a_state_of_austria_has_the_holidays_of_austria_and_germany_what_all_its_states_have() {
        assert_eq!(holidays("AT-9", "2026"), holidays("AT", "2026"));
        let states = Region::codes().filter(|code| code.starts_with("DE-"));
        let shared =
            |day: &i32| states.clone().all(|state| Region::parse(state).unwrap().has_holiday_on(*day));
        let in_all: Vec<i32> = (day("2026", "01-01")..=day("2026", "12-31")).filter(shared).collect();
        assert_eq!(holidays("DE", "2026"), in_all);
    }

    #[test]
    fn a_region_is_known_by_its_code() {
        assert_eq!(Region::parse("DE-BY").map(Region::code), Some("DE-BY"));
        for wrong in ["", "BY", "de-by", "DE-XX", "CH"] {
            assert_eq!(Region::parse(wrong), None, "{wrong}");
        }
    }
}
