//! Folding an order of nine lines, the mean of a real year, into the state of a regular customer, for all built-in features; viewing
//! all of them; and what the state takes where it is stored.

use std::cell::RefCell;
use std::collections::BTreeMap;

use wink_core::base::{Cents, DAY_MS, Timestamp};
use wink_core::event::{Body, Line, Order};
use wink_core::feature::{Catalogue, Happened, State, View, Wanted, fold, view};
use wink_core::profile::{Grants, Purpose};
use wink_record::Stored;

/// The sample's median customer, counted in its files: 43 baskets on 39 days of a year, 93 categories in 238 sums of four weeks.
const LINES: u32 = 9;
const ORDERS: i64 = 43;
const CATEGORIES: u32 = 93;

/// A year of a regular customer, and an order more.
pub(crate) struct Case {
    features: Catalogue,
    state: RefCell<State>,
    order: Body,
    at: Timestamp,
    nothing: BTreeMap<String, wink_core::base::Value>,
    wanted: Wanted,
    bare: RefCell<BTreeMap<u32, i64>>,
}

impl Case {
    /// Builds the customer.
    pub(crate) fn new() -> Self {
        let features = Catalogue::built_in();
        let (mut state, nothing) = (State::default(), BTreeMap::new());
        let day = |order: i64| Timestamp(order * 365 / ORDERS * DAY_MS + 17 * 3_600_000);
        for number in 0..ORDERS {
            let body = order(u32::try_from(number).unwrap_or(0));
            fold(&mut state, &features, &Happened::new(day(number), &body, &nothing));
        }
        let slots = 0..features.definitions().len();
        let wanted = Wanted::only(&features, slots, [name(7), name(51)]);
        let bare = (0..CATEGORIES).map(|category| (category, 0)).collect();
        let at = day(ORDERS - 1);
        let state = RefCell::new(state);
        Self { features, state, order: order(0), at, nothing, wanted, bare: RefCell::new(bare) }
    }

    /// Folds the order once more.
    pub(crate) fn fold(&self) -> bool {
        let happened = Happened::new(self.at, &self.order, &self.nothing);
        fold(&mut self.state.borrow_mut(), &self.features, &happened)
    }

    /// Views all features.
    pub(crate) fn view(&self) -> View {
        let grants = Grants::new(Purpose::ALL);
        view(&[&self.state.borrow()], &self.features, &grants, self.at, &self.wanted)
    }

    /// Tells how many features there are.
    pub(crate) fn features(&self) -> usize {
        self.features.definitions().len()
    }

    /// Tells what the state takes where it is stored.
    pub(crate) fn stored_bytes(&self) -> usize {
        self.state.borrow().to_bytes().len()
    }

    /// The least that keeps the same sums: one addition a line in an ordered map of numbers.
    pub(crate) fn additions(&self) -> i64 {
        let mut sums = self.bare.borrow_mut();
        let mut total = 0;
        for category in 0..LINES {
            let sum = sums.entry(category * 8).or_default();
            *sum += 250;
            total += *sum;
        }
        total
    }
}

/// A name of 14 bytes, the sample's mean, that has little in common with its neighbours.
fn name(category: u32) -> String {
    format!("{:05} CATEGORY", category * 7_919 % 99_991)
}

/// An order of categories that come back as often as the sample's do: most rarely, some always.
fn order(number: u32) -> Body {
    let line = |n: u32| {
        let category = if n < 4 { number % 3 + n } else { (number * 5 + n) % CATEGORIES };
        Line {
            product_id: n.to_string(),
            category: Some(name(category)),
            quantity: 1,
            paid: Cents(250 + i64::from(n)),
            discount: Cents(20),
            coupon_discount: Cents(0),
        }
    };
    Body::OrderCompleted(Order {
        order_id: "o".to_owned(),
        store_id: None,
        lines: (0..LINES).map(line).collect(),
    })
}
