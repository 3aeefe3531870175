//! The malformed corpus: each request is refused with its status and code, and the server is none the worse for all of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::sample::{batch, joins, open_shop};
use crate::wink::{Server, serve, verified};

/// How much more memory the server may hold afterwards.
const GROWTH_MAX: u64 = 8 << 20;

/// How many requests the corpus must have at least, those that are only answered by a status not counted.
const REQUESTS_MIN: usize = 200;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// A line of the corpus, and the bytes it sends.
struct Case {
    line: Value,
    bytes: Vec<u8>,
}

/// The files of the corpus with their lines.
fn corpus() -> Vec<(PathBuf, Vec<Case>)> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "ndjson")).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let case = |line: &str| {
            let line = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{}: {error}: {line}", path.display()));
            Case { bytes: request(&line), line }
        };
        let cases = text.lines().map(case).collect();
        (path, cases)
    };
    paths.into_iter().map(read).collect()
}

fn text<'a>(case: &'a Value, name: &str) -> Option<&'a str> {
    case.get(name).and_then(Value::as_str)
}

fn body(case: &Value) -> Vec<u8> {
    let mut body = match (text(case, "text"), text(case, "hex"), case.get("recipe")) {
        (Some(text), None, None) => text.as_bytes().to_vec(),
        (None, Some(hex), None) => {
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
        }
        (None, None, Some(recipe)) => {
            let [head, part, tail] =
                ["head", "part", "tail"].map(|name| text(recipe, name).unwrap_or_default());
            let times = usize::try_from(recipe["times"].as_u64().unwrap()).unwrap();
            // `#` in the part is the number of its repetition.
            let numbered = |number: usize| part.replace('#', &number.to_string());
            let parts =
                if part.contains('#') { (0..times).map(numbered).collect() } else { part.repeat(times) };
            [head.to_owned(), parts, tail.to_owned()].concat().into_bytes()
        }
        (None, None, None) => Vec::new(),
        _ => panic!("more than one body: {case}"),
    };
    if case.get("pack").is_some() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&body).unwrap();
        body = packed.finish().unwrap();
    }
    let cut = case.get("cut").and_then(Value::as_u64).unwrap_or(0);
    body.truncate(body.len() - usize::try_from(cut).unwrap());
    body
}

/// The bytes of a request.
fn request(case: &Value) -> Vec<u8> {
    if let Some(raw) = text(case, "raw") {
        return raw.as_bytes().to_vec();
    }
    let body = body(case);
    let mut head = format!(
        "{} {} HTTP/1.1\r\nhost: wink\r\n",
        text(case, "method").unwrap(),
        text(case, "path").unwrap()
    );
    for (name, value) in case.get("headers").and_then(Value::as_object).into_iter().flatten() {
        head += &format!("{name}: {}\r\n", value.as_str().unwrap());
    }
    if case.get("chunked").is_some() {
        // What is refused before its end needs no end, and leaves nothing behind that could reset the connection.
        head += &format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n", body.len());
    } else {
        let length =
            case.get("announced").and_then(Value::as_u64).unwrap_or(u64::try_from(body.len()).unwrap());
        head += &format!("content-length: {length}\r\n\r\n");
    }
    [head.into_bytes(), body].concat()
}

fn send(server: &Server, case: &Case) -> Reply {
    let mut client = Client::connect(server.address).unwrap();
    client.send_raw(&case.bytes).unwrap_or_else(|error| panic!("no answer to {}: {error}", case.line))
}

/// What is wrong with an answer, if anything.
fn complaint(Case { line: case, .. }: &Case, reply: &Reply) -> Option<String> {
    let name = text(case, "name").unwrap();
    let found = format!("{name}: {} {:.300}", reply.status, reply.body);
    if !(400..500).contains(&reply.status) {
        return Some(format!("not refused: {found}"));
    }
    if case.get("raw").is_some() {
        return (case["status"] != reply.status).then(|| format!("another status: {found}"));
    }
    if reply.content_type != "application/problem+json" {
        return Some(format!("no problem: {found}"));
    }
    let problem = reply.json();
    let is_whole = ["type", "title", "status", "code", "detail", "request_id"]
        .iter()
        .all(|name| problem.get(name).is_some());
    let is_meant = case["status"] == reply.status
        && case["code"] == problem["code"]
        && problem["status"] == reply.status;
    (!is_whole || !is_meant).then(|| format!("another answer: {found}"))
}

/// Writes what was answered, for somebody to look at.
fn bless(path: &Path, answered: &[(&Case, Reply)]) {
    let mut lines = String::new();
    for (case, reply) in answered {
        let mut case = case.line.clone();
        assert!((400..500).contains(&reply.status), "{case}: {reply:?}");
        case["status"] = json!(reply.status);
        if case.get("raw").is_none() {
            case["code"] = reply.json()["code"].clone();
        }
        lines += &format!("{case}\n");
    }
    fs::write(path, lines).unwrap();
}

/// The bytes of memory a process holds.
fn resident(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[test]
fn every_malformed_request_is_refused_with_its_reason_and_leaves_nothing_behind() {
    let store = tempfile::tempdir().unwrap();
    open_shop(store.path());
    let mut call = serve(store.path());
    // The allocator gives back what was freed at once, instead of when it thinks fit: what remains is held.
    call.env("MIMALLOC_PURGE_DELAY", "0");
    let server = Server::start_as(call).unwrap();
    let mut client = Client::connect(server.address).unwrap();
    // What an hour of a shop has touched: without it the first requests of each kind would count as growth.
    for person in 0..200 {
        client.post("/v1/events", &batch(&joins(&format!("person-{person}")))).unwrap();
    }
    let corpus = corpus();
    none_stands_twice(&corpus);
    // The allocator keeps what large bodies took for a while, more or less of it by chance: the most that it keeps is the base line.
    let mut before = 0;
    for _ in 0..3 {
        for (_, cases) in &corpus {
            cases.iter().for_each(|case| drop(send(&server, case)));
        }
        before = before.max(resident(&server));
    }

    let mut complaints = Vec::new();
    let mut typed = 0;
    for (path, cases) in &corpus {
        let answered: Vec<(&Case, Reply)> = cases.iter().map(|case| (case, send(&server, case))).collect();
        if std::env::var_os("WINK_BLESS").is_some_and(|bless| bless == "1") {
            bless(path, &answered);
            continue;
        }
        typed += cases.iter().filter(|case| case.line.get("raw").is_none()).count();
        complaints.extend(answered.iter().filter_map(|(case, reply)| complaint(case, reply)));
    }
    assert!(complaints.is_empty(), "{} answers are wrong:\n{}", complaints.len(), complaints.join("\n"));
    let growth = resident(&server).saturating_sub(before);
    assert!(growth <= GROWTH_MAX, "the server holds {growth} bytes more");
    println!("{typed} malformed requests, {growth} bytes more in memory");
    assert!(REQUESTS_MIN <= typed || std::env::var_os("WINK_BLESS").is_some(), "only {typed} requests");

    // A new connection: one that was idle for so long may have been closed.
    let alive = Client::connect(server.address).unwrap().send("GET", "/healthz", "").unwrap();
    assert_eq!(alive.status, 200, "the server lives");
    server.stop();
    verified(store.path());
}

/// A request that stands twice would be counted twice.
fn none_stands_twice(corpus: &[(PathBuf, Vec<Case>)]) {
    let mut seen = BTreeMap::new();
    for Case { line, bytes } in corpus.iter().flat_map(|(_, cases)| cases) {
        let name = text(line, "name").unwrap();
        if let Some(other) = seen.insert(bytes, name) {
            panic!("{name} is {other} again");
        }
    }
}
