//! Triggers: what somebody does, or stops doing, that is worth a decision nobody asked for. Tells when a moment has come; decides nothing.

use std::collections::BTreeMap;

use super::happened::{EventFacts, Fields, Happened};
use crate::base::expression::{Expression, Problem};
use crate::base::{Cents, Timestamp, TriggerId, Value, Zone};
use crate::event::Schemas;

mod listing;
mod note;
mod whole;
mod yearly;

pub use listing::{BOUGHT_MAX, Becomes, Listing, ListingChange, ProductKey, WATCHED_MAX, Watched};
pub use note::Note;
pub use yearly::{DayOf, MonthDay, Yearly};

/// A moment is over this long after it: whoever hears of it later, from a phone that was offline, asks about nobody who is there.
const FRESH_MS: i64 = 60_000;

/// At most so many moments of one trigger are remembered of a person: no cap counts further.
pub const REMEMBERED_MAX: u16 = 64;

/// What brings a moment about, and how often it may.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// Its slug.
    pub id: TriggerId,
    /// The events that bring it about, or after which it is waited.
    pub on: Vec<String>,
    /// What must hold of the event.
    filter: Option<(Expression, Fields)>,
    /// When the moment comes.
    pub when: When,
    /// After a moment there is no other for this long, in milliseconds.
    pub pause_ms: i64,
    /// How many moments there may be.
    pub cap: Option<Cap>,
}

/// When the moment of a trigger comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// With the event.
    Event,
    /// When it stayed quiet after the event.
    Quiet(Quiet),
    /// Each year on a day.
    Yearly(Yearly),
    /// When the shop lists a product anew that somebody waits for since the event.
    Listing(Listing),
}

/// An absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// How long nothing of [`Trigger::on`] happens again, in milliseconds.
    pub for_ms: i64,
    /// What ends the waiting for good, such as a purchase.
    pub unless: Vec<String>,
}

/// At most so many moments in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// How many, up to [`REMEMBERED_MAX`].
    pub at_most: u16,
    /// In how long, in milliseconds, counted back from the moment.
    pub within_ms: i64,
}

impl Trigger {
    /// Puts a trigger together. The filter may name `event.…`, as filters of features do.
    ///
    /// # Errors
    /// Says what is wrong with the filter.
    pub fn new(
        id: TriggerId,
        on: Vec<String>,
        filter: Option<&str>,
        when: When,
        pause_ms: i64,
        cap: Option<Cap>,
    ) -> Result<Self, Problem> {
        let filter = match filter {
            None => None,
            Some(source) => {
                let fields = Fields::of(&on, &Schemas::built_in());
                Some((Expression::compile(source, fields.names())?, fields))
            }
        };
        Ok(Self { id, on, filter, when, pause_ms, cap })
    }

    /// Tells whether events of this name concern it at all.
    pub fn listens_to(&self, event: &str) -> bool {
        let is_among = |names: &[&str]| names.contains(&event);
        self.on.iter().any(|name| name == event)
            || match &self.when {
                When::Event => false,
                When::Quiet(quiet) => quiet.unless.iter().any(|name| name == event),
                When::Yearly(yearly) => is_among(yearly.also_on()),
                When::Listing(_) => is_among(&Listing::ALSO_ON),
            }
    }

    fn is_brought_about_by(&self, happened: &Happened<'_>, zone: &Zone) -> bool {
        let name = happened.body.event_name();
        self.on.iter().any(|on| on == name)
            && self.filter.as_ref().is_none_or(|(filter, fields)| {
                filter.evaluate(&EventFacts { fields, happened, zone }).holds()
            })
    }

    fn is_ended_by(&self, happened: &Happened<'_>) -> bool {
        let name = happened.body.event_name();
        self.quiet().is_some_and(|quiet| quiet.unless.iter().any(|unless| unless == name))
    }

    fn quiet(&self) -> Option<&Quiet> {
        match &self.when {
            When::Quiet(quiet) => Some(quiet),
            When::Event | When::Yearly(_) | When::Listing(_) => None,
        }
    }
}

/// What one trigger remembers of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    /// When its last moments were, ascending.
    pub moments: Vec<Timestamp>,
    /// The newest event that is waited after; of a day that comes each year, the event it is counted from.
    pub since: Option<Timestamp>,
    /// The newest event that ended waiting.
    pub ended: Option<Timestamp>,
    /// The day that comes each year.
    pub day: Option<MonthDay>,
    /// The products somebody waits for, at most [`WATCHED_MAX`].
    pub watched: BTreeMap<ProductKey, Watched>,
    /// When they last bought a product, at most [`BOUGHT_MAX`]: it ends waiting under their other profiles too.
    pub bought: BTreeMap<ProductKey, Timestamp>,
}

/// What all triggers remember of a person. It is written with the events it was learned from, so that a moment is begun once, whatever
/// crashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Occasions(pub BTreeMap<TriggerId, Remembered>);

/// What is to be done for a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanting {
    /// Ask for a decision now.
    Decision,
    /// Look again at this instant whether it stayed quiet.
    Look(Timestamp),
}

/// What an event says its cart is worth, in minor units.
const CART: &str = "cart_cents";

/// Something to do for a trigger of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Which trigger.
    pub trigger: TriggerId,
    /// When its moment is: what it is known by.
    pub at: Timestamp,
    /// What to do.
    pub wanting: Wanting,
    /// What the cart is worth, where the moment is an event that says it.
    pub cart: Option<Cents>,
}

impl Occasions {
    /// Hears of an event that was received at `now`, and tells what is to be done.
    pub fn hear<'a>(
        &mut self,
        triggers: impl IntoIterator<Item = &'a Trigger>,
        happened: &Happened<'_>,
        now: Timestamp,
        zone: &Zone,
    ) -> Vec<Moment> {
        let mut moments = Vec::new();
        let name = happened.body.event_name();
        for trigger in triggers.into_iter().filter(|trigger| trigger.listens_to(name)) {
            let remembered = self.0.entry(trigger.id.clone()).or_default();
            if trigger.is_ended_by(happened) {
                remembered.ended = remembered.ended.max(Some(happened.at));
            }
            let is_about = trigger.is_brought_about_by(happened, zone);
            match &trigger.when {
                When::Event | When::Quiet(_) if is_about => {
                    moments.extend(remembered.bring_about(trigger, happened, now));
                }
                When::Yearly(yearly) if is_about => remembered.count_from(yearly, happened.at, zone),
                When::Listing(listing) => remembered.watch(listing, happened, is_about),
                When::Event | When::Quiet(_) | When::Yearly(_) => {}
            }
        }
        moments
    }

    /// Tells whether a trigger's moment at this instant has begun.
    pub fn began_at(&self, trigger: &Trigger, at: Timestamp) -> bool {
        self.0.get(&trigger.id).is_some_and(|remembered| remembered.moments.contains(&at))
    }

    /// Looks whether it stayed quiet until `at`, as a trigger waited for, around the person as a whole: what they did under the profiles
    /// `elsewhere` goes on with the waiting or ends it just the same. If so, this is its moment, and it is remembered here.
    pub fn look(&mut self, trigger: &Trigger, at: Timestamp, elsewhere: &[&Self]) -> bool {
        self.whole(trigger, elsewhere).awaits(trigger) == Some(at) && self.begin(trigger, at, elsewhere)
    }
}

impl Remembered {
    fn bring_about(&mut self, trigger: &Trigger, happened: &Happened<'_>, now: Timestamp) -> Option<Moment> {
        let (at, id) = (happened.at, trigger.id.clone());
        if trigger.quiet().is_none() {
            let is_over = FRESH_MS < now.since_ms(at);
            let moment = Moment { trigger: id, at, wanting: Wanting::Decision, cart: cart_of(happened) };
            let begins = !is_over && self.may_begin(trigger, at);
            if begins {
                self.begin(at);
            }
            return begins.then_some(moment);
        }
        let before = self.awaits(trigger);
        self.since = self.since.max(Some(at));
        let awaits = self.awaits(trigger).filter(|awaits| Some(*awaits) != before)?;
        let is_over = FRESH_MS < now.since_ms(awaits);
        // What is in the cart then is not what it was when somebody last touched it.
        let moment = Moment { trigger: id, at: awaits, wanting: Wanting::Look(awaits), cart: None };
        (!is_over).then_some(moment)
    }

    /// Tells until when it is waited, if it is.
    fn awaits(&self, trigger: &Trigger) -> Option<Timestamp> {
        let quiet = trigger.quiet()?;
        let since = self.since.filter(|since| self.ended.is_none_or(|ended| ended < *since))?;
        Some(Timestamp(since.0.saturating_add(quiet.for_ms)))
    }

    /// Tells whether there may be a moment.
    fn may_begin(&self, trigger: &Trigger, at: Timestamp) -> bool {
        let paused = self.moments.iter().any(|moment| at.since_ms(*moment).abs() < trigger.apart_ms());
        let capped = trigger.cap.is_some_and(|Cap { at_most, within_ms }| {
            let near = self.moments.iter().filter(|moment| at.since_ms(**moment).abs() < within_ms);
            usize::from(at_most) <= near.count()
        });
        // The same instant again is the same moment, pause or not.
        !(paused || capped || self.moments.contains(&at))
    }

    /// Remembers a moment that begins.
    fn begin(&mut self, at: Timestamp) {
        let place = self.moments.partition_point(|moment| *moment < at);
        self.moments.insert(place, at);
        if usize::from(REMEMBERED_MAX) < self.moments.len() {
            self.moments.remove(0);
        }
    }
}

fn cart_of(happened: &Happened<'_>) -> Option<Cents> {
    match happened.extra.get(CART) {
        Some(Value::Int(cents)) if (0..=Cents::MOST.0).contains(cents) => Some(Cents(*cents)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::base::Value;
    use crate::event::{Body, Observed};

    const MINUTE: i64 = 60_000;

    fn hesitates() -> Trigger {
        let id = TriggerId::parse("hesitates").unwrap();
        let filter = Some("event.zone == \"shipping\" && event.ms >= 2000");
        let cap = Some(Cap { at_most: 2, within_ms: 60 * MINUTE });
        Trigger::new(id, vec!["Hesitated".to_owned()], filter, When::Event, 10 * MINUTE, cap).unwrap()
    }

    fn quiet_cart() -> Trigger {
        let id = TriggerId::parse("quiet-cart").unwrap();
        let on = ["Product Added", "Cart Viewed"].map(str::to_owned).to_vec();
        let quiet = Quiet { for_ms: 30 * MINUTE, unless: vec!["Order Completed".to_owned()] };
        Trigger::new(id, on, None, When::Quiet(quiet), 0, None).unwrap()
    }

    /// An event of a name at a minute, heard at another.
    fn hear(
        occasions: &mut Occasions,
        trigger: &Trigger,
        (name, minute, heard): (&str, i64, i64),
        extra: &BTreeMap<String, Value>,
    ) -> Vec<Moment> {
        let body = match Observed::named(name) {
            Some(observed) => Body::Observed(observed),
            None => Body::OrderCompleted(crate::event::Order {
                order_id: String::new(),
                store_id: None,
                lines: Vec::new(),
            }),
        };
        let happened = Happened::new(Timestamp(minute * MINUTE), &body, extra);
        occasions.hear([trigger], &happened, Timestamp(heard * MINUTE), &Zone::utc())
    }

    fn shipping() -> BTreeMap<String, Value> {
        [("zone".to_owned(), Value::Text("shipping".to_owned())), ("ms".to_owned(), Value::Int(2_500))].into()
    }

    #[test]
    fn a_moment_has_a_rule_a_pause_and_a_cap() {
        let (trigger, mut occasions) = (hesitates(), Occasions::default());
        let mut at = |minute, extra: &BTreeMap<String, Value>| {
            hear(&mut occasions, &trigger, ("Hesitated", minute, minute), extra).len()
        };
        assert_eq!(at(0, &BTreeMap::new()), 0, "the rule does not hold");
        assert_eq!(at(1, &shipping()), 1);
        assert_eq!(at(1, &shipping()), 0, "the same instant is the same moment");
        assert_eq!(at(10, &shipping()), 0, "within the pause");
        assert_eq!(at(11, &shipping()), 1);
        assert_eq!(at(30, &shipping()), 0, "two within the hour are enough");
        assert_eq!(at(61, &shipping()), 1, "the first is an hour ago");
    }

    #[test]
    fn an_event_may_say_what_the_cart_is_worth() {
        let cart = |sent: Option<i64>| {
            let mut extra = shipping();
            extra.extend(sent.map(|cents| ("cart_cents".to_owned(), Value::Int(cents))));
            hear(&mut Occasions::default(), &hesitates(), ("Hesitated", 1, 1), &extra)[0].cart
        };
        assert_eq!(cart(None), None);
        assert_eq!(cart(Some(2_740)), Some(Cents(2_740)));
        assert_eq!([cart(Some(-1)), cart(Some(i64::MAX))], [None, None], "no cart is worth that");
    }

    #[test]
    fn what_is_heard_of_too_late_is_no_moment() {
        let (trigger, mut occasions) = (hesitates(), Occasions::default());
        assert!(hear(&mut occasions, &trigger, ("Hesitated", 0, 2), &shipping()).is_empty());
        assert_eq!(hear(&mut occasions, &trigger, ("Hesitated", 2, 2), &shipping()).len(), 1);
        let (trigger, mut occasions) = (quiet_cart(), Occasions::default());
        assert!(hear(&mut occasions, &trigger, ("Cart Viewed", 0, 32), &BTreeMap::new()).is_empty());
        assert_eq!(hear(&mut occasions, &trigger, ("Cart Viewed", 1, 31), &BTreeMap::new()).len(), 1);
    }

    #[test]
    fn a_cart_is_quiet_when_nothing_followed() {
        let (trigger, mut occasions) = (quiet_cart(), Occasions::default());
        let none = BTreeMap::new();
        let first = hear(&mut occasions, &trigger, ("Product Added", 0, 0), &none);
        let second = hear(&mut occasions, &trigger, ("Cart Viewed", 10, 10), &none);
        assert_eq!(first[0].wanting, Wanting::Look(Timestamp(30 * MINUTE)));
        assert_eq!(second[0].wanting, Wanting::Look(Timestamp(40 * MINUTE)));
        assert!(!occasions.look(&trigger, first[0].at, &[]), "something followed");
        assert!(occasions.look(&trigger, second[0].at, &[]));
        assert!(!occasions.look(&trigger, second[0].at, &[]), "once");
        hear(&mut occasions, &trigger, ("Cart Viewed", 50, 50), &none);
        hear(&mut occasions, &trigger, ("Order Completed", 55, 55), &none);
        assert!(!occasions.look(&trigger, Timestamp(80 * MINUTE), &[]), "bought");
    }

    proptest! {
        /// Events that come in any order leave the same to wait for: how long is waited depends on what happened, not on who told it first.
        #[test]
        fn waiting_depends_on_no_order(
            events in vec((0..3_usize, 0..200_i64), 0..12),
            keys in vec(any::<u8>(), 12),
        ) {
            let trigger = quiet_cart();
            let names = ["Product Added", "Cart Viewed", "Order Completed"];
            let awaits = |events: &[(usize, i64)]| {
                let mut occasions = Occasions::default();
                for (name, minute) in events {
                    hear(&mut occasions, &trigger, (names[*name], *minute, 0), &BTreeMap::new());
                }
                occasions.0.get(&trigger.id).and_then(|remembered| remembered.awaits(&trigger))
            };
            let mut keyed: Vec<(u8, (usize, i64))> = keys.into_iter().zip(events.iter().copied()).collect();
            keyed.sort();
            let shuffled: Vec<(usize, i64)> = keyed.into_iter().map(|(_, event)| event).collect();
            prop_assert_eq!(awaits(&events), awaits(&shuffled));
        }

        /// However somebody behaves, moments keep their pause and their cap.
        #[test]
        fn no_behaviour_brings_more_moments_than_may_be(minutes in vec(0..300_i64, 0..60)) {
            let (trigger, mut occasions) = (hesitates(), Occasions::default());
            let mut begun: Vec<i64> = Vec::new();
            for minute in minutes {
                let moments = hear(&mut occasions, &trigger, ("Hesitated", minute, minute), &shipping());
                begun.extend(moments.iter().map(|_| minute));
            }
            begun.sort_unstable();
            prop_assert!(begun.windows(2).all(|pair| 10 <= pair[1] - pair[0]), "{:?}", begun);
            prop_assert!(begun.windows(3).all(|three| 60 <= three[2] - three[0]), "{:?}", begun);
        }
    }
}
