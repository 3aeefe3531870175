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
    headers: Vec<(String, String)>,
}

impl Reply {
    /// A header, empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(header, _)| header == name).map_or("", |(_, value)| value)
    }

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
        self.send_with(method, path, &[], body)
    }

    /// The same with headers.
    pub(crate) fn send_with(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<Reply> {
        let length = body.len();
        let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: wink\r\ncontent-type: application/json\r\n{more}content-length: {length}\r\n\r\n"
        );
        self.send_raw(format!("{head}{body}").as_bytes())
    }

    /// Sends bytes as they are and waits for an answer.
    pub(crate) fn send_raw(&mut self, bytes: &[u8]) -> io::Result<Reply> {
        // One write, so that no part of a request waits for the acknowledgement of another.
        self.stream.get_mut().write_all(bytes)?;
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
        let mut headers: Vec<(String, String)> = Vec::new();
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(cut_off());
            }
            match line.trim_end().split_once(": ") {
                Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
                None => break,
            }
        }
        let mut reply = Reply { status, content_type: String::new(), body: String::new(), headers };
        let body = match reply.header("transfer-encoding") {
            "chunked" => self.chunks()?,
            _ => {
                let length = reply.header("content-length").parse().unwrap_or(0);
                let mut body = vec![0; length];
                self.stream.read_exact(&mut body)?;
                body
            }
        };
        reply.content_type = reply.header("content-type").to_owned();
        reply.body = String::from_utf8(body).map_err(|_| cut_off())?;
        Ok(reply)
    }

    /// Reads a body that comes in pieces.
    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let length = usize::from_str_radix(line.trim_end(), 16).map_err(io::Error::other)?;
            let mut piece = vec![0; length + "\r\n".len()];
            self.stream.read_exact(&mut piece)?;
            if length == 0 {
                return Ok(body);
            }
            body.extend(&piece[..length]);
        }
    }
}

/// Asks once, on a connection of its own.
pub(crate) fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> Reply {
    Client::connect(address).unwrap().send(method, path, body).unwrap()
}
