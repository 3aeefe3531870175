//! An imported past: the store remembers with which seed it is imported and how far, so that whoever opens it asks and answers at that time,
//! not years after, and that nobody imports it again under other ids.

use wink_core::base::Timestamp;
use wink_record::Damaged;
use wink_store::{Batch, Change, Check, Home, Record, Store};

use crate::engine::batch_id;
use crate::keys;
use crate::{Engine, Error};

/// What a store knows of the past that was imported into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// How far it is imported.
    pub reached: Timestamp,
    /// The seed of its ids.
    pub seed: u64,
}

/// Tells which past the store holds, if any.
///
/// # Errors
/// If the store cannot be read.
pub async fn known<S: Store>(engine: &Engine<S>) -> Result<Option<Past>, Error> {
    let record = engine.record(&keys::imported_until()).await?;
    Ok(record.as_ref().map(read).transpose()?)
}

/// Remembers how far a past is imported. An end before the one known changes nothing.
///
/// # Errors
/// If the store takes no writes.
pub async fn remember<S: Store>(engine: &Engine<S>, past: Past) -> Result<(), Error> {
    let record = engine.record(&keys::imported_until()).await?;
    let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
    match &record {
        Some(record) if past.reached <= read(record)?.reached => return Ok(()),
        Some(record) => batch.checks.push(Check::Version(keys::imported_until(), record.version)),
        None => batch.checks.push(Check::Absent(keys::imported_until())),
    }
    let bytes = [past.reached.0.to_be_bytes(), past.seed.to_be_bytes()].concat();
    batch.changes.push(Change::Put(keys::imported_until(), bytes));
    engine.commit(batch).await?.ok_or(Error::Contended)
}

fn read(record: &Record) -> Result<Past, Damaged> {
    let (reached, seed) = record.bytes.split_first_chunk::<8>().ok_or_else(|| damaged(record))?;
    let seed: [u8; 8] = seed.try_into().map_err(|_| damaged(record))?;
    Ok(Past { reached: Timestamp(i64::from_be_bytes(*reached)), seed: u64::from_be_bytes(seed) })
}

fn damaged(record: &Record) -> Damaged {
    Damaged { what: "imported past", why: format!("it has {} bytes instead of 16", record.bytes.len()) }
}
