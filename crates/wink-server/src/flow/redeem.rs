//! Coupons are used on an order: all of them or none, or those that apply. Each once, for what it is worth there.

use std::collections::BTreeSet;

use wink_core::base::{CouponId, Timestamp};
use wink_core::coupon::{Basket, BasketLine, Coupon, Effect, Redemption, Refusal, redeem as step};
use wink_record::Stored;
use wink_store::{Batch, Check, Record, RecordKey, Store};

use super::announce::Listeners;
use super::booking::{book, home_of, named};
use super::once::{self, Keeping, Replied};
use super::tell::Teller;
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys;
use crate::{Engine, Error};

/// A cart that is paid with coupons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cart {
    /// The coupons, as they were named; each applies to what those before it left to pay.
    pub coupons: Vec<String>,
    /// The order.
    pub order_id: String,
    /// Its lines.
    pub lines: Vec<CartLine>,
    /// What becomes of the others if one coupon does not apply.
    pub mode: Mode,
}

/// A line of a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartLine {
    /// What it costs.
    pub line: BasketLine,
    /// The category of its product.
    pub category: Option<String>,
}

/// What becomes of a cart's coupons if one of them does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// None is redeemed.
    AllOrNothing,
    /// The others are.
    WhatApplies,
}

/// What became of one coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// As it was named.
    pub named: String,
    /// What it was used for and how it is afterwards, or why it was not.
    pub outcome: Result<(Coupon, Redemption), Refusal>,
}

/// What became of a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Coupon by coupon, in the order they were named.
    pub tried: Vec<Tried>,
    /// Whether what applies was redeemed.
    pub is_redeemed: bool,
}

/// Redeems the coupons of a cart. The answer is durable when this returns; a coupon that was redeemed on the same order before counts as
/// redeemed, so that asking again gives it again.
///
/// # Errors
/// If the store cannot be read or takes no writes, or the idempotency key belongs to another cart. A refusal is an answer, not an error.
pub async fn redeem<S: Store>(
    engine: &Engine<S>,
    cart: &Cart,
    keeping: Option<&Keeping<'_, Rung>>,
    now: Timestamp,
) -> Result<Replied<Rung>, Error> {
    for _ in 0..ATTEMPTS_MAX {
        if let Some(answer) = once::before(engine, keeping).await? {
            return Ok(Replied::Before(answer));
        }
        let found = load(engine, cart).await?;
        let takes = ring(cart, &found, now);
        let is_redeemed = match cart.mode {
            Mode::AllOrNothing => takes.iter().all(|take| !matches!(take, Take::Refused(_))),
            Mode::WhatApplies => takes.iter().any(|take| !matches!(take, Take::Refused(_))),
        };
        let first = found.iter().flatten().next();
        let profile = first.and_then(|found| found.coupon.profile);
        let mut batch = Batch::new(batch_id()?, engine.tenant, home_of(profile));
        if is_redeemed {
            let listeners = Listeners::load(engine).await?;
            let mut teller = Teller::load(engine, profile).await?;
            for (found, take) in found.iter().zip(&takes) {
                let (Some(found), Take::Redeemed(effect)) = (found, take) else { continue };
                batch.checks.push(found.unchanged());
                book(Some(&found.coupon), effect, &mut batch);
                if let Some(redemption) = &effect.redemption {
                    teller.redeemed(engine, redemption, &mut batch);
                    listeners.hear_redeemed(&effect.coupon, redemption, &mut batch);
                }
            }
        }
        let rung = Rung { tried: tried(cart, takes), is_redeemed };
        if let Some(keeping) = keeping {
            let about = first.map_or(CouponId::from_bytes([0; 16]), |found| found.coupon.id);
            let lives = found.iter().flatten().map(|found| found.coupon.valid_until).max();
            keeping.keep(&rung, about, lives.unwrap_or(now), now, &mut batch);
        }
        if batch.changes.is_empty() || engine.commit(batch).await?.is_some() {
            return Ok(Replied::Now(rung));
        }
    }
    Err(Error::Contended)
}

/// A coupon of a cart as it was read, with what it was redeemed as last.
struct Found {
    coupon: Coupon,
    record: Record,
    last: Option<Redemption>,
}

impl Found {
    fn unchanged(&self) -> Check {
        Check::Version(keys::coupon(self.coupon.id), self.record.version)
    }
}

/// What a cart does with one coupon.
enum Take {
    /// It is redeemed.
    Redeemed(Box<Effect>),
    /// It was redeemed on this order before.
    Before(Box<(Coupon, Redemption)>),
    /// It is not.
    Refused(Refusal),
}

async fn load<S: Store>(engine: &Engine<S>, cart: &Cart) -> Result<Vec<Option<Found>>, Error> {
    let ids: Vec<Option<CouponId>> = cart.coupons.iter().map(|coupon| named(coupon)).collect();
    let keys: Vec<RecordKey> = ids.iter().flatten().copied().map(keys::coupon).collect();
    let mut records = engine.store.get(engine.tenant, &keys).await?.into_iter();
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let record = id.and_then(|_| records.next().flatten());
        found.push(match record {
            Some(record) => {
                let coupon = Coupon::from_bytes(&record.bytes)?;
                let last = match coupon.redemptions.last() {
                    Some(id) if coupon.is_redeemed_on(&cart.order_id) => {
                        engine.stored(&keys::redemption(*id)).await?
                    }
                    _ => None,
                };
                Some(Found { coupon, record, last })
            }
            None => None,
        });
    }
    Ok(found)
}

/// Decides coupon by coupon. Each is worth what it is on the lines as those before it left them.
fn ring(cart: &Cart, found: &[Option<Found>], now: Timestamp) -> Vec<Take> {
    let mut lines = cart.lines.clone();
    let owner = found.iter().flatten().next().map(|found| found.coupon.profile);
    let mut seen = BTreeSet::new();
    let mut takes = Vec::with_capacity(found.len());
    for found in found {
        let take = match found {
            None => Take::Refused(Refusal::Unknown),
            // However it was named the other time: each step is taken from the coupon as it was read.
            Some(found) if !seen.insert(found.coupon.id) => {
                Take::Refused(Refusal::AlreadyRedeemed { at: now })
            }
            // One batch tells of one person.
            Some(found) if Some(found.coupon.profile) != owner => Take::Refused(Refusal::OtherPerson),
            Some(Found { coupon, last: Some(last), .. }) => {
                Take::Before(Box::new((coupon.clone(), last.clone())))
            }
            Some(Found { coupon, .. }) => match step(coupon, &basket(cart, &lines, coupon), now) {
                Ok(effect) => Take::Redeemed(Box::new(effect)),
                Err(refusal) => Take::Refused(refusal),
            },
        };
        let redemption = match &take {
            Take::Redeemed(effect) => effect.redemption.as_ref(),
            Take::Before(before) => Some(&before.1),
            Take::Refused(_) => None,
        };
        for part in redemption.iter().flat_map(|redemption| &redemption.parts) {
            if let Some(line) = lines.iter_mut().find(|line| line.line.line == part.line) {
                line.line.spend = line.line.spend - part.amount;
            }
        }
        takes.push(take);
    }
    takes
}

/// The part of a cart a coupon applies to.
pub(super) fn basket(cart: &Cart, lines: &[CartLine], coupon: &Coupon) -> Basket {
    let applies = |line: &&CartLine| coupon.applies_to(line.category.as_deref());
    let lines = lines.iter().filter(applies).map(|line| line.line.clone()).collect();
    Basket { order_id: cart.order_id.clone(), lines }
}

fn tried(cart: &Cart, takes: Vec<Take>) -> Vec<Tried> {
    let outcome = |take| match take {
        Take::Redeemed(effect) => {
            let Effect { coupon, redemption, .. } = *effect;
            redemption.map(|redemption| (coupon, redemption)).ok_or(Refusal::Unknown)
        }
        Take::Before(before) => Ok(*before),
        Take::Refused(refusal) => Err(refusal),
    };
    let tried = |(named, take): (&String, Take)| Tried { named: named.clone(), outcome: outcome(take) };
    cart.coupons.iter().zip(takes).map(tried).collect()
}
