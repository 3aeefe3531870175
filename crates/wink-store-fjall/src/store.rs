//! Opening, closing, and the port.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};

use tokio::sync::{mpsc, oneshot};
use wink_store::{
    Batch, BatchId, Counter, CounterKey, Direction, Entry, Error, Failure, Kind, Lane, Leased, Mark, MarkKey,
    Outcome, Page, Position, Queue, Range, Record, RecordKey, Since, Store, Tenant, Version,
};

use crate::committer::{Committer, Job};
use crate::engine::{Engine, Space, in_use, remove_unfinished};
use crate::heads::{self, Checkpoints, Progress};
use crate::memory::{Counters, Leases, Outcomes};
use crate::scrub;
use crate::{layout, log, manifest};

/// At most this many calls wait for the committer; who comes then waits for a place. Four full groups of single batches.
const JOBS_MAX: usize = 1_024;

/// How a store uses its machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes of memory for blocks that were read. Half of the hot profiles of a small shop fit into the default of 128 MiB.
    pub cache_bytes: u64,
    /// Bytes of memory for records as they are: what is read or written often is not looked for in blocks.
    pub hot_bytes: u64,
    /// Whether older data is compressed (LZ4). Counts when the directory is made.
    pub compress: bool,
    /// Bytes the engine needs free to write what it holds in memory, and some tables anew. If its threads fail with less, the disk is taken for full.
    pub room_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { cache_bytes: 128 << 20, hot_bytes: 64 << 20, compress: true, room_bytes: 1 << 30 }
    }
}

/// What callers, the committer and a scrub have in common.
pub(crate) struct Shared {
    pub(crate) directory: PathBuf,
    pub(crate) options: Options,
    /// `None` once the store is closed.
    pub(crate) engine: RwLock<Option<Engine>>,
    pub(crate) counters: RwLock<Counters>,
    pub(crate) outcomes: RwLock<Outcomes>,
    pub(crate) leases: Mutex<Leases>,
    /// Held by a scrub and by an export: each wants the engine's versions its own way.
    pub(crate) scrubbing: Mutex<()>,
    /// Why no more writes are taken.
    closed: RwLock<Option<String>>,
}

impl Shared {
    pub(crate) fn engine_directory(&self) -> PathBuf {
        self.directory.join("engine")
    }

    /// Takes no more writes from now on.
    pub(crate) fn close(&self, reason: String) {
        *self.closed.write().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    pub(crate) fn refusal(&self) -> Option<String> {
        self.closed.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn read<A>(&self, read: impl FnOnce(&Engine) -> Result<A, Error>) -> Result<A, Error> {
        let engine = self.engine.read().unwrap_or_else(PoisonError::into_inner);
        read(engine.as_ref().ok_or_else(|| Error::Closed("the store is closed".to_owned()))?)
    }
}

/// The embedded store. Dropping it finishes what was submitted, then closes the directory.
pub struct FjallStore {
    jobs: Option<mpsc::Sender<Job>>,
    committer: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
    /// Held until everything else is closed.
    _lock: File,
}

impl std::fmt::Debug for FjallStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("FjallStore")
            .field("directory", &self.shared.directory)
            .finish_non_exhaustive()
    }
}

impl FjallStore {
    /// Opens the store in `directory`, which is made if it is not there.
    ///
    /// # Errors
    /// `Closed` if another process uses the directory, a newer Wink wrote it, or it cannot be used; `Damaged` if what is
    /// found is not what was acknowledged, naming lane and position.
    pub fn open(directory: impl AsRef<Path>, options: Options) -> Result<Self, Error> {
        let directory = directory.as_ref().to_path_buf();
        let unusable = |error: std::io::Error| {
            Error::Closed(format!("`{}` cannot be used: {error}", directory.display()))
        };
        fs::create_dir_all(&directory).map_err(unusable)?;
        let lock = lock(&directory)?;

        let engine_directory = directory.join("engine");
        let known = match heads::read(&directory)? {
            Some(known) => known,
            None if engine_directory.try_exists().map_err(unusable)? => {
                return Err(Error::Damaged(format!("`{}` is missing", directory.join("heads").display())));
            }
            None => {
                // Before the engine, so that an engine without a checkpoint is always damage.
                heads::write(&directory, &Progress::none()).map_err(unusable)?;
                Progress::none()
            }
        };
        if known == Progress::none() {
            remove_unfinished(&engine_directory).map_err(unusable)?;
        } else if !engine_directory.join("version").try_exists().map_err(unusable)? {
            return Err(Error::Damaged(format!("`{}` is missing or not whole", engine_directory.display())));
        }
        log::check(&engine_directory)?;
        manifest::check(&engine_directory)?;
        let engine = Engine::open(&engine_directory, &options)?;

        let mut counters = Counters::default();
        engine.each_counter(|tenant, key, counter| counters.set(tenant, key, counter))?;
        let outcomes = Outcomes::load(engine.groups()?)?;
        let progress = Progress {
            version: outcomes.last().map_or(Version(0), |commit| commit.version),
            heads: Lane::all().map(|lane| engine.head(lane)).collect::<Result<_, _>>()?,
        };
        known.check(&progress, |lane, position| {
            let value = engine.get(Space::Entries, &layout::entry_key(lane, Position(position)))?;
            value.map(|value| layout::read_header(&value).map(|header| header.hash)).transpose()
        })?;

        let checkpoints = Checkpoints::start(directory.clone()).map_err(unusable)?;
        let shared = Arc::new(Shared {
            directory: directory.clone(),
            options,
            engine: RwLock::new(Some(engine)),
            counters: RwLock::new(counters),
            outcomes: RwLock::new(outcomes),
            leases: Mutex::default(),
            scrubbing: Mutex::default(),
            closed: RwLock::default(),
        });
        let (jobs, receiver) = mpsc::channel(JOBS_MAX);
        let committer = Committer { shared: Arc::clone(&shared), jobs: receiver, progress, checkpoints };
        let committer =
            thread::Builder::new().name("wink-committer".to_owned()).spawn(move || committer.run());
        Ok(Self { jobs: Some(jobs), committer: Some(committer.map_err(unusable)?), shared, _lock: lock })
    }
}

impl FjallStore {
    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }
}

/// Takes the directory for this process. The operating system gives it back when the process ends, however it ends.
fn lock(directory: &Path) -> Result<File, Error> {
    let path = directory.join("lock");
    let unusable =
        |error: std::io::Error| Error::Closed(format!("`{}` cannot be used: {error}", path.display()));
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(in_use(directory)),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

impl Drop for FjallStore {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(committer) = self.committer.take() {
            // A panic in it has ended the process already.
            let _ended = committer.join();
        }
        let engine = self.shared.engine.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(engine);
    }
}

impl Store for FjallStore {
    async fn submit(&self, batches: Vec<Batch>) -> Vec<Outcome> {
        let count = batches.len();
        let closed = || vec![Outcome::Failed(Failure::Closed("the store is closed".to_owned())); count];
        if count == 0 {
            return Vec::new();
        }
        let Some(jobs) = &self.jobs else { return closed() };
        let (answer, done) = oneshot::channel();
        if jobs.send(Job::Submit(batches, answer)).await.is_err() {
            return closed();
        }
        done.await.unwrap_or_else(|_| vec![Outcome::Unknown; count])
    }

    async fn outcome(&self, tenant: Tenant, id: BatchId) -> Result<Option<Outcome>, Error> {
        Ok(self.shared.outcomes.read().unwrap_or_else(PoisonError::into_inner).get(tenant, id))
    }

    async fn get(&self, tenant: Tenant, keys: &[RecordKey]) -> Result<Vec<Option<Record>>, Error> {
        self.shared.read(|engine| keys.iter().map(|key| engine.record(tenant, key)).collect())
    }

    async fn get_since(
        &self,
        tenant: Tenant,
        known: &[(RecordKey, Option<Version>)],
    ) -> Result<Vec<Since>, Error> {
        self.shared
            .read(|engine| known.iter().map(|(key, known)| engine.since(tenant, key, *known)).collect())
    }

    async fn counters(&self, tenant: Tenant, keys: &[CounterKey]) -> Result<Vec<Counter>, Error> {
        let counters = self.shared.counters.read().unwrap_or_else(PoisonError::into_inner);
        Ok(keys.iter().map(|key| counters.get(tenant, key)).collect())
    }

    async fn counters_with(
        &self,
        tenant: Tenant,
        prefix: &[u8],
    ) -> Result<Vec<(CounterKey, Counter)>, Error> {
        Ok(self.shared.counters.read().unwrap_or_else(PoisonError::into_inner).with(tenant, prefix))
    }

    async fn marks(&self, tenant: Tenant, keys: &[MarkKey]) -> Result<Vec<Option<Mark>>, Error> {
        self.shared.read(|engine| keys.iter().map(|key| engine.mark(tenant, key)).collect())
    }

    async fn scan(
        &self,
        tenant: Tenant,
        kind: Kind,
        range: Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Page, Error> {
        self.shared.read(|engine| engine.scan(tenant, kind, range, direction, limit))
    }

    async fn read_lane(&self, lane: Lane, from: Position, limit: usize) -> Result<Vec<Entry>, Error> {
        self.shared.read(|engine| engine.read_lane(lane, from, limit))
    }

    async fn lease_due(
        &self,
        tenant: Tenant,
        queue: Queue,
        now_ms: i64,
        lease_until_ms: i64,
        limit: usize,
    ) -> Result<Vec<Leased>, Error> {
        self.shared.read(|engine| {
            let mut leases = self.shared.leases.lock().unwrap_or_else(PoisonError::into_inner);
            leases.lease(engine, (tenant, queue), now_ms, lease_until_ms, limit)
        })
    }

    async fn scrub(&self) -> Result<(), Error> {
        let closed = || Error::Closed("the store is closed".to_owned());
        let jobs = self.jobs.clone().ok_or_else(closed)?;
        scrub::start(Arc::clone(&self.shared), jobs).await.unwrap_or_else(|_| Err(closed()))
    }
}
