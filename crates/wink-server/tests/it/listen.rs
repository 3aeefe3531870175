//! The socket: TLS and its renewal, HTTP/2, heads that are too large, places for connections, and how it stops.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::CertifiedKey;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use wink_server::listen::tls::Certificate;
use wink_server::listen::{Drained, Settings};

use super::socket::{Server, answer, ask, frames, short, until_closed};

/// A certificate that signs itself, written where the server reads it.
fn write_certificate(directory: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(directory.join("certificate.pem"), cert.pem()).unwrap();
    std::fs::write(directory.join("key.pem"), signing_key.serialize_pem()).unwrap();
    cert.der().clone()
}

fn read_certificate(directory: &Path) -> Result<Certificate, wink_server::listen::tls::Error> {
    Certificate::read(directory.join("certificate.pem"), directory.join("key.pem"))
}

/// Greets a server whose certificate must be this one, offering the given protocols.
async fn greet(
    server: &Server,
    trusted: &CertificateDer<'static>,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut settings = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    settings.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let connector = TlsConnector::from(Arc::new(settings));
    connector.connect(ServerName::try_from("localhost").unwrap(), server.connect().await).await
}

#[tokio::test]
async fn over_tls_both_protocols_are_spoken() {
    let directory = tempfile::tempdir().unwrap();
    let certificate = write_certificate(directory.path());
    let read = Arc::new(read_certificate(directory.path()).unwrap());
    let server = Server::open(Settings { certificate: Some(read), ..Settings::default() }).await;
    let mut one = greet(&server, &certificate, &["http/1.1"]).await.unwrap();
    assert!(ask(&mut one, "/").await.ends_with("fine"));
    let mut two = greet(&server, &certificate, &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(two.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    frames::begin(&mut two).await;
    two.write_all(&frames::get(1, "/", &[])).await.unwrap();
    assert_eq!(frames::until(&mut two, frames::HEADERS).await.unwrap().1[0], frames::STATUS_OK);
}

#[tokio::test]
async fn a_handshake_that_stalls_and_words_in_the_clear_are_closed() {
    let directory = tempfile::tempdir().unwrap();
    write_certificate(directory.path());
    let read = Arc::new(read_certificate(directory.path()).unwrap());
    let server = Server::open(Settings { certificate: Some(read), ..short() }).await;
    let mut silent = server.connect().await;
    assert_eq!(until_closed(&mut silent).await, b"");
    let mut half = server.connect().await;
    half.write_all(b"\x16\x03\x01\x02\x00\x01").await.unwrap();
    assert_eq!(until_closed(&mut half).await, b"");
    let mut clear = server.connect().await;
    clear.write_all(b"GET / HTTP/1.1\r\nhost: wink\r\n\r\n").await.unwrap();
    assert!(!until_closed(&mut clear).await.starts_with(b"HTTP"));
}

#[tokio::test]
async fn a_renewed_certificate_is_used_without_a_restart_and_half_a_renewal_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let old = write_certificate(directory.path());
    let read = Arc::new(read_certificate(directory.path()).unwrap());
    let server = Server::open(Settings { certificate: Some(read.clone()), ..Settings::default() }).await;
    let mut kept = greet(&server, &old, &[]).await.unwrap();
    assert!(!read.renew().unwrap(), "nothing has changed");

    let key = std::fs::read(directory.path().join("key.pem")).unwrap();
    let new = write_certificate(directory.path());
    let new_key = std::fs::read(directory.path().join("key.pem")).unwrap();
    std::fs::write(directory.path().join("key.pem"), key).unwrap();
    let error = read.renew().unwrap_err().to_string();
    assert!(error.contains("cannot be used together"), "{error}");
    assert!(greet(&server, &old, &[]).await.is_ok(), "what is in use stays in use");

    std::fs::write(directory.path().join("key.pem"), new_key).unwrap();
    assert!(read.renew().unwrap());
    assert!(greet(&server, &old, &[]).await.is_err());
    assert!(greet(&server, &new, &[]).await.is_ok());
    assert!(ask(&mut kept, "/").await.ends_with("fine"), "who is connected stays so");
}

#[test]
fn files_that_hold_no_certificate_say_which_they_are() {
    let directory = tempfile::tempdir().unwrap();
    assert!(read_certificate(directory.path()).unwrap_err().to_string().contains("certificate.pem"));
    for name in ["certificate.pem", "key.pem"] {
        std::fs::write(directory.path().join(name), "nothing\n").unwrap();
    }
    let error = read_certificate(directory.path()).unwrap_err().to_string();
    assert!(error.contains("certificate.pem") && error.contains("key.pem"), "{error}");
    assert!(error.contains("holds no certificate"), "{error}");
    write_certificate(directory.path());
    std::fs::write(directory.path().join("key.pem"), "nothing\n").unwrap();
    let error = read_certificate(directory.path()).unwrap_err().to_string();
    assert!(error.contains("holds no private key"), "{error}");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_answered_431() {
    let server = Server::open(Settings { head_bytes_max: 8 << 10, ..Settings::default() }).await;
    let head = |headers: usize, bytes: usize| {
        let headers: String = (0..headers).map(|n| format!("x-{n}: {}\r\n", "x".repeat(bytes))).collect();
        format!("GET / HTTP/1.1\r\nhost: wink\r\n{headers}\r\n")
    };
    let table = [
        (head(63, 4), "200"),
        (head(64, 4), "431"),
        (head(4, 1_900), "200"),
        (head(1, 9_000), "431"),
        (head(50, 200), "431"),
    ];
    for (head, status) in table {
        let mut stream = server.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = answer(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{} bytes: {answer}", head.len());
    }
}

#[tokio::test]
async fn an_http2_head_that_is_too_large_hurts_no_other_request() {
    let server = Server::open(Settings { head_bytes_max: 8 << 10, ..Settings::default() }).await;
    let mut stream = server.connect().await;
    frames::begin(&mut stream).await;
    // A literal header whose value has 9,000 letters: 127 and the rest in two bytes of seven bits.
    let rest = 9_000 - 127;
    let length = [0x7f, u8::try_from(rest % 128).unwrap() | 0x80, u8::try_from(rest / 128).unwrap()];
    let large = [&[0x00, 1, b'x'], &length[..], &[b'x'; 9_000]].concat();
    stream.write_all(&frames::get(1, "/", &large)).await.unwrap();
    stream.write_all(&frames::get(3, "/", &[])).await.unwrap();
    let mut fine = Vec::new();
    for _ in 0..2 {
        let (number, payload) = frames::until(&mut stream, frames::HEADERS).await.unwrap();
        fine.push((number, payload[0] == frames::STATUS_OK));
    }
    fine.sort_unstable();
    assert_eq!(fine, [(1, false), (3, true)]);
}

#[tokio::test]
async fn an_http2_request_has_no_more_headers_than_another() {
    let server = Server::open(Settings::default()).await;
    let mut stream = server.connect().await;
    frames::begin(&mut stream).await;
    // Literal headers of one letter and one letter.
    let headers = |count: usize| [0x00, 1, b'x', 1, b'y'].repeat(count);
    for (number, count, fine) in [(1, 63, true), (3, 64, true), (5, 65, false), (7, 0, true)] {
        stream.write_all(&frames::get(number, "/", &headers(count))).await.unwrap();
        let (answered, payload) = frames::until(&mut stream, frames::HEADERS).await.unwrap();
        assert_eq!((answered, payload[0] == frames::STATUS_OK), (number, fine), "{count} headers");
    }
}

#[tokio::test]
async fn who_asks_and_takes_back_without_end_is_turned_away_and_the_others_are_served() {
    let server = Server::open(Settings::default()).await;
    let mut rapid = server.connect().await;
    frames::begin(&mut rapid).await;
    let mut honest = server.connect().await;
    let mut turned_away = false;
    for round in 0..200 {
        let pair = |number: u32| {
            let stream = 2 * (100 * round + number) + 1;
            [
                frames::get(stream, "/never", &[]),
                frames::frame(frames::RESET, 0, stream, &8_u32.to_be_bytes()),
            ]
            .concat()
        };
        let pairs: Vec<u8> = (0..100).flat_map(pair).collect();
        turned_away |= rapid.write_all(&pairs).await.is_err();
        assert!(ask(&mut honest, "/").await.ends_with("fine"));
        if turned_away {
            break;
        }
    }
    assert!(turned_away, "20,000 requests taken back and still welcome");
}

/// A client sends the same frames without end and reads nothing. Tells whether it is turned away; if not, it must have been left waiting.
async fn flood(begins: &[u8], frames: &[u8]) -> bool {
    let server = Server::open(Settings::default()).await;
    // With little room for answers, as whoever does this would have.
    let flooding = TcpSocket::new_v4().unwrap();
    flooding.set_recv_buffer_size(4 << 10).unwrap();
    let mut flooding = flooding.connect(server.address).await.unwrap();
    frames::begin(&mut flooding).await;
    flooding.write_all(begins).await.unwrap();
    let mut honest = server.connect().await;
    // More in all than the system itself keeps on both sides.
    let many = frames.repeat(10_000);
    for _ in 0..200 {
        match timeout(Duration::from_millis(500), flooding.write_all(&many)).await {
            Ok(Ok(())) => assert!(ask(&mut honest, "/").await.ends_with("fine")),
            Ok(Err(_)) => return true,
            Err(_) => {
                assert!(ask(&mut honest, "/").await.ends_with("fine"));
                return false;
            }
        }
    }
    panic!("two million frames and still welcome");
}

#[tokio::test]
async fn a_head_that_is_continued_without_end_is_turned_away() {
    // A request's head, announced to be continued.
    let begins = frames::frame(frames::HEADERS, 0x1, 1, &[0x82, 0x86, 0x84]);
    let header = [&[0x00, 1, b'x', 100][..], &[b'x'; 100]].concat();
    for payload in [&header[..], &[]] {
        let more = frames::frame(frames::CONTINUATION, 0, 1, payload);
        assert!(flood(&begins, &more).await, "{} bytes each", payload.len());
    }
}

#[tokio::test]
async fn who_wants_answers_to_frames_without_end_and_takes_none_is_left_waiting() {
    for (kind, payload) in [(frames::SETTINGS, &[][..]), (frames::PING, &[7; 8][..])] {
        let turned_away = flood(&[], &frames::frame(kind, 0, 0, payload)).await;
        assert!(!turned_away, "it takes nothing, so nothing more is taken from it: kind {kind}");
    }
}

#[tokio::test]
async fn an_address_has_so_many_places_and_a_place_is_free_again_when_its_connection_ends() {
    let server = Server::open(Settings { connections_by_address_max: 2, ..Settings::default() }).await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    assert!(ask(&mut first, "/").await.ends_with("fine"));
    assert!(ask(&mut second, "/").await.ends_with("fine"));
    assert_eq!(until_closed(&mut server.connect().await).await, b"", "there is no third place");
    drop(first);
    loop {
        let mut again = server.connect().await;
        // Until the server has seen the end of the first, this is closed without an answer.
        if again.write_all(b"GET / HTTP/1.1\r\nhost: wink\r\nconnection: close\r\n\r\n").await.is_ok()
            && until_closed(&mut again).await.ends_with(b"fine")
        {
            break;
        }
        sleep(Duration::from_millis(5)).await;
    }
    let full = Server::open(Settings { connections_max: 0, ..Settings::default() }).await;
    assert_eq!(until_closed(&mut full.connect().await).await, b"");
}

#[tokio::test]
async fn a_request_knows_where_it_comes_from_and_a_panic_is_its_own() {
    let server = Server::open(Settings::default()).await;
    let mut stream = server.connect().await;
    let from = stream.local_addr().unwrap().to_string();
    assert!(ask(&mut stream, "/from").await.ends_with(&from));
    let mut other = server.connect().await;
    other.write_all(b"GET /panic HTTP/1.1\r\nhost: wink\r\n\r\n").await.unwrap();
    until_closed(&mut other).await;
    assert!(ask(&mut stream, "/").await.ends_with("fine"));
}

#[tokio::test]
async fn a_body_that_nobody_reads_is_not_in_the_way_of_the_next_request() {
    let server = Server::open(Settings::default()).await;
    let mut stream = server.connect().await;
    let heads = ["content-length: 5", "transfer-encoding: chunked"];
    for (head, body) in heads.into_iter().zip(["12345", "5\r\n12345\r\n0\r\n\r\n"]) {
        for late_ms in [0, 1, 10] {
            let head = format!("GET / HTTP/1.1\r\nhost: wink\r\n{head}\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            sleep(Duration::from_millis(late_ms)).await;
            stream.write_all(body.as_bytes()).await.unwrap();
            let said = answer(&mut stream).await;
            assert!(said.ends_with("fine") && !said.contains("connection: close"), "{late_ms}: {said}");
        }
    }
    assert!(ask(&mut stream, "/").await.ends_with("fine"));
}

#[tokio::test]
async fn where_a_body_is_long_or_does_not_come_the_answer_says_that_the_connection_ends() {
    let server = Server::open(Settings::default()).await;
    for head in ["content-length: 5", "content-length: 1000000", "content-length: 5\r\nexpect: 100-continue"]
    {
        let mut stream = server.connect().await;
        let head = format!("GET / HTTP/1.1\r\nhost: wink\r\n{head}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let said = until_closed(&mut stream).await;
        let said = String::from_utf8(said).unwrap();
        assert!(said.starts_with("HTTP/1.1 200") && said.contains("connection: close"), "{head}: {said}");
    }
}

#[tokio::test]
async fn asked_to_stop_it_answers_what_is_under_way_and_nothing_else() {
    let server = Server::open(Settings::default()).await;
    let address = server.address;
    let mut idle = server.connect().await;
    assert!(ask(&mut idle, "/").await.ends_with("fine"));
    let mut begun = server.connect().await;
    begun.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let mut asking = server.connect().await;
    asking.write_all(b"GET /late HTTP/1.1\r\nhost: wink\r\n\r\n").await.unwrap();
    // The request must be under way before the server is asked to stop.
    sleep(Duration::from_millis(200)).await;
    let (drained, answered) = tokio::join!(server.stop(), answer(&mut asking));
    assert!(answered.starts_with("HTTP/1.1 200"), "{answered}");
    assert_eq!(drained, Drained { cut: 0 });
    for stream in [&mut idle, &mut begun, &mut asking] {
        assert_eq!(until_closed(stream).await, b"");
    }
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_request_that_does_not_end_is_cut_when_time_is_up() {
    let settings = Settings { drain_within: Duration::from_millis(300), ..Settings::default() };
    let server = Server::open(settings).await;
    let mut stuck = server.connect().await;
    stuck.write_all(b"GET /never HTTP/1.1\r\nhost: wink\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(200)).await;
    assert_eq!(server.stop().await, Drained { cut: 1 });
    assert_eq!(until_closed(&mut stuck).await, b"");
}
