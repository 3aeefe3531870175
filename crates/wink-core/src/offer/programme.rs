//! The loyalty programme: what earns points, what they are worth, and how long they last.

use super::Campaign;
use crate::base::{Cents, Points, Timestamp, Zone};
use crate::event::Line;

/// What the shop declares of its points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Programme {
    /// How many points a hundred minor units earn, whatever decimals the currency has; at least one.
    pub per_unit: u32,
    /// What a point is worth where it pays; at least one minor unit.
    pub worth: Cents,
    /// After how many months points run out; at least one.
    pub expire_months: u16,
}

/// By how much a campaign multiplies what is earned while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointsFactor {
    /// By so much; at least two.
    pub factor: u32,
    /// On lines of these categories; empty for every line.
    pub categories: Vec<String>,
}

impl Programme {
    /// Tells what is paid with money for an order of which points pay `by_points`, and how many points that earns at `at`: whole points, the
    /// rest is not rounded up. Of campaigns that multiply the same line the largest factor counts. What points pay earns nothing, on each line in
    /// proportion.
    pub fn earned(
        &self,
        lines: &[Line],
        by_points: Cents,
        campaigns: &[Campaign],
        at: Timestamp,
    ) -> (Cents, Points) {
        let running = || campaigns.iter().filter(|campaign| campaign.runs_at(at));
        let factors: Vec<&PointsFactor> = running().filter_map(|campaign| campaign.points.as_ref()).collect();
        let (mut sales, mut weighted) = (0_i128, 0_i128);
        for line in lines {
            let paid = i128::from(line.paid.0.max(0));
            let fits = |factor: &&&PointsFactor| {
                let is_named = |category: &String| factor.categories.contains(category);
                factor.categories.is_empty() || line.category.as_ref().is_some_and(is_named)
            };
            let factor = factors.iter().filter(fits).map(|factor| factor.factor).max().unwrap_or(1);
            sales += paid;
            weighted += paid * i128::from(factor);
        }
        let paid = (sales - i128::from(by_points.0.max(0))).max(0);
        let points = weighted * paid * i128::from(self.per_unit) / (100 * sales.max(1));
        let whole = |number: i128| i64::try_from(number).unwrap_or(i64::MAX);
        (Cents(whole(paid)), Points(whole(points)))
    }

    /// Tells what so many points pay.
    pub fn worth(&self, points: Points) -> Cents {
        Cents(points.0.saturating_mul(self.worth.0))
    }

    /// Tells how many points can pay for `amount`: whole ones, none of which pays more than there is to pay.
    pub fn most_for(&self, amount: Cents) -> Points {
        Points(amount.0.max(0) / self.worth.0.max(1))
    }

    /// Tells the first instant at which points earned at `now` are no longer there: midnight on the shop's clock, behind the day so many months later.
    pub fn until(&self, zone: &Zone, now: Timestamp) -> Timestamp {
        zone.day_after_months(now, self.expire_months)
    }
}
