//! Somebody with several profiles: what triggers remember of them under each is theirs as a whole.

use std::iter;

use super::{Occasions, Remembered, Trigger};
use crate::base::Timestamp;

impl Occasions {
    /// Puts together what a trigger remembers of a person here and under the profiles `elsewhere`, as far as it says whether there may be a
    /// moment. For what they wait stays with each.
    pub(super) fn whole(&self, trigger: &Trigger, elsewhere: &[&Self]) -> Remembered {
        let mut whole = Remembered::default();
        let all = iter::once(&self).chain(elsewhere);
        all.filter_map(|occasions| occasions.0.get(&trigger.id)).for_each(|theirs| whole.take_in(theirs));
        whole
    }

    /// Begins a moment here, if the person as a whole may have one.
    pub(super) fn begin(&mut self, trigger: &Trigger, at: Timestamp, elsewhere: &[&Self]) -> bool {
        let begins = self.whole(trigger, elsewhere).may_begin(trigger, at);
        if begins {
            self.0.entry(trigger.id.clone()).or_default().begin(at);
        }
        begins
    }
}

impl Remembered {
    fn take_in(&mut self, other: &Self) {
        self.moments.extend(&other.moments);
        self.moments.sort_unstable();
        self.since = self.since.max(other.since);
        self.ended = self.ended.max(other.ended);
        for (product, at) in &other.bought {
            let newest = self.bought.entry(*product).or_insert(*at);
            *newest = (*at).max(*newest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::base::{TriggerId, Zone};
    use crate::event::{Body, Observed, Order};
    use crate::feature::Happened;
    use crate::feature::trigger::{Cap, Quiet, Wanting, When};

    const MINUTE: i64 = 60_000;

    const NAMES: [&str; 3] = ["Product Added", "Cart Viewed", "Order Completed"];

    fn quiet_cart() -> Trigger {
        let on = ["Product Added", "Cart Viewed"].map(str::to_owned).to_vec();
        let quiet = Quiet { for_ms: 30 * MINUTE, unless: vec!["Order Completed".to_owned()] };
        let cap = Some(Cap { at_most: 2, within_ms: 600 * MINUTE });
        Trigger::new(TriggerId::parse("q").unwrap(), on, None, When::Quiet(quiet), 60 * MINUTE, cap).unwrap()
    }

    /// Hears of an event at once; gives when to look.
    fn hears(occasions: &mut Occasions, name: &str, minute: i64) -> Option<Timestamp> {
        let body = match Observed::named(name) {
            Some(observed) => Body::Observed(observed),
            None => {
                Body::OrderCompleted(Order { order_id: String::new(), store_id: None, lines: Vec::new() })
            }
        };
        let (at, extra) = (Timestamp(minute * MINUTE), BTreeMap::new());
        let trigger = quiet_cart();
        let moments = occasions.hear([&trigger], &Happened::new(at, &body, &extra), at, &Zone::utc());
        moments.into_iter().find(|moment| matches!(moment.wanting, Wanting::Look(_))).map(|moment| moment.at)
    }

    #[test]
    fn what_ends_waiting_under_another_profile_ends_it() {
        let (mut here, mut there) = (Occasions::default(), Occasions::default());
        let at = hears(&mut here, "Product Added", 0).unwrap();
        assert!(here.clone().look(&quiet_cart(), at, &[&there]), "nothing happened");
        hears(&mut there, "Order Completed", 5);
        assert!(!here.clone().look(&quiet_cart(), at, &[&there]), "bought");
        let again = hears(&mut here, "Product Added", 6).unwrap();
        assert!(here.look(&quiet_cart(), again, &[&there]), "another cart after it");
    }

    #[test]
    fn who_goes_on_under_another_profile_is_not_quiet() {
        let (mut here, mut there) = (Occasions::default(), Occasions::default());
        let first = hears(&mut here, "Product Added", 0).unwrap();
        let second = hears(&mut there, "Cart Viewed", 20).unwrap();
        assert!(!here.look(&quiet_cart(), first, &[&there]));
        assert!(there.look(&quiet_cart(), second, &[&here]));
    }

    #[test]
    fn pause_and_cap_are_the_persons() {
        let (mut here, mut there) = (Occasions::default(), Occasions::default());
        let mut look = |is_here: bool, minute| {
            let [this, other] = if is_here { [&mut here, &mut there] } else { [&mut there, &mut here] };
            let at = hears(this, "Cart Viewed", minute).unwrap();
            this.look(&quiet_cart(), at, &[other])
        };
        assert!(look(true, 0));
        assert!(!look(false, 59), "within the pause");
        assert!(look(false, 60));
        assert!(!look(true, 130), "two are enough");
    }

    proptest! {
        /// However what somebody does is spread over their profiles, there are the same moments as of somebody with one.
        #[test]
        fn several_profiles_are_asked_about_as_one(steps in vec((0..3_usize, 1..50_i64, 0..3_usize), 0..30)) {
            let trigger = quiet_cart();
            let moments = |profile_of: fn(usize) -> usize| {
                let mut profiles = vec![Occasions::default(); 3];
                let mut looks: Vec<(Timestamp, usize)> = Vec::new();
                let (mut minute, mut moments) = (0, Vec::new());
                for (name, later, profile) in steps.iter().copied().chain([(2, 100, 0)]) {
                    minute += later;
                    looks.sort_unstable();
                    while looks.first().is_some_and(|(at, _)| at.0 <= minute * MINUTE) {
                        let (at, place) = looks.remove(0);
                        let mut this = profiles.remove(place);
                        if this.look(&trigger, at, &profiles.iter().collect::<Vec<_>>()) {
                            moments.push(at);
                        }
                        profiles.insert(place, this);
                    }
                    let place = profile_of(profile);
                    looks.extend(hears(&mut profiles[place], NAMES[name], minute).map(|at| (at, place)));
                }
                moments
            };
            prop_assert_eq!(moments(|_| 0), moments(|profile| profile));
        }
    }
}
