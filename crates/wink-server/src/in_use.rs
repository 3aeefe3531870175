//! What the store holds of people, as it was read: whoever comes again is not read out of bytes again. A value belongs to the version it was
//! read at, and the store says with every read which version that is, so nothing here can be out of date.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use wink_core::coupon::Wallet;
use wink_core::feature::State;
use wink_core::profile::Profile;
use wink_record::Stored;
use wink_store::{RecordKey, Since, Store, Tenant, Version};

use crate::Error;
use crate::flow::person::Loaded;

/// What a value takes in memory for each byte it takes in the store, about: small numbers and shared names are written closely there.
const UNPACKED: u64 = 4;

/// What the place of a value takes, about.
const PLACE_BYTES: u64 = 160;

/// Bytes of memory for all values of a type: the states of some thousand people who are at it now, and their profiles.
const STATES_BYTES: u64 = 48 << 20;
const PROFILES_BYTES: u64 = 12 << 20;
const WALLETS_BYTES: u64 = 4 << 20;

/// Values of one type, by where they lie.
pub(crate) struct InUse<T>(Cache<RecordKey, Held<T>, Weigh>);

struct Held<T> {
    version: Version,
    /// How many bytes it has in the store.
    stored: usize,
    value: Arc<T>,
}

impl<T> Clone for Held<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), ..*self }
    }
}

#[derive(Clone)]
struct Weigh;

impl<T> Weighter<RecordKey, Held<T>> for Weigh {
    fn weight(&self, _: &RecordKey, held: &Held<T>) -> u64 {
        u64::try_from(held.stored).unwrap_or(u64::MAX).saturating_mul(UNPACKED).saturating_add(PLACE_BYTES)
    }
}

impl<T: Stored> InUse<T> {
    fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / (8 * PLACE_BYTES)).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(items, bytes, Weigh))
    }

    /// Finds what lies at some keys, each with the version it has.
    ///
    /// # Errors
    /// If the store cannot be read, or what it holds is damaged.
    pub(crate) async fn find<S: Store>(
        &self,
        store: &S,
        tenant: Tenant,
        keys: Vec<RecordKey>,
    ) -> Result<Vec<Option<Loaded<Arc<T>>>>, Error> {
        let held: Vec<Option<Held<T>>> = keys.iter().map(|key| self.0.get(key)).collect();
        let version = |held: &Option<Held<T>>| held.as_ref().map(|held| held.version);
        let known: Vec<_> = keys.into_iter().zip(&held).map(|(key, held)| (key, version(held))).collect();
        let since = store.get_since(tenant, &known).await?;
        let found = known.iter().zip(held).zip(since);
        found.map(|(((key, _), held), since)| self.see(key, held, since)).collect()
    }

    /// Reads what lies at some keys, or the default where there is no record.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub(crate) async fn read<S: Store>(
        &self,
        store: &S,
        tenant: Tenant,
        keys: Vec<RecordKey>,
    ) -> Result<Vec<Loaded<Arc<T>>>, Error>
    where
        T: Default,
    {
        let found = self.find(store, tenant, keys.clone()).await?;
        Ok(keys.into_iter().zip(found).map(|(key, found)| found.unwrap_or_else(|| none(key))).collect())
    }

    /// Reads what lies at a key in order to change it: nobody else has it then, so that nothing is copied.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub(crate) async fn take<S: Store>(
        &self,
        store: &S,
        tenant: Tenant,
        key: RecordKey,
    ) -> Result<Loaded<Arc<T>>, Error>
    where
        T: Default,
    {
        let held = self.0.remove(&key).map(|(_, held)| held);
        let known = (key, held.as_ref().map(|held| held.version));
        let since = store.get_since(tenant, std::slice::from_ref(&known)).await?.pop();
        let found = self.see(&known.0, held, since.unwrap_or(Since::Changed(None)))?;
        self.0.remove(&known.0);
        Ok(found.unwrap_or_else(|| none(known.0)))
    }

    /// Sees what is held as the store says it is now, and keeps what is new.
    fn see(
        &self,
        key: &RecordKey,
        held: Option<Held<T>>,
        since: Since,
    ) -> Result<Option<Loaded<Arc<T>>>, Error> {
        let (version, value) = match (since, held) {
            (Since::Unchanged, Some(Held { version, value, .. })) => (version, value),
            (Since::Changed(Some(record)), _) => {
                let value = Arc::new(T::from_bytes(&record.bytes)?);
                self.keep(key.clone(), record.version, record.bytes.len(), value.clone());
                (record.version, value)
            }
            (Since::Changed(None), _) => return Ok(None),
            // Only what is known can be unchanged.
            (Since::Unchanged, None) => return Err(Error::Unknown),
        };
        Ok(Some(Loaded { key: key.clone(), version: Some(version), value }))
    }

    /// Lets go of what lies at a key: nobody is to be found in memory who is in no store any more.
    fn forget(&self, key: &RecordKey) {
        self.0.remove(key);
    }

    fn keep(&self, key: RecordKey, version: Version, stored: usize, value: Arc<T>) {
        self.0.insert(key, Held { version, stored, value });
    }
}

fn none<T: Default>(key: RecordKey) -> Loaded<Arc<T>> {
    Loaded { key, version: None, value: Arc::default() }
}

/// What is in use of the people of one tenant.
pub(crate) struct People {
    pub(crate) states: InUse<State>,
    pub(crate) profiles: InUse<Profile>,
    pub(crate) wallets: InUse<Wallet>,
}

/// What a batch writes of somebody: in use from its commit on.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) state: Option<Put<State>>,
    pub(crate) wallet: Option<Put<Wallet>>,
}

/// A value that is written, with where it lies and how many bytes it has there.
pub(crate) struct Put<T> {
    pub(crate) key: RecordKey,
    pub(crate) stored: usize,
    pub(crate) value: Arc<T>,
}

impl<T: Stored> Put<T> {
    fn keep(self, version: Version, in_use: &InUse<T>) {
        in_use.keep(self.key, version, self.stored, self.value);
    }
}

impl People {
    /// Lets go of whatever lies at some keys.
    pub(crate) fn forget<'a>(&self, keys: impl IntoIterator<Item = &'a RecordKey>) {
        for key in keys {
            self.states.forget(key);
            self.profiles.forget(key);
            self.wallets.forget(key);
        }
    }

    /// Takes over what a commit wrote.
    pub(crate) fn keep(&self, written: Written, version: Version) {
        if let Some(state) = written.state {
            state.keep(version, &self.states);
        }
        if let Some(wallet) = written.wallet {
            wallet.keep(version, &self.wallets);
        }
    }
}

impl Default for People {
    fn default() -> Self {
        Self {
            states: InUse::new(STATES_BYTES),
            profiles: InUse::new(PROFILES_BYTES),
            wallets: InUse::new(WALLETS_BYTES),
        }
    }
}

#[cfg(test)]
mod tests {
    use wink_core::base::{CampaignId, DecisionId, OfferId, Timestamp};
    use wink_core::coupon::{Given, Held as InWallet};
    use wink_store::{Kind, Record};

    use super::*;

    /// A wallet in which so much lies.
    fn record(version: u64, held: usize) -> Since {
        let given = InWallet {
            at: Timestamp(1),
            decision: DecisionId::from_bytes([1; 16]),
            campaign: CampaignId::parse("spring").unwrap(),
            offer: OfferId::parse("tea").unwrap(),
            given: Given::HeldOut,
        };
        let bytes = Wallet { held: vec![given; held], announced: Vec::new() }.to_bytes();
        Since::Changed(Some(Record { version: Version(version), bytes }))
    }

    fn held(in_use: &InUse<Wallet>, key: &RecordKey) -> Option<(u64, usize)> {
        in_use.0.get(key).map(|held| (held.version.0, held.value.held.len()))
    }

    #[test]
    fn a_value_is_of_the_version_the_store_has() {
        let (in_use, key) = (InUse::<Wallet>::new(1 << 20), RecordKey::new(Kind(1), [1]));
        let see = |since| {
            let seen = in_use.see(&key, in_use.0.get(&key), since).unwrap();
            seen.map(|seen| (seen.version.unwrap().0, seen.value.held.len()))
        };
        assert_eq!(see(record(1, 1)), Some((1, 1)));
        assert_eq!(see(Since::Unchanged), Some((1, 1)));
        assert_eq!(see(record(2, 2)), Some((2, 2)));
        // Somebody who read before the last commit comes late: what they keep is of an older version, and nobody takes it for the newer one.
        assert_eq!(see(record(1, 1)), Some((1, 1)));
        assert_eq!(see(record(2, 2)), Some((2, 2)));
        assert_eq!(see(Since::Changed(None)), None);
    }

    #[test]
    fn nothing_is_unchanged_that_was_not_known() {
        let (in_use, key) = (InUse::<Wallet>::new(1 << 20), RecordKey::new(Kind(1), [1]));
        assert!(in_use.see(&key, None, Since::Unchanged).is_err());
    }

    #[test]
    fn damage_is_told_and_not_kept() {
        let (in_use, key) = (InUse::<Wallet>::new(1 << 20), RecordKey::new(Kind(1), [1]));
        let damaged = Since::Changed(Some(Record { version: Version(1), bytes: vec![0xff; 3] }));
        assert!(in_use.see(&key, None, damaged).is_err());
        assert_eq!(held(&in_use, &key), None);
    }

    #[test]
    fn whoever_is_erased_is_let_go() {
        let (people, key) = (People::default(), RecordKey::new(Kind(1), [1]));
        people.wallets.see(&key, None, record(1, 1)).unwrap();
        assert_eq!(held(&people.wallets, &key), Some((1, 1)));
        people.forget([&key]);
        assert_eq!(held(&people.wallets, &key), None);
    }

    #[test]
    fn it_stays_within_its_bytes() {
        let in_use = InUse::<Wallet>::new(100_000);
        for number in 0..5_000_u32 {
            in_use.see(&RecordKey::new(Kind(1), number.to_be_bytes()), None, record(1, 3)).unwrap();
        }
        assert!(
            in_use.0.weight() <= 100_000 && 10 < in_use.0.len(),
            "{} in {}",
            in_use.0.len(),
            in_use.0.weight()
        );
    }

    /// Through a store: whoever takes a value has it alone, others see what is committed, and what is kept after a commit is what the store has.
    #[test]
    fn whoever_takes_a_value_has_it_alone() {
        use wink_store::{Batch, BatchId, Change, Home, Outcome};
        let directory = tempfile::tempdir().unwrap();
        let store =
            wink_store_fjall::FjallStore::open(directory.path(), wink_store_fjall::Options::default())
                .unwrap();
        let (in_use, key, tenant) = (InUse::<Wallet>::new(1 << 20), RecordKey::new(Kind(1), [1]), Tenant(1));
        let commit = |number: u8, wallet: &Wallet| {
            let mut batch = Batch::new(BatchId([number; 16]), tenant, Home(0));
            batch.changes.push(Change::Put(key.clone(), wallet.to_bytes()));
            match pollster::block_on(store.commit(batch)) {
                Outcome::Committed { version, .. } => version,
                other => panic!("{other:?}"),
            }
        };
        let read = || {
            let mut read = pollster::block_on(in_use.read(&store, tenant, vec![key.clone()])).unwrap();
            read.remove(0)
        };
        let one = |count| match record(1, count) {
            Since::Changed(Some(record)) => Wallet::from_bytes(&record.bytes).unwrap(),
            _ => Wallet::default(),
        };
        assert_eq!((read().version, read().value.held.len()), (None, 0));
        commit(1, &one(1));
        let first = read();
        assert!(Arc::ptr_eq(&first.value, &read().value), "it is not read out of bytes again");
        drop(first);
        let mut taken = pollster::block_on(in_use.take(&store, tenant, key.clone())).unwrap();
        Arc::get_mut(&mut taken.value).expect("nobody else has it").held.clear();
        assert_eq!(
            read().value.held.len(),
            1,
            "until the change is committed, everybody sees what the store has"
        );
        let version = commit(2, &taken.value);
        in_use.keep(key.clone(), version, 10, taken.value.clone());
        assert_eq!((read().version, read().value.held.len()), (Some(version), 0));
        assert!(Arc::ptr_eq(&taken.value, &read().value));
        commit(3, &one(2));
        assert_eq!(read().value.held.len(), 2, "written by somebody else");
    }
}
