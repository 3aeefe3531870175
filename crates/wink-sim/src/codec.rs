//! The log's frames: `length, checksum, payload`, read back up to the first that is not whole.

use wink_store::{
    Accepted, BatchId, Body, Counter, CounterKey, Effect, Entry, EntryKind, Header, Home, Kind, Lane, Mark,
    MarkKey, Position, Queue, QueueKey, Record, RecordKey, Scope, Tenant, Version,
};

/// Writes one commit as a frame.
pub(crate) fn frame(accepted: &Accepted) -> Vec<u8> {
    let mut payload = Writer(Vec::new());
    payload.number(u64::from(accepted.tenant.0));
    payload.bytes(&accepted.id.0);
    payload.number(accepted.version.0);
    payload.count(accepted.positions.len());
    for position in &accepted.positions {
        payload.number(position.0);
    }
    payload.count(accepted.effects.len());
    for effect in &accepted.effects {
        payload.effect(effect);
    }
    let Writer(payload) = payload;
    let mut frame = Writer(Vec::with_capacity(payload.len() + 12));
    frame.count(payload.len());
    frame.0.extend_from_slice(&crc32fast::hash(&payload).to_le_bytes());
    frame.0.extend_from_slice(&payload);
    frame.0
}

/// Reads the next frame and how many bytes it takes; `None` at the end of what is whole.
pub(crate) fn next_frame(log: &[u8], verify: bool) -> Option<(Accepted, usize)> {
    let mut reader = Reader(log);
    let length = reader.count()?;
    let checksum = u32::from_le_bytes(reader.array()?);
    if length == 0 || reader.0.len() < length {
        return None;
    }
    let payload = reader.take(length)?;
    if verify && crc32fast::hash(payload) != checksum {
        return None;
    }
    Some((Reader(payload).accepted()?, 12 + length))
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn signed(&mut self, number: i64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn count(&mut self, count: usize) {
        self.number(u64::try_from(count).unwrap_or(u64::MAX));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn optional(&mut self, number: Option<i64>) {
        self.number(u64::from(number.is_some()));
        self.signed(number.unwrap_or(0));
    }

    fn place(&mut self, tag: u64, tenant: Tenant) {
        self.number(tag);
        self.number(u64::from(tenant.0));
    }

    fn record_key(&mut self, key: &RecordKey) {
        self.number(u64::from(key.kind.0));
        self.bytes(&key.key);
    }

    fn mark_key(&mut self, key: &MarkKey) {
        self.number(u64::from(key.scope.0));
        self.bytes(&key.id);
    }

    fn queue_key(&mut self, key: &QueueKey) {
        self.number(u64::from(key.queue.0));
        self.signed(key.due_ms);
        self.bytes(&key.id);
    }

    fn effect(&mut self, effect: &Effect) {
        match effect {
            Effect::Put { tenant, key, record } => {
                self.place(0, *tenant);
                self.record_key(key);
                self.number(record.version.0);
                self.bytes(&record.bytes);
            }
            Effect::Delete { tenant, key } => {
                self.place(1, *tenant);
                self.record_key(key);
            }
            Effect::Count { tenant, key, counter } => {
                self.place(2, *tenant);
                self.bytes(&key.0);
                self.signed(counter.value);
                self.optional(counter.cap);
            }
            Effect::Mark { tenant, key, mark } => {
                self.place(3, *tenant);
                self.mark_key(key);
                self.bytes(&mark.body);
                self.bytes(&mark.result);
            }
            Effect::Unmark { tenant, key } => {
                self.place(4, *tenant);
                self.mark_key(key);
            }
            Effect::Append { lane, entry } => self.entry(*lane, entry),
            Effect::Redact { lane, position } => {
                self.number(6);
                self.number(u64::from(lane.number()));
                self.number(position.0);
            }
            Effect::Enqueue { tenant, key, payload } => {
                self.place(7, *tenant);
                self.queue_key(key);
                self.bytes(payload);
            }
            Effect::Dequeue { tenant, key } => {
                self.place(8, *tenant);
                self.queue_key(key);
            }
        }
    }

    fn entry(&mut self, lane: Lane, entry: &Entry) {
        self.place(5, entry.header.tenant);
        self.number(u64::from(lane.number()));
        self.number(entry.position.0);
        self.number(u64::from(entry.header.kind.0));
        self.bytes(&entry.header.key);
        self.bytes(&entry.header.commitment);
        self.bytes(&entry.header.hash);
        self.number(u64::from(entry.body.is_some()));
        if let Some(body) = &entry.body {
            self.bytes(&body.salt);
            self.number(u64::from(body.owner.is_some()));
            self.number(body.owner.map_or(0, |home| home.0));
            self.bytes(&body.payload);
        }
    }
}

struct Reader<'log>(&'log [u8]);

impl<'log> Reader<'log> {
    fn take(&mut self, length: usize) -> Option<&'log [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn small(&mut self) -> Option<u16> {
        u16::try_from(self.number()?).ok()
    }

    fn signed(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let length = self.count()?;
        self.take(length).map(<[u8]>::to_vec)
    }

    fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes()?.try_into().ok()
    }

    fn flag(&mut self) -> Option<bool> {
        self.number().map(|flag| flag != 0)
    }

    fn tenant(&mut self) -> Option<Tenant> {
        u32::try_from(self.number()?).ok().map(Tenant)
    }

    fn lane(&mut self) -> Option<Lane> {
        Lane::new(u8::try_from(self.number()?).ok()?)
    }

    fn record_key(&mut self) -> Option<RecordKey> {
        Some(RecordKey { kind: Kind(self.small()?), key: self.bytes()? })
    }

    fn mark_key(&mut self) -> Option<MarkKey> {
        Some(MarkKey { scope: Scope(self.small()?), id: self.fixed()? })
    }

    fn queue_key(&mut self) -> Option<QueueKey> {
        Some(QueueKey { queue: Queue(self.small()?), due_ms: self.signed()?, id: self.fixed()? })
    }

    fn accepted(mut self) -> Option<Accepted> {
        let tenant = self.tenant()?;
        let id = BatchId(self.fixed()?);
        let version = Version(self.number()?);
        let positions =
            (0..self.count()?).map(|_| self.number().map(Position)).collect::<Option<Vec<Position>>>()?;
        let effects = (0..self.count()?).map(|_| self.effect()).collect::<Option<Vec<Effect>>>()?;
        Some(Accepted { tenant, id, version, positions, effects })
    }

    fn effect(&mut self) -> Option<Effect> {
        let tag = self.number()?;
        if tag == 6 {
            return Some(Effect::Redact { lane: self.lane()?, position: Position(self.number()?) });
        }
        let tenant = self.tenant()?;
        Some(match tag {
            0 => {
                let key = self.record_key()?;
                let record = Record { version: Version(self.number()?), bytes: self.bytes()? };
                Effect::Put { tenant, key, record }
            }
            1 => Effect::Delete { tenant, key: self.record_key()? },
            2 => {
                let key = CounterKey(self.bytes()?);
                let value = self.signed()?;
                let capped = self.flag()?;
                let cap = self.signed()?;
                Effect::Count { tenant, key, counter: Counter { value, cap: capped.then_some(cap) } }
            }
            3 => {
                let key = self.mark_key()?;
                Effect::Mark { tenant, key, mark: Mark { body: self.fixed()?, result: self.bytes()? } }
            }
            4 => Effect::Unmark { tenant, key: self.mark_key()? },
            5 => self.entry(tenant)?,
            7 => Effect::Enqueue { tenant, key: self.queue_key()?, payload: self.bytes()? },
            8 => Effect::Dequeue { tenant, key: self.queue_key()? },
            _ => return None,
        })
    }

    fn entry(&mut self, tenant: Tenant) -> Option<Effect> {
        let lane = self.lane()?;
        let position = Position(self.number()?);
        let header = Header {
            tenant,
            kind: EntryKind(self.small()?),
            key: self.fixed()?,
            commitment: self.fixed()?,
            hash: self.fixed()?,
        };
        let body = if self.flag()? {
            let salt = self.fixed()?;
            let owned = self.flag()?;
            let owner = Home(self.number()?);
            Some(Body { salt, owner: owned.then_some(owner), payload: self.bytes()? })
        } else {
            None
        };
        Some(Effect::Append { lane, entry: Entry { position, header, body } })
    }
}
