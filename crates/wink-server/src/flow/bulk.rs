//! Coupons are issued in bulk, batch by batch. Each batch says in the same commit how far the bulk has come, so that one that was interrupted
//! goes on where it ended, and no number is issued twice.

use wink_code::Code;
use wink_core::base::{CampaignId, CouponId, OfferId, Timestamp};
use wink_core::coupon::{BULK_MAX, Bulk};
use wink_core::offer::{Catalogue, Offer};
use wink_record::Stored;
use wink_store::{Batch, Change, Check, Home, Store, Version};

use super::booking::{append, put};
use super::codes::{code_of, leads_to};
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::{Engine, Error, keys};

/// Coupons of one batch: each makes four changes, of which the port takes 1,024.
const IN_A_BATCH: u64 = 250;

/// Batches of one step: some seconds of a slow disk, so that a request ends in time and progress is seen.
const BATCHES: usize = 40;

/// The most codes that are read at once.
pub const CODES_MAX: u64 = 10_000;

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The name of the bulk.
    pub name: String,
    /// Of which campaign.
    pub campaign: CampaignId,
    /// Of which offer; the campaign's only one if it is not said.
    pub offer: Option<OfferId>,
    /// How many coupons.
    pub count: u64,
}

impl Wanted {
    /// Tells whether a bulk of that name is the one that is wanted.
    fn is(&self, known: &Bulk, of_bulk: &Catalogue) -> bool {
        let offer = of_bulk.offer(&known.offer);
        let campaign = offer.and_then(|offer| of_bulk.campaigns.get(offer.campaign));
        self.count == known.count
            && self.offer.as_ref().is_none_or(|offer| *offer == known.offer)
            && campaign.is_some_and(|campaign| campaign.id == self.campaign)
    }
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stepped {
    /// The bulk afterwards.
    pub bulk: Bulk,
    /// Why it does not go on, if it does not.
    pub stopped: Option<Stopped>,
}

/// Why a bulk does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Neither the campaign's budget nor the offer's total leave room.
    NoRoom,
    /// The campaign does not run any more, or coupons of this bulk would be over already.
    Over,
}

impl Stopped {
    /// Spells it as the API does.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoRoom => "no_room",
            Self::Over => "over",
        }
    }
}

/// A code of a bulk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// Which of the bulk's coupons, from 0.
    pub number: u64,
    /// The coupon.
    pub coupon: CouponId,
    /// Its code.
    pub code: Code,
}

/// Begins a bulk, or finds the one of that name. Nothing is issued yet.
///
/// # Errors
/// [`Error::Unusable`] if the catalogue has no such offer, it has several values, its campaign is over, or the name belongs to another bulk.
pub async fn begin<S: Store>(engine: &Engine<S>, wanted: &Wanted, now: Timestamp) -> Result<Bulk, Error> {
    if !(1..=BULK_MAX).contains(&wanted.count) {
        return Err(Error::Unusable(format!("a bulk has 1 to {BULK_MAX} coupons")));
    }
    for _ in 0..ATTEMPTS_MAX {
        // One that is known is found whatever has become of its campaign: its codes may have to be printed again.
        if let Some((known, _)) = load(engine, &wanted.name).await? {
            let of_bulk = engine.catalogue_of(known.catalogue).await?;
            if wanted.is(&known, &of_bulk) {
                return Ok(known);
            }
            let (name, count, offer) = (&wanted.name, known.count, &known.offer);
            let other =
                format!("`{name}` is a bulk of {count} coupons of the offer `{offer}`; choose another name");
            return Err(Error::Unusable(other));
        }
        let catalogue = engine.catalogue()?;
        let offer = offer(&catalogue, wanted, now)?;
        let new = Bulk::new(&wanted.name, offer.id.clone(), catalogue.version, wanted.count, now);
        let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
        batch.checks.push(Check::Absent(keys::bulk(new.id)));
        batch.changes.push(Change::Put(keys::bulk(new.id), new.to_bytes()));
        if engine.commit(batch).await?.is_some() {
            return Ok(new);
        }
    }
    Err(Error::Contended)
}

/// Finds a bulk by its name.
///
/// # Errors
/// If there is none, or the store cannot be read.
pub async fn find<S: Store>(engine: &Engine<S>, name: &str) -> Result<Bulk, Error> {
    load(engine, name).await?.map(|(bulk, _)| bulk).ok_or_else(|| unknown(name))
}

/// Issues the next coupons of a bulk, at most some thousand. What was issued is durable when this returns.
///
/// # Errors
/// If there is no such bulk, its catalogue cannot be used any more, or the store cannot be read or takes no writes.
pub async fn go_on<S: Store>(engine: &Engine<S>, name: &str, now: Timestamp) -> Result<Stepped, Error> {
    let (mut bulk, mut version) = load(engine, name).await?.ok_or_else(|| unknown(name))?;
    let catalogue = engine.catalogue_of(bulk.catalogue).await?;
    if bulk.done < bulk.count && !goes_on(engine, &bulk, &catalogue, now)? {
        return Ok(Stepped { bulk, stopped: Some(Stopped::Over) });
    }
    for _ in 0..BATCHES {
        if bulk.done == bulk.count {
            break;
        }
        let upto = bulk.count.min(bulk.done + IN_A_BATCH);
        let batch = next(engine, &bulk, version, upto, &catalogue)?;
        let is_written = engine.commit(batch).await?.is_some();
        let before = bulk.done;
        (bulk, version) = load(engine, name).await?.ok_or_else(|| unknown(name))?;
        if !is_written && bulk.done == before {
            // Nobody else went on: it is a counter that has no room.
            return Ok(Stepped { bulk, stopped: Some(Stopped::NoRoom) });
        }
    }
    Ok(Stepped { bulk, stopped: None })
}

/// Tells whether more coupons of a bulk may be issued: the catalogue in force still runs the offer, and they would be good for something.
fn goes_on<S: Store>(
    engine: &Engine<S>,
    bulk: &Bulk,
    of_bulk: &Catalogue,
    now: Timestamp,
) -> Result<bool, Error> {
    let in_force = engine.catalogue()?;
    let offer = in_force.offer(&bulk.offer);
    let campaign = offer.and_then(|offer| in_force.campaigns.get(offer.campaign));
    let runs = campaign.is_some_and(|campaign| campaign.runs_at(now));
    let next = bulk.issue(engine.secrets.codes(), bulk.done, of_bulk);
    Ok(runs && next.is_some_and(|next| now < next.coupon.valid_until))
}

/// Reads codes of coupons that are issued, from a number on.
///
/// # Errors
/// If there is no such bulk, or the store cannot be read.
pub async fn codes<S: Store>(
    engine: &Engine<S>,
    name: &str,
    from: u64,
    limit: u64,
) -> Result<Vec<Printed>, Error> {
    let bulk = find(engine, name).await?;
    let upto = bulk.done.min(from.saturating_add(limit.min(CODES_MAX)));
    let printed = |number| {
        let coupon = bulk.coupon_id(engine.secrets.codes(), number);
        Printed { number, coupon, code: code_of(&engine.secrets, coupon) }
    };
    Ok((from..upto).map(printed).collect())
}

fn offer<'a>(catalogue: &'a Catalogue, wanted: &Wanted, now: Timestamp) -> Result<&'a Offer, Error> {
    let campaign = catalogue.campaigns.iter().position(|campaign| campaign.id == wanted.campaign);
    let campaign =
        campaign.ok_or_else(|| Error::Unusable(format!("there is no campaign `{}`", wanted.campaign)))?;
    if catalogue.campaigns.get(campaign).is_none_or(|campaign| !campaign.runs_at(now)) {
        let why =
            format!("the campaign `{}` does not run now; its codes would count at once", wanted.campaign);
        return Err(Error::Unusable(why));
    }
    let of_campaign = || catalogue.offers.iter().filter(|offer| offer.campaign == campaign);
    let offer = match &wanted.offer {
        Some(id) => of_campaign().find(|offer| offer.id == *id),
        None => of_campaign().next().filter(|_| of_campaign().count() == 1),
    };
    let which = || {
        let offers: Vec<&str> = of_campaign().map(|offer| offer.id.as_str()).collect();
        Error::Unusable(format!("name an offer of `{}`: {}", wanted.campaign, offers.join(", ")))
    };
    let offer = offer.ok_or_else(which)?;
    if offer.terms.needs_activation {
        let why = format!(
            "the offer `{}` asks people to activate their coupons; nobody is known to have one of these",
            offer.id
        );
        return Err(Error::Unusable(why));
    }
    if offer.benefits.len() != 1 {
        return Err(Error::Unusable(format!(
            "the offer `{}` has several values; codes need one that has one",
            offer.id
        )));
    }
    Ok(offer)
}

/// Makes the batch that issues the coupons up to a number.
fn next<S: Store>(
    engine: &Engine<S>,
    bulk: &Bulk,
    version: Version,
    upto: u64,
    catalogue: &Catalogue,
) -> Result<Batch, Error> {
    let unusable = || Error::Unusable(format!("the offer `{}` cannot be issued any more", bulk.offer));
    let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
    batch.checks.push(Check::Version(keys::bulk(bulk.id), version));
    let mut owed = std::collections::BTreeMap::new();
    for number in bulk.done..upto {
        let effect = bulk.issue(engine.secrets.codes(), number, catalogue).ok_or_else(unusable)?;
        put(None, &effect.coupon, &mut batch);
        for entry in &effect.entries {
            *owed.entry(entry.campaign.clone()).or_insert(0) += entry.owed().0;
            append(entry, &mut batch);
        }
        batch.changes.push(leads_to(&engine.secrets, effect.coupon.id));
    }
    // One step of each counter for all of them: the batch goes through or not at all.
    batch
        .changes
        .extend(owed.iter().map(|(campaign, owed)| Change::Add(keys::budget(campaign.as_str()), *owed)));
    let issued = i64::try_from(upto - bulk.done).unwrap_or(i64::MAX);
    batch.changes.push(Change::Add(keys::issued(bulk.offer.as_str()), issued));
    let after = Bulk { done: upto, ..bulk.clone() };
    batch.changes.push(Change::Put(keys::bulk(bulk.id), after.to_bytes()));
    Ok(batch)
}

async fn load<S: Store>(engine: &Engine<S>, name: &str) -> Result<Option<(Bulk, Version)>, Error> {
    let Some(record) = engine.record(&keys::bulk(Bulk::id_of(name))).await? else { return Ok(None) };
    Ok(Some((Bulk::from_bytes(&record.bytes)?, record.version)))
}

fn unknown(name: &str) -> Error {
    Error::NotFound { what: "bulk", name: name.to_owned() }
}
