//! A load generator: connections on threads of their own, beside the server's runtime rather than on it.
//!
//! With an open loop the moment of every request is fixed before the first is sent, and its latency counts from that moment: a
//! server that stalls makes the requests behind the stall late too, instead of making the generator wait politely.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use wink_server::Latencies;

/// Far longer than any answer takes; who waits this long counts as unanswered.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is sent where, and by how many.
pub(crate) struct Load<'a> {
    pub(crate) address: SocketAddr,
    /// Connections, each with one request at a time.
    pub(crate) connections: u32,
    /// Makes the bytes of a request from its number; no number is used twice.
    pub(crate) request: &'a (dyn Fn(u64) -> Vec<u8> + Sync),
    /// The number of the next request.
    pub(crate) next: &'a AtomicU64,
}

/// What came back.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Answers by status; 0 for those that never came.
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// Refusals for lack of room that said, in whole seconds, when to come again.
    pub(crate) told_to_wait: u64,
    /// How long the answers with a status of success took.
    pub(crate) latencies: Latencies,
    /// How long it all took.
    pub(crate) elapsed: Duration,
}

impl Outcome {
    /// Answers of success a second.
    pub(crate) fn goodput(&self) -> f64 {
        self.per_second(self.statuses.range(200..300).map(|(_, count)| count).sum())
    }

    /// Gives itself if every answer was a success: a rate of refusals is the rate of nothing.
    pub(crate) fn all_fine(self) -> anyhow::Result<Self> {
        let others = self.statuses.keys().any(|status| *status != 200);
        anyhow::ensure!(!others, "requests were not answered with success; by status: {:?}", self.statuses);
        Ok(self)
    }

    pub(crate) fn count(&self, status: u16) -> u64 {
        self.statuses.get(&status).copied().unwrap_or(0)
    }

    /// A quantile of the latencies, in milliseconds.
    pub(crate) fn millis(&self, share: f64) -> f64 {
        self.latencies.quantile(share).map_or(f64::NAN, |found| found.as_secs_f64() * 1e3)
    }

    /// A count as a rate.
    #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
    pub(crate) fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.elapsed.as_secs_f64()
    }
}

impl Load<'_> {
    /// Every connection asks again as soon as it is answered.
    pub(crate) fn closed_loop(&self, lasting: Duration) -> Outcome {
        let began = Instant::now();
        self.run(began, || Some(Instant::now()).filter(|now| now.duration_since(began) < lasting))
    }

    /// So many requests, each connection asking again as soon as it is answered.
    pub(crate) fn all_of(&self, count: usize) -> Outcome {
        let asked = AtomicUsize::new(0);
        self.run(Instant::now(), || (asked.fetch_add(1, Ordering::Relaxed) < count).then(Instant::now))
    }

    /// Requests come at a rate, evenly, whatever becomes of those before. With all connections busy they wait, and that counts.
    pub(crate) fn open_loop(&self, per_second: f64, lasting: Duration) -> Outcome {
        let began = Instant::now();
        let arrivals = AtomicU64::new(0);
        self.run(began, || {
            #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
            let place = arrivals.fetch_add(1, Ordering::Relaxed) as f64;
            let after = Duration::from_secs_f64(place / per_second);
            let at = began + after;
            // What should have been sent by the end and was not is dropped with it: the outcome tells what was offered.
            let in_time = after < lasting && began.elapsed() < lasting;
            in_time.then(|| {
                thread::sleep(at.saturating_duration_since(Instant::now()));
                at
            })
        })
    }

    /// Sends while `due` says when, from all connections.
    fn run(&self, began: Instant, due: impl Fn() -> Option<Instant> + Sync) -> Outcome {
        let outcome = Mutex::new(Outcome::default());
        let latencies = Latencies::default();
        thread::scope(|scope| {
            for _ in 0..self.connections {
                scope.spawn(|| {
                    let own = self.ask_while(&due, &latencies);
                    let mut all = outcome.lock().unwrap_or_else(PoisonError::into_inner);
                    all.told_to_wait += own.told_to_wait;
                    for (status, count) in own.statuses {
                        *all.statuses.entry(status).or_default() += count;
                    }
                });
            }
        });
        let outcome = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
        Outcome { latencies, elapsed: began.elapsed(), ..outcome }
    }

    fn ask_while(&self, due: &(impl Fn() -> Option<Instant> + Sync), latencies: &Latencies) -> Outcome {
        let mut own = Outcome::default();
        let mut kept: Option<Connection> = None;
        while let Some(at) = due() {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let answer = ask(&mut kept, self.address, &(self.request)(number));
            if answer.is_err() {
                kept = None;
            }
            let Answer { status, again_after } = answer.unwrap_or_default();
            *own.statuses.entry(status).or_default() += 1;
            own.told_to_wait += u64::from(again_after);
            if (200..300).contains(&status) {
                latencies.record(at.elapsed());
            }
        }
        own
    }
}

/// Asks once, on a connection of its own. Tells the status, if there was an answer.
pub(crate) fn status_of(address: SocketAddr, request: &[u8]) -> Option<u16> {
    ask(&mut None, address, request).ok().map(|answer| answer.status)
}

type Connection = BufReader<TcpStream>;

#[derive(Default)]
struct Answer {
    status: u16,
    again_after: bool,
}

fn ask(kept: &mut Option<Connection>, address: SocketAddr, request: &[u8]) -> io::Result<Answer> {
    let connection = match kept {
        Some(connection) => connection,
        None => kept.insert(connect(address)?),
    };
    connection.get_mut().write_all(request)?;
    read(connection)
}

fn connect(address: SocketAddr) -> io::Result<Connection> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(stream))
}

/// Reads an answer of HTTP/1.1 with a stated length.
fn read(connection: &mut Connection) -> io::Result<Answer> {
    let cut_off = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let mut line = String::new();
    connection.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(cut_off)?;
    let (mut length, mut again_after) = (0, false);
    loop {
        line.clear();
        if connection.read_line(&mut line)? == 0 {
            return Err(cut_off());
        }
        match line.trim_end().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().map_err(|_| cut_off())?,
            Some(("retry-after", value)) => again_after = value.parse::<u32>().is_ok(),
            Some(_) => {}
            None => break,
        }
    }
    io::copy(&mut connection.by_ref().take(length), &mut io::sink())?;
    Ok(Answer { status, again_after })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A server of one thread that answers its third request late, and everything else at once.
    fn stalls_once(stall: Duration) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut stream = stream;
            for number in 0.. {
                let Some(Ok(_asked)) = lines.next() else { return };
                if number == 3 {
                    thread::sleep(stall);
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
            }
        });
        address
    }

    #[test]
    fn requests_behind_a_stall_are_late_too() {
        let stall = Duration::from_millis(400);
        let load = Load {
            address: stalls_once(stall),
            connections: 1,
            request: &|_| b"ask\n".to_vec(),
            next: &AtomicU64::new(0),
        };
        let outcome = load.open_loop(50.0, Duration::from_secs(1));
        assert!(45 <= outcome.count(200), "{outcome:?}");
        // A fifth of a second's requests or more met the stall or what it left behind; one of fifty would be 2 %.
        assert!(
            stall / 4 < outcome.latencies.quantile(0.8).unwrap(),
            "{:?}",
            outcome.latencies.quantile(0.8)
        );
    }
}
