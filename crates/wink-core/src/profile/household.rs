//! A household: people who live together, as the shop says. It merges nothing. Everybody keeps their profile, their features and their own
//! consents; what the members share is what limits per household count.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cluster, Profile};
use crate::base::{Hasher, HouseholdId, OfferId, ProfileId, Timestamp};

/// A household has at most this many members. More is an office, a dormitory or a mistake, and a decision under a limit per household reads
/// all of them in one commit: twelve people of twenty profiles stay below what a batch may check.
pub const MEMBERS_MAX: usize = 12;

/// Of at most this many households it is remembered what was counted there when somebody left. Whoever comes back to an older one is counted
/// twice there: a household never gets more by it.
const LEFT_MAX: usize = 20;

impl HouseholdId {
    /// Makes the id of the household the shop calls so: a keyed hash, because the name may be an address.
    pub fn named(secret: &[u8; 32], name: &str) -> Self {
        Self::from_bytes(Hasher::keyed(secret, "household").field(name.as_bytes()).finish().short())
    }
}

/// The last word about which household somebody belongs to. It is the person's own: taken away with them, and true or wrong whatever others do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Residence {
    /// Which household; `None` for none any more.
    pub household: Option<HouseholdId>,
    /// Since when.
    pub at: Timestamp,
    /// Who said so.
    pub source: String,
}

impl Residence {
    /// Tells whether another word stands although this one came: it is newer. Of two words of the same instant it is the one that ends a
    /// household, else that of the greater id, so that the order of arrival does not matter.
    fn is_overruled_by(&self, other: &Self) -> bool {
        let order = |word: &Self| (word.at, word.household.is_none(), word.household);
        order(self) <= order(other)
    }
}

/// How much of an offer somebody had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Had {
    /// Coupons, and rights to them.
    pub given: u32,
    /// Times it was withheld so that the effect can be measured.
    pub held_out: u32,
}

impl std::ops::AddAssign for Had {
    fn add_assign(&mut self, other: Self) {
        self.given = self.given.saturating_add(other.given);
        self.held_out = self.held_out.saturating_add(other.held_out);
    }
}

/// How somebody came into a household.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// When.
    pub at: Timestamp,
    /// Who said so.
    pub source: String,
}

/// A household as it is kept: who belongs to it, and what those had who no longer do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Household {
    /// By the profile that was named when they joined. Profiles that links join to it belong to it too.
    pub members: BTreeMap<ProfileId, Member>,
    /// What was given to those who left or were erased, as numbers without a person: nobody leaves so that the others get more.
    pub gone: BTreeMap<OfferId, Had>,
}

/// Why somebody is not taken into a household.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the household has {MEMBERS_MAX} members already, which is the most there can be; take one out first"
)]
pub struct Full;

impl Household {
    /// Tells whether somebody else may join.
    ///
    /// # Errors
    /// If there are as many members as there can be.
    pub fn has_room(&self) -> Result<(), Full> {
        if self.members.len() < MEMBERS_MAX { Ok(()) } else { Err(Full) }
    }

    /// Takes somebody in.
    ///
    /// # Errors
    /// As [`Self::has_room`].
    pub fn admit(&mut self, profile: ProfileId, member: Member) -> Result<(), Full> {
        if !self.members.contains_key(&profile) {
            self.has_room()?;
            self.members.insert(profile, member);
        }
        Ok(())
    }

    /// Lets somebody go. What they had and was not counted yet goes on counting, without them.
    pub fn release(&mut self, profile: ProfileId, had: BTreeMap<OfferId, Had>) {
        self.members.remove(&profile);
        self.keep_count(had);
    }

    /// Goes on counting what somebody had whose records end.
    pub fn keep_count(&mut self, had: BTreeMap<OfferId, Had>) {
        for (offer, had) in had {
            *self.gone.entry(offer).or_default() += had;
        }
    }

    /// Tells whether nothing is left to be remembered.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.gone.is_empty()
    }
}

/// What of somebody's wallet was counted with households they left: how many of its entries, from the oldest on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted(BTreeMap<HouseholdId, u32>);

impl Counted {
    /// Takes what was stored.
    pub fn new(counted: impl IntoIterator<Item = (HouseholdId, u32)>) -> Self {
        Self(counted.into_iter().collect())
    }

    /// Lists households with the number of entries.
    pub fn all(&self) -> impl ExactSizeIterator<Item = (HouseholdId, u32)> + '_ {
        self.0.iter().map(|(household, entries)| (*household, *entries))
    }

    /// Tells how many entries were counted with a household already.
    pub fn with(&self, household: HouseholdId) -> usize {
        self.0.get(&household).and_then(|entries| usize::try_from(*entries).ok()).unwrap_or(0)
    }

    /// Notes that the first `entries` are counted with a household that is left.
    pub fn note(&mut self, household: HouseholdId, entries: usize) {
        if entries == 0 {
            return;
        }
        if LEFT_MAX <= self.0.len() && !self.0.contains_key(&household) {
            self.0.pop_first();
        }
        self.0.insert(household, u32::try_from(entries).unwrap_or(u32::MAX));
    }
}

/// What a new word about somebody's household changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The memberships that end: which profile is listed where.
    pub leaves: Vec<(ProfileId, HouseholdId)>,
    /// The profile that is listed in the household already, if there is one: then nobody joins.
    pub stays: Option<ProfileId>,
}

impl Cluster<'_> {
    /// Tells the household the person belongs to now, or the word that ended the last one: the newest of all their profiles.
    pub fn residence(&self) -> Option<&Residence> {
        let words = self.profiles().filter_map(|profile| profile.residence.as_ref());
        words.reduce(|one, other| if one.is_overruled_by(other) { other } else { one })
    }

    /// Lists every household a profile of the person is in. Profiles that turned out to be one person may be in several; the limits of all
    /// of them hold.
    pub fn households(&self) -> BTreeSet<HouseholdId> {
        let words = self.profiles().filter_map(|profile| profile.residence.as_ref());
        words.filter_map(|word| word.household).collect()
    }

    /// Lists the profiles that still lead to a household when `gone` is taken away: those that are listed there, and whom links join to them
    /// other than over `gone`. What the others had is nobody's any more.
    pub fn left_in(&self, household: HouseholdId, gone: ProfileId) -> BTreeSet<ProfileId> {
        let mut left = BTreeSet::new();
        let lives =
            |profile: &Profile| profile.residence.as_ref().and_then(|word| word.household) == Some(household);
        let mut ahead: Vec<ProfileId> =
            self.profiles().filter(|profile| lives(profile)).map(|profile| profile.id).collect();
        while let Some(id) = ahead.pop() {
            if id == gone || !left.insert(id) {
                continue;
            }
            let found = self.profiles().find(|profile| profile.id == id);
            ahead.extend(found.iter().flat_map(|profile| profile.links.keys()));
        }
        left
    }

    /// Works out what a word about the person's household changes; `None` if it changes nothing, because a newer one stands.
    pub fn hear_residence(&self, word: &Residence) -> Option<Move> {
        if self.residence().is_some_and(|known| word.is_overruled_by(known)) {
            return None;
        }
        let lives = self.profiles().filter_map(|profile| {
            let household = profile.residence.as_ref()?.household?;
            Some((profile.id, household))
        });
        let (stay, leaves): (Vec<_>, Vec<_>) =
            lives.partition(|(_, household)| Some(*household) == word.household);
        Some(Move { leaves, stays: stay.first().map(|(profile, _)| *profile) })
    }
}

#[cfg(test)]
mod tests;
