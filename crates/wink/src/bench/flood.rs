//! More than can be answered: requests that are sent when they are due, whether or not those before them were answered.
//!
//! A connection waits for nothing: what is due is written behind what is open, and answers are read as they come. So few threads ask for
//! ten times what the server beside them can do, and take little of the processor they share with it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::load::Outcome;

/// Threads that send: one could not write as much as the server refuses.
const SENDERS: usize = 2;

/// What is due is written this often, far below what an answer takes.
const TICK: Duration = Duration::from_millis(1);

/// Requests open on a connection at most. A server that takes nothing more is not asked more, and that shows in what was offered.
const OPEN_MAX: usize = 64;

/// As much as is read at once: some hundred refusals.
const PIECE: usize = 64 << 10;

/// What is asked, and of whom.
pub(crate) struct Flood<'a> {
    pub(crate) address: SocketAddr,
    /// Connections, in all.
    pub(crate) connections: usize,
    /// The requests, in turn. Made before: making them is work too.
    pub(crate) requests: &'a [Vec<u8>],
}

impl Flood<'_> {
    /// Asks at a rate, evenly, and tells what came back in that time.
    ///
    /// # Errors
    /// If the server closes a connection or sends what is no answer.
    pub(crate) fn run(&self, per_second: f64, lasting: Duration) -> io::Result<Outcome> {
        let began = Instant::now();
        let parts: Vec<io::Result<Outcome>> = thread::scope(|scope| {
            let send = |place| scope.spawn(move || Sender::new(self, place)?.run(per_second / 2.0, lasting));
            let sending: Vec<_> = (0..SENDERS).map(send).collect();
            let panicked = |_| Err(io::Error::other("a sender panicked"));
            sending.into_iter().map(|sender| sender.join().unwrap_or_else(panicked)).collect()
        });
        let mut all = Outcome { elapsed: began.elapsed(), ..Outcome::default() };
        for part in parts {
            let part = part?;
            all.told_to_wait += part.told_to_wait;
            for (status, count) in part.statuses {
                *all.statuses.entry(status).or_default() += count;
            }
        }
        Ok(all)
    }
}

/// One thread with its connections.
struct Sender<'a> {
    requests: std::iter::Skip<std::iter::Cycle<std::slice::Iter<'a, Vec<u8>>>>,
    connections: Vec<Connection>,
    outcome: Outcome,
}

impl<'a> Sender<'a> {
    fn new(flood: &Flood<'a>, place: usize) -> io::Result<Self> {
        let connections = (0..flood.connections / SENDERS).map(|_| Connection::open(flood.address));
        let requests = flood.requests.iter().cycle().skip(flood.requests.len() / SENDERS * place);
        Ok(Self {
            requests,
            connections: connections.collect::<io::Result<_>>()?,
            outcome: Outcome::default(),
        })
    }

    fn run(mut self, per_second: f64, lasting: Duration) -> io::Result<Outcome> {
        let (began, mut asked, mut turn) = (Instant::now(), 0.0, 0);
        while began.elapsed() < lasting {
            let due = began.elapsed().as_secs_f64() * per_second;
            while asked < due {
                turn = (turn + 1) % self.connections.len();
                if let (Some(connection), Some(request)) =
                    (self.connections.get_mut(turn), self.requests.next())
                {
                    connection.ask(request);
                }
                asked += 1.0;
            }
            for connection in &mut self.connections {
                connection.write()?;
                connection.read(&mut self.outcome)?;
            }
            thread::sleep(TICK);
        }
        Ok(self.outcome)
    }
}

/// A connection with what is to be written, and what was read of an answer that is not whole yet.
struct Connection {
    stream: TcpStream,
    open: usize,
    out: Vec<u8>,
    came: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, open: 0, out: Vec::new(), came: Vec::new() })
    }

    fn ask(&mut self, request: &[u8]) {
        if self.open < OPEN_MAX {
            self.open += 1;
            self.out.extend_from_slice(request);
        }
    }

    fn write(&mut self) -> io::Result<()> {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(written) => drop(self.out.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn read(&mut self, outcome: &mut Outcome) -> io::Result<()> {
        if self.open == 0 {
            return Ok(());
        }
        let mut piece = [0; PIECE];
        match self.stream.read(&mut piece) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) => self.came.extend_from_slice(piece.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
        let mut rest = &*self.came;
        while let Some((answer, behind)) = first_answer(rest)? {
            *outcome.statuses.entry(answer.status).or_default() += 1;
            outcome.told_to_wait += u64::from(answer.again_after);
            self.open = self.open.saturating_sub(1);
            rest = behind;
        }
        self.came = rest.to_vec();
        Ok(())
    }
}

struct Answer {
    status: u16,
    again_after: bool,
}

/// Reads the first answer, if it is whole, and gives what comes behind it.
fn first_answer(bytes: &[u8]) -> io::Result<Option<(Answer, &[u8])>> {
    let unreadable = || io::Error::from(ErrorKind::InvalidData);
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let (head, body) = bytes.split_at(end + 4);
    let head = std::str::from_utf8(head).map_err(|_| unreadable())?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(unreadable)?;
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
    let length: usize = header("content-length: ").map_or(Ok(0), str::parse).map_err(|_| unreadable())?;
    let again_after = header("retry-after: ").is_some_and(|seconds| seconds.parse::<u32>().is_ok());
    Ok(body.split_at_checked(length).map(|(_, behind)| (Answer { status, again_after }, behind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_one_after_the_other_and_only_when_they_are_whole() {
        let refused = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 4\r\n\r\nwait";
        let fine = "HTTP/1.1 204 No Content\r\n\r\n";
        let both = [refused, fine].concat();
        let (first, behind) = first_answer(both.as_bytes()).unwrap().unwrap();
        assert_eq!((first.status, first.again_after), (429, true));
        let (second, behind) = first_answer(behind).unwrap().unwrap();
        assert_eq!((second.status, second.again_after, behind), (204, false, &b""[..]));
        for length in 0..refused.len() {
            assert!(first_answer(&refused.as_bytes()[..length]).unwrap().is_none(), "{length}");
        }
        assert!(first_answer(b"nothing like it\r\n\r\n").is_err());
    }

    #[test]
    fn a_server_that_answers_nothing_is_asked_all_the_same() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let reading = thread::spawn(move || {
            let streams: Vec<TcpStream> = (0..2).map(|_| listener.accept().unwrap().0).collect();
            let read = |mut stream: TcpStream| {
                let mut read = String::new();
                stream.read_to_string(&mut read).unwrap();
                read.matches("ask").count()
            };
            streams.into_iter().map(read).sum::<usize>()
        });
        let flood = Flood { address, connections: 2, requests: &[b"ask\n".to_vec()] };
        let outcome = flood.run(200.0, Duration::from_millis(500)).unwrap();
        assert_eq!(outcome.offered(), 0.0, "{outcome:?}");
        let asked = reading.join().unwrap();
        assert!((60..=100).contains(&asked), "{asked} of a hundred");
    }
}
