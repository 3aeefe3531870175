//! What holds for coupons on carts, shown on examples, on everything small, and on what is drawn.

mod bounds;
mod exhaustive;
mod naive;
mod property;
mod said;
mod standing;

use super::{Cart, Checkout, Claim, Line};
use crate::base::{CampaignId, Cents, CouponId, DecisionId, OfferId, Timestamp};
use crate::coupon::{Coupon, NearestMiss, Refusal, State};
use crate::offer::{Benefit, CartPolicy, ReversalPolicy, Stacking, Terms};

/// When everything here happens; every coupon is valid then.
const NOW: Timestamp = Timestamp(1_000);

/// A coupon with how it meets others.
#[derive(Clone, Debug)]
struct Written {
    coupon: Coupon,
    stacking: Stacking,
}

impl Written {
    fn new(number: u8, benefit: Benefit) -> Self {
        let coupon = Coupon {
            id: CouponId::from_bytes([number; 16]),
            decision: DecisionId::from_bytes([number; 16]),
            profile: None,
            campaign: CampaignId::parse("campaign").unwrap(),
            offer: OfferId::parse("offer").unwrap(),
            benefit,
            terms: terms(0, 0),
            reversals: ReversalPolicy::default(),
            categories: Vec::new(),
            issued_at: Timestamp(0),
            valid_until: Timestamp(0).plus_days(28),
            reserved: benefit.maximum(),
            redemptions: Vec::new(),
            state: State::Issued,
        };
        Self { coupon, stacking: Stacking { stacks: true, ..Stacking::default() } }
    }

    fn of(mut self, categories: &[&str]) -> Self {
        self.coupon.categories = words(categories);
        self
    }

    fn minimum(mut self, spend: i64, price: i64) -> Self {
        self.coupon.terms = terms(spend, price);
        self
    }

    fn group(mut self, group: &str) -> Self {
        self.stacking.exclusive_group = Some(group.to_owned());
        self
    }

    fn alone(mut self) -> Self {
        self.stacking.stacks = false;
        self
    }

    fn first(mut self) -> Self {
        self.stacking.priority = 9;
        self
    }

    fn claim(&self) -> Claim<'_> {
        Claim { coupon: &self.coupon, stacking: self.stacking.clone(), redeemed: None, bounds: Vec::new() }
    }
}

fn terms(spend: i64, price: i64) -> Terms {
    Terms {
        minimum_spend: Cents(spend),
        minimum_price: Cents(price),
        valid_days: 28,
        needs_activation: false,
    }
}

/// A checkout without an order, now.
fn under(policy: &CartPolicy) -> Checkout<'_> {
    Checkout { policy, order: None, now: NOW }
}

fn claims(written: &[Written]) -> Vec<Claim<'_>> {
    written.iter().map(Written::claim).collect()
}

fn amount(cents: i64) -> Benefit {
    Benefit::Amount(Cents(cents))
}

fn percent(basis_points: u16, maximum: i64) -> Benefit {
    Benefit::Percent { basis_points, maximum: Cents(maximum) }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn line(number: usize, price: i64, categories: &[&str], cost: Option<i64>) -> Line {
    Line {
        id: number.to_string(),
        product: "product".to_owned(),
        categories: words(categories),
        quantity: 1,
        unit_price: Cents(price),
        vat_basis_points: Some(if number.is_multiple_of(2) { 1_900 } else { 700 }),
        unit_cost: cost.map(Cents),
    }
}

fn cart(lines: &[(i64, &[&str], Option<i64>)]) -> Cart {
    let lines = lines.iter().enumerate();
    let lines = lines.map(|(number, (price, categories, cost))| line(number, *price, categories, *cost));
    Cart::new(lines.collect()).unwrap()
}

/// With how much more of the offer's products a "no" says it would be a yes.
fn missing(refusal: &Refusal) -> Option<Cents> {
    match refusal.nearest_miss()? {
        NearestMiss::AddSpend(missing) => Some(missing),
        _ => None,
    }
}

/// Without which coupons a "no" says it would be a yes.
fn leave_out(refusal: &Refusal) -> &[CouponId] {
    match refusal.nearest_miss() {
        Some(NearestMiss::LeaveOut(coupons)) => coupons,
        _ => &[],
    }
}
