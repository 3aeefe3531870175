//! What is remembered of the events of one identity. Sums of whole numbers in event-time buckets: any order gives the same state.

use std::collections::BTreeMap;

use crate::base::{CampaignId, Timestamp};

/// The folded events of one identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Sums by day of UTC.
    pub days: BTreeMap<i32, Day>,
    /// Sales by category.
    pub affinity: BTreeMap<String, Affinity>,
    /// When the newest order was made.
    pub last_order_at: Option<Timestamp>,
    /// Contacts Wink made, oldest first.
    pub contacts: Vec<Contact>,
}

/// The sums of one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Orders.
    pub orders: u32,
    /// Lines of those orders.
    pub lines: u32,
    /// What was paid, in cents.
    pub sales_cents: i64,
    /// What it was reduced by, in cents.
    pub discount_cents: i64,
    /// Coupons used, ours or another's.
    pub coupons: u32,
}

/// Sales of one category, in cents, by bucket of [`Affinity::BUCKET_DAYS`] days of UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affinity {
    /// Cents by bucket number.
    pub cents: BTreeMap<i32, i64>,
}

impl Affinity {
    /// Four weeks: fine enough for half-lives of months, and a year of a category is 13 numbers.
    pub const BUCKET_DAYS: i32 = 28;
}

/// A contact Wink made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contact {
    /// When.
    pub at: Timestamp,
    /// For which campaign.
    pub campaign: CampaignId,
}

impl State {
    /// Adds another identity's state, as a view of a person with several identities does.
    pub fn merge(&mut self, other: &Self) {
        for (day, sums) in &other.days {
            self.days.entry(*day).or_default().merge(sums);
        }
        for (category, affinity) in &other.affinity {
            let ours = self.affinity.entry(category.clone()).or_default();
            for (bucket, cents) in &affinity.cents {
                *ours.cents.entry(*bucket).or_default() += cents;
            }
        }
        self.last_order_at = self.last_order_at.max(other.last_order_at);
        self.contacts.extend(other.contacts.iter().cloned());
        self.contacts.sort();
    }

    /// Tells whether it knows of everything `other` knows: at least as much on every day, and every contact.
    pub fn covers(&self, other: &Self) -> bool {
        let day = |(day, theirs): (&i32, &Day)| self.days.get(day).is_some_and(|ours| ours.covers(theirs));
        other.days.iter().all(day)
            && other.last_order_at <= self.last_order_at
            && other.contacts.iter().all(|contact| self.contacts.contains(contact))
    }

    /// Sums what was paid from day `from` up to, not including, day `until`.
    pub fn sales_cents(&self, from: i32, until: i32) -> i64 {
        if until <= from {
            return 0;
        }
        self.days.range(from..until).map(|(_, day)| day.sales_cents).sum()
    }
}

impl Day {
    fn covers(&self, other: &Self) -> bool {
        other.orders <= self.orders
            && other.lines <= self.lines
            && other.sales_cents <= self.sales_cents
            && other.discount_cents <= self.discount_cents
            && other.coupons <= self.coupons
    }

    fn merge(&mut self, other: &Self) {
        self.orders += other.orders;
        self.lines += other.lines;
        self.sales_cents += other.sales_cents;
        self.discount_cents += other.discount_cents;
        self.coupons += other.coupons;
    }
}
