//! Who was assigned to a campaign's arms: each person once, however many profiles they have, at their first assignment.

use std::collections::{BTreeMap, BTreeSet};

use wink_core::base::{CampaignId, Cents, ProfileId, Timestamp};
use wink_core::coupon::{Given, Held, Wallet};
use wink_core::decision::Decision;
use wink_core::feature::State;
use wink_core::measure::{Arm, Followed, OUTCOME_DAYS};
use wink_core::offer::{Catalogue, Channel};
use wink_record::Stored;
use wink_store::{Lane, Store};

use crate::flow::person::profile_id;
use crate::flow::whole::{self, Whole};
use crate::report::walk;
use crate::{Engine, Error, keys};

/// The people of both arms.
#[derive(Debug, Default)]
pub(super) struct Assigned {
    people: BTreeMap<ProfileId, Followed>,
    /// Which person each profile belongs to, by the profile that stands for them.
    person_of: BTreeMap<ProfileId, ProfileId>,
}

impl Assigned {
    /// Finds the person a profile belongs to, if they were assigned.
    pub(super) fn of(&mut self, profile: ProfileId) -> Option<&mut Followed> {
        self.people.get_mut(self.person_of.get(&profile)?)
    }

    /// Lists the people.
    pub(super) fn all(&self) -> impl Iterator<Item = &Followed> {
        self.people.values()
    }

    /// Tells in which lanes of the journal their events lie.
    pub(super) fn lanes(&self) -> BTreeSet<Lane> {
        self.person_of.keys().map(|profile| Lane::of(keys::home(*profile))).collect()
    }

    /// Tells when the first of them was assigned.
    pub(super) fn first_at(&self) -> Option<Timestamp> {
        self.all().map(|person| person.at).min()
    }
}

/// Loads the people with what they spent before and what reaching them cost. Whoever is being erased is left out.
pub(super) async fn load<S: Store>(
    engine: &Engine<S>,
    catalogue: &Catalogue,
    campaign: &CampaignId,
) -> Result<Assigned, Error> {
    let mut given: Vec<(ProfileId, Vec<Held>)> = Vec::new();
    walk::records(engine, keys::kind::WALLET, |key, record| {
        let mut held = Wallet::from_bytes(&record.bytes)?.held;
        held.retain(|held| held.campaign == *campaign && !held.is_by_word());
        if !held.is_empty() {
            given.push((profile_id(key)?, held));
        }
        Ok(())
    })
    .await?;
    let mut assigned = Assigned::default();
    let mut by_person: BTreeMap<ProfileId, Vec<Held>> = BTreeMap::new();
    for (profile, held) in given {
        let Some(whole) = whole::load(engine, profile).await? else { continue };
        let lead = whole.cluster().lead();
        for known in whole.cluster().profiles() {
            assigned.person_of.insert(known.id, lead);
        }
        by_person.entry(lead).or_default().extend(held);
    }
    for (lead, mut held) in by_person {
        held.sort_by_key(|held| held.at);
        let (Some(first), Some(whole)) = (held.first(), whole::load(engine, lead).await?) else { continue };
        let mut person = Followed::new(arm(first.given), first.at);
        person.before = spent_before(engine, &whole, first.at).await?;
        contact(engine, catalogue, &held, &mut person).await?;
        assigned.people.insert(lead, person);
    }
    Ok(assigned)
}

/// Whoever was offered something counts as that, accepted or not: who accepts is not drawn by lot.
fn arm(given: Given) -> Arm {
    match given {
        Given::Coupon(_) | Given::Right | Given::Lapsed => Arm::Offered,
        Given::HeldOut => Arm::HeldOut,
    }
}

/// Adds up what somebody spent on as many days before the day of the assignment as are counted after it.
async fn spent_before<S: Store>(engine: &Engine<S>, whole: &Whole, at: Timestamp) -> Result<Cents, Error> {
    let mut spent = Cents::ZERO;
    for (profile, identity) in whole.cluster().identities() {
        if let Some(state) = engine.stored::<State>(&keys::state(profile, identity)).await? {
            spent += Cents(state.sales_cents(at.day() - OUTCOME_DAYS, at.day()));
        }
    }
    Ok(spent)
}

/// Notes what telling somebody of the campaign cost, and when. Of a decision that is no longer kept the channel is not known, and it counts as
/// nothing.
async fn contact<S: Store>(
    engine: &Engine<S>,
    catalogue: &Catalogue,
    held: &[Held],
    person: &mut Followed,
) -> Result<(), Error> {
    let costs = catalogue.economics.channel_cost_cents;
    if costs.iter().all(|cost| *cost == 0.0) {
        return Ok(());
    }
    for held in held.iter().filter(|held| held.given != Given::HeldOut) {
        if let Some(decision) = engine.stored::<Decision>(&keys::decision(held.decision)).await? {
            let channels = Channel::ALL.iter().zip(costs);
            let cents =
                channels.filter(|(one, _)| **one == decision.ask.channel).map(|(_, cost)| cost).sum::<f64>();
            person.contact(held.at, cents);
        }
    }
    Ok(())
}
