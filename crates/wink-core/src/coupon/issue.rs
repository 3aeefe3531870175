//! A decision issues its coupon and reserves the most it can cost.

use super::ledger::{Account, Entry};
use super::life::{Coupon, Effect, State};
use crate::base::{CouponId, Timestamp};
use crate::decision::{Decision, Issue};
use crate::offer::Catalogue;

/// Issues the coupon of a decision, reserving the most it can cost. `None` if the decision offers nothing, or gives only a right.
pub fn issue(decision: &Decision, catalogue: &Catalogue) -> Option<Effect> {
    if decision.ask.issue != Issue::Now {
        return None;
    }
    let coupon = drawn_coupon(decision, catalogue, decision.now)?;
    let reserve =
        Entry::new(coupon.about(), Account::Available, Account::Reserved, coupon.reserved, coupon.issued_at);
    Some(Effect { coupon, entries: vec![reserve], redemption: None })
}

/// Makes the coupon a decision has drawn, as it is when it is issued at `at`.
pub(super) fn drawn_coupon(decision: &Decision, catalogue: &Catalogue, at: Timestamp) -> Option<Coupon> {
    let drawn = decision.offered()?;
    let offer = catalogue.offers.get(drawn.offer)?;
    let benefit = *offer.benefits.get(drawn.benefit)?;
    let campaign = catalogue.campaigns.get(offer.campaign)?;
    Some(Coupon {
        // One decision issues at most one coupon, so its id can follow from the decision: a retry issues the same one.
        id: CouponId::seeded("coupon", &[&decision.id.bytes()]),
        decision: decision.id,
        profile: Some(decision.person.profile),
        campaign: campaign.id.clone(),
        offer: offer.id.clone(),
        benefit,
        terms: offer.terms,
        reversals: campaign.reversals,
        categories: offer.categories.clone(),
        issued_at: at,
        valid_until: at.plus_days(i64::from(offer.terms.valid_days)),
        reserved: benefit.maximum(),
        redemptions: Vec::new(),
        state: State::Issued,
    })
}
