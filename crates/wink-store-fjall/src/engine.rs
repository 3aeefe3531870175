//! The fjall database: its keyspaces, how they are opened, and what is read straight from them.

use std::collections::VecDeque;
use std::fs;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use ahash::AHashMap;
use fjall::config::{CompressionPolicy, PartitioningPolicy, PinningPolicy};
use fjall::{
    CompressionType, Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable, Slice, Snapshot,
};
use wink_store::{
    Direction, Entry, Error, Head, KEY_BYTES_MAX, Kind, Lane, LaneError, Mark, MarkKey, Page, Position,
    QueueKey, Range, Record, RecordKey, Since, Tenant, Version,
};

use crate::Options;
use crate::hot::Hot;
use crate::layout::{self, Commit, FORMAT};

/// One keyspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Space {
    Records,
    Counters,
    Marks,
    Entries,
    Queues,
    Batches,
}

/// The database and handles on its keyspaces. Dropping the last of its clones closes the database.
#[derive(Clone)]
pub(crate) struct Engine {
    database: Database,
    records: Keyspace,
    counters: Keyspace,
    marks: Keyspace,
    entries: Keyspace,
    queues: Keyspace,
    batches: Keyspace,
    meta: Keyspace,
    hot: Arc<Hot>,
    /// The last commit that is shown: what is read, is read as of it. By itself the engine shows a commit key by key.
    shown: Arc<RwLock<Arc<Snapshot>>>,
}

/// Records of a commit that is on disk, to be kept in memory once it is shown.
#[must_use = "what is not shown is never read"]
pub(crate) struct Written(Vec<(Vec<u8>, Option<Slice>)>);

/// One value to write, or `None` to delete it.
pub(crate) type Write = ((Space, Vec<u8>), Option<Vec<u8>>);

/// What a group writes, by key: within one fjall batch a key must not occur twice.
pub(crate) type Writes = AHashMap<(Space, Vec<u8>), Option<Vec<u8>>>;

const FORMAT_KEY: &str = "format";
const SCRUBBED_KEY: &str = "scrubbed";
const MEBIBYTE: u64 = 1 << 20;

/// Says in an error what the engine said. Its own words go to the operator, never to a shop's customer.
pub(crate) fn unreadable(error: &fjall::Error) -> Error {
    use fjall::LsmError;
    match error {
        fjall::Error::Storage(
            LsmError::ChecksumMismatch { .. } | LsmError::InvalidHeader(_) | LsmError::Unrecoverable,
        )
        | fjall::Error::JournalRecovery(_)
        | fjall::Error::InvalidTag(_)
        | fjall::Error::InvalidTrailer
        | fjall::Error::Unrecoverable
        | fjall::Error::Decompress(_) => Error::Damaged(error.to_string()),
        _ => Error::Read(error.to_string()),
    }
}

impl Engine {
    /// Opens or creates the database in `directory`, and refuses one that a newer Wink wrote.
    pub(crate) fn open(directory: &Path, options: &Options) -> Result<Self, Error> {
        // Damage the engine did not foresee ends in a panic inside of it; at this point it can still be a clear refusal.
        let opened = catch_unwind(AssertUnwindSafe(|| Self::open_database(directory, options)));
        let engine = opened.unwrap_or_else(|_| {
            Err(Error::Damaged(format!("the engine could not make sense of `{}`", directory.display())))
        })?;
        engine.check_format(directory)?;
        Ok(engine)
    }

    fn open_database(directory: &Path, options: &Options) -> Result<Self, Error> {
        let failed = |error: fjall::Error| match error {
            fjall::Error::Locked => in_use(directory),
            fjall::Error::InvalidVersion(_) => Error::Closed(format!(
                "`{}` was written by another version of the engine",
                directory.display()
            )),
            other => match unreadable(&other) {
                Error::Read(text) => {
                    Error::Closed(format!("`{}` could not be opened: {text}", directory.display()))
                }
                damaged => damaged,
            },
        };
        let journal_compression = if options.compress { CompressionType::Lz4 } else { CompressionType::None };
        let database = Database::builder(directory)
            .cache_size(options.cache_bytes)
            .journal_compression(journal_compression)
            .manual_journal_persist(true)
            .worker_threads(2)
            .open()
            .map_err(failed)?;
        let keyspace = |name: &str, memtable_mebibytes: u64| {
            let create = || {
                let create = KeyspaceCreateOptions::default()
                    .max_memtable_size(memtable_mebibytes * MEBIBYTE)
                    .manual_journal_persist(true)
                    // Of a table of 64 MiB, index and filter are half a MiB each. The few tables of the upper levels keep both in memory; below, where
                    // there is no end of tables, what one key needs of them is read in blocks as small as the data's: read whole, those of a few
                    // gibibytes push each other out of the cache, and every key that was not asked for lately costs a MiB.
                    .index_block_pinning_policy(PinningPolicy::new([true, true, false]))
                    .filter_block_pinning_policy(PinningPolicy::new([true, true, false]))
                    .index_block_partitioning_policy(PartitioningPolicy::new([false, false, true]))
                    .filter_block_partitioning_policy(PartitioningPolicy::new([false, false, true]));
                if options.compress {
                    create
                } else {
                    create.data_block_compression_policy(CompressionPolicy::disabled())
                }
            };
            database.keyspace(name, create).map_err(failed)
        };
        Ok(Self {
            records: keyspace("records", 64)?,
            counters: keyspace("counters", 8)?,
            marks: keyspace("marks", 32)?,
            entries: keyspace("entries", 64)?,
            queues: keyspace("queues", 16)?,
            batches: keyspace("batches", 16)?,
            meta: keyspace("meta", 1)?,
            hot: Arc::new(Hot::new(options.hot_bytes)),
            shown: Arc::new(RwLock::new(Arc::new(database.snapshot()))),
            database,
        })
    }

    fn check_format(&self, directory: &Path) -> Result<(), Error> {
        let Some(value) = self.meta.get(FORMAT_KEY).map_err(|error| unreadable(&error))? else {
            if !self.batches.is_empty().map_err(|error| unreadable(&error))? {
                return Err(Error::Damaged(format!("`{}` does not say its format", directory.display())));
            }
            let written = self.meta.insert(FORMAT_KEY, FORMAT.to_be_bytes());
            let synced = written.and_then(|()| self.database.persist(PersistMode::SyncAll));
            return synced.map_err(|error| Error::Closed(format!("`{}`: {error}", directory.display())));
        };
        let found = value.split_first_chunk().map_or(0, |(format, _)| u32::from_be_bytes(*format));
        if FORMAT < found {
            return Err(Error::Closed(format!(
                "`{}` was written by a newer Wink; it has format {found}, this Wink reads up to {FORMAT}: start the newer \
                 one, or restore a backup made by this one",
                directory.display()
            )));
        }
        if found == 0 {
            return Err(Error::Damaged(format!("`{}` says format 0", directory.display())));
        }
        Ok(())
    }

    pub(crate) fn keyspaces(&self) -> [&Keyspace; 7] {
        [&self.records, &self.counters, &self.marks, &self.entries, &self.queues, &self.batches, &self.meta]
    }

    fn space(&self, space: Space) -> &Keyspace {
        match space {
            Space::Records => &self.records,
            Space::Counters => &self.counters,
            Space::Marks => &self.marks,
            Space::Entries => &self.entries,
            Space::Queues => &self.queues,
            Space::Batches => &self.batches,
        }
    }

    /// Writes everything atomically and returns when it is on disk. Readers see nothing of it before it is shown.
    pub(crate) fn write(&self, writes: Writes) -> Result<Written, fjall::Error> {
        let mut batch = fjall::OwnedWriteBatch::with_capacity(self.database.clone(), writes.len());
        let mut records = Vec::new();
        for ((space, key), value) in writes {
            let value = value.map(Slice::from);
            if space == Space::Records {
                records.push((key.clone(), value.clone()));
            }
            match value {
                Some(value) => batch.insert(self.space(space), key, value),
                None => batch.remove(self.space(space), key),
            }
        }
        // After one that failed nobody knows what is written: its records stay with the engine until the next.
        self.hot.begin(&records);
        batch.durability(Some(PersistMode::SyncData)).commit()?;
        Ok(Written(records))
    }

    /// Shows everything written, all of it at once.
    pub(crate) fn show(&self) {
        let newest = Arc::new(self.database.snapshot());
        let last =
            std::mem::replace(&mut *self.shown.write().unwrap_or_else(PoisonError::into_inner), newest);
        // Behind the lock: whoever is still reading has it, too.
        drop(last);
    }

    /// Keeps what was shown in memory.
    pub(crate) fn keep(&self, written: Written) {
        self.hot.end(written.0);
    }

    fn shown(&self) -> Arc<Snapshot> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes something new and empties its memtable, which lets the engine forget every older version of every key.
    ///
    /// Only while nobody reads: an open iterator holds on to the versions it might still ask for.
    pub(crate) fn let_go_of_versions(&self, version: Version) -> Result<(), fjall::Error> {
        self.meta.insert(SCRUBBED_KEY, version.0.to_be_bytes())?;
        self.database.persist(PersistMode::SyncAll)?;
        self.show();
        self.meta.rotate_memtable_and_wait()
    }

    pub(crate) fn get(&self, space: Space, key: &[u8]) -> Result<Option<Slice>, Error> {
        self.shown().get(self.space(space), key).map_err(|error| unreadable(&error))
    }

    pub(crate) fn record(&self, tenant: Tenant, key: &RecordKey) -> Result<Option<Record>, Error> {
        if KEY_BYTES_MAX < key.key.len() {
            return Ok(None);
        }
        let value = self.hot_record(tenant, key)?;
        value.map(|value| layout::read_record(&value)).transpose()
    }

    /// Reads a record unless it is known at the version it has.
    pub(crate) fn since(
        &self,
        tenant: Tenant,
        key: &RecordKey,
        known: Option<Version>,
    ) -> Result<Since, Error> {
        let found = if KEY_BYTES_MAX < key.key.len() { None } else { self.hot_record(tenant, key)? };
        let Some(value) = found else { return Ok(Since::Changed(None)) };
        match known {
            Some(known) if layout::read_version(&value)? == known => Ok(Since::Unchanged),
            _ => layout::read_record(&value).map(|record| Since::Changed(Some(record))),
        }
    }

    pub(crate) fn version(&self, tenant: Tenant, key: &RecordKey) -> Result<Option<Version>, Error> {
        if KEY_BYTES_MAX < key.key.len() {
            return Ok(None);
        }
        let value = self.hot_record(tenant, key)?;
        value.map(|value| layout::read_version(&value)).transpose()
    }

    fn hot_record(&self, tenant: Tenant, key: &RecordKey) -> Result<Option<Slice>, Error> {
        let key = layout::record_key(tenant, key);
        self.hot.get(&key, || self.get(Space::Records, &key))
    }

    pub(crate) fn mark(&self, tenant: Tenant, key: &MarkKey) -> Result<Option<Mark>, Error> {
        let key = layout::mark_key(tenant, key);
        let value = self.get(Space::Marks, &key)?;
        value.map(|value| layout::read_mark(&value)).transpose()
    }

    pub(crate) fn is_queued(&self, tenant: Tenant, key: &QueueKey) -> Result<bool, Error> {
        let key = layout::queue_key(tenant, key);
        self.shown().contains_key(&self.queues, key).map_err(|error| unreadable(&error))
    }

    pub(crate) fn scan(
        &self,
        tenant: Tenant,
        kind: Kind,
        range: Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Page, Error> {
        if range.until.as_ref().is_some_and(|until| *until <= range.from) {
            return Ok(Page { records: Vec::new(), next: None });
        }
        let key = |name: &[u8]| [layout::kind_prefix(tenant, kind).as_slice(), name].concat();
        let until = match &range.until {
            Some(until) => Bound::Excluded(key(until)),
            None => layout::after(&key(&[])).map_or(Bound::Unbounded, Bound::Excluded),
        };
        let found = self.shown().range(&self.records, (Bound::Included(key(&range.from)), until));
        let wanted = limit.saturating_add(1);
        let guards: Vec<fjall::Guard> = match direction {
            Direction::Forward => found.take(wanted).collect(),
            Direction::Reverse => found.rev().take(wanted).collect(),
        };
        let mut records: Vec<(Vec<u8>, Record)> = Vec::with_capacity(guards.len());
        for guard in guards {
            let (key, value) = guard.into_inner().map_err(|error| unreadable(&error))?;
            let name = key.get(layout::KIND_PREFIX_BYTES..).unwrap_or_default();
            records.push((name.to_vec(), layout::read_record(&value)?));
        }
        let more = limit < records.len();
        records.truncate(limit);
        let next = more.then(|| match (records.last(), direction) {
            (None, _) => range,
            (Some((last, _)), Direction::Forward) => {
                Range { from: [last.as_slice(), &[0]].concat(), ..range }
            }
            (Some((last, _)), Direction::Reverse) => Range { until: Some(last.clone()), ..range },
        });
        Ok(Page { records, next })
    }

    pub(crate) fn read_lane(&self, lane: Lane, from: Position, limit: usize) -> Result<Vec<Entry>, Error> {
        let last = layout::entry_key(lane, Position(u64::MAX));
        let mut entries: Vec<Entry> = Vec::new();
        let mut expected = from;
        let found = self.shown().range(&self.entries, layout::entry_key(lane, from)..=last);
        for guard in found.take(limit) {
            let (key, value) = guard.into_inner().map_err(|error| unreadable(&error))?;
            let position = layout::read_position(&key)?;
            if position != expected {
                return Err(LaneError::Gap { lane: lane.number(), expected: expected.0 }.into());
            }
            expected = Position(position.0.saturating_add(1));
            let (header, body) = layout::read_entry(&value)?;
            entries.push(Entry { position, header, body });
        }
        Ok(entries)
    }

    /// Reads queue entries from `from` on, up to and including `until`, until `take` says it has enough.
    pub(crate) fn read_queue(
        &self,
        from: Vec<u8>,
        until: Vec<u8>,
        mut take: impl FnMut(&[u8], &[u8]) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        if until < from {
            return Ok(());
        }
        let found = self.shown().range(&self.queues, from..=until);
        for guard in found {
            let (key, value) = guard.into_inner().map_err(|error| unreadable(&error))?;
            if !take(&key, &value)? {
                break;
            }
        }
        Ok(())
    }

    /// Reads the end of a lane.
    pub(crate) fn head(&self, lane: Lane) -> Result<Head, Error> {
        let (first, last) = (Position(0), Position(u64::MAX));
        let range = layout::entry_key(lane, first)..=layout::entry_key(lane, last);
        let last = self.shown().range(&self.entries, range).next_back();
        let Some(guard) = last else { return Ok(Head::default()) };
        let (key, value) = guard.into_inner().map_err(|error| unreadable(&error))?;
        let header = layout::read_header(&value)?;
        Ok(Head { next: layout::read_position(&key)?.0.saturating_add(1), hash: header.hash })
    }

    /// Reads every counter.
    pub(crate) fn each_counter(
        &self,
        mut take: impl FnMut(Tenant, wink_store::CounterKey, wink_store::Counter),
    ) -> Result<(), Error> {
        for guard in self.counters.iter() {
            let (key, value) = guard.into_inner().map_err(|error| unreadable(&error))?;
            let (tenant, key, counter) = layout::read_counter(&key, &value)?;
            take(tenant, key, counter);
        }
        Ok(())
    }

    /// Reads the groups of commits that are remembered, oldest first.
    pub(crate) fn groups(&self) -> Result<VecDeque<Vec<Commit>>, Error> {
        let read =
            |guard: fjall::Guard| layout::read_group(&guard.value().map_err(|error| unreadable(&error))?);
        self.batches.iter().map(read).collect()
    }
}

/// Everything in the database as it was at one moment. While it is there, the engine keeps what has changed since.
pub(crate) struct Moment {
    snapshot: fjall::Snapshot,
    engine: Engine,
}

impl Engine {
    /// Holds on to this moment.
    pub(crate) fn moment(&self) -> Moment {
        Moment { snapshot: self.database.snapshot(), engine: self.clone() }
    }

    /// Estimates how many values there are.
    pub(crate) fn estimate(&self) -> u64 {
        let spaces = [&self.records, &self.counters, &self.marks, &self.entries, &self.queues];
        let values: usize = spaces.iter().map(|space| space.approximate_len()).sum();
        u64::try_from(values).unwrap_or(u64::MAX)
    }
}

impl Moment {
    /// Reads every key and value of a keyspace, in order of the keys.
    pub(crate) fn each<E: From<Error>>(
        &self,
        space: Space,
        mut take: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        for guard in self.snapshot.iter(self.engine.space(space)) {
            let (key, value) = guard.into_inner().map_err(|error| unreadable(&error))?;
            take(&key, &value)?;
        }
        Ok(())
    }

    /// Reads the version of the last commit.
    pub(crate) fn version(&self) -> Result<Version, Error> {
        let Some(guard) = self.snapshot.last_key_value(&self.engine.batches) else { return Ok(Version(0)) };
        let group = layout::read_group(&guard.value().map_err(|error| unreadable(&error))?)?;
        Ok(group.last().map_or(Version(0), |commit| commit.version))
    }
}

/// Removes a database whose creation was cut off: without its last file the engine could neither open nor create it.
pub(crate) fn remove_unfinished(directory: &Path) -> std::io::Result<()> {
    let unfinished = directory.try_exists()? && !directory.join("version").try_exists()?;
    if unfinished { fs::remove_dir_all(directory) } else { Ok(()) }
}

/// Says that a directory belongs to a process that runs, and the ways out.
pub(crate) fn in_use(directory: &Path) -> Error {
    let directory = directory.display();
    Error::Closed(format!(
        "another Wink process uses `{directory}`; end it first, or ask the server that runs there over HTTP"
    ))
}
