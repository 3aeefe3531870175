//! Traces as a collector receives them: which operation, which status, which request, and nothing of anybody. Needs the feature `otel`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use prost::Message;

use super::client::Client;
use super::wink::{Server, serve};

/// The parts of `ExportTraceServiceRequest` that are looked at, by the tags of OTLP's protobuf, version 1.
#[derive(Clone, PartialEq, Message)]
struct Export {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(string, tag = "3")]
    trace_state: String,
    #[prost(bytes = "vec", tag = "4")]
    parent: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    /// 2 is a server's.
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    began: u64,
    #[prost(fixed64, tag = "8")]
    ended: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
struct Attribute {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(int64, optional, tag = "3")]
    number: Option<i64>,
}

impl Span {
    fn attributes(&self) -> Vec<(&str, String)> {
        let value = |value: &Option<AnyValue>| {
            let value = value.clone().unwrap_or_default();
            value.text.unwrap_or_else(|| value.number.unwrap_or_default().to_string())
        };
        self.attributes.iter().map(|found| (found.key.as_str(), value(&found.value))).collect()
    }
}

/// Somebody who takes traces, as a collector does: every request's first line and body.
fn collector() -> (String, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = sync_channel(64);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let sender = sender.clone();
            std::thread::spawn(move || take(stream.unwrap(), &sender));
        }
    });
    (format!("http://{address}"), receiver)
}

fn take(stream: TcpStream, sender: &SyncSender<(String, Vec<u8>)>) {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut first, mut length, mut line) = (String::new(), 0, String::new());
        if stream.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        while stream.read_line(&mut line).unwrap() != 0 && line != "\r\n" {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        sender.send((first.trim().to_owned(), body)).unwrap();
        let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        stream.get_mut().write_all(answer.as_bytes()).unwrap();
    }
}

#[test]
fn a_collector_is_told_of_operation_status_and_request_and_of_nobody() {
    let (endpoint, collected) = collector();
    let store = tempfile::tempdir().unwrap();
    let mut call = serve(store.path());
    call.args(["--otlp-endpoint", &endpoint]);
    let server = Server::start_as(call).unwrap();
    let mut client = Client::connect(server.address).unwrap();
    let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let traceparent = format!("00-{trace}-{parent}-01");
    let headers = [
        ("traceparent", traceparent.as_str()),
        ("tracestate", "shop=canary-state"),
        ("baggage", "customer=canary-baggage"),
        ("x-request-id", "page-7"),
    ];
    let missing = "/v1/profiles/prf_canary?who=canary-query";
    assert_eq!(client.send_with("GET", missing, &headers, "").unwrap().status, 404);
    let sent = "{\"identity\": {\"namespace\": \"email\", \"value\": \"canary@example.org\"}}";
    assert_eq!(client.send_with("POST", "/v1/profiles/lookup", &[], sent).unwrap().status, 404);
    // What is left is sent before the server ends.
    assert_eq!(server.stop().code, Some(0));
    let mut spans = Vec::new();
    while let Ok((first, body)) = collected.recv_timeout(Duration::from_millis(200)) {
        assert_eq!(first, "POST /v1/traces HTTP/1.1");
        assert!(!String::from_utf8_lossy(&body).contains("canary"), "{}", String::from_utf8_lossy(&body));
        for resource in Export::decode(body.as_slice()).unwrap().resources {
            let named = resource.resource.unwrap().attributes;
            assert!(named.iter().any(|found| found.key == "service.name"));
            spans.extend(resource.scopes.into_iter().flat_map(|scope| scope.spans));
        }
    }
    spans.sort_by_key(|span| span.began);
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["read_profile", "look_up_profile"]);
    let [read, looked_up] = &spans[..] else { panic!("two were asked") };
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!((hex(&read.trace_id), hex(&read.parent), read.kind), (trace.to_owned(), parent.to_owned(), 2));
    assert_eq!(read.trace_state, "");
    let told = [("http.response.status_code", "404".to_owned()), ("wink.request_id", "page-7".to_owned())];
    assert_eq!(read.attributes(), told);
    assert!(read.began < read.ended);
    // Without a trace of the client's it is one of its own.
    assert_ne!(looked_up.trace_id, read.trace_id);
    assert_eq!((looked_up.trace_id.len(), looked_up.parent.len()), (16, 0));
}

#[test]
fn a_collector_that_is_not_there_holds_nobody_up_and_is_told_of() {
    let store = tempfile::tempdir().unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut call = serve(store.path());
    call.args(["--otlp-endpoint", &format!("http://{gone}")]);
    let server = Server::start_as(call).unwrap();
    let answer = Client::connect(server.address).unwrap().send("GET", "/healthz", "").unwrap();
    assert_eq!(answer.status, 200);
    let said = server.stop();
    assert_eq!(said.code, Some(0));
    assert!(said.err.contains("not sent"), "{}", said.err);
}
