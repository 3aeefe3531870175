//! T2: the order of the system calls on the real binary, and what happens when one of them fails or is the last.

use crate::trace::{prove, read};
use crate::traced::{script, start};
use crate::wink::verified;
use crate::{sample, stored};

#[test]
fn crash_nothing_is_acknowledged_before_its_sync_has_returned() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let traced = start(store.path(), &[]).unwrap();
    let history = script(&traced.server, 40);
    traced.server.stop().fine();
    let trace = std::fs::read_to_string(&traced.trace).unwrap();
    let steps = read(&trace);
    let promised = history.acks.len() + history.decided.len();
    assert_eq!(prove(&steps), Ok(promised));
    assert_eq!(promised, 40, "every operation was answered with a promise");
}

#[test]
fn crash_a_sync_that_fails_ends_the_process_and_is_never_acknowledged() {
    for nth in 1..=6 {
        let store = tempfile::tempdir().unwrap();
        sample::open_shop(store.path());
        let inject = format!("inject=fdatasync:error=EIO:when={nth}");
        let traced = start(store.path(), &["-e", &inject]).unwrap();
        let history = script(&traced.server, 40);
        assert_eq!(
            history.acks.len() + history.decided.len(),
            nth - 1,
            "the {nth}th commit is not acknowledged"
        );
        let said = traced.server.ended();
        assert_eq!(said.code, None, "it aborts: {said:?}");
        assert!(said.err.contains("wink: the store stops, nothing more is acknowledged"), "{said:?}");
        let trace = std::fs::read_to_string(&traced.trace).unwrap();
        assert_eq!(prove(&read(&trace)), Ok(nth - 1));
        assert_eq!(history.check(&stored::read(store.path())), []);
        verified(store.path());
    }
}

/// Kills the server at its nth call of `calls`, for every nth until the script of 12 operations survives.
fn kill_at_every(calls: &str, step: usize) -> (usize, usize) {
    let (mut points, mut acknowledged) = (0, 0);
    for nth in (1..).step_by(step) {
        let store = tempfile::tempdir().unwrap();
        sample::open_shop(store.path());
        let inject = format!("inject={calls}:signal=KILL:when={nth}");
        let (promised, survived) = match start(store.path(), &["-e", &inject]) {
            Ok(traced) => {
                let history = script(&traced.server, 12);
                let promised = history.acks.len() + history.decided.len();
                traced.server.kill();
                let broken = history.check(&stored::read(store.path()));
                assert_eq!(broken, [], "killed at the {nth}th of {calls}");
                (promised, promised == 12)
            }
            // Killed before it listened.
            Err(said) => {
                assert_eq!(said.code, None, "{said:?}");
                (0, false)
            }
        };
        verified(store.path());
        if survived {
            return (points, acknowledged);
        }
        points += 1;
        acknowledged += promised;
    }
    unreachable!("the script has an end")
}

#[test]
fn crash_whatever_call_is_the_last_what_was_acknowledged_is_there() {
    // strace counts calls by thread. The committer's are the journal's; the others answer clients and start the server.
    for (calls, step) in
        [("fdatasync", 4), ("write,writev,fdatasync,fsync", 4), ("/.*sync|rename|ftruncate", 4)]
    {
        let (points, acknowledged) = kill_at_every(calls, step);
        println!("{calls}: killed at {points} points, {acknowledged} acknowledged operations all there");
        assert!(0 < points, "nothing was killed at {calls}");
    }
}
