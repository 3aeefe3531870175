//! What a till took without asking is heard of and booked: each once, in whatever order and however often it is sent.

use std::collections::BTreeSet;

use wink_core::base::{Hasher, LeaseId, TillId, Timestamp};
use wink_core::coupon::{
    Booked, Coupon, Lease, LeaseRefused, Redemption, Settled, State, Taken, Unbacked, settle, was_granted,
};
use wink_record::{Reported, Stored};
use wink_store::{Batch, Change, Check, Record, Store, Version};

use super::{day, leases};
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::flow::announce::Listeners;
use crate::flow::booking::{book_entries, home_of, put};
use crate::flow::limits;
use crate::flow::tell::Teller;
use crate::{Engine, Error, keys};

/// What a till says it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Under which lease.
    pub lease: LeaseId,
    /// What.
    pub taken: Taken,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is booked, now or before; as a loss where the redemption says so, which a later report may still change.
    Booked(Box<Redemption>),
    /// Nothing pays for it. It is kept and shown, unless its number cannot be on the lease.
    Unbacked(Unbacked),
    /// The till has no such lease.
    LeaseUnknown,
    /// Something else was reported under this number before, and stands.
    NumberTaken,
}

/// Hears of what a till took. It is durable when this returns.
///
/// # Errors
/// If the store cannot be read or takes no writes, or no catalogue is in force.
pub async fn hear<S: Store>(
    engine: &Engine<S>,
    till: &TillId,
    report: &Report,
    now: Timestamp,
) -> Result<Outcome, Error> {
    let body = body_of(engine, report);
    let mut turn = engine.turn();
    for _ in 0..ATTEMPTS_MAX {
        let Some((lease, version)) = leases::load(engine, till, report.lease).await? else {
            return heard_of_gone(engine, till, report).await;
        };
        let known: Option<Reported> =
            engine.stored(&keys::reported(report.lease, report.taken.number)).await?;
        if let Some(known) = known {
            return heard_before(engine, &known, body).await;
        }
        if lease.is_forgotten(now) {
            return heard_long_ago(engine, report).await;
        }
        if !lease.has_number(report.taken.number) {
            return Ok(Outcome::Unbacked(Unbacked::LeaseFull));
        }
        let used = Used::load(engine, &report.taken).await?;
        let (coupon, last) = (used.coupon.as_ref(), used.last.as_ref());
        let (coupon, last) = (coupon.map(|(coupon, _)| coupon), last.map(|(last, _)| last));
        let catalogue = engine.catalogue_of(lease.catalogue).await?;
        let counted = coupon.and_then(|coupon| lease.counted(&catalogue, &coupon.offer, report.taken.at));
        let settled = settle(&lease, &report.taken, coupon, last, counted.as_deref(), now);
        let home = home_of(coupon.and_then(|coupon| coupon.profile));
        let mut batch = Batch::new(batch_id()?, engine.tenant, home);
        let key = keys::lease(till, lease.id);
        batch.checks.push(Check::Version(key.clone(), version));
        let (after, outcome) = match settled {
            Settled::Unbacked { lease, why } => {
                batch.changes.push(day::unbacked(engine, till, report)?);
                (*lease, Outcome::Unbacked(why))
            }
            Settled::Booked(booked) => {
                write(engine, till, &used, &booked, now, &mut batch).await?;
                (booked.lease, Outcome::Booked(Box::new(booked.redemption)))
            }
        };
        batch.changes.push(Change::Put(key, after.to_bytes()));
        keep(report, body, &outcome, &mut batch);
        if turn.commit(batch).await?.is_some() {
            return Ok(outcome);
        }
    }
    Err(Error::Contended)
}

/// A coupon as it was read, and what it was last redeemed as.
struct Used {
    coupon: Option<(Coupon, Version)>,
    last: Option<(Redemption, Version)>,
}

impl Used {
    async fn load<S: Store>(engine: &Engine<S>, taken: &Taken) -> Result<Self, Error> {
        let Some(record) = engine.record(&keys::coupon(taken.coupon)).await? else {
            return Ok(Self { coupon: None, last: None });
        };
        let coupon = Coupon::from_bytes(&record.bytes)?;
        let last = coupon.redemptions.last().filter(|_| matches!(coupon.state, State::Redeemed { .. }));
        let last = match last {
            Some(id) => engine.record(&keys::redemption(*id)).await?,
            None => None,
        };
        let redemption = |record: Record| -> Result<(Redemption, Version), Error> {
            Ok((Redemption::from_bytes(&record.bytes)?, record.version))
        };
        Ok(Self { coupon: Some((coupon, record.version)), last: last.map(redemption).transpose()? })
    }
}

/// Adds what is booked to a batch, and tells of it. A loss is told like any other: the person has used a coupon.
async fn write<S: Store>(
    engine: &Engine<S>,
    till: &TillId,
    used: &Used,
    booked: &Booked,
    now: Timestamp,
    batch: &mut Batch,
) -> Result<(), Error> {
    let Booked { coupon, redemption, displaced, entries, .. } = booked;
    if let Some((before, version)) = &used.coupon {
        batch.checks.push(Check::Version(keys::coupon(before.id), *version));
        put(Some(before), coupon, batch);
    }
    if let Some((last, version)) = &used.last {
        batch.checks.push(Check::Version(keys::redemption(last.id), *version));
    }
    for redemption in displaced.iter().chain([redemption]) {
        batch.changes.push(Change::Put(keys::redemption(redemption.id), redemption.to_bytes()));
    }
    book_entries(entries, batch);
    limits::book_word(coupon, entries, batch);
    batch.changes.push(day::redeemed(engine, till, redemption)?);
    Teller::load(engine, redemption.profile).await?.redeemed(engine, redemption, now, batch);
    Listeners::load(engine).await?.hear_redeemed(coupon, redemption, batch);
    Ok(())
}

fn keep(report: &Report, body: [u8; 16], outcome: &Outcome, batch: &mut Batch) {
    let outcome = match outcome {
        Outcome::Booked(redemption) => Ok(redemption.id),
        Outcome::Unbacked(why) => Err(*why),
        Outcome::LeaseUnknown | Outcome::NumberTaken => return,
    };
    let Taken { number, coupon, at, amount, .. } = report.taken;
    let key = keys::reported(report.lease, number);
    batch.checks.push(Check::Absent(key.clone()));
    batch.changes.push(Change::Put(key, Reported { body, coupon, at, amount, outcome }.to_bytes()));
}

async fn heard_before<S: Store>(
    engine: &Engine<S>,
    known: &Reported,
    body: [u8; 16],
) -> Result<Outcome, Error> {
    if known.body != body {
        return Ok(Outcome::NumberTaken);
    }
    let id = match known.outcome {
        Ok(id) => id,
        Err(why) => return Ok(Outcome::Unbacked(why)),
    };
    let redemption: Option<Redemption> = engine.stored(&keys::redemption(id)).await?;
    let missing = || Error::NotFound { what: "redemption", name: id.to_string() };
    Ok(Outcome::Booked(Box::new(redemption.ok_or_else(missing)?)))
}

/// Answers for a lease whose reports are not kept any more: what it paid for a coupon stands, and nothing more is taken.
async fn heard_long_ago<S: Store>(engine: &Engine<S>, report: &Report) -> Result<Outcome, Error> {
    let paid: Option<Redemption> =
        engine.stored(&keys::redemption(report.lease.redemption_of(report.taken.coupon))).await?;
    Ok(paid.map_or(Outcome::Unbacked(Unbacked::LeaseClosed), |paid| Outcome::Booked(Box::new(paid))))
}

/// Answers for a lease that is not there: the same if the till had it once, and nothing of it is kept.
async fn heard_of_gone<S: Store>(
    engine: &Engine<S>,
    till: &TillId,
    report: &Report,
) -> Result<Outcome, Error> {
    match was_granted(till, &leases::list(engine, till).await?, report.lease) {
        true => heard_long_ago(engine, report).await,
        false => Ok(Outcome::LeaseUnknown),
    }
}

/// Hashes all that a report says. Keyed: nobody can test a guess of an order against the store.
fn body_of<S>(engine: &Engine<S>, report: &Report) -> [u8; 16] {
    let Taken { number, coupon, order_id, at, amount, parts } = &report.taken;
    let hash = Hasher::keyed(engine.secrets.marks(), "till report")
        .field(&report.lease.bytes())
        .field(&number.to_be_bytes())
        .field(&coupon.bytes())
        .field(order_id.as_bytes())
        .field(&at.0.to_be_bytes())
        .field(&amount.0.to_be_bytes());
    let hash = parts.iter().fold(hash, |hash, part| {
        let rate = part.vat_basis_points.map_or(u32::MAX, u32::from);
        hash.field(part.line.as_bytes())
            .field(&part.quantity.to_be_bytes())
            .field(&part.amount.0.to_be_bytes())
            .field(&rate.to_be_bytes())
    });
    hash.finish().short()
}

/// What a till is answered of its leases after it was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Afterwards {
    /// Those it gave back.
    pub returned: Vec<Lease>,
    /// Those it got in their place.
    pub renewed: Vec<Lease>,
    /// Those it wanted renewed, and why there is none.
    pub not_renewed: Vec<(LeaseId, String)>,
}

/// Gives leases back, and grants others like them. Called after everything was heard, so that nothing comes too late. Of one that is gone nothing
/// is left to give back, nor to renew.
///
/// # Errors
/// If the till has no such lease, or the store cannot be read or takes no writes.
pub async fn give_back<S: Store>(
    engine: &Engine<S>,
    till: &TillId,
    returned: &[LeaseId],
    renewed: &[LeaseId],
    now: Timestamp,
) -> Result<Afterwards, Error> {
    let mut after = Afterwards { returned: Vec::new(), renewed: Vec::new(), not_renewed: Vec::new() };
    let mut seen = BTreeSet::new();
    // Whoever wants one renewed may say beside it that it is given back.
    for id in returned.iter().chain(renewed).filter(|id| seen.insert(**id)) {
        match leases::give_back(engine, till, *id, now).await {
            Ok(lease) => after.returned.push(lease),
            Err(Error::NotFound { .. }) if was_granted(till, &leases::list(engine, till).await?, *id) => {
                if renewed.contains(id) {
                    after.not_renewed.push((*id, LeaseRefused::Forgotten.to_string()));
                }
            }
            Err(error) => return Err(error),
        }
    }
    let again: Vec<Lease> =
        after.returned.iter().filter(|lease| renewed.contains(&lease.id)).cloned().collect();
    for lease in again {
        match leases::renew(engine, &lease, now).await {
            Ok(leases::Answer::Granted(new) | leases::Answer::Open(new)) => after.renewed.push(new),
            Ok(leases::Answer::NoRoom) => {
                let why = format!("the budget of `{}` has no room for it", lease.campaign);
                after.not_renewed.push((lease.id, why));
            }
            Ok(leases::Answer::Limited(short)) => {
                after.not_renewed.push((lease.id, short.told(engine.currency())))
            }
            Err(Error::Unusable(why)) => after.not_renewed.push((lease.id, why)),
            Err(error) => return Err(error),
        }
    }
    Ok(after)
}
