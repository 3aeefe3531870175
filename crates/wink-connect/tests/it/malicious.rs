//! Sixty URLs that somebody who may name a URL could try, and the addresses behind names. None may be called.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::RootCertStore;
use wink_connect::webhook::address::{Reach, Refusal, Target, check, is_public};
use wink_connect::webhook::send::{Outcome, Resolve, Sender};

use super::receiver::{Receiver, call, wait};

/// Refused by the URL alone, before any name is looked up.
const URLS: [&str; 60] = [
    // Other schemes, and none.
    "http://shop.example.org/hook",
    "gopher://shop.example.org:70/_GET",
    "file:///etc/passwd",
    "ftp://shop.example.org/hook",
    "dict://shop.example.org:11211/stats",
    "ldap://shop.example.org/",
    "ws://shop.example.org/",
    "javascript:alert(1)",
    "data:text/plain,hook",
    "unix:/run/docker.sock",
    "//shop.example.org/hook",
    "shop.example.org/hook",
    "https://",
    "https:///hook",
    "",
    // This machine, in every spelling a resolver understands.
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://0x7f.1/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://2130706433/",
    "https://127.255.255.254/",
    "https://%31%32%37.0.0.1/",
    "https://127。0。0。1/",
    "https://①②⑦.0.0.1/",
    "https://0.0.0.0/",
    "https://0/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://hook.localhost/",
    "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    // The network around it, and the clouds' metadata.
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/admin",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::ffff:169.254.169.254]/",
    "https://[fd00:ec2::254]/latest/meta-data/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://printer.local/",
    "https://db/",
    "https://224.0.0.1/",
    "https://[ff02::1]/",
    "https://255.255.255.255/",
    // User names that look like hosts.
    "https://shop.example.org@127.0.0.1/",
    "https://shop.example.org:secret@hooks.example.org/",
    "https://127.0.0.1\\@shop.example.org/",
    "https://shop.example.org%2f@10.0.0.1/",
];

#[test]
fn none_of_sixty_malicious_urls_is_taken() {
    for url in URLS {
        assert!(Target::new(url, Reach::Public).is_err(), "`{url}` was taken");
    }
}

#[test]
fn an_honest_url_is_taken() {
    for url in [
        "https://shop.example.org/hook",
        "https://shop.example.org:8443/hook?shop=1#part",
        "https://93.184.215.14/hook",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/hook",
        "https://bücher.example/hook",
    ] {
        assert!(Target::new(url, Reach::Public).is_ok(), "`{url}` was refused");
    }
}

#[test]
fn not_even_the_operator_can_allow_credentials_or_other_schemes() {
    for url in ["http://a:b@127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "no url"] {
        assert!(Target::new(url, Reach::Anywhere).is_err(), "`{url}` was taken");
    }
    assert!(Target::new("http://127.0.0.1:9000/hook", Reach::Anywhere).is_ok());
    let long = format!("https://shop.example.org/{}", "x".repeat(2_048));
    assert_eq!(Target::new(&long, Reach::Anywhere), Err(Refusal::TooLong));
}

#[test]
fn the_edges_of_every_range_that_is_not_public_are_known() {
    let inside = "0.0.0.1 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.0 \
                  169.254.0.0 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.255 192.0.2.7 192.88.99.1 \
                  192.168.0.0 192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.1 203.0.113.255 224.0.0.0 \
                  239.255.255.255 240.0.0.0 255.255.255.255 :: ::1 ::a00:1 ::ffff:8.8.8.8 64:ff9b::808:808 \
                  64:ff9b:1::1 100::1 2001::1 2001:1ff::1 2001:db8::1 2002:808:808::1 3fff:fff::1 5f00::1 fc00::1 fdff::1 \
                  fe80::1 fec0::1 ff00::1 ff0e::1";
    let outside = "1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 \
                   169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.1 192.0.3.1 192.88.98.1 192.167.255.255 192.169.0.0 \
                   198.17.255.255 198.20.0.0 198.51.99.1 203.0.112.255 223.255.255.255 2001:200::1 2001:db9::1 \
                   2606:2800::1 2a00:1450::1 3fff:1000::1";
    for (addresses, expected) in [(inside, false), (outside, true)] {
        for text in addresses.split_whitespace() {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(is_public(address), expected, "{text}");
        }
    }
}

/// A resolver that gives one answer after the other, the last one for ever, and counts.
struct Answers {
    answers: Vec<Vec<SocketAddr>>,
    asked: AtomicUsize,
}

impl Answers {
    fn new(answers: &[&[&str]]) -> Self {
        let answer = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        Self { answers: answers.iter().map(answer).collect(), asked: AtomicUsize::new(0) }
    }
}

impl Resolve for &'static Answers {
    async fn resolve(&self, _: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.answers[turn.min(self.answers.len() - 1)].clone())
    }
}

fn sender(reach: Reach, answers: &'static Answers) -> Sender<&'static Answers> {
    Sender::with(reach, answers, RootCertStore::empty()).unwrap()
}

#[test]
fn a_public_name_with_a_private_address_is_not_called() {
    wait(async {
        let receiver = Receiver::answering("HTTP/1.1 200 OK\r\n\r\n").await;
        let port = receiver.port();
        let local = format!("127.0.0.1:{port}");
        for answer in [
            &[local.as_str()][..],
            &["93.184.215.14:443", &local],
            &["[::1]:443"],
            &["[::ffff:10.0.0.1]:443"],
        ] {
            let answers: &'static Answers = Box::leak(Box::new(Answers::new(&[answer])));
            let outcome = sender(Reach::Public, answers)
                .send(call(&format!("https://rebind.example.org:{port}/")))
                .await;
            assert!(matches!(outcome, Outcome::Refused(Refusal::LocalAddress(_))), "{answer:?}: {outcome:?}");
        }
        assert_eq!(receiver.requests(), Vec::<String>::new());
    });
}

/// The answer changes between check and use: there is no second question, so the second answer is never seen.
#[test]
fn a_name_is_looked_up_once_and_the_connection_goes_where_was_looked() {
    wait(async {
        let honest = Receiver::answering("HTTP/1.1 200 OK\r\n\r\n").await;
        let victim = Receiver::answering("HTTP/1.1 200 OK\r\n\r\n").await;
        let first = format!("127.0.0.1:{}", honest.port());
        let second = format!("127.0.0.1:{}", victim.port());
        let answers: &'static Answers = Box::leak(Box::new(Answers::new(&[&[&first], &[&second]])));
        let outcome = sender(Reach::Anywhere, answers).send(call("http://rebind.example.org/hook")).await;
        assert_eq!(outcome, Outcome::Delivered { status: 200 });
        assert_eq!((honest.requests().len(), victim.requests().len()), (1, 0));
        assert_eq!(answers.asked.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_redirect_is_not_followed_wherever_it_leads() {
    wait(async {
        let victim = Receiver::answering("HTTP/1.1 200 OK\r\n\r\n").await;
        for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
            let location = format!("http://127.0.0.1:{}/admin", victim.port());
            let answer = format!("HTTP/1.1 {status}\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
            let receiver = Receiver::answering(&answer).await;
            let answers: &'static Answers = Box::leak(Box::new(Answers::new(&[&[]])));
            let outcome = sender(Reach::Anywhere, answers).send(call(&receiver.url())).await;
            let Outcome::Retry { why, .. } = outcome else { panic!("{status}: {outcome:?}") };
            assert!(why.ends_with("a redirect is not followed"), "{why}");
        }
        assert_eq!(victim.requests(), Vec::<String>::new());
    });
}

#[test]
fn a_name_without_an_address_is_no_public_one() {
    assert_eq!(check(&[], Reach::Anywhere), Err(Refusal::NoAddress));
}
