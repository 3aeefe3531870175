//! Messages that could not be read, from clients that throw away what was answered with 200: kept as dead letters, and counted.

use wink_core::base::{Hasher, LetterId, Timestamp};
use wink_core::event::Rejection;
use wink_record::DeadLetter;
use wink_store::{Batch, Change, Home, Store};

use super::bury::Burial;
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::{Engine, Error, keys};

/// A message that could not be read.
#[derive(Clone, Debug)]
pub struct Unread {
    /// Who sent it.
    pub source: String,
    /// Its bytes.
    pub original: Vec<u8>,
    /// What is wrong with it.
    pub rejection: Rejection,
    /// When it arrived.
    pub at: Timestamp,
}

/// Keeps messages as dead letters. The same bytes again fall on the same letter.
///
/// # Errors
/// If the store cannot be read or takes no writes.
pub async fn keep_unread<S: Store>(engine: &Engine<S>, unread: &[Unread]) -> Result<(), Error> {
    let mut batches = Vec::with_capacity(unread.len());
    for message in unread {
        batches.push(message.burial(engine).await?);
    }
    let outcomes = engine.submit(batches).await;
    for (message, outcome) in unread.iter().zip(outcomes) {
        if outcome?.is_none() {
            message.again(engine).await?;
        }
    }
    Ok(())
}

impl Unread {
    async fn again<S: Store>(&self, engine: &Engine<S>) -> Result<(), Error> {
        for _ in 0..ATTEMPTS_MAX {
            let batch = self.burial(engine).await?;
            if engine.commit(batch).await?.is_some() {
                return Ok(());
            }
        }
        Err(Error::Contended)
    }

    async fn burial<S: Store>(&self, engine: &Engine<S>) -> Result<Batch, Error> {
        let letter = DeadLetter {
            source: self.source.clone(),
            received_at: self.at,
            code: self.rejection.code().to_owned(),
            reason: self.rejection.to_string(),
            original: self.original.clone(),
            envelope: None,
        };
        let id = Hasher::keyed(engine.secrets.marks(), "unread letter")
            .field(self.source.as_bytes())
            .field(&self.original)
            .finish()
            .short();
        let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
        Burial::new(engine, LetterId::from_bytes(id), letter).await?.add_to(&mut batch);
        batch.changes.push(Change::Add(keys::balance("received"), 1));
        batch.changes.push(Change::Add(keys::balance("dead"), 1));
        Ok(batch)
    }
}
