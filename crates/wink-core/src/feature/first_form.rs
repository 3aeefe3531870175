//! The form in which states were kept before features were declared: fixed sums by day. Read, never written.

use std::collections::BTreeMap;

use super::contact;
use super::series::{Bucket, Series};
use super::sketch::Shared;
use super::state::{Accumulated, AccumulatorId, State, Times};
use crate::base::Timestamp;

/// A state as it was first kept.
#[derive(Clone, Debug, Default)]
pub struct FirstForm {
    /// Sums by day of UTC.
    pub days: Vec<(i32, FirstDay)>,
    /// Sales in cents by category, by number of four weeks.
    pub categories: BTreeMap<String, Vec<(i32, i64)>>,
    /// When the newest order was made.
    pub last_order_at: Option<Timestamp>,
    /// When Wink came to the person.
    pub contacts: Vec<Timestamp>,
}

/// The sums of one day.
#[derive(Clone, Copy, Debug, Default)]
pub struct FirstDay {
    /// Orders.
    pub orders: u32,
    /// Lines of those orders.
    pub lines: u32,
    /// What was paid, in cents.
    pub sales_cents: i64,
    /// What it was reduced by, in cents.
    pub discount_cents: i64,
    /// Coupons used.
    pub coupons: u32,
}

const ORDERS: &str = "sums 1 by day | Order Completed";
const LINES: &str = "sums event.lines by day | Order Completed";
const SALES: &str = "sums event.sales_cents by day | Order Completed";
const DISCOUNTS: &str = "sums event.discount_cents by day | Order Completed";
const COUPONS: &str = "sums 1 by day | Coupon Applied, Coupon Redeemed";
const CATEGORIES: &str = "shares of items.cents by items.category | Order Completed";
const LAST_ORDER: &str = "times 1 | Order Completed";

impl FirstForm {
    /// Lists the accumulators that this form holds; all others have to be folded anew.
    pub fn accumulators() -> [AccumulatorId; 8] {
        let [a, b, c, d, e, f, g] =
            [ORDERS, LINES, SALES, DISCOUNTS, COUPONS, CATEGORIES, LAST_ORDER].map(AccumulatorId::of);
        [a, b, c, d, e, f, g, contact::id()]
    }

    /// Takes it over into accumulators.
    pub fn into_state(self) -> State {
        let mut accumulated = Vec::new();
        let mut sums = |text: &str, is_there: fn(&FirstDay) -> bool, of: fn(&FirstDay) -> i64| {
            let days = self.days.iter().filter(|(_, sums)| is_there(sums));
            let cells: Vec<(i32, i64)> = days.map(|(day, sums)| (*day, of(sums))).collect();
            if !cells.is_empty() {
                let series = Series { bucket: Bucket::Day, cells };
                accumulated.push((AccumulatorId::of(text), Accumulated::Sums(series)));
            }
        };
        let ordered = |day: &FirstDay| 0 < day.orders;
        sums(ORDERS, ordered, |day| day.orders.into());
        sums(LINES, ordered, |day| day.lines.into());
        sums(SALES, ordered, |day| day.sales_cents);
        sums(DISCOUNTS, ordered, |day| day.discount_cents);
        sums(COUPONS, |day| 0 < day.coupons, |day| day.coupons.into());
        let mut shares: Series<Shared> = Series::new(Bucket::FourWeeks);
        for (category, buckets) in &self.categories {
            for (number, cents) in buckets {
                if let Some(cell) = shares.at(*number) {
                    Shared::add(cell, category, *cents);
                }
            }
        }
        if !shares.cells.is_empty() {
            accumulated.push((AccumulatorId::of(CATEGORIES), Accumulated::Shares(shares)));
        }
        if let Some(at) = self.last_order_at {
            let times = Times { keep: 1, at: vec![at] };
            accumulated.push((AccumulatorId::of(LAST_ORDER), Accumulated::Times(times)));
        }
        if !self.contacts.is_empty() {
            let mut times = Times { keep: contact::CONTACTS_MAX, at: Vec::new() };
            self.contacts.into_iter().for_each(|at| times.add(at));
            accumulated.push((contact::id(), Accumulated::Times(times)));
        }
        State::new(accumulated)
    }
}
