//! The one thread that writes.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use wink_store::{Batch, Effect, Error, Failure, Head, Outcome};

use crate::engine::Engine;
use crate::group::{Group, judge};
use crate::heads::{Checkpoints, Progress};
use crate::store::Shared;

/// At most this many batches share one sync: enough that the sync is no longer what costs, and few enough that those who are answered make
/// their next while the others are committed.
pub(crate) const GROUP_BATCHES_MAX: usize = 256;

/// At most about this many bytes share one sync, so that large batches do not fill the engine's memory at once.
const GROUP_BYTES_MAX: usize = 16 << 20;

/// At most this long does a group wait for callers that took part in the one before.
const LINGER_MAX: Duration = Duration::from_micros(500);

/// Something for the committer to do, in order.
pub(crate) enum Job {
    /// Does batches.
    Submit(Vec<Batch>, oneshot::Sender<Vec<Outcome>>),
    /// Lets the engine forget older versions; the first half of a scrub.
    LetGo(oneshot::Sender<Result<(), Error>>),
    /// Closes the engine, removes its log, opens it again; the second half.
    DropLog(oneshot::Sender<Result<(), Error>>),
}

/// A submit that is under way, in one group or several.
struct Submitted {
    batches: VecDeque<Batch>,
    /// How many of its batches are in the group that is being committed.
    taken: usize,
    outcomes: Vec<Outcome>,
    answer: oneshot::Sender<Vec<Outcome>>,
}

enum Waiting {
    Submitted(Submitted),
    LetGo(oneshot::Sender<Result<(), Error>>),
    DropLog(oneshot::Sender<Result<(), Error>>),
}

pub(crate) struct Committer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) progress: Progress,
    pub(crate) checkpoints: Checkpoints,
}

/// Ends the process when the committer panics: what it had in hand is then unknown, and nobody else could commit.
struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            fatal("the committer failed");
        }
    }
}

/// Says one line and ends the process. Recovery finds out what is on disk.
fn fatal(reason: &str) -> ! {
    eprintln!("wink: the store stops, nothing more is acknowledged: {reason}");
    std::process::abort()
}

/// Unguessable bytes from the operating system, fetched in larger pieces.
struct Salts {
    pool: [u8; 4_096],
    next: usize,
}

impl Salts {
    fn new() -> Self {
        Self { pool: [0; 4_096], next: 4_096 }
    }

    fn take(&mut self) -> [u8; 16] {
        loop {
            let rest = self.pool.get_mut(self.next..).and_then(<[u8]>::split_first_chunk_mut);
            if let Some((salt, _)) = rest {
                self.next += 16;
                // Not kept: a salt that is redacted from disk must not stay readable here.
                return std::mem::take(salt);
            }
            if let Err(error) = getrandom::fill(&mut self.pool) {
                fatal(&format!("the operating system gives no random bytes: {error}"));
            }
            self.next = 0;
        }
    }
}

impl Committer {
    /// Works until every sender is gone and the queue is empty.
    pub(crate) fn run(mut self) {
        let _guard = AbortOnPanic;
        let mut salts = Salts::new();
        let mut waiting: VecDeque<Waiting> = VecDeque::new();
        let mut last_group = 0;
        let mut last_commit = Duration::ZERO;
        loop {
            if waiting.is_empty() {
                match self.jobs.blocking_recv() {
                    Some(job) => waiting.push_back(accept(job)),
                    None => return,
                }
            }
            self.fill(&mut waiting, last_group, last_commit);
            match waiting.pop_front() {
                Some(Waiting::LetGo(answer)) => {
                    let done = self.shared.let_go_of_versions(self.progress.version);
                    let _nobody_waits = answer.send(done);
                    continue;
                }
                Some(Waiting::DropLog(answer)) => {
                    let _nobody_waits = answer.send(self.shared.drop_log());
                    continue;
                }
                Some(submitted) => waiting.push_front(submitted),
                None => continue,
            }
            let batches = take_group(&mut waiting);
            last_group = batches.len();
            let begun = Instant::now();
            let outcomes = self.commit(batches, &mut salts);
            last_commit = begun.elapsed();
            answer(&mut waiting, outcomes);
        }
    }

    /// Takes what waits in the queue, up to a full group.
    ///
    /// Callers that were just answered come back within microseconds. A group that started without them would sync for a few and
    /// let the many wait for the next, so it waits for as many as last time, but only for a fraction of what a commit takes.
    fn fill(&mut self, waiting: &mut VecDeque<Waiting>, last_group: usize, last_commit: Duration) {
        let linger = (last_commit / 4).min(LINGER_MAX);
        let begun = Instant::now();
        let mut count: usize = waiting.iter().map(Waiting::batches).sum();
        while count < GROUP_BATCHES_MAX {
            match self.jobs.try_recv() {
                Ok(job) => {
                    let job = accept(job);
                    count += job.batches();
                    waiting.push_back(job);
                }
                Err(mpsc::error::TryRecvError::Empty) if count < last_group && begun.elapsed() < linger => {
                    thread::yield_now();
                }
                Err(_) => return,
            }
        }
    }

    fn commit(&mut self, batches: Vec<Batch>, salts: &mut Salts) -> Vec<Outcome> {
        let count = batches.len();
        let shared = Arc::clone(&self.shared);
        let engine = shared.engine.read().unwrap_or_else(PoisonError::into_inner);
        let refusal = shared.refusal();
        let (Some(engine), None) = (engine.as_ref(), &refusal) else {
            let reason = refusal.unwrap_or_else(|| "the store is closed".to_owned());
            return vec![Outcome::Failed(Failure::Closed(reason)); count];
        };
        let mut salt = || salts.take();
        let mut group = judge(batches, engine, &shared.counters, &shared.outcomes, &self.progress, &mut salt);
        if group.accepted.is_empty() {
            return group.outcomes;
        }
        let begun = Instant::now();
        let written = engine.write(std::mem::take(&mut group.writes));
        metrics::histogram!("wink_store_commit_seconds").record(begun.elapsed().as_secs_f64());
        let written = match written {
            Ok(written) => written,
            Err(error) if is_full(&error) || lacks_room(&error, &shared) => {
                // Whether the last bytes reached the disk is open until the next start; that nothing more will is certain.
                let reason = "the disk is full; free some space and start Wink again".to_owned();
                eprintln!("wink: the store takes no more writes: {reason}");
                shared.close(reason);
                return vec![Outcome::Unknown; count];
            }
            Err(error) => fatal(&format!("a write to the engine failed: {error}")),
        };
        metrics::counter!("wink_store_batches_total").increment(group.commits.len().try_into().unwrap_or(0));
        let outcomes = self.publish(engine, group);
        engine.keep(written);
        outcomes
    }

    /// Lets readers see what is now durable, all of it at one moment, and notes how far the journal has come.
    fn publish(&mut self, engine: &Engine, group: Group) -> Vec<Outcome> {
        let Group { outcomes, accepted, counters: changed, commits, .. } = group;
        let mut counters = self.shared.counters.write().unwrap_or_else(PoisonError::into_inner);
        for (tenant, key, counter) in changed {
            counters.set(tenant, key, counter);
        }
        let mut leases = self.shared.leases.lock().unwrap_or_else(PoisonError::into_inner);
        for effect in accepted.into_iter().flat_map(|accepted| accepted.effects) {
            match effect {
                Effect::Append { lane, entry } => {
                    if let Some(head) = self.progress.heads.get_mut(usize::from(lane.number())) {
                        *head = Head { next: entry.position.0 + 1, hash: entry.header.hash };
                    }
                }
                Effect::Enqueue { tenant, key, .. } => leases.enqueued(tenant, &key),
                Effect::Dequeue { tenant, key } => leases.dequeued(tenant, &key),
                _ => {}
            }
        }
        engine.show();
        drop((counters, leases));
        let mut remembered = self.shared.outcomes.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = commits.last() {
            self.progress.version = last.version;
            remembered.push(commits);
        }
        drop(remembered);
        self.checkpoints.note(self.progress.clone());
        outcomes
    }
}

fn accept(job: Job) -> Waiting {
    match job {
        Job::Submit(batches, answer) => {
            let outcomes = Vec::with_capacity(batches.len());
            Waiting::Submitted(Submitted { batches: batches.into(), taken: 0, outcomes, answer })
        }
        Job::LetGo(answer) => Waiting::LetGo(answer),
        Job::DropLog(answer) => Waiting::DropLog(answer),
    }
}

impl Waiting {
    fn batches(&self) -> usize {
        match self {
            Self::Submitted(submitted) => submitted.batches.len(),
            // Nothing joins a group across these.
            Self::LetGo(_) | Self::DropLog(_) => GROUP_BATCHES_MAX,
        }
    }
}

/// Takes the next group from the front, in order.
fn take_group(waiting: &mut VecDeque<Waiting>) -> Vec<Batch> {
    let mut group: Vec<Batch> = Vec::new();
    let mut bytes = 0;
    for job in waiting {
        let Waiting::Submitted(submitted) = job else { break };
        while group.len() < GROUP_BATCHES_MAX && bytes < GROUP_BYTES_MAX {
            let Some(batch) = submitted.batches.pop_front() else { break };
            bytes += batch.size();
            group.push(batch);
            submitted.taken += 1;
        }
        if !submitted.batches.is_empty() {
            break;
        }
    }
    group
}

/// Hands the outcomes of a group to the submits they belong to, and answers those that are complete.
fn answer(waiting: &mut VecDeque<Waiting>, outcomes: Vec<Outcome>) {
    let mut outcomes = outcomes.into_iter();
    while let Some(Waiting::Submitted(submitted)) = waiting.front_mut() {
        submitted.outcomes.extend(outcomes.by_ref().take(submitted.taken));
        submitted.taken = 0;
        if !submitted.batches.is_empty() {
            return;
        }
        if let Some(Waiting::Submitted(submitted)) = waiting.pop_front() {
            let _nobody_waits = submitted.answer.send(submitted.outcomes);
        }
    }
}

/// Tells whether the engine gave up for lack of room. Its own threads write too, what is in memory to tables and tables together, and where one of them
/// meets the full disk first, the engine only says that it has failed.
fn lacks_room(error: &fjall::Error, shared: &Shared) -> bool {
    let free =
        || rustix::fs::statvfs(&shared.directory).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    matches!(error, fjall::Error::Poisoned) && free().is_ok_and(|free| free < shared.options.room_bytes)
}

/// Tells whether a write failed because the disk, or the user's share of it, is full.
fn is_full(error: &fjall::Error) -> bool {
    let (fjall::Error::Io(error) | fjall::Error::Storage(fjall::LsmError::Io(error))) = error else {
        return false;
    };
    matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
}
