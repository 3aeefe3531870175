//! The list of erasures: a file beside the store that a back-up of the store does not turn back.
//!
//! One line for every person who was erased, by pseudonym and keyed hashes; it is on disk before an erasure is acknowledged. Whoever
//! restores an older state erases these people again before anybody is served. Never holds a name, an address or a key.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wink_core::base::{ProfileId, Timestamp};
use wink_record::{Erasure, Stored};

use crate::Error;

/// The first line, with the format.
const TITLE: &str = "wink erasures 1";

/// What tells one erasure from another.
pub type Name = (u32, ProfileId, Timestamp);

/// Tells what tells an erasure from others.
pub fn name(erasure: &Erasure) -> Name {
    (erasure.tenant, erasure.profile, erasure.at)
}

/// The list, open for writing.
#[derive(Debug)]
pub struct Erasures {
    path: PathBuf,
    inside: Mutex<Inside>,
}

#[derive(Debug)]
struct Inside {
    file: File,
    listed: BTreeSet<Name>,
    /// After a failed write nobody can say what is on disk: nothing more is acknowledged.
    failed: bool,
}

impl Erasures {
    /// Opens the list, making it if it is not there. A last line that a crash cut off was never acknowledged, and goes.
    ///
    /// # Errors
    /// If it cannot be read or written, or a line before the last is not what was written.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let unusable = |error: io::Error| unusable(path, &error.to_string());
        if !path.try_exists().map_err(unusable)? {
            make(path).map_err(unusable)?;
        }
        let text = fs::read(path).map_err(unusable)?;
        let (erasures, whole) = parse(path, &text, LastLine::MayBeTorn)?;
        let file = File::options().append(true).open(path).map_err(unusable)?;
        if whole < text.len() {
            file.set_len(u64::try_from(whole).unwrap_or(u64::MAX)).map_err(unusable)?;
            file.sync_all().map_err(unusable)?;
        }
        let listed = erasures.iter().map(name).collect();
        Ok(Self { path: path.to_owned(), inside: Mutex::new(Inside { file, listed, failed: false }) })
    }

    /// Lists erasures, those that are not listed yet; returns when they are on disk.
    ///
    /// # Errors
    /// If they cannot be written. Nothing more is listed then, until the list is opened again.
    pub fn list(&self, erasures: &[Erasure]) -> Result<(), Error> {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        if inside.failed {
            return Err(unusable(&self.path, "an earlier write failed; start Wink again"));
        }
        let new: Vec<&Erasure> =
            erasures.iter().filter(|erasure| !inside.listed.contains(&name(erasure))).collect();
        if new.is_empty() {
            return Ok(());
        }
        let lines: String = new.iter().map(|erasure| line(erasure)).collect();
        let written = inside.file.write_all(lines.as_bytes()).and_then(|()| inside.file.sync_data());
        if let Err(error) = written {
            inside.failed = true;
            return Err(unusable(&self.path, &error.to_string()));
        }
        inside.listed.extend(new.into_iter().map(name));
        Ok(())
    }
}

/// Reads a list.
///
/// # Errors
/// If it cannot be read, or a line is not what was written; only a last line that was cut off is left out.
pub fn read(path: &Path) -> Result<Vec<Erasure>, Error> {
    let text = fs::read(path).map_err(|error| unusable(path, &error.to_string()))?;
    parse(path, &text, LastLine::MayBeCutOff).map(|(erasures, _)| erasures)
}

/// What may have become of the line that was being written when a crash came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LastLine {
    /// Its end may be missing.
    MayBeCutOff,
    /// A part in the middle may be missing too: the store still knows what it said.
    MayBeTorn,
}

/// Reads the lines, and tells how many bytes hold whole ones.
fn parse(path: &Path, text: &[u8], last: LastLine) -> Result<(Vec<Erasure>, usize), Error> {
    let mut erasures = Vec::new();
    let mut whole = 0;
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    for (number, bytes) in lines.iter().enumerate() {
        let Some(line) = bytes.strip_suffix(b"\n") else { break };
        let damaged = || unusable(path, &format!("line {} is not what was written", number + 1));
        let is_last = number + 1 == lines.len();
        if number == 0 {
            if line != TITLE.as_bytes() {
                return Err(unusable(path, "it is not a list of erasures that this Wink can read"));
            }
        } else if let Some(erasure) = read_line(line) {
            erasures.push(erasure);
        } else if is_last && last == LastLine::MayBeTorn {
            break;
        } else {
            return Err(damaged());
        }
        whole += bytes.len();
    }
    if whole == 0 {
        return Err(unusable(path, "it is not a list of erasures that this Wink can read"));
    }
    Ok((erasures, whole))
}

fn line(erasure: &Erasure) -> String {
    let bytes = erasure.to_bytes();
    format!("{} {}\n", STANDARD.encode(&bytes), checksum(&bytes))
}

fn read_line(line: &[u8]) -> Option<Erasure> {
    let (encoded, check) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    (checksum(&bytes) == check).then(|| Erasure::from_bytes(&bytes).ok())?
}

fn checksum(bytes: &[u8]) -> String {
    blake3::hash(bytes).as_bytes().iter().take(8).fold(String::new(), |mut text, byte| {
        let _never_fails = write!(text, "{byte:02x}");
        text
    })
}

/// Makes an empty list, whole or not at all, for its owner only.
fn make(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let unfinished = path.with_extension("unfinished");
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(format!("{TITLE}\n").as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    match path.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

fn unusable(path: &Path, why: &str) -> Error {
    Error::Erasures { list: path.display().to_string(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use wink_core::profile::IdentityKey;

    use super::*;

    fn erasure(number: u8) -> Erasure {
        Erasure {
            tenant: 1,
            profile: ProfileId::from_bytes([number; 16]),
            at: Timestamp(i64::from(number)),
            identities: vec![IdentityKey([number; 16]); 3],
        }
    }

    #[test]
    fn what_is_listed_is_read_once_and_in_order() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("erasures");
        Erasures::open(&path).unwrap().list(&[erasure(1), erasure(2)]).unwrap();
        let list = Erasures::open(&path).unwrap();
        list.list(&[erasure(2), erasure(3), erasure(1)]).unwrap();
        list.list(&[erasure(3)]).unwrap();
        assert_eq!(read(&path).unwrap(), [erasure(1), erasure(2), erasure(3)]);
    }

    #[test]
    fn a_line_that_was_cut_off_is_left_out_and_the_next_one_is_whole() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("erasures");
        Erasures::open(&path).unwrap().list(&[erasure(1), erasure(2)]).unwrap();
        let text = fs::read(&path).unwrap();
        let first = TITLE.len() + 1 + line(&erasure(1)).len();
        for length in first..text.len() {
            fs::write(&path, &text[..length]).unwrap();
            assert_eq!(read(&path).unwrap(), [erasure(1)], "{length}");
            Erasures::open(&path).unwrap().list(&[erasure(3)]).unwrap();
            assert_eq!(read(&path).unwrap(), [erasure(1), erasure(3)], "{length}");
        }
    }

    #[test]
    fn a_line_that_was_changed_is_refused() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("erasures");
        Erasures::open(&path).unwrap().list(&[erasure(1), erasure(2)]).unwrap();
        let text = fs::read(&path).unwrap();
        for at in 0..text.len() - 1 {
            let mut changed = text.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert!(read(&path).is_err(), "byte {at}");
            let in_the_last = TITLE.len() + 1 + line(&erasure(1)).len() <= at;
            assert_eq!(Erasures::open(&path).is_ok(), in_the_last, "byte {at}");
        }
        fs::write(&path, "").unwrap();
        assert!(Erasures::open(&path).is_err(), "an empty file is no list");
    }
}
