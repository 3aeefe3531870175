//! A reader of live answers who stops reading: what waits for them is little, and they are let go.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use wink_server::access::Role;
use wink_server::listen::Settings;
use wink_server::listen::pace::Pace;

use super::api::{Api, question};
use super::socket::{PATIENCE, short};

/// Decisions to be told, each some hundred bytes: ten times what waits between server and reader.
const DECISIONS: usize = 2_000;

/// How long the server waits for who does not read: a busy machine may keep even who reads from it for a while.
const WAITS: Duration = Duration::from_secs(2);

/// Opens anna's stream from its beginning, with so much room for what was not read.
fn open(address: SocketAddr, key: &str, room: usize) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(room).unwrap();
    socket.connect(&address.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "GET /v1/stream?namespace=customer&value=anna HTTP/1.1\r\nhost: wink\r\nauthorization: Bearer {key}\r\nlast-event-id: 0\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// Reads as long as more comes within `pause`; tells how many events came, and whether the connection was ended.
fn read_on(stream: &mut TcpStream, pause: Duration) -> (usize, bool) {
    stream.set_read_timeout(Some(pause)).unwrap();
    let (mut read, mut piece) = (Vec::new(), [0; 16 << 10]);
    let ended = loop {
        match stream.read(&mut piece) {
            Ok(0) => break true,
            Ok(length) => read.extend(&piece[..length]),
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {
                break false;
            }
            Err(_) => break true,
        }
    };
    (String::from_utf8_lossy(&read).matches("event: decision").count(), ended)
}

#[test]
fn who_follows_and_does_not_read_is_let_go_and_who_reads_is_told_everything() {
    let api = Api::of_a_shop();
    let key = api.key(Role::Shop);
    for _ in 0..DECISIONS {
        assert_eq!(api.ask(&key, "POST", "/v1/decisions", &question("anna")).status, 200);
    }
    let pace = Pace { grace: WAITS, ..short().answer_pace };
    let address = api.serve(Settings { answer_pace: pace, ..short() });
    let mut slow = open(address, &key, 4 << 10);
    let mut honest = open(address, &key, 1 << 20);
    let (told, ended) = read_on(&mut honest, WAITS);
    assert_eq!((told, ended), (DECISIONS, false), "who reads stays");
    // Nothing is read meanwhile.
    thread::sleep(WAITS * 2);
    let (told, ended) = read_on(&mut slow, PATIENCE);
    assert!(ended, "it is let go");
    assert!(told < DECISIONS / 4, "{told} of {DECISIONS} waited for who did not read");
}
