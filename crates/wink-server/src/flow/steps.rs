//! A coupon is activated, held for an order, let go or taken back, because somebody asks for it.

use wink_core::base::{CouponId, Timestamp};
use wink_core::coupon::cart::{Cart, Checkout, Claim, put_on};
use wink_core::coupon::{Coupon, Effect, HoldFor, Refusal, activate, deactivate, release, reserve, revoke};
use wink_record::Stored;
use wink_store::{Batch, Check, Store};

use super::booking::{book, home_of};
use super::cart::OnOrder;
use super::once::{self, Keeping, Replied};
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys;
use crate::{Engine, Error};

/// What is to happen to a coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its person wants to use it.
    Activate,
    /// Its person does not want to after all.
    Deactivate,
    /// An order is being paid.
    Reserve {
        /// The order.
        order_id: String,
        /// What is bought, with what the list of products says of it.
        cart: Cart,
        /// For how long.
        hold_for: HoldFor,
    },
    /// An order does not need it after all.
    Release {
        /// The order.
        order_id: String,
    },
    /// The shop takes it back.
    Revoke,
}

/// The coupon afterwards, or why the step was not taken.
pub type Answer = Result<Coupon, Refusal>;

impl Step {
    async fn effect<S: Store>(
        &self,
        engine: &Engine<S>,
        coupon: &Coupon,
        now: Timestamp,
    ) -> Result<Result<Effect, Refusal>, Error> {
        Ok(match self {
            Self::Activate => activate(coupon, now),
            Self::Deactivate => deactivate(coupon, now),
            Self::Reserve { order_id, cart, hold_for } => {
                let catalogue = engine.catalogue()?;
                let checkout = Checkout { policy: &catalogue.cart, order: Some(order_id), now };
                let on_order = OnOrder::load(engine, Some(order_id)).await?;
                let redeemed = on_order.used.iter().map(|found| found.claim(&catalogue));
                let claims: Vec<_> = redeemed.chain([Claim::new(coupon, &catalogue)]).collect();
                let stack = put_on(cart, &claims, &checkout);
                reserve(coupon, order_id, &stack, *hold_for, now)
            }
            Self::Release { order_id } => release(coupon, order_id, now),
            Self::Revoke => revoke(coupon, now),
        })
    }
}

/// Finds a coupon.
///
/// # Errors
/// If there is none of that id, or the store cannot be read.
pub async fn find<S: Store>(engine: &Engine<S>, id: CouponId) -> Result<Coupon, Error> {
    engine.stored(&keys::coupon(id)).await?.ok_or_else(|| unknown(id))
}

/// Takes a step. The answer is durable when this returns; asking again for a step that was taken changes nothing.
///
/// # Errors
/// If there is no such coupon, the store cannot be read or takes no writes, a cart comes before any catalogue is in force, or the idempotency
/// key belongs to something else. A refusal is an answer, not an error.
pub async fn take<S: Store>(
    engine: &Engine<S>,
    id: CouponId,
    step: &Step,
    keeping: Option<&Keeping<'_, Answer>>,
    now: Timestamp,
) -> Result<Replied<Answer>, Error> {
    let mut turn = engine.turn();
    for _ in 0..ATTEMPTS_MAX {
        if let Some(answer) = once::before(engine, keeping).await? {
            return Ok(Replied::Before(answer));
        }
        let record = engine.record(&keys::coupon(id)).await?.ok_or_else(|| unknown(id))?;
        let coupon = Coupon::from_bytes(&record.bytes)?;
        let mut batch = Batch::new(batch_id()?, engine.tenant, home_of(coupon.profile));
        // Also where only an answer is kept: whoever is erased meanwhile takes what is answered about them along.
        batch.checks.push(Check::Version(keys::coupon(id), record.version));
        let answer = step.effect(engine, &coupon, now).await?.map(|effect| {
            if effect.coupon != coupon {
                book(Some(&coupon), &effect, &mut batch);
            }
            effect.coupon
        });
        if let Some(keeping) = keeping {
            keeping.keep(&engine.secrets, &answer, id, coupon.valid_until, now, &mut batch)?;
        }
        if batch.changes.is_empty() || turn.commit(batch).await?.is_some() {
            return Ok(Replied::Now(answer));
        }
    }
    Err(Error::Contended)
}

fn unknown(id: CouponId) -> Error {
    Error::NotFound { what: "coupon", name: id.to_string() }
}
