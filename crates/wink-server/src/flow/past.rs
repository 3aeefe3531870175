//! An imported past: the store remembers where it ends, so that whoever opens it later asks and answers at that time, not years after.

use wink_core::base::Timestamp;
use wink_record::Damaged;
use wink_store::{Batch, Change, Check, Home, Store};

use crate::engine::batch_id;
use crate::error::committed;
use crate::keys::{self, TENANT};
use crate::{Engine, Error};

/// Tells where the imported past ends, if the store holds one.
///
/// # Errors
/// If the store cannot be read.
pub async fn ends_at<S: Store>(engine: &Engine<S>) -> Result<Option<Timestamp>, Error> {
    let Some(record) = engine.record(&keys::imported_until()).await? else { return Ok(None) };
    let bytes: [u8; 8] = record.bytes.as_slice().try_into().map_err(|_| Damaged {
        what: "end of the imported past",
        why: format!("it has {} bytes instead of 8", record.bytes.len()),
    })?;
    Ok(Some(Timestamp(i64::from_be_bytes(bytes))))
}

/// Remembers that a past was imported up to `reached`. An earlier end than the one known changes nothing.
///
/// # Errors
/// If the store takes no writes.
pub async fn remember<S: Store>(engine: &Engine<S>, reached: Timestamp) -> Result<(), Error> {
    let known = engine.record(&keys::imported_until()).await?;
    if ends_at(engine).await?.is_some_and(|end| reached <= end) {
        return Ok(());
    }
    let mut batch = Batch::new(batch_id()?, TENANT, Home(0));
    batch.checks.push(match known {
        Some(record) => Check::Version(keys::imported_until(), record.version),
        None => Check::Absent(keys::imported_until()),
    });
    batch.changes.push(Change::Put(keys::imported_until(), reached.0.to_be_bytes().to_vec()));
    committed(engine.store.commit(batch).await)?.ok_or(Error::Contended)
}
