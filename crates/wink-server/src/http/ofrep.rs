//! OpenFeature's remote evaluation: a placement is a flag. Evaluating is a dry run: it issues nothing, reserves nothing, stores nothing, and
//! the same person gets the same answer all day, so a client may poll.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wink_api::{DecisionView, Flag, FlagContext, FlagProblem, Flags};
use wink_core::base::{Cents, DecisionId, Hasher};
use wink_core::decision::{Ask, Issue};
use wink_core::offer::Channel;
use wink_store::Store;

use super::body::{PathName, Sent};
use super::decisions::{shown, unknown_person};
use super::problem::Refused;
use super::service::Caller;
use crate::Error;
use crate::flow::decide::{Question, try_out};

/// The longest name of a placement, as in a question.
const PLACEMENT_BYTES_MAX: usize = 128;

/// Why a flag has no value: the protocol's own answer, or a problem of the server.
enum NoFlag {
    Said(StatusCode, Box<FlagProblem>),
    Refused(Refused),
}

impl IntoResponse for NoFlag {
    fn into_response(self) -> Response {
        match self {
            Self::Said(status, problem) => (status, Json(problem)).into_response(),
            Self::Refused(refused) => refused.into_response(),
        }
    }
}

impl From<FlagProblem> for NoFlag {
    fn from(problem: FlagProblem) -> Self {
        Self::Said(StatusCode::BAD_REQUEST, Box::new(problem))
    }
}

impl From<Error> for NoFlag {
    fn from(error: Error) -> Self {
        match error {
            // Without a catalogue there is nothing to offer anywhere: the client goes on with its own default.
            Error::NoCatalogue => {
                let problem = FlagProblem::new("FLAG_NOT_FOUND", "no catalogue is in force");
                Self::Said(StatusCode::NOT_FOUND, Box::new(problem))
            }
            error => Self::Refused(error.into()),
        }
    }
}

/// Tells what would be offered at a placement, as the value of a flag. Nothing is issued or stored.
#[utoipa::path(post, path = "/ofrep/v1/evaluate/flags/{key}", tag = "ofrep", operation_id = "evaluate_flag", request_body = Object,
    params(("key" = String, Path, description = "The placement")),
    responses(
        (status = 200, description = "What would be offered", body = Flag),
        (status = 400, description = "The context cannot be used", body = FlagProblem),
        (status = 404, description = "There is no such flag", body = FlagProblem),
    ))]
pub(super) async fn evaluate_flag<S: Store>(
    caller: Caller<S>,
    PathName(key): PathName,
    Sent(body): Sent,
) -> Response {
    match evaluate_one(&caller, &key, &body).await {
        Ok(flag) => Json(flag).into_response(),
        Err(NoFlag::Said(status, mut problem)) => {
            problem.key = Some(key);
            NoFlag::Said(status, problem).into_response()
        }
        Err(refused) => refused.into_response(),
    }
}

/// Tells what would be offered at several placements: those the context lists in `placements`, else the one named after the channel.
/// Nothing is issued or stored. The same answer has the same `ETag`.
#[utoipa::path(post, path = "/ofrep/v1/evaluate/flags", tag = "ofrep", operation_id = "evaluate_flags", request_body = Object,
    params(("If-None-Match" = Option<String>, Header, description = "The ETag of the answer the client has")),
    responses(
        (status = 200, description = "What would be offered", body = Flags),
        (status = 304, description = "What the client has is still so"),
        (status = 400, description = "The context cannot be used", body = FlagProblem),
    ))]
pub(super) async fn evaluate_flags<S: Store>(
    caller: Caller<S>,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Response {
    let flags = match evaluate_all(&caller, &body).await {
        Ok(flags) => flags,
        Err(no_flag) => return no_flag.into_response(),
    };
    let body = serde_json::to_vec(&flags).unwrap_or_default();
    let etag = format!("\"{}\"", Hasher::new("flags").field(&body).finish().hex());
    let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok()).unwrap_or_default();
    let is_known = known.split(',').any(|known| known.trim().trim_start_matches("W/") == etag);
    let mut answer = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Json(flags).into_response(),
    };
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        answer.headers_mut().insert(header::ETAG, etag);
    }
    answer
}

async fn evaluate_one<S: Store>(caller: &Caller<S>, key: &str, body: &[u8]) -> Result<Flag, NoFlag> {
    evaluate(caller, key, &FlagContext::read(body)?).await
}

async fn evaluate_all<S: Store>(caller: &Caller<S>, body: &[u8]) -> Result<Flags, NoFlag> {
    let context = FlagContext::read(body)?;
    let mut flags = Vec::with_capacity(context.placements.len());
    for placement in &context.placements {
        flags.push(evaluate(caller, placement, &context).await?);
    }
    Ok(Flags { flags })
}

async fn evaluate<S: Store>(
    caller: &Caller<S>,
    placement: &str,
    context: &FlagContext,
) -> Result<Flag, NoFlag> {
    let engine = caller.engine.as_ref();
    let question = question(caller, placement, context)?;
    let Some(decision) = try_out(engine, &question).await? else {
        return Ok(Flag::new(placement, &shown(caller, unknown_person(question.id))));
    };
    let catalogue = engine.catalogue_of(decision.catalogue).await?;
    let view = DecisionView::new(&decision, &catalogue, None, false);
    Ok(Flag::new(placement, &shown(caller, view)))
}

/// Makes the question. Its chance follows from person, place and day: who polls gets the same answer, and nobody can draw until they win.
fn question<S: Store>(
    caller: &Caller<S>,
    placement: &str,
    context: &FlagContext,
) -> Result<Question, FlagProblem> {
    let invalid = |message: String| FlagProblem::new("INVALID_CONTEXT", message);
    let channel = Channel::parse(&context.channel)
        .ok_or_else(|| invalid(format!("`{}` is not a channel", context.channel)))?;
    if PLACEMENT_BYTES_MAX < placement.len() {
        return Err(invalid(format!("a placement has at most {PLACEMENT_BYTES_MAX} bytes")));
    }
    let cart = context.cart_cents;
    if cart.is_some_and(|cents| !(0..=Cents::MOST.0).contains(&cents)) {
        return Err(invalid(format!("a cart is worth 0 to {} minor units", Cents::MOST.0)));
    }
    let chance = Hasher::keyed(caller.engine.secrets.marks(), "flag")
        .field(context.identity.namespace().as_bytes())
        .field(context.identity.value().as_bytes())
        .field(context.channel.as_bytes())
        .field(placement.as_bytes())
        .field(&caller.now.day().to_le_bytes())
        .finish();
    Ok(Question {
        identity: context.identity.clone(),
        ask: Ask { channel, placement: placement.to_owned(), cart: cart.map(Cents), issue: Issue::Now },
        now: caller.now,
        id: DecisionId::new(caller.now, chance.short()),
        seed: chance.number(),
        once: None,
    })
}
