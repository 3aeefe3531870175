//! `POST /v1/decisions`: an offer or none, with its reason, and the acceptance of an offer that waits for it. A person nobody knows
//! gets none.

use axum::Json;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use wink_api::{AcceptedView, Answered, DecisionAsked, DecisionView, Problem};
use wink_core::base::{Cents, DecisionId, Hasher, Timestamp};
use wink_core::coupon::{NotAccepted, issue};
use wink_core::decision::{Ask, Decision};
use wink_core::offer::Channel;
use wink_store::Store;

use super::body::{PathName, Sent, parse_at_once};
use super::once::{IdempotencyKey, REPLAYED};
use super::problem::{Refused, invalid};
use super::service::Caller;
use crate::flow::decide::{Question, answered, ask, try_out};
use crate::flow::once::Once;
use crate::flow::rights;
use crate::{Error, keys, secrets};

/// Asks for an offer, or none, with its reason. Under an `Idempotency-Key` the same question is answered once, whatever happens in between.
#[utoipa::path(post, path = "/v1/decisions", tag = "decisions", operation_id = "decide", request_body = DecisionAsked,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition safe: the same key and body get the same answer for 30 days")),
    responses(
        (status = 200, description = "The decision; `none` is one", body = Answered),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn decide<S: Store>(
    caller: Caller<S>,
    key: IdempotencyKey,
    Sent(body): Sent,
) -> Result<Response, Refused> {
    let asked: DecisionAsked = parse_at_once(&body)?;
    if asked.explain && caller.access.role.is_publishable() {
        return Err(invalid("/explain", "a publishable key is not told how others would have been chosen"));
    }
    let engine = caller.engine.as_ref();
    let once = once(&caller, &key, &body)?;
    let question = Question { once, ..question(&asked, caller.now)? };
    if asked.dry_run {
        let decision = try_out(engine, &question).await?;
        return Ok(Json(answer(&caller, &asked, question.id, decision).await?).into_response());
    }
    let mut decision = ask(engine, &question).await?;
    let mut id = question.id;
    if let Some(once) = &question.once
        && let Some(before) = answered(engine, once).await?
    {
        (id, decision) = before;
    }
    let mut response = Json(answer(&caller, &asked, id, decision).await?).into_response();
    if id != question.id {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Accepts what a decision offered: the coupon exists from then on. However often it is accepted, it is the same coupon, and the same answer.
#[utoipa::path(post, path = "/v1/decisions/{id}/accept", tag = "decisions", operation_id = "accept_decision",
    params(("id" = String, Path, description = "The decision's id, like dec_…")),
    responses(
        (status = 200, description = "The coupon", body = AcceptedView),
        (status = 409, description = "`no_right`: the decision gave none; `no_consent`: the person has said no since", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`right_lapsed`: the time is over; `right_revoked`: the person was erased", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn accept_decision<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<Json<AcceptedView>, Refused> {
    let unknown = |_| Error::NotFound { what: "decision", name: id.chars().take(64).collect() };
    let decision = DecisionId::parse(&id).map_err(unknown)?;
    let coupon = rights::accept(&caller.engine, decision, caller.now).await?;
    Ok(Json(AcceptedView::new(&coupon.map_err(not_accepted)?)))
}

fn not_accepted(why: NotAccepted) -> Refused {
    let status = match why {
        NotAccepted::NoRight | NotAccepted::NoConsent(_) => 409,
        NotAccepted::Lapsed { .. } | NotAccepted::Revoked => 410,
    };
    Refused::new(Problem::new(status, why.code(), "The offer cannot be accepted", why.to_string()))
}

async fn answer<S: Store>(
    caller: &Caller<S>,
    asked: &DecisionAsked,
    id: DecisionId,
    decision: Option<Decision>,
) -> Result<Answered, Refused> {
    let Some(decision) = decision else {
        return Ok(Answered { decision: shown(caller, unknown_person(id)), dry_run: asked.dry_run });
    };
    let catalogue = caller.engine.catalogue_of(decision.catalogue).await?;
    let issued = if asked.dry_run { None } else { issue(&decision, &catalogue) };
    let coupon = issued.map(|effect| effect.coupon.id.to_string());
    let mut decision = DecisionView::new(&decision, &catalogue, coupon, asked.explain);
    if asked.dry_run {
        // Nothing was promised that could be accepted.
        decision.accept_by = None;
    }
    Ok(Answered { decision: shown(caller, decision), dry_run: asked.dry_run })
}

/// Shows a decision as far as whoever asks may read it.
pub(super) fn shown<S>(caller: &Caller<S>, decision: DecisionView) -> DecisionView {
    if caller.access.role.is_publishable() { decision.for_page() } else { decision }
}

/// Reads the idempotency key of a question, if one was sent.
fn once<S>(caller: &Caller<S>, key: &IdempotencyKey, body: &[u8]) -> Result<Option<Once>, Refused> {
    let Some(key) = key.read()? else { return Ok(None) };
    let secret = caller.engine.secrets.marks();
    let body = Hasher::keyed(secret, "question").field(body).finish().short();
    Ok(Some(Once { mark: keys::question_mark(secret, &caller.access.name, key), body }))
}

fn question(asked: &DecisionAsked, now: Timestamp) -> Result<Question, Refused> {
    let identity = asked.identity.read().map_err(|error| invalid("/identity", error))?;
    let channel = Channel::parse(&asked.channel).ok_or_else(|| {
        let channels: Vec<&str> = Channel::ALL.iter().map(|channel| channel.name()).collect();
        invalid(
            "/channel",
            format!("`{}` is not a channel; there are {}", asked.channel, channels.join(", ")),
        )
    })?;
    if 128 < asked.placement.len() {
        return Err(invalid("/placement", "a placement has at most 128 bytes"));
    }
    let cart = match asked.cart_cents {
        Some(cents) if !(0..=Cents::MOST.0).contains(&cents) => {
            let most = Cents::MOST.0;
            return Err(invalid("/cart_cents", format!("a cart is worth 0 to {most} minor units")));
        }
        cart => cart.map(Cents),
    };
    let issue = asked.issue().map_err(|error| invalid("/accept_within_seconds", error))?;
    let seed: [u8; 8] = secrets::random().map_err(Error::from)?;
    let chance: [u8; 16] = secrets::random().map_err(Error::from)?;
    Ok(Question {
        identity,
        ask: Ask { channel, placement: asked.placement.clone(), cart, issue },
        now,
        id: DecisionId::new(now, chance),
        seed: u64::from_le_bytes(seed),
        once: None,
    })
}

pub(super) fn unknown_person(id: DecisionId) -> DecisionView {
    DecisionView {
        id: id.to_string(),
        verdict: "none",
        offer: None,
        title: None,
        benefit: None,
        maximum_cents: None,
        price_notice: None,
        coupon: None,
        accept_by: None,
        reason: "No offer: nobody is known under this identity.".to_owned(),
        known: None,
        candidates: None,
    }
}
