//! `wink backup`: everything a store holds at one moment, in one file; or whether such a file is whole.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use wink_backup::About;

use crate::archive::{self, Made};
use crate::arguments::Backup;
use crate::command::INTERRUPTED;
use crate::terminal::say;
use crate::{home, stop, terminal};

pub(crate) fn run(asked: &Backup) -> anyhow::Result<ExitCode> {
    stop::listen()?;
    match (&asked.check, &asked.data, &asked.to) {
        (Some(file), _, _) => check(file, asked.json),
        (None, Some(data), Some(to)) => make(data, to, asked.json),
        // Not reached: the arguments ask for one or the other.
        (None, _, _) => anyhow::bail!("name --data and --to, or --check"),
    }
}

fn make(data: &Path, to: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let made = home::run(async {
        let engine = home::open(data).await?;
        let now = home::now();
        let about = About {
            made_at_ms: now.0,
            made_by: env!("CARGO_PKG_VERSION").to_owned(),
            secret_check: engine.secrets.check().to_vec(),
        };
        let bar = terminal::progress(engine.store.estimate()?, "writing the backup", json);
        let made = archive::make(&engine.store, &about, &archive::name(to, now), |counts| {
            bar.set_position(counts.total());
            !stop::asked()
        })?;
        bar.finish_and_clear();
        Ok(made)
    })?;
    let Some(made) = made else {
        eprintln!("wink: stopped; no backup was made");
        return Ok(ExitCode::from(INTERRUPTED));
    };
    home::remember_backup(data, &made).context("the backup is made, but when could not be noted")?;
    if json {
        terminal::json(&made)?;
    } else {
        print(&made);
        say!("`wink.key` is not in it: keep a copy of that elsewhere, and one of the list `erasures` too.");
    }
    Ok(ExitCode::SUCCESS)
}

fn check(file: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let length =
        std::fs::metadata(file).with_context(|| format!("`{}` cannot be read", file.display()))?.len();
    let bar = terminal::progress(length, "reading the backup", json);
    let checked = archive::check(file, |at| {
        bar.set_position(at);
        !stop::asked()
    })?;
    bar.finish_and_clear();
    let Some(backup) = checked else {
        eprintln!("wink: stopped; nobody knows whether the backup is whole");
        return Ok(ExitCode::from(INTERRUPTED));
    };
    let made = Made::of(file, &backup)?;
    if json {
        terminal::json(&made)?;
    } else {
        print(&made);
        say!("It is whole: every checksum and every hash chain of the journal holds.");
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what a backup holds.
fn print(made: &Made) {
    let Made { file, bytes, made_at, records, counters, marks, entries, redacted, queued } = made;
    say!("backup     {}, {bytes} bytes", file.display());
    say!("moment     {made_at}");
    say!("holds      {records} records, {counters} counters, {marks} marks, {queued} queue entries");
    say!("journal    {entries} entries, {redacted} of them redacted");
}
