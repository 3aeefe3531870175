//! The endpoints webhooks are sent to: registered, changed, given a new secret, tried out, asked to hear something again, removed.

use std::collections::BTreeSet;

use serde::Serialize;
use wink_connect::webhook::address::{self, Reach, Target};
use wink_connect::webhook::signature::Secret;
use wink_core::base::{MessageId, Timestamp, WebhookId};
use wink_record::{Delivery, DeliveryState, Disabled, MessageType, SealedSecret, Stored, WebhookEndpoint};
use wink_store::{Batch, Change, Check, Direction, Home, Kind, Range, Record, RecordKey, Store, Version};

use super::announce::{message, queue};
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys;
use crate::{Engine, Error};

/// Endpoints of a shop. Each message is queued for each of them in the batch of what it tells of.
pub const ENDPOINTS_MAX: i64 = 16;

/// How long an old secret signs beside the new one: a receiver changes over within a working day.
pub const OVERLAP_DAYS: i64 = 1;

/// Secrets that sign at once. A fourth takes the oldest out.
const SECRETS_MAX: usize = 3;

/// Deliveries and messages are kept this long after what they tell of: three days of trying, and thirty to look back.
const KEPT_DAYS: i64 = 33;

/// Deliveries handled at once: each makes two changes, below the port's 1,024.
const AT_ONCE: usize = 300;

/// Why an endpoint is not as somebody wants it. An answer, not an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The URL may not be called.
    #[error(transparent)]
    Url(#[from] address::Refusal),
    /// It asks for nothing.
    #[error("an endpoint asks for one type of message at least")]
    NoTypes,
    /// There are enough.
    #[error("there are {ENDPOINTS_MAX} endpoints already; remove one first")]
    TooMany,
}

/// An endpoint to be registered. Id and secret are chance, so they come from outside.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Its id.
    pub id: WebhookId,
    /// Where to send.
    pub url: String,
    /// What it wants to hear of.
    pub types: BTreeSet<MessageType>,
    /// What its messages are signed with.
    pub secret: Secret,
}

/// What is to be changed of an endpoint; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    /// Where to send.
    pub url: Option<String>,
    /// What it wants to hear of.
    pub types: Option<BTreeSet<MessageType>>,
    /// Whether it gets anything.
    pub active: Option<bool>,
}

/// Which messages an endpoint is to hear again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// This one.
    Message(MessageId),
    /// All that tell of this instant or a later one.
    Since(Timestamp),
}

/// Registers an endpoint.
///
/// # Errors
/// If the store cannot be read or takes no writes. A refusal is an answer, not an error.
pub async fn register<S: Store>(
    engine: &Engine<S>,
    registration: Registration,
    reach: Reach,
    now: Timestamp,
) -> Result<Result<WebhookEndpoint, Refusal>, Error> {
    let url = match look(&registration.url, &registration.types, reach) {
        Ok(url) => url,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let endpoint = WebhookEndpoint {
        id: registration.id,
        url,
        types: registration.types,
        secrets: vec![seal(engine, &registration.secret)?],
        disabled: None,
        created_at: now,
    };
    let mut batch = batch(engine)?;
    batch.changes.push(Change::SetCap(keys::webhooks(), Some(ENDPOINTS_MAX)));
    batch.changes.push(Change::Add(keys::webhooks(), 1));
    batch.changes.push(Change::Put(keys::webhook(endpoint.id), endpoint.to_bytes()));
    // The only thing it can meet is the limit.
    let registered = engine.commit(batch).await?;
    Ok(registered.map(|()| endpoint).ok_or(Refusal::TooMany))
}

/// Lists all endpoints, in the order of their ids.
///
/// # Errors
/// If the store cannot be read.
pub async fn list<S: Store>(engine: &Engine<S>) -> Result<Vec<WebhookEndpoint>, Error> {
    let (records, _) =
        page(engine, keys::kind::WEBHOOK, Range::default(), Direction::Forward, AT_ONCE).await?;
    let endpoints = records.iter().map(|(_, record)| WebhookEndpoint::from_bytes(&record.bytes));
    Ok(endpoints.collect::<Result<_, _>>()?)
}

/// Gives one endpoint.
///
/// # Errors
/// If there is none of this id, or the store cannot be read.
pub async fn get<S: Store>(engine: &Engine<S>, id: WebhookId) -> Result<WebhookEndpoint, Error> {
    Ok(load(engine, id).await?.0)
}

/// Changes an endpoint. What waits for one that is disabled dies when it is due; what waits for one that moved goes to its new URL.
///
/// # Errors
/// If there is none of this id, or the store cannot be read or takes no writes. A refusal is an answer, not an error.
pub async fn change<S: Store>(
    engine: &Engine<S>,
    id: WebhookId,
    changed: &Changed,
    reach: Reach,
    now: Timestamp,
) -> Result<Result<WebhookEndpoint, Refusal>, Error> {
    if changed.types.as_ref().is_some_and(BTreeSet::is_empty) {
        return Ok(Err(Refusal::NoTypes));
    }
    // What is not changed is not looked at: an endpoint can be switched off whatever its URL is by now.
    let url = match changed.url.as_deref().map(|url| Target::new(url, reach)).transpose() {
        Ok(target) => target.map(|target| target.as_str().to_owned()),
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    let disabled = || Disabled { at: now, why: "it was switched off".to_owned() };
    let changed = update(engine, id, |endpoint| {
        if let Some(url) = &url {
            endpoint.url.clone_from(url);
        }
        if let Some(types) = &changed.types {
            endpoint.types.clone_from(types);
        }
        match changed.active {
            Some(true) => endpoint.disabled = None,
            Some(false) => endpoint.disabled = endpoint.disabled.take().or_else(|| Some(disabled())),
            None => {}
        }
    });
    Ok(Ok(changed.await?))
}

/// Disables an endpoint, because its receiver said so.
pub(super) async fn disable<S: Store>(
    engine: &Engine<S>,
    id: WebhookId,
    why: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let disabled = || Disabled { at: now, why: why.to_owned() };
    update(engine, id, |endpoint| endpoint.disabled = Some(disabled())).await?;
    Ok(())
}

/// Gives an endpoint a new secret. The one it had signs beside it for [`OVERLAP_DAYS`].
///
/// # Errors
/// If there is none of this id, or the store cannot be read or takes no writes.
pub async fn rotate<S: Store>(
    engine: &Engine<S>,
    id: WebhookId,
    secret: &Secret,
    now: Timestamp,
) -> Result<WebhookEndpoint, Error> {
    let newest = seal(engine, secret)?;
    update(engine, id, |endpoint| {
        endpoint.secrets.retain(|old| old.until.is_none_or(|until| now < until));
        for old in &mut endpoint.secrets {
            old.until.get_or_insert(now.plus_days(OVERLAP_DAYS));
        }
        endpoint.secrets.insert(0, newest.clone());
        endpoint.secrets.truncate(SECRETS_MAX);
    })
    .await
}

/// Opens the secrets that sign at `now`, the newest first.
pub(super) fn secrets<S>(
    engine: &Engine<S>,
    endpoint: &WebhookEndpoint,
    now: Timestamp,
) -> Result<Vec<Secret>, Error> {
    let valid = endpoint.secrets.iter().filter(|secret| secret.until.is_none_or(|until| now < until));
    let open = |secret: &SealedSecret| {
        let text = String::from_utf8(engine.secrets.open_webhook(&secret.sealed)?).unwrap_or_default();
        Secret::parse(&text).map_err(|error| damaged(&error).into())
    };
    valid.map(open).collect()
}

/// Removes an endpoint. What waits for it is dropped when it is due.
///
/// # Errors
/// If there is none of this id, or the store cannot be read or takes no writes.
pub async fn remove<S: Store>(engine: &Engine<S>, id: WebhookId) -> Result<(), Error> {
    for _ in 0..ATTEMPTS_MAX {
        let (_, version) = load(engine, id).await?;
        let mut batch = batch(engine)?;
        batch.checks.push(Check::Version(keys::webhook(id), version));
        batch.changes.push(Change::Delete(keys::webhook(id)));
        batch.changes.push(Change::Add(keys::webhooks(), -1));
        if engine.commit(batch).await?.is_some() {
            return Ok(());
        }
    }
    Err(Error::Contended)
}

/// What a message that only tries an endpoint out says.
#[derive(Serialize)]
struct Tried {
    webhook: String,
}

/// Queues a message that tells of nothing. `id` is the message's.
///
/// # Errors
/// If there is no such endpoint, or the store cannot be read or takes no writes.
pub async fn try_out<S: Store>(
    engine: &Engine<S>,
    endpoint: WebhookId,
    id: MessageId,
    now: Timestamp,
) -> Result<(), Error> {
    let kind = MessageType::WebhookTest;
    let (_, version) = load(engine, endpoint).await?;
    let mut batch = batch(engine)?;
    batch.checks.push(Check::Version(keys::webhook(endpoint), version));
    batch.changes.push(message(id, kind, now, Tried { webhook: endpoint.to_string() }));
    batch.changes.extend(queue(endpoint, id, kind, now));
    engine.commit(batch).await?.ok_or(Error::Contended)
}

/// Lists an endpoint's deliveries, the newest message first, of messages older than `before`.
///
/// # Errors
/// If there is no such endpoint, or the store cannot be read.
pub async fn deliveries<S: Store>(
    engine: &Engine<S>,
    endpoint: WebhookId,
    before: Option<MessageId>,
    limit: usize,
) -> Result<Vec<Delivery>, Error> {
    load(engine, endpoint).await?;
    let mut range = Range::prefix(endpoint.bytes());
    if let Some(before) = before {
        range.until = Some(keys::delivery(endpoint, before).key);
    }
    let (records, _) = page(engine, keys::kind::DELIVERY, range, Direction::Reverse, limit).await?;
    let deliveries = records.iter().map(|(_, record)| Delivery::from_bytes(&record.bytes));
    Ok(deliveries.collect::<Result<_, _>>()?)
}

/// Sends again what was delivered or died; what still waits is left to wait. Returns how many messages that are.
///
/// # Errors
/// If there is no such endpoint or message, or the store cannot be read or takes no writes; replaying again goes on.
pub async fn replay<S: Store>(
    engine: &Engine<S>,
    endpoint: WebhookId,
    which: Replay,
    now: Timestamp,
) -> Result<u64, Error> {
    load(engine, endpoint).await?;
    let from = match which {
        Replay::Message(id) => {
            let key = keys::delivery(endpoint, id);
            let Some(record) = engine.record(&key).await? else {
                return Err(Error::NotFound { what: "message", name: id.to_string() });
            };
            return again(engine, vec![(key.key, record)], now).await;
        }
        Replay::Since(at) => MessageId::new(at, [0; 16]),
    };
    let all = Range::prefix(endpoint.bytes());
    let mut range = Some(Range { from: first_at(endpoint, from), ..all });
    let mut replayed = 0;
    while let Some(some) = range {
        let (records, next) = page(engine, keys::kind::DELIVERY, some, Direction::Forward, AT_ONCE).await?;
        range = next;
        replayed += again(engine, records, now).await?;
    }
    Ok(replayed)
}

/// The first key a message of that time could have: the id's bits after its time say nothing about order.
fn first_at(endpoint: WebhookId, message: MessageId) -> Vec<u8> {
    let mut bytes = message.bytes();
    for byte in bytes.iter_mut().skip(6) {
        *byte = 0;
    }
    [endpoint.bytes(), bytes].concat()
}

/// Queues those deliveries anew that have ended and whose message is still there.
async fn again<S: Store>(
    engine: &Engine<S>,
    records: Vec<(Vec<u8>, Record)>,
    now: Timestamp,
) -> Result<u64, Error> {
    let mut replayed = 0;
    let mut batches = Vec::new();
    for (key, record) in records {
        let delivery = Delivery::from_bytes(&record.bytes)?;
        let waits = matches!(delivery.state, DeliveryState::Waiting { .. });
        if waits || engine.record(&keys::message(delivery.message)).await?.is_none() {
            continue;
        }
        let mut batch = batch(engine)?;
        batch.checks.push(Check::Version(RecordKey::new(keys::kind::DELIVERY, key), record.version));
        batch.changes.extend(queue(delivery.endpoint, delivery.message, delivery.kind, now));
        batches.push(batch);
    }
    for outcome in engine.submit(batches).await {
        // On a conflict somebody else replayed it.
        replayed += u64::from(outcome?.is_some());
    }
    Ok(replayed)
}

/// Deletes messages and deliveries that have been kept long enough. What still waits, because it was replayed, stays until it ended.
pub(super) async fn sweep<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<(), Error> {
    let before = now.plus_days(-KEPT_DAYS);
    let mut waiting = BTreeSet::new();
    let mut range = Some(Range::default());
    while let Some(some) = range {
        let (records, next) = page(engine, keys::kind::DELIVERY, some, Direction::Forward, AT_ONCE).await?;
        range = next;
        let mut changes = Vec::new();
        for (key, record) in records {
            let delivery = Delivery::from_bytes(&record.bytes)?;
            if matches!(delivery.state, DeliveryState::Waiting { .. }) {
                waiting.insert(delivery.message);
            } else if delivery.message.made_at() < before {
                changes.push(Change::Delete(RecordKey::new(keys::kind::DELIVERY, key)));
            }
        }
        commit(engine, changes).await?;
    }
    let old = Range { from: Vec::new(), until: Some(MessageId::new(before, [0; 16]).bytes().to_vec()) };
    let mut range = Some(old);
    while let Some(some) = range {
        let (records, next) = page(engine, keys::kind::MESSAGE, some, Direction::Forward, AT_ONCE).await?;
        range = next;
        let mut changes = Vec::new();
        for (key, record) in records {
            let id = wink_record::WebhookMessage::from_bytes(&record.bytes)?.id;
            if !waiting.contains(&id) {
                changes.push(Change::Delete(RecordKey::new(keys::kind::MESSAGE, key)));
            }
        }
        commit(engine, changes).await?;
    }
    Ok(())
}

/// Checks what a registration can get wrong, and gives the URL as it will be called.
fn look(url: &str, types: &BTreeSet<MessageType>, reach: Reach) -> Result<String, Refusal> {
    if types.is_empty() {
        return Err(Refusal::NoTypes);
    }
    Ok(Target::new(url, reach)?.as_str().to_owned())
}

fn seal<S>(engine: &Engine<S>, secret: &Secret) -> Result<SealedSecret, Error> {
    Ok(SealedSecret { sealed: engine.secrets.seal_webhook(secret.to_text().as_bytes())?, until: None })
}

fn damaged(error: &impl ToString) -> wink_record::Damaged {
    wink_record::Damaged { what: "webhook secret", why: error.to_string() }
}

async fn load<S: Store>(engine: &Engine<S>, id: WebhookId) -> Result<(WebhookEndpoint, Version), Error> {
    let Some(record) = engine.record(&keys::webhook(id)).await? else {
        return Err(Error::NotFound { what: "webhook", name: id.to_string() });
    };
    Ok((WebhookEndpoint::from_bytes(&record.bytes)?, record.version))
}

async fn update<S: Store>(
    engine: &Engine<S>,
    id: WebhookId,
    change: impl Fn(&mut WebhookEndpoint),
) -> Result<WebhookEndpoint, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let (mut endpoint, version) = load(engine, id).await?;
        change(&mut endpoint);
        let mut batch = batch(engine)?;
        batch.checks.push(Check::Version(keys::webhook(id), version));
        batch.changes.push(Change::Put(keys::webhook(id), endpoint.to_bytes()));
        if engine.commit(batch).await?.is_some() {
            return Ok(endpoint);
        }
    }
    Err(Error::Contended)
}

async fn page<S: Store>(
    engine: &Engine<S>,
    kind: Kind,
    range: Range,
    direction: Direction,
    limit: usize,
) -> Result<(Vec<(Vec<u8>, Record)>, Option<Range>), Error> {
    let page = engine.store.scan(engine.tenant, kind, range, direction, limit).await?;
    Ok((page.records, page.next))
}

fn batch<S: Store>(engine: &Engine<S>) -> Result<Batch, Error> {
    Ok(Batch::new(batch_id()?, engine.tenant, Home(0)))
}

async fn commit<S: Store>(engine: &Engine<S>, changes: Vec<Change>) -> Result<(), Error> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut batch = batch(engine)?;
    batch.changes = changes;
    engine.commit(batch).await?.ok_or(Error::Contended)
}
