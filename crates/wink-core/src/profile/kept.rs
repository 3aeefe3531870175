//! An accepted event as it is kept: under pseudonyms, without what belongs in the vault.

use std::collections::BTreeMap;

use super::IdentityKey;
use crate::base::{EventId, ProfileId, Timestamp, Value};
use crate::event::{Attributes, Body, Event};

/// An event of a profile, as the journal keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Its id.
    pub id: EventId,
    /// Whose it is.
    pub profile: ProfileId,
    /// The identity it came under; its state is the one it was folded into.
    pub identity: IdentityKey,
    /// Who sent it.
    pub source: String,
    /// The client's id of the message.
    pub message_id: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was sent, by the client's clock.
    pub sent_at: Option<Timestamp>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// When it was taken in, where that was long after it arrived: it lay in the dead letters meanwhile.
    pub accepted_at: Option<Timestamp>,
    /// When it happened, by the client's clock.
    pub original_at: Option<Timestamp>,
    /// Whether it arrived more than a day after it happened.
    pub late: bool,
    /// What it says; attributes by name only, their values lie in the vault.
    pub body: Body,
    /// Properties no schema names.
    pub extra: BTreeMap<String, Value>,
}

impl Kept {
    /// Takes an event into a profile. Returns the attributes it stated apart: they are for the vault.
    pub fn new(event: Event, profile: ProfileId, identity: IdentityKey) -> (Self, Option<Attributes>) {
        let (body, stated) = match event.body {
            Body::Identify(Attributes(stated)) => {
                let names = stated.keys().map(|name| (name.clone(), Value::Null)).collect();
                (Body::Identify(Attributes(names)), Some(Attributes(stated)))
            }
            body => (body, None),
        };
        let kept = Self {
            id: event.id,
            profile,
            identity,
            source: event.source,
            message_id: event.message_id,
            occurred_at: event.occurred_at,
            sent_at: event.sent_at,
            received_at: event.received_at,
            accepted_at: None,
            original_at: event.original_at,
            late: event.late,
            body,
            extra: event.extra,
        };
        (kept, stated)
    }

    /// When it became known: nothing that was decided before could know it.
    pub fn known_at(&self) -> Timestamp {
        self.accepted_at.unwrap_or(self.received_at)
    }
}
