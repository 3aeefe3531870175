//! The features there are: how each is computed, how old it may be, and which purpose a person must have granted for it to be read.

use crate::profile::Purpose;

/// What a feature's value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureType {
    /// A number.
    Number,
    /// Shares by name, each in `0.0..=1.0`, together at most 1.
    Shares,
}

/// How sensitive a feature is; decides with the purpose whether it may be kept and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// What was bought.
    Purchase,
    /// What Wink itself sent.
    Contact,
}

/// How a feature is computed from the folded state. Windows end at the instant of the view and are counted in days of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregation {
    /// Days since the last order.
    DaysSinceOrder,
    /// Orders in a window.
    Orders {
        /// Length of the window.
        window_days: i32,
    },
    /// Sales in cents in a window.
    SalesCents {
        /// Length of the window.
        window_days: i32,
    },
    /// Mean days between the days on which orders were placed, over the whole history; needs two such days.
    OrderGapDays,
    /// Mean sales in cents per order in a window; needs an order.
    BasketCents {
        /// Length of the window.
        window_days: i32,
    },
    /// Mean lines per order in a window; needs an order.
    BasketLines {
        /// Length of the window.
        window_days: i32,
    },
    /// Share of sales by category, each half-life counting half.
    CategoryAffinity {
        /// After this many days a sale counts half.
        half_life_days: i32,
    },
    /// Coupons used in a window.
    CouponsUsed {
        /// Length of the window.
        window_days: i32,
    },
    /// Share of the shelf price that was reduced, in a window; needs sales.
    DiscountShare {
        /// Length of the window.
        window_days: i32,
    },
    /// Days since the last contact Wink made.
    DaysSinceContact,
    /// Contacts Wink made in a window.
    Contacts {
        /// Length of the window.
        window_days: i32,
    },
}

/// One feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its name in rules, scorecards, the API and explanations.
    pub name: String,
    /// What it says, in one line.
    pub meaning: String,
    /// How it is computed.
    pub aggregation: Aggregation,
    /// Readings whose newest contributing event is older are not served; `None` where age is the value itself.
    pub ttl_days: Option<i32>,
    /// What the person must have granted.
    pub purpose: Purpose,
    /// How sensitive it is.
    pub class: Class,
}

impl Definition {
    /// Tells what the value looks like.
    pub fn value_type(&self) -> FeatureType {
        match self.aggregation {
            Aggregation::CategoryAffinity { .. } => FeatureType::Shares,
            _ => FeatureType::Number,
        }
    }
}

/// All features of a shop, in a fixed order: a feature's place is its slot in a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    definitions: Vec<Definition>,
}

impl Catalogue {
    /// Lists features; slots follow the order given.
    pub fn new(definitions: Vec<Definition>) -> Self {
        Self { definitions }
    }

    /// Lists the features every shop has.
    pub fn built_in() -> Self {
        use Aggregation as A;
        let personal = |name: &str, meaning: &str, aggregation, ttl_days, class| Definition {
            name: name.to_owned(),
            meaning: meaning.to_owned(),
            aggregation,
            ttl_days,
            purpose: Purpose::Personalisation,
            class,
        };
        let purchase =
            |name, meaning, aggregation| personal(name, meaning, aggregation, Some(366), Class::Purchase);
        let contact = |name, meaning, aggregation| personal(name, meaning, aggregation, None, Class::Contact);
        Self::new(vec![
            personal("recency_days", "days since the last order", A::DaysSinceOrder, None, Class::Purchase),
            purchase("orders_56d", "orders in 56 days", A::Orders { window_days: 56 }),
            purchase("orders_365d", "orders in 365 days", A::Orders { window_days: 365 }),
            purchase("sales_cents_365d", "sales in 365 days, in cents", A::SalesCents { window_days: 365 }),
            purchase("order_gap_days", "mean days between order days", A::OrderGapDays),
            purchase(
                "basket_cents",
                "mean basket in 365 days, in cents",
                A::BasketCents { window_days: 365 },
            ),
            purchase(
                "basket_lines",
                "mean lines per basket in 365 days",
                A::BasketLines { window_days: 365 },
            ),
            purchase(
                "category_affinity",
                "share of sales by category, half-life 112 days",
                A::CategoryAffinity { half_life_days: 112 },
            ),
            purchase("coupons_used_365d", "coupons used in 365 days", A::CouponsUsed { window_days: 365 }),
            purchase(
                "discount_share_365d",
                "share of the shelf price that was reduced in 365 days",
                A::DiscountShare { window_days: 365 },
            ),
            contact("last_contact_days", "days since the last contact", A::DaysSinceContact),
            contact("contacts_28d", "contacts in 28 days", A::Contacts { window_days: 28 }),
        ])
    }

    /// Lists the definitions by slot.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// Finds the slot of a feature.
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.definitions.iter().position(|definition| definition.name == name)
    }
}
