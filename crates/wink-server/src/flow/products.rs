//! Products are listed: what changed is written, what did not is left alone.

use wink_core::offer::Product;
use wink_record::Stored;
use wink_store::{Batch, Change, Home, RecordKey, Store};

use crate::engine::batch_id;
use crate::keys;
use crate::{Engine, Error};

/// Products per commit: below the port's 1,024 changes.
const AT_ONCE: usize = 1_000;

/// Lists products. Returns how many were new or changed.
///
/// # Errors
/// If the store cannot be read or takes no writes.
pub async fn list<S: Store>(engine: &Engine<S>, products: &[Product]) -> Result<usize, Error> {
    let mut changed = 0;
    for some in products.chunks(AT_ONCE) {
        let names: Vec<RecordKey> = some.iter().map(|product| keys::product(&product.id)).collect();
        let known = engine.store.get(engine.tenant, &names).await?;
        let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
        for ((product, key), known) in some.iter().zip(names).zip(known) {
            let bytes = product.to_bytes();
            if known.is_none_or(|record| record.bytes != bytes) {
                batch.changes.push(Change::Put(key, bytes));
            }
        }
        changed += batch.changes.len();
        if !batch.changes.is_empty() {
            engine.commit(batch).await?.ok_or(Error::Contended)?;
        }
    }
    Ok(changed)
}
