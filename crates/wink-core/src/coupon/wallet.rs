//! What a person was given or deliberately not given, offer by offer: the memory behind per-person limits and fair measurement.

use std::collections::BTreeMap;

use crate::base::{CampaignId, CouponId, DecisionId, OfferId, Timestamp};
use crate::decision::Usage;
use crate::offer::Catalogue;

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
    /// The coupon, or `None` if the person was held out.
    pub coupon: Option<CouponId>,
}

/// Everything one person was given or held out of, in the order it was decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wallet {
    /// Oldest first.
    pub held: Vec<Held>,
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
            match held.coupon {
                Some(_) => counts.issued += 1,
                None => counts.held_out += 1,
            }
        }
        usage
    }

    /// Finds what the person was first assigned to in a campaign: when, and whether they got something.
    pub fn first_assignment(&self, campaign: &CampaignId) -> Option<&Held> {
        self.held.iter().find(|held| held.campaign == *campaign)
    }
}
