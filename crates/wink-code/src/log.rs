//! The log of a till: what it gave while it could ask nobody. On the disk before anybody is told; what a crash left half written is cut off.
//!
//! A line holds a kind, its fields and a CRC-32 of both, in Crockford's base 32. Only the last may be torn, and then it has no end. Another that
//! is wrong was changed by somebody else, and nothing is given any more until somebody has looked.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use crate::alphabet::{decode, encode};
use crate::lease::{text, write_text};
use crate::offline::{Given, GivenLine};
use crate::payload::Reader;

const GIVEN: u8 = 1;
const SYNCED: u8 = 2;
const RETURNED: u8 = 3;
const ASIDE: u8 = 4;

/// The most of a reason that is kept, in bytes.
const WHY_BYTES_MAX: usize = 255;

/// The longest log that is read, in bytes: hundreds of thousands of coupons.
const BYTES_MAX: u64 = 1 << 28;

/// Why the log of a till cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The disk refused. After a failed write nothing more is given until the log was opened again.
    #[error("the till's log cannot be read or written: {0}")]
    Disk(#[from] std::io::Error),
    /// Another program has it: two at once would each give what the lease allows.
    #[error("another program uses the till's log")]
    InUse,
    /// A line is not as it was written.
    #[error(
        "line {0} of the till's log is not as it was written; restore the file, or sync what can be read and begin another"
    )]
    Damaged(usize),
    /// A write failed before.
    #[error("a write to the till's log failed before; open it again")]
    Failed,
    /// It is longer than any till's.
    #[error("the till's log is too long; sync it and begin another")]
    TooLong,
    /// The server could not hear of it: see [`Given::is_reportable`].
    #[error(
        "the names of the order or its lines, its lines' pieces or rates are none that the server takes, or too many"
    )]
    Text,
}

/// What a till gave, and how much of that the server knows. Locked while it is open.
#[derive(Debug)]
pub struct Log {
    file: File,
    given: Vec<Given>,
    synced: usize,
    /// Places in what was given, with why nobody will hear of it.
    aside: BTreeMap<usize, String>,
    returned: Vec<[u8; 16]>,
    has_failed: bool,
}

enum Noted {
    Given(Given),
    Synced(u32),
    Returned([u8; 16]),
    Aside(u32, String),
}

impl Log {
    /// Opens a log, or begins one.
    ///
    /// # Errors
    /// If it is in use, damaged, or the disk refuses.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let is_new = !path.exists();
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(LogError::InUse),
            Err(std::fs::TryLockError::Error(error)) => return Err(error.into()),
        }
        if is_new {
            // The name must be on the disk too.
            let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
            File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        if BYTES_MAX < file.metadata()?.len() {
            return Err(LogError::TooLong);
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut log = Self {
            file,
            given: Vec::new(),
            synced: 0,
            aside: BTreeMap::new(),
            returned: Vec::new(),
            has_failed: false,
        };
        let whole = log.read(&bytes)?;
        if whole < bytes.len() {
            log.file.set_len(u64::try_from(whole).map_err(|_| LogError::TooLong)?)?;
            log.file.sync_all()?;
            log.file.seek(SeekFrom::End(0))?;
        }
        Ok(log)
    }

    /// Lists what was given, oldest first.
    pub fn given(&self) -> &[Given] {
        &self.given
    }

    /// Lists what the server does not know of yet, as far as this till knows; without what was put aside.
    pub fn not_synced(&self) -> Vec<Given> {
        let left = self.given.iter().enumerate().skip(self.synced);
        left.filter(|(place, _)| !self.aside.contains_key(place)).map(|(_, given)| given.clone()).collect()
    }

    /// Lists what the server refused for good, with why, oldest first. It was given, so it still counts under its lease; it is not sent again.
    pub fn aside(&self) -> impl Iterator<Item = (&Given, &str)> {
        self.aside.iter().filter_map(|(place, why)| Some((self.given.get(*place)?, why.as_str())))
    }

    /// Tells whether nothing more is to be given under a lease.
    pub fn has_returned(&self, lease: &[u8; 16]) -> bool {
        self.returned.contains(lease)
    }

    /// Notes that a coupon is given. It is on the disk when this returns, and only then it is given.
    ///
    /// # Errors
    /// If it is not on the disk.
    pub fn give(&mut self, given: Given) -> Result<(), LogError> {
        let bytes = given_bytes(&given).filter(|_| given.is_reportable()).ok_or(LogError::Text)?;
        self.append(GIVEN, &bytes)?;
        self.given.push(given);
        Ok(())
    }

    /// Notes that the server knows of the first `count` of [`not_synced`](Self::not_synced).
    ///
    /// # Errors
    /// If it is not on the disk; then they are sent again, which changes nothing.
    pub fn has_synced(&mut self, count: usize) -> Result<(), LogError> {
        let waits = |place: &usize| !self.aside.contains_key(place);
        // The first that the server does not know of still; what was put aside before it is behind us.
        let next = (self.synced..self.given.len()).filter(waits).nth(count);
        let synced = next.unwrap_or(self.given.len());
        let number = u32::try_from(synced).map_err(|_| LogError::TooLong)?;
        self.append(SYNCED, &number.to_be_bytes())?;
        self.synced = synced;
        Ok(())
    }

    /// Puts an entry of [`not_synced`](Self::not_synced) aside, because the server refuses it for good. One that is not there changes nothing.
    ///
    /// # Errors
    /// If it is not on the disk; then it is sent again.
    pub fn put_aside(&mut self, given: &Given, why: &str) -> Result<(), LogError> {
        let is_it = |place: &usize| {
            !self.aside.contains_key(place) && self.given.get(*place).is_some_and(|one| one == given)
        };
        let Some(place) = (self.synced..self.given.len()).find(is_it) else { return Ok(()) };
        let why = why.get(..why.floor_char_boundary(WHY_BYTES_MAX)).unwrap_or_default();
        let mut bytes = u32::try_from(place).map_err(|_| LogError::TooLong)?.to_be_bytes().to_vec();
        write_text(&mut bytes, why).ok_or(LogError::Text)?;
        self.append(ASIDE, &bytes)?;
        self.aside.insert(place, why.to_owned());
        Ok(())
    }

    /// Notes that nothing more is given under a lease, before the server is told.
    ///
    /// # Errors
    /// If it is not on the disk.
    pub fn give_back(&mut self, lease: [u8; 16]) -> Result<(), LogError> {
        self.append(RETURNED, &lease)?;
        self.returned.push(lease);
        Ok(())
    }

    fn append(&mut self, kind: u8, fields: &[u8]) -> Result<(), LogError> {
        if self.has_failed {
            return Err(LogError::Failed);
        }
        let mut bytes = vec![kind];
        bytes.extend(fields);
        bytes.extend(crc32(&bytes).to_be_bytes());
        // Until it is known to be there, it may be there or not.
        self.has_failed = true;
        self.file.write_all(format!("{}\n", encode(&bytes)).as_bytes())?;
        self.file.sync_all()?;
        self.has_failed = false;
        Ok(())
    }

    /// Takes all lines that are whole, and tells how many bytes those are. Only the last may be torn.
    fn read(&mut self, bytes: &[u8]) -> Result<usize, LogError> {
        let mut whole = 0;
        for (place, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            // Nobody was told of what has no end yet.
            let Some(ended) = line.strip_suffix(b"\n") else { break };
            match noted(ended).ok_or(LogError::Damaged(place + 1))? {
                Noted::Given(given) => self.given.push(given),
                Noted::Synced(count) => {
                    self.synced = usize::try_from(count).unwrap_or(usize::MAX).min(self.given.len());
                }
                Noted::Returned(lease) => self.returned.push(lease),
                Noted::Aside(which, why) => {
                    let which = usize::try_from(which).unwrap_or(usize::MAX);
                    if self.given.len() <= which {
                        return Err(LogError::Damaged(place + 1));
                    }
                    self.aside.insert(which, why);
                }
            }
            whole += line.len();
        }
        Ok(whole)
    }
}

fn noted(line: &[u8]) -> Option<Noted> {
    let bytes = decode(std::str::from_utf8(line).ok()?)?;
    let (said, sum) = bytes.split_last_chunk::<4>()?;
    if crc32(said).to_be_bytes() != *sum {
        return None;
    }
    let mut reader = Reader(said);
    let noted = match reader.take()? {
        [GIVEN] => Noted::Given(read_given(&mut reader)?),
        [SYNCED] => Noted::Synced(u32::from_be_bytes(reader.take()?)),
        [RETURNED] => Noted::Returned(reader.take()?),
        [ASIDE] => Noted::Aside(u32::from_be_bytes(reader.take()?), text(&mut reader)?),
        _ => return None,
    };
    reader.0.is_empty().then_some(noted)
}

fn given_bytes(given: &Given) -> Option<Vec<u8>> {
    let mut bytes = given.lease.to_vec();
    for number in [given.number, given.at, given.cents] {
        bytes.extend(number.to_be_bytes());
    }
    bytes.extend(given.coupon);
    write_text(&mut bytes, &given.order)?;
    bytes.extend(u16::try_from(given.lines.len()).ok()?.to_be_bytes());
    for line in &given.lines {
        write_text(&mut bytes, &line.line)?;
        bytes.extend(line.quantity.to_be_bytes());
        bytes.extend(line.cents.to_be_bytes());
        // No rate is as high as this.
        bytes.extend(line.vat_basis_points.unwrap_or(u16::MAX).to_be_bytes());
    }
    Some(bytes)
}

fn read_given(reader: &mut Reader<'_>) -> Option<Given> {
    let mut given = Given {
        lease: reader.take()?,
        number: u32::from_be_bytes(reader.take()?),
        at: u32::from_be_bytes(reader.take()?),
        cents: u32::from_be_bytes(reader.take()?),
        coupon: reader.take()?,
        order: text(reader)?,
        lines: Vec::new(),
    };
    for _ in 0..u16::from_be_bytes(reader.take()?) {
        given.lines.push(GivenLine {
            line: text(reader)?,
            quantity: u32::from_be_bytes(reader.take()?),
            cents: u32::from_be_bytes(reader.take()?),
            vat_basis_points: Some(u16::from_be_bytes(reader.take()?)).filter(|rate| *rate != u16::MAX),
        });
    }
    Some(given)
}

/// The CRC-32 of ISO 3309, as in Ethernet and gzip.
fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| bit(crc));
    !bytes.iter().fold(u32::MAX, byte)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn place(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("wink-till-log-{}-{name}", std::process::id()));
        std::fs::remove_file(&path).ok();
        path
    }

    fn given(number: u32) -> Given {
        let line = |line: &str, rate| GivenLine {
            line: line.to_owned(),
            quantity: 2,
            cents: 50,
            vat_basis_points: rate,
        };
        Given {
            lease: [7; 16],
            number,
            at: 1_500,
            coupon: [u8::try_from(number).unwrap(); 16],
            order: format!("o-{number}"),
            cents: 100,
            lines: vec![line("1", Some(1_900)), line("2", None)],
        }
    }

    #[test]
    fn the_sum_of_a_line_is_the_one_everybody_knows() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn what_was_given_is_there_when_the_log_is_opened_again() {
        let path = place("again");
        let mut log = Log::open(&path).unwrap();
        assert!(matches!(Log::open(&path), Err(LogError::InUse)), "two programs at once");
        for number in 1..=3 {
            log.give(given(number)).unwrap();
        }
        log.has_synced(2).unwrap();
        log.give_back([7; 16]).unwrap();
        drop(log);
        let mut log = Log::open(&path).unwrap();
        assert_eq!(log.given(), [given(1), given(2), given(3)]);
        assert_eq!(log.not_synced(), [given(3)]);
        assert!(log.has_returned(&[7; 16]) && !log.has_returned(&[8; 16]));
        log.has_synced(9).unwrap();
        assert_eq!(log.not_synced(), []);
        let long = Given { order: "o".repeat(256), ..given(4) };
        assert!(matches!(log.give(long), Err(LogError::Text)));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_is_put_aside_is_not_sent_again_and_stays_given() {
        let path = place("aside");
        let mut log = Log::open(&path).unwrap();
        for number in 1..=5 {
            log.give(given(number)).unwrap();
        }
        log.has_synced(1).unwrap();
        let long = "ä".repeat(200);
        log.put_aside(&given(2), &long).unwrap();
        log.put_aside(&given(4), "number_taken").unwrap();
        log.put_aside(&given(4), "again").unwrap();
        log.put_aside(&given(1), "the server knows of it").unwrap();
        assert_eq!(log.not_synced(), [given(3), given(5)]);
        drop(log);
        let mut log = Log::open(&path).unwrap();
        let aside: Vec<(u32, &str)> = log.aside().map(|(given, why)| (given.number, why)).collect();
        assert_eq!(aside, [(2, &*"ä".repeat(127)), (4, "number_taken")]);
        assert_eq!((log.given().len(), log.not_synced()), (5, vec![given(3), given(5)]));
        log.has_synced(1).unwrap();
        assert_eq!(log.not_synced(), [given(5)]);
        drop(log);
        let mut log = Log::open(&path).unwrap();
        assert_eq!(log.not_synced(), [given(5)]);
        log.give(given(6)).unwrap();
        log.has_synced(2).unwrap();
        assert_eq!((log.not_synced(), log.aside().count()), (vec![], 2));
        // A line about what was never given was written by somebody else.
        log.append(ASIDE, &[0, 0, 0, 6, 0]).unwrap();
        drop(log);
        assert!(matches!(Log::open(&path), Err(LogError::Damaged(_))));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_line_that_was_torn_by_a_crash_is_cut_off_wherever_it_was_torn() {
        let path = place("torn");
        let mut log = Log::open(&path).unwrap();
        log.give(given(1)).unwrap();
        let first = std::fs::read(&path).unwrap().len();
        log.give(given(2)).unwrap();
        drop(log);
        let whole = std::fs::read(&path).unwrap();
        for length in first..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let mut log = Log::open(&path).unwrap();
            assert_eq!(log.given(), [given(1)], "{length} bytes");
            log.give(given(3)).unwrap();
            drop(log);
            assert_eq!(Log::open(&path).unwrap().given(), [given(1), given(3)], "{length} bytes");
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_line_that_somebody_changed_stops_the_till() {
        let path = place("changed");
        let mut log = Log::open(&path).unwrap();
        log.give(given(1)).unwrap();
        log.give(given(2)).unwrap();
        drop(log);
        let whole = std::fs::read(&path).unwrap();
        let first = whole.iter().position(|byte| *byte == b'\n').unwrap();
        for place in 0..=first {
            let mut changed = whole.clone();
            changed[place] = if changed[place] == b'7' { b'8' } else { b'7' };
            std::fs::write(&path, &changed).unwrap();
            assert!(Log::open(&path).is_err(), "byte {place}");
        }
        std::fs::remove_file(path).unwrap();
    }
}
