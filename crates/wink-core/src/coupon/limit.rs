//! What bounds the uses of coupons beside their own terms: the cap of a public code, its limit per person, and limits per day and store. Says how
//! much is left; who counts is the store, which refuses what would go beyond.

use super::refusal::Refusal;
use super::reverse::is_given_back;
use super::{Redemption, Reversal};
use crate::base::{CampaignId, Cents, OfferId, Timestamp, Zone};
use crate::offer::{Catalogue, Offer, UseLimit, UseLimits};

/// What counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counts {
    /// A campaign's budget.
    Budget(CampaignId),
    /// The coupons of an offer.
    Issued(OfferId),
    /// The uses of an offer's public code.
    PublicCode(OfferId),
    /// What one person had of an offer.
    Person(OfferId),
    /// What all who live together had of an offer.
    Household(OfferId),
    /// Redemptions in a day or a store.
    Uses(UseCount),
}

/// Counters of a day are kept so many days behind it. A till gives under a lease for seven at most and is waited for as long again, so nothing can be
/// bounded by them any more.
pub const DAYS_COUNTED: i32 = 30;

/// Redemptions that are counted together: of an offer or a campaign, in a day or a store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UseCount(String);

impl UseCount {
    /// Reads the name as it is stored.
    pub fn from_name(name: String) -> Self {
        Self(name)
    }

    /// Its name, as it is stored: `offer/tea/day/20514`.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Tells which day it counts, from 1970 on the shop's calendar, if it counts one.
    pub fn day(&self) -> Option<i32> {
        match *self.0.splitn(4, '/').collect::<Vec<_>>() {
            [_, _, "day", day] => day.parse().ok(),
            _ => None,
        }
    }

    /// Tells in words which limit it is: "`per_day` of the offer `tea` on 2026-03-02".
    pub fn told(&self) -> String {
        let parts: Vec<&str> = self.0.splitn(4, '/').collect();
        match *parts.as_slice() {
            [what, id, "day", day] => {
                let date = day.parse().map(|day| Timestamp(0).plus_days(day).to_string());
                let date = date.ok().and_then(|date| date.split_once('T').map(|(date, _)| date.to_owned()));
                format!("`per_day` of the {what} `{id}` on {}", date.as_deref().unwrap_or(day))
            }
            [what, id, "store", ""] => {
                format!("`per_store` of the {what} `{id}` in the shop without a store")
            }
            [what, id, "store", store] => format!("`per_store` of the {what} `{id}` in `{store}`"),
            _ => format!("`{}`", self.0),
        }
    }
}

/// A limit, and what is left of it before anything on the cart counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// What counts.
    pub counts: Counts,
    /// How many more.
    pub uses_left: Option<u32>,
    /// How much more.
    pub amount_left: Option<Cents>,
    /// What is left on the next day, as far as is known now: a till's lease may keep that as well. `None` of what counts no day.
    pub next: Option<Left>,
    /// What is said to what does not fit.
    pub refusal: Refusal,
}

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// How many more uses; `None` where they are not limited.
    pub uses: Option<u32>,
    /// How much more money; `None` where it is not limited.
    pub amount: Option<Cents>,
}

impl Left {
    /// Tells whether one more of this amount fits behind so many uses that took so much.
    fn fits(self, amount: Cents, (used, spent): (u32, Cents)) -> bool {
        self.uses.is_none_or(|left| used < left) && self.amount.is_none_or(|left| spent + amount <= left)
    }
}

impl Bound {
    /// Bounds nothing to nothing: whatever is on the cart is refused.
    pub fn closed(counts: Counts, refusal: Refusal) -> Self {
        Self { counts, uses_left: Some(0), amount_left: None, next: None, refusal }
    }

    /// Tells whether one more of this amount fits behind what counts as well.
    pub(super) fn fits(&self, amount: Cents, before: &[(Counts, Cents)]) -> bool {
        self.now().fits(amount, self.taken(before))
    }

    /// Tells the same of the next day, with the same before it.
    fn fits_next_day(&self, amount: Cents, before: &[(Counts, Cents)]) -> bool {
        self.next.unwrap_or_else(|| self.now()).fits(amount, self.taken(before))
    }

    fn now(&self) -> Left {
        Left { uses: self.uses_left, amount: self.amount_left }
    }

    fn taken(&self, before: &[(Counts, Cents)]) -> (u32, Cents) {
        let same = || before.iter().filter(|(counts, _)| *counts == self.counts);
        let used = u32::try_from(same().count()).unwrap_or(u32::MAX);
        (used, same().map(|(_, amount)| *amount).sum())
    }
}

/// Tells what the first of these bounds that has no room says to one more of this amount, which is good until `valid_until`. No day is told on which it
/// would not apply either: because the amount is beyond the limit, because a lease keeps that day too, or because another bound is in its way.
pub(super) fn refused_by(
    bounds: &[Bound],
    amount: Cents,
    before: &[(Counts, Cents)],
    valid_until: Timestamp,
) -> Option<Refusal> {
    let bound = bounds.iter().find(|bound| !bound.fits(amount, before))?;
    let applies = |until: &Timestamp| {
        *until < valid_until && bounds.iter().all(|bound| bound.fits_next_day(amount, before))
    };
    Some(match &bound.refusal {
        Refusal::DayLimit { until } => Refusal::DayLimit { until: until.filter(applies) },
        other => other.clone(),
    })
}

/// A limit of uses that a redemption falls under: what counts, how much may, and what is said when it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseBound {
    /// What counts.
    pub count: UseCount,
    /// What counts on the day that is told, if it counts a day.
    pub next: Option<UseCount>,
    /// How much is the most.
    pub limit: UseLimit,
    /// What is said when that is reached.
    pub refusal: Refusal,
}

/// Lists the limits that a redemption of an offer falls under, in a store or in none: the offer's own and its campaign's.
pub fn use_bounds(
    catalogue: &Catalogue,
    offer: &Offer,
    store: Option<&str>,
    now: Timestamp,
) -> Vec<UseBound> {
    on_day(catalogue, offer, store, catalogue.shop.zone.day(now))
}

/// Lists the limits that redemptions of an offer can fall under from an instant on until another, which is behind the last: those of every day.
pub(super) fn use_bounds_between(
    catalogue: &Catalogue,
    offer: &Offer,
    store: Option<&str>,
    from: Timestamp,
    until: Timestamp,
) -> Vec<UseBound> {
    let day = |at| catalogue.shop.zone.day(at);
    let mut bounds: Vec<UseBound> = Vec::new();
    for day in day(from)..=day(Timestamp(until.0.saturating_sub(1))) {
        for bound in on_day(catalogue, offer, store, day) {
            if bounds.iter().all(|other| other.count != bound.count) {
                bounds.push(bound);
            }
        }
    }
    bounds
}

fn on_day(catalogue: &Catalogue, offer: &Offer, store: Option<&str>, day: i32) -> Vec<UseBound> {
    let mut bounds = Vec::new();
    let zone = &catalogue.shop.zone;
    add(&mut bounds, &format!("offer/{}", offer.id), &offer.limits.uses, zone, store, day);
    if let Some(campaign) = catalogue.campaigns.get(offer.campaign) {
        add(&mut bounds, &format!("campaign/{}", campaign.id), &campaign.limits, zone, store, day);
    }
    bounds
}

fn add(bounds: &mut Vec<UseBound>, of: &str, limits: &UseLimits, zone: &Zone, store: Option<&str>, day: i32) {
    if let Some(limit) = limits.per_day {
        let next = day.saturating_add(1);
        // Where a day has no midnight the zone tells the first instant behind it.
        let until = zone.instant(next, 0).unwrap_or_else(|| Timestamp(0).plus_days(i64::from(next)));
        let [count, next] = [day, next].map(|day| UseCount(format!("{of}/day/{day}")));
        let refusal = Refusal::DayLimit { until: Some(until) };
        bounds.push(UseBound { count, next: Some(next), limit, refusal });
    }
    if let Some(limit) = limits.per_store {
        let store = store.unwrap_or_default();
        let count = UseCount(format!("{of}/store/{store}"));
        bounds.push(UseBound { count, next: None, limit, refusal: Refusal::StoreLimit });
    }
}

/// Tells by how much a reversal, the last of its redemption, lowers what that was counted for: uses, and money. A use counts again once the coupon
/// is back with its person; money as it comes back.
pub fn uncounted(redemption: &Redemption, reversal: &Reversal) -> (i64, Cents) {
    let before = redemption.reversals.split_last().map_or(&[][..], |(_, before)| before);
    let is_first = !before.iter().any(is_given_back);
    (i64::from(is_first && is_given_back(reversal)), reversal.amount())
}

impl Redemption {
    /// Tells whether it still counts as a use: the coupon is not back with its person.
    pub fn counts_as_use(&self) -> bool {
        !self.reversals.iter().any(is_given_back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(limits: &UseLimits, zone: &str, store: Option<&str>, now: &str) -> String {
        let zone = Zone::new(zone).unwrap();
        let mut bounds = Vec::new();
        let day = zone.day(Timestamp::parse(now).unwrap());
        add(&mut bounds, "offer/tea", limits, &zone, store, day);
        let said = |bound: &UseBound| match &bound.refusal {
            Refusal::DayLimit { until: Some(until) } => format!("{} until {until}", bound.count.name()),
            _ => bound.count.name().to_owned(),
        };
        bounds.iter().map(said).collect::<Vec<_>>().join(", ")
    }

    fn check(zone: &str, now: &str, expected: &str) {
        let limits = UseLimits { per_day: Some(UseLimit::default()), per_store: None };
        assert_eq!(names(&limits, zone, None, now), expected, "{zone} {now}");
    }

    /// In 2026 the clocks of Berlin go on at 01:00 UTC of 29 March, and back at 01:00 UTC of 25 October; in Santiago at midnight of 6 September,
    /// so that this day has no midnight.
    #[test]
    fn a_day_is_one_of_the_shops_calendar_however_long_it_is() {
        let spring = "offer/tea/day/20541 until 2026-03-29T22:00:00Z";
        check("Europe/Berlin", "2026-03-28T22:59:59Z", "offer/tea/day/20540 until 2026-03-28T23:00:00Z");
        check("Europe/Berlin", "2026-03-28T23:00:00Z", spring);
        check("Europe/Berlin", "2026-03-29T21:59:59Z", spring);
        check("Europe/Berlin", "2026-03-29T22:00:00Z", "offer/tea/day/20542 until 2026-03-30T22:00:00Z");
        let autumn = "offer/tea/day/20751 until 2026-10-25T23:00:00Z";
        check("Europe/Berlin", "2026-10-24T22:00:00Z", autumn);
        check("Europe/Berlin", "2026-10-25T22:59:59Z", autumn);
        check("America/Santiago", "2026-09-06T03:59:59Z", "offer/tea/day/20701 until 2026-09-06T04:00:00Z");
        check("America/Santiago", "2026-09-06T04:00:00Z", "offer/tea/day/20702 until 2026-09-07T03:00:00Z");
    }

    #[test]
    fn the_day_that_is_told_is_counted_beside_it() {
        let both = UseLimits { per_day: Some(UseLimit::default()), per_store: Some(UseLimit::default()) };
        let mut bounds = Vec::new();
        add(&mut bounds, "offer/tea", &both, &Zone::utc(), Some("7"), 20_540);
        let next: Vec<Option<&str>> =
            bounds.iter().map(|bound| bound.next.as_ref().map(UseCount::name)).collect();
        assert_eq!(next, [Some("offer/tea/day/20541"), None]);
    }

    #[test]
    fn a_store_has_a_count_of_its_own_and_none_is_one_as_well() {
        let limits = UseLimits { per_day: None, per_store: Some(UseLimit::default()) };
        assert_eq!(names(&limits, "UTC", Some("7"), "2026-01-01T00:00:00Z"), "offer/tea/store/7");
        assert_eq!(names(&limits, "UTC", None, "2026-01-01T00:00:00Z"), "offer/tea/store/");
    }

    #[test]
    fn a_limit_is_told_by_its_name_in_the_catalogue() {
        for (name, told) in [
            ("offer/tea/day/20514", "`per_day` of the offer `tea` on 2026-03-02"),
            ("campaign/spring/store/munich", "`per_store` of the campaign `spring` in `munich`"),
            ("offer/tea/store/", "`per_store` of the offer `tea` in the shop without a store"),
        ] {
            assert_eq!(UseCount(name.to_owned()).told(), told);
        }
    }

    #[test]
    fn only_what_counts_a_day_has_one() {
        for (name, day) in
            [("offer/tea/day/20514", Some(20_514)), ("offer/tea/store/day/7", None), ("offer/day", None)]
        {
            assert_eq!(UseCount(name.to_owned()).day(), day, "{name}");
        }
    }
}
