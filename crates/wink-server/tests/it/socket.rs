//! A server on a real socket, and clients that may misbehave byte by byte.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::routing::get;
use hyper::body::Frame;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use wink_server::listen::pace::Pace;
use wink_server::listen::{Drained, Settings, serve};

/// Far longer than anything takes: what hangs fails the test instead of stopping it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Limits that a test can wait for.
pub(crate) fn short() -> Settings {
    Settings {
        handshake_within: Duration::from_millis(200),
        head_within: Duration::from_millis(200),
        idle_within: Duration::from_millis(1_500),
        answer_pace: Pace { grace: Duration::from_millis(300), bytes_per_second: 64 << 20 },
        ..Settings::default()
    }
}

/// A server. It ends with the test at the latest.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Drained>,
    /// Says when an answer without an end is given up.
    pub(crate) given_up: mpsc::Receiver<()>,
}

impl Server {
    pub(crate) async fn open(settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopping) = oneshot::channel();
        let (give_up, given_up) = mpsc::channel(16);
        let stopped = async {
            stopping.await.ok();
        };
        let serving = tokio::spawn(serve(listener, routes(give_up), settings, stopped));
        Self { address, stop, serving, given_up }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Asks it to stop and waits until it has.
    pub(crate) async fn stop(self) -> Drained {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.serving).await.unwrap().unwrap()
    }
}

fn routes(give_up: mpsc::Sender<()>) -> Router {
    Router::new()
        .route("/", get(async || "fine"))
        .route("/from", get(async |ConnectInfo(from): ConnectInfo<SocketAddr>| from.to_string()))
        .route("/late", get(async || tokio::time::sleep(Duration::from_millis(600)).await))
        .route("/never", get(async || std::future::pending::<()>().await))
        .route("/panic", get(async || -> &str { panic!("as asked") }))
        .route("/endless", get(async move || Body::new(Endless { give_up })))
        .route("/patient", get(async || Body::new(Patient::default())))
}

/// A body that never ends.
struct Endless {
    give_up: mpsc::Sender<()>,
}

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[0; 64 << 10])))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.give_up.try_send(()).ok();
    }
}

/// A body of two parts, the second long after the first: events as they happen.
struct Patient {
    parts: u32,
    next: Pin<Box<tokio::time::Sleep>>,
}

impl Default for Patient {
    fn default() -> Self {
        Self { parts: 2, next: Box::pin(tokio::time::sleep(Duration::from_millis(1_000))) }
    }
}

impl HttpBody for Patient {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.parts == 1 && self.next.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        let part = (0 < self.parts).then(|| Ok(Frame::data(Bytes::from_static(b"part"))));
        self.parts = self.parts.saturating_sub(1);
        Poll::Ready(part)
    }
}

/// Asks on a connection that is kept, and reads one answer with a stated length.
pub(crate) async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), path: &str) -> String {
    let head = format!("GET {path} HTTP/1.1\r\nhost: wink\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    answer(stream).await
}

/// Reads one answer with a stated length.
pub(crate) async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut read = String::new();
    loop {
        let whole = read.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            length.unwrap().parse::<usize>().unwrap() <= body.len()
        });
        if whole {
            return read;
        }
        let byte = timeout(PATIENCE, stream.read_u8()).await.unwrap();
        read.push(char::from(byte.unwrap_or_else(|error| panic!("{error} after `{read}`"))));
    }
}

/// Reads until the server closes, and gives what came.
pub(crate) async fn until_closed(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut read = Vec::new();
    // A reset is as good as an end.
    let _reset = timeout(PATIENCE, stream.read_to_end(&mut read)).await.expect("the server closes it");
    read
}

/// HTTP/2 without help: a client that sends the frames it likes.
pub(crate) mod frames {
    use super::*;

    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const RESET: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GO_AWAY: u8 = 7;
    pub(crate) const CONTINUATION: u8 = 9;

    /// The first bytes of an indexed `:status: 200`.
    pub(crate) const STATUS_OK: u8 = 0x88;

    /// Begins a connection.
    pub(crate) async fn begin(stream: &mut (impl AsyncWrite + Unpin)) {
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    }

    pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
    }

    /// A GET of a path as a HEADERS frame that ends its stream; `more` follows as it is.
    pub(crate) fn get(stream: u32, path: &str, more: &[u8]) -> Vec<u8> {
        let path = [&[0x44, u8::try_from(path.len()).unwrap()], path.as_bytes()].concat();
        // GET, http, and an authority of four letters.
        let payload = [&[0x82, 0x86], &path[..], &[0x41, 4], b"wink", more].concat();
        frame(HEADERS, 0x5, stream, &payload)
    }

    /// Reads frames until one of this kind, and gives its stream and payload.
    pub(crate) async fn until(
        stream: &mut (impl AsyncRead + Unpin),
        kind: u8,
    ) -> std::io::Result<(u32, Vec<u8>)> {
        loop {
            let mut head = [0; 9];
            timeout(PATIENCE, stream.read_exact(&mut head)).await.unwrap()?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            timeout(PATIENCE, stream.read_exact(&mut payload)).await.unwrap()?;
            if head[3] == kind {
                return Ok((u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload));
            }
        }
    }
}
