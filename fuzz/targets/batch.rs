//! Bytes as a packed body, as a batch of events and as rows of products: bounded, and the same however they are cut.
#![no_main]

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use libfuzzer_sys::fuzz_target;
use wink_api::{EventsReceived, json};
use wink_server::listen::body::{Limits, read};
use wink_server::rows::{Format, Row, Rows};

const ENCODINGS: [&str; 5] = ["identity", "gzip", "deflate", "br", "zstd"];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let encoding = ENCODINGS[usize::from(*choice) % ENCODINGS.len()];
    if let Some(body) = unpacked(encoding, rest) {
        let _batch = json::read::<EventsReceived>(&body);
    }
    for format in [Format::Csv, Format::Ndjson] {
        assert_eq!(rows(format, rest, 1 + usize::from(*choice)), rows(format, rest, rest.len().max(1)));
    }
});

fn unpacked(encoding: &'static str, bytes: &[u8]) -> Option<axum::body::Bytes> {
    let limits = Limits::default();
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let body = runtime.block_on(read(Body::from(bytes.to_vec()), &headers, &limits, |_| true)).ok()?;
    assert!(body.len() <= limits.unpacked_bytes_max);
    Some(body)
}

fn rows(format: Format, bytes: &[u8], piece: usize) -> Vec<Row> {
    let mut rows = Rows::new(format);
    let mut read: Vec<Row> = bytes.chunks(piece).flat_map(|piece| rows.feed(piece)).collect();
    read.extend(rows.finish());
    read
}
