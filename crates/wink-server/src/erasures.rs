//! The list of erasures: a file beside the store that a back-up of the store does not turn back.
//!
//! One line for every person who was erased, by pseudonym and keyed hashes; it is on disk before an erasure is acknowledged. Whoever
//! restores an older state erases these people again before anybody is served. So it is with what was granted and then taken back: a consent, and a
//! key. Never holds a name, an address or the secret of a key.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wink_core::base::{ProfileId, Timestamp};
use wink_record::{Erasure, KeyEnd, Stored, Withdrawal};

use crate::Error;

/// The first line, with the format.
const TITLE: &str = "wink erasures 1";

/// What a line begins with that is no erasure.
const WITHDRAWAL: &str = "withdrawal";
const KEY_END: &str = "key";
const KINDS: [&str; 2] = [WITHDRAWAL, KEY_END];

/// What tells one erasure from another.
pub type Name = (u32, ProfileId, Timestamp);

/// Tells what tells an erasure from others.
pub fn name(erasure: &Erasure) -> Name {
    (erasure.tenant, erasure.profile, erasure.at)
}

/// What stands in a list, each in the order in which it was listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Who was erased.
    pub erasures: Vec<Erasure>,
    /// What was granted and then taken back. The same may stand there more than once.
    pub withdrawals: Vec<Withdrawal>,
    /// Which keys end. The same may stand there more than once.
    pub keys: Vec<KeyEnd>,
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
        let (listed, whole) = parse(path, &text, LastLine::MayBeTorn)?;
        let file = File::options().append(true).open(path).map_err(unusable)?;
        if whole < text.len() {
            file.set_len(u64::try_from(whole).unwrap_or(u64::MAX)).map_err(unusable)?;
            file.sync_all().map_err(unusable)?;
        }
        let listed = listed.erasures.iter().map(name).collect();
        Ok(Self { path: path.to_owned(), inside: Mutex::new(Inside { file, listed, failed: false }) })
    }

    /// Lists erasures, those that are not listed yet; returns when they are on disk.
    ///
    /// # Errors
    /// If they cannot be written. Nothing more is listed then, until the list is opened again.
    pub fn list(&self, erasures: &[Erasure]) -> Result<(), Error> {
        let mut inside = self.inside();
        let new: Vec<&Erasure> =
            erasures.iter().filter(|erasure| !inside.listed.contains(&name(erasure))).collect();
        self.write(&mut inside, new.iter().map(|erasure| line("", *erasure)).collect())?;
        inside.listed.extend(new.into_iter().map(name));
        Ok(())
    }

    /// Lists what was granted and is taken back; returns when it is on disk.
    ///
    /// # Errors
    /// As of [`list`](Self::list).
    pub fn list_withdrawals(&self, withdrawals: &[Withdrawal]) -> Result<(), Error> {
        let lines = withdrawals.iter().map(|withdrawal| line(WITHDRAWAL, withdrawal)).collect();
        self.write(&mut self.inside(), lines)
    }

    /// Lists keys that end; returns when they are on disk.
    ///
    /// # Errors
    /// As of [`list`](Self::list).
    pub fn list_keys(&self, keys: &[KeyEnd]) -> Result<(), Error> {
        self.write(&mut self.inside(), keys.iter().map(|key| line(KEY_END, key)).collect())
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, inside: &mut Inside, lines: String) -> Result<(), Error> {
        if inside.failed {
            return Err(unusable(&self.path, "an earlier write failed; start Wink again"));
        }
        if lines.is_empty() {
            return Ok(());
        }
        let written = inside.file.write_all(lines.as_bytes()).and_then(|()| inside.file.sync_data());
        written.map_err(|error| {
            inside.failed = true;
            unusable(&self.path, &error.to_string())
        })
    }
}

/// Reads a list, or a copy of one, whole.
///
/// # Errors
/// If it cannot be read, a line is not what was written, or the last one has no end: a copy that was cut off there leaves somebody out.
pub fn read(path: &Path) -> Result<Listed, Error> {
    let (listed, whole, length) = read_up_to(path)?;
    if whole < length {
        return Err(unusable(
            path,
            "it ends in the middle of a line; take a whole copy. If there is none because the machine broke down while it wrote, take away what \
             stands after the last line: that was not acknowledged",
        ));
    }
    Ok(listed)
}

/// Reads the list of a store that may be in use: a last line that is being written is left out.
///
/// # Errors
/// If it cannot be read, or a line before the last is not what was written.
pub fn read_in_use(path: &Path) -> Result<Listed, Error> {
    read_up_to(path).map(|(listed, _, _)| listed)
}

/// Reads the lines that have an end; tells how many bytes they have, and how many the file has.
fn read_up_to(path: &Path) -> Result<(Listed, usize, usize), Error> {
    let text = fs::read(path).map_err(|error| unusable(path, &error.to_string()))?;
    parse(path, &text, LastLine::MayBeCutOff).map(|(listed, whole)| (listed, whole, text.len()))
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
fn parse(path: &Path, text: &[u8], last: LastLine) -> Result<(Listed, usize), Error> {
    let mut listed = Listed::default();
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
        } else if listed.take(line).is_none() {
            if is_last && last == LastLine::MayBeTorn {
                break;
            }
            return Err(damaged());
        }
        whole += bytes.len();
    }
    if whole == 0 {
        return Err(unusable(path, "it is not a list of erasures that this Wink can read"));
    }
    Ok((listed, whole))
}

impl Listed {
    /// Takes in what a line says; `None` if it is not what was written.
    fn take(&mut self, line: &[u8]) -> Option<()> {
        let line = std::str::from_utf8(line).ok()?;
        let (kind, coded) =
            line.split_once(' ').filter(|(kind, _)| KINDS.contains(kind)).unwrap_or(("", line));
        let (encoded, check) = coded.split_once(' ')?;
        let bytes = STANDARD.decode(encoded).ok().filter(|bytes| checksum(kind, bytes) == check)?;
        match kind {
            WITHDRAWAL => self.withdrawals.push(Withdrawal::from_bytes(&bytes).ok()?),
            KEY_END => self.keys.push(KeyEnd::from_bytes(&bytes).ok()?),
            _ => self.erasures.push(Erasure::from_bytes(&bytes).ok()?),
        }
        Some(())
    }
}

/// Writes a line. An erasure has no `kind` before it.
fn line(kind: &str, what: &impl Stored) -> String {
    let bytes = what.to_bytes();
    let space = if kind.is_empty() { "" } else { " " };
    format!("{kind}{space}{} {}\n", STANDARD.encode(&bytes), checksum(kind, &bytes))
}

fn checksum(kind: &str, bytes: &[u8]) -> String {
    blake3::hash(&[kind.as_bytes(), bytes].concat()).as_bytes().iter().take(8).fold(
        String::new(),
        |mut text, byte| {
            let _never_fails = write!(text, "{byte:02x}");
            text
        },
    )
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
    use std::slice;

    use wink_core::event::{ConsentState, Mechanism};
    use wink_core::profile::{IdentityKey, Purpose};

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
        assert_eq!(read(&path).unwrap().erasures, [erasure(1), erasure(2), erasure(3)]);
    }

    #[test]
    fn a_line_that_was_cut_off_is_left_out_and_the_next_one_is_whole() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("erasures");
        Erasures::open(&path).unwrap().list(&[erasure(1), erasure(2)]).unwrap();
        let text = fs::read(&path).unwrap();
        let first = TITLE.len() + 1 + line("", &erasure(1)).len();
        for length in first..text.len() {
            fs::write(&path, &text[..length]).unwrap();
            assert_eq!(read_in_use(&path).unwrap().erasures, [erasure(1)], "{length}");
            assert_eq!(read(&path).is_ok(), length == first, "{length}");
            Erasures::open(&path).unwrap().list(&[erasure(3)]).unwrap();
            assert_eq!(read(&path).unwrap().erasures, [erasure(1), erasure(3)], "{length}");
        }
    }

    fn withdrawal(number: u8) -> Withdrawal {
        Withdrawal {
            tenant: 1,
            profile: ProfileId::from_bytes([number; 16]),
            identity: IdentityKey([number; 16]),
            purpose: Purpose::Newsletter,
            state: ConsentState::Withdrawn,
            mechanism: Mechanism::Cmp,
            at: Timestamp(i64::from(number)),
            source: "shop".to_owned(),
        }
    }

    #[test]
    fn what_else_was_taken_back_stands_beside_erasures() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("erasures");
        let key = KeyEnd { key: [7; 16], ends_at: Timestamp(5), revoked: true };
        let list = Erasures::open(&path).unwrap();
        list.list_withdrawals(&[withdrawal(1), withdrawal(2)]).unwrap();
        list.list(&[erasure(1)]).unwrap();
        list.list_keys(slice::from_ref(&key)).unwrap();
        let listed = Listed {
            erasures: vec![erasure(1)],
            withdrawals: vec![withdrawal(1), withdrawal(2)],
            keys: vec![key],
        };
        assert_eq!(read(&path).unwrap(), listed);
        Erasures::open(&path).unwrap().list(&[erasure(1)]).unwrap();
        assert_eq!(read(&path).unwrap(), listed);
        let text = fs::read(&path).unwrap();
        for at in 0..text.len() - 1 {
            let mut changed = text.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert!(read(&path).is_err(), "byte {at}");
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
            // Without the end of the line before it, the last line begins there.
            let in_the_last = TITLE.len() + line("", &erasure(1)).len() <= at;
            assert_eq!(Erasures::open(&path).is_ok(), in_the_last, "byte {at}");
        }
        fs::write(&path, "").unwrap();
        assert!(Erasures::open(&path).is_err(), "an empty file is no list");
    }
}
