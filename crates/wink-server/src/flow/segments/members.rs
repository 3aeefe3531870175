//! Who is in a segment, and in which segments somebody is: as it is now, not as it was when they were last looked at.

use wink_core::base::{ProfileId, Timestamp};
use wink_core::feature::{Memberships, RuleNumber, Segment, view};
use wink_core::profile::Cluster;
use wink_record::{Damaged, Stored};
use wink_store::{Direction, Range, Store};

use super::Seen;
use crate::flow::page::{Page, Paged, cursor};
use crate::flow::person;
use crate::flow::whole::Whole;
use crate::keys::{self, kind};
use crate::{Engine, Error};

/// Somebody in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Who.
    pub person: Whole,
    /// Since when, as far as anybody looked.
    pub since: Timestamp,
    /// Whether they have granted what the segment is for.
    pub granted: bool,
}

/// A segment somebody is in.
#[derive(Clone, Debug, PartialEq)]
pub struct In {
    /// The segment.
    pub segment: Segment,
    /// Since when, as far as anybody looked; nothing if that was not seen yet.
    pub since: Option<Timestamp>,
    /// Whether they have granted what the segment is for.
    pub granted: bool,
}

/// Lists the members of a segment. A page may be short although more follow: who has left by time alone is left out.
///
/// # Errors
/// If there is no such segment, the store cannot be read, or the cursor is not one of this list.
pub async fn list<S: Store>(
    engine: &Engine<S>,
    id: &str,
    page: &Page,
    now: Timestamp,
) -> Result<Paged<Found>, Error> {
    let catalogue = engine.catalogue()?;
    let segment = catalogue.segments.find(id).ok_or_else(|| super::unknown(id))?;
    let number = segment.number.unwrap_or_default();
    let list = [b"members".as_slice(), &number.0.to_be_bytes()].concat();
    let all = Range::prefix(number.0.to_be_bytes());
    let range = match page.open(engine, &list)? {
        Some(from) => Range { from, ..all },
        None => all,
    };
    let found =
        engine.store.scan(engine.tenant, kind::MEMBER, range, Direction::Forward, page.limit()).await?;
    let mut items = Vec::with_capacity(found.records.len());
    for (key, _) in &found.records {
        let id = member(key)?;
        let Some(seen) = Seen::read(engine, id).await? else { continue };
        let Some(since) = since(engine, id, number).await? else { continue };
        if seen.stands_for_them() && seen.is_in(&segment.rule, &catalogue, now) {
            let granted = seen.whole.cluster().grants(now).allow(segment.purpose);
            items.push(Found { person: seen.whole, since, granted });
        }
    }
    let next_cursor = found.next.map(|next| cursor(engine, &list, &next.from));
    Ok(Paged { items, next_cursor })
}

async fn since<S: Store>(
    engine: &Engine<S>,
    id: ProfileId,
    number: RuleNumber,
) -> Result<Option<Timestamp>, Error> {
    let memberships: Option<Memberships> = engine.stored(&keys::memberships(id)).await?;
    Ok(memberships.and_then(|memberships| memberships.of.get(&number).map(|member| member.since)))
}

/// Reads the person out of the key of a note that they are a member.
fn member(key: &[u8]) -> Result<ProfileId, Damaged> {
    person::profile_id(key.get(4..).unwrap_or_default())
}

/// Lists the segments somebody is in at `now`.
///
/// # Errors
/// If the store cannot be read.
pub async fn of<S: Store>(
    engine: &Engine<S>,
    person: &Cluster<'_>,
    now: Timestamp,
) -> Result<Vec<In>, Error> {
    let Some(catalogue) = super::with_segments(engine) else { return Ok(Vec::new()) };
    let states = person::states(engine, person).await?;
    let states: Vec<_> = states.iter().map(|state| &*state.value).collect();
    let grants = person.grants(now);
    let view = view(&states, &catalogue.features, &grants, now, catalogue.segments.wanted());
    let remembered = engine.record(&keys::memberships(person.lead())).await?;
    let remembered = remembered.map(|record| Memberships::from_bytes(&record.bytes)).transpose()?;
    let remembered = remembered.unwrap_or_default();
    let is_in = |segment: &&Segment| segment.rule.holds(&view) == Some(true);
    let found = catalogue.segments.all().iter().filter(is_in).map(|segment| In {
        since: segment.number.and_then(|number| remembered.of.get(&number)).map(|member| member.since),
        granted: grants.allow(segment.purpose),
        segment: segment.clone(),
    });
    Ok(found.collect())
}
