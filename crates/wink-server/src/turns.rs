//! Who lost a race for a record writes next. Without it, of many who write for one person at once most would lose as often as anybody tries.
//!
//! Only a courtesy, in this process. That nobody writes over what they did not read is the store's promise, whoever writes where. A turn is asked
//! for after the first race that was lost, so what never meets anybody waits for nobody; and nobody holds two, so no two wait for each other.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Mutex, MutexGuard};
use wink_store::{Batch, Check, RecordKey, Store, Tenant, Version};

use crate::{Engine, Error, keys, write};

/// Records share a queue by hash. With a few hundred races at once hardly two that have nothing to do with each other wait for each other.
const QUEUES: usize = 1_024;

/// The queues of those who lost a race.
pub(crate) struct Turns(Vec<Queue>);

#[derive(Default)]
struct Queue {
    /// Whose turn it is. First come, first served.
    turn: Mutex<()>,
    /// How many have it or wait for it.
    wanted: AtomicUsize,
}

impl Default for Turns {
    fn default() -> Self {
        Self((0..QUEUES).map(|_| Queue::default()).collect())
    }
}

impl Turns {
    fn queue_of(&self, key: &RecordKey) -> Option<&Queue> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let place = hasher.finish() % u64::try_from(QUEUES).unwrap_or(u64::MAX);
        self.0.get(usize::try_from(place).unwrap_or_default())
    }
}

/// A turn that somebody has, counted from when they began to wait for it.
struct Held<'turns> {
    queue: &'turns Queue,
    _turn: MutexGuard<'turns, ()>,
    _wanted: Wanted<'turns>,
}

struct Wanted<'turns>(&'turns Queue);

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        self.0.wanted.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What one flow writes, and the turn it has if it lost a race before. It ends with the flow.
pub(crate) struct Turn<'engine, S> {
    engine: &'engine Engine<S>,
    held: Option<Held<'engine>>,
}

impl<'engine, S: Store> Turn<'engine, S> {
    pub(crate) fn new(engine: &'engine Engine<S>) -> Self {
        Self { engine, held: None }
    }

    /// Tells for which tenant it writes.
    pub(crate) fn tenant(&self) -> Tenant {
        self.engine.tenant
    }

    /// Writes one batch. `None` if something it depends on changed meanwhile: load again, it is this flow's turn now.
    pub(crate) async fn commit(&mut self, batch: Batch) -> Result<Option<()>, Error> {
        let version = self.submit(vec![batch]).await.pop().unwrap_or(Err(Error::Unknown))?;
        Ok(version.map(|_| ()))
    }

    /// Writes independent batches in order and answers each with the version of what it wrote, `None` where something it depends on changed
    /// meanwhile: load again, it is this flow's turn now.
    pub(crate) async fn submit(&mut self, batches: Vec<Batch>) -> Vec<Result<Option<Version>, Error>> {
        let queues: Vec<Vec<Option<&Queue>>> = batches.iter().map(|batch| self.queues_of(batch)).collect();
        if let [of_one] = queues.as_slice()
            && self.held.is_none()
            && let Some(queue) =
                of_one.iter().flatten().find(|queue| 0 < queue.wanted.load(Ordering::Relaxed))
        {
            // Whoever waits there lost a race already. To write before them would make them lose another.
            self.wait(queue).await;
            return vec![Ok(None)];
        }
        let answers = write::submit_telling(&self.engine.store, batches).await;
        let lost = answers.iter().zip(&queues).find_map(|(answer, queues)| match answer {
            Ok(Err(Some(check))) => queues.get(*check).copied().flatten(),
            _ => None,
        });
        if let Some(queue) = lost {
            self.wait(queue).await;
        }
        answers.into_iter().map(|answer| answer.map(Result::ok)).collect()
    }

    /// Waits for a turn at a record that turned out to have changed before anything was written.
    pub(crate) async fn meet(&mut self, key: &RecordKey) {
        if let Some(queue) = self.engine.turns.queue_of(key) {
            self.wait(queue).await;
        }
    }

    /// Waits for a turn. One that is held elsewhere is given up first.
    async fn wait(&mut self, queue: &'engine Queue) {
        if self.held.as_ref().is_some_and(|held| std::ptr::eq(held.queue, queue)) {
            return;
        }
        self.held = None;
        queue.wanted.fetch_add(1, Ordering::Relaxed);
        let wanted = Wanted(queue);
        self.held = Some(Held { queue, _turn: queue.turn.lock().await, _wanted: wanted });
    }

    /// Finds the queue of each check of a batch. The record that names the catalogue in force has none: everybody depends on it, and it hardly
    /// ever changes.
    fn queues_of(&self, batch: &Batch) -> Vec<Option<&'engine Queue>> {
        let in_force = keys::catalogue_in_force();
        let queue_of = |check: &Check| {
            let (Check::Version(key, _) | Check::Absent(key)) = check;
            self.engine.turns.queue_of(key).filter(|_| *key != in_force)
        };
        batch.checks.iter().map(queue_of).collect()
    }
}
