//! Lists are read page by page. A cursor says where to go on: opaque, and good only for the list it was given with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wink_core::base::Hasher;

use crate::{Engine, Error};

/// A page has at most this many items: what a screen shows and a client holds.
pub const LIMIT_MAX: usize = 200;

/// A page has so many items if nobody says otherwise.
pub const LIMIT: usize = 50;

/// Bytes of the seal of a cursor: enough that nobody makes one by trying.
const SEAL_BYTES: usize = 8;

/// Which page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// At most how many items, 1 to [`LIMIT_MAX`].
    pub limit: usize,
    /// Where to go on, as the page before said; `None` for the first page.
    pub cursor: Option<String>,
}

impl Default for Page {
    fn default() -> Self {
        Self { limit: LIMIT, cursor: None }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Paged<T> {
    /// Its items.
    pub items: Vec<T>,
    /// What to ask for the next page with; `None` after the last.
    pub next_cursor: Option<String>,
}

impl Page {
    /// Tells how many items to read.
    pub(super) fn limit(&self) -> usize {
        self.limit.clamp(1, LIMIT_MAX)
    }

    /// Opens the cursor of a list.
    pub(super) fn open<S>(&self, engine: &Engine<S>, list: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Error::Cursor)?;
        let (seal_found, place) = bytes.split_first_chunk::<SEAL_BYTES>().ok_or(Error::Cursor)?;
        if *seal_found != seal(engine, list, place) {
            return Err(Error::Cursor);
        }
        Ok(Some(place.to_vec()))
    }
}

/// Makes a cursor of a list that goes on at a place.
pub(super) fn cursor<S>(engine: &Engine<S>, list: &[u8], place: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode([seal(engine, list, place).as_slice(), place].concat())
}

fn seal<S>(engine: &Engine<S>, list: &[u8], place: &[u8]) -> [u8; SEAL_BYTES] {
    let hash = Hasher::keyed(engine.secrets.marks(), "cursor").field(list).field(place).finish();
    hash.number().to_be_bytes()
}
