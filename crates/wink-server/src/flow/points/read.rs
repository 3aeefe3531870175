//! What a person holds in points, and how it came and went.

use wink_core::base::{Points, Timestamp};
use wink_core::coupon::points::{Account, Entry, Lot, Tender};
use wink_core::profile::Cluster;
use wink_record::Stored;
use wink_store::{Direction, Range, Store};

use crate::flow::page::{LIMIT_MAX, Page, Paged, cursor};
use crate::keys;
use crate::{Engine, Error};

/// What a person holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// How many points there are.
    pub balance: Points,
    /// Which of them are there until when, soonest first.
    pub lots: Vec<Lot>,
}

/// Reads what a person holds at `now`.
///
/// # Errors
/// If the store cannot be read.
pub async fn holdings<S: Store>(
    engine: &Engine<S>,
    person: &Cluster<'_>,
    now: Timestamp,
) -> Result<Holdings, Error> {
    let mut holdings = Holdings::default();
    for profile in person.profiles() {
        let account: Option<Account> = engine.stored(&keys::points_account(profile.id)).await?;
        holdings.lots.extend(account.into_iter().flat_map(|account| account.lots));
    }
    holdings.lots.retain(|lot| now < lot.until);
    holdings.lots.sort_by_key(|lot| lot.until);
    holdings.balance = holdings.lots.iter().map(|lot| lot.points).sum();
    Ok(holdings)
}

/// Tells until when a person is somebody because of their points: while some are there, and since they last moved.
pub(in crate::flow) async fn heard<S: Store>(
    engine: &Engine<S>,
    person: &Cluster<'_>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    if Points::ZERO < holdings(engine, person, now).await?.balance {
        return Ok(Some(now));
    }
    let newest = movements(engine, person, &Page { limit: 1, cursor: None }).await?;
    Ok(newest.items.first().map(|entry| entry.at))
}

/// Lists how a person's points came and went, newest first.
///
/// # Errors
/// If the store cannot be read, or the cursor is not one of this list.
pub async fn movements<S: Store>(
    engine: &Engine<S>,
    person: &Cluster<'_>,
    page: &Page,
) -> Result<Paged<Entry>, Error> {
    let list = [b"points".as_slice(), &person.lead().bytes()].concat();
    let before = page.open(engine, &list)?;
    // A profile's movements sort by time: the newest of all profiles' newest are the newest of all.
    let mut found: Vec<(Vec<u8>, Entry)> = Vec::new();
    for profile in person.profiles() {
        let prefix = profile.id.bytes();
        let all = Range::prefix(prefix);
        let range = match &before {
            Some(place) => Range { until: Some([prefix.as_slice(), place].concat()), ..all },
            None => all,
        };
        let kind = keys::kind::POINTS_MOVED;
        let read =
            engine.store.scan(engine.tenant, kind, range, Direction::Reverse, page.limit() + 1).await?;
        for (key, record) in &read.records {
            found.push((key.get(16..).unwrap_or_default().to_vec(), Entry::from_bytes(&record.bytes)?));
        }
    }
    found.sort_by(|(one, _), (other, _)| other.cmp(one));
    let is_more = page.limit() < found.len();
    found.truncate(page.limit());
    let next_cursor = found.last().filter(|_| is_more).map(|(place, _)| cursor(engine, &list, place));
    Ok(Paged { items: found.into_iter().map(|(_, entry)| entry).collect(), next_cursor })
}

/// Reads everything of a person's points, for their export: how they came and went, oldest first, and the orders they paid for.
pub(in crate::flow) async fn all<S: Store>(
    engine: &Engine<S>,
    person: &Cluster<'_>,
) -> Result<(Vec<Entry>, Vec<Tender>), Error> {
    let mut page = Page { limit: LIMIT_MAX, cursor: None };
    let mut entries = Vec::new();
    loop {
        let found = movements(engine, person, &page).await?;
        entries.extend(found.items);
        page.cursor = found.next_cursor;
        if page.cursor.is_none() {
            break;
        }
    }
    entries.reverse();
    let mut tenders: Vec<Tender> = Vec::new();
    for id in entries.iter().filter_map(Entry::redemption) {
        if tenders.iter().all(|tender| tender.id != id) {
            tenders.extend(engine.stored::<Tender>(&keys::tender(id)).await?);
        }
    }
    Ok((entries, tenders))
}
