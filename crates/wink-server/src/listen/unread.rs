//! What a request brings and nobody reads: who is refused by their key alone has sent a body all the same.
//!
//! On HTTP/1.1 the next request stands behind it. So a small rest is read and thrown away before the answer goes out; where there is more, or it does not
//! come, the answer says that the connection ends. Otherwise a client that keeps its connections would send its next request into one that is being
//! closed, and not know whether it was carried out.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::timeout;

/// At most so many bytes are read to be thrown away: a refused batch of events, but no upload.
const BYTES_MAX: usize = 64 * 1024;

/// A rest that is on its way is here by then.
const COMES_WITHIN: Duration = Duration::from_millis(50);

/// Where a body goes that was dropped before its end.
#[derive(Clone, Default)]
pub(super) struct Left(Arc<Mutex<Option<Incoming>>>);

/// A request's body, which is left behind if nobody reads it to its end.
pub(super) struct SentBody {
    body: Option<Incoming>,
    left: Left,
}

impl SentBody {
    pub(super) fn new(body: Incoming, left: Left) -> Self {
        Self { body: Some(body), left }
    }
}

impl HttpBody for SentBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}

impl Drop for SentBody {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) {
            *self.left.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}

impl Left {
    /// Reads what is left of a body, if anything is; tells whether the next request can follow it. A client that `waits` to be asked for its body
    /// is not asked.
    pub(super) async fn read(&self, waits: bool) -> bool {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut body) = left else { return true };
        let most = u64::try_from(BYTES_MAX).unwrap_or(u64::MAX);
        if waits || most < body.size_hint().lower() {
            return false;
        }
        let to_the_end = async {
            let mut bytes = 0;
            while let Some(frame) =
                std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
            {
                let Ok(frame) = frame else { return false };
                bytes += frame.data_ref().map_or(0, Bytes::len);
                if BYTES_MAX < bytes {
                    return false;
                }
            }
            true
        };
        timeout(COMES_WITHIN, to_the_end).await.unwrap_or(false)
    }
}
