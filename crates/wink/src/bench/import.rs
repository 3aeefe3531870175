//! Importing the first quarter of the Complete Journey into a fresh store, decisions left out: events to disk, nothing else.

use std::path::Path;
use std::time::Instant;

use indicatif::ProgressBar;
use wink_core::base::{Timestamp, Zone};
use wink_server::SeededIds;

use crate::command::bench::Measured;
use crate::home;
use crate::import::completejourney::Journey;
use crate::import::run::{Plan, run};

/// Order lines a second: reading the files alone, and importing them.
pub(crate) fn lines_per_second(directory: &Path) -> anyhow::Result<(f64, f64)> {
    let started = Instant::now();
    let journey = Journey::read(directory)?;
    let reading = count(journey.lines.product.len()) / started.elapsed().as_secs_f64();
    let store = std::env::temp_dir().join(format!("wink-bench-{}", std::process::id()));
    let lines = home::run(async {
        let engine = home::open_or_make(&store).await?;
        let zone = Zone::new("America/New_York").ok_or_else(|| anyhow::anyhow!("New York has a clock"))?;
        let until = Timestamp::parse("2017-04-01T00:00:00Z").ok();
        let plan = Plan { journey: &journey, ids: SeededIds(1), zone, assume_consent: false, until };
        let ran = run(&engine, &plan, &ProgressBar::hidden()).await?;
        Ok(count(usize::try_from(ran.lines)?) / ran.ingesting.as_secs_f64())
    });
    // The store goes, whether it worked or not.
    let removed = std::fs::remove_dir_all(&store);
    let lines = lines?;
    removed?;
    Ok((reading, lines))
}

/// A rate against its target and its limit; larger is better.
pub(crate) fn measured(value: f64, reading: f64) -> Measured {
    Measured {
        name: "import, first quarter of the year",
        unit: "order lines/s",
        value,
        limit_name: "reading the Parquet files alone",
        limit_value: reading,
        ratio: value / reading,
        target: "at least 50,000 order lines/s",
        met: 50_000.0 <= value,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of lines")]
fn count(lines: usize) -> f64 {
    lines as f64
}
