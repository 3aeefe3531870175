//! Somebody nobody knows uses a public code: from then on they have a profile, as with the first message about them, so that what they had is
//! remembered, counted and erased with them.

use wink_core::base::Timestamp;
use wink_core::event::Identity;
use wink_core::profile::{Profile, Vault};
use wink_record::Stored;
use wink_store::{Batch, Change, Check, Store};

use super::person;
use crate::engine::{DrawnIds, Ids, batch_id};
use crate::{Engine, Error, keys, secrets};

/// Starts a profile for an identity that leads nowhere. If somebody else was faster, nothing is done.
pub(super) async fn start<S: Store>(
    engine: &Engine<S>,
    identity: &Identity,
    now: Timestamp,
) -> Result<(), Error> {
    let cleared = person::without_card(engine, identity);
    let identity = cleared.as_ref().unwrap_or(identity);
    let key = person::identity_key(engine, identity);
    let id = DrawnIds.profile(identity, now)?;
    let mut profile = Profile::new(id, now);
    profile.identities.insert(key);
    let mut vault = Vault::default();
    vault.know(identity);
    let vault_key = secrets::new_key()?;
    let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(id));
    batch.checks.push(Check::Absent(keys::identity(key)));
    batch.changes.extend([
        Change::Put(keys::identity(key), id.bytes().to_vec()),
        Change::Put(keys::profile(id), profile.to_bytes()),
        Change::Put(keys::vault(id), secrets::seal(&vault_key, &vault.to_bytes())?),
        Change::Put(keys::vault_key(id), engine.secrets.wrap(&vault_key)?),
    ]);
    engine.commit(batch).await?;
    Ok(())
}
