//! Commands about a store that may be in use. Whoever may write in its directory runs the installation, so they need no key: while a server
//! has the store, it answers on a socket in that directory; else the command opens the store and asks the same routes itself.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use axum::body::Body;
use axum::extract::Extension;
use axum::http::request::Builder;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use serde_json::Value as Json;
use tokio::net::{UnixListener, UnixStream};
use tower::ServiceExt;
use wink_server::http::{AtTheMachine, Conduct, routes};

use crate::{home, terminal};

/// The socket, beside the key file.
pub(crate) const SOCKET: &str = "wink.sock";

/// A server's own socket; gone when dropped.
pub(crate) struct Listening {
    path: PathBuf,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.server.abort();
        std::fs::remove_file(&self.path).ok();
    }
}

/// Answers on the socket of a store this process has.
pub(crate) fn listen(directory: &Path, router: axum::Router) -> anyhow::Result<Listening> {
    use std::os::unix::fs::PermissionsExt;
    let path = directory.join(SOCKET);
    // The store is locked by this process: a socket that is there was left behind.
    std::fs::remove_file(&path).ok();
    let listener = UnixListener::bind(&path).with_context(|| {
        format!("`{}` cannot be made; choose a directory with a shorter path", path.display())
    })?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    let router = router.layer(Extension(AtTheMachine));
    let server = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            terminal::complain(&error.into());
        }
    });
    Ok(Listening { path, server })
}

/// Asks the server that has the store, or the store itself.
///
/// # Errors
/// The problem's own words if the answer is one.
pub(crate) async fn ask(
    directory: &Path,
    method: &str,
    path: &str,
    body: Option<Json>,
) -> anyhow::Result<Json> {
    send(directory, request(method, path).body(body.map_or_else(Body::empty, to_body))?).await
}

fn request(method: &str, path: &str) -> Builder {
    Request::builder().method(method).uri(path).header("host", "wink")
}

fn to_body(json: Json) -> Body {
    Body::from(json.to_string())
}

async fn send(directory: &Path, request: Request<Body>) -> anyhow::Result<Json> {
    // Only what is the first of its kind may be made where nothing is.
    let makes_the_first =
        request.method() == "POST" && ["/v1/keys", "/v1/tenants"].contains(&request.uri().path());
    let line = match makes_the_first {
        true => Line::open_or_make(directory).await?,
        false => Line::open(directory).await?,
    };
    line.send(request).await
}

/// A way to a store that is asked more than once: the server that has it, or the store itself, opened once.
pub(crate) enum Line {
    /// The server's socket.
    Server(PathBuf),
    /// The routes over the store.
    Here(axum::Router),
}

impl Line {
    /// Opens the way.
    ///
    /// # Errors
    /// If there is no store, or another process has it and does not answer.
    pub(crate) async fn open(directory: &Path) -> anyhow::Result<Self> {
        if UnixStream::connect(directory.join(SOCKET)).await.is_err() {
            home::refuse_nothing(directory)?;
        }
        Self::open_or_make(directory).await
    }

    async fn open_or_make(directory: &Path) -> anyhow::Result<Self> {
        let socket = directory.join(SOCKET);
        if UnixStream::connect(&socket).await.is_ok() {
            return Ok(Self::Server(socket));
        }
        let service = home::open_service(directory, Conduct::default()).await?;
        Ok(Self::Here(routes(std::sync::Arc::new(service)).layer(Extension(AtTheMachine))))
    }

    /// Asks.
    ///
    /// # Errors
    /// The problem's own words if the answer is one.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Json>) -> anyhow::Result<Json> {
        self.send(request(method, path).body(body.map_or_else(Body::empty, to_body))?).await
    }

    /// Asks for something to be done once, under an idempotency key.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub(crate) async fn ask_once(&self, path: &str, body: &Json, key: &str) -> anyhow::Result<Json> {
        let request = request("POST", path).header("idempotency-key", key);
        self.send(request.body(Body::from(body.to_string()))?).await
    }

    async fn send(&self, request: Request<Body>) -> anyhow::Result<Json> {
        let (status, bytes) = match self {
            Self::Server(socket) => {
                let stream = UnixStream::connect(socket).await?;
                let (mut sender, connection) =
                    hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
                tokio::spawn(connection);
                let answer = sender.send_request(request).await?;
                (answer.status(), answer.into_body().collect().await?.to_bytes())
            }
            Self::Here(router) => {
                let answer = router.clone().oneshot(request).await?;
                (answer.status(), answer.into_body().collect().await?.to_bytes())
            }
        };
        read(status, &bytes)
    }
}

fn read(status: StatusCode, bytes: &[u8]) -> anyhow::Result<Json> {
    if bytes.is_empty() && status.is_success() {
        return Ok(Json::Null);
    }
    let json: Json = serde_json::from_slice(bytes).map_err(|_| anyhow!("the server answered {status}"))?;
    if !status.is_success() {
        bail!("{}", json.get("message").and_then(Json::as_str).unwrap_or("the server refused"));
    }
    Ok(json)
}
