//! The life of a coupon: `issued → redeemed`, or `expired`, or `revoked` when the person is erased. Each step says which money moves.

use super::ledger::{Account, Entry};
use super::refusal::Refusal;
use crate::base::{CampaignId, Cents, CouponId, DecisionId, OfferId, ProfileId, Timestamp};
use crate::decision::{Decision, Issue};
use crate::offer::{Benefit, Catalogue, Terms};

/// A coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupon {
    /// Its id; never a secret.
    pub id: CouponId,
    /// The decision that issued it.
    pub decision: DecisionId,
    /// Whose it is; `None` once that person was erased.
    pub profile: Option<ProfileId>,
    /// Its campaign.
    pub campaign: CampaignId,
    /// Its offer.
    pub offer: OfferId,
    /// What it gives.
    pub benefit: Benefit,
    /// Under which terms.
    pub terms: Terms,
    /// Categories whose products it applies to; empty for every product.
    pub categories: Vec<String>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The first instant it is no longer valid. Fixed at issue, never moved.
    pub valid_until: Timestamp,
    /// Where it is in its life.
    pub state: State,
}

/// Where a coupon is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// In circulation; its maximum is reserved.
    Issued,
    /// Used.
    Redeemed {
        /// When.
        at: Timestamp,
        /// On which order.
        order_id: String,
        /// What it was worth.
        amount: Cents,
    },
    /// Not used in time.
    Expired {
        /// When that was noticed.
        at: Timestamp,
    },
    /// Taken back.
    Revoked {
        /// When.
        at: Timestamp,
    },
}

/// What a step does: the coupon as it is afterwards, and the money that moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The coupon afterwards.
    pub coupon: Coupon,
    /// The movements.
    pub entries: Vec<Entry>,
}

/// The part of an order a coupon could apply to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basket {
    /// The order.
    pub order_id: String,
    /// What the offer's products cost in it, before the coupon.
    pub spend: Cents,
}

impl Coupon {
    /// Tells whether it was redeemed on this order.
    pub fn is_redeemed_on(&self, order: &str) -> bool {
        matches!(&self.state, State::Redeemed { order_id, .. } if order_id == order && !order.is_empty())
    }

    /// Asks whether it can be used at all at `now`, whatever is bought.
    ///
    /// # Errors
    /// Why not.
    pub fn usable_at(&self, now: Timestamp) -> Result<(), Refusal> {
        match &self.state {
            State::Issued if self.valid_until <= now => Err(Refusal::Expired { until: self.valid_until }),
            State::Issued => Ok(()),
            State::Redeemed { at, .. } => Err(Refusal::AlreadyRedeemed { at: *at }),
            State::Expired { .. } => Err(Refusal::Expired { until: self.valid_until }),
            State::Revoked { .. } => Err(Refusal::Revoked),
        }
    }
}

/// Issues the coupon of a decision, reserving the most it can cost. `None` if the decision offers nothing, or gives only a right.
pub fn issue(decision: &Decision, catalogue: &Catalogue) -> Option<Effect> {
    if decision.ask.issue != Issue::Now {
        return None;
    }
    let coupon = drawn_coupon(decision, catalogue, decision.now)?;
    let (maximum, at) = (coupon.benefit.maximum(), coupon.issued_at);
    let reserve = movement(&coupon, Account::Available, Account::Reserved, maximum, at);
    Some(Effect { coupon, entries: vec![reserve] })
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
        categories: offer.categories.clone(),
        issued_at: at,
        valid_until: at.plus_days(i64::from(offer.terms.valid_days)),
        state: State::Issued,
    })
}

/// Redeems a coupon on an order: what it is worth there is spent, the rest of what was reserved is free again.
///
/// # Errors
/// The [`Refusal`], with what would make it apply.
pub fn redeem(coupon: &Coupon, basket: &Basket, now: Timestamp) -> Result<Effect, Refusal> {
    coupon.usable_at(now)?;
    let Terms { minimum_spend, minimum_price, .. } = coupon.terms;
    let least = minimum_spend.max(minimum_price + Cents(1)).max(coupon.benefit.least_spend());
    let missing = least - basket.spend;
    if basket.spend < minimum_spend {
        return Err(Refusal::MinimumSpend { missing });
    }
    let most = (basket.spend - minimum_price).max(Cents::ZERO);
    let amount = coupon.benefit.worth(basket.spend).min(most);
    if amount == Cents::ZERO {
        return Err(Refusal::MinimumPrice { missing });
    }
    let state = State::Redeemed { at: now, order_id: basket.order_id.clone(), amount };
    let mut entries = vec![movement(coupon, Account::Reserved, Account::Spent, amount, now)];
    let rest = coupon.benefit.maximum() - amount;
    if Cents::ZERO < rest {
        entries.push(movement(coupon, Account::Reserved, Account::Available, rest, now));
    }
    Ok(Effect { coupon: Coupon { state, ..coupon.clone() }, entries })
}

/// Expires a coupon whose time is over and frees what it reserved. `None` if there is nothing to do.
pub fn expire(coupon: &Coupon, now: Timestamp) -> Option<Effect> {
    if coupon.state != State::Issued || now < coupon.valid_until {
        return None;
    }
    Some(free(coupon, State::Expired { at: now }, now))
}

/// Takes the person out of a coupon; one still in circulation is revoked and frees what it reserved.
pub fn release_of_erased(coupon: &Coupon, now: Timestamp) -> Effect {
    let mut effect = match coupon.state {
        State::Issued => free(coupon, State::Revoked { at: now }, now),
        _ => Effect { coupon: coupon.clone(), entries: Vec::new() },
    };
    effect.coupon.profile = None;
    // An order id leads back to a person through the shop.
    if let State::Redeemed { order_id, .. } = &mut effect.coupon.state {
        order_id.clear();
    }
    effect
}

fn free(coupon: &Coupon, state: State, now: Timestamp) -> Effect {
    let entry = movement(coupon, Account::Reserved, Account::Available, coupon.benefit.maximum(), now);
    Effect { coupon: Coupon { state, ..coupon.clone() }, entries: vec![entry] }
}

fn movement(coupon: &Coupon, from: Account, to: Account, amount: Cents, at: Timestamp) -> Entry {
    Entry::new(coupon.id, &coupon.campaign, from, to, amount, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn coupon(benefit: Benefit, minimum_spend: i64, minimum_price: i64) -> Coupon {
        Coupon {
            id: CouponId::from_bytes([1; 16]),
            decision: DecisionId::from_bytes([2; 16]),
            profile: Some(ProfileId::from_bytes([3; 16])),
            campaign: CampaignId::parse("spring").unwrap(),
            offer: OfferId::parse("spring-tea").unwrap(),
            benefit,
            terms: Terms {
                minimum_spend: Cents(minimum_spend),
                minimum_price: Cents(minimum_price),
                valid_days: 28,
            },
            categories: vec![],
            issued_at: Timestamp(0),
            valid_until: Timestamp(28 * DAY),
            state: State::Issued,
        }
    }

    fn check(coupon: &Coupon, spend: i64, now: i64, expected: &str) {
        let basket = Basket { order_id: "o".to_owned(), spend: Cents(spend) };
        let text = match redeem(coupon, &basket, Timestamp(now)) {
            Ok(effect) => {
                let moved: Vec<String> =
                    effect.entries.iter().map(|e| format!("{:?}>{:?} {}", e.from, e.to, e.amount)).collect();
                moved.join(", ")
            }
            Err(refusal) => format!("{}: {refusal}", refusal.code()),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn redeeming_spends_what_it_is_worth_and_frees_the_rest() {
        let ten_percent = Benefit::Percent { basis_points: 1_000, maximum: Cents(300) };
        check(&coupon(ten_percent, 0, 0), 2_000, 1, "Reserved>Spent 2.00, Reserved>Available 1.00");
        check(&coupon(ten_percent, 0, 0), 9_000, 1, "Reserved>Spent 3.00");
        check(
            &coupon(Benefit::Amount(Cents(150)), 0, 0),
            100,
            1,
            "Reserved>Spent 1.00, Reserved>Available 0.50",
        );
    }

    #[test]
    fn never_goes_below_the_minimum_price() {
        check(
            &coupon(Benefit::Amount(Cents(150)), 0, 900),
            1_000,
            1,
            "Reserved>Spent 1.00, Reserved>Available 0.50",
        );
        check(
            &coupon(Benefit::Amount(Cents(150)), 0, 900),
            900,
            1,
            "minimum_price: the price of these products is already at its minimum",
        );
    }

    #[test]
    fn a_no_says_what_would_help() {
        let coupon = coupon(Benefit::Amount(Cents(150)), 2_000, 0);
        check(
            &coupon,
            1_390,
            1,
            "minimum_spend: add 6.10 worth of the offer's products and the coupon applies",
        );
        check(&coupon, 2_000, 28 * DAY - 1, "Reserved>Spent 1.50");
        check(
            &coupon,
            2_000,
            28 * DAY,
            "discount_code_expired: this coupon was valid until 1970-01-29T00:00:00Z",
        );
    }

    #[test]
    fn a_coupon_is_redeemed_once_and_not_after_it_expired() {
        let issued = coupon(Benefit::Amount(Cents(150)), 0, 0);
        let basket = Basket { order_id: "o".to_owned(), spend: Cents(500) };
        let redeemed = redeem(&issued, &basket, Timestamp(1)).unwrap().coupon;
        check(
            &redeemed,
            500,
            2,
            "discount_code_already_applied: this coupon was already used on 1970-01-01T00:00:00.001Z",
        );
        assert_eq!(expire(&redeemed, Timestamp(99 * DAY)), None);
        assert_eq!(expire(&issued, Timestamp(28 * DAY - 1)), None);
        let expired = expire(&issued, Timestamp(28 * DAY)).unwrap();
        assert_eq!(expired.entries.iter().map(Entry::owed).sum::<Cents>(), Cents(-150));
        check(
            &expired.coupon,
            500,
            1,
            "discount_code_expired: this coupon was valid until 1970-01-29T00:00:00Z",
        );
    }

    #[test]
    fn erasing_a_person_frees_what_was_reserved_and_keeps_what_was_spent() {
        let issued = coupon(Benefit::Amount(Cents(150)), 0, 0);
        let effect = release_of_erased(&issued, Timestamp(5));
        assert_eq!((effect.coupon.profile, effect.entries.len()), (None, 1));
        let basket = Basket { order_id: "o".to_owned(), spend: Cents(500) };
        let redeemed = redeem(&issued, &basket, Timestamp(1)).unwrap().coupon;
        let effect = release_of_erased(&redeemed, Timestamp(5));
        let State::Redeemed { order_id, amount, .. } = effect.coupon.state else { panic!("still redeemed") };
        assert_eq!((order_id.as_str(), amount, effect.entries.len()), ("", Cents(150), 0));
    }
}
