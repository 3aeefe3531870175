//! Folding an order of nine lines, the mean of a real year, into the state of a regular customer.

use std::cell::RefCell;
use std::collections::BTreeMap;

use wink_core::base::{Cents, DAY_MS, Timestamp};
use wink_core::event::{Body, Line, Order};
use wink_core::feature::{State, fold};

const LINES: u32 = 9;
const DAYS: i64 = 90;
const CATEGORIES: u32 = 80;

/// A state and an order.
pub(crate) struct Case {
    state: RefCell<State>,
    order: Body,
    at: Timestamp,
    bare: RefCell<BTreeMap<u32, i64>>,
}

impl Case {
    /// Builds a year of a regular customer.
    pub(crate) fn new() -> Self {
        let mut state = State::default();
        for day in 0..DAYS {
            let at = Timestamp(day * 4 * DAY_MS);
            let first = u32::try_from(day).unwrap_or(0) * LINES;
            fold(&mut state, at, &order(first));
        }
        let bare = (0..CATEGORIES).map(|category| (category, 0)).collect();
        let at = Timestamp((DAYS - 1) * 4 * DAY_MS);
        Self { state: RefCell::new(state), order: order(0), at, bare: RefCell::new(bare) }
    }

    /// Folds the order once more.
    pub(crate) fn fold(&self) {
        fold(&mut self.state.borrow_mut(), self.at, &self.order);
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

fn order(first: u32) -> Body {
    let line = |n: u32| Line {
        product_id: n.to_string(),
        category: Some(format!("CATEGORY {:02}", (first + n) % CATEGORIES)),
        quantity: 1,
        paid: Cents(250),
        discount: Cents(20),
        coupon_discount: Cents(0),
    };
    Body::OrderCompleted(Order {
        order_id: "o".to_owned(),
        store_id: None,
        lines: (0..LINES).map(line).collect(),
    })
}
