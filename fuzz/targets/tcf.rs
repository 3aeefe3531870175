//! Bytes as a string of the Transparency and Consent Framework: read or refused with a reason, and never a consent that its bits do not hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wink_core::base::Timestamp;
use wink_core::event::{TC_STRING_BYTES_MAX, TcString};

/// The alphabet, in order: the places are the bits.
const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Where the consents to purposes 1, 3 and 4 stand in the core string, by its specification.
const NEEDED: [usize; 3] = [152, 154, 155];

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let string = match TcString::parse(text) {
        Ok(string) => string,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert!(text.len() <= TC_STRING_BYTES_MAX);
    let core = text.split('.').next().unwrap_or_default();
    let bit = |place: usize| {
        let letter = core.chars().nth(place / 6)?;
        Some(ALPHABET.find(letter)? >> (5 - place % 6) & 1 == 1)
    };
    for purpose in 1..=24 {
        assert_eq!(Some(string.purpose(purpose)), bit(151 + purpose as usize), "purpose {purpose}");
    }
    assert!(!string.purpose(0) && !string.purpose(25) && !string.vendor(0));
    let now = Timestamp(string.last_updated.0 + 1);
    for vendor in [None, Some(1), Some(755), Some(u16::MAX)] {
        let allowed = string.allows_personalisation(vendor, now);
        assert!(!allowed || NEEDED.into_iter().all(|place| bit(place) == Some(true)));
        assert!(!allowed || vendor.is_none_or(|vendor| string.vendor(vendor)));
        // Nobody is asked anew by being asked late.
        let late = now.plus_days(400);
        assert!(!string.allows_personalisation(vendor, late));
    }
});
