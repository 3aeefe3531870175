//! Strings written bit by bit after the specification, by code that shares nothing with the reader; and whatever becomes of them when they are
//! cut or a bit of them turns.

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::{TcString, TcStringError};
use crate::base::Timestamp;

/// The alphabet, written down: RFC 4648, table 2.
const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A string as it is to be.
#[derive(Clone, Debug)]
struct Wanted {
    created: u64,
    updated: u64,
    policy: u64,
    /// What nobody asks for here: ids, versions, language, special features, legitimate interests, country.
    others: Vec<u64>,
    purposes: u64,
    vendors: Vec<u16>,
    as_ranges: bool,
    /// Vendors by legitimate interest, which are no consents.
    interests: Vec<u16>,
    /// Vendors that were disclosed.
    disclosed: Vec<u16>,
    /// Types of the segments behind the core: 1 names the disclosed vendors, 3 is the publisher's.
    segments: Vec<u64>,
}

fn wanted() -> impl Strategy<Value = Wanted> {
    // Tenths of a second from 2019 to 2030; purposes are drawn so that what is needed is often there.
    let instants = (15_463_000_000_u64..18_934_000_000, 0_u64..400_000_000);
    let purposes = prop_oneof![0_u64..1 << 24, (0_u64..1 << 24).prop_map(|bits| bits | 0b1011 << 20)];
    let ids = || btree_set(1_u16..1_300, 0..40).prop_map(|ids| ids.into_iter().collect::<Vec<_>>());
    let segments = vec(prop_oneof![Just(1_u64), Just(3)], 0..3);
    let disclosed = (ids(), any::<bool>());
    let drawn = (
        instants,
        0_u64..64,
        vec(any::<u64>(), 12),
        purposes,
        ids(),
        any::<bool>(),
        ids(),
        disclosed,
        segments,
    );
    drawn.prop_map(
        |((created, later), policy, others, purposes, vendors, as_ranges, interests, disclosed, segments)| {
            Wanted {
                // As often as not, those consented to are among them.
                disclosed: if disclosed.1 { vendors.clone() } else { disclosed.0 },
                created,
                updated: created + later,
                policy,
                others,
                purposes,
                vendors,
                as_ranges,
                interests,
                segments,
            }
        },
    )
}

/// Writes a number as so many digits of base two.
fn digits(number: u64, width: usize) -> String {
    let all = format!("{number:064b}");
    all[64 - width..].to_owned()
}

fn vendors(ids: &[u16], as_ranges: bool) -> String {
    let most = ids.iter().copied().max().unwrap_or(0);
    let mut bits = digits(most.into(), 16);
    if !as_ranges {
        bits.push('0');
        bits.extend((1..=most).map(|id| if ids.contains(&id) { '1' } else { '0' }));
        return bits;
    }
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for id in ids {
        match ranges.last_mut() {
            Some((_, to)) if *to + 1 == *id => *to = *id,
            _ => ranges.push((*id, *id)),
        }
    }
    bits.push('1');
    bits += &digits(u64::try_from(ranges.len()).unwrap(), 12);
    for (from, to) in ranges {
        match from == to {
            true => bits += &format!("0{}", digits(from.into(), 16)),
            false => bits += &format!("1{}{}", digits(from.into(), 16), digits(to.into(), 16)),
        }
    }
    bits
}

fn letters(bits: &str) -> String {
    let mut bits = bits.to_owned();
    while !bits.len().is_multiple_of(6) {
        bits.push('0');
    }
    let letter = |place: usize| {
        let sextet = usize::from_str_radix(&bits[place..place + 6], 2).unwrap();
        ALPHABET.chars().nth(sextet).unwrap()
    };
    (0..bits.len()).step_by(6).map(letter).collect()
}

impl Wanted {
    fn written(&self) -> String {
        let other = |place: usize, width: usize| digits(self.others[place], width);
        let core = [
            digits(2, 6),
            digits(self.created, 36),
            digits(self.updated, 36),
            other(0, 12),
            other(1, 12),
            other(2, 6),
            other(3, 12),
            other(4, 12),
            digits(self.policy, 6),
            other(5, 1),
            other(6, 1),
            other(7, 12),
            digits(self.purposes, 24),
            other(8, 24),
            other(9, 1),
            other(10, 12),
            vendors(&self.vendors, self.as_ranges),
            vendors(&self.interests, !self.as_ranges),
            digits(0, 12),
        ];
        let behind = self.segments.iter().map(|kind| match kind {
            1 => letters(&(digits(1, 3) + &vendors(&self.disclosed, !self.as_ranges))),
            // The publisher's purposes, by consent and by interest, and none of its own.
            kind => letters(&(digits(*kind, 3) + &digits(self.others[11], 48) + &digits(0, 6))),
        });
        std::iter::once(letters(&core.concat())).chain(behind).collect::<Vec<_>>().join(".")
    }
}

/// What the bits of any text say, looked up where the specification says they stand; `None` where one of them is missing.
struct Bits(Vec<bool>);

impl Bits {
    fn of(segment: &str) -> Option<Self> {
        let mut bits = Vec::new();
        for letter in segment.chars() {
            let sextet = ALPHABET.find(letter)?;
            bits.extend((0..6).rev().map(|bit| sextet >> bit & 1 == 1));
        }
        Some(Self(bits))
    }

    fn number(&self, from: usize, width: usize) -> Option<u64> {
        let bits = self.0.get(from..from + width)?;
        Some(bits.iter().fold(0, |sum, bit| sum * 2 + u64::from(*bit)))
    }

    /// Looks for a vendor in the list that begins at a place.
    fn vendor(&self, id: u16, list: usize) -> Option<bool> {
        let (most, id) = (self.number(list, 16)?, u64::from(id));
        if self.number(list + 16, 1)? == 0 {
            self.number(list + 16 + usize::try_from(most).ok()?, 1)?;
            let place = list + 16 + usize::try_from(id).ok()?;
            return Some((1..=most).contains(&id) && self.number(place, 1)? == 1);
        }
        let (mut next, mut is_in) = (list + 29, false);
        for _ in 0..self.number(list + 17, 12)? {
            let from = self.number(next + 1, 16)?;
            let is_range = self.number(next, 1)? == 1;
            let to = if is_range { self.number(next + 17, 16)? } else { from };
            if from == 0 || to < from || most < to {
                return None;
            }
            next += if is_range { 33 } else { 17 };
            is_in |= (from..=to).contains(&id);
        }
        Some(is_in)
    }
}

/// Whether the bits of a text allow what Wink needs, at `now`; nothing that cannot be read does.
fn bits_allow(text: &str, vendor: Option<u16>, now: Timestamp) -> Option<bool> {
    let mut segments = text.split('.');
    let core = Bits::of(segments.next()?)?;
    let tenths = |number: u64| i64::try_from(number).map(|tenths| Timestamp(tenths * 100)).ok();
    let (created, updated) = (tenths(core.number(6, 36)?)?, tenths(core.number(42, 36)?)?);
    let mut is_disclosed = false;
    for segment in segments.map(Bits::of) {
        let segment = segment?;
        // Whom a list that cannot be read discloses is nobody.
        let names = |id| segment.vendor(id, 3).unwrap_or(false);
        is_disclosed |= segment.number(0, 3)? == 1 && vendor.is_none_or(names);
    }
    let since = Timestamp::parse("2026-02-28T00:00:00Z").ok()?;
    // The first, third and fourth of 24 bits behind 152 others.
    let purposes = [152, 154, 155].into_iter().all(|place| core.number(place, 1) == Some(1));
    let vendor = match vendor {
        Some(id) => core.vendor(id, 213)?,
        None => true,
    };
    let is_fresh = now.0 < updated.0 + 396 * 86_400_000;
    Some(core.number(0, 6)? == 2 && (created.0 < since.0 || is_disclosed) && is_fresh && purposes && vendor)
}

fn allows(text: &str, vendor: Option<u16>, now: Timestamp) -> Result<bool, TcStringError> {
    TcString::parse(text).map(|string| string.allows_personalisation(vendor, now))
}

/// Holds a text, whatever it is, against its bits: no answer allows more than they do.
fn check(text: &str, vendors: &[u16], now: Timestamp) -> Result<(), TestCaseError> {
    for vendor in vendors.iter().copied().map(Some).chain([None, Some(0), Some(u16::MAX)]) {
        let by_bits = bits_allow(text, vendor, now).unwrap_or(false);
        match allows(text, vendor, now) {
            Ok(found) => prop_assert_eq!(found, by_bits, "{} {:?}", text, vendor),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(wanted in wanted()) {
        let text = wanted.written();
        let read = TcString::parse(&text).unwrap();
        let tenths = |number: u64| Timestamp(i64::try_from(number).unwrap() * 100);
        prop_assert_eq!((read.created, read.last_updated), (tenths(wanted.created), tenths(wanted.updated)));
        prop_assert_eq!(u64::from(read.policy_version), wanted.policy);
        prop_assert_eq!(read.discloses_vendors(), wanted.segments.contains(&1));
        for purpose in 0..=25_u32 {
            let expected = (1..=24).contains(&purpose) && wanted.purposes >> (24 - purpose) & 1 == 1;
            prop_assert_eq!(read.purpose(purpose), expected, "purpose {} of {}", purpose, text);
        }
        for vendor in (0..=1_300).chain([u16::MAX]) {
            prop_assert_eq!(read.vendor(vendor), wanted.vendors.contains(&vendor), "vendor {} of {}", vendor, text);
            let disclosed = wanted.segments.contains(&1) && wanted.disclosed.contains(&vendor);
            prop_assert_eq!(read.disclosed(vendor), disclosed, "vendor {} of {}", vendor, text);
        }
        let now = Timestamp(read.last_updated.0 + 1);
        for vendor in wanted.vendors.iter().copied().take(3).map(Some).chain([None]) {
            prop_assert_eq!(allows(&text, vendor, now).ok(), bits_allow(&text, vendor, now));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn what_is_cut_allows_no_more_than_the_whole_and_than_its_bits(wanted in wanted()) {
        let text = wanted.written();
        let now = Timestamp(i64::try_from(wanted.updated).unwrap() * 100 + 1);
        let vendor = wanted.vendors.first().copied();
        for end in 0..text.len() {
            check(&text[..end], &wanted.vendors, now)?;
            let cut = allows(&text[..end], vendor, now).unwrap_or(false);
            prop_assert!(!cut || allows(&text, vendor, now) == Ok(true), "{} cut at {}", text, end);
        }
    }

    #[test]
    fn whatever_bit_turns_the_answer_is_what_the_bits_say_or_why_there_is_none(wanted in wanted()) {
        let text = wanted.written();
        let now = Timestamp(i64::try_from(wanted.updated).unwrap() * 100 + 1);
        let vendors: Vec<u16> = wanted.vendors.iter().copied().take(3).collect();
        for (place, letter) in text.char_indices() {
            let turned = |letter: char| format!("{}{letter}{}", &text[..place], &text[place + 1..]);
            for bit in 0..6 {
                let Some(sextet) = ALPHABET.find(letter) else { break };
                check(&turned(ALPHABET.chars().nth(sextet ^ 1 << bit).unwrap()), &vendors, now)?;
            }
            // The letter itself, as bytes on a wire turn.
            for bit in 0..8 {
                check(&turned(char::from(u8::try_from(letter).unwrap() ^ 1 << bit)), &vendors, now)?;
            }
        }
    }
}
