//! Campaign by campaign: whom it reached, whom it did not and why, what it may still cost, and a first honest readout.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use wink_core::base::{CampaignId, Cents, ProfileId, Timestamp};
use wink_core::coupon::{Entry, Given, Wallet};
use wink_core::decision::{Candidate, Decision, Verdict};
use wink_core::feature::State;
use wink_core::measure::{Arm, ArmSums, Readout, outcome_days, readout};
use wink_core::offer::Catalogue;
use wink_record::Stored;
use wink_store::{Lane, Store};

use super::walk;
use crate::flow::person::profile_id;
use crate::flow::whole;
use crate::keys;
use crate::{Engine, Error};

/// One campaign's sums.
#[derive(Clone, Debug)]
pub struct CampaignReport {
    /// The campaign.
    pub id: CampaignId,
    /// What people call it.
    pub name: String,
    /// Offers given.
    pub offered: u64,
    /// Offers withheld for measurement.
    pub held_out: u64,
    /// Decisions in which it ran and gave nothing, by the reason its best candidate was not taken.
    pub withheld: BTreeMap<&'static str, u64>,
    /// What it owes now: reserved and spent.
    pub used: Cents,
    /// The most it owed at any time.
    pub peak: Cents,
    /// The most it may owe.
    pub cap: Cents,
    /// What the assigned people spent, of those whose 28 days are over.
    pub sums: ArmSums,
    /// People assigned so far, whether or not their 28 days are over: who got the offer, and who was held out.
    pub assigned: (u64, u64),
    /// What that says.
    pub readout: Readout,
}

/// Reads the campaigns of the catalogue in force, as they stand at `now`.
///
/// # Errors
/// If the store cannot be read or no catalogue is in force.
pub async fn read<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<Vec<CampaignReport>, Error> {
    let catalogue = engine.catalogue()?;
    let counters: Vec<_> =
        catalogue.campaigns.iter().map(|campaign| keys::budget(campaign.id.as_str())).collect();
    let counters = engine.store.counters(engine.tenant, &counters).await?;
    let mut reports: Vec<CampaignReport> = catalogue
        .campaigns
        .iter()
        .zip(counters)
        .map(|(campaign, counter)| CampaignReport {
            id: campaign.id.clone(),
            name: campaign.name.clone(),
            offered: 0,
            held_out: 0,
            withheld: BTreeMap::new(),
            used: Cents(counter.value),
            peak: Cents::ZERO,
            cap: counter.cap.map_or(campaign.budget, Cents),
            sums: ArmSums::default(),
            assigned: (0, 0),
            readout: Readout::NotEnoughData,
        })
        .collect();
    walk::stored(engine, keys::kind::DECISION, |decision: Decision| {
        if decision.catalogue == catalogue.version {
            count(&decision, &catalogue, &mut reports);
        }
        Ok(())
    })
    .await?;
    add_outcomes(engine, &mut reports, now).await?;
    add_peaks(engine, &mut reports).await?;
    for report in &mut reports {
        report.readout = readout(&report.sums);
    }
    Ok(reports)
}

/// Counts what a decision meant for each campaign that ran.
fn count(decision: &Decision, catalogue: &Catalogue, reports: &mut [CampaignReport]) {
    let campaign_of = |offer: usize| catalogue.offers.get(offer).map(|offer| offer.campaign);
    let drawn = match decision.verdict {
        Verdict::Offer(index) | Verdict::HeldOut(index) => decision.candidates.get(index),
        Verdict::Nothing => None,
    };
    let taken = drawn.and_then(|candidate| campaign_of(candidate.drawn?.offer));
    let drawn_score = drawn.and_then(|candidate| candidate.score).unwrap_or(0.0);
    let mut seen = BTreeSet::new();
    // A campaign's reason is that of its candidate that came furthest: one in play before one that was removed.
    let mut candidates: Vec<_> =
        decision.candidates.iter().filter(|candidate| candidate.drawn.is_some()).collect();
    candidates.sort_by(|a, b| {
        let rank = |candidate: &Candidate| (candidate.was_in_play(), candidate.score.unwrap_or(f64::MIN));
        rank(b).partial_cmp(&rank(a)).unwrap_or(Ordering::Equal)
    });
    for candidate in candidates {
        let Some(campaign) = candidate.drawn.and_then(|drawn| campaign_of(drawn.offer)) else { continue };
        let Some(report) = reports.get_mut(campaign) else { continue };
        if !seen.insert(campaign) {
            continue;
        }
        match (Some(campaign) == taken, decision.verdict) {
            (true, Verdict::Offer(_)) => report.offered += 1,
            (true, Verdict::HeldOut(_)) => report.held_out += 1,
            _ => {
                *report.withheld.entry(why_not(candidate, drawn_score)).or_default() += 1;
            }
        }
    }
}

/// Says why a campaign's best candidate was not drawn. The hold-out comes after the draw, so it is no reason here.
fn why_not(candidate: &Candidate, drawn_score: f64) -> &'static str {
    match (&candidate.removed, candidate.score) {
        (Some(removed), _) if !candidate.was_in_play() => removed.code(),
        (_, Some(score)) if score <= 0.0 => "not_worth_it",
        (_, Some(score)) if score <= drawn_score => "another_was_better",
        _ => "not_drawn",
    }
}

/// Finds the most each campaign owed at any time, by its ledger.
async fn add_peaks<S: Store>(engine: &Engine<S>, reports: &mut [CampaignReport]) -> Result<(), Error> {
    let mut moved: BTreeMap<CampaignId, Vec<(Timestamp, Cents)>> = BTreeMap::new();
    for lane in Lane::all() {
        walk::lane(engine, lane, |entry| {
            let Some(body) = &entry.body else { return Ok(()) };
            if entry.header.tenant == engine.tenant && entry.header.kind == keys::entry::LEDGER {
                let movement = Entry::from_bytes(&body.payload)?;
                moved.entry(movement.campaign.clone()).or_default().push((movement.at, movement.owed()));
            }
            Ok(())
        })
        .await?;
    }
    for report in reports {
        let mut moved = moved.remove(&report.id).unwrap_or_default();
        // At the same instant what is freed comes first, as it does when coupons run out before the next ones are given.
        moved.sort_unstable();
        let mut owed = Cents::ZERO;
        for (_, amount) in moved {
            owed += amount;
            report.peak = report.peak.max(owed);
        }
    }
    Ok(())
}

/// Adds what each assigned person spent from the day of their first assignment on.
async fn add_outcomes<S: Store>(
    engine: &Engine<S>,
    reports: &mut [CampaignReport],
    now: Timestamp,
) -> Result<(), Error> {
    let mut assigned: BTreeMap<ProfileId, Wallet> = BTreeMap::new();
    let mut wallets: Vec<(ProfileId, Wallet)> = Vec::new();
    walk::records(engine, keys::kind::WALLET, |key, record| {
        wallets.push((profile_id(key)?, Wallet::from_bytes(&record.bytes)?));
        Ok(())
    })
    .await?;
    // Whoever was assigned under several names is one person, and was first assigned once.
    for (profile, wallet) in wallets {
        let Some(person) = whole::load(engine, profile).await? else { continue };
        assigned.entry(person.cluster().lead()).or_default().take_in(&wallet);
    }
    for (profile, wallet) in assigned {
        let Some(person) = whole::load(engine, profile).await? else { continue };
        let mut all = State::default();
        for (profile, identity) in person.cluster().identities() {
            if let Some(state) = engine.stored::<State>(&keys::state(profile, identity)).await? {
                all.merge(&state);
            }
        }
        for report in reports.iter_mut() {
            let Some(first) = wallet.first_assignment(&report.id) else { continue };
            let arm = match first.given {
                // Whoever was offered something counts as that, accepted or not: who accepts is not drawn by lot.
                Given::Coupon(_) | Given::Right | Given::Lapsed => Arm::Offered,
                Given::HeldOut => Arm::HeldOut,
            };
            match arm {
                Arm::Offered => report.assigned.0 += 1,
                Arm::HeldOut => report.assigned.1 += 1,
            }
            if let Some((from, until)) = outcome_days(first.at, now) {
                report.sums.add(arm, Cents(all.sales_cents(from, until)));
            }
        }
    }
    Ok(())
}
