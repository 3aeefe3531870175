//! Clients that take their time, over real sockets: each is closed when its time is up, and nobody who is only patient is.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};
use wink_server::listen::Settings;

use super::socket::{PATIENCE, Server, answer, ask, frames, short, until_closed};

#[tokio::test]
async fn a_head_that_drips_is_given_up() {
    let server = Server::open(short()).await;
    let mut stream = server.connect().await;
    let began = Instant::now();
    let head = format!("GET / HTTP/1.1\r\nhost: {}", "x".repeat(4_000));
    let mut sent = 0;
    for byte in head.as_bytes() {
        if stream.write_all(&[*byte]).await.is_err() {
            break;
        }
        sent += 1;
        sleep(Duration::from_millis(5)).await;
    }
    assert!(sent < head.len(), "closed long before its end, after {:?}", began.elapsed());
    assert_eq!(until_closed(&mut stream).await, b"", "and nobody is answered");
}

#[tokio::test]
async fn a_second_head_that_stalls_is_given_up_as_the_first_would_be() {
    let server = Server::open(Settings { idle_within: PATIENCE * 2, ..short() }).await;
    let mut stream = server.connect().await;
    assert!(ask(&mut stream, "/").await.ends_with("fine"));
    stream.write_all(b"GET / HT").await.unwrap();
    assert_eq!(until_closed(&mut stream).await, b"");
}

#[tokio::test]
async fn who_connects_and_says_nothing_is_closed() {
    let server = Server::open(Settings { idle_within: PATIENCE * 2, ..short() }).await;
    assert_eq!(until_closed(&mut server.connect().await).await, b"");
}

#[tokio::test]
async fn a_kept_connection_may_rest_longer_than_a_head_may_take_and_is_closed_in_the_end() {
    let server = Server::open(short()).await;
    let mut stream = server.connect().await;
    for _ in 0..2 {
        assert!(ask(&mut stream, "/").await.ends_with("fine"));
        sleep(short().head_within * 2).await;
    }
    assert_eq!(until_closed(&mut stream).await, b"");
}

#[tokio::test]
async fn a_quiet_http2_connection_is_told_that_it_ends() {
    let server = Server::open(short()).await;
    let mut stream = server.connect().await;
    frames::begin(&mut stream).await;
    stream.write_all(&frames::get(1, "/", &[])).await.unwrap();
    assert_eq!(frames::until(&mut stream, frames::HEADERS).await.unwrap().1[0], frames::STATUS_OK);
    frames::until(&mut stream, frames::GO_AWAY).await.expect("a word before it ends");
    until_closed(&mut stream).await;
}

#[tokio::test]
async fn an_answer_that_takes_long_to_make_is_waited_for() {
    let server = Server::open(short()).await;
    let mut stream = server.connect().await;
    // Longer than a head and than an answer that is not taken, with its head before it and in the middle of its body.
    assert!(ask(&mut stream, "/late").await.starts_with("HTTP/1.1 200"));
    stream.write_all(b"GET /patient HTTP/1.1\r\nhost: wink\r\nconnection: close\r\n\r\n").await.unwrap();
    let parts = String::from_utf8(until_closed(&mut stream).await).unwrap();
    assert_eq!(parts.matches("part").count(), 2, "{parts}");
}

#[tokio::test]
async fn who_asks_for_much_and_takes_nothing_is_closed() {
    let mut server = Server::open(short()).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: wink\r\n\r\n").await.unwrap();
    timeout(PATIENCE, server.given_up.recv()).await.expect("the answer is given up").unwrap();
}

#[tokio::test]
async fn who_takes_a_little_now_and_then_is_closed_too() {
    let mut server = Server::open(short()).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: wink\r\n\r\n").await.unwrap();
    let sip = async {
        let mut sip = [0; 4 << 10];
        while stream.read_exact(&mut sip).await.is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let given_up = timeout(PATIENCE, server.given_up.recv());
    tokio::select! {
        () = sip => {}
        given_up = given_up => given_up.expect("the answer is given up").unwrap(),
    }
}

#[tokio::test]
async fn an_http2_client_that_opens_no_window_is_closed() {
    let mut server = Server::open(short()).await;
    let mut stream = server.connect().await;
    frames::begin(&mut stream).await;
    stream.write_all(&frames::get(1, "/endless", &[])).await.unwrap();
    frames::until(&mut stream, frames::DATA).await.expect("what fits into the first window");
    timeout(PATIENCE, server.given_up.recv()).await.expect("the answer is given up").unwrap();
    until_closed(&mut stream).await;
}

#[tokio::test]
async fn honest_clients_are_answered_while_many_stall() {
    let server = Server::open(Settings { head_within: PATIENCE, ..short() }).await;
    let mut stalled = Vec::new();
    for number in 0..200 {
        let mut stream = server.connect().await;
        let begun: &[u8] = if number % 2 == 0 {
            b"GET / HTTP/1.1\r\n"
        } else {
            b"GET /endless HTTP/1.1\r\nhost: wink\r\n\r\n"
        };
        stream.write_all(begun).await.unwrap();
        stalled.push(stream);
    }
    let mut honest = server.connect().await;
    for _ in 0..100 {
        assert!(ask(&mut honest, "/").await.ends_with("fine"));
    }
    // The same client, pipelined: what it sends while it is answered waits for its turn.
    honest
        .write_all(b"GET / HTTP/1.1\r\nhost: wink\r\n\r\nGET /from HTTP/1.1\r\nhost: wink\r\n\r\n")
        .await
        .unwrap();
    assert!(answer(&mut honest).await.ends_with("fine"));
    assert!(answer(&mut honest).await.ends_with(&honest.local_addr().unwrap().to_string()));
    drop(stalled);
}
