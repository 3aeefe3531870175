//! Judges a batch against a view and says what to write. No engine, no clock, no chance: the salts come in as an argument.
//!
//! Every store applies batches through here, so that all mean the same by one.

use crate::{
    Batch, Body, Change, Check, Conflict, Counter, CounterKey, Entry, Error, Failure, Found, Header, Home,
    Lane, Layer, Mark, MarkKey, Outcome, Position, Queue, Record, RecordKey, Tenant, Version, View, Which,
    chain, commitment,
};
use crate::{BatchId, EntryKind};

/// Names a queue entry inside its tenant. Ordered by queue, then due time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueKey {
    /// Which queue.
    pub queue: Queue,
    /// When it is due, in milliseconds since the Unix epoch.
    pub due_ms: i64,
    /// Unique together with the due time.
    pub id: [u8; 16],
}

/// One stored value that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the key and the value of what the variant names")]
pub enum Effect {
    /// Writes a record.
    Put { tenant: Tenant, key: RecordKey, record: Record },
    /// Deletes a record.
    Delete { tenant: Tenant, key: RecordKey },
    /// Writes a counter.
    Count { tenant: Tenant, key: CounterKey, counter: Counter },
    /// Writes a mark.
    Mark { tenant: Tenant, key: MarkKey, mark: Mark },
    /// Deletes a mark.
    Unmark { tenant: Tenant, key: MarkKey },
    /// Writes header and body of an entry.
    Append { lane: Lane, entry: Entry },
    /// Deletes the body of an entry, if it has one.
    Redact { lane: Lane, position: Position },
    /// Writes a queue entry.
    Enqueue { tenant: Tenant, key: QueueKey, payload: Vec<u8> },
    /// Deletes a queue entry.
    Dequeue { tenant: Tenant, key: QueueKey },
}

/// A batch that holds: what it is to be remembered by, and what to write, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Whose batch it is.
    pub tenant: Tenant,
    /// Its id.
    pub id: BatchId,
    /// The version of the commit.
    pub version: Version,
    /// Where its entries went.
    pub positions: Vec<Position>,
    /// What to write, in order; a later effect on a key replaces an earlier one.
    pub effects: Vec<Effect>,
}

impl Accepted {
    /// Tells the outcome to answer once the effects are durable.
    pub fn outcome(&self) -> Outcome {
        Outcome::Committed { version: self.version, positions: self.positions.clone() }
    }
}

/// What to do with a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Write its effects, then answer its outcome.
    Accepted(Accepted),
    /// Answer this; write nothing. Also the outcome of a batch that was done before.
    Answered(Outcome),
}

/// Judges `batch`, which becomes the commit `version` if it holds.
///
/// `salt` gives fresh unguessable bytes at each call, one for each entry.
///
/// # Errors
/// If the view cannot be read. Nothing is decided then.
pub fn apply<V: View>(
    view: &V,
    batch: Batch,
    version: Version,
    salt: &mut impl FnMut() -> [u8; 16],
) -> Result<Verdict, Error> {
    if let Some(outcome) = view.outcome(batch.tenant, batch.id)? {
        return Ok(Verdict::Answered(outcome));
    }
    if let Some(failure) = batch.limit_broken() {
        return Ok(Verdict::Answered(Outcome::Failed(failure)));
    }
    for (number, check) in batch.checks.iter().enumerate() {
        if let Some(found) = test(view, batch.tenant, check)? {
            return Ok(conflict(Which::Check(number), found));
        }
    }
    let mut draft = Draft {
        layer: Layer::over(view),
        tenant: batch.tenant,
        home: batch.home,
        version,
        positions: Vec::new(),
        effects: Vec::with_capacity(batch.changes.len()),
    };
    for (number, change) in batch.changes.into_iter().enumerate() {
        match draft.change(change, salt)? {
            Step::Done => {}
            Step::Refused(found) => return Ok(conflict(Which::Change(number), found)),
            Step::OutOfRange => {
                return Ok(Verdict::Answered(Outcome::Failed(Failure::OutOfRange { change: number })));
            }
        }
    }
    let Draft { tenant, positions, effects, .. } = draft;
    Ok(Verdict::Accepted(Accepted { tenant, id: batch.id, version, positions, effects }))
}

fn conflict(which: Which, found: Found) -> Verdict {
    Verdict::Answered(Outcome::Conflict(Conflict { which, found }))
}

/// Tells what stands against a check, if anything.
fn test<V: View>(view: &V, tenant: Tenant, check: &Check) -> Result<Option<Found>, Error> {
    let (key, expected) = match check {
        Check::Version(key, version) => (key, Some(*version)),
        Check::Absent(key) => (key, None),
    };
    let found = view.version(tenant, key)?;
    Ok((found != expected).then_some(Found::Version(found)))
}

/// What became of one change.
enum Step {
    Done,
    Refused(Found),
    OutOfRange,
}

/// A batch on its way: the effects of the changes that held so far.
struct Draft<'view, V> {
    layer: Layer<'view, V>,
    tenant: Tenant,
    home: Home,
    version: Version,
    positions: Vec<Position>,
    effects: Vec<Effect>,
}

impl<V: View> Draft<'_, V> {
    fn change(&mut self, change: Change, salt: &mut impl FnMut() -> [u8; 16]) -> Result<Step, Error> {
        let tenant = self.tenant;
        match change {
            Change::Put(key, bytes) => {
                let record = Record { version: self.version, bytes };
                Ok(self.take(Effect::Put { tenant, key, record }))
            }
            Change::Delete(key) => Ok(self.take(Effect::Delete { tenant, key })),
            Change::Add(key, amount) => self.add(key, amount),
            Change::SetCap(key, cap) => {
                let counter = Counter { cap, ..self.layer.counter(tenant, &key)? };
                Ok(self.take(Effect::Count { tenant, key, counter }))
            }
            Change::Mark(key, mark) => match self.layer.mark(tenant, &key)? {
                Some(first) => Ok(Step::Refused(Found::Mark(first))),
                None => Ok(self.take(Effect::Mark { tenant, key, mark })),
            },
            Change::Unmark(key) => Ok(self.take(Effect::Unmark { tenant, key })),
            Change::Append { kind, key, owner, payload } => {
                self.append(kind, key, Body { salt: salt(), owner, payload })
            }
            Change::Redact(lane, position) => match self.layer.entry_tenant(lane, position)? {
                Some(owner) if owner == tenant => Ok(self.take(Effect::Redact { lane, position })),
                // Another tenant's entry is no entry: a tenant must not learn that it exists.
                _ => Ok(Step::Refused(Found::NoEntry)),
            },
            Change::Enqueue { queue, due_ms, id, payload } => {
                let key = QueueKey { queue, due_ms, id };
                if self.layer.is_queued(tenant, &key)? {
                    return Ok(Step::Refused(Found::Queued));
                }
                Ok(self.take(Effect::Enqueue { tenant, key, payload }))
            }
            Change::Acknowledge { queue, due_ms, id } => {
                let key = QueueKey { queue, due_ms, id };
                if !self.layer.is_queued(tenant, &key)? {
                    return Ok(Step::Refused(Found::NotQueued));
                }
                Ok(self.take(Effect::Dequeue { tenant, key }))
            }
        }
    }

    fn take(&mut self, effect: Effect) -> Step {
        // Records are asked for by checks only, and those come before all changes.
        if !matches!(effect, Effect::Put { .. } | Effect::Delete { .. }) {
            self.layer.lay(&effect);
        }
        self.effects.push(effect);
        Step::Done
    }

    fn add(&mut self, key: CounterKey, amount: i64) -> Result<Step, Error> {
        let counter = self.layer.counter(self.tenant, &key)?;
        let refused = Ok(Step::Refused(Found::Counter(counter)));
        let Some(value) = counter.value.checked_add(amount) else {
            // A sum beyond the integer is beyond any cap too; only without a cap is there nothing else to say.
            return if counter.cap.is_some() { refused } else { Ok(Step::OutOfRange) };
        };
        let increases_past_cap = 0 < amount && counter.cap.is_some_and(|cap| cap < value);
        if increases_past_cap || value < 0 {
            return refused;
        }
        let counter = Counter { value, ..counter };
        Ok(self.take(Effect::Count { tenant: self.tenant, key, counter }))
    }

    fn append(&mut self, kind: EntryKind, key: [u8; 16], body: Body) -> Result<Step, Error> {
        let lane = Lane::of(self.home);
        let head = self.layer.head(lane)?;
        let position = Position(head.next);
        let mut header =
            Header { tenant: self.tenant, kind, key, commitment: commitment(&body), hash: [0; 32] };
        header.hash = chain(&head.hash, lane, position, &header);
        self.positions.push(position);
        Ok(self.take(Effect::Append { lane, entry: Entry { position, header, body: Some(body) } }))
    }
}
