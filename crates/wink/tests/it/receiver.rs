//! A receiver of webhooks on this machine: answers with the status it was told, and remembers what it was sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Longer than a message takes that is tried a second time.
const PATIENCE: Duration = Duration::from_secs(30);

/// A message as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// The `webhook-…` headers.
    pub(crate) headers: Value,
    /// The body, byte for byte.
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn id(&self) -> &str {
        self.headers["webhook-id"].as_str().unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A receiver. Its thread ends with the process.
pub(crate) struct Receiver {
    address: SocketAddr,
    status: Arc<Mutex<u16>>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    pub(crate) fn answering(status: u16) -> Self {
        Self::answering_after(Duration::ZERO, status)
    }

    /// Answers each message so long after it came.
    pub(crate) fn answering_after(delay: Duration, status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (status, received) = (Arc::new(Mutex::new(status)), Arc::new(Mutex::new(Vec::new())));
        let (answer, heard) = (Arc::clone(&status), Arc::clone(&received));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (answer, heard) = (Arc::clone(&answer), Arc::clone(&heard));
                std::thread::spawn(move || serve(stream.unwrap(), delay, &answer, &heard));
            }
        });
        Self { address, status, received }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/wink", self.address)
    }

    /// Answers with another status from now on.
    pub(crate) fn answer(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until this many messages arrived.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Received> {
        let begun = Instant::now();
        loop {
            let received = self.received();
            if count <= received.len() {
                return received;
            }
            assert!(begun.elapsed() < PATIENCE, "{} of {count} messages came: {received:?}", received.len());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn serve(stream: TcpStream, delay: Duration, status: &Mutex<u16>, received: &Mutex<Vec<Received>>) {
    let mut stream = BufReader::new(stream);
    let (mut headers, mut length, mut line) = (json!({}), 0, String::new());
    while stream.read_line(&mut line).unwrap() != 0 && line != "\r\n" {
        if let Some((name, value)) = line.trim_end().split_once(": ") {
            if name == "content-length" {
                length = value.parse().unwrap();
            } else if name.starts_with("webhook-") {
                headers[name] = json!(value);
            }
        }
        line.clear();
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    received.lock().unwrap().push(Received { headers, body: String::from_utf8(body).unwrap() });
    std::thread::sleep(delay);
    let status = *status.lock().unwrap();
    // The server may have been killed in between.
    write!(stream.get_mut(), "HTTP/1.1 {status} Answer\r\ncontent-length: 0\r\n\r\n").ok();
}

/// Asks the npm package `standardwebhooks` whether each message is signed with this secret.
pub(crate) fn verified(secret: &str, received: &[Received]) -> Vec<Value> {
    let clients = std::env::var("WINK_TEST_CLIENTS").unwrap_or_else(|_| {
        panic!("the packages of receivers are not there; run `cargo xtask test`, which fetches them")
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../wink-connect/tests/standard_webhooks.cjs");
    let case = |one: &Received| json!({ "secret": secret, "headers": one.headers, "body": one.body });
    let cases: Vec<Value> = received.iter().map(case).collect();
    let mut node = Command::new("node")
        .arg(script)
        .env("WINK_TEST_CLIENTS", clients)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(json!(cases).to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}
