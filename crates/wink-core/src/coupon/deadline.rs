//! What somebody let run out: coupons that were not used, and rights that were not accepted. Their dates are fixed when they are given, so
//! nothing begins anew by being asked for again, in another session or on another device.

use super::life::Coupon;
use super::refusal::Refusal;
use super::right::{Right, Stage};
use super::wallet::{Given, Held, Wallet};
use crate::base::Timestamp;
use crate::decision::RanOut;
use crate::offer::Catalogue;

/// The most things of a person's that are looked up for it, the newest: nobody has as many that are not used up.
const LOOKED_UP_MAX: usize = 64;

impl Coupon {
    /// Tells since when it has run out by `now`, if it was not used, whether or not anybody has seen to its timer.
    pub fn ran_out(&self, now: Timestamp) -> Option<RanOut> {
        match self.phase(now) {
            Err(Refusal::Expired { until }) => Some(RanOut { until, benefit: Some(self.benefit) }),
            _ => None,
        }
    }
}

impl Right {
    /// Tells since when it can no longer be accepted at `now`, if it was not.
    pub fn ran_out(&self, now: Timestamp) -> Option<RanOut> {
        match self.stage(now) {
            Stage::Overdue(_) | Stage::Lapsed => Some(RanOut { until: self.accept_by, benefit: None }),
            Stage::Open(_) | Stage::Accepted | Stage::Revoked => None,
        }
    }
}

impl Wallet {
    /// Lists what may have run out of offers that could be given again at `now`, with the offers by index: those that run, and of which the
    /// person has had fewer than they may. Of most people that is nothing.
    pub fn may_have_run_out(&self, catalogue: &Catalogue, now: Timestamp) -> Vec<(usize, &Held)> {
        if catalogue.contact_policy.reissue_days == 0 || self.held.is_empty() {
            return Vec::new();
        }
        let usage = self.usage(catalogue);
        let could_be_given = |index: usize| {
            let had = usage.get(&index).copied().unwrap_or_default();
            let offer = catalogue.offers.get(index).filter(|offer| catalogue.offer_runs(offer, now));
            offer.is_some_and(|offer| had.issued + had.held_out < offer.limits.per_profile)
        };
        let given = self.held.iter().rev().filter(|held| held.given != Given::HeldOut);
        let of_offers = given.filter_map(|held| {
            let index = catalogue.offers.binary_search_by(|offer| offer.id.cmp(&held.offer)).ok()?;
            could_be_given(index).then_some((index, held))
        });
        of_offers.take(LOOKED_UP_MAX).collect()
    }
}
