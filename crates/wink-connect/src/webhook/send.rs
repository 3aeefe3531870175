//! One POST to one receiver: the name is looked up once, every address is looked at, and the connection goes to an address that was.
//! Follows no redirect, uses no proxy, keeps no answer.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{self, HeaderMap};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::{Reach, Refusal, Target, check};

/// A connection that is not there after this long will not come: three tries of a lost first packet take 3 s.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// From looking the name up to the end of the answer. Standard Webhooks suggests 15 to 30 s.
const DONE_WITHIN: Duration = Duration::from_secs(15);

/// Of an answer's body this much is read, so that a receiver that says a word is not cut off; and thrown away.
const ANSWER_BYTES_MAX: usize = 64 * 1_024;

/// What the receiver sees as our name.
const USER_AGENT: &str = concat!("wink/", env!("CARGO_PKG_VERSION"));

/// Looks names up. An argument, so that a test can answer differently every time.
pub trait Resolve: Send + Sync + 'static {
    /// Finds the addresses of a name.
    fn resolve(&self, host: &str, port: u16) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send;
}

/// The system's resolver.
#[derive(Clone, Copy, Debug)]
pub struct SystemNames;

impl Resolve for SystemNames {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.collect())
    }
}

/// A message on its way.
#[derive(Clone, Debug)]
pub struct Call {
    /// Where to.
    pub url: String,
    /// The message's id, the same at every attempt.
    pub id: String,
    /// The time of this attempt, in seconds since the Unix epoch: receivers refuse what is more than five minutes off.
    pub timestamp_s: i64,
    /// The `webhook-signature` header.
    pub signature: String,
    /// The body that was signed.
    pub body: Vec<u8>,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took it.
    Delivered {
        /// With which status.
        status: u16,
    },
    /// The receiver wants no more of these: 410.
    Gone,
    /// Not taken; another attempt may go better.
    Retry {
        /// Why, in words for the shop's developer.
        why: String,
        /// How long the receiver asked to be left alone.
        after: Option<Duration>,
    },
    /// Not called at all, and never will be.
    Refused(Refusal),
}

/// How messages are sent.
pub struct Sender<R> {
    reach: Reach,
    names: R,
    tls: TlsConnector,
}

impl Sender<SystemNames> {
    /// Makes a sender that trusts the certificate authorities browsers trust.
    ///
    /// # Errors
    /// If the cryptography library offers none of the protocol versions that are safe.
    pub fn new(reach: Reach) -> Result<Self, rustls::Error> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        Self::with(reach, SystemNames, roots)
    }
}

impl<R: Resolve> Sender<R> {
    /// Makes a sender with its own way to look names up, and its own certificate authorities.
    ///
    /// # Errors
    /// If the cryptography library offers none of the protocol versions that are safe.
    pub fn with(reach: Reach, names: R, roots: RootCertStore) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { reach, names, tls: TlsConnector::from(Arc::new(config)) })
    }

    /// How far it reaches.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// Makes one attempt.
    pub async fn send(&self, call: Call) -> Outcome {
        match timeout(DONE_WITHIN, self.attempt(call)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(Stopped::Refused(refusal))) => Outcome::Refused(refusal),
            Ok(Err(Stopped::Failed(why))) => Outcome::Retry { why, after: None },
            Err(_) => Outcome::Retry { why: "no answer within 15 s".to_owned(), after: None },
        }
    }

    async fn attempt(&self, call: Call) -> Result<Outcome, Stopped> {
        let target = Target::new(&call.url, self.reach).map_err(Stopped::Refused)?;
        let found = self.look_up(&target).await?;
        let stream = connect(&found).await?;
        let timestamp_s = call.timestamp_s;
        let request = request(call, &target)?;
        if !target.is_secure() {
            return exchange(stream, request, timestamp_s).await;
        }
        let host = target.host().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host).map_err(|_| Stopped::failed("the name fits no certificate"))?;
        let stream = self.tls.connect(name, stream).await;
        exchange(stream.map_err(|error| Stopped::failed(format!("no TLS: {error}")))?, request, timestamp_s)
            .await
    }

    /// Looks the name up, once. What is checked here is what is connected to: a second answer is never asked for.
    async fn look_up(&self, target: &Target) -> Result<Vec<SocketAddr>, Stopped> {
        let found = match target.literal() {
            Some(address) => vec![SocketAddr::new(address, target.port())],
            None => self
                .names
                .resolve(target.host(), target.port())
                .await
                .map_err(|error| Stopped::failed(format!("the name was not found: {error}")))?,
        };
        match check(&found, self.reach) {
            Ok(()) => Ok(found),
            // A name that lost its address may have it again tomorrow.
            Err(Refusal::NoAddress) => Err(Stopped::failed(Refusal::NoAddress)),
            Err(refusal) => Err(Stopped::Refused(refusal)),
        }
    }
}

/// Why an attempt ended early.
enum Stopped {
    Refused(Refusal),
    Failed(String),
}

impl Stopped {
    fn failed(why: impl ToString) -> Self {
        Self::Failed(why.to_string())
    }
}

/// Connects to the first address that answers.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Stopped> {
    let mut why = "there is no address".to_owned();
    for address in addresses {
        match timeout(CONNECT_WITHIN, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => why = format!("no connection: {error}"),
            Err(_) => why = "no connection within 5 s".to_owned(),
        }
    }
    Err(Stopped::Failed(why))
}

fn request(call: Call, target: &Target) -> Result<Request<Full<Bytes>>, Stopped> {
    Request::post(target.path())
        .header(header::HOST, target.authority())
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .header("webhook-id", call.id)
        .header("webhook-timestamp", call.timestamp_s)
        .header("webhook-signature", call.signature)
        .body(Full::new(Bytes::from(call.body)))
        .map_err(Stopped::failed)
}

async fn exchange<T>(stream: T, request: Request<Full<Bytes>>, timestamp_s: i64) -> Result<Outcome, Stopped>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| Stopped::failed(format!("the connection broke: {error}"));
    let (mut requests, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // Ends with this call, whichever way the call ends.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let response = requests.send_request(request).await.map_err(broken)?;
    let outcome = judge(&response, timestamp_s);
    // The status decides. A body that is too long or breaks off changes nothing.
    Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await.ok();
    Ok(outcome)
}

/// Only 2xx is taken. A redirect is not followed: what was checked is the URL, not where it leads.
fn judge(response: &Response<Incoming>, timestamp_s: i64) -> Outcome {
    match response.status() {
        status if status.is_success() => Outcome::Delivered { status: status.as_u16() },
        StatusCode::GONE => Outcome::Gone,
        status => {
            let why = match status.is_redirection() {
                true => format!("answered {}: a redirect is not followed", status.as_u16()),
                false => format!("answered {}", status.as_u16()),
            };
            Outcome::Retry { why, after: retry_after(response.headers(), timestamp_s) }
        }
    }
}

/// Reads `retry-after`: seconds, or a date.
fn retry_after(headers: &HeaderMap, timestamp_s: i64) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let now = UNIX_EPOCH + Duration::from_secs(u64::try_from(timestamp_s).ok()?);
    httpdate::parse_http_date(text).ok()?.duration_since(now).ok()
}
