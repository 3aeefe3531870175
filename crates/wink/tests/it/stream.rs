//! Live answers over server-sent events: heard as they are decided, and after a broken connection from where it broke.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::ask;
use crate::sample::{self, batch, joins, question};
use crate::wink::Server;

/// Longer than the heartbeat.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open stream.
struct Stream(BufReader<TcpStream>);

/// An event as a browser would see it.
#[derive(Debug, Default)]
struct Event {
    id: String,
    kind: String,
    data: String,
}

impl Stream {
    /// Opens a stream; the error is the status.
    fn open(address: SocketAddr, query: &str, last_event_id: Option<&str>) -> Result<Self, u16> {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut stream = BufReader::new(stream);
        let last = last_event_id.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
        write!(stream.get_mut(), "GET /v1/stream?{query} HTTP/1.1\r\nhost: wink\r\n{last}\r\n").unwrap();
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let status: u16 = line.split(' ').nth(1).unwrap().parse().unwrap();
        if status != 200 {
            return Err(status);
        }
        let mut head = String::new();
        while line != "\r\n" {
            line.clear();
            stream.read_line(&mut line).unwrap();
            head.push_str(&line);
        }
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        Ok(Self(stream))
    }

    /// Reads the next line that is not the framing of HTTP; `None` at the end.
    fn line(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            // A chunk's length stands before it and an empty line after it.
            let is_length = line.ends_with("\r\n");
            if !is_length {
                return Some(line.trim_end().to_owned());
            }
        }
    }

    /// Reads the next event, comments left out; `None` at the end.
    fn event(&mut self) -> Option<Event> {
        let mut event = Event::default();
        loop {
            let line = self.line()?;
            match line.split_once(": ") {
                Some(("id", id)) => event.id = id.to_owned(),
                Some(("event", kind)) => event.kind = kind.to_owned(),
                Some(("data", data)) => event.data = data.to_owned(),
                _ if line.is_empty() && !event.id.is_empty() => return Some(event),
                _ => {}
            }
        }
    }

    /// Reads the next decision.
    fn decision(&mut self) -> (String, Value) {
        let event = self.event().unwrap();
        assert_eq!(event.kind, "decision", "{event:?}");
        (event.id, serde_json::from_str(&event.data).unwrap())
    }
}

fn shop(store: &Path) -> Server {
    sample::open_shop(store);
    let server = Server::start(store);
    for person in ["anna", "ben"] {
        let reply = ask(server.address, "POST", "/v1/events", &batch(&joins(person)).to_string());
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    server
}

fn decide(server: &Server, person: &str) -> Value {
    let reply = ask(server.address, "POST", "/v1/decisions", &question(person).to_string());
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["decision"].clone()
}

const ANNA: &str = "namespace=customer&value=anna";

#[test]
fn a_decision_is_heard_as_it_is_made_and_after_a_break_none_is_missing() {
    let store = tempfile::tempdir().unwrap();
    let server = shop(store.path());
    let mut stream = Stream::open(server.address, ANNA, None).unwrap_or_else(|status| panic!("{status}"));
    let begin = stream.event().unwrap();
    assert_eq!((begin.kind.as_str(), begin.data.as_str()), ("", ""), "where it begins");
    decide(&server, "ben");
    let first = decide(&server, "anna");
    let (id, heard) = stream.decision();
    assert_eq!(
        (&heard["id"], &heard["verdict"], &heard["reason"]),
        (&first["id"], &first["verdict"], &first["reason"])
    );
    drop(stream);
    let missed = [decide(&server, "anna"), decide(&server, "anna")];
    // Over a restart, too: the place is in the journal.
    server.kill();
    let server = Server::start(store.path());
    let mut stream =
        Stream::open(server.address, ANNA, Some(&id)).unwrap_or_else(|status| panic!("{status}"));
    for missed in missed {
        assert_eq!(stream.decision().1["id"], missed["id"]);
    }
    assert_eq!(stream.event().unwrap().kind, "", "where it is now");
    let live = decide(&server, "anna");
    assert_eq!(stream.decision().1["id"], live["id"]);
    // Who listens does not keep the server from stopping.
    let begun = Instant::now();
    let said = server.stop();
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}: {said:?}", begun.elapsed());
    assert!(stream.event().is_none());
}

#[test]
fn a_token_opens_one_persons_stream_and_nothing_else_and_is_in_no_log() {
    let store = tempfile::tempdir().unwrap();
    let server = shop(store.path());
    let mint = |body: Value| ask(server.address, "POST", "/v1/stream-tokens", &body.to_string());
    let made = mint(json!({ "identity": sample::identity("anna"), "minutes": 5 }));
    assert_eq!(made.status, 201, "{made:?}");
    let token = made.json()["token"].as_str().unwrap().to_owned();
    let query = format!("token={token}");
    let mut stream = Stream::open(server.address, &query, None).unwrap_or_else(|status| panic!("{status}"));
    stream.event().unwrap();
    decide(&server, "ben");
    let hers = decide(&server, "anna");
    let heard = stream.decision().1;
    assert_eq!((&heard["id"], &heard["verdict"]), (&hers["id"], &hers["verdict"]));
    // A page reads along: it is not told what the shop knows.
    assert!(["An offer.", "No offer."].contains(&heard["reason"].as_str().unwrap()), "{heard}");
    assert_ne!(heard["reason"], hers["reason"]);
    let changed = format!("token={}x{}", &token[..9], &token[10..]);
    assert_eq!(Stream::open(server.address, &changed, None).err(), Some(401));
    // With another name beside it, it is still hers alone.
    let with_ben = format!("{query}&namespace=customer&value=ben");
    let mut stream =
        Stream::open(server.address, &with_ben, None).unwrap_or_else(|status| panic!("{status}"));
    stream.event().unwrap();
    decide(&server, "ben");
    let hers = decide(&server, "anna");
    assert_eq!(stream.decision().1["id"], hers["id"]);
    assert_eq!(mint(json!({ "identity": sample::identity("anna"), "minutes": 16 })).status, 422);
    assert_eq!(mint(json!({ "identity": sample::identity("nobody") })).status, 404);
    assert_eq!(mint(json!({})).status, 422);
    drop(stream);
    let said = server.stop();
    assert!(!format!("{said:?}").contains(&token), "{said:?}");
}

#[test]
fn a_ninth_tab_of_one_person_is_told_to_wait() {
    let store = tempfile::tempdir().unwrap();
    let server = shop(store.path());
    let made = json!({ "identity": sample::identity("anna") }).to_string();
    let token = ask(server.address, "POST", "/v1/stream-tokens", &made).json()["token"].clone();
    let query = format!("token={}", token.as_str().unwrap());
    let open = || Stream::open(server.address, &query, None);
    let mut tabs: Vec<Stream> = (0..8).map(|_| open().unwrap_or_else(|status| panic!("{status}"))).collect();
    assert_eq!(open().err(), Some(429));
    tabs.pop();
    let begun = Instant::now();
    // The server notices at the latest when it next writes to the tab that was closed.
    while open().is_err() {
        assert!(begun.elapsed() < PATIENCE, "the seat was not freed");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn timing_a_silent_stream_has_a_heartbeat() {
    let store = tempfile::tempdir().unwrap();
    let server = shop(store.path());
    let mut stream = Stream::open(server.address, ANNA, None).unwrap_or_else(|status| panic!("{status}"));
    let begun = Instant::now();
    while !stream.line().unwrap().starts_with(':') {}
    assert!((14..18).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[test]
fn what_names_nobody_opens_no_stream() {
    let store = tempfile::tempdir().unwrap();
    let server = shop(store.path());
    for (query, status) in [
        ("namespace=customer&value=nobody", 404),
        ("namespace=customer", 422),
        ("profile=nonsense", 422),
        ("", 422),
        ("token=nonsense", 401),
        ("colour=red", 400),
    ] {
        assert_eq!(Stream::open(server.address, query, None).err(), Some(status), "{query}");
    }
    assert_eq!(Stream::open(server.address, ANNA, Some("nonsense")).err(), Some(422));
}
