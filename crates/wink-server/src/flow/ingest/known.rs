//! A profile while its messages are thought through: what it learns of names, of its vault, of triggers and segments.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;
use std::sync::Arc;

use wink_core::base::{ProfileId, Timestamp, TriggerId};
use wink_core::event::{ConsentChange, ConsentState, Event, HouseholdChange, Identity};
use wink_core::feature::{Happened, State, Wanted, view};
use wink_core::offer::{Catalogue, Trigger};
use wink_core::profile::{Consent, IdentityKey, Kept, Link, Profile, Purpose, Residence, Vault, may_join};
use wink_record::{Stored, Withdrawal};
use wink_store::{Batch, Change, Check, Store};

use super::IDENTITIES_MAX;
use crate::flow::context;
use crate::flow::households::{self, Moving};
use crate::flow::links::{Joined, NOT_VOUCHED, count_refused};
use crate::flow::moments;
use crate::flow::noted::Noted;
use crate::flow::person::{self, Loaded};
use crate::flow::whole::Whole;
use crate::in_use::{Put, Written};
use crate::keys;
use crate::{Engine, Error, secrets};

/// A profile being worked on.
pub(super) struct Known {
    pub(super) profile: Loaded<Arc<Profile>>,
    pub(super) state: Loaded<Arc<State>>,
    pub(super) vault: Option<(Vault, [u8; 32])>,
    pub(super) occasions: Option<Noted>,
    /// What triggers remember of the person under other profiles, where days are kept or forgotten.
    pub(super) elsewhere: BTreeMap<ProfileId, Noted>,
    /// The person's other profiles that something was thought through with, as they were read.
    relied_on: BTreeMap<ProfileId, Check>,
    pub(super) taken_up: BTreeSet<IdentityKey>,
    pub(super) joined: Joined,
    pub(super) moving: Moving,
    pub(super) profile_changed: bool,
    pub(super) state_changed: bool,
}

impl Known {
    pub(super) fn new(profile: Loaded<Arc<Profile>>, state: Loaded<Arc<State>>) -> Self {
        Self {
            profile,
            state,
            vault: None,
            occasions: None,
            elsewhere: BTreeMap::new(),
            relied_on: BTreeMap::new(),
            taken_up: BTreeSet::new(),
            joined: Joined::default(),
            moving: Moving::default(),
            profile_changed: false,
            state_changed: false,
        }
    }

    /// Opens the vault when something for it comes.
    pub(super) async fn vault<S: Store>(&mut self, engine: &Engine<S>) -> Result<&mut Vault, Error> {
        let opened = match self.vault.take() {
            Some(opened) => opened,
            None => person::vault(engine, self.profile.value.id).await?,
        };
        Ok(&mut self.vault.insert(opened).0)
    }

    /// Loads the person as a whole for something that is written because of what all their profiles say: who says another word to one of them
    /// meanwhile is a conflict.
    pub(super) async fn rely<S: Store>(&mut self, engine: &Engine<S>) -> Result<Whole, Error> {
        let whole = self.joined.around(engine, &self.profile).await?;
        for other in whole.all().skip(1) {
            // Of two readings the first counts: what changed in between is a conflict too.
            self.relied_on.entry(other.value.id).or_insert_with(|| other.unchanged());
        }
        Ok(whole)
    }

    /// Gives the catalogue if triggers in it listen to events of this name, and loads what they remember.
    pub(super) async fn listening<S: Store>(
        &mut self,
        engine: &Engine<S>,
        event: &str,
    ) -> Result<Option<Arc<Catalogue>>, Error> {
        let Ok(catalogue) = engine.catalogue() else { return Ok(None) };
        if !catalogue.triggers.iter().any(|trigger| trigger.moments.listens_to(event)) {
            return Ok(None);
        }
        if self.occasions.is_none() {
            self.occasions = Some(Noted::load(engine, self.profile.value.id).await?);
        }
        Ok(Some(catalogue))
    }

    /// Lets the triggers hear of an event that made these rules true; gives what is to be done for them.
    pub(super) fn hear(
        &mut self,
        catalogue: &Catalogue,
        happened: &Happened<'_>,
        now: Timestamp,
        crossed: &BTreeSet<TriggerId>,
    ) -> Vec<Change> {
        let Some(occasions) = &mut self.occasions else { return Vec::new() };
        let id = self.profile.value.id;
        let hears = |trigger: &&Trigger| trigger.crosses.is_none() || crossed.contains(&trigger.moments.id);
        let triggers = catalogue.triggers.iter().filter(hears).map(|trigger| &trigger.moments);
        let heard = occasions.value_mut().hear(triggers, happened, now, &catalogue.shop.zone);
        heard.into_iter().map(|moment| moments::enqueue(id, moment, now)).collect()
    }

    /// Tells which triggers that listen to events of this name have a rule that holds of the person, as they are known so far.
    pub(super) async fn holding<S: Store>(
        &self,
        engine: &Engine<S>,
        catalogue: &Catalogue,
        event: &str,
        now: Timestamp,
    ) -> Result<BTreeSet<TriggerId>, Error> {
        let listens = |trigger: &&Trigger| trigger.crosses.is_some() && trigger.moments.listens_to(event);
        let triggers: Vec<&Trigger> = catalogue.triggers.iter().filter(listens).collect();
        if triggers.is_empty() {
            return Ok(BTreeSet::new());
        }
        let whole = self.joined.around(engine, &self.profile).await?;
        let person = whole.cluster();
        let mut states = person::states(engine, &person).await?;
        for state in states.iter_mut().filter(|state| state.key == self.state.key) {
            state.value = self.state.value.clone();
        }
        let features = &catalogue.features;
        let wanted: Vec<Wanted> = triggers.iter().map(|trigger| trigger.wanted(features)).collect();
        let asked = context::Asked { catalogue, wanted: &Wanted::of_all(&wanted), now };
        let around = context::around(engine, &asked, &person, &states).await?;
        let states: Vec<&State> = states.iter().map(|state| &*state.value).chain(&around).collect();
        let holds = |trigger: &&Trigger| {
            let view = view(&states, features, &person.grants(now), now, &trigger.wanted(features));
            trigger.holds(features, &view)
        };
        Ok(triggers.into_iter().filter(holds).map(|trigger| trigger.moments.id.clone()).collect())
    }

    /// Takes up further identities the client named: those that lead nowhere yet lead here from now on, and whoever the others lead to is the
    /// same person, if they may be. With a key that stands in a page's source only [those that nobody else can know](may_join).
    pub(super) async fn link<S: Store>(
        &mut self,
        engine: &Engine<S>,
        event: &Event,
        is_vouched: bool,
        at: Timestamp,
    ) -> Result<(), Error> {
        for identity in &event.linked {
            let key = person::identity_key(engine, identity);
            if self.profile.value.identities.contains(&key) {
                continue;
            }
            let may_join = may_join(is_vouched, &event.identity, identity);
            match person::find(engine, key).await? {
                None if !may_join => count_refused(NOT_VOUCHED),
                None => self.take_up(engine, identity, key).await?,
                Some(other) => {
                    let Some(sides) = self.joined.sides(engine, &self.profile, other).await? else {
                        continue;
                    };
                    if !may_join {
                        count_refused(NOT_VOUCHED);
                        continue;
                    }
                    let link = Link { at, source: event.source.clone() };
                    let known_by = match &self.vault {
                        Some((vault, _)) => vault.identities.clone(),
                        None => person::vault(engine, self.profile.value.id).await?.0.identities,
                    };
                    let profile = Arc::make_mut(&mut self.profile.value);
                    self.profile_changed |= self.joined.join(engine, profile, &known_by, sides, link).await?;
                }
            }
        }
        Ok(())
    }

    /// Takes in a word about consent. Tells what is to be listed of it: for each of the person's profiles, as an older state may know only another of
    /// them, a no that [matters](wink_core::profile::Words::is_changed_by_no).
    pub(super) async fn consent<S: Store>(
        &mut self,
        engine: &Engine<S>,
        change: &ConsentChange,
        kept: &Kept,
        now: Timestamp,
    ) -> Result<Vec<Withdrawal>, Error> {
        // A yes takes nothing back, and most words are one.
        let no = Purpose::parse(&change.purpose).filter(|_| change.state != ConsentState::Granted);
        let mut listed = Vec::new();
        if let Some(purpose) = no {
            let whole = self.joined.around(engine, &self.profile).await?;
            let no = Consent::new(change, kept.occurred_at, &kept.source);
            let words = whole.cluster().words().remove(&purpose).unwrap_or_default();
            if words.is_changed_by_no(&no, purpose, now) {
                let word = |known: &Loaded<Arc<Profile>>| {
                    Some(Withdrawal {
                        tenant: engine.tenant.0,
                        profile: known.value.id,
                        identity: *known.value.identities.first()?,
                        purpose,
                        state: no.state,
                        mechanism: no.mechanism,
                        at: no.at,
                        source: kept.source.clone(),
                    })
                };
                listed.extend(whole.all().filter_map(word));
            }
        }
        Arc::make_mut(&mut self.profile.value).hear(change, kept.occurred_at, &kept.source);
        self.profile_changed = true;
        Ok(listed)
    }

    /// Takes in what is told of the person's household.
    pub(super) async fn live<S: Store>(
        &mut self,
        engine: &Engine<S>,
        change: &HouseholdChange,
        at: Timestamp,
        source: &str,
    ) -> Result<(), Error> {
        let household = match change {
            HouseholdChange::Joined { household_id } => Some(households::named(engine, household_id)),
            HouseholdChange::Left { .. } => None,
        };
        let word = Residence { household, at, source: source.to_owned() };
        let heard = self.moving.hear(engine, &mut self.joined, &mut self.profile, change, word).await?;
        self.profile_changed |= heard;
        Ok(())
    }

    pub(super) async fn take_up<S: Store>(
        &mut self,
        engine: &Engine<S>,
        identity: &Identity,
        key: IdentityKey,
    ) -> Result<(), Error> {
        if IDENTITIES_MAX <= self.profile.value.identities.len() {
            return Ok(());
        }
        let accounts = engine.accounts();
        if accounts.apart(&self.vault(engine).await?.identities, slice::from_ref(identity)).is_some() {
            return Ok(());
        }
        self.vault(engine).await?.know(identity);
        Arc::make_mut(&mut self.profile.value).identities.insert(key);
        self.profile_changed = true;
        self.taken_up.insert(key);
        Ok(())
    }

    /// Adds what changed to a batch, and says what it writes of the person.
    pub(super) fn into_changes<S: Store>(
        self,
        engine: &Engine<S>,
        batch: &mut Batch,
    ) -> Result<Written, Error> {
        let id = self.profile.value.id;
        let mut written = Written::default();
        batch.checks.push(self.profile.unchanged());
        for key in self.taken_up {
            batch.checks.push(Check::Absent(keys::identity(key)));
            batch.changes.push(Change::Put(keys::identity(key), id.bytes().to_vec()));
        }
        batch.checks.extend(self.relied_on.into_values());
        self.joined.add_to(batch);
        self.moving.add_to(batch);
        if self.profile_changed {
            batch.changes.push(Change::Put(self.profile.key, self.profile.value.to_bytes()));
        }
        if self.state_changed {
            batch.checks.push(self.state.unchanged());
            let bytes = self.state.value.to_bytes();
            let Loaded { key, value, .. } = self.state;
            written.state = Some(Put { key: key.clone(), stored: bytes.len(), value });
            batch.changes.push(Change::Put(key, bytes));
        }
        if let Some(occasions) = self.occasions {
            occasions.add_to(batch);
        }
        for elsewhere in self.elsewhere.into_values() {
            match elsewhere.has_other_notes() {
                true => elsewhere.add_to(batch),
                // A day stated there meanwhile would be kept against the word.
                false => batch.checks.push(elsewhere.unchanged()),
            }
        }
        if let Some((vault, key)) = self.vault {
            batch.changes.push(Change::Put(keys::vault(id), secrets::seal(&key, &vault.to_bytes())?));
            batch.changes.push(Change::Put(keys::vault_key(id), engine.secrets.wrap(&key)?));
        }
        Ok(written)
    }
}
