//! Timers of coupons are due: a hold is over and the coupon free again, or the coupon runs out, and what it reserved is.

use wink_core::base::{CouponId, Timestamp};
use wink_core::coupon::{Coupon, State, expire};
use wink_record::{MessageType, Stored};
use wink_store::{Batch, Change, Check, Leased, Store};

use super::Clock;
use super::announce::Listeners;
use super::booking::{book, home_of};
use super::expiring;
use crate::engine::batch_id;
use crate::keys;
use crate::{Engine, Error};

/// Timers leased at once: one commit group of the embedded store.
const AT_ONCE: usize = 256;

/// A lease lasts a minute: far longer than a commit takes, short enough that a crashed worker's timers come back soon.
const LEASE_MS: i64 = 60_000;

/// Ends every hold and expires every coupon whose time is over by now. Returns how many coupons expired.
///
/// # Errors
/// If the store cannot be read or takes no writes; timers not done come back.
pub async fn expire_due<S: Store>(engine: &Engine<S>, clock: Clock<'_>) -> Result<u64, Error> {
    let mut expired = 0;
    loop {
        let now = clock();
        let due =
            engine.store.lease_due(engine.tenant, keys::EXPIRY, now.0, now.0 + LEASE_MS, AT_ONCE).await?;
        if due.is_empty() {
            return Ok(expired);
        }
        let listeners = Listeners::load(engine).await?;
        let (mut batches, mut expires) = (Vec::with_capacity(due.len()), Vec::with_capacity(due.len()));
        for timer in &due {
            let (batch, ends) = prepare(engine, &listeners, timer, now, clock).await?;
            batches.push(batch);
            expires.push(ends);
        }
        for (outcome, ends) in engine.submit(batches).await.into_iter().zip(expires) {
            // On a conflict the coupon was redeemed, let go or taken back meanwhile, and its timer with it; or its person changed whom it was
            // to be said to, and the timer comes back when its lease is over.
            expired += u64::from(outcome?.is_some() && ends);
        }
    }
}

/// Makes the batch that sees to a timer, and tells whether its coupon expires by it.
async fn prepare<S: Store>(
    engine: &Engine<S>,
    listeners: &Listeners,
    timer: &Leased,
    now: Timestamp,
    clock: Clock<'_>,
) -> Result<(Batch, bool), Error> {
    let id = CouponId::from_bytes(timer.id);
    let record = engine.record(&keys::coupon(id)).await?;
    let coupon = record.as_ref().map(|record| Coupon::from_bytes(&record.bytes)).transpose()?;
    let home = home_of(coupon.as_ref().and_then(|coupon| coupon.profile));
    let mut batch = Batch::new(batch_id()?, engine.tenant, home);
    let is_its_timer = |coupon: &Coupon| coupon.due_at() == Some(Timestamp(timer.due_ms));
    let effect = coupon.as_ref().filter(|coupon| is_its_timer(coupon)).and_then(|coupon| expire(coupon, now));
    let Some((record, (before, effect))) = record.zip(coupon.as_ref().zip(effect)) else {
        batch.changes.push(Change::Acknowledge { queue: keys::EXPIRY, due_ms: timer.due_ms, id: timer.id });
        return Ok((batch, false));
    };
    batch.checks.push(Check::Version(keys::coupon(id), record.version));
    book(Some(before), &effect, &mut batch);
    let expires = matches!(effect.coupon.state, State::Expired { .. });
    if expires {
        let is_wanted = listeners.want(MessageType::CouponExpired);
        let told = if is_wanted { expiring::of_expired(engine, &effect.coupon, clock).await? } else { None };
        let (text, unchanged) = told.unzip();
        batch.checks.extend(unchanged.into_iter().flatten());
        listeners.hear_expired(&effect.coupon, text, now, &mut batch);
    }
    Ok((batch, expires))
}
