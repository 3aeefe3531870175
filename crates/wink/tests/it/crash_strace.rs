//! T2: the order of the system calls of the real binary, and what happens when one of them fails or is the last.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::client::ask;
use crate::history::History;
use crate::oracle::Oracle;
use crate::trace::{prove, read};
use crate::traced::{journal_only, script, start};
use crate::wink::verified;
use crate::{sample, stored};

/// Operations of the script whose every step is the last once.
const SCRIPT: usize = 12;

fn promised(history: &History) -> usize {
    history.acks.len() + history.decided.len()
}

#[test]
fn crash_nothing_is_acknowledged_before_its_sync_has_returned() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let traced = start::<&str>(store.path(), &[]).unwrap();
    let history = script(&traced.server, 40);
    traced.server.stop().fine();
    assert_eq!(promised(&history), 40, "every operation is answered with a promise");
    let trace = fs::read_to_string(&traced.trace).unwrap();
    assert_eq!(prove(&read(&trace)), Ok(40));
    // The same without its syncs, as a server would be traced that has none.
    let unsynced: Vec<&str> = trace.lines().filter(|line| !line.contains("fdatasync")).collect();
    assert_eq!(prove(&read(&unsynced.join("\n"))).map_err(|early| early.len()), Err(40));
    let unwritten: Vec<&str> = trace.lines().filter(|line| !line.contains(".jnl>, ")).collect();
    assert_eq!(prove(&read(&unwritten.join("\n"))).map_err(|early| early.len()), Err(40));
}

#[test]
fn crash_nor_is_it_when_eight_connections_share_a_sync() {
    let (store, notes) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    sample::open_shop(store.path());
    let mut oracle = Oracle::start(notes.path(), 1);
    let traced = start::<&str>(store.path(), &[]).unwrap();
    oracle.tell("load", traced.server.address);
    thread::sleep(Duration::from_secs(2));
    traced.server.kill();
    oracle.done();
    let proven = prove(&read(&fs::read_to_string(&traced.trace).unwrap())).unwrap();
    println!("{proven} promises, each after its sync");
    assert!(promised(&oracle.history()) <= proven, "some promises are not in the trace");
    assert!(100 < proven, "only {proven} promises: too few to mean anything");
}

#[test]
fn crash_a_journal_that_fails_ends_the_process_and_is_never_acknowledged() {
    for (call, error) in [("fdatasync", "EIO"), ("write", "EIO"), ("fdatasync", "EROFS")] {
        for nth in [1, 2, 7] {
            let store = tempfile::tempdir().unwrap();
            sample::open_shop(store.path());
            let inject = ["-e".to_owned(), format!("inject={call}:error={error}:when={nth}")];
            let traced = start(store.path(), &[&inject[..], &journal_only(store.path())].concat()).unwrap();
            let history = script(&traced.server, SCRIPT);
            let case = format!("the {nth}th {call} answers {error}");
            assert_eq!(promised(&history), nth - 1, "{case}");
            let said = traced.server.ended();
            assert_eq!(said.code, None, "{case}: it aborts: {said:?}");
            assert!(
                said.err.contains("wink: the store stops, nothing more is acknowledged"),
                "{case}: {said:?}"
            );
            assert_eq!(history.check(&stored::read(store.path())), [], "{case}");
            verified(store.path());
        }
    }
}

#[test]
fn crash_a_full_disk_is_said_and_reading_goes_on() {
    for (call, error) in [("write", "ENOSPC"), ("write", "EDQUOT"), ("fdatasync", "ENOSPC")] {
        let store = tempfile::tempdir().unwrap();
        sample::open_shop(store.path());
        let inject = ["-e".to_owned(), format!("inject={call}:error={error}:when=5")];
        let traced = start(store.path(), &[&inject[..], &journal_only(store.path())].concat()).unwrap();
        let history = script(&traced.server, SCRIPT);
        assert_eq!(promised(&history), 4, "{call} answers {error}");
        let address = traced.server.address;
        assert_eq!(ask(address, "GET", "/healthz", "").status, 200, "reading goes on");
        let event = sample::batch(&[sample::order("later", "person-1", 100)]).to_string();
        let refused = ask(address, "POST", "/v1/events", &event);
        assert_eq!(refused.status, 503, "{refused:?}");
        assert!(refused.body.contains("the disk is full"), "{refused:?}");
        let said = traced.server.stop().fine();
        assert!(said.err.contains("the disk is full; free some space and start Wink again"), "{said:?}");
        assert_eq!(history.check(&stored::read(store.path())), [], "{call} answers {error}");
        verified(store.path());
    }
}

#[test]
fn crash_a_call_that_is_interrupted_is_made_again() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let inject = ["-e", "inject=write,fdatasync:error=EINTR:when=2+3"].map(str::to_owned);
    let traced = start(store.path(), &[&inject[..], &journal_only(store.path())].concat()).unwrap();
    let history = script(&traced.server, SCRIPT);
    assert_eq!(promised(&history), SCRIPT);
    traced.server.kill();
    let trace = fs::read_to_string(&traced.trace).unwrap();
    assert!(trace.contains("EINTR"), "nothing was interrupted");
    assert_eq!(history.check(&stored::read(store.path())), []);
}

/// Kills the server at its nth call, for every nth until the script survives. strace counts the calls of each thread.
fn kill_at_each(calls: &str, journal: Journal) {
    let (mut points, mut acknowledged) = (0, 0);
    loop {
        let store = tempfile::tempdir().unwrap();
        sample::open_shop(store.path());
        let mut options = vec!["-e".to_owned(), format!("inject={calls}:signal=KILL:when={}", points + 1)];
        match journal {
            Journal::Only => options.extend(journal_only(store.path())),
            // One thread answers all clients, so that its calls are counted through.
            Journal::AndEverythingElse => options.extend(["-E", "TOKIO_WORKER_THREADS=1"].map(str::to_owned)),
        }
        let promises = match start(store.path(), &options) {
            Ok(traced) => {
                let history = script(&traced.server, SCRIPT);
                traced.server.kill();
                let broken = history.check(&stored::read(store.path()));
                assert_eq!(broken, [], "killed at call {} of {calls}", points + 1);
                promised(&history)
            }
            // Killed before it listened.
            Err(said) => {
                assert_eq!(said.code, None, "{said:?}");
                0
            }
        };
        verified(store.path());
        if promises == SCRIPT {
            break;
        }
        points += 1;
        acknowledged += promises;
    }
    println!("{calls}: killed at {points} points, {acknowledged} acknowledged operations all there");
    assert!(SCRIPT <= points, "only {points} points: the commits were not among them");
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Journal {
    Only,
    AndEverythingElse,
}

#[test]
fn crash_killed_before_any_write_to_the_journal_what_was_acknowledged_is_there() {
    kill_at_each("write", Journal::Only);
}

#[test]
fn crash_killed_between_write_and_sync_what_was_acknowledged_is_there() {
    kill_at_each("fdatasync", Journal::Only);
}

#[test]
fn crash_killed_between_sync_and_answer_what_was_acknowledged_is_there() {
    kill_at_each("writev,sendto,sendmsg", Journal::AndEverythingElse);
}
