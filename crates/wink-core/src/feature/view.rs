//! Views states as features: windows end now, what is too old is not served, what is not granted does not exist.

use std::collections::{BTreeMap, BTreeSet};

use super::read::Reader;
use super::{Catalogue, State};
use crate::base::Timestamp;
use crate::base::expression::Fact;
use crate::profile::{Grants, Purpose};

/// A feature's value with its age.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading<T> {
    /// The value.
    pub value: T,
    /// How long ago the newest event that contributed happened.
    pub age_ms: i64,
}

/// What a view says about one feature.
#[derive(Clone, Debug, PartialEq)]
pub enum Viewed {
    /// A number.
    Number(Reading<f64>),
    /// Shares by name.
    Shares(Reading<BTreeMap<String, f64>>),
    /// Nothing has happened that it could be computed from.
    NoData,
    /// What it could be computed from is older than the feature's time to live.
    TooOld {
        /// How old.
        age_ms: i64,
    },
    /// The person has not granted the purpose it is for.
    NotGranted(Purpose),
    /// The feature is new, and what happened before it was defined is not folded yet.
    Filling,
    /// Nobody asked for it: what is not needed is neither used nor stored.
    NotAsked,
}

impl Viewed {
    /// Gives what a rule sees of it: nothing unless it is known.
    pub fn fact(&self) -> Option<Fact<'_>> {
        match self {
            Self::Number(reading) => Some(Fact::Double(reading.value)),
            Self::Shares(reading) => Some(Fact::Shares(&reading.value)),
            _ => None,
        }
    }
}

/// The features of a person at an instant, by slot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    slots: Vec<Viewed>,
    numbers: Vec<f64>,
}

impl View {
    /// Collects readings by slot. Those at the end that nobody asked for are left out.
    pub fn new(mut slots: Vec<Viewed>) -> Self {
        let asked = slots.iter().rposition(|viewed| *viewed != Viewed::NotAsked);
        slots.truncate(asked.map_or(0, |last| last + 1));
        let number = |viewed: &Viewed| match viewed {
            Viewed::Number(reading) => reading.value,
            _ => 0.0,
        };
        let numbers = slots.iter().map(number).collect();
        Self { slots, numbers }
    }

    /// Tells what is known in each slot.
    pub fn slots(&self) -> &[Viewed] {
        &self.slots
    }

    /// Tells the numbers by slot, for linear models: zero where there is none, so that it adds nothing.
    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    /// Tells the number in a slot, if one is known.
    pub fn number(&self, slot: usize) -> Option<f64> {
        match self.slots.get(slot) {
            Some(Viewed::Number(reading)) => Some(reading.value),
            _ => None,
        }
    }

    /// Tells the shares in a slot, if they are known.
    pub fn shares(&self, slot: usize) -> Option<&BTreeMap<String, f64>> {
        match self.slots.get(slot) {
            Some(Viewed::Shares(reading)) => Some(&reading.value),
            _ => None,
        }
    }
}

/// What somebody asks a view for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Which slots are asked for; without it all are.
    slots: Option<Vec<bool>>,
    names: Option<BTreeSet<String>>,
    /// Whether what is [heard once](super::Heard::Once) tells no more than that it happened.
    is_heard: bool,
}

impl Wanted {
    /// Asks for everything, as a person does who wants to see what is known of them.
    pub fn all() -> Self {
        Self::default()
    }

    /// Asks for some features as they are, and for those they are derived of.
    pub fn shown(catalogue: &Catalogue, slots: impl IntoIterator<Item = usize>) -> Self {
        let mut open: Vec<usize> = slots.into_iter().collect();
        let mut asked = vec![false; catalogue.plans.len()];
        while let Some(slot) = open.pop() {
            if let Some(asked) = asked.get_mut(slot).filter(|asked| !**asked) {
                *asked = true;
                open.extend(catalogue.plans.get(slot).iter().flat_map(|plan| &plan.reads));
            }
        }
        Self { slots: Some(asked), ..Self::all() }
    }

    /// Asks as a rule does that nobody asked for an offer: for some features and those they are derived of. What is heard once does not
    /// tell how often it happened.
    pub fn heard(catalogue: &Catalogue, slots: impl IntoIterator<Item = usize>) -> Self {
        Self { is_heard: true, ..Self::shown(catalogue, slots) }
    }

    /// Asks as a decision does: as a rule, and of shares for those of these names only.
    pub fn only(
        catalogue: &Catalogue,
        slots: impl IntoIterator<Item = usize>,
        names: impl IntoIterator<Item = String>,
    ) -> Self {
        Self { names: Some(names.into_iter().collect()), ..Self::heard(catalogue, slots) }
    }

    /// Asks for everything as a decision hears it, for whoever learns how decisions should be made.
    pub fn as_heard() -> Self {
        Self { is_heard: true, ..Self::all() }
    }

    /// Asks for what any of some rules asks for.
    pub fn of_all<'a>(others: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self { slots: Some(Vec::new()), names: Some(BTreeSet::new()), is_heard: true };
        for other in others {
            sum.slots = sum.slots.zip(other.slots.as_ref()).map(|(sum, slots)| either(sum, slots));
            sum.names = sum.names.zip(other.names.as_ref()).map(|(sum, names)| &sum | names);
        }
        sum
    }

    /// Tells which names of shares are asked for; without an answer all are.
    pub fn names(&self) -> Option<&BTreeSet<String>> {
        self.names.as_ref()
    }

    /// Tells whether a feature is asked for, by its slot.
    pub fn asks_for(&self, slot: usize) -> bool {
        self.slots.as_ref().is_none_or(|slots| slots.get(slot).copied().unwrap_or(false))
    }
}

/// Marks what either of the two marks.
fn either(mut one: Vec<bool>, other: &[bool]) -> Vec<bool> {
    one.resize(one.len().max(other.len()), false);
    one.iter_mut().zip(other).for_each(|(one, other)| *one |= other);
    one
}

/// Views the states of all identities of a person at `now`.
pub fn view(
    states: &[&State],
    catalogue: &Catalogue,
    grants: &Grants,
    now: Timestamp,
    wanted: &Wanted,
) -> View {
    let merged;
    let state = match states {
        [] => &State::default(),
        [only] => *only,
        [first, others @ ..] => {
            let mut sum = (*first).clone();
            others.iter().for_each(|other| sum.merge(other));
            merged = sum;
            &merged
        }
    };
    let reader = Reader::new(state, catalogue, now, wanted.names.as_ref());
    let mut slots: Vec<Viewed> = Vec::with_capacity(catalogue.definitions().len());
    for (slot, (definition, plan)) in catalogue.definitions().iter().zip(&catalogue.plans).enumerate() {
        let viewed = if !wanted.asks_for(slot) {
            Viewed::NotAsked
        } else if grants.allow(definition.purpose) {
            let read = reader.read(plan, definition.ttl_days, &slots);
            if wanted.is_heard { plan.heard(read) } else { read }
        } else {
            Viewed::NotGranted(definition.purpose)
        };
        slots.push(viewed);
    }
    View::new(slots)
}
