//! Runs the server under strace: watched, with calls that fail, or killed at a certain call.

use std::path::{Path, PathBuf};
use std::process::Command;

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
pub(crate) fn start(store: &Path, options: &[&str]) -> Result<Traced, Said> {
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
    let reply = client.post("/v1/events", &batch(&[event]))?;
    assert_eq!(reply.status, 200, "{reply:?}");
    let answer = reply.json();
    assert_eq!(answer["accepted"], 1, "{answer}");
    history.acks.insert(id.to_owned(), answer["items"][0]["id"].as_str().unwrap().to_owned());
    Ok(())
}

fn decide(client: &mut Client, history: &mut History, person: &str) -> std::io::Result<()> {
    let answer = client.post("/v1/decisions", &question(person))?.json();
    if answer["dry_run"] == false {
        let decision = &answer["decision"];
        let coupon = decision["coupon"].as_str().map(str::to_owned);
        history.decided.insert(decision["id"].as_str().unwrap().to_owned(), coupon);
    }
    Ok(())
}
