//! Records that were read or written lately, in memory: what a shopper's next click needs, and what the committer checks.

use std::sync::{PoisonError, RwLock};

use ahash::AHashSet;
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
/// Whoever fetches a value holds a place for it, and what is written meanwhile takes that place, so that an older value never
/// comes to lie over a newer one. While a key is being written it is asked of the engine: else somebody could see another part of a
/// commit there once it is shown, and here still what was before.
pub(crate) struct Hot {
    values: Cache<Vec<u8>, Option<Slice>, Weigh>,
    writing: RwLock<AHashSet<Vec<u8>>>,
}

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
        Self { values: Cache::with_weighter(items, bytes, Weigh), writing: RwLock::default() }
    }

    /// Gives a value, fetched if it is not here.
    pub(crate) fn get(
        &self,
        key: &[u8],
        fetch: impl FnOnce() -> Result<Option<Slice>, Error>,
    ) -> Result<Option<Slice>, Error> {
        if self.writing.read().unwrap_or_else(PoisonError::into_inner).contains(key) {
            return fetch();
        }
        match self.values.get_value_or_guard(key, None) {
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

    /// Leaves these values to the engine until [`end`](Self::end): they are about to be written. One thread writes.
    pub(crate) fn begin(&self, values: &[(Vec<u8>, Option<Slice>)]) {
        let keys = values.iter().map(|(key, _)| key.clone()).collect();
        *self.writing.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// Takes over values that were written and are shown.
    pub(crate) fn end(&self, values: Vec<(Vec<u8>, Option<Slice>)>) {
        for (key, value) in values {
            self.values.insert(key, value);
        }
        self.writing.write().unwrap_or_else(PoisonError::into_inner).clear();
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

    fn write(hot: &Hot, value: Option<Slice>, while_writing: impl FnOnce()) {
        let values = vec![(KEY.to_vec(), value)];
        hot.begin(&values);
        while_writing();
        hot.end(values);
    }

    #[test]
    fn what_is_written_while_an_older_value_is_fetched_stays() {
        let hot = Hot::new(1 << 20);
        let fetched = hot.get(KEY, || {
            write(&hot, value("newer"), || ());
            Ok(value("older"))
        });
        assert_eq!(fetched.unwrap(), value("older"), "as if it had been read a moment before");
        assert_eq!(hot.get(KEY, || panic!("it is here")).unwrap(), value("newer"));
        write(&hot, None, || ());
        assert_eq!(hot.get(KEY, || panic!("it is known to be absent")).unwrap(), None);
    }

    #[test]
    fn while_it_is_written_the_engine_is_asked() {
        let hot = Hot::new(1 << 20);
        write(&hot, value("older"), || ());
        write(&hot, value("newer"), || {
            // The engine shows the whole commit from one moment on: so does whoever asks.
            assert_eq!(hot.get(KEY, || Ok(value("newer"))).unwrap(), value("newer"));
        });
        assert_eq!(hot.get(KEY, || panic!("it is here")).unwrap(), value("newer"));
        // A write that failed never ends.
        hot.begin(&[(KEY.to_vec(), value("newest"))]);
        assert_eq!(hot.get(KEY, || Ok(value("what it knows"))).unwrap(), value("what it knows"));
    }

    /// One thread writes, others read what it wrote a moment ago and keep it: none of them may undo a write, and none sees less than
    /// what the engine shows already.
    #[test]
    fn a_slow_reader_never_undoes_a_write() {
        let hot = Hot::new(2_000);
        let (disk, done) = (AtomicU64::new(0), AtomicBool::new(false));
        let fetch = || {
            let found = disk.load(Ordering::SeqCst);
            std::thread::yield_now();
            Ok(value(&found.to_string()))
        };
        let number_of =
            |read: Option<Slice>| -> u64 { std::str::from_utf8(&read.unwrap()).unwrap().parse().unwrap() };
        std::thread::scope(|scope| {
            let reading: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        for number in 0_u64.. {
                            if done.load(Ordering::SeqCst) {
                                return;
                            }
                            let shown = disk.load(Ordering::SeqCst);
                            let read = number_of(hot.get(KEY, fetch).unwrap());
                            assert!(shown <= read, "{read} was read when the engine showed {shown}");
                            // Others crowd it out, so that it has to be fetched again.
                            hot.get(&number.to_be_bytes(), || Ok(value("something else"))).unwrap();
                        }
                    })
                })
                .collect();
            for number in 1..=20_000_u64 {
                write(&hot, value(&number.to_string()), || disk.store(number, Ordering::SeqCst));
                if number_of(hot.get(KEY, fetch).unwrap()) != number {
                    done.store(true, Ordering::SeqCst);
                    panic!("{number} was undone");
                }
                if reading.iter().any(std::thread::ScopedJoinHandle::is_finished) {
                    break;
                }
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
            let text = value("some text of which there is too much in the end");
            hot.get(&number.to_be_bytes(), || Ok(text)).unwrap();
        }
        let (count, bytes) = (hot.values.len(), hot.values.weight());
        assert!(bytes <= 100_000 && 10 < count, "{count} in {bytes} bytes");
    }
}
