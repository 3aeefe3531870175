//! Runs the server under strace: watched, with calls that fail, or killed at a certain call.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::client::Client;
use crate::history::{History, Intent};
use crate::sample::{batch, consent, order, question};
use crate::wink::{self, Said, Server, WINK};

/// Everything that can carry bytes to the journal or an answer to a client.
const WATCHED: &str = "trace=write,writev,pwrite64,sendto,sendmsg,fdatasync,fsync";

/// A server, and where strace writes what it does.
pub(crate) struct Traced {
    pub(crate) server: Server,
    pub(crate) trace: PathBuf,
}

/// Starts the server under strace, with these further options. The error is how it ended before it listened.
pub(crate) fn start<O: AsRef<OsStr>>(store: &Path, options: &[O]) -> Result<Traced, Said> {
    let trace = store.join("trace");
    // -D: the server stays the child of the test, and strace becomes a grandchild. Whole buffers: ids are looked for in them.
    let mut call = Command::new("strace");
    call.args(["-D", "-f", "-yy", "-s", "1000000", "-e", WATCHED]).args(options).arg("-o").arg(&trace);
    call.arg(WINK).args(wink::serve(store).get_args()).env_remove("WINK_DATA");
    let here = Command::new("strace").arg("-V").output().is_ok_and(|output| output.status.success());
    assert!(
        here,
        "this test needs strace: run `cargo xtask test`, which installs it, or `apt-get install strace`"
    );
    Server::start_as(call).map(|server| Traced { server, trace })
}

/// Limits what is watched, and what fails or kills, to the journal of a store that was just made.
pub(crate) fn journal_only(store: &Path) -> [String; 2] {
    ["-P".to_owned(), store.join("store").join("engine").join("0.jnl").display().to_string()]
}

/// Sends operations one after another until `many` are answered or the server is gone; the history says what was promised.
pub(crate) fn script(server: &Server, many: usize) -> History {
    let mut history = History::default();
    let Ok(mut client) = Client::connect(server.address) else { return history };
    for number in 0..many {
        let person = format!("person-{}", number % 3);
        let id = format!("op-{number}");
        let answered = match number % 4 {
            3 => decide(&mut client, &mut history, &person),
            0 => send(&mut client, &mut history, &id, &person, "personalisation granted"),
            _ => send(&mut client, &mut history, &id, &person, &format!("order {}", 100 + number)),
        };
        if answered.is_err() {
            break;
        }
    }
    history
}

fn send(
    client: &mut Client,
    history: &mut History,
    id: &str,
    person: &str,
    says: &str,
) -> std::io::Result<()> {
    let event = match says.split_once(' ') {
        Some(("order", cents)) => order(id, person, cents.parse().unwrap()),
        Some((purpose, state)) => consent(id, person, purpose, state),
        None => panic!("nothing to say"),
    };
    history.intents.insert(id.to_owned(), Intent { request: id.to_owned(), says: says.to_owned() });
    let answer = answered(client, "/v1/events", &batch(&[event]))?;
    assert_eq!(answer["accepted"], 1, "{answer}");
    history.acks.insert(id.to_owned(), answer["items"][0]["id"].as_str().unwrap().to_owned());
    Ok(())
}

/// An answer of success. That the store takes no more writes ends a script like a server that is gone: what became of the request is open.
fn answered(client: &mut Client, path: &str, body: &Value) -> std::io::Result<Value> {
    let reply = client.post(path, body)?;
    if reply.status == 503 {
        return Err(std::io::ErrorKind::ResourceBusy.into());
    }
    assert_eq!(reply.status, 200, "{reply:?}");
    Ok(reply.json())
}

fn decide(client: &mut Client, history: &mut History, person: &str) -> std::io::Result<()> {
    let answer = answered(client, "/v1/decisions", &question(person))?;
    if answer["dry_run"] == false {
        let decision = &answer["decision"];
        let coupon = decision["coupon"].as_str().map(str::to_owned);
        history.decided.insert(decision["id"].as_str().unwrap().to_owned(), coupon);
    }
    Ok(())
}
