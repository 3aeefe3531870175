//! Compares durable commits through the store with what the disk itself allows.
//!
//! Every round measures two things, one right after the other, because a disk is not equally fast from minute to minute:
//!
//! * **limit**: 64 callers over a bare file. One writer appends the same number of bytes for every caller that waits and calls
//!   `fdatasync` once for all of them: group commit with nothing else to do.
//! * **store**: 64 callers, each with one commit outstanding, through [`FjallStore`]: a put of 400 B over 100,000 records, a put
//!   of 80 B, and a journal entry of 200 B.
//!
//! The limit writes as many bytes for a commit as the store's log does: payloads, keys, header, id and framing.
//!
//! `cargo run --release -p wink-store-fjall --example group_commit_limit [directory] [rounds] [seconds]`
//! prints one line of JSON for each round and one with the medians. It never decides whether a number is good.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use wink_store::{Batch, BatchId, Change, EntryKind, Home, Kind, Outcome, RecordKey, Store, Tenant};
use wink_store_fjall::{FjallStore, Options};

/// The allocator of the `wink` binary, so that the store is measured as it runs there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const CALLERS: u64 = 64;
const PROFILES: u64 = 100_000;

/// What the store's log takes for one commit: 680 B of payload; keys, versions, salt, owner and header of five values
/// (about 200 B); the batch id (36 B); and the engine's own framing. An estimate, rounded up.
const LIMIT_BYTES: usize = 1_000;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let parent = arguments.next().map_or_else(|| PathBuf::from("."), PathBuf::from);
    let rounds: usize = arguments.next().map_or(Ok(5), |rounds| rounds.parse())?;
    let seconds: u64 = arguments.next().map_or(Ok(3), |seconds| seconds.parse())?;
    let length = Duration::from_secs(seconds);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let mut out = std::io::stdout().lock();

    let directory = tempfile::tempdir_in(parent)?;
    let store = Arc::new(FjallStore::open(directory.path().join("store"), Options::default())?);
    let mut ratios: Vec<f64> = Vec::new();
    for round in 0..rounds {
        let limit = runtime.block_on(limit(&directory.path().join("limit"), length))?;
        let measured = runtime.block_on(through(&store, round, length))?;
        let ratio = measured.per_second() / limit.per_second();
        ratios.push(ratio);
        writeln!(
            out,
            "{}",
            json!({
                "round": round,
                "callers": CALLERS,
                "limit": limit.json(),
                "store": measured.json(),
                "store_of_limit": round_to(ratio),
            })
        )?;
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
    let summary =
        json!({ "rounds": rounds, "limit_bytes": LIMIT_BYTES, "median_store_of_limit": round_to(median) });
    writeln!(out, "{summary}")?;
    Ok(())
}

/// What came out of one measurement.
struct Measured {
    commits: u64,
    groups: Option<u64>,
    took: Duration,
    waits: Vec<Duration>,
}

impl Measured {
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    fn per_second(&self) -> f64 {
        self.commits as f64 / self.took.as_secs_f64()
    }

    fn json(&self) -> Value {
        let percentile = |hundredths: usize| {
            let at = self.waits.len() * hundredths / 100;
            self.waits.get(at).map(|wait| round_to(wait.as_secs_f64() * 1_000.0))
        };
        json!({
            "commits_per_second": self.per_second().round(),
            "groups": self.groups,
            "p50_ms": percentile(50),
            "p99_ms": percentile(99),
        })
    }
}

fn round_to(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

/// Lets all callers commit again and again until the time is over.
async fn callers<F: Future<Output = Result<(), Failure>> + Send + 'static>(
    length: Duration,
    commit: impl Fn(u64, u64) -> F + Clone + Send + 'static,
) -> Result<Measured, Failure> {
    let begun = Instant::now();
    let running: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let commit = commit.clone();
            tokio::spawn(async move {
                let mut waits = Vec::new();
                while begun.elapsed() < length {
                    let asked = Instant::now();
                    commit(caller, waits.len().try_into()?).await?;
                    waits.push(asked.elapsed());
                }
                Ok::<Vec<Duration>, Failure>(waits)
            })
        })
        .collect();
    let mut waits = Vec::new();
    for caller in running {
        waits.extend(caller.await??);
    }
    let took = begun.elapsed();
    waits.sort_unstable();
    Ok(Measured { commits: waits.len().try_into()?, groups: None, took, waits })
}

/// Measures a bare file: everybody who waits shares one write and one sync.
async fn limit(path: &Path, length: Duration) -> Result<Measured, Failure> {
    let mut file = File::create(path)?;
    // As fjall does with its log, so that a sync need not change the file's length.
    file.set_len(64 << 20)?;
    file.sync_all()?;
    let groups = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&groups);
    let (sender, mut waiting) = mpsc::channel::<oneshot::Sender<()>>(1_024);
    let writer = std::thread::spawn(move || -> std::io::Result<()> {
        let bytes = vec![0xa5; LIMIT_BYTES * usize::try_from(CALLERS).unwrap_or(0)];
        let mut last = 0;
        while let Some(first) = waiting.blocking_recv() {
            let mut group = vec![first];
            let begun = Instant::now();
            // The same patience as the store's committer, so that both make groups of the same size.
            while group.len() < 256 {
                match waiting.try_recv() {
                    Ok(next) => group.push(next),
                    Err(_) if group.len() < last && begun.elapsed() < Duration::from_micros(500) => {
                        std::thread::yield_now();
                    }
                    Err(_) => break,
                }
            }
            last = group.len();
            file.write_all(bytes.get(..LIMIT_BYTES * group.len()).unwrap_or(&bytes))?;
            file.sync_data()?;
            counted.fetch_add(1, Ordering::Relaxed);
            for answer in group {
                let _nobody_waits = answer.send(());
            }
        }
        Ok(())
    });
    let measured = callers(length, move |_, _| {
        let sender = sender.clone();
        async move {
            let (answer, done) = oneshot::channel();
            sender.send(answer).await?;
            Ok(done.await?)
        }
    })
    .await?;
    writer.join().map_err(|_| "the writer failed")??;
    Ok(Measured { groups: Some(groups.load(Ordering::Relaxed)), ..measured })
}

/// Measures the store.
async fn through(store: &Arc<FjallStore>, round: usize, length: Duration) -> Result<Measured, Failure> {
    let round = u64::try_from(round)?;
    let store = Arc::clone(store);
    callers(length, move |caller, number| {
        let store = Arc::clone(&store);
        async move {
            let name = (round << 48) | (caller << 40) | number;
            // Spreads over the profiles without a random generator: an odd factor visits all of them.
            let profile = name.wrapping_mul(0x9e37_79b9_7f4a_7c15) % PROFILES;
            let batch = Batch {
                id: BatchId(u128::from(name).to_be_bytes()),
                tenant: Tenant(1),
                home: Home(profile),
                checks: Vec::new(),
                changes: vec![
                    Change::Put(RecordKey::new(Kind(1), profile.to_be_bytes()), filler(name, 400)),
                    Change::Put(RecordKey::new(Kind(2), name.to_be_bytes()), filler(name, 80)),
                    Change::Append {
                        kind: EntryKind(1),
                        key: u128::from(name).to_be_bytes(),
                        owner: Some(Home(profile)),
                        payload: filler(name, 200),
                    },
                ],
            };
            match store.commit(batch).await {
                Outcome::Committed { .. } => Ok(()),
                other => Err(format!("{other:?}").into()),
            }
        }
    })
    .await
}

fn filler(name: u64, length: usize) -> Vec<u8> {
    name.to_be_bytes().repeat(length / 8)
}
