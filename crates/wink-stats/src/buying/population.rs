//! What all customers together are like.

use super::Orders;
use crate::error::{at_least, finite, same_length};
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
    let sums = sums_of_each(&days)?;
    let mean = |above: fn(&Sums) -> f64, below: fn(&Sums) -> f64| ratio(&joint(&sums, below, above), level);
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

/// Tells the mean of the orders' values, several on one day being one order: with another column in the place of the values, that of what
/// orders cost or how many pieces they have. The interval is that of [`Figures::value`].
///
/// # Errors
/// As [`figures`].
pub fn per_order(orders: &Orders<'_>, level: f64) -> Result<Interval, Error> {
    let sums = sums_of_each(&orders.days_of_each()?)?;
    ratio(&joint(&sums, |sums| sums.orders, |sums| sums.value), level)
}

/// Tells which part of what customers pay is left when `costs`, one for each order, are taken off: 1 − Σ cost / Σ value. The interval is that
/// of the ratio (see [`ratio`]), of sums per customer.
///
/// # Errors
/// As [`figures`], [`Error::Shape`] and [`Error::NotFinite`] for the costs, and [`Error::OutOfRange`] if the mean value is not positive.
pub fn margin(orders: &Orders<'_>, costs: &[f64], level: f64) -> Result<Interval, Error> {
    same_length("the column of costs", orders.values.len(), costs.len())?;
    finite("the cost", costs)?;
    let paid = sums_of_each(&orders.days_of_each()?)?;
    let spent = sums_of_each(&Orders { values: costs, ..*orders }.days_of_each()?)?;
    let mut joint = JointMoments::default();
    // Both are in the order of the customers.
    paid.iter().zip(&spent).for_each(|(paid, spent)| joint.add(paid.value, spent.value));
    let cost = ratio(&joint, level)?;
    Ok(Interval { estimate: 1.0 - cost.estimate, lower: 1.0 - cost.upper, upper: 1.0 - cost.lower })
}

fn sums_of_each(days: &[(u32, i32, f64)]) -> Result<Vec<Sums>, Error> {
    let sums: Vec<Sums> = days.chunk_by(|a, b| a.0 == b.0).map(of_one).collect();
    at_least("customers", super::CUSTOMERS_MIN, sums.len())?;
    Ok(sums)
}

fn joint(sums: &[Sums], below: fn(&Sums) -> f64, above: fn(&Sums) -> f64) -> JointMoments {
    let mut joint = JointMoments::default();
    sums.iter().for_each(|one| joint.add(below(one), above(one)));
    joint
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Fifteen customers with two orders, of which the first one came in two parts on one day, and fifteen with one.
    struct Shop {
        customers: Vec<u32>,
        days: Vec<i32>,
        values: Vec<f64>,
        costs: Vec<f64>,
        pieces: Vec<f64>,
    }

    fn shop() -> Shop {
        let mut shop = Shop {
            customers: Vec::new(),
            days: Vec::new(),
            values: Vec::new(),
            costs: Vec::new(),
            pieces: Vec::new(),
        };
        let mut add = |customer, day, value, cost, pieces| {
            shop.customers.push(customer);
            shop.days.push(day);
            shop.values.push(value);
            shop.costs.push(cost);
            shop.pieces.push(pieces);
        };
        for customer in 0..30 {
            if customer % 2 == 0 {
                add(customer, 0, 5.0, 1.0, 1.0);
                add(customer, 0, 5.0, 3.0, 1.0);
                add(customer, 9, 10.0, 6.0, 2.0);
            } else {
                add(customer, 3, 10.0, 2.0, 5.0);
            }
        }
        shop
    }

    #[track_caller]
    fn near(found: Interval, estimate: f64, reach: f64) {
        let off =
            [found.estimate - estimate, found.lower - (estimate - reach), found.upper - (estimate + reach)];
        assert!(off.iter().all(|off| off.abs() < 1e-6), "{found:?}");
    }

    /// By hand. Costs: 15·10 + 15·2 = 180 in 15·2 + 15·1 = 45 orders, so 4 each; a customer's costs less four times their orders are +2 or
    /// −2, with a variance of 30·4/29, so that the mean's is (120/29)/(30·1.5²) and 1.959964 standard errors are 0.485275. Pieces: 135 in 45,
    /// and the same spread about 3.
    #[test]
    fn costs_and_pieces_of_an_order_are_those_of_a_hand() {
        let shop = shop();
        let orders = |values| Orders { customers: &shop.customers, days: &shop.days, values };
        near(per_order(&orders(&shop.costs), 0.95).unwrap(), 4.0, 0.485_275);
        near(per_order(&orders(&shop.pieces), 0.95).unwrap(), 3.0, 0.485_275);
        let figures = figures(&orders(&shop.values), 0.95).unwrap();
        assert_eq!(per_order(&orders(&shop.values), 0.95).unwrap(), figures.value);
        assert_eq!((figures.customers, figures.orders), (30, 45));
    }

    /// By hand. 180 of 15·20 + 15·10 = 450 are costs, 0.4; costs less 0.4 of the value are again +2 or −2, over a mean value of 15.
    #[test]
    fn the_margin_is_that_of_a_hand() {
        let shop = shop();
        let orders = Orders { customers: &shop.customers, days: &shop.days, values: &shop.values };
        near(margin(&orders, &shop.costs, 0.95).unwrap(), 0.6, 0.048_527_5);
    }

    #[test]
    fn costs_that_say_nothing_are_refused() {
        let shop = shop();
        let orders = Orders { customers: &shop.customers, days: &shop.days, values: &shop.values };
        let refused = |costs: &[f64]| margin(&orders, costs, 0.95).unwrap_err();
        assert!(matches!(refused(&[1.0]), Error::Shape { .. }));
        let mut broken = shop.costs.clone();
        broken[4] = f64::INFINITY;
        assert_eq!(refused(&broken), Error::NotFinite { what: "the cost", row: 5 });
        let free = vec![0.0; shop.costs.len()];
        let given = Orders { values: &free, ..orders };
        assert!(matches!(margin(&given, &shop.costs, 0.95), Err(Error::OutOfRange { .. })));
        let one = Orders { customers: &[1], days: &[1], values: &[1.0] };
        assert!(matches!(per_order(&one, 0.95), Err(Error::NotEnoughData { .. })));
    }
}
