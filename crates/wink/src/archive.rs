//! A backup as a file: whole under its own name, or not there.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use wink_backup::{About, Backup, Counts, Damage, Error};
use wink_core::base::Timestamp;
use wink_store::Export;

/// Bytes read or written at once.
const BUFFER_BYTES: usize = 1 << 20;

/// What a backup file became.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Made {
    /// Where it lies.
    pub(crate) file: PathBuf,
    /// How large it is.
    pub(crate) bytes: u64,
    /// When the moment was that it holds.
    pub(crate) made_at: String,
    /// How many of each thing it holds.
    pub(crate) records: u64,
    pub(crate) counters: u64,
    pub(crate) marks: u64,
    pub(crate) entries: u64,
    pub(crate) redacted: u64,
    pub(crate) queued: u64,
}

impl Made {
    pub(crate) fn of(file: &Path, backup: &Backup) -> anyhow::Result<Self> {
        let Counts { records, counters, marks, entries, redacted, queued } = backup.counts;
        Ok(Self {
            file: file.to_owned(),
            bytes: fs::metadata(file)?.len(),
            made_at: Timestamp(backup.about.made_at_ms).to_string(),
            records,
            counters,
            marks,
            entries,
            redacted,
            queued,
        })
    }
}

/// Says what a backup of now is.
pub(crate) fn about(now: Timestamp, secret_check: [u8; 16]) -> About {
    let made_by = env!("CARGO_PKG_VERSION").to_owned();
    About { made_at_ms: now.0, made_by, secret_check: secret_check.to_vec() }
}

/// Names the file of a backup: `to` itself, or a name with the time if `to` is a directory.
pub(crate) fn name(to: &Path, now: Timestamp) -> PathBuf {
    if to.is_dir() {
        let time: String = now.to_string().chars().filter(|letter| !matches!(letter, '-' | ':')).collect();
        to.join(format!("wink-{time}.backup"))
    } else {
        to.to_owned()
    }
}

/// Writes a backup of `store` to `file`, reads it back, and only then gives it its name. `Ok(None)` if `go_on` said to stop.
pub(crate) fn make(
    store: &impl Export,
    about: &About,
    file: &Path,
    go_on: impl FnMut(&Counts) -> bool,
) -> anyhow::Result<Option<Made>> {
    if file.try_exists()? {
        bail!("`{}` is there already; choose another name, a backup is never overwritten", file.display());
    }
    let unfinished = unfinished(file);
    let made = write(store, about, &unfinished, go_on);
    match made {
        Ok(true) => {
            let Some(backup) = check(&unfinished, |_| true).context("what was written does not read back")?
            else {
                return Ok(None);
            };
            fs::rename(&unfinished, file)?;
            sync_parent(file)?;
            Made::of(file, &backup).map(Some)
        }
        stopped_or_failed => {
            // What is left of it is of no use to anybody; that it cannot be removed is not what went wrong.
            let _left_behind = fs::remove_file(&unfinished);
            stopped_or_failed.map(|_| None)
        }
    }
}

fn write(
    store: &impl Export,
    about: &About,
    unfinished: &Path,
    go_on: impl FnMut(&Counts) -> bool,
) -> anyhow::Result<bool> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = File::options();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(unfinished);
    let file = opened.with_context(|| format!("`{}` cannot be written", unfinished.display()))?;
    let mut to = BufWriter::with_capacity(BUFFER_BYTES, &file);
    match wink_backup::write(store, about, &mut to, go_on) {
        Ok(_) => {}
        Err(Error::Stopped) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    drop(to);
    file.sync_all().with_context(|| format!("`{}` cannot be written", unfinished.display()))?;
    Ok(true)
}

/// Reads a backup from front to back without restoring it. `go_on` hears how many bytes were read; `Ok(None)` if it said to stop.
pub(crate) fn check(file: &Path, mut go_on: impl FnMut(u64) -> bool) -> anyhow::Result<Option<Backup>> {
    let read =
        wink_backup::read(open(file)?, |_, _, at| if go_on(at) { Ok(()) } else { Err(Stopped::Asked) });
    match read {
        Ok(backup) => Ok(Some(backup)),
        Err(Stopped::Asked) => Ok(None),
        Err(Stopped::Damaged(damage)) => Err(damage).with_context(|| format!("`{}`", file.display())),
    }
}

/// Opens a backup for reading.
pub(crate) fn open(file: &Path) -> anyhow::Result<impl Read> {
    let opened = File::open(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
    Ok(BufReader::with_capacity(BUFFER_BYTES, opened))
}

enum Stopped {
    Asked,
    Damaged(Damage),
}

impl From<Damage> for Stopped {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

/// The name of a file until it is whole.
pub(crate) fn unfinished(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".unfinished");
    PathBuf::from(name)
}

/// Makes a rename or a new file in a directory durable.
pub(crate) fn sync_parent(path: &Path) -> std::io::Result<()> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}
