//! Who may follow live answers, and for how long: with a key or a token, until the key is gone.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use wink_core::base::Timestamp;
use wink_server::access::{self, NewKey, Role};
use wink_server::http::Conduct;
use wink_server::keys::TENANT;
use wink_server::listen::Settings;
use wink_sim::SimStore;

use super::api::{Api, question};
use super::counter::{MINUTE_MS, MONDAY, later, wait};
use super::socket::PATIENCE;

const ANNA: &str = "namespace=customer&value=anna";

/// A revocation acts within one second; the rest is for a machine that has other things to do.
const ACTS_WITHIN: Duration = Duration::from_secs(4);

/// An open stream, and what came of it.
struct Stream {
    socket: TcpStream,
    text: String,
}

impl Stream {
    /// Opens a stream, by key or by token, and reads up to the event that says where it begins.
    fn open(address: SocketAddr, query: &str, key: Option<&str>) -> Self {
        let mut socket = TcpStream::connect(address).unwrap();
        let key = key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
        write!(socket, "GET /v1/stream?{query} HTTP/1.1\r\nhost: wink\r\nconnection: close\r\n{key}\r\n")
            .unwrap();
        let mut stream = Self { socket, text: String::new() };
        assert!(!stream.read_until(PATIENCE, |text| text.contains("\nretry: ")), "it ended: {}", stream.text);
        assert!(stream.text.starts_with("HTTP/1.1 200"), "{}", stream.text);
        stream
    }

    /// Reads until `enough`, or until `within` is over; tells whether the server ended it.
    fn read_until(&mut self, within: Duration, enough: impl Fn(&str) -> bool) -> bool {
        let (begun, mut piece) = (Instant::now(), [0; 4_096]);
        while !enough(&self.text) {
            let Some(left) = within.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) else {
                return false;
            };
            self.socket.set_read_timeout(Some(left)).unwrap();
            match self.socket.read(&mut piece) {
                Ok(0) => return true,
                Ok(length) => self.text.push_str(&String::from_utf8_lossy(&piece[..length])),
                Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {}
                Err(_) => return true,
            }
        }
        false
    }

    /// Reads on; tells whether the server ended it within this long.
    fn ends_within(&mut self, within: Duration) -> bool {
        self.read_until(within, |_| false)
    }

    /// The data of the last event, and its type.
    fn last_event(&self) -> (String, Json) {
        let event = self.text.rsplit_once("event: ").map(|(_, event)| event).unwrap_or_default();
        let (kind, rest) = event.split_once('\n').unwrap_or_default();
        let data = rest.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or_default();
        (kind.to_owned(), serde_json::from_str(data).unwrap_or(Json::Null))
    }

    /// Asserts that it ends soon, with an event that says why.
    fn ends_refused(mut self, why: &str) {
        let begun = Instant::now();
        assert!(self.ends_within(ACTS_WITHIN), "{why}: it is still open after {:?}", begun.elapsed());
        let (kind, problem) = self.last_event();
        assert_eq!(
            (kind.as_str(), &problem["code"], &problem["status"]),
            ("refused", &json!("key_unknown"), &json!(401)),
            "{why}: {}",
            self.text
        );
        assert!(self.text.contains(problem["request_id"].as_str().unwrap()), "{why}: {}", self.text);
    }
}

/// A token for anna's stream.
fn token(api: &Api<SimStore>, key: &str) -> String {
    let made = api.ask(key, "POST", "/v1/stream-tokens", &question_of_anna());
    assert_eq!(made.status, 201, "{made:?}");
    made.json()["token"].as_str().unwrap().to_owned()
}

fn question_of_anna() -> Json {
    json!({ "identity": { "namespace": "customer", "value": "anna" }, "minutes": 5 })
}

/// The api's clock at its beginning.
fn now() -> Timestamp {
    later(MONDAY, 60)
}

#[test]
fn only_a_servers_key_or_a_token_of_it_opens_a_stream() {
    let api = Api::of_a_shop();
    let shop = api.key(Role::Shop);
    let page = NewKey {
        tenant: TENANT,
        role: Role::Client,
        name: "page".to_owned(),
        store: None,
        origins: vec!["https://shop.example".to_owned()],
        rate: None,
    };
    let page = wait(access::create(&api.store, &page, now())).unwrap().1;
    let page = format!("Bearer {}", page.reveal());
    let open = |query: &str, headers: &[(&str, &str)]| {
        let answer = api.send("GET", &format!("/v1/stream?{query}"), headers, "");
        (answer.status.as_u16(), answer.code())
    };
    let refused = |status: u16, code: &str| (status, code.to_owned());

    assert_eq!(open(ANNA, &[]), refused(401, "key_missing"));
    assert_eq!(open(ANNA, &[("authorization", "Bearer wk_shop_nonsense")]), refused(401, "key_unknown"));
    let from_the_page = [("authorization", page.as_str()), ("origin", "https://shop.example")];
    assert_eq!(open(ANNA, &from_the_page), refused(403, "role_missing"));
    let made = api.send("POST", "/v1/stream-tokens", &from_the_page, &question_of_anna().to_string());
    assert_eq!((made.status.as_u16(), made.code()), refused(403, "role_missing"));
    let analyst = format!("Bearer {}", api.key(Role::Analyst));
    assert_eq!(open(ANNA, &[("authorization", analyst.as_str())]), refused(403, "role_missing"));

    let token = token(&api, &shop);
    let changed = format!("{}{}", if token.starts_with('A') { 'B' } else { 'A' }, &token[1..]);
    for wrong in ["", "x", changed.as_str(), &token[1..], &format!("{token}AAAA")] {
        assert_eq!(open(&format!("token={wrong}"), &[]), refused(401, "key_unknown"), "{wrong}");
    }
    let address = api.serve(Settings::default());
    let mut by_token = Stream::open(address, &format!("token={token}"), None);
    let mut by_key = Stream::open(address, ANNA, Some(&shop));
    let decided = api.ask(&shop, "POST", "/v1/decisions", &question("anna")).json();
    for stream in [&mut by_token, &mut by_key] {
        stream.read_until(PATIENCE, |text| text.contains("event: decision"));
        assert_eq!(stream.last_event().1["id"], decided["decision"]["id"], "{}", stream.text);
    }
    api.pass_minutes(4);
    drop(Stream::open(address, &format!("token={token}"), None));
    api.pass_minutes(1);
    assert_eq!(open(&format!("token={token}"), &[]), refused(401, "key_unknown"), "its minutes are over");
}

#[test]
fn a_stream_ends_with_its_key_and_a_token_of_it_opens_no_other() {
    let api = Api::of_a_shop();
    let (id, key) = api.key_of(TENANT, Role::Shop);
    let (_, other) = api.key_of(TENANT, Role::Shop);
    let token = format!("token={}", token(&api, &key));
    let address = api.serve(Settings::default());
    let (by_key, by_token) = (Stream::open(address, ANNA, Some(&key)), Stream::open(address, &token, None));
    let mut of_another = Stream::open(address, ANNA, Some(&other));

    wait(access::revoke(&api.store, id, None, now())).unwrap();
    let refused = api.send("GET", &format!("/v1/stream?{token}"), &[], "");
    assert_eq!((refused.status.as_u16(), refused.code()), (401, "key_unknown".to_owned()));
    by_key.ends_refused("its key was revoked");
    by_token.ends_refused("the key was revoked that its token was made with");
    assert!(!of_another.ends_within(Duration::from_secs(2)), "{}", of_another.text);
}

#[test]
fn a_key_that_was_replaced_holds_its_stream_until_its_time_is_over() {
    let api = Api::of_a_shop();
    let (id, key) = api.key_of(TENANT, Role::Admin);
    let token = format!("token={}", token(&api, &key));
    let address = api.serve(Settings::default());
    let mut stream = Stream::open(address, ANNA, Some(&key));
    wait(access::rotate(&api.store, id, None, 2 * MINUTE_MS, now())).unwrap();
    assert!(!stream.ends_within(Duration::from_secs(2)), "{}", stream.text);
    drop(Stream::open(address, &token, None));
    api.pass_minutes(2);
    assert_eq!(api.send("GET", &format!("/v1/stream?{token}"), &[], "").code(), "key_unknown");
    stream.ends_refused("its key was replaced, and both are not good any more");
}

/// Who is far behind always has something to hear, and never comes to wait.
#[test]
fn a_reader_who_is_far_behind_is_refused_as_soon() {
    let api = Api::of_a_shop();
    let (id, key) = api.key_of(TENANT, Role::Shop);
    for _ in 0..300 {
        assert_eq!(api.ask(&key, "POST", "/v1/decisions", &question("anna")).status, 200);
    }
    let address = api.serve(Settings::default());
    let mut socket = TcpStream::connect(address).unwrap();
    let head = format!(
        "GET /v1/stream?{ANNA} HTTP/1.1\r\nhost: wink\r\nconnection: close\r\nauthorization: Bearer {key}\r\nlast-event-id: 0\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).unwrap();
    let mut stream = Stream { socket, text: String::new() };
    stream.read_until(PATIENCE, |text| text.contains("event: decision"));
    wait(access::revoke(&api.store, id, None, now())).unwrap();
    stream.ends_refused("its key was revoked while it caught up");
}

#[test]
fn a_token_made_without_a_key_is_good_only_where_none_is_needed() {
    let store = {
        let api = Api::of_a_shop();
        api.store.clone()
    };
    let open = Api::conducted(store.clone(), Conduct { without_keys: true, ..Conduct::default() });
    let made = open.send("POST", "/v1/stream-tokens", &[], &question_of_anna().to_string());
    assert_eq!(made.status, 201, "{made:?}");
    let token = format!("token={}", made.json()["token"].as_str().unwrap());
    let mut stream = Stream::open(open.serve(Settings::default()), &token, None);
    assert!(!stream.ends_within(Duration::from_secs(2)), "{}", stream.text);
    let closed = Api::over(store);
    assert_eq!(closed.send("GET", &format!("/v1/stream?{token}"), &[], "").code(), "key_unknown");
}
