//! A score: a probability made of features defined before it, by a logistic model whose every part is bounded and can be told.
//!
//! Whole numbers throughout the definition, so that two definitions can be compared and a catalogue reads the same everywhere.

use super::Catalogue;
use super::definition::{Definition, FeatureType};
use super::plan::{Step, Wrong};
use super::view::{View, Viewed};
use crate::base::expression::nearest;

/// A logistic model over features: `1 / (1 + exp(-(intercept + Σ weight × min(value / unit, at_most))))`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// Thousandths of log-odds without any term.
    pub intercept: i32,
    /// The terms. Without a value of the first the score is not known; any other that is not known adds nothing.
    pub terms: Vec<Term>,
}

/// What one feature adds to a score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The feature's name.
    pub feature: String,
    /// The value is counted in this, such as 60,000 ms.
    pub unit: u32,
    /// More units than this are not counted: no single feature decides alone, and none that is repeated adds up.
    pub at_most: u32,
    /// Thousandths of log-odds for each unit.
    pub weight: i32,
}

/// What one feature added to the value of another that is made of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contribution {
    /// The feature's slot.
    pub slot: usize,
    /// What was read of it, if it is a number that is known.
    pub value: Option<f64>,
    /// What that added in log-odds; nothing for a formula, whose parts do not add up.
    pub log_odds: Option<f64>,
}

/// A score whose features have been found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Compiled {
    score: Score,
    /// Parallel to the terms.
    slots: Vec<usize>,
}

impl Score {
    /// Computes the probability from the values of its terms, in their order; nothing if the first is not known.
    pub fn probability(&self, values: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
        let mut values = values.into_iter().peekable();
        (*values.peek()?)?;
        let added = self.terms.iter().zip(values).filter_map(|(term, value)| Some(term.log_odds(value?)));
        let log_odds = f64::from(self.intercept) / 1_000.0 + added.sum::<f64>();
        Some(1.0 / (1.0 + libm::exp(-log_odds)))
    }

    /// Finds its features among those defined before it.
    pub(super) fn compile(&self, before: &[Definition]) -> Result<Compiled, Wrong> {
        let slot = |term: &Term| {
            let found = before.iter().enumerate().find(|(_, definition)| definition.name == term.feature);
            let Some((slot, definition)) = found else {
                let names = before.iter().map(|definition| definition.name.as_str());
                let fix = nearest(&term.feature, names).map(|meant| format!("write `{meant}`"));
                let message = format!("`{}` is no feature that is defined before", term.feature);
                return Err(Wrong::new("terms", message).fix(fix));
            };
            if definition.value_type() != FeatureType::Number {
                return Err(Wrong::new("terms", format!("`{}` is shares, not a number", term.feature)));
            }
            if term.unit == 0 {
                return Err(Wrong::new("terms", format!("`{}` is counted in units of 0", term.feature)));
            }
            Ok(slot)
        };
        let slots: Vec<usize> = self.terms.iter().map(slot).collect::<Result<_, _>>()?;
        if slots.is_empty() {
            return Err(Wrong::new("terms", "a score needs a term"));
        }
        Ok(Compiled { score: self.clone(), slots })
    }
}

impl Term {
    /// Tells what a value adds to the log-odds.
    pub fn log_odds(&self, value: f64) -> f64 {
        let [unit, at_most] = [self.unit, self.at_most].map(f64::from);
        f64::from(self.weight) / 1_000.0 * (value / unit).clamp(0.0, at_most)
    }
}

impl Compiled {
    /// Lists the slots it reads, in the order of its terms.
    pub(super) fn reads(&self) -> &[usize] {
        &self.slots
    }

    /// Computes it from the readings of the features before it.
    pub(super) fn value(&self, before: &[Viewed]) -> Option<f64> {
        self.score.probability(self.slots.iter().map(|slot| match before.get(*slot)? {
            Viewed::Number(reading) => Some(reading.value),
            _ => None,
        }))
    }
}

impl Catalogue {
    /// Tells what made the value of a feature in a view: what each feature it is derived of said and, for a score, added. Nothing for
    /// one that is folded of events, or that is not known.
    pub fn contributions(&self, slot: usize, view: &View) -> Vec<Contribution> {
        let (Some(plan), Some(_)) = (self.plans.get(slot), view.number(slot)) else { return Vec::new() };
        let terms = match &plan.step {
            Step::Score(Compiled { score, .. }) => score.terms.as_slice(),
            _ => &[],
        };
        let contribution = |(place, slot): (usize, &usize)| {
            let value = view.number(*slot);
            let log_odds = terms.get(place).zip(value).map(|(term, value)| term.log_odds(value));
            Contribution { slot: *slot, value, log_odds }
        };
        plan.reads.iter().enumerate().map(contribution).collect()
    }
}
