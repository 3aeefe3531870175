//! What tills did and reported is deleted once it is old enough. Leases stay, and what they paid: the ledger is held against them.

use wink_core::base::Timestamp;
use wink_core::coupon::{Lease, REPORTS_DAYS};
use wink_record::Stored;
use wink_store::{Batch, Change, Direction, Home, Kind, Range, RecordKey, Store};

use crate::engine::batch_id;
use crate::{Engine, Error, keys};

/// Records read and deleted at once, below the port's 1,024 changes.
const AT_ONCE: usize = 500;

/// Deletes the notes of days that are long over, and what was reported under leases that are. Returns how many records.
///
/// # Errors
/// If the store cannot be read or takes no writes; sweeping again goes on.
pub(in crate::flow) async fn sweep<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<u64, Error> {
    Ok(sweep_days(engine, now).await? + sweep_reports(engine, now).await?)
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

async fn sweep_reports<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<u64, Error> {
    let mut swept = 0;
    let mut range = Some(Range::default());
    while let Some(some) = range {
        let kind = keys::kind::LEASE;
        let page = engine.store.scan(engine.tenant, kind, some, Direction::Forward, AT_ONCE).await?;
        for (_, record) in &page.records {
            let lease = Lease::from_bytes(&record.bytes)?;
            if lease.is_forgotten(now) {
                swept += delete(engine, keys::kind::REPORTED, Range::prefix(lease.id.bytes())).await?;
            }
        }
        range = page.next;
    }
    Ok(swept)
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
