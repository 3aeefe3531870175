//! What somebody let run out: coupons that were not used, and rights that were not accepted. Their dates are fixed when they are given, so
//! nothing begins anew by being asked for again, in another session or on another device.

use std::collections::BTreeMap;

use super::life::Coupon;
use super::refusal::Refusal;
use super::right::{Right, Stage};
use super::wallet::{Given, Held, Wallet};
use crate::base::Timestamp;
use crate::decision::RanOut;
use crate::offer::Catalogue;

/// The most things of one offer that are looked up for a person, the newest: so many are more than anybody lets run out within the days a shop
/// waits. Each offer has its own, so that many of one do not hide what ran out of another.
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
        let mut of_each: BTreeMap<usize, usize> = BTreeMap::new();
        let is_looked_up = |(index, _): &(usize, &Held)| {
            let before = of_each.entry(*index).or_default();
            *before += 1;
            *before <= LOOKED_UP_MAX
        };
        of_offers.filter(is_looked_up).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{CampaignId, CouponId, DecisionId, OfferId};
    use crate::decision::hesitation::plain;

    #[test]
    fn many_of_one_offer_do_not_hide_what_ran_out_of_another() {
        let mut catalogue = plain();
        let offer = catalogue.offers[0].clone();
        let ids = ["a", "b"].map(|id| OfferId::parse(id).unwrap());
        catalogue.offers =
            ids.iter().map(|id| crate::offer::Offer { id: id.clone(), ..offer.clone() }).collect();
        catalogue.offers.iter_mut().for_each(|offer| offer.limits.per_profile = 1_000);
        let held = |number: u8, offer: &OfferId| Held {
            at: Timestamp(i64::from(number)),
            decision: DecisionId::from_bytes([number; 16]),
            campaign: CampaignId::parse("campaign").unwrap(),
            offer: offer.clone(),
            given: Given::Coupon(CouponId::from_bytes([number; 16])),
        };
        let wallet = Wallet {
            held: (0..200).map(|number| held(number, &ids[usize::from(number != 0)])).collect(),
            announced: Vec::new(),
        };
        let asked = wallet.may_have_run_out(&catalogue, Timestamp(300));
        let of = |index: usize| asked.iter().filter(move |(of, _)| *of == index).map(|(_, held)| held.at.0);
        assert_eq!(of(0).collect::<Vec<_>>(), [0], "the oldest of all is the only one of its offer");
        assert_eq!(of(1).collect::<Vec<_>>(), (136..200).rev().collect::<Vec<_>>());
    }
}
