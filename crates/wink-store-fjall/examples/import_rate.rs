//! Measures an import: 300,000 batches of three records and one journal entry, submitted a thousand at a time, then the opening.
//!
//! `cargo run --release -p wink-store-fjall --example import_rate [directory]` prints one line of JSON.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::json;
use wink_store::{Batch, BatchId, Change, EntryKind, Home, Kind, Outcome, RecordKey, Store, Tenant};
use wink_store_fjall::{FjallStore, Options};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const BATCHES: u64 = 300_000;
const SUBMITTED_AT_ONCE: u64 = 1_000;

fn main() -> Result<(), Failure> {
    let parent = std::env::args().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let directory = tempfile::tempdir_in(parent)?;
    let store = FjallStore::open(directory.path(), Options::default())?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let begun = Instant::now();
    for start in (0..BATCHES / SUBMITTED_AT_ONCE).map(|group| group * SUBMITTED_AT_ONCE) {
        let outcomes =
            runtime.block_on(store.submit((start..start + SUBMITTED_AT_ONCE).map(batch).collect()));
        if let Some(wrong) = outcomes.iter().find(|outcome| !matches!(outcome, Outcome::Committed { .. })) {
            return Err(format!("{wrong:?}").into());
        }
    }
    let imported = begun.elapsed();
    drop(store);
    let begun = Instant::now();
    drop(FjallStore::open(directory.path(), Options::default())?);
    let line = json!({
        "batches": BATCHES,
        "records": 3 * BATCHES,
        "import_seconds": imported.as_secs_f64(),
        "microseconds_a_batch": imported.as_secs_f64() * 1e6 / f64::from(u32::try_from(BATCHES)?),
        "open_and_close_seconds": begun.elapsed().as_secs_f64(),
    });
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

fn batch(number: u64) -> Batch {
    let filler = |length: usize| number.to_be_bytes().repeat(length / 8);
    let name = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let put = |kind, length| Change::Put(RecordKey::new(Kind(kind), name.to_be_bytes()), filler(length));
    let append =
        Change::Append { kind: EntryKind(1), key: [0; 16], owner: Some(Home(name)), payload: filler(200) };
    Batch {
        id: BatchId(u128::from(number).to_be_bytes()),
        tenant: Tenant(1),
        home: Home(name),
        checks: Vec::new(),
        changes: vec![put(1, 400), put(2, 80), put(3, 80), append],
    }
}
