//! What was begun is finished, whether or not the client waits for it; and a panic in it ends nothing else.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use tokio::runtime::Handle;

/// How work ends that may panic.
type Ended<T> = Result<T, Box<dyn Any + Send>>;

/// Work that is done where it is waited for, which costs no task; dropped before its end, it goes on as a task.
pub(super) struct ToTheEnd<T: Send + 'static>(Option<Pin<Box<dyn Future<Output = Ended<T>> + Send>>>);

impl<T: Send> ToTheEnd<T> {
    /// Prepares work. It begins when it is waited for, or dropped.
    pub(super) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        // What a panic leaves half done is the request's own: everything shared is either in the store or behind a lock of its own.
        Self(Some(Box::pin(AssertUnwindSafe(work).catch_unwind())))
    }
}

impl<T: Send> Future for ToTheEnd<T> {
    type Output = Ended<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended<T>> {
        let Some(work) = &mut self.0 else { return Poll::Pending };
        let ended = ready!(work.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(ended)
    }
}

impl<T: Send> Drop for ToTheEnd<T> {
    fn drop(&mut self) {
        if let (Some(work), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            drop(runtime.spawn(work));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_any_more_is_finished() {
        let (go, gone) = oneshot::channel();
        let (done, finished) = oneshot::channel();
        let work = ToTheEnd::new(async move {
            gone.await.unwrap();
            done.send("finished").unwrap();
        });
        assert!(timeout(Duration::from_millis(10), work).await.is_err());
        go.send(()).unwrap();
        assert_eq!(finished.await, Ok("finished"));
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_and_no_end() {
        let panicked = ToTheEnd::new(async { panic!("in one request") }).await;
        assert!(panicked.is_err());
        assert_eq!(ToTheEnd::new(async { 7 }).await.ok(), Some(7));
    }
}
