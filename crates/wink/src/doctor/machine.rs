//! The machine and the files: whoever may read them, and whether there is room.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use wink_core::base::Timestamp;
use wink_server::erasures;

use super::Finding;
use crate::home;

/// With less than this the next commits may not fit: the engine's log alone grows in steps of 64 MiB.
const FREE_BYTES_MIN: u64 = 256 << 20;

/// A scrub and a compaction write everything once more before the old files go.
const FREE_SHARE_OF_STORE: u64 = 1;

/// Every connection is a file, and so is every table: a shop's server has some hundreds of both.
const FILES_MIN: u64 = 1_024;

/// A backup older than this is more lost work than most people want to do again.
const BACKUP_DAYS_MAX: i64 = 7;

const DAY_MS: i64 = 86_400_000;

/// Looks at the key: it is there, whole, and its owner's alone.
pub(crate) fn key(directory: &Path) -> Finding {
    const CHECK: &str = "key file";
    let path = directory.join(home::KEY_FILE);
    let shown = path.display();
    let Ok(metadata) = fs::metadata(&path) else {
        return Finding::fail(
            CHECK,
            format!("`{shown}` is missing"),
            "restore it from your backup of the key",
        );
    };
    let mode = metadata.permissions().mode() & 0o777;
    if metadata.len() != 32 {
        let found = format!("`{shown}` has {} bytes instead of 32", metadata.len());
        return Finding::fail(CHECK, found, "restore it from your backup of the key");
    }
    if mode & 0o077 != 0 {
        let found = format!("`{shown}` can be read by others (mode {mode:o})");
        return Finding::fail(CHECK, found, format!("chmod 600 {shown}"));
    }
    Finding::ok(CHECK, format!("32 bytes, its owner's alone (mode {mode:o})"))
}

/// Looks at who may enter the directory.
pub(crate) fn permissions(directory: &Path) -> Finding {
    const CHECK: &str = "directory";
    let shown = directory.display();
    match fs::metadata(directory) {
        Err(error) => Finding::fail(CHECK, format!("`{shown}` cannot be looked at: {error}"), "check --data"),
        Ok(metadata) => match metadata.permissions().mode() & 0o777 {
            mode if mode & 0o007 != 0 => Finding::warn(
                CHECK,
                format!("`{shown}` can be entered by everybody on this machine (mode {mode:o})"),
                format!("chmod 700 {shown}"),
            ),
            mode => Finding::ok(CHECK, format!("closed to others (mode {mode:o})")),
        },
    }
}

/// Looks at the room that is left.
pub(crate) fn disk(directory: &Path) -> Finding {
    const CHECK: &str = "disk";
    const ADVICE: &str = "free some space, or move the store to a larger disk";
    let free = match rustix::fs::statvfs(directory) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => {
            return Finding::fail(CHECK, format!("the free space is not known: {error}"), "check --data");
        }
    };
    let store = size(&directory.join(home::STORE_DIRECTORY));
    let found = format!("{} MiB free, the store has {} MiB", free >> 20, store >> 20);
    if free < FREE_BYTES_MIN {
        Finding::fail(CHECK, found, ADVICE)
    } else if free < store.saturating_mul(FREE_SHARE_OF_STORE) {
        Finding::warn(CHECK, found, format!("{ADVICE}: a clean-up writes everything once more"))
    } else {
        Finding::ok(CHECK, found)
    }
}

/// Looks at how many files this user may have open.
pub(crate) fn files() -> Finding {
    const CHECK: &str = "open files";
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    match limit {
        Some(limit) if limit < FILES_MIN => Finding::warn(
            CHECK,
            format!("at most {limit}"),
            format!(
                "allow at least {FILES_MIN}: `ulimit -n {FILES_MIN}`, or LimitNOFILE in the systemd unit"
            ),
        ),
        Some(limit) => Finding::ok(CHECK, format!("at most {limit}")),
        None => Finding::ok(CHECK, "as many as wanted"),
    }
}

/// Looks at the list of erasures beside the store.
pub(crate) fn list_of_erasures(directory: &Path) -> Finding {
    const CHECK: &str = "erasures";
    let path = directory.join(home::ERASURES_FILE);
    if !path.exists() {
        return Finding::ok(CHECK, "no list yet; it is made when the store is next opened");
    }
    match erasures::read_in_use(&path) {
        Ok(list) => Finding::ok(CHECK, format!("{} listed beside the store", list.erasures.len())),
        Err(error) => Finding::fail(
            CHECK,
            error.to_string(),
            "move the file away and open the store: the list is made again from what the store knows",
        ),
    }
}

/// Looks at how old the last backup is.
pub(crate) fn backup(directory: &Path, now: Timestamp) -> Finding {
    const CHECK: &str = "backup";
    let advice = || format!("wink backup --data {} --to DIRECTORY", directory.display());
    let made = match home::last_backup(directory) {
        Ok(Some(made)) => made,
        Ok(None) => return Finding::warn(CHECK, "none is known", advice()),
        Err(error) => {
            return Finding::warn(CHECK, format!("when it was made cannot be read: {error}"), advice());
        }
    };
    let Ok(made_at) = Timestamp::parse(&made.made_at) else {
        return Finding::warn(CHECK, "when it was made cannot be read", advice());
    };
    let days = (now.0 - made_at.0) / DAY_MS;
    let found = format!("`{}`, {days} days old", made.file.display());
    if BACKUP_DAYS_MAX < days { Finding::warn(CHECK, found, advice()) } else { Finding::ok(CHECK, found) }
}

/// Adds up the files below a directory; what cannot be read counts nothing.
pub(crate) fn size(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size(&entry.path()),
            // What a file takes on the disk: the engine's log is longer than it is written.
            Ok(metadata) => std::os::unix::fs::MetadataExt::blocks(&metadata) * 512,
            Err(_) => 0,
        })
        .sum()
}
