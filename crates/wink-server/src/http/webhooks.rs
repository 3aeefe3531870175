//! `/v1/webhooks`: endpoints, their secrets, and what was sent to them.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use wink_api::{
    DeliveryView, DisabledView, MessagesListed, Problem, ReplayAsked, Replayed, TestQueued, WebhookAsked,
    WebhookChanged, WebhookMade, WebhookView, WebhooksListed,
};
use wink_connect::webhook::signature::Secret;
use wink_core::base::{MessageId, Timestamp, WebhookId};
use wink_record::{Delivery, DeliveryState, MessageType, WebhookEndpoint};
use wink_store::Store;

use super::body::{Asked, Json, PathName};
use super::problem::{Refused, invalid};
use super::service::Caller;
use crate::flow::webhooks::{self, Changed, Refusal, Registration, Replay};
use crate::{Error, secrets};

/// Messages on a page.
const PAGE: usize = 100;

/// Lists the endpoints that webhooks are sent to.
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    responses((status = 200, description = "The endpoints, without their secrets", body = WebhooksListed)))]
pub(super) async fn list_webhooks<S: Store>(
    caller: Caller<S>,
) -> Result<axum::Json<WebhooksListed>, Refused> {
    let endpoints = webhooks::list(&caller.engine).await?;
    Ok(axum::Json(WebhooksListed { data: endpoints.iter().map(view).collect() }))
}

/// Registers an endpoint. The answer holds the secret its messages are signed with, this once.
#[utoipa::path(post, path = "/v1/webhooks", tag = "webhooks", operation_id = "register_webhook", request_body = WebhookAsked,
    responses(
        (status = 201, description = "The endpoint with its secret", body = WebhookMade),
        (status = 409, description = "There are as many as there may be", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn register_webhook<S: Store>(
    caller: Caller<S>,
    Json(asked): Json<WebhookAsked>,
) -> Result<(StatusCode, axum::Json<WebhookMade>), Refused> {
    let secret = new_secret()?;
    let registration = Registration {
        id: WebhookId::new(caller.now, secrets::random().map_err(Error::from)?),
        url: asked.url,
        types: types(&asked.types)?,
        secret: secret.clone(),
    };
    let reach = caller.service.conduct.webhooks_reach;
    let endpoint =
        webhooks::register(&caller.engine, registration, reach, caller.now).await?.map_err(refused)?;
    let made = WebhookMade { webhook: view(&endpoint), secret: secret.to_text() };
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// Shows an endpoint.
#[utoipa::path(get, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "read_webhook",
    params(("id" = String, Path, description = "The endpoint's id, like whk_0123…")),
    responses((status = 200, description = "The endpoint", body = WebhookView)))]
pub(super) async fn read_webhook<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<axum::Json<WebhookView>, Refused> {
    let endpoint = webhooks::get(&caller.engine, webhook_id(&id)?).await?;
    Ok(axum::Json(view(&endpoint)))
}

/// Changes an endpoint: its URL, what it wants to hear of, whether it gets anything.
#[utoipa::path(patch, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "change_webhook", request_body = WebhookChanged,
    params(("id" = String, Path, description = "The endpoint's id, like whk_0123…")),
    responses((status = 200, description = "The endpoint", body = WebhookView)))]
pub(super) async fn change_webhook<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    Json(asked): Json<WebhookChanged>,
) -> Result<axum::Json<WebhookView>, Refused> {
    let types = asked.types.as_deref().map(types).transpose()?;
    let changed = Changed { url: asked.url, types, active: asked.active };
    let reach = caller.service.conduct.webhooks_reach;
    let endpoint = webhooks::change(&caller.engine, webhook_id(&id)?, &changed, reach, caller.now).await?;
    Ok(axum::Json(view(&endpoint.map_err(refused)?)))
}

/// Removes an endpoint. What still waits for it is dropped.
#[utoipa::path(delete, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "remove_webhook",
    params(("id" = String, Path, description = "The endpoint's id, like whk_0123…")),
    responses((status = 204, description = "Removed")))]
pub(super) async fn remove_webhook<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<StatusCode, Refused> {
    webhooks::remove(&caller.engine, webhook_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an endpoint a new secret. For a day, messages are signed with both.
#[utoipa::path(post, path = "/v1/webhooks/{id}/rotate", tag = "webhooks", operation_id = "rotate_webhook",
    params(("id" = String, Path, description = "The endpoint's id, like whk_0123…")),
    responses((status = 200, description = "The endpoint with its new secret", body = WebhookMade)))]
pub(super) async fn rotate_webhook<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<axum::Json<WebhookMade>, Refused> {
    let secret = new_secret()?;
    let endpoint = webhooks::rotate(&caller.engine, webhook_id(&id)?, &secret, caller.now).await?;
    Ok(axum::Json(WebhookMade { webhook: view(&endpoint), secret: secret.to_text() }))
}

/// Where to read on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageAsked {
    /// Messages older than this one.
    before: Option<String>,
}

/// Lists what was sent to an endpoint and what waits, the newest first.
#[utoipa::path(get, path = "/v1/webhooks/{id}/messages", tag = "webhooks", operation_id = "list_webhook_messages",
    params(("id" = String, Path, description = "The endpoint's id, like whk_0123…"), PageAsked),
    responses((status = 200, description = "A page of messages", body = MessagesListed)))]
pub(super) async fn list_webhook_messages<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    Asked(page): Asked<PageAsked>,
) -> Result<axum::Json<MessagesListed>, Refused> {
    let before = page.before.map(|text| MessageId::parse(&text)).transpose();
    let before = before.map_err(|error| invalid("/before", error.to_string()))?;
    let deliveries = webhooks::deliveries(&caller.engine, webhook_id(&id)?, before, PAGE).await?;
    let last = deliveries.last().filter(|_| deliveries.len() == PAGE);
    let next = last.map(|delivery| delivery.message.to_string());
    Ok(axum::Json(MessagesListed { data: deliveries.iter().map(delivery_view).collect(), next }))
}

/// Sends again what was delivered or given up: one message, or all that tell of a time or later.
#[utoipa::path(post, path = "/v1/webhooks/{id}/replay", tag = "webhooks", operation_id = "replay_webhook", request_body = ReplayAsked,
    params(("id" = String, Path, description = "The endpoint's id, like whk_0123…")),
    responses((status = 202, description = "How many messages are sent again", body = Replayed)))]
pub(super) async fn replay_webhook<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    Json(asked): Json<ReplayAsked>,
) -> Result<(StatusCode, axum::Json<Replayed>), Refused> {
    let which = match (asked.message, asked.since) {
        (Some(message), None) => Replay::Message(
            MessageId::parse(&message).map_err(|error| invalid("/message", error.to_string()))?,
        ),
        (None, Some(since)) => {
            Replay::Since(Timestamp::parse(&since).map_err(|error| invalid("/since", error))?)
        }
        _ => return Err(invalid("", "name either a message or a time")),
    };
    let messages = webhooks::replay(&caller.engine, webhook_id(&id)?, which, caller.now).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(Replayed { messages })))
}

/// Sends a message that tells of nothing, to see whether an endpoint works.
#[utoipa::path(post, path = "/v1/webhooks/{id}/test", tag = "webhooks", operation_id = "try_webhook",
    params(("id" = String, Path, description = "The endpoint's id, like whk_0123…")),
    responses((status = 202, description = "The message is queued", body = TestQueued)))]
pub(super) async fn try_webhook<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<(StatusCode, axum::Json<TestQueued>), Refused> {
    let message = MessageId::new(caller.now, secrets::random().map_err(Error::from)?);
    webhooks::try_out(&caller.engine, webhook_id(&id)?, message, caller.now).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(TestQueued { message: message.to_string() })))
}

fn new_secret() -> Result<Secret, Error> {
    Ok(Secret::new(secrets::random()?))
}

fn webhook_id(text: &str) -> Result<WebhookId, Refused> {
    let unknown = |_| Error::NotFound { what: "webhook", name: text.chars().take(64).collect() };
    Ok(WebhookId::parse(text).map_err(unknown)?)
}

fn types<T: AsRef<str>>(names: &[T]) -> Result<BTreeSet<MessageType>, Refused> {
    let parse = |name: &T| {
        let all = MessageType::ALL.map(MessageType::name).join(", ");
        let unknown = || format!("`{}` is not a type of message; there are {all}", name.as_ref());
        MessageType::parse(name.as_ref()).ok_or_else(|| invalid("/types", unknown()))
    };
    names.iter().map(parse).collect()
}

fn refused(refusal: Refusal) -> Refused {
    let message = refusal.to_string();
    match refusal {
        Refusal::Url(_) => invalid("/url", message),
        Refusal::NoTypes => invalid("/types", message),
        Refusal::TooMany => Refused::new(Problem::new(409, "webhooks_too_many", "There are enough", message)),
    }
}

fn view(endpoint: &WebhookEndpoint) -> WebhookView {
    let disabled = endpoint.disabled.as_ref();
    WebhookView {
        id: endpoint.id.to_string(),
        url: endpoint.url.clone(),
        types: endpoint.types.iter().map(|kind| kind.name()).collect(),
        disabled: disabled.map(|since| DisabledView { at: since.at.to_string(), why: since.why.clone() }),
        created_at: endpoint.created_at.to_string(),
    }
}

fn delivery_view(delivery: &Delivery) -> DeliveryView {
    let (state, at) = match delivery.state {
        DeliveryState::Waiting { due } => ("waiting", due),
        DeliveryState::Delivered { at } => ("delivered", at),
        DeliveryState::Dead { at } => ("dead", at),
    };
    DeliveryView {
        message: delivery.message.to_string(),
        kind: delivery.kind.name(),
        state,
        at: at.to_string(),
        attempts: delivery.attempts,
        said: delivery.said.clone(),
    }
}
