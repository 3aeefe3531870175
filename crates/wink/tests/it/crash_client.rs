//! The real clients of others, while the server they send to is killed and started again on the same port: each message is an event, once.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU16;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::chance::{Chance, number, seed};
use crate::client::Client;
use crate::segment::key;
use crate::wink::{self, Server, verified};
use crate::{hasty, real_client, sample, stored};

/// Enough that batches are met before, in and after their commit; `WINK_TEST_KILLS` asks for more before a release.
const KILLS: u64 = 10;

/// So many messages a kill: two thousand and more in the short run.
const MESSAGES_BY_KILL: u64 = 250;

/// A server lives this many milliseconds.
const LIVES_MS: (u64, u64) = (150, 850);

/// A shop whose server is killed and started again where it was.
struct Shop<'a> {
    store: &'a Path,
    key: String,
    chance: Chance,
    server: Option<Server>,
    address: SocketAddr,
}

impl<'a> Shop<'a> {
    fn open(store: &'a Path, seed: u64) -> Self {
        sample::open_shop(store);
        let key = key(store, "shop");
        let server = Server::start_with_keys(store);
        let address = server.address;
        Self { store, key, chance: Chance(seed), server: Some(server), address }
    }

    /// Kills the server after it has lived for a while, and starts the next.
    fn kill(&mut self) {
        thread::sleep(Duration::from_millis(self.chance.between(LIVES_MS.0, LIVES_MS.1)));
        if let Some(server) = self.server.take() {
            server.kill();
        }
        let again = Server::start_as(wink::serve_at(self.store, self.address));
        self.server = Some(again.unwrap_or_else(|said| panic!("it does not start again: {said:?}")));
    }

    /// Runs a client that sends for as long as the kills take, and gives its report.
    fn kill_while_it_sends(&mut self, script: &str, to: SocketAddr, kills: u64) -> Value {
        let (host, key) = (format!("http://{to}"), self.key.clone());
        let seconds = (kills * (LIVES_MS.0 + LIVES_MS.1) / 2_000).to_string();
        let messages = (kills * MESSAGES_BY_KILL).to_string();
        thread::scope(|scope| {
            let client = scope.spawn(|| real_client::run(script, &[&host, &key, &messages, &seconds]));
            for _ in 0..kills {
                self.kill();
            }
            client.join().unwrap()
        })
    }

    /// Asks the running server whether every message is accounted for, and stops it.
    fn balance(&mut self) -> Value {
        let bearer = format!("Bearer {}", self.key);
        let mut client = Client::connect(self.address).unwrap();
        let reply = client.send_with("GET", "/v1/health/balance", &[("authorization", &bearer)], "").unwrap();
        if let Some(server) = self.server.take() {
            server.stop().fine();
        }
        reply.json()
    }
}

fn ids(report: &Value, name: &str) -> BTreeSet<String> {
    report[name].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn kept(store: &Path) -> Vec<String> {
    stored::read(store).events.into_iter().map(|event| event.message_id).collect()
}

fn check_client(script: &str) {
    let (kills, seed) = (number("WINK_TEST_KILLS", KILLS), seed());
    println!("seed {seed}: WINK_TEST_SEED={seed} draws the same moments again");
    let store = tempfile::tempdir().unwrap();
    let mut shop = Shop::open(store.path(), seed);
    let report = shop.kill_while_it_sends(script, shop.address, kills);
    let balance = shop.balance();
    let (sent, delivered) = (ids(&report, "sent"), ids(&report, "delivered"));
    assert_eq!((sent.len() as u64, &report["failed"]), (kills * MESSAGES_BY_KILL, &0.into()), "seed {seed}");
    assert_eq!(delivered, sent, "it believes in every message in the end, seed {seed}");
    let kept = kept(store.path());
    let once: BTreeSet<String> = kept.iter().cloned().collect();
    assert_eq!((&once, kept.len()), (&sent, sent.len()), "none lost, none twice, seed {seed}");
    assert_eq!((&balance["exact"], &balance["accepted"]), (&true.into(), &sent.len().into()), "{balance}");
    let by_command = verified(store.path())["balance"].clone();
    for name in ["received", "accepted", "duplicate", "dead", "refused"] {
        assert_eq!(by_command[name], balance[name], "{name}");
    }
    println!("{script}: {} messages over {kills} kills, {} came twice", sent.len(), balance["duplicate"]);
}

#[test]
fn crash_segment_for_node_loses_nothing_to_kills() {
    check_client("segment_node.mjs");
}

#[test]
fn crash_segment_for_python_loses_nothing_to_kills() {
    check_client("segment_python.py");
}

#[test]
fn crash_a_client_of_a_server_that_acknowledges_before_it_commits_loses_messages() {
    let seed = seed();
    for round in 1..=5 {
        let store = tempfile::tempdir().unwrap();
        let mut shop = Shop::open(store.path(), seed + round);
        let mutant = hasty::listen(Arc::new(AtomicU16::new(shop.address.port())));
        let report = shop.kill_while_it_sends("segment_node.mjs", mutant, KILLS);
        shop.balance();
        let kept: BTreeSet<String> = kept(store.path()).into_iter().collect();
        if !ids(&report, "delivered").is_subset(&kept) {
            println!("caught in round {round}, seed {seed}");
            return;
        }
    }
    panic!("50 kills did not show that the server acknowledges too early, seed {seed}");
}
