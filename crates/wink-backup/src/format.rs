//! How the five things lie in a backup: messages with field tags, whose numbers never change their meaning.

use prost::{Message, Oneof};
use wink_store::{
    Body, Counter, CounterKey, Effect, Entry, EntryKind, Header, Home, Kind, Lane, Mark, MarkKey, Position,
    Queue, QueueKey, Record, RecordKey, Scope, Tenant, Version,
};

/// What a backup says about itself.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct About {
    /// When it was made, in milliseconds since the Unix epoch.
    #[prost(sint64, tag = "1")]
    pub made_at_ms: i64,
    /// The Wink that made it.
    #[prost(string, tag = "2")]
    pub made_by: String,
    /// A value that tells the installation's secret from another without giving it away.
    #[prost(bytes = "vec", tag = "3")]
    pub secret_check: Vec<u8>,
}

/// How many of each thing there are.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Counts {
    /// Records.
    #[prost(uint64, tag = "1")]
    pub records: u64,
    /// Counters.
    #[prost(uint64, tag = "2")]
    pub counters: u64,
    /// Marks.
    #[prost(uint64, tag = "3")]
    pub marks: u64,
    /// Journal entries.
    #[prost(uint64, tag = "4")]
    pub entries: u64,
    /// Of them, those whose payload was taken out.
    #[prost(uint64, tag = "5")]
    pub redacted: u64,
    /// Queue entries.
    #[prost(uint64, tag = "6")]
    pub queued: u64,
}

impl Counts {
    /// Adds all of them up.
    pub fn total(&self) -> u64 {
        self.records + self.counters + self.marks + self.entries + self.queued
    }

    pub(crate) fn count(&mut self, effect: &Effect) {
        match effect {
            Effect::Put { .. } => self.records += 1,
            Effect::Count { .. } => self.counters += 1,
            Effect::Mark { .. } => self.marks += 1,
            Effect::Append { entry, .. } => {
                self.entries += 1;
                self.redacted += u64::from(entry.body.is_none());
            }
            Effect::Enqueue { .. } => self.queued += 1,
            // A store holds nothing that would take something away.
            Effect::Delete { .. }
            | Effect::Unmark { .. }
            | Effect::Redact { .. }
            | Effect::Dequeue { .. } => {}
        }
    }
}

/// What a backup ends with.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct Seal {
    /// The version of the last commit.
    #[prost(uint64, tag = "1")]
    pub(crate) version: u64,
    #[prost(message, required, tag = "2")]
    pub(crate) counts: Counts,
}

/// Some of what was stored.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Piece {
    #[prost(message, repeated, tag = "1")]
    pub(crate) things: Vec<Thing>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Thing {
    #[prost(oneof = "OneOf", tags = "1, 2, 3, 4, 5")]
    one_of: Option<OneOf>,
}

#[derive(Clone, PartialEq, Oneof)]
enum OneOf {
    #[prost(message, tag = "1")]
    Record(RecordMessage),
    #[prost(message, tag = "2")]
    Counter(CounterMessage),
    #[prost(message, tag = "3")]
    Mark(MarkMessage),
    #[prost(message, tag = "4")]
    Entry(EntryMessage),
    #[prost(message, tag = "5")]
    Queued(QueuedMessage),
}

#[derive(Clone, PartialEq, Message)]
struct RecordMessage {
    #[prost(uint32, tag = "1")]
    tenant: u32,
    #[prost(uint32, tag = "2")]
    kind: u32,
    #[prost(bytes = "vec", tag = "3")]
    key: Vec<u8>,
    #[prost(uint64, tag = "4")]
    version: u64,
    #[prost(bytes = "vec", tag = "5")]
    bytes: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct CounterMessage {
    #[prost(uint32, tag = "1")]
    tenant: u32,
    #[prost(bytes = "vec", tag = "2")]
    key: Vec<u8>,
    #[prost(sint64, tag = "3")]
    value: i64,
    #[prost(sint64, optional, tag = "4")]
    cap: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct MarkMessage {
    #[prost(uint32, tag = "1")]
    tenant: u32,
    #[prost(uint32, tag = "2")]
    scope: u32,
    #[prost(bytes = "vec", tag = "3")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    body: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    result: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct EntryMessage {
    #[prost(uint32, tag = "1")]
    lane: u32,
    #[prost(uint64, tag = "2")]
    position: u64,
    #[prost(uint32, tag = "3")]
    tenant: u32,
    #[prost(uint32, tag = "4")]
    kind: u32,
    #[prost(bytes = "vec", tag = "5")]
    key: Vec<u8>,
    #[prost(bytes = "vec", tag = "6")]
    commitment: Vec<u8>,
    #[prost(bytes = "vec", tag = "7")]
    hash: Vec<u8>,
    #[prost(message, optional, tag = "8")]
    body: Option<BodyMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct BodyMessage {
    #[prost(bytes = "vec", tag = "1")]
    salt: Vec<u8>,
    #[prost(fixed64, optional, tag = "2")]
    owner: Option<u64>,
    #[prost(bytes = "vec", tag = "3")]
    payload: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct QueuedMessage {
    #[prost(uint32, tag = "1")]
    tenant: u32,
    #[prost(uint32, tag = "2")]
    queue: u32,
    #[prost(sint64, tag = "3")]
    due_ms: i64,
    #[prost(bytes = "vec", tag = "4")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    payload: Vec<u8>,
}

impl Thing {
    /// Writes an effect. `None` for one that takes something away: a store holds none.
    pub(crate) fn of(effect: Effect) -> Option<Self> {
        let one_of = match effect {
            Effect::Put { tenant, key, record } => OneOf::Record(RecordMessage {
                tenant: tenant.0,
                kind: u32::from(key.kind.0),
                key: key.key,
                version: record.version.0,
                bytes: record.bytes,
            }),
            Effect::Count { tenant, key, counter } => OneOf::Counter(CounterMessage {
                tenant: tenant.0,
                key: key.0,
                value: counter.value,
                cap: counter.cap,
            }),
            Effect::Mark { tenant, key, mark } => OneOf::Mark(MarkMessage {
                tenant: tenant.0,
                scope: u32::from(key.scope.0),
                id: key.id.to_vec(),
                body: mark.body.to_vec(),
                result: mark.result,
            }),
            Effect::Append { lane, entry } => OneOf::Entry(EntryMessage {
                lane: u32::from(lane.number()),
                position: entry.position.0,
                tenant: entry.header.tenant.0,
                kind: u32::from(entry.header.kind.0),
                key: entry.header.key.to_vec(),
                commitment: entry.header.commitment.to_vec(),
                hash: entry.header.hash.to_vec(),
                body: entry.body.map(|body| BodyMessage {
                    salt: body.salt.to_vec(),
                    owner: body.owner.map(|home| home.0),
                    payload: body.payload,
                }),
            }),
            Effect::Enqueue { tenant, key, payload } => OneOf::Queued(QueuedMessage {
                tenant: tenant.0,
                queue: u32::from(key.queue.0),
                due_ms: key.due_ms,
                id: key.id.to_vec(),
                payload,
            }),
            Effect::Delete { .. }
            | Effect::Unmark { .. }
            | Effect::Redact { .. }
            | Effect::Dequeue { .. } => {
                return None;
            }
        };
        Some(Self { one_of: Some(one_of) })
    }

    /// Reads it back; `None` if it is not one that was ever written.
    pub(crate) fn effect(self) -> Option<Effect> {
        Some(match self.one_of? {
            OneOf::Record(record) => Effect::Put {
                tenant: Tenant(record.tenant),
                key: RecordKey { kind: Kind(small(record.kind)?), key: record.key },
                record: Record { version: Version(record.version), bytes: record.bytes },
            },
            OneOf::Counter(counter) => Effect::Count {
                tenant: Tenant(counter.tenant),
                key: CounterKey(counter.key),
                counter: Counter { value: counter.value, cap: counter.cap },
            },
            OneOf::Mark(mark) => Effect::Mark {
                tenant: Tenant(mark.tenant),
                key: MarkKey { scope: Scope(small(mark.scope)?), id: fixed(mark.id)? },
                mark: Mark { body: fixed(mark.body)?, result: mark.result },
            },
            OneOf::Entry(entry) => entry.effect()?,
            OneOf::Queued(queued) => Effect::Enqueue {
                tenant: Tenant(queued.tenant),
                key: QueueKey {
                    queue: Queue(small(queued.queue)?),
                    due_ms: queued.due_ms,
                    id: fixed(queued.id)?,
                },
                payload: queued.payload,
            },
        })
    }
}

impl EntryMessage {
    fn effect(self) -> Option<Effect> {
        let body = match self.body {
            None => None,
            Some(body) => {
                let (salt, owner) = (fixed(body.salt)?, body.owner.map(Home));
                Some(Body { salt, owner, payload: body.payload })
            }
        };
        let header = Header {
            tenant: Tenant(self.tenant),
            kind: EntryKind(small(self.kind)?),
            key: fixed(self.key)?,
            commitment: fixed(self.commitment)?,
            hash: fixed(self.hash)?,
        };
        let lane = Lane::new(u8::try_from(self.lane).ok()?)?;
        Some(Effect::Append { lane, entry: Entry { position: Position(self.position), header, body } })
    }
}

fn small(number: u32) -> Option<u16> {
    u16::try_from(number).ok()
}

fn fixed<const N: usize>(bytes: Vec<u8>) -> Option<[u8; N]> {
    bytes.try_into().ok()
}
