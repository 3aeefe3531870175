//! What a body may be: packed in one of the known ways, whole, not too large, not too slow. Bombs cost what the limit costs.

use std::collections::VecDeque;
use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, HeaderValue, header};
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;
use wink_server::listen::body::{Error, Limits, read};
use wink_server::listen::pace::Pace;

const TEXT: &[u8] = b"hello hello hello hello\n";

/// `TEXT` by the reference encoder; nothing here writes Brotli.
const BROTLI: &str = "1b1700f88d946ede445586d60a206c6f4a1179e280ae16";

/// The same with a window of 2 to the 30th bytes, which RFC 7932 does not know.
const BROTLI_LARGE_WINDOW: &str = "115e5c00e03752ba791355195a2b80b0bd2945e4890374b500";

/// 9 MiB of zeros.
const BROTLI_BOMB: &str = "cbffff3ff82700e2b14020f7feaffeff1fff04401c1601e8de3f00";

/// A frame with no data that asks for a window of 2 GiB.
const ZSTD_WIDE: &str = "28b52ffd00a8010000";

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// There is room for everything.
fn enough(_: usize) -> bool {
    true
}

fn encoded(names: &[&'static str]) -> HeaderMap {
    names.iter().map(|name| (header::CONTENT_ENCODING, HeaderValue::from_static(name))).collect()
}

async fn unpacked(name: &'static str, body: Vec<u8>) -> Result<Bytes, Error> {
    read(Body::from(body), &encoded(&[name]), &Limits::default(), enough).await
}

#[tokio::test]
async fn a_body_is_the_same_however_it_is_packed() {
    let twice = [gzip(&TEXT[..10]), gzip(&TEXT[10..])].concat();
    let frames = [zstd(&TEXT[..10]), zstd(&TEXT[10..])].concat();
    let table = [
        ("identity", TEXT.to_vec()),
        ("", TEXT.to_vec()),
        ("gzip", gzip(TEXT)),
        ("GZip", gzip(TEXT)),
        ("gzip", twice),
        ("deflate", deflate(TEXT)),
        ("br", hex(BROTLI)),
        ("zstd", zstd(TEXT)),
        ("zstd", frames),
    ];
    for (name, body) in table {
        assert_eq!(unpacked(name, body).await.as_deref(), Ok(TEXT), "{name}");
    }
}

#[tokio::test]
async fn a_full_body_of_events_may_be_packed() {
    let event = |n: u32| {
        format!("{{\"message_id\":\"{n:08x}\",\"name\":\"Product Viewed\",\"sku\":\"{}\"}},", n * 7_919)
    };
    let text: String = (0..60_000).map(event).collect();
    for (name, body) in [("gzip", gzip(text.as_bytes())), ("zstd", zstd(text.as_bytes()))] {
        assert!(body.len() < 1 << 20, "{name}: {} bytes", body.len());
        assert!(unpacked(name, body).await.unwrap() == text.as_bytes(), "{name}");
    }
}

#[tokio::test]
async fn what_is_damaged_cut_short_or_followed_by_more_is_refused() {
    let packed =
        [("gzip", gzip(TEXT)), ("deflate", deflate(TEXT)), ("br", hex(BROTLI)), ("zstd", zstd(TEXT))];
    for (name, body) in packed {
        for kept in 0..body.len() {
            let cut = unpacked(name, body[..kept].to_vec()).await;
            assert_eq!(cut, Err(Error::Damaged(name)), "cut to {kept}");
        }
        let more = [body.clone(), b"more".to_vec()].concat();
        assert_eq!(unpacked(name, more).await, Err(Error::Damaged(name)), "{name} with something behind it");
        assert_eq!(unpacked(name, TEXT.to_vec()).await, Err(Error::Damaged(name)), "{name} that is none");
    }
    let mut wrong_sum = gzip(TEXT);
    let sum = wrong_sum.len() - 8;
    wrong_sum[sum] ^= 1;
    assert_eq!(unpacked("gzip", wrong_sum).await, Err(Error::Damaged("gzip")));
}

#[tokio::test]
async fn a_packing_nobody_knows_or_two_of_them_are_refused() {
    let table: [&[&'static str]; 5] =
        [&["compress"], &["aws-chunked"], &["gzip, gzip"], &["gzip", "br"], &["identity", "gzip"]];
    for names in table {
        let answer = read(Body::from(gzip(TEXT)), &encoded(names), &Limits::default(), enough).await;
        assert_eq!(answer, Err(Error::EncodingUnknown(names.join(", "))), "{names:?}");
    }
    // Packed twice and called packed once: what comes out is still packed, and small.
    assert_eq!(unpacked("gzip", gzip(&gzip(TEXT))).await.as_deref(), Ok(gzip(TEXT).as_slice()));
}

#[tokio::test]
async fn bombs_end_at_their_limit() {
    let zeros = vec![0; 9 << 20];
    for (name, body) in [
        ("gzip", gzip(&zeros)),
        ("deflate", deflate(&zeros)),
        ("br", hex(BROTLI_BOMB)),
        ("zstd", zstd(&zeros)),
        ("gzip", gzip(&zeros).repeat(64)),
    ] {
        let bytes_max = ((64 << 10) + 20 * body.len()).min(8 << 20);
        assert_eq!(unpacked(name, body).await, Err(Error::UnpacksTooLarge { bytes_max }), "{name}");
    }
    // Too much even though it packs badly.
    let mut noise = 1_u64;
    let mut random = std::iter::repeat_with(|| {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        u8::try_from(noise >> 60).unwrap()
    });
    let large: Vec<u8> = random.by_ref().take((8 << 20) + 1).collect();
    let limits = Limits { bytes_max: 8 << 20, ..Limits::default() };
    let answer = read(Body::from(gzip(&large)), &encoded(&["gzip"]), &limits, enough).await;
    assert_eq!(answer, Err(Error::UnpacksTooLarge { bytes_max: 8 << 20 }));
}

#[tokio::test]
async fn a_dozen_bytes_get_no_gigabyte_and_a_thousand_members_no_thousand_windows() {
    assert_eq!(unpacked("br", hex(BROTLI_LARGE_WINDOW)).await, Err(Error::Damaged("br")));
    assert_eq!(unpacked("zstd", hex(ZSTD_WIDE)).await, Err(Error::Damaged("zstd")));
    let few = gzip(b"").repeat(64);
    assert_eq!(unpacked("gzip", few).await.as_deref(), Ok(&b""[..]));
    let many = gzip(b"").repeat(1_000);
    assert_eq!(unpacked("gzip", many).await, Err(Error::Damaged("gzip")));
}

/// A body in pieces, each after a wait. It tells whether anybody asked for one.
struct Pieces {
    announced: Option<u64>,
    pieces: VecDeque<Result<Bytes, std::io::Error>>,
    wait: Duration,
    next: Pin<Box<tokio::time::Sleep>>,
}

impl Pieces {
    fn new(pieces: Vec<Result<Bytes, std::io::Error>>, wait: Duration) -> Self {
        Self { announced: None, pieces: pieces.into(), wait, next: Box::pin(tokio::time::sleep(wait)) }
    }
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        assert_eq!(self.announced, None, "what announces itself as too large is not read");
        if self.next.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        let again = Instant::now() + self.wait;
        self.next.as_mut().reset(again);
        Poll::Ready(self.pieces.pop_front().map(|piece| piece.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        self.announced.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

fn bytes(count: usize) -> Result<Bytes, std::io::Error> {
    Ok(Bytes::from(vec![b'x'; count]))
}

#[tokio::test]
async fn what_is_too_large_is_refused_unread_if_it_says_so_and_at_the_limit_if_not() {
    let limits = Limits { bytes_max: 1_000, ..Limits::default() };
    let mut announced = Pieces::new(vec![bytes(1_001)], Duration::ZERO);
    announced.announced = Some(1_001);
    let table = [
        (announced, Err(Error::TooLarge { bytes_max: 1_000 })),
        (
            Pieces::new(vec![bytes(600), bytes(401)], Duration::ZERO),
            Err(Error::TooLarge { bytes_max: 1_000 }),
        ),
        (Pieces::new(vec![bytes(600), bytes(400)], Duration::ZERO), Ok(1_000)),
        (
            Pieces::new(vec![bytes(600), Err(std::io::ErrorKind::ConnectionReset.into())], Duration::ZERO),
            Err(Error::CutOff),
        ),
    ];
    let waits = HeaderMap::from_iter([(header::EXPECT, HeaderValue::from_static("100-continue"))]);
    for (body, expected) in table {
        let answer = read(Body::new(body), &waits, &limits, enough).await;
        assert_eq!(answer.map(|body| body.len()), expected);
    }
}

#[tokio::test]
async fn what_is_too_large_and_on_its_way_is_thrown_away_for_a_moment() {
    let limits = Limits { bytes_max: 1_000, ..Limits::default() };
    let too_large = Err(Error::TooLarge { bytes_max: 1_000 });
    let read_to_its_end = Arc::new(AtomicUsize::new(0));
    let counts = read_to_its_end.clone();
    let pieces = (0..100).map(move |_| {
        counts.fetch_add(1, Ordering::SeqCst);
        bytes(1_000)
    });
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    assert_eq!(read(body, &HeaderMap::new(), &limits, enough).await.map(|body| body.len()), too_large);
    assert_eq!(read_to_its_end.load(Ordering::SeqCst), 100);
    let began = Instant::now();
    let endless = Pieces::new((0..10_000).map(|_| bytes(1_000)).collect(), Duration::from_millis(20));
    assert_eq!(
        read(Body::new(endless), &HeaderMap::new(), &limits, enough).await.map(|body| body.len()),
        too_large
    );
    assert!(began.elapsed() < Duration::from_secs(20), "not read for ever");
}

#[tokio::test]
async fn a_body_that_drips_is_given_up_and_one_that_only_takes_long_is_not() {
    let pace = Pace { grace: Duration::from_millis(100), bytes_per_second: 1_000 };
    let limits = Limits { pace, ..Limits::default() };
    let every = Duration::from_millis(20);
    let drip = Pieces::new((0..1_000).map(|_| bytes(1)).collect(), every);
    let began = Instant::now();
    assert_eq!(read(Body::new(drip), &HeaderMap::new(), &limits, enough).await, Err(Error::TooSlow));
    assert!(began.elapsed() < every * 1_000 / 2, "not read to its end");
    let steady = Pieces::new((0..20).map(|_| bytes(1_000)).collect(), every);
    let answer = read(Body::new(steady), &HeaderMap::new(), &limits, enough).await;
    assert_eq!(answer.map(|body| body.len()), Ok(20_000));
}

#[tokio::test]
async fn what_there_is_no_room_for_is_refused_when_it_comes_and_not_when_it_is_announced() {
    let zeros = vec![0; 60 << 10];
    for (name, body, needed) in [("identity", zeros.clone(), 60 << 10), ("gzip", gzip(&zeros), 64 << 10)] {
        let most = |limit: usize| {
            let mut asked = 0;
            move |bytes: usize| {
                asked += bytes;
                asked <= limit
            }
        };
        let (headers, limits) = (encoded(&[name]), Limits::default());
        let packed = if name == "identity" { 0 } else { body.len() };
        let enough = read(Body::from(body.clone()), &headers, &limits, most(packed + needed)).await;
        assert_eq!(enough.as_deref(), Ok(&zeros[..]), "{name}");
        let scarce = read(Body::from(body), &headers, &limits, most(packed + needed - 1)).await;
        assert_eq!(scarce, Err(Error::NoRoom), "{name}");
    }
}
