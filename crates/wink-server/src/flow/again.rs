//! Erases again who was erased before: after an older state was restored, and before anybody is served.

use std::collections::BTreeSet;

use wink_core::base::Timestamp;
use wink_record::{Erasure, Stored};
use wink_store::{Batch, Change, Store};

use super::erase::{erase, erased_at, remove_letters};
use super::person;
use crate::engine::batch_id;
use crate::{Engine, Error, keys};

/// Erases everybody in `list` whose erasure this state does not know, at the time it happened. Tells how many erasures those are.
///
/// In the older state a person may have had fewer names, or some of them may have led to another profile that was joined later: all of
/// it is erased. Names it did not know are kept out all the same.
///
/// # Errors
/// If the store cannot be read or takes no writes; calling again goes on.
pub async fn erase_again<S: Store>(engine: &Engine<S>, list: &[Erasure]) -> Result<u64, Error> {
    let mut done = 0;
    for erasure in list.iter().filter(|erasure| erasure.tenant == engine.tenant.0) {
        let note = keys::erasure(erasure.profile, erasure.at);
        if engine.record(&note).await?.is_some() {
            continue;
        }
        let mut people = BTreeSet::new();
        if person::profile(engine, erasure.profile).await?.is_some() {
            people.insert(erasure.profile);
        }
        for identity in &erasure.identities {
            people.extend(person::find(engine, *identity).await?);
            remove_letters(engine, *identity).await?;
        }
        for profile in people {
            erase(engine, profile, erasure.at).await?;
        }
        let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(erasure.profile));
        for identity in &erasure.identities {
            let known = engine.record(&keys::erased(*identity)).await?;
            let newest = known.as_ref().map(erased_at).transpose()?.unwrap_or(Timestamp(i64::MIN));
            if newest < erasure.at {
                let at = erasure.at.0.to_be_bytes().to_vec();
                batch.changes.push(Change::Put(keys::erased(*identity), at));
            }
        }
        // Last, so that what was cut off is done again.
        batch.changes.push(Change::Put(note, erasure.to_bytes()));
        engine.commit(batch).await?.ok_or(Error::Contended)?;
        done += 1;
    }
    Ok(done)
}
