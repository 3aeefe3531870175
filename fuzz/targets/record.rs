//! Bytes as each stored type: refused or read, and what is read is written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wink_core::coupon::{Coupon, Entry, Lease, Redemption, Right, Wallet};
use wink_core::decision::Decision;
use wink_core::feature::{Memberships, Occasions, State};
use wink_core::offer::Product;
use wink_core::offer::price_law::PriceHistory;
use wink_core::profile::{Kept, Profile, Vault};
use wink_record::{
    ApiKey, Awaiting, CatalogueApplied, CatalogueFiles, DeadLetter, Decided, Delivery, Erasure, Folded, KeptAnswer,
    LetterHead, OrderCoupons, Reported, Round, SegmentPassage, SegmentRules, Stored, TenantNamed, WebhookEndpoint,
    WebhookMessage,
};

/// Every stored type.
const TYPES: [fn(&[u8]); 34] = [
    again::<Kept>,
    again::<Profile>,
    again::<Vault>,
    again::<State>,
    again::<Coupon>,
    again::<Wallet>,
    again::<Entry>,
    again::<Decision>,
    again::<Decided>,
    again::<Product>,
    again::<CatalogueFiles>,
    again::<CatalogueApplied>,
    again::<DeadLetter>,
    again::<LetterHead>,
    again::<ApiKey>,
    again::<TenantNamed>,
    again::<Erasure>,
    again::<WebhookEndpoint>,
    again::<WebhookMessage>,
    again::<Delivery>,
    again::<Right>,
    again::<Redemption>,
    again::<KeptAnswer>,
    again::<OrderCoupons>,
    again::<Occasions>,
    again::<Awaiting>,
    again::<Memberships>,
    again::<SegmentRules>,
    again::<SegmentPassage>,
    again::<Round>,
    again::<PriceHistory>,
    again::<Folded>,
    again::<Lease>,
    again::<Reported>,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    TYPES[usize::from(*choice) % TYPES.len()](rest);
});

/// Bytes, not values, are compared: a score that is not a number is not equal to itself.
fn again<T: Stored>(bytes: &[u8]) {
    let Ok(read) = T::from_bytes(bytes) else { return };
    let written = read.to_bytes();
    let again = T::from_bytes(&written).expect("what was written can be read");
    assert_eq!(again.to_bytes(), written);
}
