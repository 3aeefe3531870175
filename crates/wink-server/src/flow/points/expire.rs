//! Points run out: their account's timer is due.

use wink_core::base::ProfileId;
use wink_core::coupon::points::expire;
use wink_store::{Batch, Change, Store};

use super::Purses;
use crate::engine::batch_id;
use crate::flow::Clock;
use crate::keys;
use crate::{Engine, Error};

/// Timers leased at once: one commit group of the embedded store.
const AT_ONCE: usize = 256;

/// A lease lasts a minute: far longer than a commit takes, short enough that a crashed worker's timers come back soon.
const LEASE_MS: i64 = 60_000;

/// Lets everything run out whose time is over by now. Returns in how many accounts something did.
///
/// # Errors
/// If the store cannot be read or takes no writes; timers not done come back.
pub async fn expire_due<S: Store>(engine: &Engine<S>, clock: Clock<'_>) -> Result<u64, Error> {
    let mut expired = 0;
    loop {
        let now = clock();
        let due =
            engine.store.lease_due(engine.tenant, keys::POINTS, now.0, now.0 + LEASE_MS, AT_ONCE).await?;
        if due.is_empty() {
            return Ok(expired);
        }
        let mut batches = Vec::with_capacity(due.len());
        for timer in &due {
            let profile = ProfileId::from_bytes(timer.id);
            let mut purses = Purses::default();
            purses.load(engine, profile).await?;
            let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(profile));
            let account = purses.of(profile);
            let is_its_timer =
                account.and_then(|account| account.due_at()).map(|due| due.0) == Some(timer.due_ms);
            match account.filter(|_| is_its_timer).and_then(|account| expire(account, now)) {
                Some(moved) => {
                    purses.put([moved.account], moved.entries);
                }
                None => {
                    let (queue, due_ms, id) = (keys::POINTS, timer.due_ms, timer.id);
                    batch.changes.push(Change::Acknowledge { queue, due_ms, id });
                }
            }
            // Also where nothing runs out: the timer is over only if the account is still as it was read.
            purses.add_to(&mut batch);
            batches.push(batch);
        }
        for outcome in engine.submit(batches).await {
            // On a conflict points came or went meanwhile; the timer comes back when its lease is over.
            expired += u64::from(outcome?.is_some());
        }
    }
}
