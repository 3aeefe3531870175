//! A coupon is held for an order by what somebody typed or scanned. It is found, tried and bounded as in a redemption, so that a code tells no more
//! here than there.

use wink_core::base::{CouponId, Timestamp};
use wink_core::coupon::cart::Cart;
use wink_core::coupon::{Coupon, HoldFor, Refusal, reserve as step};
use wink_core::event::Identity;
use wink_store::{Batch, Store};

use super::booking::{book, home_of};
use super::cart::{Found, Loaded, Tried, keep_theirs, load, stack};
use super::once::{self, Keeping, Replied};
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::{Engine, Error};

/// What is to be held for an order that is being paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What was typed or scanned; an id is no secret, and names nothing here.
    pub code: String,
    /// Whose it must be, if that is known: the coupons of others are then as if they were not there.
    pub identity: Option<Identity>,
    /// The store where it is paid; none in the shop without one.
    pub store: Option<String>,
    /// The order.
    pub order_id: String,
    /// What is bought, with what the list of products says of it.
    pub cart: Cart,
    /// For how long.
    pub hold_for: HoldFor,
}

/// The coupon afterwards, or why it is not held.
pub type Answer = Result<Coupon, Refusal>;

/// Holds a coupon by its code. The answer is durable when this returns; what is held for the same order stays as it is.
///
/// A public code stands for no coupon before it is redeemed, so there is nothing to hold: it answers as one that is not there. What a person may
/// still have is asked, and counts when the coupon is redeemed: a hold makes nothing anybody's.
///
/// # Errors
/// If the store cannot be read or takes no writes, no catalogue is in force, or the idempotency key belongs to something else. A refusal is an
/// answer, not an error.
pub async fn reserve<S: Store>(
    engine: &Engine<S>,
    wanted: &Wanted,
    keeping: Option<&Keeping<'_, Answer>>,
    now: Timestamp,
) -> Result<Replied<Answer>, Error> {
    let asked = Tried {
        coupons: std::slice::from_ref(&wanted.code),
        are_typed: true,
        cart: &wanted.cart,
        order: Some(&wanted.order_id),
        identity: wanted.identity.as_ref(),
        store: wanted.store.as_deref(),
    };
    for _ in 0..ATTEMPTS_MAX {
        if let Some(answer) = once::before(engine, keeping).await? {
            return Ok(Replied::Before(answer));
        }
        let catalogue = engine.catalogue()?;
        let Loaded { mut found, on_order } = load(engine, &asked, &catalogue, now).await?;
        keep_theirs(engine, asked.identity, &mut found).await?;
        let stack = stack(&asked, &found, &on_order, &catalogue, now);
        let found = found.into_iter().flatten().find(|found| found.stored().is_some());
        let unchanged = found.as_ref().map(Found::unchanged);
        let coupon = found.map(Found::untaken);
        let mut batch =
            Batch::new(batch_id()?, engine.tenant, home_of(coupon.as_ref().and_then(|one| one.profile)));
        batch.checks.extend(unchanged);
        let answer = match &coupon {
            None => Err(Refusal::Unknown),
            Some(coupon) => step(coupon, &wanted.order_id, &stack, wanted.hold_for, now).map(|effect| {
                if effect.coupon != *coupon {
                    book(Some(coupon), &effect, &mut batch);
                }
                effect.coupon
            }),
        };
        if let Some(keeping) = keeping {
            let (about, lives) = match &coupon {
                Some(coupon) => (coupon.id, coupon.valid_until),
                None => (CouponId::from_bytes([0; 16]), now),
            };
            keeping.keep(&engine.secrets, &answer, about, lives, now, &mut batch)?;
        }
        if batch.changes.is_empty() || engine.commit(batch).await?.is_some() {
            return Ok(Replied::Now(answer));
        }
    }
    Err(Error::Contended)
}
