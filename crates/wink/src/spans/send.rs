//! One span for each request, sent over OTLP as protobuf by HTTP. A span says which operation it was, what status it was answered
//! with, and the request's id: never a path, a person or a key.

use std::time::SystemTime;

use anyhow::Context as _;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{Span, SpanKind, Status, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, SpanData};
use wink_server::http::Operation;

/// Where a collector takes traces, below its base address.
const TRACES: &str = "v1/traces";

/// The header that says which trace a request belongs to (W3C Trace Context, section 3.2).
const TRACEPARENT: &str = "traceparent";

/// The traces of a running server.
pub(crate) struct Spans {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Spans {
    /// Begins to send to the collector at `endpoint`, in batches, from a thread of its own.
    pub(crate) fn start(endpoint: &str) -> anyhow::Result<Self> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/{TRACES}", endpoint.trim_end_matches('/')))
            .build()
            .with_context(|| format!("traces cannot be sent to `{endpoint}`"))?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder().with_service_name("wink").with_attribute(version).build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(Telling { exporter })
            .with_resource(resource)
            .build();
        let tracer = provider.tracer("wink");
        Ok(Self { provider, tracer })
    }

    /// Makes a span of everything the routes answer.
    pub(crate) fn around(&self, routes: Router) -> Router {
        routes.layer(from_fn_with_state(self.tracer.clone(), record))
    }

    /// Sends what is left. A collector that does not answer is not waited for longer than the library does.
    pub(crate) async fn stop(self) {
        let stopped = tokio::task::spawn_blocking(move || self.provider.shutdown()).await;
        if let Ok(Err(error)) = stopped {
            tracing::warn!(%error, "the last traces were not sent: {error}");
        }
    }
}

/// Says in the log when a batch cannot be sent: the library would say so in a log nobody reads.
#[derive(Debug)]
struct Telling {
    exporter: SpanExporter,
}

impl opentelemetry_sdk::trace::SpanExporter for Telling {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let many = batch.len();
        let sent = self.exporter.export(batch).await;
        if let Err(error) = &sent {
            tracing::warn!(%error, many, "traces of {many} requests were not sent: {error}");
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: std::time::Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// Runs a request and makes its span: until its answer begins, which for a stream is not until its end.
async fn record(State(tracer): State<SdkTracer>, request: Request, next: Next) -> Response {
    let parent = parent(request.headers());
    let began = SystemTime::now();
    let answer = next.run(request).await;
    let Some(operation) = answer.extensions().get::<&'static Operation>() else { return answer };
    let status = answer.status();
    let mut span = tracer
        .span_builder(operation.id)
        .with_kind(SpanKind::Server)
        .with_start_time(began)
        .start_with_context(&tracer, &parent);
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    if let Some(id) = answer.headers().get("x-request-id").and_then(|id| id.to_str().ok()) {
        span.set_attribute(KeyValue::new("wink.request_id", id.to_owned()));
    }
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
    span.end();
    answer
}

/// Reads which trace a request belongs to. Only that: `tracestate` and `baggage` hold whatever a client puts there.
fn parent(headers: &HeaderMap) -> Context {
    struct OnlyTheParent<'a>(&'a HeaderMap);

    impl Extractor for OnlyTheParent<'_> {
        fn get(&self, name: &str) -> Option<&str> {
            let is_parent = name.eq_ignore_ascii_case(TRACEPARENT);
            self.0.get(TRACEPARENT).filter(|_| is_parent).and_then(|value: &HeaderValue| value.to_str().ok())
        }

        fn keys(&self) -> Vec<&str> {
            vec![TRACEPARENT]
        }
    }

    // Not the context of this thread, which holds nothing of the request.
    TraceContextPropagator::new().extract_with_context(&Context::new(), &OnlyTheParent(headers))
}
