//! A lease: so many coupons and so much money a till may give while it can ask nobody. All of it is taken out of the budget when it is granted,
//! so what tills give cannot pass the budget, whatever they give it for; the loss by coupons that are shown at two tills is at most the leases.
//! The same goes for limits per day and store: all that a till may give is kept in each that it could fall under.

mod turns;

pub use turns::{in_turn, outlived, was_granted};

use super::ledger::{About, Account, Entry};
use super::limit::{UseBound, UseCount, use_bounds, use_bounds_between};
use crate::base::{CampaignId, Cents, CouponId, DecisionId, Hasher, LeaseId, OfferId, TillId, Timestamp};
use crate::offer::{Catalogue, CatalogueVersion, Offer};

/// The longest lease: a till that has not been heard of for a week is broken, not offline.
pub const LEASE_DAYS_MAX: i64 = 7;

/// How long after its end the money of a lease waits for a till that syncs late. After that it goes back to the budget, and what comes later
/// is told and not paid for.
pub const GRACE_DAYS: i64 = 7;

/// How long what a till did on a day, and what it reported under a lease, is kept behind the day or the lease's grace: half a year covers the accounts
/// of a quarter. What it cost stays in the ledger.
pub const REPORTS_DAYS: i64 = 180;

/// The most a lease holds, in minor units: what its signed form has room for.
pub const LEASE_CENTS_MAX: i64 = 1_000_000_000;

/// The most coupons of a lease: what a till serves in a week, many times over.
const COUNT_MAX: u32 = 100_000;

/// What a till may give without asking, and what it has given as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Its id, from till, campaign and turn.
    pub id: LeaseId,
    /// The till.
    pub till: TillId,
    /// The store the till is bound to, if it was said.
    pub store: Option<String>,
    /// Out of whose budget.
    pub campaign: CampaignId,
    /// For coupons of which offer; of all of the campaign's if it is not said.
    pub offer: Option<OfferId>,
    /// The catalogue whose offers it holds.
    pub catalogue: CatalogueVersion,
    /// The most coupons.
    pub count_max: u32,
    /// The most money.
    pub cents_max: Cents,
    /// Whether it also counts for codes on paper, which anybody can copy.
    pub takes_paper: bool,
    /// When it was granted.
    pub granted_at: Timestamp,
    /// The first instant at which the till may give nothing more.
    pub expires_at: Timestamp,
    /// Coupons that are booked on it.
    pub used_count: u32,
    /// Money that is booked on it.
    pub used: Cents,
    /// Coupons that the till reported and the lease does not cover.
    pub unbacked_count: u32,
    /// What it gave for those; in no account of the ledger.
    pub unbacked: Cents,
    /// When what was left went back to the budget.
    pub closed_at: Option<Timestamp>,
    /// What is kept for it in the limits per day and store that were in force when it was granted. Nothing once it is closed.
    pub kept: Vec<LimitKept>,
}

/// What of a limit per day or store is kept for a lease: its counter has it, and no redemption counts for it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitKept {
    /// What counts.
    pub count: UseCount,
    /// How many coupons the till may still give that count there.
    pub uses: u32,
    /// For how much.
    pub amount: Cents,
}

/// What somebody wants a till to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseAsked {
    /// The till.
    pub till: TillId,
    /// Its store.
    pub store: Option<String>,
    /// Out of whose budget.
    pub campaign: CampaignId,
    /// For coupons of which offer.
    pub offer: Option<OfferId>,
    /// The most coupons.
    pub count_max: u32,
    /// The most money.
    pub cents_max: Cents,
    /// Whether codes on paper count.
    pub takes_paper: bool,
    /// The first instant at which the till may give nothing more.
    pub expires_at: Timestamp,
}

/// Why there is no lease.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaseRefused {
    /// Nobody has promised anything of that name.
    #[error("there is no campaign `{0}`")]
    NoCampaign(CampaignId),
    /// Its money is not there to be given now.
    #[error("the campaign `{0}` does not run now")]
    NotRunning(CampaignId),
    /// Nothing of it could be given.
    #[error(
        "`{0}` has no offer that a till could give without asking: they are unknown, or wait for an activation"
    )]
    NoOffer(CampaignId),
    /// Its coupons count for their store, and nobody said which that is.
    #[error("`{0}` has a limit per store; say in which `store` the till stands")]
    NoStore(CampaignId),
    /// No coupons, or too many.
    #[error("a lease is for 1 to {COUNT_MAX} coupons")]
    Count,
    /// No money, or too much.
    #[error("a lease is for 1 to {LEASE_CENTS_MAX} minor units")]
    Cents,
    /// It would be over at once, or too late.
    #[error("a lease ends after now, and at most {LEASE_DAYS_MAX} days from now")]
    Time,
    /// It was renewed, or another one followed it, and that one is closed as well.
    #[error("another lease of `{0}` came after it; only a till's last one is renewed")]
    Followed(CampaignId),
    /// It ended so long ago that nobody waits for its till any more.
    #[error("its time was over at {0}; a new lease has to be granted")]
    Overdue(Timestamp),
    /// It ended so long ago that nothing of it is kept.
    #[error("it ended so long ago that nothing of it is kept; a new lease has to be granted")]
    Forgotten,
}

/// What comes in the place of a lease that its till wants renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewal<'a> {
    /// One like it, which is to be granted.
    Asked(LeaseAsked),
    /// The one that came in its place when the same was asked before.
    Came(&'a Lease),
}

/// Grants a lease, the `turn`-th of this till and campaign: all of its money leaves the budget.
///
/// # Errors
/// Why not. That the budget has no room is found by its counter, in the same commit.
pub fn grant(
    asked: &LeaseAsked,
    turn: u64,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<(Lease, Entry), LeaseRefused> {
    let campaign = catalogue.campaigns.iter().find(|campaign| campaign.id == asked.campaign);
    let campaign = campaign.ok_or_else(|| LeaseRefused::NoCampaign(asked.campaign.clone()))?;
    if !campaign.runs_at(now) {
        return Err(LeaseRefused::NotRunning(asked.campaign.clone()));
    }
    if !(1..=COUNT_MAX).contains(&asked.count_max) {
        return Err(LeaseRefused::Count);
    }
    if !(1..=LEASE_CENTS_MAX).contains(&asked.cents_max.0) {
        return Err(LeaseRefused::Cents);
    }
    if asked.expires_at <= now || now.plus_days(LEASE_DAYS_MAX) < asked.expires_at {
        return Err(LeaseRefused::Time);
    }
    let mut lease = Lease {
        id: Lease::id_of(&asked.till, &asked.campaign, turn),
        till: asked.till.clone(),
        store: asked.store.clone(),
        campaign: asked.campaign.clone(),
        offer: asked.offer.clone(),
        catalogue: catalogue.version,
        count_max: asked.count_max,
        cents_max: asked.cents_max,
        takes_paper: asked.takes_paper,
        // Tills count in seconds.
        granted_at: whole_second(now),
        expires_at: asked.expires_at,
        used_count: 0,
        used: Cents::ZERO,
        unbacked_count: 0,
        unbacked: Cents::ZERO,
        closed_at: None,
        kept: Vec::new(),
    };
    if lease.offers(catalogue).next().is_none() {
        return Err(LeaseRefused::NoOffer(asked.campaign.clone()));
    }
    // A till that names no store may stand in any, and what it gives would count for none of them.
    let is_per_store = campaign.limits.per_store.is_some()
        || lease.offers(catalogue).any(|offer| offer.limits.uses.per_store.is_some());
    if is_per_store && lease.store.is_none() {
        return Err(LeaseRefused::NoStore(asked.campaign.clone()));
    }
    let kept =
        |bound: UseBound| LimitKept { count: bound.count, uses: lease.count_max, amount: lease.cents_max };
    lease.kept = lease.bounds(catalogue).into_iter().map(kept).collect();
    let entry = Entry::new(lease.about(), Account::Available, Account::Reserved, lease.cents_max, now);
    Ok((lease, entry))
}

/// The second an instant lies in. A till that knows seconds only says this of what it does.
pub(super) fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp(at.0.div_euclid(1_000).saturating_mul(1_000))
}

/// A lease that is over, and the money that went back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The lease.
    pub lease: Lease,
    /// What was left of it; nothing if all was given.
    pub entry: Option<Entry>,
    /// What was still kept for it in limits, and is free again.
    pub freed: Vec<LimitKept>,
}

impl Lease {
    /// Tells the id of a till's lease.
    pub fn id_of(till: &TillId, campaign: &CampaignId, turn: u64) -> LeaseId {
        let fields = [till.as_str().as_bytes(), campaign.as_str().as_bytes(), &turn.to_be_bytes()];
        LeaseId::seeded("lease", &fields)
    }

    /// Lists the offers whose coupons it covers. Not those that wait for an activation, which no till can see.
    pub fn offers<'a>(&'a self, catalogue: &'a Catalogue) -> impl Iterator<Item = &'a Offer> {
        let is_its_own = move |offer: &&Offer| {
            let campaign = catalogue.campaigns.get(offer.campaign);
            campaign.is_some_and(|campaign| campaign.id == self.campaign)
                && self.offer.as_ref().is_none_or(|only| *only == offer.id)
                && !offer.terms.needs_activation
        };
        catalogue.offers.iter().filter(is_its_own)
    }

    /// Lists the limits that what the till gives can fall under: of every offer it covers, on every day it may give on, in its store.
    pub fn bounds(&self, catalogue: &Catalogue) -> Vec<UseBound> {
        let mut bounds: Vec<UseBound> = Vec::new();
        for offer in self.offers(catalogue) {
            let store = self.store.as_deref();
            let its = use_bounds_between(catalogue, offer, store, self.granted_at, self.expires_at);
            for bound in its {
                if bounds.iter().all(|other| other.count != bound.count) {
                    bounds.push(bound);
                }
            }
        }
        bounds
    }

    /// Tells for what of the limits kept for it a coupon counts that was taken then. `None` if the lease does not cover coupons of the offer.
    /// The catalogue is the lease's.
    pub fn counted(&self, catalogue: &Catalogue, offer: &OfferId, at: Timestamp) -> Option<Vec<UseCount>> {
        let offer = self.offers(catalogue).find(|one| one.id == *offer)?;
        let bounds = use_bounds(catalogue, offer, self.store.as_deref(), at);
        let is_kept = |count: &UseCount| self.kept.iter().any(|kept| kept.count == *count);
        Some(bounds.into_iter().map(|bound| bound.count).filter(is_kept).collect())
    }

    /// The same with a coupon booked on it, that counts for some limits: what was kept there for it is the redemption's.
    pub(super) fn with(&self, amount: Cents, counted: &[UseCount]) -> Self {
        let mut lease = self.clone();
        lease.used_count = lease.used_count.saturating_add(1);
        lease.used += amount;
        for kept in lease.kept.iter_mut().filter(|kept| counted.contains(&kept.count)) {
            kept.uses = kept.uses.saturating_sub(1);
            kept.amount = kept.amount - amount;
        }
        lease
    }

    /// Tells what lies in the ledger's account `reserved` for it.
    pub fn held(&self) -> Cents {
        if self.closed_at.is_some() { Cents::ZERO } else { self.cents_max - self.used }
    }

    /// Tells whether it still holds money.
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }

    /// Tells when what is left goes back to the budget, whether or not the till was heard of.
    pub fn due_at(&self) -> Timestamp {
        self.expires_at.plus_days(GRACE_DAYS)
    }

    /// Tells whether what was reported under it is not kept any more at `now`.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.due_at().plus_days(REPORTS_DAYS) <= now
    }

    /// Tells whether a number can be on it. One that cannot is told at once and kept nowhere: numbers without end would fill the store.
    pub fn has_number(&self, number: u32) -> bool {
        (1..=self.count_max).contains(&number)
    }

    /// Tells what a till gets that has this renewed; `next` is the till's next lease of the campaign, if there was one. It is for as long
    /// again, and not longer.
    ///
    /// # Errors
    /// Why there is none: staff has granted the till so much at a time, and not for ever.
    pub fn renewal<'a>(&self, next: Option<&'a Self>, now: Timestamp) -> Result<Renewal<'a>, LeaseRefused> {
        if let Some(next) = next {
            let came = next.is_open().then_some(Renewal::Came(next));
            return came.ok_or_else(|| LeaseRefused::Followed(self.campaign.clone()));
        }
        if self.due_at() <= now {
            return Err(LeaseRefused::Overdue(self.due_at()));
        }
        // It begins with a second and ends within one: what is between them is longer than what was asked for, by less than a second.
        let length = whole_second(Timestamp(self.expires_at.since_ms(self.granted_at))).0;
        let expires_at = Timestamp(now.0.saturating_add(length)).min(now.plus_days(LEASE_DAYS_MAX));
        Ok(Renewal::Asked(LeaseAsked {
            till: self.till.clone(),
            store: self.store.clone(),
            campaign: self.campaign.clone(),
            offer: self.offer.clone(),
            count_max: self.count_max,
            cents_max: self.cents_max,
            takes_paper: self.takes_paper,
            expires_at,
        }))
    }

    /// Gives back what is left. `None` if that has happened.
    pub fn close(&self, now: Timestamp) -> Option<Closed> {
        self.is_open().then(|| {
            let left = self.held();
            let entry = Entry::new(self.about(), Account::Reserved, Account::Available, left, now);
            let lease = Self { closed_at: Some(now), kept: Vec::new(), ..self.clone() };
            Closed { lease, entry: (Cents::ZERO < left).then_some(entry), freed: self.kept.clone() }
        })
    }

    pub(super) fn about(&self) -> About<'_> {
        About {
            campaign: &self.campaign,
            coupon: self.id.in_ledger(),
            decision: DecisionId::from_bytes(
                Hasher::new("lease grant").field(&self.id.bytes()).finish().short(),
            ),
            redemption: None,
            reversal: None,
        }
    }
}

impl LeaseId {
    /// Tells the name under which the ledger has a lease's money. An entry names one owner, a coupon as a rule; a lease stands in its place.
    pub fn in_ledger(self) -> CouponId {
        CouponId::from_bytes(self.bytes())
    }
}

#[cfg(test)]
mod limits;
#[cfg(test)]
mod tests;
