//! What every flow works with: the store, the secrets, the schemas and the catalogue in force. Decides nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use tokio::sync::{Notify, broadcast};
use wink_core::base::{Currency, Digest, EventId, Hasher, ProfileId, Timestamp};
use wink_core::event::{Envelope, Identity, Schemas};
use wink_core::feature;
use wink_core::offer::{Catalogue, CatalogueVersion};
use wink_core::profile::Accounts;
use wink_record::{CatalogueFiles, Stored, Withdrawal};
use wink_store::{Batch, BatchId, Change, Check, Home, Record, RecordKey, Store, Tenant, Version};

use crate::erasures::Erasures;
use crate::flow::running::Counted;
use crate::flow::{refold, segments};
use crate::in_use::People;
use crate::keys;
use crate::latency::Latencies;
use crate::secrets::{self, SealError, Secrets};
use crate::sources::Sources;
use crate::turns::{Turn, Turns};
use crate::underway::Underway;
use crate::{Error, catalogue, write};

/// Where ids come from. An argument of the flows: an import makes ids that are always the same, a server draws them.
pub trait Ids: Sync {
    /// Makes the id of an event.
    ///
    /// # Errors
    /// If the operating system gives no random numbers.
    fn event(&self, envelope: &Envelope, now: Timestamp) -> Result<EventId, SealError>;

    /// Makes the id of a new profile.
    ///
    /// # Errors
    /// If the operating system gives no random numbers.
    fn profile(&self, identity: &Identity, now: Timestamp) -> Result<ProfileId, SealError>;
}

/// Ids drawn by chance, as a server does.
#[derive(Clone, Copy, Debug)]
pub struct DrawnIds;

impl Ids for DrawnIds {
    fn event(&self, _: &Envelope, now: Timestamp) -> Result<EventId, SealError> {
        Ok(EventId::new(now, secrets::random()?))
    }

    fn profile(&self, _: &Identity, now: Timestamp) -> Result<ProfileId, SealError> {
        Ok(ProfileId::new(now, secrets::random()?))
    }
}

/// Ids that follow from a seed and what they name, so that an import can be repeated and resumed.
#[derive(Clone, Copy, Debug)]
pub struct SeededIds(pub u64);

impl SeededIds {
    /// Makes 16 bytes that always belong to these fields.
    pub fn bytes(&self, purpose: &str, fields: &[&[u8]]) -> [u8; 16] {
        let seeded = Hasher::new(purpose).field(&self.0.to_le_bytes());
        fields.iter().fold(seeded, |hash, field| hash.field(field)).finish().short()
    }
}

impl Ids for SeededIds {
    fn event(&self, envelope: &Envelope, now: Timestamp) -> Result<EventId, SealError> {
        let fields = [envelope.source.as_bytes(), envelope.message_id.as_bytes()];
        Ok(EventId::new(now, self.bytes("event id", &fields)))
    }

    fn profile(&self, identity: &Identity, _: Timestamp) -> Result<ProfileId, SealError> {
        let seed = self.0.to_le_bytes();
        let fields: [&[u8]; 3] = [&seed, identity.namespace().as_bytes(), identity.value().as_bytes()];
        Ok(ProfileId::seeded("profile id", &fields))
    }
}

/// Wake-ups a listener may lie behind before it simply looks: a few seconds of a busy shop, for all listeners together.
const DECIDED_MAX: usize = 4_096;

/// A shop's Wink: one tenant of a store, one set of secrets, one catalogue in force.
pub struct Engine<S> {
    /// The tenant. Everything the engine reads and writes carries it; it never comes from what a client sent.
    pub tenant: Tenant,
    /// The store.
    pub store: S,
    /// The installation's keys.
    pub secrets: Secrets,
    /// How long decisions took: loading and deciding, without the commit.
    pub decide_times: Latencies,
    /// Where erasures are listed beside the store; the tests of everything else need no such file.
    pub(crate) erasures: OnceLock<Arc<Erasures>>,
    /// The features of a shop that has no catalogue yet.
    without_catalogue: Arc<feature::Catalogue>,
    /// The events of such a shop.
    built_in_schemas: Arc<Schemas>,
    /// How late each source's events come.
    pub sources: Sources,
    /// How far the features that are filled have come.
    pub(crate) refolding: refold::Progress,
    /// How far the pass over everybody's segments has come.
    pub(crate) passing: segments::pass::Progress,
    /// Wakes who listens once a decision about somebody is committed. What was decided is in the journal.
    pub(crate) decided: broadcast::Sender<ProfileId>,
    /// The idempotency keys under which something is being done.
    pub(crate) underway: Underway,
    /// Wakes whoever sees to moments, once one is committed.
    pub moments: Arc<Notify>,
    /// Whose turn it is to write where several write at once.
    pub(crate) turns: Turns,
    /// What was read of people lately.
    pub(crate) people: People,
    running: RwLock<Option<Arc<Counted>>>,
    in_force: RwLock<Option<Arc<Catalogue>>>,
    compiled: RwLock<BTreeMap<CatalogueVersion, Arc<Catalogue>>>,
}

impl<S: Store> Engine<S> {
    /// Opens the engine of the first tenant, as [`Self::open_tenant`] does.
    ///
    /// # Errors
    /// As [`Self::open_tenant`].
    pub async fn open(store: S, secrets: Secrets, now: Timestamp) -> Result<Self, Error> {
        Self::open_tenant(store, keys::TENANT, secrets, now).await
    }

    /// Opens the engine of a tenant on a store and finishes erasures that a crash interrupted.
    ///
    /// # Errors
    /// If the store cannot be read, or the catalogue in force cannot be used by this version of Wink.
    pub async fn open_tenant(
        store: S,
        tenant: Tenant,
        secrets: Secrets,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let engine = Self {
            tenant,
            store,
            secrets: secrets.of_tenant(tenant.0),
            built_in_schemas: Arc::new(Schemas::built_in()),
            decide_times: Latencies::default(),
            erasures: OnceLock::new(),
            without_catalogue: Arc::new(feature::Catalogue::built_in()),
            sources: Sources::default(),
            refolding: refold::Progress::default(),
            passing: segments::pass::Progress::default(),
            decided: broadcast::channel(DECIDED_MAX).0,
            underway: Underway::default(),
            moments: Arc::default(),
            turns: Turns::default(),
            people: People::default(),
            running: RwLock::new(None),
            in_force: RwLock::new(None),
            compiled: RwLock::new(BTreeMap::new()),
        };
        engine.check_secret().await?;
        if let Some(record) = engine.record(&keys::catalogue_in_force()).await? {
            let version = catalogue_version(&record)?;
            let catalogue = engine.catalogue_of(version).await?;
            engine.put_in_force(catalogue);
        }
        refold::look(&engine).await?;
        segments::number(&engine).await?;
        crate::flow::erase::finish_begun(&engine, now).await?;
        Ok(engine)
    }

    /// Makes sure that the secret is the one the store was made with: under another, nobody would be known and every message new.
    async fn check_secret(&self) -> Result<(), Error> {
        let key = keys::secret_check();
        let check = self.secrets.check().to_vec();
        match self.record(&key).await? {
            Some(record) if record.bytes == check => Ok(()),
            Some(_) => Err(Error::OtherSecret),
            None => {
                let mut batch = Batch::new(batch_id()?, self.tenant, Home(0));
                batch.checks.push(Check::Absent(key.clone()));
                batch.changes.push(Change::Put(key, check));
                self.commit(batch).await?.ok_or(Error::Contended)
            }
        }
    }

    /// Lists every erasure in `list` from now on, before it is acknowledged; and those at once that a crash kept out of it.
    ///
    /// # Errors
    /// If the store cannot be read or the list not written.
    pub async fn list_erasures_in(&self, list: Arc<Erasures>) -> Result<(), Error> {
        list.list(&crate::flow::erase::all(self).await?)?;
        // A second list would be told nothing: the first one stays.
        self.erasures.get_or_init(|| list);
        Ok(())
    }

    /// Lists what is about to be taken back, before it is acknowledged. From the list somebody who restores an older state learns of it.
    ///
    /// # Errors
    /// If the list cannot be written.
    pub(crate) fn list_withdrawals(&self, withdrawn: &[Withdrawal]) -> Result<(), Error> {
        match self.erasures.get() {
            Some(list) if !withdrawn.is_empty() => list.list_withdrawals(withdrawn),
            _ => Ok(()),
        }
    }

    /// Gives the catalogue in force.
    ///
    /// # Errors
    /// If none was applied yet.
    pub fn catalogue(&self) -> Result<Arc<Catalogue>, Error> {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(Error::NoCatalogue)
    }

    /// Gives the catalogue the store says is in force, and the check that it still is: another process may have applied one.
    pub(crate) async fn catalogue_in_force(&self) -> Result<(Arc<Catalogue>, Check), Error> {
        let key = keys::catalogue_in_force();
        let record = self.record(&key).await?.ok_or(Error::NoCatalogue)?;
        let version = catalogue_version(&record)?;
        let known = self.catalogue().ok().filter(|catalogue| catalogue.version == version);
        let catalogue = match known {
            Some(catalogue) => catalogue,
            None => self.catalogue_of(version).await?,
        };
        Ok((catalogue, Check::Version(key, record.version)))
    }

    /// Gives the catalogue in force, and, if it counts uses, the check that it still is: a cap that was lowered and a campaign that was ended act on
    /// the next redemption.
    pub(crate) async fn catalogue_to_count(&self) -> Result<(Arc<Catalogue>, Option<Check>), Error> {
        let catalogue = self.catalogue()?;
        if !catalogue.counts_uses() {
            return Ok((catalogue, None));
        }
        let (catalogue, check) = self.catalogue_in_force().await?;
        Ok((catalogue, Some(check)))
    }

    /// Gives what is in play at `now`, found out by `new` if it changed since somebody asked.
    pub(crate) fn counted(
        &self,
        catalogue: &Catalogue,
        now: Timestamp,
        new: impl FnOnce() -> Counted,
    ) -> Arc<Counted> {
        let known = self.running.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| known.is_of(catalogue, now)) {
            return known;
        }
        let found = Arc::new(new());
        *self.running.write().unwrap_or_else(PoisonError::into_inner) = Some(found.clone());
        found
    }

    /// Gives the features events are folded for: those of the catalogue in force, or the built-in ones.
    pub fn features(&self) -> Arc<feature::Catalogue> {
        self.catalogue()
            .map_or_else(|_| self.without_catalogue.clone(), |catalogue| catalogue.features.clone())
    }

    /// Gives the events that are accepted, in the shapes the catalogue in force declares.
    pub fn schemas(&self) -> Arc<Schemas> {
        self.catalogue().map_or_else(|_| self.built_in_schemas.clone(), |catalogue| catalogue.schemas.clone())
    }

    /// Tells the shop's currency; until a catalogue names it, only events that name none are accepted.
    pub(crate) fn currency(&self) -> Currency {
        self.catalogue().map_or(Currency::NONE, |catalogue| catalogue.shop.currency)
    }

    /// Gives which identities are accounts.
    pub(crate) fn accounts(&self) -> Accounts {
        self.catalogue().map_or_else(|_| Accounts::default(), |catalogue| catalogue.shop.accounts.clone())
    }

    /// Gives any applied version of the catalogue, compiled once.
    ///
    /// # Errors
    /// If there is no such version, or this version of Wink cannot use it.
    pub async fn catalogue_of(&self, version: CatalogueVersion) -> Result<Arc<Catalogue>, Error> {
        let known = self.compiled.read().unwrap_or_else(PoisonError::into_inner).get(&version).cloned();
        if let Some(catalogue) = known {
            return Ok(catalogue);
        }
        let unusable = |why: String| Error::Catalogue { version: version.to_string(), why };
        let record = self.record(&keys::catalogue(version.0)).await?;
        let record = record.ok_or_else(|| unusable("it is not stored here".to_owned()))?;
        let files = CatalogueFiles::from_bytes(&record.bytes)?;
        let catalogue = catalogue::compile(&files.0)
            .map_err(|findings| unusable(findings.first().map_or_else(String::new, ToString::to_string)))?;
        let catalogue = Arc::new(catalogue);
        self.compiled.write().unwrap_or_else(PoisonError::into_inner).insert(version, catalogue.clone());
        Ok(catalogue)
    }

    pub(crate) fn put_in_force(&self, catalogue: Arc<Catalogue>) {
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = Some(catalogue);
    }

    /// Writes one batch. `None` if something it depends on changed meanwhile: load again.
    pub(crate) async fn commit(&self, batch: Batch) -> Result<Option<()>, Error> {
        write::commit(&self.store, batch).await
    }

    /// Writes independent batches in order and answers each with the version of what it wrote, `None` where something it depends on changed
    /// meanwhile.
    pub(crate) async fn submit(&self, batches: Vec<Batch>) -> Vec<Result<Option<Version>, Error>> {
        write::submit(&self.store, batches).await
    }

    /// Begins what one flow writes where others may write too: after a race it lost it is its turn.
    pub(crate) fn turn(&self) -> Turn<'_, S> {
        Turn::new(self)
    }

    /// Reads one record.
    pub(crate) async fn record(&self, key: &RecordKey) -> Result<Option<Record>, Error> {
        let mut records = self.store.get(self.tenant, std::slice::from_ref(key)).await?;
        Ok(records.pop().flatten())
    }

    /// Reads one record of a stored type.
    pub(crate) async fn stored<T: Stored>(&self, key: &RecordKey) -> Result<Option<T>, Error> {
        let record = self.record(key).await?;
        Ok(record.map(|record| T::from_bytes(&record.bytes)).transpose()?)
    }
}

/// Reads the version out of the record that names the catalogue in force.
pub(crate) fn catalogue_version(record: &Record) -> Result<CatalogueVersion, Error> {
    let bytes: [u8; 32] = record.bytes.as_slice().try_into().map_err(|_| wink_record::Damaged {
        what: "catalogue version",
        why: format!("it has {} bytes instead of 32", record.bytes.len()),
    })?;
    Ok(CatalogueVersion(Digest(bytes)))
}

/// Draws the id of a batch.
pub(crate) fn batch_id() -> Result<BatchId, Error> {
    Ok(BatchId(secrets::random()?))
}
