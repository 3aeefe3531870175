//! The store itself: a log on the simulated disk, and the state it amounts to.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use wink_store::{
    Accepted, Batch, BatchId, Check, Conflict, Counter, CounterKey, Direction, Effect, Entry, Error, Export,
    Failure, Found, Kind, Lane, Layer, Leased, Mark, MarkKey, Outcome, Page, Position, Queue, QueueKey,
    Range, Record, RecordKey, Store, Tenant, Verdict, Version, View, Which, apply,
};

use crate::codec::{frame, next_frame};
use crate::state::State;
use crate::{Disk, Faults, Mutant, Rate};

/// How many milliseconds the mutant waits for another caller before it acts alone.
const WAITS_MAX: u32 = 100;

/// The store in memory. Everything it does is decided by the calls, the faults and their seed.
#[derive(Debug)]
pub struct SimStore {
    inside: Mutex<Inside>,
    mutant: Mutant,
    /// How many batches the mutant that checks and then acts has judged.
    judged: AtomicU64,
}

#[derive(Debug)]
struct Inside {
    disk: Disk,
    state: State,
    leases: BTreeMap<(Tenant, QueueKey), i64>,
    faults: Faults,
    chance: ChaCha8Rng,
    salts: ChaCha8Rng,
    operations: u64,
    syncs: u64,
    /// Bytes a mutant has not written yet.
    late: Vec<u8>,
    stopped: Option<Stopped>,
}

/// Why the store does nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stopped {
    /// The process ended; nobody is there to answer.
    Crashed,
    /// A sync failed.
    Closed,
}

impl SimStore {
    /// Opens an empty store without faults.
    pub fn new() -> Self {
        Self::open(Disk::default(), Faults::default(), Mutant::None)
    }

    /// Opens a store on what a disk holds: replays the log up to the first frame that is not whole, and cuts off the rest.
    pub fn open(mut disk: Disk, faults: Faults, mutant: Mutant) -> Self {
        let mut state = State::default();
        let mut valid = 0;
        let verify = mutant != Mutant::NoChecksum;
        while let Some((accepted, length)) = next_frame(disk.bytes().get(valid..).unwrap_or_default(), verify)
        {
            state.take(accepted);
            valid += length;
        }
        disk.truncate(valid);
        let chance = ChaCha8Rng::seed_from_u64(faults.seed);
        // A stream of its own, so that a fault more or less does not change the journal.
        let mut salts = ChaCha8Rng::seed_from_u64(faults.seed);
        salts.set_stream(1 + state.version);
        let inside = Inside {
            disk,
            state,
            leases: BTreeMap::new(),
            faults,
            chance,
            salts,
            operations: 0,
            syncs: 0,
            late: Vec::new(),
            stopped: None,
        };
        Self { inside: Mutex::new(inside), mutant, judged: AtomicU64::new(0) }
    }

    /// Opens a store on what another held, with versions that go on after `version`.
    pub fn filled(effects: Vec<Effect>, version: Version) -> Self {
        let id = BatchId([0; 16]);
        let accepted = Accepted { tenant: Tenant(0), id, version, positions: Vec::new(), effects };
        let mut disk = Disk::default();
        disk.replace(frame(&accepted));
        Self::open(disk, Faults::default(), Mutant::None)
    }

    /// Ends the process and hands over its disk as it is at this moment: every written byte, synced or not.
    ///
    /// [`Disk::power_cut`] makes a power cut of it.
    pub fn kill(self) -> Disk {
        self.inside.into_inner().unwrap_or_else(PoisonError::into_inner).disk
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the caller off as often as the faults say.
    async fn delay(&self) {
        let mut turns = self.inside().delay();
        poll_fn(|context| {
            if turns == 0 {
                return Poll::Ready(());
            }
            turns -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// The mutant: judges each batch alone, and acts once somebody else has judged too.
    ///
    /// It waits for the other caller rather than for a time, so that a busy machine cannot hide the mistake; where
    /// nobody comes, it gives up after a while.
    fn check_then_act(&self, batches: Vec<Batch>) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(batches.len());
        for batch in batches {
            let verdicts = self.inside().judge(vec![batch]);
            let mine = self.judged.fetch_add(1, Ordering::SeqCst) + 1;
            let somebody_came = || mine < self.judged.load(Ordering::SeqCst);
            for _ in 0..WAITS_MAX {
                if somebody_came() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            outcomes.extend(self.inside().write(verdicts, Mutant::None));
        }
        outcomes
    }
}

impl Default for SimStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Inside {
    fn happens(&mut self, rate: Rate) -> bool {
        // Draws even at rate zero: the chances after it stay the same whichever faults are on.
        self.chance.next_u32() % 1_000 < rate.0
    }

    fn delay(&mut self) -> u32 {
        match self.faults.delays_max {
            0 => 0,
            most => self.chance.next_u32() % (most + 1),
        }
    }

    /// Counts a disk operation; tells whether the process is still there to do it.
    fn operate(&mut self) -> bool {
        if self.faults.crash_at == Some(self.operations) {
            self.stopped = Some(Stopped::Crashed);
        }
        self.operations += 1;
        self.stopped.is_none()
    }

    fn append(&mut self, bytes: &[u8]) -> bool {
        if !self.operate() {
            return false;
        }
        self.disk.append(bytes);
        true
    }

    fn sync(&mut self) -> bool {
        if !self.operate() {
            return false;
        }
        if self.faults.fail_sync_at == Some(self.syncs) {
            self.stopped = Some(Stopped::Closed);
            return false;
        }
        self.syncs += 1;
        self.disk.sync();
        true
    }

    fn judge(&mut self, batches: Vec<Batch>) -> Vec<Result<Verdict, Error>> {
        let mut layer = Layer::over(&self.state);
        let mut version = self.state.version;
        let mut verdicts = Vec::with_capacity(batches.len());
        let salts = &mut self.salts;
        for batch in batches {
            let chance = self.chance.next_u32() % 1_000;
            if let Some(outcome) =
                (chance < self.faults.conflicts.0).then(|| overtaken(&layer, &batch)).flatten()
            {
                verdicts.push(Ok(Verdict::Answered(outcome)));
                continue;
            }
            let verdict = apply(&layer, batch, Version(version + 1), &mut || {
                let mut salt = [0; 16];
                salts.fill_bytes(&mut salt);
                salt
            });
            if let Ok(Verdict::Accepted(accepted)) = &verdict {
                version += 1;
                accepted.effects.iter().for_each(|effect| layer.lay(effect));
                layer.remember(accepted.tenant, accepted.id, accepted.outcome());
            }
            verdicts.push(verdict);
        }
        verdicts
    }

    fn write(&mut self, verdicts: Vec<Result<Verdict, Error>>, mutant: Mutant) -> Vec<Outcome> {
        let mut accepted: Vec<Accepted> = Vec::new();
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(verdicts.len());
        for verdict in verdicts {
            outcomes.push(match verdict {
                Ok(Verdict::Answered(outcome)) => outcome,
                Ok(Verdict::Accepted(batch)) => {
                    let outcome = batch.outcome();
                    accepted.push(batch);
                    outcome
                }
                Err(error) => Outcome::Failed(Failure::Closed(error.to_string())),
            });
        }
        let frames: Vec<Vec<u8>> = accepted.iter().map(frame).collect();
        let durable = match mutant {
            Mutant::AckBeforeCommit => {
                let late = std::mem::replace(&mut self.late, frames.concat());
                late.is_empty() || (self.append(&late) && self.sync())
            }
            Mutant::AckBeforeSync => self.sync() && frames.iter().all(|frame| self.append(frame)),
            _ => frames.is_empty() || (frames.iter().all(|frame| self.append(frame)) && self.sync()),
        };
        if !durable {
            // Refusals stand: they depend on nothing that was to be written. Except on batches of this very group.
            return outcomes.into_iter().map(|_| Outcome::Unknown).collect();
        }
        for batch in accepted {
            batch.effects.iter().for_each(|effect| {
                if let Effect::Dequeue { tenant, key } = effect {
                    self.leases.remove(&(*tenant, *key));
                }
            });
            self.state.take(batch);
        }
        let lost = self.faults.lost_answers;
        outcomes
            .into_iter()
            .map(|outcome| if self.happens(lost) { Outcome::Unknown } else { outcome })
            .collect()
    }

    fn refuse(&self, batches: usize) -> Option<Vec<Outcome>> {
        let outcome = match self.stopped? {
            Stopped::Crashed => Outcome::Unknown,
            Stopped::Closed => Outcome::Failed(Failure::Closed("a sync failed".to_owned())),
        };
        Some(vec![outcome; batches])
    }

    fn readable(&self) -> Result<&State, Error> {
        match self.stopped {
            Some(Stopped::Crashed) => Err(Error::Closed("the simulated process has ended".to_owned())),
            _ => Ok(&self.state),
        }
    }
}

/// The conflict a faster writer would have caused at the first check, if there is one.
fn overtaken<V: View>(view: &V, batch: &Batch) -> Option<Outcome> {
    let known = matches!(view.outcome(batch.tenant, batch.id), Ok(Some(_)));
    let (Check::Version(key, _) | Check::Absent(key)) = batch.checks.first()?;
    let found = view.version(batch.tenant, key).ok()?;
    (!known).then_some(Outcome::Conflict(Conflict { which: Which::Check(0), found: Found::Version(found) }))
}

/// The first place that no longer belongs to a kind.
fn end_of(tenant: Tenant, kind: Kind) -> Bound<(Tenant, RecordKey)> {
    let first =
        |tenant, kind| Bound::Excluded((Tenant(tenant), RecordKey { kind: Kind(kind), key: Vec::new() }));
    match (tenant.0.checked_add(1), kind.0.checked_add(1)) {
        (_, Some(kind)) => first(tenant.0, kind),
        (Some(tenant), None) => first(tenant, 0),
        (None, None) => Bound::Unbounded,
    }
}

impl Export for SimStore {
    fn export<E: From<Error>>(&self, take: impl FnMut(Effect) -> Result<(), E>) -> Result<Version, E> {
        let (effects, version) = {
            let inside = self.inside();
            let state = inside.readable()?;
            (state.effects(), Version(state.version))
        };
        effects.into_iter().try_for_each(take)?;
        Ok(version)
    }
}

impl Store for SimStore {
    async fn submit(&self, batches: Vec<Batch>) -> Vec<Outcome> {
        self.delay().await;
        if let Some(refused) = self.inside().refuse(batches.len()) {
            return refused;
        }
        if self.mutant == Mutant::CheckThenAct {
            return self.check_then_act(batches);
        }
        let mut inside = self.inside();
        let verdicts = inside.judge(batches);
        inside.write(verdicts, self.mutant)
    }

    async fn outcome(&self, tenant: Tenant, id: BatchId) -> Result<Option<Outcome>, Error> {
        self.delay().await;
        self.inside().readable()?.outcome(tenant, id)
    }

    async fn get(&self, tenant: Tenant, keys: &[RecordKey]) -> Result<Vec<Option<Record>>, Error> {
        self.delay().await;
        let inside = self.inside();
        let state = inside.readable()?;
        Ok(keys.iter().map(|key| state.records.get(&(tenant, key.clone())).cloned()).collect())
    }

    async fn counters(&self, tenant: Tenant, keys: &[CounterKey]) -> Result<Vec<Counter>, Error> {
        self.delay().await;
        let inside = self.inside();
        let state = inside.readable()?;
        keys.iter().map(|key| state.counter(tenant, key)).collect()
    }

    async fn counters_with(
        &self,
        tenant: Tenant,
        prefix: &[u8],
    ) -> Result<Vec<(CounterKey, Counter)>, Error> {
        self.delay().await;
        let inside = self.inside();
        let from = (tenant, CounterKey(prefix.to_vec()));
        let counters = inside.readable()?.counters.range(from..);
        let with = counters.take_while(|((owner, key), _)| *owner == tenant && key.0.starts_with(prefix));
        Ok(with.map(|((_, key), counter)| (key.clone(), *counter)).collect())
    }

    async fn marks(&self, tenant: Tenant, keys: &[MarkKey]) -> Result<Vec<Option<Mark>>, Error> {
        self.delay().await;
        let inside = self.inside();
        let state = inside.readable()?;
        keys.iter().map(|key| state.mark(tenant, key)).collect()
    }

    async fn scan(
        &self,
        tenant: Tenant,
        kind: Kind,
        range: Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Page, Error> {
        self.delay().await;
        let inside = self.inside();
        if range.until.as_ref().is_some_and(|until| *until <= range.from) {
            return Ok(Page { records: Vec::new(), next: None });
        }
        let from = Bound::Included((tenant, RecordKey { kind, key: range.from.clone() }));
        let until = match &range.until {
            Some(until) => Bound::Excluded((tenant, RecordKey { kind, key: until.clone() })),
            None => end_of(tenant, kind),
        };
        let clone = |(place, record): (&(Tenant, RecordKey), &Record)| (place.1.key.clone(), record.clone());
        let found = inside.readable()?.records.range((from, until)).map(clone);
        let mut records: Vec<(Vec<u8>, Record)> = match direction {
            Direction::Forward => found.take(limit.saturating_add(1)).collect(),
            Direction::Reverse => found.rev().take(limit.saturating_add(1)).collect(),
        };
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

    async fn read_lane(&self, lane: Lane, from: Position, limit: usize) -> Result<Vec<Entry>, Error> {
        self.delay().await;
        let inside = self.inside();
        let state = inside.readable()?;
        let places = state.headers.range((lane, from)..=(lane, Position(u64::MAX))).take(limit);
        Ok(places.filter_map(|((lane, position), _)| state.entry(*lane, *position)).collect())
    }

    async fn lease_due(
        &self,
        tenant: Tenant,
        queue: Queue,
        now_ms: i64,
        lease_until_ms: i64,
        limit: usize,
    ) -> Result<Vec<Leased>, Error> {
        self.delay().await;
        let mut inside = self.inside();
        inside.readable()?;
        let Inside { state, leases, .. } = &mut *inside;
        let from = (tenant, QueueKey { queue, due_ms: i64::MIN, id: [0; 16] });
        let until = (tenant, QueueKey { queue, due_ms: now_ms, id: [u8::MAX; 16] });
        let free = state
            .queued
            .range(from..=until)
            .filter(|(place, _)| leases.get(place).is_none_or(|end| *end <= now_ms));
        let free: Vec<(QueueKey, Vec<u8>)> =
            free.take(limit).map(|((_, key), payload)| (*key, payload.clone())).collect();
        leases.extend(free.iter().map(|(key, _)| ((tenant, *key), lease_until_ms)));
        Ok(free
            .into_iter()
            .map(|(QueueKey { due_ms, id, .. }, payload)| Leased { due_ms, id, payload })
            .collect())
    }

    async fn scrub(&self) -> Result<(), Error> {
        let mut inside = self.inside();
        inside.readable()?;
        let mut log: Vec<u8> = Vec::new();
        for (number, ((tenant, id), (version, positions))) in inside.state.outcomes.iter().enumerate() {
            let effects = if number == 0 { inside.state.effects() } else { Vec::new() };
            let (tenant, id, version, positions) = (*tenant, *id, *version, positions.clone());
            log.extend(frame(&Accepted { tenant, id, version, positions, effects }));
        }
        if inside.operate() {
            inside.disk.replace(log);
        }
        Ok(())
    }
}
