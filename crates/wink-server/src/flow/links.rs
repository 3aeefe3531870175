//! Two profiles turn out to be one person, or not to be after all. A link is a note in both, made or taken away in one commit; nothing else
//! is touched.

use std::collections::BTreeMap;
use std::sync::Arc;

use wink_core::base::{ProfileId, Timestamp};
use wink_core::event::Identity;
use wink_core::profile::{Link, NotLinked, Profile, Side, may_link};
use wink_record::Stored;
use wink_store::{Batch, Change, Check, Home, Store};

use super::person::{self, Loaded};
use super::whole::{self, Whole};
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys;
use crate::turns::Turn;
use crate::{Engine, Error};

/// The links one profile gets while somebody's messages are thought through, not yet written.
#[derive(Default)]
pub(super) struct Joined {
    /// The profiles at the other end, changed.
    others: BTreeMap<ProfileId, Loaded<Arc<Profile>>>,
    /// What was looked at.
    checks: Vec<Check>,
}

impl Joined {
    /// Reads a person as they will be.
    pub(super) async fn around<S: Store>(
        &self,
        engine: &Engine<S>,
        profile: &Loaded<Arc<Profile>>,
    ) -> Result<Whole, Error> {
        whole::around(engine, profile.clone(), &self.others).await
    }

    /// Reads both sides of a possible link; `None` if the two are one person already, or there is nobody on the other side.
    pub(super) async fn sides<S: Store>(
        &self,
        engine: &Engine<S>,
        profile: &Loaded<Arc<Profile>>,
        other: ProfileId,
    ) -> Result<Option<[Whole; 2]>, Error> {
        if profile.value.id == other || profile.value.links.contains_key(&other) {
            return Ok(None);
        }
        let Some(found) = self.profile(engine, other).await? else { return Ok(None) };
        let here = self.around(engine, profile).await?;
        let is_known = here.all().any(|known| known.value.id == other);
        Ok(if is_known { None } else { Some([here, whole::around(engine, found, &self.others).await?]) })
    }

    /// Joins `profile`, which is known by `identities`, with the other side, if they may be one person. Returns whether it changed.
    pub(super) async fn join<S: Store>(
        &mut self,
        engine: &Engine<S>,
        profile: &mut Profile,
        identities: &[Identity],
        [here, there]: [Whole; 2],
        link: Link,
    ) -> Result<bool, Error> {
        if let Err(why) = may_be_one(engine, &here, identities, &there).await? {
            count_refused(code(&why));
            return Ok(false);
        }
        self.checks.extend(here.unchanged().chain(there.unchanged()));
        let mut other = there.into_asked();
        profile.join(other.value.id, link.clone());
        Arc::make_mut(&mut other.value).join(profile.id, link);
        self.others.insert(other.value.id, other);
        Ok(true)
    }

    /// Takes a profile at the other end as it will be. What it was worked out from is the caller's to check.
    pub(super) fn change(&mut self, profile: Loaded<Arc<Profile>>) {
        self.others.insert(profile.value.id, profile);
    }

    /// Reads a profile as it will be.
    async fn profile<S: Store>(
        &self,
        engine: &Engine<S>,
        id: ProfileId,
    ) -> Result<Option<Loaded<Arc<Profile>>>, Error> {
        match self.others.get(&id) {
            Some(changed) => Ok(Some(changed.clone())),
            None => person::profile(engine, id).await,
        }
    }

    /// Adds the other ends to the batch of the one.
    pub(super) fn add_to(self, batch: &mut Batch) {
        batch.checks.extend(self.checks);
        for (_, other) in self.others {
            batch.changes.push(Change::Put(other.key.clone(), other.value.to_bytes()));
        }
    }
}

/// The reason of a link that a key asked for which stands in a page's source.
pub(super) const NOT_VOUCHED: &str = "not_vouched";

/// Counts a link that was not made.
pub(super) fn count_refused(reason: &'static str) {
    metrics::counter!("wink_links_refused_total", "reason" => reason).increment(1);
}

/// What became of the wish to link two profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Linked {
    /// They are one person now.
    Done(Whole),
    /// They cannot be.
    Refused(NotLinked),
    /// One of them is nobody.
    Nobody,
}

/// Links two profiles because somebody says so. Linking again changes nothing.
///
/// # Errors
/// If the store cannot be read or takes no writes.
pub async fn link<S: Store>(
    engine: &Engine<S>,
    one: ProfileId,
    other: ProfileId,
    source: &str,
    now: Timestamp,
) -> Result<Linked, Error> {
    let mut turn = engine.turn();
    for _ in 0..ATTEMPTS_MAX {
        let (Some(here), Some(there)) = (whole::load(engine, one).await?, whole::load(engine, other).await?)
        else {
            return Ok(Linked::Nobody);
        };
        if here.asked().links.contains_key(&other) || one == other {
            return Ok(Linked::Done(here));
        }
        let ours = known_by(engine, here.asked().id).await?;
        match may_be_one(engine, &here, &ours, &there).await? {
            // Whoever says so now knows better than who took them apart.
            Ok(()) | Err(NotLinked::TakenApart) => {}
            Err(why) => return Ok(Linked::Refused(why)),
        }
        let link = Link { at: now, source: source.to_owned() };
        let change = |whole: &Whole, to: ProfileId| {
            let mut profile = whole.asked().clone();
            profile.join(to, link.clone());
            profile
        };
        let profiles = [change(&here, other), change(&there, one)];
        let checks = here.unchanged().chain(there.unchanged()).collect();
        if write(&mut turn, checks, &profiles).await? {
            let whole = whole::load(engine, one).await?;
            return Ok(whole.map_or(Linked::Nobody, Linked::Done));
        }
    }
    Err(Error::Contended)
}

/// Takes the link between two profiles away. What each of them heard was never mixed, so each is again as it was, and what is heard
/// later does not join them. Returns `false` if no link joins the two.
///
/// # Errors
/// If the store cannot be read or takes no writes.
pub async fn part<S: Store>(engine: &Engine<S>, one: ProfileId, other: ProfileId) -> Result<bool, Error> {
    let mut turn = engine.turn();
    for _ in 0..ATTEMPTS_MAX {
        let (Some(here), Some(there)) =
            (person::profile(engine, one).await?, person::profile(engine, other).await?)
        else {
            return Ok(false);
        };
        if !here.value.links.contains_key(&other) {
            return Ok(false);
        }
        let checks = vec![here.unchanged(), there.unchanged()];
        let [mut here, mut there] = [here, there].map(|profile| Arc::unwrap_or_clone(profile.value));
        here.part(other);
        there.part(one);
        if write(&mut turn, checks, &[here, there]).await? {
            return Ok(true);
        }
    }
    Err(Error::Contended)
}

/// Spells a refusal as a stable code.
pub fn code(why: &NotLinked) -> &'static str {
    match why {
        NotLinked::TwoAccounts { .. } => "two_accounts",
        NotLinked::TooMany => "too_many_profiles",
        NotLinked::TakenApart => "taken_apart",
    }
}

async fn write<S: Store>(
    turn: &mut Turn<'_, S>,
    checks: Vec<Check>,
    profiles: &[Profile],
) -> Result<bool, Error> {
    let home = profiles.first().map_or(Home(0), |profile| keys::home(profile.id));
    let mut batch = Batch::new(batch_id()?, turn.tenant(), home);
    batch.checks = checks;
    let put = |profile: &Profile| Change::Put(keys::profile(profile.id), profile.to_bytes());
    batch.changes.extend(profiles.iter().map(put));
    Ok(turn.commit(batch).await?.is_some())
}

/// Tells whether two people may be one. By what the profile that was asked about is known on our side is the caller's to say: it may be new.
async fn may_be_one<S: Store>(
    engine: &Engine<S>,
    here: &Whole,
    known_by_here: &[Identity],
    there: &Whole,
) -> Result<Result<(), NotLinked>, Error> {
    let mut ours = known_by_here.to_vec();
    for profile in here.all().skip(1) {
        ours.extend(known_by(engine, profile.value.id).await?);
    }
    let mut theirs = Vec::new();
    for profile in there.all() {
        theirs.extend(known_by(engine, profile.value.id).await?);
    }
    let (left, right) = (here.cluster(), there.cluster());
    let left = Side { cluster: &left, identities: &ours };
    Ok(may_link(&engine.accounts(), &left, &Side { cluster: &right, identities: &theirs }))
}

/// Opens by what a profile is known.
async fn known_by<S: Store>(engine: &Engine<S>, profile: ProfileId) -> Result<Vec<Identity>, Error> {
    Ok(person::vault(engine, profile).await?.0.identities)
}
