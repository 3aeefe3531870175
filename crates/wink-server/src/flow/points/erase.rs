//! Points leave with their person: what is held runs out, and what names orders is deleted. The ledger stays; its accounts lead to nobody.

use std::collections::btree_map::Entry::Vacant;
use std::collections::{BTreeMap, BTreeSet};

use wink_core::base::{ProfileId, Timestamp};
use wink_core::coupon::points::{Account, Cause, Entry, Tender, close};
use wink_record::{PointsOrder, Stored};
use wink_store::{Batch, Change, Check, Direction, Range, RecordKey, Store};

use super::back::answers_of;
use super::purses::{append, timer};
use crate::engine::batch_id;
use crate::flow::once;
use crate::flow::person::{self, Loaded};
use crate::keys;
use crate::{Engine, Error};

/// Movements seen to in one commit: each makes at most three changes, below the port's 1,024.
const AT_ONCE: usize = 250;

/// Takes the points of a profile away that is being erased, until nothing of it is left. Every step may be repeated. Returns how many records went.
pub(in crate::flow) async fn forget<S: Store>(
    engine: &Engine<S>,
    id: ProfileId,
    now: Timestamp,
) -> Result<u64, Error> {
    let mut removed = 0;
    let kind = keys::kind::POINTS_MOVED;
    loop {
        let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(id));
        batch.changes = once::removal_of(engine, answers_of(id)).await?;
        if !batch.changes.is_empty() {
            removed += u64::try_from(batch.changes.len()).unwrap_or(u64::MAX);
            engine.commit(batch).await?.ok_or(Error::Contended)?;
            continue;
        }
        let range = Range::prefix(id.bytes());
        let page = engine.store.scan(engine.tenant, kind, range, Direction::Forward, AT_ONCE).await?;
        if page.records.is_empty() {
            // Last, so that nothing that was under way brings it back.
            match close_account(engine, id, now).await? {
                0 => return Ok(removed),
                gone => removed += gone,
            }
            continue;
        }
        let mut orders: BTreeMap<[u8; 16], Loaded<PointsOrder>> = BTreeMap::new();
        let mut after: BTreeMap<[u8; 16], PointsOrder> = BTreeMap::new();
        let mut tenders = BTreeSet::new();
        for (key, record) in page.records {
            removed += 1;
            let entry = Entry::from_bytes(&record.bytes)?;
            batch.changes.push(Change::Delete(RecordKey::new(kind, key)));
            let name = match entry.cause {
                Some(Cause::Order(name)) => name,
                Some(Cause::Redemption(redemption)) if tenders.insert(redemption) => {
                    let Some(tender) = engine.stored::<Tender>(&keys::tender(redemption)).await? else {
                        continue;
                    };
                    batch.changes.push(Change::Delete(keys::tender(redemption)));
                    keys::order_hash(engine.secrets.marks(), &tender.order_id)
                }
                Some(Cause::Redemption(_)) | None => continue,
            };
            if let Vacant(place) = orders.entry(name) {
                let order = person::load(engine, keys::points_order(name), PointsOrder::default).await?;
                after.insert(name, order.value.clone());
                place.insert(order);
            }
            let Some(order) = after.get_mut(&name) else { continue };
            order.earned = order.earned.filter(|earned| earned.profile != id);
            order.tenders.retain(|tender| entry.redemption() != Some(*tender));
        }
        for (name, before) in orders {
            let Some(after) = after.remove(&name).filter(|after| *after != before.value) else { continue };
            batch.checks.push(before.unchanged());
            // What is somebody else's on it stays.
            batch.changes.push(if after.earned.is_none() && after.tenders.is_empty() {
                Change::Delete(before.key)
            } else {
                Change::Put(before.key, after.to_bytes())
            });
        }
        engine.commit(batch).await?.ok_or(Error::Contended)?;
    }
}

/// Lets what is held run out, and deletes the account. Returns how many there were.
async fn close_account<S: Store>(engine: &Engine<S>, id: ProfileId, now: Timestamp) -> Result<u64, Error> {
    let key = keys::points_account(id);
    let Some(record) = engine.record(&key).await? else { return Ok(0) };
    let account = Account::from_bytes(&record.bytes)?;
    let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(id));
    batch.checks.push(Check::Version(key.clone(), record.version));
    batch.changes.push(Change::Delete(key));
    batch.changes.extend(timer(&account, None));
    for entry in close(&account, now).iter().flat_map(|moved| &moved.entries) {
        append(entry, &mut batch);
    }
    engine.commit(batch).await?.ok_or(Error::Contended)?;
    Ok(1)
}
