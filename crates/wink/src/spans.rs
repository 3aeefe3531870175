//! Traces of requests for OpenTelemetry, where Wink was built with the feature `otel`. In other builds nothing of it is there.

#[cfg(feature = "otel")]
mod send;

#[cfg(feature = "otel")]
pub(crate) use send::Spans;

#[cfg(not(feature = "otel"))]
pub(crate) use without::Spans;

#[cfg(not(feature = "otel"))]
mod without {
    use axum::Router;

    /// What a build without OpenTelemetry has in the place of traces: nothing, and a word about it to whoever asks for them.
    pub(crate) enum Spans {}

    impl Spans {
        /// Refuses, because there is nothing to send with.
        pub(crate) fn start(endpoint: &str) -> anyhow::Result<Self> {
            anyhow::bail!(
                "this wink cannot send traces to {endpoint}; build it with `cargo build --release -p wink --features otel`"
            )
        }

        /// Adds nothing.
        pub(crate) fn around(&self, _: Router) -> Router {
            match *self {}
        }

        /// Has nothing to send.
        pub(crate) async fn stop(self) {
            match self {}
        }
    }
}
