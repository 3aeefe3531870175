//! `GET /tag.js`: the tag, as the pages of a shop load it. It is built into the server, so that the two always fit.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use wink_core::base::Hasher;

use super::body::Asked;

/// The bundle of `web/tag`, by `node web/build.mjs`.
static TEXT: &str = include_str!("../../../../web/tag/dist/tag.js");

/// A name that is another when the bundle is: half a hash is enough to tell versions apart.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let hash = Hasher::new("tag").field(TEXT.as_bytes()).finish().hex();
    hash.chars().take(16).collect()
});

/// What a browser fetches. Packed once, as small as it gets (some 20 ms): it is asked for with every first page of every visitor.
static PACKED: LazyLock<Bytes> = LazyLock::new(|| {
    let mut packed = Vec::new();
    let done =
        zopfli::compress(zopfli::Options::default(), zopfli::Format::Gzip, TEXT.as_bytes(), &mut packed);
    done.map(|()| Bytes::from(packed)).unwrap_or_default()
});

/// Where a page names no version it looks again soon: so that a new server's tag is there within ten minutes.
const SOON: &str = "public, max-age=600";

/// A version never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Which version a page wants.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TagAsked {
    /// The version, as the ETag names it: then a browser keeps it for a year.
    v: Option<String>,
}

/// Gives the tag, a script for the pages of a shop. The same bytes have the same `ETag`.
#[utoipa::path(get, path = "/tag.js", tag = "tag", operation_id = "load_tag",
    params(TagAsked, ("If-None-Match" = Option<String>, Header, description = "The ETag of what the browser has")),
    responses(
        (status = 200, description = "The script", body = String, content_type = "text/javascript"),
        (status = 304, description = "What the browser has is still so"),
    ))]
pub(super) async fn load_tag(Asked(asked): Asked<TagAsked>, headers: HeaderMap) -> Response {
    let says = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes_packed = says(header::ACCEPT_ENCODING).split(',').any(|coding| coding.trim() == "gzip");
    // Other bytes, another tag, or it would not be a strong one.
    let etag = format!("\"{}{}\"", *VERSION, if takes_packed { "-gzip" } else { "" });
    let known = says(header::IF_NONE_MATCH).split(',').any(|known| known.trim() == etag);
    let mut answer = match (known, takes_packed) {
        (true, _) => StatusCode::NOT_MODIFIED.into_response(),
        (false, true) => ([(header::CONTENT_ENCODING, "gzip")], PACKED.clone()).into_response(),
        (false, false) => Bytes::from_static(TEXT.as_bytes()).into_response(),
    };
    // A page that asks for a version which is not this server's gets this one, and looks again soon.
    let cached = if asked.v.as_deref() == Some(VERSION.as_str()) { FOR_EVER } else { SOON };
    let out = answer.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cached));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    // Pages of other origins load it: that is what it is for.
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    out.insert(policy, HeaderValue::from_static("cross-origin"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        out.insert(header::ETAG, etag);
    }
    answer
}
