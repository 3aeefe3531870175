//! Behind a proxy: what it says of who asked is believed from the operator's own, and from nobody else.

use std::path::Path;

use crate::client::{Client, Reply};
use crate::wink::{Server, serve_with_keys};
use crate::{sample, segment};

fn start(store: &Path, arguments: &[&str]) -> Server {
    sample::open_shop(store);
    segment::key(store, "ingest");
    let mut call = serve_with_keys(store);
    call.args(arguments);
    Server::start_as(call).unwrap_or_else(|said| panic!("{said:?}"))
}

fn ask(server: &Server, path: &str, headers: &[(&str, &str)]) -> Reply {
    Client::connect(server.address).unwrap().send_with("GET", path, headers, "").unwrap()
}

/// Shows a wrong key as if for the client that `header` names; 429 once that client has tried too often.
fn guess(server: &Server, header: &str, client: &str) -> u16 {
    let wrong = ("authorization", "Bearer wk_shop_0000");
    ask(server, "/v1/keys", &[wrong, (header, client)]).status
}

/// Guesses until it is too often; at most fifty times.
fn guesses(server: &Server, header: &str, client: impl Fn(usize) -> String) -> usize {
    (0..50).take_while(|number| guess(server, header, &client(*number)) == 401).count()
}

const HEADERS: [(&str, &str); 2] = [("x-forwarded-for", ""), ("forwarded", "for=")];

#[test]
fn who_is_no_proxy_gains_nothing_by_a_forged_header() {
    for arguments in [&[][..], &["--trusted-proxy", "192.0.2.0/24"]] {
        for (header, before) in HEADERS {
            let store = tempfile::tempdir().unwrap();
            let server = start(store.path(), arguments);
            let guesses = guesses(&server, header, |number| format!("{before}203.0.113.{number}"));
            assert!((1..50).contains(&guesses), "{header}: each address would have had guesses of its own");
            let settings = ask(&server, "/v1/projects/wk_1/settings", &[("x-forwarded-proto", "https")]);
            assert!(settings.body.contains("\"protocol\":\"http\""), "{settings:?}");
        }
    }
}

#[test]
fn behind_the_operators_proxy_each_client_has_limits_of_its_own() {
    for (header, before) in HEADERS {
        let store = tempfile::tempdir().unwrap();
        let server = start(store.path(), &["--trusted-proxy", "127.0.0.0/8", "--trusted-proxy", "10.0.0.7"]);
        // What the client itself wrote stands to the left of what the proxies wrote.
        let forged = guesses(&server, header, |number| {
            format!("{before}198.51.100.{number}, {before}203.0.113.1, {before}10.0.0.7")
        });
        assert!((1..50).contains(&forged), "{header}: nothing is gained by what stands further left");
        assert_eq!(
            guess(&server, header, &format!("{before}203.0.113.2")),
            401,
            "another client is not locked out"
        );
        let settings = ask(&server, "/v1/projects/wk_1/settings", &[("x-forwarded-proto", "https")]);
        assert!(settings.body.contains("\"protocol\":\"https\""), "{settings:?}");
    }
}

#[test]
fn the_file_says_it_as_the_option_does() {
    let store = tempfile::tempdir().unwrap();
    let file = store.path().join("wink.toml");
    std::fs::write(&file, "trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]\n").unwrap();
    let server = start(store.path(), &["--config", file.to_str().unwrap()]);
    let settings = ask(&server, "/v1/projects/wk_1/settings", &[("x-forwarded-proto", "https")]);
    assert!(settings.body.contains("\"protocol\":\"https\""), "{settings:?}");
}
