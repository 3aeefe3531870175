//! What one connection is doing, and until when it may go on so. Closes nothing: somebody waits for [`Watch::late`] and does.
//!
//! Hyper's own timer for heads begins when a connection waits for a request, so it would also end every idle connection; and it
//! knows neither clients that do not read nor HTTP/2. Hence one place that knows all of it, by facts that others report.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::pace::Pace;

/// How long a connection may take for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) head: Duration,
    pub(super) idle: Duration,
    pub(super) answer: Pace,
}

impl Patience {
    /// The shortest of all: nothing that begins now is late before.
    fn shortest(&self) -> Duration {
        self.head.min(self.idle).min(self.answer.grace)
    }
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    /// A request's head was begun and not ended.
    Head,
    /// Nothing was asked.
    Idle,
    /// Answers were not taken.
    Answer,
}

impl Late {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Head => "head_slow",
            Self::Idle => "idle",
            Self::Answer => "answer_not_taken",
        }
    }
}

/// The facts about one connection.
#[derive(Debug)]
pub(super) struct Watch {
    facts: Mutex<Facts>,
}

#[derive(Debug)]
struct Facts {
    requests: BTreeMap<u64, Request>,
    requests_begun: u64,
    multiplexed: bool,
    /// Since when there is no request.
    quiet_since: Instant,
    /// When the head began that has not ended yet.
    head_since: Option<Instant>,
    /// What the socket did not take at once, and what it took of it since.
    backlog: Option<Handing>,
}

/// A request with its answer, from its head to the last byte of the answer's body.
#[derive(Debug)]
enum Request {
    /// Being answered, or the answer waits for its own next part: up to whoever answers.
    Ours,
    /// A part of the answer is there, and the connection does not ask for it: up to the client.
    Theirs(Handing),
}

#[derive(Clone, Copy, Debug)]
struct Handing {
    since: Instant,
    bytes: usize,
}

impl Watch {
    /// Watches a connection whose first head is awaited from now on.
    pub(super) fn new(now: Instant) -> Self {
        let facts = Facts {
            requests: BTreeMap::new(),
            requests_begun: 0,
            multiplexed: false,
            quiet_since: now,
            head_since: Some(now),
            backlog: None,
        };
        Self { facts: Mutex::new(facts) }
    }

    /// Awaits the first head from now on: what came so far was a handshake with a limit of its own.
    pub(super) fn opened(&self, now: Instant) {
        self.facts().head_since = Some(now);
    }

    /// Bytes came. With HTTP/2 they may be anything, so only a request counts there.
    pub(super) fn came(&self, now: Instant) {
        let mut facts = self.facts();
        if facts.requests.is_empty() && !facts.multiplexed {
            facts.head_since.get_or_insert(now);
        }
    }

    /// The socket takes no more.
    pub(super) fn held_back(&self, now: Instant) {
        self.facts().backlog.get_or_insert(Handing { since: now, bytes: 0 });
    }

    /// The socket took some.
    pub(super) fn went(&self, bytes: usize) {
        if let Some(backlog) = &mut self.facts().backlog {
            backlog.bytes += bytes;
        }
    }

    /// The socket took all there was.
    pub(super) fn emptied(&self) {
        self.facts().backlog = None;
    }

    /// A request's head is there. Gives the request's number.
    pub(super) fn begun(&self, multiplexed: bool) -> u64 {
        let mut facts = self.facts();
        facts.multiplexed |= multiplexed;
        facts.head_since = None;
        facts.requests_begun += 1;
        let number = facts.requests_begun;
        facts.requests.insert(number, Request::Ours);
        number
    }

    /// A part of the answer is there for the connection to take, `bytes` after the one before was taken.
    pub(super) fn offered(&self, number: u64, since: Instant, bytes: usize) {
        self.facts().requests.insert(number, Request::Theirs(Handing { since, bytes }));
    }

    /// The connection asked for the answer's next part, and it is not there yet.
    pub(super) fn awaited(&self, number: u64) {
        self.facts().requests.insert(number, Request::Ours);
    }

    /// The answer was taken, or nobody waits for it any more.
    pub(super) fn ended(&self, number: u64, now: Instant) {
        let mut facts = self.facts();
        facts.requests.remove(&number);
        if facts.requests.is_empty() {
            facts.quiet_since = now;
        }
    }

    /// Waits until something took too long.
    pub(super) async fn late(&self, patience: &Patience) -> Late {
        loop {
            let now = Instant::now();
            let deadline = self.facts().deadline(patience);
            let wake = now + patience.shortest();
            let next = match deadline {
                Some((at, late)) if at <= now => return late,
                Some((at, _)) => at.min(wake),
                None => wake,
            };
            tokio::time::sleep_until(next).await;
        }
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Facts {
    /// Finds what is late first.
    fn deadline(&self, patience: &Patience) -> Option<(Instant, Late)> {
        let handing =
            |handing: &Handing| (patience.answer.deadline(handing.since, handing.bytes), Late::Answer);
        let theirs = self.requests.values().filter_map(|request| match request {
            Request::Ours => None,
            Request::Theirs(part) => Some(handing(part)),
        });
        let asking = match (self.requests.is_empty(), self.head_since) {
            (false, _) => None,
            (true, Some(began)) => Some((began + patience.head, Late::Head)),
            (true, None) => Some((self.quiet_since + patience.idle, Late::Idle)),
        };
        let backlog = self.backlog.as_ref().map(handing);
        theirs.chain(asking).chain(backlog).min_by_key(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        head: Duration::from_secs(10),
        idle: Duration::from_secs(60),
        answer: Pace { grace: Duration::from_secs(20), bytes_per_second: 100 },
    };

    /// What is late, and after how many seconds from the beginning.
    fn due(watch: &Watch, began: Instant) -> Option<(u64, Late)> {
        watch.facts().deadline(&PATIENCE).map(|(at, late)| ((at - began).as_secs(), late))
    }

    #[test]
    fn a_head_has_its_time_from_its_first_byte_and_silence_has_more() {
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs(seconds);
        let watch = Watch::new(began);
        watch.came(after(9));
        assert_eq!(due(&watch, began), Some((10, Late::Head)), "more bytes buy no more time");
        let number = watch.begun(false);
        assert_eq!(due(&watch, began), None, "the request has limits of its own");
        watch.ended(number, after(30));
        assert_eq!(due(&watch, began), Some((90, Late::Idle)));
        watch.came(after(80));
        assert_eq!(due(&watch, began), Some((90, Late::Head)));
    }

    #[test]
    fn with_http2_only_a_request_breaks_the_silence() {
        let began = Instant::now();
        let watch = Watch::new(began);
        let numbers = [watch.begun(true), watch.begun(true)];
        numbers.iter().for_each(|number| watch.ended(*number, began));
        watch.came(began + Duration::from_secs(50));
        assert_eq!(due(&watch, began), Some((60, Late::Idle)));
    }

    #[test]
    fn an_answer_must_be_taken_and_one_that_is_awaited_need_not_be() {
        let began = Instant::now();
        let watch = Watch::new(began);
        let number = watch.begun(true);
        watch.offered(number, began, 1_000);
        assert_eq!(due(&watch, began), Some((30, Late::Answer)), "20 s, and 1,000 bytes at 100 a second");
        watch.awaited(number);
        assert_eq!(due(&watch, began), None);
    }

    #[test]
    fn a_socket_that_takes_little_is_as_late_as_one_that_takes_nothing() {
        let began = Instant::now();
        let watch = Watch::new(began);
        watch.begun(false);
        watch.held_back(began);
        watch.went(200);
        watch.held_back(began + Duration::from_secs(15));
        assert_eq!(due(&watch, began), Some((22, Late::Answer)));
        watch.emptied();
        assert_eq!(due(&watch, began), None);
    }
}
