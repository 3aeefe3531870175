//! What the store holds of people, as it was read: whoever comes again is not read out of bytes again. A value belongs to the version it was
//! read at, and the store says with every read which version that is, so nothing here can be out of date.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use wink_core::coupon::Wallet;
use wink_core::feature::State;
use wink_core::profile::Profile;
use wink_record::{Damaged, Stored};
use wink_store::{Record, RecordKey, Version};

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

    /// Gives what a record says.
    ///
    /// # Errors
    /// If the bytes are damaged.
    pub(crate) fn read(&self, key: &RecordKey, record: &Record) -> Result<Arc<T>, Damaged> {
        if let Some(held) = self.0.get(key).filter(|held| held.version == record.version) {
            return Ok(held.value);
        }
        let value = Arc::new(T::from_bytes(&record.bytes)?);
        self.keep(key.clone(), record.version, record.bytes.len(), value.clone());
        Ok(value)
    }

    /// Gives what a record says to somebody who will change it: nobody else has it then, so that nothing is copied.
    ///
    /// # Errors
    /// If the bytes are damaged.
    pub(crate) fn take(&self, key: &RecordKey, record: &Record) -> Result<Arc<T>, Damaged> {
        match self.0.remove(key).filter(|(_, held)| held.version == record.version) {
            Some((_, held)) => Ok(held.value),
            None => T::from_bytes(&record.bytes).map(Arc::new),
        }
    }

    fn keep(&self, key: RecordKey, version: Version, stored: usize, value: Arc<T>) {
        self.0.insert(key, Held { version, stored, value });
    }
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
    use wink_core::base::{ProfileId, Timestamp};
    use wink_store::Kind;

    use super::*;

    fn record(version: u64, created_at: i64) -> Record {
        let profile = Profile::new(ProfileId::from_bytes([1; 16]), Timestamp(created_at));
        Record { version: Version(version), bytes: profile.to_bytes() }
    }

    #[test]
    fn a_value_is_of_the_version_that_was_asked_for() {
        let (in_use, key) = (InUse::<Profile>::new(1 << 20), RecordKey::new(Kind(1), [1]));
        let first = in_use.read(&key, &record(1, 10)).unwrap();
        assert!(Arc::ptr_eq(&first, &in_use.read(&key, &record(1, 10)).unwrap()), "it is not read again");
        assert_eq!(in_use.read(&key, &record(2, 20)).unwrap().created_at, Timestamp(20));
        // Somebody who read before the last commit comes late.
        assert_eq!(in_use.read(&key, &record(1, 10)).unwrap().created_at, Timestamp(10));
        assert_eq!(in_use.read(&key, &record(2, 20)).unwrap().created_at, Timestamp(20));
    }

    #[test]
    fn whoever_takes_a_value_has_it_alone() {
        let (in_use, key) = (InUse::<Profile>::new(1 << 20), RecordKey::new(Kind(1), [1]));
        drop(in_use.read(&key, &record(1, 10)).unwrap());
        let mut taken = in_use.take(&key, &record(1, 10)).unwrap();
        Arc::get_mut(&mut taken).expect("nobody else has it").created_at = Timestamp(30);
        // Until the change is committed, everybody sees what the store has.
        assert_eq!(in_use.read(&key, &record(1, 10)).unwrap().created_at, Timestamp(10));
        in_use.keep(key.clone(), Version(2), 40, taken);
        assert_eq!(in_use.read(&key, &record(2, 30)).unwrap().created_at, Timestamp(30));
        assert_eq!(in_use.take(&key, &record(3, 40)).unwrap().created_at, Timestamp(40));
    }

    #[test]
    fn damage_is_told_and_not_kept() {
        let (in_use, key) = (InUse::<Profile>::new(1 << 20), RecordKey::new(Kind(1), [1]));
        let damaged = Record { version: Version(1), bytes: vec![0xff; 3] };
        in_use.read(&key, &damaged).unwrap_err();
        in_use.take(&key, &damaged).unwrap_err();
        assert_eq!(in_use.read(&key, &record(1, 10)).unwrap().created_at, Timestamp(10));
    }
}
