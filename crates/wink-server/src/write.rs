//! The one way anything is written. Where an answer was lost, the store is asked by the batch's id what became of it, so that every flow
//! ends in a definite answer and nobody does again what is done.

use wink_store::{Batch, BatchId, Outcome, Store, Tenant, Version, Which};

use crate::Error;

/// The store is asked this often what became of a write whose answer was lost: it answers from memory, so a store that is there says it
/// the first time.
const ASKED_AFTER_MAX: usize = 3;

/// Writes one batch. `None` if something it depends on changed meanwhile: load again.
pub(crate) async fn commit<S: Store>(store: &S, batch: Batch) -> Result<Option<()>, Error> {
    let version = submit(store, vec![batch]).await.pop().unwrap_or(Err(Error::Unknown))?;
    Ok(version.map(|_| ()))
}

/// Writes independent batches in order and answers each with the version of what it wrote, `None` where something it depends on changed
/// meanwhile.
pub(crate) async fn submit<S: Store>(store: &S, batches: Vec<Batch>) -> Vec<Result<Option<Version>, Error>> {
    let answers = submit_telling(store, batches).await;
    answers.into_iter().map(|answer| answer.map(Result::ok)).collect()
}

/// What became of a batch: written at this version, or not because something it depends on changed meanwhile. That is the check of this place,
/// where it was one.
pub(crate) type Told = Result<Version, Option<usize>>;

/// Does what [`submit`] does, and says which check of a batch did not hold.
pub(crate) async fn submit_telling<S: Store>(store: &S, batches: Vec<Batch>) -> Vec<Result<Told, Error>> {
    let ids: Vec<(Tenant, BatchId)> = batches.iter().map(|batch| (batch.tenant, batch.id)).collect();
    let outcomes = store.submit(batches).await;
    let mut answers = Vec::with_capacity(outcomes.len());
    for ((tenant, id), outcome) in ids.into_iter().zip(outcomes) {
        answers.push(match outcome {
            Outcome::Committed { version, .. } => Ok(Ok(version)),
            Outcome::Conflict(conflict) => Ok(Err(match conflict.which {
                Which::Check(place) => Some(place),
                Which::Change(_) => None,
            })),
            Outcome::Failed(failure) => Err(Error::Write(failure)),
            Outcome::Unknown => resolve(store, tenant, id).await,
        });
    }
    answers
}

/// Asks what became of a batch whose answer was lost. One that was never committed is to be thought through again.
async fn resolve<S: Store>(store: &S, tenant: Tenant, id: BatchId) -> Result<Told, Error> {
    for _ in 0..ASKED_AFTER_MAX {
        match store.outcome(tenant, id).await {
            Ok(Some(Outcome::Committed { version, .. })) => return Ok(Ok(version)),
            Ok(Some(_) | None) => return Ok(Err(None)),
            Err(_) => {}
        }
    }
    Err(Error::Unknown)
}
