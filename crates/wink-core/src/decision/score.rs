//! What a candidate is expected to change, in cents: uplift × margin − P(redeem) × worth − channel cost − attention cost.

use super::situation::Situation;
use crate::base::Cents;
use crate::feature::View;
use crate::offer::{Benefit, Catalogue, Channel, Economics, Offer};

/// What is expected of one offer for one person, before a benefit is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// Probability that the person redeems.
    pub redeem: f64,
    /// Probability that the offer makes the difference between an order and none.
    pub uplift: f64,
    /// What an order of this person contributes, in cents.
    pub margin_cents: f64,
    /// What this person is expected to spend on the offer's products in an order.
    pub spend: Cents,
}

/// Where the score's features are; found once per catalogue.
pub(super) struct Slots {
    basket: Option<usize>,
    affinity: Option<usize>,
}

impl Slots {
    pub(super) fn of(catalogue: &Catalogue) -> Self {
        let slot = |name| catalogue.features.slot(name);
        Self { basket: slot(Catalogue::BASKET), affinity: slot(Catalogue::AFFINITY) }
    }
}

/// Estimates what an offer would do for the person.
pub(super) fn expect(view: &View, slots: &Slots, economics: &Economics, offer: &Offer) -> Expected {
    let numbers = view.numbers();
    let basket = slots.basket.and_then(|slot| view.number(slot)).unwrap_or(economics.default_basket_cents);
    let (share, margin) = share_and_margin(view, slots, economics, offer);
    Expected {
        redeem: logistic(offer.scorecard.redeem.log_odds(numbers)),
        uplift: logistic(offer.scorecard.uplift.log_odds(numbers)),
        margin_cents: basket * margin,
        spend: whole_cents((basket * share).max(cents(offer.terms.minimum_spend))),
    }
}

/// Scores one benefit: the expected incremental contribution in cents.
pub(super) fn score(situation: &Situation<'_>, expected: &Expected, benefit: Benefit) -> f64 {
    let economics = &situation.catalogue.economics;
    let [newsletter, web, till] = economics.channel_cost_cents;
    let channel_cost = match situation.ask.channel {
        Channel::Newsletter => newsletter,
        Channel::Web => web,
        Channel::Till => till,
    };
    let worth = cents(benefit.worth(expected.spend));
    expected.uplift * expected.margin_cents
        - expected.redeem * worth
        - channel_cost
        - economics.attention_cost_cents
}

/// The share of the basket that falls on the offer's products, and the basket's margin weighted by what the person buys.
fn share_and_margin(view: &View, slots: &Slots, economics: &Economics, offer: &Offer) -> (f64, f64) {
    let margins = &economics.margins;
    let default_margin = share(margins.default_basis_points);
    let affinity = slots.affinity.and_then(|slot| view.shares(slot));
    let (Some(affinity), false) = (affinity, offer.categories.is_empty()) else {
        return (1.0, default_margin);
    };
    let (mut on_offer, mut weighted) = (0.0, 0.0);
    for category in &offer.categories {
        let bought = affinity.get(category).copied().unwrap_or(0.0);
        on_offer += bought;
        weighted += bought * share(margins.of(category));
    }
    // What the offer's categories do not cover earns the shop's usual margin.
    (on_offer, weighted + (1.0 - on_offer) * default_margin)
}

fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-log_odds))
}

fn share(basis_points: u16) -> f64 {
    f64::from(basis_points) / 10_000.0
}

#[expect(clippy::cast_precision_loss, reason = "amounts stay far below 2^53 cents")]
fn cents(amount: Cents) -> f64 {
    amount.0 as f64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a float cast saturates, and spend is never negative or not a number"
)]
fn whole_cents(amount: f64) -> Cents {
    Cents(libm::round(amount) as i64)
}
