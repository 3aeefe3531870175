//! Something happened that webhooks tell of: the message joins the batch of what happened, so that neither is there without the other.
//!
//! A message's id follows from what it tells of. So it is found again when that is erased, without an index by person.

use serde::Serialize;
use wink_api::{CouponTold, DecisionTold, SegmentTold, TextTold, Told};
use wink_core::base::{Cents, Currency, DecisionId, Hasher, MessageId, Timestamp, WebhookId};
use wink_core::coupon::{Coupon, Redemption, Reversal, State};
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
            self.hear_issued(&effect.coupon, batch);
        }
    }

    /// Tells of a coupon that was issued.
    pub(super) fn hear_issued(&self, coupon: &Coupon, batch: &mut Batch) {
        let (kind, at) = (MessageType::CouponIssued, coupon.issued_at);
        self.hear_coupon(coupon, coupon.id.bytes(), kind, at, None, batch);
    }

    /// Tells of a coupon that was redeemed.
    pub(super) fn hear_redeemed(&self, coupon: &Coupon, redemption: &Redemption, batch: &mut Batch) {
        let (kind, at) = (MessageType::CouponRedeemed, redemption.at);
        let amount = Some(redemption.amount);
        self.hear_coupon(coupon, redemption.id.bytes(), kind, at, amount, batch);
    }

    /// Tells of a redemption that was taken back, or some of it.
    pub(super) fn hear_reversed(&self, coupon: &Coupon, reversal: &Reversal, batch: &mut Batch) {
        let (kind, at) = (MessageType::CouponReversed, reversal.at);
        let amount = Some(reversal.amount());
        self.hear_coupon(coupon, reversal.id.bytes(), kind, at, amount, batch);
    }

    /// Tells whether anybody wants to hear of something.
    pub(super) fn want(&self, kind: MessageType) -> bool {
        self.endpoints.iter().any(|endpoint| endpoint.types.contains(&kind))
    }

    /// Tells of a coupon that will run out, with the text for its person.
    pub(super) fn hear_expiring(&self, coupon: &Coupon, text: TextTold, now: Timestamp, batch: &mut Batch) {
        let told = CouponTold::new(coupon, None, self.currency).with_text(Some(text));
        self.hear(expiring_message(coupon), MessageType::CouponExpiring, now, told, batch);
    }

    /// Tells of a coupon that ran out, with a text if its person wants to hear of it.
    pub(super) fn hear_expired(
        &self,
        coupon: &Coupon,
        text: Option<TextTold>,
        now: Timestamp,
        batch: &mut Batch,
    ) {
        let kind = MessageType::CouponExpired;
        let told = CouponTold::new(coupon, None, self.currency).with_text(text);
        self.hear(message_id(kind, now, coupon.id.bytes()), kind, now, told, batch);
    }

    fn hear_coupon(
        &self,
        coupon: &Coupon,
        about: [u8; 16],
        kind: MessageType,
        at: Timestamp,
        amount: Option<Cents>,
        batch: &mut Batch,
    ) {
        let told = CouponTold::new(coupon, amount, self.currency);
        self.hear(message_id(kind, at, about), kind, at, told, batch);
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

/// Names the messages that tell of a coupon's beginning and end, and that its end is near, whether or not there are any.
pub(super) fn about_coupon(coupon: &Coupon) -> impl Iterator<Item = RecordKey> + use<> {
    let expired = match coupon.state {
        State::Expired { at } => Some((MessageType::CouponExpired, at)),
        _ => None,
    };
    let id = coupon.id.bytes();
    let told = [Some((MessageType::CouponIssued, coupon.issued_at)), expired];
    let told = told.into_iter().flatten().map(move |(kind, at)| message_id(kind, at, id));
    told.chain([expiring_message(coupon)]).map(keys::message)
}

/// Names the message that tells of a coupon's end, if a till that was without a line tells of its use after all: it is not true any more, and
/// from the coupon nobody could find it.
pub(super) fn no_longer_expired(before: &Coupon, after: &Coupon) -> Option<RecordKey> {
    match (&before.state, &after.state) {
        (_, State::Expired { .. }) => None,
        (State::Expired { at }, _) => {
            Some(keys::message(message_id(MessageType::CouponExpired, *at, before.id.bytes())))
        }
        _ => None,
    }
}

/// Names the messages that tell of a redemption and of what was taken back of it, whether or not there are any.
pub(super) fn about_redemption(redemption: &Redemption) -> impl Iterator<Item = RecordKey> {
    let redeemed = (MessageType::CouponRedeemed, redemption.at, redemption.id.bytes());
    let reversed = redemption
        .reversals
        .iter()
        .map(|reversal| (MessageType::CouponReversed, reversal.at, reversal.id.bytes()));
    [redeemed].into_iter().chain(reversed).map(|(kind, at, id)| keys::message(message_id(kind, at, id)))
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

/// A coupon is said to run out once, whenever that is: its message is named by when it was issued.
fn expiring_message(coupon: &Coupon) -> MessageId {
    message_id(MessageType::CouponExpiring, coupon.issued_at, coupon.id.bytes())
}

fn decision_message(id: DecisionId) -> MessageId {
    message_id(MessageType::DecisionMade, id.made_at(), id.bytes())
}

fn message_id(kind: MessageType, at: Timestamp, about: [u8; 16]) -> MessageId {
    let hash = Hasher::new("webhook message").field(kind.name().as_bytes()).field(&about);
    MessageId::new(at, hash.finish().short())
}
