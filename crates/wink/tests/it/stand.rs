//! The server among clients that stall or mean harm: honest ones are answered, memory stays bounded, and every message is accounted for.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;

use crate::client::{Client, ask};
use crate::sample::{self, batch, joins, order, question};
use crate::wink::{Server, verified};

/// 9 MiB of zeros, packed by Brotli.
const BOMB: [u8; 27] = [
    0xcb, 0xff, 0xff, 0x3f, 0xf8, 0x27, 0x00, 0xe2, 0xb1, 0x40, 0x20, 0xf7, 0xfe, 0xaf, 0xfe, 0xff, 0x1f,
    0xff, 0x04, 0x40, 0x1c, 0x16, 0x01, 0xe8, 0xde, 0x3f, 0x00,
];

/// What the server may take at most, in KiB.
const MEMORY_MAX: u64 = 512 << 10;

/// The most memory a process has ever had, in KiB.
pub(crate) fn memory_peak(server: &Server) -> u64 {
    memory(server, "VmHWM:")
}

/// The memory a process has now, in KiB.
pub(crate) fn memory_now(server: &Server) -> u64 {
    memory(server, "VmRSS:")
}

fn memory(server: &Server, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn begin(server: &Server, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    stream
}

#[test]
fn clients_that_stall_keep_nobody_from_being_answered() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let server = Server::start(store.path());
    let reply = ask(server.address, "POST", "/v1/events", &batch(&joins("anna")).to_string());
    assert_eq!(reply.json()["accepted"], 3, "{reply:?}");
    let head = "POST /v1/events HTTP/1.1\r\nhost: wink\r\ncontent-length: 1000000\r\n\r\n{\"events\": [";
    // More bodies under way than there are places for requests.
    let stalled: Vec<TcpStream> = std::iter::repeat_n(head, 600)
        .chain(std::iter::repeat_n("POST /v1/events HTTP/1.1\r\nhost: wi", 100))
        .chain(std::iter::repeat_n(&*"GET /openapi.json HTTP/1.1\r\nhost: wink\r\n\r\n".repeat(50), 50))
        .map(|bytes| begin(&server, bytes))
        .collect();
    // Each keeps a place for the moment in which most bodies come.
    std::thread::sleep(std::time::Duration::from_millis(200));
    let mut honest = Client::connect(server.address).unwrap();
    for number in 0..50 {
        let reply = honest.post("/v1/events", &batch(&[order(&format!("o-{number}"), "anna", 500)])).unwrap();
        assert_eq!((reply.status, &reply.json()["accepted"]), (200, &json!(1)), "{reply:?}");
        assert_eq!(honest.post("/v1/decisions", &question("anna")).unwrap().status, 200);
    }
    assert!(memory_peak(&server) < MEMORY_MAX, "{} KiB", memory_peak(&server));
    drop(stalled);
    server.stop().fine();
    assert_eq!(verified(store.path())["balance"]["accepted"], 53);
}

#[test]
fn a_bomb_is_refused_and_costs_little() {
    let store = tempfile::tempdir().unwrap();
    let server = Server::start(store.path());
    let head = "POST /v1/events HTTP/1.1\r\nhost: wink\r\ncontent-encoding: br\r\ncontent-length: 27\r\nconnection: close\r\n\r\n";
    for _ in 0..100 {
        let mut stream = begin(&server, head);
        stream.write_all(&BOMB).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_unpacks_too_large"), "{answer}");
    }
    assert!(memory_peak(&server) < MEMORY_MAX, "{} KiB", memory_peak(&server));
    server.stop().fine();
    verified(store.path());
}

#[test]
fn without_its_certificate_it_does_not_start() {
    let store = tempfile::tempdir().unwrap();
    let mut call = crate::wink::serve(store.path());
    call.args(["--tls-cert", "nowhere.pem", "--tls-key", "nowhere.pem"]);
    let said = Server::start_as(call).err().expect("there is nothing to speak TLS with");
    assert!(said.err.contains("`nowhere.pem` cannot be read"), "{said:?}");
}
