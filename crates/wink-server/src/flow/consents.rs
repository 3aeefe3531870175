//! Somebody's consents are set, with their proof: as the events they are, through the same acceptance, all of them or none.

use std::collections::BTreeMap;

use wink_core::base::{ProfileId, Timestamp, Value};
use wink_core::event::{ConsentChange, Envelope, Identity, Mechanism, Rejection};
use wink_store::{Store, Version};

use super::ingest::{Answer, Prepared, Received, Thought, Told};
use super::person;
use super::profiles::{self, Whom};
use super::whole::Whole;
use crate::error::ATTEMPTS_MAX;
use crate::{Engine, Error, Ids, keys};

/// What is to be set.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Whose.
    pub profile: ProfileId,
    /// The words, one for a purpose.
    pub changes: Vec<ConsentChange>,
    /// When they were said; `None` for just now.
    pub said_at: Option<Timestamp>,
    /// Who tells Wink: the source of the events.
    pub source: String,
    /// The client's id of this change; the same id again changes nothing.
    pub message_id: String,
    /// The version the caller read; `None` to set them whatever there is.
    pub expected: Option<Version>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Set {
    /// They are set; the next decision knows.
    Done(Whole),
    /// The profile has changed since it was read.
    Changed(Version),
    /// A word is none; nothing was set.
    Refused(Rejection),
    /// There is nobody of that id, or they were erased.
    Nobody,
}

/// Sets consents. What counts afterwards follows the rule for all words: an older one than that which counts changes nothing.
///
/// # Errors
/// If the store cannot be read or takes no writes.
pub async fn set<S: Store>(
    engine: &Engine<S>,
    ids: &impl Ids,
    setting: &Setting,
    now: Timestamp,
) -> Result<Set, Error> {
    let mut turn = engine.turn();
    for _ in 0..ATTEMPTS_MAX {
        let whom = Whom::Profile(setting.profile);
        let Some(known) = profiles::find(engine, &whom).await? else { return Ok(Set::Nobody) };
        let Some(identity) = person::identity(engine, known.asked()).await? else { return Ok(Set::Nobody) };
        let mut thought = Thought::new(engine, ids, told(engine, setting, &identity, now)).await?;
        if thought.profile_version() != known.asked_version() {
            turn.meet(&keys::profile(setting.profile)).await;
            continue;
        }
        let is_repeated = thought.answers.iter().all(|answer| matches!(answer, Answer::Duplicate(_)));
        let is_changed = setting.expected.is_some_and(|expected| expected != known.version());
        // Whoever repeats what they have set has changed the profile themself.
        if is_changed && !is_repeated {
            return Ok(Set::Changed(known.version()));
        }
        for answer in &thought.answers {
            match answer {
                Answer::Accepted(_) | Answer::Duplicate(_) => {}
                Answer::Dead(rejection) => return Ok(Set::Refused(rejection.clone())),
                Answer::Erased => return Ok(Set::Nobody),
            }
        }
        thought.count();
        let Prepared { mut batch, withdrawn, .. } = thought.into_batch(engine)?;
        engine.list_withdrawals(&withdrawn)?;
        batch.checks.extend(known.unchanged());
        if turn.commit(batch).await?.is_some() {
            let known = profiles::find(engine, &whom).await?;
            return Ok(known.map_or(Set::Nobody, Set::Done));
        }
    }
    Err(Error::Contended)
}

/// Writes the words as the messages a shop would send.
fn told<S>(engine: &Engine<S>, setting: &Setting, identity: &Identity, now: Timestamp) -> Vec<Told> {
    let tell = |change: &ConsentChange| {
        let envelope = Envelope {
            source: setting.source.clone(),
            message_id: format!("{}/{}", setting.message_id, change.purpose),
            event: "Consent Updated".to_owned(),
            schema_version: None,
            identities: vec![identity.clone()],
            original_at: setting.said_at,
            sent_at: None,
            properties: properties(change),
        };
        let body = envelope.body_hash(engine.secrets.marks());
        Told { received: Received { envelope, original: Vec::new(), at: now, is_vouched: true }, body, now }
    };
    setting.changes.iter().map(tell).collect()
}

fn properties(change: &ConsentChange) -> BTreeMap<String, Value> {
    let is_told = change.mechanism != Mechanism::default();
    let mechanism = change.mechanism.name().to_owned();
    let fields = [
        ("purpose", Some(&change.purpose)),
        ("state", Some(&change.state.name().to_owned())),
        ("method", Some(&change.method)),
        // What says nothing new is left out: a change that is sent again is then the same message as ever.
        ("mechanism", is_told.then_some(&mechanism)),
        ("surface", change.surface.as_ref()),
        ("text_version", change.text_version.as_ref()),
        ("text_hash", change.text_hash.as_ref()),
        ("recorded_by", change.recorded_by.as_ref()),
    ];
    let said = fields.into_iter().filter_map(|(name, text)| Some((name, text?)));
    said.map(|(name, text)| (name.to_owned(), Value::Text(text.clone()))).collect()
}
