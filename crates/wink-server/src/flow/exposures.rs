//! Somebody has seen, clicked or dismissed what a decision offered: an event of that person, once for each decision and kind.
//!
//! An assignment is not an exposure: what was offered counts when it was decided, this only when it was really seen.

use std::collections::BTreeMap;

use wink_core::base::{DecisionId, EventId, Hasher, Timestamp, Value};
use wink_core::decision::{Decision, Verdict};
use wink_core::event::{Envelope, ExposureKind, Identity, Rejection};
use wink_store::Store;

use super::ingest::{Answer, Received, Thought, Told};
use super::person;
use super::profiles::{self, Whom};
use crate::error::ATTEMPTS_MAX;
use crate::keys;
use crate::{Engine, Error, Ids};

/// The source of exposures; no client's key has it.
const SOURCE: &str = "wink/exposures";

/// What is told.
#[derive(Clone, Copy, Debug)]
pub struct Exposed {
    /// Which decision's offer.
    pub decision: DecisionId,
    /// What the person did with it.
    pub kind: ExposureKind,
    /// When.
    pub at: Timestamp,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noted {
    /// It is an event now, and durable.
    Accepted(EventId),
    /// It was told before; nothing changed, and the first time stands.
    Duplicate(EventId),
    /// There is no such decision, or its person was erased.
    NoDecision,
    /// It cannot be.
    Refused(NotExposed),
}

/// Why nothing can have been seen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotExposed {
    /// The person was held out: nothing was to be shown.
    #[error("the decision held the person out, so nothing was to be shown")]
    HeldOut,
    /// The decision was to offer nothing.
    #[error("the decision offered nothing, so nothing was to be shown")]
    NothingOffered,
    /// It would have been seen before it was decided.
    #[error("the decision was made at {0}; nothing of it can have been seen before")]
    BeforeDecision(Timestamp),
    /// The event was not accepted.
    #[error(transparent)]
    Rejected(#[from] Rejection),
}

impl NotExposed {
    /// Tells the stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::HeldOut => "held_out",
            Self::NothingOffered => "nothing_offered",
            Self::BeforeDecision(_) => "before_decision",
            Self::Rejected(rejection) => rejection.code(),
        }
    }
}

/// Takes an exposure in. Telling the same again is answered with the same event.
///
/// # Errors
/// If the store cannot be read or takes no writes.
pub async fn note<S: Store>(
    engine: &Engine<S>,
    ids: &impl Ids,
    exposed: &Exposed,
    now: Timestamp,
) -> Result<Noted, Error> {
    let mut turn = engine.turn();
    for _ in 0..ATTEMPTS_MAX {
        let decision: Option<Decision> = engine.stored(&keys::decision(exposed.decision)).await?;
        let Some(decision) = decision else { return Ok(Noted::NoDecision) };
        if let Some(refusal) = refusal(&decision, exposed.at) {
            return Ok(Noted::Refused(refusal));
        }
        let whom = Whom::Profile(decision.person.profile);
        let Some(known) = profiles::find(engine, &whom).await? else { return Ok(Noted::NoDecision) };
        let Some(identity) = person::identity(engine, known.asked()).await? else {
            return Ok(Noted::NoDecision);
        };
        let mut thought = Thought::new(engine, ids, vec![told(engine, exposed, identity, now)]).await?;
        if thought.profile_version() != known.asked_version() {
            turn.meet(&keys::profile(decision.person.profile)).await;
            continue;
        }
        let answer = match thought.answers.first() {
            Some(Answer::Accepted(id)) => Noted::Accepted(*id),
            Some(Answer::Duplicate(id)) => Noted::Duplicate(*id),
            Some(Answer::Dead(rejection)) => return Ok(Noted::Refused(rejection.clone().into())),
            Some(Answer::Erased) | None => return Ok(Noted::NoDecision),
        };
        thought.count();
        let batch = thought.into_batch(engine)?.batch;
        if turn.commit(batch).await?.is_some() {
            return Ok(answer);
        }
    }
    Err(Error::Contended)
}

fn refusal(decision: &Decision, at: Timestamp) -> Option<NotExposed> {
    match decision.verdict {
        Verdict::HeldOut(_) => Some(NotExposed::HeldOut),
        Verdict::Nothing => Some(NotExposed::NothingOffered),
        Verdict::Offer(_) if at < decision.now => Some(NotExposed::BeforeDecision(decision.now)),
        Verdict::Offer(_) => None,
    }
}

fn told<S>(engine: &Engine<S>, exposed: &Exposed, identity: Identity, now: Timestamp) -> Told {
    let decision = exposed.decision.to_string();
    let envelope = Envelope {
        source: SOURCE.to_owned(),
        message_id: format!("{decision}/{}", exposed.kind.name()),
        event: exposed.kind.event_name().to_owned(),
        schema_version: None,
        identities: vec![identity],
        original_at: Some(exposed.at),
        sent_at: None,
        properties: BTreeMap::from([("decision_id".to_owned(), Value::Text(decision))]),
    };
    // Not of the whole message: told again with another time it is still the same exposure.
    let hash = Hasher::keyed(engine.secrets.marks(), "exposure").field(envelope.message_id.as_bytes());
    Told {
        received: Received { envelope, original: Vec::new(), at: now, is_vouched: true },
        body: hash.finish().short(),
        now,
    }
}
