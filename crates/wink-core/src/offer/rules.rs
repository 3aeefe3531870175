//! The three questions asked before an offer is scored, each an expression over features and the context.

use crate::base::expression::{Declarations, Expression, Type};
use crate::feature::{self, FeatureType};

/// Which question failed. Asked in this order; the first "no" removes the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// May we? Law, terms, age, stock.
    Eligibility,
    /// Does it fit the moment? Cart, place, time.
    Applicability,
    /// Is it good for this person? Fatigue, taste, a recent complaint.
    Suitability,
}

impl Stage {
    /// Lists them in the order they are asked.
    pub const ALL: [Self; 3] = [Self::Eligibility, Self::Applicability, Self::Suitability];

    /// Spells it as the catalogue does.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eligibility => "eligibility",
            Self::Applicability => "applicability",
            Self::Suitability => "suitability",
        }
    }
}

/// An offer's rules; a stage without one always passes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// May we?
    pub eligibility: Option<Expression>,
    /// Does it fit the moment?
    pub applicability: Option<Expression>,
    /// Is it good for this person?
    pub suitability: Option<Expression>,
}

impl Rules {
    /// Lists the stages that have a rule, in the order they are asked.
    pub fn asked(&self) -> impl Iterator<Item = (Stage, &Expression)> {
        let rules = [&self.eligibility, &self.applicability, &self.suitability];
        Stage::ALL.into_iter().zip(rules).filter_map(|(stage, rule)| Some((stage, rule.as_ref()?)))
    }
}

/// Facts about the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContextFact {
    /// `context.channel`: where the answer would be shown.
    Channel,
    /// `context.placement`: the name of the place on the page, in the app or in the mail.
    Placement,
    /// `context.weekday`: 1 = Monday … 7 = Sunday, on the shop's clock.
    Weekday,
    /// `context.hour`: 0 … 23, on the shop's clock.
    Hour,
    /// `context.cart_cents`: the value of the cart, if there is one.
    CartCents,
    /// `context.holiday_today`: whether today is a public holiday in the shop's region, if it names one.
    HolidayToday,
    /// `context.holiday_tomorrow`: whether tomorrow is one.
    HolidayTomorrow,
}

impl ContextFact {
    /// Those whose slots are behind the first features.
    const FIRST: [Self; 5] = [Self::Channel, Self::Placement, Self::Weekday, Self::Hour, Self::CartCents];

    /// Those that came later, in slots behind all features.
    const LATER: [Self; 2] = [Self::HolidayToday, Self::HolidayTomorrow];

    /// Spells it as rules do.
    pub fn name(self) -> &'static str {
        match self {
            Self::Channel => "context.channel",
            Self::Placement => "context.placement",
            Self::Weekday => "context.weekday",
            Self::Hour => "context.hour",
            Self::CartCents => "context.cart_cents",
            Self::HolidayToday => "context.holiday_today",
            Self::HolidayTomorrow => "context.holiday_tomorrow",
        }
    }

    fn value_type(self) -> Type {
        match self {
            Self::Channel | Self::Placement => Type::Text,
            Self::Weekday | Self::Hour | Self::CartCents => Type::Int,
            Self::HolidayToday | Self::HolidayTomorrow => Type::Bool,
        }
    }
}

/// What a slot of a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A feature, by its slot in a view.
    Feature(usize),
    /// A fact about the moment.
    Context(ContextFact),
}

/// Which slot of a rule names what: the first twelve features, the context, then all further features, then what the context learned later.
/// Stored decisions say by slot what was not known, and the first of them knew twelve features; so the order stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleSlots {
    features: usize,
}

impl RuleSlots {
    /// Features before the context.
    const FIRST: usize = 12;

    /// Takes the features rules may use.
    pub fn of(features: &feature::Catalogue) -> Self {
        Self { features: features.definitions().len() }
    }

    /// Tells what a slot names.
    pub fn at(self, slot: usize) -> Option<Named> {
        let context_at = Self::FIRST.min(self.features);
        let Some(behind) = slot.checked_sub(context_at) else { return Some(Named::Feature(slot)) };
        if let Some(fact) = ContextFact::FIRST.get(behind) {
            return Some(Named::Context(*fact));
        }
        let feature = slot - ContextFact::FIRST.len();
        match feature.checked_sub(self.features) {
            None => Some(Named::Feature(feature)),
            Some(later) => ContextFact::LATER.get(later).copied().map(Named::Context),
        }
    }
}

/// Declares every name a rule may use: `feature.<name>` and the context, by their slots.
pub fn declarations(features: &feature::Catalogue) -> Declarations {
    let mut declarations = Declarations::new();
    let slots = RuleSlots::of(features);
    for named in (0..).map_while(|slot| slots.at(slot)) {
        match named {
            Named::Feature(feature) => {
                let Some(definition) = features.definitions().get(feature) else { continue };
                let value_type = match definition.value_type() {
                    FeatureType::Number => Type::Double,
                    FeatureType::Shares => Type::Shares,
                };
                declarations.declare(&format!("feature.{}", definition.name), value_type);
            }
            Named::Context(fact) => declarations.declare(fact.name(), fact.value_type()),
        }
    }
    declarations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_context_stays_behind_the_first_twelve_features() {
        let features = feature::Catalogue::built_in();
        let names = declarations(&features);
        assert_eq!(names.find("feature.contacts_28d"), Some((11, Type::Double)));
        assert_eq!(names.find("context.channel"), Some((12, Type::Text)));
        assert_eq!(names.find("context.cart_cents"), Some((16, Type::Int)));
        assert_eq!(names.find("feature.orders_28d"), Some((17, Type::Double)));
        let slots = RuleSlots::of(&features);
        assert_eq!(slots.at(16), Some(Named::Context(ContextFact::CartCents)));
        assert_eq!(slots.at(17), Some(Named::Feature(12)));
        let behind = features.definitions().len() + 5;
        assert_eq!(slots.at(behind), Some(Named::Context(ContextFact::HolidayToday)));
        assert_eq!(names.find("context.holiday_tomorrow"), Some((behind + 1, Type::Bool)));
        assert_eq!(slots.at(behind + 2), None);
    }
}
