//! Proves that the store holds together: chains, ledger, counters, decisions, features, segments, balance.

use std::collections::{BTreeMap, BTreeSet};

use wink_core::base::{
    CampaignId, Cents, CouponId, DecisionId, Digest, Hasher, LeaseId, ProfileId, RedemptionId, Timestamp,
};
use wink_core::coupon::points::Entry as PointsMoved;
use wink_core::coupon::{
    Account, Coupon, Entry as Movement, Lease, Redemption, Right, RightState, State as Life,
};
use wink_core::feature::{Catalogue, Happened, State, fold};
use wink_core::measure::Card;
use wink_core::profile::{IdentityKey, Kept};
use wink_record::{Decided, Stored};
use wink_store::{Entry, Lane, Position, Store, Tenant};

use super::totals::{self, Balance};
use super::{counted, households, memberships, models, points, state_hash, walk};
use crate::flow::tills::sweep::gone_until;
use crate::keys::{self, entry, kind};
use crate::{Engine, Error};

/// What a verification found.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Journal entries whose chain and payload hold.
    pub entries: u64,
    /// Of them, those whose payload was taken out.
    pub redacted: u64,
    /// Movements of money.
    pub movements: u64,
    /// Movements of points.
    pub points_moved: u64,
    /// States that the journal's events give again.
    pub states: u64,
    /// Decisions that are as the journal says.
    pub decisions: u64,
    /// Messages.
    pub balance: Balance,
    /// The hash of everything.
    pub state_hash: Digest,
    /// What does not hold, in words; empty if all is well.
    pub findings: Vec<String>,
}

/// Verifies the whole store.
///
/// # Errors
/// If the store cannot be read. What does not hold is a finding, not an error.
pub async fn verify<S: Store>(engine: &Engine<S>) -> Result<Verified, Error> {
    let features = engine.features();
    let mut journal = Journal::new(features.part(|id| !features.is_filling(id)));
    for lane in Lane::all() {
        journal.start_lane();
        walk::lane(engine, lane, |entry| journal.read(engine.tenant, lane, entry)).await?;
    }
    check_money(engine, &mut journal).await?;
    journal.findings.extend(counted::findings(engine).await?);
    journal.findings.extend(journal.points.findings(engine).await?);
    let decisions = check_decisions(engine, &mut journal).await?;
    let states = check_states(engine, &mut journal).await?;
    journal.findings.extend(memberships::findings(engine).await?);
    journal.findings.extend(models::findings(engine, &mut journal.models).await?);
    journal.findings.extend(households::findings(engine).await?);
    let balance = totals::balance(engine).await?;
    if !balance.is_exact() {
        journal.findings.push(format!("the balance does not add up: {balance:?}"));
    }
    Ok(Verified {
        entries: journal.entries,
        redacted: journal.redacted,
        movements: journal.movements,
        points_moved: journal.points.movements,
        states,
        decisions,
        balance,
        state_hash: state_hash::state_hash(engine).await?,
        findings: journal.findings,
    })
}

/// What the journal says, read once from front to back.
struct Journal {
    before: [u8; 32],
    expected: u64,
    entries: u64,
    redacted: u64,
    redacted_lanes: BTreeSet<Lane>,
    movements: u64,
    points: points::Ledger,
    accounts: BTreeMap<(CampaignId, Account), Cents>,
    reserved: BTreeMap<CouponId, Cents>,
    spent: BTreeMap<CouponId, Cents>,
    decided: BTreeMap<DecisionId, Digest>,
    states: BTreeMap<(ProfileId, IdentityKey), State>,
    models: BTreeMap<u32, Digest>,
    /// What is still filled cannot be compared yet.
    features: Catalogue,
    findings: Vec<String>,
}

impl Journal {
    fn new(features: Catalogue) -> Self {
        Self {
            before: [0; 32],
            expected: 0,
            entries: 0,
            redacted: 0,
            redacted_lanes: BTreeSet::new(),
            movements: 0,
            points: points::Ledger::default(),
            accounts: BTreeMap::new(),
            reserved: BTreeMap::new(),
            spent: BTreeMap::new(),
            decided: BTreeMap::new(),
            states: BTreeMap::new(),
            models: BTreeMap::new(),
            features,
            findings: Vec::new(),
        }
    }

    fn start_lane(&mut self) {
        (self.before, self.expected) = ([0; 32], 0);
    }

    fn read(&mut self, tenant: Tenant, lane: Lane, found: &Entry) -> Result<(), Error> {
        if let Err(error) = found.verify(&self.before, lane, Position(self.expected)) {
            self.findings.push(error.to_string());
        }
        (self.before, self.expected) = (found.header.hash, found.position.0 + 1);
        self.entries += 1;
        let Some(body) = &found.body else {
            self.redacted += 1;
            self.redacted_lanes.insert(lane);
            return Ok(());
        };
        if found.header.tenant != tenant {
            return Ok(());
        }
        if found.header.kind == entry::LEDGER {
            self.book(&Movement::from_bytes(&body.payload)?);
        } else if found.header.kind == entry::POINTS {
            self.points.book(&PointsMoved::from_bytes(&body.payload)?);
        } else if found.header.kind == entry::DECIDED {
            let decided = Decided::from_bytes(&body.payload)?;
            self.decided.insert(decided.id, decided.hash);
        } else if found.header.kind == entry::MODEL {
            let card = Card::from_bytes(&body.payload)?;
            self.models.insert(card.version(), models::hash(&body.payload));
        } else if found.header.kind == entry::EVENT {
            let kept = Kept::from_bytes(&body.payload)?;
            let happened = Happened::new(kept.occurred_at, &kept.body, &kept.extra);
            if self.features.is_made_of(kept.body.event_name()) {
                let state = self.states.entry((kept.profile, kept.identity)).or_default();
                fold(state, &self.features, &happened);
            }
        }
        Ok(())
    }

    fn book(&mut self, movement: &Movement) {
        self.movements += 1;
        let mut add = |account, amount| {
            *self.accounts.entry((movement.campaign.clone(), account)).or_default() += amount;
        };
        add(movement.from, Cents::ZERO - movement.amount);
        add(movement.to, movement.amount);
        for (account, amount) in
            [(movement.from, Cents::ZERO - movement.amount), (movement.to, movement.amount)]
        {
            match account {
                Account::Reserved => *self.reserved.entry(movement.coupon).or_default() += amount,
                Account::Spent => *self.spent.entry(movement.coupon).or_default() += amount,
                Account::Available | Account::Returned | Account::Expired => {}
            }
        }
    }

    fn account(&self, campaign: &CampaignId, account: Account) -> Cents {
        self.accounts.get(&(campaign.clone(), account)).copied().unwrap_or_default()
    }
}

/// The ledger against the budgets' counters and the coupons.
async fn check_money<S: Store>(engine: &Engine<S>, journal: &mut Journal) -> Result<(), Error> {
    let currency = engine.currency();
    // Every movement leaves one account and arrives in another; what can go wrong is that it leaves one that has nothing.
    let promised = journal.accounts.iter().filter(|((_, account), _)| *account != Account::Available);
    let overdrawn: Vec<String> = promised
        .filter(|(_, amount)| **amount < Cents::ZERO)
        .map(|((campaign, account), amount)| {
            format!("campaign {campaign} has {} in its account {account:?}", currency.of(*amount))
        })
        .collect();
    journal.findings.extend(overdrawn);
    for (key, counter) in engine.store.counters_with(engine.tenant, keys::BUDGETS.as_bytes()).await? {
        let name = String::from_utf8_lossy(key.0.get(keys::BUDGETS.len()..).unwrap_or_default()).into_owned();
        let Ok(campaign) = CampaignId::parse(&name) else { continue };
        let owed = journal.account(&campaign, Account::Reserved) + journal.account(&campaign, Account::Spent);
        if owed != Cents(counter.value) {
            let [owed, counted] = [owed, Cents(counter.value)].map(|amount| currency.of(amount));
            journal
                .findings
                .push(format!("campaign {campaign} owes {owed} by the ledger and {counted} by its counter"));
        }
    }
    let mut coupons: Vec<Coupon> = Vec::new();
    walk::stored(engine, kind::COUPON, |coupon: Coupon| {
        coupons.push(coupon);
        Ok(())
    })
    .await?;
    let mut redeemed = Redeemed::read(engine).await?;
    for coupon in coupons {
        let expected = coupon.reserved;
        let reserved = journal.reserved.remove(&coupon.id).unwrap_or_default();
        if reserved != expected {
            let [reserved, expected] = [reserved, expected].map(|amount| currency.of(amount));
            journal.findings.push(format!("coupon {} reserves {reserved} instead of {expected}", coupon.id));
        }
        let expected = redeemed.spent.remove(&coupon.id).unwrap_or_else(|| untold(&coupon));
        let spent = journal.spent.remove(&coupon.id).unwrap_or_default();
        if spent != expected {
            let [spent, expected] = [spent, expected].map(|amount| currency.of(amount));
            journal.findings.push(format!("coupon {} spent {spent} instead of {expected}", coupon.id));
        }
        if !redeemed.is_said_by(&coupon) {
            journal.findings.push(format!("coupon {} is not as its redemption says", coupon.id));
        }
    }
    check_leases(engine, journal, &mut redeemed).await?;
    if !redeemed.spent.is_empty() {
        let missing = redeemed.spent.len();
        journal.findings.push(format!("{missing} coupons have redemptions and are not there"));
    }
    check_rights(engine, journal).await?;
    let without_coupon = journal.spent.values().filter(|spent| **spent != Cents::ZERO).count();
    if without_coupon != 0 {
        journal.findings.push(format!("{without_coupon} redeemed coupons are in the ledger only"));
    }
    let without_coupon = journal.reserved.values().filter(|reserved| **reserved != Cents::ZERO).count();
    if without_coupon != 0 {
        journal
            .findings
            .push(format!("{without_coupon} coupons are in the ledger only, and still reserve money"));
    }
    Ok(())
}

/// The leases against the ledger and against what was booked on them.
async fn check_leases<S: Store>(
    engine: &Engine<S>,
    journal: &mut Journal,
    redeemed: &mut Redeemed,
) -> Result<(), Error> {
    let currency = engine.currency();
    let mut leases: Vec<Lease> = Vec::new();
    walk::stored(engine, kind::LEASE, |lease: Lease| {
        leases.push(lease);
        Ok(())
    })
    .await?;
    for lease in leases {
        let (id, name) = (lease.id, lease.id.in_ledger());
        let (held, reserved) = (lease.held(), journal.reserved.remove(&name).unwrap_or_default());
        if held != reserved {
            let [reserved, held] = [reserved, held].map(|amount| currency.of(amount));
            journal.findings.push(format!("lease {id} reserves {reserved} instead of {held}"));
        }
        let expected = redeemed.spent.remove(&name).unwrap_or_default();
        let spent = journal.spent.remove(&name).unwrap_or_default();
        if spent != expected {
            let [spent, expected] = [spent, expected].map(|amount| currency.of(amount));
            journal.findings.push(format!("lease {id} spent {spent} instead of {expected}"));
        }
        let booked = redeemed.on_leases.remove(&id).unwrap_or_default();
        if (booked.count, booked.amount) != (lease.used_count, lease.used) {
            journal.findings.push(format!("lease {id} has other redemptions than it says"));
        }
    }
    // What is not kept any more has paid all the same, and holds nothing.
    let gone_until = gone_until(engine).await?;
    let missing = std::mem::take(&mut redeemed.on_leases);
    let (gone, missing): (Vec<_>, Vec<_>) =
        missing.into_iter().partition(|(_, booked)| booked.latest < gone_until);
    for (id, _) in gone {
        let name = id.in_ledger();
        let expected = redeemed.spent.remove(&name).unwrap_or_default();
        let spent = journal.spent.remove(&name).unwrap_or_default();
        if spent != expected {
            let [spent, expected] = [spent, expected].map(|amount| currency.of(amount));
            journal.findings.push(format!("lease {id} spent {spent} instead of {expected}"));
        }
    }
    if !missing.is_empty() {
        let missing = missing.len();
        journal.findings.push(format!("{missing} leases have redemptions and are not there"));
    }
    Ok(())
}

/// What redemptions say.
#[derive(Default)]
struct Redeemed {
    /// What those of a coupon still cost.
    spent: BTreeMap<CouponId, Cents>,
    /// What each was worth, and how much of that came back.
    amounts: BTreeMap<RedemptionId, (Cents, Cents)>,
    /// How many were paid by each lease, and what they were worth.
    on_leases: BTreeMap<LeaseId, OnLease>,
}

/// What redemptions say of a lease.
#[derive(Clone, Copy, Default)]
struct OnLease {
    /// How many it paid.
    count: u32,
    /// What they were worth.
    amount: Cents,
    /// When the last of them was taken.
    latest: Timestamp,
}

impl Redeemed {
    async fn read<S: Store>(engine: &Engine<S>) -> Result<Self, Error> {
        let mut redeemed = Self::default();
        walk::stored(engine, kind::REDEMPTION, |redemption: Redemption| {
            // What a till gave without asking, its lease paid for.
            let owner = redemption.offline.map_or(redemption.coupon, |offline| offline.lease.in_ledger());
            *redeemed.spent.entry(owner).or_default() += redemption.spent();
            if let Some(offline) = redemption.offline {
                let on = redeemed.on_leases.entry(offline.lease).or_default();
                on.count += 1;
                on.amount += redemption.amount;
                on.latest = on.latest.max(redemption.at);
            }
            redeemed.amounts.insert(redemption.id, (redemption.amount, redemption.returned()));
            Ok(())
        })
        .await?;
        Ok(redeemed)
    }

    /// Tells whether a coupon that is used says the same as the redemption it was used for.
    fn is_said_by(&self, coupon: &Coupon) -> bool {
        match (&coupon.state, coupon.redemptions.last()) {
            (Life::Redeemed { amount, returned, .. }, Some(last)) => {
                self.amounts.get(last) == Some(&(*amount, *returned))
            }
            _ => coupon.redemptions.iter().all(|id| self.amounts.contains_key(id)),
        }
    }
}

/// Tells what a coupon spent that has no redemptions: it was used before there were any, or not at all.
fn untold(coupon: &Coupon) -> Cents {
    match coupon.state {
        Life::Redeemed { amount, .. } if coupon.redemptions.is_empty() => amount,
        _ => Cents::ZERO,
    }
}

/// The rights against the ledger: an open one reserves what it promised, and what was accepted is a coupon, which was looked at.
async fn check_rights<S: Store>(engine: &Engine<S>, journal: &mut Journal) -> Result<(), Error> {
    let currency = engine.currency();
    let mut rights: Vec<Right> = Vec::new();
    walk::stored(engine, kind::RIGHT, |right: Right| {
        rights.push(right);
        Ok(())
    })
    .await?;
    for right in rights {
        let is_issued = engine.record(&keys::coupon(right.coupon)).await?.is_some();
        let is_accepted = matches!(right.state, RightState::Accepted { .. });
        if is_issued != is_accepted {
            let state = right.state.name();
            let coupon = if is_issued { "a coupon" } else { "no coupon" };
            journal.findings.push(format!("the right of {} is {state} and has {coupon}", right.decision));
        }
        let expected = if right.state == RightState::Open { right.reserved } else { Cents::ZERO };
        // What an accepted right reserved is its coupon's.
        let reserved = journal.reserved.remove(&right.coupon).unwrap_or_default();
        if reserved != expected {
            let decision = right.decision;
            let [reserved, expected] = [reserved, expected].map(|amount| currency.of(amount));
            journal
                .findings
                .push(format!("the right of {decision} reserves {reserved} instead of {expected}"));
        }
    }
    Ok(())
}

/// The stored decisions against the hashes in the journal.
async fn check_decisions<S: Store>(engine: &Engine<S>, journal: &mut Journal) -> Result<u64, Error> {
    let mut decisions = 0;
    let mut findings = Vec::new();
    walk::records(engine, kind::DECISION, |key, record| {
        let id = DecisionId::from_bytes(key.try_into().unwrap_or_default());
        let hash = Hasher::new("decision").field(&record.bytes).finish();
        match journal.decided.remove(&id) {
            Some(decided) if decided == hash => decisions += 1,
            Some(_) => findings.push(format!("decision {id} is not the one that was made")),
            None => findings.push(format!("decision {id} is not in the journal")),
        }
        Ok(())
    })
    .await?;
    journal.findings.append(&mut findings);
    if let Some(missing) = journal.decided.keys().next() {
        let count = journal.decided.len();
        journal.findings.push(format!("{count} decisions are in the journal only, the first is {missing}"));
    }
    Ok(decisions)
}

/// The stored features against the same fold over the journal. In a lane where something was redacted a state may know more than the
/// journal still tells, but never less.
async fn check_states<S: Store>(engine: &Engine<S>, journal: &mut Journal) -> Result<u64, Error> {
    let mut states = 0;
    let mut findings = Vec::new();
    walk::records(engine, kind::STATE, |key, record| {
        let mut state = State::from_bytes(&record.bytes)?;
        journal.features.retain(&mut state);
        let (profile, identity) = key.split_at_checked(16).unwrap_or((key, &[]));
        let profile = ProfileId::from_bytes(profile.try_into().unwrap_or_default());
        let identity = IdentityKey(identity.try_into().unwrap_or_default());
        let folded = journal.states.remove(&(profile, identity)).unwrap_or_default();
        if folded == state {
            states += 1;
        } else if !(journal.redacted_lanes.contains(&Lane::of(keys::home(profile))) && state.covers(&folded))
        {
            findings.push(format!("the features of {profile} are not those its events give"));
        }
        Ok(())
    })
    .await?;
    // An erased person's events are redacted, so whoever still has events has features.
    if journal.states.values().any(|folded| *folded != State::default()) {
        findings.push("features that the journal's events give are not there".to_owned());
    }
    journal.findings.append(&mut findings);
    Ok(states)
}
