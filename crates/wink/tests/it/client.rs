//! An HTTP/1.1 client, as small as the tests need: one connection, one request at a time, whole bodies.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Far longer than any answer takes: a server that hangs fails the test instead of stopping it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a request and waits for its answer. An error means that nobody knows whether it was carried out.
    pub(crate) fn send(&mut self, method: &str, path: &str, body: &str) -> io::Result<Reply> {
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: wink\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        // One write, so that no part of a request waits for the acknowledgement of another.
        self.stream.get_mut().write_all(format!("{head}{body}").as_bytes())?;
        self.reply()
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> io::Result<Reply> {
        self.send("POST", path, &body.to_string())
    }

    fn reply(&mut self) -> io::Result<Reply> {
        let cut_off = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(cut_off)?;
        let (mut length, mut content_type) = (0, String::new());
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(cut_off());
            }
            match line.trim_end().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().map_err(|_| cut_off())?,
                Some(("content-type", value)) => content_type = value.to_owned(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Reply { status, content_type, body: String::from_utf8(body).map_err(|_| cut_off())? })
    }
}

/// Asks once, on a connection of its own.
pub(crate) fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> Reply {
    Client::connect(address).unwrap().send(method, path, body).unwrap()
}
