//! A coupon is used: once, on an order, for what it is worth there.

use wink_core::base::{CouponId, Timestamp};
use wink_core::coupon::{Basket, Coupon, Effect, Entry, Refusal, State, redeem};
use wink_core::event::{Body, Redeemed};
use wink_record::Stored;
use wink_store::{Batch, Change, Check, Home, Store};

use super::announce::Listeners;
use super::own::{Cause, own_event};
use super::person;
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys;
use crate::{Engine, Error};

/// Redeems a coupon. The answer is durable when this returns; asking again for the same order gives it again.
///
/// # Errors
/// If there is no such coupon, the store cannot be read or takes no writes. A refusal is an answer, not an error.
pub async fn use_coupon<S: Store>(
    engine: &Engine<S>,
    id: CouponId,
    basket: &Basket,
    now: Timestamp,
) -> Result<Result<Coupon, Refusal>, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let Some(record) = engine.record(&keys::coupon(id)).await? else {
            return Err(Error::NotFound { what: "coupon", name: id.to_string() });
        };
        let coupon = Coupon::from_bytes(&record.bytes)?;
        if coupon.is_redeemed_on(&basket.order_id) {
            // A till that lost our answer asks again: the same redemption, not another one.
            return Ok(Ok(coupon));
        }
        let effect = match redeem(&coupon, basket, now) {
            Ok(effect) => effect,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut batch = Batch::new(batch_id()?, engine.tenant, home_of(&coupon));
        batch.checks.push(Check::Version(keys::coupon(id), record.version));
        book(&effect, &mut batch);
        batch.changes.push(no_longer_expires(&coupon));
        tell(engine, &effect.coupon, now, &mut batch).await?;
        Listeners::load(engine).await?.hear_coupon(&effect.coupon, &mut batch);
        if engine.commit(batch).await?.is_some() {
            return Ok(Ok(effect.coupon));
        }
    }
    Err(Error::Contended)
}

/// Adds to a batch what a step in a coupon's life changes: the coupon, the budget and the ledger, which so cannot disagree.
pub(super) fn book(effect: &Effect, batch: &mut Batch) {
    let coupon = &effect.coupon;
    batch.changes.push(Change::Put(keys::coupon(coupon.id), coupon.to_bytes()));
    book_entries(&effect.entries, batch);
}

/// Adds movements of money to a batch: to the budget's counter and to the ledger.
pub(super) fn book_entries<'a>(entries: impl IntoIterator<Item = &'a Entry>, batch: &mut Batch) {
    for entry in entries {
        let owed = entry.owed();
        if owed.0 != 0 {
            batch.changes.push(Change::Add(keys::budget(entry.campaign.as_str()), owed.0));
        }
        batch.changes.push(Change::Append {
            kind: keys::entry::LEDGER,
            key: entry.id,
            owner: None,
            payload: entry.to_bytes(),
        });
    }
}

/// Makes the coupon's timer.
pub(super) fn expires(coupon: &Coupon) -> Change {
    Change::Enqueue {
        queue: keys::EXPIRY,
        due_ms: coupon.valid_until.0,
        id: coupon.id.bytes(),
        payload: Vec::new(),
    }
}

/// Takes the coupon's timer out of the queue.
pub(super) fn no_longer_expires(coupon: &Coupon) -> Change {
    Change::Acknowledge { queue: keys::EXPIRY, due_ms: coupon.valid_until.0, id: coupon.id.bytes() }
}

/// Finds the home of a coupon's entries; a coupon whose person was erased has none of its own.
pub(super) fn home_of(coupon: &Coupon) -> Home {
    coupon.profile.map_or(Home(0), keys::home)
}

/// The loop closes here: a redemption is an event like any other.
async fn tell<S: Store>(
    engine: &Engine<S>,
    coupon: &Coupon,
    now: Timestamp,
    batch: &mut Batch,
) -> Result<(), Error> {
    let State::Redeemed { order_id, amount, .. } = &coupon.state else { return Ok(()) };
    let Some(id) = coupon.profile else { return Ok(()) };
    let Some(profile) = person::profile(engine, id).await? else { return Ok(()) };
    let Some(identity) = profile.value.identities.first().copied() else { return Ok(()) };
    let mut state = person::state_to_change(engine, keys::state(id, identity)).await?;
    batch.checks.push(profile.unchanged());
    let redeemed = Redeemed { coupon: coupon.id, order_id: order_id.clone(), amount: *amount };
    let cause = Cause { what: "coupon redeemed", id: coupon.id.bytes(), named: coupon.id.to_string() };
    own_event(cause, id, identity, now, Body::CouponRedeemed(redeemed)).append(
        &mut state,
        &engine.features(),
        batch,
    );
    Ok(())
}
