//! What a person was given or deliberately not given, offer by offer: the memory behind per-person limits and fair measurement.

use std::collections::BTreeMap;

use super::by_word::decided_by_word;
use crate::base::{CampaignId, CouponId, DecisionId, OfferId, Timestamp};
use crate::decision::Usage;
use crate::offer::Catalogue;
use crate::profile::Had;

/// One thing that was given or withheld.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// When.
    pub at: Timestamp,
    /// By which decision.
    pub decision: DecisionId,
    /// For which campaign.
    pub campaign: CampaignId,
    /// Which offer.
    pub offer: OfferId,
    /// What they got.
    pub given: Given,
}

/// What a person got of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// This coupon.
    Coupon(CouponId),
    /// The right to a coupon.
    Right,
    /// The right to a coupon, which nobody accepted in time.
    Lapsed,
    /// Nothing, so that the effect can be measured.
    HeldOut,
}

impl Held {
    /// Tells the coupon, if there is one.
    pub fn coupon(&self) -> Option<CouponId> {
        match self.given {
            Given::Coupon(coupon) => Some(coupon),
            Given::Right | Given::Lapsed | Given::HeldOut => None,
        }
    }

    /// Tells whether the person took it by a code that is for anybody: a public one, or one of those issued in bulk. Nobody was drawn by lot for that, so it tells nothing of what the campaign changed.
    pub fn is_by_word(&self) -> bool {
        self.decision == decided_by_word(&self.offer)
    }
}

/// Everything one person was given or held out of, in the order it was decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wallet {
    /// Oldest first.
    pub held: Vec<Held>,
    /// Coupons of which the person was told that they will run out, oldest first: so that it is said once, and counts as a contact.
    pub announced: Vec<Announced>,
}

/// That a coupon's person was told that it will run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Which coupon.
    pub coupon: CouponId,
    /// When.
    pub at: Timestamp,
}

impl Wallet {
    /// Counts what the person had of each offer of a catalogue, by index.
    pub fn usage(&self, catalogue: &Catalogue) -> BTreeMap<usize, Usage> {
        let mut usage: BTreeMap<usize, Usage> = BTreeMap::new();
        for held in &self.held {
            let Ok(index) = catalogue.offers.binary_search_by(|offer| offer.id.cmp(&held.offer)) else {
                continue;
            };
            let counts = usage.entry(index).or_default();
            match held.given {
                Given::Coupon(_) | Given::Right => counts.issued += 1,
                // It came to nothing, so it is offered as if it had not been.
                Given::Lapsed => {}
                Given::HeldOut => counts.held_out += 1,
            }
        }
        usage
    }

    /// Counts what the person had of each offer, without the first `counted` entries.
    pub fn had(&self, counted: usize) -> BTreeMap<OfferId, Had> {
        let mut all: BTreeMap<OfferId, Had> = BTreeMap::new();
        for held in self.held.iter().skip(counted) {
            let had = match held.given {
                Given::Coupon(_) | Given::Right => Had { given: 1, held_out: 0 },
                Given::Lapsed => continue,
                Given::HeldOut => Had { given: 0, held_out: 1 },
            };
            *all.entry(held.offer.clone()).or_default() += had;
        }
        all
    }

    /// Takes in what the same person was given under another profile.
    pub fn take_in(&mut self, other: &Self) {
        self.held.extend(other.held.iter().cloned());
        self.held.sort_by_key(|held| held.at);
        self.announced.extend(&other.announced);
        self.announced.sort_by_key(|announced| announced.at);
    }

    /// Tells whether the person was told that a coupon will run out.
    pub fn was_announced(&self, coupon: CouponId) -> bool {
        self.announced.iter().any(|announced| announced.coupon == coupon)
    }

    /// Notes what became of the right a decision gave. There is nothing to note if it gave none.
    pub fn settle(&mut self, decision: DecisionId, given: Given) {
        let right = self.held.iter_mut().rev().find(|held| held.decision == decision);
        if let Some(held) = right.filter(|held| held.given == Given::Right) {
            held.given = given;
        }
    }

    /// Finds what the person was first assigned to in a campaign: when, and whether they were offered something.
    pub fn first_assignment(&self, campaign: &CampaignId) -> Option<&Held> {
        self.held.iter().find(|held| held.campaign == *campaign && !held.is_by_word())
    }
}
