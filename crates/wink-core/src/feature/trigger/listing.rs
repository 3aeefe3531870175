//! Products somebody waits for: looked at or put into the cart, and not bought. Tells whether what the shop lists now is what they wait for.

use crate::base::{Cents, Hasher, Timestamp};
use crate::feature::happened::{Happened, Item, ItemField};

use super::{Occasions, Remembered, Trigger, When};

/// For so many products somebody is remembered to wait at once, the newest: more is browsing.
pub const WATCHED_MAX: usize = 32;

/// So many products somebody is remembered to have bought, the newest: a large basket.
pub const BOUGHT_MAX: usize = 64;

/// What somebody waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// What becomes of the product.
    pub becomes: Becomes,
    /// For how long after the event somebody waits, in milliseconds.
    pub within_ms: i64,
    /// At most so many people are asked about for one change of a product.
    pub people_at_most: u32,
}

/// What becomes of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// It costs less than somebody saw, by so many percent at least.
    Cheaper {
        /// From 1 to 99.
        percent: u8,
    },
    /// There is some again.
    Available,
}

impl Listing {
    /// Events that are heard beside [`Trigger::on`]: who has bought the product waits no longer.
    pub(super) const ALSO_ON: [&str; 1] = ["Order Completed"];
}

/// A product, by a hash of the shop's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProductKey(pub [u8; 16]);

impl ProductKey {
    /// Hashes the shop's id of a product.
    pub fn new(id: &str) -> Self {
        Self(Hasher::new("product").field(id.as_bytes()).finish().short())
    }
}

/// That somebody waits for a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watched {
    /// Since when.
    pub at: Timestamp,
    /// The price they saw, or were told of; nothing if the event said none.
    pub price: Option<Cents>,
}

/// What a shop changed in the list about one product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListingChange {
    /// Which product.
    pub product: ProductKey,
    /// Its price before and now, if now it is lower.
    pub cheaper: Option<(Cents, Cents)>,
    /// Whether there was none before and is some now.
    pub is_available_again: bool,
}

impl ListingChange {
    /// Tells whether it can be what a listing waits for, whatever somebody saw.
    pub fn is(&self, becomes: Becomes) -> bool {
        match becomes {
            Becomes::Cheaper { .. } => self.cheaper.is_some(),
            Becomes::Available => self.is_available_again,
        }
    }

    /// Tells whether it is what somebody waits for who saw the product.
    fn is_for(&self, becomes: Becomes, watched: &Watched) -> bool {
        match (becomes, self.cheaper) {
            (Becomes::Available, _) => self.is_available_again,
            (Becomes::Cheaper { .. }, None) => false,
            (Becomes::Cheaper { percent }, Some((before, price))) => {
                // Who saw no price saw the one that was listed.
                let saw = watched.price.unwrap_or(before);
                price < saw && price <= saw - saw.basis_points(i64::from(percent) * 100)
            }
        }
    }
}

impl Occasions {
    /// Looks whether a change of the list at `at` is what somebody waits for, and did not buy under the profiles `elsewhere`. If so, this is
    /// the moment, and it is remembered here. So is the price that was listed when they looked, where they named none.
    pub fn look_at_listing(
        &mut self,
        trigger: &Trigger,
        change: &ListingChange,
        at: Timestamp,
        elsewhere: &[&Self],
    ) -> bool {
        let When::Listing(listing) = &trigger.when else { return false };
        let Some(remembered) = self.0.get(&trigger.id) else { return false };
        let Some(watched) = remembered.watched.get(&change.product).copied() else { return false };
        let bought = self.whole(trigger, elsewhere).bought.get(&change.product).copied();
        let waits = (0..=listing.within_ms).contains(&at.since_ms(watched.at))
            && bought.is_none_or(|bought| bought < watched.at);
        let is_moment =
            waits && change.is_for(listing.becomes, &watched) && self.begin(trigger, at, elsewhere);
        if let (true, Some((before, price)), Some(remembered)) =
            (waits, change.cheaper, self.0.get_mut(&trigger.id))
        {
            // They are told of this price, and the next moment is as much below it. Who is not told keeps the price they saw, so that many small
            // steps are one large one.
            let price = Some(if is_moment { price } else { watched.price.unwrap_or(before) });
            remembered.watched.insert(change.product, Watched { price, ..watched });
        }
        is_moment
    }
}

impl Remembered {
    /// Hears of an event: whoever sees a product waits for it, whoever buys it does not.
    pub(super) fn watch(&mut self, listing: &Listing, happened: &Happened<'_>, is_about: bool) {
        let is_bought = Listing::ALSO_ON.contains(&happened.body.event_name());
        Item::each(happened, |item| {
            let Some(product) = item.text(ItemField::ProductId).map(ProductKey::new) else { return };
            if is_bought {
                let newest = self.bought.entry(product).or_insert(happened.at);
                *newest = happened.at.max(*newest);
                let is_older = |watched: &Watched| watched.at <= happened.at;
                if self.watched.get(&product).is_some_and(is_older) {
                    self.watched.remove(&product);
                }
            } else if is_about {
                let seen = Watched { at: happened.at, price: item.number(ItemField::Cents).map(Cents) };
                let newest = self.watched.entry(product).or_insert(seen);
                *newest = seen.max(*newest);
            }
        });
        let newest = self.watched.values().map(|watched| watched.at).max();
        self.watched.retain(|_, watched| {
            newest.is_some_and(|newest| newest.since_ms(watched.at) <= listing.within_ms)
        });
        while WATCHED_MAX < self.watched.len() {
            let oldest = self.watched.iter().min_by_key(|(product, watched)| (watched.at, **product));
            let Some(oldest) = oldest.map(|(product, _)| *product) else { return };
            self.watched.remove(&oldest);
        }
        let newest = self.bought.values().max().copied();
        self.bought.retain(|_, at| newest.is_some_and(|newest| newest.since_ms(*at) <= listing.within_ms));
        while BOUGHT_MAX < self.bought.len() {
            let oldest = self.bought.iter().min_by_key(|(product, at)| (**at, **product));
            let Some(oldest) = oldest.map(|(product, _)| *product) else { return };
            self.bought.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::base::{DAY_MS, TriggerId, Value, Zone};
    use crate::event::{Body, Line, Observed, Order};

    const DAY: i64 = DAY_MS;

    fn waits_for(becomes: Becomes) -> Trigger {
        let on = ["Product Viewed", "Product Added"].map(str::to_owned).to_vec();
        let listing = Listing { becomes, within_ms: 30 * DAY, people_at_most: 10 };
        let id = TriggerId::parse("waits").unwrap();
        Trigger::new(id, on, None, When::Listing(listing), DAY, None).unwrap()
    }

    fn sees(occasions: &mut Occasions, trigger: &Trigger, product: &str, cents: Option<i64>, at: i64) {
        let mut extra = BTreeMap::from([("product_id".to_owned(), Value::Text(product.to_owned()))]);
        extra.extend(cents.map(|cents| ("price_cents".to_owned(), Value::Int(cents))));
        let body = Body::Observed(Observed::named("Product Viewed").unwrap());
        let happened = Happened::new(Timestamp(at), &body, &extra);
        assert!(occasions.hear([trigger], &happened, Timestamp(at), &Zone::utc()).is_empty());
    }

    fn buys(occasions: &mut Occasions, trigger: &Trigger, product: &str, at: i64) {
        let line = Line {
            product_id: product.to_owned(),
            category: None,
            quantity: 1,
            paid: Cents(1),
            discount: Cents(0),
            coupon_discount: Cents(0),
        };
        let body = Body::OrderCompleted(Order { order_id: String::new(), store_id: None, lines: vec![line] });
        let extra = BTreeMap::new();
        occasions.hear([trigger], &Happened::new(Timestamp(at), &body, &extra), Timestamp(at), &Zone::utc());
    }

    fn cheaper(before: i64, price: i64) -> ListingChange {
        let cheaper = Some((Cents(before), Cents(price)));
        ListingChange { product: ProductKey::new("p"), cheaper, is_available_again: false }
    }

    #[test]
    fn a_price_is_lower_than_the_one_somebody_saw_or_it_is_no_moment() {
        let trigger = waits_for(Becomes::Cheaper { percent: 10 });
        let check = |saw: Option<i64>, before, price| {
            let mut occasions = Occasions::default();
            sees(&mut occasions, &trigger, "p", saw, 0);
            occasions.look_at_listing(&trigger, &cheaper(before, price), Timestamp(DAY), &[])
        };
        assert!(check(Some(1_000), 1_000, 900));
        assert!(!check(Some(1_000), 1_000, 901), "less than a tenth");
        assert!(!check(Some(800), 1_000, 790), "they saw it for less");
        assert!(check(None, 1_000, 900), "the price that was listed");
        let available = ListingChange { is_available_again: true, cheaper: None, ..cheaper(0, 0) };
        let mut occasions = Occasions::default();
        sees(&mut occasions, &trigger, "p", Some(1_000), 0);
        assert!(!occasions.look_at_listing(&trigger, &available, Timestamp(DAY), &[]));
    }

    #[test]
    fn a_change_is_one_moment_and_the_next_is_below_the_price_they_were_told() {
        let trigger = waits_for(Becomes::Cheaper { percent: 1 });
        let mut occasions = Occasions::default();
        sees(&mut occasions, &trigger, "p", Some(1_000), 0);
        let mut look = |before, price, at| {
            occasions.look_at_listing(&trigger, &cheaper(before, price), Timestamp(at), &[])
        };
        assert!(look(1_000, 900, DAY));
        assert!(!look(1_000, 900, DAY), "the same change");
        assert!(!look(990, 950, 3 * DAY), "it went up in between, and they know of 900");
        assert!(look(900, 800, 5 * DAY));
    }

    #[test]
    fn many_small_steps_are_one_large_one() {
        let trigger = waits_for(Becomes::Cheaper { percent: 10 });
        for saw in [None, Some(1_000)] {
            let mut occasions = Occasions::default();
            sees(&mut occasions, &trigger, "p", saw, 0);
            let mut look = |before, price, day| {
                occasions.look_at_listing(&trigger, &cheaper(before, price), Timestamp(day * DAY), &[])
            };
            let steps = [(1_000, 910), (910, 830), (830, 760), (760, 740)];
            let found: Vec<bool> =
                (1..).zip(steps).map(|(day, (before, price))| look(before, price, day)).collect();
            assert_eq!(
                found,
                [false, true, false, true],
                "{saw:?}: a tenth below 1,000, and a tenth below 830"
            );
        }
    }

    #[test]
    fn who_bought_it_or_saw_it_long_ago_waits_no_longer() {
        let trigger = waits_for(Becomes::Available);
        let again = ListingChange { is_available_again: true, cheaper: None, ..cheaper(0, 0) };
        let mut occasions = Occasions::default();
        sees(&mut occasions, &trigger, "p", None, 0);
        assert!(!occasions.look_at_listing(&trigger, &again, Timestamp(31 * DAY), &[]), "too long ago");
        buys(&mut occasions, &trigger, "p", DAY);
        assert!(!occasions.look_at_listing(&trigger, &again, Timestamp(2 * DAY), &[]), "bought");
        sees(&mut occasions, &trigger, "p", None, 3 * DAY);
        buys(&mut occasions, &trigger, "q", 4 * DAY);
        assert!(occasions.look_at_listing(&trigger, &again, Timestamp(4 * DAY), &[]), "they look again");
    }

    #[test]
    fn what_was_bought_under_another_profile_is_waited_for_no_longer() {
        let trigger = waits_for(Becomes::Available);
        let again = ListingChange { is_available_again: true, cheaper: None, ..cheaper(0, 0) };
        let is_moment = |bought: Option<(&str, i64)>| {
            let (mut here, mut there) = (Occasions::default(), Occasions::default());
            sees(&mut here, &trigger, "p", None, DAY);
            if let Some((product, at)) = bought {
                buys(&mut there, &trigger, product, at);
            }
            here.look_at_listing(&trigger, &again, Timestamp(3 * DAY), &[&there])
        };
        assert!(is_moment(None));
        assert!(!is_moment(Some(("p", 2 * DAY))));
        assert!(!is_moment(Some(("p", DAY))));
        assert!(is_moment(Some(("p", 0))), "they look again");
        assert!(is_moment(Some(("q", 2 * DAY))), "another product");
    }

    #[test]
    fn only_the_newest_purchases_are_remembered() {
        let (trigger, mut occasions) = (waits_for(Becomes::Available), Occasions::default());
        for number in 0..2 * i64::try_from(BOUGHT_MAX).unwrap() {
            buys(&mut occasions, &trigger, &format!("p-{number}"), number);
        }
        let bought = |occasions: &Occasions| occasions.0[&trigger.id].bought.clone();
        assert_eq!(bought(&occasions).len(), BOUGHT_MAX);
        assert!(!bought(&occasions).contains_key(&ProductKey::new("p-63")));
        assert!(bought(&occasions).contains_key(&ProductKey::new("p-64")));
        assert!(occasions.notes().is_empty(), "nobody is found by what they bought");
        buys(&mut occasions, &trigger, "p-999", 40 * DAY);
        assert_eq!(bought(&occasions).len(), 1, "the others are too long ago to end anything");
    }

    #[test]
    fn only_the_newest_products_are_waited_for() {
        let trigger = waits_for(Becomes::Available);
        let mut occasions = Occasions::default();
        for number in 0..2 * i64::try_from(WATCHED_MAX).unwrap() {
            sees(&mut occasions, &trigger, &format!("p-{number}"), None, number);
        }
        let watched = &occasions.0[&trigger.id].watched;
        assert_eq!(watched.len(), WATCHED_MAX);
        assert!(
            !watched.contains_key(&ProductKey::new("p-31")) && watched.contains_key(&ProductKey::new("p-32"))
        );
        sees(&mut occasions, &trigger, "p-99", None, 40 * DAY);
        assert_eq!(occasions.0[&trigger.id].watched.len(), 1, "the others are too long ago");
    }
}
