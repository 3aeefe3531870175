//! Counters of limits against what they count: redemptions per day and store with what is kept there for leases, and the uses of public codes.

use std::collections::BTreeMap;

use wink_core::coupon::{Coupon, Lease, Redemption, UseCount};
use wink_store::Store;

use super::walk;
use crate::flow::limits::Counted;
use crate::keys::{self, kind};
use crate::{Engine, Error};

/// Lists what does not add up.
pub(super) async fn findings<S: Store>(engine: &Engine<S>) -> Result<Vec<String>, Error> {
    let mut expected: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
    let mut spent: BTreeMap<_, i64> = BTreeMap::new();
    // Of days that nothing is bounded by any more, counters are deleted while their redemptions stay.
    let days = Counted::read(engine).await?;
    walk::stored(engine, kind::REDEMPTION, |redemption: Redemption| {
        // What a till gave without asking was paid by its lease.
        if redemption.offline.is_none() {
            *spent.entry(redemption.coupon).or_default() += redemption.spent().0;
        }
        for count in redemption.counted.iter().filter(|count| days.has(count)) {
            let uses = i64::from(redemption.counts_as_use());
            *expected.entry(keys::uses(count.name()).0).or_default() += uses;
            *expected.entry(keys::use_cents(count.name()).0).or_default() += redemption.spent().0;
        }
        Ok(())
    })
    .await?;
    walk::stored(engine, kind::LEASE, |lease: Lease| {
        for kept in lease.kept.iter().filter(|kept| days.has(&kept.count)) {
            *expected.entry(keys::uses(kept.count.name()).0).or_default() += i64::from(kept.uses);
            *expected.entry(keys::use_cents(kept.count.name()).0).or_default() += kept.amount.0;
        }
        Ok(())
    })
    .await?;
    walk::stored(engine, kind::COUPON, |coupon: Coupon| {
        if coupon.is_by_word() {
            let offer = coupon.offer.as_str();
            let owed = coupon.reserved.0 + spent.get(&coupon.id).copied().unwrap_or_default();
            *expected.entry(keys::public_uses(offer).0).or_default() += 1;
            *expected.entry(keys::public_cents(offer).0).or_default() += owed;
        }
        Ok(())
    })
    .await?;
    let mut findings = Vec::new();
    for prefix in [keys::USES, keys::USE_CENTS, keys::PUBLIC_USES, keys::PUBLIC_CENTS] {
        for (key, counter) in engine.store.counters_with(engine.tenant, prefix.as_bytes()).await? {
            let (name, counted) = (String::from_utf8_lossy(&key.0).into_owned(), counter.value);
            let count = UseCount::from_name(name.get(prefix.len()..).unwrap_or_default().to_owned());
            if prefix.starts_with("use") && !days.has(&count) {
                continue;
            }
            let expected = expected.remove(&key.0).unwrap_or_default();
            if expected != counted {
                findings.push(format!("the counter {name} has {counted} instead of {expected}"));
            }
        }
    }
    let missing = expected.iter().filter(|(_, value)| **value != 0);
    findings.extend(
        missing.map(|(key, value)| {
            format!("the counter {} is missing, of {value}", String::from_utf8_lossy(key))
        }),
    );
    Ok(findings)
}
