//! Looks over the engine's manifests before the engine believes them.
//!
//! fjall 3.1 writes, for every keyspace, a file `v<n>` that lists the tables, and a file `current` with `n` and the checksum of
//! `v<n>`; but it does not compare them. A flipped bit in the list would put a table into another order, or end the process
//! with an allocation of many gigabytes.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use wink_store::Error;
use xxhash_rust::xxh3::xxh3_128;

/// Refuses an engine with a manifest that is not what was written. No engine at all is in order.
pub(crate) fn check(directory: &Path) -> Result<(), Error> {
    let keyspaces = match fs::read_dir(directory.join("keyspaces")) {
        Ok(keyspaces) => keyspaces,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::Closed(format!("`{}`: {error}", directory.display()))),
    };
    for keyspace in keyspaces {
        let keyspace =
            keyspace.map_err(|error| Error::Closed(format!("`{}`: {error}", directory.display())))?;
        check_keyspace(&keyspace.path())?;
    }
    Ok(())
}

fn check_keyspace(directory: &Path) -> Result<(), Error> {
    let path = directory.join("current");
    let damaged =
        || Error::Damaged(format!("`{}` and the list of tables it names do not agree", path.display()));
    let current = match fs::read(&path) {
        Ok(current) => current,
        // A keyspace whose creation was cut off; the engine begins it again.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        Err(error) => return Err(Error::Closed(format!("`{}`: {error}", path.display()))),
    };
    let (number, rest) = current.split_first_chunk().ok_or_else(damaged)?;
    let (checksum, kind) = rest.split_first_chunk().ok_or_else(damaged)?;
    let list = directory.join(format!("v{}", u64::from_le_bytes(*number)));
    let list = fs::read(list).map_err(|_| damaged())?;
    if kind == [0] && xxh3_128(&list) == u128::from_le_bytes(*checksum) { Ok(()) } else { Err(damaged()) }
}
