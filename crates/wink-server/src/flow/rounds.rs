//! Rounds: a day that comes each year, or a change in the list of products, and those whom it concerns. They are found by their notes and asked
//! about some at a time. How far a round has come is in a queue, so a crash neither leaves somebody out nor asks about anybody twice.

use wink_core::base::{DAY_MS, Hasher, ProfileId, Timestamp};
use wink_core::feature::{ListingChange, Moment, MonthDay, Note, Occasions, Wanting, When};
use wink_core::offer::{Catalogue, Trigger};
use wink_core::profile::Purpose;
use wink_record::{Occasion, Round, Stored};
use wink_store::{Batch, Change, Check, Direction, Home, Leased, Range, Store};

use super::noted::Noted;
use super::{moments, whole};
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys;
use crate::{Engine, Error};

/// People looked at in one step, and written with one sync at most.
const AT_ONCE: usize = 256;

/// Rounds leased at once, where they may concern many.
const FEW: usize = 16;

/// Rounds leased at once after some that concerned nobody, as most do when a whole list of products becomes cheaper. They share a sync.
const MANY: usize = 256;

/// How often rounds are leased in one step while they concern nobody. With [`MANY`], a list of a million products is through in minutes.
const LOTS: usize = 16;

/// People after whom a step ends: their decisions, and whatever else is due, are waiting.
const PEOPLE_IN_A_STEP: u32 = 4_096;

/// A lease lasts as long as a step may.
const LEASE_MS: i64 = 30_000;

/// Begins the round of every day that comes each year and has come, once for each trigger and day.
///
/// # Errors
/// If the store cannot be read or takes no writes; a day that was not begun is begun with the next call.
pub async fn begin_days<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<(), Error> {
    let Ok(catalogue) = engine.catalogue() else { return Ok(()) };
    let zone = &catalogue.shop.zone;
    let (date, (_, hour)) = (zone.day(now), zone.weekday_and_hour(now));
    for trigger in &catalogue.triggers {
        let When::Yearly(yearly) = &trigger.moments.when else { continue };
        let Some(at) = zone.instant(date, yearly.hour).filter(|_| i64::from(yearly.hour) <= hour) else {
            continue;
        };
        let key = keys::day_begun(&trigger.moments.id);
        let begun = engine.record(&key).await?;
        if begun.as_ref().is_some_and(|begun| begun.bytes == date.to_be_bytes()) {
            continue;
        }
        let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
        batch.checks.push(match begun {
            Some(begun) => Check::Version(key.clone(), begun.version),
            None => Check::Absent(key.clone()),
        });
        batch.changes.push(Change::Put(key, date.to_be_bytes().to_vec()));
        for day in MonthDay::kept_on(date) {
            let occasion = Occasion::Day { trigger: trigger.moments.id.clone(), day };
            batch.changes.push(enqueue(&Round { occasion, at, after: None, people: 0 }, now));
        }
        // On a conflict somebody else has begun it.
        engine.commit(batch).await?;
    }
    Ok(())
}

/// Begins the round of a change in the list, if a trigger waits for such a one.
pub(super) fn of_change(catalogue: &Catalogue, change: ListingChange, now: Timestamp) -> Option<Change> {
    let waits = |trigger: &&Trigger| waits_for(trigger, &change);
    catalogue.triggers.iter().find(waits)?;
    let occasion = Occasion::Listing { trigger: None, change };
    Some(enqueue(&Round { occasion, at: now, after: None, people: 0 }, now))
}

fn waits_for(trigger: &Trigger, change: &ListingChange) -> bool {
    matches!(&trigger.moments.when, When::Listing(listing) if change.is(listing.becomes))
}

/// Puts a round into the queue, under an id of how far it has come.
fn enqueue(round: &Round, now: Timestamp) -> Change {
    let payload = round.to_bytes();
    let id = Hasher::new("round").field(&payload).finish().short();
    Change::Enqueue { queue: keys::ROUNDS, due_ms: now.0, id, payload }
}

/// Goes on with rounds until some people's moment has begun or there is none left. Returns how many people's moment it was; `None` if there is
/// no round.
///
/// # Errors
/// If the store cannot be read or takes no writes; a step that was not finished is taken again.
pub async fn step<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<Option<u32>, Error> {
    let mut at_once = FEW;
    for lots in 0..LOTS {
        match go_on(engine, at_once, now).await? {
            None => return Ok((0 < lots).then_some(0)),
            Some(0) => at_once = MANY,
            Some(people) => {
                metrics::counter!("wink_moments_of_many_total").increment(u64::from(people));
                engine.moments.notify_one();
                return Ok(Some(people));
            }
        }
    }
    Ok(Some(0))
}

/// Goes on with the rounds that are due first. What is leased and not come to is due again with the end of its lease.
async fn go_on<S: Store>(engine: &Engine<S>, at_once: usize, now: Timestamp) -> Result<Option<u32>, Error> {
    let until = now.0.saturating_add(LEASE_MS);
    let due = engine.store.lease_due(engine.tenant, keys::ROUNDS, now.0, until, at_once).await?;
    if due.is_empty() {
        return Ok(None);
    }
    let catalogue = engine.catalogue()?;
    let (mut people, mut batches) = (0, Vec::with_capacity(due.len()));
    for entry in &due {
        if PEOPLE_IN_A_STEP <= people {
            break;
        }
        let (found, next) = one(engine, &catalogue, Round::from_bytes(&entry.payload)?, now).await?;
        people += found;
        let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
        batch.changes.push(done(entry));
        batch.changes.extend(next.iter().map(|round| enqueue(round, now)));
        batches.push(batch);
    }
    for outcome in engine.submit(batches).await {
        // On a conflict somebody else has gone on with it.
        outcome?;
    }
    Ok(Some(people))
}

/// Goes on with one round. Returns how many people's moment it was, and what is to be gone on with.
async fn one<S: Store>(
    engine: &Engine<S>,
    catalogue: &Catalogue,
    round: Round,
    now: Timestamp,
) -> Result<(u32, Vec<Round>), Error> {
    let id = match &round.occasion {
        Occasion::Listing { trigger: None, change } => {
            return Ok((0, by_trigger(catalogue, &round, *change)));
        }
        Occasion::Listing { trigger: Some(id), .. } | Occasion::Day { trigger: id, .. } => id,
    };
    match catalogue.triggers.iter().find(|trigger| trigger.moments.id == *id) {
        // Taken out of the catalogue meanwhile.
        None => Ok((0, Vec::new())),
        Some(trigger) => walk(engine, trigger, round, now).await,
    }
}

fn done(entry: &Leased) -> Change {
    Change::Acknowledge { queue: keys::ROUNDS, due_ms: entry.due_ms, id: entry.id }
}

/// Makes a round for each trigger that waits for a change.
fn by_trigger(catalogue: &Catalogue, round: &Round, change: ListingChange) -> Vec<Round> {
    let waiting = catalogue.triggers.iter().filter(|trigger| waits_for(trigger, &change));
    let of = |trigger: &Trigger| Occasion::Listing { trigger: Some(trigger.moments.id.clone()), change };
    waiting.map(|trigger| Round { occasion: of(trigger), ..round.clone() }).collect()
}

/// Looks at the next people. Returns whose moment it was, and what is left of the round.
async fn walk<S: Store>(
    engine: &Engine<S>,
    trigger: &Trigger,
    mut round: Round,
    now: Timestamp,
) -> Result<(u32, Vec<Round>), Error> {
    let (note, at_most) = match (&round.occasion, &trigger.moments.when) {
        (Occasion::Day { trigger, day }, When::Yearly(_)) => (Note::Day(trigger.clone(), *day), u32::MAX),
        (Occasion::Listing { change, .. }, When::Listing(listing)) => {
            (Note::Product(change.product), listing.people_at_most)
        }
        // The trigger is another one meanwhile.
        _ => return Ok((0, Vec::new())),
    };
    // After a day nobody is congratulated, and nobody hears of a change they could not have waited for.
    if DAY_MS <= now.since_ms(round.at) {
        return Ok((0, Vec::new()));
    }
    let mut range = Range::prefix(note.key());
    if let Some(after) = round.after {
        range.from = [note.key().as_slice(), &after.bytes(), &[0]].concat();
    }
    let page =
        engine.store.scan(engine.tenant, keys::kind::NOTED, range, Direction::Forward, AT_ONCE).await?;
    let mut left = Vec::with_capacity(page.records.len());
    for (key, _) in &page.records {
        left.push(super::person::profile_id(key.get(16..).unwrap_or_default())?);
    }
    round.after = left.last().copied().or(round.after);
    let before = round.people;
    for _ in 0..ATTEMPTS_MAX {
        left = ask_about(engine, trigger, &mut round, at_most, left, now).await?;
        if left.is_empty() {
            break;
        }
    }
    if !left.is_empty() {
        return Err(Error::Contended);
    }
    let are_more = page.next.is_some() && round.people < at_most;
    Ok((round.people - before, are_more.then_some(round).into_iter().collect()))
}

/// What an occasion is to one person.
enum Theirs {
    /// Nothing: another day, bought meanwhile, not granted, or asked about under another profile.
    No,
    /// The moment has begun already: a step is taken again.
    Begun,
    /// Their moment, and the batch that begins it.
    Moment(Batch),
    /// Not yet, and the batch that remembers how far it is.
    NotYet(Batch),
}

/// Begins the moments of some people, as far as it is theirs; gives back those who changed meanwhile.
async fn ask_about<S: Store>(
    engine: &Engine<S>,
    trigger: &Trigger,
    round: &mut Round,
    at_most: u32,
    some: Vec<ProfileId>,
    now: Timestamp,
) -> Result<Vec<ProfileId>, Error> {
    let (mut batches, mut whose, mut moments) = (Vec::new(), Vec::new(), 0);
    for id in some {
        let room = usize::try_from(at_most - round.people).unwrap_or(usize::MAX);
        if room <= moments {
            break;
        }
        match begin(engine, trigger, round, id, now).await? {
            Theirs::No => {}
            Theirs::Begun => round.people += 1,
            Theirs::Moment(batch) => {
                batches.push(batch);
                whose.push((id, 1));
                moments += 1;
            }
            Theirs::NotYet(batch) => {
                batches.push(batch);
                whose.push((id, 0));
            }
        }
    }
    let mut again = Vec::new();
    for ((id, people), outcome) in whose.into_iter().zip(engine.submit(batches).await) {
        match outcome? {
            Some(_) => round.people += people,
            None => again.push(id),
        }
    }
    Ok(again)
}

/// Thinks of the moment of one person.
async fn begin<S: Store>(
    engine: &Engine<S>,
    trigger: &Trigger,
    round: &Round,
    id: ProfileId,
    now: Timestamp,
) -> Result<Theirs, Error> {
    let Some(person) = whole::load(engine, id).await? else { return Ok(Theirs::No) };
    if !person.cluster().grants(now).allow(Purpose::Personalisation) {
        return Ok(Theirs::No);
    }
    let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(id));
    batch.checks.extend(person.unchanged());
    let mut occasions = Noted::load(engine, id).await?;
    if occasions.value().began_at(&trigger.moments, round.at) {
        return Ok(Theirs::Begun);
    }
    let elsewhere = Noted::elsewhere(engine, &person).await?;
    batch.checks.extend(elsewhere.iter().map(Noted::unchanged));
    let others: Vec<&Occasions> = elsewhere.iter().map(Noted::value).collect();
    let (theirs, moments) = (occasions.value_mut(), &trigger.moments);
    let before = theirs.clone();
    let is_theirs = match &round.occasion {
        Occasion::Day { day, .. } => theirs.look_at_day(moments, *day, round.at, &others),
        Occasion::Listing { change, .. } => theirs.look_at_listing(moments, change, round.at, &others),
    };
    let is_changed = *theirs != before;
    if !is_theirs && !is_changed {
        return Ok(Theirs::No);
    }
    occasions.add_to(&mut batch);
    if !is_theirs {
        return Ok(Theirs::NotYet(batch));
    }
    let trigger = trigger.moments.id.clone();
    let moment = Moment { trigger, at: round.at, wanting: Wanting::Decision, cart: None };
    batch.changes.push(moments::enqueue(id, moment, now));
    Ok(Theirs::Moment(batch))
}
