//! Something happened that webhooks tell of: the message joins the batch of what happened, so that neither is there without the other.
//!
//! A message's id follows from what it tells of. So it is found again when that is erased, without an index by person.

use serde::Serialize;
use wink_api::{CouponTold, DecisionTold, SegmentTold, Told};
use wink_core::base::{Currency, DecisionId, Hasher, MessageId, Timestamp, WebhookId};
use wink_core::coupon::{Coupon, State};
use wink_core::decision::Decision;
use wink_core::feature::Passage;
use wink_core::offer::Catalogue;
use wink_record::{
    Delivery, DeliveryState, MessageType, SegmentPassage, Stored, WebhookEndpoint, WebhookMessage,
};
use wink_store::{Batch, Change, RecordKey, Store};

use super::webhooks;
use crate::{Engine, Error, keys};

/// The endpoints there are, as loaded for one batch or a row of them. One that is registered meanwhile hears of the next.
pub(super) struct Listeners {
    endpoints: Vec<WebhookEndpoint>,
    currency: Currency,
}

impl Listeners {
    /// Loads the endpoints that are active.
    pub(super) async fn load<S: Store>(engine: &Engine<S>) -> Result<Self, Error> {
        // Most shops have none, and decisions do not read a range to learn that.
        let counted = engine.store.counters(engine.tenant, &[keys::webhooks()]).await?;
        let none = counted.iter().all(|counter| counter.value == 0);
        let mut endpoints = if none { Vec::new() } else { webhooks::list(engine).await? };
        endpoints.retain(|endpoint| endpoint.disabled.is_none());
        Ok(Self { endpoints, currency: engine.currency() })
    }

    /// Tells of a decision, and of the coupon it issued.
    pub(super) fn hear_decision(&self, decision: &Decision, catalogue: &Catalogue, batch: &mut Batch) {
        if self.endpoints.is_empty() {
            return;
        }
        let id = decision_message(decision.id);
        let told = DecisionTold::new(decision, catalogue);
        self.hear(id, MessageType::DecisionMade, decision.now, told, batch);
        if let Some(effect) = wink_core::coupon::issue(decision, catalogue) {
            self.hear_coupon(&effect.coupon, batch);
        }
    }

    /// Tells of the step in its life that a coupon has just made.
    pub(super) fn hear_coupon(&self, coupon: &Coupon, batch: &mut Batch) {
        let Some((kind, at)) = step(coupon) else { return };
        let told = CouponTold::new(coupon, self.currency);
        self.hear(coupon_message(coupon, kind, at), kind, at, told, batch);
    }

    /// Tells of somebody who came to or left those of a segment who have granted what it is for. Of others nothing leaves the house.
    pub(super) fn hear_passage(&self, passage: &SegmentPassage, batch: &mut Batch) {
        let Some((kind, id)) = passage_message(passage) else { return };
        let told = SegmentTold::new(passage.segment.as_str(), passage.profile);
        self.hear(id, kind, passage.at, told, batch);
    }

    fn hear(&self, id: MessageId, kind: MessageType, at: Timestamp, told: impl Serialize, batch: &mut Batch) {
        let wanting: Vec<&WebhookEndpoint> =
            self.endpoints.iter().filter(|endpoint| endpoint.types.contains(&kind)).collect();
        if wanting.is_empty() {
            return;
        }
        batch.changes.push(message(id, kind, at, told));
        for endpoint in wanting {
            batch.changes.extend(queue(endpoint.id, id, kind, at));
        }
    }
}

/// Writes a message.
pub(super) fn message(id: MessageId, kind: MessageType, at: Timestamp, told: impl Serialize) -> Change {
    let body = serde_json::to_vec(&Told::new(kind.name(), at, told)).expect("strings and integers are JSON");
    Change::Put(keys::message(id), WebhookMessage { id, kind, at, body }.to_bytes())
}

/// Puts a message into the outbox of an endpoint.
pub(super) fn queue(
    endpoint: WebhookId,
    message: MessageId,
    kind: MessageType,
    due: Timestamp,
) -> [Change; 2] {
    let state = DeliveryState::Waiting { due };
    let said = String::new();
    let delivery = Delivery { endpoint, message, kind, attempts: 0, first_at: None, said, state };
    [Change::Put(keys::delivery(endpoint, message), delivery.to_bytes()), enqueue(endpoint, message, due)]
}

/// Makes the queue entry of a delivery.
pub(super) fn enqueue(endpoint: WebhookId, message: MessageId, due: Timestamp) -> Change {
    let payload = [endpoint.bytes(), message.bytes()].concat();
    let id = Hasher::new("webhook delivery").field(&payload).finish().short();
    Change::Enqueue { queue: keys::OUTBOX, due_ms: due.0, id, payload }
}

/// Names the message that tells of a decision, whether or not there is one.
pub(super) fn about_decision(id: DecisionId) -> RecordKey {
    keys::message(decision_message(id))
}

/// Names the messages that tell of a coupon, whether or not there are any.
pub(super) fn about_coupon(coupon: &Coupon) -> impl Iterator<Item = RecordKey> {
    let issued = Some((MessageType::CouponIssued, coupon.issued_at));
    [issued, step(coupon)]
        .into_iter()
        .flatten()
        .map(|(kind, at)| keys::message(coupon_message(coupon, kind, at)))
}

/// Names the message that tells of a passage, whether or not there is one.
pub(super) fn about_passage(passage: &SegmentPassage) -> Option<RecordKey> {
    passage_message(passage).map(|(_, id)| keys::message(id))
}

fn passage_message(passage: &SegmentPassage) -> Option<(MessageType, MessageId)> {
    let kind = match passage.granting? {
        Passage::Entered => MessageType::SegmentEntered,
        Passage::Left => MessageType::SegmentLeft,
    };
    Some((kind, message_id(kind, passage.at, passage.id())))
}

/// Tells what a coupon's state is told as, and since when it is so.
fn step(coupon: &Coupon) -> Option<(MessageType, Timestamp)> {
    match coupon.state {
        State::Issued => Some((MessageType::CouponIssued, coupon.issued_at)),
        State::Redeemed { at, .. } => Some((MessageType::CouponRedeemed, at)),
        State::Expired { at } => Some((MessageType::CouponExpired, at)),
        // Only an erasure takes a coupon back, and an erasure tells nobody of anybody.
        State::Revoked { .. } => None,
    }
}

fn decision_message(id: DecisionId) -> MessageId {
    message_id(MessageType::DecisionMade, id.made_at(), id.bytes())
}

fn coupon_message(coupon: &Coupon, kind: MessageType, at: Timestamp) -> MessageId {
    message_id(kind, at, coupon.id.bytes())
}

fn message_id(kind: MessageType, at: Timestamp, about: [u8; 16]) -> MessageId {
    let hash = Hasher::new("webhook message").field(kind.name().as_bytes()).field(&about);
    MessageId::new(at, hash.finish().short())
}
