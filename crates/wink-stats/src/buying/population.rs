//! What all customers together are like.

use super::Orders;
use crate::error::at_least;
use crate::experiment::ratio;
use crate::joint::JointMoments;
use crate::{Error, Interval};

/// Means over all orders of a period, each with an interval that knows that one person's orders are alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// How many people bought.
    pub customers: usize,
    /// On how many days they did, all together.
    pub orders: usize,
    /// Orders for each customer.
    pub orders_each: Interval,
    /// The part of the customers who bought again.
    pub repeaters: Interval,
    /// Days from one order to the next; `None` if too few bought again.
    pub days_between: Option<Interval>,
    /// What an order is worth.
    pub value: Interval,
    /// What somebody's first order is worth.
    pub first_value: Interval,
    /// What a later order is worth; `None` if too few bought again.
    pub later_value: Option<Interval>,
}

/// One customer's sums.
#[derive(Clone, Copy, Default)]
struct Sums {
    orders: f64,
    gaps: f64,
    days: f64,
    value: f64,
    first: f64,
    later: f64,
}

/// Computes the figures from orders; several on one day are one. Means are ratios of sums per customer (the delta method, see [`ratio`]),
/// because a person's orders are not independent.
///
/// # Errors
/// As [`Orders::customers`], and [`Error::NotEnoughData`] below thirty customers.
pub fn figures(orders: &Orders<'_>, level: f64) -> Result<Figures, Error> {
    let days = orders.days_of_each()?;
    let sums: Vec<Sums> = days.chunk_by(|a, b| a.0 == b.0).map(of_one).collect();
    at_least("customers", super::CUSTOMERS_MIN, sums.len())?;
    let mean = |above: fn(&Sums) -> f64, below: fn(&Sums) -> f64| {
        let mut joint = JointMoments::default();
        sums.iter().for_each(|one| joint.add(below(one), above(one)));
        ratio(&joint, level)
    };
    let one = |_: &Sums| 1.0;
    // Who bought once has no gap and no later order: with nobody left there is no mean.
    let if_known =
        |figure: Result<Interval, Error>| figure.ok().filter(|_| sums.iter().any(|one| 0.0 < one.gaps));
    Ok(Figures {
        customers: sums.len(),
        orders: days.len(),
        orders_each: mean(|sums| sums.orders, one)?,
        repeaters: mean(|sums| f64::from(u8::from(0.0 < sums.gaps)), one)?,
        days_between: if_known(mean(|sums| sums.days, |sums| sums.gaps)),
        value: mean(|sums| sums.value, |sums| sums.orders)?,
        first_value: mean(|sums| sums.first, one)?,
        later_value: if_known(mean(|sums| sums.later, |sums| sums.gaps)),
    })
}

fn of_one(days: &[(u32, i32, f64)]) -> Sums {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Sums::default() };
    let orders = crate::numeric::count(days.len());
    let value: f64 = days.iter().map(|(.., value)| value).sum();
    Sums {
        orders,
        gaps: orders - 1.0,
        days: f64::from(last.1) - f64::from(first.1),
        value,
        first: first.2,
        later: value - first.2,
    }
}
