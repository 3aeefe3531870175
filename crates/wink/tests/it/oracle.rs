//! The client that remembers: a process of its own that writes down what it is about to send, sends it, and writes down what was promised.
//!
//! Being another process than server and test, it forgets nothing when either ends. It is this test binary, called with the name of the
//! test at the end of this file. Told on its standard input: `load ADDRESS`, send until the connection breaks; `settle ADDRESS`, send again
//! what has no answer until everything has one. It says `oracle …` on its standard output when it is done.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::chance::Chance;
use crate::client::Client;
use crate::history::History;
use crate::sample::{batch, consent, order, question};
use crate::trace::NOBODY;

const DIRECTORY: &str = "WINK_TEST_ORACLE_DIRECTORY";
const SEED: &str = "WINK_TEST_ORACLE_SEED";

/// As many connections as a small shop's servers have open.
const WORKERS: u64 = 8;

/// Few people, so that connections meet at the same person.
const PEOPLE: u64 = 40;

/// The oracle, as the test that called it sees it.
pub(crate) struct Oracle {
    child: Child,
    directory: PathBuf,
    said: BufReader<std::process::ChildStdout>,
}

impl Oracle {
    pub(crate) fn start(directory: &Path, seed: u64) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "oracle::a_journal_says_what_was_sent_and_what_was_answered", "--nocapture"])
            .env(DIRECTORY, directory)
            .env(SEED, seed.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, directory: directory.to_owned(), said }
    }

    /// Tells it to do something; [`done`](Self::done) waits for it.
    pub(crate) fn tell(&mut self, what: &str, address: SocketAddr) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{what} {address}").unwrap();
    }

    /// Waits until it has done what it was told; gives back how many requests have no answer.
    pub(crate) fn done(&mut self) -> usize {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(self.said.read_line(&mut line).unwrap(), 0, "the oracle is gone");
            if let Some(open) = line.trim_end().strip_prefix("oracle: open ") {
                return open.parse().unwrap();
            }
        }
    }

    /// Reads its journals.
    pub(crate) fn history(&self) -> History {
        let mut history = History::default();
        for worker in 0..WORKERS {
            history.read(&fs::read_to_string(journal(&self.directory, worker)).unwrap());
        }
        history
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn journal(directory: &Path, worker: u64) -> PathBuf {
    directory.join(format!("{worker}.journal"))
}

/// A request with events of one person.
#[derive(Clone)]
struct Request {
    name: String,
    /// Message id and what it says, of each event.
    messages: Vec<(String, String)>,
    body: Value,
}

/// One connection's worth of sending.
struct Worker {
    number: u64,
    chance: Chance,
    journal: File,
    sent: u64,
    /// Sent, perhaps, and not answered.
    open: VecDeque<Request>,
    /// Answered, with the ids; kept to be sent a second time.
    answered: Option<(Request, Vec<String>)>,
}

impl Worker {
    fn new(directory: &Path, number: u64, seed: u64) -> Self {
        let journal = File::options().create(true).append(true).open(journal(directory, number)).unwrap();
        let chance = Chance(seed ^ (number << 56));
        Self { number, chance, journal, sent: 0, open: VecDeque::new(), answered: None }
    }

    /// Sends again what has no answer; an error ends it.
    fn settle(&mut self, client: &mut Client) -> io::Result<()> {
        while let Some(request) = self.open.front().cloned() {
            let ids = self.send(client, &request, &["accepted", "duplicate"])?;
            self.open.pop_front();
            self.answered = ids.map(|ids| (request, ids));
        }
        Ok(())
    }

    /// Sends until the connection breaks.
    fn load(&mut self, client: &mut Client) -> io::Result<()> {
        self.settle(client)?;
        loop {
            match self.chance.between(0, 99) {
                0..=24 => self.decide(client)?,
                25..=34 => self.repeat(client)?,
                35 => self.contradict(client)?,
                _ => {
                    let request = self.next_request();
                    self.open.push_back(request.clone());
                    self.settle(client)?;
                }
            }
        }
    }

    /// Makes a request and writes down that it will be sent.
    fn next_request(&mut self) -> Request {
        let person = self.person();
        self.sent += 1;
        let name = format!("r{}-{}", self.number, self.sent);
        let (mut messages, mut events) = (Vec::new(), Vec::new());
        for part in 0..self.chance.between(1, 4) {
            let id = format!("{name}-{part}");
            let (says, event) = match self.chance.between(0, 3) {
                0 => {
                    let purpose =
                        ["personalisation", "newsletter"][usize::from(self.chance.next().is_multiple_of(2))];
                    let state = if self.chance.next().is_multiple_of(8) { "withdrawn" } else { "granted" };
                    (format!("{purpose} {state}"), consent(&id, &person, purpose, state))
                }
                _ => {
                    let cents = self.chance.between(100, 9_999);
                    (format!("order {cents}"), order(&id, &person, cents))
                }
            };
            messages.push((id, says));
            events.push(event);
        }
        let lines: Vec<String> =
            messages.iter().map(|(id, says)| format!("intent {id} {name} {says}\n")).collect();
        self.journal.write_all(lines.concat().as_bytes()).unwrap();
        self.journal.sync_data().unwrap();
        Request { name, messages, body: batch(&events) }
    }

    /// Sends a request. An answer must be one of `expected`, the same for the whole request; `None` if the server could not do it now.
    fn send(
        &mut self,
        client: &mut Client,
        request: &Request,
        expected: &[&str],
    ) -> io::Result<Option<Vec<String>>> {
        let reply = client.post("/v1/events", &request.body)?;
        if reply.status == 503 {
            // The outcome is open, as without an answer.
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        let answer: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        let items = answer["items"].as_array().cloned().unwrap_or_default();
        let status = items.first().and_then(|item| item["status"].as_str()).unwrap_or("nothing");
        let alike =
            items.len() == request.messages.len() && items.iter().all(|item| item["status"] == status);
        if reply.status != 200 || !alike || !expected.contains(&status) {
            self.note(&format!("wrong {} {} {}", request.name, reply.status, reply.body));
            return Ok(None);
        }
        let ids: Vec<String> =
            items.iter().filter_map(|item| Some(item["id"].as_str()?.to_owned())).collect();
        for ((message_id, _), id) in request.messages.iter().zip(&ids) {
            self.note(&format!("ack {message_id} {id}"));
        }
        Ok(Some(ids))
    }

    /// Sends once more what was answered: the answer names the same events.
    fn repeat(&mut self, client: &mut Client) -> io::Result<()> {
        let Some((request, ids)) = self.answered.clone() else { return Ok(()) };
        if let Some(again) = self.send(client, &request, &["duplicate"])?
            && again != ids
        {
            self.note(&format!("wrong {} answered with other ids", request.name));
        }
        Ok(())
    }

    /// Uses a message id for another message: kept aside, never an event.
    fn contradict(&mut self, client: &mut Client) -> io::Result<()> {
        let Some((request, _)) = self.answered.clone() else { return Ok(()) };
        let person = self.person();
        let other = order(&request.messages[0].0, &person, 1);
        let reply = client.post("/v1/events", &batch(&[other]))?;
        if reply.status == 200 && !reply.body.contains("id_conflict") {
            self.note(&format!("wrong {} was used twice: {}", request.name, reply.body));
        }
        Ok(())
    }

    fn decide(&mut self, client: &mut Client) -> io::Result<()> {
        let person = self.person();
        let reply = client.post("/v1/decisions", &question(&person))?;
        let answer: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        let decision = &answer["decision"];
        let promised = reply.status == 200 && !reply.body.contains(NOBODY);
        if let Some(id) = decision["id"].as_str().filter(|_| promised) {
            self.note(&format!("decided {id} {}", decision["coupon"].as_str().unwrap_or("-")));
        }
        Ok(())
    }

    fn person(&mut self) -> String {
        format!("person-{}", self.chance.between(1, PEOPLE))
    }

    fn note(&mut self, line: &str) {
        writeln!(self.journal, "{line}").unwrap();
    }
}

/// Does what standard input says, until it ends.
fn obey(directory: &Path, seed: u64) {
    let mut workers: Vec<Worker> = (0..WORKERS).map(|number| Worker::new(directory, number, seed)).collect();
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let (what, address) = line.split_once(' ').unwrap();
        let address: SocketAddr = address.parse().unwrap();
        std::thread::scope(|scope| {
            for worker in &mut workers {
                scope.spawn(move || {
                    let Ok(mut client) = Client::connect(address) else { return };
                    // Ends with an error when the server does.
                    let _ended = match what {
                        "load" => worker.load(&mut client),
                        _ => worker.settle(&mut client),
                    };
                });
            }
        });
        let open: usize = workers.iter().map(|worker| worker.open.len()).sum();
        // Not `println!`, which the test harness would hold back.
        writeln!(io::stdout(), "oracle: open {open}").unwrap();
    }
}

#[test]
fn a_journal_says_what_was_sent_and_what_was_answered() {
    if let (Some(directory), Ok(seed)) = (std::env::var_os(DIRECTORY), std::env::var(SEED)) {
        return obey(Path::new(&directory), seed.parse().unwrap());
    }
    let directory = tempfile::tempdir().unwrap();
    let mut worker = Worker::new(directory.path(), 3, 1);
    let request = worker.next_request();
    worker.note("ack r3-1-0 evt_1");
    let mut history = History::default();
    history.read(&fs::read_to_string(journal(directory.path(), 3)).unwrap());
    assert_eq!(history.intents.len(), request.messages.len());
    assert_eq!(history.intents["r3-1-0"].request, "r3-1");
    assert_eq!(history.acks["r3-1-0"], "evt_1");
}
