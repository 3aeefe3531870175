//! Unpacks what came packed, in small steps and never further than its limit: a bomb costs what the limit costs.

use std::io::{self, Read};

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::bufread::{GzDecoder, ZlibDecoder};

use super::body::Error;

/// Every packed body may unpack to this much: small ones pack best, and it is little.
const FREE_BYTES: usize = 64 << 10;

/// Beyond that, one packed byte gives at most this many. Events as JSON give 8 to 15; bombs live from a thousand and more.
const RATIO_MAX: usize = 20;

/// Gzip may be several members one after another, and some tools write it so. Each costs a new window, however small it is.
const GZIP_MEMBERS_MAX: usize = 64;

/// 2 to the 23rd is 8 MiB, what RFC 9659 asks every decoder of `Content-Encoding: zstd` to take, and none to exceed.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// After so many bytes other requests get their turn: unpacking never waits, so nothing else would give it to them.
const STEP_BYTES: usize = 64 << 10;

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Encoding {
    /// Reads it off the headers. Two encodings are refused like an unknown one: no honest client packs what is packed.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Error> {
        let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
        let Some(value) = values.next() else { return Ok(Self::Identity) };
        let name = String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase();
        match (name.as_str(), values.next()) {
            ("" | "identity", None) => Ok(Self::Identity),
            ("gzip" | "x-gzip", None) => Ok(Self::Gzip),
            ("deflate", None) => Ok(Self::Deflate),
            ("br", None) => Ok(Self::Brotli),
            ("zstd", None) => Ok(Self::Zstd),
            (_, None) => Err(Error::EncodingUnknown(name)),
            (_, Some(second)) => {
                Err(Error::EncodingUnknown(format!("{name}, {}", String::from_utf8_lossy(second.as_bytes()))))
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

/// Unpacks to at most `bytes_max` bytes, and to no more than so much packed data gives honestly.
pub(super) async fn unpack(
    encoding: Encoding,
    packed: &[u8],
    bytes_max: usize,
    room: &mut (impl FnMut(usize) -> bool + Send),
) -> Result<Bytes, Error> {
    let honest = FREE_BYTES.saturating_add(packed.len().saturating_mul(RATIO_MAX));
    let mut unpacked = Unpacked { bytes: Vec::new(), bytes_max: bytes_max.min(honest), room, full: false };
    let mut rest = packed;
    let read = match encoding {
        Encoding::Identity => unpacked.drain(&mut rest).await,
        Encoding::Gzip => unpacked.drain_members(&mut rest).await,
        Encoding::Deflate => unpacked.drain(&mut ZlibDecoder::new(&mut rest)).await,
        Encoding::Brotli => unpacked.drain(&mut Brotli::new(&mut rest)).await,
        Encoding::Zstd => match zstd_frames(&mut rest) {
            Ok(mut frames) => unpacked.drain(&mut frames).await,
            Err(error) => Err(error),
        },
    };
    let whole = read.is_ok() && rest.is_empty();
    match unpacked {
        Unpacked { full: true, .. } => Err(Error::NoRoom),
        Unpacked { bytes, bytes_max, .. } if bytes_max < bytes.len() => {
            Err(Error::UnpacksTooLarge { bytes_max })
        }
        _ if !whole => Err(Error::Damaged(encoding.name())),
        Unpacked { bytes, .. } => Ok(bytes.into()),
    }
}

/// What came out so far: at most one byte more than it may, which says that there is more.
struct Unpacked<'a, R> {
    bytes: Vec<u8>,
    bytes_max: usize,
    room: &'a mut R,
    full: bool,
}

impl<R: FnMut(usize) -> bool + Send> Unpacked<'_, R> {
    async fn drain(&mut self, source: &mut (impl Read + Send)) -> io::Result<()> {
        while self.bytes.len() <= self.bytes_max {
            let step = STEP_BYTES.min(self.bytes_max - self.bytes.len() + 1);
            self.full = !(self.room)(step);
            if self.full {
                return Err(io::ErrorKind::OutOfMemory.into());
            }
            let limit = u64::try_from(step).unwrap_or(u64::MAX);
            if source.by_ref().take(limit).read_to_end(&mut self.bytes)? < step {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn drain_members(&mut self, rest: &mut &[u8]) -> io::Result<()> {
        for _ in 0..GZIP_MEMBERS_MAX {
            self.drain(&mut GzDecoder::new(&mut *rest)).await?;
            if rest.is_empty() || self.bytes_max < self.bytes.len() {
                break;
            }
        }
        Ok(())
    }
}

fn zstd_frames<'a, 'b>(
    rest: &'a mut &'b [u8],
) -> io::Result<zstd::stream::read::Decoder<'static, &'a mut &'b [u8]>> {
    let mut frames = zstd::stream::read::Decoder::with_buffer(rest)?;
    frames.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(frames)
}

/// Brotli as RFC 7932 has it, with windows up to 16 MiB. The library's own reader takes "large window" streams too, in which a
/// dozen bytes ask for a gigabyte.
struct Brotli<'a, 'b> {
    rest: &'a mut &'b [u8],
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
}

impl<'a, 'b> Brotli<'a, 'b> {
    fn new(rest: &'a mut &'b [u8]) -> Self {
        let memory = StandardAlloc::default;
        Self { rest, state: Box::new(BrotliState::new_strict(memory(), memory(), memory())) }
    }
}

impl Read for Brotli<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (mut left, mut consumed) = (self.rest.len(), 0);
        let (mut room, mut written, mut written_in_all) = (into.len(), 0, 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut consumed,
            self.rest,
            &mut room,
            &mut written,
            into,
            &mut written_in_all,
            &mut self.state,
        );
        *self.rest = self.rest.get(consumed..).unwrap_or_default();
        match result {
            BrotliResult::ResultSuccess | BrotliResult::NeedsMoreOutput => Ok(written),
            BrotliResult::NeedsMoreInput if 0 < written => Ok(written),
            BrotliResult::NeedsMoreInput => Err(io::ErrorKind::UnexpectedEof.into()),
            BrotliResult::ResultFailure => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}
