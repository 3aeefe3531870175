//! The edges of windows on the shop's calendar and of lifetimes: 400 instants around midnights in Berlin, by a rule of its own. It knows no
//! time zone database, only that summer time holds from the last Sunday of March to the last Sunday of October.

use super::*;

/// Days from 1970-01-01 to a date: Hinnant, "chrono-compatible low-level date algorithms", `days_from_civil`.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The last Sunday of a month of 31 days. The day 0 was a Thursday.
fn last_sunday(year: i64, month: i64) -> i64 {
    let last = days(year, month, 31);
    last - (last + 4).rem_euclid(7)
}

/// When a day begins in Berlin. The clocks change later in the night, so the day of the change begins on the old time.
fn midnight(year: i64, day: i64) -> Timestamp {
    let summer = last_sunday(year, 3) < day && day <= last_sunday(year, 10);
    Timestamp(day * DAY_MS - if summer { 2 } else { 1 } * 3_600_000)
}

fn year_of(day: i64) -> i64 {
    (1970..2100).find(|year| days(*year, 1, 1) <= day && day < days(year + 1, 1, 1)).unwrap()
}

/// Days that are not like others: leap days, the turn of the year, the days of 23 and 25 hours and those beside them.
fn edges(year: i64) -> [i64; 10] {
    let (spring, autumn) = (last_sunday(year, 3), last_sunday(year, 10));
    let march = days(year, 3, 1);
    let [january, december] = [days(year, 1, 1), days(year, 12, 31)];
    [january, march - 1, march, spring - 1, spring, spring + 1, autumn - 1, autumn, autumn + 1, december]
}

fn counting(window: i32) -> Catalogue {
    let definition = Definition {
        name: "orders".to_owned(),
        meaning: "orders on the shop's calendar".to_owned(),
        how: How::Folded {
            selection: Selection::of(&["Order Completed"]),
            aggregation: Aggregation::Count { window: Window::ShopDays(window) },
            age: Age::Named,
            never: Never::Unknown,
        },
        ttl_days: None,
        purpose: Purpose::Personalisation,
        class: Class::Purchase,
        heard: Heard::default(),
    };
    Catalogue::compile(vec![definition], &Zone::new("Europe/Berlin").unwrap()).unwrap()
}

#[test]
fn a_window_begins_at_midnight_on_the_shop_s_clock() {
    let windows = [1, 2, 7, 28, 365].map(|window| (i64::from(window), counting(window)));
    let mut checked = 0;
    for year in 2024..=2027 {
        for today in edges(year) {
            let noon = Timestamp(midnight(year, today).0 + 12 * 3_600_000);
            for (window, catalogue) in &windows {
                let first = today - window + 1;
                let begins = midnight(year_of(first), first);
                for (at, expected) in [(begins, 1.0), (Timestamp(begins.0 - 1), 0.0)] {
                    let state = state_of(catalogue, &[order(at, &[("tea", 100)])]);
                    let Viewed::Number(reading) = viewed(catalogue, &[&state], noon, "orders") else {
                        panic!("an order is known")
                    };
                    assert_eq!(reading.value, expected, "{window} days up to {noon}, an order at {at}");
                    checked += 1;
                }
            }
        }
    }
    assert_eq!(checked, 400);
}

#[test]
fn a_value_is_served_to_the_last_millisecond_of_its_life() {
    let catalogue = Catalogue::built_in();
    // Over a leap day, and over both changes of the clocks: a day of a lifetime has 24 hours.
    for begins in ["2024-02-28T22:59:59.999Z", "2026-03-28T12:00:00Z", "2026-10-24T23:30:00Z"] {
        let at = Timestamp::parse(begins).unwrap();
        let state = state_of(&catalogue, &[order(at, &[("tea", 100)])]);
        let seen = |now| viewed(&catalogue, &[&state], now, "orders_365d");
        let last = at.plus_days(366);
        assert!(matches!(seen(last), Viewed::Number(_)), "{begins}");
        assert_eq!(seen(Timestamp(last.0 + 1)), Viewed::TooOld { age_ms: 366 * DAY_MS + 1 }, "{begins}");
    }
}
