//! What goods cost the shop, and from where that is known. Never guesses: a line without a cost of its own takes the shop's stated margin,
//! and it is counted how much of what was paid that concerns.

use std::collections::BTreeMap;

use crate::base::Cents;
use crate::event::{Line, Order};
use crate::offer::Margins;

/// From where the cost of a line is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CostSource {
    /// The product's own cost, as the shop lists it today.
    Product,
    /// The margin the shop states for the category.
    Category,
    /// The margin the shop states for everything else.
    Default,
}

impl CostSource {
    /// Lists them all, the surest first.
    pub const ALL: [Self; 3] = [Self::Product, Self::Category, Self::Default];

    /// Spells it as reports do.
    pub fn name(self) -> &'static str {
        match self {
            Self::Product => "product_cost",
            Self::Category => "category_margin",
            Self::Default => "default_margin",
        }
    }
}

/// What goods cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Costs {
    /// What one unit of a product costs, of those whose cost the shop lists.
    pub by_product: BTreeMap<String, Cents>,
    /// The margins the shop states for the others, as shares of the shelf price.
    pub margins: Margins,
}

/// An order, as far as its margin goes. All amounts in cents.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Goods {
    /// What was paid.
    pub paid: f64,
    /// What it was reduced by, as far as the order says so.
    pub told_discount: f64,
    /// What the goods cost the shop.
    pub cost: f64,
    /// What they cost more for each cent of a discount that the order does not tell of: then the shelf price was higher than it seems, and
    /// so is the cost that a margin makes of it.
    pub cost_per_untold: f64,
    /// What was paid, by [`CostSource`].
    pub paid_by_source: [f64; 3],
}

impl Costs {
    /// Reads an order. A product's own cost counts by its quantity; a margin is one of the shelf price, which is what was paid and what it was
    /// reduced by.
    pub fn of(&self, order: &Order) -> Goods {
        let mut goods = Goods::default();
        let mut by_margin = 0.0;
        for line in &order.lines {
            let (paid, discount) = (real(line.paid), real(line.discount));
            goods.paid += paid;
            goods.told_discount += discount;
            let source = match self.product(line) {
                Some(cost) => {
                    goods.cost += cost;
                    CostSource::Product
                }
                None => {
                    let (share, source) = self.cost_share(line);
                    goods.cost += (paid + discount) * share;
                    by_margin += paid * share;
                    source
                }
            };
            if let Some(sum) = goods.paid_by_source.get_mut(source as usize) {
                *sum += paid;
            }
        }
        goods.cost_per_untold = if 0.0 < goods.paid { by_margin / goods.paid } else { 0.0 };
        goods
    }

    /// What a line's pieces cost, if the product's cost is known and they were counted: weighed goods are not.
    fn product(&self, line: &Line) -> Option<f64> {
        let cost = self.by_product.get(&line.product_id)?;
        #[expect(clippy::cast_precision_loss, reason = "at most a million pieces")]
        let quantity = line.quantity as f64;
        (0 < line.quantity).then_some(real(*cost) * quantity)
    }

    /// Which share of the shelf price goods of a line's category cost.
    fn cost_share(&self, line: &Line) -> (f64, CostSource) {
        let stated = line.category.as_ref().and_then(|category| self.margins.by_category.get(category));
        let (margin, source) = match stated {
            Some(margin) => (*margin, CostSource::Category),
            None => (self.margins.default_basis_points, CostSource::Default),
        };
        (1.0 - f64::from(margin) / 10_000.0, source)
    }
}

impl Goods {
    /// Tells what the order contributed: what was paid less what the goods cost. `untold` is what it was reduced by beyond what it tells.
    pub fn contribution(&self, untold: f64) -> f64 {
        self.paid - self.cost - untold * self.cost_per_untold
    }
}

#[expect(clippy::cast_precision_loss, reason = "amounts of orders lie far below 2^53 cents")]
pub(super) fn real(amount: Cents) -> f64 {
    amount.0 as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(product: &str, category: Option<&str>, quantity: i64, paid: i64, discount: i64) -> Line {
        Line {
            product_id: product.to_owned(),
            category: category.map(str::to_owned),
            quantity,
            paid: Cents(paid),
            discount: Cents(discount),
            coupon_discount: Cents::ZERO,
        }
    }

    fn check(line: Line, untold: f64, contribution: f64, source: CostSource) {
        let costs = Costs {
            by_product: BTreeMap::from([("cup".to_owned(), Cents(300))]),
            margins: Margins {
                default_basis_points: 3_000,
                by_category: BTreeMap::from([("TEA".to_owned(), 5_000)]),
            },
        };
        let paid = real(line.paid);
        let order = Order { order_id: "o".to_owned(), store_id: None, lines: vec![line] };
        let goods = costs.of(&order);
        assert!((goods.contribution(untold) - contribution).abs() < 1e-9, "{goods:?}");
        assert_eq!(goods.paid_by_source[source as usize], paid, "{goods:?}");
    }

    #[test]
    fn goods_cost_what_is_known_of_them() {
        // Two cups for 300 each, sold for 1,000 after a reduction: what they cost does not depend on it.
        check(line("cup", None, 2, 1_000, 0), 0.0, 400.0, CostSource::Product);
        check(line("cup", None, 2, 900, 100), 0.0, 300.0, CostSource::Product);
        // Half of the shelf price of 1,000 is margin, and the discount is taken off it, told or not.
        check(line("tea", Some("TEA"), 1, 1_000, 0), 0.0, 500.0, CostSource::Category);
        check(line("tea", Some("TEA"), 1, 800, 200), 0.0, 300.0, CostSource::Category);
        check(line("tea", Some("TEA"), 1, 800, 0), 200.0, 300.0, CostSource::Category);
        check(line("pan", Some("PANS"), 1, 1_000, 0), 0.0, 300.0, CostSource::Default);
        // Weighed goods have no pieces, so the cost of one says nothing.
        check(line("cup", None, 0, 1_000, 0), 0.0, 300.0, CostSource::Default);
    }

    #[test]
    fn the_largest_order_there_can_be_is_only_a_large_number() {
        let costs = Costs {
            by_product: BTreeMap::from([("cup".to_owned(), Cents(100_000_000_000))]),
            margins: Margins { default_basis_points: 0, by_category: BTreeMap::new() },
        };
        let lines = vec![line("cup", None, 1_000_000, 1_000_000_000, 0); 2_000];
        let goods = costs.of(&Order { order_id: "o".to_owned(), store_id: None, lines });
        assert!(goods.contribution(0.0).is_finite() && goods.contribution(0.0) < -1e20, "{goods:?}");
    }
}
