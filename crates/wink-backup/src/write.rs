//! Writing a backup.

use std::io::{self, Write};

use prost::Message;
use wink_store::{Effect, Export};

use crate::format::{About, Counts, Piece, Seal, Thing};
use crate::frame::{Frames, Kind};

/// A piece is closed once it holds this much: large enough that its checksum costs nothing, small enough to hold.
const PIECE_BYTES: usize = 1 << 20;

/// Why a backup could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] wink_store::Error),
    /// The backup could not be written.
    #[error("the backup could not be written: {0}")]
    Write(#[from] io::Error),
    /// Somebody asked to stop.
    #[error("stopped")]
    Stopped,
}

/// Writes everything that `store` holds at one moment. What is written is a backup only once this returns: the seal comes last.
///
/// `go_on` hears after every piece how much was written, and says whether to go on.
///
/// # Errors
/// If the store cannot be read or the backup not written, or `go_on` says no.
pub fn write<S: Export>(
    store: &S,
    about: &About,
    to: impl Write,
    mut go_on: impl FnMut(&Counts) -> bool,
) -> Result<Counts, Error> {
    let mut frames = Frames::begin(to)?;
    frames.put(Kind::About, &about.encode_to_vec())?;
    let mut counts = Counts::default();
    let (mut piece, mut bytes) = (Piece::default(), 0);
    let version = store.export(|effect: Effect| -> Result<(), Error> {
        counts.count(&effect);
        let Some(thing) = Thing::of(effect) else { return Ok(()) };
        bytes += thing.encoded_len();
        piece.things.push(thing);
        if bytes < PIECE_BYTES {
            return Ok(());
        }
        frames.put(Kind::Piece, &std::mem::take(&mut piece).encode_to_vec())?;
        bytes = 0;
        if go_on(&counts) { Ok(()) } else { Err(Error::Stopped) }
    })?;
    if !piece.things.is_empty() {
        frames.put(Kind::Piece, &piece.encode_to_vec())?;
    }
    frames.put(Kind::Seal, &Seal { version: version.0, counts }.encode_to_vec())?;
    frames.end()?;
    Ok(counts)
}
