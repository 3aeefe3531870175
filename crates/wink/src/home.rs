//! Opening a store's directory: the key file, the embedded store, the engine.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use wink_core::base::Timestamp;
use wink_server::erasures::Erasures;
use wink_server::flow::past;
use wink_server::http::{Conduct, Service};
use wink_server::report::totals;
use wink_server::secrets::{Secrets, random};
use wink_server::{Engine, access};
use wink_store::Store;
use wink_store_fjall::{FjallStore, Options};

use crate::archive::{Made, sync_parent};
use crate::restoring::refuse_unfinished;
use crate::terminal::say;

/// The installation's secret, in the store's directory but not in the store: keep its back-ups apart.
pub(crate) const KEY_FILE: &str = "wink.key";

/// The embedded store's own directory.
pub(crate) const STORE_DIRECTORY: &str = "store";

/// The list of erasures: beside the store, so that restoring an older store does not take it back.
pub(crate) const ERASURES_FILE: &str = "erasures";

/// When the last backup was made, and where to.
pub(crate) const BACKED_UP_FILE: &str = "backed-up";

/// Tells what time it is; the only place of the binary that asks.
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The clock of a store: now, or, where the store holds an imported past, running on from the end of that past.
pub(crate) struct Clock {
    starts_at: Option<Timestamp>,
    opened: std::time::Instant,
}

impl Clock {
    /// Starts the clock of a store.
    pub(crate) async fn of<S: Store>(engine: &Engine<S>) -> anyhow::Result<Self> {
        let opened = std::time::Instant::now();
        let Some(past) = past::known(engine).await? else { return Ok(Self { starts_at: None, opened }) };
        // What was decided since must not lie ahead.
        let newest = totals::newest_decision(engine).await?.map(|id| id.made_at());
        Ok(Self { starts_at: newest.max(Some(past.reached)), opened })
    }

    /// Tells the time.
    pub(crate) fn now(&self) -> Timestamp {
        match self.starts_at {
            Some(start) => Timestamp(start.0 + i64::try_from(self.opened.elapsed().as_millis()).unwrap_or(0)),
            None => now(),
        }
    }

    /// Tells where it started, if the store holds an imported past.
    pub(crate) fn starts_at(&self) -> Option<Timestamp> {
        self.starts_at
    }
}

/// Opens the store in `directory`, making it if it is not there, and the engine of its first tenant.
pub(crate) async fn open_or_make(directory: &Path) -> anyhow::Result<Engine<FjallStore>> {
    let (store, secrets) = open_store(directory)?;
    let engine = Engine::open(store, secrets, now()).await?;
    engine.list_erasures_in(list_of_erasures(directory)?).await?;
    Ok(engine)
}

/// Opens the store in `directory`, making it if it is not there, for all its tenants.
pub(crate) async fn open_service(directory: &Path, conduct: Conduct) -> anyhow::Result<Service<FjallStore>> {
    let (store, secrets) = open_store(directory)?;
    let conduct = Conduct { erasures: Some(list_of_erasures(directory)?), ..conduct };
    let store = Arc::new(store);
    // The clock of an imported past is the first tenant's, which is the only one an import can make.
    let first = Engine::open(store.clone(), secrets.clone(), now()).await?;
    let clock = Clock::of(&first).await?;
    if let Some(start) = clock.starts_at() {
        say!("this store holds an imported past; its clock goes on where that ends, at {start}");
    }
    Ok(Service::open(store, secrets, Box::new(move || clock.now()), conduct).await?)
}

/// Opens the store in `directory`, which must be there, and the engines of all its tenants.
pub(crate) async fn open_tenants(directory: &Path) -> anyhow::Result<Tenants> {
    refuse_nothing(directory)?;
    let (store, secrets) = open_store(directory)?;
    let engines = tenants(&Arc::new(store), &secrets).await?;
    let list = list_of_erasures(directory)?;
    for engine in &engines {
        engine.list_erasures_in(list.clone()).await?;
    }
    Ok(engines)
}

/// The engines of all tenants of a store.
pub(crate) type Tenants = Vec<Arc<Engine<Arc<FjallStore>>>>;

/// Opens the engines of all tenants.
pub(crate) async fn tenants(store: &Arc<FjallStore>, secrets: &Secrets) -> anyhow::Result<Tenants> {
    let mut engines = Vec::new();
    for (tenant, _) in access::list_tenants(store).await? {
        engines.push(Arc::new(Engine::open_tenant(store.clone(), tenant, secrets.clone(), now()).await?));
    }
    Ok(engines)
}

/// Opens the list of erasures beside the store.
fn list_of_erasures(directory: &Path) -> anyhow::Result<Arc<Erasures>> {
    Ok(Arc::new(Erasures::open(&directory.join(ERASURES_FILE))?))
}

fn open_store(directory: &Path) -> anyhow::Result<(FjallStore, Secrets)> {
    fs::create_dir_all(directory)
        .with_context(|| format!("`{}` cannot be made; choose another directory", directory.display()))?;
    refuse_unfinished(directory)?;
    let secrets = read_or_make_key(directory)?;
    let store = FjallStore::open(directory.join(STORE_DIRECTORY), Options::default())?;
    Ok((store, secrets))
}

/// Opens the store in `directory`, which must be there.
pub(crate) async fn open(directory: &Path) -> anyhow::Result<Engine<FjallStore>> {
    refuse_nothing(directory)?;
    open_or_make(directory).await
}

/// Refuses a directory in which there is no store.
pub(crate) fn refuse_nothing(directory: &Path) -> anyhow::Result<()> {
    // A store without its key is not "no store": what that says is how to get the key back.
    if !directory.join(KEY_FILE).is_file() && !directory.join(STORE_DIRECTORY).exists() {
        bail!(
            "there is no store in `{}`; make one with `wink import` or `wink catalogue apply`",
            directory.display()
        );
    }
    Ok(())
}

/// Tells whether another process has the store open.
pub(crate) fn is_open_elsewhere(directory: &Path) -> anyhow::Result<bool> {
    match fs::File::open(directory.join(STORE_DIRECTORY).join("lock")) {
        Ok(lock) => Ok(matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn read_or_make_key(directory: &Path) -> anyhow::Result<Secrets> {
    let path = directory.join(KEY_FILE);
    if path.try_exists().with_context(|| format!("`{}` cannot be read", path.display()))? {
        return read_key(&path);
    }
    if directory.join(STORE_DIRECTORY).exists() {
        bail!("the store has no key: `{}` is missing; restore it from your back-up", path.display());
    }
    let master: [u8; 32] = random()?;
    write_key(&path, &master)?;
    Ok(Secrets::new(master))
}

/// Reads a key that is there.
pub(crate) fn read_key(path: &Path) -> anyhow::Result<Secrets> {
    let bytes = fs::read(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    let master: [u8; 32] = bytes.as_slice().try_into().map_err(|_| {
        anyhow::anyhow!("`{}` is not a key of 32 bytes; restore it from your back-up", path.display())
    })?;
    Ok(Secrets::new(master))
}

/// Writes the key so that it is either whole or not there, readable by its owner only.
pub(crate) fn write_key(path: &Path, master: &[u8]) -> anyhow::Result<()> {
    replace(path, &path.with_extension("unfinished"), master)
        .with_context(|| format!("`{}` cannot be written", path.display()))
}

/// Replaces a file of the store's directory, whole or not at all, readable by its owner only. Until then it is `unfinished`.
fn replace(path: &Path, unfinished: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(unfinished, path)?;
    sync_parent(path)
}

/// Notes when the store was last backed up, for whoever looks it over.
pub(crate) fn remember_backup(directory: &Path, made: &Made) -> anyhow::Result<()> {
    let path = directory.join(BACKED_UP_FILE);
    // Several backups may be made at once, each by a process of its own.
    let unfinished = path.with_extension(format!("{}.unfinished", std::process::id()));
    Ok(replace(&path, &unfinished, &serde_json::to_vec_pretty(made)?)?)
}

/// Tells what the last backup was, if one is known.
pub(crate) fn last_backup(directory: &Path) -> anyhow::Result<Option<Made>> {
    match fs::read(directory.join(BACKED_UP_FILE)) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Allows this process as many open files as the system lets it have. What a shell or a service manager grants by default is 1,024,
/// which a thousand connections use up.
pub(crate) fn allow_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // If it is refused, the limit is what it was: the server runs, and takes fewer connections.
    let _refused = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// Tells how many files this process may have open.
pub(crate) fn files_allowed() -> usize {
    let allowed = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    allowed.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX)
}

/// Runs a command's future to its end.
pub(crate) fn run<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(work)
}
