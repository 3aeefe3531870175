//! The paths that clients of the Segment and RudderStack family send to. They read the status only, and keep nothing that was answered with
//! 200: so 200 means that every message is an event or lies in the dead letters. Never a redirect, never 410: such clients lose data on one
//! and try for ever on the other.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{MatchedPath, State};
use axum::http::{HeaderMap, header};
use serde_json::Value;
use wink_api::{
    ItemAnswered, SegmentAnswered, SegmentBatch, SegmentCall, SegmentRejected, segment_settings,
    source_config,
};
use wink_store::Store;

use super::body::{Asked, PathName, Sent, not_json};
use super::gate::admit_late;
use super::messages::{Message, take};
use super::operation::OPERATIONS;
use super::problem::{Refused, invalid};
use super::service::{Arrival, Caller, Service};
use crate::flow::ingest::refuse;

/// At most this many messages in one request, as users of such clients know it.
const MESSAGES_MAX: usize = 2_500;

/// A path before which all of these paths are answered once more: for clients that were told another host with a path of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The path without the prefix, if only so the table of operations knows it.
    pub(super) fn taken_off<'a>(&self, path: &'a str) -> &'a str {
        let is_known = |path: &str| OPERATIONS.iter().any(|operation| operation.path == path);
        if is_known(path) { path } else { path.strip_prefix(&self.0).unwrap_or(path) }
    }
}

impl FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        match text.strip_prefix('/') {
            Some(parts) if parts.split('/').all(plain) => Ok(Self(text.to_owned())),
            _ => Err("a prefix is like `/hook` or `/hook/segment`: letters, digits, `-` and `_`".to_owned()),
        }
    }
}

/// Makes the handler of each path: axum and the API's description want a function for each.
macro_rules! calls {
    ($($name:ident, $path:tt, $call:expr;)*) => { $(
        /// Takes messages of a client of the Segment or RudderStack family in: one, or a batch.
        #[utoipa::path(post, path = $path, tag = "segment", request_body = Object,
            params(("wk" = Option<String>, Query, description = "The write key, where a client can send neither header nor body field")),
            responses((status = 200, description = "Every message is durable or accounted for", body = SegmentAnswered)))]
        pub(super) async fn $name<S: Store>(
            service: State<Arc<Service<S>>>,
            arrival: Arrival,
            caller: Result<Caller<S>, Refused>,
            query: Asked<BTreeMap<String, String>>,
            sent: Result<Sent, Refused>,
        ) -> Result<Json<SegmentAnswered>, Refused> {
            let from = From { service: service.0, arrival, caller, query: query.0 };
            receive(from, sent, $call).await
        }
    )* };
}

calls! {
    receive_batch, "/v1/batch", None;
    receive_import, "/v1/import", None;
    receive_track, "/v1/track", Some(SegmentCall::Track);
    receive_identify, "/v1/identify", Some(SegmentCall::Identify);
    receive_page, "/v1/page", Some(SegmentCall::Page);
    receive_screen, "/v1/screen", Some(SegmentCall::Screen);
    receive_group, "/v1/group", Some(SegmentCall::Group);
    receive_alias, "/v1/alias", Some(SegmentCall::Alias);
    receive_batch_short, "/v1/b", None;
    receive_track_short, "/v1/t", Some(SegmentCall::Track);
    receive_identify_short, "/v1/i", Some(SegmentCall::Identify);
    receive_page_short, "/v1/p", Some(SegmentCall::Page);
    receive_screen_short, "/v1/s", Some(SegmentCall::Screen);
    receive_group_short, "/v1/g", Some(SegmentCall::Group);
    receive_alias_short, "/v1/a", Some(SegmentCall::Alias);
}

/// Who sends, as far as the headers say.
struct From<S> {
    service: Arc<Service<S>>,
    arrival: Arrival,
    caller: Result<Caller<S>, Refused>,
    query: BTreeMap<String, String>,
}

impl<S: Store> From<S> {
    /// The caller by its header, else by the key in the body, else by the one in the query.
    async fn caller(self, write_key: Option<&str>) -> Result<Caller<S>, Refused> {
        let in_query = || self.query.get("wk").or_else(|| self.query.get("writeKey")).map(String::as_str);
        match self.caller {
            Ok(caller) => Ok(caller),
            Err(_) => admit_late(&self.service, &self.arrival, write_key.or_else(in_query)).await,
        }
    }
}

async fn receive<S: Store>(
    from: From<S>,
    sent: Result<Sent, Refused>,
    call: Option<SegmentCall>,
) -> Result<Json<SegmentAnswered>, Refused> {
    let batch = sent.and_then(|Sent(body)| SegmentBatch::read(&body, call).map_err(not_json));
    let batch = match batch {
        Ok(batch) => batch,
        Err(refused) if refused.is_for_now() => return Err(refused),
        Err(refused) => {
            // However many messages it was meant to be; a stranger's noise is nobody's message and is not counted.
            refuse(&from.caller(None).await?.engine, 1).await?;
            return Err(refused.into_bad_request());
        }
    };
    let caller = from.caller(batch.write_key.as_deref()).await?;
    let many = batch.calls.len();
    if MESSAGES_MAX < many {
        refuse(&caller.engine, u32::try_from(many).unwrap_or(u32::MAX)).await?;
        let message = format!("{many} messages are too many; send at most {MESSAGES_MAX} at once");
        return Err(invalid("/batch", message).into_bad_request());
    }
    let currency = caller.engine.currency();
    let mut ids = Vec::with_capacity(many);
    let mut messages = Vec::with_capacity(many);
    for call in &batch.calls {
        let envelope = batch.envelope(call, &caller.access.name, currency, caller.now);
        ids.push(match &envelope {
            Ok(envelope) => Some(envelope.message_id.clone()),
            Err(unread) => unread.message_id.clone(),
        });
        let original = call.get().as_bytes().to_vec();
        messages.push(Message { original, envelope: envelope.map_err(|unread| unread.message) });
    }
    let items = take(&caller, messages).await?;
    Ok(Json(answer(items, ids)))
}

fn answer(items: Vec<ItemAnswered>, ids: Vec<Option<String>>) -> SegmentAnswered {
    let count = |status: &str| items.iter().filter(|item| item.status == status).count();
    let (accepted, duplicates) = (count("accepted"), count("duplicate"));
    let rejected = items.into_iter().zip(ids).enumerate().filter_map(|(index, (item, message_id))| {
        Some(SegmentRejected {
            index,
            message_id,
            code: item.code?,
            detail: item.message.unwrap_or_default(),
        })
    });
    SegmentAnswered { success: true, accepted, duplicates, rejected: rejected.collect() }
}

/// Tells a browser client where to send. It asks before it sends anything, and without a key; whether the key is good is known when it sends.
#[utoipa::path(get, path = "/v1/projects/{write_key}/settings", tag = "segment", operation_id = "describe_source",
    params(("write_key" = String, Path, description = "The write key")),
    responses((status = 200, description = "One destination: this server", body = Object)))]
pub(super) async fn describe_source(
    PathName(write_key): PathName,
    route: MatchedPath,
    arrival: Arrival,
    headers: HeaderMap,
) -> Json<Value> {
    let host = text(&headers, header::HOST.as_str()).unwrap_or_default();
    let prefix = route.as_str().split_once("/v1/projects/").map_or("", |(prefix, _)| prefix);
    Json(segment_settings(&write_key, protocol(&arrival), &format!("{host}{prefix}/v1")))
}

/// Tells RudderStack's browser client that there is a source, and that nobody else is to be told.
#[utoipa::path(get, path = "/sourceConfig/", tag = "segment", operation_id = "describe_rudder_source",
    params(("writeKey" = Option<String>, Query, description = "The write key")),
    responses((status = 200, description = "A source without destinations in the browser", body = Object)))]
pub(super) async fn describe_rudder_source<S: Store>(
    State(service): State<Arc<Service<S>>>,
    Asked(query): Asked<BTreeMap<String, String>>,
) -> Json<Value> {
    let write_key = query.get("writeKey").map(String::as_str).unwrap_or_default();
    Json(source_config(write_key, &(service.clock)().to_string()))
}

/// How the page reaches this server: as a proxy says, else as the page itself was reached, for a page over TLS reaches nothing else.
fn protocol(arrival: &Arrival) -> &'static str {
    let page = arrival.origin.as_ref().is_some_and(|origin| origin.starts_with("https://"));
    if arrival.over_tls || page { "https" } else { "http" }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
