//! Dead letters are listed, looked at, repaired and sent on, or discarded. What is sent on goes through the same acceptance as ever, as if
//! it had come right at first: at its own time, under its own id, counted once.

use wink_api::{LetterListed, LetterReplayed, LetterView, MessageView};
use wink_core::base::{EventId, LetterId, Timestamp};
use wink_core::event::{Envelope, Rejection, Repair, RepairError};
use wink_record::{DeadLetter, LetterHead, Stored};
use wink_store::{Batch, Change, Direction, Home, Range, Store};

use super::bury::{self, Buried};
use super::ingest::{Answer, Prepared, Received, Thought, Told};
use super::page::{Page, Paged, cursor};
use crate::access::{self, Role, vouched};
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys;
use crate::{Engine, Error, Ids};

/// Heads read for one page of a filtered list: enough to find a rare code, few enough to answer at once.
const SCANNED_MAX: usize = 2_000;

/// Which letters to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those with this code only.
    pub code: Option<String>,
    /// Those of this source only.
    pub source: Option<String>,
}

/// A letter as a list shows it; what the sender wrote stays sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: LetterId,
    /// When it first arrived.
    pub received_at: Timestamp,
    /// Who sent it, why it was not accepted, and how often it came.
    pub head: LetterHead,
}

/// A letter that was opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// Its id.
    pub id: LetterId,
    /// What is in it.
    pub letter: DeadLetter,
    /// How often it came.
    pub times: u32,
}

/// What became of a letter that was sent on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// It is an event now, and no letter any more.
    Accepted(EventId),
    /// The same message was accepted meanwhile; the letter is gone.
    Duplicate(EventId),
    /// The person it belongs to was erased after it happened; the letter is gone.
    Erased,
    /// It is still not acceptable; nothing changed.
    Dead(Rejection),
    /// The repair does not fit the message; nothing changed.
    NotRepaired(RepairError),
    /// It was kept by its bytes only, so it can only be sent again by its sender.
    BytesOnly,
}

impl Listed {
    /// Shows it as the API does.
    pub fn view(&self) -> LetterListed {
        LetterListed {
            id: self.id.to_string(),
            received_at: self.received_at.to_string(),
            source: self.head.source.clone(),
            code: self.head.code.clone(),
            times: self.head.times,
        }
    }
}

impl Opened {
    /// Shows it as the API does.
    pub fn view(&self) -> LetterView {
        let letter = &self.letter;
        LetterView {
            id: self.id.to_string(),
            received_at: letter.received_at.to_string(),
            source: letter.source.clone(),
            code: letter.code.clone(),
            reason: letter.reason.clone(),
            times: self.times,
            original: String::from_utf8_lossy(&letter.original).into_owned(),
            message: letter.envelope.as_ref().map(MessageView::new),
        }
    }
}

impl Replayed {
    /// Says what became of a letter, as the API does.
    pub fn view(&self, id: LetterId) -> LetterReplayed {
        let (status, event, code, message) = match self {
            Self::Accepted(event) => ("accepted", Some(event), None, None),
            Self::Duplicate(event) => ("duplicate", Some(event), None, None),
            Self::Erased => {
                let message = "the person was erased after this happened; the letter is gone";
                ("refused", None, Some("person_erased"), Some(message.to_owned()))
            }
            Self::Dead(rejection) => ("dead", None, Some(rejection.code()), Some(rejection.to_string())),
            Self::NotRepaired(error) => ("dead", None, Some("repair_unusable"), Some(error.to_string())),
            Self::BytesOnly => {
                let message = "it was kept by its bytes only; its sender can send it again";
                ("dead", None, Some("bytes_only"), Some(message.to_owned()))
            }
        };
        LetterReplayed { letter: id.to_string(), status, id: event.map(ToString::to_string), code, message }
    }
}

/// Lists dead letters, newest first. A page of a filtered list may be short although more follow.
///
/// # Errors
/// If the store cannot be read, or the cursor is not one of this list.
pub async fn list<S: Store>(
    engine: &Engine<S>,
    filter: &Filter,
    page: &Page,
) -> Result<Paged<Listed>, Error> {
    let list = format!("letters {:?} {:?}", filter.code, filter.source).into_bytes();
    let mut range = Some(Range { until: page.open(engine, &list)?, ..Range::default() });
    let (mut items, mut scanned) = (Vec::new(), 0);
    while let Some(some) = range.take() {
        let wanted = page.limit().saturating_sub(items.len());
        if wanted == 0 || SCANNED_MAX <= scanned {
            range = Some(some);
            break;
        }
        let kind = keys::kind::LETTER_HEAD;
        let found = engine.store.scan(engine.tenant, kind, some, Direction::Reverse, wanted).await?;
        scanned += found.records.len();
        for (key, record) in found.records {
            let head = LetterHead::from_bytes(&record.bytes)?;
            let (Some((received_at, id)), true) = (keys::letter_at(&key), filter.takes(&head)) else {
                continue;
            };
            items.push(Listed { id, received_at, head });
        }
        range = found.next;
    }
    let next_cursor = range.and_then(|next| Some(cursor(engine, &list, &next.until?)));
    Ok(Paged { items, next_cursor })
}

impl Filter {
    fn takes(&self, head: &LetterHead) -> bool {
        self.code.as_ref().is_none_or(|code| *code == head.code)
            && self.source.as_ref().is_none_or(|source| *source == head.source)
    }
}

/// Opens a letter. Nobody has checked what is in it, and it may name a person.
///
/// # Errors
/// If there is none of that id, or the store cannot be read.
pub async fn open<S: Store>(engine: &Engine<S>, id: LetterId) -> Result<Opened, Error> {
    let Buried { letter, head, .. } = find(engine, id).await?;
    Ok(Opened { id, letter, times: head.value.times })
}

/// Sends a letter on, repaired if need be. Event, balance and letter change in one commit. What happened is counted as if it had come right at
/// first; what it brings about is judged by `now`: an old cart is no moment any more, and consent is as it is.
///
/// # Errors
/// If there is none of that id, or the store cannot be read or takes no writes.
pub async fn replay<S: Store>(
    engine: &Engine<S>,
    ids: &impl Ids,
    id: LetterId,
    repair: &Repair,
    now: Timestamp,
) -> Result<Replayed, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let buried = find(engine, id).await?;
        let Some(envelope) = &buried.letter.envelope else { return Ok(Replayed::BytesOnly) };
        let repaired = match repair.apply(envelope) {
            Ok(repaired) => repaired,
            Err(error) => return Ok(Replayed::NotRepaired(error)),
        };
        let told = match told(engine, &buried, envelope, repaired, now).await? {
            Ok(told) => told,
            Err(why) => return Ok(Replayed::Dead(Rejection::Malformed(why))),
        };
        let thought = Thought::new(engine, ids, vec![told]).await?;
        let Prepared { mut batch, answers, withdrawn, .. } = match thought.answers.first() {
            Some(Answer::Dead(rejection)) => return Ok(Replayed::Dead(rejection.clone())),
            _ => thought.into_batch(engine)?,
        };
        let times = i64::from(buried.head.value.times);
        // As if it had come right at first: once accepted, and a duplicate every other time.
        let (replayed, balance) = match answers.into_iter().next() {
            Some(Answer::Accepted(event)) => {
                (Replayed::Accepted(event), vec![("accepted", 1), ("duplicate", times - 1)])
            }
            Some(Answer::Duplicate(event)) => (Replayed::Duplicate(event), vec![("duplicate", times)]),
            _ => (Replayed::Erased, vec![("refused", times)]),
        };
        batch.changes.push(Change::Add(keys::balance("dead"), -times));
        batch
            .changes
            .extend(balance.into_iter().map(|(what, count)| Change::Add(keys::balance(what), count)));
        buried.remove(&mut batch);
        engine.list_withdrawals(&withdrawn)?;
        if engine.commit(batch).await?.is_some() {
            return Ok(replayed);
        }
    }
    Err(Error::Contended)
}

/// Deletes a letter. Its message stays counted as dead.
///
/// # Errors
/// If there is none of that id, or the store cannot be read or takes no writes.
pub async fn discard<S: Store>(engine: &Engine<S>, id: LetterId) -> Result<(), Error> {
    for _ in 0..ATTEMPTS_MAX {
        let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
        find(engine, id).await?.remove(&mut batch);
        if engine.commit(batch).await?.is_some() {
            return Ok(());
        }
    }
    Err(Error::Contended)
}

async fn find<S: Store>(engine: &Engine<S>, id: LetterId) -> Result<Buried, Error> {
    let found = bury::find(engine, id).await?;
    found.ok_or_else(|| Error::NotFound { what: "dead letter", name: id.to_string() })
}

/// Tells the message again, as it would have come at first.
///
/// Its mark remembers the message as the sender knows it: sent once more, it is a duplicate, though it was repaired here. Unless the
/// sender was mended meanwhile and sent just what the repair makes of it. What its sender's key could not have vouched for, no repair makes it say.
async fn told<S: Store>(
    engine: &Engine<S>,
    buried: &Buried,
    sent: &Envelope,
    repaired: Envelope,
    now: Timestamp,
) -> Result<Result<Told, String>, Error> {
    let is_vouched = is_vouched(engine, &repaired.source).await?;
    let role = if is_vouched { Role::Shop } else { Role::Ingest };
    let repaired = match vouched(role, repaired, now) {
        Ok(vouched) => vouched.envelope,
        Err(why) => return Ok(Err(why)),
    };
    let secret = engine.secrets.marks();
    let mark = keys::event_mark(secret, &repaired.source, &repaired.message_id);
    let known = engine.store.marks(engine.tenant, &[mark]).await?.pop().flatten();
    let mended = repaired.body_hash(secret);
    let body = if known.is_some_and(|known| known.body == mended) { mended } else { sent.body_hash(secret) };
    let at = buried.letter.received_at;
    let received = Received { envelope: repaired, original: Vec::new(), at, is_vouched };
    Ok(Ok(Told { received, body, now }))
}

/// Tells whether a source's letters are vouched for: whoever sends one again has read it, and cannot read from it whether a browser is whose it
/// says it is. The source is the name of a key, and one that ever was a page's may have been so then.
async fn is_vouched<S: Store>(engine: &Engine<S>, source: &str) -> Result<bool, Error> {
    let keys = access::list(&engine.store, Some(engine.tenant)).await?;
    let is_page = |role: &str| Role::parse(role).is_some_and(Role::is_publishable);
    Ok(!keys.iter().any(|named| named.key.name == source && is_page(&named.key.role)))
}
