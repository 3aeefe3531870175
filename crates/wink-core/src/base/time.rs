//! Instants and days. An instant comes in as an argument; nothing here knows what time it is.

use std::fmt;

use super::holiday::Region;

/// Milliseconds in a day of UTC.
pub const DAY_MS: i64 = 86_400_000;

/// An instant in milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// The first instant a stored time may have: the year 0001 in UTC.
const FIRST_MS: i64 = -62_135_596_800_000;
/// The last instant a stored time may have: the end of the year 9998, so that a zone cannot push it past 9999.
const LAST_MS: i64 = 253_370_764_799_999;

impl Timestamp {
    /// Reads RFC 3339, with any offset and up to nanoseconds; finer than a millisecond is cut off.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let instant: jiff::Timestamp = text
            .parse()
            .map_err(|_| format!("`{text}` is not a time; write it like 2026-03-01T09:30:00Z"))?;
        let millisecond = instant.as_millisecond();
        if !(FIRST_MS..=LAST_MS).contains(&millisecond) {
            return Err(format!("`{text}` lies outside the years 0001 to 9998"));
        }
        Ok(Self(millisecond))
    }

    /// Tells the day of UTC it lies in, counted from 1970-01-01.
    pub fn day(self) -> i32 {
        i32::try_from(self.0.div_euclid(DAY_MS)).unwrap_or(if self.0 < 0 { i32::MIN } else { i32::MAX })
    }

    /// Moves by whole days of 24 hours.
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.saturating_mul(DAY_MS)))
    }

    /// Counts the milliseconds since `earlier`; negative if that lies later.
    pub fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Prints RFC 3339 in UTC.
impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(instant) => write!(out, "{instant}"),
            Err(_) => write!(out, "{} ms", self.0),
        }
    }
}

/// A shop's clock and calendar: its time zone, from the bundled database, so that a replay elsewhere counts the same days, and the region whose
/// public holidays it keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    clock: jiff::tz::TimeZone,
    region: Option<Region>,
}

impl Zone {
    /// The zone whose clock is UTC.
    pub fn utc() -> Self {
        Self { clock: jiff::tz::TimeZone::UTC, region: None }
    }

    /// Looks up an IANA name such as `Europe/Berlin`.
    pub fn new(name: &str) -> Option<Self> {
        let clock = jiff::tz::TimeZoneDatabase::bundled().get(name).ok()?;
        Some(Self { clock, region: None })
    }

    /// Keeps the public holidays of a region.
    #[must_use]
    pub fn in_region(self, region: Region) -> Self {
        Self { region: Some(region), ..self }
    }

    /// Tells the region, if one is named.
    pub fn region(&self) -> Option<Region> {
        self.region
    }

    /// Tells whether the day `after` days after that of `now` is a public holiday. Nothing is known without a region.
    pub fn is_holiday(&self, now: Timestamp, after: i32) -> Option<bool> {
        Some(self.region?.has_holiday_on(self.day(now).saturating_add(after)))
    }

    /// Tells its IANA name, where it has one.
    pub fn name(&self) -> &str {
        self.clock.iana_name().unwrap_or("UTC")
    }

    /// Tells weekday (1 = Monday … 7 = Sunday) and hour at `now` on the shop's clock.
    pub fn weekday_and_hour(&self, now: Timestamp) -> (i64, i64) {
        let Ok(instant) = jiff::Timestamp::from_millisecond(now.0) else { return (1, 0) };
        let local = instant.to_zoned(self.clock.clone());
        (i64::from(local.weekday().to_monday_one_offset()), i64::from(local.hour()))
    }

    /// Tells the day on the shop's calendar, counted from 1970-01-01.
    pub fn day(&self, now: Timestamp) -> i32 {
        let Ok(instant) = jiff::Timestamp::from_millisecond(now.0) else { return now.day() };
        let offset = i64::from(self.clock.to_offset(instant).seconds()) * 1_000;
        Timestamp(now.0.saturating_add(offset)).day()
    }

    /// Writes an instant on the shop's clock, in a format of `strftime`.
    pub fn spelled(&self, at: Timestamp, format: &str) -> String {
        match jiff::Timestamp::from_millisecond(at.0) {
            Ok(instant) => instant.to_zoned(self.clock.clone()).strftime(format).to_string(),
            Err(_) => at.to_string(),
        }
    }

    /// Finds the beginning of the day behind the one that lies so many months after `now`; of a month that is shorter, behind its last day.
    pub fn day_after_months(&self, now: Timestamp, months: u16) -> Timestamp {
        let later = || {
            let date = jiff::Timestamp::from_millisecond(now.0).ok()?.to_zoned(self.clock.clone()).date();
            let date = date.checked_add(jiff::Span::new().try_months(months).ok()?).ok()?.tomorrow().ok()?;
            let zoned = date.at(0, 0, 0, 0).to_zoned(self.clock.clone()).ok()?;
            Some(Timestamp(zoned.timestamp().as_millisecond()))
        };
        later().unwrap_or_else(|| now.plus_days(31 * i64::from(months)))
    }

    /// Finds the instant of `hour` o'clock on the date `days` after the Unix epoch, on the shop's clock.
    pub fn instant(&self, days: i32, hour: i8) -> Option<Timestamp> {
        let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
        let zoned = date.at(hour, 0, 0, 0).to_zoned(self.clock.clone()).ok()?;
        Some(Timestamp(zoned.timestamp().as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_with_any_offset_and_printed_in_utc() {
        let time = Timestamp::parse("2017-01-02T06:00:00-05:00").unwrap();
        assert_eq!(time.to_string(), "2017-01-02T11:00:00Z");
        assert!(Timestamp::parse("2017-01-02").is_err());
    }

    #[test]
    fn six_in_the_morning_moves_with_daylight_saving() {
        let zone = Zone::new("America/New_York").unwrap();
        let winter = zone.instant(Timestamp::parse("2017-03-06T00:00:00Z").unwrap().day(), 6).unwrap();
        let summer = zone.instant(Timestamp::parse("2017-03-13T00:00:00Z").unwrap().day(), 6).unwrap();
        assert_eq!(winter.to_string(), "2017-03-06T11:00:00Z");
        assert_eq!(summer.to_string(), "2017-03-13T10:00:00Z");
        assert_eq!(zone.weekday_and_hour(summer), (1, 6));
    }

    #[test]
    fn a_holiday_begins_and_ends_on_the_clock_of_the_shop() {
        let zone = Zone::new("Europe/Berlin").unwrap();
        let at = |text| Timestamp::parse(text).unwrap();
        assert_eq!(zone.is_holiday(at("2026-12-24T23:30:00Z"), 0), None, "no region is named");
        let zone = zone.in_region(Region::parse("DE-BY").unwrap());
        for (text, today, tomorrow) in [
            ("2026-12-24T22:59:59Z", false, true),
            ("2026-12-24T23:00:00Z", true, true),
            ("2026-12-26T22:59:59Z", true, false),
            ("2026-12-31T12:00:00Z", false, true),
        ] {
            assert_eq!(
                [0, 1].map(|days| zone.is_holiday(at(text), days).unwrap()),
                [today, tomorrow],
                "{text}"
            );
        }
    }

    #[test]
    fn days_before_1970_count_downwards() {
        assert_eq!(Timestamp(-1).day(), -1);
        assert_eq!(Timestamp(0).day(), 0);
    }
}
