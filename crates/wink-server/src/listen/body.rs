//! Reads a request's body: whole, unpacked, and never more of it, or for longer, than the limits allow.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::HeaderMap;
use axum::http::header::EXPECT;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

use super::pace::Pace;
use super::unpack::{Encoding, unpack};

/// How much of a body is taken, and how fast it must come.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// At most this many bytes are read, packed as they are sent.
    pub bytes_max: usize,
    /// At most this many bytes come out when they are unpacked.
    pub unpacked_bytes_max: usize,
    /// How fast the body must come.
    pub pace: Pace,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // As much as one batch of the store holds.
            bytes_max: 1 << 20,
            // What a full body of events unpacks to at 8 : 1, which is what such JSON gives.
            unpacked_bytes_max: 8 << 20,
            // Slower than any line people still use; who keeps it is done with a full body within five minutes at the most,
            // and the limit of the whole request ends it before.
            pace: Pace { grace: Duration::from_secs(10), bytes_per_second: 4 << 10 },
        }
    }
}

/// How much of a body that is not taken is read and thrown away, for how long, and how long the next piece is waited for: enough for
/// a client that slipped, too little to keep a server busy.
const THROWN_AWAY_BYTES_MAX: usize = 8 << 20;
const THROWN_AWAY_WITHIN: Duration = Duration::from_secs(1);
const NEXT_PIECE_WITHIN: Duration = Duration::from_millis(250);

/// Why a body was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More bytes are announced or come than are read. Answer 413.
    #[error("the body is larger than {bytes_max} bytes; send less at once")]
    TooLarge {
        /// What would have been read.
        bytes_max: usize,
    },
    /// It unpacks to more than it may, in all or beside its packed size. Answer 413.
    #[error("the body unpacks to more than {bytes_max} bytes; send less at once")]
    UnpacksTooLarge {
        /// What may come out of as many packed bytes as came.
        bytes_max: usize,
    },
    /// It did not come in time. Answer 408.
    #[error("the body came too slowly")]
    TooSlow,
    /// The client stopped sending before the end, or sent what is no HTTP body. Answer 400; mostly nobody is there to read it.
    #[error("the body could not be read to its end")]
    CutOff,
    /// It is packed in a way that is not unpacked here, or in more than one. Answer 415.
    #[error(
        "the content encoding `{0}` is not understood; send gzip, deflate, br or zstd, only one of them, or none"
    )]
    EncodingUnknown(String),
    /// What came is not what its encoding says: damaged, cut short, or followed by something else. Answer 400.
    #[error("the body is not valid {0}")]
    Damaged(&'static str),
    /// There is no memory for it now, because of others. Answer 503.
    #[error("too much is being read at once; send it again in a moment")]
    NoRoom,
}

/// Reads a body to its end and unpacks it.
///
/// What is announced to be too large, or has no room now, is not kept. A client that waits for `100 Continue` is refused before it sends a byte; from
/// another, what is on its way is read and thrown away for a moment, because a connection that is closed with bytes unread takes the
/// answer down with it, and the client would send the same again. `room` is asked before more bytes are kept: what has come counts, not what is announced, so nobody fills the
/// memory of all by announcements.
///
/// # Errors
/// If the body breaks a limit or is not what its headers say.
pub async fn read(
    body: Body,
    headers: &HeaderMap,
    limits: &Limits,
    mut room: impl FnMut(usize) -> bool + Send,
) -> Result<Bytes, Error> {
    let mut body = body;
    let encoding = Encoding::of(headers)?;
    let taken = take(&mut body, limits, &mut room).await;
    if matches!(taken, Err(Error::TooLarge { .. } | Error::NoRoom)) && !headers.contains_key(EXPECT) {
        throw_away(body).await;
    }
    let packed = taken?;
    match encoding {
        Encoding::Identity => Ok(packed),
        packing => unpack(packing, &packed, limits.unpacked_bytes_max, &mut room).await,
    }
}

/// Reads on without keeping anything, until the end or until it has been enough.
async fn throw_away(mut body: Body) {
    let end = Instant::now() + THROWN_AWAY_WITHIN;
    let mut thrown_away = 0;
    while thrown_away < THROWN_AWAY_BYTES_MAX {
        let patience = end.min(Instant::now() + NEXT_PIECE_WITHIN);
        let Ok(Some(Ok(frame))) = timeout_at(patience, body.frame()).await else { return };
        thrown_away += frame.data_ref().map_or(0, Bytes::len);
    }
}

/// Takes the bytes as they are sent.
async fn take(
    body: &mut Body,
    limits: &Limits,
    room: &mut (impl FnMut(usize) -> bool + Send),
) -> Result<Bytes, Error> {
    let too_large = Error::TooLarge { bytes_max: limits.bytes_max };
    let announced = body.size_hint().lower();
    if u64::try_from(limits.bytes_max).is_ok_and(|most| most < announced) {
        return Err(too_large);
    }
    let began = Instant::now();
    let mut taken = Taken::default();
    loop {
        let deadline = limits.pace.deadline(began, taken.len());
        let Some(frame) = timeout_at(deadline, body.frame()).await.map_err(|_| Error::TooSlow)? else {
            return Ok(taken.into_bytes());
        };
        // A frame without data holds trailers, which nobody reads.
        if let Ok(data) = frame.map_err(|_| Error::CutOff)?.into_data() {
            if limits.bytes_max - taken.len() < data.len() {
                return Err(too_large);
            }
            if !room(data.len()) {
                return Err(Error::NoRoom);
            }
            taken.push(data);
        }
    }
}

/// What was read so far. A body of one piece, as most are, is never copied; pieces are, so that no small one keeps a large buffer.
#[derive(Default)]
struct Taken {
    only: Bytes,
    joined: Vec<u8>,
}

impl Taken {
    fn len(&self) -> usize {
        self.only.len() + self.joined.len()
    }

    fn push(&mut self, data: Bytes) {
        if self.len() == 0 {
            self.only = data;
            return;
        }
        self.joined.extend_from_slice(&std::mem::take(&mut self.only));
        self.joined.extend_from_slice(&data);
    }

    fn into_bytes(self) -> Bytes {
        if self.joined.is_empty() { self.only } else { self.joined.into() }
    }
}
