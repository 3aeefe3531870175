//! One connection, from its handshake to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, EXPECT, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt;

use super::Settings;
use super::unread::{Left, SentBody};
use super::watch::{Late, Patience, Watch};
use super::watched::{UnderWay, WatchedBody, WatchedStream};

/// When the server stops, a connection without a request is closed after this long: enough for the word that it ends, and for a
/// request that was on its way already.
const LINGER: Duration = Duration::from_millis(100);

/// What all connections share.
pub(super) struct Shared {
    router: Router,
    settings: Settings,
    patience: Patience,
    builder: Builder<TokioExecutor>,
}

impl Shared {
    pub(super) fn new(router: Router, settings: Settings) -> Self {
        let patience =
            Patience { head: settings.head_within, idle: settings.idle_within, answer: settings.answer_pace };
        Self { router, patience, builder: builder(&settings), settings }
    }
}

fn builder(settings: &Settings) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        // Ours knows when a head really begins.
        .header_read_timeout(None)
        .max_headers(settings.headers_max)
        // What a head must fit into. Bodies pass through in pieces of this size.
        .max_buf_size(settings.head_bytes_max);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(settings.streams_max)
        .max_header_list_size(u32::try_from(settings.head_bytes_max).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(settings.resets_max)
        .max_local_error_reset_streams(settings.resets_max)
        .max_send_buf_size(settings.stream_buffer_bytes)
        .keep_alive_interval(settings.ping_every)
        .keep_alive_timeout(settings.pong_within);
    builder
}

/// Serves a connection until it ends, is late, or the server has stopped and its requests are answered.
pub(super) async fn serve(stream: TcpStream, from: SocketAddr, shared: Arc<Shared>, stop: Receiver<()>) {
    prepare(&stream, &shared.settings);
    let watch = Arc::new(Watch::new(Instant::now()));
    let stream = WatchedStream::new(stream, watch.clone());
    let Some(certificate) = &shared.settings.certificate else {
        return talk(stream, from, &shared, &watch, stop).await;
    };
    match timeout(shared.settings.handshake_within, certificate.acceptor().accept(stream)).await {
        Ok(Ok(stream)) => {
            watch.opened(Instant::now());
            talk(stream, from, &shared, &watch, stop).await;
        }
        Ok(Err(_)) => closed("handshake_failed"),
        Err(_) => closed("handshake_slow"),
    }
}

/// Tells the system how to treat a connection. What it refuses stays as systems have it: slower, or longer.
fn prepare(stream: &TcpStream, settings: &Settings) {
    let socket = SockRef::from(stream);
    // Answers are small and whole when they are written: there is nothing to wait for.
    let _slower = socket.set_tcp_nodelay(true);
    #[cfg(target_os = "linux")]
    let _longer = (
        socket.set_tcp_notsent_lowat(settings.unsent_bytes_max),
        socket.set_tcp_user_timeout(Some(settings.gone_within)),
    );
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    from: SocketAddr,
    shared: &Shared,
    watch: &Arc<Watch>,
    mut stop: Receiver<()>,
) {
    let headers_max = shared.settings.headers_max;
    let service =
        service_fn(|request| answer(request, from, headers_max, shared.router.clone(), watch.clone()));
    let mut connection = Box::pin(shared.builder.serve_connection(TokioIo::new(stream), service));
    let late = tokio::select! {
        // An error here is the client's: it went away, or speaks something else. It was told what can be told.
        _ended = connection.as_mut() => return,
        late = watch.late(&shared.patience) => Some(late),
        _ = stop.changed() => None,
    };
    if let Some(late) = late {
        closed(late.name());
        if late != Late::Idle {
            return;
        }
    }
    // Says that it ends, which HTTP/2 can, then lets requests finish. Who has none has no reason to stay.
    connection.as_mut().graceful_shutdown();
    let hurried = Patience { head: LINGER, idle: LINGER, ..shared.patience };
    tokio::select! {
        _ended = connection => {}
        _late = async { sleep(LINGER).await; watch.late(&hurried).await } => {}
    }
}

async fn answer(
    mut request: Request<Incoming>,
    from: SocketAddr,
    headers_max: usize,
    router: Router,
    watch: Arc<Watch>,
) -> Result<Response<WatchedBody>, Infallible> {
    let is_http2 = request.version() == Version::HTTP_2;
    let under_way = UnderWay::begin(&watch, is_http2);
    // On HTTP/1 nobody sees such a request.
    if is_http2 && headers_max < request.headers().len() {
        let mut response = Response::new(WatchedBody::new(Body::empty(), under_way));
        *response.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Ok(response);
    }
    request.extensions_mut().insert(ConnectInfo(from));
    // There a stream ends by itself, and a request without a body leaves none.
    let response = if is_http2 || request.body().is_end_stream() {
        router.oneshot(request).await?
    } else {
        let waits = request.headers().contains_key(EXPECT);
        let left = Left::default();
        let mut response = router.oneshot(request.map(|body| SentBody::new(body, left.clone()))).await?;
        if !left.read(waits).await {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    };
    Ok(response.map(|body| WatchedBody::new(body, under_way)))
}

/// Counts a connection that was closed for a reason.
pub(super) fn closed(why: &'static str) {
    metrics::counter!("wink_connections_closed_total", "why" => why).increment(1);
}
