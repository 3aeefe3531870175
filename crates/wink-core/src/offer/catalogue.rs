//! The catalogue: everything the shop configured, applied as one version. A decision names the version it was made under.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{
    Campaign, CartPolicy, ContactPolicy, Margins, Named, Offer, Places, Programme, RuleSlots, Stacking,
    Trigger, Word,
};
use crate::base::{Currency, Digest, OfferId, Timestamp, Zone};
use crate::event::Schemas;
use crate::feature::{self, Wanted};
use crate::profile::Accounts;

/// The version of a catalogue: a hash of its files, so that equal files are the same version everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CatalogueVersion(pub Digest);

impl std::fmt::Display for CatalogueVersion {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hex = self.0.hex();
        out.write_str(hex.get(..16).unwrap_or(&hex))
    }
}

/// One applied version of everything the shop configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    /// Which version this is.
    pub version: CatalogueVersion,
    /// The shop itself.
    pub shop: Shop,
    /// What events look like.
    pub schemas: Arc<Schemas>,
    /// What features there are.
    pub features: Arc<feature::Catalogue>,
    /// How often a person may be contacted.
    pub contact_policy: ContactPolicy,
    /// Who never receives anything.
    pub holdout: Holdout,
    /// What products earn and contacts cost.
    pub economics: Economics,
    /// What holds for a cart whatever coupons are on it.
    pub cart: CartPolicy,
    /// The campaigns, ordered by id.
    pub campaigns: Vec<Campaign>,
    /// The offers, ordered by id; each points to its campaign.
    pub offers: Vec<Offer>,
    /// The moments in which Wink asks itself, as they are written.
    pub triggers: Vec<Trigger>,
    /// The sets of people the shop has named.
    pub segments: feature::Segments,
}

impl Catalogue {
    /// Tells whether an offer's campaign runs at `now`.
    pub fn offer_runs(&self, offer: &Offer, now: Timestamp) -> bool {
        self.campaigns.get(offer.campaign).is_some_and(|campaign| campaign.runs_at(now))
    }

    /// Finds an offer.
    pub fn offer(&self, id: &OfferId) -> Option<&Offer> {
        self.offers.binary_search_by(|offer| offer.id.cmp(id)).ok().and_then(|index| self.offers.get(index))
    }

    /// Finds the offer that a word leads to while its campaign runs, with that campaign.
    pub fn offer_of_word(&self, word: &Word, now: Timestamp) -> Option<(&Offer, &Campaign)> {
        let has_word = |offer: &&Offer| offer.public_code.as_ref().is_some_and(|code| code.word == *word);
        let offer = self.offers.iter().find(has_word)?;
        let campaign = self.campaigns.get(offer.campaign)?;
        campaign.runs_at(now).then_some((offer, campaign))
    }

    /// Tells whether uses are counted for anything: then a redemption depends on this version of the catalogue.
    pub fn counts_uses(&self) -> bool {
        self.campaigns.iter().any(|campaign| campaign.limits.is_said())
            || self.offers.iter().any(|offer| offer.public_code.is_some() || offer.limits.uses.is_said())
    }

    /// Tells how the coupons of an offer meet others; those of an offer that is no longer listed stand alone.
    pub fn stacking(&self, id: &OfferId) -> Stacking {
        self.offer(id).map(|offer| offer.stacking.clone()).unwrap_or_default()
    }

    /// The feature that tells what a person's basket is worth, for the score.
    pub const BASKET: &str = "basket_cents";

    /// The feature that tells what a person buys, for the score.
    pub const AFFINITY: &str = "category_affinity";

    /// Collects the features that offers running at `now` ask for, in their rules, their scorecards and their score, and the names of
    /// shares. A decision reads and stores no others.
    pub fn wanted(&self, now: Timestamp) -> Wanted {
        let slots = RuleSlots::of(&self.features);
        let mut features: BTreeSet<usize> =
            [Self::BASKET, Self::AFFINITY].iter().filter_map(|name| self.features.slot(name)).collect();
        let mut names: BTreeSet<String> = BTreeSet::new();
        for offer in self.offers.iter().filter(|offer| self.offer_runs(offer, now)) {
            names.extend(offer.categories.iter().cloned());
            for (_, rule) in offer.rules.asked() {
                names.extend(rule.keys().map(str::to_owned));
                features.extend(rule.reads().iter().filter_map(|slot| match slots.at(*slot)? {
                    Named::Feature(feature) => Some(feature),
                    Named::Context(_) => None,
                }));
            }
            for weights in [&offer.scorecard.redeem, &offer.scorecard.uplift] {
                let weighs = weights.by_slot.iter().enumerate().filter(|(_, weight)| **weight != 0.0);
                features.extend(weighs.map(|(slot, _)| slot));
            }
        }
        Wanted::only(&self.features, features, names)
    }

    /// Finds out what is in play at `now`, and how long that stays so.
    pub fn in_play(&self, now: Timestamp) -> InPlay {
        let dates = || self.campaigns.iter().flat_map(|campaign| [campaign.starts_at, campaign.ends_at]);
        let runs = |index: &usize| self.campaigns.get(*index).is_some_and(|campaign| campaign.runs_at(now));
        let limited = self.offers.iter().enumerate();
        let limited =
            limited.filter(|(_, offer)| offer.limits.total.is_some() && self.offer_runs(offer, now));
        let counts_households = |offer: &Offer| offer.limits.per_household.is_some();
        InPlay {
            counts_households: self
                .offers
                .iter()
                .any(|offer| counts_households(offer) && self.offer_runs(offer, now)),
            from: dates().filter(|date| *date <= now).max().unwrap_or(Timestamp(i64::MIN)),
            until: dates().filter(|date| now < *date).min().unwrap_or(Timestamp(i64::MAX)),
            campaigns: (0..self.campaigns.len()).filter(runs).collect(),
            limited: limited.map(|(index, _)| index).collect(),
            wanted: self.wanted(now),
        }
    }

    /// Keeps of something listed by offer only what belongs to offers running at `now`.
    pub fn running<T>(&self, now: Timestamp, mut by_offer: BTreeMap<usize, T>) -> BTreeMap<usize, T> {
        by_offer.retain(|index, _| self.offers.get(*index).is_some_and(|offer| self.offer_runs(offer, now)));
        by_offer
    }
}

/// What is in play while the same campaigns run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InPlay {
    /// The first instant it is so.
    pub from: Timestamp,
    /// The first instant it is no longer so.
    pub until: Timestamp,
    /// The campaigns that run.
    pub campaigns: Vec<usize>,
    /// Their offers of which only so many are given.
    pub limited: Vec<usize>,
    /// Whether an offer of theirs is limited per household.
    pub counts_households: bool,
    /// What a decision asks about a person.
    pub wanted: Wanted,
}

impl InPlay {
    /// Tells whether it is still so at `now`.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

/// The shop.
#[derive(Clone, Debug, PartialEq)]
pub struct Shop {
    /// What people call it.
    pub name: String,
    /// Its only currency; amounts in another are refused.
    pub currency: Currency,
    /// Its clock, for days, weekdays and hours.
    pub zone: Zone,
    /// The IANA name of that clock.
    pub zone_name: String,
    /// Which identities are accounts: two of them are two people.
    pub accounts: Accounts,
    /// What is kept of where people are; without it nothing is.
    pub places: Option<Places>,
    /// Its loyalty programme; without one nothing earns points.
    pub points: Option<Programme>,
}

/// Who is left out of everything, to measure the programme as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holdout {
    /// The share of people, in basis points.
    pub basis_points: u16,
    /// Changes who is drawn; never change it while something is being measured.
    pub salt: u64,
}

/// What the score is made of, beside the response.
#[derive(Clone, Debug, PartialEq)]
pub struct Economics {
    /// What products earn.
    pub margins: Margins,
    /// The basket assumed for a person without one, in cents.
    pub default_basket_cents: f64,
    /// What sending one message costs, in cents, by channel in the order of `Channel::ALL`.
    pub channel_cost_cents: [f64; 3],
    /// What a person's attention is worth, in cents per contact: the price of asking at all.
    pub attention_cost_cents: f64,
    /// The probability with which a candidate other than the best is tried, `0.0..1.0`.
    pub exploration: f64,
}
