//! What has been kept long enough is deleted: events and decisions out of the journal, their records and marks, old dead letters, what tills did and
//! counters of days that are over, and people nobody has heard of for as long.

use wink_core::base::{LetterId, Timestamp};
use wink_core::coupon::{Coupon, Right, release_of_erased};
use wink_core::profile::{Retention, Words};
use wink_record::{DeadLetter, LetterHead, Stored};
use wink_store::{Batch, Change, Check, Direction, Home, Kind, Lane, Position, Range, Record, Store};

use super::erase::{self, Owned};
use super::{bury, limits, once, person, points, tills, webhooks, whole};
use crate::engine::batch_id;
use crate::keys;
use crate::{Engine, Error};

/// Entries or records handled at once; each makes at most four changes, below the port's 1,024.
const AT_ONCE: usize = 250;

/// Changes after which dead letters are committed: one more letter stays below the port's 1,024.
const CHANGES_ENOUGH: usize = 900;

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Events and decisions out of the journal.
    pub entries: u64,
    /// Dead letters.
    pub dead_letters: u64,
    /// Profiles without activity.
    pub profiles: u64,
    /// What tills did on days that are long over, leases that are, and what was reported under them.
    pub till_records: u64,
    /// Counters of days that nothing is bounded by any more.
    pub day_counters: u64,
}

/// Deletes what is overdue at `now`. The bytes on disk go with [`Store::scrub`].
///
/// # Errors
/// If the store cannot be read or takes no writes; sweeping again goes on.
pub async fn sweep<S: Store>(
    engine: &Engine<S>,
    retention: &Retention,
    now: Timestamp,
) -> Result<Swept, Error> {
    erase::finish_begun(engine, now).await?;
    let mut swept = Swept { profiles: sweep_profiles(engine, retention, now).await?, ..Swept::default() };
    for lane in Lane::all() {
        swept.entries += sweep_lane(engine, retention, now, lane).await?;
    }
    sweep_coupons(engine, retention, now).await?;
    points::sweep::sweep(engine, retention, now).await?;
    sweep_rights(engine, retention, now).await?;
    swept.dead_letters = sweep_dead_letters(engine, retention, now).await?;
    erase::forget_due(engine, now).await?;
    webhooks::sweep(engine, now).await?;
    swept.till_records = tills::sweep::sweep(engine, now).await?;
    swept.day_counters = limits::sweep(engine, now).await?;
    Ok(swept)
}

async fn sweep_lane<S: Store>(
    engine: &Engine<S>,
    retention: &Retention,
    now: Timestamp,
    lane: Lane,
) -> Result<u64, Error> {
    let events_before = Retention::overdue_before(retention.events_days, now);
    let decisions_before = Retention::overdue_before(retention.decisions_days, now);
    let (mut from, mut swept) = (Position(0), 0);
    loop {
        let entries = engine.store.read_lane(lane, from, AT_ONCE).await?;
        let Some(last) = entries.last() else { return Ok(swept) };
        from = Position(last.position.0 + 1);
        let mut changes = Vec::new();
        for entry in entries.iter().filter(|entry| entry.header.tenant == engine.tenant) {
            let Some(owned) = Owned::read(engine, entry)? else { continue };
            let overdue = match owned.decision {
                Some(decision) => decision.made_at() < decisions_before,
                None => owned.at.is_some_and(|at| at < events_before),
            };
            if overdue {
                swept += 1;
                changes.extend(owned.changes(lane));
                changes.extend(owned.mark.map(Change::Unmark));
            }
        }
        commit(engine, changes).await?;
    }
}

/// Takes person and order out of coupons that ended as long ago as events are kept, also of those that were nobody's. What they cost stays in the ledger.
async fn sweep_coupons<S: Store>(
    engine: &Engine<S>,
    retention: &Retention,
    now: Timestamp,
) -> Result<(), Error> {
    let before = Retention::overdue_before(retention.events_days, now);
    let mut range = Some(Range::default());
    while let Some(some) = range {
        let (records, next) = page(engine, keys::kind::COUPON, some).await?;
        range = next;
        for (_, record) in records {
            let coupon = Coupon::from_bytes(&record.bytes)?;
            let is_overdue = coupon.state.ended_at().is_some_and(|at| at < before);
            if coupon.leads_to_somebody() && is_overdue {
                erase::take_back_redemptions(engine, &coupon, Home(0)).await?;
                let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
                batch.checks.push(Check::Version(keys::coupon(coupon.id), record.version));
                let released = release_of_erased(&coupon, now).coupon;
                batch.changes.push(Change::Put(keys::coupon(coupon.id), released.to_bytes()));
                batch.changes.extend(once::removal_of(engine, coupon.id).await?);
                engine.commit(batch).await?.ok_or(Error::Contended)?;
            }
        }
    }
    Ok(())
}

/// Deletes rights that ended as long ago as decisions are kept: nobody can ask for what became of them any more.
async fn sweep_rights<S: Store>(
    engine: &Engine<S>,
    retention: &Retention,
    now: Timestamp,
) -> Result<(), Error> {
    let before = Retention::overdue_before(retention.decisions_days, now);
    let mut range = Some(Range::default());
    while let Some(some) = range {
        let (records, next) = page(engine, keys::kind::RIGHT, some).await?;
        range = next;
        let mut changes = Vec::new();
        for (_, record) in records {
            let right = Right::from_bytes(&record.bytes)?;
            if right.state.ended_at().is_some_and(|at| at < before) {
                // No check: a right that has ended changes no more.
                changes.push(Change::Delete(keys::right(right.decision)));
            }
        }
        commit(engine, changes).await?;
    }
    Ok(())
}

async fn sweep_dead_letters<S: Store>(
    engine: &Engine<S>,
    retention: &Retention,
    now: Timestamp,
) -> Result<u64, Error> {
    let before = Retention::overdue_before(retention.dead_letters_days, now);
    let mut swept = 0;
    let mut range = Some(Range::default());
    while let Some(some) = range {
        let (records, next) = page(engine, keys::kind::DEAD_LETTER, some).await?;
        range = next;
        let mut changes = Vec::new();
        for (key, record) in records {
            let letter = DeadLetter::from_bytes(&engine.secrets.open_letter(&record.bytes)?)?;
            if before <= letter.received_at {
                continue;
            }
            let id = LetterId::from_bytes(key.try_into().unwrap_or_default());
            let head: Option<LetterHead> = engine.stored(&keys::letter_head(letter.received_at, id)).await?;
            match head {
                Some(head) => changes.extend(bury::removal(id, letter.received_at, &head)),
                // From before there were heads.
                None => changes.push(Change::Delete(keys::letter(id))),
            }
            swept += 1;
            if CHANGES_ENOUGH < changes.len() {
                commit(engine, std::mem::take(&mut changes)).await?;
            }
        }
        commit(engine, changes).await?;
    }
    Ok(swept)
}

/// Erases people nobody has heard of for as long as events are kept.
async fn sweep_profiles<S: Store>(
    engine: &Engine<S>,
    retention: &Retention,
    now: Timestamp,
) -> Result<u64, Error> {
    let before = Retention::overdue_before(retention.events_days, now);
    let mut swept = 0;
    let mut range = Some(Range::default());
    while let Some(some) = range {
        let (records, next) = page(engine, keys::kind::PROFILE, some).await?;
        range = next;
        for (key, _) in records {
            let id = person::profile_id(&key)?;
            // Whoever came again under another name is erased as one, or not at all.
            let Some(whole) = whole::load(engine, id).await? else { continue };
            let person = whole.cluster();
            let states = person::states(engine, &person).await?;
            let features = engine.features();
            let newest = states.iter().filter_map(|state| features.newest_act(&state.value)).max();
            let heard = person.words().values().flat_map(Words::all).map(|word| word.at).max();
            let points = points::read::heard(engine, &person, now).await?;
            let last = newest.max(heard).max(points).unwrap_or(person.created_at());
            if last < before {
                erase::erase(engine, id, now).await?;
                swept += 1;
            }
        }
    }
    Ok(swept)
}

async fn page<S: Store>(
    engine: &Engine<S>,
    kind: Kind,
    range: Range,
) -> Result<(Vec<(Vec<u8>, Record)>, Option<Range>), Error> {
    let page = engine.store.scan(engine.tenant, kind, range, Direction::Forward, AT_ONCE).await?;
    Ok((page.records, page.next))
}

async fn commit<S: Store>(engine: &Engine<S>, changes: Vec<Change>) -> Result<(), Error> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
    batch.changes = changes;
    engine.commit(batch).await?.ok_or(Error::Contended)
}
