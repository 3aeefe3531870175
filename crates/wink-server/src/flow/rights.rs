//! The right to a coupon is accepted, once and in time, or lapses: then what was reserved for it is free again.

use wink_core::base::{DecisionId, Timestamp};
use wink_core::coupon::{Coupon, Given, Moved, NotAccepted, Right, Stage, Wallet};
use wink_core::decision::Decision;
use wink_core::event::{Body, Issued};
use wink_record::Stored;
use wink_store::{Batch, Change, Check, Home, Leased, Record, Store};

use super::announce::Listeners;
use super::booking::{book_entries, put};
use super::expiring;
use super::own::{Cause, own_event};
use super::person;
use super::whole;
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys;
use crate::{Engine, Error};

/// Rights leased at once: one commit group of the embedded store.
const AT_ONCE: usize = 256;

/// A lease lasts a minute: far longer than a commit takes, short enough that a crashed worker's timers come back soon.
const LEASE_MS: i64 = 60_000;

/// Finds the right a decision gave, as it is now.
///
/// # Errors
/// If the store cannot be read.
pub async fn find<S: Store>(engine: &Engine<S>, decision: DecisionId) -> Result<Option<Right>, Error> {
    engine.stored(&keys::right(decision)).await
}

/// Accepts what a decision offered. The coupon exists when this returns; asking again gives the same one.
///
/// # Errors
/// If there is no such decision, the store cannot be read or takes no writes. That it is not accepted is an answer, not an error.
pub async fn accept<S: Store>(
    engine: &Engine<S>,
    id: DecisionId,
    now: Timestamp,
) -> Result<Result<Coupon, NotAccepted>, Error> {
    let mut turn = engine.turn();
    for _ in 0..ATTEMPTS_MAX {
        let Some(record) = engine.record(&keys::right(id)).await? else {
            let decision: Option<Decision> = engine.stored(&keys::decision(id)).await?;
            let unknown = || Error::NotFound { what: "decision", name: id.to_string() };
            return decision.map(|_| Err(NotAccepted::NoRight)).ok_or_else(unknown);
        };
        let right = Right::from_bytes(&record.bytes)?;
        let open = match right.stage(now) {
            Stage::Open(open) => open,
            Stage::Overdue(_) | Stage::Lapsed => {
                return Ok(Err(NotAccepted::Lapsed { until: right.accept_by }));
            }
            Stage::Revoked => return Ok(Err(NotAccepted::Revoked)),
            Stage::Accepted if right.profile.is_none() => return Ok(Err(NotAccepted::Revoked)),
            // A page that lost our answer asks again: the same coupon.
            Stage::Accepted => {
                let coupon: Option<Coupon> = engine.stored(&keys::coupon(right.coupon)).await?;
                return Ok(coupon.ok_or(NotAccepted::Revoked));
            }
        };
        // An erasure takes person and decision away before it comes to the right.
        let Some(profile) = right.profile else { return Ok(Err(NotAccepted::Revoked)) };
        let Some(whole) = whole::load(engine, profile).await? else {
            return Ok(Err(NotAccepted::Revoked));
        };
        let decision: Option<Decision> = engine.stored(&keys::decision(id)).await?;
        let Some(decision) = decision else { return Ok(Err(NotAccepted::Revoked)) };
        let catalogue = engine.catalogue_of(decision.catalogue).await?;
        let accepted = match open.accept(&decision, &catalogue, &whole.cluster().grants(now)) {
            Ok(accepted) => accepted,
            Err(refused) => return Ok(Err(refused)),
        };
        let coupon = accepted.coupon;
        let person = whole.asked().id;
        let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(person));
        // A consent withdrawn in between is a conflict, and so is somebody who accepts it too.
        batch.checks.extend(whole.unchanged());
        settle(engine, &record, &accepted.right, Given::Coupon(coupon.id), &mut batch).await?;
        put(None, &coupon, &mut batch);
        batch.changes.extend(expiring::timer(&coupon, &catalogue.contact_policy));
        batch.changes.push(no_longer_lapses(&right));
        if let Some(identity) = whole.asked().identities.first().copied() {
            let mut state = person::state_to_change(engine, keys::state(person, identity)).await?;
            let cause = Cause { what: "coupon issued", id: coupon.id.bytes(), named: coupon.id.to_string() };
            let body = Body::CouponIssued(Issued {
                coupon: coupon.id,
                decision: id,
                campaign: coupon.campaign.clone(),
                offer: coupon.offer.clone(),
                // Whoever accepts comes to us. That we had come to them was counted with the right.
                pushed: false,
            });
            own_event(cause, person, identity, now, body).append(&mut state, &engine.features(), &mut batch);
        }
        Listeners::load(engine).await?.hear_issued(&coupon, &mut batch);
        if turn.commit(batch).await?.is_some() {
            return Ok(Ok(coupon));
        }
    }
    Err(Error::Contended)
}

/// Lets every right lapse whose time is over at `now`. Returns how many there were.
///
/// # Errors
/// If the store cannot be read or takes no writes; timers not done come back.
pub async fn lapse_due<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<u64, Error> {
    let mut lapsed = 0;
    loop {
        let due =
            engine.store.lease_due(engine.tenant, keys::LAPSE, now.0, now.0 + LEASE_MS, AT_ONCE).await?;
        if due.is_empty() {
            return Ok(lapsed);
        }
        // One by one: rights of one person lie in one wallet, and would be in each other's way.
        for timer in &due {
            lapsed += u64::from(lapse(engine, timer, now).await?);
        }
    }
}

/// Lets one right lapse; `false` if it was accepted or taken back meanwhile.
async fn lapse<S: Store>(engine: &Engine<S>, timer: &Leased, now: Timestamp) -> Result<bool, Error> {
    let id = DecisionId::from_bytes(timer.id);
    let done = Change::Acknowledge { queue: keys::LAPSE, due_ms: timer.due_ms, id: timer.id };
    let mut turn = engine.turn();
    for _ in 0..ATTEMPTS_MAX {
        let record = engine.record(&keys::right(id)).await?;
        let right = record.as_ref().map(|record| Right::from_bytes(&record.bytes)).transpose()?;
        let home = right.as_ref().and_then(|right| right.profile).map_or(Home(0), keys::home);
        let mut batch = Batch::new(batch_id()?, engine.tenant, home);
        let overdue = right.as_ref().map(|right| right.stage(now));
        let lapses = if let Some((record, Stage::Overdue(overdue))) = record.zip(overdue) {
            let moved = overdue.lapse();
            settle(engine, &record, &moved.right, Given::Lapsed, &mut batch).await?;
            give_back(&moved, &mut batch);
            true
        } else {
            false
        };
        batch.changes.push(done.clone());
        if turn.commit(batch).await?.is_some() {
            return Ok(lapses);
        }
    }
    Err(Error::Contended)
}

/// Adds what became of a right to a batch: the right, and what the person's wallet says of it.
async fn settle<S: Store>(
    engine: &Engine<S>,
    record: &Record,
    right: &Right,
    given: Given,
    batch: &mut Batch,
) -> Result<(), Error> {
    batch.checks.push(Check::Version(keys::right(right.decision), record.version));
    batch.changes.push(Change::Put(keys::right(right.decision), right.to_bytes()));
    let Some(profile) = right.profile else { return Ok(()) };
    let mut wallet = person::load(engine, keys::wallet(profile), Wallet::default).await?;
    // Whoever is being erased may have no wallet any more; they get none back.
    if wallet.version.is_some() {
        wallet.value.settle(right.decision, given);
        batch.checks.push(wallet.unchanged());
        batch.changes.push(Change::Put(wallet.key.clone(), wallet.value.to_bytes()));
    }
    Ok(())
}

/// Adds to a batch what a right that came to nothing gives back: its money, and its place among the coupons of the offer.
pub(super) fn give_back(moved: &Moved, batch: &mut Batch) {
    if moved.entry.is_some() {
        book_entries(&moved.entry, batch);
        batch.changes.push(Change::Add(keys::issued(moved.right.offer.as_str()), -1));
    }
}

/// Makes the timer of a right.
pub(super) fn lapses(right: &Right) -> Change {
    Change::Enqueue {
        queue: keys::LAPSE,
        due_ms: right.accept_by.0,
        id: right.decision.bytes(),
        payload: Vec::new(),
    }
}

/// Takes the right's timer out of the queue.
pub(super) fn no_longer_lapses(right: &Right) -> Change {
    Change::Acknowledge { queue: keys::LAPSE, due_ms: right.accept_by.0, id: right.decision.bytes() }
}
