//! Leases: granted out of a budget, signed for the till, and given back.

use wink_code::{LeasedOffer, SignedLease, Worth};
use wink_core::base::{Cents, Currency, LeaseId, TillId, Timestamp};
use wink_core::coupon::{Lease, LeaseAsked, Renewal, UseCount, grant as step, in_turn};
use wink_core::offer::{Benefit, Catalogue, Offer};
use wink_record::Stored;
use wink_store::{Batch, Change, Check, Direction, Home, Range, Store, Version};

use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::flow::booking::book_entries;
use crate::flow::codes::{seconds, signer, terms_of};
use crate::flow::limits;
use crate::{Engine, Error, keys};

/// Leases read at once.
const AT_ONCE: usize = 500;

/// A worker has a minute: far longer than a commit takes, short enough that a crashed worker's timers come back soon.
const LEASE_MS: i64 = 60_000;

/// What became of the wish for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is granted, now or when the same was asked before.
    Granted(Lease),
    /// The till has another lease of this campaign, which is good still.
    Open(Lease),
    /// The budget has no room for it.
    NoRoom,
    /// A limit per day or store has no room for it.
    Limited(Short),
}

/// What of a limit is too little for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Short {
    /// Which limit.
    pub count: UseCount,
    /// How many more it allows, where it bounds that.
    pub uses_left: Option<u32>,
    /// How much more, where it bounds that.
    pub amount_left: Option<Cents>,
}

impl Short {
    /// Says it in a sentence, with what would help.
    pub fn told(&self, currency: Currency) -> String {
        let uses = self.uses_left.map(|uses| format!("{uses} coupons"));
        let amount = self.amount_left.map(|amount| format!("{} of money", currency.of(amount)));
        let left: Vec<String> = uses.into_iter().chain(amount).collect();
        format!(
            "{} has {} left, and a lease keeps all of its own there; ask for no more than that or for fewer hours, or have other leases \
             given back",
            self.count.told(),
            left.join(" and ")
        )
    }
}

/// Lists the leases of a till, oldest first, with those that are over.
///
/// # Errors
/// If the store cannot be read.
pub async fn list<S: Store>(engine: &Engine<S>, till: &TillId) -> Result<Vec<Lease>, Error> {
    let mut leases = Vec::new();
    let mut range = Some(Range::prefix(keys::of_till(till)));
    while let Some(some) = range {
        let page =
            engine.store.scan(engine.tenant, keys::kind::LEASE, some, Direction::Forward, AT_ONCE).await?;
        for (_, record) in &page.records {
            leases.push(Lease::from_bytes(&record.bytes)?);
        }
        range = page.next;
    }
    leases.sort_by_key(|lease| (lease.granted_at, lease.id));
    Ok(leases)
}

/// Grants a lease: its money leaves the budget in the same commit. Asked again for the same while that is good, it is the same lease.
///
/// # Errors
/// [`Error::Unusable`] if there can be no such lease; else if no catalogue is in force, or the store cannot be read or takes no writes.
pub async fn grant<S: Store>(
    engine: &Engine<S>,
    asked: &LeaseAsked,
    now: Timestamp,
) -> Result<Answer, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let last = in_turn(&asked.till, &asked.campaign, list(engine, &asked.till).await?).pop();
        let turn = last.as_ref().map_or(0, |(turn, _)| turn + 1);
        let last = last.map(|(_, last)| last);
        if let Some(open) = last.filter(|last| last.is_open() && now < last.expires_at) {
            let is_same = is_for(&open, asked);
            return Ok(if is_same { Answer::Granted(open) } else { Answer::Open(open) });
        }
        let (catalogue, in_force) = engine.catalogue_to_count().await?;
        let (lease, entry) =
            step(asked, turn, &catalogue, now).map_err(|refused| Error::Unusable(refused.to_string()))?;
        if !has_room(engine, &lease).await? {
            return Ok(Answer::NoRoom);
        }
        let bounds = lease.bounds(&catalogue);
        if let Some(short) = limits::short_for(engine, &lease, &bounds).await? {
            return Ok(Answer::Limited(short));
        }
        // One that cannot be signed is of use to nobody, and would hold its money for days.
        signed(engine, &lease).await?;
        let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
        let key = keys::lease(&lease.till, lease.id);
        batch.checks.push(Check::Absent(key.clone()));
        batch.checks.extend(in_force);
        batch.changes.push(Change::Put(key, lease.to_bytes()));
        batch.changes.push(Change::Enqueue {
            queue: keys::LEASES,
            due_ms: lease.due_at().0,
            id: lease.id.bytes(),
            payload: lease.till.as_str().as_bytes().to_vec(),
        });
        book_entries([&entry], &mut batch);
        limits::keep(&lease, &bounds, &mut batch);
        if engine.commit(batch).await?.is_some() {
            return Ok(Answer::Granted(lease));
        }
    }
    Err(Error::Contended)
}

/// Tells whether the budget has room for all of a lease's money now; the commit asks its counter again.
async fn has_room<S: Store>(engine: &Engine<S>, lease: &Lease) -> Result<bool, Error> {
    let found = engine.store.counters(engine.tenant, &[keys::budget(lease.campaign.as_str())]).await?;
    let left = found.first().and_then(|budget| budget.cap.map(|cap| cap - budget.value));
    Ok(left.is_none_or(|left| lease.cents_max.0 <= left))
}

/// Tells whether a lease is what somebody wants: all but its end, which moves with every asking.
fn is_for(lease: &Lease, asked: &LeaseAsked) -> bool {
    lease.offer == asked.offer
        && lease.store == asked.store
        && lease.count_max == asked.count_max
        && lease.cents_max == asked.cents_max
        && lease.takes_paper == asked.takes_paper
}

/// Gives back what is left of a lease, at the till's word that it gives nothing more. One that was given back stays so.
///
/// # Errors
/// If the till has no such lease, or the store cannot be read or takes no writes.
pub async fn give_back<S: Store>(
    engine: &Engine<S>,
    till: &TillId,
    id: LeaseId,
    now: Timestamp,
) -> Result<Lease, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let (lease, version) = load(engine, till, id).await?.ok_or_else(|| unknown(id))?;
        let Some(batch) = closing(engine, &lease, version, now).await? else { return Ok(lease) };
        engine.commit(batch).await?;
        // Closed by this or by a timer; else something was booked meanwhile.
        if let Some((lease, _)) = load(engine, till, id).await?.filter(|(lease, _)| !lease.is_open()) {
            return Ok(lease);
        }
    }
    Err(Error::Contended)
}

/// Grants a lease like a till's last one, for as long again. Nobody is asked: staff has granted that till so much before. Asked again, it is
/// the lease that came in its place.
///
/// # Errors
/// As [`grant`], and [`Error::Unusable`] for one that is not the last, or was over too long ago.
pub async fn renew<S: Store>(engine: &Engine<S>, lease: &Lease, now: Timestamp) -> Result<Answer, Error> {
    let leases = in_turn(&lease.till, &lease.campaign, list(engine, &lease.till).await?);
    let next = leases.iter().map(|(_, one)| one).skip_while(|one| one.id != lease.id).nth(1);
    match lease.renewal(next, now).map_err(|refused| Error::Unusable(refused.to_string()))? {
        Renewal::Asked(asked) => grant(engine, &asked, now).await,
        Renewal::Came(next) => Ok(Answer::Granted(next.clone())),
    }
}

/// Gives back what is left of leases nobody was heard of in time. Returns how many.
///
/// # Errors
/// If the store cannot be read or takes no writes; timers not done come back.
pub async fn close_due<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<u64, Error> {
    let mut closed = 0;
    loop {
        let due =
            engine.store.lease_due(engine.tenant, keys::LEASES, now.0, now.0 + LEASE_MS, AT_ONCE).await?;
        if due.is_empty() {
            return Ok(closed);
        }
        for timer in due {
            let till = std::str::from_utf8(&timer.payload).ok().and_then(TillId::parse);
            let id = LeaseId::from_bytes(timer.id);
            let found = match &till {
                Some(till) => load(engine, till, id).await?,
                None => None,
            };
            let batch = match &found {
                Some((lease, version)) => closing(engine, lease, *version, now).await?,
                None => None,
            };
            let is_its_own = batch.is_some();
            let acknowledged = || -> Result<Batch, Error> {
                let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
                let (queue, due_ms) = (keys::LEASES, timer.due_ms);
                batch.changes.push(Change::Acknowledge { queue, due_ms, id: timer.id });
                Ok(batch)
            };
            let batch = batch.map_or_else(acknowledged, Ok)?;
            // On a conflict the till was heard of just now; the timer comes back.
            closed += u64::from(engine.commit(batch).await?.is_some() && is_its_own);
        }
    }
}

/// Makes the batch that closes a lease. `None` if it is closed.
async fn closing<S: Store>(
    engine: &Engine<S>,
    lease: &Lease,
    version: Version,
    now: Timestamp,
) -> Result<Option<Batch>, Error> {
    let Some(closed) = lease.close(now) else { return Ok(None) };
    let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
    let key = keys::lease(&lease.till, lease.id);
    batch.checks.push(Check::Version(key.clone(), version));
    batch.changes.push(Change::Put(key, closed.lease.to_bytes()));
    let (queue, due_ms) = (keys::LEASES, lease.due_at().0);
    batch.changes.push(Change::Acknowledge { queue, due_ms, id: lease.id.bytes() });
    book_entries(&closed.entry, &mut batch);
    limits::free(engine, &closed.freed, &mut batch).await?;
    Ok(Some(batch))
}

/// Finds a lease of a till.
pub(super) async fn load<S: Store>(
    engine: &Engine<S>,
    till: &TillId,
    id: LeaseId,
) -> Result<Option<(Lease, Version)>, Error> {
    let Some(record) = engine.record(&keys::lease(till, id)).await? else { return Ok(None) };
    Ok(Some((Lease::from_bytes(&record.bytes)?, record.version)))
}

/// Writes what the till verifies with public keys only. Nothing of it is kept: asked for again it says the same.
///
/// # Errors
/// If the store cannot be read, or the lease's offers do not fit into one.
pub async fn signed<S: Store>(engine: &Engine<S>, lease: &Lease) -> Result<String, Error> {
    let catalogue = engine.catalogue_of(lease.catalogue).await?;
    let said = SignedLease {
        tenant: engine.tenant.0,
        lease: lease.id.bytes(),
        count_max: lease.count_max,
        cents_max: minor(lease.cents_max),
        valid_from: seconds(lease.granted_at),
        valid_until: seconds(lease.expires_at),
        takes_paper: lease.takes_paper,
        till: lease.till.to_string(),
        store: lease.store.clone().unwrap_or_default(),
        offers: offers(lease, &catalogue),
    };
    let too_long = || Error::Unusable("the lease has too many offers; name one of them".to_owned());
    signer(engine).await?.sign_lease(&said).ok_or_else(too_long)
}

/// Lists what the coupons of a lease give, benefit by benefit.
fn offers(lease: &Lease, catalogue: &Catalogue) -> Vec<LeasedOffer> {
    let benefits =
        lease.offers(catalogue).flat_map(|offer| offer.benefits.iter().map(move |benefit| (offer, *benefit)));
    benefits.map(|(offer, benefit)| leased(offer, benefit)).collect()
}

fn leased(offer: &Offer, benefit: Benefit) -> LeasedOffer {
    LeasedOffer {
        terms: terms_of(&offer.id, benefit, &offer.terms, &offer.categories),
        name: offer.id.to_string(),
        worth: match benefit {
            Benefit::Amount(amount) => Worth::Amount(minor(amount)),
            Benefit::Percent { basis_points, maximum } => {
                Worth::Share { basis_points, cents_max: minor(maximum) }
            }
        },
        minimum_spend: minor(offer.terms.minimum_spend),
        minimum_price: minor(offer.terms.minimum_price),
        categories: offer.categories.clone(),
    }
}

/// An amount as a till has it. One that does not fit is more than any till takes.
fn minor(amount: Cents) -> u32 {
    u32::try_from(amount.0).unwrap_or(u32::MAX)
}

fn unknown(id: LeaseId) -> Error {
    Error::NotFound { what: "lease", name: id.to_string() }
}
