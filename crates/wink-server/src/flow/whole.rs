//! A person as one: the profile that was asked about, and every profile that links join to it. Most people have one profile, and then
//! this is one read.

use std::collections::BTreeMap;
use std::sync::Arc;

use wink_core::base::ProfileId;
use wink_core::profile::{Cluster, Profile};
use wink_store::{Check, Store, Version};

use super::person::{self, Loaded};
use crate::{Engine, Error};

/// All profiles of a person, each with the version it was read at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    asked: Loaded<Arc<Profile>>,
    others: Vec<Loaded<Arc<Profile>>>,
}

impl Whole {
    /// The profile that was asked about.
    pub fn asked(&self) -> &Profile {
        &self.asked.value
    }

    /// Tells whether nobody knew them before.
    pub(super) fn is_new(&self) -> bool {
        self.all().all(|profile| profile.version.is_none())
    }

    /// Leaves the profile that was asked about.
    pub(super) fn into_asked(self) -> Loaded<Arc<Profile>> {
        self.asked
    }

    /// Sees the person as one.
    pub fn cluster(&self) -> Cluster<'_> {
        Cluster::new(&self.asked.value, self.others.iter().map(|other| &*other.value))
    }

    /// Tells the version of the person: it changes whenever a profile of theirs does, or one joins them.
    pub fn version(&self) -> Version {
        self.all().filter_map(|profile| profile.version).max().unwrap_or(Version(0))
    }

    /// Tells at which version the profile that was asked about was read.
    pub(super) fn asked_version(&self) -> Option<Version> {
        self.asked.version
    }

    /// Checks that all of it is still as it was read. Who joins them meanwhile changes a profile that is in here.
    pub(super) fn unchanged(&self) -> impl Iterator<Item = Check> {
        self.all().map(Loaded::unchanged)
    }

    /// Lists the profiles, the one asked about first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Loaded<Arc<Profile>>> {
        std::iter::once(&self.asked).chain(&self.others)
    }
}

/// Loads a person by one of their profiles. `None` if there is no such profile.
pub(crate) async fn load<S: Store>(engine: &Engine<S>, id: ProfileId) -> Result<Option<Whole>, Error> {
    match person::profile(engine, id).await? {
        Some(asked) => Ok(Some(around(engine, asked, &BTreeMap::new()).await?)),
        None => Ok(None),
    }
}

/// Loads whoever links join to a profile, and takes those in `changed` as they are there.
pub(super) async fn around<S: Store>(
    engine: &Engine<S>,
    asked: Loaded<Arc<Profile>>,
    changed: &BTreeMap<ProfileId, Loaded<Arc<Profile>>>,
) -> Result<Whole, Error> {
    let mut whole = Whole { asked, others: Vec::new() };
    let mut ahead: Vec<ProfileId> = whole.asked.value.links.keys().copied().collect();
    while let Some(id) = ahead.pop() {
        if whole.all().any(|known| known.value.id == id) {
            continue;
        }
        let found = match changed.get(&id) {
            Some(known) => Some(known.clone()),
            None => person::profile(engine, id).await?,
        };
        // Whoever is being erased may be gone already.
        let Some(found) = found else { continue };
        ahead.extend(found.value.links.keys());
        whole.others.push(found);
    }
    // The way the links were followed means nothing.
    whole.others.sort_unstable_by_key(|other| other.value.id);
    Ok(whole)
}
