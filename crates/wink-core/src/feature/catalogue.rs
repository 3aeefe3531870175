//! The features there are: definitions compiled to the accumulators they need and to how each is read. Nothing is folded here.

use std::collections::{BTreeMap, BTreeSet};

use super::accumulator::Accumulator;
use super::definition::{Definition, How};
use super::plan::{Compiler, Plan};
use super::series::Bucket;
use super::state::{Accumulated, AccumulatorId, State};
use super::{Wanted, built_in, contact};
use crate::base::{Timestamp, Zone};

/// All features of a shop, in a fixed order: a feature's place is its slot in a view.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    definitions: Vec<Definition>,
    /// Parallel to the definitions.
    pub(super) plans: Vec<Plan>,
    pub(super) accumulators: Vec<Accumulator>,
    /// Places of the accumulators, ordered by their ids.
    pub(super) by_id: Vec<usize>,
    /// Places of the accumulators an event is added to, by its name.
    by_event: BTreeMap<String, Vec<usize>>,
    /// The sums that tell when somebody was active at all, by minute.
    pub(super) activity: Option<usize>,
    pub(super) zone: Zone,
    /// Accumulators whose history is not folded yet.
    pub(super) filling: BTreeSet<AccumulatorId>,
}

/// Why a definition cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionProblem {
    /// Which definition, by its place.
    pub index: usize,
    /// What of it, as a catalogue file calls it.
    pub key: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to write instead, where that can be said.
    pub fix: Option<String>,
    /// The byte of the text at fault, where it is a filter or a formula.
    pub at: Option<usize>,
}

impl Catalogue {
    /// Compiles definitions; slots follow the order given, and a derived feature reads only those before it. Hours, weekdays and the
    /// shop's calendar are those of `zone`.
    ///
    /// # Errors
    /// Says what is wrong with the first definition that cannot be used.
    pub fn compile(definitions: Vec<Definition>, zone: &Zone) -> Result<Self, DefinitionProblem> {
        let mut compiler = Compiler::new(zone);
        compiler.always_kept();
        let mut plans = Vec::with_capacity(definitions.len());
        for (index, definition) in definitions.iter().enumerate() {
            let (before, _) = definitions.split_at(index);
            if before.iter().any(|other| other.name == definition.name) {
                let message = format!("`{}` is defined twice", definition.name);
                let fix = Some("give one of them another name".to_owned());
                return Err(DefinitionProblem { index, key: "name", message, fix, at: None });
            }
            let plan = compiler.plan(definition, before);
            plans.push(plan.map_err(|problem| problem.of(index))?);
        }
        compiler.look_back(&mut plans);
        let (accumulators, activity) = compiler.finish();
        let mut by_id: Vec<usize> = (0..accumulators.len()).collect();
        by_id.sort_by_key(|place| accumulators.get(*place).map(|accumulator| accumulator.id));
        let mut by_event: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, accumulator) in accumulators.iter().enumerate() {
            for event in &accumulator.events {
                by_event.entry(event.clone()).or_default().push(place);
            }
        }
        Ok(Self {
            definitions,
            plans,
            accumulators,
            by_id,
            by_event,
            activity,
            zone: zone.clone(),
            filling: BTreeSet::new(),
        })
    }

    /// Compiles the features every shop has, on the clock of UTC, for whoever has no catalogue yet.
    pub fn built_in() -> Self {
        Self::compile(built_in::definitions(), &Zone::utc()).unwrap_or_else(|_| Self::empty())
    }

    /// A catalogue without features: what is left if the built-in ones could not be compiled, which a test rules out.
    fn empty() -> Self {
        Self {
            definitions: Vec::new(),
            plans: Vec::new(),
            accumulators: Vec::new(),
            by_id: Vec::new(),
            by_event: BTreeMap::new(),
            activity: None,
            zone: Zone::utc(),
            filling: BTreeSet::new(),
        }
    }

    /// Lists the definitions by slot.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// Finds the slot of a feature.
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.definitions.iter().position(|definition| definition.name == name)
    }

    /// Lists the accumulators with what defines each.
    pub fn accumulators(&self) -> impl Iterator<Item = (AccumulatorId, &str)> {
        self.accumulators.iter().map(|accumulator| (accumulator.id, accumulator.text.as_str()))
    }

    /// Tells whether any feature is made of events of this name.
    pub fn is_made_of(&self, event: &str) -> bool {
        self.by_event.contains_key(event)
    }

    /// Tells whether something that is wanted is told of the region or the store somebody is at, and not of them.
    pub fn wants_context(&self, wanted: &Wanted) -> bool {
        let is_of_context = |definition: &Definition| match &definition.how {
            How::Folded { selection, .. } => selection.is_of_context(),
            How::Derived { .. } | How::Scored(_) => false,
        };
        let mut slots = self.definitions.iter().enumerate();
        slots.any(|(slot, definition)| wanted.asks_for(slot) && is_of_context(definition))
    }

    /// Lists the accumulators an event is added to.
    pub(super) fn of_event(&self, event: &str) -> impl Iterator<Item = &Accumulator> {
        let places = self.by_event.get(event).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|place| self.accumulators.get(*place))
    }

    /// Says of which accumulators the history is not folded yet: a feature that needs one is not read until it is.
    #[must_use]
    pub fn filling(self, ids: impl IntoIterator<Item = AccumulatorId>) -> Self {
        Self { filling: ids.into_iter().collect(), ..self }
    }

    /// Tells of which accumulators the history is not folded yet.
    pub fn is_filling(&self, id: AccumulatorId) -> bool {
        self.filling.contains(&id)
    }

    /// Folds into some of the accumulators only.
    #[must_use]
    pub fn part(&self, is_part: impl Fn(AccumulatorId) -> bool) -> Self {
        let mut part = self.clone();
        for places in part.by_event.values_mut() {
            places.retain(|place| {
                self.accumulators.get(*place).is_some_and(|accumulator| is_part(accumulator.id))
            });
        }
        part.by_event.retain(|_, places| !places.is_empty());
        part
    }

    /// Keeps of a state only what is folded into.
    pub fn retain(&self, state: &mut State) {
        let places = self.by_event.values().flatten();
        let kept: BTreeSet<AccumulatorId> = places
            .filter_map(|place| self.accumulators.get(*place))
            .map(|accumulator| accumulator.id)
            .collect();
        state.retain(|id| kept.contains(&id));
    }

    /// Tells when the person did the newest thing a state knows of; what was sent to them does not count.
    pub fn newest_act(&self, state: &State) -> Option<Timestamp> {
        let of_person = self.accumulators.iter().filter(|accumulator| accumulator.is_of_person);
        of_person.filter_map(|accumulator| state.get(accumulator.id)?.newest()).max()
    }
}

impl State {
    /// Lists the contacts Wink made, as far as they are remembered, oldest first.
    pub fn contacts(&self) -> &[Timestamp] {
        match self.get(contact::id()) {
            Some(Accumulated::Times(times)) => &times.at,
            _ => &[],
        }
    }

    /// Sums what was paid from day `from` up to, not including, day `until`.
    pub fn sales_cents(&self, from: i32, until: i32) -> i64 {
        match self.get(contact::sales_id()) {
            Some(Accumulated::Sums(series)) if series.bucket == Bucket::Day => {
                series.between(from, until.saturating_sub(1)).iter().map(|(_, cents)| cents).sum()
            }
            _ => 0,
        }
    }
}
