//! What is due in the outbox is sent, and what became of it is written down. A crash in between sends a message twice, under the same id.
//!
//! One receiver that is slow or gone holds up nobody else: who is called next, and how many at a time, is in `receivers`.

mod receivers;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use wink_connect::webhook::schedule::{self, Failed};
use wink_connect::webhook::send::{Call, Outcome, Resolve, Sender};
use wink_connect::webhook::signature::{Secret, sign};
use wink_core::base::{Hasher, MessageId, Timestamp, WebhookId, share_of};
use wink_record::{Delivery, DeliveryState, Stored, WebhookEndpoint, WebhookMessage};
use wink_store::{Batch, Change, Check, Home, Leased, Store, Tenant};

use self::receivers::{Fared, Receivers, Who};
use super::announce::enqueue;
use super::leaving::{Leaving, leaving};
use super::webhooks;
use crate::engine::batch_id;
use crate::{Engine, Error, keys};

/// Queue entries leased at once.
const AT_ONCE: usize = 32;

/// A lease outlasts eight calls of fifteen seconds; after a crash it is gone anyway.
const LEASE_MS: i64 = 120_000;

/// Carries a message to its receiver.
pub trait Post: Send + Sync {
    /// Makes one attempt.
    fn post(&self, call: Call) -> impl Future<Output = Outcome> + Send;
}

impl<R: Resolve> Post for Sender<R> {
    async fn post(&self, call: Call) -> Outcome {
        self.send(call).await
    }
}

/// Time and chance of an attempt.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Now, on the store's clock.
    pub now: Timestamp,
    /// Now, on the clock receivers have. Another one where a store goes on from an imported past.
    pub sent_at: Timestamp,
    /// The source of the waits' chance.
    pub seed: u64,
}

/// Sends what is due. Remembers what waits, who is being called, who is slow and who rests in memory only: a restart tries again.
pub struct Outbox<P> {
    post: P,
    receivers: Arc<Mutex<Receivers<Due>>>,
}

/// A few messages for one receiver, which is called by nobody else until this is dropped.
pub struct Round {
    who: Who,
    due: Vec<Due>,
    receivers: Arc<Mutex<Receivers<Due>>>,
    is_over: bool,
}

impl Round {
    /// Whose messages they are.
    pub fn tenant(&self) -> Tenant {
        self.who.0
    }

    /// Ends it, and gives what has to go back to the queue.
    fn end(mut self, fared: Fared, began: Timestamp, now: Timestamp) -> Vec<(Due, Timestamp)> {
        self.is_over = true;
        lock(&self.receivers).end(self.who, fared, began, now)
    }
}

impl Drop for Round {
    fn drop(&mut self) {
        if !self.is_over {
            lock(&self.receivers).release(self.who);
        }
    }
}

impl<P: Post> Outbox<P> {
    /// Makes an outbox that sends by `post`.
    pub fn new(post: P) -> Self {
        Self { post, receivers: Arc::default() }
    }

    /// Takes up some of what is due, for [`next`](Self::next). Returns how many entries it looked at; none means that nothing is due. Waits
    /// for no receiver.
    ///
    /// # Errors
    /// If the store cannot be read or takes no writes; what was not taken up is due again when its lease is over.
    pub async fn take_up<S: Store>(&self, engine: &Engine<S>, now: Timestamp) -> Result<usize, Error> {
        let leased_until = Timestamp(now.0 + LEASE_MS);
        let due = engine.store.lease_due(engine.tenant, keys::OUTBOX, now.0, leased_until.0, AT_ONCE).await?;
        let count = due.len();
        let mut by_endpoint: BTreeMap<WebhookId, Vec<Due>> = BTreeMap::new();
        let mut damaged = Ok(());
        for leased in due {
            match Due::read(leased) {
                Ok(due) => by_endpoint.entry(due.endpoint).or_default().push(due),
                // The others, before it is told.
                Err(error) => damaged = Err(error),
            }
        }
        let mut back = Vec::new();
        for (endpoint, due) in by_endpoint {
            back.extend(lock(&self.receivers).wait((engine.tenant, endpoint), due, leased_until, now));
        }
        put_off(engine, &back).await?;
        damaged.map(|()| count)
    }

    /// Gives the messages that are to be sent next; `None` while nothing waits, or whoever it waits for is being called or has to let others
    /// pass.
    pub fn next(&self, now: Timestamp) -> Option<Round> {
        let (who, due) = lock(&self.receivers).next(now)?;
        Some(Round { who, due, receivers: self.receivers.clone(), is_over: false })
    }

    /// Sends messages to their receiver.
    ///
    /// # Errors
    /// If the store cannot be read or takes no writes; what was not written down is sent again.
    pub async fn call<S: Store>(
        &self,
        engine: &Engine<S>,
        round: Round,
        clock: &(dyn Fn() -> Moment + Sync),
    ) -> Result<(), Error> {
        let began = clock().now;
        let fared = self.send(engine, &round, clock).await;
        let back = round.end(*fared.as_ref().unwrap_or(&Fared::Badly), began, clock().now);
        // What went wrong first is told.
        let put_off = put_off(engine, &back).await;
        fared?;
        put_off
    }

    async fn send<S: Store>(
        &self,
        engine: &Engine<S>,
        round: &Round,
        clock: &(dyn Fn() -> Moment + Sync),
    ) -> Result<Fared, Error> {
        let now = clock().now;
        let endpoint: Option<WebhookEndpoint> = engine.stored(&keys::webhook(round.who.1)).await?;
        let Some(endpoint) = endpoint else {
            drop_all(engine, &round.due).await?;
            return Ok(Fared::Well);
        };
        if let Some(disabled) = &endpoint.disabled {
            let why = format!("not sent: the endpoint is disabled, because {}", disabled.why);
            bury(engine, &round.due, &why, now).await?;
            return Ok(Fared::Well);
        }
        let secrets = webhooks::secrets(engine, &endpoint, now)?;
        let sending = round.due.iter().map(|due| self.deliver(engine, &endpoint, &secrets, due, clock));
        let mut all_fared = Fared::Well;
        // All of them, before an error of one is told.
        for fared in join_all(sending).await {
            if fared? == Fared::Badly {
                all_fared = Fared::Badly;
            }
        }
        Ok(all_fared)
    }

    /// Makes one attempt and writes down what became of it.
    async fn deliver<S: Store>(
        &self,
        engine: &Engine<S>,
        endpoint: &WebhookEndpoint,
        secrets: &[Secret],
        due: &Due,
        clock: &(dyn Fn() -> Moment + Sync),
    ) -> Result<Fared, Error> {
        let moment = clock();
        let message: Option<WebhookMessage> = engine.stored(&keys::message(due.message)).await?;
        // What it told of was erased.
        let Some(message) = message else {
            drop_all(engine, std::slice::from_ref(due)).await?;
            return Ok(Fared::Well);
        };
        let (id, timestamp_s) = (message.id.to_string(), moment.sent_at.0.div_euclid(1_000));
        let body = match leaving(engine, message, moment.now).await? {
            Leaving::Body(body) => body,
            Leaving::Nothing(why) => {
                bury(engine, std::slice::from_ref(due), &format!("not sent: {why}"), moment.now).await?;
                return Ok(Fared::Well);
            }
        };
        let signature = sign(secrets, &id, timestamp_s, &body);
        let call = Call { url: endpoint.url.clone(), id, timestamp_s, signature, body };
        let outcome = self.post.post(call).await;
        let now = clock().now;
        if outcome == Outcome::Gone {
            webhooks::disable(engine, endpoint.id, "its receiver answered 410", now).await?;
        }
        let fared = if matches!(outcome, Outcome::Delivered { .. }) { Fared::Well } else { Fared::Badly };
        let chance =
            Hasher::new("webhook wait").field(&moment.seed.to_le_bytes()).field(&due.message.bytes());
        let chance = share_of(chance.finish());
        due.update(engine, |delivery| after(delivery, &outcome, now, chance)).await?;
        Ok(fared)
    }
}

fn lock<M>(receivers: &Mutex<Receivers<M>>) -> MutexGuard<'_, Receivers<M>> {
    receivers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells how a delivery stands after an attempt.
fn after(mut delivery: Delivery, outcome: &Outcome, now: Timestamp, chance: f64) -> Delivery {
    delivery.attempts = delivery.attempts.saturating_add(1);
    let first_at = *delivery.first_at.get_or_insert(now);
    let retry = |after| {
        let attempts = delivery.attempts;
        let failed = Failed { attempts, first_ms: first_at.0, now_ms: now.0, chance, retry_after: after };
        schedule::next_ms(&failed).map(Timestamp)
    };
    (delivery.state, delivery.said) = match outcome {
        Outcome::Delivered { status } => (DeliveryState::Delivered { at: now }, format!("answered {status}")),
        Outcome::Gone => (DeliveryState::Dead { at: now }, "answered 410: gone".to_owned()),
        Outcome::Refused(refusal) => (DeliveryState::Dead { at: now }, format!("not sent: {refusal}")),
        Outcome::Retry { why, after } => match retry(*after) {
            Some(due) => (DeliveryState::Waiting { due }, why.clone()),
            None => (DeliveryState::Dead { at: now }, format!("{why}, for 72 hours")),
        },
    };
    delivery
}

/// A leased queue entry.
struct Due {
    leased: Leased,
    endpoint: WebhookId,
    message: MessageId,
}

impl Due {
    fn read(leased: Leased) -> Result<Self, Error> {
        let damaged = || wink_record::Damaged {
            what: "outbox entry",
            why: format!("it has {} bytes instead of 32", leased.payload.len()),
        };
        let (endpoint, message) = leased.payload.split_first_chunk().ok_or_else(damaged)?;
        let message = message.try_into().map_err(|_| damaged())?;
        let (endpoint, message) = (WebhookId::from_bytes(*endpoint), MessageId::from_bytes(message));
        Ok(Self { leased, endpoint, message })
    }

    fn done(&self) -> Change {
        Change::Acknowledge { queue: keys::OUTBOX, due_ms: self.leased.due_ms, id: self.leased.id }
    }

    /// Moves the delivery on and its queue entry with it. If somebody else did meanwhile, theirs counts.
    async fn update<S: Store>(
        &self,
        engine: &Engine<S>,
        change: impl FnOnce(Delivery) -> Delivery,
    ) -> Result<(), Error> {
        engine.commit(self.updated(engine, change).await?).await?;
        Ok(())
    }

    async fn updated<S: Store>(
        &self,
        engine: &Engine<S>,
        change: impl FnOnce(Delivery) -> Delivery,
    ) -> Result<Batch, Error> {
        let key = keys::delivery(self.endpoint, self.message);
        let Some(record) = engine.record(&key).await? else { return self.dropped(engine) };
        let delivery = change(Delivery::from_bytes(&record.bytes)?);
        let mut batch = batch(engine)?;
        batch.checks.push(Check::Version(key.clone(), record.version));
        batch.changes.push(self.done());
        batch.changes.push(Change::Put(key, delivery.to_bytes()));
        if let DeliveryState::Waiting { due } = delivery.state {
            batch.changes.push(enqueue(self.endpoint, self.message, due));
        }
        Ok(batch)
    }

    fn dropped<S: Store>(&self, engine: &Engine<S>) -> Result<Batch, Error> {
        let mut batch = batch(engine)?;
        batch.changes.push(self.done());
        batch.changes.push(Change::Delete(keys::delivery(self.endpoint, self.message)));
        Ok(batch)
    }
}

/// Takes entries out whose endpoint or message is no longer there.
async fn drop_all<S: Store>(engine: &Engine<S>, due: &[Due]) -> Result<(), Error> {
    let batches: Result<Vec<Batch>, Error> = due.iter().map(|due| due.dropped(engine)).collect();
    submit(engine, batches?).await
}

/// Gives entries another due time without counting an attempt.
async fn put_off<S: Store>(engine: &Engine<S>, due: &[(Due, Timestamp)]) -> Result<(), Error> {
    let mut batches = Vec::with_capacity(due.len());
    for (due, until) in due {
        let waiting = DeliveryState::Waiting { due: *until };
        batches.push(due.updated(engine, |delivery| Delivery { state: waiting, ..delivery }).await?);
    }
    submit(engine, batches).await
}

/// Gives deliveries up.
async fn bury<S: Store>(engine: &Engine<S>, due: &[Due], why: &str, now: Timestamp) -> Result<(), Error> {
    let dead = DeliveryState::Dead { at: now };
    let mut batches = Vec::with_capacity(due.len());
    for due in due {
        let said = || why.to_owned();
        let buried = due.updated(engine, |delivery| Delivery { state: dead, said: said(), ..delivery });
        batches.push(buried.await?);
    }
    submit(engine, batches).await
}

/// Writes batches all at once; the first error is told.
async fn submit<S: Store>(engine: &Engine<S>, batches: Vec<Batch>) -> Result<(), Error> {
    for outcome in engine.submit(batches).await {
        outcome?;
    }
    Ok(())
}

fn batch<S: Store>(engine: &Engine<S>) -> Result<Batch, Error> {
    Ok(Batch::new(batch_id()?, engine.tenant, Home(0)))
}
