//! The tag and the demo page: tried by Node and in Debian's Chromium, with this server behind them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flate2::read::GzDecoder;

use crate::wink::{Server, serve};
use crate::{real_client, sample};

/// The most a browser fetches for the tag: it is on every page of a shop.
const TAG_BYTES_MAX: usize = 5_000;

fn web() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join("..").join("web")
}

/// Runs Node in `web` and insists that it is content.
fn node(arguments: &[&str], environment: &[(&str, &str)]) {
    let mut call = Command::new("node");
    call.args(arguments).current_dir(web()).env("WINK_TEST_CLIENTS", real_client::clients());
    call.envs(environment.iter().copied()).stdin(Stdio::null());
    let output = call.output().unwrap_or_else(|error| panic!("{call:?}: {error}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?} failed:\n{out}\n{err}");
}

/// Runs a file of tests with Node's own runner.
fn in_a_browser(file: &str, environment: &[(&str, &str)]) {
    node(&["--test", "--test-reporter=spec", file], environment);
}

/// A server with the page of the demo.
fn demo(store: &Path) -> Server {
    let mut call = serve(store);
    call.arg("--demo");
    Server::start_as(call).unwrap_or_else(|said| panic!("the server did not start: {said:?}"))
}

/// An answer with its bytes as they came.
fn fetch(server: &Server, path: &str, headers: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: wink.example\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let body = answer.split_off(end + 4);
    (String::from_utf8(answer).unwrap(), body)
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let found = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    found.unwrap_or_else(|| panic!("no {name}: {head}"))
}

#[test]
fn the_tag_that_is_committed_is_what_its_source_says_and_small() {
    node(&["build.mjs", "--check"], &[]);
}

#[test]
fn the_tag_s_modules_do_what_they_say_and_all_types_hold() {
    node(&["test.mjs"], &[]);
}

#[test]
fn timing_nothing_is_sent_or_kept_before_a_yes_and_after_a_no() {
    in_a_browser("tag/browser/silence.test.mjs", &[]);
}

#[test]
fn timing_the_tag_sees_what_people_do_with_mouse_keyboard_and_finger() {
    in_a_browser("tag/browser/signals.test.mjs", &[]);
}

#[test]
fn timing_an_offer_comes_in_time_or_not_at_all() {
    in_a_browser("tag/browser/offers.test.mjs", &[]);
}

#[test]
fn timing_the_demo_page_shows_the_moment_in_which_an_offer_is_decided() {
    let store = tempfile::tempdir().unwrap();
    let server = demo(store.path());
    let page = format!("http://{}/demo", server.address);
    in_a_browser("demo/browser/demo.test.mjs", &[("WINK_DEMO", &page)]);
    server.stop().fine();
}

#[test]
fn a_browser_fetches_the_tag_packed_once_and_is_told_when_there_is_another() {
    let store = tempfile::tempdir().unwrap();
    let server = Server::start(store.path());
    let committed = fs::read(web().join("tag").join("dist").join("tag.js")).unwrap();

    let (head, packed) =
        fetch(&server, "/tag.js", "accept-encoding: gzip, br\r\norigin: https://shop.example\r\n");
    assert!(packed.len() <= TAG_BYTES_MAX, "{} bytes", packed.len());
    let mut unpacked = Vec::new();
    GzDecoder::new(packed.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, committed);
    assert_eq!(header(&head, "content-encoding"), "gzip");
    assert_eq!(header(&head, "content-type"), "text/javascript; charset=utf-8");
    assert_eq!(header(&head, "access-control-allow-origin"), "https://shop.example");
    assert_eq!(header(&head, "cache-control"), "public, max-age=600");

    let (plain_head, plain) = fetch(&server, "/tag.js", "");
    assert_eq!(plain, committed);
    let (etag, plain_etag) = (header(&head, "etag"), header(&plain_head, "etag"));
    assert_ne!(etag, plain_etag, "a strong tag names bytes");

    let again = format!("accept-encoding: gzip\r\nif-none-match: \"other\", {etag}\r\n");
    let (head, body) = fetch(&server, "/tag.js", &again);
    assert!(head.starts_with("HTTP/1.1 304 ") && body.is_empty(), "{head}");
    assert_eq!(header(&head, "etag"), etag);

    let version = plain_etag.trim_matches('"');
    let (head, _) = fetch(&server, &format!("/tag.js?v={version}"), "");
    assert_eq!(header(&head, "cache-control"), "public, max-age=31536000, immutable");
    // The version of another server: this one's tag, and not for a year.
    let (head, body) = fetch(&server, "/tag.js?v=0123456789abcdef", "");
    assert_eq!((header(&head, "cache-control"), body), ("public, max-age=600", committed));
}

#[test]
fn the_demo_page_is_as_strict_as_a_shop_s_can_be_and_there_only_when_asked_for() {
    let store = tempfile::tempdir().unwrap();
    let server = demo(store.path());
    let (head, page) = fetch(&server, "/demo", "");
    let policy = header(&head, "content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let page = String::from_utf8(page).unwrap();
    assert!(
        page.contains("data-key=\"wk_ingest_") && page.contains("data-decide-key=\"wk_client_"),
        "{page}"
    );
    assert!(fetch(&server, "/demo/..%2fcatalogue%2fshop.toml", "").0.starts_with("HTTP/1.1 404 "));
    drop(server);
    // The keys of before are good no more: they are made anew with each start.
    let again = demo(store.path());
    let other = String::from_utf8(fetch(&again, "/demo", "").1).unwrap();
    assert_ne!(page, other);
    drop(again);
    let without = Server::start(store.path());
    assert!(fetch(&without, "/demo", "").0.starts_with("HTTP/1.1 404 "));
}

#[test]
fn the_demo_does_not_touch_a_store_that_has_a_catalogue_of_its_own() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let mut call = serve(store.path());
    call.arg("--demo");
    let said = Server::start_as(call).err().expect("the demo took a shop's store");
    assert!(said.err.contains("this store has a catalogue of its own"), "{said:?}");
}
