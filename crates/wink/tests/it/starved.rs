//! The server when something runs out: memory for bodies, files for connections. And a signal that ends other programs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::sync::Barrier;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::client::{Client, ask};
use crate::sample::{self, batch, order};
use crate::stand::{memory_now, memory_peak};
use crate::wink::{Server, serve, signal, verified};

/// Bodies at once, each a MiB: twelve times as many as there is memory for.
const BODIES: usize = 200;

fn start(store: &Path, arguments: &[&str]) -> Server {
    sample::open_shop(store);
    let mut call = serve(store);
    call.args(arguments);
    Server::start_as(call).unwrap_or_else(|said| panic!("{said:?}"))
}

/// Sends a body but for its last byte, and the rest when all have; gives the answer.
fn send_in_two(server: &Server, number: usize, together: &Barrier) -> String {
    let event = order(&format!("o-{number}"), &format!("person-{number}"), 500);
    let mut body = batch(&[event]).to_string();
    let padding = (1 << 20) - body.len();
    body.insert_str(1, &" ".repeat(padding));
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nhost: wink\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let (most, last) = body.as_bytes().split_at(body.len() - 1);
    // Who is refused may be told so before everything was sent.
    let _sent = stream.write_all(&[head.as_bytes(), most].concat());
    together.wait();
    let _sent = stream.write_all(last);
    let mut answer = String::new();
    let _reset = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn bodies_beyond_the_memory_for_them_are_refused_and_all_are_answered() {
    let store = tempfile::tempdir().unwrap();
    let server = start(store.path(), &["--body-memory", "16MiB"]);
    ask(server.address, "POST", "/v1/events", &batch(&[order("first", "anna", 500)]).to_string());
    let before = memory_now(&server);
    let together = Barrier::new(BODIES);
    let answers: Vec<String> = thread::scope(|scope| {
        let send = |number| {
            scope.spawn({
                let (server, together) = (&server, &together);
                move || send_in_two(server, number, together)
            })
        };
        let sending: Vec<_> = (0..BODIES).map(send).collect();
        sending.into_iter().map(|sent| sent.join().unwrap()).collect()
    });
    let grown = memory_peak(&server).saturating_sub(before);
    let taken = answers.iter().filter(|answer| answer.contains("\"accepted\":1")).count();
    let refused = |answer: &&String| {
        answer.starts_with("HTTP/1.1 503")
            && answer.contains("\"overloaded\"")
            && answer.contains("retry-after: 1\r\n")
    };
    let refused = answers.iter().filter(refused).count();
    assert_eq!(
        taken + refused,
        BODIES,
        "{:?}",
        answers.iter().map(|answer| answer.get(..60)).collect::<Vec<_>>()
    );
    assert!(0 < taken && BODIES / 2 < refused, "{taken} taken, {refused} refused");
    // A few times what bodies may take: they grow by doubling and are parsed. Without the limit it is more than the 200 MiB sent.
    assert!(grown < 128 << 10, "{grown} KiB more than before");
    for number in 0..BODIES {
        let again = batch(&[order(&format!("o-{number}"), &format!("person-{number}"), 500)]).to_string();
        assert_eq!(ask(server.address, "POST", "/v1/events", &again).status, 200);
    }
    server.stop().fine();
    let balance = verified(store.path())["balance"].clone();
    assert_eq!((&balance["accepted"], &balance["refused"]), (&(BODIES + 1).into(), &0.into()), "{balance}");
}

#[test]
fn too_little_memory_or_room_is_refused_at_the_start() {
    let store = tempfile::tempdir().unwrap();
    for (option, asked, part) in [
        ("--body-memory", "1MiB", "16.0 MiB or more"),
        ("--body-memory", "much", "invalid value 'much'"),
        ("--connections", "0", "--connections 0 lets nobody in"),
        ("--connections-by-address", "0", "--connections-by-address 0 lets nobody in"),
    ] {
        let mut call = serve(store.path());
        call.args([option, asked]);
        let said = Server::start_as(call).err().expect("no server starts");
        assert!(said.err.contains(part), "{said:?}");
    }
}

/// Lines of the log as they come.
fn log(child: &mut Child) -> Receiver<String> {
    let (tell, told) = sync_channel(1_000);
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| tell.send(line)));
    told
}

/// The processor's time the process has taken.
fn worked(server: &Server) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", server.child.id())).unwrap();
    let fields: Vec<&str> = text.rsplit_once(')').unwrap().1.split_whitespace().collect();
    // utime and stime, in hundredths of a second on every Linux there is.
    Duration::from_millis(10 * fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum::<u64>())
}

fn allow_files(server: &Server, files: u64) {
    let pid = Pid::from_raw(i32::try_from(server.child.id()).unwrap()).unwrap();
    let limit = |files| Rlimit { current: Some(files), maximum: Some(1_024) };
    prlimit(Some(pid), Resource::Nofile, limit(files)).unwrap();
}

#[test]
fn without_files_nobody_new_comes_in_and_nothing_else_happens() {
    let store = tempfile::tempdir().unwrap();
    let mut server = start(store.path(), &[]);
    let log = log(&mut server.child);
    let mut kept = Client::connect(server.address).unwrap();
    assert_eq!(kept.send("GET", "/healthz", "").unwrap().status, 200);
    allow_files(&server, 8);
    let waiting: Vec<TcpStream> = (0..50).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    let (began, before) = (Instant::now(), worked(&server));
    thread::sleep(Duration::from_millis(2_500));
    let complaints = log.try_iter().filter(|line| line.contains("no connection can be accepted")).count();
    assert!((1..=4).contains(&complaints), "told {complaints} times in {:?}", began.elapsed());
    assert!(worked(&server) - before < Duration::from_millis(500), "it spins");
    assert_eq!(kept.send("GET", "/healthz", "").unwrap().status, 200, "who is in is served");
    allow_files(&server, 1_024);
    assert_eq!(ask(server.address, "GET", "/healthz", "").status, 200, "files are there again");
    drop(waiting);
    server.stop().fine();
}

#[test]
fn a_hang_up_ends_nothing() {
    let store = tempfile::tempdir().unwrap();
    let mut server = start(store.path(), &[]);
    let log = log(&mut server.child);
    assert_eq!(ask(server.address, "GET", "/healthz", "").status, 200);
    signal(&server.child, "HUP");
    let told = log.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(told.contains("no certificate to read again"), "{told}");
    assert_eq!(ask(server.address, "GET", "/healthz", "").status, 200);
    server.stop().fine();
}

#[test]
fn a_hang_up_has_the_certificate_read_again_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| directory.path().join(name));
    let write = || {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    };
    write();
    let mut call = serve(&directory.path().join("store"));
    call.args([
        std::ffi::OsStr::new("--tls-cert"),
        certificate.as_os_str(),
        "--tls-key".as_ref(),
        key.as_os_str(),
    ]);
    let mut child =
        call.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(out.any(|line| line.unwrap().starts_with("listening on https://")));
    let told = log(&mut child);
    // So that the signal finds somebody who waits for it.
    thread::sleep(Duration::from_millis(200));
    write();
    signal(&child, "HUP");
    // By itself it looks every ten seconds.
    let line = told.recv_timeout(Duration::from_secs(5));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.unwrap().contains("a renewed certificate is in use"));
}
