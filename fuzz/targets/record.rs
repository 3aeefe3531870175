//! Bytes as each stored type: refused or read, and what is read is written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wink_core::coupon::{Coupon, Entry, Right, Wallet};
use wink_core::decision::Decision;
use wink_core::feature::State;
use wink_core::offer::Product;
use wink_core::profile::{Kept, Profile, Vault};
use wink_record::{ApiKey, CatalogueApplied, CatalogueFiles, DeadLetter, Decided, Stored, TenantNamed};

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    match choice % 16 {
        0 => again::<Kept>(rest),
        1 => again::<Profile>(rest),
        2 => again::<Vault>(rest),
        3 => again::<State>(rest),
        4 => again::<Coupon>(rest),
        5 => again::<Wallet>(rest),
        6 => again::<Entry>(rest),
        7 => again::<Decision>(rest),
        8 => again::<Decided>(rest),
        9 => again::<Product>(rest),
        10 => again::<CatalogueFiles>(rest),
        11 => again::<CatalogueApplied>(rest),
        12 => again::<DeadLetter>(rest),
        13 => again::<ApiKey>(rest),
        14 => again::<TenantNamed>(rest),
        _ => again::<Right>(rest),
    }
});

/// Bytes, not values, are compared: a score that is not a number is not equal to itself.
fn again<T: Stored>(bytes: &[u8]) {
    let Ok(read) = T::from_bytes(bytes) else { return };
    let written = read.to_bytes();
    let again = T::from_bytes(&written).expect("what was written can be read");
    assert_eq!(again.to_bytes(), written);
}
