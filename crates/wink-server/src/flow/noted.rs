//! What triggers remember of a person, with the notes by which a day or a product finds them. Both are written in one commit, so that the
//! notes say what the record says.

use std::collections::BTreeSet;

use wink_core::base::ProfileId;
use wink_core::feature::{Note, Occasions};
use wink_record::Stored;
use wink_store::{Batch, Change, Check, Store};

use super::person::{self, Loaded};
use super::whole::Whole;
use crate::keys;
use crate::{Engine, Error};

/// What triggers remember of somebody, being changed.
pub(super) struct Noted {
    profile: ProfileId,
    occasions: Loaded<Occasions>,
    /// The notes there are in the store.
    stored: BTreeSet<Note>,
}

impl Noted {
    /// Loads it.
    pub(super) async fn load<S: Store>(engine: &Engine<S>, profile: ProfileId) -> Result<Self, Error> {
        let occasions = person::load(engine, keys::occasions(profile), Occasions::default).await?;
        Ok(Self { profile, stored: occasions.value.notes(), occasions })
    }

    /// Loads what triggers remember of a person under their profiles beside the one that was asked about.
    pub(super) async fn elsewhere<S: Store>(engine: &Engine<S>, person: &Whole) -> Result<Vec<Self>, Error> {
        let mut elsewhere = Vec::new();
        for other in person.all().skip(1) {
            elsewhere.push(Self::load(engine, other.value.id).await?);
        }
        Ok(elsewhere)
    }

    /// Gives what is remembered.
    pub(super) fn value(&self) -> &Occasions {
        &self.occasions.value
    }

    /// Gives what is remembered, to be changed.
    pub(super) fn value_mut(&mut self) -> &mut Occasions {
        &mut self.occasions.value
    }

    /// Tells whether other notes follow from it than are in the store.
    pub(super) fn has_other_notes(&self) -> bool {
        self.stored != self.value().notes()
    }

    /// The check that it is still as it was loaded.
    pub(super) fn unchanged(&self) -> Check {
        self.occasions.unchanged()
    }

    /// Writes it, with the notes that are new, and without those that are gone.
    pub(super) fn add_to(self, batch: &mut Batch) {
        batch.checks.push(self.unchanged());
        let notes = self.value().notes();
        let gone = self.stored.difference(&notes).map(|note| Change::Delete(keys::noted(note, self.profile)));
        batch.changes.extend(gone);
        let new = notes.difference(&self.stored);
        batch.changes.extend(new.map(|note| Change::Put(keys::noted(note, self.profile), Vec::new())));
        batch.changes.push(Change::Put(self.occasions.key, self.occasions.value.to_bytes()));
    }

    /// Lists everything that is stored, to be deleted.
    pub(super) fn keys(&self) -> impl Iterator<Item = wink_store::RecordKey> {
        let notes = self.stored.iter().map(|note| keys::noted(note, self.profile));
        notes.chain([self.occasions.key.clone()])
    }
}
