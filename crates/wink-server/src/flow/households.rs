//! Who lives with whom: households change by what is told of people, and decisions read what all in one had. Nothing is merged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wink_core::base::{HouseholdId, OfferId, ProfileId, Timestamp, Value};
use wink_core::coupon::{Wallet, had_together, used_together};
use wink_core::decision::Usage;
use wink_core::event::{Envelope, HouseholdChange, Identity, Rejection};
use wink_core::offer::Catalogue;
use wink_core::profile::{Full, Had, Household, Member, Profile, Residence};
use wink_record::Stored;
use wink_store::{Batch, Change, Check, Store};

use super::ingest::{Answer, Received, Thought, Told};
use super::links::Joined;
use super::person::{self, Loaded};
use super::profiles::{self, Whom};
use super::whole::{self, Whole};
use crate::error::ATTEMPTS_MAX;
use crate::keys;
use crate::{Engine, Error, Ids};

/// Households that change while somebody's messages are thought through, not yet written.
#[derive(Default)]
pub(super) struct Moving {
    households: BTreeMap<HouseholdId, Moved>,
    checks: Vec<Check>,
}

/// A household as it was read, and as it will be.
struct Moved {
    was: Household,
    will_be: Loaded<Household>,
}

impl Moving {
    /// Takes in what is told of a person's household. Returns whether the profile changed; those linked with it change in `joined`.
    pub(super) async fn hear<S: Store>(
        &mut self,
        engine: &Engine<S>,
        joined: &mut Joined,
        profile: &mut Loaded<Arc<Profile>>,
        change: &HouseholdChange,
        word: Residence,
    ) -> Result<bool, Error> {
        let here = joined.around(engine, profile).await?;
        let cluster = here.cluster();
        if let HouseholdChange::Left { household_id: Some(name) } = change
            && cluster.residence().and_then(|known| known.household) != Some(named(engine, name))
        {
            return Ok(false);
        }
        let Some(moves) = cluster.hear_residence(&word) else { return Ok(false) };
        let joins = word.household.filter(|_| moves.stays.is_none());
        if let Some(household) = joins {
            let member = Member { at: word.at, source: word.source.clone() };
            if self.household(engine, household).await?.value.admit(profile.value.id, member).is_err() {
                metrics::counter!("wink_households_refused_total", "reason" => "full").increment(1);
                return Ok(false);
            }
        }
        let mut changed: BTreeMap<ProfileId, Profile> = BTreeMap::new();
        let of = |id: ProfileId| here.all().find(|known| known.value.id == id);
        let mut edit = |id: ProfileId, edit: &dyn Fn(&mut Profile)| {
            if let Some(known) = of(id) {
                edit(changed.entry(id).or_insert_with(|| Profile::clone(&known.value)));
            }
        };
        let wallets = self.wallets(engine, &here, !moves.leaves.is_empty()).await?;
        let left: BTreeSet<HouseholdId> = moves.leaves.iter().map(|(_, household)| *household).collect();
        for household in left {
            let mut all = self.household(engine, household).await?.value.clone();
            for (id, wallet) in &wallets {
                let counted = of(*id).map_or(0, |known| known.value.counted.with(household));
                all.keep_count(wallet.had(counted));
                let entries = wallet.held.len();
                edit(*id, &|profile| profile.counted.note(household, entries));
            }
            for (id, _) in moves.leaves.iter().filter(|(_, of)| *of == household) {
                all.release(*id, BTreeMap::new());
                let none = Residence { household: None, ..word.clone() };
                edit(*id, &|profile| profile.residence = Some(none.clone()));
            }
            self.household(engine, household).await?.value = all;
        }
        // Who is listed already stays listed; the newer word is theirs.
        let says = moves.stays.unwrap_or(profile.value.id);
        edit(says, &|profile| profile.residence = Some(word.clone()));
        self.checks.extend(here.unchanged());
        let mut is_changed = false;
        for (id, new) in changed {
            if id == profile.value.id {
                *Arc::make_mut(&mut profile.value) = new;
                is_changed = true;
            } else if let Some(known) = of(id) {
                joined.change(Loaded {
                    key: known.key.clone(),
                    version: known.version,
                    value: Arc::new(new),
                });
            }
        }
        Ok(is_changed)
    }

    /// Reads a household as it will be.
    async fn household<S: Store>(
        &mut self,
        engine: &Engine<S>,
        id: HouseholdId,
    ) -> Result<&mut Loaded<Household>, Error> {
        let household = match self.households.remove(&id) {
            Some(known) => known,
            None => {
                let will_be = person::load(engine, keys::household(id), Household::default).await?;
                Moved { was: will_be.value.clone(), will_be }
            }
        };
        Ok(&mut self.households.entry(id).or_insert(household).will_be)
    }

    /// Reads what all profiles of a person were given, and lets the commit depend on it.
    async fn wallets<S: Store>(
        &mut self,
        engine: &Engine<S>,
        person: &Whole,
        are_needed: bool,
    ) -> Result<Vec<(ProfileId, Arc<Wallet>)>, Error> {
        if !are_needed {
            return Ok(Vec::new());
        }
        let wallets = wallets_of(engine, person).await?;
        self.checks.extend(wallets.iter().map(|(_, wallet)| wallet.unchanged()));
        Ok(wallets.into_iter().map(|(id, wallet)| (id, wallet.value)).collect())
    }

    /// Adds what changed to a batch.
    pub(super) fn add_to(self, batch: &mut Batch) {
        batch.checks.extend(self.checks);
        for Moved { was, will_be } in self.households.into_values() {
            if was == will_be.value {
                // One that was full, say: whoever else looked at it is not in the way of this, nor this in theirs.
                batch.checks.push(will_be.unchanged());
            } else {
                add_household(will_be, batch);
            }
        }
    }
}

fn add_household(household: Loaded<Household>, batch: &mut Batch) {
    batch.checks.push(household.unchanged());
    batch.changes.push(match household.value.is_empty() {
        true => Change::Delete(household.key),
        false => Change::Put(household.key, household.value.to_bytes()),
    });
}

async fn wallets_of<S: Store>(
    engine: &Engine<S>,
    person: &Whole,
) -> Result<Vec<(ProfileId, Loaded<Arc<Wallet>>)>, Error> {
    let ids: Vec<ProfileId> = person.all().map(|profile| profile.value.id).collect();
    let keys = ids.iter().map(|id| keys::wallet(*id)).collect();
    let wallets = engine.people.wallets.read(&engine.store, engine.tenant, keys).await?;
    Ok(ids.into_iter().zip(wallets).collect())
}

/// Names the household the shop calls so.
pub(super) fn named<S>(engine: &Engine<S>, name: &str) -> HouseholdId {
    HouseholdId::named(engine.secrets.identity(), name)
}

/// What somebody's household had of offers that are limited so, and what must still be so when something is given under that limit.
#[derive(Default)]
pub(super) struct Together {
    /// By index in the catalogue.
    pub(super) used: BTreeMap<usize, Usage>,
    /// Household by household, every offer.
    pub(super) had: Vec<BTreeMap<OfferId, Had>>,
    pub(super) checks: Vec<Check>,
}

impl Together {
    /// Reads all who live with a person, in every household a profile of theirs is in.
    pub(super) async fn load<S: Store>(
        engine: &Engine<S>,
        person: &Whole,
        catalogue: &Catalogue,
    ) -> Result<Self, Error> {
        let mut together = Self::default();
        let mut had = Vec::new();
        for id in person.cluster().households() {
            let household = person::load(engine, keys::household(id), Household::default).await?;
            together.checks.push(household.unchanged());
            let mut wallets: BTreeMap<ProfileId, (Arc<Wallet>, usize)> = BTreeMap::new();
            together.read(engine, person, id, &mut wallets).await?;
            for member in household.value.members.keys() {
                if wallets.contains_key(member) {
                    continue;
                }
                // Whoever is being erased has left the household in the same commit, which is another version of it.
                if let Some(whole) = whole::load(engine, *member).await? {
                    together.read(engine, &whole, id, &mut wallets).await?;
                }
            }
            let wallets = wallets.values().map(|(wallet, counted)| (&**wallet, *counted));
            had.push(had_together(&household.value, wallets));
        }
        together.used = used_together(catalogue, &had);
        together.had = had;
        Ok(together)
    }

    async fn read<S: Store>(
        &mut self,
        engine: &Engine<S>,
        person: &Whole,
        household: HouseholdId,
        wallets: &mut BTreeMap<ProfileId, (Arc<Wallet>, usize)>,
    ) -> Result<(), Error> {
        self.checks.extend(person.unchanged());
        let found = wallets_of(engine, person).await?;
        for (known, (id, wallet)) in person.all().zip(found) {
            self.checks.push(wallet.unchanged());
            wallets.insert(id, (wallet.value, known.value.counted.with(household)));
        }
        Ok(())
    }
}

/// Adds to the erasure of a profile that it leaves its household. What was given to it goes on counting, without anybody's name.
pub(super) async fn forget<S: Store>(
    engine: &Engine<S>,
    profile: &Loaded<Arc<Profile>>,
    batch: &mut Batch,
) -> Result<(), Error> {
    let person = whole::around(engine, profile.clone(), &BTreeMap::new()).await?;
    let households = person.cluster().households();
    if households.is_empty() {
        return Ok(());
    }
    let wallets = wallets_of(engine, &person).await?;
    batch.checks.extend(wallets.iter().map(|(_, wallet)| wallet.unchanged()));
    for id in households {
        let mut household = person::load(engine, keys::household(id), Household::default).await?;
        // What the others had is counted now if nothing else leads them here; else when they are erased themselves.
        let left = person.cluster().left_in(id, profile.value.id);
        for (known, (of, wallet)) in person.all().zip(&wallets) {
            if !left.contains(of) {
                household.value.keep_count(wallet.value.had(known.value.counted.with(id)));
            }
        }
        household.value.release(profile.value.id, BTreeMap::new());
        add_household(household, batch);
    }
    Ok(())
}

/// A person's household, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its id.
    pub id: HouseholdId,
    /// Who lives there.
    pub household: Household,
}

/// Finds the household a person lives in now.
///
/// # Errors
/// If the store cannot be read.
pub async fn of_person<S: Store>(engine: &Engine<S>, person: &Whole) -> Result<Option<Shown>, Error> {
    let Some(id) = person.cluster().residence().and_then(|word| word.household) else { return Ok(None) };
    let household = person::load(engine, keys::household(id), Household::default).await?.value;
    Ok(Some(Shown { id, household }))
}

/// A word about somebody's household, said by whoever knows.
#[derive(Clone, Debug)]
pub struct Said {
    /// Whose.
    pub profile: ProfileId,
    /// What is said.
    pub change: HouseholdChange,
    /// Who tells Wink: the source of the event.
    pub source: String,
    /// The client's id of this change; the same id again changes nothing.
    pub message_id: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// They live in this one now; in none, if there is none.
    Lives(Option<Shown>),
    /// The household has no room.
    Full,
    /// They live in no household that could be left.
    Homeless,
    /// There is nobody of that id, or they were erased.
    Nobody,
}

/// Lets somebody join a household or leave it, as the event it is.
///
/// # Errors
/// If the store cannot be read or takes no writes.
pub async fn settle<S: Store>(
    engine: &Engine<S>,
    ids: &impl Ids,
    said: &Said,
    now: Timestamp,
) -> Result<Settled, Error> {
    let whom = Whom::Profile(said.profile);
    let mut turn = engine.turn();
    for _ in 0..ATTEMPTS_MAX {
        let Some(known) = profiles::find(engine, &whom).await? else { return Ok(Settled::Nobody) };
        let Some(identity) = person::identity(engine, known.asked()).await? else {
            return Ok(Settled::Nobody);
        };
        let lives = of_person(engine, &known).await?;
        match &said.change {
            HouseholdChange::Left { .. } if lives.is_none() => return Ok(Settled::Homeless),
            HouseholdChange::Joined { household_id } => {
                let id = named(engine, household_id);
                if lives.is_none_or(|lives| lives.id != id) && has_room(engine, id).await?.is_err() {
                    return Ok(Settled::Full);
                }
            }
            HouseholdChange::Left { .. } => {}
        }
        let mut thought = Thought::new(engine, ids, vec![told(engine, said, &identity, now)]).await?;
        if thought.profile_version() != known.asked_version() {
            turn.meet(&keys::profile(said.profile)).await;
            continue;
        }
        match thought.answers.first() {
            Some(Answer::Accepted(_) | Answer::Duplicate(_)) => {}
            // The id is drawn, unless it follows from an idempotency key.
            Some(Answer::Dead(Rejection::IdConflict)) => return Err(Error::KeyReused),
            Some(Answer::Dead(rejection)) => return Err(Error::Unusable(rejection.to_string())),
            Some(Answer::Erased) | None => return Ok(Settled::Nobody),
        }
        thought.count();
        let mut batch = thought.into_batch(engine)?.batch;
        batch.checks.extend(known.unchanged());
        if turn.commit(batch).await?.is_some() {
            let Some(known) = profiles::find(engine, &whom).await? else { return Ok(Settled::Nobody) };
            let lives = of_person(engine, &known).await?;
            return Ok(match &said.change {
                // Somebody else took the last place in between.
                HouseholdChange::Joined { household_id }
                    if lives.as_ref().is_none_or(|lives| lives.id != named(engine, household_id)) =>
                {
                    Settled::Full
                }
                HouseholdChange::Joined { .. } | HouseholdChange::Left { .. } => Settled::Lives(lives),
            });
        }
    }
    Err(Error::Contended)
}

async fn has_room<S: Store>(engine: &Engine<S>, id: HouseholdId) -> Result<Result<(), Full>, Error> {
    Ok(person::load(engine, keys::household(id), Household::default).await?.value.has_room())
}

/// Writes the word as the message a shop would send.
fn told<S>(engine: &Engine<S>, said: &Said, identity: &Identity, now: Timestamp) -> Told {
    let (event, household_id) = match &said.change {
        HouseholdChange::Joined { household_id } => ("Household Joined", Some(household_id)),
        HouseholdChange::Left { household_id } => ("Household Left", household_id.as_ref()),
    };
    let named = household_id.map(|name| ("household_id".to_owned(), Value::Text(name.clone())));
    let envelope = Envelope {
        source: said.source.clone(),
        message_id: said.message_id.clone(),
        event: event.to_owned(),
        schema_version: None,
        identities: vec![identity.clone()],
        original_at: None,
        sent_at: None,
        properties: named.into_iter().collect(),
    };
    let body = envelope.body_hash(engine.secrets.marks());
    Told { received: Received { envelope, original: Vec::new(), at: now, is_vouched: true }, body, now }
}
