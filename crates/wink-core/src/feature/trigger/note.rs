//! Notes: whom a day or a product concerns, found without asking everybody.

use std::collections::BTreeSet;

use super::{MonthDay, Occasions, ProductKey};
use crate::base::{Hasher, TriggerId};

/// What somebody is to be found by. What notes there are of a person follows from what triggers remember of them, and from nothing else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// A day of theirs that comes each year, and the trigger that waits for it.
    Day(TriggerId, MonthDay),
    /// A product they wait for.
    Product(ProductKey),
}

impl Note {
    /// Names everybody with this note.
    pub fn key(&self) -> [u8; 16] {
        match self {
            Self::Day(trigger, day) => {
                let (month, day) = day.numbers();
                let hash = Hasher::new("noted day").field(trigger.as_str().as_bytes());
                hash.field(&month.to_le_bytes()).field(&day.to_le_bytes()).finish().short()
            }
            Self::Product(ProductKey(key)) => *key,
        }
    }
}

impl Occasions {
    /// Lists the notes of the person.
    pub fn notes(&self) -> BTreeSet<Note> {
        let mut notes = BTreeSet::new();
        for (trigger, remembered) in &self.0 {
            notes.extend(remembered.day.map(|day| Note::Day(trigger.clone(), day)));
            notes.extend(remembered.watched.keys().copied().map(Note::Product));
        }
        notes
    }
}
