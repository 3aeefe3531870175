//! What is left of the limits that bound the uses of coupons, and how a redemption counts for them. The store refuses what goes beyond a cap; what is
//! read before only says so in words.

use std::collections::BTreeMap;

use wink_core::base::{Cents, Timestamp};
use wink_core::coupon::{
    Bound, Counts, Coupon, DAYS_COUNTED, Entry, Lease, Left, LimitKept, Redemption, Refusal, Reversal,
    UseBound, UseCount, uncounted, use_bounds,
};
use wink_core::offer::{Campaign, Catalogue, Offer, UseLimit};
use wink_store::{Batch, Change, Counter, CounterKey, Home, Store};

use super::tills::leases::Short;
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::{Engine, Error, keys};

/// Counters deleted in one commit: each makes two changes, below the port's 1,024.
const AT_ONCE: usize = 400;

/// Lists the limits per day and store that using each of these coupons falls under, with what is left of them.
pub(super) async fn of_uses<S: Store>(
    engine: &Engine<S>,
    catalogue: &Catalogue,
    coupons: impl Iterator<Item = Option<&Coupon>>,
    store: Option<&str>,
    now: Timestamp,
) -> Result<Vec<Vec<(Bound, UseLimit)>>, Error> {
    let bounds = |coupon: Option<&Coupon>| {
        let offer = coupon.and_then(|coupon| catalogue.offer(&coupon.offer));
        offer.map(|offer| use_bounds(catalogue, offer, store, now)).unwrap_or_default()
    };
    let bounds: Vec<Vec<UseBound>> = coupons.map(bounds).collect();
    let counts = bounds.iter().flatten().flat_map(|bound| [Some(&bound.count), bound.next.as_ref()]);
    let mut counters: Vec<CounterKey> = counts.flatten().flat_map(keys_of).collect();
    counters.sort_unstable();
    counters.dedup();
    if counters.is_empty() {
        return Ok(bounds.into_iter().map(|_| Vec::new()).collect());
    }
    let found = engine.store.counters(engine.tenant, &counters).await?;
    let found: BTreeMap<CounterKey, Counter> = counters.into_iter().zip(found).collect();
    let value = |key: &CounterKey| found.get(key).map_or(0, |counter| counter.value);
    let left = |bound: UseBound| {
        let left_in = |count: &UseCount| {
            let [uses, spent] = keys_of(count);
            Left {
                uses: bound.limit.uses.map(|most| left_of(i64::from(most), value(&uses))),
                amount: bound.limit.amount.map(|most| Cents((most.0 - value(&spent)).max(0))),
            }
        };
        let (now, next) = (left_in(&bound.count), bound.next.as_ref().map(left_in));
        let (uses_left, amount_left, counts) = (now.uses, now.amount, Counts::Uses(bound.count));
        (Bound { counts, uses_left, amount_left, next, refusal: bound.refusal }, bound.limit)
    };
    Ok(bounds.into_iter().map(|bounds| bounds.into_iter().map(left).collect()).collect())
}

/// Lists what bounds a further use of a public code, whoever uses it: its own caps, the offer's total and the campaign's budget.
pub(super) async fn of_word<S: Store>(
    engine: &Engine<S>,
    offer: &Offer,
    campaign: &Campaign,
) -> Result<Vec<Bound>, Error> {
    let counters = [
        keys::public_uses(offer.id.as_str()),
        keys::public_cents(offer.id.as_str()),
        keys::issued(offer.id.as_str()),
        keys::budget(campaign.id.as_str()),
    ];
    let found = engine.store.counters(engine.tenant, &counters).await?;
    let [uses, spent, issued, budget] = found.as_slice() else { return Ok(Vec::new()) };
    let uses_left = |counter: &Counter| counter.cap.map(|cap| left_of(cap, counter.value));
    let amount_left = |counter: &Counter| counter.cap.map(|cap| Cents((cap - counter.value).max(0)));
    let bound = |counts, uses_left, amount_left| Bound {
        counts,
        uses_left,
        amount_left,
        next: None,
        refusal: Refusal::UsedUp,
    };
    Ok(vec![
        bound(Counts::PublicCode(offer.id.clone()), uses_left(uses), amount_left(spent)),
        bound(Counts::Issued(offer.id.clone()), uses_left(issued), None),
        bound(Counts::Budget(campaign.id.clone()), None, amount_left(budget)),
    ])
}

/// Reads how much of what came back of a redemption before may be promised again: as much as the budget has left, and a public code's own cap.
/// Where the store has less by the time of the commit it refuses, and this is read again.
pub(super) async fn room_again<S: Store>(
    engine: &Engine<S>,
    coupon: &Coupon,
    redemption: &Redemption,
) -> Result<Cents, Error> {
    if redemption.reversals.is_empty() {
        return Ok(Cents::ZERO);
    }
    let mut counters = vec![keys::budget(coupon.campaign.as_str())];
    if coupon.is_by_word() {
        counters.push(keys::public_cents(coupon.offer.as_str()));
    }
    let found = engine.store.counters(engine.tenant, &counters).await?;
    let left = |counter: &Counter| counter.cap.map(|cap| Cents(cap.saturating_sub(counter.value).max(0)));
    Ok(found.iter().filter_map(left).min().unwrap_or(Cents(i64::MAX)))
}

/// Counts a redemption for the limits it falls under, with the caps the catalogue says now: a batch that goes beyond one is not written.
pub(super) fn count(redemption: &Redemption, limits: &[(Bound, UseLimit)], batch: &mut Batch) {
    for (bound, limit) in limits {
        let Counts::Uses(count) = &bound.counts else { continue };
        let [uses, spent] = keys_of(count);
        batch.changes.push(Change::SetCap(uses.clone(), limit.uses.map(i64::from)));
        batch.changes.push(Change::Add(uses, 1));
        batch.changes.push(Change::SetCap(spent.clone(), limit.amount.map(|most| most.0)));
        batch.changes.push(Change::Add(spent, redemption.amount.0));
    }
}

/// Finds the first limit that has no room for all that a lease is to keep there.
pub(super) async fn short_for<S: Store>(
    engine: &Engine<S>,
    lease: &Lease,
    bounds: &[UseBound],
) -> Result<Option<Short>, Error> {
    let counters: Vec<CounterKey> = bounds.iter().flat_map(|bound| keys_of(&bound.count)).collect();
    if counters.is_empty() {
        return Ok(None);
    }
    let found = engine.store.counters(engine.tenant, &counters).await?;
    for (bound, counted) in bounds.iter().zip(found.chunks(2)) {
        let [uses, spent] = counted else { continue };
        let uses_left = bound.limit.uses.map(|most| left_of(i64::from(most), uses.value));
        let amount_left = bound.limit.amount.map(|most| Cents((most.0 - spent.value).max(0)));
        let is_short = uses_left.is_some_and(|left| left < lease.count_max)
            || amount_left.is_some_and(|left| left < lease.cents_max);
        if is_short {
            return Ok(Some(Short { count: bound.count.clone(), uses_left, amount_left }));
        }
    }
    Ok(None)
}

/// Keeps for a lease all that it may give, in each limit that could fall under, with the caps the catalogue says now.
pub(super) fn keep(lease: &Lease, bounds: &[UseBound], batch: &mut Batch) {
    for UseBound { count, limit, .. } in bounds {
        let [uses, spent] = keys_of(count);
        batch.changes.push(Change::SetCap(uses.clone(), limit.uses.map(i64::from)));
        batch.changes.push(Change::Add(uses, i64::from(lease.count_max)));
        batch.changes.push(Change::SetCap(spent.clone(), limit.amount.map(|most| most.0)));
        batch.changes.push(Change::Add(spent, lease.cents_max.0));
    }
}

/// Gives back what a closed lease had kept and not used.
pub(super) async fn free<S: Store>(
    engine: &Engine<S>,
    kept: &[LimitKept],
    batch: &mut Batch,
) -> Result<(), Error> {
    let counted = Counted::load(engine, kept.iter().map(|kept| &kept.count)).await?;
    for LimitKept { count, uses, amount } in kept.iter().filter(|kept| counted.has(&kept.count)) {
        let left = keys_of(count).into_iter().zip([i64::from(*uses), amount.0]);
        batch.changes.extend(left.filter(|(_, left)| *left != 0).map(|(key, left)| Change::Add(key, -left)));
    }
    Ok(())
}

/// Takes back what a reversal, the last of its redemption, gives free again.
pub(super) async fn uncount<S: Store>(
    engine: &Engine<S>,
    redemption: &Redemption,
    reversal: &Reversal,
    batch: &mut Batch,
) -> Result<(), Error> {
    let counted = Counted::load(engine, redemption.counted.iter()).await?;
    let (back, amount) = uncounted(redemption, reversal);
    for count in redemption.counted.iter().filter(|count| counted.has(count)) {
        let [uses, spent] = keys_of(count);
        let changes = [(uses, back), (spent, amount.0)].into_iter().filter(|(_, back)| *back != 0);
        batch.changes.extend(changes.map(|(key, back)| Change::Add(key, -back)));
    }
    Ok(())
}

/// Which counters of days are kept still. Whoever would lower one that went meanwhile is refused by the store, and reads again.
pub(crate) struct Counted {
    from: i32,
}

impl Counted {
    /// Reads it, if any of these counts a day.
    async fn load<S: Store>(
        engine: &Engine<S>,
        counts: impl Iterator<Item = &UseCount>,
    ) -> Result<Self, Error> {
        if counts.filter_map(UseCount::day).next().is_none() {
            return Ok(Self { from: 0 });
        }
        Self::read(engine).await
    }

    /// Reads it.
    pub(crate) async fn read<S: Store>(engine: &Engine<S>) -> Result<Self, Error> {
        let found = engine.store.counters(engine.tenant, &[keys::days_forgotten()]).await?;
        let from = found.first().map_or(0, |counter| counter.value);
        Ok(Self { from: i32::try_from(from).unwrap_or(i32::MAX) })
    }

    /// Tells whether a counter is kept, if anything was ever counted there.
    pub(crate) fn has(&self, count: &UseCount) -> bool {
        count.day().is_none_or(|day| self.from <= day)
    }
}

/// Deletes the counters of days that nothing can be bounded by any more. Returns how many.
pub(super) async fn sweep<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<u64, Error> {
    let Ok(catalogue) = engine.catalogue() else { return Ok(0) };
    let before = catalogue.shop.zone.day(now).saturating_sub(DAYS_COUNTED);
    let (mut swept, mut attempts) = (0, 0);
    loop {
        let mut overdue = Vec::new();
        for prefix in [keys::USES, keys::USE_CENTS] {
            let counters = engine.store.counters_with(engine.tenant, prefix.as_bytes()).await?;
            overdue.extend(counters.into_iter().filter(|(key, _)| is_before(key, prefix, before)));
        }
        overdue.truncate(AT_ONCE);
        if overdue.is_empty() {
            return Ok(swept);
        }
        let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
        let Counted { from } = Counted::read(engine).await?;
        if from < before {
            // With a cap, so that two sweeps at once do not go further than one.
            batch.changes.push(Change::SetCap(keys::days_forgotten(), Some(i64::from(before))));
            batch.changes.push(Change::Add(keys::days_forgotten(), i64::from(before - from)));
        }
        for (key, counter) in &overdue {
            batch.changes.push(Change::SetCap(key.clone(), None));
            batch.changes.push(Change::Add(key.clone(), -counter.value));
        }
        if engine.commit(batch).await?.is_some() {
            swept += u64::try_from(overdue.len()).unwrap_or(u64::MAX);
            attempts = 0;
        } else if attempts == ATTEMPTS_MAX {
            // Somebody lowers one of them again and again; the next sweep goes on.
            return Err(Error::Contended);
        } else {
            attempts += 1;
        }
    }
}

fn is_before(key: &CounterKey, prefix: &str, day: i32) -> bool {
    let name = key.0.get(prefix.len()..).unwrap_or_default();
    let count = UseCount::from_name(String::from_utf8_lossy(name).into_owned());
    count.day().is_some_and(|counted| counted < day)
}

/// Moves the counter of a public code's money along with what a step of one of its coupons changes.
pub(super) fn book_word(coupon: &Coupon, entries: &[Entry], batch: &mut Batch) {
    if !coupon.is_by_word() {
        return;
    }
    // What a lease paid was never the word's money. One step for all that was: what is reserved and spent at once must fit once.
    let its = entries.iter().filter(|entry| entry.coupon == coupon.id);
    let owed: Cents = its.map(Entry::owed).sum();
    if owed.0 != 0 {
        batch.changes.push(Change::Add(keys::public_cents(coupon.offer.as_str()), owed.0));
    }
}

fn keys_of(count: &UseCount) -> [CounterKey; 2] {
    [keys::uses(count.name()), keys::use_cents(count.name())]
}

fn left_of(cap: i64, value: i64) -> u32 {
    u32::try_from((cap - value).max(0)).unwrap_or(u32::MAX)
}
