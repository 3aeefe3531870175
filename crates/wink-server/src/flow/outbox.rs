//! What is due in the outbox is sent, and what became of it is written down. A crash in between sends a message twice, under the same id.
//!
//! One receiver that is slow or gone holds up nobody else: it is called by one step at a time, and rests after a failure.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use wink_connect::webhook::schedule::{self, Failed};
use wink_connect::webhook::send::{Call, Outcome, Resolve, Sender};
use wink_connect::webhook::signature::{Secret, sign};
use wink_core::base::{Hasher, MessageId, Timestamp, WebhookId, share_of};
use wink_record::{Delivery, DeliveryState, Stored, WebhookEndpoint, WebhookMessage};
use wink_store::{Batch, Change, Check, Home, Leased, Store};

use super::announce::enqueue;
use super::leaving::{Leaving, leaving};
use super::webhooks;
use crate::engine::batch_id;
use crate::{Engine, Error, keys};

/// Messages leased at once: four rounds of one receiver, so that the last is signed within the five minutes receivers allow.
const AT_ONCE: usize = 32;

/// Messages on the way to one receiver at a time.
const ON_THE_WAY_MAX: usize = 8;

/// A lease outlasts four rounds of fifteen seconds twice; after a crash it is gone anyway.
const LEASE_MS: i64 = 120_000;

/// A message for a receiver that is being called waits for the next step.
const BUSY_MS: i64 = 1_000;

/// A receiver that failed rests this long, twice as long each time: first less than the first wait of a message, then five minutes.
const REST_MS: i64 = 4_000;
const REST_MS_MAX: i64 = 300_000;

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

/// Time and chance of a step.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Now, on the store's clock.
    pub now: Timestamp,
    /// Now, on the clock receivers have. Another one where a store goes on from an imported past.
    pub sent_at: Timestamp,
    /// The source of the waits' chance.
    pub seed: u64,
}

/// Sends what is due. Remembers who is being called and who rests, in memory only: a restart tries again.
pub struct Outbox<P> {
    post: P,
    receivers: Mutex<BTreeMap<WebhookId, Receiver>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Receiver {
    is_called: bool,
    failures: u32,
    rests_until: Timestamp,
}

/// How a message fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fared {
    Well,
    Badly,
}

impl<P: Post> Outbox<P> {
    /// Makes an outbox that sends by `post`.
    pub fn new(post: P) -> Self {
        Self { post, receivers: Mutex::new(BTreeMap::new()) }
    }

    /// Sends some of what is due. Returns how many entries it looked at; none means that nothing is due.
    ///
    /// # Errors
    /// If the store cannot be read or takes no writes; what was not written down is sent again.
    pub async fn step<S: Store>(&self, engine: &Engine<S>, moment: &Moment) -> Result<usize, Error> {
        let now = moment.now.0;
        let due = engine.store.lease_due(engine.tenant, keys::OUTBOX, now, now + LEASE_MS, AT_ONCE).await?;
        let count = due.len();
        let mut by_endpoint: BTreeMap<WebhookId, Vec<Due>> = BTreeMap::new();
        for leased in due {
            let due = Due::read(leased)?;
            by_endpoint.entry(due.endpoint).or_default().push(due);
        }
        let receivers = by_endpoint.into_iter().map(|(id, due)| self.serve(engine, id, due, moment));
        // All of them, before an error of one is told.
        for served in join_all(receivers).await {
            served?;
        }
        Ok(count)
    }

    /// Sees to everything that is due for one endpoint.
    async fn serve<S: Store>(
        &self,
        engine: &Engine<S>,
        id: WebhookId,
        due: Vec<Due>,
        moment: &Moment,
    ) -> Result<(), Error> {
        let endpoint: Option<WebhookEndpoint> = engine.stored(&keys::webhook(id)).await?;
        let Some(endpoint) = endpoint else { return drop_all(engine, &due).await };
        if let Some(disabled) = &endpoint.disabled {
            return bury(
                engine,
                &due,
                &format!("not sent: the endpoint is disabled, because {}", disabled.why),
                moment,
            )
            .await;
        }
        let secrets = webhooks::secrets(engine, &endpoint, moment.now)?;
        if let Err(until) = self.begin(id, moment.now) {
            return put_off(engine, &due, until).await;
        }
        let fared = self.call(engine, &endpoint, &secrets, &due, moment).await;
        self.end(id, *fared.as_ref().unwrap_or(&Fared::Badly), moment.now);
        fared.map(drop)
    }

    /// Calls a receiver, a few messages at a time, until one is not taken. The others are put off: they would fare no better.
    async fn call<S: Store>(
        &self,
        engine: &Engine<S>,
        endpoint: &WebhookEndpoint,
        secrets: &[Secret],
        due: &[Due],
        moment: &Moment,
    ) -> Result<Fared, Error> {
        let mut rounds = due.chunks(ON_THE_WAY_MAX);
        for round in rounds.by_ref() {
            let sending = round.iter().map(|due| self.deliver(engine, endpoint, secrets, due, moment));
            let mut fared = Fared::Well;
            for sent in join_all(sending).await {
                if sent? == Fared::Badly {
                    fared = Fared::Badly;
                }
            }
            if fared == Fared::Badly {
                for rest in rounds {
                    put_off(engine, rest, Timestamp(moment.now.0 + REST_MS)).await?;
                }
                return Ok(Fared::Badly);
            }
        }
        Ok(Fared::Well)
    }

    /// Makes one attempt and writes down what became of it.
    async fn deliver<S: Store>(
        &self,
        engine: &Engine<S>,
        endpoint: &WebhookEndpoint,
        secrets: &[Secret],
        due: &Due,
        moment: &Moment,
    ) -> Result<Fared, Error> {
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
                bury(engine, std::slice::from_ref(due), &format!("not sent: {why}"), moment).await?;
                return Ok(Fared::Well);
            }
        };
        let signature = sign(secrets, &id, timestamp_s, &body);
        let call = Call { url: endpoint.url.clone(), id, timestamp_s, signature, body };
        let outcome = self.post.post(call).await;
        if outcome == Outcome::Gone {
            webhooks::disable(engine, endpoint.id, "its receiver answered 410", moment.now).await?;
        }
        let fared = if matches!(outcome, Outcome::Delivered { .. }) { Fared::Well } else { Fared::Badly };
        let chance =
            Hasher::new("webhook wait").field(&moment.seed.to_le_bytes()).field(&due.message.bytes());
        let chance = share_of(chance.finish());
        due.update(engine, |delivery| after(delivery, &outcome, moment.now, chance)).await?;
        Ok(fared)
    }

    /// Takes a receiver for one step. The error is when to come back.
    fn begin(&self, id: WebhookId, now: Timestamp) -> Result<(), Timestamp> {
        let mut receivers = self.receivers();
        let receiver = receivers.entry(id).or_default();
        if receiver.is_called {
            return Err(Timestamp(now.0 + BUSY_MS));
        }
        if now < receiver.rests_until {
            return Err(receiver.rests_until);
        }
        receiver.is_called = true;
        Ok(())
    }

    fn end(&self, id: WebhookId, fared: Fared, now: Timestamp) {
        let mut receivers = self.receivers();
        let receiver = receivers.entry(id).or_default();
        receiver.is_called = false;
        match fared {
            Fared::Well => receiver.failures = 0,
            Fared::Badly => {
                let rest = REST_MS.saturating_mul(1 << receiver.failures.min(8)).min(REST_MS_MAX);
                receiver.failures = receiver.failures.saturating_add(1);
                receiver.rests_until = Timestamp(now.0 + rest);
            }
        }
    }

    fn receivers(&self) -> MutexGuard<'_, BTreeMap<WebhookId, Receiver>> {
        self.receivers.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        let key = keys::delivery(self.endpoint, self.message);
        let Some(record) = engine.record(&key).await? else {
            return drop_all(engine, std::slice::from_ref(self)).await;
        };
        let delivery = change(Delivery::from_bytes(&record.bytes)?);
        let mut batch = batch(engine)?;
        batch.checks.push(Check::Version(key.clone(), record.version));
        batch.changes.push(self.done());
        batch.changes.push(Change::Put(key, delivery.to_bytes()));
        if let DeliveryState::Waiting { due } = delivery.state {
            batch.changes.push(enqueue(self.endpoint, self.message, due));
        }
        engine.commit(batch).await?;
        Ok(())
    }
}

/// Takes entries out whose endpoint or message is no longer there.
async fn drop_all<S: Store>(engine: &Engine<S>, due: &[Due]) -> Result<(), Error> {
    let mut batches = Vec::with_capacity(due.len());
    for due in due {
        let mut batch = batch(engine)?;
        batch.changes.push(due.done());
        batch.changes.push(Change::Delete(keys::delivery(due.endpoint, due.message)));
        batches.push(batch);
    }
    for outcome in engine.submit(batches).await {
        outcome?;
    }
    Ok(())
}

/// Gives entries another due time without counting an attempt.
async fn put_off<S: Store>(engine: &Engine<S>, due: &[Due], until: Timestamp) -> Result<(), Error> {
    let waiting = DeliveryState::Waiting { due: until };
    for due in due {
        due.update(engine, |delivery| Delivery { state: waiting, ..delivery }).await?;
    }
    Ok(())
}

/// Gives deliveries up.
async fn bury<S: Store>(engine: &Engine<S>, due: &[Due], why: &str, moment: &Moment) -> Result<(), Error> {
    let dead = DeliveryState::Dead { at: moment.now };
    for due in due {
        due.update(engine, |delivery| Delivery { state: dead, said: why.to_owned(), ..delivery }).await?;
    }
    Ok(())
}

fn batch<S: Store>(engine: &Engine<S>) -> Result<Batch, Error> {
    Ok(Batch::new(batch_id()?, engine.tenant, Home(0)))
}
