//! `[places]` of `shop.toml`: what is kept of where people are. Nothing is, unless the shop says so.

use std::collections::BTreeSet;

use wink_core::event::ELSEWHERE;
use wink_core::offer::{Circle, Places, RESOLUTION_MAX};

use super::entry::{Entry, Section};

/// At most this many stores, and as many regions: each is measured against every place that is heard of.
const CIRCLES_MAX: usize = 2_000;

/// The vicinity of a store: from the street in front of it to a part of a town.
const STORE_METRES: std::ops::RangeInclusive<i64> = 100..=5_000;

/// A region: from a town to a large state.
const REGION_KILOMETRES: std::ops::RangeInclusive<i64> = 5..=500;

/// What is told of a place counts this long unless the shop says otherwise: weather stations and timetables are asked once an hour or more often.
const CONTEXT_MINUTES: i64 = 90;

/// Reads the section. `None` if it is wrong, which is then reported.
#[expect(clippy::option_option, reason = "missing is fine, wrong is not")]
pub(super) fn of_shop(root: &Section<'_>) -> Option<Option<Places>> {
    let Some(entry) = root.optional("places") else { return Some(None) };
    let section = entry.section("[places]")?;
    section.only(&["resolution", "hours", "stores", "regions", "weather_minutes", "transit_minutes"]);
    let resolution = resolution(&section);
    let hours = hours(&section);
    let stores = circles(&section, &STORES);
    let regions = circles(&section, &REGIONS);
    let weather = minutes(&section, "weather_minutes");
    let transit = minutes(&section, "transit_minutes");
    Some(Some(Places {
        resolution: resolution?,
        hours: hours?,
        stores: stores?,
        regions: regions?,
        context_minutes: [weather?, transit?],
    }))
}

#[expect(clippy::option_option, reason = "missing is fine, wrong is not")]
fn resolution(section: &Section<'_>) -> Option<Option<u8>> {
    let Some(entry) = section.optional("resolution") else { return Some(None) };
    let resolution = entry.whole(0..=15)?;
    match u8::try_from(resolution) {
        Ok(resolution) if resolution <= RESOLUTION_MAX => Some(Some(resolution)),
        _ => entry.refuse(
            format!("cells of resolution {resolution} can single out a home"),
            Some(format!("write {RESOLUTION_MAX} or less: its cells have 36 km² on average")),
        ),
    }
}

/// Reads the hours in which places are heard of. They must be said: round the clock is a choice, too.
fn hours(section: &Section<'_>) -> Option<Vec<(i64, i64)>> {
    let entry = section.required("hours")?;
    let mut windows = Vec::new();
    for window in entry.sections("hours")? {
        window.only(&["from", "until"]);
        let from = window.required("from").and_then(|entry| entry.whole(0..=23));
        let until = window.required("until").and_then(|entry| entry.whole(1..=24));
        let (from, until) = (from?, until?);
        if until <= from {
            let message = "a window ends after it begins; one over midnight is two".to_owned();
            window.file().report(window.at(), message, None);
            return None;
        }
        windows.push((from, until));
    }
    if windows.is_empty() {
        return entry.refuse(
            "`hours` is empty, so that no place would ever be heard of",
            Some("write at least one, like `{ from = 9, until = 20 }`".to_owned()),
        );
    }
    Some(windows)
}

/// What stores and regions have apart.
struct Kind {
    key: &'static str,
    radius: &'static str,
    radii: std::ops::RangeInclusive<i64>,
    metres: f64,
}

const STORES: Kind = Kind { key: "stores", radius: "radius_m", radii: STORE_METRES, metres: 1.0 };
const REGIONS: Kind = Kind { key: "regions", radius: "radius_km", radii: REGION_KILOMETRES, metres: 1_000.0 };

fn circles(section: &Section<'_>, kind: &Kind) -> Option<Vec<Circle>> {
    let Some(entry) = section.optional(kind.key) else { return Some(Vec::new()) };
    let sections = entry.sections(kind.key)?;
    if CIRCLES_MAX < sections.len() {
        let message = format!("{} {} are too many; at most {CIRCLES_MAX}", sections.len(), kind.key);
        return entry.refuse(message, None);
    }
    let circles: Vec<Option<Circle>> = sections.iter().map(|section| circle(section, kind)).collect();
    let circles = circles.into_iter().collect::<Option<Vec<Circle>>>()?;
    let mut seen = BTreeSet::new();
    match circles.iter().find(|circle| !seen.insert(&circle.id)) {
        None => Some(circles),
        Some(twice) => entry.refuse(format!("`{}` is listed twice", twice.id), None),
    }
}

fn circle(section: &Section<'_>, kind: &Kind) -> Option<Circle> {
    section.only(&["id", "latitude", "longitude", kind.radius]);
    let id = section.required("id").and_then(|entry| id(&entry));
    let latitude = section.required("latitude").and_then(|entry| degrees(&entry, 90.0));
    let longitude = section.required("longitude").and_then(|entry| degrees(&entry, 180.0));
    let radius = section.required(kind.radius).and_then(|entry| entry.whole(kind.radii.clone()));
    Some(Circle {
        id: id?,
        latitude: latitude?,
        longitude: longitude?,
        radius_m: f64::from(i32::try_from(radius?).ok()?) * kind.metres,
    })
}

/// Reads a name that features can tell and a key can hold.
fn id(entry: &Entry<'_>) -> Option<String> {
    let text = entry.text()?;
    let is_plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b));
    if text.is_empty() || 64 < text.len() || !is_plain {
        let fix = "use up to 64 of a-z, 0-9, `-` and `_`".to_owned();
        return entry.refuse(format!("`{text}` is no name of a place"), Some(fix));
    }
    if text == ELSEWHERE {
        return entry.refuse(format!("`{ELSEWHERE}` is what everywhere else is called"), None);
    }
    Some(text.to_owned())
}

fn degrees(entry: &Entry<'_>, most: f64) -> Option<f64> {
    let degrees = entry.number()?;
    if (-most..=most).contains(&degrees) {
        return Some(degrees);
    }
    entry.refuse(format!("`{}` must lie between -{most} and {most} degrees", entry.name), None)
}

fn minutes(section: &Section<'_>, key: &'static str) -> Option<i64> {
    section.optional(key).map_or(Some(CONTEXT_MINUTES), |entry| entry.whole(5..=1_440))
}

#[cfg(test)]
mod tests;
