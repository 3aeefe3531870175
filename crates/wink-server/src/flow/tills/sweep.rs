//! What tills did and reported is deleted once it is old enough, and their leases, but for the last of each campaign. What they paid stays: the
//! ledger is held against it.

use wink_core::base::Timestamp;
use wink_core::coupon::{Lease, REPORTS_DAYS, outlived};
use wink_record::Stored;
use wink_store::{Batch, Change, Direction, Home, Kind, Range, RecordKey, Store};

use super::leases;
use crate::engine::batch_id;
use crate::{Engine, Error, keys};

/// Records read and deleted at once, below the port's 1,024 changes.
const AT_ONCE: usize = 500;

/// Deletes the notes of days that are long over, and leases that are, with what was reported under them. Returns how many records.
///
/// # Errors
/// If the store cannot be read or takes no writes; sweeping again goes on.
pub(in crate::flow) async fn sweep<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<u64, Error> {
    Ok(sweep_days(engine, now).await? + sweep_leases(engine, now).await?)
}

/// Goes from till to till, not from note to note: what is kept is not read.
async fn sweep_days<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<u64, Error> {
    let Ok(catalogue) = engine.catalogue() else { return Ok(0) };
    let before = catalogue.shop.zone.day(now.plus_days(-REPORTS_DAYS)).max(0);
    let (kind, mut swept) = (keys::kind::TILL_DAY, 0);
    let mut range = Some(Range::default());
    while let Some(some) = range {
        let page = engine.store.scan(engine.tenant, kind, some, Direction::Forward, 1).await?;
        let Some(till) = page.records.first().and_then(|(key, _)| keys::till_of(key)) else { break };
        let until = [till, &before.to_be_bytes()].concat();
        swept += delete(engine, kind, Range { from: till.to_vec(), until: Some(until) }).await?;
        range = Range::prefix(till).until.map(|next| Range { from: next, until: None });
    }
    Ok(swept)
}

/// Goes from till to till: which of its leases are done with is told by all of them together.
async fn sweep_leases<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<u64, Error> {
    let (kind, mut swept) = (keys::kind::LEASE, 0);
    let mut range = Some(Range::default());
    while let Some(some) = range {
        let page = engine.store.scan(engine.tenant, kind, some, Direction::Forward, 1).await?;
        let Some((key, record)) = page.records.first() else { break };
        let till = Lease::from_bytes(&record.bytes)?.till;
        let its = leases::list(engine, &till).await?;
        // Before the leases, so that after a crash they still lead here.
        for lease in its.iter().filter(|lease| lease.is_forgotten(now)) {
            swept += delete(engine, keys::kind::REPORTED, Range::prefix(lease.id.bytes())).await?;
        }
        for some in outlived(&its, now).chunks(AT_ONCE) {
            swept += forget(engine, some).await?;
        }
        let next = keys::till_of(key).and_then(|till| Range::prefix(till).until);
        range = next.map(|next| Range { from: next, until: None });
    }
    Ok(swept)
}

/// Deletes leases, and remembers until when they were: what they paid stays without them. No check: a closed lease whose reports are not heard any
/// more changes no more.
async fn forget<S: Store>(engine: &Engine<S>, leases: &[&Lease]) -> Result<u64, Error> {
    let Some(ended) = leases.iter().map(|lease| lease.expires_at).max() else { return Ok(0) };
    let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
    let before = gone_until(engine).await?;
    if before < ended {
        // With a cap, so that two sweeps at once do not go further than one.
        batch.changes.push(Change::SetCap(keys::leases_forgotten(), Some(ended.0)));
        batch.changes.push(Change::Add(keys::leases_forgotten(), ended.since_ms(before)));
    }
    let keys = leases.iter().map(|lease| Change::Delete(keys::lease(&lease.till, lease.id)));
    batch.changes.extend(keys);
    engine.commit(batch).await?.ok_or(Error::Contended)?;
    Ok(u64::try_from(leases.len()).unwrap_or(u64::MAX))
}

/// Tells before when leases ended that are not kept any more: what was taken under those was taken before.
///
/// # Errors
/// If the store cannot be read.
pub(crate) async fn gone_until<S: Store>(engine: &Engine<S>) -> Result<Timestamp, Error> {
    let found = engine.store.counters(engine.tenant, &[keys::leases_forgotten()]).await?;
    Ok(Timestamp(found.first().map_or(0, |counter| counter.value)))
}

/// Deletes what lies in a range. No check: nobody writes there any more.
async fn delete<S: Store>(engine: &Engine<S>, kind: Kind, range: Range) -> Result<u64, Error> {
    let mut deleted = 0;
    loop {
        let page = engine.store.scan(engine.tenant, kind, range.clone(), Direction::Forward, AT_ONCE).await?;
        if page.records.is_empty() {
            return Ok(deleted);
        }
        deleted += u64::try_from(page.records.len()).unwrap_or(u64::MAX);
        let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
        let keys = page.records.into_iter().map(|(key, _)| Change::Delete(RecordKey::new(kind, key)));
        batch.changes = keys.collect();
        engine.commit(batch).await?.ok_or(Error::Contended)?;
    }
}
