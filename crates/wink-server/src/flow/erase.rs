//! A person is erased: decisions stop at once, then records, journal payloads and keys go. A crash in between is made good at the next start.
//!
//! What stays: counters, ledger entries (which name a coupon, not a person), coupons without their person, a keyed tombstone, and the keyed
//! marks of the person's messages. Tombstone and marks keep old events out if somebody sends them again; the marks go when such events
//! would be too old to be kept anyway.

use std::collections::BTreeSet;
use std::ops::AddAssign;

use wink_core::base::{DecisionId, ProfileId, Timestamp};
use wink_core::coupon::{Coupon, Held, Redemption, Right, Wallet, release_of_erased};
use wink_core::event::Identity;
use wink_core::profile::{IdentityKey, Kept, Profile, Retention};
use wink_record::{Damaged, Decided, Erasure as Erased, SegmentPassage, Stored};
use wink_store::{
    BATCH_BYTES_MAX, BATCH_CHANGES_MAX, Batch, Change, Check, Direction, Entry, Home, Lane, MarkKey,
    Position, Range, Record, RecordKey, Store,
};

use super::announce::{about_coupon, about_decision, about_passage, about_redemption};
use super::booking::book;
use super::bury;
use super::households;
use super::noted::Noted;
use super::once;
use super::person;
use super::points;
use super::rights::{give_back, no_longer_lapses};
use super::segments;
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys;
use crate::{Engine, Error, secrets};

/// Entries per commit: each makes at most four changes, below the port's 1,024.
const AT_ONCE: usize = 250;

/// Lane entries read at once.
const READ_AT_ONCE: usize = 1_000;

/// What an erasure removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erasure {
    /// Records deleted.
    pub records: u64,
    /// Journal entries redacted.
    pub entries: u64,
    /// Coupons taken out of circulation or freed of their person.
    pub coupons: u64,
    /// Dead letters deleted that named the person.
    pub dead_letters: u64,
}

impl AddAssign for Erasure {
    fn add_assign(&mut self, other: Self) {
        self.records += other.records;
        self.entries += other.entries;
        self.coupons += other.coupons;
        self.dead_letters += other.dead_letters;
    }
}

/// Finds the profile an identity leads to.
///
/// # Errors
/// If the store cannot be read.
pub async fn find<S: Store>(engine: &Engine<S>, identity: &Identity) -> Result<Option<ProfileId>, Error> {
    person::find(engine, person::identity_key(engine, identity)).await
}

/// Erases a person with everything that is about them, under whichever of their profiles. The bytes on disk go with [`Store::scrub`].
///
/// # Errors
/// If there is no such profile, or the store cannot be read or takes no writes; calling again goes on where it stopped.
pub async fn erase<S: Store>(engine: &Engine<S>, id: ProfileId, now: Timestamp) -> Result<Erasure, Error> {
    let is_known = person::profile(engine, id).await?.is_some();
    if !is_known && engine.record(&keys::erasing(id)).await?.is_none() {
        return Err(Error::NotFound { what: "profile", name: id.to_string() });
    }
    carry_out(engine, id, now).await
}

/// Erases a profile and whoever links join to it; goes on with one that has begun.
async fn carry_out<S: Store>(engine: &Engine<S>, id: ProfileId, now: Timestamp) -> Result<Erasure, Error> {
    let mut begun = BTreeSet::new();
    let mut ahead = vec![id];
    while let Some(next) = ahead.pop() {
        if begun.insert(next) {
            ahead.extend(begin(engine, next, now).await?);
        }
    }
    if let Some(list) = engine.erasures.get() {
        // Before anything else: from the list somebody who restores an older state learns of it.
        for id in &begun {
            list.list(&known(engine, Range::prefix(id.bytes())).await?)?;
        }
    }
    let mut erasure = Erasure::default();
    for id in begun {
        erasure += finish(engine, id, now).await?;
    }
    Ok(erasure)
}

/// Reads every erasure the store knows of.
///
/// # Errors
/// If the store cannot be read.
pub async fn all<S: Store>(engine: &Engine<S>) -> Result<Vec<Erased>, Error> {
    known(engine, Range::default()).await
}

async fn known<S: Store>(engine: &Engine<S>, range: Range) -> Result<Vec<Erased>, Error> {
    let mut erasures = Vec::new();
    let mut range = Some(range);
    while let Some(some) = range {
        let kind = keys::kind::ERASURE;
        let page = engine.store.scan(engine.tenant, kind, some, Direction::Forward, READ_AT_ONCE).await?;
        range = page.next;
        for (_, record) in page.records {
            erasures.push(Erased::from_bytes(&record.bytes)?);
        }
    }
    Ok(erasures)
}

/// Finishes erasures that a crash or a failed write interrupted.
pub(crate) async fn finish_begun<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<(), Error> {
    let mut range = Some(Range::default());
    while let Some(some) = range {
        let begun =
            engine.store.scan(engine.tenant, keys::kind::ERASING, some, Direction::Forward, AT_ONCE).await?;
        range = begun.next;
        for (key, _) in begun.records {
            carry_out(engine, person::profile_id(&key)?, now).await?;
        }
    }
    Ok(())
}

/// Reads the tombstone of an identity.
pub(super) fn erased_at(record: &Record) -> Result<Timestamp, Damaged> {
    let bytes: [u8; 8] = record.bytes.as_slice().try_into().map_err(|_| Damaged {
        what: "tombstone",
        why: format!("it has {} bytes instead of 8", record.bytes.len()),
    })?;
    Ok(Timestamp(i64::from_be_bytes(bytes)))
}

/// Takes the profile and everything that leads to it away in one commit: from here on there is no such profile. Those it is linked with are
/// noted in the same commit, so that after a crash they are erased too; returns them.
async fn begin<S: Store>(engine: &Engine<S>, id: ProfileId, now: Timestamp) -> Result<Vec<ProfileId>, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let Some(profile) = person::profile(engine, id).await? else { return Ok(Vec::new()) };
        let linked: Vec<ProfileId> = profile.value.links.keys().copied().collect();
        let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(id));
        batch.checks.push(profile.unchanged());
        batch.changes.push(Change::Delete(keys::profile(id)));
        for identity in &profile.value.identities {
            batch.changes.push(Change::Delete(keys::identity(*identity)));
            batch.changes.push(Change::Put(keys::erased(*identity), now.0.to_be_bytes().to_vec()));
        }
        batch.changes.push(Change::Put(keys::erasing(id), identities(&profile.value)));
        let identities = profile.value.identities.iter().copied().collect();
        let erased = Erased { tenant: engine.tenant.0, profile: id, at: now, identities };
        batch.changes.push(Change::Put(keys::erasure(id, now), erased.to_bytes()));
        households::forget(engine, &profile, &mut batch).await?;
        for other in &linked {
            // One that has begun knows its identities already.
            if engine.record(&keys::erasing(*other)).await?.is_none() {
                batch.checks.push(Check::Absent(keys::erasing(*other)));
                batch.changes.push(Change::Put(keys::erasing(*other), Vec::new()));
            }
        }
        if engine.commit(batch).await?.is_some() {
            return Ok(linked);
        }
    }
    Err(Error::Contended)
}

/// Deletes and redacts what is left, and last the note that an erasure is under way. Every step may be repeated.
async fn finish<S: Store>(engine: &Engine<S>, id: ProfileId, now: Timestamp) -> Result<Erasure, Error> {
    let mut erasure = Erasure::default();
    let Some(begun) = engine.record(&keys::erasing(id)).await? else { return Ok(erasure) };
    erasure.coupons = take_back(engine, id, now).await?;
    erasure.records += points::erase::forget(engine, id, now).await?;
    let mut left = vec![keys::vault(id), keys::vault_key(id), keys::wallet(id)];
    left.extend(Noted::load(engine, id).await?.keys());
    for identity in begun.bytes.chunks_exact(16) {
        let key = IdentityKey(identity.try_into().unwrap_or_default());
        erasure.dead_letters += remove_letters(engine, key).await?;
        left.push(keys::state(id, key));
    }
    if let Some(left) = segments::forget(engine, id).await? {
        erasure.records += 1;
        engine.commit(left).await?.ok_or(Error::Contended)?;
    }
    let there = engine.store.get(engine.tenant, &left).await?.into_iter().flatten().count();
    // Two more are gone since `begin`: the profile and the way from its first identity.
    erasure.records += u64::try_from(there + 2).unwrap_or(u64::MAX);
    let home = keys::home(id);
    commit(engine, home, left.iter().cloned().map(Change::Delete).collect()).await?;
    engine.people.forget(left.iter().chain([&keys::profile(id)]));
    let forget_at = now.plus_days(i64::from(Retention::default().events_days));
    for some in entries_of(engine, home).await?.chunks(AT_ONCE) {
        let mut changes = Vec::new();
        let mut marks = Vec::new();
        for entry in some {
            erasure.records += u64::from(entry.decision.is_some());
            erasure.entries += 1;
            changes.extend(entry.changes(Lane::of(home)));
            marks.extend(entry.mark.map(|mark| mark.id));
        }
        // In the commit that redacts them: after a crash these entries are not found again, nor do they need to be.
        changes.push(Change::Enqueue {
            queue: keys::FORGET,
            due_ms: forget_at.0,
            id: secrets::random()?,
            payload: marks.concat(),
        });
        commit(engine, home, changes).await?;
    }
    commit(engine, home, vec![Change::Delete(keys::erasing(id))]).await?;
    Ok(erasure)
}

/// Deletes the dead letters that name an identity, whoever else they name.
pub(super) async fn remove_letters<S: Store>(engine: &Engine<S>, key: IdentityKey) -> Result<u64, Error> {
    let mut removed = 0;
    loop {
        let (letters, changes) = bury::removal_of(engine, key).await?;
        if letters == 0 {
            return Ok(removed);
        }
        removed += letters;
        commit(engine, Home(0), changes).await?;
    }
}

/// Frees the marks of erased people's messages whose time is over at `now`.
pub(super) async fn forget_due<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<(), Error> {
    loop {
        let due = engine.store.lease_due(engine.tenant, keys::FORGET, now.0, now.0 + 60_000, 1).await?;
        let Some(timer) = due.into_iter().next() else { return Ok(()) };
        let marks = timer
            .payload
            .chunks_exact(16)
            .map(|id| MarkKey { scope: keys::EVENT_MARKS, id: id.try_into().unwrap_or_default() });
        let mut changes: Vec<Change> = marks.map(Change::Unmark).collect();
        changes.push(Change::Acknowledge { queue: keys::FORGET, due_ms: timer.due_ms, id: timer.id });
        commit(engine, Home(0), changes).await?;
    }
}

async fn commit<S: Store>(engine: &Engine<S>, home: Home, changes: Vec<Change>) -> Result<(), Error> {
    let mut batch = Batch::new(batch_id()?, engine.tenant, home);
    batch.changes = changes;
    engine.commit(batch).await?.ok_or(Error::Contended)
}

/// Takes what the person was given out of circulation, or the person out of it. Returns how many coupons that were.
async fn take_back<S: Store>(engine: &Engine<S>, id: ProfileId, now: Timestamp) -> Result<u64, Error> {
    let wallet: Wallet = engine.stored(&keys::wallet(id)).await?.unwrap_or_default();
    for held in &wallet.held {
        take_back_right(engine, id, held.decision, now).await?;
    }
    take_back_coupons(engine, id, &wallet, now).await
}

/// Takes the person out of the right a decision gave, if it gave one.
async fn take_back_right<S: Store>(
    engine: &Engine<S>,
    id: ProfileId,
    decision: DecisionId,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(record) = engine.record(&keys::right(decision)).await? else { return Ok(()) };
    let right = Right::from_bytes(&record.bytes)?;
    if right.profile.is_none() {
        return Ok(());
    }
    let moved = right.release_of_erased(now);
    let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(id));
    batch.checks.push(Check::Version(keys::right(decision), record.version));
    batch.changes.push(Change::Put(keys::right(decision), moved.right.to_bytes()));
    give_back(&moved, &mut batch);
    if moved.entry.is_some() {
        batch.changes.push(no_longer_lapses(&right));
    }
    engine.commit(batch).await?.ok_or(Error::Contended)
}

async fn take_back_coupons<S: Store>(
    engine: &Engine<S>,
    id: ProfileId,
    wallet: &Wallet,
    now: Timestamp,
) -> Result<u64, Error> {
    let mut freed = 0;
    for coupon in wallet.held.iter().filter_map(Held::coupon) {
        let Some(record) = engine.record(&keys::coupon(coupon)).await? else { continue };
        let coupon = Coupon::from_bytes(&record.bytes)?;
        if coupon.profile.is_none() {
            continue;
        }
        take_back_redemptions(engine, &coupon, keys::home(id)).await?;
        let effect = release_of_erased(&coupon, now);
        let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(id));
        batch.checks.push(Check::Version(keys::coupon(coupon.id), record.version));
        book(Some(&coupon), &effect, &mut batch);
        batch.changes.extend(about_coupon(&coupon).map(Change::Delete));
        batch.changes.extend(once::removal_of(engine, coupon.id).await?);
        engine.commit(batch).await?.ok_or(Error::Contended)?;
        freed += 1;
    }
    Ok(freed)
}

/// Takes the person out of what a coupon was redeemed as, and deletes what was told of it. In commits of its own, since tills can have
/// redeemed a coupon more often than a batch holds; it comes before the coupon's commit, so that after a crash the coupon leads here again.
pub(super) async fn take_back_redemptions<S: Store>(
    engine: &Engine<S>,
    coupon: &Coupon,
    home: Home,
) -> Result<(), Error> {
    let mut batch = Batch::new(batch_id()?, engine.tenant, home);
    let mut bytes = 0;
    for id in &coupon.redemptions {
        let Some(record) = engine.record(&keys::redemption(*id)).await? else { continue };
        let redemption = Redemption::from_bytes(&record.bytes)?;
        batch.checks.push(Check::Version(keys::redemption(*id), record.version));
        let released = redemption.release_of_erased().to_bytes();
        bytes += released.len();
        batch.changes.push(Change::Put(keys::redemption(*id), released));
        batch.changes.extend(about_redemption(&redemption).map(Change::Delete));
        if !redemption.order_id.is_empty() {
            let order = keys::order(engine.secrets.marks(), &redemption.order_id);
            batch.changes.push(Change::Delete(order));
        }
        if BATCH_CHANGES_MAX / 2 < batch.changes.len() || BATCH_BYTES_MAX / 2 < bytes {
            let full = std::mem::replace(&mut batch, Batch::new(batch_id()?, engine.tenant, home));
            engine.commit(full).await?.ok_or(Error::Contended)?;
            bytes = 0;
        }
    }
    if !batch.changes.is_empty() {
        engine.commit(batch).await?.ok_or(Error::Contended)?;
    }
    Ok(())
}

/// A journal entry about a person, and what has to go with it.
pub(super) struct Owned {
    /// Where it stands in its lane.
    pub position: Position,
    /// Whose it is.
    pub owner: Home,
    /// The decision it is about, whose record goes too.
    pub decision: Option<DecisionId>,
    /// The message that told of it, where it has no record of its own.
    pub message: Option<RecordKey>,
    /// The mark of its message.
    pub mark: Option<MarkKey>,
    /// When it happened, if it says.
    pub at: Option<Timestamp>,
}

impl Owned {
    /// Reads an entry. `None` for one that is redacted or about nobody.
    pub(super) fn read<S>(engine: &Engine<S>, entry: &Entry) -> Result<Option<Self>, Damaged> {
        let Some(body) = &entry.body else { return Ok(None) };
        let Some(owner) = body.owner else { return Ok(None) };
        let mut owned =
            Self { position: entry.position, owner, decision: None, message: None, mark: None, at: None };
        if entry.header.kind == keys::entry::DECIDED {
            owned.decision = Some(Decided::from_bytes(&body.payload)?.id);
        } else if entry.header.kind == keys::entry::EVENT {
            let kept = Kept::from_bytes(&body.payload)?;
            owned.mark = Some(keys::event_mark(engine.secrets.marks(), &kept.source, &kept.message_id));
            owned.at = Some(kept.occurred_at);
        } else if entry.header.kind == keys::entry::PASSAGE {
            let passage = SegmentPassage::from_bytes(&body.payload)?;
            owned.message = about_passage(&passage);
            owned.at = Some(passage.at);
        }
        Ok(Some(owned))
    }

    /// Lists what removes the entry and the records that go with it: a decision's own, and the message that told of it. The mark is the
    /// caller's to free.
    pub(super) fn changes(&self, lane: Lane) -> impl Iterator<Item = Change> + use<> {
        let redact = Change::Redact(lane, self.position);
        let records = self
            .decision
            .map(|id| [keys::decision(id), keys::decision_of(self.owner, id), about_decision(id)]);
        let records = records.into_iter().flatten().chain(self.message.clone());
        [redact].into_iter().chain(records.map(Change::Delete))
    }
}

async fn entries_of<S: Store>(engine: &Engine<S>, home: Home) -> Result<Vec<Owned>, Error> {
    let mut found = Vec::new();
    let mut from = Position(0);
    loop {
        let entries = engine.store.read_lane(Lane::of(home), from, READ_AT_ONCE).await?;
        let Some(last) = entries.last() else { return Ok(found) };
        from = Position(last.position.0 + 1);
        for entry in entries.iter().filter(|entry| entry.header.tenant == engine.tenant) {
            if let Some(owned) = Owned::read(engine, entry)?
                && owned.owner == home
            {
                found.push(owned);
            }
        }
    }
}

fn identities(profile: &Profile) -> Vec<u8> {
    profile.identities.iter().flat_map(|key| key.0).collect()
}
