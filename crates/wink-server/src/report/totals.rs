//! Sums over the whole store: messages, events, decisions, money.

use std::collections::BTreeMap;

use wink_core::base::DecisionId;
use wink_core::coupon::{Coupon, State};
use wink_core::decision::{Decision, Verdict};
use wink_core::event::Body;
use wink_core::profile::Kept;
use wink_record::Stored;
use wink_store::{Direction, Lane, Range, Store};

use super::walk;
use crate::keys;
use crate::{Engine, Error};

/// What became of the messages. Always `received = accepted + duplicate + dead + refused`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// All of them.
    pub received: i64,
    /// Became events.
    pub accepted: i64,
    /// Had come before.
    pub duplicate: i64,
    /// Lie in the dead letters.
    pub dead: i64,
    /// Were answered with an error and not kept.
    pub refused: i64,
}

impl Balance {
    /// Tells whether every message is accounted for.
    pub fn is_exact(&self) -> bool {
        self.received == self.accepted + self.duplicate + self.dead + self.refused
    }
}

/// Orders as the journal keeps them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    /// Orders.
    pub orders: u64,
    /// Their lines.
    pub lines: u64,
    /// What was paid, in cents.
    pub sales_cents: i64,
    /// What was reduced, in cents, coupons included.
    pub discount_cents: i64,
    /// The part of that which came from coupons.
    pub coupon_discount_cents: i64,
}

/// Decisions by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// All decisions.
    pub decisions: u64,
    /// With an offer.
    pub offers: u64,
    /// Withheld for measurement.
    pub holdout: u64,
    /// With none, on purpose.
    pub none: u64,
}

/// Coupons by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coupons {
    /// In circulation.
    pub issued: u64,
    /// Used.
    pub redeemed: u64,
    /// Ran out.
    pub expired: u64,
    /// Taken back.
    pub revoked: u64,
}

/// Reads the balance.
///
/// # Errors
/// If the store cannot be read.
pub async fn balance<S: Store>(engine: &Engine<S>) -> Result<Balance, Error> {
    let names = ["received", "accepted", "duplicate", "dead", "refused"].map(keys::balance);
    let counters = engine.store.counters(engine.tenant, &names).await?;
    let value = |index: usize| counters.get(index).map_or(0, |counter| counter.value);
    Ok(Balance {
        received: value(0),
        accepted: value(1),
        duplicate: value(2),
        dead: value(3),
        refused: value(4),
    })
}

/// Counts accepted events by name.
///
/// # Errors
/// If the store cannot be read.
pub async fn events<S: Store>(engine: &Engine<S>) -> Result<BTreeMap<String, i64>, Error> {
    let counters = engine.store.counters_with(engine.tenant, keys::EVENTS.as_bytes()).await?;
    let name =
        |key: &[u8]| String::from_utf8_lossy(key.get(keys::EVENTS.len()..).unwrap_or_default()).into_owned();
    Ok(counters.into_iter().map(|(key, counter)| (name(&key.0), counter.value)).collect())
}

/// Adds up the orders in the journal.
///
/// # Errors
/// If the store cannot be read.
pub async fn orders<S: Store>(engine: &Engine<S>) -> Result<Orders, Error> {
    let mut sums = Orders::default();
    for lane in Lane::all() {
        walk::lane(engine, lane, |entry| {
            let Some(body) = &entry.body else { return Ok(()) };
            if entry.header.tenant != engine.tenant || entry.header.kind != keys::entry::EVENT {
                return Ok(());
            }
            let Body::OrderCompleted(order) = Kept::from_bytes(&body.payload)?.body else { return Ok(()) };
            sums.orders += 1;
            for line in &order.lines {
                sums.lines += 1;
                sums.sales_cents += line.paid.0;
                sums.discount_cents += line.discount.0;
                sums.coupon_discount_cents += line.coupon_discount.0;
            }
            Ok(())
        })
        .await?;
    }
    Ok(sums)
}

/// Counts decisions by verdict.
///
/// # Errors
/// If the store cannot be read.
pub async fn verdicts<S: Store>(engine: &Engine<S>) -> Result<Verdicts, Error> {
    let mut verdicts = Verdicts::default();
    walk::stored(engine, keys::kind::DECISION, |decision: Decision| {
        verdicts.decisions += 1;
        match decision.verdict {
            Verdict::Offer(_) => verdicts.offers += 1,
            Verdict::HeldOut(_) => verdicts.holdout += 1,
            Verdict::Nothing => verdicts.none += 1,
        }
        Ok(())
    })
    .await?;
    Ok(verdicts)
}

/// Finds, for each kind of verdict, the first decision of that kind among those `worth` showing. In the order of `kinds`.
///
/// # Errors
/// If the store cannot be read.
pub async fn first_decisions<S: Store>(
    engine: &Engine<S>,
    kinds: &[fn(Verdict) -> bool],
    worth: impl Fn(&Decision) -> bool,
) -> Result<Vec<DecisionId>, Error> {
    let mut found: Vec<Option<DecisionId>> = vec![None; kinds.len()];
    walk::stored(engine, keys::kind::DECISION, |decision: Decision| {
        for (kind, slot) in kinds.iter().zip(found.iter_mut()) {
            if slot.is_none() && kind(decision.verdict) && worth(&decision) {
                *slot = Some(decision.id);
            }
        }
        Ok(())
    })
    .await?;
    Ok(found.into_iter().flatten().collect())
}

/// Finds the newest decision; ids sort by time.
///
/// # Errors
/// If the store cannot be read.
pub async fn newest_decision<S: Store>(engine: &Engine<S>) -> Result<Option<DecisionId>, Error> {
    let kind = keys::kind::DECISION;
    let page = engine.store.scan(engine.tenant, kind, Range::default(), Direction::Reverse, 1).await?;
    let newest = page.records.into_iter().next();
    Ok(newest.and_then(|(key, _)| Some(DecisionId::from_bytes(key.try_into().ok()?))))
}

/// Counts coupons by state.
///
/// # Errors
/// If the store cannot be read.
pub async fn coupons<S: Store>(engine: &Engine<S>) -> Result<Coupons, Error> {
    let mut coupons = Coupons::default();
    walk::stored(engine, keys::kind::COUPON, |coupon: Coupon| {
        match coupon.state {
            State::Issued | State::Activated { .. } | State::Reserved(_) => coupons.issued += 1,
            State::Redeemed { .. } => coupons.redeemed += 1,
            State::Expired { .. } => coupons.expired += 1,
            State::Revoked { .. } => coupons.revoked += 1,
        }
        Ok(())
    })
    .await?;
    Ok(coupons)
}

/// Counts profiles.
///
/// # Errors
/// If the store cannot be read.
pub async fn profiles<S: Store>(engine: &Engine<S>) -> Result<u64, Error> {
    let mut profiles = 0;
    walk::records(engine, keys::kind::PROFILE, |_, _| {
        profiles += 1;
        Ok(())
    })
    .await?;
    Ok(profiles)
}
