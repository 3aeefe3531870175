//! What is asked under an idempotency key is done once: the same key and body again get the same answer, across restarts.

use wink_core::base::{CouponId, Timestamp};
use wink_record::{KeptAnswer, Stored};
use wink_store::{Batch, Change, Direction, Home, Mark, MarkKey, Queue, Range, RecordKey, Store};

use crate::engine::batch_id;
use crate::keys;
use crate::secrets::Secrets;
use crate::{Engine, Error};

/// An idempotency key is remembered this long: a client that repeats after a month does not repeat, it asks.
const REMEMBERED_DAYS: i64 = 30;

/// Keys forgotten at once: each makes three changes at most, below the port's 1,024.
const AT_ONCE: usize = 256;

/// A lease lasts a minute: far longer than a commit takes, short enough that a crashed worker's timers come back soon.
const LEASE_MS: i64 = 60_000;

/// An idempotency key, and what was asked under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// The mark of the idempotency key.
    pub mark: MarkKey,
    /// A hash of what was asked.
    pub body: [u8; 16],
}

/// How an answer is kept: under which key, and how it is written.
pub struct Keeping<'a, T> {
    /// The key.
    pub once: &'a Once,
    /// Writes the answer.
    pub write: &'a (dyn Fn(&T) -> KeptAnswer + Send + Sync),
}

/// What was answered: just now, or under the same key before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replied<T> {
    /// Just now.
    Now(T),
    /// Before, in these bytes.
    Before(KeptAnswer),
}

impl Once {
    /// Takes the key into the batch that answers, and lets it be forgotten a month after `now`, or at `until` if that is later.
    pub(super) fn take(&self, result: Vec<u8>, now: Timestamp, until: Timestamp, batch: &mut Batch) {
        batch.changes.push(Change::Mark(self.mark, Mark { body: self.body, result }));
        batch.changes.push(Change::Enqueue {
            queue: forgetting(&self.mark),
            due_ms: now.plus_days(REMEMBERED_DAYS).max(until).0,
            id: self.mark.id,
            payload: Vec::new(),
        });
    }

    /// Finds what was answered under the key.
    ///
    /// # Errors
    /// [`Error::KeyReused`] if the key belongs to something else that was asked.
    pub(super) async fn found<S: Store>(&self, engine: &Engine<S>) -> Result<Option<Mark>, Error> {
        let marks = engine.store.marks(engine.tenant, std::slice::from_ref(&self.mark)).await?;
        let Some(mark) = marks.into_iter().next().flatten() else { return Ok(None) };
        if mark.body == self.body { Ok(Some(mark)) } else { Err(Error::KeyReused) }
    }
}

impl<T> Keeping<'_, T> {
    /// Keeps the answer in the batch of what it answers, for a month and as long as the coupon it is about lives. Sealed: it may name a code.
    ///
    /// # Errors
    /// If the operating system gives no random numbers.
    pub(super) fn keep(
        &self,
        secrets: &Secrets,
        done: &T,
        about: CouponId,
        lives_until: Timestamp,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), Error> {
        let key = keys::answer(about, self.once.mark.id);
        let KeptAnswer { status, body } = (self.write)(done);
        let sealed = KeptAnswer { status, body: secrets.seal_answer(&body)? };
        batch.changes.push(Change::Put(key, sealed.to_bytes()));
        self.once.take(about.bytes().to_vec(), now, lives_until, batch);
        Ok(())
    }
}

/// Gives the answer that was kept under a key, before anything of what is asked is looked at: what has become of the shop since is no matter.
///
/// # Errors
/// [`Error::KeyReused`] if the key belongs to something else; [`Error::NotFound`] if the answer went with the person it was about.
pub async fn kept<S: Store>(engine: &Engine<S>, once: &Once) -> Result<Option<KeptAnswer>, Error> {
    let Some(mark) = once.found(engine).await? else { return Ok(None) };
    let about = CouponId::from_bytes(mark.result.as_slice().try_into().unwrap_or_default());
    let answer: Option<KeptAnswer> = engine.stored(&keys::answer(about, once.mark.id)).await?;
    let gone = || Error::NotFound { what: "answer", name: "that was kept under this key".to_owned() };
    let KeptAnswer { status, body } = answer.ok_or_else(gone)?;
    Ok(Some(KeptAnswer { status, body: engine.secrets.open_answer(&body)? }))
}

/// Gives the answer that was kept, if one is to be kept at all.
///
/// # Errors
/// As [`kept`].
pub(super) async fn before<S: Store, T>(
    engine: &Engine<S>,
    keeping: Option<&Keeping<'_, T>>,
) -> Result<Option<KeptAnswer>, Error> {
    match keeping {
        Some(keeping) => kept(engine, keeping.once).await,
        None => Ok(None),
    }
}

/// Which queue forgets a key.
fn forgetting(mark: &MarkKey) -> Queue {
    if mark.scope == keys::ANSWER_MARKS { keys::FORGET_ANSWERS } else { keys::FORGET_QUESTIONS }
}

/// Forgets idempotency keys whose time is over at `now`, and the answers kept under them.
///
/// # Errors
/// If the store cannot be read or takes no writes.
pub async fn forget_due<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<(), Error> {
    for scope in [keys::QUESTION_MARKS, keys::ANSWER_MARKS] {
        loop {
            let queue = forgetting(&MarkKey { scope, id: [0; 16] });
            let due = engine.store.lease_due(engine.tenant, queue, now.0, now.0 + LEASE_MS, AT_ONCE).await?;
            if due.is_empty() {
                break;
            }
            let marks: Vec<MarkKey> = due.iter().map(|timer| MarkKey { scope, id: timer.id }).collect();
            let found = engine.store.marks(engine.tenant, &marks).await?;
            let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
            for ((timer, key), mark) in due.iter().zip(marks).zip(found) {
                let result = mark.map(|mark| mark.result).unwrap_or_default();
                if scope == keys::ANSWER_MARKS
                    && let Ok(about) = result.as_slice().try_into()
                {
                    batch.changes.push(Change::Delete(keys::answer(CouponId::from_bytes(about), key.id)));
                }
                batch.changes.push(Change::Unmark(key));
                batch.changes.push(Change::Acknowledge { queue, due_ms: timer.due_ms, id: timer.id });
            }
            engine.commit(batch).await?.ok_or(Error::Contended)?;
        }
    }
    Ok(())
}

/// Lists what deletes every answer that was kept about a coupon: they name its order. Of very many all but the last are deleted here.
pub(super) async fn removal_of<S: Store>(engine: &Engine<S>, coupon: CouponId) -> Result<Vec<Change>, Error> {
    let kind = keys::kind::ANSWER;
    loop {
        let range = Range::prefix(coupon.bytes());
        let page = engine.store.scan(engine.tenant, kind, range, Direction::Forward, AT_ONCE).await?;
        let key = |(bytes, _)| Change::Delete(RecordKey::new(kind, bytes));
        let removal: Vec<Change> = page.records.into_iter().map(key).collect();
        if page.next.is_none() {
            return Ok(removal);
        }
        let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
        batch.changes = removal;
        engine.commit(batch).await?.ok_or(Error::Contended)?;
    }
}
