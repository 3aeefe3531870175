//! From single orders to what the models see of a customer.

use crate::Error;
use crate::error::{finite, same_length};
use crate::numeric::count;

/// Values that should cancel each other leave no more than this part of their size.
const ROUNDING: f64 = 1e-12;

/// What is seen of a customer since their first purchase, in one unit of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct History {
    /// x: how many times they bought again; several orders on one day are one.
    pub repeats: u32,
    /// t_x: when they last did, counted from the first purchase; 0 if never.
    pub last: f64,
    /// T: how long they have been watched, counted from the first purchase.
    pub observed: f64,
}

/// A customer, summed up at the end of a calibration period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Customer {
    /// Their number, as the orders have it.
    pub id: u32,
    /// What the purchase models see.
    pub history: History,
    /// The mean value of a day on which they bought again; 0 if there is none.
    pub spend: f64,
    /// On how many days after the calibration period they bought.
    pub later: u32,
}

/// Orders of many customers, as three columns of the same length.
#[derive(Clone, Copy, Debug)]
pub struct Orders<'a> {
    /// Who ordered, as a number below the count of customers.
    pub customers: &'a [u32],
    /// The day, counted from anywhere.
    pub days: &'a [i32],
    /// What it was worth.
    pub values: &'a [f64],
}

impl Orders<'_> {
    /// Tells for each row whether it belongs to a purchase: whether what its customer ordered on that day came to more than nothing. What came to
    /// nothing or less, as a refund or a free sample does, is no purchase; what was sent back on another day is not taken off. Sums within
    /// rounding of zero are zero.
    ///
    /// # Errors
    /// [`Error::Shape`] for columns of different lengths, [`Error::NotFinite`] for values.
    pub fn purchases(&self) -> Result<Vec<bool>, Error> {
        let sizes: Vec<f64> = self.values.iter().map(|value| value.abs()).collect();
        let (sums, sizes) = (self.days_of_each()?, Orders { values: &sizes, ..*self }.days_of_each()?);
        let days = sums.iter().zip(&sizes);
        let bought: Vec<(u32, i32)> = days
            .filter(|((.., sum), (.., size))| ROUNDING * size < *sum)
            .map(|((customer, day, _), _)| (*customer, *day))
            .collect();
        let rows = self.customers.iter().zip(self.days);
        Ok(rows.map(|(customer, day)| bought.binary_search(&(*customer, *day)).is_ok()).collect())
    }

    /// Sums up each customer who bought until the day `end`, itself included, with `unit` days in a unit of time. What lies after
    /// `end` and until `until` is counted as `later`.
    ///
    /// The same reading as in Fader, Hardie, Lee (2005), §4, and in the Python package lifetimes: a customer begins with the first purchase,
    /// several on one day are one, and the first does not count in the spend.
    ///
    /// # Errors
    /// [`Error::Shape`] for columns of different lengths, [`Error::NotFinite`] for values, [`Error::OutOfRange`] for a unit that is not
    /// positive.
    pub fn customers(&self, end: i32, until: i32, unit: f64) -> Result<Vec<Customer>, Error> {
        if !(0.0 < unit && unit.is_finite()) {
            return Err(Error::OutOfRange {
                what: "the unit of time",
                value: unit,
                must: "a positive number of days",
            });
        }
        let mut customers = Vec::new();
        for days in self.days_of_each()?.chunk_by(|a, b| a.0 == b.0) {
            let (before, after) = days.split_at(days.partition_point(|(_, day, _)| *day <= end));
            let (Some((id, first, _)), Some((_, last, _))) = (before.first(), before.last()) else {
                continue;
            };
            let repeated: f64 = before.iter().skip(1).map(|(_, _, value)| value).sum();
            let repeats = before.len() - 1;
            let time = |day: i32| (f64::from(day) - f64::from(*first)) / unit;
            customers.push(Customer {
                id: *id,
                history: History {
                    repeats: u32::try_from(repeats).unwrap_or(u32::MAX),
                    last: time(*last),
                    observed: time(end),
                },
                spend: if repeats == 0 { 0.0 } else { repeated / count(repeats) },
                later: u32::try_from(after.iter().filter(|(_, day, _)| *day <= until).count())
                    .unwrap_or(u32::MAX),
            });
        }
        Ok(customers)
    }

    /// The days on which each customer bought, ordered by customer and day, with the day's value.
    pub(super) fn days_of_each(&self) -> Result<Vec<(u32, i32, f64)>, Error> {
        same_length("the column of days", self.customers.len(), self.days.len())?;
        same_length("the column of values", self.customers.len(), self.values.len())?;
        finite("the value", self.values)?;
        let mut orders: Vec<(u32, i32, f64)> = self
            .customers
            .iter()
            .zip(self.days)
            .zip(self.values)
            .map(|((customer, day), value)| (*customer, *day, *value))
            .collect();
        orders.sort_by_key(|(customer, day, _)| (*customer, *day));
        orders.dedup_by(|next, kept| {
            let same_day = (next.0, next.1) == (kept.0, kept.1);
            if same_day {
                kept.2 += next.2;
            }
            same_day
        });
        Ok(orders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_begins_with_the_first_purchase() {
        let orders = Orders {
            customers: &[7, 3, 7, 7, 7, 3, 9],
            days: &[14, 0, 0, 0, 35, 40, 50],
            values: &[9.0, 5.0, 1.0, 2.0, 4.0, 6.0, 8.0],
        };
        let customers = orders.customers(28, 40, 7.0).unwrap();
        let expected = [
            Customer {
                id: 3,
                history: History { repeats: 0, last: 0.0, observed: 4.0 },
                spend: 0.0,
                later: 1,
            },
            Customer {
                id: 7,
                history: History { repeats: 1, last: 2.0, observed: 4.0 },
                spend: 9.0,
                later: 1,
            },
        ];
        assert_eq!(customers, expected);
    }

    #[test]
    fn a_day_that_comes_to_nothing_or_less_is_no_purchase() {
        let purchases = |values: &[f64]| {
            Orders { customers: &[1, 1, 1, 2, 2, 2], days: &[5, 5, 6, 5, 5, 5], values }.purchases().unwrap()
        };
        assert_eq!(purchases(&[9.0, -4.0, -5.0, 0.1, 0.2, -0.3]), [true, true, false, false, false, false]);
        assert_eq!(purchases(&[0.0, 0.0, 3.0, -1.0, 2.0, 0.0]), [false, false, true, true, true, true]);
        let broken = Orders { customers: &[1], days: &[0], values: &[f64::NAN] };
        assert!(matches!(broken.purchases(), Err(Error::NotFinite { row: 1, .. })));
    }

    #[test]
    fn columns_that_do_not_fit_are_refused() {
        let orders = Orders { customers: &[1, 2], days: &[0], values: &[1.0, 2.0] };
        assert!(matches!(orders.customers(1, 1, 7.0), Err(Error::Shape { .. })));
        let orders = Orders { customers: &[1], days: &[0], values: &[f64::NAN] };
        assert!(matches!(orders.customers(1, 1, 7.0), Err(Error::NotFinite { row: 1, .. })));
        let orders = Orders { customers: &[1], days: &[0], values: &[1.0] };
        assert!(matches!(orders.customers(1, 1, 0.0), Err(Error::OutOfRange { .. })));
    }
}
