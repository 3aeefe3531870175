//! `wink backup`: everything a store holds at one moment, in one file; or whether such a file is whole.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;

use crate::archive::{self, Made};
use crate::arguments::Backup;
use crate::command::INTERRUPTED;
use crate::maintenance::{self, BackupAsked};
use crate::terminal::say;
use crate::{control, home, stop, terminal};

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
    home::refuse_nothing(data)?;
    let made = home::run(async {
        if home::is_open_elsewhere(data)? {
            ask_server(data, to, json).await
        } else {
            write(data, to, json).await
        }
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

/// Writes it, as nobody else has the store open.
async fn write(data: &Path, to: &Path, json: bool) -> anyhow::Result<Option<Made>> {
    let engine = home::open(data).await?;
    let now = home::now();
    let about = archive::about(now, engine.secrets.check());
    let bar = terminal::progress(engine.store.estimate()?, "writing the backup", json);
    let made = archive::make(&engine.store, &about, &archive::name(to, now), |counts| {
        bar.set_position(counts.total());
        !stop::asked()
    });
    bar.finish_and_clear();
    made
}

/// Has it written by the server that has the store open, which goes on serving meanwhile.
async fn ask_server(data: &Path, to: &Path, json: bool) -> anyhow::Result<Option<Made>> {
    let asked = BackupAsked { to: std::path::absolute(to)? };
    let bar = terminal::progress(0, "the server writes the backup", json);
    let answer = control::ask(data, "POST", maintenance::BACKUP, Some(serde_json::to_value(asked)?));
    let made = tokio::select! {
        made = answer => Some(serde_json::from_value(made?)?),
        // Going away tells the server to stop.
        () = stop::when_asked() => None,
    };
    bar.finish_and_clear();
    Ok(made)
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
