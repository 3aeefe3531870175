//! Where connections come in, and how much of anything they may take. Knows no route and no shop.
//!
//! Every limit is for one connection or one request; how many requests run at a time is not decided here.

pub mod body;
pub mod pace;
pub mod tls;

mod connection;
mod places;
mod unpack;
mod unread;
mod watch;
mod watched;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch as told;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout};

use connection::{Shared, closed};
use pace::Pace;
use places::Places;

/// After an error that is the system's, such as no more files, the next connection is tried after this long: some that are open end
/// meanwhile, and trying at once would only burn the processor.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// As long as that lasts, it is told once in this time.
const TELL_AGAIN: Duration = Duration::from_secs(1);

/// The limits of connections.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Speaks TLS with this certificate; without it, plain HTTP.
    pub certificate: Option<Arc<tls::Certificate>>,
    /// Connections at a time, in all. One that is too many is closed at once.
    pub connections_max: usize,
    /// Connections at a time from one address, or one /64 network of IPv6.
    pub connections_by_address_max: usize,
    /// A TLS handshake must be done after this long.
    pub handshake_within: Duration,
    /// A request's head must be whole this long after its first byte, and the first one this long after the connection was opened.
    pub head_within: Duration,
    /// A connection without a request is closed after this long.
    pub idle_within: Duration,
    /// How fast answers must be taken, once the client's side is full.
    pub answer_pace: Pace,
    /// Bytes of a request's head; at least 8,192.
    pub head_bytes_max: usize,
    /// Headers of a request.
    pub headers_max: usize,
    /// Requests at a time on one connection of HTTP/2.
    pub streams_max: u32,
    /// Requests of HTTP/2 a client may take back before they are looked at; more end the connection.
    pub resets_max: usize,
    /// Bytes of an answer that wait for an HTTP/2 client.
    pub stream_buffer_bytes: usize,
    /// Bytes of an answer that wait in the system, beside those that are on their way.
    pub unsent_bytes_max: u32,
    /// A client that does not confirm what was sent to it is gone after this long.
    pub gone_within: Duration,
    /// An HTTP/2 client is asked this often whether it is still there.
    pub ping_every: Duration,
    /// It must say so within this long.
    pub pong_within: Duration,
    /// When asked to stop, requests get this long to finish.
    pub drain_within: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            certificate: None,
            // With 16 KiB of buffers each, 64 MiB at the worst; and far more than one server's requests need.
            connections_max: 4_096,
            // A shop's own servers and a proxy come from one address with some hundred; a single visitor needs a dozen.
            connections_by_address_max: 1_024,
            handshake_within: Duration::from_secs(10),
            // A head is one packet or two. Ten seconds forgive a phone that loses its network for a moment.
            head_within: Duration::from_secs(10),
            // Clients keep connections for 30 to 90 seconds; a new one costs them a round trip or three.
            idle_within: Duration::from_secs(60),
            answer_pace: Pace { grace: Duration::from_secs(10), bytes_per_second: 4 << 10 },
            // Browsers and proxies stay below 8 KiB, most servers stop there or at 16.
            head_bytes_max: 16 << 10,
            headers_max: 64,
            // What RFC 9113 advises at the least is 100.
            streams_max: 128,
            // Clients cancel, but not by the hundred before anybody could answer ("rapid reset", CVE-2023-44487).
            resets_max: 32,
            stream_buffer_bytes: 64 << 10,
            // What a fast line takes in a millisecond or five; left to itself, the system keeps megabytes for each slow reader.
            unsent_bytes_max: 64 << 10,
            // Longer than a phone needs from one network to the next; left to itself, the system tries for a quarter of an hour.
            gone_within: Duration::from_secs(30),
            ping_every: Duration::from_secs(20),
            pong_within: Duration::from_secs(10),
            // A request takes milliseconds, a client that stalls for ever.
            drain_within: Duration::from_secs(5),
        }
    }
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that had not finished when time was up, and were cut.
    pub cut: usize,
}

/// Serves the router until `stop` is ready, then lets requests finish.
///
/// A request finds the address it came from as `ConnectInfo<SocketAddr>`. Nothing a client does ends this, and no error of one
/// connection touches another.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    settings: Settings,
    stop: impl Future<Output = ()>,
) -> Drained {
    let places = Places::new(settings.connections_max, settings.connections_by_address_max);
    let (drain_within, certificate) = (settings.drain_within, settings.certificate.clone());
    let shared = Arc::new(Shared::new(router, settings));
    let (stop_all, stopped) = told::channel(());
    let mut connections = JoinSet::new();
    let mut renewing = std::pin::pin!(async {
        match certificate {
            Some(certificate) => certificate.keep_renewed().await,
            None => tls::heed_hang_ups().await,
        }
    });
    let mut door = Door { listener, told_at: None };
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            () = &mut renewing => {}
            Some(ended) = connections.join_next() => note(&ended),
            (stream, from) = door.accept() => match places.take(from.ip()) {
                Ok(place) => {
                    let connection = connection::serve(stream, from, shared.clone(), stopped.clone());
                    connections.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(full) => closed(full.name()),
            },
        }
    }
    drop((door, stop_all));
    let all_ended = async {
        while let Some(ended) = connections.join_next().await {
            note(&ended);
        }
    };
    let in_time = timeout(drain_within, all_ended).await;
    let cut = if in_time.is_ok() { 0 } else { connections.len() };
    connections.shutdown().await;
    Drained { cut }
}

/// Where connections come in.
struct Door {
    listener: TcpListener,
    /// When it was last told that none can.
    told_at: Option<Instant>,
}

impl Door {
    /// Accepts the next connection, whatever happens before.
    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
        loop {
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                // The client was gone before anybody looked.
                Err(error)
                    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {}
                Err(error) => {
                    if self.told_at.is_none_or(|told| TELL_AGAIN <= told.elapsed()) {
                        self.told_at = Some(Instant::now());
                        tracing::warn!(%error, "no connection can be accepted: {error}");
                    }
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            }
        }
    }
}

/// Notes a connection whose task came to grief. The others never notice.
fn note(ended: &Result<(), JoinError>) {
    if let Err(error) = ended {
        closed("panicked");
        tracing::error!(%error, "a connection ended in a panic: {error}");
    }
}
