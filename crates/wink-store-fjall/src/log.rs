//! Looks over the engine's log before the engine replays it.
//!
//! fjall 3.1 checks what a batch in its log says, but not the sequence number in front of it. A flipped bit there would let an older value
//! hide a newer one, and nobody would notice. The numbers grow from batch to batch, so out of order means damage. What is torn at
//! the end is the engine's business.

use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use wink_store::Error;

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;

/// Lists the log files in `directory`, oldest first.
pub(crate) fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut logs: Vec<(u64, PathBuf)> = Vec::new();
    for file in fs::read_dir(directory)? {
        let path = file?.path();
        let is_log = path.extension().is_some_and(|extension| extension == "jnl");
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let (true, Some(number)) = (is_log, number) {
            logs.push((number, path));
        }
    }
    logs.sort_unstable();
    Ok(logs.into_iter().map(|(_, path)| path).collect())
}

/// Refuses a log whose batches are out of order. No log at all is in order.
pub(crate) fn check(directory: &Path) -> Result<(), Error> {
    let unreadable = |error: io::Error| Error::Closed(format!("`{}`: {error}", directory.display()));
    if !directory.try_exists().map_err(unreadable)? {
        return Ok(());
    }
    let mut last: Option<u64> = None;
    for path in files(directory).map_err(unreadable)? {
        let mut log = BufReader::with_capacity(1 << 16, File::open(&path).map_err(unreadable)?);
        while let Some(sequence) = next_batch(&mut log).map_err(unreadable)? {
            if last.is_some_and(|last| sequence <= last) {
                let path = path.display();
                return Err(Error::Damaged(format!(
                    "`{path}`: batch {sequence} comes after batch {}",
                    last.unwrap_or(0)
                )));
            }
            last = Some(sequence);
        }
    }
    Ok(())
}

/// Reads over one whole batch and tells its sequence number; `None` where the log ends or is torn.
fn next_batch(log: &mut impl Read) -> io::Result<Option<u64>> {
    let mut read = || -> io::Result<Option<u64>> {
        let [tag] = array(log)?;
        if tag != START {
            return Ok(None);
        }
        let items = u32::from_le_bytes(array(log)?);
        let sequence = u64::from_le_bytes(array(log)?);
        for _ in 0..items {
            let [tag] = array(log)?;
            match tag {
                ITEM => {
                    // Value type and compression; the keyspace.
                    let _kind: [u8; 2] = array(log)?;
                    let _keyspace: [u8; 8] = array(log)?;
                    let key = u64::from(u16::from_le_bytes(array(log)?));
                    let _unpacked: [u8; 4] = array(log)?;
                    let value = u64::from(u32::from_le_bytes(array(log)?));
                    let skipped = io::copy(&mut log.by_ref().take(key + value), &mut io::sink())?;
                    if skipped < key + value {
                        return Ok(None);
                    }
                }
                CLEAR => {
                    let _keyspace: [u8; 8] = array(log)?;
                }
                _ => return Ok(None),
            }
        }
        let [tag] = array(log)?;
        // Checksum and a fixed trailer.
        let _rest: [u8; 12] = array(log)?;
        Ok((tag == END).then_some(sequence))
    };
    match read() {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        other => other,
    }
}

fn array<const N: usize>(log: &mut impl Read) -> io::Result<[u8; N]> {
    let mut array = [0; N];
    log.read_exact(&mut array)?;
    Ok(array)
}
