//! What points paid for is forgotten as coupons forget their orders: who paid with how many stays, the shop's id of the order goes.

use wink_core::base::Timestamp;
use wink_core::coupon::points::Tender;
use wink_core::profile::Retention;
use wink_record::{PointsOrder, Stored};
use wink_store::{Batch, Change, Check, Direction, Range, Record, Store};

use crate::engine::batch_id;
use crate::flow::person::{self, Loaded};
use crate::{Engine, Error, keys};

/// Payments read at once.
const AT_ONCE: usize = 500;

/// Takes the order out of payments that were made as long ago as events are kept, and them out of what is known of the order.
///
/// # Errors
/// If the store cannot be read or takes no writes; sweeping again goes on.
pub(in crate::flow) async fn sweep<S: Store>(
    engine: &Engine<S>,
    retention: &Retention,
    now: Timestamp,
) -> Result<(), Error> {
    let before = Retention::overdue_before(retention.events_days, now);
    let mut range = Some(Range::default());
    while let Some(some) = range {
        let kind = keys::kind::TENDER;
        let page = engine.store.scan(engine.tenant, kind, some, Direction::Forward, AT_ONCE).await?;
        for (_, record) in &page.records {
            let tender = Tender::from_bytes(&record.bytes)?;
            if tender.at < before && !tender.order_id.is_empty() {
                forget_order(engine, &tender, record).await?;
            }
        }
        range = page.next;
    }
    Ok(())
}

async fn forget_order<S: Store>(engine: &Engine<S>, tender: &Tender, record: &Record) -> Result<(), Error> {
    let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(tender.profile));
    let key = keys::tender(tender.id);
    batch.checks.push(Check::Version(key.clone(), record.version));
    batch.changes.push(Change::Put(key, tender.without_order().to_bytes()));
    let name = keys::order_hash(engine.secrets.marks(), &tender.order_id);
    let order: Loaded<PointsOrder> =
        person::load(engine, keys::points_order(name), PointsOrder::default).await?;
    let mut after = order.value.clone();
    after.tenders.retain(|id| *id != tender.id);
    batch.checks.push(order.unchanged());
    if after != order.value {
        batch.changes.push(match after == PointsOrder::default() {
            true => Change::Delete(order.key),
            false => Change::Put(order.key, after.to_bytes()),
        });
    }
    engine.commit(batch).await?.ok_or(Error::Contended)
}
