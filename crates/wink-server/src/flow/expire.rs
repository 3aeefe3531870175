//! Coupons run out: their timers are due, and what they reserved is free again.

use wink_core::base::{CouponId, Timestamp};
use wink_core::coupon::{Coupon, expire};
use wink_record::Stored;
use wink_store::{Batch, Change, Check, Home, Leased, Store};

use super::announce::Listeners;
use super::redeem::{book, home_of};
use crate::engine::batch_id;
use crate::keys;
use crate::{Engine, Error};

/// Timers leased at once: one commit group of the embedded store.
const AT_ONCE: usize = 256;

/// A lease lasts a minute: far longer than a commit takes, short enough that a crashed worker's timers come back soon.
const LEASE_MS: i64 = 60_000;

/// Expires every coupon whose time is over at `now`. Returns how many there were.
///
/// # Errors
/// If the store cannot be read or takes no writes; timers not done come back.
pub async fn expire_due<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<u64, Error> {
    let mut expired = 0;
    loop {
        let due =
            engine.store.lease_due(engine.tenant, keys::EXPIRY, now.0, now.0 + LEASE_MS, AT_ONCE).await?;
        if due.is_empty() {
            return Ok(expired);
        }
        let listeners = Listeners::load(engine).await?;
        let mut batches = Vec::with_capacity(due.len());
        for timer in &due {
            batches.push(prepare(engine, &listeners, timer, now).await?);
        }
        for outcome in engine.submit(batches).await {
            // On a conflict the coupon was redeemed or taken back meanwhile, and its timer with it.
            if outcome?.is_some() {
                expired += 1;
            }
        }
    }
}

async fn prepare<S: Store>(
    engine: &Engine<S>,
    listeners: &Listeners,
    timer: &Leased,
    now: Timestamp,
) -> Result<Batch, Error> {
    let id = CouponId::from_bytes(timer.id);
    let done = Change::Acknowledge { queue: keys::EXPIRY, due_ms: timer.due_ms, id: timer.id };
    let record = engine.record(&keys::coupon(id)).await?;
    let coupon = record.as_ref().map(|record| Coupon::from_bytes(&record.bytes)).transpose()?;
    let mut batch = Batch::new(batch_id()?, engine.tenant, coupon.as_ref().map_or(Home(0), home_of));
    if let Some((record, effect)) = record.zip(coupon.and_then(|coupon| expire(&coupon, now))) {
        batch.checks.push(Check::Version(keys::coupon(id), record.version));
        book(&effect, &mut batch);
        listeners.hear_coupon(&effect.coupon, &mut batch);
    }
    batch.changes.push(done);
    Ok(batch)
}
