//! Takes deleted and redacted bytes off the disk.
//!
//! They lie in three places: in tables, under newer versions or tombstones; in the engine's log; and in table files the engine no
//! longer uses. So: the engine forgets old versions, every table is rewritten, and the log is dropped while the engine is closed
//! for a moment — fjall starts a new log file only every 64 MB, so a small store would keep its last log for ever.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::thread;

use fjall::Keyspace;
use tokio::sync::{mpsc, oneshot};
use wink_store::{Error, Version};

use crate::committer::Job;
use crate::engine::{Engine, unreadable};
use crate::log;
use crate::store::Shared;

/// Scrubs on a thread of its own: it takes as long as reading and writing everything once.
pub(crate) fn start(shared: Arc<Shared>, jobs: mpsc::Sender<Job>) -> oneshot::Receiver<Result<(), Error>> {
    let (answer, done) = oneshot::channel();
    let run = move || {
        let _nobody_waits = answer.send(scrub(&shared, &jobs));
    };
    // If there is no thread, the answer's sender is dropped and the caller hears of it.
    let _detached = thread::Builder::new().name("wink-scrub".to_owned()).spawn(run);
    done
}

fn scrub(shared: &Shared, jobs: &mpsc::Sender<Job>) -> Result<(), Error> {
    let _one_at_a_time = shared.scrubbing.lock().unwrap_or_else(PoisonError::into_inner);
    ask(jobs, Job::LetGo)?;
    // Commits and reads go on while everything is rewritten.
    let keyspaces: Vec<Keyspace> = {
        let engine = shared.engine.read().unwrap_or_else(PoisonError::into_inner);
        engine.as_ref().ok_or_else(closed)?.keyspaces().into_iter().cloned().collect()
    };
    for keyspace in keyspaces {
        let rewritten = keyspace.rotate_memtable_and_wait().and_then(|()| keyspace.major_compact());
        rewritten.map_err(|error| unreadable(&error))?;
    }
    ask(jobs, Job::DropLog)
}

fn ask(
    jobs: &mpsc::Sender<Job>,
    job: impl FnOnce(oneshot::Sender<Result<(), Error>>) -> Job,
) -> Result<(), Error> {
    let (answer, done) = oneshot::channel();
    jobs.blocking_send(job(answer)).map_err(|_| closed())?;
    done.blocking_recv().map_err(|_| closed())?
}

fn closed() -> Error {
    Error::Closed("the store is closed".to_owned())
}

impl Shared {
    /// Keeps readers out for a moment, so that no open iterator holds on to old versions.
    pub(crate) fn let_go_of_versions(&self, version: Version) -> Result<(), Error> {
        let engine = self.engine.write().unwrap_or_else(PoisonError::into_inner);
        engine.as_ref().ok_or_else(closed)?.let_go_of_versions(version).map_err(|error| unreadable(&error))
    }

    /// Closes the engine, drops its log, and opens it again; readers wait so long.
    ///
    /// Only the committer calls this, so nothing is written meanwhile.
    pub(crate) fn drop_log(&self) -> Result<(), Error> {
        let mut slot = self.engine.write().unwrap_or_else(PoisonError::into_inner);
        let engine = slot.take().ok_or_else(closed)?;
        let flushed = engine.keyspaces().into_iter().try_for_each(Keyspace::rotate_memtable_and_wait);
        if let Err(error) = flushed {
            *slot = Some(engine);
            return Err(unreadable(&error));
        }
        drop(engine);
        // Everything the log holds is now in synced tables; if the process ends here, replaying it changes nothing.
        let directory = self.engine_directory();
        let dropped = empty_logs(&directory);
        match Engine::open(&directory, &self.options) {
            Ok(engine) => *slot = Some(engine),
            Err(error) => {
                self.close(format!("the engine did not open again after a scrub: {error}"));
                return Err(error);
            }
        }
        dropped.map_err(|error| Error::Closed(format!("the engine's log could not be dropped: {error}")))
    }
}

/// Empties the newest log and removes the others. The newest stays as a file: from its being there the engine knows that it has
/// data to take its sequence number from.
fn empty_logs(directory: &Path) -> io::Result<()> {
    let mut logs = log::files(directory)?;
    let newest = logs.pop();
    for path in logs {
        fs::remove_file(path)?;
    }
    if let Some(path) = newest {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(0)?;
        file.sync_all()?;
    }
    fs::File::open(directory)?.sync_all()
}
