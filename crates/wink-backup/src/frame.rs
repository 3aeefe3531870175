//! Frames: `kind, length, payload, hash`. Each hash runs over the hash before it, so frames have one order and one end.

use std::io::{self, ErrorKind, Read, Write};

use crate::error::Damage;

/// What every backup begins with: what it is, and two characters for the format.
pub(crate) const MAGIC: &[u8; 8] = b"winkbk01";

/// A frame is at most this long: a piece holds about a mebibyte, and one thing more of at most another.
const PAYLOAD_BYTES_MAX: usize = 4 << 20;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    About = 1,
    Piece = 2,
    Seal = 3,
}

impl Kind {
    fn read(byte: u8) -> Option<Self> {
        [Self::About, Self::Piece, Self::Seal].into_iter().find(|kind| *kind as u8 == byte)
    }
}

fn link(before: &[u8; 32], head: &[u8; 5], payload: &[u8]) -> [u8; 32] {
    *blake3::Hasher::new().update(before).update(head).update(payload).finalize().as_bytes()
}

/// Writes frames.
pub(crate) struct Frames<W> {
    to: W,
    before: [u8; 32],
}

impl<W: Write> Frames<W> {
    pub(crate) fn begin(mut to: W) -> io::Result<Self> {
        to.write_all(MAGIC)?;
        Ok(Self { to, before: [0; 32] })
    }

    pub(crate) fn put(&mut self, kind: Kind, payload: &[u8]) -> io::Result<()> {
        let too_long = || io::Error::new(ErrorKind::InvalidInput, "a frame is too long");
        if PAYLOAD_BYTES_MAX < payload.len() {
            return Err(too_long());
        }
        let [a, b, c, d] = u32::try_from(payload.len()).map_err(|_| too_long())?.to_le_bytes();
        let head = [kind as u8, a, b, c, d];
        self.before = link(&self.before, &head, payload);
        self.to.write_all(&head)?;
        self.to.write_all(payload)?;
        self.to.write_all(&self.before)
    }

    pub(crate) fn end(mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Reads frames.
pub(crate) struct FramesRead<R> {
    from: R,
    before: [u8; 32],
    /// Where the next frame begins.
    pub(crate) at: u64,
}

impl<R: Read> FramesRead<R> {
    pub(crate) fn begin(mut from: R) -> Result<Self, Damage> {
        let mut magic = [0; 8];
        if let Err(error) = from.read_exact(&mut magic) {
            return Err(if error.kind() == ErrorKind::UnexpectedEof {
                Damage::NotABackup
            } else {
                error.into()
            });
        }
        let (name, format) = magic.split_at(6);
        if !MAGIC.starts_with(name) {
            return Err(Damage::NotABackup);
        }
        if !MAGIC.ends_with(format) {
            return Err(Damage::OtherFormat { found: String::from_utf8_lossy(format).into_owned() });
        }
        Ok(Self { from, before: [0; 32], at: 8 })
    }

    /// Reads the next frame, which must be there and be what was written.
    pub(crate) fn next(&mut self) -> Result<(Kind, Vec<u8>), Damage> {
        let mut head = [0; 5];
        self.fill(&mut head)?;
        let [kind, length @ ..] = head;
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        let (Some(kind), true) = (Kind::read(kind), length <= PAYLOAD_BYTES_MAX) else {
            return Err(self.damaged("no frame begins here"));
        };
        let mut payload = vec![0; length];
        self.fill(&mut payload)?;
        let mut hash = [0; 32];
        self.fill(&mut hash)?;
        let expected = link(&self.before, &head, &payload);
        if hash != expected {
            return Err(self.damaged("the checksum is another one"));
        }
        self.before = expected;
        self.at += u64::try_from(5 + length + 32).unwrap_or(u64::MAX);
        Ok((kind, payload))
    }

    /// Insists that nothing follows.
    pub(crate) fn end(mut self) -> Result<(), Damage> {
        let more = self.from.read(&mut [0])?;
        if more == 0 { Ok(()) } else { Err(self.damaged("something follows the seal")) }
    }

    pub(crate) fn damaged(&self, what: &str) -> Damage {
        Damage::Damaged { at: self.at, what: what.to_owned() }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Damage> {
        self.from.read_exact(bytes).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => Damage::CutOff { at: self.at },
            _ => Damage::Read(error),
        })
    }
}
