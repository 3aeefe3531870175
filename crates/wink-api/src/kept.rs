//! An event as it is kept, in the words it was sent in.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;
use wink_core::event::{Body, ConsentChange, HouseholdChange, Line, MILLION, Mechanism, Order};
use wink_core::profile::Kept;

use crate::to_json;

/// An accepted event. Its properties are named as in `POST /v1/events`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventView {
    /// Its id.
    pub id: String,
    /// The event's name.
    pub event: &'static str,
    /// The client's id of the message.
    pub message_id: String,
    /// Who sent it.
    pub source: String,
    /// When it happened.
    pub occurred_at: String,
    /// When it arrived.
    pub received_at: String,
    /// When it was taken in, if it lay in the dead letters until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<String>,
    /// When it was sent, by the client's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<String>,
    /// Whether it arrived more than a day after it happened.
    pub late: bool,
    /// What it says. Of stated attributes only the names: their values lie in the vault.
    #[schema(value_type = Object)]
    pub properties: BTreeMap<String, Json>,
    /// Of a word about consent: what its entry in the journal is made of, so that anybody can reckon that it stands there unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<EntryProof>,
}

/// An entry of the journal, and the hash that links it to the one before. Bytes are in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EntryProof {
    /// The lane of the journal, 0 to 63.
    pub lane: u8,
    /// The place in the lane.
    pub position: u64,
    /// The hash of the entry before it; zeros for the first.
    pub before: String,
    /// The tenant.
    pub tenant: u32,
    /// What sort of entry it is: 1, an event.
    pub kind: u16,
    /// The entry's id: the event's, as bytes.
    pub key: String,
    /// Random bytes that keep the payload from being guessed.
    pub salt: String,
    /// Whose entry it is: a hash of the profile.
    pub owner: String,
    /// The event as it is stored.
    pub payload: String,
    /// The entry's hash.
    pub hash: String,
}

impl EventView {
    /// Shows an event.
    pub fn new(kept: &Kept) -> Self {
        let extra = kept.extra.iter().map(|(name, value)| (name.clone(), to_json(value)));
        Self {
            id: kept.id.to_string(),
            event: kept.body.event_name(),
            message_id: kept.message_id.clone(),
            source: kept.source.clone(),
            occurred_at: kept.occurred_at.to_string(),
            received_at: kept.received_at.to_string(),
            accepted_at: kept.accepted_at.map(|time| time.to_string()),
            sent_at: kept.sent_at.map(|time| time.to_string()),
            late: kept.late,
            properties: properties(&kept.body).into_iter().chain(extra).collect(),
            proof: None,
        }
    }
}

fn properties(body: &Body) -> BTreeMap<String, Json> {
    let properties = match body {
        Body::OrderCompleted(order) => order_of(order),
        Body::CouponApplied(used) => {
            json!({ "coupon_id": used.coupon_id, "campaign_id": used.campaign_id })
        }
        Body::Identify(stated) => {
            let names: BTreeMap<&String, Json> =
                stated.0.iter().map(|(name, value)| (name, to_json(value))).collect();
            json!({ "traits": names })
        }
        Body::ConsentUpdated(change) => consent_of(change),
        Body::CouponIssued(issued) => json!({
            "coupon_id": issued.coupon.to_string(),
            "decision_id": issued.decision.to_string(),
            "campaign_id": issued.campaign.to_string(),
            "offer_id": issued.offer.to_string(),
            "pushed": issued.pushed,
        }),
        Body::RightGiven(given) => json!({
            "decision_id": given.decision.to_string(),
            "campaign_id": given.campaign.to_string(),
            "offer_id": given.offer.to_string(),
            "pushed": given.pushed,
        }),
        Body::CouponRedeemed(redeemed) => json!({
            "coupon_id": redeemed.coupon.to_string(),
            "order_id": redeemed.order_id,
            "amount_cents": redeemed.amount.0,
        }),
        Body::CouponReversed(reversed) => json!({
            "coupon_id": reversed.coupon.to_string(),
            "redemption_id": reversed.redemption.to_string(),
            "order_id": reversed.order_id,
            "amount_cents": reversed.amount.0,
        }),
        Body::Scored(scored) => json!({
            "version": scored.version,
            "alive": parts(scored.alive),
            "purchase": parts(scored.purchase),
            "purchases": parts(scored.purchases),
            "value_cents": scored.value.map(|value| value.0),
        }),
        Body::ChannelScored(scored) => json!({
            "version": scored.version,
            "channel": scored.channel,
            "rate": parts(scored.rate),
            "lower": parts(scored.lower),
            "upper": parts(scored.upper),
            "probability": parts(scored.probability),
        }),
        Body::Exposed(exposure) => json!({ "decision_id": exposure.decision.to_string() }),
        Body::HouseholdChanged(change) => match change {
            HouseholdChange::Joined { household_id } => json!({ "household_id": household_id }),
            HouseholdChange::Left { household_id } => json!({ "household_id": household_id }),
        },
        Body::Observed(_) => json!({}),
    };
    match properties {
        Json::Object(fields) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => BTreeMap::new(),
    }
}

/// Tells a number that is kept in millionths.
#[expect(clippy::cast_precision_loss, reason = "scores stay far below 2^53")]
fn parts(parts: i64) -> f64 {
    parts as f64 / MILLION as f64
}

fn order_of(order: &Order) -> Json {
    let line = |line: &Line| {
        json!({
            "product_id": line.product_id,
            "category": line.category,
            "quantity": line.quantity,
            "total_cents": line.paid.0,
            "discount_cents": line.discount.0,
            "coupon_discount_cents": line.coupon_discount.0,
        })
    };
    let products: Vec<Json> = order.lines.iter().map(line).collect();
    json!({ "order_id": order.order_id, "store_id": order.store_id, "products": products })
}

fn consent_of(change: &ConsentChange) -> Json {
    json!({
        "purpose": change.purpose,
        "state": change.state.name(),
        "method": change.method,
        "mechanism": (change.mechanism != Mechanism::default()).then(|| change.mechanism.name()),
        "surface": change.surface,
        "text_version": change.text_version,
        "text_hash": change.text_hash,
        "recorded_by": change.recorded_by,
    })
}
