//! `POST /v1/decisions`: an offer or none, with its reason. A person nobody knows gets none.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use wink_api::{Answered, DecisionAsked, DecisionView};
use wink_core::base::{Cents, DecisionId, Timestamp};
use wink_core::coupon::issue;
use wink_core::decision::{Ask, explain};
use wink_core::offer::Channel;
use wink_store::Store;

use super::Service;
use super::problem::{Refused, invalid, malformed};
use crate::flow::decide::{Question, ask as ask_flow, try_out};
use crate::{Error, secrets};

pub(super) async fn ask<S: Store>(
    State(service): State<Arc<Service<S>>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Answered>, Refused> {
    let asked: DecisionAsked = serde_json::from_slice(&body?).map_err(|error| malformed(&error))?;
    let question = question(&asked, (service.clock)())?;
    let engine = &service.engine;
    let decision = match asked.dry_run {
        true => try_out(engine, &question).await?,
        false => ask_flow(engine, &question).await?,
    };
    let Some(decision) = decision else {
        return Ok(Json(Answered { decision: unknown_person(&question), dry_run: true }));
    };
    let catalogue = engine.catalogue_of(decision.catalogue).await?;
    let explanation = explain(&decision, &catalogue);
    let issued = if asked.dry_run { None } else { issue(&decision, &catalogue) };
    let coupon = issued.map(|effect| effect.coupon.id.to_string());
    let decision = DecisionView::new(&decision, &catalogue, &explanation, coupon, asked.explain);
    Ok(Json(Answered { decision, dry_run: asked.dry_run }))
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
        Some(cents) if !(0..=1_000_000_000).contains(&cents) => {
            return Err(invalid("/cart_cents", "a cart is worth 0 to 1000000000 cents"));
        }
        cart => cart.map(Cents),
    };
    let seed: [u8; 8] = secrets::random().map_err(Error::from)?;
    let chance: [u8; 16] = secrets::random().map_err(Error::from)?;
    Ok(Question {
        identity,
        ask: Ask { channel, placement: asked.placement.clone(), cart },
        now,
        id: DecisionId::new(now, chance),
        seed: u64::from_le_bytes(seed),
    })
}

fn unknown_person(question: &Question) -> DecisionView {
    DecisionView {
        id: question.id.to_string(),
        verdict: "none",
        offer: None,
        title: None,
        maximum_cents: None,
        coupon: None,
        reason: "No offer: nobody is known under this identity.".to_owned(),
        known: None,
        candidates: None,
    }
}
