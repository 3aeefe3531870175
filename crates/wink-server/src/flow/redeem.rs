//! Coupons are used on an order: all of them or none, or those that apply. Each once, for what a validation of the same says.

use std::sync::Arc;

use wink_core::base::{CouponId, Points, ProfileId, TillId, Timestamp};
use wink_core::coupon::cart::{Cart, Stack};
use wink_core::coupon::points::NotPaid;
use wink_core::coupon::{Coupon, Effect, Redemption, Refusal, redeem as step, redeem_by_word};
use wink_core::event::Identity;
use wink_store::{Batch, Store};

use super::announce::Listeners;
use super::booking::{book, home_of};
use super::cart::{Found, Loaded, OnOrder, Tried, keep_theirs, load, stack};
use super::limits;
use super::newcomer;
use super::once::{self, Keeping, Replied};
use super::points::back::answers_of;
use super::points::pay::{self, Tendered, paying};
use super::taker::Taker;
use super::tell::Teller;
use super::tills::day;
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::{Engine, Error};

/// An order that is paid with coupons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// The coupons, as they were named.
    pub coupons: Vec<String>,
    /// Whether somebody typed or scanned them: then an id names nothing, as it is no secret.
    pub are_typed: bool,
    /// Whose they must be, if that is known: the coupons of others are then as if they were not there.
    pub identity: Option<Identity>,
    /// The store where it is paid; none in the shop without one.
    pub store: Option<String>,
    /// The order.
    pub order_id: String,
    /// What is bought, with what the list of products says of it.
    pub cart: Cart,
    /// What becomes of the others if one coupon does not apply.
    pub mode: Mode,
    /// With how many points it is to be paid beside the coupons, if with any.
    pub points: Option<Points>,
    /// The till that asks, if one does.
    pub till: Option<TillId>,
}

impl Purchase {
    fn tried(&self) -> Tried<'_> {
        Tried {
            coupons: &self.coupons,
            are_typed: self.are_typed,
            cart: &self.cart,
            order: Some(&self.order_id),
            identity: self.identity.as_ref(),
            store: self.store.as_deref(),
        }
    }
}

/// What becomes of an order's coupons if one of them does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// None is redeemed.
    AllOrNothing,
    /// The others are.
    WhatApplies,
}

/// What became of one coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// The coupon, if there is one: afterwards if it was redeemed.
    pub coupon: Option<Coupon>,
    /// What it was redeemed as, now or on this order before.
    pub redemption: Option<Redemption>,
}

/// What became of an order's coupons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung<'a> {
    /// Coupon by coupon, in the order they were named.
    pub used: Vec<Used>,
    /// The cart with those that apply.
    pub stack: Stack<'a>,
    /// What points pay of it, or why they do not; `None` if they were not asked to.
    pub points: Option<Result<Tendered, NotPaid>>,
    /// Whether what applies was redeemed.
    pub is_redeemed: bool,
}

impl Rung<'_> {
    /// Tells why a coupon does not apply. `None` if it does, redeemed or not.
    pub fn refusal(&self, used: &Used) -> Option<Refusal> {
        match &used.coupon {
            Some(coupon) => self.stack.outcome(coupon.id).err(),
            None => Some(Refusal::Unknown),
        }
    }
}

/// Redeems the coupons of an order. The answer is durable when this returns; a coupon that was redeemed on the same order before counts as
/// redeemed, so that asking again gives it again.
///
/// # Errors
/// If the store cannot be read or takes no writes, no catalogue is in force, or the idempotency key belongs to another order. A refusal is an
/// answer, not an error.
pub async fn redeem<'a, S: Store>(
    engine: &Engine<S>,
    purchase: &'a Purchase,
    keeping: Option<&Keeping<'_, Rung<'a>>>,
    now: Timestamp,
) -> Result<Replied<Rung<'a>>, Error> {
    let mut turn = engine.turn();
    for _ in 0..ATTEMPTS_MAX {
        if let Some(answer) = once::before(engine, keeping).await? {
            return Ok(Replied::Before(answer));
        }
        let asked = purchase.tried();
        let (catalogue, in_force) = engine.catalogue_to_count().await?;
        let Loaded { mut found, on_order } = load(engine, &asked, &catalogue, now).await?;
        keep_theirs(engine, purchase.identity.as_ref(), &mut found).await?;
        let stack = stack(&asked, &found, &on_order, &catalogue, now);
        let takes: Vec<Take> =
            found.iter().map(|found| take(purchase, found.as_ref(), &stack, now)).collect();
        let in_points = pay::OnOrder::load(engine, &purchase.order_id).await?;
        let asked = pay::Asked {
            points: purchase.points,
            identity: purchase.identity.as_ref(),
            order_id: &purchase.order_id,
            priced: &stack.priced,
            fits: stack.fits,
            is_more: takes.iter().any(|take| matches!(take, Take::Now(_))),
        };
        let points = paying(engine, asked, &in_points, &catalogue, now).await?;
        let mut applies = takes.iter().map(|take| !matches!(take, Take::Nothing));
        let pays = points.as_ref().map(|paying| paying.outcome.is_ok());
        let is_barred = points
            .as_ref()
            .is_some_and(|paying| matches!(paying.outcome, Err(NotPaid::PaidBefore | NotPaid::OtherCart)));
        let is_redeemed = !is_barred
            && match purchase.mode {
                Mode::AllOrNothing => applies.all(|applies| applies) && pays != Some(false),
                Mode::WhatApplies => applies.any(|applies| applies) || pays == Some(true),
            };
        drop(applies);
        if is_redeemed && let Some(newcomer) = newcomer(&found, &takes) {
            newcomer::start(engine, newcomer, now).await?;
            continue;
        }
        let payer = points.as_ref().and_then(|paying| paying.whose);
        let whose = profile_of(&found, &takes).or(payer);
        let mut batch = Batch::new(batch_id()?, engine.tenant, home_of(whose));
        if is_redeemed {
            batch.checks.extend(in_force);
            // Coupons and points bound each other: whichever moves looks at both.
            batch.checks.extend(on_order.unchanged().into_iter().chain(in_points.unchanged()));
            write(engine, purchase, (&found, &takes), &on_order, now, &mut batch).await?;
        }
        let outcome = points.as_ref().map(|paying| paying.outcome.clone());
        if keeping.is_some() {
            batch.checks.extend(points.iter().flat_map(pay::Paying::unchanged));
        }
        if let Some(paying) = points.filter(|_| is_redeemed) {
            if let Some((till, tender)) = purchase.till.as_ref().zip(paying.paid_now()) {
                batch.changes.push(day::paid(engine, till, tender)?);
            }
            paying.add_to(&mut batch);
        }
        if keeping.is_some() {
            // Whoever is erased meanwhile takes what is answered about them along.
            batch.checks.extend(found.iter().flatten().map(Found::unchanged));
        }
        // It tells a balance, so it lies with whose it is.
        let about = payer.map(answers_of).or_else(|| about(&found, &takes));
        let lives = found.iter().flatten().map(|found| found.coupon.valid_until).max();
        let used = found.into_iter().zip(takes).map(|(found, take)| used(found, take, is_redeemed)).collect();
        let rung = Rung { used, stack, points: outcome, is_redeemed };
        if let Some(keeping) = keeping {
            let about = about.unwrap_or(CouponId::from_bytes([0; 16]));
            keeping.keep(&engine.secrets, &rung, about, lives.unwrap_or(now), now, &mut batch)?;
        }
        if batch.changes.is_empty() || turn.commit(batch).await?.is_some() {
            return Ok(Replied::Now(rung));
        }
    }
    Err(Error::Contended)
}

/// What an order does with one coupon.
enum Take {
    /// It is redeemed.
    Now(Box<Effect>),
    /// It was redeemed on this order before.
    Before(Box<Redemption>),
    /// It does not apply.
    Nothing,
}

fn take(purchase: &Purchase, found: Option<&Found>, stack: &Stack<'_>, now: Timestamp) -> Take {
    let Some(found) = found else { return Take::Nothing };
    if let Some(redeemed) = &found.redeemed {
        return match stack.outcome(found.coupon.id) {
            Ok(_) => Take::Before(Box::new(redeemed.clone())),
            Err(_) => Take::Nothing,
        };
    }
    let step = if found.stored().is_some() { step } else { redeem_by_word };
    match step(&found.coupon, &purchase.order_id, stack, now) {
        Ok(effect) => Take::Now(Box::new(effect)),
        Err(_) => Take::Nothing,
    }
}

/// The coupon an answer lies with: one that is used, so that the answer goes with its person; of a refusal, any.
fn about(found: &[Option<Found>], takes: &[Take]) -> Option<CouponId> {
    let known = || found.iter().zip(takes).filter_map(|(found, take)| Some((found.as_ref()?, take)));
    let used = known().find(|(_, take)| !matches!(take, Take::Nothing));
    used.or_else(|| known().next()).map(|(found, _)| found.coupon.id)
}

/// Whose coupons are used: those that meet are one person's.
fn profile_of(found: &[Option<Found>], takes: &[Take]) -> Option<ProfileId> {
    let applies = found.iter().zip(takes).filter(|(_, take)| !matches!(take, Take::Nothing));
    applies.filter_map(|(found, _)| found.as_ref()).find_map(|found| found.coupon.profile)
}

/// Finds who takes what was nobody's and is not known yet.
fn newcomer<'a>(found: &'a [Option<Found>], takes: &[Take]) -> Option<&'a Identity> {
    let taken = found.iter().zip(takes).filter(|(_, take)| matches!(take, Take::Now(_)));
    taken.filter_map(|(found, _)| found.as_ref()?.taker.as_ref()).find_map(|taker| taker.newcomer())
}

/// Adds what is redeemed to a batch, and tells of it.
async fn write<S: Store>(
    engine: &Engine<S>,
    purchase: &Purchase,
    (found, takes): (&[Option<Found>], &[Take]),
    on_order: &OnOrder,
    now: Timestamp,
    batch: &mut Batch,
) -> Result<(), Error> {
    let redeemed = takes.iter().filter_map(|take| match take {
        Take::Now(effect) => Some(effect.coupon.id),
        Take::Before(_) | Take::Nothing => None,
    });
    let redeemed: Vec<CouponId> = redeemed.collect();
    if !redeemed.is_empty() {
        batch.changes.extend(on_order.with(redeemed));
    }
    let taken = found.iter().zip(takes).filter_map(|(found, take)| match (found, take) {
        (Some(Found { taker: Some(taker), .. }), Take::Now(effect)) => Some((taker, &effect.coupon)),
        _ => None,
    });
    let (mut takers, coupons): (Vec<&Arc<Taker>>, Vec<&Coupon>) = taken.unzip();
    takers.dedup_by(|one, other| Arc::ptr_eq(one, other));
    takers.iter().for_each(|taker| taker.guard(batch));
    // All of one order are one person's.
    if let Some(taker) = takers.first() {
        taker.take(&coupons, now, batch);
    }
    let listeners = Listeners::load(engine).await?;
    let mut teller = Teller::load(engine, profile_of(found, takes)).await?;
    for (found, take) in found.iter().zip(takes) {
        let (Some(found), Take::Now(effect)) = (found, take) else { continue };
        batch.checks.push(found.unchanged());
        book(found.stored(), effect, batch);
        if let Some(redemption) = &effect.redemption {
            limits::count(redemption, &found.limits, batch);
            teller.redeemed(engine, redemption, redemption.at, batch);
            if let Some(till) = &purchase.till {
                batch.changes.push(day::redeemed(engine, till, redemption)?);
            }
            listeners.hear_redeemed(&effect.coupon, redemption, batch);
        }
    }
    Ok(())
}

fn used(found: Option<Found>, take: Take, is_redeemed: bool) -> Used {
    match take {
        Take::Now(effect) if is_redeemed => {
            Used { coupon: Some(effect.coupon), redemption: effect.redemption }
        }
        Take::Before(redemption) => Used { coupon: found.map(Found::untaken), redemption: Some(*redemption) },
        Take::Now(_) | Take::Nothing => {
            // Of what does not fit the cart it says what would have to come back.
            let redemption = found.as_ref().and_then(|found| found.redeemed.clone());
            Used { coupon: found.map(Found::untaken), redemption }
        }
    }
}
