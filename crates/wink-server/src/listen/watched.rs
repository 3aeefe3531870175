//! A socket, and an answer's body, that report what happens to them. They change no byte and wait for nothing.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::watch::Watch;

/// A socket that tells its watch what comes and goes. It lies below TLS, so that handshakes and records count too.
pub(super) struct WatchedStream {
    stream: TcpStream,
    watch: Arc<Watch>,
}

impl WatchedStream {
    pub(super) fn new(stream: TcpStream, watch: Arc<Watch>) -> Self {
        Self { stream, watch }
    }

    fn report(&self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Pending => self.watch.held_back(Instant::now()),
            Poll::Ready(Ok(bytes)) => self.watch.went(*bytes),
            Poll::Ready(Err(_)) => {}
        }
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, into))?;
        if before < into.filled().len() {
            self.watch.came(Instant::now());
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.report(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.report(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Whoever writes flushes when they have nothing more, so this is where a backlog ends.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.watch.emptied();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A request that is being answered; it ends when this is dropped.
pub(super) struct UnderWay {
    watch: Arc<Watch>,
    number: u64,
}

impl UnderWay {
    pub(super) fn begin(watch: &Arc<Watch>, multiplexed: bool) -> Self {
        metrics::gauge!("wink_answers_under_way").increment(1);
        Self { watch: watch.clone(), number: watch.begun(multiplexed) }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        metrics::gauge!("wink_answers_under_way").decrement(1);
        self.watch.ended(self.number, Instant::now());
    }
}

/// An answer's body that keeps its request under way until it was taken.
pub(super) struct WatchedBody {
    body: Body,
    since: Instant,
    bytes: usize,
    request: UnderWay,
}

impl WatchedBody {
    pub(super) fn new(body: Body, request: UnderWay) -> Self {
        let since = Instant::now();
        request.watch.offered(request.number, since, 0);
        Self { body, since, bytes: 0, request }
    }
}

impl HttpBody for WatchedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let UnderWay { watch, number } = &self.request;
        match &polled {
            Poll::Pending => watch.awaited(*number),
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = self.bytes + frame.data_ref().map_or(0, Bytes::len);
                watch.offered(*number, self.since, bytes);
                self.bytes = bytes;
            }
            Poll::Ready(_) => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
