//! How a dead letter lies in the store: sealed, with a head in clear to be listed by, and a note under every identity it names, so that it
//! goes with the person.

use std::collections::BTreeSet;

use wink_api::json::may_say_coordinates;
use wink_core::base::{Hasher, LetterId, Timestamp};
use wink_core::event::{DEPTH_MAX, Envelope, IDENTITIES_MAX};
use wink_core::profile::IdentityKey;
use wink_record::{DeadLetter, LetterHead, Stored};
use wink_store::{Batch, Change, Check, MarkKey, Range, Store};

use super::person::{self, Loaded};
use crate::keys;
use crate::{Engine, Error};

/// Letters read at once when a person's are removed: each makes at most as many changes as it names identities, and two more.
const AT_ONCE: usize = 1_000 / (IDENTITIES_MAX + 2);

/// A dead letter on its way into the store.
pub(super) struct Burial {
    id: LetterId,
    at: Timestamp,
    head: Loaded<LetterHead>,
    unchanged: Check,
    /// The sealed letter, unless the same message lies there already.
    sealed: Option<Vec<u8>>,
}

/// A dead letter as it lies in the store.
pub(super) struct Buried {
    pub letter: DeadLetter,
    pub head: Loaded<LetterHead>,
    pub id: LetterId,
    unchanged: Check,
}

/// Names the letter of a message. Keyed: nobody can test a guess against the store. The same message has the same.
pub(super) fn letter_id<S>(engine: &Engine<S>, mark: &MarkKey, body: &[u8; 16]) -> LetterId {
    let hash = Hasher::keyed(engine.secrets.marks(), "dead letter").field(&mark.id).field(body);
    LetterId::from_bytes(hash.finish().short())
}

impl Burial {
    /// Seals a letter, without its bytes if they may say where somebody is. One that lies there already stays as it first came, and is
    /// counted once more.
    pub(super) async fn new<S: Store>(
        engine: &Engine<S>,
        id: LetterId,
        mut letter: DeadLetter,
    ) -> Result<Self, Error> {
        if let Some(mut known) = find(engine, id).await? {
            known.head.value.times = known.head.value.times.saturating_add(1);
            let (at, unchanged) = (known.letter.received_at, known.unchanged);
            return Ok(Self { id, at, head: known.head, unchanged, sealed: None });
        }
        if may_say_coordinates(&letter.original) {
            letter.original.clear();
        }
        let at = letter.received_at;
        let head = Loaded { key: keys::letter_head(at, id), version: None, value: head_of(engine, &letter) };
        let sealed = Some(engine.secrets.seal_letter(&letter.to_bytes())?);
        Ok(Self { id, at, head, unchanged: Check::Absent(keys::letter(id)), sealed })
    }

    /// Counts the same message once more.
    pub(super) fn again(&mut self) {
        self.head.value.times = self.head.value.times.saturating_add(1);
    }

    /// Adds the letter to a batch.
    pub(super) fn add_to(self, batch: &mut Batch) {
        batch.checks.push(self.unchanged);
        batch.checks.push(self.head.unchanged());
        if self.head.version.is_none() {
            for key in &self.head.value.identities {
                let at = self.at.0.to_be_bytes().to_vec();
                batch.changes.push(Change::Put(keys::letter_of(*key, self.id), at));
            }
        }
        if let Some(sealed) = self.sealed {
            batch.changes.push(Change::Put(keys::letter(self.id), sealed));
        }
        batch.changes.push(Change::Put(self.head.key, self.head.value.to_bytes()));
    }
}

impl Buried {
    /// Adds to a batch that the letter goes, provided that it is still as it was read.
    pub(super) fn remove(&self, batch: &mut Batch) {
        batch.checks.push(self.unchanged.clone());
        batch.checks.push(self.head.unchanged());
        batch.changes.extend(removal(self.id, self.letter.received_at, &self.head.value));
    }
}

/// Opens a letter, if it is there.
pub(super) async fn find<S: Store>(engine: &Engine<S>, id: LetterId) -> Result<Option<Buried>, Error> {
    let key = keys::letter(id);
    let Some(record) = engine.record(&key).await? else { return Ok(None) };
    let letter = DeadLetter::from_bytes(&engine.secrets.open_letter(&record.bytes)?)?;
    let head_key = keys::letter_head(letter.received_at, id);
    // One from before there were heads gets its head now.
    let head = person::load(engine, head_key, || head_of(engine, &letter)).await?;
    Ok(Some(Buried { letter, head, id, unchanged: Check::Version(key, record.version) }))
}

/// Lists what removes a letter and everything that leads to it.
pub(super) fn removal(id: LetterId, at: Timestamp, head: &LetterHead) -> Vec<Change> {
    let notes = head.identities.iter().map(|key| keys::letter_of(*key, id));
    [keys::letter(id), keys::letter_head(at, id)].into_iter().chain(notes).map(Change::Delete).collect()
}

/// Lists what removes the letters that name an identity, some at a time: empty once there are none.
pub(super) async fn removal_of<S: Store>(
    engine: &Engine<S>,
    key: IdentityKey,
) -> Result<(u64, Vec<Change>), Error> {
    let (kind, range) = (keys::kind::LETTER_OF, Range::prefix(key.0));
    let direction = wink_store::Direction::Forward;
    let page = engine.store.scan(engine.tenant, kind, range, direction, AT_ONCE).await?;
    let (mut letters, mut changes) = (0, Vec::new());
    for (note, _) in page.records {
        let id = LetterId::from_bytes(note.get(16..).and_then(|id| id.try_into().ok()).unwrap_or_default());
        match find(engine, id).await? {
            Some(found) => changes.extend(removal(id, found.letter.received_at, &found.head.value)),
            None => changes.push(Change::Delete(keys::letter_of(key, id))),
        }
        letters += 1;
    }
    Ok((letters, changes))
}

/// What may be kept of an envelope to be sent on: all of it, unless it nests deeper than the stored format can hold.
pub(super) fn to_keep(envelope: &Envelope) -> Option<Envelope> {
    let fits = envelope.properties.values().all(|value| value.depth(DEPTH_MAX) <= DEPTH_MAX);
    fits.then(|| envelope.clone())
}

fn head_of<S>(engine: &Engine<S>, letter: &DeadLetter) -> LetterHead {
    let named = letter.envelope.iter().flat_map(|envelope| envelope.identities.iter()).take(IDENTITIES_MAX);
    let keys: BTreeSet<IdentityKey> = named.map(|identity| person::identity_key(engine, identity)).collect();
    LetterHead {
        source: letter.source.clone(),
        code: letter.code.clone(),
        times: 1,
        identities: keys.into_iter().collect(),
    }
}
