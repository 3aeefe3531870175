//! What is asked when a trigger's moment has come, and a rule over features that has to become true for it.

use super::{Channel, Named, RuleSlots};
use crate::base::expression::{Expression, Fact, Facts};
use crate::feature::{self, View, Wanted};

/// A trigger with its question. Whether anything is given is for the offers' rules to say: a trigger asks, it promises nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// When it asks.
    pub moments: feature::Trigger,
    /// What must become true of the person by the event: it did not hold before, and holds after.
    pub crosses: Option<Expression>,
    /// Where the answer is shown.
    pub channel: Channel,
    /// The name of the place, as the shop calls it.
    pub placement: String,
    /// How long what is offered can be accepted, in seconds; without it the coupon is issued with the decision.
    pub accept_within_seconds: Option<u32>,
}

impl Trigger {
    /// Tells whether the rule holds of a person as they are viewed. A feature that is not known, or not granted, holds nothing.
    pub fn holds(&self, features: &feature::Catalogue, view: &View) -> bool {
        let slots = RuleSlots::of(features);
        self.crosses.as_ref().is_some_and(|rule| rule.evaluate(&FeaturesOnly { slots, view }).holds())
    }

    /// Collects the features the rule reads.
    pub fn wanted(&self, features: &feature::Catalogue) -> Wanted {
        let slots = RuleSlots::of(features);
        let feature = |slot: &usize| match slots.at(*slot)? {
            Named::Feature(feature) => Some(feature),
            Named::Context(_) => None,
        };
        Wanted::heard(features, self.crosses.iter().flat_map(Expression::reads).filter_map(feature))
    }
}

/// What a rule sees when nobody asked anything: the person, and no channel, place or cart.
struct FeaturesOnly<'a> {
    slots: RuleSlots,
    view: &'a View,
}

impl Facts for FeaturesOnly<'_> {
    fn fact(&self, slot: usize) -> Option<Fact<'_>> {
        match self.slots.at(slot)? {
            Named::Feature(feature) => self.view.slots().get(feature)?.fact(),
            Named::Context(_) => None,
        }
    }
}
