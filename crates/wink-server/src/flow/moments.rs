//! Moments of triggers are seen to: whoever hesitated is asked about, and whoever was waited for is looked after. The decision's id follows from the
//! moment, so a moment is one decision, whatever crashes in between.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use wink_core::base::{DecisionId, Hasher, ProfileId, Timestamp};
use wink_core::decision::{AcceptWithin, Ask, Issue};
use wink_core::feature::{Moment, Occasions, Wanting};
use wink_core::offer::{Catalogue, Trigger};
use wink_record::{Awaiting, Stored};
use wink_store::{Batch, Change, Leased, Store};

use super::decide::{Question, ask};
use super::noted::Noted;
use super::{person, whole};
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys;
use crate::{Engine, Error};

/// Moments leased at once.
const AT_ONCE: usize = 64;

/// A lease lasts as long as a request may.
const LEASE_MS: i64 = 30_000;

/// Who came to us has left again after this long: then there is nobody to answer.
const GONE_MS: i64 = 10 * 60_000;

/// Names the entry of a moment in the queue, the same however often the moment is thought of.
fn name(profile: ProfileId, moment: &Moment) -> [u8; 16] {
    let looks = matches!(moment.wanting, Wanting::Look(_));
    Hasher::new("moment")
        .field(&profile.bytes())
        .field(moment.trigger.as_str().as_bytes())
        .field(&moment.at.0.to_le_bytes())
        .field(&[u8::from(looks)])
        .finish()
        .short()
}

/// Puts a moment into the queue.
pub(super) fn enqueue(profile: ProfileId, moment: Moment, now: Timestamp) -> Change {
    let due = match moment.wanting {
        Wanting::Decision => now,
        Wanting::Look(at) => at.max(now),
    };
    let id = name(profile, &moment);
    let payload = Awaiting { profile, moment }.to_bytes();
    Change::Enqueue { queue: keys::MOMENTS, due_ms: due.0, id, payload }
}

/// Sees to every moment that is due at `now`. Returns how many there were.
///
/// # Errors
/// If the store cannot be read or takes no writes; moments not seen to come back.
pub async fn see_to<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<usize, Error> {
    let mut seen_to = 0;
    loop {
        let due =
            engine.store.lease_due(engine.tenant, keys::MOMENTS, now.0, now.0 + LEASE_MS, AT_ONCE).await?;
        if due.is_empty() {
            return Ok(seen_to);
        }
        let mut of_people: BTreeMap<ProfileId, Vec<(&Leased, Moment)>> = BTreeMap::new();
        for entry in &due {
            let Awaiting { profile, moment } = Awaiting::from_bytes(&entry.payload)?;
            of_people.entry(profile).or_default().push((entry, moment));
        }
        let catalogue = engine.catalogue()?;
        // People beside each other, so that they share a sync; what one person brought about, in its order.
        let all = of_people.into_iter().map(|(profile, moments)| {
            let catalogue = &catalogue;
            async move {
                for (entry, moment) in &moments {
                    see_to_one(engine, catalogue, profile, moment, entry, now).await?;
                }
                Ok::<_, Error>(())
            }
        });
        join_all(all).await.into_iter().collect::<Result<(), Error>>()?;
        seen_to += due.len();
    }
}

async fn see_to_one<S: Store>(
    engine: &Engine<S>,
    catalogue: &Catalogue,
    profile: ProfileId,
    moment: &Moment,
    entry: &Leased,
    now: Timestamp,
) -> Result<(), Error> {
    match (trigger(catalogue, moment), moment.wanting) {
        // Taken out of the catalogue meanwhile.
        (None, _) => acknowledge(engine, profile, entry).await,
        (Some(trigger), Wanting::Look(at)) => look(engine, profile, trigger, at, entry, now).await,
        (Some(trigger), Wanting::Decision) => decide(engine, profile, trigger, moment, entry, now).await,
    }
}

fn trigger<'a>(catalogue: &'a Catalogue, moment: &Moment) -> Option<&'a Trigger> {
    catalogue.triggers.iter().find(|trigger| trigger.moments.id == moment.trigger)
}

/// Looks whether it stayed quiet around somebody, under all their profiles. If so the moment is remembered and asked about, in one commit with
/// the end of waiting; whatever they do meanwhile under any of them is a conflict.
async fn look<S: Store>(
    engine: &Engine<S>,
    profile: ProfileId,
    trigger: &Trigger,
    at: Timestamp,
    entry: &Leased,
    now: Timestamp,
) -> Result<(), Error> {
    for _ in 0..ATTEMPTS_MAX {
        let Some(person) = whole::load(engine, profile).await? else {
            return acknowledge(engine, profile, entry).await;
        };
        let mut occasions = Noted::load(engine, profile).await?;
        let elsewhere = Noted::elsewhere(engine, &person).await?;
        let others: Vec<&Occasions> = elsewhere.iter().map(Noted::value).collect();
        let mut batch = done(engine, profile, entry)?;
        if occasions.value_mut().look(&trigger.moments, at, &others) {
            batch.checks.extend(person.unchanged().chain(elsewhere.iter().map(Noted::unchanged)));
            let (trigger, wanting) = (trigger.moments.id.clone(), Wanting::Decision);
            let moment = Moment { trigger, at, wanting, cart: None };
            occasions.add_to(&mut batch);
            batch.changes.push(enqueue(profile, moment, now));
        }
        if engine.commit(batch).await?.is_some() {
            return Ok(());
        }
    }
    Err(Error::Contended)
}

/// Asks about somebody whose moment it is.
async fn decide<S: Store>(
    engine: &Engine<S>,
    profile: ProfileId,
    trigger: &Trigger,
    moment: &Moment,
    entry: &Leased,
    now: Timestamp,
) -> Result<(), Error> {
    let is_gone = !trigger.channel.is_pushed() && GONE_MS < now.since_ms(moment.at);
    let known = person::profile(engine, profile).await?.filter(|_| !is_gone);
    let identity = match &known {
        Some(known) => person::identity(engine, &known.value).await?,
        None => None,
    };
    if let Some(identity) = identity {
        let chance = name(profile, moment);
        let [a, b, c, d, e, f, g, h, ..] = Hasher::new("seed of a moment").field(&chance).finish().0;
        let issue =
            trigger.accept_within_seconds.and_then(AcceptWithin::new).map_or(Issue::Now, Issue::OnAccept);
        let (channel, placement) = (trigger.channel, trigger.placement.clone());
        let ask_for = Ask { channel, placement, cart: moment.cart, issue };
        let question = Question {
            identity,
            ask: ask_for,
            now,
            id: DecisionId::new(moment.at, chance),
            seed: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
            once: None,
        };
        ask(engine, &question).await?;
    }
    acknowledge(engine, profile, entry).await
}

async fn acknowledge<S: Store>(engine: &Engine<S>, profile: ProfileId, entry: &Leased) -> Result<(), Error> {
    // On a conflict somebody else has seen to it.
    engine.commit(done(engine, profile, entry)?).await?;
    Ok(())
}

fn done<S: Store>(engine: &Engine<S>, profile: ProfileId, entry: &Leased) -> Result<Batch, Error> {
    let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(profile));
    batch.changes.push(Change::Acknowledge { queue: keys::MOMENTS, due_ms: entry.due_ms, id: entry.id });
    Ok(batch)
}
