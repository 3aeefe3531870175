//! How keys and values lie in the engine. Everything here is a stored format: it changes only together with [`FORMAT`].
//!
//! Numbers in keys are big-endian, so that the engine's byte order is the number's order; a tenant stands first, except where all
//! tenants share a sequence (lanes, and the ring of batch ids).

use wink_store::{
    BatchId, Body, Counter, CounterKey, EntryKind, Error, Header, Home, Kind, Lane, Mark, MarkKey, Position,
    Queue, QueueKey, Record, RecordKey, Scope, Tenant, Version,
};

/// The version of this layout.
pub(crate) const FORMAT: u32 = 1;

/// Joins parts to a key or value.
fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

pub(crate) fn record_key(tenant: Tenant, key: &RecordKey) -> Vec<u8> {
    join(&[&tenant.0.to_be_bytes(), &key.kind.0.to_be_bytes(), &key.key])
}

pub(crate) fn read_record_key(key: &[u8]) -> Result<(Tenant, RecordKey), Error> {
    let mut reader = Reader { rest: key, what: "a record's key" };
    let (tenant, kind) = (Tenant(reader.be32()?), Kind(reader.be16()?));
    Ok((tenant, RecordKey { kind, key: reader.rest.to_vec() }))
}

/// The beginning of every key of a kind, and how long it is.
pub(crate) fn kind_prefix(tenant: Tenant, kind: Kind) -> Vec<u8> {
    join(&[&tenant.0.to_be_bytes(), &kind.0.to_be_bytes()])
}

pub(crate) const KIND_PREFIX_BYTES: usize = 6;

pub(crate) fn record(record: &Record) -> Vec<u8> {
    join(&[&record.version.0.to_le_bytes(), &record.bytes])
}

pub(crate) fn read_record(value: &[u8]) -> Result<Record, Error> {
    let mut reader = Reader { rest: value, what: "a record" };
    Ok(Record { version: Version(reader.u64()?), bytes: reader.rest.to_vec() })
}

pub(crate) fn read_version(value: &[u8]) -> Result<Version, Error> {
    Reader { rest: value, what: "a record" }.u64().map(Version)
}

pub(crate) fn counter_key(tenant: Tenant, key: &CounterKey) -> Vec<u8> {
    join(&[&tenant.0.to_be_bytes(), &key.0])
}

pub(crate) fn counter(counter: &Counter) -> Vec<u8> {
    let cap = counter.cap.map(i64::to_le_bytes);
    join(&[&counter.value.to_le_bytes(), cap.as_ref().map_or(&[], |cap| cap.as_slice())])
}

pub(crate) fn read_counter(key: &[u8], value: &[u8]) -> Result<(Tenant, CounterKey, Counter), Error> {
    let mut key = Reader { rest: key, what: "a counter's key" };
    let tenant = Tenant(key.be32()?);
    let mut reader = Reader { rest: value, what: "a counter" };
    let value = reader.i64()?;
    let cap = if reader.rest.is_empty() { None } else { Some(reader.i64()?) };
    Ok((tenant, CounterKey(key.rest.to_vec()), Counter { value, cap }))
}

pub(crate) fn mark_key(tenant: Tenant, key: &MarkKey) -> Vec<u8> {
    join(&[&tenant.0.to_be_bytes(), &key.scope.0.to_be_bytes(), &key.id])
}

pub(crate) fn read_mark_key(key: &[u8]) -> Result<(Tenant, MarkKey), Error> {
    let mut reader = Reader { rest: key, what: "a mark's key" };
    let (tenant, scope) = (Tenant(reader.be32()?), Scope(reader.be16()?));
    Ok((tenant, MarkKey { scope, id: reader.array()? }))
}

pub(crate) fn mark(mark: &Mark) -> Vec<u8> {
    join(&[&mark.body, &mark.result])
}

pub(crate) fn read_mark(value: &[u8]) -> Result<Mark, Error> {
    let mut reader = Reader { rest: value, what: "a mark" };
    Ok(Mark { body: reader.array()?, result: reader.rest.to_vec() })
}

pub(crate) fn entry_key(lane: Lane, position: Position) -> Vec<u8> {
    join(&[&[lane.number()], &position.0.to_be_bytes()])
}

pub(crate) fn read_entry_key(key: &[u8]) -> Result<(Lane, Position), Error> {
    let mut reader = Reader { rest: key, what: "a journal key" };
    let [lane] = reader.array()?;
    let lane = Lane::new(lane).ok_or_else(|| Error::Damaged(format!("a journal key names lane {lane}")))?;
    Ok((lane, Position(u64::from_be_bytes(reader.array()?))))
}

pub(crate) fn read_position(key: &[u8]) -> Result<Position, Error> {
    read_entry_key(key).map(|(_, position)| position)
}

/// An entry in one value: a byte that says whether it still has a body, the header, and the body.
///
/// Redaction writes the value anew without the body. One value rather than two: every value costs the engine some
/// microseconds, and the byte tells a body that was redacted from one that is lost.
pub(crate) fn entry(header: &Header, body: Option<&Body>) -> Vec<u8> {
    let mut value = join(&[
        &[u8::from(body.is_some())],
        &header.tenant.0.to_le_bytes(),
        &header.kind.0.to_le_bytes(),
        &header.key,
        &header.commitment,
        &header.hash,
    ]);
    if let Some(body) = body {
        value.extend_from_slice(&body.salt);
        value.push(u8::from(body.owner.is_some()));
        value.extend_from_slice(&body.owner.map_or(0, |home| home.0).to_le_bytes());
        value.extend_from_slice(&body.payload);
    }
    value
}

pub(crate) fn read_header(value: &[u8]) -> Result<Header, Error> {
    let mut reader = Reader { rest: value, what: "a journal header" };
    let _has_body: [u8; 1] = reader.array()?;
    reader.header()
}

pub(crate) fn read_entry(value: &[u8]) -> Result<(Header, Option<Body>), Error> {
    let mut reader = Reader { rest: value, what: "a journal entry" };
    let [has_body] = reader.array()?;
    let header = reader.header()?;
    if has_body == 0 {
        return Ok((header, None));
    }
    let salt = reader.array()?;
    let [owned] = reader.array()?;
    let owner = Home(reader.u64()?);
    Ok((header, Some(Body { salt, owner: (owned != 0).then_some(owner), payload: reader.rest.to_vec() })))
}

/// Turns a signed number into bytes that sort as it does.
fn sortable(number: i64) -> [u8; 8] {
    (number.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

pub(crate) fn queue_prefix(tenant: Tenant, queue: Queue) -> Vec<u8> {
    join(&[&tenant.0.to_be_bytes(), &queue.0.to_be_bytes()])
}

pub(crate) fn queue_key(tenant: Tenant, key: &QueueKey) -> Vec<u8> {
    join(&[&queue_prefix(tenant, key.queue), &sortable(key.due_ms), &key.id])
}

pub(crate) fn read_queue_key(key: &[u8]) -> Result<(Tenant, QueueKey), Error> {
    let mut reader = Reader { rest: key, what: "a queue key" };
    let (tenant, queue) = (Tenant(reader.be32()?), Queue(reader.be16()?));
    let due_ms = (u64::from_be_bytes(reader.array()?) ^ (1 << 63)).cast_signed();
    Ok((tenant, QueueKey { queue, due_ms, id: reader.array()? }))
}

/// A commit as it is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) version: Version,
    pub(crate) tenant: Tenant,
    pub(crate) id: BatchId,
    /// Its entries stand in a row: no two batches interleave.
    pub(crate) first: u64,
    pub(crate) entries: u64,
}

/// The commits of a group lie together under the first version, so that the oldest come first and a group costs one value.
pub(crate) fn group_key(first: Version) -> Vec<u8> {
    first.0.to_be_bytes().to_vec()
}

pub(crate) fn group(commits: &[Commit]) -> Vec<u8> {
    let mut value = Vec::new();
    for commit in commits {
        value.extend_from_slice(&commit.version.0.to_le_bytes());
        value.extend_from_slice(&commit.tenant.0.to_le_bytes());
        value.extend_from_slice(&commit.id.0);
        value.extend_from_slice(&commit.first.to_le_bytes());
        value.extend_from_slice(&commit.entries.to_le_bytes());
    }
    value
}

pub(crate) fn read_group(value: &[u8]) -> Result<Vec<Commit>, Error> {
    let mut reader = Reader { rest: value, what: "a group of batches" };
    let mut commits = Vec::new();
    while !reader.rest.is_empty() {
        commits.push(Commit {
            version: Version(reader.u64()?),
            tenant: Tenant(u32::from_le_bytes(reader.array()?)),
            id: BatchId(reader.array()?),
            first: reader.u64()?,
            entries: reader.u64()?,
        });
    }
    Ok(commits)
}

/// The first key after all that begin with `prefix`, or `None` if there can be none.
pub(crate) fn after(prefix: &[u8]) -> Option<Vec<u8>> {
    wink_store::Range::prefix(prefix).until
}

/// Reads a value from its front; a value that is too short is damage.
struct Reader<'value> {
    rest: &'value [u8],
    what: &'static str,
}

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let Some((array, rest)) = self.rest.split_first_chunk() else {
            return Err(Error::Damaged(format!("{} is too short", self.what)));
        };
        self.rest = rest;
        Ok(*array)
    }

    fn header(&mut self) -> Result<Header, Error> {
        Ok(Header {
            tenant: Tenant(u32::from_le_bytes(self.array()?)),
            kind: EntryKind(u16::from_le_bytes(self.array()?)),
            key: self.array()?,
            commitment: self.array()?,
            hash: self.array()?,
        })
    }

    fn be16(&mut self) -> Result<u16, Error> {
        self.array().map(u16::from_be_bytes)
    }

    fn be32(&mut self) -> Result<u32, Error> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Result<u64, Error> {
        self.array().map(u64::from_le_bytes)
    }

    fn i64(&mut self) -> Result<i64, Error> {
        self.array().map(i64::from_le_bytes)
    }
}
