//! The features every shop has, by family. The order is for ever: a stored decision names a feature by its place, so new ones come at
//! the end, and whoever adds one raises [`crate::decision::ENGINE`] for shops that define their own behind them.

mod behaviour;
mod contact;
mod hesitation;
mod place;
mod purchase;
mod score;
mod service;

use super::definition::{Age, Aggregation, Class, Definition, Heard, How, Never, Selection, Unit, Window};
use crate::feature::{Score, Term};
use crate::profile::Purpose;
pub use place::all as of_places;

/// Lists them by slot.
pub fn definitions() -> Vec<Definition> {
    let families = [purchase::first(), contact::first(), purchase::further(), contact::further()];
    families
        .into_iter()
        .flatten()
        .chain(behaviour::all())
        .chain(service::all())
        .chain(hesitation::all())
        .chain(score::all())
        .collect()
}

/// Begins a definition of what is folded of events. Readings are served for a year and a day unless it says otherwise.
fn folded(
    name: &str,
    meaning: &str,
    class: Class,
    selection: Selection,
    aggregation: Aggregation,
) -> Definition {
    Definition {
        name: name.to_owned(),
        meaning: meaning.to_owned(),
        how: How::Folded { selection, aggregation, age: Age::default(), never: Never::default() },
        ttl_days: Some(366),
        purpose: Purpose::Personalisation,
        class,
        heard: Heard::default(),
    }
}

/// Begins a definition of what is derived of others.
fn derived(name: &str, meaning: &str, class: Class, formula: &str) -> Definition {
    Definition {
        name: name.to_owned(),
        meaning: meaning.to_owned(),
        how: How::Derived { formula: formula.to_owned() },
        ttl_days: Some(366),
        purpose: Purpose::Personalisation,
        class,
        heard: Heard::default(),
    }
}

impl Definition {
    /// Serves readings for so many days.
    fn served(self, days: i32) -> Self {
        Self { ttl_days: Some(days), ..self }
    }

    /// Serves readings of any age, where age is the value itself.
    fn at_any_age(self) -> Self {
        Self { ttl_days: None, ..self }
    }

    /// Tells decisions whether it happened, not how often.
    fn heard_once(self) -> Self {
        Self { heard: Heard::Once, ..self }
    }

    /// Takes the age of other events.
    fn aged_by(mut self, told_by: Age) -> Self {
        if let How::Folded { age, .. } = &mut self.how {
            *age = told_by;
        }
        self
    }

    /// Says zero of somebody of whom no such event is known.
    fn zero_without_events(mut self) -> Self {
        if let How::Folded { never, .. } = &mut self.how {
            *never = Never::Zero;
        }
        self
    }
}

fn count(days: i32) -> Aggregation {
    Aggregation::Count { window: Window::Days(days) }
}

fn sum(of: &str, days: i32) -> Aggregation {
    Aggregation::Sum { of: of.to_owned(), window: Window::Days(days) }
}

fn mean(of: &str, days: i32) -> Aggregation {
    Aggregation::Mean { of: of.to_owned(), window: Window::Days(days) }
}

fn ratio(part: Selection, days: i32) -> Aggregation {
    Aggregation::Ratio { part, window: Window::Days(days) }
}

fn shares(by: &str, of: Option<&str>, half_life_days: i32) -> Aggregation {
    Aggregation::Shares { by: by.to_owned(), of: of.map(str::to_owned), half_life_days }
}

fn days_since() -> Aggregation {
    Aggregation::Since { unit: Unit::Days, exact: false }
}
