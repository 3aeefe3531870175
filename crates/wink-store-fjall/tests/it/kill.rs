//! Kills a process that writes, again and again, and looks for everything it acknowledged.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use wink_store::Store;
use wink_store::suite::wait;

use crate::work::{batch, open, stored};

const DIRECTORY: &str = "WINK_TEST_HAMMER_DIRECTORY";
const WORKERS: u64 = 8;

/// Not a test: the process that is killed. Writes until then, and says on its output what was acknowledged.
#[test]
#[ignore = "run by the test below, in a process of its own"]
fn hammer() {
    let Some(directory) = std::env::var_os(DIRECTORY).map(PathBuf::from) else { return };
    let store = open(&directory);
    let from: Vec<u64> = (0..WORKERS).map(|worker| stored(&store, worker)).collect();
    std::thread::scope(|scope| {
        for (worker, from) in (0..WORKERS).zip(from) {
            let store = &store;
            scope.spawn(move || {
                let mut next = from;
                loop {
                    let many = 1 + next % 3;
                    let outcomes =
                        wait(store.submit((next..next + many).map(|number| batch(worker, number)).collect()));
                    assert!(
                        outcomes
                            .iter()
                            .all(|outcome| matches!(outcome, wink_store::Outcome::Committed { .. }))
                    );
                    next += many;
                    writeln!(std::io::stderr(), "acknowledged {worker} {next}").unwrap();
                }
            });
        }
    });
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = [0; 8];
    // However slow the machine is: until they have been killed often, and have done much between.
    for cycle in 0..2_000_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::hammer", "--ignored", "--nocapture"])
            .env(DIRECTORY, directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stderr.take().unwrap());
        let lines = std::thread::spawn(|| output.lines().map_while(Result::ok).collect::<Vec<String>>());
        // Some are killed while they recover, most while they write.
        std::thread::sleep(Duration::from_millis(5 + cycle * 37 % 120));
        child.kill().unwrap();
        for line in lines.join().unwrap() {
            let words: Vec<&str> = line.split(' ').collect();
            let ["acknowledged", worker, next] = words[..] else { continue };
            // The last line may be cut off in the middle of the number.
            let (worker, next): (usize, u64) = (worker.parse().unwrap(), next.parse().unwrap_or(0));
            acknowledged[worker] = next.max(acknowledged[worker]);
        }
        child.wait().unwrap();
        let is_enough = 60 <= cycle && 1_000 < acknowledged.iter().sum::<u64>();
        if cycle % 6 == 5 || is_enough {
            let store = open(directory.path());
            for (worker, acknowledged) in (0..).zip(acknowledged) {
                let stored = stored(&store, worker);
                assert!(acknowledged <= stored, "cycle {cycle}, worker {worker}: {stored} of {acknowledged}");
            }
        }
        if is_enough {
            return;
        }
    }
    panic!("the processes did too little: {acknowledged:?}");
}
