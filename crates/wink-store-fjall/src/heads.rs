//! The lane-head checkpoint: a small file beside the engine that says how far the journal had come.
//!
//! An engine that loses the end of its log opens without complaint, a little younger. The checkpoint notices: it is written after
//! commits were acknowledged, so what is recovered must reach at least as far.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use wink_store::{Error, Head, LANES, Lane, Version};

const NAME: &str = "heads";
const MAGIC: &[u8; 8] = b"winkhd01";

/// At most one checkpoint a second: it costs two syncs, and a lost second of protection is a fair price for them.
const INTERVAL: Duration = Duration::from_secs(1);

/// How far the store had come: every lane's head and the last version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) version: Version,
    pub(crate) heads: Vec<Head>,
}

impl Progress {
    pub(crate) fn none() -> Self {
        Self { version: Version(0), heads: vec![Head::default(); usize::from(LANES)] }
    }

    pub(crate) fn head(&self, lane: Lane) -> Head {
        self.heads.get(usize::from(lane.number())).copied().unwrap_or_default()
    }

    /// Refuses what was recovered if it does not reach as far as this. `hash_at` reads the hash of the header at a position.
    pub(crate) fn check(
        &self,
        recovered: &Self,
        hash_at: impl Fn(Lane, u64) -> Result<Option<[u8; 32]>, Error>,
    ) -> Result<(), Error> {
        for lane in Lane::all() {
            let (known, found) = (self.head(lane), recovered.head(lane));
            let number = lane.number();
            if found.next < known.next {
                return Err(Error::Damaged(format!(
                    "lane {number} ends before position {}, but everything before position {} was acknowledged: the end of \
                     the journal is lost; restore a backup, or the lost files",
                    found.next, known.next
                )));
            }
            let Some(last) = known.next.checked_sub(1) else { continue };
            if hash_at(lane, last)? != Some(known.hash) {
                return Err(Error::Damaged(format!(
                    "lane {number}, position {last}: another entry was acknowledged there than is stored"
                )));
            }
        }
        if recovered.version < self.version {
            return Err(Error::Damaged(format!(
                "the last commit found is number {}, but number {} was acknowledged: the end of the log is lost",
                recovered.version.0, self.version.0
            )));
        }
        Ok(())
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.version.0.to_le_bytes());
        for head in &self.heads {
            bytes.extend_from_slice(&head.next.to_le_bytes());
            bytes.extend_from_slice(&head.hash);
        }
        let checksum = blake3::hash(&bytes);
        bytes.extend_from_slice(checksum.as_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (rest, checksum) = bytes.split_last_chunk::<32>()?;
        if blake3::hash(rest).as_bytes() != checksum {
            return None;
        }
        let (version, heads) = rest.strip_prefix(MAGIC)?.split_first_chunk()?;
        let mut progress = Self { version: Version(u64::from_le_bytes(*version)), heads: Vec::new() };
        for head in heads.chunks(40) {
            let (next, hash) = head.split_first_chunk()?;
            progress.heads.push(Head { next: u64::from_le_bytes(*next), hash: hash.try_into().ok()? });
        }
        (progress.heads.len() == usize::from(LANES)).then_some(progress)
    }
}

/// Reads the checkpoint in `directory`; `None` if there is none.
pub(crate) fn read(directory: &Path) -> Result<Option<Progress>, Error> {
    let path = directory.join(NAME);
    match fs::read(&path) {
        Ok(bytes) => match Progress::decode(&bytes) {
            Some(progress) => Ok(Some(progress)),
            None => Err(Error::Damaged(format!("`{}` is not what was written", path.display()))),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::Closed(format!("`{}` could not be read: {error}", path.display()))),
    }
}

/// Replaces the checkpoint in `directory`, so that after a crash either the old or the new one is there.
pub(crate) fn write(directory: &Path, progress: &Progress) -> io::Result<()> {
    let temporary = directory.join("heads.new");
    let mut file = File::create(&temporary)?;
    file.write_all(&progress.encode())?;
    file.sync_all()?;
    drop(file);
    fs::rename(&temporary, directory.join(NAME))?;
    File::open(directory)?.sync_all()
}

#[derive(Default)]
struct Slot {
    progress: Option<Progress>,
    closing: bool,
}

/// Writes checkpoints beside the commits, on a thread of its own.
pub(crate) struct Checkpoints {
    slot: Arc<(Mutex<Slot>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    pub(crate) fn start(directory: PathBuf) -> io::Result<Self> {
        let slot = Arc::new((Mutex::new(Slot::default()), Condvar::new()));
        let shared = Arc::clone(&slot);
        let thread =
            thread::Builder::new().name("wink-heads".to_owned()).spawn(move || run(&directory, &shared))?;
        Ok(Self { slot, thread: Some(thread) })
    }

    /// Notes how far the acknowledged commits have come.
    pub(crate) fn note(&self, progress: Progress) {
        let (slot, changed) = &*self.slot;
        locked(slot).progress = Some(progress);
        changed.notify_one();
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        let (slot, changed) = &*self.slot;
        locked(slot).closing = true;
        changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // Its panic was printed; an old checkpoint is still true.
            let _ended = thread.join();
        }
    }
}

fn locked(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(directory: &Path, shared: &(Mutex<Slot>, Condvar)) {
    let (slot, changed) = shared;
    let mut written = Instant::now();
    let mut complained = false;
    loop {
        let mut inside = locked(slot);
        loop {
            let wait = INTERVAL.saturating_sub(written.elapsed());
            if inside.closing || (inside.progress.is_some() && wait.is_zero()) {
                break;
            }
            inside = if inside.progress.is_some() {
                changed.wait_timeout(inside, wait).unwrap_or_else(PoisonError::into_inner).0
            } else {
                changed.wait(inside).unwrap_or_else(PoisonError::into_inner)
            };
        }
        let (progress, closing) = (inside.progress.take(), inside.closing);
        drop(inside);
        if let Some(progress) = progress
            && let Err(error) = write(directory, &progress)
            && !complained
        {
            // An old checkpoint only notices less; it is never wrong.
            eprintln!(
                "wink: the checkpoint of the journal in `{}` could not be written: {error}",
                directory.display()
            );
            complained = true;
        }
        written = Instant::now();
        if closing {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_reads_back_and_no_byte_of_it_may_differ() {
        let mut progress = Progress::none();
        progress.version = Version(7);
        progress.heads[3] = Head { next: 9, hash: [4; 32] };
        let bytes = progress.encode();
        assert_eq!(Progress::decode(&bytes), Some(progress));
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(Progress::decode(&damaged), None);
            assert_eq!(Progress::decode(&bytes[..at]), None);
        }
    }
}
