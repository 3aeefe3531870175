//! Loading a person: from an identity to the profile and its states.

use std::sync::Arc;

use wink_core::base::ProfileId;
use wink_core::event::{Identity, without_cards};
use wink_core::feature::State;
use wink_core::profile::{Cluster, IdentityKey, Profile, Vault};
use wink_record::{Damaged, Stored};
use wink_store::{Check, RecordKey, Store, Version};

use crate::keys;
use crate::{Engine, Error, secrets};

/// A stored thing with the version it was read at; version `None` if it is not stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loaded<T> {
    /// Where it lies.
    pub key: RecordKey,
    /// Which commit wrote it.
    pub version: Option<Version>,
    /// What it says.
    pub value: T,
}

impl<T> Loaded<T> {
    /// The same, as it is held by several.
    pub(super) fn shared(self) -> Loaded<Arc<T>> {
        Loaded { key: self.key, version: self.version, value: Arc::new(self.value) }
    }

    /// The check that it is still as it was read.
    pub(super) fn unchanged(&self) -> Check {
        match self.version {
            Some(version) => Check::Version(self.key.clone(), version),
            None => Check::Absent(self.key.clone()),
        }
    }
}

/// Loads a stored thing, or what stands for its absence.
pub(super) async fn load<S: Store, T: Stored>(
    engine: &Engine<S>,
    key: RecordKey,
    otherwise: impl FnOnce() -> T,
) -> Result<Loaded<T>, Error> {
    match engine.record(&key).await? {
        Some(record) => {
            let value = T::from_bytes(&record.bytes)?;
            Ok(Loaded { key, version: Some(record.version), value })
        }
        None => Ok(Loaded { key, version: None, value: otherwise() }),
    }
}

/// Loads the state of an identity in order to change it: nobody else has it then.
pub(super) async fn state_to_change<S: Store>(
    engine: &Engine<S>,
    key: RecordKey,
) -> Result<Loaded<Arc<State>>, Error> {
    engine.people.states.take(&engine.store, engine.tenant, key).await
}

/// Finds the profile an identity leads to.
pub(super) async fn find<S: Store>(engine: &Engine<S>, key: IdentityKey) -> Result<Option<ProfileId>, Error> {
    let Some(record) = engine.record(&keys::identity(key)).await? else { return Ok(None) };
    Ok(Some(profile_id(&record.bytes)?))
}

/// Reads a profile id out of a stored record.
pub(crate) fn profile_id(bytes: &[u8]) -> Result<ProfileId, Damaged> {
    let bytes: [u8; 16] = bytes.try_into().map_err(|_| Damaged {
        what: "identity",
        why: format!("it leads to {} bytes instead of 16", bytes.len()),
    })?;
    Ok(ProfileId::from_bytes(bytes))
}

/// Loads all states of a person.
pub(super) async fn states<S: Store>(
    engine: &Engine<S>,
    cluster: &Cluster<'_>,
) -> Result<Vec<Loaded<Arc<State>>>, Error> {
    states_at(engine, cluster.identities().map(|(id, key)| keys::state(id, key)).collect()).await
}

/// Loads the states that lie at some places.
pub(super) async fn states_at<S: Store>(
    engine: &Engine<S>,
    keys: Vec<RecordKey>,
) -> Result<Vec<Loaded<Arc<State>>>, Error> {
    engine.people.states.read(&engine.store, engine.tenant, keys).await
}

/// Loads a profile that must exist.
pub(super) async fn profile<S: Store>(
    engine: &Engine<S>,
    id: ProfileId,
) -> Result<Option<Loaded<Arc<Profile>>>, Error> {
    let keys = vec![keys::profile(id)];
    Ok(engine.people.profiles.find(&engine.store, engine.tenant, keys).await?.pop().flatten())
}

/// Opens a person's vault with its key; an empty one with a new key if there is none.
pub(super) async fn vault<S: Store>(engine: &Engine<S>, id: ProfileId) -> Result<(Vault, [u8; 32]), Error> {
    let records = engine.store.get(engine.tenant, &[keys::vault(id), keys::vault_key(id)]).await?;
    match records.as_slice() {
        [Some(sealed), Some(wrapped)] => {
            let key = engine.secrets.unwrap_key(&wrapped.bytes)?;
            let vault = Vault::from_bytes(&secrets::open(&key, &sealed.bytes)?)?;
            Ok((vault, key))
        }
        _ => Ok((Vault::default(), secrets::new_key()?)),
    }
}

/// Tells the key of an identity. One that looks like a card number came without it, so whoever names it whole, as on the command line, means
/// what took its place.
pub(super) fn identity_key<S>(engine: &Engine<S>, identity: &Identity) -> IdentityKey {
    let cleared = without_card(engine, identity);
    IdentityKey::new(engine.secrets.identity(), cleared.as_ref().unwrap_or(identity))
}

/// Gives what takes the place of an identity that looks like a card number; `None` if it does not.
pub(super) fn without_card<S>(engine: &Engine<S>, identity: &Identity) -> Option<Identity> {
    let cleared = without_cards(identity.value().as_bytes(), engine.secrets.cards())?;
    Identity::new(identity.namespace(), &String::from_utf8(cleared).ok()?).ok()
}

/// Finds an identity by which a profile is known, in clear, for a message of Wink's own about the person: the first in the vault.
pub(super) async fn identity<S: Store>(
    engine: &Engine<S>,
    profile: &Profile,
) -> Result<Option<Identity>, Error> {
    let (vault, _) = vault(engine, profile.id).await?;
    let leads_here = |identity: &Identity| profile.identities.contains(&identity_key(engine, identity));
    Ok(vault.identities.into_iter().find(leads_here))
}
