//! Points leave with their person: what is held runs out, and what names orders is deleted. The ledger stays; its accounts lead to nobody.

use wink_core::base::{ProfileId, Timestamp};
use wink_core::coupon::points::{Account, Cause, Entry, Tender, close};
use wink_record::Stored;
use wink_store::{Batch, Change, Check, Direction, Range, RecordKey, Store};

use super::back::answers_of;
use super::purses::{append, timer};
use crate::engine::batch_id;
use crate::flow::once;
use crate::keys;
use crate::{Engine, Error};

/// Movements seen to in one commit; each takes some records and answers with it.
const AT_ONCE: usize = 50;

/// Takes the points of a profile away that is being erased. Every step may be repeated. Returns how many records went.
pub(in crate::flow) async fn forget<S: Store>(
    engine: &Engine<S>,
    id: ProfileId,
    now: Timestamp,
) -> Result<u64, Error> {
    let mut removed = 0;
    let key = keys::points_account(id);
    if let Some(record) = engine.record(&key).await? {
        let account = Account::from_bytes(&record.bytes)?;
        let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(id));
        batch.checks.push(Check::Version(key.clone(), record.version));
        batch.changes.push(Change::Delete(key));
        batch.changes.extend(timer(&account, None));
        for entry in close(&account, now).iter().flat_map(|moved| &moved.entries) {
            append(entry, &mut batch);
        }
        engine.commit(batch).await?.ok_or(Error::Contended)?;
        removed += 1;
    }
    loop {
        let kind = keys::kind::POINTS_MOVED;
        let range = Range::prefix(id.bytes());
        let page = engine.store.scan(engine.tenant, kind, range, Direction::Forward, AT_ONCE).await?;
        if page.records.is_empty() {
            return Ok(removed);
        }
        let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(id));
        for (key, record) in page.records {
            let entry = Entry::from_bytes(&record.bytes)?;
            removed += 1;
            match entry.cause {
                Some(Cause::Order(name)) => batch.changes.push(Change::Delete(keys::points_order(name))),
                Some(Cause::Redemption(redemption)) => {
                    let tender: Option<Tender> = engine.stored(&keys::tender(redemption)).await?;
                    if let Some(tender) = tender {
                        let name = keys::order_hash(engine.secrets.marks(), &tender.order_id);
                        batch.changes.push(Change::Delete(keys::points_order(name)));
                        batch.changes.push(Change::Delete(keys::tender(redemption)));
                    }
                    batch.changes.extend(once::removal_of(engine, answers_of(redemption)).await?);
                }
                None => {}
            }
            batch.changes.push(Change::Delete(RecordKey::new(kind, key)));
        }
        engine.commit(batch).await?.ok_or(Error::Contended)?;
    }
}
