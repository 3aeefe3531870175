//! More than can be answered: requests that are sent when they are due, whether or not those before them were answered.
//!
//! Few threads have many connections, each with one request at a time as clients have them: what is due goes to one that is free, and
//! nobody waits for an answer. So they ask for ten times what the server beside them can do, and take little of the processor they share.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::load::Outcome;

/// Threads that send: one could not write as much as the server refuses.
const SENDERS: u32 = 2;

/// What is due is written this often: short beside what an answer takes, and long enough to do much at once.
const TICK: Duration = Duration::from_millis(20);

/// As much as is read at once: more than any answer here has.
const PIECE: usize = 8 << 10;

/// What is asked, and of whom.
pub(crate) struct Flood<'a> {
    pub(crate) address: SocketAddr,
    /// Connections, in all.
    pub(crate) connections: u32,
    /// The requests, in turn. Made before: making them is work too.
    pub(crate) requests: &'a [Vec<u8>],
}

/// What was asked for, and what came back of it in that time.
#[derive(Debug, Default)]
pub(crate) struct Flooded {
    pub(crate) asked: u64,
    pub(crate) outcome: Outcome,
}

impl Flood<'_> {
    /// Asks at a rate, evenly.
    ///
    /// # Errors
    /// If the server closes a connection or sends what is no answer.
    pub(crate) fn run(&self, per_second: f64, lasting: Duration) -> io::Result<Flooded> {
        let mut senders = Vec::new();
        for _ in 0..SENDERS {
            senders.push(Sender::new(self)?);
        }
        let began = Instant::now();
        let parts: Vec<io::Result<Flooded>> = thread::scope(|scope| {
            let each = per_second / f64::from(SENDERS);
            let send = |sender: Sender| scope.spawn(move || sender.run(self.requests, each, lasting));
            let sending: Vec<_> = senders.into_iter().map(send).collect();
            let panicked = |_| Err(io::Error::other("a sender panicked"));
            sending.into_iter().map(|sender| sender.join().unwrap_or_else(panicked)).collect()
        });
        let mut all = Outcome { elapsed: began.elapsed(), ..Outcome::default() };
        let mut asked = 0;
        for part in parts {
            let Flooded { asked: by_one, outcome: part } = part?;
            asked += by_one;
            all.told_to_wait += part.told_to_wait;
            for (status, count) in part.statuses {
                *all.statuses.entry(status).or_default() += count;
            }
        }
        Ok(Flooded { asked, outcome: all })
    }
}

/// One thread's connections.
struct Sender {
    connections: Vec<Connection>,
    flooded: Flooded,
}

impl Sender {
    fn new(flood: &Flood<'_>) -> io::Result<Self> {
        let connections = (0..flood.connections / SENDERS).map(|_| Connection::open(flood.address));
        Ok(Self { connections: connections.collect::<io::Result<_>>()?, flooded: Flooded::default() })
    }

    fn run(mut self, requests: &[Vec<u8>], per_second: f64, lasting: Duration) -> io::Result<Flooded> {
        let (began, mut past) = (Instant::now(), 0.0);
        let mut requests = requests.iter().cycle();
        while began.elapsed() < lasting {
            let due = began.elapsed().as_secs_f64() * per_second;
            for connection in &mut self.connections {
                connection.read(&mut self.flooded.outcome)?;
                if past < due && !connection.is_busy {
                    connection.ask(requests.next().map_or(&[], Vec::as_slice))?;
                    self.flooded.asked += 1;
                    past += 1.0;
                }
            }
            // What found no connection free is not asked any more, and so is missing from what was asked.
            past = due.max(past);
            // Others come first the next time: a server closes a connection on which nothing is ever asked.
            let some = self.connections.len() / 8;
            self.connections.rotate_left(some);
            thread::sleep(TICK);
        }
        Ok(self.flooded)
    }
}

/// A connection with at most one request, and what came of its answer.
struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    is_busy: bool,
    came: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { address, stream, is_busy: false, came: Vec::new() })
    }

    /// Writes a request, which always fits where nothing else waits.
    fn ask(&mut self, request: &[u8]) -> io::Result<()> {
        self.is_busy = true;
        match self.stream.write_all(request) {
            // Whoever reads it finds that it was closed.
            Err(error) if [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset].contains(&error.kind()) => {
                Ok(())
            }
            written => written,
        }
    }

    fn read(&mut self, outcome: &mut Outcome) -> io::Result<()> {
        if !self.is_busy {
            return Ok(());
        }
        let mut piece = [0; PIECE];
        match self.stream.read(&mut piece) {
            Ok(length) if 0 < length => self.came.extend_from_slice(piece.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            // Closed instead of answered: counted, and another takes its place.
            _ => {
                *outcome.statuses.entry(0).or_default() += 1;
                *self = Self::open(self.address)?;
                return Ok(());
            }
        }
        if let Some(answer) = answer(&self.came)? {
            *outcome.statuses.entry(answer.status).or_default() += 1;
            outcome.told_to_wait += u64::from(answer.again_after);
            self.came.clear();
            self.is_busy = false;
        }
        Ok(())
    }
}

struct Answer {
    status: u16,
    again_after: bool,
}

/// Reads an answer, if it is whole.
fn answer(bytes: &[u8]) -> io::Result<Option<Answer>> {
    let unreadable = || io::Error::from(ErrorKind::InvalidData);
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let (head, body) = bytes.split_at(end + 4);
    let head = std::str::from_utf8(head).map_err(|_| unreadable())?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(unreadable)?;
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
    let length: usize = header("content-length: ").map_or(Ok(0), str::parse).map_err(|_| unreadable())?;
    let again_after = header("retry-after: ").is_some_and(|seconds| seconds.parse::<u32>().is_ok());
    Ok((length <= body.len()).then_some(Answer { status, again_after }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_it_is_whole() {
        let refused = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 4\r\n\r\nwait";
        let whole = answer(refused.as_bytes()).unwrap().unwrap();
        assert_eq!((whole.status, whole.again_after), (429, true));
        for length in 0..refused.len() {
            assert!(answer(&refused.as_bytes()[..length]).unwrap().is_none(), "{length}");
        }
        let empty = answer(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap();
        assert_eq!((empty.status, empty.again_after), (204, false));
        assert!(answer(b"nothing like it\r\n\r\n").is_err());
    }

    /// A server that answers nothing: each connection is asked once, and nothing waits for it longer than it was to last.
    #[test]
    fn nobody_waits_for_an_answer() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let flood = Flood { address, connections: 20, requests: &[b"ask\n".to_vec()] };
        let began = Instant::now();
        let flooded = flood.run(1_000.0, Duration::from_millis(300)).unwrap();
        assert!(began.elapsed() < Duration::from_secs(5), "{flooded:?}");
        assert_eq!((flooded.asked, flooded.outcome.statuses.len()), (20, 0));
        for _ in 0..20 {
            let mut read = String::new();
            listener.accept().unwrap().0.read_to_string(&mut read).unwrap();
            assert_eq!(read, "ask\n");
        }
    }
}
