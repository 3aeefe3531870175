//! A way to the server that fails as networks and proxies do: too busy, out of order, cut off before or after the server heard.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Far longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing: it goes through, and so does the answer.
    None,
    /// It is not passed on; the answer is 429 with `Retry-After: 1`.
    TooMany,
    /// It is not passed on; the answer is 503.
    Unavailable,
    /// It is not passed on; the connection ends.
    CutBefore,
    /// It is passed on and carried out; the connection ends instead of an answer.
    CutAfter,
}

/// A way to the server. Each request meets the next fault of the list, and after the last the first again.
pub(crate) struct Way {
    pub(crate) address: SocketAddr,
    met: Arc<AtomicUsize>,
}

impl Way {
    pub(crate) fn to(server: SocketAddr, faults: &'static [Fault]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let met = Arc::new(AtomicUsize::new(0));
        let counter = met.clone();
        // Ends with the process: each test has one of its own.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let counter = counter.clone();
                // A connection that breaks is what this is for.
                std::thread::spawn(move || drop(serve(client, server, faults, &counter)));
            }
        });
        Self { address, met }
    }

    /// How many requests have come.
    pub(crate) fn requests(&self) -> usize {
        self.met.load(Ordering::SeqCst)
    }
}

fn serve(client: TcpStream, server: SocketAddr, faults: &[Fault], met: &AtomicUsize) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut client = BufReader::new(client);
    loop {
        let request = message(&mut client)?;
        let turn = met.fetch_add(1, Ordering::SeqCst);
        match faults[turn % faults.len()] {
            Fault::TooMany => answer(&mut client, "429 Too Many Requests\r\nretry-after: 1")?,
            Fault::Unavailable => answer(&mut client, "503 Service Unavailable")?,
            Fault::CutBefore => return client.get_ref().shutdown(Shutdown::Both),
            Fault::CutAfter => {
                pass_on(server, &request)?;
                return client.get_ref().shutdown(Shutdown::Both);
            }
            Fault::None => {
                let reply = pass_on(server, &request)?;
                client.get_mut().write_all(&reply)?;
            }
        }
    }
}

fn answer(client: &mut BufReader<TcpStream>, status: &str) -> io::Result<()> {
    client.get_mut().write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes())
}

fn pass_on(server: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(request)?;
    message(&mut stream)
}

/// Reads one request or answer: its head, and a body of a stated length.
fn message(from: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let (mut whole, mut length) = (Vec::new(), 0);
    loop {
        let begin = whole.len();
        if from.read_until(b'\n', &mut whole)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = String::from_utf8_lossy(&whole[begin..]).to_ascii_lowercase();
        assert!(!line.starts_with("transfer-encoding:"), "these clients state the length");
        if let Some(stated) = line.strip_prefix("content-length:") {
            length = stated.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?;
        }
        if line == "\r\n" {
            break;
        }
    }
    let begin = whole.len();
    whole.resize(begin + length, 0);
    from.read_exact(&mut whole[begin..])?;
    Ok(whole)
}
