//! A receiver on this machine that answers as it was told, and remembers what it was sent.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use wink_connect::webhook::send::Call;

/// Runs a test's future to its end, with everything it started.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// A call that only its URL makes different.
pub(crate) fn call(url: &str) -> Call {
    Call {
        url: url.to_owned(),
        id: "msg_1".to_owned(),
        timestamp_s: 1_772_409_600,
        signature: "v1,signature".to_owned(),
        body: br#"{"type":"coupon.redeemed"}"#.to_vec(),
    }
}

pub(crate) struct Receiver {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
    _serving: JoinSet<()>,
}

impl Receiver {
    /// Answers every request with these bytes and closes.
    pub(crate) async fn answering(answer: &str) -> Self {
        let answer = answer.to_owned();
        Self::start(move |stream, requests| {
            let answer = answer.clone();
            async move { serve(stream, &answer, &requests).await }
        })
        .await
    }

    /// Serves every connection with `serve`.
    pub(crate) async fn start<F>(
        serve: impl Fn(tokio::net::TcpStream, Arc<Mutex<Vec<String>>>) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut serving = JoinSet::new();
        let heard = requests.clone();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(serve(stream, heard.clone()));
            }
        });
        Self { port, requests, _serving: serving }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// What it was sent, whole requests.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Reads one request with its body, remembers it, answers.
pub(crate) async fn serve<T: AsyncRead + AsyncWrite + Unpin>(
    mut stream: T,
    answer: &str,
    requests: &Mutex<Vec<String>>,
) {
    let mut read = Vec::new();
    while !is_whole(&read) {
        let mut some = [0; 4_096];
        match stream.read(&mut some).await {
            Ok(0) | Err(_) => return,
            Ok(count) => read.extend_from_slice(&some[..count]),
        }
    }
    requests.lock().unwrap().push(String::from_utf8(read).unwrap());
    // A sender that hangs up is part of some tests.
    stream.write_all(answer.as_bytes()).await.ok();
    stream.shutdown().await.ok();
}

fn is_whole(read: &[u8]) -> bool {
    let text = String::from_utf8_lossy(read).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_none_or(|length| length.parse::<usize>().unwrap() <= body.len())
}
