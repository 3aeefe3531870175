//! The models of a shop: what they are fitted to, their cards, and the scores they give. A score enters through the journal as an event about
//! its person: it is folded like any other, goes with an erasure, and is read only if its purpose is granted.

use std::collections::{BTreeMap, BTreeSet};

use wink_core::base::{Hasher, ProfileId, Timestamp};
use wink_core::event::Body;
use wink_core::feature::{Catalogue, View, Wanted, view};
use wink_core::measure::{Card, Grid, Purchase, Visits, channel_of};
use wink_core::profile::{Kept, Purpose};
use wink_record::Stored;
use wink_store::{Batch, Change, Check, Direction, Home, Lane, Range, Store};

use super::Clock;
use super::own::{Cause, own_event};
use super::{person, segments, whole};
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys::{self, entry, kind};
use crate::report::walk;
use crate::{Engine, Error};

/// Under this purpose people are learned from and scored, as features of what they bought are read.
const PURPOSE: Purpose = Purpose::Personalisation;

/// People scored in one go: as many as the embedded store writes with one sync.
const AT_ONCE: usize = 256;

/// Who is learned from.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// How many others did what a model learns from.
    pub not_granted: u64,
    /// The version a model will have that is fitted now.
    pub version: u32,
    /// Whoever has granted it, by the profile that stands for them. A customer's number is their place.
    people: Vec<ProfileId>,
}

/// Reads the orders a model of purchases is fitted to: those of people who have granted that they are learned from. Somebody with several
/// profiles is one customer.
///
/// # Errors
/// If the store cannot be read.
pub async fn load<S: Store>(
    engine: &Engine<S>,
    clock: Clock<'_>,
    progress: impl Fn(u64) + Send + Sync,
) -> Result<(Known, Vec<Purchase>), Error> {
    let (mut purchases, mut others) = (Vec::new(), BTreeSet::new());
    let mut known = walk_people(engine, clock, progress, |whose, kept| {
        let Body::OrderCompleted(order) = &kept.body else { return };
        match whose {
            Whose::Granted(customer) => purchases.push(Purchase {
                customer: *customer,
                day: kept.occurred_at.day(),
                cents: order.sales().0,
            }),
            Whose::NotGranted(lead) => drop(others.insert(*lead)),
        }
    })
    .await?;
    known.not_granted = u64::try_from(others.len()).unwrap_or(u64::MAX);
    Ok((known, purchases))
}

/// Reads the visits and orders a model of channels is fitted to, of the same people as [`load`].
///
/// # Errors
/// If the store cannot be read.
pub async fn load_visits<S: Store>(
    engine: &Engine<S>,
    clock: Clock<'_>,
    progress: impl Fn(u64) + Send + Sync,
) -> Result<(Known, Visits), Error> {
    let (mut visits, mut others) = (Visits::default(), BTreeSet::new());
    let mut known = walk_people(engine, clock, progress, |whose, kept| {
        let (channel, at) = (channel_of(&kept.body, &kept.extra), kept.occurred_at);
        match (whose, channel, &kept.body) {
            (Whose::Granted(customer), Some(channel), _) => visits.came(*customer, at, channel),
            (Whose::Granted(customer), None, Body::OrderCompleted(_)) => visits.bought(*customer, at),
            (Whose::NotGranted(lead), Some(_), _) => drop(others.insert(*lead)),
            _ => {}
        }
    })
    .await?;
    known.not_granted = u64::try_from(others.len()).unwrap_or(u64::MAX);
    Ok((known, visits))
}

/// Hands every event of the journal about somebody who is known to `each`.
async fn walk_people<S: Store>(
    engine: &Engine<S>,
    clock: Clock<'_>,
    progress: impl Fn(u64) + Send + Sync,
    mut each: impl FnMut(&Whose, &Kept) + Send,
) -> Result<Known, Error> {
    let version = cards(engine).await?.last().map_or(1, |card| card.version().saturating_add(1));
    let mut known = Known { version, ..Known::default() };
    let whose = whose(engine, clock, &mut known).await?;
    let mut entries = 0;
    for lane in Lane::all() {
        walk::lane(engine, lane, |found| {
            entries += 1;
            let Some(body) = &found.body else { return Ok(()) };
            if found.header.tenant != engine.tenant || found.header.kind != entry::EVENT {
                return Ok(());
            }
            let kept = Kept::from_bytes(&body.payload)?;
            if let Some(whose) = whose.get(&kept.profile) {
                each(whose, &kept);
            }
            Ok(())
        })
        .await?;
        progress(entries);
    }
    Ok(known)
}

/// Whose doings those of a profile are.
enum Whose {
    Granted(u32),
    NotGranted(ProfileId),
}

/// Finds out whose each profile is, and lists those who have granted it.
async fn whose<S: Store>(
    engine: &Engine<S>,
    clock: Clock<'_>,
    known: &mut Known,
) -> Result<BTreeMap<ProfileId, Whose>, Error> {
    let mut whose = BTreeMap::new();
    let mut range = Some(Range::default());
    while let Some(some) = range {
        let (page, next) = page(engine, some).await?;
        range = next;
        for id in page {
            let Some(whole) = whole::load(engine, id).await? else { continue };
            let person = whole.cluster();
            if person.lead() != id {
                continue;
            }
            let may = person.grants(clock()).allow(PURPOSE);
            let number = u32::try_from(known.people.len())
                .map_err(|_| Error::Unusable("there are more people than a model can number".to_owned()))?;
            for profile in person.profiles() {
                let of = if may { Whose::Granted(number) } else { Whose::NotGranted(id) };
                whose.insert(profile.id, of);
            }
            if may {
                known.people.push(id);
            }
        }
    }
    Ok(whose)
}

async fn page<S: Store>(engine: &Engine<S>, range: Range) -> Result<(Vec<ProfileId>, Option<Range>), Error> {
    let page = engine.store.scan(engine.tenant, kind::PROFILE, range, Direction::Forward, AT_ONCE).await?;
    let ids: Result<Vec<ProfileId>, _> =
        page.records.iter().map(|(key, _)| person::profile_id(key)).collect();
    Ok((ids?, page.next))
}

/// Keeps a model: its card first, then the scores, a person at a time. Gives how many were scored. Who has withdrawn meanwhile, or is gone,
/// is left out. If it ends in between, the others keep the scores of the model before.
///
/// # Errors
/// [`Error::Contended`] if another model was fitted meanwhile; if the store cannot be read or takes no writes.
pub async fn keep<S: Store, T: Clone + Into<Body>>(
    engine: &Engine<S>,
    known: &Known,
    card: &Card,
    scores: &[(u32, T)],
    clock: Clock<'_>,
    progress: impl Fn(u64) + Send + Sync,
) -> Result<u64, Error> {
    keep_card(engine, card).await?;
    let version = card.version();
    let mut scored = 0;
    for some in scores.chunks(AT_ONCE) {
        let of = |(customer, scored): &(u32, T)| {
            let place = usize::try_from(*customer).ok()?;
            Some((*known.people.get(place)?, scored.clone().into()))
        };
        let mut left: Vec<(ProfileId, Body)> = some.iter().filter_map(of).collect();
        for _ in 0..ATTEMPTS_MAX {
            let (written, again) = score(engine, version, left, clock).await?;
            scored += written;
            left = again;
            if left.is_empty() {
                break;
            }
        }
        if !left.is_empty() {
            return Err(Error::Contended);
        }
        progress(scored);
    }
    Ok(scored)
}

async fn keep_card<S: Store>(engine: &Engine<S>, card: &Card) -> Result<(), Error> {
    let key = keys::model(card.version());
    let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
    batch.checks.push(Check::Absent(key.clone()));
    batch.changes.push(Change::Append {
        kind: entry::MODEL,
        key: keys::model_entry(card.version()),
        owner: None,
        payload: card.to_bytes(),
    });
    batch.changes.push(Change::Put(key, card.to_bytes()));
    engine.commit(batch).await?.ok_or(Error::Contended)
}

/// Scores some people; gives how many, and back those who changed meanwhile.
async fn score<S: Store>(
    engine: &Engine<S>,
    version: u32,
    some: Vec<(ProfileId, Body)>,
    clock: Clock<'_>,
) -> Result<(u64, Vec<(ProfileId, Body)>), Error> {
    let (mut batches, mut whose) = (Vec::new(), Vec::new());
    for (id, scored) in some {
        if let Some(batch) = of_one(engine, id, version, scored.clone(), clock).await? {
            batches.push(batch);
            whose.push((id, scored));
        }
    }
    let (mut written, mut again) = (0, Vec::new());
    for (who, outcome) in whose.into_iter().zip(engine.submit(batches).await) {
        match outcome? {
            Some(_) => written += 1,
            None => again.push(who),
        }
    }
    Ok((written, again))
}

/// Makes the batch that scores somebody, and moves them into and out of segments by it; nothing if they may not be scored any more.
async fn of_one<S: Store>(
    engine: &Engine<S>,
    id: ProfileId,
    version: u32,
    scored: Body,
    clock: Clock<'_>,
) -> Result<Option<Batch>, Error> {
    let Some(whole) = whole::load(engine, id).await? else { return Ok(None) };
    let (person, now) = (whole.cluster(), clock());
    if person.lead() != id || !person.grants(now).allow(PURPOSE) {
        return Ok(None);
    }
    let Some(identity) = whole.asked().identities.first().copied() else { return Ok(None) };
    let mut state = person::state_to_change(engine, keys::state(id, identity)).await?;
    let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(id));
    batch.checks.extend(whole.unchanged());
    let named = format!("model {version}");
    let cause = Hasher::new("score").field(&id.bytes()).field(named.as_bytes()).finish().short();
    let cause = Cause { what: "scored", id: cause, named };
    own_event(cause, id, identity, now, scored).append(&mut state, &engine.features(), &mut batch);
    if let Some(catalogue) = segments::with_segments(engine) {
        let looked = segments::look(engine, &catalogue, &whole, &state, now).await?;
        batch.checks.extend(looked.checks);
        batch.changes.extend(looked.changes);
    }
    Ok(Some(batch))
}

/// Lists the cards of all models, the oldest first.
///
/// # Errors
/// If the store cannot be read.
pub async fn cards<S: Store>(engine: &Engine<S>) -> Result<Vec<Card>, Error> {
    let mut cards = Vec::new();
    walk::stored(engine, kind::MODEL, |card: Card| {
        cards.push(card);
        Ok(())
    })
    .await?;
    Ok(cards)
}

/// Counts everybody into the cells of a grid, by the scores they have at `now`.
///
/// # Errors
/// [`Error::Unusable`] if the shop has switched the scores off; if the store cannot be read.
pub async fn count<S: Store>(engine: &Engine<S>, mut grid: Grid, now: Timestamp) -> Result<Grid, Error> {
    let features = engine.features();
    let slots = [slot(&features, "score_purchase")?, slot(&features, "score_churn")?];
    let wanted = Wanted::heard(&features, slots);
    let mut range = Some(Range::default());
    while let Some(some) = range {
        let (page, next) = page(engine, some).await?;
        range = next;
        for id in page {
            let Some(whole) = whole::load(engine, id).await? else { continue };
            let person = whole.cluster();
            if person.lead() != id {
                continue;
            }
            let states = person::states(engine, &person).await?;
            let states: Vec<_> = states.iter().map(|state| &*state.value).collect();
            let seen: View = view(&states, &features, &person.grants(now), now, &wanted);
            let [purchase, churn] = slots.map(|slot| seen.number(slot));
            grid.count(purchase, churn);
        }
    }
    Ok(grid)
}

fn slot(features: &Catalogue, name: &str) -> Result<usize, Error> {
    features.slot(name).ok_or_else(|| {
        Error::Unusable(format!("the shop has switched `{name}` off; take it out of `switched_off`"))
    })
}
