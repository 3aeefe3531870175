//! Carrying everything out of a store, at one moment, and into a new one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use wink_store::{BatchId, Effect, Entry, Error, Export, Head, Tenant, Version};

use crate::engine::{Engine, Space, Write, unreadable};
use crate::group::written;
use crate::heads::{self, Progress};
use crate::layout::{self, Commit};
use crate::{FjallStore, Options};

impl FjallStore {
    /// Estimates how many effects an export would hand over: for showing how far it has come, and for nothing else.
    ///
    /// # Errors
    /// If the store is closed.
    pub fn estimate(&self) -> Result<u64, Error> {
        self.shared().read(|engine| Ok(engine.estimate()))
    }
}

impl Export for FjallStore {
    fn export<E: From<Error>>(&self, mut take: impl FnMut(Effect) -> Result<(), E>) -> Result<Version, E> {
        let shared = self.shared();
        // A scrub closes the engine for a moment, and could not while somebody reads an older moment of it.
        let _no_scrub = shared.scrubbing.lock().unwrap_or_else(PoisonError::into_inner);
        // The engine is not held on to: commits and reads go on.
        let moment = shared.read(|engine| Ok(engine.moment()))?;
        moment.each(Space::Records, |key, value| {
            let (tenant, key) = layout::read_record_key(key)?;
            take(Effect::Put { tenant, key, record: layout::read_record(value)? })
        })?;
        moment.each(Space::Counters, |key, value| {
            let (tenant, key, counter) = layout::read_counter(key, value)?;
            take(Effect::Count { tenant, key, counter })
        })?;
        moment.each(Space::Marks, |key, value| {
            let (tenant, key) = layout::read_mark_key(key)?;
            take(Effect::Mark { tenant, key, mark: layout::read_mark(value)? })
        })?;
        moment.each(Space::Entries, |key, value| {
            let (lane, position) = layout::read_entry_key(key)?;
            let (header, body) = layout::read_entry(value)?;
            take(Effect::Append { lane, entry: Entry { position, header, body } })
        })?;
        moment.each(Space::Queues, |key, value| {
            let (tenant, key) = layout::read_queue_key(key)?;
            take(Effect::Enqueue { tenant, key, payload: value.to_vec() })
        })?;
        Ok(moment.version()?)
    }
}

/// A store that is being filled. Until [`Filling::finish`] its directory cannot be opened as a store.
pub struct Filling {
    directory: PathBuf,
    engine: Engine,
    heads: Vec<Head>,
}

impl std::fmt::Debug for Filling {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Filling").field("directory", &self.directory).finish_non_exhaustive()
    }
}

impl Filling {
    /// Begins a store in `directory`, which must not be there yet.
    ///
    /// # Errors
    /// `Closed` if the directory is there or cannot be made.
    pub fn begin(directory: impl AsRef<Path>, options: &Options) -> Result<Self, Error> {
        let directory = directory.as_ref().to_path_buf();
        fs::create_dir(&directory)
            .map_err(|error| Error::Closed(format!("`{}` cannot be made: {error}", directory.display())))?;
        let engine = Engine::open(&directory.join("engine"), options)?;
        Ok(Self { directory, engine, heads: Progress::none().heads })
    }

    /// Writes effects as they are, with the versions, positions and hashes they have.
    ///
    /// # Errors
    /// If they cannot be written. What was filled so far is no store.
    pub fn lay(&mut self, effects: Vec<Effect>) -> Result<(), Error> {
        for effect in &effects {
            if let Effect::Append { lane, entry } = effect
                && let Some(head) = self.heads.get_mut(usize::from(lane.number()))
            {
                *head = Head { next: entry.position.0 + 1, hash: entry.header.hash };
            }
        }
        self.write(effects.iter().filter_map(written))
    }

    /// Makes it a store, whose versions go on after `version`. Returns when everything is on disk.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(self, version: Version) -> Result<(), Error> {
        // A commit of nobody, from which versions go on.
        let last = Commit { version, tenant: Tenant(0), id: BatchId([0; 16]), first: 0, entries: 0 };
        if 0 < version.0 {
            let key = (Space::Batches, layout::group_key(version));
            self.write([(key, Some(layout::group(&[last])))])?;
        }
        // Last: without it, what lies here is no store.
        let progress = Progress { version, heads: self.heads };
        drop(self.engine);
        heads::write(&self.directory, &progress).map_err(|error| {
            Error::Closed(format!("`{}` cannot be written: {error}", self.directory.display()))
        })
    }

    fn write(&self, writes: impl IntoIterator<Item = Write>) -> Result<(), Error> {
        let written = self.engine.write(writes.into_iter().collect()).map_err(|error| {
            Error::Closed(format!("`{}` cannot be written: {}", self.directory.display(), unreadable(&error)))
        })?;
        self.engine.show();
        self.engine.keep(written);
        Ok(())
    }
}
