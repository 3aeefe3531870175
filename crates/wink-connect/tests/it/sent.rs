//! What goes over the wire, and what becomes of each answer.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;
use wink_connect::webhook::address::Reach;
use wink_connect::webhook::send::{Outcome, Resolve, Sender, SystemNames};

use super::receiver::{Receiver, call, serve, wait};

fn sender() -> Sender<SystemNames> {
    Sender::new(Reach::Anywhere).unwrap()
}

/// Sends one message to a receiver that answers so.
fn answered(answer: &str) -> Outcome {
    wait(async {
        let receiver = Receiver::answering(answer).await;
        sender().send(call(&receiver.url())).await
    })
}

fn retried(answer: &str, why: &str, after: Option<u64>) {
    let expected = Outcome::Retry { why: why.to_owned(), after: after.map(Duration::from_secs) };
    assert_eq!(answered(answer), expected, "{answer}");
}

#[test]
fn a_message_is_one_post_with_the_three_headers() {
    let requests = wait(async {
        let receiver = Receiver::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
        let url = format!("{}?shop=1#part", receiver.url());
        assert_eq!(sender().send(call(&url)).await, Outcome::Delivered { status: 204 });
        (receiver.requests(), receiver.port())
    });
    let (requests, port) = requests;
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("POST /hook?shop=1 HTTP/1.1"));
    let headers: Vec<&str> = lines.collect();
    for header in [
        format!("host: 127.0.0.1:{port}").as_str(),
        "content-type: application/json",
        "webhook-id: msg_1",
        "webhook-timestamp: 1772409600",
        "webhook-signature: v1,signature",
    ] {
        assert!(headers.contains(&header), "{header} is missing in {headers:?}");
    }
    assert_eq!(body, r#"{"type":"coupon.redeemed"}"#);
}

#[test]
fn only_2xx_is_delivered_and_410_is_gone() {
    assert_eq!(answered("HTTP/1.1 202 Accepted\r\n\r\n"), Outcome::Delivered { status: 202 });
    assert_eq!(answered("HTTP/1.1 410 Gone\r\n\r\n"), Outcome::Gone);
    retried("HTTP/1.1 400 Bad Request\r\n\r\n", "answered 400", None);
    retried("HTTP/1.1 404 Not Found\r\n\r\n", "answered 404", None);
    retried("HTTP/1.1 500 Oops\r\nretry-after: soon\r\n\r\n", "answered 500", None);
}

#[test]
fn a_receiver_may_say_when_to_come_back_in_seconds_or_by_date() {
    retried("HTTP/1.1 429 Slowly\r\nretry-after: 120\r\n\r\n", "answered 429", Some(120));
    let date = "HTTP/1.1 503 Later\r\nretry-after: Mon, 02 Mar 2026 00:01:30 GMT\r\n\r\n";
    retried(date, "answered 503", Some(90));
    let past = "HTTP/1.1 503 Later\r\nretry-after: Sun, 01 Mar 2026 00:00:00 GMT\r\n\r\n";
    retried(past, "answered 503", None);
}

#[test]
fn an_answer_without_end_is_not_read_to_its_end() {
    let outcome = wait(async {
        let receiver = Receiver::start(|mut stream, _| async move {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            // An answer that comes before its question is no answer.
            stream.read_exact(&mut [0; 16]).await.ok();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok();
            while stream.write_all(&[b'x'; 4_096]).await.is_ok() {}
        })
        .await;
        sender().send(call(&receiver.url())).await
    });
    assert_eq!(outcome, Outcome::Delivered { status: 200 });
}

#[test]
fn silence_nonsense_and_a_closed_door_are_tried_again() {
    let broken = answered("no HTTP at all\r\n\r\n");
    assert!(
        matches!(&broken, Outcome::Retry { why, .. } if why.starts_with("the connection broke")),
        "{broken:?}"
    );
    let closed = wait(async {
        let url = {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            format!("http://{}/", listener.local_addr().unwrap())
        };
        sender().send(call(&url)).await
    });
    assert!(matches!(&closed, Outcome::Retry { why, .. } if why.starts_with("no connection")), "{closed:?}");
}

#[test]
fn timing_a_receiver_that_says_nothing_is_left_after_15_seconds() {
    let begun = std::time::Instant::now();
    let outcome = wait(async {
        let receiver = Receiver::start(|stream, _| async move {
            std::future::pending::<()>().await;
            drop(stream);
        })
        .await;
        sender().send(call(&receiver.url())).await
    });
    assert_eq!(outcome, Outcome::Retry { why: "no answer within 15 s".to_owned(), after: None });
    assert!((15..20).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

/// Every name is this machine.
struct Here(u16);

impl Resolve for Here {
    async fn resolve(&self, _: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(vec![SocketAddr::from(([127, 0, 0, 1], self.0))])
    }
}

/// Sends over TLS to a receiver whose certificate is for `certified`; tells whether the receiver heard it, too.
fn over_tls(certified: &str, called: &str) -> (Outcome, usize) {
    let made = rcgen::generate_simple_self_signed(vec![certified.to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    wait(async {
        let receiver = Receiver::start(move |stream, requests| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                serve(stream, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", &requests).await;
            }
        })
        .await;
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let sender = Sender::with(Reach::Anywhere, Here(receiver.port()), roots).unwrap();
        let outcome = sender.send(call(&format!("https://{called}/hook"))).await;
        (outcome, receiver.requests().len())
    })
}

#[test]
fn https_is_spoken_with_whom_the_certificate_names() {
    assert_eq!(over_tls("hooks.example.org", "hooks.example.org"), (Outcome::Delivered { status: 200 }, 1));
}

#[test]
fn a_certificate_for_another_name_is_not_believed() {
    let (outcome, heard) = over_tls("other.example.org", "hooks.example.org");
    assert!(matches!(&outcome, Outcome::Retry { why, .. } if why.starts_with("no TLS")), "{outcome:?}");
    assert_eq!(heard, 0);
}
