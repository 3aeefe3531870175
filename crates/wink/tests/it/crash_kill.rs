//! T1: the server is killed at random moments, again and again; what the oracle was promised is there, and nothing else.
//!
//! What killing a process shows: an answer before the commit, half a batch, a message stored twice, a store that does not open again.
//! What it cannot show: an answer after the `write` and before the `fsync`. The bytes are in the kernel's page cache then, which outlives the
//! process. That is seen by the order of the system calls (`crash_strace`) and by the simulated power cut (`wink-sim`).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::chance::{Chance, number, seed};
use crate::history::{Broken, History};
use crate::oracle::Oracle;
use crate::wink::{self, Server, verified};
use crate::{hasty, sample, stored};

/// Enough to meet every step of a commit some dozens of times; `WINK_TEST_KILLS` asks for more before a release.
const KILLS: u64 = 200;

/// Starts the server and kills it while it recovers.
fn kill_recovering(store: &Path, after: Duration) {
    let mut child = wink::serve(store)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn crash_what_was_acknowledged_is_there_after_every_kill() {
    let (store, notes) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (kills, seed) = (number("WINK_TEST_KILLS", KILLS), seed());
    println!("seed {seed}: WINK_TEST_SEED={seed} draws the same messages and moments again");
    sample::open_shop(store.path());
    let mut chance = Chance(seed);
    let mut oracle = Oracle::start(notes.path(), seed);
    let (begun, mut slowest, mut recoveries_killed) = (Instant::now(), Duration::ZERO, 0);
    for cycle in 1..=kills {
        if cycle % 3 == 0 {
            recoveries_killed += 1;
            kill_recovering(store.path(), Duration::from_millis(chance.between(1, 30)));
        }
        let server = Server::start(store.path());
        slowest = slowest.max(server.started_in);
        oracle.tell("load", server.address);
        thread::sleep(Duration::from_millis(chance.between(5, 300)));
        server.kill();
        oracle.done();
        if cycle % 20 == 0 {
            let broken = oracle.history().check(&stored::read(store.path()));
            assert_eq!(broken, [], "after kill {cycle}, seed {seed}");
        }
    }
    settle(store.path(), &mut oracle);
    let history = oracle.history();
    let found = stored::read(store.path());
    assert_eq!(history.check_settled(&found), [], "seed {seed}");
    let answer = verified(store.path());
    let sent = i64::try_from(history.intents.len()).unwrap();
    assert_eq!(answer["balance"]["accepted"], sent, "each message is accepted exactly once");
    explain_some(store.path(), &history);
    println!(
        "{kills} kills and {recoveries_killed} more while recovering, in {:.0?}; {} events and {} decisions ({} with a coupon) acknowledged, \
         none lost; slowest start {slowest:.0?}; seed {seed}",
        begun.elapsed(),
        history.acks.len(),
        history.decided.len(),
        history.decided.values().flatten().count(),
    );
    assert!(1_000 < history.acks.len(), "the server did too little to mean anything");
    assert!(100 < history.decided.values().flatten().count(), "too few coupons to mean anything");
}

/// Sends what has no answer until everything has one.
fn settle(store: &Path, oracle: &mut Oracle) {
    let server = Server::start(store);
    for _ in 0..20 {
        oracle.tell("settle", server.address);
        if oracle.done() == 0 {
            server.stop().fine();
            return;
        }
    }
    panic!("some requests are never answered");
}

/// Coupons that were given can be explained by the command line too.
fn explain_some(store: &Path, history: &History) {
    let with_coupon: Vec<_> = history.decided.iter().filter(|(_, coupon)| coupon.is_some()).collect();
    for (id, _) in with_coupon.iter().step_by(1 + with_coupon.len() / 10) {
        let said = wink::run(["explain", id, "--json", "--data", store.to_str().unwrap()]).fine();
        assert_eq!(said.json()["verdict"], "offer", "{id}");
    }
}

#[test]
fn crash_a_server_that_acknowledges_before_it_commits_is_caught() {
    let (store, notes) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let seed = seed();
    sample::open_shop(store.path());
    let mut chance = Chance(seed);
    let mut oracle = Oracle::start(notes.path(), seed);
    let port = Arc::new(AtomicU16::new(0));
    let mutant = hasty::listen(port.clone());
    for cycle in 1..=40 {
        let server = Server::start(store.path());
        port.store(server.address.port(), Ordering::SeqCst);
        oracle.tell("load", mutant);
        thread::sleep(Duration::from_millis(chance.between(50, 150)));
        server.kill();
        oracle.done();
        let broken = oracle.history().check(&stored::read(store.path()));
        if broken.iter().any(|broken| matches!(broken, Broken::AcknowledgedAndNotStored(_))) {
            println!("caught after kill {cycle}, seed {seed}");
            return;
        }
    }
    panic!("40 kills did not show that the server acknowledges too early, seed {seed}");
}
