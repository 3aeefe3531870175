//! A redemption is taken back: all of it, some lines, or some pieces of them.

use wink_core::base::{RedemptionId, TillId, Timestamp};
use wink_core::coupon::{Coupon, NotReversed, Redemption, TakenBack, reverse as step};
use wink_core::offer::ReversalReason;
use wink_record::Stored;
use wink_store::{Batch, Check, Store};

use super::announce::Listeners;
use super::booking::{book, home_of};
use super::limits;
use super::once::{self, Keeping, Replied};
use super::tell::Teller;
use super::tills::day;
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys;
use crate::{Engine, Error};

/// What is to be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Of which redemption.
    pub redemption: RedemptionId,
    /// How much of it.
    pub what: TakenBack,
    /// Why.
    pub reason: ReversalReason,
    /// The till that asks, if one does.
    pub till: Option<TillId>,
}

/// The redemption and its coupon afterwards, or why nothing was taken back.
pub type Answer = Result<(Redemption, Coupon), NotReversed>;

/// Finds a redemption.
///
/// # Errors
/// If there is none of that id, or the store cannot be read.
pub async fn find<S: Store>(engine: &Engine<S>, id: RedemptionId) -> Result<Redemption, Error> {
    engine.stored(&keys::redemption(id)).await?.ok_or_else(|| unknown(id))
}

/// Takes a redemption back, or some of it. The answer is durable when this returns.
///
/// # Errors
/// If there is no such redemption, the store cannot be read or takes no writes, or the idempotency key belongs to something else. That
/// nothing is left is an answer, not an error.
pub async fn reverse<S: Store>(
    engine: &Engine<S>,
    wanted: &Wanted,
    keeping: Option<&Keeping<'_, Answer>>,
    now: Timestamp,
) -> Result<Replied<Answer>, Error> {
    let mut turn = engine.turn();
    for _ in 0..ATTEMPTS_MAX {
        if let Some(answer) = once::before(engine, keeping).await? {
            return Ok(Replied::Before(answer));
        }
        let missing = || unknown(wanted.redemption);
        let record = engine.record(&keys::redemption(wanted.redemption)).await?.ok_or_else(missing)?;
        let redemption = Redemption::from_bytes(&record.bytes)?;
        let coupon_record = engine.record(&keys::coupon(redemption.coupon)).await?.ok_or_else(missing)?;
        let coupon = Coupon::from_bytes(&coupon_record.bytes)?;
        let mut batch = Batch::new(batch_id()?, engine.tenant, home_of(coupon.profile));
        batch.checks.push(Check::Version(keys::redemption(redemption.id), record.version));
        batch.checks.push(Check::Version(keys::coupon(coupon.id), coupon_record.version));
        let room = limits::room_again(engine, &coupon, &redemption).await?;
        let answer = match step(&coupon, &redemption, &wanted.what, wanted.reason, room, now) {
            Ok(effect) => {
                book(Some(&coupon), &effect, &mut batch);
                let redemption = effect.redemption.ok_or_else(missing)?;
                if let Some(reversal) = redemption.reversals.last() {
                    limits::uncount(engine, &redemption, reversal, &mut batch).await?;
                    let mut teller = Teller::load(engine, coupon.profile).await?;
                    teller.reversed(engine, &redemption, reversal, &mut batch);
                    let listeners = Listeners::load(engine).await?;
                    listeners.hear_reversed(&effect.coupon, reversal, &mut batch);
                    if let Some(till) = &wanted.till {
                        batch.changes.push(day::reversed(engine, till, &redemption, reversal)?);
                    }
                }
                Ok((redemption, effect.coupon))
            }
            Err(refused) => Err(refused),
        };
        if let Some(keeping) = keeping {
            keeping.keep(&engine.secrets, &answer, coupon.id, coupon.valid_until, now, &mut batch)?;
        }
        if batch.changes.is_empty() || turn.commit(batch).await?.is_some() {
            return Ok(Replied::Now(answer));
        }
    }
    Err(Error::Contended)
}

fn unknown(id: RedemptionId) -> Error {
    Error::NotFound { what: "redemption", name: id.to_string() }
}
