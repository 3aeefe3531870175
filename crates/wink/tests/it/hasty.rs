//! A mutant: a server that acknowledges events before it commits them. The checks must catch it.
//!
//! It stands between the oracle and the real server, answers every request for events at once, and hands it on afterwards.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;

/// Listens for as long as the process lives, in front of the server whose port `server` holds.
pub(crate) fn listen(server: Arc<AtomicU16>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(("127.0.0.1", server.load(Ordering::SeqCst)));
            // Ends when either side does.
            thread::spawn(move || server.and_then(|server| hand_on(client, server)));
        }
    });
    address
}

fn hand_on(mut client: TcpStream, mut server: TcpStream) -> io::Result<()> {
    let mut requests = BufReader::new(client.try_clone()?);
    let mut answers = BufReader::new(server.try_clone()?);
    loop {
        let (head, body) = message(&mut requests)?;
        let has_events = ["POST /v1/events", "POST /v1/batch"].iter().any(|path| head.starts_with(path));
        let early = has_events.then(|| promise(&body));
        if let Some(early) = &early {
            client.write_all(early.as_bytes())?;
        }
        server.write_all(format!("{head}{body}").as_bytes())?;
        let (head, body) = message(&mut answers)?;
        if early.is_none() {
            client.write_all(format!("{head}{body}").as_bytes())?;
        }
    }
}

/// Everything accepted, under ids that nobody gave.
fn promise(body: &str) -> String {
    let request: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let count = request["events"].as_array().map_or(0, Vec::len);
    let items = vec![serde_json::json!({ "status": "accepted", "id": "evt_promised" }); count];
    let body = serde_json::json!({ "accepted": count, "items": items }).to_string();
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// Reads one request or answer: its head, and a body of a stated length.
pub(crate) fn message(from: &mut impl BufRead) -> io::Result<(String, String)> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let begun = head.len();
        if from.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = head[begun..].trim_end();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().map_err(|_| io::ErrorKind::InvalidData)?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok((head, String::from_utf8_lossy(&body).into_owned()))
}
