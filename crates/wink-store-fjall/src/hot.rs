//! Records that were read or written lately, in memory: what a shopper's next click needs, and what the committer checks.

use fjall::Slice;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, GuardResult};
use wink_store::Error;

/// What a record takes beside its bytes: the table's slot, and two counted allocations.
const OVERHEAD_BYTES: u64 = 96;

/// What a record and its key take together, about: a profile, a state of features, an identity.
const TYPICAL_BYTES: u64 = 400;

/// Values by key as the engine holds them; `None` for a record that is known to be absent.
///
/// It never differs from the engine for longer than a commit takes to be told: whoever fetches a value holds a place for it, and
/// what is written meanwhile takes that place, so that an older value never comes to lie over a newer one.
pub(crate) struct Hot(Cache<Vec<u8>, Option<Slice>, Weigh>);

#[derive(Clone)]
struct Weigh;

impl Weighter<Vec<u8>, Option<Slice>> for Weigh {
    fn weight(&self, key: &Vec<u8>, value: &Option<Slice>) -> u64 {
        let bytes = key.len() + value.as_ref().map_or(0, |value| value.len());
        u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(OVERHEAD_BYTES)
    }
}

impl Hot {
    /// Keeps about this many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / TYPICAL_BYTES).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(items, bytes, Weigh))
    }

    /// Gives a value, fetched if it is not here.
    pub(crate) fn get(
        &self,
        key: &[u8],
        fetch: impl FnOnce() -> Result<Option<Slice>, Error>,
    ) -> Result<Option<Slice>, Error> {
        match self.0.get_value_or_guard(key, None) {
            GuardResult::Value(value) => Ok(value),
            GuardResult::Guard(place) => {
                let value = fetch()?;
                // Refused if it was written meanwhile: then what is here is newer than what was fetched.
                let _taken = place.insert(value.clone());
                Ok(value)
            }
            // Without a limit nobody waits in vain; and if they did, the engine knows.
            GuardResult::Timeout => fetch(),
        }
    }

    /// Takes over what was written.
    pub(crate) fn put(&self, key: Vec<u8>, value: Option<Slice>) {
        self.0.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use super::*;

    const KEY: &[u8] = b"key";

    fn value(text: &str) -> Option<Slice> {
        Some(Slice::from(text))
    }

    #[test]
    fn what_was_fetched_is_not_fetched_again() {
        let hot = Hot::new(1 << 20);
        assert_eq!(hot.get(KEY, || Ok(value("one"))).unwrap(), value("one"));
        assert_eq!(hot.get(KEY, || panic!("it is here")).unwrap(), value("one"));
        assert_eq!(hot.get(b"other", || Ok(None)).unwrap(), None);
        assert_eq!(hot.get(b"other", || panic!("it is known to be absent")).unwrap(), None);
    }

    #[test]
    fn what_is_written_while_an_older_value_is_fetched_stays() {
        let hot = Hot::new(1 << 20);
        let fetched = hot.get(KEY, || {
            hot.put(KEY.to_vec(), value("newer"));
            Ok(value("older"))
        });
        assert_eq!(fetched.unwrap(), value("older"), "as if it had been read a moment before");
        assert_eq!(hot.get(KEY, || panic!("it is here")).unwrap(), value("newer"));
        hot.put(KEY.to_vec(), None);
        assert_eq!(hot.get(KEY, || panic!("it is known to be absent")).unwrap(), None);
    }

    /// One thread writes, others read what it wrote a moment ago and keep it: none of them may undo a write.
    #[test]
    fn a_slow_reader_never_undoes_a_write() {
        let hot = Hot::new(2_000);
        let (disk, done) = (AtomicU64::new(0), AtomicBool::new(false));
        let fetch = || {
            let found = disk.load(Ordering::SeqCst);
            std::thread::yield_now();
            Ok(value(&found.to_string()))
        };
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for number in 0_u64.. {
                        if done.load(Ordering::SeqCst) {
                            break;
                        }
                        hot.get(KEY, fetch).unwrap();
                        // Others crowd it out, so that it has to be fetched again.
                        hot.get(&number.to_be_bytes(), || Ok(value("something else"))).unwrap();
                    }
                });
            }
            for number in 1..=20_000_u64 {
                disk.store(number, Ordering::SeqCst);
                hot.put(KEY.to_vec(), value(&number.to_string()));
                let read = hot.get(KEY, fetch).unwrap();
                if read != value(&number.to_string()) {
                    done.store(true, Ordering::SeqCst);
                }
                assert_eq!(read, value(&number.to_string()));
            }
            done.store(true, Ordering::SeqCst);
        });
    }

    #[test]
    fn a_fetch_that_fails_leaves_nothing() {
        let hot = Hot::new(1 << 20);
        hot.get(KEY, || Err(Error::Read("no".to_owned()))).unwrap_err();
        assert_eq!(hot.get(KEY, || Ok(value("one"))).unwrap(), value("one"));
    }

    #[test]
    fn it_stays_within_its_bytes() {
        let hot = Hot::new(100_000);
        for number in 0..10_000_u32 {
            hot.put(number.to_be_bytes().to_vec(), value("some text of which there is too much in the end"));
        }
        assert!(hot.0.weight() <= 100_000 && 10 < hot.0.len(), "{} in {} bytes", hot.0.len(), hot.0.weight());
    }
}
