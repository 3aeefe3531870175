//! Bytes as a string of the Transparency and Consent Framework: read or refused with a reason, and never a consent that its bits do not hold.
//! What its bits hold is read here a second time, by code that shares nothing with the reader: purposes, vendors one by one and in ranges, those
//! that were disclosed, and how old it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wink_core::base::Timestamp;
use wink_core::event::{TC_STRING_BYTES_MAX, TcString};

/// The alphabet, in order: the places are the bits.
const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Where a core string says when it was made and last changed, its consents to purposes, and its vendors, by the specification.
const CREATED: usize = 6;
const LAST_UPDATED: usize = 42;
const PURPOSES: usize = 152;
const VENDORS: usize = 213;

/// The purposes without which nothing may be chosen for somebody.
const NEEDED: [u32; 3] = [1, 3, 4];

/// Strings made from this day on name the vendors that were disclosed: 2026-02-28, in milliseconds since 1970.
const DISCLOSED_SINCE: i64 = 1_772_236_800_000;

/// Thirteen months have at most so many days; a string is no older.
const FRESH_DAYS: i64 = 396;

/// So many ranges of vendors are looked at: all of them would take longer than the reading.
const EDGES: usize = 16;

/// A segment as bits.
fn bits(segment: &str) -> Vec<bool> {
    let sextet = |letter: char| ALPHABET.find(letter).unwrap_or_default();
    segment.chars().flat_map(|letter| (0..6).rev().map(move |bit| sextet(letter) >> bit & 1 == 1)).collect()
}

/// The number that stands in so many bits from a place on.
fn number(bits: &[bool], from: usize, width: usize) -> i64 {
    bits[from..from + width].iter().fold(0, |number, bit| number << 1 | i64::from(*bit))
}

/// The vendors of the list that begins at a place, as ranges; `None` if it is cut or contradicts itself.
fn vendors(bits: &[bool], list: usize) -> Option<Vec<(i64, i64)>> {
    let at = |from: usize, width: usize| (from + width <= bits.len()).then(|| number(bits, from, width));
    let (most, in_ranges) = (at(list, 16)?, at(list + 16, 1)? == 1);
    let mut next = list + 17;
    if !in_ranges {
        let given = bits.get(next..next + most as usize)?;
        return Some((1..=most).zip(given).filter(|(_, given)| **given).map(|(id, _)| (id, id)).collect());
    }
    let count = at(next, 12)?;
    next += 12;
    let mut ranges = Vec::new();
    for _ in 0..count {
        let (is_range, from) = (at(next, 1)? == 1, at(next + 1, 16)?);
        let to = if is_range { at(next + 17, 16)? } else { from };
        next += if is_range { 33 } else { 17 };
        if !(0 < from && from <= to && to <= most) {
            return None;
        }
        ranges.push((from, to));
    }
    Some(ranges)
}

fn check(text: &str) {
    let string = match TcString::parse(text) {
        Ok(string) => string,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert!(text.len() <= TC_STRING_BYTES_MAX);
    let mut segments = text.split('.');
    let core = bits(segments.next().unwrap_or_default());
    for purpose in 1..=24 {
        assert_eq!(string.purpose(purpose), core[PURPOSES - 1 + purpose as usize], "purpose {purpose}");
    }
    assert!(!string.purpose(0) && !string.purpose(25));

    // Places where vendors begin or end to be named, and their neighbours, spread over all of them; and some of none.
    let ranges = vendors(&core, VENDORS).expect("a core string that was read has its vendors");
    let is_in = |ranges: &[(i64, i64)], id: u16| {
        ranges.iter().any(|(from, to)| (*from..=*to).contains(&i64::from(id)))
    };
    let is_given = |id: u16| is_in(&ranges, id);
    let edges = ranges.iter().step_by(1 + ranges.len() / EDGES);
    let edges = edges.flat_map(|(from, to)| [from - 1, *from, from + 1, to - 1, *to, to + 1]);
    let asked: Vec<u16> =
        [0, 1, 2, 755, 65_535].into_iter().chain(edges).filter_map(|id| u16::try_from(id).ok()).collect();
    for vendor in &asked {
        assert_eq!(string.vendor(*vendor), is_given(*vendor), "vendor {vendor}");
    }
    assert!(!string.vendor(0), "ids begin at 1");

    let updated = Timestamp(100 * number(&core, LAST_UPDATED, 36));
    assert_eq!(string.last_updated, updated);
    // Each list of disclosed vendors; one that cannot be read names nobody.
    let lists = segments.map(bits).filter(|segment| number(segment, 0, 3) == 1);
    let disclosed: Vec<Vec<(i64, i64)>> =
        lists.map(|segment| vendors(&segment, 3).unwrap_or_default()).collect();
    let is_disclosed = |id: u16| disclosed.iter().any(|list| is_in(list, id));
    let is_old = 100 * number(&core, CREATED, 36) < DISCLOSED_SINCE;
    let may = NEEDED.into_iter().all(|purpose| string.purpose(purpose));
    let stale = updated.plus_days(FRESH_DAYS);
    for vendor in asked.into_iter().take(16).map(Some).chain([None]) {
        assert!(vendor.is_none_or(|id| string.disclosed(id) == is_disclosed(id)), "{vendor:?}");
        let is_whole = is_old || vendor.map_or(!disclosed.is_empty(), is_disclosed);
        let may = may && is_whole && vendor.is_none_or(is_given);
        // Nobody is asked anew by being asked late: it ends at an instant, and for good.
        for (now, is_fresh) in
            [(updated, true), (Timestamp(stale.0 - 1), true), (stale, false), (stale.plus_days(4_000), false)]
        {
            let allowed = string.allows_personalisation(vendor, now);
            assert_eq!(allowed, may && is_fresh, "{vendor:?} at {now} of {updated}");
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        check(text);
    }
});
