//! A decision issues its coupon and reserves the most it can cost.

use super::ledger::{Account, Entry};
use super::life::{Coupon, Effect, State};
use crate::base::{CouponId, DecisionId, Timestamp};
use crate::decision::{Decision, Issue};
use crate::offer::{Benefit, Campaign, Catalogue, Offer};

/// Issues the coupon of a decision, reserving the most it can cost. `None` if the decision offers nothing, or gives only a right.
pub fn issue(decision: &Decision, catalogue: &Catalogue) -> Option<Effect> {
    if decision.ask.issue != Issue::Now {
        return None;
    }
    drawn_coupon(decision, catalogue, decision.now).map(reserving)
}

/// Makes the coupon a decision has drawn, as it is when it is issued at `at`.
pub(super) fn drawn_coupon(decision: &Decision, catalogue: &Catalogue, at: Timestamp) -> Option<Coupon> {
    let drawn = decision.offered()?;
    let offer = catalogue.offers.get(drawn.offer)?;
    let benefit = *offer.benefits.get(drawn.benefit)?;
    let campaign = catalogue.campaigns.get(offer.campaign)?;
    // One decision issues at most one coupon, so its id can follow from the decision: a retry issues the same one.
    let id = CouponId::seeded("coupon", &[&decision.id.bytes()]);
    let coupon = of_offer(id, decision.id, campaign, offer, benefit, at);
    Some(Coupon { profile: Some(decision.person.profile), ..coupon })
}

/// Makes a coupon as an offer says, which is nobody's.
pub(super) fn of_offer(
    id: CouponId,
    decision: DecisionId,
    campaign: &Campaign,
    offer: &Offer,
    benefit: Benefit,
    at: Timestamp,
) -> Coupon {
    Coupon {
        id,
        decision,
        profile: None,
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
    }
}

/// Issues a coupon, reserving the most it can cost.
pub(super) fn reserving(coupon: Coupon) -> Effect {
    let (from, to) = (Account::Available, Account::Reserved);
    let reserve = Entry::new(coupon.about(), from, to, coupon.reserved, coupon.issued_at);
    Effect { coupon, entries: vec![reserve], redemption: None }
}
