//! T9: a question under an idempotency key is answered once. The same key in a row, from sixteen connections at once, after the server was
//! killed and started again, with another body, and by another tenant.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::chance::{Chance, number, seed};
use crate::client::{Client, Reply};
use crate::sample::{self, batch, joins};
use crate::wink::{Server, run, verified};
use crate::{forgetful, segment, stored};

/// Half a minute; `WINK_TEST_KILLS=500` makes ten thousand questions of it before a release.
const KILLS: u64 = 40;

/// Questions that nobody asked before, between two kills.
const QUESTIONS: u64 = 20;

/// Connections that ask the same at once.
const AT_ONCE: usize = 16;

/// The first tenant, and another.
const TENANTS: [usize; 2] = [0, 1];

/// A question under a key.
#[derive(Clone, Debug)]
struct Question {
    key: String,
    person: String,
    cents: u64,
}

impl Question {
    fn body(&self, cents: u64) -> String {
        let mut body = sample::question(&self.person);
        body["cart_cents"] = cents.into();
        body.to_string()
    }
}

/// A connection that is made again when it breaks.
struct Line {
    address: SocketAddr,
    client: Option<Client>,
}

impl Line {
    fn to(address: SocketAddr) -> Self {
        Self { address, client: None }
    }

    /// Sends a request; `None` if nobody knows what became of it, or the server could not do it now.
    fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &str) -> Option<Reply> {
        let mut client = self.client.take().or_else(|| Client::connect(self.address).ok())?;
        let reply = client.send_with("POST", path, headers, body).ok()?;
        self.client = Some(client);
        Some(reply).filter(|reply| ![429, 503].contains(&reply.status))
    }
}

/// Two shops, what they were asked, and what they answered.
struct Record {
    bearers: [String; 2],
    answers: Mutex<BTreeMap<(usize, String), String>>,
    broken: Mutex<Vec<String>>,
}

impl Record {
    /// Asks for one tenant; whatever was answered before must be answered again.
    fn ask(&self, line: &mut Line, tenant: usize, question: &Question) {
        let Some(reply) = self.send(line, tenant, question, question.cents) else { return };
        if reply.status != 200 {
            return self.broken.lock().unwrap().push(format!("{question:?}: {reply:?}"));
        }
        let mut answers = self.answers.lock().unwrap();
        let first = answers.entry((tenant, question.key.clone())).or_insert_with(|| reply.body.clone());
        if *first != reply.body {
            self.broken.lock().unwrap().push(format!("{question:?}: {first} and then {}", reply.body));
        }
    }

    /// Asks something else under a key that has an answer.
    fn contradict(&self, line: &mut Line, question: &Question) {
        if self.answer(TENANTS[0], question).is_none() {
            return;
        }
        let Some(reply) = self.send(line, TENANTS[0], question, question.cents + 1) else { return };
        if reply.status != 422 || reply.json()["code"] != "idempotency_key_reused" {
            self.broken.lock().unwrap().push(format!("{question:?} with another body: {reply:?}"));
        }
    }

    fn send(&self, line: &mut Line, tenant: usize, question: &Question, cents: u64) -> Option<Reply> {
        let headers = [("authorization", &*self.bearers[tenant]), ("idempotency-key", &*question.key)];
        line.post("/v1/decisions", &headers, &question.body(cents))
    }

    fn answer(&self, tenant: usize, question: &Question) -> Option<Value> {
        let answers = self.answers.lock().unwrap();
        let text = answers.get(&(tenant, question.key.clone()))?;
        Some(serde_json::from_str(text).unwrap())
    }

    /// Asks what was asked before by both tenants and with another body, and then what is new from all connections at once.
    fn ask_all(&self, address: SocketAddr, before: &[Question], new: &[Question]) {
        let together = Barrier::new(AT_ONCE);
        let ask = |place: usize| {
            let mut line = Line::to(address);
            for question in before.iter().skip(place).step_by(AT_ONCE) {
                TENANTS.iter().for_each(|tenant| self.ask(&mut line, *tenant, question));
                self.contradict(&mut line, question);
                self.ask(&mut line, TENANTS[1], question);
            }
            for question in new {
                together.wait();
                self.ask(&mut line, TENANTS[0], question);
            }
        };
        thread::scope(|scope| (0..AT_ONCE).for_each(|place| drop(scope.spawn(move || ask(place)))));
    }

    /// Lets a person be known to both shops.
    fn welcome(&self, address: SocketAddr, person: &str) {
        for bearer in &self.bearers {
            let body = batch(&joins(person)).to_string();
            let reply = Line::to(address).post("/v1/events", &[("authorization", bearer)], &body).unwrap();
            assert_eq!(reply.json()["accepted"], 3, "{reply:?}");
        }
    }
}

/// Opens two shops with the same catalogue in one store.
fn open(store: &Path) -> Record {
    sample::open_shop(store);
    let data = [OsStr::new("--data"), store.as_os_str()];
    run([&["tenant".as_ref(), "create".as_ref(), "outlet".as_ref()], &data[..]].concat()).fine();
    let outlet = ["key", "create", "--role", "admin", "--name", "shop", "--tenant", "outlet"].map(OsStr::new);
    let other = run([&outlet[..], &data[..]].concat()).fine().out.trim().to_owned();
    let bearers = [segment::key(store, "admin"), other].map(|key| format!("Bearer {key}"));
    let server = Server::start_with_keys(store);
    let mut client = Client::connect(server.address).unwrap();
    let mut ask = |bearer: &str, method: &str, body: &str| {
        client.send_with(method, "/v1/catalogue", &[("authorization", bearer)], body).unwrap()
    };
    let files = ask(&bearers[0], "GET", "").json()["files"].take();
    let copied = ask(&bearers[1], "PUT", &json!({ "files": files }).to_string());
    assert_eq!(copied.status, 200, "{copied:?}");
    server.stop().fine();
    Record { bearers, answers: Mutex::default(), broken: Mutex::default() }
}

/// What is asked in a cycle, of a person of its own.
fn questions(cycle: u64) -> Vec<Question> {
    let question = |place: u64| Question {
        key: format!("question-{cycle}-{place}"),
        person: format!("person-{cycle}"),
        cents: 1_500 + place,
    };
    (0..QUESTIONS).map(question).collect()
}

/// Starts a server, asks by way of `to` (the server itself, unless a mutant stands before it), and kills it at a moment that is drawn.
fn kill_while_asking(
    store: &Path,
    record: &Record,
    cycle: u64,
    chance: &mut Chance,
    to: impl Fn(SocketAddr) -> SocketAddr,
) {
    let server = Server::start_with_keys(store);
    record.welcome(server.address, &format!("person-{cycle}"));
    let before = if cycle == 1 { Vec::new() } else { questions(cycle - 1) };
    let address = to(server.address);
    thread::scope(|scope| {
        scope.spawn(|| record.ask_all(address, &before, &questions(cycle)));
        thread::sleep(Duration::from_millis(chance.between(5, 700)));
        server.kill();
    });
}

#[test]
fn crash_the_same_question_has_the_same_answer_after_every_kill() {
    let (kills, seed) = (number("WINK_TEST_KILLS", KILLS), seed());
    println!("seed {seed}: WINK_TEST_SEED={seed} draws the same moments again");
    let (begun, store) = (Instant::now(), tempfile::tempdir().unwrap());
    let record = open(store.path());
    let mut chance = Chance(seed);
    for cycle in 1..=kills {
        kill_while_asking(store.path(), &record, cycle, &mut chance, |server| server);
        assert_eq!(*record.broken.lock().unwrap(), Vec::<String>::new(), "after kill {cycle}, seed {seed}");
    }
    let answered_before_the_end = record.answers.lock().unwrap().len();
    let all: Vec<Question> = (1..=kills).flat_map(questions).collect();
    let server = Server::start_with_keys(store.path());
    // The second time nothing is new any more.
    for _ in 0..2 {
        record.ask_all(server.address, &all, &[]);
    }
    server.stop().fine();
    assert_eq!(*record.broken.lock().unwrap(), Vec::<String>::new(), "seed {seed}");
    check_stored(store.path(), &record, &all);
    println!(
        "{} questions of two tenants over {kills} kills in {:.0?}, {answered_before_the_end} answered before the last; seed {seed}",
        all.len(),
        begun.elapsed(),
    );
    assert!(all.len() <= answered_before_the_end, "the kills came too early to mean anything");
}

/// Insists that every question has become one decision, with the coupon its answer names, and nothing else has.
fn check_stored(store: &Path, record: &Record, all: &[Question]) {
    let (mut decisions, mut coupons) = (BTreeSet::new(), BTreeSet::new());
    for question in all {
        let [here, elsewhere] = TENANTS.map(|tenant| record.answer(tenant, question).expect("answered"));
        assert_ne!(here["decision"]["id"], elsewhere["decision"]["id"], "a tenant's answers are its own");
        decisions.insert(here["decision"]["id"].as_str().unwrap().to_owned());
        coupons.extend(here["decision"]["coupon"].as_str().map(str::to_owned));
    }
    let found = stored::read(store);
    assert_eq!((decisions.len(), &decisions), (all.len(), &found.decisions));
    assert_eq!(coupons, found.coupons);
    assert!(all.len() / 2 < coupons.len(), "too few coupons to mean anything");
    verified(store);
}

#[test]
fn crash_a_server_that_remembers_keys_in_memory_only_is_caught() {
    let (store, seed) = (tempfile::tempdir().unwrap(), seed());
    let record = open(store.path());
    let mut chance = Chance(seed);
    let port = Arc::new(AtomicU16::new(0));
    let mutant = forgetful::listen(port.clone());
    for cycle in 1..=20 {
        kill_while_asking(store.path(), &record, cycle, &mut chance, |server| {
            port.store(server.port(), Ordering::SeqCst);
            mutant
        });
        if !record.broken.lock().unwrap().is_empty() {
            println!("caught after kill {cycle}, seed {seed}");
            return;
        }
    }
    panic!("20 kills did not show that keys are forgotten, seed {seed}");
}
