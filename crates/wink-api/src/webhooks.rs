//! `/v1/webhooks`: endpoints, their messages, and the tokens of `/v1/stream`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::IdentitySent;

/// An endpoint to be registered.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookAsked {
    /// Where to send; https, and a public address.
    #[schema(example = "https://shop.example.org/wink")]
    pub url: String,
    /// What it wants to hear of.
    #[schema(example = json!(["coupon.redeemed"]))]
    pub types: Vec<String>,
}

/// What is to be changed of an endpoint. What is left out stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookChanged {
    /// Where to send.
    pub url: Option<String>,
    /// What it wants to hear of.
    pub types: Option<Vec<String>>,
    /// Whether it gets anything.
    pub active: Option<bool>,
}

/// An endpoint.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookView {
    /// Its id.
    pub id: String,
    /// Where to send.
    pub url: String,
    /// What it wants to hear of.
    pub types: Vec<&'static str>,
    /// Why it gets nothing, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<DisabledView>,
    /// When it was registered.
    pub created_at: String,
}

/// Why an endpoint gets nothing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DisabledView {
    /// Since when.
    pub at: String,
    /// Why.
    pub why: String,
}

/// An endpoint with a new secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookMade {
    /// The endpoint.
    pub webhook: WebhookView,
    /// What its messages are signed with, shown this once.
    pub secret: String,
}

/// All endpoints.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhooksListed {
    /// The endpoints.
    pub data: Vec<WebhookView>,
}

/// How far the delivery of a message is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    /// The message's id, as the receiver sees it in `webhook-id`.
    pub message: String,
    /// What it tells of.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `waiting`, `delivered` or `dead`.
    pub state: &'static str,
    /// When it is tried next, was delivered, or died.
    pub at: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What became of the last attempt.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub said: String,
}

/// A page of an endpoint's messages, the newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MessagesListed {
    /// The messages.
    pub data: Vec<DeliveryView>,
    /// What to send as `before` to read on, if there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What is to be sent again: one message, or all that tell of a time or later.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayAsked {
    /// This message.
    pub message: Option<String>,
    /// All that tell of this time or later.
    pub since: Option<String>,
}

/// How many messages are sent again.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Replayed {
    /// How many.
    pub messages: u64,
}

/// A message that only tries an endpoint out.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TestQueued {
    /// Its id.
    pub message: String,
}

/// Whose decisions a browser may follow: a profile, or whoever has an identity.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamTokenAsked {
    /// The profile.
    pub profile: Option<String>,
    /// An identity of it: the session's, for instance.
    pub identity: Option<IdentitySent>,
    /// For how long; 15 minutes if it is not said, and at most.
    pub minutes: Option<u32>,
}

/// A token for one person's stream.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StreamTokenMade {
    /// What to send as `token` to `/v1/stream`.
    pub token: String,
    /// Until when.
    pub ends_at: String,
}
