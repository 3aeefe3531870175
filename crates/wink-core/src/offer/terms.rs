//! An offer: benefits to choose from, terms, limits, rules and the response that is assumed until it is measured.

use super::{PublicCode, Rules, Stacking, UseLimits};
use crate::base::{Cents, OfferId};

/// What may be given and under which terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Its slug.
    pub id: OfferId,
    /// What the shopper reads.
    pub title: String,
    /// Index of its campaign in the catalogue.
    pub campaign: usize,
    /// The values it may take; each is a candidate of its own.
    pub benefits: Vec<Benefit>,
    /// Where it may be shown.
    pub channels: Vec<Channel>,
    /// Categories whose products it applies to; empty for every product.
    pub categories: Vec<String>,
    /// What the redeeming order must fulfil.
    pub terms: Terms,
    /// How often it may be given and used.
    pub limits: Limits,
    /// The word anybody may type to use it, if there is one.
    pub public_code: Option<PublicCode>,
    /// How its coupons meet others on a cart.
    pub stacking: Stacking,
    /// When it may be given.
    pub rules: Rules,
    /// The assumed response of a person.
    pub scorecard: Scorecard,
}

/// A reduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Benefit {
    /// A fixed amount.
    Amount(Cents),
    /// A share of what it applies to, never more than `maximum`.
    Percent {
        /// In basis points (1,000 = 10 %).
        basis_points: u16,
        /// The most it can be worth; this is what the budget reserves.
        maximum: Cents,
    },
}

impl Benefit {
    /// Tells the most it can cost.
    pub fn maximum(&self) -> Cents {
        match self {
            Self::Amount(amount) => *amount,
            Self::Percent { maximum, .. } => *maximum,
        }
    }

    /// Tells the smallest spend on which it is worth anything.
    pub fn least_spend(&self) -> Cents {
        match self {
            Self::Amount(_) => Cents(1),
            // Half a cent is rounded up to one.
            Self::Percent { basis_points, .. } => {
                Cents(i64::from(5_000_u32.div_ceil(u32::from(*basis_points).max(1))))
            }
        }
    }

    /// Tells whether it is less than another by its share or its maximum, and more by neither. An amount is the whole of what is bought, up to
    /// that amount.
    pub fn is_worse_than(&self, other: &Self) -> bool {
        let [own, other] = [self, other].map(|benefit| match benefit {
            Self::Amount(amount) => (10_000, *amount),
            Self::Percent { basis_points, maximum } => (*basis_points, *maximum),
        });
        own.0 <= other.0 && own.1 <= other.1 && own != other
    }

    /// Tells what it is worth on `spend`.
    pub fn worth(&self, spend: Cents) -> Cents {
        let nominal = match self {
            Self::Amount(amount) => *amount,
            Self::Percent { basis_points, maximum } => {
                spend.basis_points(i64::from(*basis_points)).min(*maximum)
            }
        };
        nominal.min(spend).max(Cents::ZERO)
    }
}

/// A way to reach a person. Every channel is also the purpose that must be granted for it, except those the person opened themself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// The regular newsletter; needs the `newsletter` consent.
    Newsletter,
    /// The shop's own pages, while the person is there.
    Web,
    /// The till, while the person is there.
    Till,
}

impl Channel {
    /// Lists them all.
    pub const ALL: [Self; 3] = [Self::Newsletter, Self::Web, Self::Till];

    /// Tells whether we come to the person, rather than they to us. Only that needs a consent of its own and counts as a contact.
    pub fn is_pushed(self) -> bool {
        match self {
            Self::Newsletter => true,
            Self::Web | Self::Till => false,
        }
    }

    /// Spells it as the API and the catalogue do.
    pub fn name(self) -> &'static str {
        match self {
            Self::Newsletter => "newsletter",
            Self::Web => "web",
            Self::Till => "till",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == text)
    }
}

/// What the redeeming order must fulfil.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The spend on the offer's products from which it applies.
    pub minimum_spend: Cents,
    /// What must remain to be paid for the offer's products after the benefit: the benefit shrinks rather than go below.
    pub minimum_price: Cents,
    /// How many days a coupon is valid from its issue.
    pub valid_days: u16,
    /// Whether the person must activate a coupon before it can be used.
    pub needs_activation: bool,
}

/// How often an offer may be given and used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Coupons per profile, over the offer's whole life.
    pub per_profile: u32,
    /// Coupons for all who live together, over the offer's whole life.
    pub per_household: Option<u32>,
    /// Coupons in total.
    pub total: Option<u32>,
    /// Redemptions in a day, and in a store.
    pub uses: UseLimits,
}

/// The assumed response of a person: two small linear models over features, configured until something is learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Scorecard {
    /// Log-odds that the person redeems.
    pub redeem: Weights,
    /// Log-odds that the offer makes the difference between an order and none.
    pub uplift: Weights,
}

/// A linear model over feature slots, as many weights as there are slots. A feature that is missing or not a number adds nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// The constant.
    pub intercept: f64,
    /// One weight per feature slot; zero where the model does not look.
    pub by_slot: Vec<f64>,
}

impl Weights {
    /// Evaluates the model: the log-odds for `numbers` by slot.
    ///
    /// Four sums run side by side, because one sum would wait for each addition to finish. Which products go into which sum is
    /// fixed, so the result is the same to the bit on every machine.
    pub fn log_odds(&self, numbers: &[f64]) -> f64 {
        let (weights, numbers) = (self.by_slot.chunks_exact(4), numbers.chunks_exact(4));
        let rest: f64 =
            weights.remainder().iter().zip(numbers.remainder()).map(|(weight, number)| weight * number).sum();
        let mut sums = [0.0; 4];
        for (weights, numbers) in weights.zip(numbers) {
            for ((sum, weight), number) in sums.iter_mut().zip(weights).zip(numbers) {
                *sum += weight * number;
            }
        }
        let [a, b, c, d] = sums;
        self.intercept + ((a + b) + (c + d)) + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_adds_up_every_slot_it_has_a_number_for() {
        let weights = Weights { intercept: 0.5, by_slot: (1..=7).map(f64::from).collect() };
        assert_eq!(weights.log_odds(&[1.0; 7]), 28.5);
        assert_eq!(weights.log_odds(&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0]), 14.5);
    }

    #[test]
    fn a_percentage_is_worth_no_more_than_its_maximum_and_no_more_than_the_spend() {
        let benefit = Benefit::Percent { basis_points: 1_000, maximum: Cents(300) };
        assert_eq!([0, 995, 9_000].map(|spend| benefit.worth(Cents(spend)).0), [0, 100, 300]);
        assert_eq!(Benefit::Amount(Cents(150)).worth(Cents(100)), Cents(100));
    }

    #[test]
    fn what_is_worse_is_worth_no_more_on_any_spend_and_less_on_some() {
        let percent = |basis_points, maximum| Benefit::Percent { basis_points, maximum: Cents(maximum) };
        let all = [1, 100, 299, 300, 301].map(|amount| Benefit::Amount(Cents(amount)));
        let shares = [percent(1_000, 300), percent(1_000, 200), percent(2_000, 300), percent(10_000, 300)];
        for one in all.iter().chain(&shares) {
            for other in all.iter().chain(&shares) {
                let worth = |benefit: &Benefit| {
                    (0..5_000).map(|spend| benefit.worth(Cents(spend))).collect::<Vec<_>>()
                };
                let (own, others) = (worth(one), worth(other));
                let is_worse = own.iter().zip(&others).all(|(own, other)| own <= other) && own != others;
                assert_eq!(one.is_worse_than(other), is_worse, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn the_least_spend_is_worth_something_and_one_less_is_not() {
        let percent = |basis_points| Benefit::Percent { basis_points, maximum: Cents(300) };
        for benefit in [Benefit::Amount(Cents(1)), percent(1), percent(333), percent(10_000)] {
            let least = benefit.least_spend();
            assert!(Cents::ZERO < benefit.worth(least), "{benefit:?}");
            assert_eq!(benefit.worth(least - Cents(1)), Cents::ZERO, "{benefit:?}");
        }
    }
}
